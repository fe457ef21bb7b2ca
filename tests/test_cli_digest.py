"""`newsbot digest` and `newsbot subscribers` as users meet them."""

import email
import email.policy
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import digest_ledger as ledger
import pytest
from commands import Running, config, here
from servers.mail import MailServer

from newsbot.adapters.db import open_store
from newsbot.app import App
from newsbot.config import load_config
from newsbot.schedule import CATCH_UP, Service
from newsbot.subscribing import Wish

ASKED = ("digest", "--preview", "--date", "2026-01-31")


def run(folder, *arguments):
    return here(folder, "--config", folder / "config.toml", *arguments)


@pytest.fixture
def folder(tmp_path):
    """A config and a ledger with a full day."""
    config(tmp_path, more='[digest]\ntime_zone = "Europe/Berlin"\n')
    store = open_store(tmp_path / "newsbot.db")
    ledger.fill(store)
    store.close()
    return tmp_path


@pytest.fixture
def sending(tmp_path):
    """The same beside a mail server."""
    with MailServer() as server:
        keys = "".join(
            f"{name} = {json.dumps(value)}\n"
            for name, value in server.options().items()
        )
        config(tmp_path, more=f"[email]\n{keys}")
        yield tmp_path, server


def test_a_preview_is_three_files_and_no_mail(folder):
    """digest.html, .txt and .eml; with the headers of a real mail."""
    out = folder / "deep" / "out"
    done = run(folder, *ASKED, "--lang", "de", "--out", out)
    assert (done.code, done.out) == (0, "")
    names = {path.name for path in out.iterdir()}
    assert {"digest.html", "digest.txt", "digest.eml"} <= names
    raw = (out / "digest.eml").read_bytes()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail.defects == []
    assert [part.get_content_type() for part in mail.iter_parts()] == [
        "text/plain",
        "multipart/related",
    ]
    for header, value in {
        "From": "newsbot <newsbot@example.org>",
        "To": "reader@example.org",
        "List-ID": "newsbot digest <digest.example.org>",
        "List-Unsubscribe": "<https://newsbot.example.org/leave/preview>, "
        "<mailto:newsbot@example.org?subject=unsubscribe%20preview>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "de",
        "MIME-Version": "1.0",
    }.items():
        assert mail[header] == value, header
    assert (
        parsedate_to_datetime(mail["Date"]).isoformat().startswith("2026-01-31T23:00")
    )
    assert re.fullmatch(r"<\S+@example\.org>", mail["Message-ID"])
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    page = mail.get_body(("html",))
    assert (
        page.get_content().replace("\r\n", "\n").strip()
        == (out / "digest.html").read_text("utf-8").strip()
    )
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text == (out / "digest.txt").read_text("utf-8")
    assert "newsbot.invalid/leave" not in text + page.get_content()
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    cids = {f"cid:{part['Content-ID'].strip('<>')}" for part in pictures}
    assert cids == set(re.findall(r'src="(cid:[^"]+)"', page.get_content()))
    assert {part.get_filename() for part in pictures} <= names
    again = run(folder, *ASKED, "--lang", "de", "--out", out)
    assert again.code == 0
    assert (out / "digest.eml").read_bytes() == raw


def test_a_preview_without_a_folder_is_text(folder):
    """Data goes to standard output; a day has what the ledger dates to it."""
    done = run(folder, *ASKED, "--lang", "en")
    assert done.code == 0
    assert done.out.startswith("AI-cloud deals\nSaturday, 31 January 2026\n")
    before = run(folder, "digest", "--preview", "--date", "2026-01-26")
    assert "\n1 rumour\n" in before.out
    assert "1.6" not in before.out.split("==")[2]  # what came later is not known yet
    none = run(folder, "digest", "--preview", "--date", "1999-01-01")
    assert "\nNo deals; 42 of 44 feeds healthy" in none.out
    today = run(folder, "digest", "--preview")
    assert today.code == 0


def test_a_preview_of_nothing(tmp_path):
    """An empty ledger, and one that is not there yet, have a digest, too."""
    config(tmp_path)
    out = tmp_path / "out"
    assert run(tmp_path, *ASKED, "--lang", "de", "--out", out).code == 0
    text = (out / "digest.txt").read_text("utf-8")
    assert "Keine Abkommen; kein Feed wird verfolgt." in text
    assert (out / "digest.eml").stat().st_size > 1_000


