"""Digests by mail, from the ledger to a real server: once a day, each thing once."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import digest_ledger as ledger
import pytest
from digest_ledger import STORIES, Story
from mail_rig import GAZETTEER, START, desk, text_of

from newsbot.config import Config
from newsbot.errors import ConfigError, MailError, UserError
from newsbot.mailroom import Mailroom
from newsbot.subscribing import Choice, Wish
from newsbot.types import Entry


@pytest.fixture
def mail(tmp_path):
    with desk(tmp_path) as one:
        yield one


def small(name, at, verdict="new", deal=None, **parts):
    values = {
        "deal": deal or f"deal-{name}",
        "text": f"Lab {name} rents computers from Nordwolke. More was not said.",
        "parties": {f"Lab {name}": "customer", "Nordwolke": "provider"},
        "at": at,
        "verdict": verdict,
    }
    return Story(**{**values, **parts})


def test_a_reader_is_asked_first(mail):
    """Nothing is sent before the token comes back; only its hash is stored."""
    wish = Wish(address="reader@example.org", time_zone="Europe/Berlin")
    asked = mail.room.desk.ask(wish, mail.at)
    assert asked.state == "asked"
    question = mail.server.taken[0].mail
    assert question["To"] == "reader@example.org"
    assert question["Auto-Submitted"] == "auto-generated"
    assert question["List-ID"] is None
    mail.run(hours=30)
    assert mail.letters == []
    token = mail.token()
    dump = "\n".join(mail.store.connection.db.conn.iterdump())
    assert token not in dump
    with pytest.raises(UserError, match="not known"):
        mail.room.desk.confirm(token + "x", mail.at)
    assert mail.room.desk.confirm(token, mail.at).state == "active"
    with pytest.raises(UserError, match="not known"):
        mail.room.desk.confirm(token, mail.at)
    mail.run(hours=24)
    assert len(mail.mails) == 1


def test_a_question_grows_old(mail):
    """After a week the token is no good, and the address is forgotten."""
    mail.room.desk.ask(Wish(address="reader@example.org"), mail.at)
    mail.at += timedelta(days=7, minutes=1)
    with pytest.raises(UserError, match="older than"):
        mail.room.desk.confirm(mail.token(), mail.at)
    mail.serve()
    assert mail.store.subscribers.all() == []


def test_new_settings_wait_for_the_token_too(mail):
    """Who types somebody's address changes nothing for them."""
    mail.reader(language="de")
    mail.room.desk.ask(Wish(address="READER@example.org", language="en"), mail.at)
    (one,) = mail.store.subscribers.all()
    assert (one.wish.language, one.state) == ("de", "active")
    mail.room.desk.confirm(mail.token(), mail.at)
    (one,) = mail.store.subscribers.all()
    assert (one.wish.language, one.state) == ("en", "active")


def test_each_deal_and_update_comes_once(mail):
    """A deal, its retelling and its update over three days: each is told once."""
    mail.reader()
    for n, (day, verdict, status) in enumerate(
        [(1, "new", "talks"), (1, "repeat", "talks"), (2, "update", "announced")]
    ):
        mail.run(START + timedelta(days=day - 1))
        ledger.keep(
            mail.store,
            small("a", mail.at, verdict, deal="deal-a", status=status),
            n,
        )
    mail.run(START + timedelta(days=4))
    subjects = [one["Subject"].split(" – ")[0] for one in mail.mails]
    assert subjects == ["1 rumour", "1 update", "No deals", "No deals"]
    assert "-> now signed (was: in talks)" in text_of(mail.mails[1])


def test_an_article_that_arrives_late_is_not_lost(mail):
    """What was published before the last digest but read after it is in the next."""
    mail.reader()
    mail.run(START + timedelta(hours=13))
    assert len(mail.mails) == 1
    ledger.keep(mail.store, small("late", START + timedelta(hours=11)), 0)
    mail.run(START + timedelta(hours=40))
    assert "Lab late" in text_of(mail.mails[1])


def test_old_news_is_no_news(mail):
    """What a feed's first poll or an archive brings is in no digest."""
    mail.reader()
    ledger.many(mail.store, 30, at=START, may_alert=False)
    mail.run(hours=14)
    assert mail.mails[0]["Subject"].startswith("No deals – 31 January 2026")


