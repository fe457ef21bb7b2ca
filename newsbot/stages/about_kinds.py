"""Which kinds of news are there besides deals, and which words prove one?

In: nothing; this is the table that `newsbot.stages.about` reads.

Each kind has words in both languages that hardly mean anything else, and how to name
it in either, alone and between two organisations. Written by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsbot.types import Language


def words(body: str) -> re.Pattern[str]:
    """Compile blank-separated alternatives as whole words, case folded.

    ``_`` stands for a blank, ``*`` for the rest of a word.

    >>> bool(words("take_over klag*").search("Sie klagten."))
    True
    """
    alternatives = "|".join(
        one.replace("*", r"\w*").replace("_", r"\s+") for one in body.split()
    )
    return re.compile(rf"(?<!\w)(?:{alternatives or '(?!)'})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsKind:
    """A kind of news: its names by language, and its words.

    Words stand in the title or the lead; those that begin with ``^`` prove it in the
    title only, as they have another meaning besides.
    """

    key: str
    #: Behind "um" and "about".
    named: dict[Language, str]
    words: dict[Language, str]

    def anywhere(self, language: Language) -> re.Pattern[str]:
        """Compile the words that prove it in title and lead."""
        every = self.words[language].split()
        return words(" ".join(one for one in every if one[0] != "^"))

    def in_title(self, language: Language) -> re.Pattern[str]:
        """Compile the words that prove it in a title."""
        return words(self.words[language].replace("^", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What one organisation does to another, by a verb between their names."""

    #: The kind of news that it proves.
    key: str
    verbs: dict[Language, str]
    #: With ``{a}`` and ``{b}``, both in the dative or accusative as fits.
    named: dict[Language, str]


