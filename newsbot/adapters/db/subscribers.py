"""Who reads by mail."""

from __future__ import annotations

import dataclasses
import json
import secrets
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from newsbot.adapters.db import cells, codec_readers
from newsbot.adapters.db.connection import Connection
from newsbot.subscribing import Choice, Subscriber, Wish


class SubscriberRows:
    """The table `subscribers`, and the secret that readers' tokens are made with."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def secret(self) -> bytes:
        """Give the ledger's secret, made at the first call."""
        if (known := self.known_secret()) is not None:
            return known
        with self._connection.atomic() as db:
            db.execute(
                "INSERT OR IGNORE INTO mail_secret (one, secret) VALUES (1, ?)",
                [secrets.token_bytes(32)],
            )
            (secret,) = db.execute("SELECT secret FROM mail_secret").fetchone()
            return bytes(secret)

    def known_secret(self) -> bytes | None:
        """Give the ledger's secret without making one."""
        rows = self._connection.rows("SELECT secret FROM mail_secret")
        secret = rows[0]["secret"] if rows else None
        return secret if isinstance(secret, bytes) else None

    def ask(self, subscriber: Subscriber, token_hash: str) -> Subscriber:
        """Write down who asks, until the token is given back.

        Who is confirmed stays so, with the former wish, until then.

        Returns:
            The row as it stands: of a known address, its own id and state.
        """
        wish = _wish_document(subscriber.wish)
        with self._connection.atomic() as db:
            known = self.by_address(subscriber.wish.address)
            if known is None:
                db.execute(
                    "INSERT INTO subscribers (id, address, wish, state, token_hash, "
                    "asked_at, asked_by) VALUES (?, ?, ?, 'asked', ?, ?, ?)",
                    [
                        subscriber.id,
                        subscriber.wish.address,
                        wish,
                        token_hash,
                        cells.at_text(subscriber.asked_at),
                        subscriber.asked_by,
                    ],
                )
                return subscriber
            db.execute(
                "UPDATE subscribers SET asked = ?, token_hash = ?, asked_at = ?, "
                "asked_by = ?, "
                "state = CASE state WHEN 'active' THEN 'active' ELSE 'asked' END "
                "WHERE id = ?",
                [
                    wish,
                    token_hash,
                    cells.at_text(subscriber.asked_at),
                    subscriber.asked_by,
                    known.id,
                ],
            )
            fresh = self.get(known.id)
            assert fresh is not None
            return fresh

    def confirm(
        self, token_hash: str, now: datetime, *, since: int, instant_since: int
    ) -> Subscriber | None:
        """Let in who gave a token back; None where nobody was given it.

        A token serves once. Who was confirmed before keeps what was told already.

        Args:
            token_hash: Of the token that came back.
            now: Aware.
            since: Number of the news that digests begin after.
            instant_since: The same of alerts.
        """
        with self._connection.atomic() as db:
            row = db.execute(
                "SELECT id FROM subscribers WHERE token_hash = ?", [token_hash]
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE subscribers SET token_hash = NULL, error = NULL, "
                "wish = coalesce(asked, wish), asked = NULL, "
                "chat = asked_by, asked_by = NULL, "
                "since = CASE WHEN confirmed_at IS NULL THEN ? ELSE since END, "
                "instant_since = ?, confirmed_at = coalesce(confirmed_at, ?), "
                "state = 'active' "
                "WHERE id = ?",
                [since, instant_since, cells.at_text(now), row[0]],
            )
            return self.get(row[0])

    def awaits(self, token_hash: str) -> Subscriber | None:
        """Find who was given a token, without using it up."""
        found = self._read("WHERE token_hash = ?", (token_hash,))
        return found[0] if found else None

    def get(self, subscriber_id: str) -> Subscriber | None:
        """Read a reader by id."""
        found = self._read("WHERE id = ?", (subscriber_id,))
        return found[0] if found else None

    def by_address(self, address: str) -> Subscriber | None:
        """Read a reader by address, capitals or not."""
        found = self._read("WHERE lower(address) = lower(?)", (address,))
        return found[0] if found else None

    def all(self) -> list[Subscriber]:
        """List every reader by address."""
        return self._read("ORDER BY lower(address)", ())

    def active(self) -> list[Subscriber]:
        """List who gets mail."""
        return self._read("WHERE state = 'active' ORDER BY id", ())

    def remove(self, subscriber_id: str) -> bool:
        """Forget a reader, with every letter to them; false where there is none."""
        with self._connection.atomic() as db:
            cursor = db.execute("DELETE FROM subscribers WHERE id = ?", [subscriber_id])
            return cursor.rowcount > 0

    def of_chat(self, chat: str) -> list[Subscriber]:
        """List the readers that follow a chat's settings, or that it has asked."""
        return self._read("WHERE chat = ?1 OR asked_by = ?1 ORDER BY id", (chat,))

    def follow(self, chat: str, wish: Wish) -> None:
        """Let the readers of a chat have its settings.

        Their addresses stay, and whether each deal comes at once.
        """

        def kept(column: str) -> str:
            instant = f"iif(json_extract({column}, '$.instant'), 'true', 'false')"
            return f"json_set(?1, '$.instant', json({instant}))"

        with self._connection.atomic() as db:
            document = _wish_document(wish)
            db.execute(
                f"UPDATE subscribers SET wish = {kept('wish')} WHERE chat = ?2",
                [document, chat],
            )
            db.execute(
                "UPDATE subscribers SET "
                f"asked = iif(asked IS NULL, NULL, {kept('asked')}), "
                f"wish = iif(confirmed_at IS NULL, {kept('wish')}, wish) "
                "WHERE asked_by = ?2",
                [document, chat],
            )

    def instantly(self, chat: str, instant: bool, number: int) -> None:
        """Let the readers of a chat have each deal at once, or no longer.

        Args:
            chat: Theirs.
            instant: Whether they want that.
            number: Of the last news; what is older comes to none of them at once.
        """
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE subscribers SET "
                "wish = json_set(wish, '$.instant', json(iif(?1, 'true', 'false'))), "
                "instant_since = max(instant_since, ?2) "
                "WHERE chat = ?3 AND json_extract(wish, '$.instant') <> ?1",
                [int(instant), number, chat],
            )

    def leave_chat(self, chat: str) -> None:
        """Forget the readers of a chat, with every letter, and what it has asked.

        Who reads by another's wish reads on.
        """
        with self._connection.atomic() as db:
            db.execute("DELETE FROM subscribers WHERE chat = ?", [chat])
            db.execute(
                "DELETE FROM subscribers WHERE asked_by = ? AND confirmed_at IS NULL",
                [chat],
            )
            db.execute(
                "UPDATE subscribers SET asked = NULL, token_hash = NULL, "
                "asked_by = NULL WHERE asked_by = ?",
                [chat],
            )

    def count_question(
        self, address_hash: str, chat_hash: str, now: datetime, window: timedelta
    ) -> tuple[int, int]:
        """Count one more question to an address, from a chat.

        Args:
            address_hash: Of the address; neither it nor the chat is kept in clear.
            chat_hash: Of the chat.
            now: Aware.
            window: How long a question counts.

        Returns:
            How many the address had, and the chat asked, within the window, this
            one included.
        """
        since = cells.at_text(now - window)
        with self._connection.atomic() as db:
            db.execute("DELETE FROM mail_questions WHERE asked_at < ?", [since])
            db.execute(
                "INSERT INTO mail_questions (address_hash, chat_hash, asked_at) "
                "VALUES (?, ?, ?)",
                [address_hash, chat_hash, cells.at_text(now)],
            )
            counted = db.execute(
                "SELECT sum(address_hash = ?), sum(chat_hash = ?) FROM mail_questions",
                [address_hash, chat_hash],
            ).fetchone()
            return int(counted[0]), int(counted[1])

    def forget_unconfirmed(self, before: datetime) -> int:
        """Forget who never confirmed; returns how many."""
        with self._connection.atomic() as db:
            cursor = db.execute(
                "DELETE FROM subscribers WHERE state = 'asked' "
                "AND confirmed_at IS NULL AND asked_at < ?",
                [cells.at_text(before)],
            )
            return int(cursor.rowcount)

    def told_instantly(self, subscriber_id: str, number: int) -> None:
        """Note up to which news a reader had alerts."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE subscribers SET instant_since = max(instant_since, ?) "
                "WHERE id = ?",
                [number, subscriber_id],
            )

    def suspend(self, subscriber_id: str, reason: str) -> None:
        """Send a reader nothing more, and give up what waits; see `take_back`."""
        with self._connection.atomic() as db:
            db.execute(
                "UPDATE subscribers SET state = 'suspended', error = ? WHERE id = ?",
                [cells.storable(reason), subscriber_id],
            )
            db.execute(
                "UPDATE letters SET state = 'failed', error = ? "
                "WHERE subscriber_id = ? AND state = 'pending'",
                [cells.storable(f"suspended: {reason}"), subscriber_id],
            )

    def _read(self, where: str, parameters: tuple[object, ...]) -> list[Subscriber]:
        rows = self._connection.rows(
            "SELECT *, (SELECT occasion FROM letters WHERE kind = 'digest' "
            "AND subscriber_id = subscribers.id AND letters.state <> 'failed' "
            f"ORDER BY occasion DESC LIMIT 1) AS told_date FROM subscribers {where}",
            parameters,
        )
        return [
            Subscriber(
                id=str(row["id"]),
                wish=_wish(str(row["address"]), str(row["wish"])),
                state=row["state"],  # type: ignore[arg-type]
                asked_at=cells.at_time(str(row["asked_at"])),
                confirmed_at=(
                    cells.at_time(str(row["confirmed_at"]))
                    if row["confirmed_at"]
                    else None
                ),
                since=int(str(row["since"])),
                instant_since=int(str(row["instant_since"])),
                last_date=_date(row["last_date"]),
                told_date=_date(row["told_date"]),
                error=row["error"],  # type: ignore[arg-type]
                chat=row["chat"],  # type: ignore[arg-type]
                asked_by=row["asked_by"],  # type: ignore[arg-type]
            )
            for row in rows
        ]


def _date(text: object) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def _wish_document(wish: Wish) -> str:
    choice = wish.choice
    return cells.document(
        {
            "language": wish.language,
            "time_zone": wish.time_zone,
            "at": f"{wish.at:%H:%M}",
            "days": wish.days,
            "instant": wish.instant,
            "parties": choice.parties,
            "types": choice.types,
            "statuses": choice.statuses,
            "min_amount": choice.min_amount,
            "languages": choice.languages,
            "filters": dataclasses.asdict(choice.filters),
        }
    )


def _wish(address: str, document: str) -> Wish:
    return dataclasses.replace(_read_wish(document), address=address)


#: Every round of the service reads every reader, and few wishes differ.
@lru_cache(maxsize=1_024)
def _read_wish(document: str) -> Wish:
    kept = json.loads(document)
    return Wish(
        address="",
        language=kept["language"],
        time_zone=kept["time_zone"],
        at=time.fromisoformat(kept["at"]),
        days=kept["days"],
        instant=kept["instant"],
        choice=Choice(
            parties=tuple(kept["parties"]),
            types=tuple(kept["types"]),
            statuses=tuple(kept["statuses"]),
            min_amount=kept["min_amount"],
            languages=tuple(kept["languages"]),
            filters=codec_readers.filters(kept.get("filters") or {}),
        ),
    )
