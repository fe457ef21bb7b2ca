"""Organisations that no list knows are found by what stands around them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.stages.mentions import find_unknown
from newsbot.stages.organisations import load_organisations
from newsbot.stages.words import tokens
from newsbot.types import OrganisationMention

GAZETTEER = load_organisations()


def unknown(text: str) -> list[str]:
    """Distinct names that no list knows, in order."""
    mentions = find_unknown(text, GAZETTEER.find(text))
    return list(dict.fromkeys(mention.name for mention in mentions))


GERMAN = [
    ("Der Münchner KI-Entwickler Zelvaro sprach mit Kunden.", "Zelvaro"),
    ("Das Start-up Tarnwerk sammelt Geld ein.", "Tarnwerk"),
    ("Das Start-up Hexlin und Nvidia entwickeln einen Chip.", "Hexlin"),
    (
        "Microsoft mietet Kapazität beim Betreiber Kaltwasser Compute.",
        "Kaltwasser Compute",
    ),
    ("Die Flussau Cloud GmbH liefert die Rechner.", "Flussau Cloud"),
    ("Der Vertrag wurde von der Rundholz AG unterzeichnet.", "Rundholz"),
    ("Brenntal-Chef Uwe Lauk widersprach.", "Brenntal"),
    ("Eine Brenntal-Sprecherin bestätigte das.", "Brenntal"),
    ("OpenGrid baut in Hessen ein Rechenzentrum.", "OpenGrid"),
    ("Das Vorhaben führt NordKI an.", "NordKI"),
    ("Quarzberg will bis 2030 investieren.", "Quarzberg"),
    ("Gestern teilte Quarzberg mit, der Vertrag gelte. Quarzberg zahlt.", "Quarzberg"),
    (
        "Zwischen Oracle und Fennmoor gibt es einen Vertrag. Fennmoor zahlt bar.",
        "Fennmoor",
    ),
    ("Nvidia und Tannrode planen eine Fabrik.", "Tannrode"),
    ("Die Universität Warnfurt nutzt die Modelle.", "Universität Warnfurt"),
    (
        "Das Universitätsklinikum Saalbrück führt Assistenten ein.",
        "Universitätsklinikum Saalbrück",
    ),
    ("Die Stadtwerke Lemgo speisen Strom ein.", "Stadtwerke Lemgo"),
    ("Der Kanton Uri kauft Rechenzeit.", "Kanton Uri"),
    ("Die Moorland-Kliniken testen das System.", "Moorland-Kliniken"),
    ("Für die Förde-Cloud ist es der größte Auftrag.", "Förde-Cloud"),
    ("Ostwind Rechenzentren vermietet zwei Hallen an Meta.", "Ostwind Rechenzentren"),
    (
        "Das Weimarer Modellhaus Unstrut Modelle liefert Sprachmodelle.",
        "Unstrut Modelle",
    ),
    ("Die Seefeld Bank setzt auf Mistral.", "Seefeld Bank"),
    ("Der Versicherer Ankerstein schließt einen Vertrag mit Salesforce.", "Ankerstein"),
    ("Der Netzbetreiber Weserstrom und Google teilen sich das Gelände.", "Weserstrom"),
    ("Nvidia-Rivale Sorbix liefert die Karten.", "Sorbix"),
    ("Der Cloudanbieter Helmora gewinnt die Ausschreibung.", "Helmora"),
    ("Den Zuschlag erhielt das Unternehmen Varnhagen Systeme.", "Varnhagen Systeme"),
    ("Die Reederei Nordlicht lässt bei AWS rechnen.", "Nordlicht"),
    ("Kupferhain Labs trainiert künftig bei Hetzner.", "Kupferhain Labs"),
    ("Der Investor Greifental Capital beteiligt sich.", "Greifental Capital"),
    ("Arboris, eine Ausgründung aus Jena, liefert die Modelle.", "Arboris"),
    (
        "Die Software stammt vom Spezialisten Leandra Intelligence.",
        "Leandra Intelligence",
    ),
    (
        "Der Chiphersteller Vexion Semiconductors liefert aus Dresden.",
        "Vexion Semiconductors",
    ),
    ("Das KI-Labor Mirabel Labs zieht um.", "Mirabel Labs"),
    ("Stackit-Konkurrent Borealis Cloud steigt ein.", "Borealis Cloud"),
    (
        "Bundesministerium für Forschung und Oracle unterschreiben.",
        "Bundesministerium für Forschung",
    ),
    (
        "Die Technische Universität Ilmfeld forscht mit IBM.",
        "Technische Universität Ilmfeld",
    ),
    ("Bei Trasimo hieß es, der Vertrag laufe. Trasimo hat 80 Beschäftigte.", "Trasimo"),
    ("Grauhain verhandelt mit Oracle. Grauhains Aktie stieg.", "Grauhain"),
]

ENGLISH = [
    ("The cloud provider Quillon Compute said it would expand.", "Quillon Compute"),
    ("OpenAI agreed to rent capacity from Larkmoor, the companies said.", "Larkmoor"),
    ("Zelvaro said it would build a campus with Nvidia.", "Zelvaro"),
    ("A deal between Oracle and Fenwright was signed on Monday.", "Fenwright"),
    ("Start-up Tarnwell has raised money from Microsoft.", "Tarnwell"),
    ("OpenGrid will lease two halls.", "OpenGrid"),
    ("The contract with Ostrava Data runs for five years.", "Ostrava Data"),
    ("Estella Labs, a Lisbon developer of models, signed.", "Estella Labs"),
    ("The lender chose Copperfall for its models.", "Copperfall"),
    ("Brightmere Inc. will supply the chips.", "Brightmere"),
    ("Halvard Systems Ltd and IBM signed the contract.", "Halvard Systems"),
    ("The University of Tampere will train its model there.", "University of Tampere"),
    (
        "The Ministry of Digital Affairs signed with Mistral.",
        "Ministry of Digital Affairs",
    ),
    ("Kestrel Networks and AMD announced a partnership.", "Kestrel Networks"),
    ("Shares in Dunwall rose after Dunwall said it had signed.", "Dunwall"),
    ("Dunwall's chief executive declined to comment on Tuesday.", "Dunwall"),
    ("It will buy chips designed by Sorbix under the plan.", "Sorbix"),
    ("Norwegian start-up Bergvik Compute ordered chips.", "Bergvik Compute"),
    ("Microsoft will list the models of Catriona Voice.", "Catriona Voice"),
    ("The hospital group Marlowe Health adopts Gemini.", "Marlowe Health"),
    ("Redwick Hospital adopts the tools on Azure.", "Redwick Hospital"),
    ("Bluefell Capital led the financing.", "Bluefell Capital"),
    ("The parties are Nvidia and Ravensholm.", "Ravensholm"),
    ("CoreWeave will host models for Pellworm.", "Pellworm"),
    ("Ashgrove City Council will use the assistant.", "Ashgrove City Council"),
    ("Insurer Gullane picked Anthropic for claims.", "Gullane"),
    ("According to Meridale, the contract is worth $2bn.", "Meridale"),
    ("Thornbury Bank moves its agents to Google Cloud.", "Thornbury Bank"),
    ("The operator of the site, Caldera Data Parks, declined.", "Caldera Data Parks"),
    ("A spokesperson for Wexcombe confirmed the talks.", "Wexcombe"),
    ("Lumora Networks Inc has ended its contract with Oracle.", "Lumora Networks"),
    ("Chipmaker Vexion is to supply Lambda.", "Vexion"),
    ("SoftBank is backing Tidewell with $3bn.", "Tidewell"),
    ("For Nordvik Power it is the first such contract.", "Nordvik Power"),
    ("Talks with Iverna collapsed, and Iverna walked away.", "Iverna"),
    ("The Government of Malta chose AWS.", "Government of Malta"),
    ("QuantaForge and SAP extended their partnership.", "QuantaForge"),
    (
        "Oracle Signs Cloud Deal With Farrowgate Compute\n\nFarrowgate said so.",
        "Farrowgate Compute",
    ),
    ("The bank rejected Sablewood, a Dublin provider.", "Sablewood"),
    ("Stonehaven Robotics trains on TPUs.", "Stonehaven Robotics"),
]


@pytest.mark.parametrize("sentences", [GERMAN, ENGLISH], ids=["de", "en"])
def test_unknown_organisations_are_recalled(sentences):
    """Of made-up names in typical sentences at least nine in ten are found."""
    missed = [text for text, name in sentences if name not in unknown(text)]
    assert len(sentences) >= 40
    assert 1 - len(missed) / len(sentences) >= 0.9, missed


@pytest.mark.parametrize(
    "text",
    [
        "Geschäftsführerin Solveig Pätzold lobte den Vertrag.",
        "Der Aufsichtsrat tagt am Montag in Frankfurt.",
        "Die Rechenleistung reicht für das Training der Modelle.",
        "Die Kosten steigen, sagte ein Sprecher der Nachrichtenagentur dpa.",
        "Im März zahlte der Konzern zwei Milliarden Euro.",
        "Wenige Wochen später begann der Bau einer Halle.",
        "Chief executive Maria Holt said on Monday the price was fair.",
        "Judge Philippa Dunne adjourned the hearing in Boston until March.",
        "Reuters and Bloomberg reported the talks in January.",
        "It was a good week for New York and San Francisco.",
        "Analysts said demand was strong. Construction began in April.",
        "Sovereign AI needs power. Generative KI braucht Strom.",
        "",
    ],
)
def test_persons_places_and_plain_words_are_no_organisations(text):
    """What is clearly something else yields nothing."""
    assert unknown(text) == []


def test_a_short_form_carries_the_long_name():
    """ "Quillon" after "Quillon Compute" is the same organisation, also before it."""
    text = (
        "Quillon signs with Oracle\n\nQuillon Compute will rent chips. "
        "Quillon\u2019s shares rose, and Quillon said no more."
    )
    mentions = find_unknown(text, GAZETTEER.find(text))
    assert {mention.name for mention in mentions} == {"Quillon Compute"}
    assert [text[m.start : m.end] for m in mentions] == [
        "Quillon",
        "Quillon Compute",
        "Quillon",
        "Quillon",
    ]


def test_an_unknown_name_has_no_article_genitive_or_legal_form():
    """The name is the bare surface, however it is inflected."""
    text = "Der KI-Entwickler Zelvaro AG zahlt. Zelvaros Aktie stieg. Die Zelvaro AG"
    mentions = find_unknown(text, GAZETTEER.find(text))
    assert {mention.name for mention in mentions} == {"Zelvaro"}
    assert {text[m.start : m.end] for m in mentions} == {"Zelvaro"}
    assert {mention.kind for mention in mentions} == {"unknown"}
    assert len(mentions) == 3


def test_known_mentions_are_left_alone():
    """What the list found is never found again."""
    text = "Der Cloudanbieter Hetzner und der KI-Entwickler Zelvaro planen mit SAP."
    assert unknown(text) == ["Zelvaro"]


# --- bounds --------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "Nvidia", "Nvidias", "Metas", "Meta", "Arm", "Zelvaro AG", "Quillon Compute",
        "der", "die", "and", "zwischen", "of", "&", "-", "'s", "\u2019s", ".", "\n\n",
        "\u00a0", "Chef", "GmbH", "Deutschen Telekom", "Softwarekonzerns aus Redmond",
        "ChatGPT-Entwickler", "said", "Maria", "Universität", "e\u0301", "\u00ad", "_",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=40).map(" ".join),
    st.lists(PIECES, max_size=40).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_gives_sorted_disjoint_spans(text):
    """No text crashes; spans are in order, apart, inside the text, not empty."""
    known = GAZETTEER.find(text)
    fresh = find_unknown(text, known)
    for mentions in (known, fresh, sorted(known + fresh, key=lambda m: m.start)):
        end = 0
        for mention in mentions:
            assert end <= mention.start < mention.end <= len(text)
            assert mention.name
            assert text[mention.start : mention.end].strip()
            end = mention.end


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_an_unknown_name_reads_back_or_begins_the_long_name(text):
    """An unknown's span is its name, or the first words of it."""
    for mention in find_unknown(text, GAZETTEER.find(text)):
        surface = [token.text for token in tokens(text[mention.start : mention.end])]
        name = [token.text for token in tokens(mention.name)]
        assert name[: len(surface)] == surface


