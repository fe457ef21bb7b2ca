"""Which entries of a feed were read before, word for word?

In: a feed's text, and what is remembered of its last answer.
Out: the text without the entries that it repeats; and what to remember of this one.

An answer that brings one new entry repeats nineteen: feedparser would take 3 ms for
them, and the ledger would look each of them up. What is remembered is bytes that mean
something here alone: 32 for each entry, its digest, and those of its id and its link,
which the new ones are held against, and its date. Where a text is cut otherwise than
feedparser reads it, nothing is remembered, and the next answer is read whole.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

#: Entries of a feed that are remembered; of a longer one, none are.
MAX_REMEMBERED = 500

_BEGIN = re.compile(r"<(item|entry)(?=[\s>])")
_RECORD = struct.Struct("<8s8s8sq")
_NO_DATE = -(2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One entry as it is remembered."""

    digest: bytes
    guid: bytes
    link: bytes
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A feed's text, parted."""

    #: Without the entries that were read before.
    text: str
    #: Digest of each entry of the whole feed, in order; none where it cannot be parted.
    digests: tuple[bytes, ...] = ()
    #: By place in that order: what was read before.
    known: dict[int, Seen]


def split(text: str, url: str, remembered: bytes) -> Split:
    """Part a feed's text.

    Args:
        text: Decoded, RSS or Atom.
        url: Where it came from: relative links depend on it.
        remembered: As `remember` gave it; empty for nothing.
    """
    spans = _entries(text)
    digests = tuple(short(f"{url} {text[start:end]}") for start, end in spans)
    before = {seen.digest: seen for seen in _read(remembered)}
    known = {n: before[d] for n, d in enumerate(digests) if d in before}
    if len(known) == len(spans):
        # A feed without any entry would be another one, damaged perhaps.
        known.pop(0, None)
    kept, at = [], 0
    for n in known:
        start, end = spans[n]
        kept.append(text[at:start])
        at = end
    return Split(text="".join([*kept, text[at:]]), digests=digests, known=known)


def remember(
    parted: Split, fresh: Sequence[tuple[object, str | None, datetime | None]]
) -> bytes:
    """Write down what to remember of an answer.

    Args:
        parted: As `split` gave it.
        fresh: Id, link and date of each entry that was read now, in order.

    Returns:
        32 bytes for each entry; none where what was read is not what was cut.
    """
    if len(parted.known) + len(fresh) != len(parted.digests):
        return b""
    left = iter(fresh)
    records = []
    for n, digest in enumerate(parted.digests):
        if (seen := parted.known.get(n)) is None:
            guid, link, at = next(left)
            seen = Seen(
                digest=digest, guid=short(guid), link=short(link), published_at=at
            )
        at = seen.published_at
        stamp = _NO_DATE if at is None else int(at.timestamp())
        records.append(_RECORD.pack(seen.digest, seen.guid, seen.link, stamp))
    return b"".join(records)


def short(value: object) -> bytes:
    """Eight bytes that stand for a text; eight zeros for none."""
    if not isinstance(value, str):
        return bytes(8)
    return hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=8).digest()


def _read(remembered: bytes) -> list[Seen]:
    return [
        Seen(
            digest=digest,
            guid=guid,
            link=link,
            published_at=None
            if stamp == _NO_DATE
            else datetime.fromtimestamp(stamp, UTC),
        )
        for digest, guid, link, stamp in _RECORD.iter_unpack(remembered)
    ]


def _entries(text: str) -> list[tuple[int, int]]:
    """Where each entry begins and ends; nothing where that is not plain to see."""
    spans: list[tuple[int, int]] = []
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        end = text.find(f"</{begin[1]}>", begin.end())
        if end < 0 or len(spans) == MAX_REMEMBERED:
            return []
        inside = text[begin.end() : end]
        parts = inside.count("<![CDATA[") - inside.count("]]>")
        if parts or "<!--" in inside or _BEGIN.search(inside):
            return []
        at = end + len(begin[1]) + 3
        spans.append((begin.start(), at))
    return spans
