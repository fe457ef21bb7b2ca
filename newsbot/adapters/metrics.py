"""Figures for Prometheus, on this machine alone.

What the ledger knows is read from it at each scrape, so that a restart loses none of
it; how long the stages took, and what the model was asked, is counted in this process.

Source: https://prometheus.io/docs/practices/naming/ for names and units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Summary, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from newsbot.adapters.db.connection import open_for_reading
from newsbot.adapters.db.feeds import FeedRows
from newsbot.adapters.db.watch import WatchRows
from newsbot.adapters.meter import Count
from newsbot.errors import ConfigError, StoreError
from newsbot.stages.health import failing

#: Reachable from this machine only: the figures name no secrets, but are nobody's
#: business either.
HOST = "127.0.0.1"


class Metrics:
    """Serves the figures until closed.

    Args:
        database: The ledger.
        port: TCP port.
        clock: Tells the time, aware, UTC.
        asked: Tells what the model was asked so far; None while none is loaded.

    Raises:
        ConfigError: The port is taken.
    """

    def __init__(
        self,
        database: Path,
        port: int,
        clock: Callable[[], datetime],
        asked: Callable[[], Count | None],
    ) -> None:
        registry = CollectorRegistry()
        registry.register(_Ledger(database, clock))
        registry.register(_Model(asked))
        self._seconds = Summary(
            "newsbot_stage_seconds",
            "Time that a stage took for a batch.",
            ["stage"],
            registry=registry,
        )
        self._entries = Counter(
            "newsbot_stage_entries",
            "Entries that a stage has served.",
            ["stage"],
            registry=registry,
        )
        try:
            self._server, self._thread = start_http_server(
                port, addr=HOST, registry=registry
            )
        except OSError as error:
            raise ConfigError(
                f"metrics.port {port}: {error.strerror or error}"
            ) from error

    def observe(self, stage: str, n: int, seconds: float) -> None:
        """Count a batch of a stage."""
        self._seconds.labels(stage).observe(seconds)
        self._entries.labels(stage).inc(n)

    def close(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Model(Collector):
    """Tells what the model was asked; another model begins at zero again."""

    def __init__(self, asked: Callable[[], Count | None]) -> None:
        self._asked = asked

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give the totals; before a model is loaded they are zero."""
        count = self._asked() or Count()
        calls = CounterMetricFamily(
            "newsbot_model_calls", "Batches that the model was asked."
        )
        calls.add_metric([], count.calls)
        yield calls
        tokens = CounterMetricFamily(
            "newsbot_model_tokens",
            "Tokens that the model has read (prompt) and written (generated).",
            labels=["kind"],
        )
        tokens.add_metric(["prompt"], count.prompt_tokens)
        tokens.add_metric(["generated"], count.generated_tokens)
        yield tokens


class _Ledger(Collector):
    """Reads the ledger at each scrape, by a connection of its own."""

    def __init__(self, database: Path, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name nothing beforehand: else the ledger would be read at the start."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures of this moment; without a ledger, that there is none."""
        up = GaugeMetricFamily("newsbot_ledger_up", "Whether the ledger can be read.")
        try:
            with closing(open_for_reading(self._database)) as connection:
                now, rows = self._clock(), WatchRows(connection)
                feeds = FeedRows(connection).all()
                waiting, sending = rows.waiting(now), rows.sending(now)
                done = rows.done()
        except StoreError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        n_stopped = sum(one.courtesy.stopped_at is not None for one in feeds)
        n_failing = len(failing(tuple(feeds))) - n_stopped
        yield _gauge(
            "newsbot_feeds",
            "Feeds by state.",
            "state",
            {
                "ok": len(feeds) - n_stopped - n_failing,
                "failing": n_failing,
                "gone": n_stopped,
            },
        )
        yield _gauge(
            "newsbot_queue_entries",
            "Entries that wait for a stage.",
            "stage",
            {one.stage: one.n for one in waiting},
        )
        yield _gauge(
            "newsbot_deliveries",
            "Messages by what became of them.",
            "state",
            {
                "pending": sending.n_pending - sending.n_parked,
                "parked": sending.n_parked,
                "sent": sending.n_sent,
                "failed": sending.n_failed,
                "unknown": sending.n_unknown,
            },
        )
        yield _gauge(
            "newsbot_mails",
            "Mails by what became of them.",
            "state",
            {
                "pending": sending.n_mails_pending,
                "sent": sending.n_mails_sent,
                "failed": sending.n_mails_failed,
            },
        )
        oldest = sending.oldest_at
        age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily(
            "newsbot_oldest_undelivered_seconds",
            "Age of the oldest message that could go out and has not; 0: none waits.",
            value=age,
        )
        yield _gauge(
            "newsbot_upkeep_timestamp_seconds",
            "When the service last did something for itself.",
            "job",
            {one.job: one.done_at.timestamp() for one in done},
        )


def _gauge(
    name: str, text: str, label: str, values: dict[str, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value in values:
        family.add_metric([value], values[value])
    return family
