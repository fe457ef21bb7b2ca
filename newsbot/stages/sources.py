"""How many papers tell of a deal, and which only pass on what they were handed?

In: the articles about one deal. Out: its sources, each with the articles it is made of.

A wire copy is no second source: who prints an agency's or a company's text under
another headline has seen nothing himself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsbot.types import Article

#: Bits of 64 in which the fingerprints of two copies differ at most. Of 148 pairs of
#: corpus articles that retell one deal the closest two differ in 17; a copy without
#: its last paragraph and with an agency's credit differs in 10 as a median. See
#: docs/sources.md; `python tests/measure_sources.py` measures it again.
MAX_BITS = 12
#: Words in a row that are compared, and the share of the shorter text's such runs
#: that two copies have in common at least. Retold: 0.03 at most; copies: 0.52 at
#: least, also of half a text. Measured there, too.
RUN_WORDS = 4
MIN_SHARED = 0.4
#: Runs that a text must have before their share says something.
MIN_RUNS = 20

#: Services whose only trade is to pass on what companies write about themselves.
RELEASE_HOSTS = frozenset(
    (
        "accessnewswire.com accesswire.com apa-ots.at businesswire.com cision.com "
        "dgap.de einnews.com einpresswire.com eqs-news.com firmenpresse.de "
        "fair-news.de globenewswire.com lifepr.de newsaktuell.de newsfilecorp.com "
        "newswire.ca newswire.com openpr.com openpr.de ots.at presseanzeiger.de "
        "pressebox.de presseportal.ch presseportal.de pressetext.com prlog.org "
        "prnewswire.co.uk prnewswire.com prweb.com"
    ).split()
)
#: A company's own pages for the press: "newsroom.ibm.example", "ir.example.com".
_RELEASE_LABELS = frozenset(
    "investor investors ir media-center newsroom presse press pressroom".split()
)
_RELEASE_PATH = re.compile(
    r"(?i)/(?:press-?releases?|pressemitteilung(?:en)?|presseinformation(?:en)?|"
    r"pressemeldung(?:en)?|newsroom|news-releases?)(?:/|$)"
)
#: How a release begins: the words alone on their line, or before a dash or colon.
_LABEL = re.compile(
    r"(?im)^\W{0,3}(?:press release|news release|media release|"
    r"(?:for )?immediate release|for immediate release|pressemitteilung|"
    r"presseinformation|presseaussendung|pressemeldung|medienmitteilung|"
    r"ad[- ]hoc[- ](?:mitteilung|meldung))"
    r"(?:\W{0,3}$|\s*[:–—|/-]\s|[^\n]{0,30}\d{4}\W{0,3}$)"
)
#: What the services put before the text.
_WIRE = re.compile(
    r"/PRNewswire(?:-[A-Z]+)?/|\(BUSINESS WIRE\)|\bGLOBE NEWSWIRE\b|\(ots\)|"
    r"/ACCESS(?:WIRE| Newswire)/|\(ACCESS ?WIRE\)|^EQS-(?:News|Ad-hoc)\b|"
    r"^DGAP-(?:News|Adhoc)\b|\bpts\d{8}",
    re.MULTILINE,
)
#: A heading of its own before what a company says of itself.
_ABOUT = re.compile(r"(?m)^(?:About|Über)\s+(?!(?:the|den|das|die)\b)[^.!?\n]{2,70}:?$")
_CONTACT = re.compile(
    r"(?im)[\w.+-]+@[\w-]+\.\w{2,}|"
    r"^\W*(?:media|press|investor|presse|medien)[- ]?(?:relations\s+)?"
    r"(?:contacts?|kontakte?|inquiries|enquiries|anfragen|stelle)\b|"
    r"^\W*(?:kontakt|contacts?|ansprechpartner(?:in)?(?: für .{1,40})?)\W{0,3}$|"
    r"(?:\btel(?:efon|\.)?|\bphone|\bfon)\W{1,3}\+?[\d(][\d\s()/.-]{5,}"
)
#: Characters in which a release says what it is; a report quotes one further down.
_OPENING = 400

_Runs = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One paper's own telling, with every copy of it."""

    #: Oldest first; the first one stands for all.
    articles: tuple[Article, ...]
    #: Whether every one of them is a press release.
    release: bool

    @property
    def language(self) -> str:
        """ISO 639-1, of the first article."""
        return self.articles[0].language


