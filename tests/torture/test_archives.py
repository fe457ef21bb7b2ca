"""Archives made to break a reader: good records are kept, bad ones counted, no more."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import json
import lzma
import struct
import subprocess
import sys
import tarfile
import zipfile

import pytest
from archives_rig import (
    DEAL,
    FRENCH,
    backfill,
    fates,
    listing,
    packed,
    page,
    record,
    rows,
    story,
)
from commands import environment, here

from newsbot.adapters.archives.packed import members_of
from newsbot.adapters.archives.warc import WarcArchive

#: MiB of memory by which reading something hostile may grow.
MOST = 160


def warc(folder, *records, name="a.warc"):
    path = folder / name
    path.write_bytes(b"".join(records))
    return path


def growth(folder, kind, path):
    """How many documents, and by how many MiB a process grows that reads them.

    The process's own peak: `ru_maxrss` begins with its parent's.
    """
    code = """
import sys
from pathlib import Path
from newsbot.adapters.archives.warc import WarcArchive
from newsbot.adapters.archives.tables import TableArchive
from newsbot.adapters.archives.packed import members_of
from newsbot.adapters.archives.mbox import MboxArchive
kind, path = sys.argv[1], Path(sys.argv[2])
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(x.split()[1]) for x in lines if x.startswith("VmHWM")) // 1024
import fastwarc.warc
before = peak()
read = {
    "warc": lambda: WarcArchive(path).documents(""),
    "jsonl": lambda: TableArchive(path).documents(""),
    "packed": lambda: members_of(path, (".html",)),
}[kind]()
n = sum(1 for _ in read)
print(n, peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, kind, str(path)],
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return tuple(map(int, done.stdout.split()))


WRONG = {
    "cut off in a body": (story(1), story(2), story(3)[:-400]),
    "cut off in a head": (story(1), story(2), story(3)[:60]),
    "too long": (
        story(1),
        record("https://b.example/", b"<p>b", length=9_000),
        story(2),
    ),
    "just so long that it swallows the next": (
        story(1),
        record("https://b.example/", b"<p>b", length=len(story(2)) + 90),
        story(2),
    ),
    "too short": (story(1), record("https://b.example/", b"<p>b", length=70), story(2)),
    "2^63": (story(1), record("https://b.example/", b"<p>b", length=2**63), story(2)),
    "2^63 - 1": (
        story(1),
        record("https://b.example/", b"<p>b", length=2**63 - 1),
        story(2),
    ),
    "below zero": (
        story(1),
        record("https://b.example/", b"<p>b", length=-5),
        story(2),
    ),
    "no number": (
        story(1),
        record("https://b.example/", b"<p>b", length="x"),
        story(2),
    ),
    "garbage between": (story(1), b"\x00\xffgarbage\r\n\r\n", story(2)),
    "an old ARC file's head": (b"filedesc://x 0.0.0.0 2004\n", story(1), story(2)),
    "chunks that lie": (
        story(1),
        record(
            "https://b.example/",
            b"zz\r\nabc\r\n0\r\n\r\n",
            heads="Transfer-Encoding: chunked\r\n",
        ),
        story(2),
    ),
}


@pytest.mark.case(44, "WARC: truncated, wrong lengths, 2^63, garbage, bad chunks")
@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("pack", [b"".join, lambda parts: packed(*parts)])
def test_damage_costs_one_record(tmp_path, name, pack):
    """Both good records are read, the bad one is failed with its place and reason."""
    path = warc(tmp_path, pack(WRONG[name]))
    read = list(WarcArchive(path).documents(""))
    failed = [one for one in read if one.fate == "failed"]
    assert [one.place.split(" byte ")[0] for one in failed] == ["a.warc,"]
    assert failed[0].reason
    assert sum(one.fate is None for one in read) == 2
    # From each place on it gives what it gave before.
    for number, one in enumerate(read, 1):
        rest = [later.place for later in WarcArchive(path).documents(one.cursor)]
        assert rest == [later.place for later in read[number:]]


@pytest.mark.case(44, "WARC: truncated, by the command")
def test_the_command_counts_damage(tmp_path):
    """Two are kept, one failed, which standard error says with its place."""
    path = warc(tmp_path, *WRONG["cut off in a body"])
    figures, done = backfill(tmp_path, "warc", path)
    assert fates(figures) == (2, 0, 0, 1)
    assert done.code == 4
    assert "failed: a.warc, byte " in done.err


