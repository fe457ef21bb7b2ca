"""A real SMTP server on loopback that answers by script and keeps what it took.

    with MailServer() as server:
        server.on("rcpt", "a@example.org", "450 4.2.0 greylisted", None)
        ...
        assert [mail.recipient for mail in server.taken] == ["a@example.org"]

A script is used up in turn; its last entry stays. None is the ordinary answer,
`CUT` ends the connection there.
"""

from __future__ import annotations

import email.policy
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

CERTIFICATE = Path(__file__).with_name("feeds.test.pem")
CUT = "cut"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A mail that the server took: after its answer to the final dot was made."""

    recipient: str
    recipients: tuple
    data: bytes
    tls: bool
    user: str | None

    @property
    def mail(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)


class _Session(SMTP):
    """One connection; the server's script decides."""

    script: MailServer

    def connection_made(self, transport):
        self.script.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        super().connection_lost(error)
        self.script.open.discard(self)

    async def smtp_DATA(self, arg):
        recipient = self.envelope.rcpt_tos[0] if self.envelope.rcpt_tos else ""
        if (said := self.script.answer("data", recipient)) == CUT:
            await self.push("354 go on")
            self.transport.abort()
        elif said is not None:
            await self.push(said)
        else:
            await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, script):
        self._script = script

    async def handle_MAIL(self, server, session, envelope, address, options):
        said = self._script.answer("mail", address)
        if said == CUT:
            server.transport.abort()
        if said is None:
            envelope.mail_from = address
        return said or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        said = self._script.answer("rcpt", address)
        if said == CUT:
            server.transport.abort()
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        recipient = envelope.rcpt_tos[0]
        self._script.seen.append(envelope.content)
        said = self._script.answer("dot", recipient)
        if said == CUT:
            server.transport.abort()
            return "250 never heard"
        if said is None:
            self._script.taken.append(
                Taken(
                    recipient=recipient,
                    recipients=tuple(envelope.rcpt_tos),
                    data=envelope.content,
                    tls=session.ssl is not None,
                    user=session.auth_data,
                )
            )
        return said or "250 taken"


class _Controller(Controller):
    def __init__(self, script, **options):
        self._script = script
        super().__init__(
            _Handler(script), hostname="127.0.0.1", port=_free(), **options
        )

    def factory(self):
        kind = type("Session", (_Session,), {"script": self._script})
        return kind(self.handler, **self.SMTP_kwargs)


class MailServer:
    """The server; STARTTLS unless told otherwise, login where a password is given."""

    def __init__(self, *, tls=True, user=None, password=None):
        #: What it took, and every content that arrived, also of mail it did not take.
        self.taken = []
        self.seen = []
        #: Connections that have not ended.
        self.open = set()
        self.commands = []
        self._scripts = {}
        options = {}
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
            options["tls_context"] = context
        if user is not None:

            def check(server, session, envelope, mechanism, data):
                good = (data.login, data.password) == (user.encode(), password.encode())
                self.commands.append("auth")
                return AuthResult(
                    success=good, handled=good, auth_data=user if good else None
                )

            options |= {
                "authenticator": check,
                "auth_required": True,
                "auth_require_tls": tls,
            }
        self._controller = _Controller(self, **options)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    @property
    def port(self):
        return self._controller.port

    def has_read_all(self, seconds=10):
        """Wait until every connection has ended: what a dead client sent is read."""
        ends_at = time.monotonic() + seconds
        while self.open and time.monotonic() < ends_at:
            time.sleep(0.005)
        return not self.open

    def on(self, where, address, *script):
        """Say how to answer: ``mail``, ``rcpt``, ``data`` (354 or not) or ``dot``."""
        self._scripts[where, address] = list(script)

    def answer(self, where, address):
        self.commands.append(f"{where} {address}")
        script = self._scripts.get((where, address)) or [None]
        return script.pop(0) if len(script) > 1 else script[0]

    def options(self, **changes):
        """The keys of `[email]` that reach this server."""
        values = {
            "host": "127.0.0.1",
            "port": self.port,
            "sender": "newsbot@example.org",
            "ca_file": str(CERTIFICATE),
        }
        return {**values, **changes}


def _free():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
