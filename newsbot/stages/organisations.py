"""Which organisations that we know does a text name?

In: the packaged list of organisations (and the user's own), and any text.
Out: `OrganisationMention`s with canonical names; aliases and units resolved.
Names that no list knows are found by `newsbot.stages.mentions`.

How a surface form matches:

- Names, aliases and products match whole words in their own case, in their
  German inflections ("Nvidias", "der Deutschen Telekom") and, from five letters
  on, in all capitals. Words may be parted by any white space or one hyphen.
- Descriptions fold case and endings: "Softwarekonzern aus Redmond" finds "des
  Softwarekonzerns aus Redmond".
- One-word names of an `ambiguous` organisation ("Meta", "Arm") never count after
  an article ("der linke Arm"; but "die Allianz verlagert") or in a common compound
  ("Meta-Analyse"). At the start of a sentence, and with a bare genitive s, they
  count only if a verb follows ("Meta signs") or the text surely names them elsewhere.
- A public body's ambiguous name is a place after "in", "aus", "from" ...
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import get_args

from newsbot.stages.states import names_of, state_of
from newsbot.stages.surfaces import Surface, stem, surface_end
from newsbot.stages.words import (
    DETERMINERS,
    LEGAL_FORMS,
    MAX_LETTERS,
    ROLE_WORDS,
    Token,
    is_verb,
    starts_sentence,
    tokens,
)
from newsbot.types import OrganisationMention
from newsbot.vocabulary import MentionKind, OrganisationKind

#: Distinct words remembered as starting a name or not; some 10 MB at most.
MAX_WORDS = 50_000

_PLACE_WORDS = frozenset(("in", "aus", "nach", "from", "near", "across", "into"))
_GROUPS = (("group",), ("gruppe",), ("holding",))
_ADJECTIVE = ("e", "en", "er", "es", "em")
_FIELDS = {"aliases", "products", "descriptions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation the list knows, with every way the press writes it."""

    #: Canonical spelling of the press: ``"Nvidia"``, ``"Amazon Web Services"``.
    name: str
    kind: OrganisationKind
    aliases: tuple[str, ...] = ()
    #: What only this organisation makes; a mention stands for it.
    products: tuple[str, ...] = ()
    #: Paraphrases without article: ``"Softwarekonzern aus Redmond"``.
    descriptions: tuple[str, ...] = ()
    #: Canonical name of the organisation this one is a unit of.
    parent: str | None = None
    #: Whether its one-word names are plain words, places or given names too.
    ambiguous: bool = False


def parse_organisations(toml_text: str) -> tuple[Organisation, ...]:
    """Read a list of organisations, as packaged or as a user writes it.

    Args:
        toml_text: TOML with ``[[organisation]]`` tables; see the packaged
            ``newsbot/data/organisations.toml`` for the fields.

    Returns:
        The organisations in the order of the file.

    Raises:
        ValueError: Not TOML, an unknown key, a wrong type or kind, or a surface
            form that two organisations claim; the message is one line.

    >>> parse_organisations('organisation = [{name = "AMD", kind = "chips"}]')[0].name
    'AMD'
    """
    try:
        table = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"organisations: not TOML: {error}") from error
    if unknown := sorted(set(table) - {"organisation"}):
        raise ValueError(f"organisations: unknown key {unknown[0]!r}")
    rows = table.get("organisation", [])
    if not isinstance(rows, list):
        raise ValueError("organisations: write [[organisation]], with two brackets")
    found = tuple(_organisation(row) for row in rows)
    _claims(found)
    return found


def _organisation(row: object) -> Organisation:
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(name, str) or not _key(name):
        raise ValueError(f"organisations: a table lacks a name: {str(row)[:60]}")
    if unknown := sorted(set(row) - {"name", "kind", "parent", "ambiguous"} - _FIELDS):
        raise ValueError(f"organisation {name!r}: unknown key {unknown[0]!r}")
    kinds, forms = get_args(OrganisationKind), {}
    if row.get("kind") not in kinds:
        raise ValueError(f"organisation {name!r}: kind must be one of {kinds}")
    for field in _FIELDS:
        forms[field] = row.get(field, [])
        if not isinstance(forms[field], list) or not all(
            isinstance(form, str) and _key(form) for form in forms[field]
        ):
            raise ValueError(f"organisation {name!r}: {field} must be a list of names")
    parent, ambiguous = row.get("parent"), row.get("ambiguous", False)
    if not isinstance(parent, str | None) or not isinstance(ambiguous, bool):
        raise ValueError(
            f"organisation {name!r}: parent must be a name, ambiguous true or false"
        )
    return Organisation(
        name=name,
        kind=row["kind"],
        aliases=tuple(forms["aliases"]),
        products=tuple(forms["products"]),
        descriptions=tuple(forms["descriptions"]),
        parent=parent,
        ambiguous=ambiguous,
    )


