"""Reasons of the ledger in the reader's language."""

from __future__ import annotations

import re

import pytest
from deals import article

from newsbot.stages.gate import gate
from newsbot.stages.reasons import said_reason

#: English words that such reasons are made of.
ENGLISH = re.compile(
    r"\b(no|word|deal|deals|sum|sums|of|parties|party|days|was|news)\b"
)


@pytest.mark.parametrize(
    ("reason", "german"),
    [
        ("no known deal fits (3 looked at)",
         "kein bekanntes Abkommen passt (3 geprüft)"),
        ("same deal, score 0.91: 2 of 2 parties (Oracle, OpenAI), sums agree, 1 days "
         "apart; news: announced (was talks), party Nvidia, another sum",
         "dasselbe Abkommen, Wert 0.91: 2 von 2 Parteien (Oracle, OpenAI), Summen "
         "stimmen überein, 1 Tage auseinander; neu: vereinbart (vorher in Verhandlung), "
         "Partei Nvidia, eine andere Summe"),
        ("same deal, score 1.00: it is its own; 2 deals turned out to be one",
         "dasselbe Abkommen, Wert 1.00: es ist sein eigenes; 2 Abkommen erwiesen sich "
         "als eines"),
        ("HTTP 404", "HTTP 404"),
    ],
)  # fmt: skip
def test_what_identification_wrote_is_read_in_german(reason, german):
    """Names and what others said stay; English readers get the words of the ledger."""
    assert said_reason(reason, "de") == german
    assert said_reason(reason, "en") == reason


def test_what_the_gate_says_is_german_as_a_whole():
    """Every part of its reason, as the gate itself writes it."""
    reason = gate(article(text="Regen.", title="Regen"), ()).reason
    assert ENGLISH.search(reason)
    assert not ENGLISH.search(said_reason(reason, "de"))
