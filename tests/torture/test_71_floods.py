"""Case 71: a flood of commands, searches full of operators, endless texts."""

from __future__ import annotations

import pytest
from talking_bot import MANAGER, READER, rig

from newsbot.bot.desk import QUOTA

pytestmark = pytest.mark.case(71, "floods of commands, operators, endless texts")

OTHER = 43


@pytest.fixture
def bot(tmp_path):
    with rig(tmp_path) as made:
        made.admit(READER, OTHER)
        made.tell(2)
        yield made


def test_a_thousand_commands_get_one_clear_reply_and_hold_up_nobody(bot):
    """The first too many is answered, the rest dropped; others are served."""
    for _ in range(1_000):
        bot.server.say(READER, "/deals")
    bot.server.say(OTHER, "/deals")
    bot.quiet()
    answers = bot.server.until(
        lambda: (
            len(bot.server.messages(str(READER))) > QUOTA
            and bot.server.messages(str(READER))
        )
    )
    assert len(answers) == QUOTA + 1
    assert sum("please wait a minute" in text for text in answers) == 1
    assert bot.server.messages(str(OTHER))[0].startswith("Deals (2)")
    bot.clock.forward(minutes=2)
    assert bot.ask(READER, "/deals")[0].startswith("Deals (2)")


def test_a_flood_of_commands_is_no_flood_of_requests(bot):
    """Who is over the quota makes the bot ask Telegram nothing more."""
    for _ in range(200):
        bot.server.say(READER, "/lang @somewhere de")
    bot.quiet()
    n_asked = sum(method == "getChat" for method, _ in bot.server.calls)
    assert n_asked == QUOTA


@pytest.mark.parametrize(
    "words",
    [
        '"', "*", '"OR" NEAR(a b)', "a* AND NOT b", "col:x", "^a", "(((", "'; --",
        "\0", "title : x", "-", "{a b}", "é\u202e\u0301", "{0}", "%s", "&lt;b&gt;",
    ],
)  # fmt: skip
def test_operators_are_text(bot, words):
    """No search fails, and none is read as a query."""
    (answer,) = bot.ask(READER, f"/search {words}")
    assert "went wrong" not in answer


def test_a_hundred_kilobytes_are_refused_clearly(bot):
    """An endless text is answered at once, whatever command it follows."""
    long = "x" * 100_000
    for command in ("search", "filter", "deal", "timezone", "email", "why", "quiet"):
        bot.clock.forward(minutes=1)
        (answer,) = bot.ask(READER, f"/{command} {long}")
        assert len(answer) < 1_000
        assert "went wrong" not in answer
    assert bot.ask(MANAGER, f"/test {long}")
    (row,) = bot.rows("PRAGMA integrity_check")
    assert row["integrity_check"] == "ok"