def test_a_reader_who_joins_late_gets_no_history(mail):
    """At 06:59 one joins: the digest of 07:00 has the day before, and no more."""
    ledger.keep(mail.store, small("ancient", START - timedelta(days=9)), 0)
    ledger.keep(mail.store, small("yesterday", START), 1)
    mail.at = datetime(2026, 1, 31, 5, 59, tzinfo=UTC)
    mail.reader()
    mail.run(hours=1, step=timedelta(minutes=1))
    (one,) = mail.mails
    text = text_of(one)
    assert "Lab yesterday" in text
    assert "Lab ancient" not in text.split("== The picture ==")[0]


def test_languages_and_choices(mail):
    """Each reader gets the own language and choice; same wishes share one content."""
    ledger.fill(mail.store, feeds=1, ill=0)
    mail.at = datetime(2026, 1, 31, 23, tzinfo=UTC)
    wishes = {
        "a@example.org": {"language": "de"},
        "b@example.org": {"language": "de"},
        "c@example.org": {"choice": Choice(parties=("oracle",))},
        "d@example.org": {"choice": Choice(min_amount="20bn")},
        "e@example.org": {"choice": Choice(types=("investment",))},
    }
    for address, wish in wishes.items():
        mail.reader(address, **wish)
    mail.run(hours=8)
    texts = {one["To"]: text_of(one) for one in mail.mails}
    assert set(texts) == set(wishes)
    assert texts["a@example.org"].startswith("KI-Cloud-Abkommen\nSonntag, 1. Februar")
    assert "Außerdem gelesen" in texts["a@example.org"]
    for name in ("c", "d"):
        assert "OpenAI and Oracle" in texts[f"{name}@example.org"]
        assert "Zephira" not in texts[f"{name}@example.org"]
        assert "Also noticed" not in texts[f"{name}@example.org"]
    assert "Nvidia and Zephira Labs" in texts["e@example.org"]
    mail.run(hours=24)
    none = {one["To"][0]: one["Subject"].partition(" – ")[0] for one in mail.mails[5:]}
    assert none == {
        "a": "Keine Abkommen",
        "b": "Keine Abkommen",
        **dict.fromkeys("cde", "No deals of your choice"),
    }
    del mail.server.taken[-5:]
    contents = {one.content_id for one in mail.letters[:5]}
    # c and d read the same of it today, word for word, but for the picture.
    assert len(contents) <= 4
    assert len({one["Message-ID"] for one in mail.mails}) == 5
    assert len({one["List-Unsubscribe"] for one in mail.mails}) == 5


def test_summaries_are_in_the_readers_language(mail):
    """A German paper alone tells a deal, an English one what is no deal: readers of
    either language get sentences of their own, in digest, alert and preview.
    """
    mail.reader("a@example.org", language="en", instant=True)
    mail.reader("b@example.org", language="de")
    story = next(one for one in STORIES if one.deal == "new-2")
    ledger.keep(mail.store, replace(story, at=START), 0)
    ledger.notice(
        mail.store,
        "note",
        "Iowa regulators approve a power line for data centres",
        "The Iowa Utilities Board has approved a power line for a data centre of Google. "
        "It will be built next year, the board said on Friday.",
        at=START,
    )
    mail.run(hours=14)
    english = "Nvidia has agreed to invest about €750m in Zephira Labs."
    alert, *digests = mail.mails
    texts = {one["To"]: text_of(one) for one in digests}
    assert english in text_of(alert)
    assert english in texts["a@example.org"]
    assert "The Iowa Utilities Board has approved" in texts["a@example.org"]
    assert "Nvidia beteiligt sich an Zephira Labs" in texts["b@example.org"]
    noted = texts["b@example.org"].split("== Außerdem gelesen ==")[1]
    title, summary = noted.strip().splitlines()[:2]
    assert title == "Iowa regulators approve a power line for data centres"
    assert "has approved" not in summary
    page = digests[-1].get_body(("html",)).get_content()
    assert re.search(r'<h3[^>]* lang="en"[^>]*><a [^>]*>Iowa', page)
    shown = mail.room.preview(date(2026, 1, 30), "de", mail.at).content.text
    assert summary in shown