#: Key | German name | English name | German words | English words. Those that win
#: where words stand equally often come first.
_ROWS = r"""
denial | ein Dementi | a denial | dementi* weist_.{3,90}_zurück wies_.{3,90}_zurück bericht_zurückgewiesen ^bestreite* falschmeldung* | denies denial denying rebuts refutes ^denied
opinion | ein Meinungsbeitrag | an opinion piece | kommentar: leitartikel kolumne glosse gastbeitrag ^kommentar ^meinung ^zwischenruf ^essay | opinion: comment: editorial op-ed ^opinion ^column ^comment ^essay
letters | eine Auswahl von Leserbriefen | a selection of readers' letters | leserbrief* leserpost | letters_to_the_editor letters_page ^letters
interview | ein Interview | an interview | interview | interview q&a
podcast | eine Gesprächssendung | a podcast | podcast* anmoderation | podcast* ^episode
acquisition | eine Übernahme | a takeover | übernahme* ^übernimmt aufkauf* firmenkauf zukauf* | acquires acquired acquisition* takeover* buyout* ^merger
lawsuit | einen Rechtsstreit | a legal dispute | klage verklag* geklagt landgericht* amtsgericht* oberlandesgericht* verwaltungsgericht* rechtsstreit* schiedsgericht* bundesgerichtshof* ^klagt ^urteil | sues sued suing lawsuit* the_suit high_court district_court plaintiff* litigation arbitrat* class_action vice_chancellor ^court ^judge ^suit
probe | eine behördliche Prüfung | an official inquiry | kartellamt* bundeskartellamt* kartellwächter* wettbewerbshüter* wettbewerbsbehörde* wettbewerbskommission ermittlungen staatsanwaltschaft* rechnungshof* | antitrust watchdog* inquiry probe probes probing competition_commission competition_authority ^investigat*
outage | eine Störung | an outage | ausfall ausgefallen störung* lahmgelegt stromausfall* ^panne | outage* downtime disruption ^offline
breach | einen Sicherheitsvorfall | a security incident | hacker* datenleck* cyberangriff* sicherheitslücke* schadsoftware phishing* | hackers data_breach* cyberattack* ransomware vulnerabilit* phishing
layoffs | einen Stellenabbau | job cuts | stellenabbau entlassungen kündigungswelle streicht_\d+_stellen | layoffs lays_off laid_off job_cuts redundancies
insolvency | eine Insolvenz | an insolvency | insolvenz* insolvent konkursverfahren ^pleite | insolvency insolvent bankrupt bankruptcy chapter_11
listing | einen Börsengang | a stock market listing | börsengang* börsenprospekt* ipo | ipo initial_public_offering prospectus flotation
funding | eine Finanzierung | a financing | finanzierungsrunde* kapitalrunde* wagniskapital* serie-[abcd] seed-runde* anleihe* kapitalerhöhung* risikokapital* kreditlinie* darlehen | funding_round series_[abcd] seed_round raises_[$€£]\w* raised_[$€£]\w* venture_capital bond bonds convertible loan credit_facility fund-raising fundraising
earnings | Geschäftszahlen | business figures | quartalszahlen halbjahreszahlen geschäftszahlen jahresbilanz* umsatz quartalsgewinn* jahresumsatz geschäftsjahr* nettogewinn betriebsgewinn geschäftsbericht* quartalsbericht* hauptversammlung* ^quartal ^gewinn | earnings quarterly first-quarter second-quarter third-quarter fourth-quarter revenue net_profit pre-tax_profit ebitda ^results ^q[1-4] ^profit
analysts | die Einschätzung von Analysten | analysts' views | analyst* kursziel* hochgestuft herabgestuft kaufempfehlung | analyst analysts price_target ^upgrades ^downgrades
shares | den Aktienhandel | share trading | aktie aktien leitindex marktbericht* anleger* ^börse | shares stocks stock_market nasdaq wall_street ftse
tender | eine Ausschreibung | a tender | ausschreibung* ausgeschrieben ^schreibt_.{3,40}_aus vergabeverfahren bieter* angebotsfrist | tender tenders procurement bidders request_for_proposals rfp
study | eine Studie | a study | studie studien umfrage* | study survey respondents white_paper
ranking | eine Rangliste | a ranking | rangliste* bestenliste* | ranking rankings league_table
staff | eine Personalie | a change of staff | personalie* wechselt_zu wechselt_zum ^neuer_chef ^neue_chefin rücktritt tritt_zurück verlässt_.{3,40}_und_wechselt ^wechselt ^nachfolger* | hires appoints appointed poaches steps_down stepping_down resigns resigned ^names ^hired ^joins ^successor
obituary | ein Nachruf | an obituary | nachruf* ^gestorben | obituary ^dies
building | ein Bauvorhaben | a building project | neubau* erweiterungsbau* bauantrag* baugenehmigung* spatenstich* grundstein* richtfest* baustelle* baubeginn bauarbeiten bebauungsplan* gewerbegebiet* ^baut ^bau | breaks_ground ground-breaking groundbreaking construction planning_permission planning_application planning_committee zoning ^builds ^to_build
launch | ein neues Angebot | a new offer | stellt_.{3,60}_vor vorgestellt neue_version neues_modell verkaufsstart präsentiert ^veröffentlicht ^bringt ^startet ^zeigt | launches launched unveils unveiled rolls_out rolled_out introduces ^release* ^opens ^version ^ships ^adds
programme | ein Programm für Partner oder Gründer | a programme for partners or founders | partnerprogramm* gründerprogramm* accelerator* | partner_programme partner_program accelerator
grant | eine Förderung | public funding | förderbescheid* fördermittel* förderprogramm* stipendi* förderung | grant grants subsidy subsidies scholarship* fellowship*
energy | einen Liefervertrag für Strom | a contract for electricity | direktliefervertrag* stromliefervertrag* stromabnahmevertrag* abnahmevertrag* ppa ppas | power_purchase* ppa ppas off-take
licence | Lizenzen | licences | lizenz lizenzen lizenzvertrag* lizenziert | licence licences license licenses licensing licensed
partnership | eine Zusammenarbeit | a partnership | zusammenarbeit kooperation* partnerschaft* bündnis | partnership partnerships tie-up alliance alliances
contract | einen Vertrag | a contract | vertrag vertrags vertrages verträge rahmenvertrag* liefervertrag* mietvertrag* vereinbarung* abkommen | contract contracts agreement agreements pact
talks | Gespräche | talks | verhandelt verhandeln verhandlungen sondiert sondierung* gespräche | in_talks negotiating negotiations exploratory
politics | Politik | politics | bundestag* landtag* gesetzentwurf* ministerium* gemeinderat* stadtrat* kreistag* kabinett* abgeordnete* bundesregierung landesregierung parlament* bürgermeister* *ministerium *minister *ministerin | parliament senate lawmakers council councillors cabinet legislation minister ministry mayor white_house congress senator*
strike | einen Arbeitskampf | industrial action | streik* warnstreik* tarifverhandlung* | walkout industrial_action picket* ^strike
protest | Proteste | protests | bürgerinitiative* protest* | protest protests protesters objectors campaigners
event | eine Veranstaltung | an event | messe *konferenz konferenzen kongress* tagung* festival* veranstaltung* podiumsdiskussion* *ausstellung konzert* gipfel workshop* | conference* summit expo festival* exhibition* concert* webinar trade_fair keynote
award | eine Auszeichnung | an award | partner_des_jahres preisverleihung* auszeichnung* preisträger* | award awards prize partner_of_the_year
correction | eine Berichtigung | a correction | berichtigung* korrektur: richtigstellung* | ^correction* clarification*
howto | eine Anleitung | a guide | anleitung* ratgeber* schritt_für_schritt ^so_geht ^tipps ^wie_man | tutorial* checklist step-by-step ^how_to ^tips
history | ein Jubiläum oder einen Rückblick | an anniversary or a look back | rückblick* chronik* jahrestag* jubiläum* vor_zehn_jahren | look_back looking_back retrospective anniversary timeline ^history
job | eine Stellenanzeige | a job advertisement | stellenanzeige* ^wir_suchen m/w/d | job_advert* we_are_hiring ^vacancy
accident | ein Unglück | an accident | unfall großbrand verunglückt* schwer_verletzt | accident blaze injured firefighters
match | einen sportlichen Wettbewerb | a sporting contest | derby spieltag torschütz* tabellenführer* turnier* meisterschaft* halbzeit kreisliga bezirksliga | derby equaliser goalless cup_final county_cup tournament half-time wicket* championship semi-final fell_race
"""

