"""Which figures does an article tell, and what stands beside them?

In: the reading of an article.
Out: its sums, capacities and counts, each with the noun or verb right beside it, where
that is one of this table. What is denied in the same breath is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from newsbot.stages.about_kinds import words
from newsbot.stages.numerals import format_number
from newsbot.stages.reading import Reading
from newsbot.stages.spelling import written_capacity, written_sum
from newsbot.stages.summary_figures import find_figures
from newsbot.types import Amount, Capacity, Language, MoneyMention

#: Figures of a summary.
MAX_FIGURES = 3
#: Characters looked at before a sum, and the least that a count must be.
_BEFORE = 90
_LEAST = 3
#: Counts in millions are mostly loose talk.
_MOST = 1_000_000
#: More years than any contract lasts are a date.
_MOST_YEARS = 100

#: German accusative | English | German words | English words beside the sum.
_LABELS = """
einen Umsatz von | revenue of | umsatz umsätze erlöse quartalsumsatz jahresumsatz erlös | revenue revenues sales turnover
einen Verlust von | a loss of | verlust nettoverlust fehlbetrag minus | loss losses lost net_loss
einen Gewinn von | a profit of | gewinn nettogewinn betriebsgewinn überschuss quartalsgewinn reingewinn | profit net_profit net_income pre-tax_profit operating_profit
Investitionen von | investment of | investitionen investition investiert investieren investitionssumme investitionsvolumen bausumme steckt | investment invest invests invested investing spend spends spending capex capital_expenditure
Kosten von | costs of | kosten kostet kosteten gesamtkosten baukosten kostendach | cost costs costing budget_of
einen Preis von | a price of | preis kaufpreis verkaufspreis einstiegspreis listenpreis ticketpreis | price priced purchase_price list_price
eine Strafe von | a fine of | strafe geldstrafe bußgeld geldbuße | fine fines penalty fined
eine Forderung von | a claim of | schadenersatz schadensersatz forderung forderungen streitwert verlangt fordert | damages claims claim seeking demands
eine Bewertung von | a valuation of | bewertung firmenwert unternehmenswert börsenwert marktwert bewertet_mit | valuation valued_at market_value worth_as_a_company market_capitalisation market_capitalization
eine Finanzierung von | a financing of | finanzierungsrunde finanzierung kapitalrunde eingesammelt serie | raised raises raising funding_round financing round
einen Kredit von | a loan of | kredit darlehen kreditlinie anleihe | loan credit_facility term_loan bond bonds facility notes
Schulden von | debt of | schulden verschuldung nettoverschuldung | debt net_debt borrowings
eine Förderung von | public funding of | förderung zuschuss fördermittel fördert zuschüsse subventionen | grant grants subsidy subsidies
einen Auftrag von | an order worth | auftrag auftragswert auftragsvolumen bestellung | order orders order_worth
einen Auftragsbestand von | an order backlog of | auftragsbestand | backlog order_backlog order_book
einen Vertrag von | a contract worth | vertrag vertragswert vertragsvolumen rahmenvertrag | contract contract_worth contract_valued_at agreement_worth deal_worth pact_worth lease
eine Vereinbarung von | an arrangement worth | vereinbarung abkommen | arrangement partnership tie-up
ein Kursziel von | a price target of | kursziel kursziels ziel | price_target target
einen Fonds von | a fund of | fonds | fund
eine Miete von | rent of | miete pacht jahresmiete | rent
ein Budget von | a budget of | budget etat haushalt | budget
eine Spende von | a donation of | spende spendet | donation donates
eine Abschreibung von | a write-down of | abschreibung abschreibungen wertberichtigung | write-down writedown impairment charge
einen Schaden von | damage of | schaden schäden | damage
"""
_LINKS: dict[Language, str] = {
    "de": "von in höhe beträgt betrug betragen lag liegt liege lagen bei rund etwa gut knapp "
    "über bis zu mehr als weniger fast auf stieg sank wuchs kletterte fiel erreichte "
    "erzielte mit um die den einem einer insgesamt aktuell zuletzt laut im wert ca",
    "en": "of at was were is are about around some roughly nearly almost up to more than "
    "less over worth came come stood stands total totalling reached rose fell grew by "
    "slipped climbed a an the just only under with for an_extra another reported",
}
#: What a count counts: German | English | German words | English words.
_COUNTS = """
Beschäftigte | employees | beschäftigte beschäftigten mitarbeiter mitarbeitende mitarbeitenden mitarbeiterinnen angestellte | employees staff workers
Menschen | people | menschen leute leuten personen | people
Kunden | customers | kunden | customers clients
Haushalte | households | haushalte haushalten | households homes
Stellen | jobs | stellen arbeitsplätze arbeitsplätzen jobs | jobs posts positions
Server | servers | server servern | servers
Unternehmen | companies | unternehmen firmen betriebe betrieben | companies firms businesses
Anwender | users | anwender anwendern nutzer nutzern | users
Schulen | schools | schulen | schools
Schüler | pupils | schüler schülern | pupils
Studierende | students | studierende studierenden studenten | students
Zuschauer | spectators | zuschauer zuschauern | spectators
Besucher | visitors | besucher besuchern gäste gästen | visitors guests
Einwohner | inhabitants | einwohner einwohnern | inhabitants
Banken | banks | banken sparkassen | banks
Hektar | hectares | hektar | hectares
Quadratmeter | square metres | quadratmeter quadratmetern | square_metres square_meters
Kilometer | kilometres | kilometer kilometern | kilometres kilometers
Tonnen | tonnes | tonnen | tonnes
Bücher | books | bücher büchern bände | books volumes
Aktien | shares | aktien anteilsscheine | shares
Länder | countries | länder ländern staaten | countries
"""
#: Words that deny what stands behind them.
NEGATED: dict[Language, re.Pattern[str]] = {
    "de": words(
        "kein* nicht nie niemals ohne weder dementi* bestreit* bestritt* falsch"
    ),
    "en": words(
        "no not never without neither den* deni* false untrue wrong rather_than"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFigure:
    """A figure, written for a sentence in one language."""

    #: "einen Umsatz von 96 Millionen Dollar": an accusative, an object.
    text: str
    #: Whether the article says what it is.
    labelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    named: dict[Language, str]
    before: dict[Language, re.Pattern[str]]
    behind: dict[Language, re.Pattern[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    named: dict[Language, str]
    behind: dict[Language, re.Pattern[str]]


def _cells(table: str) -> Iterator[tuple[dict[Language, str], dict[Language, str]]]:
    for row in table.strip().splitlines():
        german, english, de, en = (cell.strip() for cell in row.split("|"))
        yield {"de": german, "en": english}, {"de": de, "en": en}


def _body(listed: str) -> str:
    return "|".join(one.replace("_", r"\s+") for one in listed.split())


def _label(named: dict[Language, str], by: dict[Language, str]) -> _Label:
    before: dict[Language, re.Pattern[str]] = {}
    behind: dict[Language, re.Pattern[str]] = {}
    for language, body in by.items():
        noun, link = _body(body), _body(_LINKS[language])
        before[language] = re.compile(
            rf"(?<![\w-])(?:{noun}),? (?:(?:für|for|by|bei|at) [A-ZÄÖÜ]\S+ )?"
            rf"(?:(?:{link}) ){{0,5}}$",
            re.IGNORECASE,
        )
        of = "an |am |in |of |" if language == "de" else "of |in |"
        behind[language] = re.compile(
            rf"[ -](?:{of})(?:{noun})(?![\w-])", re.IGNORECASE
        )
    return _Label(named=named, before=before, behind=behind)


def _count(named: dict[Language, str], by: dict[Language, str]) -> _Count:
    return _Count(
        named=named,
        behind={
            language: re.compile(rf" ?(?:{_body(body)})(?![\w-])", re.IGNORECASE)
            for language, body in by.items()
        },
    )


_SUM_LABELS = tuple(_label(*cells) for cells in _cells(_LABELS))
_COUNT_LABELS = tuple(_count(*cells) for cells in _cells(_COUNTS))
#: What lasts so many years; in the dative, and which words show that something does.
_LASTING: dict[Language, str] = {
    "de": "eine Dauer von {} Jahren",
    "en": "a term of {} years",
}
_YEARS: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r" Jahren?(?![\w-])"),
    "en": re.compile(r"[ -]years?(?![\w-])(?! (?:old|ago|earlier|later|before))"),
}
_LASTS: dict[Language, re.Pattern[str]] = {
    "de": re.compile(
        r"(?:läuft|laufzeit|gilt|für|über|auf|dauert)(?: \w+){0,2} $", re.I
    ),
    "en": re.compile(
        r"(?:runs|lasts|term|over|for|next|a|its|the)(?: \w+){0,2} $", re.I
    ),
}


#: Behind "N per cent" | German | English.
_SHARES = """
der befragten | of (?:the )?(?:respondents|those asked) | der Befragten | of respondents
der unternehmen|der firmen|der betriebe | of (?:the )?(?:companies|firms|businesses) | der Unternehmen | of companies
der beschäftigten|der mitarbeiter | of (?:the )?(?:staff|employees|workers) | der Beschäftigten | of employees
der ämter|der behörden | of (?:the )?(?:authorities|councils) | der Behörden | of authorities
der anteile|der aktien | of (?:the )?(?:shares|equity) | der Anteile | of the shares
der stimmen | of (?:the )?votes? | der Stimmen | of the votes
des umsatzes | of (?:its |the )?(?:revenue|sales) | des Umsatzes | of revenue
"""
#: Which per cent: words before | words before | up: German | English | down: likewise.
_MOVES = """
umsatz umsätze erlöse | revenue revenues sales | einen Umsatzanstieg von | revenue growth of | einen Umsatzrückgang von | a fall in revenue of
gewinn überschuss nettogewinn | profit net_profit net_income earnings | einen Gewinnanstieg von | profit growth of | einen Gewinnrückgang von | a fall in profit of
aktie aktien papiere papier anteilsscheine kurs | shares stock | einen Kursgewinn von | a share price gain of | einen Kursverlust von | a share price loss of
preis preise strompreis | price prices | einen Preisanstieg von | a price rise of | einen Preisrückgang von | a price cut of
"""
_UP: dict[Language, str] = {
    "de": "stieg stiegen wuchs wuchsen legte legten gewann gewannen kletterte kletterten zog sprang plus",
    "en": "up rose grew climbed jumped gained increased added advanced",
}
_DOWN: dict[Language, str] = {
    "de": "sank sanken fiel fielen verlor verloren gab gaben minus brach rutschte büßte",
    "en": "down fell dropped slid slipped lost tumbled declined sank",
}
_PER_CENT = re.compile(r"\s?(?:%|prozent|per cent|percent|pct)(?![\w-])", re.IGNORECASE)
_OF_WHAT = tuple(
    (
        {
            "de": re.compile(rf" (?:{de.strip()})(?!\w)", re.IGNORECASE),
            "en": re.compile(rf" (?:{en.strip()})(?!\w)", re.IGNORECASE),
        },
        {
            "de": f"einen Anteil von {{}} Prozent {german.strip()}",
            "en": f"a share of {{}} per cent {english.strip()}",
        },
    )
    for de, en, german, english in (
        re.split(r" \| ", row) for row in _SHARES.strip().splitlines()
    )
)


def _move(body: str, verbs: str) -> re.Pattern[str]:
    """A noun, its verb within four words, and perhaps "by" before a percentage."""
    return re.compile(
        rf"(?<![\w-])(?:{_body(body)})(?: \w+){{0,3}} (?:{_body(verbs)})"
        r"(?: (?:auch|nachbörslich|zuletzt|further|another))?(?: (?:um|by))?"
        r"(?: (?:rund|gut|knapp|about|some))? $",
        re.IGNORECASE,
    )


_MOVED = tuple(
    (
        {"de": _move(cells[0], _UP["de"] if up else _DOWN["de"]),
         "en": _move(cells[1], _UP["en"] if up else _DOWN["en"])},
        {"de": (cells[2] if up else cells[4]) + " {} Prozent",
         "en": (cells[3] if up else cells[5]) + " {} per cent"},
    )
    for cells in ([c.strip() for c in row.split("|")] for row in _MOVES.strip().splitlines())
    for up in (True, False)
)  # fmt: skip


def told_figures(reading: Reading, language: Language) -> list[ToldFigure]:
    """Write the figures of an article, those with a label first, each once.

    Args:
        reading: The article.
        language: To write them in.

    Returns:
        All of them, in the order of the text where labels are equal.
    """
    found: dict[str, tuple[int, int, ToldFigure]] = {}
    for rank, start, one in (
        *_sums(reading, language),
        *_capacities(reading, language),
        *_shares(reading, language),
        *_counts(reading, language),
    ):
        found.setdefault(one.text, (rank, start, one))
    return [one for _, _, one in sorted(found.values(), key=lambda item: item[:2])]


def _own(reading: Reading) -> Language:
    return "de" if reading.article.language == "de" else "en"


def _around(reading: Reading, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind a place, within its sentence."""
    sentence = reading.sentences[reading.sentence_index(start)]
    text = reading.article.full_text
    before = " ".join(text[max(sentence.start, start - _BEFORE) : start].split()) + " "
    return before, " ".join(("_" + text[end : sentence.end]).split())[1:]


