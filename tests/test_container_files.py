"""Dockerfile, compose.yaml and the systemd unit: what they promise, and that they agree.

Whether the image builds and lives is tests/torture/test_container.py's, on machines that
can build one.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNIT = (ROOT / "packaging" / "newsbot.service").read_text(encoding="utf-8")


@pytest.fixture
def services():
    """The services of compose.yaml by name."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]


def stages():
    """The lines of each stage of the Dockerfile, by its name; the last one is ``""``."""
    found = {}
    for part in re.split(r"^(?=FROM )", DOCKERFILE, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        words = head.split()
        found[words[3] if len(words) > 2 else ""] = (words[1], body)
    return found


def test_an_image_has_no_rights_no_tools_and_its_health_check():
    """User, volume, health; what builds stays in stages that no image is made of."""
    found = stages()
    assert found[""][0] == "cpu"
    for name in ("cpu", "gpu"):
        base, body = found[name]
        assert base == "runtime"
        assert "pip" not in body
        assert f"--from={name}-packages" in body
    base, runtime = found["runtime"]
    assert base == "${BASE}"
    assert re.search(r"^USER [1-9]\d*$", runtime, re.M)
    assert re.findall(r"^VOLUME (.+)$", runtime, re.M) == ["/data"]
    assert not re.search(r"apt|pip|gcc", runtime)


def test_what_is_installed_is_held_against_hashes():
    """Every `pip wheel` and `pip install` that reaches an index asks for hashes."""
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    commands = [line for line in lines if re.search(r"/pip (wheel|install)", line)]
    assert len(commands) >= 5
    for command in commands:
        offline = "--no-index" in command or command.rstrip().endswith(" .")
        assert offline or "--require-hashes" in command, command


def test_compose_and_image_agree(services):
    """Health check, user and volume are the same; nothing else may be written."""
    newsbot = services["newsbot"]
    (check,) = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (\[.+\])$", DOCKERFILE, re.M)
    assert newsbot["healthcheck"]["test"] == ["CMD", *yaml.safe_load(check)]
    (user,) = re.findall(r"^USER (\d+)$", DOCKERFILE, re.M)
    assert newsbot["user"].split(":")[0] == user
    assert newsbot["build"]["target"] in stages()
    assert newsbot["volumes"] == ["newsbot:/data"]
    assert newsbot["read_only"] is True
    assert newsbot["cap_drop"] == ["ALL"]
    # More than the ten seconds in which a stop ends.
    assert int(newsbot["stop_grace_period"].removesuffix("s")) > 10


def test_compose_holds_no_secret_and_no_moving_image(services):
    """Variables are passed on by name; what is not built here has a version."""
    for name, service in services.items():
        environment = service.get("environment", [])
        assert all("=" not in variable for variable in environment), name
        if "build" not in service:
            assert re.search(r":v\d+\.\d+", service["image"]), name
    extras = {name: one.get("profiles") for name, one in services.items()}
    assert extras == {"newsbot": None, "vllm": ["gpu"], "relay": ["mail"]}


def test_the_unit_starts_what_is_there_and_takes_what_it_may():
    """The command exists, a stop has its time, codes that no restart mends end it."""
    keys = dict(line.split("=", 1) for line in UNIT.splitlines() if "=" in line[1:])
    from newsbot.cli import cli

    program, *words = shlex.split(keys["ExecStart"])
    assert program.endswith("/newsbot")
    assert cli.get_command(click.Context(cli), words[0]) is not None
    assert int(keys["TimeoutStopSec"]) > 10
    assert keys["RestartPreventExitStatus"].split() == ["2", "3"]
    # A child that is killed for want of memory takes nobody along, as in a container.
    assert keys["OOMPolicy"] == "continue"
    for hard, value in {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "CapabilityBoundingSet": "",
        "PrivateDevices": "yes",
        "MemoryDenyWriteExecute": None,  # torch compiles
    }.items():
        assert keys.get(hard) == value, hard