#: What a text is, not what it is about; the German names of these are nominatives.
FORMS = frozenset(
    "opinion letters interview podcast obituary correction howto job".split()
)


def _kinds() -> tuple[NewsKind, ...]:
    found = []
    for row in _ROWS.strip().splitlines():
        key, german, english, de, en = (cell.strip() for cell in row.split("|"))
        found.append(
            NewsKind(
                key=key,
                named={"de": german, "en": english},
                words={"de": de, "en": en},
            )
        )
    return tuple(found)


NEWS_KINDS = _kinds()
#: By language: each kind's words in the title, and in title and lead.
KIND_WORDS: dict[Language, tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]] = {
    "de": tuple((one.in_title("de"), one.anywhere("de")) for one in NEWS_KINDS),
    "en": tuple((one.in_title("en"), one.anywhere("en")) for one in NEWS_KINDS),
}
#: What an organisation does by a verb right behind its name: kind | German verbs |
#: English verbs | German name with ``{a}`` in the dative | English name.
_ROLES = r"""
denial | weist dementiert bestreitet widerspricht | denies rebuts refutes rejects dismisses | ein Dementi von {a} | a denial by {a}
lawsuit | klagt verklagt zieht_vor_gericht | sues sued has_sued is_suing | eine Klage von {a} | a lawsuit by {a}
layoffs | entlässt streicht baut_\d+_stellen_ab | lays_off cuts sheds to_cut is_cutting | einen Stellenabbau bei {a} | job cuts at {a}
funding | sammelt holt_sich erhält_frisches schließt_finanzierungsrunde platziert begibt | raises raised has_raised closes_$ nets lands_$ bags has_closed_a secures_$ | eine Finanzierung für {a} | a financing for {a}
earnings | steigert verdient meldet_umsatz wächst erzielt schreibt verbucht | posts reports posted reported lost earned beats swings_to | Geschäftszahlen von {a} | business figures from {a}
listing | geht_an_die_börse strebt_an_die_börse plant_börsengang | files_for_ipo goes_public to_list files_for | einen Börsengang von {a} | a stock market listing of {a}
acquisition | übernimmt schluckt | acquires acquired has_acquired | eine Übernahme durch {a} | a takeover by {a}
staff | holt beruft ernennt verliert | hires appoints poaches names has_hired has_appointed loses | eine Personalie bei {a} | a change of staff at {a}
tender | schreibt sucht | seeks invites tenders has_invited is_seeking | eine Ausschreibung von {a} | a tender by {a}
building | baut errichtet erweitert | builds breaks is_building is_to_build has_broken | ein Bauvorhaben von {a} | a building project of {a}
launch | stellt startet bringt zeigt veröffentlicht präsentiert führt eröffnet | launches launched unveils unveiled introduces ships releases rolls opens debuts has_launched has_unveiled | ein neues Angebot von {a} | a new offer from {a}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What it is called where one organisation surely is the one that acts."""

    key: str
    verbs: dict[Language, re.Pattern[str]]
    named: dict[Language, str]


def _roles() -> dict[str, Role]:
    found = {}
    for row in _ROLES.strip().splitlines():
        key, de, en, german, english = (cell.strip() for cell in row.split("|"))
        found[key] = Role(
            key=key,
            verbs={"de": words(de), "en": words(en.replace("$", "[$€£]"))},
            named={"de": german, "en": english},
        )
    return found


#: By the kind of news, which has to be proven, too.
ROLES = _roles()
BONDS = (
    Bond(
        key="acquisition",
        verbs={"de": "übernimmt schluckt", "en": "acquires acquired has_acquired"},
        named={
            "de": "die Übernahme von {b} durch {a}",
            "en": "the takeover of {b} by {a}",
        },
    ),
    Bond(
        key="lawsuit",
        verbs={"de": "verklagt", "en": "sues sued has_sued"},
        named={
            "de": "eine Klage von {a} gegen {b}",
            "en": "a lawsuit by {a} against {b}",
        },
    ),
)
