"""Digest to HTML and plain text, by Jinja2 templates; CSS inlined by css-inline.

A folder of the user's own may hold other versions of any of the templates. Texts of
strangers are escaped wherever a template puts them; plain text takes them as they are,
on one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

import css_inline
import jinja2
from markupsafe import Markup

from newsbot.errors import ConfigError
from newsbot.stages.edition_page import Edition
from newsbot.subscribing import PLACE, Picture

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


class Templates:
    """The templates, the user's own first.

    Args:
        folder: Where the user's own lie; None for the package's alone.

    Raises:
        ConfigError: The folder is none.
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
        )
        self._inliner = css_inline.CSSInliner(
            keep_at_rules=True, load_remote_stylesheets=False
        )

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
        except (jinja2.TemplateError, TypeError, ValueError, OSError) as error:
            raise ConfigError(f"digest template: {error}") from error
        return Rendered(html=_charset_first(inlined), text=text.strip("\n") + "\n")


def _charset_first(page: str) -> str:
    """Put a page's encoding before the style that the inliner puts first.

    Browsers look for it in the first 1,024 bytes (HTML Standard, 4.2.5.4).
    """
    if _CHARSET not in page:
        return page
    return page.replace(_CHARSET, "", 1).replace("<head>", f"<head>{_CHARSET}", 1)
