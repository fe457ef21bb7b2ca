"""What an address of the status page asks for.

In: the names and values of a query string. Out: the filters, the language, and where
a page of the list begins; or one line that says what cannot be read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast
from urllib.parse import urlencode

from newsbot.errors import UserError
from newsbot.stages.asking import MAX_SHOWN, Asked
from newsbot.stages.printable import one_line
from newsbot.vocabulary import DEAL_TYPES, LANGUAGES, STATUSES, Language

#: Deals on a page, and at most.
PAGE, MAX_PAGE = 50, 200
#: Characters of a query string: filters that people set take some hundred.
MAX_QUERY = 2_000
#: Values of a query, and characters of one.
MAX_VALUES, MAX_VALUE = 40, 200

_FILTERS = (
    *("party", "type", "status", "min-amount", "since", "until", "lang", "words"),
)
_NAMES = (*_FILTERS, "ui", "after", "before", "limit")
_ONCE = frozenset(_NAMES) - {"party", "type", "status", "lang"}
_ID = re.compile(r"[\w.:-]{1,64}")
_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for."""

    asked: Asked = field(default_factory=Asked)
    #: Of the page; None where the address does not say.
    language: Language | None = None
    #: Ids of deals: the page begins behind the one, or ends ahead of the other.
    after: str | None = None
    before: str | None = None
    #: Deals on a page; None: as many as the page thinks right.
    limit: int | None = None

    def address(self, path: str, **changes: str | None) -> str:
        """Write the address of a page with the same filters.

        Args:
            path: Of the page.
            changes: `ui`, `after`, `before`; None leaves one out.
        """
        pairs = list(self.asked.pairs)
        if self.limit is not None:
            pairs.append(("limit", str(self.limit)))
        rest = {"ui": self.language, **changes}
        pairs += [(name, value) for name, value in rest.items() if value]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def read_query(pairs: Sequence[tuple[str, str]]) -> Query:
    """Read a query; what is left empty, as forms do, asks for nothing.

    Raises:
        UserError: A name or value is none; says which, and what would be one.
    """
    if len(pairs) > MAX_VALUES:
        raise UserError(f"more than {MAX_VALUES} values in one address")
    values: dict[str, list[str]] = {name: [] for name in _NAMES}
    for raw_name, raw in pairs:
        name = raw_name.replace("_", "-")
        if name not in values:
            raise UserError(_unknown(raw_name))
        value = one_line(raw, MAX_VALUE + 1)
        if len(value) > MAX_VALUE:
            raise UserError(f"{name}: longer than {MAX_VALUE} characters")
        if value:
            values[name].append(value)
    for name in _ONCE:
        if len(values[name]) > 1:
            raise UserError(f"{name}: more than one value")

    def only(name: str) -> str | None:
        return values[name][0] if values[name] else None

    asked = Asked(
        parties=tuple(values["party"]),
        types=_among(values["type"], DEAL_TYPES, "type"),
        statuses=_among(values["status"], STATUSES, "status"),
        min_amount=only("min-amount"),
        since=only("since"),
        until=only("until"),
        languages=_among(values["lang"], LANGUAGES, "lang"),
        words=only("words"),
    )
    languages = _among(values["ui"], LANGUAGES, "ui")
    if values["after"] and values["before"]:
        raise UserError("after and before: only one of them")
    return Query(
        asked=asked,
        language=languages[0] if languages else None,
        after=_id(only("after"), "after"),
        before=_id(only("before"), "before"),
        limit=_limit(only("limit")),
    )


def wished_language(accepted: str) -> Language:
    """Pick the language that a browser likes best (RFC 9110, 12.5.4).

    >>> wished_language("fr, en;q=0.4, de-AT;q=0.8")
    'de'
    """
    best: tuple[float, Language] = (0.0, "en")
    for part in accepted[:MAX_VALUE].split(","):
        name, _, parameter = part.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
        liked = float(weight[1]) if weight else 0.0 if parameter else 1.0
        if language in LANGUAGES and liked > best[0]:
            best = (liked, language)
    return best[1]


def _among(given: Sequence[str], known: Sequence[_T], name: str) -> tuple[_T, ...]:
    for one in given:
        if one not in known:
            shown = one[:MAX_SHOWN]
            raise UserError(f"{name}: {shown!r} is none of {', '.join(known)}")
    return tuple(cast("list[_T]", list(dict.fromkeys(given))))


def _id(text: str | None, name: str) -> str | None:
    if text is not None and not _ID.fullmatch(text):
        raise UserError(f"{name}: {text[:MAX_SHOWN]!r} is no deal's id")
    return text


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,4}", text) or not 1 <= int(text) <= MAX_PAGE:
        raise UserError(f"limit: {text[:MAX_SHOWN]!r} is not 1 to {MAX_PAGE}")
    return int(text)


def _unknown(name: str) -> str:
    shown = one_line(name, MAX_SHOWN)
    near = difflib.get_close_matches(shown, _FILTERS, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f"{shown!r} is no filter{hint}"
