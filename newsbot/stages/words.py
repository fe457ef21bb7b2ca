"""Words and punctuation of a text, and what they say about names.

In: any text.
Out: its tokens, and closed lists of German and English words by which
`newsbot.stages.organisations` and `newsbot.stages.mentions` tell names from
ordinary words. The lists were written by hand; no word in them decides alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple


def word_set(text: str) -> frozenset[str]:
    """Cut a blank-separated list into a set of words."""
    return frozenset(text.split())


#: English verbs that news says of companies; third person and past are derived.
_VERBS = word_set(
    "sign agree announce invest rent lease book order pay supply provide offer launch "
    "expand extend widen deepen operate own join team partner pick select tap secure "
    "ink land commit pledge back raise decline confirm deny reject add open move "
    "adopt deploy hire end terminate cancel drop walk expect want hope consider need "
    "use train host list advise talk double finance fund unveil report acquire call "
    "turn build buy sell run hold take get give make bring put choose seek win become "
    "keep say tell strike let go cut plan plough pour file start scrap shelve license"
)
#: Verbs that follow a name. Evidence only: a missing one costs a mention.
SUBJECT_VERBS = frozenset(
    verb + ending for verb in _VERBS for ending in ("", "s", "d", "ed", "ped", "ned")
) | word_set(
    "wurde wurden würde würden said will would had has have is are was were bought "
    "took got paid sold built ran chose won made gave brought held sought told can "
    "could may might must should does did denied supplied denies supplies also "
    "already began struck kept went ist sind war waren wird werden kann können soll "
    "sollen muss darf dürfte wollen hat haben habe sei wolle werde könne bot schloss "
    "unterschrieb gab nahm bekam stieg übernahm ließ zog hielt trat sprach ging kam "
    "lag bezog betrieb planen bauen liefern investieren kaufen mieten zahlen "
    "betreiben bieten schließen lehnt verhandeln vereinbaren unterzeichnen kündigen "
    "geben nehmen bekommen erhalten setzen beteiligen stecken erweitern weiten "
    "verlängern stocken stellen holen nutzen sichern bestellen beenden lassen bringen "
    "machen ziehen arbeiten führen kooperieren spannen treten sprechen entwickeln "
    "trennen bündeln erhielt tun"
)
#: Lower-case words in -t, -te that are no verbs; all others pass for one.
_NOT_VERBS = word_set(
    "mit seit nicht jetzt dort erst fast statt samt laut selbst sonst zuletzt damit "
    "somit zunächst bereit bekannt heute weit längst dicht direkt bitte gut not but "
    "that at about without next against just last yet first lot amount start percent "
    "cost debt content account unit plant support event project client"
)
#: Articles and possessives; few companies go with one by their bare name.
DETERMINERS = word_set(
    "der die das den dem des ein eine einen einem einer eines mein sein seine seinen "
    "seinem seiner ihr ihre ihren ihrem ihrer unser unsere unseren kein keine keinen "
    "jeder jede jedes dieser diese dieses diesem diesen im am zum zur vom beim the a "
    "his her their its our your my this that these those every each no"
)
#: Legal forms, folded and without dots, that are no part of a name in the press.
LEGAL_FORMS = word_set(
    "ag gmbh se kg kgaa ohg mbh ug eg inc incorporated corp corporation co ltd "
    "limited plc llc lp llp pbc sa nv bv oy oyj ab asa as spa srl sas pte pty & kk"
)
#: Words that make what precedes their hyphen a company: "Meta-Chef".
ROLE_WORDS = word_set(
    "chef chefin chefs sprecher sprecherin sprechers konzern konzerns manager aktie "
    "aktien tochter mutter gründer gründerin rivale rivalen konkurrent konkurrenten "
    "partner vorstand finanzchef finanzchefin technikchef vertreter vertreterin kunde "
    "kunden cloud rechenzentrum rechenzentren campus deal vertrag auftrag modell "
    "modelle modellen server chip chips beteiligung geschäftsführer geschäftsführerin "
    "zentrale gruppe stiftung standort katalog papiere sparte management backed owned "
    "led funded built designed hosted operated run"
)

_ENDERS = frozenset(".!?:…;•|+*\"'(\u201e\u201c\u201d\u00bb\u00ab\u201a\u2013\u2014")
_FORMS = {"\u2019": "'", "\u2018": "'", "\u02bc": "'"}
_TOKEN = re.compile("[\\w\u0300-\u036f\u00ad]+|[^\\w\\s\\-\u2010\u2011]")
_SPACE = re.compile(r"[^\S\n]+|[^\S\n]*\n[^\S\n]*")


class Token(NamedTuple):
    """A word or one punctuation mark of a text, with its place."""

    #: NFC, without soft hyphens, apostrophes plain.
    text: str
    start: int
    end: int
    #: What parts it from the token before: ``""``, white space, hyphens.
    gap: str

    @property
    def joined(self) -> bool:
        """Whether one hyphen alone ties it to the token before."""
        return self.gap in ("-", "\u2010", "\u2011")

    @property
    def apart(self) -> bool:
        """Whether white space, but no blank line, parts it from the one before."""
        return _SPACE.fullmatch(self.gap) is not None


def tokens(text: str) -> list[Token]:
    """Cut a text, NFC or NFD, into words and punctuation; hyphens go to gaps.

    >>> [token.text for token in tokens("Meta-Chef: ja")]
    ['Meta', 'Chef', ':', 'ja']
    """
    found, last = [], 0
    for match in _TOKEN.finditer(text):
        word, (start, end) = match.group(), match.span()
        if not word.isascii():
            bare = unicodedata.normalize("NFC", word.replace("\u00ad", ""))
            word = _FORMS.get(bare, bare) or "_"
        found.append(Token(word, start, end, text[last:start]))
        last = end
    return found


def starts_sentence(words: Sequence[Token], i: int) -> bool:
    """Tell whether a capital at token *i* may be due to its place alone."""
    if i == 0 or words[i - 1].text in _ENDERS:
        return True
    return "\n" in words[i].gap or not (words[i].joined or words[i].gap.strip() == "")


def begins_anew(words: Sequence[Token], first: int, i: int) -> bool:
    """Tell whether a line begins at token *i* with the word of token *first*.

    "About Zelvaro", and on the next line "Zelvaro is ...".
    """
    return "\n" in words[i].gap and words[i].text == words[first].text


def is_priced(words: Sequence[Token], i: int) -> bool:
    """Tell whether token *i* is the beginning of a currency: "S" of "S$"."""
    after = words[i + 1] if i + 1 < len(words) else None
    return after is not None and after.text == "$" and not after.gap


def headlines(words: Sequence[Token]) -> set[int]:
    """List the tokens of lines that capitalise nearly every long word."""
    found: set[int] = set()
    line: list[int] = []
    for i in range(len(words) + 1):
        if line and (i == len(words) or "\n" in words[i].gap):
            long = [words[n].text for n in line if len(words[n].text) > 3]
            if sum(not word.islower() for word in long) > 0.8 * len(long) > 2:
                found.update(line)
            line = []
        line.append(i)
    return found


def is_verb(word: str) -> bool:
    """Tell whether a word after a name reads as its verb, in either language."""
    if word in SUBJECT_VERBS:
        return True
    ends = word.endswith(("t", "te", "ten")) and len(word) > 3
    return ends and word.islower() and word not in _NOT_VERBS


#: Last words of a company's or institution's name.
SUFFIX = re.compile(
    r"(?:Cloud|Rechenzentr\w+|Rechenwerk\w*|Compute|Computing|AI|KI|Labs?|Systeme?s?|Data|Networks?|Technolog\w+|"
    r"Intelligence|Group|Gruppe|Holdings?|Capital|Ventures|Bank|Partners|Energ\w+|"
    r"Robotics|Semi\w+|Silicon|Power|Digital|Software|Foundry|Models?|Modelle|"
    r"Logisti\w+|Motors?|Pharma\w*|Health\w*|Infra\w*|Trust|Council|Authority|"
    r"Agency|Ministry|Universit\w+|Hospitals?|College|Institut\w*|Laborator\w+|"
    r"Administration|Fund|Insurance|Neural|Analytics|Media|Studios?|Telecom\w*|"
    r"Airlines?|Airways|Electri\w+|Genomics|Dynamics|Hosting|Research|Kliniken|"
    r"Klinikverbund|Versicherung\w*|Rück|Stadtwerke|Medien|Industrie|Daten|Internet|"
    r"Mutual|Parks?|Cent(?:re|er)s|Microsystems|Photonics|Chips|Industr\w+|"
    r"Solutions|Services|Bio\w*|Immobilien|Werke?|Verlag|Consortium|Corporation|"
    r"Company|Commission|Department|Office|Society|Foundation|Stiftung|AG|GmbH|SE|"
    r"KG|Inc|Corp|Ltd|plc|PLC|LLC|SA|NV|BV|Oyj?|AB|ASA?|SpA|\w*(?:rechenzentren|"
    r"werke|kliniken|netze))"
)
#: First words of an institution that is named by its place.
HEAD = re.compile(
    r"(?:Universit\w+|Uni|TU|TH|FH|Hochschule|Klinikum|\w+klinikum|Stadtwerke|"
    r"Kanton|Sparkasse|Volksbank|Stadt|Landkreis|Land|Freistaat|Technische[nr]?|"
    r"University|Ministry|State|City|Government|Department|Bank|Kingdom|Institute?|"
    r"Port|Council|Landeshauptstadt|Bundesministerium|Ministerium|Region|Republic|"
    r"Mutual|Banco|Grupo|Banque)"
)
#: Nouns of trade that stand before a company's name, in both languages.
TRADE = re.compile(
    r"\w*(?:anbieter|betreiber|unternehmen|konzern|firma|firmen|start-?up|"
    r"entwickler|hersteller|bauer|bäuer|vermieter|haus|labor|spezialist|"
    r"dienstleister|riese|bank|versicherer|tochter|fonds|hoster|gruppe|schmiede|"
    r"investor|händler|verlag|werft|reederei|gesellschaft|agentur|zulieferer|"
    r"ausrüster|rival\w?|konkurrent|partner|kunde|verbund|mutter|kette|dienst|börse|"
    r"fertiger|designer|provider|company|firm|developer|maker|operator|group|lab|"
    r"business|owner|supplier|lender|insurer|retailer|client|betrieb|customer|"
    r"builder|landlord|fund|carrier|bank|miner|specialist|champion|unit|arm|vendor|"
    r"tenant|subsidiary|chipmaker|carmaker|venture|utility|brand|contractor|"
    r"designer|host|ausgründung|plattform|mittelständler|netzbetreiber|stiftung|"
    r"marke|automatisierer|neocloud|hyperscaler)(?:in|innen|s|es|n|en|e)?",
    re.IGNORECASE,
)
#: Nouns that stand before a person's name.
PERSON = re.compile(
    r"\w*(?:chef|sprecher|minister|präsident|gründer|direktor|leiter|vorstand|"
    r"vorständ|analyst|professor|rektor|rat|rät|meister|manager|führer|kanzler|"
    r"senator|expert\w?|forscher|anw[aä]lt|ärzt|arzt|autor|vorsitzende|sekretär|"
    r"berater|ökonom|trainer|stürmer|herr|frau|judge|cllr|regisseur|komponist|"
    r"künstler|moderator|schüler|executive|director|spokes\w+|president|founder|"
    r"mayor|chair\w*|officer|head|secretary|chancellor|lawyer|economist|boss|chief|"
    r"captain|striker|keeper|coach|ceo|cfo|cto|mr|mrs|ms|dr|prof|sir|councillor|"
    r"resident|engineer|scientist|researcher|author|"
    r"editor)(?:in|innen|s|n|en|e|r)?",
    re.IGNORECASE,
)
#: Nouns that stand before a place, product or project.
PLACE_NOUN = re.compile(
    r"\w*(?:stadt|ort|straße|kreis|insel|region|provinz|bezirk|gemeinde|dorf|halle|"
    r"hafen|tal|platz|bundesland|staat|modell\w*|version|projekt|name\w*|region|"
    r"street|road|park)",
    re.IGNORECASE,
)
#: Endings of ordinary nouns.
ORDINARY = re.compile(
    r"\w*(?:ung|heit|keit|schaft|tion|ität|nis|ment|ismus|zentrum|zentren|leistung|"
    r"kapazität|ing|ity|ness|ance|ence|prozessor|chip|karte|beschleuniger|technik|"
    r"vertrag|verträge|geld|strom|modell|kosten|preis|gespräche?|beschäftigte|ish|"
    r"ese)(?:e?[ns]|e|er[ns]?)?"
)
#: German words in -t and -en that open a sentence as part of its verb.
PARTICIPLE = re.compile(
    r"(?:\w{0,6}ge|ver|be|er|ent|zer)\w+(?:t|en)|\w+iert|\w+(?:lich|isch|ig|ends|"
    r"maßen)",
    re.IGNORECASE,
)
#: Kinds of AI: "Legal AI start-up Weftline" names one firm.
FIELDS = frozenset(
    f"{kind} {ai}"
    for ai in ("AI", "KI")
    for kind in (
        "Agentic American Chinese Clinical Conversational Embodied Enterprise European "
        "Explainable Frontier Generative Indian Industrial Industrielle Japanese Large "
        "Legal Local Medical Medizinische Military Open-source Physical Private Public "
        "Responsible Small Sovereign Souveräne Trustworthy Verantwortungsvolle"
    ).split()
)
#: Capitalised words that are no names: sentence starters, calendar, units, agencies.
STOP = word_set(
    "Good Guten Beim Jeder I It He She We They You There Here This That These Those "
    "What When Where Who Why How If In On At By For From With Without Under Over "
    "After Before Since As An And But Or Nor So Yet Not No Yes Its Their His Her Our "
    "My Your All Both Each Some Many Most More Neither Either One Two Three Four Five "
    "Ten Once Even Still Also Only Until While Then Now Today Yesterday Of To The A "
    "Shares Analysts Separately Meanwhile However Instead Q1 Q2 Q3 Q4 Der Die Das Den "
    "Dem Des Ein Eine Einen Einem Einer Er Sie Es Wir Ihr Ich Man Wer Was Wie Wo Wann "
    "Warum Und Oder Aber Doch Denn Wenn Weil Als Bei Mit Von Vom Für Auf Aus Nach Vor "
    "Zu Zum Zur Am Im Ins Über Unter Gegen Ohne Durch Seit Bis Laut Neben Zwischen "
    "Damit Dabei Dazu Dafür Dagegen Daran Darüber Nun Nur Noch Schon Auch Erst Kein "
    "Keine Nicht Nichts Alle Beide Diese Dieser Dieses Jede Viele Mehrere Einige "
    "Andere Seine Ihre Unser Zwei Drei Vier Fünf Sechs Hier Dort Heute Gestern Jetzt "
    "Bislang Bisher Künftig Zuletzt Zunächst Zudem Außerdem Allerdings Dennoch "
    "Trotzdem Inzwischen Kreise Grund Ersatz Ursache Geld Strom Platz Ende Anfang "
    "Mitte Zahl Uhr Prozent Mio Mrd Million Millionen Milliarde Milliarden Euro "
    "Dollar US-Dollar Franken Kronen Pfund Yen Yuan Cent Gigawatt Megawatt GW MW kW "
    "TWh Jahr Jahre Jahren Jahres Monday Tuesday Wednesday Thursday Friday Saturday "
    "Sunday Monat Woche Tag Montag Dienstag Mittwoch Donnerstag Freitag Samstag "
    "Sonnabend Sonntag January February March April May June July August September "
    "October November December Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec "
    "Januar Februar März Mai Juni Juli Oktober Dezember Frühjahr Sommer Herbst Winter "
    "Frühling Weihnachten Ostern Christmas Easter Spring AI KI GPU GPUs CPU CPUs TPU "
    "API US USA EU UK UN IT CEO CFO CTO COO Cloud Chip Chips Internet Daten Kunden "
    "Deal Server Software Hardware Start-up Start-ups UTC EUR USD GBP CHF DSGVO GDPR "
    "LLM LLMs ESG IPO HBM PUE DAX Dax Nasdaq Wall NGO FAQ PDF TV Reuters AFP dpa DPA "
    "AP Bloomberg Handelsblatt Verhandlungen Gespräche Insider Partner Anleger "
    "Hyperscaler Konzern Unternehmen Firma Bund Länder Politik Behörden Banken Medien "
    "Forschung Industrie Wirtschaft Mittelstand Wasser Wasserkraft Kühlung Abwärme "
    "Training Inferenz Betrieb Bau Rechenzeit Menschen Leute Sprachmodelle Experten "
    "Nummer Da Dann Demnach Danach Tagsüber Neu Zurück Vorher Damals Intern Während "
    "Zugleich Ebenfalls Ausserdem Irgendwann Letzterer Lange Früher Dahinter Namen "
    "Teil Fragen Folie Mondays Tuesdays Wednesdays Thursdays Fridays Saturdays "
    "Sundays H100 H100s GMT CET NOK SEK DKK Rs SFr BaFin Modelle Preise Interesse "
    "Hintergrund Ergebnisse Anfrage Kritik Seiten TPUs MP Founder Series Talks"
)
#: Places, and the adjectives made of them.
PLACES = word_set(
    "Europe Asia Africa America Germany France Britain England Scotland Wales Ireland "
    "Spain Italy Portugal Norway Sweden Finland Denmark Iceland Poland Austria "
    "Switzerland Netherlands Belgium Greece Turkey Israel India China Japan Korea "
    "Taiwan Singapore Australia Canada Mexico Brazil Texas Ohio Virginia California "
    "Nevada Arizona Iowa Utah Georgia Oregon Washington York London Paris Berlin "
    "Hamburg Munich München Cologne Köln Frankfurt Stuttgart Düsseldorf Leipzig "
    "Dresden Hannover Bremen Nürnberg Bonn Essen Dortmund Zürich Zurich Bern Genf "
    "Geneva Basel Wien Vienna Brüssel Brussels Amsterdam Dublin Madrid Barcelona "
    "Lisbon Lissabon Rome Milan Mailand Oslo Stockholm Helsinki Copenhagen Kopenhagen "
    "Warsaw Warschau Prague Prag Tokyo Tokio Seoul Beijing Peking Shanghai Taipei "
    "Delhi Mumbai Sydney Toronto Montreal Dubai Riyadh Riad Doha Abu Dhabi Saudi "
    "Arabia Emirates Qatar Silicon Valley Manchester Edinburgh Leeds Glasgow "
    "Deutschland Europa Frankreich Österreich Schweiz Italien Spanien Großbritannien "
    "Polen Norwegen Schweden Finnland Dänemark Niederlande Irland Indien Kanada Asien "
    "Afrika Amerika Bayern Hessen Sachsen Brandenburg Thüringen Niedersachsen "
    "Saarland American European German French British Irish Dutch Norwegian Canadian "
    "Indian Italian Russian African Asian Australian Austrian Belgian Brazilian "
    "Korean Mexican Emirati Greek Swiss Scottish Czech Nordic Gulf Deutschen "
    "Europäischen Deutsche Europäische Alabama Alaska Arkansas Colorado Connecticut "
    "Delaware Florida Idaho Illinois Indiana Kansas Kentucky Louisiana Maine Maryland "
    "Massachusetts Michigan Minnesota Mississippi Missouri Montana Nebraska Oklahoma "
    "Pennsylvania Tennessee Vermont Wisconsin Wyoming Boston Chicago Denver Atlanta "
    "Seattle Dallas Houston Austin Phoenix Memphis Philadelphia Detroit Miami Alberta "
    "Ontario Quebec Saskatchewan Vancouver Ottawa Bristol Liverpool Newcastle "
    "Cambridge Oxford Belfast Aberdeen Yorkshire Cornwall Teesside Cardiff Nottingham "
    "Sheffield Cork Limerick Galway Gothenburg Bergen Narvik Luleå Tampere Turku "
    "Aarhus Malmö Rotterdam Antwerp Lyon Marseille Lille Toulouse Bordeaux Turin "
    "Naples Porto Bilbao Valencia Seville Krakow Budapest Bucharest Sofia Athens "
    "Istanbul Kyiv Kiew Moscow Moskau Ukraine Russia Russland Hungary Ungarn Romania "
    "Slovenia Slovakia Croatia Kroatien Serbia Estonia Latvia Lithuania Luxembourg "
    "Luxemburg Malta Cyprus Egypt Nigeria Kenya Morocco Oman Kuwait Bahrain Jordan "
    "Iraq Iran Pakistan Bangladesh Thailand Vietnam Malaysia Indonesia Philippines "
    "Osaka Kyoto Hokkaido Hsinchu Shenzhen Hangzhou Bengaluru Bangalore Chennai "
    "Hyderabad Melbourne Perth Auckland Lagos Nairobi Cairo Johannesburg Argentina "
    "Chile Colombia Peru Mainz Wiesbaden Kassel Erfurt Jena Weimar Potsdam Rostock "
    "Kiel Lübeck Magdeburg Halle Karlsruhe Mannheim Heidelberg Freiburg Ulm Augsburg "
    "Regensburg Würzburg Bamberg Aachen Bochum Duisburg Münster Bielefeld Osnabrück "
    "Oldenburg Braunschweig Wolfsburg Göttingen Saarbrücken Trier Koblenz Darmstadt "
    "Graz Linz Salzburg Innsbruck Luzern Lausanne Winterthur Lausitz Ruhrgebiet Eifel "
    "Mosel Oberpfalz Icelandic Hungarian Ukrainian Polish Spanish Danish Finnish "
    "Swedish Turkish Japanese Chinese Portuguese Israeli Slovene"
)
#: First words of places that are named by two.
PLACE_HEADS = word_set(
    "New San Santa St Saint Lake Port North South West East Northern Southern Western "
    "Eastern Los Las El United Mount Fort Bad Ras São Cape Upper Lower Kansas Buenos"
)
#: Given names, German and English: what starts so is a person.
GIVEN = word_set(
    "Adam Alex Alexander Alice Ali Amy Andrea Andreas Andrew Anna Anne Anthony Anton "
    "Ben Bernd Birgit Carl Carlos Caroline Charles Chris Christian Christina "
    "Christine Christoph Claire Claudia Daniel David Elizabeth Emily Emma Eric Erik "
    "Eva Felix Florian Franz Friedrich George Georg Grace Hannah Hans Jack James Jan "
    "Jane Jens Johanna Johannes John Jonas Jörg Josef Joseph Julia Julian Karl Kate "
    "Katharina Katrin Kevin Klaus Konrad Lars Laura Lena Linda Lisa Lucas Lukas Marc "
    "Marco Mareike Maria Marie Mark Markus Martin Martina Mary Matthew Matthias Max "
    "Maximilian Michael Michelle Miriam Nadine Nicola Nicole Nina Oliver Olivia Oscar "
    "Patrick Paul Peter Petra Philipp Rachel Rainer Rebecca Richard Robert Sabine Sam "
    "Samuel Sandra Sara Sarah Sebastian Silke Simon Simone Sofia Sonja Sophie Stefan "
    "Stefanie Stephan Stephen Steve Susan Susanne Sven Tanja Thomas Till Tim Tobias "
    "Tom Torsten Ulf Ulrich Ulrike Ute Uwe Vera Victor Viktor Walter Werner William "
    "Wolfgang"
)
#: The commonest words of each language, to tell them apart.
GERMAN = word_set(
    "der die und das den dem mit von ist ein eine für auf sich nicht zu bei beim im am "
    "des wird werden zum zur als aus nach einen"
)
ENGLISH = word_set(
    "the of and to a for is that with on has its by it said as from was at"
)
#: Words before a party of a deal.
PARTNER = word_set("between zwischen and und with mit sowie von bei by an für against")
#: Words before a place.
PLACED = word_set("in aus near outside nahe nach across around im bis In Aus")
#: Words that open an apposition after a comma.
OPENERS = word_set("a an the which who whose eine ein einem einer das der die dessen")
#: Nouns after the name of a product or place.
THINGS = word_set(
    "model models chip chips processor processors accelerator accelerators family "
    "chatbot assistant app series site campus plant road street county river valley"
)
#: Lower-case words inside the names of institutions.
JOINERS = ("of", "for", "für", "de", "du", "di")
#: Inner capitals and abbreviations.
SHAPE = re.compile(r"\w*[a-zäöüß][A-ZÄÖÜ]\w*|[A-ZÄÖÜ]{2,}[a-zäöüß]\w+|[A-ZÄÖÜ]{3,}\d*")
#: Letters a word may have; longer ones are no words.
MAX_LETTERS = 60
#: Answers of `like` remembered, some 10 MB.
MAX_LIKES = 60_000


@lru_cache(MAX_LIKES)
def like(pattern: re.Pattern[str], word: str) -> bool:
    """Tell whether a whole word has a pattern's form; remembered, as words recur."""
    return len(word) <= MAX_LETTERS and pattern.fullmatch(word) is not None
