"""May this page be read? What a site's robots.txt and a page's own words say.

In: what the site said, and the page's address or answer. Out: why not, in a few words,
or nothing. A page that may not be read is not; the feed's own summary, which its
publisher gives to readers of feeds, stands in for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from protego import Protego

from newsbot.stages.markup import attributes

#: Bytes of a robots.txt that are read: what RFC 9309, 2.5 asks for at least.
MAX_ROBOTS = 500 * 2**10
#: The name by which robots.txt addresses newsbot.
AGENT = "newsbot"
#: The longest distance between two requests that a robots.txt may ask for, seconds.
MAX_CRAWL_DELAY = 30.0
#: Bytes of a page in which its own reservations stand: its head.
MAX_HEAD = 100_000

#: A line that names a robot, in the spellings that the parser takes.
_ADDRESSED = re.compile(r"user[- ]?agent(?:\s*:|\s)(.*)", re.IGNORECASE)
#: Lines that belong to no group, and end none.
_SITE_WIDE = re.compile(r"(?:sitemaps?|site-map|host)\b", re.IGNORECASE)
_SIGNAL = re.compile(r"content-signal\s*:(.*)", re.IGNORECASE)
_META = re.compile(r"<meta\s([^<>]{1,1000})>", re.IGNORECASE)
#: What reserves a text from being read by machines that learn or judge.
_RESERVED = frozenset({"noai", "noml"})


def robots_refusal(status: int, body: bytes, url: str) -> str | None:
    """Say whether a robots.txt keeps newsbot from a page.

    Args:
        status: With which it was answered, redirects followed; 0: not at all.
        body: Its text, UTF-8.
        url: The page.

    Returns:
        The reason, or None where the page may be asked for.

    Source:
        RFC 9309, 2.3.1: 4xx allows all, 5xx and no answer disallow all.
        Content-Signal: contentsignals.org; by its own words a reservation under
        Directive (EU) 2019/790, 4. What is not about a model's input is not newsbot's.
    """
    if 400 <= status < 500:
        return None
    if status != 200:
        return f"robots.txt answered {status or 'nothing'}"
    if not _rules(body[:MAX_ROBOTS]).can_fetch(url, AGENT):
        return "robots.txt disallows it"
    return "robots.txt: ai-input=no" if _signals_no(body[:MAX_ROBOTS]) else None


def crawl_delay(body: bytes) -> float:
    """Seconds between two requests that a robots.txt asks for, within bounds."""
    delay = _rules(body[:MAX_ROBOTS]).crawl_delay(AGENT) or 0.0
    return min(max(float(delay), 0.0), MAX_CRAWL_DELAY)


def _concerning(text: str) -> str:
    """Name all other robots alike, and once in each group.

    The parser keeps a copy of each rule for each name of its group: 250 kB of names
    before 250 kB of rules would be hundreds of millions of them.
    """
    lines: list[str] = []
    for line in text.splitlines():
        said = line.partition("#")[0].strip()
        if match := _ADDRESSED.fullmatch(said):
            name = match[1].strip().lower()
            bare = name.replace("*", "")
            if name != "*" and not (bare and AGENT.startswith(bare)):
                said = "User-agent: another"
                if lines and lines[-1] == said:
                    continue
        if said:
            lines.append(said)
    return "\n".join(lines)


@lru_cache(maxsize=64)
def _rules(body: bytes) -> Protego:
    # A byte order mark would make a stranger of the first line.
    return Protego.parse(_concerning(body.decode("utf-8-sig", "replace")))


@lru_cache(maxsize=64)
def _signals_no(body: bytes) -> bool:
    """Whether the group that counts for newsbot keeps texts out of models."""
    said: dict[str, bool] = {"*": False}
    names, begun = {"*"}, True  # before any group, a line speaks to all
    for line in _concerning(body.decode("utf-8-sig", "replace")).splitlines():
        if match := _ADDRESSED.fullmatch(line):
            if begun:
                names, begun = set(), False
            name = match[1].strip().lower()
            bare = name.replace("*", "")
            name = AGENT if bare and AGENT.startswith(bare) else name
            names.add(name)
            # Who is named has rules of its own, and none of those for all.
            said.setdefault(name, False)
        elif not _SITE_WIDE.match(line):
            begun = True
            if match := _SIGNAL.fullmatch(line):
                said.update(dict.fromkeys(names, _keeps_out(match[1])))
    return said.get(AGENT, said["*"])


def _keeps_out(signals: str) -> bool:
    """Whether a Content-Signal says no to what newsbot does."""
    return "ai-input=no" in "".join(signals.split()).lower().split(",")


def reservation(headers: Mapping[str, str], body: bytes) -> str | None:
    """Say whether a page reserves itself from such a use.

    Args:
        headers: Of the answer, lower-case names.
        body: The page.

    Source:
        X-Robots-Tag and <meta name="robots"> with "noai"; TDM Reservation Protocol,
        W3C community report of 2024, 5 (header) and 6 (HTML); § 44b (3) UrhG and
        Directive (EU) 2019/790, 4 (3).
    """
    if words := _reserved(headers.get("x-robots-tag", "")):
        return f"X-Robots-Tag: {words}"
    if headers.get("tdm-reservation", "").strip() == "1":
        return "tdm-reservation: 1"
    if _keeps_out(headers.get("content-signal", "")):
        return "Content-Signal: ai-input=no"
    head = body[:MAX_HEAD].decode("utf-8", "replace")
    for match in _META.finditer(head):
        values = attributes(match[1])
        name, content = values.get("name", "").lower(), values.get("content", "")
        if name in ("robots", AGENT) and (words := _reserved(content)):
            return f"meta {name}: {words}"
        if name == "tdm-reservation" and content.strip() == "1":
            return "meta tdm-reservation: 1"
    return None


def tdmrep_refusal(body: bytes, url: str) -> str | None:
    """Say whether a site's /.well-known/tdmrep.json reserves a page.

    Source:
        TDM Reservation Protocol, 7: the first location that matches counts.
    """
    try:
        rules = json.loads(body[:MAX_ROBOTS])
    except (ValueError, RecursionError):
        return None
    parts = urlsplit(url)
    path = unquote(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    for rule in rules[:1_000] if isinstance(rules, list) else []:
        location = rule.get("location") if isinstance(rule, dict) else None
        if isinstance(location, str) and _matches(unquote(location[:2_000]), path):
            reserved = str(rule.get("tdm-reservation")) == "1"
            return "tdmrep.json reserves it" if reserved else None
    return None


def _matches(pattern: str, path: str) -> bool:
    """As robots.txt matches: from the start, ``*`` for anything, ``$`` for the end."""
    ends = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for n, part in enumerate(others):
        if ends and n == len(others) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not ends or at == len(path)


def _reserved(value: str) -> str:
    """The words of a header or meta that reserve the page from newsbot."""
    found = []
    for part in value.lower().split(","):
        agent, colon, rest = part.partition(":")
        # "otherbot: noai" speaks to another one.
        if colon and agent.strip() not in (AGENT, "*"):
            continue
        found += [w for w in re.findall(r"[\w-]+", rest or agent) if w in _RESERVED]
    return ", ".join(dict.fromkeys(found))