def _key(surface: str) -> tuple[str, ...]:
    """Fold a surface form: case, white space, hyphens and apostrophes go."""
    return tuple(t.text.casefold() for t in tokens(surface) if t.text != "'")


def _claims(organisations: Iterable[Organisation]) -> dict[tuple[str, ...], str]:
    """Map every folded surface form to the one organisation that may claim it."""
    claimed: dict[tuple[str, ...], str] = {}
    for one in organisations:
        if claimed.get(_key(one.name)) == one.name:
            raise ValueError(f"organisation {one.name!r} is listed twice")
        for form in (one.name, *one.aliases, *one.products, *one.descriptions):
            other = claimed.setdefault(_key(form), one.name)
            if other != one.name:
                raise ValueError(f"{form!r} belongs to both {other!r} and {one.name!r}")
    return claimed


def load_organisations(extra: Sequence[Organisation] = ()) -> Gazetteer:
    """Read the packaged list and add the user's organisations to it.

    Args:
        extra: The user's own; one with the name of a packaged one replaces it.

    Returns:
        The gazetteer over both.

    Raises:
        ValueError: Two organisations claim one surface form, or a parent lacks.
    """
    packaged = files("newsbot").joinpath("data", "organisations.toml")
    own = {organisation.name for organisation in extra}
    kept = parse_organisations(packaged.read_text(encoding="utf-8"))
    return Gazetteer((*(one for one in kept if one.name not in own), *extra))


