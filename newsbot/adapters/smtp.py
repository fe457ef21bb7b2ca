"""Mail to a server, by SMTP (RFC 5321), with TLS (RFC 3207, 8314) unless told else.

One mail has one recipient, so that what one mailbox refuses concerns nobody else. TLS
is not negotiable: where it was asked for and cannot be had, nothing is said, neither a
password nor a mail.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from newsbot.errors import MailError
from newsbot.subscribing import Envelope

Security = Literal["starttls", "tls", "none"]

#: Characters of a server's answer that are kept.
MAX_ANSWER = 200
_LINE_START_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail goes, and how."""

    host: str
    port: int = 587
    security: Security = "starttls"
    #: Without it, the server is asked for no login.
    username: str = ""
    password: str = ""
    #: Trusted besides the system's certificates, a PEM file; empty for none.
    ca_file: str = ""
    #: Seconds: to connect, for an answer, and for the one after the final dot. An
    #: early end of the last one makes duplicates (RFC 5321, 4.5.3.2.6: 10 minutes).
    connect_seconds: float = 30.0
    answer_seconds: float = 300.0
    dot_seconds: float = 600.0

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, {self.security})"


class SmtpPostman:
    """A connection to one server; opened for the first mail, kept for the next.

    Args:
        server: Where it is.
    """

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def carry(self, envelope: Envelope) -> str:
        """Hand over one mail; returns the server's answer.

        Raises:
            MailError: Not taken. Of the recipient where the server refused this
                mailbox or this mail for good (5yz after RCPT or the final dot);
                `unknown` where the connection was lost after the final dot.
        """
        smtp = self._open()
        try:
            return _transact(smtp, envelope, self._server.dot_seconds)
        except MailError as error:
            if error.lost:
                self._drop()
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _lost(error, server=False) from error

    def try_out(self) -> None:
        """Connect, with TLS and login, and send nothing.

        Raises:
            MailError: The server cannot be used.
        """
        self._open()
        self.close()

    def close(self) -> None:
        """Say goodbye; a server that is gone already does not mind."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None

    def _open(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = self._connected()
            except (smtplib.SMTPException, OSError) as error:
                raise _lost(error, server=True) from error
        return self._smtp

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        if server.ca_file:
            context.load_verify_locations(server.ca_file)
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(
                server.host,
                server.port,
                timeout=server.connect_seconds,
                context=context,
            )
        else:
            smtp = smtplib.SMTP(
                server.host, server.port, timeout=server.connect_seconds
            )
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(server.answer_seconds)
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                if not smtp.has_extn("starttls"):
                    raise MailError(
                        f"{server.host} offers no TLS; nothing was sent "
                        '(email.security = "none" would send in the clear)',
                        retry=True,
                        lost=True,
                        server=True,
                    )
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.username:
                _log_in(smtp, server)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _log_in(smtp: smtplib.SMTP, server: SmtpServer) -> None:
    try:
        smtp.login(server.username, server.password)
    except UnicodeError:
        # Its text and its frames hold the password: they go no further.
        reason = "user name and password of [email] may hold ASCII letters alone"
        raise MailError(reason, retry=True, lost=True, server=True) from None


def _transact(smtp: smtplib.SMTP, envelope: Envelope, dot_seconds: float) -> str:
    """Walk one mail through MAIL, RCPT and DATA."""
    code, said = smtp.mail(envelope.sender)
    if code >= 400:
        # The sender is ours: no reader's mailbox is at fault.
        raise _refused(smtp, "sender", code, said)
    code, said = smtp.rcpt(envelope.recipient)
    if code >= 400:
        raise _refused(smtp, "recipient", code, said)
    code, said = smtp.docmd("DATA")
    if code != 354:
        raise _refused(smtp, "recipient", code, said)
    data = _LINE_START_DOT.sub(b"..", envelope.data)
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    smtp.send(data)
    # Up to here the server has no mail. From the final dot on it may have one.
    assert smtp.sock is not None
    before = smtp.sock.gettimeout()
    smtp.send(b".\r\n")
    try:
        smtp.sock.settimeout(dot_seconds)
        code, said = smtp.getreply()
        if smtp.sock is not None:
            smtp.sock.settimeout(before)
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(
            f"connection lost after the final dot ({_named(error)}); the mail may have "
            "arrived, and is tried again under the same Message-ID",
            retry=True,
            unknown=True,
            lost=True,
        ) from error
    if code >= 400:
        raise _refused(smtp, "recipient", code, said)
    return _text(code, said)


def _refused(smtp: smtplib.SMTP, whose: str, code: int, said: bytes) -> MailError:
    """Make an answer of 4yz or 5yz an error, and the connection fit for the next."""
    lost = code == 421
    if not lost:
        try:
            lost = smtp.rset()[0] != 250
        except (smtplib.SMTPException, OSError):
            lost = True
    for_good = 500 <= code < 600 and whose == "recipient"
    return MailError(
        f"{whose} refused: {_text(code, said)}",
        retry=not for_good,
        for_good=for_good,
        lost=lost or whose == "sender",
        server=whose == "sender",
    )


def _lost(error: Exception, *, server: bool) -> MailError:
    """Make an error of the connection one that says what to look at."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        answer = _text(error.smtp_code, error.smtp_error)
        reason = f"the mail server refused user name and password: {answer}"
    elif isinstance(error, smtplib.SMTPResponseException):
        reason = f"mail server: {_text(error.smtp_code, error.smtp_error)}"
    elif isinstance(error, ssl.SSLError):
        reason = f"no TLS with the mail server: {_named(error)}"
    else:
        reason = f"mail server: {_named(error)}"
    return MailError(reason, retry=True, lost=True, server=server)


def _named(error: Exception) -> str:
    said = " ".join(str(error).split())
    return (
        f"{type(error).__name__}: {said}"[:MAX_ANSWER] if said else type(error).__name__
    )


def _text(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    plain = "".join(char if char.isprintable() else " " for char in text)
    return f"{code} {' '.join(plain.split())}"[:MAX_ANSWER]
