"""The queue and the capacity that a run of a pipeline's scenario shows to be right.

    choice = choose(run, 64, Measure.TIME)
    choice.queue, choice.capacity, choice.is_decided

A capacity is measured beside a quarter and four times of it: a real queue may need more than the
ideal one, as it wakes threads. The queue is judged at one capacity, by the run's own verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bqb.advice.knee import Measure
from bqb.data.load import load_run
from bqb.data.model import Point, Run
from bqb.stats import judging, verdicts
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST, THROUGHPUT
from bqb.stats.decisions import Decision, Need, decisions_of
from bqb.stats.summaries import Estimate, estimate, summarise
from bqb.stats.verdicts import UNDECIDED

EXCESS_P99 = "excess_p99_ns"
# A capacity is too small where the queue loses more than this at it than at the largest measured.
MOST_CAPACITY_LOSS = 0.02
SAME = 0.01  # a spread that nobody notices


@dataclass(frozen=True)
class QueueRow:
    """A queue at the capacity. The estimates are None where a queue has no such number."""

    queue: str
    verdict: str  # take, equivalent, avoid (worse) or undecided
    judged: Estimate | None
    excess_p99_ns: Estimate | None
    cpu_ns_per_msg: Estimate | None


@dataclass(frozen=True)
class Choice:
    """`queue`: the one to take; where none is decided, the one with the lowest median. `spread`:
    how far all queues lie apart by what users feel (`spread_of`)."""

    point: Point
    capacity: int
    queue: str | None
    decision: Decision
    rows: tuple[QueueRow, ...]
    spread: float | None
    costs: tuple[tuple[int, float], ...]  # of the queue, at each measured capacity
    more_blocks: float  # that would decide it, about; 0 where it is decided, infinite if unknown

    @property
    def is_decided(self) -> bool:
        """Also where there is nothing to compare with."""
        is_alone = self.decision.no_verdict == judging.ONE_QUEUE
        return self.decision.take is not None or is_alone and self.queue is not None

    @property
    def is_all_the_same(self) -> bool:
        """Whether the queue does not matter: nobody would feel the difference."""
        return self.spread is not None and self.spread < SAME


def restricted(run: Run, points: Iterable[Point], queues: Collection[str]) -> Run:
    """A run as if nothing else had been measured."""
    names = {point.name for point in points}
    return replace(
        run,
        planned=tuple(
            (point, queue) for point, queue in run.planned if point in names and queue in queues
        ),
        problems=tuple(
            each for each in run.problems if each.point in names and each.queue in queues
        ),
        trials=tuple(each for each in run.trials if each.point in names and each.queue in queues),
    )


def choose(run: Run, wanted: int, measure: Measure) -> Choice:
    """Judges at `wanted`, or at the next larger measured capacity where the queue needs it."""
    points = sorted(run.points.values(), key=lambda point: point.capacity)
    larger = [point for point in points if point.capacity >= wanted] or points[-1:]
    for point in larger:
        choice = judge(run, point, points, measure)
        if choice.queue is None or point is larger[-1]:
            break
        if not _is_too_small(run, choice.queue, point, larger[-1], measure):
            break
    return choice


def undecided_point(folder: Path, wanted: int, measure: Measure) -> list[str]:
    """The point that a run in progress would choose, where it is not decided there."""
    verdicts.forget_runs()
    choice = choose(load_run(folder), wanted, measure)
    return [] if choice.is_decided or choice.decision.no_verdict else [choice.point.name]


def judge(run: Run, point: Point, points: Sequence[Point], measure: Measure) -> Choice:
    """The verdicts at one point."""
    (decision,) = decisions_of(run, [Need(point.name, point.name, "", point.name)])
    candidates = decision.equivalent + decision.undecided
    order = decision.verdict.order if decision.verdict else _by_median(run, point)
    leading = [queue for queue in order if queue in candidates] or list(order)
    queue = decision.take or (leading[0] if leading else None)
    return Choice(
        point,
        point.capacity,
        queue,
        decision,
        tuple(_row(run, point, each, decision) for each in order),
        spread_of(run, point, order),
        tuple(
            (other.capacity, cost)
            for other in points
            if queue and (cost := cost_of(run, other, queue, measure)) is not None
        ),
        more_blocks(decision),
    )


def _by_median(run: Run, point: Point) -> tuple[str, ...]:
    """The queues with a number, where no block was undisturbed and there are no verdicts."""
    found = {
        queue: summary.median
        for queue in judging.rankable(run, point)
        if (summary := summarise(run, point, queue, judging.headline(run, point)))
    }
    return tuple(sorted(found, key=found.__getitem__))


def spread_of(run: Run, point: Point, queues: Iterable[str]) -> float | None:
    """How far the queues lie apart, as a share of what users feel with the best of them: by their
    overhead of the time that a message takes; in an open loop by their excess of the mean sojourn
    time; where messages are dropped, by the share. None for less than two queues."""

    def medians(counter: str) -> list[float]:
        found = [summarise(run, point, queue, counter) for queue in queues]
        return [summary.median for summary in found if summary]

    if point.when_full == "drop":
        values, whole = medians("dropped_share"), 1.0
    elif point.open_loop:
        values, whole = medians(EXCESS), min(medians("sojourn_mean_ns"), default=0.0)
    else:
        values, whole = medians(LOST), 1e9 / max(medians(THROUGHPUT), default=math.inf)
    return (max(values) - min(values)) / whole if len(values) > 1 and whole > 0 else None


def _row(run: Run, point: Point, queue: str, decision: Decision) -> QueueRow:
    def of(counter: str) -> Estimate | None:
        summary = summarise(run, point, queue, counter)
        return summary.estimate if summary else None

    states = decision.verdict.states if decision.verdict else {}
    words = {"worse": "avoid"}
    state = states.get(queue, UNDECIDED)
    verdict = "take" if queue == decision.take else words.get(state, state)
    return QueueRow(
        queue,
        "" if decision.no_verdict else verdict,
        of(judging.headline(run, point)),
        of(EXCESS_P99),
        of(CPU_BEYOND_WORK),
    )


# --------------------------------------------------------------------------------------- capacity


def costs_by_round(run: Run, point: Point, queue: str, measure: Measure) -> dict[int, float]:
    """What a queue costs at a capacity in each round, disturbed blocks left out if others are
    there: ns per message, share of the producers' time inside push, or share of messages
    dropped."""
    trials = run.trials_of(point, queue)
    chosen = [trial for trial in trials if not trial.disturbed] or trials
    costs = {}
    for trial in chosen:
        blocked_ns, rate = trial.get("push_blocked_mean_ns"), trial.get(THROUGHPUT)
        if measure is Measure.TIME and rate:
            costs[trial.round] = 1e9 / rate
        elif measure is Measure.BLOCKED and blocked_ns is not None and rate:
            costs[trial.round] = blocked_ns * rate / 1e9 / point.producers
        elif measure is Measure.DROPPED and (share := trial.get("dropped_share")) is not None:
            costs[trial.round] = share
    return costs


def cost_of(run: Run, point: Point, queue: str, measure: Measure) -> float | None:
    """The median over the rounds."""
    costs = costs_by_round(run, point, queue, measure)
    return float(np.median(list(costs.values()))) if costs else None


def capacity_loss(
    run: Run, queue: str, small: Point, large: Point, measure: Measure
) -> Estimate | None:
    """How much more a queue costs at one capacity than at another, as a share, paired by round."""
    here, there = (costs_by_round(run, point, queue, measure) for point in (small, large))
    both = sorted(here.keys() & there.keys())
    if measure is Measure.TIME:
        return estimate([here[number] / there[number] - 1 for number in both])
    return estimate([here[number] - there[number] for number in both])


def _is_too_small(run: Run, queue: str, small: Point, large: Point, measure: Measure) -> bool:
    """Whether a queue is shown to lose at a capacity: by more than is allowed, and not by noise."""
    found = capacity_loss(run, queue, small, large, measure)
    return bool(found and found.median > MOST_CAPACITY_LOSS and (found.low or 0.0) > 0)


# --------------------------------------------------------------------------------------- decisions


def more_blocks(decision: Decision) -> float:
    """About how many more blocks would decide: the interval of a median shrinks with the root of
    their number, and must come down to the margin."""
    verdict = decision.verdict
    if decision.take or decision.no_verdict == judging.ONE_QUEUE:
        return 0.0
    if verdict is None or decision.no_verdict:
        return math.inf
    best = verdict.medians[verdict.order[0]]
    margin = float(verdict.margin.between(np.array(best), np.array(best)))
    if not math.isfinite(verdict.resolution):
        return float(max(12 - verdict.blocks, 6))
    reach = max(verdict.resolution - margin, 0.0)
    return verdict.blocks * max(1.0, (reach / margin) ** 2) if margin > 0 else math.inf