def _denied(before: str, language: Language) -> bool:
    return NEGATED[language].search(before) is not None


def _sums(
    reading: Reading, language: Language
) -> Iterator[tuple[int, int, ToldFigure]]:
    own = _own(reading)
    taken: set[tuple[Decimal, str]] = set()
    ordered = sorted(reading.money, key=lambda m: not _is_labelled(m, reading, own))
    for mention in ordered:
        before, behind = _around(reading, mention.start, mention.end)
        if _denied(before, own) or not mention.value:
            continue
        label = _found(before, behind, own)
        amount = Amount(
            value=mention.value,
            currency=mention.currency,
            kind="total",
            bound=mention.bound,
            payer=None,
            span=reading.span(mention.start, mention.end),
            quote=reading.quote(mention.start),
        )
        if (mention.value, mention.currency) in taken:
            continue
        taken.add((mention.value, mention.currency))
        text = written_sum(amount, reading, language)
        text = text if label is None else f"{label.named[language]} {text}"
        one = ToldFigure(text=text, labelled=label is not None)
        yield (0 if label else 4), mention.start, one


def _is_labelled(mention: MoneyMention, reading: Reading, own: Language) -> bool:
    before, behind = _around(reading, mention.start, mention.end)
    return _found(before, behind, own) is not None