def test_an_alert_has_the_day_of_its_reader(mail):
    """Half past eleven in London is the next day in Tokyo."""
    mail.reader("a@example.org", time_zone="Europe/London", instant=True)
    mail.reader("b@example.org", time_zone="Asia/Tokyo", instant=True)
    mail.at = START.replace(hour=23, minute=30)
    ledger.keep(mail.store, small("one", mail.at), 1)
    mail.serve()
    days = {one["To"]: text_of(one).splitlines()[1] for one in mail.mails}
    assert days == {
        "a@example.org": "Friday, 30 January 2026",
        "b@example.org": "Saturday, 31 January 2026",
    }


def test_days_of_the_week(mail):
    """Weekdays: Saturday and Sunday come on Monday; weekly: on Mondays."""
    mail.reader("work@example.org", days="weekdays")
    mail.reader("week@example.org", days="weekly")
    ledger.keep(mail.store, small("weekend", START + timedelta(days=1)), 0)
    mail.run(START + timedelta(days=12), step=timedelta(hours=1))
    days = {}
    for one in mail.letters:
        days.setdefault(one.recipient, []).append(one.occasion)
    assert days["work@example.org"] == [
        f"2026-02-{day:02}" for day in (2, 3, 4, 5, 6, 9, 10, 11)
    ]
    assert days["week@example.org"] == ["2026-02-02", "2026-02-09"]
    first = next(one for one in mail.mails if one["To"] == "week@example.org")
    assert "Lab weekend" in text_of(first)


def test_empty_days_may_be_skipped_but_faults_are_told(tmp_path):
    """With "skip" a day without news sends nothing, unless a feed fails."""
    with desk(tmp_path, digest={"empty_days": "skip"}) as mail:
        mail.reader()
        mail.run(START + timedelta(days=1))
        assert [one.state for one in mail.letters] == ["skipped"]
        assert mail.mails == []
        mail.store.feeds.add(
            ledger.feed("ill", error="HTTP 500", n_errors=2, last_polled_at=mail.at)
        )
        mail.run(START + timedelta(days=2))
        (one,) = mail.mails
        assert "0 of 1 feeds healthy" in text_of(one)
        assert "HTTP 500" in text_of(one)


def test_a_template_that_fails_on_a_days_news_keeps_no_digest_back(tmp_path, caplog):
    """What went well when it was tried and fails on this day's news: the page that
    ships is sent, and the log says why; the preview shows the error itself.
    """
    own = tmp_path / "own"
    own.mkdir()
    (own / "digest.txt.j2").write_text(
        "{% if 'Nordwolke' in page.subject %}{{ page.nonsense }}{% endif %}Mine\n"
    )
    with desk(tmp_path, digest={"templates": str(own)}) as mail:
        mail.reader(instant=True)
        mail.run(START + timedelta(hours=14))
        assert [text_of(one) for one in mail.mails] == ["Mine\n"]
        ledger.keep(mail.store, small("a", mail.at), 0)
        mail.run(START + timedelta(hours=38))
        assert "Lab a and Nordwolke" in text_of(mail.mails[1])
        assert "\n1 new deal\n" in text_of(mail.mails[2])
        assert caplog.text.count("'nonsense'") == 2
        with pytest.raises(ConfigError, match="nonsense"):
            mail.room.preview(date(2026, 1, 31), "en", mail.at)


def test_instant_alerts(mail):
    """Who wants each deal at once gets a mail per deal, and the digest as well."""
    mail.reader(instant=True)
    ledger.keep(mail.store, small("before", START), 0)
    mail.serve()
    ledger.keep(mail.store, small("one", mail.at), 1)
    ledger.keep(mail.store, small("two", mail.at), 2)
    mail.run(hours=1)
    assert [one["Subject"] for one in mail.mails] == [
        "New deal: Lab before and Nordwolke",
        "New deal: Lab one and Nordwolke",
        "New deal: Lab two and Nordwolke",
    ]
    assert all(one["List-Unsubscribe"] for one in mail.mails)
    mail.run(hours=14)
    assert mail.mails[3]["Subject"].startswith("3 new deals")
    assert len(mail.mails) == 4


