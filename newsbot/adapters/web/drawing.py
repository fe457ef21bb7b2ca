"""The status page as HTML: Jinja2 templates, and the files that go with them.

Texts of strangers are escaped wherever a template puts them.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from importlib import resources

import jinja2

from newsbot.stages import site_words
from newsbot.stages.site_query import Query
from newsbot.vocabulary import Language

#: What a page loads besides itself, and of which kind it is.
FILES = {
    "site.css": "text/css; charset=utf-8",
    "site.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that pages load."""

    body: bytes
    kind: str
    #: Of its content: a new version has a new address.
    version: str


class Drawing:
    """The templates of the status page."""

    def __init__(self) -> None:
        folder = resources.files("newsbot") / "data" / "templates" / "site"
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(folder)),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["moment"] = site_words.moment
        self._environment.filters["day"] = site_words.day
        self.files = {}
        for name, kind in FILES.items():
            body = folder.joinpath(name).read_bytes()
            version = hashlib.sha256(body).hexdigest()[:12]
            self.files[name] = File(body=body, kind=kind, version=version)

    def page(
        self, template: str, query: Query, language: Language, **given: object
    ) -> bytes:
        """Write a page.

        Args:
            template: Its file without endings.
            query: What was asked, for the links that keep it.
            language: Of the page.
            given: What the template shows.
        """
        words = site_words.WORDS[language]
        other: Language = "de" if language == "en" else "en"
        written = self._environment.get_template(f"{template}.html.j2").render(
            w=words,
            language=language,
            other=other,
            query=query,
            number=site_words.number,
            statuses=site_words.status_names(language),
            types=site_words.type_names(language),
            files={name: one.version for name, one in self.files.items()},
            **given,
        )
        return written.encode("utf-8", "replace")


def style_hashes(svg: str) -> tuple[str, ...]:
    """Hash the style sheets that stand in a picture (CSP 3, 8.4)."""
    return tuple(
        "'sha256-"
        + b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
        + "'"
        for sheet in _STYLE.findall(svg)
    )
