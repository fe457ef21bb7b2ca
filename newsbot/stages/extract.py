"""Page to article: the text, its language, its fingerprint.

In: what the server gave and what the feed said.
Out: an article in German or English, or the reason why there is none.

A page that only teases, asks for consent or sells a subscription is a stub:
the feed's own summary stands in, and the article says so.
"""

from __future__ import annotations

import re
import unicodedata
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newsbot.stages.furniture import drop_furniture, drop_scripts
from newsbot.stages.hidden import drop_hidden
from newsbot.stages.markup import decode
from newsbot.stages.metadata import Metadata, read_metadata
from newsbot.stages.printable import INVISIBLE
from newsbot.types import Article, Entry, Page, identity

#: Fewer words than this in a page's text, and the feed's summary may say more.
TEASER_WORDS = 25
#: A wall's few lines are shorter than this; a long text with such a phrase is no wall.
WALL_WORDS = 130
#: A summary of fewer words says too little to judge.
SUMMARY_WORDS = 8
#: Characters of a text that are read; a novel is not news.
MAX_TEXT = 60_000
#: Combining marks in a row: no language writes more, and 30 (UAX #15, "stream-safe")
#: already take quadratic time to sort.
MAX_MARKS = 4
#: As many as of trafilatura's `Simhash`.
FINGERPRINT_BITS = 64
#: Characters that decide the language; more changes nothing.
LANGUAGE_SAMPLE = 1_000
#: Languages that German and English news is mistaken for, or mixed with.
LANGUAGES = "de en fr es it pt nl da sv no pl cs hu tr ro fi ru uk zh ja ko ar".split()

ONLY_TEASER = "only a teaser"
#: Begins the reason of an entry whose summary stands in for its page; it stays in the
#: row to the end of the line.
NO_FULL_TEXT = "no full text: "

