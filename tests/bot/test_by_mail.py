"""/email of the bot: a reader by mail who follows the chat, over real servers."""

from __future__ import annotations

import re
from datetime import time, timedelta

import digest_ledger as ledger
import pytest
from servers.mail import MailServer
from talking_bot import MANAGER, READER, rig

from newsbot.config import EmailConfig
from newsbot.front_desk import MAX_OF_CHAT, MAX_TO_ADDRESS
from newsbot.subscribing import Wish

ADDRESS = "reader@example.org"


@pytest.fixture
def mail():
    with MailServer() as server:
        yield server


@pytest.fixture
def bot(tmp_path, mail):
    with rig(tmp_path, email=EmailConfig(**mail.options())) as made:
        made.admit(READER)
        made.ask(READER, "/sub")
        yield made


def asked(bot, mail, address=ADDRESS, user=READER):
    """Ask by the bot; the token of the question that the server took."""
    before = len(mail.taken)
    first = bot.ask(user, f"/email {address}")
    assert f"Asking {address.split()[0]} by mail" in first[0]
    bot.server.until(lambda: "question was mailed" in last(bot, user))
    assert len(mail.taken) == before + 1
    return token_of(mail)


def token_of(mail):
    """The token of the last question."""
    return re.search(r"/email (\S+)", mail.taken[-1].mail.get_content())[1]


def last(bot, user=READER):
    return bot.server.messages(str(user))[-1]


def reader(bot, address=ADDRESS):
    return bot.store.subscribers.by_address(address)


def test_an_address_is_confirmed_in_the_chat_and_gets_the_chats_digest(bot, mail):
    """One question, the token typed to the bot, and mail with the chat's settings."""
    bot.ask(READER, "/lang de")
    bot.ask(READER, "/timezone Europe/Berlin")
    bot.ask(READER, "/filter partei:OpenAI,Anthropic !gerücht sprache:en")
    bot.ask(READER, "/digest 08:30")
    bot.ask(READER, "/lang en")
    token = asked(bot, mail)
    (question,) = mail.taken
    assert question.recipient == ADDRESS
    assert "daily at 08:30, Europe/Berlin" in question.mail.get_content()
    assert "Mail reader@example.org (not confirmed)" in "".join(
        bot.ask(READER, "/list")
    ).replace("mail", "Mail")
    # Nothing is sent there before the answer.
    bot.clock.forward(days=1)
    assert bot.room().serve(bot.clock()) == (0, 0)
    (answer,) = bot.ask(READER, f"/email {token}")
    assert answer.startswith(f"Confirmed: the digest goes to {ADDRESS}, daily at 08:30")
    assert f"mail {ADDRESS};" in bot.ask(READER, "/list")[0]
    wish = reader(bot).wish
    assert (wish.language, wish.time_zone, wish.at) == (
        "en",
        "Europe/Berlin",
        time(8, 30),
    )
    assert wish.choice.languages == ("en",)
    assert wish.choice.filters.parties == ("OpenAI", "Anthropic")
    assert wish.choice.filters.without == ("gerücht",)
    # A token serves once, and here alone.
    assert "not known here" in bot.ask(READER, f"/email {token}")[0]
    assert token not in str(bot.rows("SELECT * FROM subscribers"))


def test_later_settings_of_the_chat_hold_for_the_mail(bot, mail):
    """/lang, /timezone, /filter and /digest change the reader's wish, unasked."""
    bot.ask(READER, f"/email {asked(bot, mail)}")
    for text in (
        "/lang de",
        "/timezone Asia/Tokyo",
        "/digest 18:00 weekdays",
        "/filter Gigawatt",
    ):
        bot.ask(READER, text)
    wish = reader(bot).wish
    assert (wish.address, wish.language, wish.time_zone) == (
        ADDRESS,
        "de",
        "Asia/Tokyo",
    )
    assert (wish.at, wish.days) == (time(18), "weekdays")
    assert wish.choice.filters.words == ("gigawatt",)
    assert len(mail.taken) == 1


