"""The tables of docs/capacity_rules.md: rules for the capacity that people state, and what they
lose and waste in the pipelines of capacity_pipelines.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bqb.data.rows import ResultError
from bqb.pages import capacity_pipelines
from bqb.pages.capacity_pipelines import (
    FAST_NS,
    FILE,
    MESSAGE_BYTES,
    REMEDY,
    SERVICE_NS,
    Case,
    Known,
)
from bqb.pages.marks import generated
from bqb.pages.words import percent, table
from bqb.report.units import format_ns

L3_BYTES = 32 * 2**20
MOST_LOSS = 0.05  # that a rule may cost
MOST_MEMORY = 10  # times the smallest capacity that loses at most 1 %


@dataclass(frozen=True)
class Rule:
    """`capacity`: of a pipeline; None where the rule says nothing of it."""

    name: str
    source: str  # a link
    reading: str  # how its words became a number
    capacity: Callable[[Case], int | None]


def _github(repository: str, kind: str, number: int) -> str:
    short = repository.split("/")[1]
    return f"[{short}#{number}](https://github.com/{repository}/{kind}/{number})"


def _rate_times_stall(case: Case) -> int | None:
    return math.ceil(case.msgs_per_ns * case.stall_ns) or None


def _rate_times_latency_or_burst(case: Case) -> int:
    return max(math.ceil(0.5 * case.msgs_per_ns * SERVICE_NS), case.burst)


RULES = (
    Rule(
        "one or none",
        "[Uber Go Style Guide](https://github.com/uber-go/guide/blob/master/style.md"
        "#channel-size-is-one-or-none)",
        "1: these queues have no capacity 0",
        lambda case: 1,
    ),
    Rule(
        "as many as workers",
        "[100 Go Mistakes #67](https://100go.co/#being-puzzled-about-channel-size-67)",
        "the number of producers: its workers send",
        lambda case: case.producers,
    ),
    Rule(
        "at least one a consumer",
        _github("tzcnt/TooManyCooks", "issues", 151),
        "the number of consumers: the least that it allows",
        lambda case: case.consumers,
    ),
    Rule("10", _github("risingwavelabs/risingwave", "issues", 3024), "10", lambda case: 10),
    Rule("64", _github("restatedev/restate", "issues", 389), "64", lambda case: 64),
    Rule(
        "max(0.5 × rate × latency, burst)",
        _github("deventlab/d-engine", "issues", 55),
        "latency: the mean work on a message; burst: messages that come at once",
        _rate_times_latency_or_burst,
    ),
    Rule(
        "rate × longest stall",
        _github("firezone/firezone", "pull", 14396),
        "only where the consumer stalls; rate: of the arrivals",
        _rate_times_stall,
    ),
    Rule(
        "fits in L3",
        _github("LMAX-Exchange/disruptor", "issues", 424) + ", of the Disruptor's FAQ",
        f"{L3_BYTES // 2**20} MiB of messages of {MESSAGE_BYTES} bytes",
        lambda case: L3_BYTES // MESSAGE_BYTES,
    ),
)


def capacities(case: Case) -> set[int]:
    """Those of all rules."""
    return {capacity for rule in RULES if (capacity := rule.capacity(case))}


def is_current() -> bool:
    """Whether the file has what the tables need."""
    try:
        return all(capacities(each.case) <= each.loss.keys() for each in known_of())
    except (OSError, ResultError):
        return False


def renew(program: Path) -> None:
    """Replays the pipelines with this queue_bench, and writes the file."""
    capacity_pipelines.renew(program, capacities)
    for cached in (known_of, *PARTS):
        cached.cache_clear()  # type: ignore[attr-defined]


@cache
def known_of() -> tuple[Known, ...]:
    return capacity_pipelines.known()


# --------------------------------------------------------------------------------------- scores


@dataclass(frozen=True)
class Try:
    """A rule in a pipeline. `memory`: times the smallest capacity that loses at most 1 %."""

    number: int  # of the pipeline, from 1
    capacity: int
    loss: float
    memory: float

    @property
    def loses(self) -> bool:
        return self.loss > MOST_LOSS

    @property
    def wastes(self) -> bool:
        return self.memory > MOST_MEMORY

    @property
    def is_right(self) -> bool:
        return not self.loses and not self.wastes


def tries(rule: Rule, pipelines: Sequence[Known]) -> list[Try]:
    """In the pipelines of which the rule says something. Raises ResultError where the loss at its
    capacity is not known."""
    found = []
    for number, each in enumerate(pipelines, start=1):
        capacity = rule.capacity(each.case)
        if capacity is None:
            continue
        if capacity not in each.loss:
            raise ResultError(f"{FILE}: has no capacity {capacity} of a pipeline; {REMEDY}")
        found.append(Try(number, capacity, each.loss[capacity], capacity / each.tight))
    return found


# --------------------------------------------------------------------------------------- tables


@generated
def capacity_rules() -> str:
    """A line a rule."""
    heads = (
        "rule",
        "source",
        "read as",
        "right in",
        "loses more than 5 % in",
        "worst loss",
        "wastes memory in",
        "most memory",
    )
    return table(heads, [_row(rule, tries(rule, known_of())) for rule in RULES])


def _row(rule: Rule, scores: list[Try]) -> list[str]:
    losing = [each for each in scores if each.loses]
    wasting = [each for each in scores if each.wastes]
    return [
        rule.name,
        rule.source,
        rule.reading,
        f"{sum(each.is_right for each in scores)} of {len(scores)}",
        f"{len(losing)}: {_ranges(losing)}" if losing else "none",
        _worst(losing, lambda each: each.loss, lambda each: f"{percent(each.loss)} %"),
        f"{len(wasting)}: {_ranges(wasting)}" if wasting else "none",
        _worst(wasting, lambda each: each.memory, lambda each: f"{each.memory:,.0f} ×"),
    ]


def _worst(scores: list[Try], key: Callable[[Try], float], words: Callable[[Try], str]) -> str:
    if not scores:
        return ""
    worst = max(scores, key=key)
    return f"{words(worst)} (no. {worst.number})"


def _ranges(scores: list[Try]) -> str:
    """1–4, 7: the numbers of the pipelines."""
    runs: list[list[int]] = []
    for each in scores:
        if runs and runs[-1][-1] == each.number - 1:
            runs[-1].append(each.number)
        else:
            runs.append([each.number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


@generated
def capacity_knees() -> str:
    """A line a pipeline."""
    heads = ("no.", "loop", "pipeline", "load", "1 % knee", "of single draws", "5 % knee")
    return table(
        heads,
        [
            [
                str(number),
                each.case.loop,
                each.case.name,
                f"{each.case.load:g}",
                f"{each.tight:,}",
                _span(each.tight_of_draws),
                f"{each.loose:,}",
            ]
            for number, each in enumerate(known_of(), start=1)
        ],
    )


def _span(numbers: Sequence[int]) -> str:
    ends = dict.fromkeys((min(numbers), max(numbers)))
    return "–".join(f"{end:,}" for end in ends)


def is_right(capacity: int, pipeline: Known) -> bool:
    """Whether a capacity loses little and wastes little, by the knees."""
    return pipeline.loose <= capacity <= MOST_MEMORY * pipeline.tight


@generated
def capacity_best_number() -> str:
    """The fixed capacity that is right in the most pipelines, the smallest of several."""
    pipelines = known_of()

    def right(capacity: int) -> int:
        return sum(is_right(capacity, each) for each in pipelines)

    # The count grows only where a capacity reaches a knee.
    best = max(sorted(each.loose for each in pipelines), key=right)
    return f"{best:,}, is right in {right(best)} of {len(pipelines)}"


@generated
def capacity_knee_range() -> str:
    knees = [each.tight for each in known_of()]
    return f"from {min(knees):,} to {max(knees):,}"


@generated
def capacity_service_time() -> str:
    return format_ns(SERVICE_NS)


@generated
def capacity_fast_time() -> str:
    return format_ns(FAST_NS)


# Each reads the file once a process.
PARTS = (capacity_rules, capacity_knees, capacity_best_number, capacity_knee_range)
