"""Files are there whole or not at all, and sums in Parquet exact or refused."""

from __future__ import annotations

import os

import pytest
from fakes import GAZETTEER
from told_deals import Paper, deal, sum_of

from newsbot.adapters.files import write_whole
from newsbot.adapters.parquet import parquet_bytes
from newsbot.errors import UserError
from newsbot.stages.export import deal_row
from newsbot.stages.rates import load_rates


def test_a_file_replaces_another_in_one_step(tmp_path):
    """The new content is another file, moved into place; nothing else is left."""
    path = tmp_path / "a"
    write_whole(path, b"one")
    before = path.stat().st_ino
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_ino != before
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["no/such/file", "a\0b", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, name):
    """A missing folder, a folder and a broken name are one line with the path."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError) as refused:
        write_whole(tmp_path / name, b"x")
    assert str(tmp_path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert os.listdir(tmp_path) == ["folder"]


def test_a_pipe_is_written_to(tmp_path):
    """What is no file is not replaced by one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"x")
    assert os.read(reader, 9) == b"x"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_file_is_whole_or_not_there(tmp_path):
    """A file is replaced with its rights kept, nothing is left beside it."""
    path = tmp_path / "x.svg"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link = tmp_path / "link.svg"
    link.symlink_to(path)
    write_whole(link, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert link.is_symlink()
    folder = tmp_path / "folder.svg"
    folder.mkdir()
    with pytest.raises(UserError, match="folder"):
        write_whole(folder, b"new")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "folder.svg",
        "link.svg",
        "x.svg",
    ]


def test_parquet_refuses_what_it_would_round():
    """A sum of thirty digits is kept exactly; one of forty is refused in one line."""
    pytest.importorskip("pyarrow")

    def written(billions):
        one = deal(Paper(amounts=(sum_of(billions),)))
        return parquet_bytes([deal_row(one, {}, load_rates(), GAZETTEER.related)])

    assert written(10**20 + 1).startswith(b"PAR1")
    with pytest.raises(UserError, match="too many digits"):
        written(10**30)