@pytest.mark.case(44, "WARC.gz: a damaged member, and one that is cut off")
def test_damaged_members_are_passed_over(tmp_path):
    """A flipped byte and a cut at the end cost their own records only."""
    second = bytearray(packed(story(2)))
    second[len(second) // 2] ^= 0xFF
    path = warc(
        tmp_path, packed(story(1)), bytes(second), packed(story(3), story(4))[:-60]
    )
    figures, _ = backfill(tmp_path, "warc", path)
    assert fates(figures) == (2, 0, 0, 2)
    kept = rows(tmp_path, "SELECT url FROM articles ORDER BY url")
    assert kept == [("https://zeitung.example/1",), ("https://zeitung.example/3",)]


@pytest.mark.case(44, "WARC: gzip bombs as record and as body")
def test_bombs_cost_no_memory(tmp_path, figure):
    """A record and a body of 400 MiB of zeros are refused by size, within bounds."""
    zeros = bytes(400 * 2**20)
    bomb = gzip.compress(zeros, 1)
    inner = record("https://b.example/1", bomb, heads="Content-Encoding: gzip\r\n")
    outer = record("https://b.example/2", zeros[: 60 * 2**20])
    path = warc(tmp_path, packed(story(1)), gzip.compress(inner), gzip.compress(outer))
    del zeros, bomb, inner, outer
    n_documents, grown = growth(tmp_path, "warc", path)
    figure("memory", grown, "MiB")
    assert n_documents == 3
    assert grown < MOST
    figures, done = backfill(tmp_path, "warc", path)
    assert fates(figures) == (1, 0, 0, 2)
    assert "larger than 15 MiB" in done.err


@pytest.mark.case(44, "WARC: head lines of 200 MiB")
@pytest.mark.parametrize("place", ["of the record", "of its page"])
def test_a_head_without_end_costs_no_memory(tmp_path, figure, place):
    """A head line that never ends costs its own record, within bounds."""
    long = "X-Long: " + "x" * (200 * 2**20) + "\r\n"
    if place == "of its page":
        broken = record("https://b.example/1", page(1), heads=long)
    else:
        head, _, rest = record("https://b.example/1", page(1)).partition(b"\r\n")
        broken = head + b"\r\n" + long.encode() + rest
    path = warc(tmp_path, packed(story(1)), gzip.compress(broken, 1), packed(story(2)))
    del broken, long
    n_documents, grown = growth(tmp_path, "warc", path)
    figure("memory", grown, "MiB")
    assert n_documents == 3
    assert grown < MOST


@pytest.mark.case(44, "WARC: records of private addresses and foreign schemes")
def test_no_record_is_fetched(tmp_path):
    """What a record names is never dialled: it is kept as text, or passed over."""
    addresses = [
        "http://127.0.0.1:9/x",
        "http://169.254.169.254/latest",
        "dns:x.example",
    ]
    path = warc(tmp_path, *(record(one, page(n)) for n, one in enumerate(addresses)))
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise SystemExit('dialled')\n"
        "socket.socket.connect = socket.create_connection = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "from newsbot.cli import main\nmain()"
    )
    (tmp_path / "config.toml").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", code, "backfill", "warc", str(path), "--json"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert fates(json.loads(done.stdout)) == (2, 0, 1, 0)


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.mark.case(43, "zip: ../x, absolute, C:\\x, links, twice, nested, CRC")
def test_zip_members_lead_nowhere(tmp_path):
    """Only honest members are kept, and no file appears anywhere."""
    folder = tmp_path / "in"
    folder.mkdir()
    inner = io.BytesIO()
    zipped(inner, [("x.html", page(8))])
    link = zipfile.ZipInfo("news.example/link.html")
    link.external_attr = 0o120777 << 16
    path = zipped(
        folder / "a.zip",
        [
            ("news.example/1.html", page(1)),
            ("../evil.html", page(2)),
            ("/tmp/evil.html", page(3)),
            ("C:\\evil.html", page(4)),
            (link, b"/etc/passwd"),
            ("news.example/inner.zip", inner.getvalue()),
            ("news.example/style.css", b"p{}"),
            ("news.example/broken.html", page(5)),
        ],
    )
    data = bytearray(path.read_bytes())
    at = data.rfind(b"news.example/broken.html", 0, data.rfind(b"PK\x01\x02"))
    data[at + 60] ^= 0xFF
    path.write_bytes(data)
    before = listing(tmp_path)
    figures, done = backfill(tmp_path, "files", folder)
    assert fates(figures) == (1, 0, 1, 5), done.err
    new = set(listing(tmp_path)) - set(before)
    assert all(name.startswith(("newsbot.db", "config.toml")) for name in new)
    for reason in ("leads out of the archive", "no plain file", "damaged"):
        assert reason in done.err


