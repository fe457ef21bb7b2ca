"""A message as Markdown, for chat services that read it.

In: the HTML of an alert, as `lines` writes it. Out: CommonMark that shows the same.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SPECIAL = re.compile(r"[\\`*_\[\]()#|~>]")
#: What services take for "tell everybody": Slack's ``<!channel>``, Discord's
#: ``@everyone``. An invisible space behind the sign makes a word of it.
_CALL = re.compile(r"(?<![\w/])@(?=\w)|<(?=[!@#])")


def uncalled(text: str) -> str:
    """Make a plain text call nobody: a headline must not ring a whole channel.

    >>> uncalled("@everyone").encode("unicode_escape")
    b'@\\\\u200beveryone'
    """
    return _CALL.sub(lambda sign: sign[0] + "\u200b", text)


def as_markdown(html_text: str) -> str:
    """Turn the HTML of a message into Markdown.

    >>> as_markdown('<b>A*</b>\\n<a href="https://x.example/">B</a>')
    '**A\\\\***\\n[B](<https://x.example/>)'
    """
    reader = _Reader()
    reader.feed(html_text)
    reader.close()
    # Two spaces at a line's end keep its break.
    return re.sub(r"(?<!\n)\n(?!\n)", "  \n", "".join(reader.parts))


class _Reader(HTMLParser):
    """Reads the few tags that a message has."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._address = ""
        self._in_quote = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "b":
            self.parts.append("**")
        elif tag == "a":
            self._address = dict(attrs).get("href") or ""
            self.parts.append("[")
        elif tag == "blockquote":
            self._in_quote = True
            self.parts.append("> ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "b":
            self.parts.append("**")
        elif tag == "a":
            safe = re.sub(r"[<>\s]", lambda char: f"%{ord(char[0]):02X}", self._address)
            self.parts.append(f"](<{safe}>)")
        elif tag == "blockquote":
            self._in_quote = False

    def handle_data(self, data: str) -> None:
        text = _SPECIAL.sub(r"\\\g<0>", data)
        text = uncalled(text).replace("<", "&lt;")
        if self._in_quote:
            text = text.replace("\n", "\n> ")
        self.parts.append(text)
