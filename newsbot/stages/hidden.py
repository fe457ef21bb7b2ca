"""What a page holds but shows nobody is taken out of it, before any text is read.

In: a page's tree. Out: the same tree, without elements that are hidden by attribute,
by their own style, or by a rule of a sheet that stands in the page.

Hidden text is where a stranger speaks to a machine behind the reader's back, or what
a site keeps for another occasion; neither is the article. Only what the page itself
says is told: nothing is fetched or run. Of sheets, plain rules count: `.name`, `#name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

#: Characters of sheets that are read, and names in them that count.
MAX_SHEET, MAX_NAMES = 200_000, 100
#: Characters of one style attribute.
MAX_STYLE = 2_000
#: A page that shows fewer characters than this is one that a script makes visible.
MIN_SHOWN = 300
#: Pixels, or other units as if pixels, to the left of or above the page.
FAR_AWAY = -200.0
#: Height of letters in pixels, and share of opacity, up to which nobody reads a text.
TOO_SMALL, TOO_FAINT = 2.0, 0.1
#: The least of 255 of each colour in a white that is not meant to be seen.
WHITE = 235

# One walk for all that may be hidden by what it carries; `//` visits every node twice.
_CARRYING = etree.XPath(
    "descendant::*[@style or @hidden or @aria-hidden or "
    "contains(@class,'sr-only') or contains(@class,'visually-hidden')]"
)
# JSON-LD stays for the page's metadata; as text, no script is read.
_UNSHOWN = ("template", "noscript", "svg", "dialog")
_STYLED = etree.XPath("descendant::*[@style or self::font[@color]]")
_OUTSIDE_SHEET = etree.XPath("boolean(descendant::link[contains(@rel,'stylesheet')])")
_LENGTH = etree.XPath("string-length(normalize-space(.))")

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# Rules for print, narrow screens and animations say nothing of this reader.
_AT_RULE = re.compile(
    r"@[a-z-]+[^{};@]*+(?:;|\{(?:[^{}]++|\{[^{}]*+\})*+\})", re.IGNORECASE
)
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]{1,2000})\}")
# What a rule must hold to be worth reading; most hold nothing of it.
_SUSPECT = re.compile(
    r"none|hidden|collapse|opacity|transparent|clip|scale\(|translate|\\|-\d{3}|-\d{2}em|"
    r"font-size\s*:\s*[012.]|(?:width|height)\s*:\s*[01]\D|"
    r"color\s*:\s*(?:#f|#e|rgb|hsl|white|snow|ivory|ghost|floral|azure)",
    re.IGNORECASE,
)
_NAME = re.compile(r"\s*[a-z]{0,10}([.#])(-?[_a-zA-Z][\w-]{0,80})\s*")
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_NUMBER = re.compile(r"-?(?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})")
_PAINTED = re.compile(r"(?:^|[\s,}])(?:html|body|:root)\s*[,{][^}]*background", re.I)
_FAR = re.compile(r"translate(?:x|y|3d)?\([^)]*-\d{3,}")
_CLIPPED = re.compile(r"rect\(0|rect\(1px|inset\((?:50|100)%|circle\(0|polygon\(00")
_WHITES = frozenset(
    "white snow ivory ghostwhite whitesmoke floralwhite azure transparent".split()
)

Style = Mapping[str, str]


def drop_hidden(tree: Any) -> None:
    """Take hidden elements out of a page, in place; the text after them stays.

    Args:
        tree: The page's root, an `lxml.html` element.
    """
    unshown = [one for one in tree.iter(*_UNSHOWN) if not _is_open_dialog(one)]
    carrying = _found(tree, _CARRYING)
    unshown += [one for one in carrying if _says_hidden(one)]
    for element in unshown:
        _drop(element)
    # A second walk only where the first one, or a look, shows that it finds something.
    has_styles = any(one.get("style") is not None for one in carrying)
    may_be_styled = has_styles or next(tree.iter("font"), None) is not None
    styled = [
        element
        for element in (_found(tree, _STYLED) if may_be_styled else ())
        if _unseen(style := _style_of(element))
        or (_white(style) and not _on_colour(element))
    ]
    styled += _named(tree)
    if not styled:
        return
    # What a script shows when it has loaded is hidden until then, all of it.
    if _length(tree) - sum(map(_length, _outermost(styled))) >= MIN_SHOWN:
        for element in styled:
            _drop(element)


def _found(tree: Any, path: Any) -> list[Any]:
    return [element for element in path(tree) if element.tag not in ("html", "body")]


def _is_open_dialog(element: Any) -> bool:
    return element.tag == "dialog" and element.get("open") is not None


def _says_hidden(element: Any) -> bool:
    get = element.get
    return (
        get("hidden") is not None
        or get("aria-hidden") in ("true", "TRUE", "True")
        or "sr-only" in (names := get("class", ""))
        or "visually-hidden" in names
    )


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _length(element: Any) -> int:
    return int(_LENGTH(element))


def _outermost(elements: list[Any]) -> list[Any]:
    known = set(elements)
    return [
        element
        for element in dict.fromkeys(elements)
        if known.isdisjoint(element.iterancestors())
    ]


def _style_of(element: Any) -> Style:
    style = dict(_declarations(element.get("style") or ""))
    if element.tag == "font" and (colour := element.get("color")):
        style.setdefault("color", colour.strip().lower())
    return style


def _declarations(text: str) -> Iterator[tuple[str, str]]:
    """Property and value in lower case without spaces; later ones win."""
    text = _COMMENT.sub("", text[:MAX_STYLE])
    text = _ESCAPE.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), text)
    for declaration in text.lower().split(";"):
        name, _, value = declaration.partition(":")
        yield name.strip(), "".join(value.split()).removesuffix("!important")


def _unseen(style: Style) -> bool:
    """Whether an element of this style shows nothing of its text."""
    get = style.get
    if (
        get("display") == "none"
        or get("visibility") in ("hidden", "collapse")
        or get("content-visibility") == "hidden"
        or get("-webkit-text-fill-color") == "transparent"
        or _number(get("opacity"), 1) <= TOO_FAINT
        or get("filter", "").startswith("opacity(0)")
        or _tiny(get("font-size"))
        or _CLIPPED.match(get("clip", "") or get("clip-path", ""))
        or get("transform", "").startswith("scale(0")
        or _FAR.search(get("transform", ""))
    ):
        return True
    away = ["text-indent", "margin-left", "margin-top"]
    if get("position") in ("absolute", "fixed", "relative"):
        away += ["left", "right", "top", "bottom"]
    if any(_number(get(name), 0) * _pixels(get(name)) <= FAR_AWAY for name in away):
        return True
    flat = any(
        _number(get(name), 9) * _pixels(get(name)) <= 1
        for name in ("width", "height", "max-width", "max-height")
    )
    return flat and get("overflow", "").startswith(("hidden", "clip"))


def _number(value: str | None, otherwise: float) -> float:
    match = _NUMBER.match(value or "")
    number = float(match[0]) if match else otherwise
    return number / 100 if match and (value or "").endswith("%") else number


def _pixels(value: str | None) -> float:
    return 16.0 if (value or "").endswith(("em", "rem", "ch", "vw", "vh")) else 1.0


def _tiny(size: str | None) -> bool:
    if size is None or not _NUMBER.match(size):
        return False
    in_letters = size.endswith(("em", "%"))
    return _number(size, 1) * (16 if in_letters else 1) <= TOO_SMALL


def _white(style: Style) -> bool:
    """Whether text of this style shows on no white page, and has nothing behind it."""
    colour = style.get("color", "")
    behind = style.get("background-color") or style.get("background") or ""
    if colour and colour == behind:
        return True
    return not behind and _is_white(colour)


def _is_white(colour: str) -> bool:
    if colour in _WHITES:
        return True
    if match := re.fullmatch(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", colour):
        digits = match[1] if len(match[1]) > 4 else "".join(d * 2 for d in match[1])
        parts = [int(digits[n : n + 2], 16) for n in range(0, len(digits), 2)]
        return min(parts[:3]) >= WHITE or (len(parts) == 4 and parts[3] <= 25)
    if match := re.fullmatch(r"rgba?\(([\d.,/%]+)\)", colour):
        shares = re.split(r"[,/]", match[1])
        values = [_number(share, 0) for share in shares]
        scale = 255 if "%" in shares[0] else 1
        faint = len(values) == 4 and values[3] <= TOO_FAINT
        return faint or min(values[:3]) * scale >= WHITE
    if match := re.fullmatch(r"hsla?\([\d.]+(?:deg)?,[\d.]+%,([\d.]+)%.*\)", colour):
        return float(match[1]) >= 94
    return False


def _on_colour(element: Any) -> bool:
    """Whether something around it paints what is behind it."""
    for ancestor in element.iterancestors():
        style = ancestor.get("style") or ""
        if ancestor.get("bgcolor") or "background" in style.lower():
            return True
    return False


def _named(tree: Any) -> list[Any]:
    """Find what the page's own sheets hide by class or id."""
    sheets = "\n".join(sheet.text or "" for sheet in tree.iter("style"))[:MAX_SHEET]
    if not sheets:
        return []
    sheets = _AT_RULE.sub("", _COMMENT.sub("", sheets))
    rules = [
        (selectors, dict(_declarations(body)))
        for selectors, body in _RULE.findall(sheets)
        if _SUSPECT.search(body)
    ]
    # White is told only where no other sheet may darken what is behind it.
    plain = not (_OUTSIDE_SHEET(tree) or _PAINTED.search(sheets))
    names: dict[tuple[str, str], None] = {}
    for selectors, style in rules:
        hides = _unseen(style) or (plain and _white(style))
        for selector in selectors.split(",") if hides else ():
            if match := _NAME.fullmatch(selector):
                names[match[1], match[2]] = None
    found: list[Any] = []
    for kind, name in list(names)[:MAX_NAMES]:
        where = (
            f"@id='{name}'"
            if kind == "#"
            else f"contains(concat(' ',normalize-space(@class),' '),' {name} ')"
        )
        found += _found(tree, etree.XPath(f"descendant::*[{where}]"))
    return found
