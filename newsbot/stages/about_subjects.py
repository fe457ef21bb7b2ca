"""Which subjects can an article have, and which words prove one?

In: nothing; this is the table that `newsbot.stages.about` reads.

German names stand in the accusative without an article behind "um", English ones
behind "about". Written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsbot.stages.about_kinds import words
from newsbot.types import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that articles are about."""

    named: dict[Language, str]
    de: str
    en: str


#: German name | English name | German words | English words.
_ROWS = """
Rechenzentren | data centres | rechenzentr* serverhalle* rechenhalle* serverfarm* | data_cent* datacent* server_hall* gpu_hall* server_farm*
Grafikprozessoren | graphics processors | gpu gpus grafikprozessor* grafikkarte* grafikchip* | gpu gpus graphics_processor* graphics_card* graphics_chip*
Chips | chips | chip chips halbleiter* prozessor* ki-chip* beschleuniger* chipfabrik* speicherchip* | chip chips semiconductor* processor* accelerators chipmaker* foundry wafer*
Rechenleistung | computing power | rechenleistung* rechenzeit* rechenkapazität* supercomputer* großrechner* hochleistungsrechner* cluster | compute computing_power computing_capacity supercomputer* cluster clusters computing_time
Sprachmodelle | language models | sprachmodell* ki-modell* modellbauer* modellentwickler* grundmodell* | language_model* foundation_model* llm llms model_maker* ai_model*
künstliche Intelligenz | artificial intelligence | ki künstliche*_intelligenz ai ki-* ai-* | ai artificial_intelligence machine_learning ai-*
Cloud-Dienste | cloud services | cloud clouds cloud-* hyperscaler* cloudanbieter* | cloud clouds hyperscaler* neocloud*
Chatbots | chatbots | chatbot* sprachassistent* assistent assistenten | chatbot* assistant assistants
Software | software | software* programmcode open_source quelloffen* app apps schnittstelle* | software open-source open_source app apps api apis
Datenschutz | data protection | datenschutz* dsgvo | data_protection gdpr privacy
digitale Souveränität | digital sovereignty | souverän* | sovereign sovereignty
Urheberrecht | copyright | urheberrecht* verlag verlage verlags* archiv | copyright publisher publishers archive
Strom | electricity | strom strom* megawatt gigawatt netzbetreiber* umspannwerk* stromnetz* kraftwerk* | electricity grid power_plant megawatt* gigawatt* substation* utility power_line* turbine*
erneuerbare Energien | renewable energy | windpark* solarpark* photovoltaik* windkraft* wasserkraft* geothermie | wind_farm* solar hydropower geothermal renewable*
Kernkraft | nuclear power | kernkraft* atomkraft* kernkraftwerk* | nuclear power_reactor reactors
Kühlung | cooling | kühlung* kühlwasser* | cooling
Abwärme | waste heat | abwärme fernwärme wärmenetz* | waste_heat district_heating
Wasser | water | wasser trinkwasser* wasserverbrauch grundwasser* | water drinking_water
Arbeitsplätze | jobs | arbeitsplätze* beschäftigte* belegschaft* mitarbeiter* | jobs staff workforce employees workers
Exportregeln | export rules | exportkontroll* ausfuhr* zölle strafzölle | export_control* export_licen* tariffs
Schulen | schools | schule schulen schüler* lehrer* lehrkräfte gymnasium unterricht | school schools pupils classroom
Hochschulen | universities | universität* hochschule* studenten studierende* uni | university universities students college campus_university
Krankenhäuser | hospitals | klinik* krankenhaus* krankenhäuser klinikum* ärzte | hospital* clinic clinics doctors nhs
Banken | banks | bank banken sparkasse* zentralbank | bank banks lender lenders
Versicherungen | insurance | versicherer* versicherung* | insurer* insurance
Telekommunikation | telecoms | telekom mobilfunk* glasfaser* 5g funkmast* | telecom* broadband fibre 5g mobile_network
Robotik | robotics | roboter* robotik | robot robots robotics
autonomes Fahren | self-driving cars | autonomes_fahren robotaxi* | self-driving robotaxi* driverless
Autos | cars | auto autos autobauer* autohersteller* | car cars carmaker* vehicle vehicles
Raumfahrt | space | satellit* raumfahrt* rakete* | satellite* rocket* spacecraft
Rüstung | defence | bundeswehr rüstung* verteidigung* militär* nato | defence army military nato pentagon navy
Medikamente | medicines | arzneimittel* medikament* pharma* wirkstoff* | drug drugs pharma* medicine* vaccine*
Landwirtschaft | farming | landwirt* bauernhof* ernte* landwirtschaft* milch kühe bauern | farm farms farmer farmers farming harvest cows dairy
Verwaltung | public administration | verwaltung* behörde* landratsamt | civil_service public_sector town_hall administration
Kommunalpolitik | local politics | gemeinderat* stadtrat* bürgermeister* kreistag* rathaus | council councillor* mayor town_hall alderm*
öffentliches Geld | public money | steuer* haushalt* gewerbesteuer* subvention* | tax taxes budget subsid*
Grundstücke | land | grundstück* acker hektar flächen | acres hectares farmland square_feet
Wohnungen | housing | miete* wohnung* mieter* | housing tenants flats
Verkehr | traffic | verkehr* bahn bahnhof* straßenbahn* fahrplan* bus busse autobahn* sperrung | traffic rail railway bus buses roadworks ferry timetable train_station motorway
Fußball | football | fußball* kreisliga* elfmeter | football striker
Handball | handball | handball* | handball
Sport | sport | sport* radrennen marathon* tennis | cricket rugby tennis marathon fell_race athletes
Wetter | weather | wetter* regen schnee gewitter* sturm* | weather rain snow storm storms drizzle
Essen | food | restaurant* rezept* koch köchin küche wirt wirtin bäcker* gasthaus* konditor* | restaurant* recipe* bakery diner pie
Musik | music | musik* orchester* chor konzert* sänger* | music orchestra choir concert singer band
Theater oder Film | stage or film | theater* filmfest* kino schauspiel* regisseur* | theatre cinema filmmaker*
Bücher | books | buch bücher roman autor autorin bibliothek* | books novel novels library
Ausstellungen | exhibitions | museum museums* ausstellung* | museum exhibition gallery collection
Tiere | animals | hund hunde katze* vogel vögel zoo tierheim* wolf storch* bienen pferde | dogs cats bird birds zoo bees sheep horse horses
Natur | nature | garten gärten wald wälder naturschutz* | gardens woodland wildlife
Reisen | travel | urlaub* reise reisen tourist* | holiday travel tourists
Feste | fairs | feuerwehrfest weihnachtsmarkt kirmes volksfest | village_hall fete parade
Geschichte | history | historiker* | historian*
Computerspiele | computer games | computerspiel* gamer grafikkarte* konsole* | video_game* gamers gaming console
Geräte | devices | smartphone* notebook* laptop* tablet* | smartphone* laptop* tablet headset*
Handel | retail | supermarkt* einzelhandel* onlinehandel* | supermarket* retailer* grocery
Logistik | logistics | logistik* spedition* hafen container* lkw | logistics warehouse* port container truck trucks shipping
Sicherheit im Netz | cyber security | it-sicherheit* cyber* hacker* schadsoftware verschlüssel* | cyber* ransomware encryption hackers
Kredite | loans | zins* kredit* anleihe* | interest_rate* loan loans bond bonds debt
Preise | prices | preis preise preiserhöhung* teurer rabatt* | price prices pricing discount*
Ausbildung | training for work | ausbildung* azubi* lehrling* | apprentic* internship* bootcamp trainees
Medien | media | zeitung* redaktion* rundfunk* journalist* | newspaper* newsroom broadcaster* journalist* podcast
kirchliches Leben | church life | kirche* pfarrer* gottesdienst* orgel gemeindehaus | church vicar parish organ
Gesundheit | health | gesundheit* patient* | healthcare patients
die Polizei | the police | polizei* kriminal* | police detectives
Künstliches Bildmaterial | synthetic images | deepfake* bildgenerator* | deepfake* image_generator*
"""


def _subjects() -> tuple[Subject, ...]:
    rows = [row.split("|") for row in _ROWS.strip().splitlines()]
    return tuple(
        Subject(
            named={"de": german.strip(), "en": english.strip()},
            de=de.strip(),
            en=en.strip(),
        )
        for german, english, de, en in rows
    )


SUBJECTS = _subjects()
#: By language, in the order of `SUBJECTS`.
SUBJECT_WORDS = {
    "de": tuple(words(one.de) for one in SUBJECTS),
    "en": tuple(words(one.en) for one in SUBJECTS),
}