def _found(before: str, behind: str, own: Language) -> _Label | None:
    for label in _SUM_LABELS:
        if label.before[own].search(before) or label.behind[own].match(behind):
            return label
    return None


def _capacities(
    reading: Reading, language: Language
) -> Iterator[tuple[int, int, ToldFigure]]:
    seen: set[tuple[Decimal, str]] = set()
    for mention in reading.capacity:
        if (mention.value, mention.unit) in seen:
            continue
        seen.add((mention.value, mention.unit))
        before, _ = _around(reading, mention.start, mention.end)
        money = any(
            m.start < mention.end and mention.start < m.end for m in reading.money
        )
        if money or _denied(before, _own(reading)):
            continue  # "$10bn of chips" counts no chips
        item = Capacity(
            value=mention.value,
            unit=mention.unit,
            span=reading.span(mention.start, mention.end),
            quote=reading.quote(mention.start),
        )
        text = written_capacity(item, reading, language)
        yield 1, mention.start, ToldFigure(text=text, labelled=True)


def _shares(
    reading: Reading, language: Language
) -> Iterator[tuple[int, int, ToldFigure]]:
    """Percentages of which the words beside them say what they are."""
    own = _own(reading)
    text = reading.article.full_text
    for figure in find_figures(text, own):
        sign = _PER_CENT.match(text, figure.end)
        if sign is None or figure.bound != "exact":
            continue
        before, _ = _around(reading, figure.start, figure.end)
        if _denied(before, own):
            continue
        ways = [
            *(named for of, named in _OF_WHAT if of[own].match(text, sign.end())),
            *(named for by, named in _MOVED if by[own].search(before)),
        ]
        if ways:
            number = format_number(figure.value, language)
            one = ToldFigure(text=ways[0][language].format(number), labelled=True)
            yield 0, figure.start, one


def _counts(
    reading: Reading, language: Language
) -> Iterator[tuple[int, int, ToldFigure]]:
    own = _own(reading)
    text = reading.article.full_text
    for figure in find_figures(text, own):
        if not _LEAST <= figure.value < _MOST or figure.bound != "exact":
            continue
        behind = text[figure.end : figure.end + 40]
        before, _ = _around(reading, figure.start, figure.end)
        if before[-2:].strip() in ("$", "€", "£", "-", "–") or _denied(before, own):
            continue
        for count in _COUNT_LABELS:
            if count.behind[own].match(behind):
                number = format_number(figure.value, language)
                one = ToldFigure(
                    text=f"{number} {count.named[language]}", labelled=True
                )
                yield 2, figure.start, one
                break
        lasts = _YEARS[own].match(behind) and _LASTS[own].search(before)
        if lasts and figure.value < _MOST_YEARS:
            text_ = _LASTING[language].format(format_number(figure.value, language))
            yield 3, figure.start, ToldFigure(text=text_, labelled=True)
