"""Digest to HTML and plain text, by Jinja2 templates; CSS inlined by css-inline.

A folder of the user's own may hold other versions of any of the templates. Texts of
strangers are escaped wherever a template puts them; plain text takes them as they are,
on one line.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Protocol

import css_inline
import jinja2
from markupsafe import Markup

from newsbot.errors import ConfigError
from newsbot.stages.edition_page import Edition
from newsbot.stages.edition_sample import samples
from newsbot.subscribing import PLACE, Picture

log = logging.getLogger("newsbot")

#: What a folder of one's own may hold.
NAMES = ("digest.html.j2", "digest.txt.j2", "digest.css")


_CHARSET = '<meta charset="utf-8">'


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The pictures that a digest's template may show."""

    clouds: Picture | None = None
    week: Picture | None = None

    @property
    def shown(self) -> tuple[Picture, ...]:
        """Those that there are."""
        return tuple(one for one in (self.clouds, self.week) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A page in both forms."""

    html: str
    text: str


def content_id(picture: Picture) -> str:
    """Name a picture within its mail (RFC 2392), the same in every mail."""
    return f"{picture.name}@newsbot.invalid"


class Renderer(Protocol):
    """Gives a page its form."""

    def render(self, page: Edition, pictures: Pictures | None = None) -> Rendered:
        """Write a page; see `Templates.render`."""
        ...


class Templates:
    """The templates, the user's own first, as they are when this is built.

    Args:
        folder: Where the user's own lie; None for the package's alone. They are tried
            on invented pages.

    Raises:
        ConfigError: The folder is none, or a template in it cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"digest.templates: {folder} is not a folder")
        own = [folder] if folder is not None else []
        packaged = str(resources.files("newsbot") / "data" / "templates")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([*own, packaged]),
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # What was not tried is not used: a running service keeps what it has read.
            auto_reload=False,
        )
        self._inliner = css_inline.CSSInliner(
            keep_at_rules=True, load_remote_stylesheets=False
        )
        if folder is not None:
            for page in samples():
                self.render(page)

    @cached_property
    def _css(self) -> str:
        loader = self._environment.loader
        assert loader is not None
        return loader.get_source(self._environment, "digest.css")[0]

    def render(self, page: Edition, pictures: Pictures | None = None) -> Rendered:
        """Write a page.

        Args:
            page: What it says.
            pictures: Shown by their Content-IDs.

        Raises:
            ConfigError: A template cannot be used; names file and line.
        """
        given = {
            "page": page,
            "pictures": pictures or Pictures(),
            "leave": PLACE,
            "cid": content_id,
        }
        try:
            # The style sheet is the user's, not a stranger's; escaped it is none.
            html = self._environment.get_template("digest.html.j2").render(
                css=Markup(self._css), **given
            )
            text = self._environment.get_template("digest.txt.j2").render(**given)
            inlined = self._inliner.inline(html)
        except jinja2.TemplateSyntaxError as error:
            raise ConfigError(
                f"{error.filename or error.name}:{error.lineno}: {error.message}"
            ) from error
        except Exception as error:
            # A template is a program: whatever may come of one, it is its author's.
            said = " ".join(str(error).split()) or type(error).__name__
            raise ConfigError(f"digest template: {said}") from error
        return Rendered(html=_charset_first(inlined), text=text.strip("\n") + "\n")


class Fallback:
    """Templates of a user's own as long as they work; those that ship where they fail.

    They were tried, but not on every day's news, and a digest is not to stay away for
    that.

    Args:
        own: What is used first.
    """

    def __init__(self, own: Renderer) -> None:
        self._own = own

    @cached_property
    def _shipped(self) -> Templates:
        return Templates()

    def render(self, page: Edition, pictures: Pictures | None = None) -> Rendered:
        """Write a page; what is wrong with the user's own templates is logged."""
        try:
            return self._own.render(page, pictures)
        except ConfigError as error:
            log.error("%s; this page is made with newsbot's own templates", error)
            return self._shipped.render(page, pictures)


def _charset_first(page: str) -> str:
    """Put a page's encoding before the style that the inliner puts first.

    Browsers look for it in the first 1,024 bytes (HTML Standard, 4.2.5.4).
    """
    if _CHARSET not in page:
        return page
    return page.replace(_CHARSET, "", 1).replace("<head>", f"<head>{_CHARSET}", 1)
