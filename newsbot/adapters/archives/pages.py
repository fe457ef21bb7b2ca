"""Saved pages: a folder of HTML and MHTML, of zip and tar files with such in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from newsbot.adapters.archives.bounded import TooLargeError, read_most
from newsbot.adapters.archives.packed import (
    TAR_ENDINGS,
    ZIP_ENDINGS,
    Member,
    members_of,
)
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
from newsbot.stages.parse import canonical_url
from newsbot.stages.saved import address_of, read_mhtml

HTML_ENDINGS = (".html", ".htm", ".xhtml")
MHTML_ENDINGS = (".mht", ".mhtml")
ENDINGS = (*HTML_ENDINGS, *MHTML_ENDINGS)

#: A folder named like a host, as tools that mirror sites write it.
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}", re.IGNORECASE)


class PagesArchive:
    """Saved pages: one, a zip or tar file of them, or a folder of all these.

    Where a page was is read from what its saver wrote, else from the page itself, else
    from folders that are named like hosts (``example.org/2024/a.html``).

    Args:
        path: The file or folder.
        parsing: Reads MHTML where it can do no harm.
        parts: Those of it that are read; None for all.

    Raises:
        UserError: There is none.
    """

    def __init__(
        self, path: Path, parsing: Parsing, parts: Sequence[Part] | None = None
    ) -> None:
        endings = (*ENDINGS, *ZIP_ENDINGS, *TAR_ENDINGS)
        self.parts = tuple(
            parts or parts_of(path, lambda name: name.endswith(endings), "saved pages")
        )
        self._parsing = parsing
        # The folder of one site, as ``wget --mirror`` leaves it.
        self._root = f"{path.absolute().name}/" if path.is_dir() else ""

    def documents(self, after: str) -> Iterator[Document]:
        """Read the pages; see `history.Archive`."""
        for part, n_done in rest_of(self.parts, after):
            packed = part.name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS))
            members = members_of(part.path, ENDINGS) if packed else _alone(part)
            for number, member in enumerate(members, 1):
                if number > n_done:
                    yield self._document(part, number, member, packed)

    def _document(
        self, part: Part, number: int, member: Member, packed: bool
    ) -> Document:
        place = part.name
        if packed:
            place = f"{part.name}, byte {member.offset}, {member.name or 'its head'}"
        url, body, kind = "", member.data, "text/html"
        fate, reason, saved_at = None, member.reason, member.saved_at
        if reason:
            fate = "skipped" if member.unwanted else "failed"
        elif member.name.lower().endswith(MHTML_ENDINGS):
            try:
                page = self._parsing.run(read_mhtml, member.data)
            except ParseError as error:
                fate, reason = "failed", str(error)
            else:
                url, body, kind = page.url, page.body, page.content_type
                saved_at = page.saved_at or saved_at
        else:
            name = member.name if packed else f"{self._root}{member.name}"
            url = address_of(body) or _by_folders(name) or ""
            if not url:
                fate, reason = "skipped", "no address in it"
        return Document(
            cursor=str(Cursor(part=part.name, n_done=number)),
            place=place,
            url=url,
            body=b"" if fate else body,
            content_type=kind,
            captured_at=saved_at,
            fate=fate,  # type: ignore[arg-type]  # one of two above
            reason=reason,
            share=part.share(member.offset if packed else 0),
        )


def _alone(part: Part) -> Iterator[Member]:
    """A file by itself, as the one member of its part."""
    try:
        with part.path.open("rb") as file:
            data = read_most(file, MAX_BYTES)
        saved_at = datetime.fromtimestamp(part.path.stat().st_mtime, UTC)
    except TooLargeError as error:
        yield Member(name=part.name, offset=0, reason=str(error))
    except OSError as error:
        raise UserError(f"{part.path}: {error.strerror or error}") from error
    else:
        yield Member(name=part.name, offset=0, data=data, saved_at=saved_at)


def _by_folders(name: str) -> str | None:
    folders = name.split("/")
    for number, folder in enumerate(folders[:-1]):
        if _HOST.fullmatch(folder):
            path = "/".join(folders[number + 1 :])
            return canonical_url(f"https://{folder}/{path.removesuffix('index.html')}")
    return None
