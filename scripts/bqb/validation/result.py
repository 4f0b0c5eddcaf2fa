"""A figure against theory, and validation.json, which holds all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field
from pathlib import Path

from bqb.data.rows import Row, read_document
from bqb.schema import Fields

FILE = "validation.json"
RATES = ("throughput", "ideal")  # figures of messages passed, as shares of the consumers' pace


@dataclass(frozen=True)
class Comparison:
    """A figure against theory. Values are in the figure's unit (see above), `off` and `allowed`
    too: how far the measured value is above theory at the realised rates, above theory at the rates
    as drawn, above the replay."""

    part: str
    title: str
    point: str
    producers: int
    consumers: int
    capacity: int
    drawn_rho: float
    open_loop: bool
    figure: str  # throughput, ideal (that of the replayed ideal queue), mean, p50, p99
    rho: float = math.nan  # realised
    theory: float = math.nan  # at the realised rates
    measured: float = math.nan
    low: float = math.nan  # 95% interval of `measured`
    high: float = math.nan
    # Standard error to expect by theory of `measured`, or else that between the blocks.
    error: float = math.nan
    blocks: int = 0
    disturbed: int = 0  # blocks among them
    off: dict[str, float] = field(default_factory=dict)
    allowed: dict[str, float] = field(default_factory=dict)
    trouble: str = ""  # why there is nothing to compare, or too little
    robbed: bool = False  # of their cores, but for too few of its trials: shown, not judged

    @property
    def is_rate(self) -> bool:
        """Whether it is one of messages passed, no wait."""
        return self.figure in RATES

    @property
    def judged(self) -> bool:
        """Whether it has a verdict; else it is only shown."""
        return bool(self.allowed or self.trouble)

    @property
    def beyond(self) -> list[str]:
        """What the measured value is too far from."""
        return [
            name
            for name, allowed in self.allowed.items()
            if not abs(self.off.get(name, math.inf)) <= allowed
        ]

    @property
    def passed(self) -> bool:
        return not self.trouble and not self.beyond


def as_json(
    comparisons: Sequence[Comparison], faults: Sequence[str], machine: Sequence[str] = ()
) -> dict:
    """All that the table and the figure are made of. Numbers that are none are null."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return None if isinstance(value, float) and not math.isfinite(value) else value

    rows = [
        {**plain(asdict(each)), "beyond": each.beyond, "passed": each.passed}
        for each in comparisons
    ]
    return {
        "passed": passed(comparisons, faults),
        "faults": list(faults),
        "machine": list(machine),
        "comparisons": rows,
    }


# The types of validation.json (data/fields.py).
DOCUMENT: Fields = {
    "passed": ("flag", True),
    "faults": ("[text]", True),
    "machine": ("[text]", False),
    "comparisons": ("[comparison]", True),
}
TYPES = {"str": "text", "int": "count", "bool": "flag", "float": "number?"}
COMPARISON: Fields = {
    **{
        name: (TYPES.get(str(member.type), "{number?}"), member.default is MISSING)
        for name, member in Comparison.__dataclass_fields__.items()
        if name not in ("off", "allowed")
    },
    "off": ("{number?}", True),
    "allowed": ("{number?}", True),
    "beyond": ("[text]", True),
    "passed": ("flag", True),
}


def read(folder: Path) -> Row:
    """The validation.json in a folder. Raises ResultError and OSError."""
    remedy = "make it again with ./scripts/validate --out DIR"
    return read_document(folder / FILE, DOCUMENT, remedy, {"comparison": COMPARISON})


def from_json(document: dict) -> list[Comparison]:
    """The comparisons that `as_json` wrote."""

    def number(key: str, value):
        if isinstance(value, dict):
            return {name: number(key, each) for name, each in value.items()}
        return math.nan if value is None else value

    known = Comparison.__dataclass_fields__
    return [
        Comparison(**{key: number(key, value) for key, value in row.items() if key in known})
        for row in document["comparisons"]
    ]


def passed(comparisons: Sequence[Comparison], faults: Sequence[str]) -> bool:
    return bool(comparisons) and not faults and all(each.passed for each in comparisons)


def score(comparisons: Sequence[Comparison]) -> tuple[int, int]:
    """How many figures agree, of how many that are judged."""
    judged = [each for each in comparisons if each.judged]
    return sum(each.passed for each in judged), len(judged)


def agreement(comparisons: Sequence[Comparison]) -> str:
    """The score in words, and how many figures have no verdict."""
    good, judged = score(comparisons)
    unjudged = len(comparisons) - judged
    return f"{good} of {judged} figures agree" + (f", {unjudged} not judged" if unjudged else "")
