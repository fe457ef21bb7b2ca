"""Mail as the running service does it: ledger on disk, real server, clock in hand."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from servers.mail import MailServer

from newsbot.adapters.db import open_store
from newsbot.config import Config, DigestConfig, EmailConfig
from newsbot.mailroom import Mailroom
from newsbot.stages.organisations import load_organisations
from newsbot.subscribing import Wish

GAZETTEER = load_organisations(())
#: A Friday evening in winter.
START = datetime(2026, 1, 30, 18, 0, tzinfo=UTC)


class Desk:
    """One ledger, one server, one mailroom; `at` is the clock."""

    def __init__(self, store, server, *, email=None, digest=None):
        self.store, self.server = store, server
        self.at = START
        self.email = EmailConfig(**server.options(**(email or {})))
        self.digest = DigestConfig(**(digest or {}))
        self.restart()

    def restart(self):
        """A new process would know no more than the ledger."""
        config = Config(email=self.email, digest=self.digest)
        self.room = Mailroom(config, self.store, GAZETTEER)
        self.room.ready()
        # Nobody waits for a test's first picture: tables tell the same.
        self.room.__dict__["press"] = _without_pictures(self.room.press)

    def reader(self, address="reader@example.org", **wish):
        """Somebody who asked and confirmed."""
        values = {"language": "en", "time_zone": "Europe/Berlin", "at": time(7)}
        self.room.desk.ask(Wish(address=address, **{**values, **wish}), self.at)
        return self.room.desk.confirm(self.token(), self.at)

    def token(self):
        """The token of the last question that the server took."""
        text = self.server.taken[-1].mail.get_content()
        return re.search(r"subscribers confirm (\S+)\)|/confirm/(\S+)", text)[1]

    def run(self, until=None, *, hours=None, step=timedelta(hours=1)):
        """Serve from now on, again and again; returns how many letters were sent."""
        end = until or self.at + timedelta(hours=hours or 0)
        n_sent = 0
        while self.at <= end:
            n_sent += self.room.serve(self.at)[1]
            self.at += step
        return n_sent

    def serve(self, at=None):
        """Serve once."""
        self.at = at or self.at
        return self.room.serve(self.at)

    @property
    def mails(self):
        """What the server took but questions, parsed."""
        parsed = [taken.mail for taken in self.server.taken]
        return [mail for mail in parsed if mail["List-ID"]]

    @property
    def letters(self):
        return self.store.letters.all()


def _without_pictures(press):
    from dataclasses import replace

    return replace(press, paint=None)


@contextmanager
def desk(folder, *, tls=True, email=None, digest=None):
    store = open_store(folder / "newsbot.db")
    try:
        with MailServer(tls=tls) as server:
            yield Desk(store, server, email=email, digest=digest)
    finally:
        store.close()


def text_of(mail):
    """The plain part."""
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
