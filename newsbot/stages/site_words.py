"""The words of the status page, in either language.

In: counts, days and moments. Out: words; dates as the language writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from newsbot.stages.edition_words import long_day, short_day
from newsbot.stages.wording import STATES, TYPES
from newsbot.types import STATUSES, Language

#: Each text by its name; both languages have the same names.
WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "title": "AI-cloud deals",
        "deals": "Deals",
        "graph": "Graph",
        "state": "State",
        "skip": "To the content",
        "menu": "Pages",
        "other": "Deutsch",
        "filters": "Filters",
        "filters_on": "Filters, {n} set",
        "party": "Organisation",
        "type": "Type",
        "status": "Status",
        "min-amount": "At least",
        "since": "Since",
        "until": "Until",
        "lang": "Reported in",
        "words": "Words",
        "any": "any",
        "hint-sum": "1bn, €500m",
        "hint-day": "2026-03-01 or 30d",
        "apply": "Show",
        "clear_all": "Clear",
        "german": "German",
        "english": "English",
        "n_deals": "{n} deals",
        "one_deal": "1 deal",
        "some_deals": "Deals that fit",
        "no_deals": "No deal fits.",
        "no_deals_yet": "No deals yet.",
        "why_none": "Why nothing came",
        "incomparable": "Deals in a currency without a reference rate cannot be "
        "compared by their sums, and are left out.",
        "first": "Newest",
        "newer": "Newer",
        "older": "Older",
        "pages": "Pages of the list",
        "deal": "Deal",
        "sum": "Sum",
        "sources": "Sources",
        "seen": "First seen",
        "subscribe": "These deals as a feed:",
        "withdrawn": "withdrawn",
        "withdrawn_by": "{by} has withdrawn its report, and no other source tells of "
        "it.",
        "parties": "Parties",
        "facts": "What is stated",
        "counts": "Counts in totals",
        "left_talks": "not while in talks",
        "left_ended": "not any more: ended",
        "left_withdrawn": "not any more: withdrawn",
        "left_no_sum": "no sum is stated",
        "left_differing": "not while sources differ",
        "left_no_rate": "no rate for the currency",
        "firm": "firm",
        "about": "about",
        "at_least": "at least",
        "up_to": "up to",
        "first_seen": "First seen",
        "last_seen": "Last told",
        "differ": "The sources differ",
        "papers": "What the papers say",
        "release": "press release",
        "copy_of": "same text as {site}",
        "earlier": "an earlier version of this text said so; replaced {when}",
        "states_it": "the deal",
        "history": "History",
        "told_again": "told again",
        "all_deals": "All deals",
        "back": "Back to the deals",
        "at_command": "At a terminal:",
        "graph_of": "The {n} newest of {all} deals that fit are drawn.",
        "graph_about": "Who buys from, invests in and supplies whom",
        "scroll": "Picture, may be scrolled",
        "runs": "The service runs",
        "runs_not": "No service runs",
        "well": "Nothing has to be mended.",
        "problems": "To mend",
        "warnings": "To know",
        "why": "Why nothing came, or what did",
        "day": "The last 24 hours",
        "d_entries": "announced by feeds",
        "d_irrelevant": "without a word of a deal",
        "d_failed": "failed",
        "d_judged": "read by the model",
        "d_deals": "report a deal",
        "d_new": "new deals",
        "d_alerts": "messages",
        "waits": "What waits",
        "stage": "Step",
        "articles": "Articles",
        "again": "Tried before",
        "longest": "Longest",
        "nothing_waits": "Nothing waits.",
        "messages": "Messages",
        "sent": "sent",
        "pending": "waiting",
        "failed": "failed",
        "unknown": "unknown",
        "parked": "of recipients that cannot be reached",
        "mails": "Mails",
        "feeds": "Feeds",
        "feed": "Feed",
        "f_state": "State",
        "f_seen": "Last asked",
        "f_next": "Next",
        "f_well": "well",
        "f_ill": "fails ({n} in a row)",
        "f_gone": "gone",
        "f_new": "not yet asked",
        "f_more": "{n} more feeds; those that fail are shown first.",
        "no_feeds": "No feeds yet: newsbot feeds add URL",
        "upkeep": "The service itself",
        "j_pulse": "sign of life",
        "j_backup": "backup",
        "j_retention": "forgetting",
        "j_heartbeat": "heartbeat",
        "j_report": "weekly report",
        "never": "never",
        "at": "{day}, {time} UTC",
        "is_silent": "The feeds announced nothing new in the last 24 hours.",
        "is_running_not": "No service runs: newsbot run follows the feeds.",
        "is_counted": "In the last 24 hours the feeds announced {n_entries} articles: "
        "{n_irrelevant} without a word of a deal, {n_failed} failed, {n_judged} read "
        "by the model, {n_deals} reported a deal.",
        "is_made": "That made {n_new} new deals and {n_alerts} messages.",
        "is_nothing": "That made no new deal, so there was nothing to send.",
        "is_waiting": "{n} articles are still on the line.",
        "no_ledger": "There is no ledger yet: newsbot run makes it.",
        "not_found": "There is no such page.",
        "not_allowed": "This page is only read: GET or HEAD.",
        "fetch": "page",
        "extract": "text",
        "gate": "gate",
        "assess": "model",
        "identify": "which deal",
        "summarise": "summary",
        "compose": "message",
    },
    "de": {
        "title": "KI-Cloud-Abkommen",
        "deals": "Abkommen",
        "graph": "Bild",
        "state": "Zustand",
        "skip": "Zum Inhalt",
        "menu": "Seiten",
        "other": "English",
        "filters": "Auswahl",
        "filters_on": "Auswahl, {n} gesetzt",
        "party": "Organisation",
        "type": "Art",
        "status": "Stand",
        "min-amount": "Mindestens",
        "since": "Seit",
        "until": "Bis",
        "lang": "Gemeldet auf",
        "words": "Wörter",
        "any": "alle",
        "hint-sum": "1 Mrd, 500 Mio Euro",
        "hint-day": "1.3.2026 oder 30d",
        "apply": "Zeigen",
        "clear_all": "Leeren",
        "german": "Deutsch",
        "english": "Englisch",
        "n_deals": "{n} Abkommen",
        "one_deal": "1 Abkommen",
        "some_deals": "Abkommen, die passen",
        "no_deals": "Kein Abkommen passt.",
        "no_deals_yet": "Noch keine Abkommen.",
        "why_none": "Warum nichts kam",
        "incomparable": "Abkommen in einer Währung ohne Referenzkurs lassen sich nach "
        "ihrer Summe nicht vergleichen und fehlen.",
        "first": "Neueste",
        "newer": "Neuere",
        "older": "Ältere",
        "pages": "Seiten der Liste",
        "deal": "Abkommen",
        "sum": "Summe",
        "sources": "Quellen",
        "seen": "Zuerst gesehen",
        "subscribe": "Diese Abkommen als Feed:",
        "withdrawn": "zurückgezogen",
        "withdrawn_by": "{by} hat den Bericht zurückgezogen, und keine andere Quelle "
        "meldet ihn.",
        "parties": "Parteien",
        "facts": "Was genannt wird",
        "counts": "Zählt in Summen",
        "left_talks": "nicht, solange verhandelt wird",
        "left_ended": "nicht mehr: beendet",
        "left_withdrawn": "nicht mehr: zurückgezogen",
        "left_no_sum": "keine Summe genannt",
        "left_differing": "nicht, solange Quellen abweichen",
        "left_no_rate": "kein Kurs für die Währung",
        "firm": "fest",
        "about": "rund",
        "at_least": "mindestens",
        "up_to": "bis zu",
        "first_seen": "Zuerst gesehen",
        "last_seen": "Zuletzt gemeldet",
        "differ": "Die Quellen weichen voneinander ab",
        "papers": "Was die Blätter schreiben",
        "release": "Pressemitteilung",
        "copy_of": "gleicher Text wie {site}",
        "earlier": "so stand es in einer früheren Fassung; ersetzt {when}",
        "states_it": "das Abkommen",
        "history": "Verlauf",
        "told_again": "noch einmal gemeldet",
        "all_deals": "Alle Abkommen",
        "back": "Zurück zu den Abkommen",
        "at_command": "Im Terminal:",
        "graph_of": "Gezeichnet sind die {n} neuesten von {all} Abkommen, die passen.",
        "graph_about": "Wer von wem kauft, wer in wen investiert und wer wen beliefert",
        "scroll": "Bild, lässt sich verschieben",
        "runs": "Der Dienst läuft",
        "runs_not": "Kein Dienst läuft",
        "well": "Nichts ist zu tun.",
        "problems": "Zu beheben",
        "warnings": "Zu wissen",
        "why": "Warum nichts kam, oder was",
        "day": "Die letzten 24 Stunden",
        "d_entries": "von Feeds gemeldet",
        "d_irrelevant": "ohne ein Wort von einem Abkommen",
        "d_failed": "gescheitert",
        "d_judged": "vom Modell gelesen",
        "d_deals": "melden ein Abkommen",
        "d_new": "neue Abkommen",
        "d_alerts": "Nachrichten",
        "waits": "Was wartet",
        "stage": "Schritt",
        "articles": "Artikel",
        "again": "Schon versucht",
        "longest": "Am längsten",
        "nothing_waits": "Nichts wartet.",
        "messages": "Nachrichten",
        "sent": "gesendet",
        "pending": "warten",
        "failed": "gescheitert",
        "unknown": "ungewiss",
        "parked": "an Empfänger, die nicht zu erreichen sind",
        "mails": "Mails",
        "feeds": "Feeds",
        "feed": "Feed",
        "f_state": "Zustand",
        "f_seen": "Zuletzt gefragt",
        "f_next": "Nächstes Mal",
        "f_well": "gut",
        "f_ill": "gestört ({n}-mal in Folge)",
        "f_gone": "eingestellt",
        "f_new": "noch nicht gefragt",
        "f_more": "{n} weitere Feeds; gestörte stehen zuerst.",
        "no_feeds": "Noch keine Feeds: newsbot feeds add URL",
        "upkeep": "Der Dienst selbst",
        "j_pulse": "Lebenszeichen",
        "j_backup": "Sicherung",
        "j_retention": "Vergessen",
        "j_heartbeat": "Herzschlag",
        "j_report": "Wochenbericht",
        "never": "nie",
        "at": "{day}, {time} UTC",
        "is_silent": "Die Feeds haben in den letzten 24 Stunden nichts Neues gemeldet.",
        "is_running_not": "Kein Dienst läuft: newsbot run folgt den Feeds.",
        "is_counted": "In den letzten 24 Stunden meldeten die Feeds {n_entries} "
        "Artikel: {n_irrelevant} ohne ein Wort von einem Abkommen, {n_failed} "
        "gescheitert, {n_judged} vom Modell gelesen, {n_deals} melden ein Abkommen.",
        "is_made": "Daraus wurden {n_new} neue Abkommen und {n_alerts} Nachrichten.",
        "is_nothing": "Daraus wurde kein neues Abkommen; es gab nichts zu senden.",
        "is_waiting": "{n} Artikel sind noch unterwegs.",
        "no_ledger": "Es gibt noch kein Verzeichnis: newsbot run legt es an.",
        "not_found": "Diese Seite gibt es nicht.",
        "not_allowed": "Diese Seite lässt sich nur lesen: GET oder HEAD.",
        "fetch": "Seite",
        "extract": "Text",
        "gate": "Vorauswahl",
        "assess": "Modell",
        "identify": "welches Abkommen",
        "summarise": "Zusammenfassung",
        "compose": "Nachricht",
    },
}


def number(n: int, language: Language) -> str:
    """Write a count with its thousands apart.

    >>> number(12345, "de"), number(12345, "en")
    ('12.345', '12,345')
    """
    written = f"{n:,}"
    return written.replace(",", ".") if language == "de" else written


def moment(at: datetime | None, language: Language) -> str:
    """Write a time to the minute; that something never was where there is none."""
    if at is None:
        return WORDS[language]["never"]
    utc = at.astimezone(UTC)
    day = short_day(utc.date(), language)
    return WORDS[language]["at"].format(day=day, time=f"{utc:%H:%M}")


def day(at: datetime, language: Language) -> str:
    """Write the day of a time in full."""
    return long_day(at.astimezone(UTC).date(), language)


def status_names(language: Language) -> tuple[tuple[str, str], ...]:
    """List every status with its word, for a choice."""
    return tuple((one, _capital(STATES[language][one])) for one in STATUSES)


def type_names(language: Language) -> tuple[tuple[str, str], ...]:
    """List every type of deal with its words, for a choice."""
    return tuple((one, _capital(name)) for one, name in TYPES[language].items())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
