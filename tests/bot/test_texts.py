"""Every text in both languages; strangers' text is never markup."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.telegram import visible_text
from talking_bot import NOW, READER, rig
from told_deals import Paper, sum_of, tell

from newsbot.stages import bot_texts
from newsbot.stages.bot_help import COMMANDS, describe, help_lines
from newsbot.stages.bot_texts import say

NASTY = [
    "<b>x", "a<b && c", "[x](tg://user?id=1)", "</a><a href=..>", "*_~`>#+-=|{}.!",
    "@channel", "/stop", "&amp;lt;", "\u202eevil", "x\u0000y", "\ud800", "🇩🇪" * 40,
    "e\u0301" * 100, "{0} {value} %s", "x" * 5000, "<pre><code>", "\u2066a\u2069", "'\"",
    "=cmd|' /C calc'!A0", "<tg-emoji emoji-id=1>", "\r\nSubject: x", "\u200b", "&#x0;",
]  # fmt: skip


@pytest.mark.parametrize("key", sorted(bot_texts._TEXTS))
def test_both_languages_say_the_same(key):
    """A text takes the same values in both, is valid markup, and is not forgotten."""
    english, german = bot_texts._TEXTS[key]
    fields = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for text in (english, german)
    ]
    assert fields[0] == fields[1]
    for language in ("en", "de"):
        for nasty in ("<b>", "&", NASTY[0]):
            text = say(key, language, **dict.fromkeys(fields[0], nasty))
            assert visible_text(text)


def test_every_command_is_described_in_both_languages():
    """Menus take 3 to 256 characters (setMyCommands), names 1 to 32."""
    for command in COMMANDS:
        assert command.isascii()
        assert describe(command, "en") != describe(command, "de")
        for language in ("en", "de"):
            assert 3 <= len(describe(command, language)) <= 256
    for language in ("en", "de"):
        assert len(visible_text(help_lines(COMMANDS, language))) < 4096
    assert "/search WORDS – " in help_lines(COMMANDS, "en")
    assert "/search WÖRTER – " in help_lines(COMMANDS, "de")
    assert "/pause – " in help_lines(COMMANDS, "de")


@given(st.text(max_size=400))
def test_values_are_literal_text(value):
    """Whatever is put in shows as itself, on one line, and as no markup."""
    shown = visible_text(say("filter", "en", value=value))
    assert "\n" not in shown
    assert shown.startswith("Filter: ")


def test_names_and_titles_of_strangers_arrive_as_text(tmp_path):
    """Nasty names, titles and words come through every command as literal text."""
    with rig(tmp_path) as bot:
        bot.admit(READER)
        for n, nasty in enumerate(NASTY):
            tell(
                bot.store,
                Paper(amounts=(sum_of(1),), title=f"{nasty} data", site=nasty[:40]),
                id=f"n{n}",
                parties=(f"A{nasty}", "Oracle"),
                seen_at=NOW,
            )
        bot.ask(READER, "/sub")
        for n, nasty in enumerate(NASTY):
            bot.clock.forward(minutes=1)
            for command in ("deal", "why"):
                assert bot.ask(READER, f"/{command} n{n}")
            for command in ("search", "filter", "timezone", "email", "deal"):
                assert bot.ask(READER, f"/{command} {nasty}")
            bot.ask(READER, "/filter off")
        bot.clock.forward(minutes=1)
        bot.press(READER, "src:n0")
        bot.ask(READER, "/list")
        sent = [
            p for m, p in bot.server.calls if m in ("sendMessage", "editMessageText")
        ]
        assert len(sent) > 7 * len(NASTY)
        # Nothing had to be sent a second time without its markup.
        assert all(one.get("parse_mode") == "HTML" for one in sent)
        said = bot.server.messages(str(READER))
        shown = "\n".join(said)
        assert "went wrong" not in shown
        assert "A<b>x" in shown
        own = [text for text in said if not text.startswith("New deal")]
        assert "\u202e" not in "".join(own)