@pytest.mark.case(43, "zip: encrypted, overlapping, lying about size, 10^6 members")
def test_zip_heads_that_lie(tmp_path, figure):
    """Encrypted and overlapping members fail; a directory without end is refused."""
    path = zipped(
        tmp_path / "a.zip",
        [("a.example/1.html", page(1)), ("a.example/2.html", page(2))],
    )
    honest = path.read_bytes()
    data = bytearray(honest)
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    data[first + 8] |= 1
    path.write_bytes(data)
    figures, done = backfill(tmp_path, "files", path)
    assert (fates(figures), "encrypted" in done.err) == ((1, 0, 0, 1), True)
    data = bytearray(honest)
    struct.pack_into("<L", data, second + 42, 10)
    path.write_bytes(data)
    figures, done = backfill(tmp_path, "files", path)
    assert (figures["failed"], "overlaps" in done.err) == (2, True)
    entry = honest[first:second]
    n_members = 10**6
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0, 0)
    start = 10
    long_end = struct.pack(
        "<4sQ2H2L4Q",
        b"PK\6\6",
        44,
        45,
        45,
        0,
        0,
        *(n_members,) * 2,
        len(entry) * n_members,
        start,
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + len(entry) * n_members, 1)
    path.write_bytes(b"\0" * start + entry * n_members + long_end + locator + end)
    n_found, grown = growth(tmp_path, "packed", path)
    figure("memory", grown, "MiB")
    assert n_found == 1
    assert grown < MOST


@pytest.mark.case(43, "tar: ../x, absolute, links, devices, long names, 10^6 members")
def test_tar_members_lead_nowhere(tmp_path, figure):
    """Only plain files within the archive are kept; heads do not pile up."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, kind in (
            ("news.example/1.html", tarfile.REGTYPE),
            ("../evil.html", tarfile.REGTYPE),
            ("/tmp/evil.html", tarfile.REGTYPE),
            ("news.example/soft.html", tarfile.SYMTYPE),
            ("news.example/hard.html", tarfile.LNKTYPE),
            ("news.example/device.html", tarfile.CHRTYPE),
        ):
            head = tarfile.TarInfo(name)
            head.type, head.linkname = kind, "/etc/passwd"
            data = page(1) if kind == tarfile.REGTYPE else b""
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
    before = listing(tmp_path)
    figures, _ = backfill(tmp_path, "files", path)
    assert fates(figures) == (1, 0, 0, 5)
    new = set(listing(tmp_path)) - set(before)
    assert all(name.startswith(("newsbot.db", "config.toml")) for name in new)
    many = tmp_path / "many.tar.gz"
    block = tarfile.TarInfo("a.txt").tobuf()
    with gzip.open(many, "wb", 1) as file:
        for _ in range(100):
            file.write(block * 1_000)
        head = tarfile.TarInfo("x" * 10)
        head.type, head.size = tarfile.GNUTYPE_LONGNAME, 2**31
        file.write(head.tobuf(tarfile.GNU_FORMAT))
    n_found, grown = growth(tmp_path, "packed", many)
    figure("memory", grown, "MiB")
    assert n_found == 1  # the long name
    assert grown < MOST


def tape(*numbers):
    """A tar of pages by their numbers, and where the head of each lies."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number in numbers:
            head = tarfile.TarInfo(f"news.example/{number}.html")
            data = page(number)
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
    with tarfile.open(fileobj=io.BytesIO(made.getvalue())) as archive:
        heads = [one.offset for one in archive.getmembers()]
    return made.getvalue(), heads


