"""Torture cases 37, 56-60 and the mail half of 78: what mail must survive."""

import os
import re
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from pathlib import Path
from urllib.error import HTTPError
from zoneinfo import ZoneInfo

import digest_ledger as ledger
import pytest
from digest_ledger import Story
from mail_rig import START, desk, text_of
from servers.mail import CUT

from newsbot.adapters.reader_pages import ReaderPages
from newsbot.posting import GIVE_UP
from newsbot.stages.mail import Sender, write_mail
from newsbot.subscribing import Content, Wish

BERLIN = ZoneInfo("Europe/Berlin")
READER = "reader@example.org"
BREAKS = ("\r", "\n", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00")


@pytest.fixture
def mail(tmp_path):
    with desk(tmp_path) as one:
        yield one


def news(store, name, at, **parts):
    story = Story(
        **{
            "deal": name,
            "text": f"Lab {name} rents computers from Nordwolke. More was not said.",
            "parties": {f"Lab {name}": "customer", "Nordwolke": "provider"},
            "at": at,
            **parts,
        }
    )
    return ledger.keep(store, story, 0)


# 37: headers and bodies from strangers


@pytest.mark.parametrize("character", BREAKS)
@pytest.mark.case(37, "headers, bodies and lines of hostile texts in mail")
def test_no_text_adds_a_header_or_a_recipient(mail, character):
    """Case 37: line ends of any kind in a name end up in no header of their own."""
    evil = f"Lab{character}Bcc: victim@example.net{character}{character}<p>"
    news(mail.store, "evil", START, parties={evil: "customer", "Oracle": "provider"})
    mail.reader()
    mail.run(hours=14)
    (taken,) = [one for one in mail.server.taken if one.mail["List-ID"]]
    assert taken.recipients == (READER,)
    parsed = message_from_bytes(taken.data, policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed.defects == []
    assert parsed["Subject"].startswith("1 new deal – 31 January 2026: Lab")
    assert "Bcc: victim@example.net" in parsed["Subject"]
    assert not re.search(rb"(?im)^bcc:", taken.data.split(b"\r\n\r\n")[0])


@pytest.mark.parametrize("character", BREAKS)
@pytest.mark.case(37, "headers, bodies and lines of hostile texts in mail")
def test_names_of_senders_and_addresses_cannot_inject(character):
    """Case 37: what stands in From or To is one address, or nothing at all."""
    from newsbot.stages.mail import read_address

    assert read_address(f"a@example.org{character}Bcc: b@example.org") is None
    assert read_address(f"a{character}b@example.org") is None
    sender = Sender(
        address="newsbot@example.org", name=f"news{character}Bcc: b@example.org"
    )
    content = Content(id="c", subject=f"a{character}To: b@example.org", text="a")
    sent = write_mail(
        content,
        letter_id="l",
        recipient=READER,
        sender=sender,
        token=f"t{character}X: y",
        written_at=START,
    )
    parsed = message_from_bytes(sent.data, policy=policy.default)
    assert (parsed["To"], parsed["Bcc"], parsed["X"]) == (READER, None, None)
    assert parsed["From"].addresses[0].addr_spec == "newsbot@example.org"


@pytest.mark.case(37, "headers, bodies and lines of hostile texts in mail")
def test_a_hostile_article_is_one_mail(mail):
    """Case 37: dots, 100 kB on a line, script, form, tracker, CSS: text and no more."""
    evil = (
        "</td><script>alert(1)</script><form action=//evil.example><img "
        'src="https://evil.example/p.gif"><style>@import url(//evil.example)</style>'
    )
    text = f"{evil}\n.\n" + "x" * 100_000 + ". More was not said."
    news(
        mail.store,
        "evil",
        START,
        title=evil,
        text=text,
        parties={evil: "customer", "x" * 3_000: "provider"},
        url='javascript:alert("x")',
        summary="." + "y" * 5_000,
    )
    ledger.notice(
        mail.store, "note", evil, evil, at=START, url="https://a.example/" + "b" * 3_000
    )
    mail.reader()
    mail.run(hours=14)
    (taken,) = [one for one in mail.server.taken if one.mail["List-ID"]]
    assert max(len(line) for line in taken.data.split(b"\r\n")) <= 998
    parsed = taken.mail
    page = parsed.get_body(("html",)).get_content()
    assert len(page.encode()) < 100_000
    # Escaped it may stand there; as markup it must not.
    assert not re.search(r"<(script|form|iframe|object|link|base)\b", page, re.I)
    assert re.findall(r'<img[^>]*src="(?!cid:)', page) == []
    # Its style sheet is shown as the text that it is; ours imports nothing.
    assert "@import" not in "".join(re.findall(r"<style.*?</style>", page, re.S))
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', page))
    assert "<script>alert(1)</script>" in text_of(parsed)


# 56: what servers answer


@pytest.mark.parametrize(
    ("where", "script"),
    [
        ("rcpt", "450 greylisted"),
        ("rcpt", "421 closing"),
        ("rcpt", CUT),
        ("data", "452 full"),
        ("data", CUT),
        ("dot", "451 error"),
        ("dot", CUT),
    ],
)
@pytest.mark.case(56, "what a mail server refuses, for now or for good")
def test_what_may_pass_is_tried_again_under_the_same_name(mail, where, script):
    """Case 56: 4yz and drops: not before 30 minutes, growing, the same Message-ID."""
    mail.reader()
    mail.server.on(where, READER, script, script, None)
    mail.run(datetime(2026, 1, 31, 5, 0, tzinfo=UTC))
    tries = []
    while not mail.mails:
        before = len([one for one in mail.server.commands if one == f"rcpt {READER}"])
        mail.serve()
        after = len([one for one in mail.server.commands if one == f"rcpt {READER}"])
        if after > before:
            tries.append(mail.at)
        mail.at += timedelta(minutes=5)
        assert mail.at < START + timedelta(days=2)
    waits = [b - a for a, b in pairwise(tries)]
    assert waits == [timedelta(minutes=30), timedelta(hours=1)]
    (letter,) = mail.letters
    assert letter.state == "sent"
    names = {
        message_from_bytes(data, policy=policy.default)["Message-ID"]
        for data in mail.server.seen[1:]
    }
    assert names == {mail.mails[0]["Message-ID"]}
    if where == "dot":
        # Three copies of the text arrived; all of them are one and the same.
        assert len({bytes(data) for data in mail.server.seen[1:]}) == 1


@pytest.mark.parametrize(
    ("where", "answer"),
    [("rcpt", "550 no such user"), ("data", "554 no"), ("dot", "552 full")],
)
@pytest.mark.case(56, "what a mail server refuses, for now or for good")
def test_what_is_refused_for_good_suspends(tmp_path, where, answer, caplog):
    """Case 56: 5yz suspends that recipient, and the manager is told."""
    with desk(tmp_path, email={"manager": "boss@example.org"}) as mail:
        mail.reader()
        mail.reader("other@example.org")
        mail.server.on(where, READER, answer)
        mail.run(hours=60, step=timedelta(hours=2))
        states = {one.wish.address: one.state for one in mail.store.subscribers.all()}
        assert states == {READER: "suspended", "other@example.org": "active"}
        assert mail.server.commands.count(f"rcpt {READER}") == 1 + 1  # the question
        assert [one["To"] for one in mail.mails] == ["other@example.org"] * 3
        told = [
            one.mail for one in mail.server.taken if one.recipient == "boss@example.org"
        ]
        assert [answer in one.get_content() for one in told] == [True]
        assert f"mail to {READER} is suspended" in caplog.text


@pytest.mark.case(56, "what a mail server refuses, for now or for good")
def test_four_days_and_no_more(mail, caplog):
    """Case 56: a mailbox that never opens is given up after four days, once told."""
    mail.reader()
    mail.server.on("rcpt", READER, "450 later")
    mail.run(datetime(2026, 2, 4, 12, tzinfo=UTC), step=timedelta(minutes=30))
    first = mail.letters[0]
    assert first.state == "failed"
    assert "given up after 4 days" in first.error
    assert 10 <= first.n_attempts <= 20
    assert caplog.text.count("was given up") == 1
    assert timedelta(days=4) == GIVE_UP


@pytest.mark.case(56, "what a mail server refuses, for now or for good")
def test_what_was_given_up_is_in_the_next_digest(mail):
    """Case 56: four days without a mailbox: the next digest tells it all, once."""
    mail.reader()
    mail.server.on("rcpt", READER, "450 later")
    for n in range(4):
        news(mail.store, f"n{n}", mail.at)
        mail.run(hours=24, step=timedelta(minutes=30))
    mail.run(datetime(2026, 2, 4, 5, 30, tzinfo=UTC), step=timedelta(minutes=30))
    assert {one.state for one in mail.letters} == {"failed"}
    mail.server.on("rcpt", READER, None)
    mail.run(hours=24)
    told = [text_of(one).split("== The picture ==")[0] for one in mail.mails]
    names = re.findall(r"^(Lab n\d) and Nordwolke$", "".join(told), re.MULTILINE)
    assert sorted(names) == [f"Lab n{n}" for n in range(4)]
    dates = [one.occasion for one in mail.letters]
    assert len(dates) == len(set(dates))


@pytest.mark.case(56, "what a mail server refuses, for now or for good")
def test_no_tls_no_mail_and_one_line(tmp_path, caplog):
    """Case 56: where TLS is missing, nothing is sent in the clear; it waits and is said."""
    with desk(tmp_path, tls=False, email={"security": "none"}) as mail:
        mail.reader()
        mail.email = type(mail.email)(**mail.server.options())  # starttls again
        mail.restart()
        n_before = len(mail.server.commands)
        mail.run(hours=20)
        assert len(mail.server.commands) == n_before
        assert [one.state for one in mail.letters] == ["pending"]
        assert "offers no TLS" in caplog.text
        mail.email = type(mail.email)(**mail.server.options(security="none"))
        mail.restart()
        mail.run(hours=9)
        assert mail.mails[0]["Subject"].startswith("No deals – 31 January")


# 57: one of three


@pytest.mark.case(57, "one of three recipients refused")
def test_one_of_three_is_refused(mail):
    """Case 57: only the refused one is tried again; the others have one copy each."""
    names = [f"{letter}@example.org" for letter in "abc"]
    for name in names:
        mail.reader(name)
    mail.server.on("rcpt", "b@example.org", "450 later", "450 later", None)
    mail.run(hours=20)
    taken = [one.recipients for one in mail.server.taken if one.mail["List-ID"]]
    assert sorted(taken) == [(name,) for name in names]


# 58: clocks that change


@pytest.mark.parametrize("at", [time(2, 30), time(7, 0)])
@pytest.mark.parametrize("change", [datetime(2026, 3, 29), datetime(2026, 10, 25)])
@pytest.mark.case(58, "digests over changes of clocks, moves and leap days")
def test_both_changes_of_the_clock(mail, at, change):
    """Case 58: one digest per local date, each entry once, also at 02:30."""
    mail.at = change.replace(tzinfo=UTC) - timedelta(days=3)
    mail.reader(at=at)
    n = 0
    end = mail.at + timedelta(days=5, hours=12)
    while mail.at < end:
        if mail.at.minute == 0 and mail.at.hour % 3 == 0:
            news(mail.store, f"n{n}", mail.at)
            n += 1
        mail.serve()
        mail.at += timedelta(minutes=30)
    dates = [one.occasion for one in mail.letters]
    assert len(dates) == len(set(dates))
    first = datetime.fromisoformat(dates[0]).date()
    assert dates == [str(first + timedelta(days=i)) for i in range(len(dates))]
    assert len(dates) >= 5
    told = "".join(text_of(one).split("== The picture ==")[0] for one in mail.mails)
    told_names = re.findall(r"^(Lab n\d+) and Nordwolke$", told, re.M)
    assert len(told_names) == len(set(told_names))
    numbers = sorted(int(name[5:]) for name in told_names)
    assert numbers == list(range(len(numbers)))  # no gap
    for letter in mail.letters:
        local = letter.created_at.astimezone(BERLIN)
        assert str(local.date()) == letter.occasion
        assert local.time() >= at


@pytest.mark.case(58, "digests over changes of clocks, moves and leap days")
def test_a_reader_who_moves(mail):
    """Case 58: to the west and to the east, no local date comes twice, nothing is lost."""
    mail.reader()
    for n, zone in enumerate(("Pacific/Honolulu", "Pacific/Auckland", "Europe/Berlin")):
        mail.run(hours=24 * 2)
        news(mail.store, f"m{n}", mail.at)
        mail.room.desk.ask(Wish(address=READER, time_zone=zone, at=time(7)), mail.at)
        mail.room.desk.confirm(mail.token(), mail.at)
    mail.run(hours=24 * 3)
    dates = [one.occasion for one in mail.letters]
    assert dates == sorted(set(dates))
    told = "".join(text_of(one) for one in mail.mails)
    assert [told.count(f"\nLab m{n} and Nordwolke\n") for n in range(3)] == [1, 1, 1]


@pytest.mark.case(58, "digests over changes of clocks, moves and leap days")
def test_leap_day(mail):
    """Case 58: 29 February is a day like any other."""
    mail.at = datetime(2028, 2, 27, 12, tzinfo=UTC)
    mail.reader()
    mail.run(hours=24 * 3)
    assert [one.occasion for one in mail.letters] == [
        "2028-02-28",
        "2028-02-29",
        "2028-03-01",
    ]


# 59: downtime and wrong clocks


@pytest.mark.case(59, "downtime, kills, clocks set back and ahead")
def test_late_the_same_day_once(mail):
    """Case 59: down from 06:50 to 09:30: the digest comes at 09:30, once."""
    mail.reader()
    mail.run(datetime(2026, 1, 31, 5, 50, tzinfo=UTC), step=timedelta(minutes=10))
    mail.restart()
    mail.at = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
    mail.run(hours=3, step=timedelta(minutes=10))
    assert [one.occasion for one in mail.letters] == ["2026-01-31"]
    assert mail.letters[0].created_at == datetime(2026, 1, 31, 8, 30, tzinfo=UTC)


@pytest.mark.case(59, "downtime, kills, clocks set back and ahead")
def test_three_days_of_downtime_are_one_digest(mail):
    """Case 59: after three days down there is one digest, which says since when."""
    mail.reader()
    mail.run(datetime(2026, 1, 31, 12, tzinfo=UTC))
    news(mail.store, "one", mail.at)
    mail.restart()
    mail.at = datetime(2026, 2, 4, 5, 0, tzinfo=UTC)
    news(mail.store, "two", mail.at)
    mail.run(hours=6)
    assert [one.occasion for one in mail.letters] == ["2026-01-31", "2026-02-04"]
    text = text_of(mail.mails[-1])
    assert "Everything since the digest of 31 January 2026." in text
    assert "Lab one" in text
    assert "Lab two" in text


@pytest.mark.case(59, "downtime, kills, clocks set back and ahead")
def test_a_clock_set_back(mail):
    """Case 59: two hours back, over the hour and over midnight: no second digest."""
    mail.reader()
    mail.run(datetime(2026, 1, 31, 6, 30, tzinfo=UTC), step=timedelta(minutes=30))
    mail.at = datetime(2026, 1, 31, 4, 30, tzinfo=UTC)
    mail.run(hours=4, step=timedelta(minutes=30))
    mail.at = datetime(2026, 1, 30, 22, 30, tzinfo=UTC)
    mail.run(hours=12)
    assert [one.occasion for one in mail.letters] == ["2026-01-31"]


@pytest.mark.case(59, "downtime, kills, clocks set back and ahead")
def test_a_clock_that_ran_a_year_ahead(mail):
    """Case 59: a year forward and back: the days in between get their digests."""
    mail.reader()
    mail.run(datetime(2026, 1, 31, 12, tzinfo=UTC))
    mail.server.on("rcpt", READER, "450 later", None)
    mail.serve(datetime(2027, 1, 31, 12, tzinfo=UTC))
    ahead = mail.letters[-1]
    assert (ahead.occasion, ahead.state) == ("2027-01-31", "pending")
    mail.at = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
    news(mail.store, "after", mail.at)
    mail.run(hours=48)
    kinds = [(one.kind, one.occasion, one.state) for one in mail.letters]
    assert kinds == [
        ("digest", "2026-01-31", "sent"),
        ("digest ahead", "2027-01-31", "sent"),
        ("digest", "2026-02-01", "sent"),
        ("digest", "2026-02-02", "sent"),
    ]
    told = [text_of(one).count("\nLab after and Nordwolke\n") for one in mail.mails]
    assert sum(told) == 1
    assert "2027" not in "".join(one["Subject"] for one in mail.mails[2:])


_KILLED = """
import sys
sys.path[:0] = sys.argv[2:]
import os
from datetime import UTC, datetime
from pathlib import Path
from mail_rig import GAZETTEER
from newsbot.adapters.db import open_store
from newsbot.config import Config, EmailConfig
from newsbot.mailroom import Mailroom

store = open_store(Path(sys.argv[1]))
room = Mailroom(Config(email=EmailConfig(host="h", sender="n@example.org")), store, GAZETTEER)
put = store.letters.put

def dying(*given):
    if point == "before": os._exit(9)
    n = put(*given)
    os._exit(9)

point = os.environ["POINT"]
store.letters.put = dying
from newsbot.digests import write_due
write_due(room.press, datetime(2026, 1, 31, 7, tzinfo=UTC))
"""


@pytest.mark.parametrize(("point", "n_written"), [("before", 0), ("after", 1)])
@pytest.mark.case(59, "downtime, kills, clocks set back and ahead")
def test_killed_in_mid_digest(tmp_path, point, n_written):
    """Case 59: killed before or after the digest is written, it is there once."""
    tests = Path(__file__).parents[1]
    with desk(tmp_path) as mail:
        mail.reader()
        done = subprocess.run(
            [
                sys.executable, "-c", _KILLED, str(tmp_path / "newsbot.db"),
                str(tests.parent), str(tests),
            ],
            env={**os.environ, "POINT": point},
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 9, done.stderr
        assert len(mail.letters) == n_written
        mail.at = datetime(2026, 1, 31, 8, tzinfo=UTC)
        mail.run(hours=3)
        assert [one.state for one in mail.letters] == ["sent"]
        assert len(mail.mails) == 1


@pytest.mark.case(59, "downtime, kills, clocks set back and ahead")
def test_killed_between_sending_and_marking(mail):
    """Case 59: sent but not marked, it is sent again under the same Message-ID."""
    mail.reader()
    mail.run(hours=14)
    (letter,) = mail.letters
    mail.store.connection.db.execute("UPDATE letters SET state = 'pending'")
    mail.restart()
    mail.serve()
    first, second = mail.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert letter.id in first["Message-ID"]


# 60: much and nothing


@pytest.mark.parametrize("n", [700, pytest.param(5_000, marks=pytest.mark.long)])
@pytest.mark.case(60, "empty days and days of 5,000 deals")
def test_nothing_and_very_much(mail, n):
    """Case 60: an empty day is one line; 5,000 deals are cut, counted, and say where."""
    mail.reader()
    mail.run(datetime(2026, 1, 31, 12, tzinfo=UTC))
    text = text_of(mail.mails[0])
    assert "\nNo deals; no feeds are followed.\n" in text
    assert len(text) < 500
    ledger.many(mail.store, n, at=mail.at)
    mail.run(hours=24, step=timedelta(hours=6))
    big = mail.mails[1]
    assert big["Subject"].startswith(f"{n} new deals – 1 February 2026")
    page = big.get_body(("html",)).get_content()
    assert len(page.encode()) < 100_000
    found = re.search(r"and (\d+) more, not shown here for length", text_of(big))
    shown = text_of(big).split("== The picture ==")[0].count("and Nordwolke")
    assert int(found[1]) + shown == n
    assert "newsbot deals --since 2026-02-01" in text_of(big)


@pytest.mark.case(60, "empty days and days of 5,000 deals")
@pytest.mark.parametrize("language", ["de", "en"])
def test_hostile_names_and_addresses_leave_a_page_small(mail, language):
    """Case 60: as long and as much escaped as can be: below 100 kB on the wire, too."""
    mail.reader(language=language)
    for n in range(30):
        for site in range(8):
            news_of(mail.store, n, site)
    for n in range(20):
        mail.store.feeds.add(ledger.feed(f"{n}", error='"<ü>&' * 99, n_errors=2))
    mail.run(hours=14)
    (one,) = mail.mails
    page = one.get_body(("html",))
    assert len(page.get_content().encode()) < 100_000
    assert len(page.get_payload().encode()) < 100_000
    assert "20 " in one["Subject"]


def news_of(store, n, site):
    """One of several papers' reports of a deal, each of them as long as it gets."""
    odd = '"<&ü>' * 40
    sums = tuple(
        (f"{m + 1} billion dollars", m + 1, "USD", "purchase", "exact", f"{odd}{m}")
        for m in range(9)
    )
    told = ", ".join(text for text, *_ in sums)
    story = Story(
        deal=f"hostile-{n}",
        title=odd,
        text=f"{odd} {told} {odd}. More was not said.",
        parties={f"{odd}{m}": "customer provider" for m in range(10)},
        sums=sums,
        at=START,
        site=f"paper{site}.example.org",
        url=f"https://paper{site}.example.org/{n}?{'&' * 900}",
        summary=odd * 4,
        verdict="new" if site == 0 else "repeat",
        status="talks" if n % 3 else "announced",
    )
    ledger.keep(store, story, site)


# 78: leaving and privacy


@pytest.mark.case(78, "leaving by mail")
def test_leaving_by_mail(tmp_path):
    """Case 78: a GET by a scanner changes nothing; one POST, and all is forgotten."""
    url = "https://mail.example.org/newsbot"
    with desk(tmp_path, email={"public_url": url}) as mail:
        mail.room.desk.ask(Wish(address=READER, at=time(7)), mail.at)
        (asked,) = re.findall(
            rf"{url}(/confirm/\S+)", mail.server.taken[0].mail.get_content()
        )
        with ReaderPages("127.0.0.1:0", mail.room.desk, lambda: mail.at) as pages:
            base = f"http://127.0.0.1:{pages.port}/newsbot"
            for method in ("GET", "HEAD"):
                assert _ask(base + asked, method)[0] == 200
            assert mail.store.subscribers.active() == []
            assert _ask(base + asked, "POST")[0] == 200
            assert _ask(base + asked, "POST")[0] == 404
            mail.run(hours=14)
            (one,) = mail.mails
            assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            link = re.match(rf"<{url}(/leave/[^>]+)>", one["List-Unsubscribe"])[1]
            assert url + link in text_of(one)
            status, page = _ask(base + link, "GET")
            assert status == 200
            assert '<form method="post">' in page
            assert "<script" not in page
            assert READER in page
            assert len(mail.store.subscribers.active()) == 1
            assert _ask(base + link, "POST", b"List-Unsubscribe=One-Click")[0] == 200
            assert mail.store.subscribers.all() == []
            assert mail.letters == []
            assert _ask(base + link, "GET")[0] == 404
            assert READER not in "\n".join(mail.store.connection.db.conn.iterdump())


@pytest.mark.case(78, "leaving by mail")
def test_guessed_and_foreign_tokens(tmp_path):
    """Case 78: no token of another, and none that is guessed, lets anybody go."""
    with desk(tmp_path) as mail:
        one, other = mail.reader(), mail.reader("other@example.org")
        token = mail.room.desk.token(one.id)
        mixed = f"{other.id}.{token.partition('.')[2]}"
        with ReaderPages("127.0.0.1:0", mail.room.desk, lambda: mail.at) as pages:
            base = f"http://127.0.0.1:{pages.port}"
            for path in (
                f"/leave/{mixed}",
                f"/leave/{one.id}",
                "/leave/",
                "/",
                "/leave/%00",
                f"/other/{token}",
                "/confirm/x",
                "/leave/" + "a" * 3_000,
            ):
                assert _ask(base + path, "POST")[0] == 404, path
            assert _ask(f"{base}/leave/{token}", "POST", b"x" * 10_000)[0] == 413
        assert len(mail.store.subscribers.active()) == 2


def _ask(url, method, body=b""):
    request = urllib.request.Request(
        url, method=method, data=body if method == "POST" else None
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.headers["Set-Cookie"] is None
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, ""
