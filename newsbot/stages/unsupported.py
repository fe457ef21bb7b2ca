"""What a summary says and its article does not: the noun of the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["figure", "name", "direction", "status", "language", "loop", "markup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """One thing that a summary must not say, and why."""

    kind: Kind
    #: As the summary has it.
    claim: str
    reason: str