_CONSENT = re.compile(
    r"(?i)\bcookies?\b.{0,200}\b(zustimm|akzeptier|einwillig|accept|consent|agree)|"
    r"\b(accept all|alle akzeptieren|pur-abo|mit werbung weiterlesen)\b",
    re.DOTALL,
)
_PAYWALL = re.compile(
    r"(?i)(jetzt abonnieren|nur für abonnent|weiterlesen mit|registrieren sie sich|"
    r"bereits abonnent|lesen sie weiter mit|exklusiv für abonnent|subscribers only|"
    r"subscribe to (continue|read)|to continue reading|already a subscriber|"
    r"sign in to read|create a free account|log in to continue|start your free trial)"
)
_CONTROLS = re.compile(rf"(?![\ud800-\udfff])[{INVISIBLE}]")
# No combining mark lies below U+0300.
_MAYBE_MARKS = re.compile(rf"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")
_SURROGATES = re.compile("[\ud800-\udfff]")
#: A line of its own before the text: "Von Uwe Sanftleben · 1. März 2026, 08:40 Uhr".
_BYLINE = re.compile(r"(?:Von|By) [^\n]{3,120}(?<![.!?:…])\n\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """No article came of a page, and why."""

    reason: str


def prepare() -> None:
    """Load what the first page needs: libraries, and the model of languages."""
    import trafilatura
    import trafilatura.deduplication
    import trafilatura.metadata  # noqa: F401  # used by name, when needed

    _identifier()


def extract(page: Page, entry: Entry, now: datetime) -> Article | Skipped:
    """Read the article out of a page.

    Args:
        page: What the server gave; an empty body when it gave nothing.
        entry: What the feed announced; its title and summary stand in.
        now: Stands in for a date that nobody gives.

    Returns:
        The article, or why there is none: wrong language, no text.
    """
    at = entry.published_at
    told = Metadata(author=entry.author, date=at.date().isoformat() if at else None)
    found, said = _main_text(page, told)
    text = clean_text(found)
    title = _title(entry, said)
    for heading in (_one_line(said.title or "", 500), title):
        text = f"{text}\n\n".removeprefix(f"{heading}\n\n")
    if byline := _BYLINE.match(text):
        text = text[byline.end() :]
    text = text.strip()
    origin: Any = "page"
    if stub := _stub_reason(text):
        summary = clean_text(entry.summary)
        if stub == ONLY_TEASER and len(text) >= len(summary):
            # An agency flash is as short as a teaser: what there is is read.
            summary = text
        else:
            origin = "summary"
        if len(summary.split()) < SUMMARY_WORDS:
            return Skipped(reason=f"{stub}, and the feed gives no summary")
        text = summary
    if not title:
        title = text[:80].rsplit(" ", 1)[0]
    language = detect_language(f"{title}\n{text}")
    if language not in ("de", "en"):
        return Skipped(reason=f"language is {language}, not de or en")
    return Article(
        id=identity("article", entry.id),
        entry_id=entry.id,
        url=page.url,
        title=title,
        text=text,
        language=language,
        published_at=_published(entry, said, now),
        site=_site(page.url, entry, said),
        author=_author(entry, said),
        text_origin=origin,
        fingerprint=fingerprint(text),
    )


def headline(page: Page) -> str:
    """Read a page's own headline, in one line; empty where it has none."""
    _, said = _main_text(page, Metadata())
    return _one_line(said.title or "", 500)


def clean_text(text: str) -> str:
    """Bring a text into the form that spans point into.

    NFC, no control, zero-width or bidirectional characters, one space between
    words, one blank line between paragraphs, at most `MAX_TEXT` characters.

    >>> clean_text("Ein  Satz.\\nNoch\\u200b einer.")
    'Ein Satz.\\n\\nNoch einer.'
    """
    text = _CONTROLS.sub("", text[: 2 * MAX_TEXT].replace("\r", "\n"))
    text = _SURROGATES.sub("\ufffd", text)
    # After the controls: what they parted may now compose.
    text = unicodedata.normalize("NFC", _few_marks(text))
    paragraphs = (" ".join(line.split()) for line in text.split("\n"))
    return "\n\n".join(line for line in paragraphs if line)[:MAX_TEXT].strip()


def _few_marks(text: str) -> str:
    """Cut runs of combining marks to `MAX_MARKS`."""
    if not _MAYBE_MARKS.search(text):
        return text
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def detect_language(text: str) -> str:
    """Name the language of a text by its ISO 639-1 code."""
    sample = text[:LANGUAGE_SAMPLE].encode("utf-8", "replace").decode("utf-8")
    return str(_identifier().classify(sample)[0])


def fingerprint(text: str) -> int:
    """Hash a text so that similar texts get similar hashes.

    Returns:
        64-bit simhash; compare by Hamming distance.

    Source:
        Charikar, "Similarity estimation techniques from rounding algorithms",
        STOC 2002; bit for bit trafilatura's `Simhash`, added up by numpy.
    """
    import numpy as np
    from trafilatura.deduplication import sample_tokens

    tokens = sample_tokens(text, FINGERPRINT_BITS)
    n_bytes = FINGERPRINT_BITS // 8
    hashed = b"".join(
        blake2b(token.encode(), digest_size=n_bytes).digest() for token in tokens
    )
    bits = np.unpackbits(np.frombuffer(hashed, dtype=np.uint8))
    n_set = bits.reshape(-1, FINGERPRINT_BITS).sum(axis=0, dtype=np.int64)
    return int.from_bytes(np.packbits(2 * n_set >= len(tokens)).tobytes(), "big")


@cache
def _identifier() -> Any:
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_modelpath(
        Path(langid.__file__).parent / langid.MODEL_FILE
    )
    identifier.set_languages(LANGUAGES)
    return identifier


def _main_text(page: Page, told: Metadata) -> tuple[str, Metadata]:
    """Let trafilatura find the text and its metadata; empty where it finds no text.

    A page of plain text is its text. What the feed has *told* is not looked for.
    """
    if page.body and page.content_type.lower().startswith("text/plain"):
        return decode(page.body, page.content_type), Metadata()
    if not page.body or "html" not in (page.content_type or "html").lower():
        return "", Metadata()
    from trafilatura.utils import load_html

    try:
        tree = load_html(decode(page.body, page.content_type))
        if tree is None:
            return "", Metadata()
        drop_hidden(tree)
        metadata = read_metadata(tree, page.url, told)
        # After the metadata was read: no script's data passes for text.
        drop_scripts(tree)
        text = _text_of(drop_furniture(copy(tree)), fast=True)
        if text is None or len(text.split()) < WALL_WORDS:
            again = _text_of(tree, fast=False)
            text = text if again is None else again
    except MemoryError:
        raise
    except Exception:  # any broken page may raise anything: the summary stands in
        return "", Metadata()
    return ("", Metadata()) if text is None else (text, metadata)


def _text_of(tree: Any, *, fast: bool) -> str | None:
    """Call trafilatura; *fast* is without its two rival extractors.

    Fast gives twice the pages a second and, where it gives a long text, as good a one:
    F1 .963 against .960 on one public set, .918 against .924 on a mostly German one.
    Of the demo's short pages it finds nothing in a sixth: those are read again.
    """
    from trafilatura import bare_extraction

    found = bare_extraction(tree, options=_options(fast))
    return None if found is None else found.text or ""


@cache
def _options(fast: bool) -> Any:
    """What trafilatura is to do; it reads a file for that each time that it is told."""
    from trafilatura.settings import Extractor

    return Extractor(
        output_format="python",
        comments=False,
        tables=False,
        precision=True,
        fast=fast,
    )


def _title(entry: Entry, said: Metadata) -> str:
    """Prefer the feed's title: a page's often carries the site's name."""
    for title in (entry.title, said.title):
        if title and (cleaned := _one_line(title, 500)):
            return cleaned
    return ""


def _author(entry: Entry, said: Metadata) -> str | None:
    author = entry.author or said.author
    return _one_line(author or "", 200) or None


def _one_line(text: str, longest: int) -> str:
    return " ".join(clean_text(text[: 2 * longest]).split())[:longest].strip()


def _stub_reason(text: str) -> str | None:
    n_words = len(text.split())
    if not n_words:
        return "the page gives no text"
    if n_words < WALL_WORDS and _PAYWALL.search(text):
        return "a paywall"
    if n_words < WALL_WORDS and _CONSENT.search(text):
        return "a consent wall"
    cut_off = text.endswith(("…", "...", "[…]", "[...]"))
    if n_words < TEASER_WORDS or (n_words < WALL_WORDS and cut_off):
        return ONLY_TEASER
    return None


def _published(entry: Entry, said: Metadata, now: datetime) -> datetime:
    if entry.published_at:
        return entry.published_at
    try:
        day = datetime.fromisoformat(said.date or "").replace(tzinfo=UTC)
    except ValueError:
        return entry.first_seen_at
    # A page names a day, not an hour; a day in the future is a template's mistake.
    return day if day <= now + timedelta(hours=1) else entry.first_seen_at


def _site(url: str, entry: Entry, said: Metadata) -> str:
    """The publisher: as the page says, else the feed, else the host.

    trafilatura gives the address itself where a page names no site.
    """
    name = said.sitename
    if name and name.casefold() in urlsplit(url).netloc:
        name = None
    name = name or entry.site
    host = urlsplit(url).hostname or url
    return _one_line(name or host.removeprefix("www."), 100)