def test_days_are_local(tmp_path):
    """An article of half past eleven UTC is of the next day in Berlin."""
    store = open_store(tmp_path / "newsbot.db")
    late = ledger.DAY.replace(hour=23, minute=30)
    story = ledger.Story(
        deal="late",
        text="A rents of B. More.",
        parties={"Aa": "customer", "Bb": "provider"},
        at=late,
    )
    ledger.fill(store, [story], feeds=0)
    store.close()
    config(tmp_path)
    assert "1 new deal" in run(tmp_path, *ASKED).out
    config(tmp_path, more='[digest]\ntime_zone = "Europe/Berlin"\n')
    assert "No deals" in run(tmp_path, *ASKED).out
    assert (
        "1 new deal" in run(tmp_path, "digest", "--preview", "--date", "2026-02-01").out
    )


@pytest.mark.parametrize(
    "day",
    ["2026-02-30", "31.01.2026", "heute", "", "0000-01-01", "2026-1-1x", "9999-12-31"],
)
def test_days_that_are_none(folder, day):
    """What is no day, or out of the calendar, is one clear line."""
    done = run(folder, "digest", "--preview", "--date", day, "--out", folder / "out")
    done.refused(2)


def test_folders_that_cannot_be_written(folder):
    """A file in the way, a place that takes nothing: one clear line."""
    (folder / "file").write_text("x")
    for place in (folder / "file", folder / "file" / "deeper", "/proc/nothing"):
        line = run(folder, *ASKED, "--out", place).refused(2)
        assert str(place) in line


def test_a_template_that_is_wrong_is_said_at_the_start(tmp_path):
    """Neither a preview nor the service begins with it: one line, its file and line."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "digest.html.j2").write_text("<p>\n{{ page.titel }}")
    config(tmp_path, more='[digest]\ntemplates = "own"\n')
    for words in (ASKED, ("run", "--once")):
        assert "'titel'" in run(tmp_path, *words).refused(3)
    (tmp_path / "own" / "digest.html.j2").write_text("<p>\n{% endif %}")
    assert "digest.html.j2:2" in run(tmp_path, *ASKED).refused(3)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--preview", "--send-test", "a@example.org"),
        ("--send-test", "a@example.org", "--date", "2026-01-31"),
        ("--send-test", "nobody"),
        ("--preview", "--lang", "fr"),
    ],
)
def test_commands_that_make_no_sense(folder, options):
    """What contradicts itself is wrong usage."""
    assert run(folder, "digest", *options).code == 2


def test_sending_needs_a_server(folder):
    """Without [email], sending is refused with what to set."""
    line = run(folder, "digest", "--send-test", "a@example.org").refused(3)
    assert "set [email]" in line
    line = run(folder, "subscribers", "add", "a@example.org").refused(3)
    assert "set [email]" in line


def test_from_asking_to_leaving(sending):
    """add asks by mail, confirm lets in, list shows, remove forgets."""
    folder, server = sending
    added = run(
        folder, "subscribers", "add", "Reader@example.org", "--lang", "de", "--at", "7:30",
        "--zone", "berlin", "--days", "weekdays", "--party", "OpenAI",
        "--min-amount", "1bn", "--instant",
    )  # fmt: skip
    assert added.code == 0, added
    (question,) = server.taken
    text = question.mail.get_content()
    assert "montags bis freitags um 07:30 Uhr, Europe/Berlin" in text
    token = re.search(r"subscribers confirm (\S+)\)", text)[1]
    (shown,) = json.loads(run(folder, "subscribers", "list", "--json").out)
    assert (shown["state"], shown["address"]) == ("asked", "Reader@example.org")
    run(folder, "subscribers", "confirm", "x" + token).refused(2)
    assert run(folder, "subscribers", "confirm", token).code == 0
    listed = run(folder, "subscribers", "list").out
    assert re.search(
        r"Reader@example.org +active +de +weekdays 07:30 \+ instant", listed
    )
    assert "OpenAI, from 1bn" in listed
    assert token not in listed
    run(folder, "subscribers", "remove", "other@example.org").refused(2)
    assert run(folder, "subscribers", "remove", "reader@example.org").code == 0
    assert run(folder, "subscribers", "list").out == ""


def test_filters_as_in_the_bot(sending):
    """--filter takes what /filter takes, beside the options of `deals`."""
    folder, server = sending
    words = 'partei:Oracle,"Schwarz Digits" gpu* !gerücht sprache:de'
    added = run(
        folder, "subscribers", "add", "a@example.org", "--filter", words,
        "--type", "investment", "--reported-in", "en",
    )  # fmt: skip
    assert added.code == 0, added
    (shown,) = json.loads(run(folder, "subscribers", "list", "--json").out)
    assert shown["filters"] == 'party:Oracle party:"Schwarz Digits" gpu* !gerücht'
    assert (shown["types"], shown["reported_in"]) == (["investment"], ["en", "de"])
    line = run(
        folder, "subscribers", "add", "b@example.org", "--filter", "nonsense:1"
    ).refused(2)
    assert "nonsense:" in line
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("nobody",),
        ("a@example.org", "--at", "25:00"),
        ("a@example.org", "--zone", "Mars"),
        ("a@example.org", "--min-amount", "much"),
        ("a@example.org", "--party", "?!"),
        ("a@example.org\nBcc: b@example.org",),
    ],
)
def test_wishes_that_make_no_sense(sending, options):
    """A bad address, time, zone, sum or name is one line, and asks nobody."""
    folder, server = sending
    run(folder, "subscribers", "add", *options).refused(2)
    assert server.taken == []


def test_a_question_that_cannot_be_sent(sending):
    """Where the server refuses, that is said; asking again works."""
    folder, server = sending
    server.on("rcpt", "a@example.org", "450 later", None)
    line = run(folder, "subscribers", "add", "a@example.org").refused(4)
    assert "450 later" in line
    assert run(folder, "subscribers", "add", "a@example.org").code == 0


def test_a_test_mail_arrives(sending):
    """--send-test sends today's digest to one address."""
    folder, server = sending
    assert run(folder, "digest", "--send-test", "a@example.org").code == 0
    assert server.taken[0].mail["List-ID"] == "newsbot digest <digest.example.org>"