PACKERS = {"tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress}  # fmt: skip


def numbers(path):
    """Numbers of the members that were read, and the reasons of those that were not."""
    found = list(members_of(path, (".html",)))
    read = [int(one.name.split("/")[1].split(".")[0]) for one in found if one.data]
    return read, [one.reason for one in found if one.reason]


@pytest.mark.case(43, "tar in many members of gzip, bzip2, xz; tar behind tar")
@pytest.mark.parametrize("kind", PACKERS)
def test_a_tar_is_read_beyond_its_first_member(tmp_path, kind):
    """However it was packed in pieces or put together, every page is read."""
    pack, path = PACKERS[kind], tmp_path / f"a.{kind}"
    whole, heads = tape(*range(5))
    # Pieces that end within a head, within a page, and at a border.
    cuts = [0, heads[1] + 100, heads[2] + 600, heads[3], len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(cuts)]
    path.write_bytes(b"".join(map(pack, pieces)))
    assert numbers(path) == ([0, 1, 2, 3, 4], [])
    path.write_bytes(pack(whole) + pack(tape(7, 8)[0]))
    assert numbers(path) == ([0, 1, 2, 3, 4, 7, 8], [])


@pytest.mark.case(43, "tar: a damaged head, cut off in a head, damage in a packed tar")
def test_damage_in_a_tar_is_told(tmp_path):
    """A head that is none is one failure, and the search goes on behind it."""
    path = tmp_path / "a.tar"
    whole, heads = tape(*range(5))
    broken = bytearray(whole)
    broken[heads[2] + 130] ^= 0xFF
    path.write_bytes(broken)
    read, reasons = numbers(path)
    assert (read, len(reasons)) == ([0, 1, 3, 4], 1)
    assert "damaged tar file: bad checksum" in reasons
    path.write_bytes(whole[: heads[3] + 200])
    assert numbers(path) == ([0, 1, 2], ["damaged tar file: truncated header"])
    path.write_bytes(gzip.compress(whole) + b"padding by a careless tool")
    assert numbers(path) == ([0, 1, 2, 3, 4], [])
    packed_ = bytearray(gzip.compress(whole))
    packed_[-6] ^= 0xFF  # of the checksum
    path.write_bytes(packed_)
    read, reasons = numbers(path)
    assert (read, len(reasons)) == ([0, 1, 2, 3, 4], 1)
    assert "CRC" in reasons[0]
    figures, done = backfill(tmp_path, "files", path)
    assert figures["failed"] == 1
    assert "damaged tar file" in done.err


@pytest.mark.case(45, "JSON Lines: 1 GB line, NaN, a key twice, SQL, deep, no UTF-8")
def test_lines_that_are_none(tmp_path, figure):
    """Each bad line is one failed document with its number; the others are kept."""
    good = {"url": "https://a.example/1", "date": "2024-05-03", "title": "Der Regen"}
    sql = "Robert'); DROP TABLE articles;-- der Regen hört nicht auf, sagen sie. "
    lines = [
        json.dumps({**good, "text": sql * 5}),
        '{"url": "https://a.example/2", "text": NaN}',
        '{"url": "https://a.example/3", "url": "https://b.example/3", "text": "x"}',
        "[" * 100_000,
        '{"url": "https://a.example/4", "text": ["x"]}',
        '{"text": "no url"}',
        '{"url": "https://a.example/5", "text": "x", "date": "gestern"}',
        json.dumps({**good, "url": "javascript:alert(1)", "text": sql * 5}),
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes("\n".join(lines).encode() + b'\n{"url": "\xff\xfe"}\n')
    figures, done = backfill(tmp_path, "jsonl", path)
    assert fates(figures) == (1, 0, 1, 7)
    for reason in (
        "line 2, ",
        "NaN",
        "twice",
        "nested too deep",
        "not UTF-8",
        "gestern",
    ):
        assert reason in done.err
    assert rows(tmp_path, "SELECT count(*) FROM articles") == [(1,)]
    huge = tmp_path / "huge.jsonl.gz"
    # One member for each MiB: the same text, packed once.
    packed_line = gzip.compress(b"x" * 2**20) * 1_000
    huge.write_bytes(packed_line + gzip.compress(b"\n" + lines[0].encode()))
    n_found, grown = growth(tmp_path, "jsonl", huge)
    figure("memory", grown, "MiB")
    assert n_found == 2
    assert grown < MOST


@pytest.mark.case(45, "CSV: fields too few, quotes without end, formulas, NUL")
def test_rows_that_are_none(tmp_path):
    """Bad rows fail and the next is read; a formula is text and stays it in exports."""
    text = "=HYPERLINK(1) " + DEAL
    path = tmp_path / "a.csv"
    path.write_text(
        "url,date,title,text\n"
        f'https://a.example/1,2024-05-03,=1+1,"{text}"\n'
        "https://a.example/2,2024-05-03\n"
        f'https://a.example/3,2024-05-03,Der Regen,"{FRENCH}"\n'
        f"https://a.example/4,2024-05-03,\0,x\n"
        f'https://a.example/5,2024-05-04,Ein Vertrag,"{DEAL}"\n',
        encoding="utf-8",
    )
    figures, done = backfill(tmp_path, "jsonl", path)
    assert figures["documents"] == 5
    assert (figures["kept"], figures["skipped"]) == (2, 2), done.err
    exported = here(
        tmp_path, "--config", tmp_path / "config.toml", "export", "--format", "csv"
    )
    assert "=1+1" not in {
        cell for line in exported.out.split("\n") for cell in line.split(",")
    }


@pytest.mark.case(19, "backfill of many old entries: stored, searchable, silent")
def test_old_deals_are_silent(tmp_path):
    """Hundreds of old pages are found by search, and no message waits for anybody."""
    path = warc(tmp_path, *(story(n, DEAL if n % 9 else FRENCH) for n in range(200)))
    figures, _ = backfill(tmp_path, "warc", path)
    assert fates(figures) == (177, 0, 23, 0)
    found = here(
        tmp_path, "--config", tmp_path / "config.toml", "search", "Rechenleistung"
    )
    assert "zeitung.example" in found.out
    assert rows(tmp_path, "SELECT count(*) FROM alerts") == [(0,)]
    assert rows(tmp_path, "SELECT DISTINCT may_alert, origin FROM entries") == [
        (0, "archive")
    ]
