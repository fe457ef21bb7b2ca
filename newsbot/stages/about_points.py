"""What else does an article plainly state: sources, silence, prices, what is open?

In: the reading of an article. Out: short statements, each proven by its own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsbot.stages.reading import Reading
from newsbot.types import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A statement, with the words that prove it in either language."""

    named: dict[Language, str]
    proof: dict[Language, re.Pattern[str]]


def _point(german: str, english: str, de: str, en: str) -> Point:
    return Point(
        named={"de": german, "en": english},
        proof={
            "de": re.compile(rf"(?<!\w)(?:{de})", re.IGNORECASE),
            "en": re.compile(rf"(?<!\w)(?:{en})", re.IGNORECASE),
        },
    )


#: Those that say most come first. Each German and English one is a main clause.
POINTS: tuple[Point, ...] = (
    _point(
        "die Angaben stammen aus ungenannter Quelle",
        "the information comes from unnamed sources",
        r"insider|(?:mit der sache|mit den gesprächen|mit dem vorgang) vertraut|"
        r"branchenkreise|unternehmenskreise|aus kreisen|verhandlungskreise|finanzkreise",
        r"(?:people|person|sources?|officials) (?:familiar|close|briefed)|"
        r"on condition of anonymity|(?:two|three|several) (?:people|officials|sources) ",
    ),
    _point(
        "ein Bericht wird darin als falsch bezeichnet",
        "a report is called untrue in it",
        r"(?:bericht|meldung|gerücht)\w* (?:sei|ist|sind|seien) (?:schlicht |frei )?"
        r"(?:falsch|erfunden|unwahr)|weist einen bericht\w* zurück|falschmeldung",
        r"(?:report|story|rumou?r)s? (?:is|was|were|are) (?:simply |entirely )?"
        r"(?:false|untrue|wrong|invented)",
    ),
    _point(
        "finanzielle Einzelheiten werden nicht genannt",
        "financial terms are not given",
        r"(?:kaufpreis|finanzielle (?:details|einzelheiten|konditionen)|über den preis|"
        r"zum preis|zur höhe)[^.]{0,40}(?:nicht|kein|stillschweigen|schweig)",
        r"(?:financial )?(?:terms|price)[^.]{0,30}(?:not (?:given|disclosed|revealed)|"
        r"undisclosed)|undisclosed (?:sum|amount|price)|did not disclose (?:terms|the)",
    ),
    _point(
        "zumindest eine Seite äußert sich nicht",
        "at least one side gave no comment",
        r"(?:wollte|wollten|möchte) sich (?:dazu |hierzu |auf anfrage )?nicht|äußerte sich "
        r"(?:dazu |zunächst |auf anfrage )?nicht|lehnte (?:einen kommentar|eine "
        r"stellungnahme)|kein kommentar|kommentierte[^.]{0,25} nicht|ließ[^.]{0,30}"
        r"unbeantwortet|reagierte[^.]{0,25} nicht",
        r"declined to (?:comment|say|be drawn|name|discuss)|did not (?:reply|respond|"
        r"comment)|would not (?:say|comment|be drawn)|no comment",
    ),
    _point(
        "die Entscheidung steht noch aus",
        "a decision is still to come",
        r"(?:entscheidung|zuschlag|urteil|votum)[^.]{0,40}(?:fällt|steht noch aus|wird[^.]"
        r"{0,30}erwartet|frühestens|ist für)|noch nicht entschieden|noch nichts entschieden",
        r"(?:decision|ruling|verdict|award|vote)[^.]{0,20}(?:is|are) (?:due|expected)|has "
        r"(?:not yet|yet to) (?:decide|been decided)|will decide (?:on|in|by)",
    ),
    _point(
        "die Prognose bleibt unverändert",
        "the forecast stays as it was",
        r"(?:prognose|jahresziel\w*|ausblick)[^.]{0,25}(?:bestätig|bleib|unverändert|"
        r"bekräftig)|bestätigte? (?:die|seine|ihre) (?:prognose|jahresprognose)",
        r"(?:guidance|targets?|outlook|forecast)[^.]{0,30}(?:unchanged|reiterated|confirmed|"
        r"kept|maintained|stays)|(?:kept|reiterated|confirmed|maintained) (?:its |the |"
        r"full-year )*(?:guidance|outlook|forecast)",
    ),
    _point(
        "der Kurs der Aktie fiel",
        "the shares fell",
        r"(?:aktie|papier|anteilsschein|titel)\w*[^.]{0,25}(?:verlor|fiel|fielen|gab|sank|"
        r"brach|büßte|rutschte)",
        r"(?:shares|stock)[^.]{0,20}(?:fell|dropped|slid|slipped|lost|sank|were down|"
        r"were indicated [\d.]+% lower|tumbled|eased)",
    ),
    _point(
        "der Kurs der Aktie stieg",
        "the shares rose",
        r"(?:aktie|papier|anteilsschein|titel)\w*[^.]{0,25}(?:stieg|legte|gewann|kletterte|"
        r"sprang|zog)",
        r"(?:shares|stock)[^.]{0,20}(?:rose|gained|climbed|jumped|added|were up|advanced)",
    ),
    _point(
        "Kunden werden nicht beim Namen genannt",
        "customers are not named",
        r"(?:kunde\w*|erstkunde\w*|abnehmer\w*)[^.]{0,40}(?:nicht genannt|ungenannt|nicht "
        r"nennen|genannt werden möchte)",
        r"(?:did not|would not|declined to) name|unnamed (?:customer|client)|customers? (?:was|"
        r"were) not named",
    ),
    _point(
        "eine Genehmigung fehlt noch",
        "an approval is still missing",
        r"(?:behörd|kartell|genehmigung|zustimmung)\w*[^.]{0,40}(?:müssen noch|muss noch|"
        r"steht noch aus|stehen noch aus|fehlt noch)|vorbehaltlich",
        r"subject to (?:regulatory |shareholder |planning )?approval|(?:regulators|council|"
        r"shareholders) must (?:still )?approve|awaiting approval",
    ),
    _point(
        "die Ursache ist noch unklar",
        "the cause is still unclear",
        r"ursache[^.]{0,30}(?:unklar|untersucht|ungeklärt)",
        r"cause[^.]{0,30}(?:unclear|unknown|under investigation|being investigated)",
    ),
    _point(
        "verletzt wurde niemand",
        "nobody was hurt",
        r"verletzt wurde niemand|niemand wurde verletzt",
        r"(?:nobody|no one) was (?:hurt|injured)|no injuries",
    ),
    _point(
        "Kritik kommt ebenfalls zur Sprache",
        "criticism is reported, too",
        r"kritik|kritisiert|beschwert|beklagt|bemängelt|warnt vor",
        r"critics? |criticis\w+|complained|objected|oppose[sd]?",
    ),
    _point(
        "teils geht es um Geplantes",
        "part of it is about plans",
        r"geplant|plant |planen |soll (?:im|ab|bis)|vorgesehen",
        r"plans? to|planned|is due to|are due to|will open|is expected to",
    ),
)


def find_points(reading: Reading) -> list[Point]:
    """List what an article's body plainly states, what says most first."""
    own: Language = "de" if reading.article.language == "de" else "en"
    body = " ".join(reading.article.text.split())
    return [point for point in POINTS if point.proof[own].search(body)]
