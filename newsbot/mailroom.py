"""The mailroom: everything that mail needs, built from the config.

Readers ask, confirm and leave here; digests are written and posted here; a preview
needs nothing but the ledger.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from newsbot.adapters.db import Store
from newsbot.adapters.pages import Fallback, Templates
from newsbot.adapters.signing import read_signer
from newsbot.adapters.smtp import SmtpPostman, SmtpServer
from newsbot.chat_digests import write_chat_digests
from newsbot.config import Config
from newsbot.digests import told_of_day, write_alerts, write_digest, write_due
from newsbot.errors import ConfigError, UserError
from newsbot.front_desk import CONFIRM_WITHIN, FrontDesk
from newsbot.mailing import Managers, Said
from newsbot.posting import PostOffice, post
from newsbot.press import Press, condition_of, painter
from newsbot.stages.edition_short import notice, report
from newsbot.stages.local_days import bounds, read_zone
from newsbot.stages.mail import Sender, addressed, leave_url, read_address, write_mail
from newsbot.stages.organisations import Gazetteer
from newsbot.stages.rates import load_rates
from newsbot.subscribing import Choice, Content, Envelope, Letter
from newsbot.types import identity
from newsbot.vocabulary import Language

log = logging.getLogger("newsbot")

#: How long it is kept what old mail said; that it was sent is kept for good.
KEEP_CONTENTS = timedelta(days=30)
#: Who writes and reads where nobody is configured (RFC 2606).
EXAMPLE = Sender(
    address="newsbot@example.org", public_url="https://newsbot.example.org"
)
EXAMPLE_READER = "reader@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A digest, and the mail that would carry it."""

    content: Content
    mail: Envelope


