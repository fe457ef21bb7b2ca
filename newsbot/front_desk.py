"""The front desk: readers ask, confirm and leave.

Double opt-in: who enters an address gets nothing sent there but one question, and only
the token from it begins the mail. The ledger keeps the token's hash alone. The token
to leave by is made of the reader's id with a secret of the ledger: it stands in every
mail and needs no row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from newsbot.adapters.db import Store
from newsbot.digests import FIRST
from newsbot.errors import UserError
from newsbot.stages.edition_short import confirmation
from newsbot.stages.filters import read_sum
from newsbot.stages.local_days import read_zone
from newsbot.stages.mail import Sender, confirm_url, read_address
from newsbot.subscribing import Content, Subscriber, Wish
from newsbot.types import identity

#: How long a confirmation waits for its reader.
CONFIRM_WITHIN = timedelta(days=7)
#: Questions that chats may have put to one address, and that one chat may have put,
#: within so long.
MAX_TO_ADDRESS, MAX_OF_CHAT, ASKING = 3, 5, timedelta(days=1)


class FrontDesk:
    """Readers and their tokens.

    Args:
        store: The ledger.
        sender: Gives who writes; raises ConfigError where nobody is configured.
        send: Sends a content to an address at once.
    """

    def __init__(
        self,
        store: Store,
        sender: Callable[[], Sender],
        send: Callable[[Content, str, datetime], object],
    ) -> None:
        self._store = store
        self._sender = sender
        self._send = send

    def may_ask(self, address: str, chat: str, now: datetime) -> bool:
        """Count a question that a chat wants put to an address; false if too many.

        Neither a mailbox nor the mail server is to suffer from somebody who types.
        What is too much counts as well: who goes on asking waits on.
        """
        n_address, n_chat = self._store.subscribers.count_question(
            self._masked("address", address.lower()),
            self._masked("chat", chat),
            now,
            ASKING,
        )
        return n_address <= MAX_TO_ADDRESS and n_chat <= MAX_OF_CHAT

    def ask(self, wish: Wish, now: datetime, *, chat: str | None = None) -> Subscriber:
        """Ask the owner of an address whether the wish is theirs (double opt-in).

        A mail with a token goes out at once; nothing else does before the token comes
        back. Only its hash is kept. Who reads already gets the new wish by it.

        Args:
            wish: Address, language, time and choice; checked by `check_wish`.
            now: Aware.
            chat: The bot's private chat that asks, and whose settings the reader is
                to follow.

        Returns:
            The reader as the ledger has it.

        Raises:
            ConfigError: `[email]` is not set.
            MailError: The mail was not taken; asking again sends another one.
        """
        sender = self._sender()
        token = secrets.token_urlsafe(18)
        subscriber = Subscriber(
            id=identity("subscriber", wish.address.lower(), secrets.token_hex(8)),
            wish=wish,
            state="asked",
            asked_at=now,
            asked_by=chat,
        )
        kept = self._store.subscribers.ask(subscriber, secret_hash(token))
        content = confirmation(
            wish,
            token,
            confirm_url(sender, token),
            CONFIRM_WITHIN,
            by_chat=chat is not None,
        )
        self._send(content, wish.address, now)
        return kept

    def awaits(self, token: str, now: datetime) -> Subscriber | None:
        """Find who may confirm with a token; the token stays good."""
        found = self._store.subscribers.awaits(secret_hash(token))
        fresh = found is not None and now - found.asked_at <= CONFIRM_WITHIN
        return found if fresh else None

    def confirm(self, token: str, now: datetime) -> Subscriber:
        """Take a token back: from now on its reader gets mail.

        Raises:
            UserError: Nobody was given this token, or too long ago.
        """
        found = None
        with self._store.atomic():
            if self.awaits(token, now) is not None:
                news = self._store.news
                found = self._store.subscribers.confirm(
                    secret_hash(token),
                    now,
                    since=news.before(now - FIRST),
                    instant_since=news.last(),
                )
        if found is None:
            raise UserError(
                "this token is not known, was used already, or is older than "
                f"{CONFIRM_WITHIN.days} days; ask for a new one"
            )
        return found

    def _masked(self, kind: str, text: str) -> str:
        secret = self._store.subscribers.secret()
        return hmac.digest(secret, f"{kind} {text}".encode(), hashlib.sha256).hex()

    def token(self, subscriber_id: str) -> str:
        """Give the token by which a reader leaves; the same in every mail."""
        secret = self._store.subscribers.secret()
        digest = hmac.digest(secret, subscriber_id.encode(), hashlib.sha256)[:18]
        return f"{subscriber_id}.{base64.urlsafe_b64encode(digest).decode()}"

    def reader_of(self, token: str) -> Subscriber | None:
        """Find whose token to leave by this is."""
        subscriber_id = token.partition(".")[0]
        given, real = token.encode("utf-8", "replace"), self.token(subscriber_id)
        if not hmac.compare_digest(given, real.encode("utf-8", "replace")):
            return None
        return self._store.subscribers.get(subscriber_id)

    def leave(self, address_or_token: str) -> bool:
        """Forget a reader, with every letter; false where there is none."""
        found = self.reader_of(address_or_token)
        if found is None:
            found = self._store.subscribers.by_address(
                read_address(address_or_token) or ""
            )
        return found is not None and self._store.subscribers.remove(found.id)


def check_wish(wish: Wish) -> Wish:
    """Check what a person typed; gives the wish with its address as servers take it.

    Raises:
        UserError: No address, zone or sum; says which.
    """
    address = read_address(wish.address)
    if address is None:
        raise UserError(f"{wish.address!r} is no mail address")
    if read_zone(wish.time_zone) is None:
        raise UserError(f'{wish.time_zone!r} is no time zone such as "Europe/Berlin"')
    least = wish.choice.min_amount
    if least and read_sum(least) is None:
        raise UserError(f'{least!r} is not a sum such as "1bn", "500m" or "2 Mrd"')
    return replace(wish, address=address)


def secret_hash(token: str) -> str:
    """Hash what lets somebody in; 144 random bits and more need no slow hash."""
    return hashlib.sha256(token.strip().encode("utf-8", "replace")).hexdigest()
