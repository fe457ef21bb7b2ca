"""A config of an older version: what becomes of the file, of its comments, of a copy.

No release has needed a step so far; these are of a future that may come.
"""

from __future__ import annotations

import tomllib

import pytest

from newsbot.config import CONFIG_VERSION, read_config
from newsbot.config_steps import STEPS, current_text, renamed, upgraded
from newsbot.errors import ConfigError

#: Version 2 calls a key otherwise, version 3 one at the top, version 4 a third.
FUTURE = (
    renamed("network", "spacing_ms", "pause_ms"),
    renamed("", "nickname", "name"),
    renamed("log", "form", "format"),
)
OLD = """# My config.
config_version = 1  # do not touch
nickname = "desk"   # of this machine

[network]
# be polite
spacing_ms = 900    # = slow
"allow" = ["a.example:80"]

[log]
"form" = "json"
"""
NEW = """# My config.
config_version = 4  # do not touch
name = "desk"   # of this machine

[network]
# be polite
pause_ms = 900    # = slow
"allow" = ["a.example:80"]

[log]
"format" = "json"
"""


def fine(_):
    """A check that finds nothing."""


def test_each_step_is_taken_once_and_comments_stay():
    """From any version on; the newest stays as it is, twice equals once."""
    assert upgraded(OLD, FUTURE) == NEW
    assert upgraded(NEW, FUTURE) == NEW
    third = upgraded(OLD, FUTURE[:2])
    assert "config_version = 3" in third
    assert '"form"' in third
    assert upgraded(third, FUTURE) == NEW


@pytest.mark.parametrize(
    "text",
    [
        "nickname = 1\n",  # without a version: as the newest has it
        "config_version = 9\nnickname = 1\n",
        "config_version = true\nnickname = 1\n",
        "config_version = 0\nnickname = 1\n",
        "config_version = 1\nnickname = \n",
    ],
)
def test_what_is_not_older_stays_as_it_is(text):
    """A newer version, none, or nonsense is for those to refuse who read it."""
    assert upgraded(text, FUTURE) == text


def test_only_the_key_itself_gets_the_name():
    """Not its namesake in another table, nor a word in a value or a comment."""
    text = (
        "config_version = 1\n[email]\nspacing_ms = 1\n[network]\n"
        '# spacing_ms = 2\ncontact = "spacing_ms = 3"\nnetwork.spacing_ms = 4\n'
    )
    assert upgraded(text, FUTURE[:1]) == text.replace("version = 1", "version = 2")
    dotted = "config_version = 1\nnetwork . spacing_ms = 4\n"
    fresh = upgraded(dotted, FUTURE[:1])
    assert tomllib.loads(fresh) == {"config_version": 2, "network": {"pause_ms": 4}}


def test_the_file_is_rewritten_beside_a_copy(tmp_path, caplog):
    """Mode and link stay; the old text lies beside it; the second start changes nothing."""
    kept = tmp_path / "etc" / "newsbot.toml"
    kept.parent.mkdir()
    kept.write_text(OLD)
    kept.chmod(0o640)
    path = tmp_path / "config.toml"
    path.symlink_to(kept)
    assert current_text(path, fine, FUTURE) == NEW
    assert path.is_symlink()
    assert kept.read_text() == NEW
    assert kept.stat().st_mode & 0o777 == 0o640
    backup = kept.with_name("newsbot.toml.v1.backup")
    assert backup.read_text() == OLD
    assert "was of version 1, and is of 4" in caplog.text
    caplog.clear()
    before = kept.stat()
    assert current_text(path, fine, FUTURE) == NEW
    assert kept.stat() == before
    assert caplog.text == ""
    assert sorted(kept.parent.iterdir()) == [kept, backup]


def test_what_cannot_be_used_is_not_written(tmp_path):
    """The error comes out, and the file is as its owner left it."""
    path = tmp_path / "config.toml"
    path.write_text(OLD)

    def refuse(text):
        raise ConfigError(f"no: {text.splitlines()[1]}")

    with pytest.raises(ConfigError, match="no: config_version = 4"):
        current_text(path, refuse, FUTURE)
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_read_all_the_same(tmp_path, caplog):
    """As in a container whose config is mounted read-only: a warning, no error."""
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    # A folder in the copy's place stands for a disk that takes no file, even from root.
    path.with_name("config.toml.v1.backup").symlink_to(tmp_path / "gone" / "x" / "y")
    (tmp_path / "gone").write_text("a file, no folder")
    assert current_text(path, fine, FUTURE) == NEW
    assert path.read_text() == OLD
    assert "is of version 1, and stays so" in caplog.text


def test_the_version_is_that_of_the_steps():
    """A step that is added makes a version; today's config reads as today's."""
    assert 1 + len(STEPS) == CONFIG_VERSION
    read = read_config(f"config_version = {CONFIG_VERSION}\n", "config.toml")
    assert read.config_version == CONFIG_VERSION