def seconds(text: str) -> float:
    """Best of three: both finders over a text."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        find_unknown(text, GAZETTEER.find(text))
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize(
    "piece",
    [
        "a", "A", "A ", "Aa ", "-", "a-", "A-", "&", "A & ", "\u0301", "\u00ad", " ",
        "\n", "'s", "Meta ", "Konzern aus ", "Deutsche ", "Amazon Web ", "University of ",
        "der Betreiber ", "Zelvaro Labs ", "Quillon said. ", "von A und ", "AG ", "_",
    ],
)  # fmt: skip
def test_hostile_repetition_stays_linear(piece):
    """Four times the text costs at most about four times the time, not sixteen."""
    short = (piece * 12_500)[:12_500]
    long = (piece * 50_000)[:50_000]
    assert seconds(long) <= 9 * seconds(short) + 0.02


def test_many_names_with_one_first_word_stay_linear():
    """Thousands of names that begin alike do not multiply."""

    def text(n: int) -> str:
        return " ".join(f"The provider Quillon X{i:05}a said so." for i in range(n))

    assert seconds(text(1200)) <= 9 * seconds(text(300)) + 0.02


def test_mentions_are_the_shared_type():
    """Both finders return the project's own mention type."""
    text = "Nvidia und der KI-Entwickler Zelvaro"
    known = GAZETTEER.find(text)
    both = [*known, *find_unknown(text, known)]
    assert len(both) == 2
    assert all(isinstance(mention, OrganisationMention) for mention in both)
