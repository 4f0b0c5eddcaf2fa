"""The queue and the capacity that a run of a pipeline's scenario shows to be right.

    choice = choose(run, 64, Measure.TIME)
    choice.queue, choice.capacity, choice.is_decided

A capacity is measured beside others, up to the largest that is allowed: a real queue may need many
times of what is enough for the ideal one, as it wakes threads. The queue is judged at one capacity,
by the run's own verdicts.
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
from bqb.schema import DEFAULT_ROUNDS
from bqb.stats import judging, verdicts
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST, THROUGHPUT
from bqb.stats.decisions import Decision, Need, decisions_of, preference, without_burners
from bqb.stats.summaries import Estimate, summarise
from bqb.stats.verdicts import UNDECIDED

EXCESS_P99 = "excess_p99_ns"
# A capacity is too small where the queue loses more than this beyond the best larger one, and loses
# at all in so many of the rounds.
MOST_CAPACITY_LOSS, ROUNDS_THAT_LOSE = 0.02, 0.75
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
    sojourns_ns: tuple[tuple[int, float], ...]  # the same of the mean sojourn time; open loops
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
    """Judges at `wanted`, or at the smallest larger capacity that is enough for the queue."""
    points = sorted(run.points.values(), key=lambda point: point.capacity)
    larger = [point for point in points if point.capacity >= wanted] or points[-1:]
    for point in larger:
        choice = judge(run, point, points, measure)
        if choice.queue is None:
            break
        beyond = [other for other in larger if other.capacity > point.capacity]
        if not is_too_small(run, choice.queue, point, beyond, measure):
            break
    return choice


def undecided_point(folder: Path, wanted: int, measure: Measure) -> list[str]:
    """The point that a run in progress would choose, where it is not decided there. One queue has
    nothing to decide, and gets the usual number of rounds."""
    verdicts.forget_runs()
    run = load_run(folder)
    choice = choose(run, wanted, measure)
    if choice.decision.no_verdict == judging.ONE_QUEUE and choice.queue:
        is_done = len(run.trials_of(choice.point, choice.queue)) >= DEFAULT_ROUNDS
    else:
        is_done = choice.is_decided or bool(choice.decision.no_verdict)
    return [] if is_done else [choice.point.name]


def judge(run: Run, point: Point, points: Sequence[Point], measure: Measure) -> Choice:
    """The verdicts at one point."""
    (decision,) = decisions_of(run, [Need(point.name, point.name, "", point.name)])
    decision = with_felt_take(run, point, decision)
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
        tuple(
            (other.capacity, summary.median)
            for other in points
            if queue and (summary := summarise(run, other, queue, "sojourn_mean_ns"))
            if other.open_loop
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


def felt_shares(run: Run, point: Point, queues: Iterable[str]) -> dict[str, float]:
    """How much more each queue costs than the best of them, as a share of what users feel with the
    best: by its overhead of the time that a message takes; in an open loop by its excess of the
    mean sojourn time; where messages are dropped, by the share. Queues without a number are left
    out."""

    def medians(counter: str) -> dict[str, float]:
        found = {queue: summarise(run, point, queue, counter) for queue in queues}
        return {queue: summary.median for queue, summary in found.items() if summary}

    if point.when_full == "drop":
        values, whole = medians("dropped_share"), 1.0
    elif point.open_loop:
        values = medians(EXCESS)
        whole = min(medians("sojourn_mean_ns").values(), default=0.0)
    else:
        values = medians(LOST)
        whole = 1e9 / max(medians(THROUGHPUT).values(), default=math.inf)
    best = min(values.values(), default=0.0)
    return {queue: (value - best) / whole for queue, value in values.items() if whole > 0}


def spread_of(run: Run, point: Point, queues: Iterable[str]) -> float | None:
    """How far the queues lie apart by what users feel. None for less than two queues."""
    shares = felt_shares(run, point, queues)
    return max(shares.values()) if len(shares) > 1 else None


def with_felt_take(run: Run, point: Point, decision: Decision) -> Decision:
    """Of the queues that are equivalent to the best and are not shown to burn more CPU, the
    simplest is taken only where nobody feels that it is not the best of them: the margin of a
    verdict may be a large part of a message that takes less than a microsecond."""
    if decision.take is None:
        return decision
    frugal = without_burners(run, point, decision.equivalent) or (decision.take,)
    shares = felt_shares(run, point, frugal)
    same = [queue for queue, share in shares.items() if share < SAME]
    return replace(decision, take=min(same, key=preference)) if same else decision


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


def capacity_losses(
    run: Run, queue: str, small: Point, large: Point, measure: Measure
) -> list[float]:
    """How much more a queue costs at one capacity than at another, as a share, by round."""
    here, there = (costs_by_round(run, point, queue, measure) for point in (small, large))
    both = sorted(here.keys() & there.keys())
    if measure is Measure.TIME:
        return [here[number] / there[number] - 1 for number in both]
    return [here[number] - there[number] for number in both]


def is_too_small(
    run: Run, queue: str, small: Point, larger: Sequence[Point], measure: Measure
) -> bool:
    """Whether the queue loses at a capacity against the best of larger ones."""
    every = [
        losses for point in larger if (losses := capacity_losses(run, queue, small, point, measure))
    ]
    if not every:
        return False
    worst = np.array(max(every, key=np.median))
    loses_at_all = (worst > 0).mean() >= ROUNDS_THAT_LOSE
    return bool(loses_at_all and np.median(worst) > MOST_CAPACITY_LOSS)


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
