"""What becomes of an agency's or a company's text on its way through other papers."""

from __future__ import annotations

_DATELINE = {"de": "BERLIN (Agentur) – ", "en": "LONDON (Agency) – "}
_CREDIT = {
    "de": "Mit Material der Agentur. Dieser Beitrag wurde automatisch übernommen.",
    "en": "Reporting by the agency's London newsroom. Distributed by the agency.",
}


def dated(text: str, language: str) -> str:
    """Another dateline."""
    return _DATELINE[language] + text


def credited(text: str, language: str) -> str:
    """The agency is named below."""
    return f"{text}\n\n{_CREDIT[language]}"


def cut(text: str, language: str) -> str:
    """Without the last paragraph."""
    return text.rpartition("\n\n")[0] or text


def halved(text: str, language: str) -> str:
    """Only the first half of the paragraphs."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(paragraphs[: (len(paragraphs) + 1) // 2])


def edited(text: str, language: str) -> str:
    """Dated, cut and credited."""
    return dated(credited(cut(text, language), language), language)


EDITS = {
    "other dateline": dated,
    "agency credit": credited,
    "last paragraph cut": cut,
    "all three": edited,
    "cut to half": halved,
}