class Mailroom:
    """Mail and its readers.

    Args:
        config: What is configured; without `[email]` nothing can be sent.
        store: The ledger.
        gazetteer: Of organisations.
        managers: Who is told of readers that cannot be reached.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        gazetteer: Gazetteer,
        managers: Managers | None = None,
    ) -> None:
        self._managers = managers or Managers()
        self._config = config
        self._store = store
        self._gazetteer = gazetteer
        _ = self.press  # what is wrong with zone or templates shows at once

    @property
    def configured(self) -> bool:
        """Whether a mail server is named."""
        return bool(self._config.email.host)

    def ready(self) -> None:
        """Build what mail needs, so that what is wrong shows at once.

        Raises:
            ConfigError: A part of `[email]` cannot be used.
        """
        if self.configured:
            _ = self.office

    @cached_property
    def press(self) -> Press:
        """What digests are made with.

        Raises:
            ConfigError: Templates or time zone cannot be used.
        """
        digest = self._config.digest
        if read_zone(digest.time_zone) is None:
            raise ConfigError(
                f"digest.time_zone: {digest.time_zone!r} is no time zone such as "
                '"Europe/Berlin"'
            )
        folder = self._config.place(digest.templates) if digest.templates else None
        return Press(
            store=self._store,
            gazetteer=self._gazetteer,
            rates=load_rates(),
            templates=Templates(folder),
            paint=painter(),
            empty_days=digest.empty_days,
        )

    @property
    def _steady(self) -> Press:
        """The press that goes on where a template of the user's own fails."""
        return replace(self.press, templates=Fallback(self.press.templates))

    @cached_property
    def sender(self) -> Sender:
        """Who writes.

        Raises:
            ConfigError: The address or the public URL cannot be used.
        """
        email = self._config.email
        address = read_address(email.sender)
        if address is None:
            raise ConfigError(f"email.sender: {email.sender!r} is no mail address")
        url = email.public_url.rstrip("/")
        if url and not (url.startswith("https://") and url.isascii()):
            # RFC 8058 has mail programs post to https alone.
            raise ConfigError(f"email.public_url: {url!r} is no https address")
        return Sender(address=address, name=email.sender_name, public_url=url)

    @cached_property
    def office(self) -> PostOffice:
        """What letters are posted with.

        Raises:
            ConfigError: `[email]` is not set, or a part of it cannot be used.
        """
        email = self._config.email
        if not self.configured:
            raise ConfigError("set [email] in the config to send mail")
        if email.manager and read_address(email.manager) is None:
            raise ConfigError(f"email.manager: {email.manager!r} is no mail address")
        return PostOffice(
            store=self._store,
            postman=SmtpPostman(self.server),
            sender=self.sender,
            token=self.desk.token,
            sign=self._signing(),
            tell=self._tell,
        )

    @cached_property
    def server(self) -> SmtpServer:
        """Where mail goes.

        Raises:
            ConfigError: A variable that is named is empty, or a file is missing.
        """
        email = self._config.email
        ca_file = self._config.place(email.ca_file) if email.ca_file else None
        if ca_file is not None and not ca_file.is_file():
            raise ConfigError(f"email.ca_file: {ca_file} is not a file")
        return SmtpServer(
            host=email.host,
            port=email.port,
            security=email.security,
            username=_secret(email.username_env, "username_env"),
            password=_secret(email.password_env, "password_env"),
            ca_file=str(ca_file or ""),
        )

    @cached_property
    def desk(self) -> FrontDesk:
        """Where readers ask, confirm and leave."""

        def send(content: Content, address: str, now: datetime) -> None:
            self.send_now(self.office, content, address, now)

        return FrontDesk(self._store, lambda: self.office.sender, send)

    def serve(
        self, now: datetime, stopping: Callable[[], bool] = lambda: False
    ) -> tuple[int, int]:
        """Write what is due, and post it.

        Returns:
            How many letters were written and how many were sent.
        """
        n_written = self.write_alerts(now) + self.write_digests(now)
        return n_written, self.post(now, stopping)

    def write_alerts(self, now: datetime) -> int:
        """Write the mails of readers who want each deal at once; how many are new."""
        return write_alerts(self._steady, now)

    def write_digests(self, now: datetime) -> int:
        """Write the digests by mail that are due; how many are new."""
        return write_due(self._steady, now)

    def post(self, now: datetime, stopping: Callable[[], bool]) -> int:
        """Post what is due, and forget what is old; how many were sent."""
        n_sent = post(self.office, now, stopping=stopping)
        self._store.letters.forget_contents(now - KEEP_CONTENTS)
        self._store.subscribers.forget_unconfirmed(now - CONFIRM_WITHIN)
        return n_sent

    def write_chat_digests(self, now: datetime) -> int:
        """Write the digests of chats that are due; how many are new."""
        return write_chat_digests(self.press, now)

    def try_out(self) -> None:
        """Connect to the mail server and send nothing.

        Raises:
            ConfigError: A part of `[email]` cannot be used.
            MailError: The server cannot be used.
        """
        _ = self.office
        SmtpPostman(self.server).try_out()

    @contextmanager
    def pages(self, clock: Callable[[], datetime]) -> Iterator[None]:
        """Serve the pages by which readers confirm and leave, while the block runs.

        Without a public URL there are none.

        Raises:
            ConfigError: `email.listen` cannot be listened on.
        """
        if not (self.configured and self.sender.public_url):
            yield
            return
        from newsbot.adapters.reader_pages import ReaderPages

        with ReaderPages(self._config.email.listen, self.desk, clock):
            yield

    def preview(self, day: date | None, language: Language, now: datetime) -> Preview:
        """Write the digest of a local day, as nobody in particular gets it.

        Args:
            day: In the config's time zone; None for today.
            language: Of the digest.
            now: Aware; what is later is not known yet.

        Raises:
            UserError: The day is out of the calendar.
        """
        content = addressed(
            self._content(day, language, now), leave_url(EXAMPLE, "preview")
        )
        written_at = min(now, self._bounds(day, now)[1])
        sender = EXAMPLE
        letter_id = identity("preview", content.id)
        mail = write_mail(
            content,
            letter_id=letter_id,
            recipient=EXAMPLE_READER,
            sender=sender,
            token="preview",
            written_at=written_at,
        )
        return Preview(content=content, mail=mail)

    def send_test(self, address: str, language: Language, now: datetime) -> str:
        """Send today's digest to an address, once and at once; nothing is kept of it.

        Returns:
            The server's answer.

        Raises:
            UserError: It is no address.
            ConfigError: `[email]` is not set.
            MailError: The server did not take it.
        """
        recipient = read_address(address)
        if recipient is None:
            raise UserError(f"{address!r} is no mail address")
        office = self.office
        content = self._content(None, language, now)
        return self.send_now(office, content, recipient, now, token="test")

    def _content(self, day: date | None, language: Language, now: datetime) -> Content:
        start, end = self._bounds(day, now)
        end = max(start, min(end, now))
        zone = read_zone(self._config.digest.time_zone)
        return write_digest(
            self.press,
            told_of_day(self.press, start, end, Choice()),
            day or now.astimezone(zone).date(),
            language=language,
            choice=Choice(),
            until=end,
            health=condition_of(self.press, now)(language),
        )

    def _bounds(self, day: date | None, now: datetime) -> tuple[datetime, datetime]:
        zone = read_zone(self._config.digest.time_zone)
        assert zone is not None  # `press` has checked it
        try:
            return bounds(day or now.astimezone(zone).date(), zone)
        except (OverflowError, ValueError) as error:
            raise UserError(f"{day} is out of the calendar") from error

    def send_now(
        self,
        office: PostOffice,
        content: Content,
        recipient: str,
        now: datetime,
        token: str | None = None,
    ) -> str:
        """Send one mail at once; nothing is kept of it.

        Returns:
            The server's answer.

        Raises:
            MailError: The server did not take it.
        """
        mail = write_mail(
            content,
            letter_id=identity("letter", content.id, secrets.token_hex(8)),
            recipient=recipient,
            sender=office.sender,
            token=token,
            written_at=now,
        )
        signed = replace(mail, data=office.sign(mail.data))
        try:
            return office.postman.carry(signed)
        finally:
            office.postman.close()

    def _signing(self) -> Callable[[bytes], bytes]:
        email = self._config.email
        if not email.dkim_key:
            return bytes
        path = self._config.place(email.dkim_key)
        return read_signer(path, email.dkim_selector, self.sender.domain).sign

    def report(self, said: Said, now: datetime) -> None:
        """Report to the managers: in Telegram, or by mail where nobody is there."""
        if self._managers.recipients:
            self._managers.tell(self._store.outbox.traffic, said, now)
        else:
            self._write_manager(report(said(self._language), self._language), now)

    def _tell(self, said: Said, now: datetime) -> None:
        """Tell the managers: in the log, in Telegram, by mail where one is named."""
        log.error("%s", said("en"))
        self._managers.tell(self._store.outbox.traffic, said, now)
        self._write_manager(notice(said(self._language), self._language), now)

    @property
    def _language(self) -> Language:
        return self._config.alerts.language

    def _write_manager(self, content: Content, now: datetime) -> None:
        """Write to `[email] manager`, where one is named and mail is set up."""
        address = read_address(self._config.email.manager)
        if address is None or not self.configured:
            return
        letter = Letter(
            id=identity("notice", address, content.id, now.isoformat()),
            subscriber_id=None,
            recipient=address,
            kind="notice",
            occasion=now.isoformat(),
            content_id=content.id,
            state="pending",
            n_attempts=0,
            created_at=now,
            due_at=now,
            upto=0,
        )
        self._store.letters.put(content, [letter], now)


def _secret(name: str, key: str) -> str:
    if not name:
        return ""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"the environment variable {name} (email.{key}) is empty")
    return value
