"""Labels: what people say of the deals that they were told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from newsbot.adapters.db import cells
from newsbot.adapters.db.connection import Connection
from newsbot.talking import LabelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One person's word on one deal; the last one holds."""

    deal_id: str
    user_id: int
    kind: LabelKind
    labelled_at: datetime


class LabelRows:
    """The table `labels`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, label: Label) -> None:
        """Keep a label; a second one of the same person replaces the first."""
        with self._connection.atomic() as db:
            db.execute(
                "INSERT INTO labels (deal_id, user_id, kind, labelled_at) "
                "VALUES (?, ?, ?, ?) ON CONFLICT (deal_id, user_id) DO UPDATE SET "
                "kind = excluded.kind, labelled_at = excluded.labelled_at",
                [
                    label.deal_id,
                    label.user_id,
                    label.kind,
                    cells.at_text(label.labelled_at),
                ],
            )

    def all(self) -> list[Label]:
        """List every label, oldest first; those of merged deals under their new id."""
        rows = self._connection.rows(
            "SELECT coalesce(deal_aliases.deal_id, labels.deal_id) AS deal_id, "
            "user_id, kind, labelled_at FROM labels "
            "LEFT JOIN deal_aliases ON deal_aliases.id = labels.deal_id "
            "ORDER BY labelled_at, user_id"
        )
        return [
            Label(
                deal_id=str(row["deal_id"]),
                user_id=int(str(row["user_id"])),
                kind=cast(LabelKind, row["kind"]),
                labelled_at=cells.at_time(str(row["labelled_at"])),
            )
            for row in rows
        ]

    def forget_user(self, user_id: int) -> None:
        """Delete a person's labels."""
        with self._connection.atomic() as db:
            db.execute("DELETE FROM labels WHERE user_id = ?", [user_id])
