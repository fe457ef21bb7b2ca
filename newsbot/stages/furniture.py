"""What of a page is never its article is taken out before anybody looks for the text.

In: a page's tree. Out: the same tree without scripts, or without menus, asides, feet,
figures, forms' fields, tables and whatever else trafilatura never takes for text.

trafilatura drops these elements itself, but only after it has held each of them against
its expressions for comments and appended articles: on an ordinary page that is most of
its work. What it gives is the same, which a test holds; its rival extractors, which
look at the page as it came, get it whole.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

#: Dropped by trafilatura, but not at once: of a form it looks first at how much of the
#: page it holds, of a formula it keeps the source.
_LATER = frozenset({"form", "math"})


def drop_scripts(tree: Any) -> None:
    """Take the scripts out of a page, in place; the text after them stays.

    Args:
        tree: The page's root, an `lxml.html` element.
    """
    etree.strip_elements(tree, "script", with_tail=False)


def drop_furniture(tree: Any) -> Any:
    """Take what is never an article out of a page, in place.

    Args:
        tree: The page's root, an `lxml.html` element.

    Returns:
        The same tree; the text after each element stays.
    """
    etree.strip_elements(tree, *_never_text(), with_tail=False)
    return tree


@cache
def _never_text() -> tuple[str, ...]:
    from trafilatura.settings import MANUALLY_CLEANED

    # Tables are not asked for; see `extract`.
    return ("table", *(tag for tag in MANUALLY_CLEANED if tag not in _LATER))
