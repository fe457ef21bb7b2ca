"""Case 72: passwords and keys are in nothing that newsbot prints, logs or keeps.

Everything is real: a paid feed and a private one, a model's server, a mail server and a
chat service, each of which refuses what it is given and repeats it in its answer, for
errors are where secrets come out.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import config, here, newsbot
from servers.mail import MailServer
from servers.scripted import Reply, ScriptedServer

ROOT = Path(__file__).resolve().parents[2]
#: What only the user's environment may know.
SECRETS = {
    "PAPER_USER": "reader-4711",
    "PAPER_PASSWORD": "paper-pa55word",
    "WIRE_HEADER": "X-Api-Key: wire-k3y-of-mine",
    "MODEL_KEY": "model-k3y-of-mine",
    "MAIL_USER": "mail-user-4711",
    "MAIL_PASSWORD": "mail-pa55word",
    "HOOK": "json://hook-user:hook-pa55word@{netloc}/hook?+X-Key=hook-k3y",
}
#: What stands in the config, and so in the ledger, but in nothing that is passed on.
IN_ADDRESS = "private-f33d-of-mine"
IN_PATH = "0b9f1c2e-7a41-4c6b-9d1e-5f2a3b4c5d6e"
#: Those that use them, and those that only tell.
LOUD = (("-v", "run", "--once"), ("check",))
QUIET = (
    ("status",),
    ("status", "--json"),
    ("health",),
    ("health", "--json"),
    ("subscribers", "list"),
    ("deals", "--json"),
)


def parrot(status):
    """Refuse, and repeat all that was asked in the answer."""

    def reply(request):
        said = [request.target, *(f"{key}: {value}" for key, value in request.headers)]
        return Reply(status, {"Content-Type": "text/plain"}, "\n".join(said).encode())

    return reply


def set_up(folder, site, mail):
    """A config in which everything needs a secret."""
    values = mail.options(username_env="MAIL_USER", password_env="MAIL_PASSWORD")
    email = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    paid = site.on("/paid", parrot(401))
    wire = site.on("/wire", parrot(403))
    private = site.on(f"/private?token={IN_ADDRESS}", parrot(500))
    named = site.on(f"/private/{IN_PATH}.rss", parrot(500))
    site.on("/v1/chat/completions", parrot(401))
    site.on("/hook", parrot(500))
    return config(
        folder,
        site,
        more=f'[[feeds]]\nurl = "{paid}"\nusername_env = "PAPER_USER"\n'
        f'password_env = "PAPER_PASSWORD"\n[[feeds]]\nurl = "{wire}"\n'
        f'header_env = "WIRE_HEADER"\n[[feeds]]\nurl = "{private}"\n'
        f'[[feeds]]\nurl = "{named}"\n'
        '[model]\npreset = "server"\nname = "m"\napi_key_env = "MODEL_KEY"\n'
        f'base_url = "http://{site.netloc}/v1"\n[[chat]]\nurl_env = "HOOK"\n'
        f"[email]\n{email}",
    )


@pytest.mark.case(
    72, "passwords, keys and private addresses, at every level of the log"
)
def test_secrets_are_nowhere(tmp_path):
    """What is refused is told; with which secret, nowhere: not by a command, a log at
    its loudest, an exception's text or the ledger.
    """
    (tmp_path / "sitecustomize.py").write_text(
        "import logging\nlogging.basicConfig(level=1, filename='everything.log')\n"
    )
    paths = f"{tmp_path}:{ROOT}"
    with (
        ScriptedServer() as site,
        MailServer(user="another", password="one") as mail,
    ):
        set_up(tmp_path, site, mail)
        known = {k: v.format(netloc=site.netloc) for k, v in SECRETS.items()}
        done = [newsbot(tmp_path, *words, PYTHONPATH=paths, **known) for words in LOUD]
        done += [here(tmp_path, *words, **known) for words in QUIET]
        asked = [
            value.encode() for one in site.requests for _, value in one.headers
        ] + [one.target.encode() for one in site.requests]
        tried = list(mail.commands)
    printed = "".join(one.out + one.err for one in done)
    loud = (tmp_path / "everything.log").read_text()
    with closing(sqlite3.connect(tmp_path / "newsbot.db")) as raw:
        dumped = "\n".join(raw.iterdump())
    # They were used, and refused: else their absence would say nothing.
    sent = b"\n".join(asked)
    assert b"wire-k3y-of-mine" in sent
    assert b"Bearer model-k3y-of-mine" in sent
    assert IN_ADDRESS.encode() in sent
    assert b"Basic " in sent
    assert "auth" in tried
    assert "401" in printed
    assert "check the API key" in printed
    assert "refused user name and password" in printed
    assert "token=…" in printed
    assert "DEBUG" in loud
    for name, value in SECRETS.items():
        for secret in secrets_of(value):
            where = [
                what
                for what, text in (
                    ("printed", printed), ("logged", loud), ("kept", dumped)
                )
                if secret in text
            ]  # fmt: skip
            assert where == [], (name, where)
    assert IN_PATH.encode() in sent
    assert "/private/….rss" in printed
    assert IN_ADDRESS not in printed
    assert IN_PATH not in printed


def secrets_of(value):
    """The parts of a variable's value that are secret."""
    if value.startswith("json://"):
        return ["hook-pa55word", "hook-k3y"]
    return [value.rpartition(": ")[2]]
