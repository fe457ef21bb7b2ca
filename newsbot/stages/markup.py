"""Foreign bytes and markup to clean text.

In: the bytes of an XML document, or a piece of HTML out of one.
Out: its text in Unicode, free of declarations that could expand; or plain text.

Encodings are taken from a list: Python knows codecs (UTF-7, EBCDIC, escapes) in
which a declaration could hide from the check that follows.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from html import unescape
from html.entities import name2codepoint

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from newsbot.errors import ParseError
from newsbot.stages.printable import INVISIBLE

#: Markup read per character of text that is wanted; a page's boilerplate is not.
MARKUP_PER_TEXT = 20
#: Bytes of a page in which it says its encoding; browsers read 1,024.
HEAD = 4_096
#: Characters of one tag; more carry embedded images, or are meant to cost time.
MAX_TAG = 2_000

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where the zeros of mostly Latin text stand, by offset modulo 4.
_WIDE = {
    (1, 2, 3): "utf-32-le",
    (0, 1, 2): "utf-32-be",
    (1, 3): "utf-16-le",
    (0, 2): "utf-16-be",
}
# UTF-16 and UTF-32 show by their marks or zeros; a document that has neither, and says
# that it is one, is in error (WHATWG HTML, 13.2.3.2): half the bytes would be a letter.
_KNOWN = re.compile(
    r"iso8859-([2-9]|1[0-6])|cp125[0-8]|koi8-[ru]|gb18030|gbk|"
    r"gb2312|big5|euc_jp|euc_kr|shift_jis|cp932|cp949|cp437|cp850|mac-roman"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(
    rb"\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})"
)
# Both ways to say it in HTML's head (WHATWG HTML, 4.2.5.4).
_META_CHARSET = re.compile(
    rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9._-]{1,40})", re.IGNORECASE
)
# Bytes that are no UTF-8 are what Windows-1252 makes of them, in the same text.
_CP1252 = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)
}
# Not characters in XML 1.0 (2.2, Char).
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|"
    r"&(?!(?:lt|gt|amp|quot|apos);)"
    r"(?:#([0-9]+|[xX][0-9a-fA-F]+);|([A-Za-z][A-Za-z0-9]{1,31});)?",
    re.DOTALL,
)

_PROLOG = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]*>)*", re.IGNORECASE | re.DOTALL
)
_DECLARATION = re.compile(r"<!(?:ENTITY|DOCTYPE[^>\[]*\[)", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel|opml)\b", re.IGNORECASE)
_HTML = re.compile(r"<(?:!DOCTYPE\s+html|html|head|body)\b", re.IGNORECASE)

_LONG_TAG = re.compile(rf"<[^<>]{{{MAX_TAG},}}+>?")
_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|pre|"
    r"section|article|header|footer|figure|figcaption|img)\b)",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]"
#: Of a pile of combining marks, four are kept; no language writes more.
_PILE = re.compile(f"({_MARK}{{4}}){_MARK}+")
# Each word is looked at once, from its beginning to its end: a tag of one long word
# takes no longer than it is.
_ATTRIBUTE = re.compile(
    r"(?<![\w:-])([\w:-]++)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)


def decode(body: bytes, content_type: str = "") -> str:
    """Decode a document of unknown or wrongly declared encoding.

    In this order: byte order mark (it wins: RFC 7303, 3.3), the pattern of zeros,
    UTF-8 where every byte fits, the encoding that the header or the document names,
    UTF-8 with Windows-1252 for the bytes that do not fit. ISO-8859-1 is read as
    Windows-1252 (WHATWG Encoding).

    Args:
        body: The document.
        content_type: The header, for its charset.

    Returns:
        Its text, with only characters that XML allows.
    """
    return _ILLEGAL.sub("", _decode(body, content_type)).removeprefix("\ufeff")


def _decode(body: bytes, content_type: str) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            if encoding == "utf-8":
                return _utf8(body[len(mark) :])
            return body[len(mark) :].decode(encoding, "replace")
    head = body[:64]
    columns = [head[offset::4] for offset in range(4)]
    zeros = tuple(n for n, c in enumerate(columns) if c and c.count(0) * 2 > len(c))
    if wide := _WIDE.get(zeros):
        return body.decode(wide, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    declared = [match[1] for match in [_CHARSET.search(content_type)] if match]
    if match := _XML_ENCODING.match(body) or _META_CHARSET.search(body[:HEAD]):
        declared.append(match[1].decode("ascii"))
    for name in declared:
        try:
            codec = codecs.lookup(name).name
            if _KNOWN.fullmatch(codec):
                wider = "gb18030" if codec in ("gb2312", "gbk") else codec
                return body.decode(wider)
        except (LookupError, ValueError):
            continue
    return _utf8(body)


def _utf8(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape").translate(_CP1252)


def root_of(text: str) -> str:
    """Cut a document down to its root element; nothing before it can declare.

    References are made safe on the way: HTML's named characters become characters,
    numbers that are no character U+FFFD, and a bare ampersand is one.

    Args:
        text: A decoded document.

    Returns:
        From the root's ``<`` to the end.

    Raises:
        ParseError: Empty, entity declarations, HTML, or no feed's root element.
    """
    if not text.strip():
        raise ParseError("empty answer")
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog else 0
    root = _ROOT.search(text, start)
    before = text[start : root.start()] if root else text[start:]
    # In the prolog a plain DOCTYPE was passed over; what declares stops the match.
    if _DECLARATION.search(before):
        raise ParseError("entity declarations not accepted")
    if _HTML.search(text[: root.start()] if root else text[: start + 4_096]):
        raise ParseError("this is an HTML page, not a feed")
    if root is None:
        raise ParseError("no feed found in the answer")
    return _REFERENCE.sub(_safe_reference, text[root.start() :])


def _safe_reference(match: re.Match[str]) -> str:
    number, name = match.groups()
    if name is not None:
        point = name2codepoint.get(name)
        return f"&amp;{name};" if point is None else chr(point)
    if number is None:  # a CDATA section, or a bare ampersand
        return "&amp;" if match[0] == "&" else match[0]
    if len(number) <= 8:
        point = int(number[1:], 16) if number[0] in "xX" else int(number)
        if 0 < point <= 0x10FFFF and not _ILLEGAL.match(chr(point)):
            return f"&#{point};"
    return "\ufffd"


def plain_text(markup: str, limit: int, *, html: bool = True) -> str:
    """Turn markup into one line of text.

    Args:
        markup: HTML, or text already.
        limit: Characters kept.
        html: Whether tags and references mean something.

    Returns:
        NFC, single spaces, no invisible characters; a script's code is no text.

    >>> plain_text("<p>Gr&uuml;&szlig;e</p><p>aus&nbsp;<b>K</b>öln", 20)
    'Grüße aus Köln'
    """
    text = _strip_tags(markup, limit) if html else markup[: limit * MARKUP_PER_TEXT]
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    text = _PILE.sub(r"\1", " ".join(text.split()))
    return text[:limit].strip()


def _strip_tags(markup: str, limit: int) -> str:
    markup = _LONG_TAG.sub(" ", markup)[: limit * MARKUP_PER_TEXT]
    if "<" not in markup:
        return unescape(markup)
    # A space at each block, so that paragraphs do not grow together.
    spaced = _BLOCK.sub(" <", _ILLEGAL.sub("", markup))
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        tree = lxml_html.document_fromstring(
            f"<body><div>{spaced}</div></body>".encode(), parser=parser
        )
        etree.strip_elements(tree, "script", "style", "template", with_tail=False)
        return str(tree.text_content())
    except (etree.LxmlError, ValueError, AssertionError):
        return unescape(re.sub(r"<[^<>]*>?", " ", markup))


def attributes(inside: str) -> dict[str, str]:
    """Read what stands in a tag behind its name, in XML or as browsers take it.

    Args:
        inside: Bounded by the caller: ``rel="alternate" href='/feed' hidden``.

    Returns:
        Values by lower-case name, without references; one without a value is left out.
    """
    return {
        name.lower(): unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(inside)
    }