def test_the_mail_keeps_to_the_chats_filters(bot, mail):
    """Alternatives and forbidden words of /filter choose the deals of the mail."""
    bot.clock.now = ledger.DAY - timedelta(hours=1)
    bot.ask(READER, "/filter party:Anthropic,Nvidia !Leipzig")
    bot.ask(READER, f"/email {asked(bot, mail)}")
    ledger.fill(bot.store, feeds=2, ill=0)
    bot.clock.now = ledger.DAY + timedelta(days=1, hours=8)
    assert bot.room().serve(bot.clock())[1] == 1
    text = mail.taken[-1].mail.get_body(("plain",)).get_content()
    assert "Anthropic and Stackit" in text
    assert "OpenAI" not in text  # in no deal that fits
    assert "Zephira" not in text  # by a word that must not occur


def test_each_deal_at_once_is_an_option(bot, mail):
    """/email ADDRESS instant: the question says so, and a mail per deal comes; turned
    on later it brings no backlog, and settings of the chat leave it as it is.
    """
    token = asked(bot, mail, f"{ADDRESS} instant")
    assert "UTC; and each deal by itself, at once." in mail.taken[-1].mail.get_content()
    bot.ask(READER, f"/email {token}")
    bot.ask(READER, "/lang de")
    assert (reader(bot).wish.instant, reader(bot).wish.language) == (True, "de")
    assert f"{ADDRESS}, jedes Abkommen sofort" in bot.ask(READER, "/email")[0]
    ledger.fill(bot.store, list(ledger.STORIES[:2]), feeds=1, ill=0)
    assert bot.room().serve(bot.clock())[1] == 2
    assert "jedes" not in bot.ask(READER, f"/email {ADDRESS}")[0]
    ledger.keep(bot.store, ledger.STORIES[3], 3)
    assert "jedes" in bot.ask(READER, f"/email {ADDRESS} sofort")[0]
    assert bot.room().serve(bot.clock()) == (0, 0)
    ledger.keep(bot.store, ledger.STORIES[6], 6)
    bot.ask(READER, f"/email {ADDRESS} instant")  # said twice, it skips nothing
    assert bot.room().serve(bot.clock()) == (1, 1)
    assert "Anthropic und Stackit" in mail.taken[-1].mail["Subject"]


@pytest.mark.parametrize("command", ["/email off", "/stop", "/unsub"])
def test_leaving_the_chat_ends_the_mail(bot, mail, command):
    """/email off, /stop and /unsub forget the reader and every letter."""
    bot.ask(READER, f"/email {asked(bot, mail)}")
    ledger.fill(bot.store, feeds=1, ill=0)
    bot.clock.forward(days=1)
    mail.on("rcpt", ADDRESS, "450 later")
    bot.room().serve(bot.clock())
    assert [one.state for one in bot.store.letters.all()] == ["pending"]
    bot.ask(READER, command)
    assert bot.store.subscribers.all() == bot.store.letters.all() == []
    for table in ("subscriptions", "subscribers", "letters", "mail_questions"):
        assert ADDRESS not in str(bot.rows(f"SELECT * FROM {table}")), table


def test_nobody_takes_anothers_mail_away(bot, mail):
    """Who types a reader's address changes nothing until that reader says yes."""
    desk = bot.room().desk
    desk.ask(Wish(address=ADDRESS, language="de"), bot.clock())
    token = re.search(r"confirm (\S+)\)", mail.taken[-1].mail.get_content())[1]
    desk.confirm(token, bot.clock())
    stolen = asked(bot, mail)
    assert "not confirmed" in bot.ask(READER, "/email")[0]
    bot.ask(READER, "/lang en")
    bot.ask(READER, "/email off")
    assert (reader(bot).state, reader(bot).wish.language) == ("active", "de")
    assert desk.awaits(stolen, bot.clock()) is None
    # A token of one chat is no good in another.
    bot.admit(43)
    bot.ask(43, "/sub")
    token = asked(bot, mail)
    assert "not known here" in bot.ask(43, f"/email {token}")[0]
    assert reader(bot).wish.language == "de"
    assert "Confirmed" in bot.ask(READER, f"/email {token}")[0]
    assert reader(bot).chat == str(READER)


