"""The pipelines on which docs/capacity_rules.md tries rules for the capacity, and what the ideal
queue loses in each: `results/published/capacity_rules.json` keeps that, as the replays take two
minutes.

    renew(queue_bench, capacities)  # writes the file
    known()[0].loss[64]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import numpy as np

from bqb.advice import pipeline as advice
from bqb.advice.capacity import LOOSE, TIGHT, measure_of
from bqb.advice.knee import Replayed, knee, loss
from bqb.advice.replay import Ideal, Outcome
from bqb.advice.scenario import write_scenario
from bqb.advice.wishes import Wishes
from bqb.data import published
from bqb.data.files import write_atomically
from bqb.data.rows import ResultError, Row, read_document
from bqb.schema import Fields

FILE = published.PUBLISHED / "capacity_rules.json"
REMEDY = "run ./scripts/generate"
SEEDS = (1, 2, 3)  # of the draws: losses are means over them
SERVICE_NS = 1000  # a consumer's mean work on a message
FAST_NS = 500  # the same between stalls
MESSAGE_BYTES = 64
CLOSED, OPEN, DROPS = "closed loop", "open loop", "open loop, drops"


@dataclass(frozen=True)
class Case:
    """A pipeline. `load`: of messages that are offered over those that the consumers can take.
    `burst`: messages that come at once. `stall_ns`: a pause of the consumer, as often as makes its
    mean work SERVICE_NS. `cv`: of the consumers' work, in a closed loop of the producers', too."""

    name: str
    loop: str
    load: float
    producers: int = 1
    consumers: int = 1
    cv: float = 1.0
    burst: int = 0
    stall_ns: int = 0

    @property
    def msgs_per_ns(self) -> float:
        """That pass through a queue that is never full."""
        return min(self.load, 1) * self.consumers / SERVICE_NS


BURSTS, BURST_LOADS = (10, 50, 1000), (0.5, 0.9)
SHAPES = ((4, 1), (1, 4), (8, 8))
CASES = (
    Case("equal pace", CLOSED, 1),
    Case("slow consumer, half the producer's pace", CLOSED, 2),
    Case("slow producer, half the consumer's pace", CLOSED, 0.5),
    Case("equal pace, lognormal work of cv 4", CLOSED, 1, cv=4),
    *(Case(f"equal pace, {p}P{c}C", CLOSED, 1, p, c) for p, c in SHAPES),
    *(Case(f"bursts of {n:,}", CLOSED, load, burst=n) for n in BURSTS for load in BURST_LOADS),
    *(Case("Poisson", OPEN, load) for load in (0.5, 0.8, 0.95)),
    Case("Poisson, lognormal work of cv 4", OPEN, 0.8, cv=4),
    *(Case(f"Poisson, {p}P{c}C", OPEN, 0.8, p, c) for p, c in SHAPES),
    *(Case(f"bursts of {n:,}", OPEN, load, burst=n) for n in BURSTS for load in BURST_LOADS),
    *(
        Case(f"Poisson, the consumer stalls for {ms} ms", OPEN, load, stall_ns=ms * 1_000_000)
        for ms in (1, 10)
        for load in BURST_LOADS
    ),
    *(Case("Poisson", DROPS, load) for load in (0.8, 0.95, 1.5)),
    Case("bursts of 50", DROPS, 0.9, burst=50),
    Case("Poisson, the consumer stalls for 1 ms", DROPS, 0.5, stall_ns=1_000_000),
)


def pipeline_of(case: Case) -> advice.Pipeline:
    """The pipeline as the advisor has it."""
    gap_ns = SERVICE_NS / (case.load * case.consumers)  # over all producers
    is_closed = case.loop == CLOSED
    producer = advice.Times(
        gap_ns * case.producers if is_closed else gap_ns,
        0.0 if case.burst else case.cv if is_closed else 1.0,
        case.burst,
    )
    threads = case.producers + case.consumers
    return advice.Pipeline(
        Wishes(),
        (),
        not is_closed,
        case.producers,
        case.consumers,
        producer,
        advice.Times(
            SERVICE_NS, case.cv, trace=_stalling(case.stall_ns) if case.stall_ns else None
        ),
        case.loop == DROPS,
        MESSAGE_BYTES,
        threads,
        threads,
        "some",
    )


def _stalling(stall_ns: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """From one stall to the next."""
    times = np.full(round(stall_ns / (SERVICE_NS - FAST_NS)), float(FAST_NS))
    times[-1] += stall_ns
    return times


# ------------------------------------------------------------------------------------ the file


@dataclass(frozen=True)
class Known:
    """What the ideal queue loses in a pipeline, as shares of what its loop is measured by."""

    case: Case
    tight: int  # the smallest capacity that loses at most 1 %
    loose: int  # 5 %
    tight_of_draws: list[int]  # of each draw by itself
    loss: dict[int, float]  # by capacity


DOCUMENT: Fields = {"pipelines": ("[pipeline]", True)}
OBJECTS: dict[str, Fields] = {
    "pipeline": {
        "case": ("case", True),
        "knee_1_pct": ("count", True),
        "knee_5_pct": ("count", True),
        "knee_1_pct_of_draws": ("[count]", True),
        "loss": ("{number}", True),
    },
    "case": {
        **{name: ("text", True) for name in ("name", "loop")},
        **{name: ("number", True) for name in ("load", "cv")},
        **{name: ("count", True) for name in ("producers", "consumers", "burst", "stall_ns")},
    },
}


def known(path: Path = FILE) -> tuple[Known, ...]:
    """Of all cases, in their order. Raises ResultError where the file is of others."""
    rows = read_document(path, DOCUMENT, REMEDY, OBJECTS)["pipelines"]
    found = tuple(
        Known(
            Case(**row["case"]),
            row["knee_1_pct"],
            row["knee_5_pct"],
            row["knee_1_pct_of_draws"],
            {int(capacity): share for capacity, share in row["loss"].items()},
        )
        for row in rows
    )
    if tuple(each.case for each in found) != CASES:
        raise ResultError(f"{path}: is of other pipelines than the page; {REMEDY}")
    return found


Capacities = Callable[[Case], Collection[int]]


def renew(program: Path, capacities: Capacities, path: Path = FILE) -> None:
    """Replays every case, and writes the file."""
    document = {"pipelines": list(replayed(program, CASES, capacities))}
    write_atomically(path, (json.dumps(document, indent=1) + "\n").encode())


def replayed(program: Path, cases: Iterable[Case], capacities: Capacities) -> Iterable[Row]:
    """The row of each case, with the losses at these capacities."""
    for case in cases:
        with TemporaryDirectory() as folder:
            pipeline = pipeline_of(case)
            file = write_scenario(Path(folder), pipeline, [1])
            draws = [Ideal(program, file, seed) for seed in SEEDS]
            yield row_of(case, draws, sorted(capacities(case)))


class Mean:
    """The mean of several draws, as `knee` takes it."""

    def __init__(self, draws: Sequence[Replayed]):
        self._draws = draws
        self.rho = draws[0].rho
        self.unbounded = _mean([draw.unbounded for draw in draws])

    def at(self, capacities: Sequence[int]) -> list[Outcome]:
        return [_mean(each) for each in zip(*(draw.at(capacities) for draw in self._draws))]


def _mean(outcomes: Sequence[Outcome]) -> Outcome:
    names = ("ns_per_msg", "blocked_share", "dropped_share", "wait_mean_ns")
    means = (fmean(getattr(outcome, name) for outcome in outcomes) for name in names)
    return Outcome(outcomes[0].capacity, *means, None)


def row_of(case: Case, draws: Sequence[Replayed], capacities: list[int]) -> Row:
    measure, ideal = measure_of(pipeline_of(case)), Mean(draws)
    losses = {
        str(outcome.capacity): round(loss(ideal, measure, outcome), 6)
        for outcome in ideal.at(capacities)
    }
    return {
        "case": asdict(case),
        "knee_1_pct": knee(ideal, measure, TIGHT),
        "knee_5_pct": knee(ideal, measure, LOOSE),
        "knee_1_pct_of_draws": [knee(draw, measure, TIGHT) for draw in draws],
        "loss": losses,
    }
