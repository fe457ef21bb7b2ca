"""A digest of 30 deals for 1,000 readers: written once per language and choice.

    python tests/benchmarks/digest.py

prints how long it takes against writing it anew for each reader. Both on this machine,
one after the other: the ratio says something, the seconds only roughly.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from digest_ledger import DAY, many  # type: ignore[import-not-found]  # noqa: E402

from newsbot.adapters.db import Store, open_store  # noqa: E402
from newsbot.adapters.pages import Templates  # noqa: E402
from newsbot.adapters.picture import png_of  # noqa: E402
from newsbot.digests import told_since, write_digest, write_due  # noqa: E402
from newsbot.press import Press  # noqa: E402
from newsbot.stages.edition_page import health_of  # noqa: E402
from newsbot.stages.mail import Sender, write_mail  # noqa: E402
from newsbot.stages.organisations import load_organisations  # noqa: E402
from newsbot.stages.rates import load_rates  # noqa: E402
from newsbot.subscribing import Choice, Subscriber, Wish  # noqa: E402

JOINED = datetime(2026, 1, 30, 12, tzinfo=UTC)
NOW = DAY + timedelta(hours=8)
CHOICES = (Choice(), Choice(min_amount="10m"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured."""

    n_readers: int
    n_contents: int
    #: Seconds for all: contents, letters and the mails' bytes.
    shared: float
    #: Seconds that writing the content anew for each reader takes, by a sample.
    each: float

    @property
    def ratio(self) -> float:
        """How many times faster sharing is."""
        return self.each / self.shared


def measure(n_readers: int, n_deals: int, n_sampled: int) -> Measured:
    """Write digests for so many readers, and a sample of them one by one."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "newsbot.db")
        try:
            return _measure(store, n_readers, n_deals, n_sampled)
        finally:
            store.close()


def _measure(store: Store, n_readers: int, n_deals: int, n_sampled: int) -> Measured:
    press = Press(
        store=store,
        gazetteer=load_organisations(()),
        rates=load_rates(),
        templates=Templates(),
        paint=png_of,
    )
    with store.atomic():
        for n in range(n_readers):
            _enter(store, n)
    many(store, n_deals)
    _one(press, 0)  # templates are compiled once, whoever asks
    started = time.perf_counter()
    n_written = write_due(press, NOW)
    letters = store.letters.all()
    contents = {one.content_id: one.content_id for one in letters if one.content_id}
    kept = {id_: store.letters.content(id_) for id_ in contents}
    for letter in letters:
        content = kept[letter.content_id or ""]
        assert content is not None
        write_mail(
            content,
            letter_id=letter.id,
            recipient=letter.recipient,
            sender=Sender(address="newsbot@example.org"),
            token=letter.id,
            written_at=NOW,
        )
    shared = time.perf_counter() - started
    assert n_written == n_readers
    started = time.perf_counter()
    for n in range(n_sampled):
        _one(press, n)
    sampled = time.perf_counter() - started
    mails = shared - sampled / n_sampled * len(contents)
    return Measured(
        n_readers=n_readers,
        n_contents=len(contents),
        shared=shared,
        each=max(mails, 0.0) + sampled / n_sampled * n_readers,
    )


def _enter(store: Store, n: int) -> None:
    wish = Wish(
        address=f"reader{n}@example.org",
        language="de" if n % 2 else "en",
        choice=CHOICES[n // 2 % len(CHOICES)],
    )
    asked = Subscriber(id=f"reader-{n}", wish=wish, state="asked", asked_at=JOINED)
    store.subscribers.ask(asked, f"token-{n}")
    store.subscribers.confirm(f"token-{n}", JOINED, since=0, instant_since=0)


def _one(press: Press, n: int) -> None:
    reader = press.store.subscribers.get(f"reader-{n}")
    assert reader is not None
    wish = reader.wish
    told = told_since(press, 0, press.store.news.last(), wish.choice)
    content = write_digest(
        press,
        told,
        NOW.date(),
        language=wish.language,
        choice=wish.choice,
        until=NOW,
        health=health_of((), NOW, wish.language),
    )
    assert replace(content, id="").text


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--deals", type=int, default=30)
    asked = parser.parse_args()
    found = measure(asked.readers, asked.deals, 20)
    print(
        f"{asked.deals} deals, {found.n_readers} readers, {found.n_contents} contents: "
        f"{found.shared:.1f} s; each by itself {found.each:.1f} s; "
        f"{found.ratio:.1f} times as long"
    )


if __name__ == "__main__":
    main()
