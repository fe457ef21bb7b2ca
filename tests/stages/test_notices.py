"""Lines that tell no news: plain words, in both languages, safe to show."""

from __future__ import annotations

import pytest
from db_nouns import alert
from deals import NOW, deal, finding

from newsbot.mailing import line_for
from newsbot.stages.notices import correction, notice_message, paused_text

MISTAKES = ("merged", "split", "withdrawn")


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize(
    ("language", "word"), [("en", "Correction"), ("de", "Korrektur")]
)
def test_a_mistake_is_said_in_one_sentence(mistake, language, word):
    """It is a reply in the message's language, and names who it is about."""
    wrong = alert(language=language, deal_id="deal-1")
    said = correction(mistake, deal(finding()), wrong, NOW)
    assert said.plain.startswith(f"{word}: ")
    assert said.plain.count(".") == 1
    assert "Oracle" in said.plain
    assert "CoreWeave" in said.plain
    assert (said.answers, said.kind, said.language) == (
        wrong.id,
        "correction",
        language,
    )
    assert said.told is None


def test_each_mistake_of_each_message_is_said_once():
    """Saying it again is the same row; another mistake or message is another one."""
    first = correction("merged", deal(finding()), alert("a"), NOW)
    assert correction("merged", deal(finding()), alert("a"), NOW).id == first.id
    others = {
        correction(m, deal(finding()), alert(n), NOW).id for m in MISTAKES for n in "ab"
    }
    assert len(others) == 6
    split = correction("split", deal(finding(), id="deal-2"), alert("a"), NOW)
    assert split.id not in others


def test_names_in_it_stay_text():
    """Markup in a name is escaped; long and many names are cut."""
    parties = tuple((f"<b>{n}" + "x" * 200, ("partner",)) for n in range(9))
    said = correction("withdrawn", deal(finding(), parties=parties), alert(), NOW)
    assert "<" not in said.html
    assert len(said.plain) < 500


def test_a_pause_says_who_and_why():
    """Managers read the recipient and the reason, in their language."""
    for language, word in (("en", "Paused"), ("de", "Angehalten")):
        text = paused_text("-100/7", "the topic is closed <x>", language)
        assert text.startswith(word)
        assert "-100/7" in text
        message = notice_message(line_for("telegram", "7", text, NOW), language, NOW)
        assert (message.plain, message.deal_id) == (text, "")
        assert "&lt;x&gt;" in message.html