def sources(articles: Sequence[Article]) -> tuple[Source, ...]:
    """Put together what comes from one paper or is one text.

    Args:
        articles: About one deal, in any order.

    Returns:
        The sources, in the order of their first articles; whatever the order of
        the articles, they are the same.
    """
    ordered = sorted(articles, key=lambda one: (one.published_at, one.id))
    heads = list(range(len(ordered)))

    def head(n: int) -> int:
        while heads[n] != n:
            heads[n] = heads[heads[n]]
            n = heads[n]
        return n

    runs = [_runs(one.text) for one in ordered]
    for n, one in enumerate(ordered):
        for m, other in enumerate(ordered[:n]):
            if head(n) != head(m) and (
                one.site.casefold() == other.site.casefold()
                or _copies(one, other, runs[n], runs[m])
            ):
                first, second = sorted((head(n), head(m)))
                heads[second] = first
    groups: dict[int, list[Article]] = {}
    for n, one in enumerate(ordered):
        groups.setdefault(head(n), []).append(one)
    return tuple(
        Source(articles=tuple(group), release=all(map(is_release, group)))
        for _, group in sorted(groups.items())
    )


def copies(one: Article, other: Article) -> bool:
    """Whether two articles are one text, edited: cut, credited, under another headline.

    Either their fingerprints are near, or the shorter text's runs of four words
    stand in the other one. The second finds what was cut: a fingerprint moves with
    every word.
    """
    return _copies(one, other, _runs(one.text), _runs(other.text))


def shared_runs(one: Article, other: Article) -> float:
    """The share of the shorter text's runs of four words that the other has, too.

    0.0 where a text has fewer than `MIN_RUNS`: then it says nothing.
    """
    return _share(_runs(one.text), _runs(other.text))


def _copies(one: Article, other: Article, these: _Runs, those: _Runs) -> bool:
    if (one.fingerprint ^ other.fingerprint).bit_count() <= MAX_BITS:
        return True
    return one.language == other.language and _share(these, those) >= MIN_SHARED


def _share(these: _Runs, those: _Runs) -> float:
    short, long = sorted((these, those), key=len)
    return len(short & long) / len(short) if len(short) >= MIN_RUNS else 0.0


def is_release(article: Article) -> bool:
    """Whether a company tells of itself: a press release, not reporting.

    By the host that carries it, by its own label, by a wire service's mark, or by
    "About us" with somebody to call. A report that quotes a release is none.
    """
    if _carries_releases(article.url):
        return True
    opening = f"{article.title}\n\n{article.text[:_OPENING]}"
    if _LABEL.search(opening) or _WIRE.search(opening):
        return True
    about = _ABOUT.search(article.text)
    # What is said of a company stands below the news, and then whom to ask.
    return (
        about is not None
        and about.start() > _OPENING / 2
        and _CONTACT.search(article.text, len(article.text) // 3) is not None
    )


def _carries_releases(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return False
    labels = host.split(".")
    domains = {".".join(labels[n:]) for n in range(len(labels))}
    own = len(labels) > 2 and labels[0] in _RELEASE_LABELS
    return own or bool(domains & RELEASE_HOSTS or _RELEASE_PATH.search(parts.path))


def _runs(text: str) -> _Runs:
    """Every run of `RUN_WORDS` words."""
    words = re.findall(r"\w+", text.casefold())
    return frozenset(
        tuple(words[n : n + RUN_WORDS]) for n in range(len(words) - RUN_WORDS + 1)
    )
