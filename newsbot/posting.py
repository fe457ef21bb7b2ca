"""Posting: letters that are due go to the mail server, each until it is settled.

What the server refuses for now (4yz), and connections that are lost, are tried again
at growing intervals for four days, under the same Message-ID (RFC 5321, 4.5.4.1).
What a mailbox refuses for good (5yz) suspends its reader. What a digest that is given
up was to tell is in the reader's next one. A connection that is lost
after the final dot leaves open whether the mail arrived: it is sent again under the
same Message-ID, by which mail programs and many servers drop a second copy; the
alternative would be a digest that never comes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from newsbot.adapters.db import Store
from newsbot.errors import MailError
from newsbot.mailing import Said
from newsbot.stages.mail import Sender, write_mail
from newsbot.stages.notices import mail_text
from newsbot.subscribing import Envelope, Letter, Postman

log = logging.getLogger("newsbot")

#: First wait after a try that failed, and the longest one; in between they double.
FIRST_WAIT = timedelta(minutes=30)
LONGEST_WAIT = timedelta(hours=8)
#: How long a letter is tried: RFC 5321, 4.5.4.1 asks for four to five days.
GIVE_UP = timedelta(days=4)
#: Where the server serves nobody, everything waits as long again as it has waited, in
#: these bounds: most outages are a restart, and what waits is of the morning.
SERVER_WAIT = timedelta(minutes=5)
LONGEST_SERVER_WAIT = timedelta(hours=1)
#: How long it does so before a manager is told.
TELL_AFTER = timedelta(minutes=30)
#: Connections lost in a row after which the server counts as down.
MAX_LOST = 3
#: Letters read at once.
BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """What letters are posted with."""

    store: Store
    postman: Postman
    sender: Sender
    #: Gives each reader's token to leave by.
    token: Callable[[str], str]
    #: Puts a signature before a mail; the identity where there is none.
    sign: Callable[[bytes], bytes]
    #: Tells the manager what a machine cannot mend.
    tell: Callable[[Said, datetime], None]


def post(
    office: PostOffice,
    now: datetime,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due.

    Args:
        office: What to send it with.
        now: The time, aware UTC.
        stopping: Asked before each letter; true leaves the rest for later.

    Returns:
        How many letters the server took.
    """
    n_sent = n_lost = 0
    letters = office.store.letters
    try:
        while due := letters.due(now, BATCH):
            for letter in due:
                if stopping():
                    return n_sent
                if not letters.is_due(letter.id, now):
                    continue
                error = _try(office, letter, now)
                n_sent += error is None
                n_lost = n_lost + 1 if error is not None and error.lost else 0
                if error is not None and (error.server or n_lost >= MAX_LOST):
                    _hold(office, error, now)
                    return n_sent
    finally:
        office.postman.close()
    return n_sent


def _hold(office: PostOffice, error: MailError, now: datetime) -> None:
    """Let all mail wait; a manager is told, once, where that goes on."""
    letters = office.store.letters
    with office.store.atomic():
        since, is_told = letters.outage(now)
        waited = now - since
        if waited >= TELL_AFTER and not is_told:
            when = f"{since:%Y-%m-%d %H:%M} UTC"
            office.tell(partial(mail_text, "stopped", when, str(error)), now)
            letters.told_of_outage()
        for letter in letters.older(now - GIVE_UP):
            _give_up(office, letter, error)
        wait = min(max(waited, SERVER_WAIT), LONGEST_SERVER_WAIT)
        n_held = letters.hold(f"waits: {error}", now + wait)
    log.error("mail waiting=%d retry_in=%s error=%s", n_held, wait, error)


def envelope_of(office: PostOffice, letter: Letter) -> Envelope | None:
    """Write a letter's mail; None where its content is gone."""
    content_id = letter.content_id
    content = office.store.letters.content(content_id) if content_id else None
    if content is None:
        return None
    subscriber_id = letter.subscriber_id
    envelope = write_mail(
        content,
        letter_id=letter.id,
        recipient=letter.recipient,
        sender=office.sender,
        token=office.token(subscriber_id) if subscriber_id else None,
        written_at=letter.created_at,
    )
    return replace(envelope, data=office.sign(envelope.data))


def _try(office: PostOffice, letter: Letter, now: datetime) -> MailError | None:
    """Try once, and write down what came of it."""
    letters = office.store.letters
    envelope = envelope_of(office, letter)
    if envelope is None:
        letters.failed(letter.id, "its content is gone")
        return MailError("its content is gone", retry=False)
    try:
        office.postman.carry(envelope)
    except MailError as error:
        if not error.server:  # else all of it waits
            _settle(office, letter, error, now)
        return error
    letters.sent(letter.id)
    return None


def _settle(
    office: PostOffice, letter: Letter, error: MailError, now: datetime
) -> None:
    letters = office.store.letters
    if error.for_good:
        # In one transaction: a manager is told of what was done, and once.
        with office.store.atomic():
            letters.failed(letter.id, str(error))
            if letter.subscriber_id is not None:
                letters.take_back(letter.subscriber_id, letter.id)
                office.store.subscribers.suspend(letter.subscriber_id, str(error))
                said = partial(mail_text, "suspended", letter.recipient, str(error))
                office.tell(said, now)
        return
    wait = min(FIRST_WAIT * 2 ** min(letter.n_attempts, 16), LONGEST_WAIT)
    if now + wait - letter.created_at > GIVE_UP:
        with office.store.atomic():
            _give_up(office, letter, error)
            if letter.subscriber_id is not None:
                said = partial(mail_text, "given up", letter.recipient, str(error))
                office.tell(said, now)
        return
    letters.postpone(letter.id, str(error), now + wait, counted=True)
    log.warning("mail letter=%s retry_in=%s error=%s", letter.id, wait, error)


def _give_up(office: PostOffice, letter: Letter, error: MailError) -> None:
    letters = office.store.letters
    letters.failed(letter.id, f"given up after {GIVE_UP.days} days: {error}")
    # The deal of an alert is in the digest as well.
    if letter.subscriber_id is not None and letter.kind != "alert":
        letters.take_back(letter.subscriber_id, letter.id)
