"""WARC files on the web, read in parts as they are needed, never stored.

Common Crawl publishes a list of files for each month, and each file is a gigabyte:
nobody has to download them first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from newsbot.adapters.archives.places import LISTS, Part, read_list, rest_of
from newsbot.adapters.archives.warc import documents_of, missing, need_fastwarc
from newsbot.adapters.archives.web import Ask
from newsbot.errors import FetchError, UserError
from newsbot.history import Document
from newsbot.stages.parse import absolute_url

#: Bytes that are asked for together, and how many such pieces are kept: the search
#: behind damage goes back a little.
PIECE, KEPT = 8 * 2**20, 3
#: Statuses of a file that is not there; of others the next hour may know more.
GONE = (401, 403, 404, 410, 451)

#: Gets a part of a file, from a byte on and so long, and the size of the whole.
AskPart = Callable[[str, int, int], tuple[bytes, int]]


class RemoteWarcArchive:
    """WARC files on the web: one, or those of a list; see `history.Archive`.

    Args:
        url: Of a WARC file or of a list (``.paths``, ``.paths.gz``).
        ask: Gets a list.
        ask_part: Gets parts of files.
        parts: Those of its files that are read, in this order; None for all.

    Raises:
        UserError: There is no such list, or the extra ``archive`` is missing.
    """

    def __init__(
        self,
        url: str,
        ask: Ask,
        ask_part: AskPart,
        parts: Sequence[Part] | None = None,
    ) -> None:
        need_fastwarc()
        address = absolute_url(url)
        if address is None:
            raise UserError(f"{url!r} is not an http or https address")
        self._url = address
        self._ask_part = ask_part
        self._is_list = urlsplit(address).path.endswith(LISTS)
        names = _listed(address, ask) if self._is_list else [address]
        self.parts = tuple(parts or _parts(names))

    def documents(self, after: str) -> Iterator[Document]:
        """Read the records."""
        for part, n_done in rest_of(self.parts, after):
            file = RemoteFile(_place(self._url, part.name), self._ask_part)
            if urlsplit(file.url).netloc != urlsplit(self._url).netloc:
                if not n_done:
                    yield missing(part, "on another host, not asked for")
                continue
            try:
                yield from documents_of(part, file, n_done)
            except OSError as error:
                cause = error.__cause__
                gone = isinstance(cause, FetchError) and cause.status in GONE
                if not (gone and self._is_list and file.size is None):
                    raise UserError(f"{file.url}: {error}; --resume goes on") from error
                if not n_done:
                    yield missing(part, str(error))


class RemoteFile:
    """A file on the web as one that can be read from any place on."""

    def __init__(self, url: str, ask_part: AskPart) -> None:
        self.url = url
        #: Bytes; None before anything was read.
        self.size: int | None = None
        self._ask_part = ask_part
        self._at = 0
        #: Pieces by their number, the latest one last.
        self._pieces: dict[int, bytes] = {}

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, fewer only at the file's end.

        Raises:
            OSError: They did not come; a `FetchError` is its cause.
        """
        data = bytearray()
        while (size < 0 or len(data) < size) and (
            self.size is None or self._at < self.size
        ):
            number, start = divmod(self._at, PIECE)
            end = PIECE if size < 0 else start + size - len(data)
            read = self._piece(number)[start:end]
            if not read:
                break  # shorter than it was a moment ago
            data += read
            self._at += len(read)
        return bytes(data)

    def seek(self, offset: int) -> int:
        """Go on from there."""
        self._at = offset
        return offset

    def _piece(self, number: int) -> bytes:
        piece = self._pieces.pop(number, None)
        if piece is None:
            try:
                piece, self.size = self._ask_part(self.url, number * PIECE, PIECE)
            except FetchError as error:
                raise OSError(error.reason) from error
        self._pieces[number] = piece
        while len(self._pieces) > KEPT:
            del self._pieces[next(iter(self._pieces))]
        return piece


def _listed(url: str, ask: Ask) -> list[str]:
    try:
        names = read_list(ask(url).body)
    except FetchError as error:
        raise UserError(f"{url}: {error.reason}") from error
    except ValueError as error:
        raise UserError(f"{url}: no list of files: {error}") from error
    if not names:
        raise UserError(f"{url}: an empty list")
    return names


def _parts(names: Sequence[str]) -> list[Part]:
    """Files by name; how large they are nobody knows yet, so that each counts alike."""
    return [
        Part(name=name, before=number, size=1, total=len(names))
        for number, name in enumerate(names)
    ]


def _place(url: str, name: str) -> str:
    """Where a file of a list lies.

    A name counts from the root of the store where the list's own address begins as it
    does (``crawl-data/...``), else from the list.
    """
    first = name.partition("/")[0]
    in_store = urlsplit(url).path.startswith(f"/{first}/")
    return urljoin(url, f"/{name}" if in_store else name)