def test_an_address_is_asked_only_so_often(bot, mail):
    """Three questions a day to one address, five a day from one chat; a day later anew."""
    for _ in range(MAX_TO_ADDRESS):
        asked(bot, mail)
    assert "too often" in bot.ask(READER, f"/email {ADDRESS}")[0]
    bot.admit(43)
    bot.ask(43, "/sub")
    assert "too often" in bot.ask(43, f"/email {ADDRESS.upper()}")[0]
    for n in range(MAX_OF_CHAT - 1):
        asked(bot, mail, f"n{n}@example.org", user=43)
    assert "too often" in bot.ask(43, "/email more@example.org")[0]
    assert len(mail.taken) == MAX_TO_ADDRESS + MAX_OF_CHAT - 1
    bot.clock.forward(days=1, minutes=1)
    asked(bot, mail)


def test_a_new_address_takes_the_place_of_the_old_one(bot, mail):
    """The former reader is forgotten, and the new one asked."""
    bot.ask(READER, f"/email {asked(bot, mail)}")
    token = asked(bot, mail, "other@example.org")
    assert reader(bot) is None
    bot.ask(READER, f"/email {token}")
    assert [one.wish.address for one in bot.store.subscribers.active()] == [
        "other@example.org"
    ]
    assert "other@example.org" in bot.ask(READER, "/email other@example.org")[0]
    assert len(mail.taken) == 2


def test_a_mail_server_that_refuses_is_said(bot, mail):
    """The person hears why no question went out; asking again sends one."""
    mail.on("rcpt", ADDRESS, "550 no such user", None)
    bot.ask(READER, f"/email {ADDRESS}")
    bot.server.until(lambda: "did not take the question" in last(bot))
    assert "550" in last(bot)
    asked(bot, mail)


def test_what_became_of_a_reader_is_shown(bot, mail):
    """A mailbox that refuses, and a reader who left by the mail, show in /email."""
    bot.ask(READER, f"/email {asked(bot, mail)}")
    bot.store.subscribers.suspend(reader(bot).id, "550")
    assert "refused by its mail server" in bot.ask(READER, "/email")[0]
    room = bot.room()
    assert room.desk.leave(room.desk.token(reader(bot).id))
    assert f"{ADDRESS} (ended)" in bot.ask(READER, "/email")[0]


def test_without_mail_nothing_is_kept(tmp_path):
    """Where [email] is not configured, the answer says so."""
    with rig(tmp_path) as made:
        made.ask(MANAGER, "/sub")
        (answer,) = made.ask(MANAGER, f"/email {ADDRESS}")
        assert "has not set up mail" in answer
        assert made.sub(MANAGER).email is None
        assert made.store.subscribers.all() == []
        assert "mail: off" in made.ask(MANAGER, "/email")[0].replace(
            "by mail to", "mail"
        )


def test_a_suspended_mailbox_is_told_to_the_managers_once(bot, mail):
    """5yz: the log, and one line to each manager of the bot, by the outbox."""
    bot.ask(READER, f"/email {asked(bot, mail)}")
    ledger.fill(bot.store, feeds=1, ill=0)
    mail.on("rcpt", ADDRESS, "550 gone")
    for _ in range(3):
        bot.clock.forward(days=1)
        bot.room().serve(bot.clock())
        bot.send()
    told = bot.server.messages(str(MANAGER))
    assert [ADDRESS in one and "suspended" in one for one in told] == [True]
