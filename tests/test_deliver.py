"""The end of the line: twice over never, in order, and never for ever."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import NOW, Bench, FakeChannel, entry

from newsbot.adapters.console import ConsoleChannel
from newsbot.adapters.db import open_store
from newsbot.attempts import MAX_TRIES
from newsbot.errors import DeliveryError

HOUR = timedelta(hours=1)


@pytest.fixture
def bench():
    store = open_store(None)
    yield Bench(store)
    store.close()


def sent_alone(bench, *script):
    """Compose one alert whose first tries go as the script says."""
    bench.channels[0].script.items.extend(script)
    bench.announce(entry("a"))
    bench.walk()
    return lambda: bench.store.outbox.deliveries()[0]


def test_the_wait_that_a_provider_names_is_kept(bench):
    """A message refused for ten seconds is not tried after nine, but after ten."""
    busy = DeliveryError("slow down", retry=True, retry_after=10)
    delivery = sent_alone(bench, busy)
    assert (delivery().state, delivery().error) == ("pending", "slow down")
    for seconds, state in ((9, "pending"), (1, "sent")):
        bench.clock.forward(timedelta(seconds=seconds))
        bench.walk()
        assert delivery().state == state
    assert (delivery().provider_id, delivery().n_attempts) == ("1", 2)


def test_a_recipient_who_is_gone_is_given_up(bench):
    """A refusal for good is kept with its reason and never tried again."""
    delivery = sent_alone(bench, DeliveryError("blocked by the user", retry=False))
    bench.clock.forward(100 * HOUR)
    bench.walk()
    assert (delivery().state, delivery().error) == ("failed", "blocked by the user")
    assert bench.channels[0].sent == []


def test_a_message_of_unknown_fate_is_sent_again(bench):
    """Where no answer came, twice is better than never."""
    lost = DeliveryError("no answer", retry=True, unknown=True)
    delivery = sent_alone(bench, lost)
    bench.clock.forward(HOUR)
    bench.walk()
    assert delivery().state == "sent"


@pytest.mark.parametrize(
    "error", [DeliveryError("down", retry=True), RuntimeError("unforeseen")]
)
def test_a_channel_that_stays_down_is_tried_for_hours(bench, error):
    """Tries come further and further apart, and the last one says why it failed."""
    delivery = sent_alone(bench, *[error] * MAX_TRIES)
    waited = []
    while delivery().state == "pending":
        waited.append(delivery().due_at - bench.clock())
        bench.clock.forward(waited[-1])
        bench.walk()
    assert waited == sorted(waited)
    assert len(waited) == MAX_TRIES - 1
    assert sum(waited, timedelta()) > 12 * HOUR
    assert delivery().state == "failed"
    assert str(error) in delivery().error


def test_a_later_message_waits_for_the_earlier_one(bench):
    """A recipient gets messages in order: after a refusal the next is not tried."""
    sent_alone(bench)
    (alert,) = bench.store.outbox.alerts()
    for n in (1, 2):
        later = replace(alert, id=f"{n}", plain=f"{n}", created_at=NOW + n * HOUR)
        bench.store.outbox.put(later, [("console", "-")], bench.clock())
    bench.channels[0].script.items.append(DeliveryError("no", retry=True))
    assert bench.deliver() == 0
    bench.clock.forward(HOUR)
    assert bench.deliver() == 2
    assert [alert.plain for _, alert in bench.channels[0].sent[1:]] == ["1", "2"]


def test_a_message_for_a_removed_channel_waits_for_its_return(bench):
    """Taking a channel out of the config loses none of its messages."""
    delivery = sent_alone(bench, DeliveryError("down", retry=True))
    channels, bench.channels = bench.channels, [FakeChannel("telegram")]
    for _ in range(2 * MAX_TRIES):
        bench.clock.forward(2 * HOUR)
        bench.walk()
    assert delivery().state == "pending"
    assert delivery().error == "channel console is not configured"
    bench.channels = channels
    bench.clock.forward(2 * HOUR)
    bench.walk()
    assert delivery().state == "sent"


@pytest.mark.parametrize(
    "channel", [FakeChannel(), ConsoleChannel(io.StringIO())], ids=["fake", "real"]
)
def test_a_channel_takes_or_says_why_not(bench, channel):
    """A channel returns an id as text, takes replies, and an edit twice as once."""
    sent_alone(bench)
    alert = bench.store.outbox.alerts()[0]
    provider_id = channel.send("-", alert)
    assert provider_id
    assert isinstance(provider_id, str)
    assert isinstance(channel.name, str)
    assert channel.send("-", alert, reply_to=provider_id)
    for _ in range(2):
        channel.edit("-", provider_id, replace(alert, plain="Newer"), was="Older")
