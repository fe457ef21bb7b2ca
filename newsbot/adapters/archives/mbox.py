"""Mail folders: newsletters, and the alerts that search engines send.

Each link that a mail tells of is a document, with what the mail says of it; so is the
mail itself where it can be read on the web. No link is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from newsbot.adapters.archives.places import (
    MAX_BYTES,
    Cursor,
    Part,
    parts_of,
    rest_of,
)
from newsbot.errors import ParseError, UserError
from newsbot.history import Document
from newsbot.ports import Parsing
from newsbot.stages.saved import SavedMail, read_mail

ENDINGS = (".mbox", ".mbx", ".eml", ".mbox.txt")
#: Bytes of one line that are looked at; mail has 998 at most (RFC 5322, 2.1.1).
MAX_LINE = 2**20


class MboxArchive:
    """Mails: an mbox file, a single mail, or a folder of them.

    Args:
        path: The file or folder.
        parsing: Reads mails where they can do no harm.
        parts: Those of it that are read; None for all.

    Raises:
        UserError: There is none.

    Source:
        RFC 4155 (mbox); ``>From`` is unquoted by nobody, as nobody knows who quoted.
    """

    def __init__(
        self, path: Path, parsing: Parsing, parts: Sequence[Part] | None = None
    ) -> None:
        self.parts = tuple(
            parts or parts_of(path, lambda n: n.endswith(ENDINGS), "mail files")
        )
        self._parsing = parsing

    def documents(self, after: str) -> Iterator[Document]:
        """Read the mails; see `history.Archive`."""
        for part, n_done in rest_of(self.parts, after):
            number = 0
            for offset, mail in _mails(part.path):
                for document in self._of_mail(part, offset, mail):
                    number += 1
                    if number > n_done:
                        yield _at(part, number, document)

    def _of_mail(
        self, part: Part, offset: int, data: bytes | None
    ) -> Iterator[Document]:
        place = f"{part.name}, byte {offset}"
        share = part.share(offset)

        def ended(fate: str, reason: str) -> Document:
            return Document(
                cursor="",
                place=place,
                body=b"",
                fate=fate,  # type: ignore[arg-type]  # one of two below
                reason=reason,
                share=share,
            )

        if data is None:
            yield ended("failed", f"a mail larger than {MAX_BYTES // 2**20} MiB")
            return
        try:
            mail = self._parsing.run(read_mail, data)
        except ParseError as error:
            yield ended("failed", str(error))
            return
        found = list(_documents(mail, place, share))
        if not found:
            yield ended("skipped", "a mail without links to news")
        yield from found


def _documents(mail: SavedMail, place: str, share: float) -> Iterator[Document]:
    if mail.url:
        yield Document(
            cursor="",
            place=place,
            url=mail.url,
            body=mail.text.encode("utf-8", "replace"),
            content_type="text/plain; charset=utf-8",
            title=mail.subject,
            published_at=mail.sent_at,
            share=share,
        )
    for link in mail.links:
        yield Document(
            cursor="",
            place=place,
            url=link.url,
            body=b"",
            title=link.title,
            summary=link.said,
            # An alert comes within hours of the article it tells of.
            published_at=mail.sent_at,
            share=share,
        )


def _at(part: Part, number: int, document: Document) -> Document:
    return replace(document, cursor=str(Cursor(part=part.name, n_done=number)))


def _mails(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Split a file into mails; None for one that is too large to be one."""
    try:
        with path.open("rb") as file:
            yield from _split(file)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error


def _split(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    mail = bytearray()
    start = offset = 0
    blank, whole_line, too_large = True, True, False
    while line := file.readline(MAX_LINE):
        if whole_line and blank and line.startswith(b"From "):
            if mail.strip():
                yield start, None if too_large else bytes(mail)
            mail.clear()
            start, too_large = offset, False
        elif len(mail) + len(line) > MAX_BYTES:
            too_large = True
        elif not too_large:
            mail += line
        offset += len(line)
        blank = whole_line and not line.strip()
        whole_line = line.endswith(b"\n")
    if mail.strip():
        yield start, None if too_large else bytes(mail)