def test_who_becomes_instant_gets_no_backlog(mail):
    """Alerts begin with the news after the confirmation."""
    mail.reader()
    ledger.many(mail.store, 5, at=START)
    mail.reader(instant=True)
    mail.serve()
    assert mail.mails == []


def test_leaving_forgets_everything(mail):
    """Who leaves is gone, and so is what waited for them."""
    one = mail.reader()
    mail.server.on("rcpt", one.wish.address, "450 later")
    mail.run(hours=14)
    assert [letter.state for letter in mail.letters] == ["pending"]
    token = mail.room.desk.token(one.id)
    assert not mail.room.desk.leave(token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert not mail.room.desk.leave(one.id)
    assert mail.room.desk.leave(token)
    assert mail.store.subscribers.all() == mail.letters == []
    assert mail.run(hours=48) == 0


def test_one_that_was_suspended_may_ask_again(mail):
    """A mailbox that is mended is asked anew, and told what it missed of the news."""
    mail.reader()
    mail.server.on("rcpt", "reader@example.org", "550 no", None)
    mail.run(hours=14)
    (one,) = mail.store.subscribers.all()
    assert one.state == "suspended"
    assert "550 no" in one.error
    ledger.keep(mail.store, small("missed", mail.at), 0)
    mail.reader()
    (one,) = mail.store.subscribers.all()
    assert (one.state, one.error) == ("active", None)
    mail.run(hours=24)
    assert "Lab missed" in text_of(mail.mails[0])


def test_what_a_refused_digest_was_to_tell_is_told_later(mail):
    """Suspended over a digest with news: who asks again gets that news, and once."""
    mail.reader()
    mail.run(START + timedelta(hours=13))
    ledger.keep(mail.store, small("refused", mail.at), 0)
    mail.server.on("rcpt", "reader@example.org", "550 no", None)
    mail.run(START + timedelta(hours=40))
    assert [one.state for one in mail.letters] == ["sent", "failed"]
    mail.at += timedelta(days=1)
    ledger.keep(mail.store, small("later", mail.at), 1)
    mail.reader()
    mail.run(hours=30)
    told = text_of(mail.mails[1])
    assert "Lab refused" in told
    assert "Lab later" in told
    assert "Everything since the digest of 31 January 2026." in told
    assert "Lab refused" not in "".join(map(text_of, mail.mails[2:])).split("==")[0]
    assert [mail_["Subject"].split(" – ")[0] for mail_ in mail.mails] == [
        "No deals", "2 new deals", "No deals",
    ]  # fmt: skip
    dates = [one.occasion for one in mail.letters]
    assert len(dates) == len(set(dates))


def test_what_is_refused_stops_the_letters_behind_it(mail):
    """Two digests wait for one reader: refused for good, or for now, holds both."""
    mail.reader()
    mail.reader("other@example.org")
    mail.email = replace(mail.email, port=1)
    mail.restart()
    mail.run(hours=40)
    assert len(mail.letters) == 4
    mail.email = replace(mail.email, port=mail.server.port)
    mail.restart()
    mail.server.on("rcpt", "reader@example.org", "450 later", "550 no", None)
    mail.run(hours=3, step=timedelta(minutes=10))
    assert mail.server.commands.count("rcpt reader@example.org") == 1 + 2
    assert [one["To"] for one in mail.mails] == ["other@example.org"] * 2
    states = [one.state for one in mail.letters if one.recipient[:6] == "reader"]
    assert states == ["failed", "failed"]


def test_a_line_that_stands_still_is_told(tmp_path):
    """All feeds are well, but no article was judged all night: no day without deals."""
    with desk(tmp_path, digest={"empty_days": "skip"}) as mail:
        mail.reader()
        feed = ledger.feed("well", last_polled_at=mail.at)
        mail.store.feeds.add(feed)
        entries = [announced(n, mail.at) for n in range(6)]
        mail.store.feeds.polled(feed, entries, mail.at)
        mail.run(hours=2)
        assert mail.mails == []
        mail.run(START + timedelta(hours=14))
        (one,) = mail.mails
        said = "articles that wait to be read: 6, the first since 2026-01-30 18:00 UTC"
        assert said in text_of(one)
        assert said in one.get_body(("html",)).get_content()
        assert "1 of 1 feeds healthy" in text_of(one)
        with mail.store.atomic() as db:
            db.execute("UPDATE entries SET state = 'failed'")
        made = mail.room.preview(None, "de", mail.at).content.text
        assert "Artikel des letzten Tages, die scheiterten: 6 von 6" in made


def announced(n, at):
    return Entry(
        id=f"entry-{n}",
        feed_id="feed-well",
        url=f"https://well.example.org/{n}.html",
        title="Something",
        summary="",
        published_at=at,
        first_seen_at=at,
        origin="feed",
        may_alert=True,
    )


def test_a_test_mail_goes_to_one_address(mail):
    """--send-test sends today's digest at once, and keeps nothing."""
    ledger.fill(mail.store, feeds=1, ill=0)
    mail.reader("other@example.org")
    answer = mail.room.send_test("Me@example.org", "en", ledger.NOW)
    assert answer.startswith("250")
    (one,) = mail.mails
    assert one["To"] == "Me@example.org"
    assert "OpenAI and Oracle" in text_of(one)
    assert mail.letters == []
    with pytest.raises(UserError, match="no mail address"):
        mail.room.send_test("nobody", "en", ledger.NOW)
    mail.server.on("rcpt", "me@example.org", "550 no")
    with pytest.raises(MailError, match="550"):
        mail.room.send_test("me@example.org", "en", ledger.NOW)


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("email", "sender", "nobody", "email.sender"),
        ("email", "sender", "a@b.c\r\nBcc: d@e.f", "email.sender"),
        ("email", "manager", "nobody", "email.manager"),
        ("email", "public_url", "http://plain.example.org", "email.public_url"),
        ("email", "password_env", "NEWSBOT_NO_SUCH_VARIABLE", "NEWSBOT_NO_SUCH"),
        ("email", "ca_file", "missing.pem", "email.ca_file"),
        ("email", "dkim_key", "missing.pem", "email.dkim_key"),
        ("digest", "time_zone", "Europe/Nirgendwo", "digest.time_zone"),
        ("digest", "time_zone", "../../etc/passwd", "digest.time_zone"),
        ("digest", "templates", "missing", "digest.templates"),
    ],
)
def test_what_is_wrong_in_the_config_is_said_at_once(
    tmp_path, section, key, value, said
):
    """A wrong key of [email] or [digest] is one clear line before anything is sent."""
    with (
        pytest.raises(ConfigError) as caught,
        desk(tmp_path, **{section: {key: value}}),
    ):
        pass
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_server_nothing_can_be_sent(tmp_path, mail):
    """Without [email] readers cannot be asked, and the preview still works."""
    room = Mailroom(
        replace(mail.room._config, email=type(mail.email)()),
        mail.store,
        GAZETTEER,
    )
    assert not room.configured
    with pytest.raises(ConfigError, match=r"set \[email\]"):
        room.desk.ask(Wish(address="a@example.org"), mail.at)
    assert room.preview(date(2026, 1, 31), "en", mail.at).mail.data


def test_a_preview_asks_nothing_of_the_mail_server(mail):
    """Half a mail set-up that cannot send yet shows a digest all the same."""
    email = replace(mail.email, password_env="NEWSBOT_NO_SUCH_VARIABLE")
    room = Mailroom(Config(email=email), mail.store, GAZETTEER)
    assert room.preview(date(2026, 1, 31), "en", mail.at).mail.data
    with pytest.raises(ConfigError, match="NEWSBOT_NO_SUCH_VARIABLE"):
        room.ready()


def test_trying_the_server_sends_nothing(mail):
    """`newsbot check` connects, with TLS, and no more."""
    mail.room.try_out()
    assert mail.server.commands == []


def test_all_stories_quote_their_articles(mail):
    """The day of these tests is told truly: every figure's words stand in its quote."""
    ledger.fill(mail.store)
    for deal in mail.store.ledger.deals():
        for finding in deal.findings:
            article = mail.store.line.article(finding.article_id)
            for amount in finding.amounts:
                quote = article.full_text[amount.quote.start : amount.quote.end]
                words = article.full_text[amount.span.start : amount.span.end]
                assert words in quote
                assert quote.endswith(".")
    assert len(STORIES) > 8