def test_the_service_sends(sending):
    """`newsbot run` sends what is due, serves the readers' pages, and stops cleanly."""
    folder, server = sending
    with (folder / "config.toml").open("a") as file:
        file.write('public_url = "https://mail.example.org"\nlisten = "127.0.0.1:0"\n')
    assert run(folder, "subscribers", "add", "a@example.org", "--at", "0:00").code == 0
    token = re.search(r"/confirm/(\S+)", server.taken[0].mail.get_content())[1]
    assert run(folder, "subscribers", "confirm", token).code == 0
    store = open_store(folder / "newsbot.db")
    with store.atomic() as db:
        db.execute(
            "UPDATE subscribers SET confirmed_at = '2026-01-01T00:00:00.000000Z'"
        )
    store.close()
    with Running(folder, "--config", str(folder / "config.toml")) as service:
        service.started().until(lambda: len(server.taken) == 2)
        service.until(lambda: "mail written=1 sent=1" in service.log)
        assert service.stop()[0] == 0
        assert token not in service.log
    assert server.taken[1].mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


class Clock:
    """Stands until it is moved."""

    now = datetime(2026, 1, 30, 12, tzinfo=UTC)

    def __call__(self):
        return self.now


def test_a_late_digest_has_the_news_of_the_downtime(sending):
    """After a start digests wait for the feeds that are due, but not for ever."""
    folder, server = sending
    clock = Clock()
    app = App(load_config(folder / "config.toml"), clock=clock)
    app.mailroom.desk.ask(Wish(address="a@example.org"), clock())
    token = re.search(r"confirm (\S+)\)", server.taken[0].mail.get_content())[1]
    app.mailroom.desk.confirm(token, clock())
    feed = ledger.feed("due", last_polled_at=clock())
    app.store.feeds.add(feed)
    clock.now += timedelta(days=2)
    service = Service(app, lambda: app)
    service._serve_mail()
    assert len(server.taken) == 1
    due_at = clock() + timedelta(hours=1)
    app.store.feeds.polled(replace(feed, next_poll_at=due_at), [], clock())
    service._serve_mail()
    assert len(server.taken) == 2
    clock.now += timedelta(days=1)
    service._serve_mail()  # behind again, but not after a start
    assert len(server.taken) == 3
    clock.now += timedelta(days=1)
    stuck = Service(app, lambda: app)
    stuck._serve_mail()
    assert len(server.taken) == 3
    clock.now += CATCH_UP
    stuck._serve_mail()
    assert len(server.taken) == 4
    app.close()