class Gazetteer:
    """Every organisation the list knows, ready to be found in texts.

    Args:
        organisations: No two may claim one surface form; parents must be listed.

    Raises:
        ValueError: They do, a parent is not listed, or parents form a ring.
    """

    def __init__(self, organisations: Sequence[Organisation]) -> None:
        """Index every surface form by its first word."""
        self._claims = _claims(organisations)
        self._by_name = {one.name: one for one in organisations}
        for one in organisations:
            if one.parent is not None and one.parent not in self._by_name:
                raise ValueError(f"{one.name!r}: parent {one.parent!r} is not listed")
        self._ancestors = {name: self._above(name) for name in self._by_name}
        self._units: dict[str, list[str]] = {}
        for name, parents in self._ancestors.items():
            if name in parents:
                raise ValueError(f"{name!r} is its own parent")
            for parent in parents:
                self._units.setdefault(parent, []).append(name)
        self._surfaces: dict[str, list[Surface]] = {}
        for one in organisations:
            self._add(one, (one.name, *one.aliases), "name")
            self._add(one, one.products, "product")
            self._add(one, one.descriptions, "description")
        # Most words of a text start no name: one look per distinct word.
        self._group = lru_cache(MAX_WORDS)(self._starting)
        # The ledger's names are compared again with each article.
        self._resolved = lru_cache(MAX_WORDS)(self._resolve)

    def _add(self, one: Organisation, forms: Iterable[str], kind: MentionKind) -> None:
        for form in forms:
            cut = tokens(form)
            words = tuple(token.text for token in cut)
            if kind == "description":
                words = tuple(stem(word.casefold()) for word in words)
            gaps = tuple(token.gap for token in cut)
            plain = one.ambiguous and len(words) == 1 and kind == "name"
            surface = Surface(one.name, kind, words, gaps, plain)
            # A NUL, which no word holds, keeps stems apart from whole words.
            first = f"\0{words[0]}" if kind == "description" else words[0].casefold()
            self._surfaces.setdefault(first, []).append(surface)

    def _starting(self, word: str) -> tuple[Surface, ...]:
        """List what may match from *word* on, longest first."""
        key = word.casefold()
        # With one letter less for endings: "Deutschen Telekom", "Nvidias".
        firsts = (key, key[:-1], f"\0{stem(key)}")
        group = [one for first in firsts for one in self._surfaces.get(first, ())]
        return tuple(sorted(group, key=lambda one: -len(one.words)))

    def get(self, name: str) -> Organisation | None:
        """Look an organisation up by any spelling; None if no list knows it."""
        return self._by_name.get(self.canonical(name))

    def of_kind(self, kind: OrganisationKind) -> list[str]:
        """List the names of one trade that mean nothing else, in the list's order."""
        return [
            one.name
            for one in self._by_name.values()
            if one.kind == kind and not one.ambiguous
        ]

    def parent(self, name: str) -> str | None:
        """Name the organisation that *name* is a unit of, if the list says so."""
        organisation = self.get(name)
        return organisation.parent if organisation else None

    def canonical(self, name: str) -> str:
        """Resolve a name, alias or product to the press's spelling.

        Args:
            name: Any spelling, with or without article, legal form or genitive.

        Returns:
            The canonical name; of an unknown organisation its own name, NFC,
            without article and legal form.

        >>> load_organisations().canonical("NVIDIA Corp.")
        'Nvidia'
        """
        return self._resolved(name)

    def _resolve(self, name: str) -> str:
        # White space of any kind first: a quote may stand before it.
        plain = " ".join(unicodedata.normalize("NFC", name).split())
        words = plain.strip(" \"'„“”»«,;").split()
        while words:
            key = _key(" ".join(words))
            for form in (key, (*key[:-1], key[-1][:-1] if key else ""), key[:-1]):
                ending = key[-1] if key else ""
                if form in self._claims and (form == key or ending.endswith("s")):
                    return self._claims[form]
            if key[-1:] in _GROUPS and key[:-1] in self._claims:
                return self._claims[key[:-1]]
            if len(words) > 1 and words[0].casefold() in DETERMINERS:
                words = words[1:]
            elif (
                len(words) > 1
                and words[-1].replace(".", "").strip(",").casefold() in LEGAL_FORMS
            ):
                words = [*words[:-2], words[-2].rstrip(",")]
            else:
                break
        return " ".join(words)

    def related(self, a: str, b: str) -> bool:
        """Tell whether two names are one organisation, or a unit and its parent.

        A state and its government are one, whatever language names them.
        """
        state = state_of(a)
        if state is not None and state == state_of(b):
            return True
        a, b = self.canonical(a), self.canonical(b)
        return (
            a.casefold() == b.casefold()  # "ekom21", "Ekom21"
            or a in self._ancestors.get(b, ())
            or b in self._ancestors.get(a, ())
        )

    def family(self, names: Iterable[str]) -> list[str]:
        """List names with all their parents and units, sorted; all names of a state."""
        roots = {self.canonical(name) for name in names}
        states = {state for name in roots if (state := state_of(name))}
        roots.update(name for state in states for name in names_of(state))
        whole = roots.union(*(self._ancestors.get(name, ()) for name in roots))
        return sorted(whole.union(*(self._units.get(name, ()) for name in whole)))

    def _above(self, name: str) -> list[str]:
        """List an organisation's parent, that one's parent, and so on."""
        found: list[str] = []
        one = self._by_name.get(name)
        while one and one.parent is not None and one.parent not in found:
            found.append(one.parent)
            one = self._by_name.get(one.parent)
        return found

    def find(self, text: str) -> list[OrganisationMention]:
        """Find every listed organisation a text names; linear in its length.

        Args:
            text: Any text, NFC or NFD.

        Returns:
            Mentions in order, none overlapping, the longest at each place; a
            genitive or possessive ending is not part of the span.
        """
        words = tokens(text)
        found: list[tuple[OrganisationMention, bool]] = []
        i, last = 0, -1
        while i < len(words):
            word = words[i].text
            for surface in self._group(word) if len(word) <= MAX_LETTERS else ():
                end = surface_end(words, i, surface)
                stop = i + len(surface.words)
                sure = end and self._sure(words, i, stop, surface, last == i)
                if end is None or sure is None:
                    continue
                bare = surface.plain and end != words[stop - 1].end
                mention = OrganisationMention(
                    name=surface.name,
                    kind=surface.kind,
                    start=words[i].start,
                    end=end,
                )
                found.append((mention, bool(sure) and not bare))
                i, last = stop - 1, stop
                break
            i += 1
        names = {mention.name for mention, sure in found if sure}
        return [mention for mention, sure in found if sure or mention.name in names]

    def _sure(
        self, words: Sequence[Token], i: int, stop: int, surface: Surface, after: bool
    ) -> bool | None:
        """Weigh a match: certain, certain only with other evidence, or no mention.

        *after* says that another mention ends right before this one.
        """
        joined = words[i].joined and i > 0 and not after
        if joined and surface.kind == "product":
            return None  # "Jean-Claude"
        if not surface.plain:
            return True
        before = [word.text for word in words[max(0, i - 2) : i]]
        last = before[-1] if before else ""
        public = self._by_name[surface.name].kind == "public"
        following = words[stop] if stop < len(words) else Token("", 0, 0, "")
        if joined or (public and last.casefold() in _PLACE_WORDS):
            return None
        if following.joined:
            return True if following.text.casefold() in ROLE_WORDS else None
        acts = is_verb(following.text)
        if last.casefold() in DETERMINERS:
            return True if last.casefold() == "die" and acts else None
        adjective = last.islower() and last.endswith(_ADJECTIVE)
        if adjective and before[0].casefold() in DETERMINERS:
            return None  # "der linke Arm"
        if not starts_sentence(words, i):
            return True
        if following.text in (",", "and", "und") and stop + 1 < len(words):
            # "Meta and CoreWeave have signed": a list of names, not "Arm und Reich".
            other = words[stop + 1].text
            return other[:1].isupper() and bool(self._group(other))
        return acts or (following.text == "'" and not following.gap)
