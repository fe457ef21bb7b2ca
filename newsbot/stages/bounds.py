"""How firm is a figure?

In: the tokens of a text and where a quantity stands in them.
Out: its bound: "bis zu" is up_to, "more than" at_least, "rund" about, else exact.
"""

from collections.abc import Sequence

from newsbot.stages.numerals import BREAK, GLUED, HYPHENS, Token, at, listed
from newsbot.vocabulary import Bound

_PHRASES: dict[tuple[str, ...], Bound] = {}
_BOUND_WORDS: dict[Bound, str] = {
    "up_to": "up to|as much as|as many as|as high as|bis zu|bis hin zu|bis|maximal|"
    "max|max .|höchstens|no more than|not more than|not exceeding|nicht mehr als|"
    "at most|at the most|maximum of|maximum|weniger als|less than|fewer than|under|"
    "below|unter|capped at|cap of|ceiling of|limit of|limited to|obergrenze von|"
    "obergrenze bei|deckel von|deckel bei|limit von|maximum von|gedeckelt auf|"
    "gedeckelt bei|begrenzt auf|maximal bis zu|<|≤|upto|unterhalb von|maximalwert von|"
    "can reach|could reach|may reach|might reach",
    "at_least": "at least|more than|over|mehr als|mindestens|wenigstens|zumindest|"
    "upwards of|upward of|north of|above|beyond|exceeding|exceeds|exceed|"
    "in excess of|no less than|no fewer than|not less than|nicht weniger als|"
    "minimum of|a minimum|minimum|min .|mind .|über|oberhalb von|jenseits von|"
    "jenseits der|jenseits|minimum von|übersteigt|übersteigen|überschreitet|"
    "topping|surpassing|>|≥|greater than|larger than|grösser als|upwards of about",
    "about": "about|around|roughly|approximately|approx|approx .|some|nearly|almost|"
    "circa|ca|ca .|c .|close to|near|just under|just shy of|shy of|"
    "in the region of|in the order of|on the order of|of the order of|"
    "in the neighbourhood of|in the neighborhood of|estimated|an estimated|"
    "estimated at|rund|knapp|gut|etwa|ungefähr|zirka|fast|beinahe|nahezu|annähernd|"
    "schätzungsweise|geschätzt|geschätzte|geschätzten|an die|um die|grob|~|≈|"
    "in der grössenordnung von|grössenordnung von|knapp unter|so um die|or so|"
    "virtually|approaching|in etwa|gegen die|approximatively",
}
for _bound, _words in _BOUND_WORDS.items():
    for _phrase in _words.split("|"):
        _PHRASES[tuple(_phrase.split())] = _bound
_LONGEST = max(map(len, _PHRASES))
_AFTER: dict[tuple[str, ...], Bound] = {
    ("or", "more"): "at_least",
    ("oder", "mehr"): "at_least",
    ("und", "mehr"): "at_least",
    ("and", "more"): "at_least",
    ("or", "less"): "up_to",
    ("oder", "weniger"): "up_to",
    ("or", "so"): "about",
    ("at", "least"): "at_least",
    ("at", "most"): "up_to",
    ("+",): "at_least",
    ("-", "plus"): "at_least",
    ("plus",): "at_least",
    ("aufwärts",): "at_least",
}
#: May stand between a bound and its figure: "bis zu insgesamt 5 Mrd."
_FILLERS = frozenset(
    listed("""
    insgesamt zusammen weitere weiteren weiterer zusätzliche zusätzlichen
    zusätzlich nochmals noch total another additional further extra a an of
    einen eine einem einer ein jährlich umgerechnet zunächst the equivalent
    reported worth sage und schreibe stolze stolzen
""")
)
#: "Ein Vertrag über 5 Mrd. Euro" is worth just that; so end the nouns before "über".
_CONTRACT_ENDINGS = tuple(
    listed("""
    vertrag vertrags vertrages verträge verträgen auftrag auftrags auftrages
    aufträge aufträgen deal deals abkommen vereinbarung vereinbarungen kredit
    kredits kredite darlehen bestellung bestellungen order orders scheck
    rechnung finanzierung zusage zusagen paket pakt geschäft kontrakt kontrakte
    absichtserklärung anleihe tranche investition investitionen beteiligung
    fonds linie summe vertragsschluss auftrags investment rahmen erweiterung
    verlängerung bürgschaft kaufoption option betrag finanzspritze
    förderbescheid förderung zuschuss bescheid partnerschaft kauf verpflichtung
    liefervertrag abnahme runde lautet läuft lauten laufen gutschrift
""")
)
_DISPUTES = frozenset(
    listed("""
    dispute disputes row fight battle talks negotiations lawsuit deal control
    spat disagreement questions concerns doubts
""")
)
#: How far to look back, in tokens, for the contract that "über" belongs to.
_CLAUSE = 10


def _is_contract_over(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether "über" or "over" at an index belongs to a contract before it."""
    if tokens[index].folded == "over":
        return at(tokens, index - 1).folded in _DISPUTES
    for position in range(index - 1, max(index - _CLAUSE, -1), -1):
        token = tokens[position]
        if token.folded.endswith(_CONTRACT_ENDINGS):
            return True
        # A verb between them takes "über" for itself: "der Auftrag bringt über 5 Mrd."
        name = token.is_digits or token.text[0].isupper() or token.text in HYPHENS
        if not name and token.folded not in ("mit", "dem", "der", "den", "und", "des"):
            return False
    return False


def bound_before(tokens: Sequence[Token], index: int) -> tuple[Bound, int]:
    """Read the bound that ends before a token: "bis zu", "mehr als rund".

    "über" and "over" are none after a contract ("ein Vertrag über 5 Mrd. Euro"), nor
    is "up to" in "adds up to". Of two bounds the one that is not "about" holds.

    Returns:
        The bound and the index of its first word, *index* itself if there is none.
    """
    bound: Bound = "exact"
    first = position = index
    for _ in range(5):
        if at(tokens, position).gap == BREAK:
            break
        for size in range(min(_LONGEST, position), 0, -1):
            words = tuple(token.folded for token in tokens[position - size : position])
            if words in _PHRASES:
                break
        else:
            if at(tokens, position - 1).folded not in _FILLERS:
                break
            position -= 1
            continue
        position -= size
        over = words in (("über",), ("over",)) and _is_contract_over(tokens, position)
        adds = words == ("up", "to") and at(tokens, position - 1).folded[:3] == "add"
        if over or adds:
            break
        first = position
        if bound in ("exact", "about"):
            bound = _PHRASES[words]
    return bound, first


def bound_around(tokens: Sequence[Token], first: int, end: int) -> Bound:
    """Read the bound of the quantity in ``tokens[first:end]``, before or after it."""
    bound, _ = bound_before(tokens, first)
    if bound != "exact":
        return bound
    if at(tokens, end).gap == BREAK:
        return bound
    for size in (2, 1):
        words = tuple(token.folded for token in tokens[end : end + size])
        # "5 Mrd. Dollar + 2 Mrd. Dollar" is a sum, "$5bn+" a bound.
        if words in _AFTER and (words != ("+",) or tokens[end].gap == GLUED):
            return _AFTER[words]
    return bound
