"""Which queues are not significantly worse than the best: at a point, in a scenario, over a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bqb.data.model import Point, Run, Scenario
from bqb.stats.counters import EFFICIENCY_OF, EXCESS, LOST, NOMINAL_LOST, THROUGHPUT, unit_of
from bqb.stats.summaries import disturbed_share, estimate, paired_ratio, pairs, summarise
from bqb.stats.thresholds import (
    MAX_INFLATION_GAP,
    MAX_SHARE_GAP,
    MIN_VERDICT_BLOCKS,
    TIE_EVENTS_PER_MSG,
    TIE_NS,
    TIE_SHARE,
)


@lru_cache(maxsize=None)
def inflation_gap(run: Run, point: Point) -> float:
    """How much more one queue slows its users' work than another here, at least: the lower end of
    the interval of the largest inflation / the smallest - 1, paired within blocks. 0 where nothing
    differs, or nobody knows."""
    medians = {
        queue: summary.median
        for queue in run.queue_names(point.scenario)
        if (summary := summarise(run, point, queue, "work_inflation"))
    }
    if len(medians) < 2:
        return 0.0
    most, least = max(medians, key=medians.__getitem__), min(medians, key=medians.__getitem__)
    ratio = paired_ratio(run, point, most, least, "work_inflation")
    return max((ratio.median if ratio.low is None else ratio.low) - 1, 0.0) if ratio else 0.0


def headline(run: Run, point: Point) -> str:
    """The counter that a point is judged by: the one that its scenario names, or else the loss."""
    return run.scenarios[point.scenario].judged_by or loss_counter(run, point)


def more_is_better(run: Run, point: Point) -> bool:
    """Whether the queue with the highest headline is first."""
    scenario = run.scenarios[point.scenario]
    return scenario.more_is_better if scenario.judged_by else headline(run, point) == THROUGHPUT


@lru_cache(maxsize=None)
def loss_counter(run: Run, point: Point) -> str:
    """The counter that tells what is lost: lost ns, with nominal work times where the queues slow
    the work unequally (no queue slows a sleep: a timer that is late is not its doing); in an open
    loop the excess sojourn; throughput where no trial has a loss."""
    if point.open_loop:
        return EXCESS
    have = {
        name
        for queue in run.queue_names(point.scenario)
        for trial in run.trials_of(point, queue)
        for name in (LOST, NOMINAL_LOST)
        if trial.get(name) is not None
    }
    asleep = any(side.work == "sleep" for side in point.sides)
    if NOMINAL_LOST in have and (
        LOST not in have or (not asleep and inflation_gap(run, point) > MAX_INFLATION_GAP)
    ):
        return NOMINAL_LOST
    return LOST if LOST in have else THROUGHPUT


def rankable(run: Run, point: Point) -> list[str]:
    """Queues that may be first here: those with a bound and with a number."""
    return [
        queue
        for queue in run.queue_names(point.scenario)
        if run.queues.get(queue, {}).get("bound") != "none" and run.trials_of(point, queue)
    ]


@dataclass(frozen=True)
class Ranking:
    """Verdict at one point: `order` best first, `tied` the first and those not clearly worse.

    `no_verdict` says why `tied` must not be read as one; empty if it may."""

    counter: str
    order: tuple[str, ...]
    tied: tuple[str, ...]
    no_verdict: str = ""


def forget_runs() -> None:
    """Clears the caches: for a caller that reads a growing run repeatedly."""
    summarise.cache_clear()
    inflation_gap.cache_clear()
    loss_counter.cache_clear()
    rank.cache_clear()


@lru_cache(maxsize=None)
def rank(run: Run, point: Point) -> Ranking | None:
    """The queues that are not significantly worse than the best at a point; None if no bounded
    queue has a number."""
    counter = headline(run, point)
    medians = {
        queue: summary.median
        for queue in rankable(run, point)
        if (summary := summarise(run, point, queue, counter))
    }
    if not medians:
        return None
    more = more_is_better(run, point)
    order = sorted(medians, key=medians.__getitem__, reverse=more)
    tied = [
        queue
        for queue in order
        if not _clearly_worse(pairs(run, point, queue, order[0], counter), counter, more)
    ]
    return Ranking(counter, tuple(order), tuple(tied), _no_verdict(run, point, order, counter))


def _clearly_worse(both: list[tuple[float, float]], counter: str, more_is_better: bool) -> bool:
    """Whether (mine, best) pairs differ by more than the tie's margin with the whole interval of
    their median."""
    excess = tuple(
        (best - mine if more_is_better else mine - best) - margin(counter, best)
        for mine, best in both
    )
    excess_estimate = estimate(excess)
    return (
        excess_estimate is not None and excess_estimate.low is not None and excess_estimate.low > 0
    )


def margin(counter: str, value: float) -> float:
    """How far from `value` is no difference, in the counter's unit: 5%, and at least 10 ns where it
    is a time."""
    unit = unit_of(counter)
    least = {"ns": TIE_NS, "events per message": TIE_EVENTS_PER_MSG}.get(unit, 0.0)
    return max(least, TIE_SHARE * abs(value))


def _no_verdict(run: Run, point: Point, queues: Sequence[str], counter: str) -> str:
    if not run.scenarios[point.scenario].rank:
        return "shown, not ranked"
    if len(queues) < 2:
        return "one queue only"
    shares = [disturbed_share(run, [point], queue) or 0.0 for queue in queues]
    if max(shares) - min(shares) > MAX_SHARE_GAP + 1e-9:
        return "disturbed shares differ by more than 10 points"
    fewest = min(len(pairs(run, point, queue, queues[0], counter)) for queue in queues)
    if fewest < MIN_VERDICT_BLOCKS:
        return f"{fewest} block{'s' * (fewest != 1)}, a verdict needs {MIN_VERDICT_BLOCKS}"
    return ""


@dataclass(frozen=True)
class Answer:
    """What a run says to one scenario's question. Medians are over the points at which the queue
    has a number."""

    scenario: Scenario
    # Not worse than the best at the most points (no verdict: lowest at the most points).
    leaders: tuple[str, ...]
    wins: dict[str, int]  # points at which a queue is not significantly worse than the best
    judged: int  # points that `wins` counts
    no_verdict: str  # why `leaders` is not a verdict; empty if it is
    counters: tuple[str, ...]  # headline counters in use over the points
    more_is_better: bool  # of them


def answer(run: Run, scenario: Scenario, points: Sequence[Point] | None = None) -> Answer:
    """Points at which a queue is not worse than the best, counted over `points` of a scenario (all
    by default)."""
    rankings = [ranking for point in points or scenario.points if (ranking := rank(run, point))]
    verdicts = [ranking for ranking in rankings if not ranking.no_verdict]
    wins: dict[str, int] = defaultdict(int)
    for ranking in verdicts or rankings:
        for queue in ranking.tied if verdicts else ranking.order[:1]:
            wins[queue] += 1
    most = max(wins.values(), default=0)
    reasons = [ranking.no_verdict for ranking in rankings]
    none = f"no trial has {scenario.judged_by}" if scenario.judged_by else "no numbers"
    return Answer(
        scenario,
        tuple(queue for queue, count in wins.items() if count == most),
        dict(wins),
        len(verdicts or rankings),
        "" if verdicts else (reasons[0] if reasons else none),
        tuple(sorted({ranking.counter for ranking in rankings})),
        any(more_is_better(run, point) for point in points or scenario.points),
    )


@dataclass(frozen=True)
class Score:
    """Of the points with a verdict at which a queue has a number: all, and those where it is no
    worse than the best."""

    not_worse: int
    entered: int


def scores(run: Run) -> dict[str, Score]:
    """Score of each queue over every point of the ranked scenarios; empty without a verdict."""
    by_queue: dict[str, Score] = {}
    for ranking in (
        rank(run, point) for scenario in run.scenarios.values() for point in scenario.points
    ):
        if ranking and not ranking.no_verdict:
            for queue in ranking.order:
                before = by_queue.get(queue, Score(0, 0))
                by_queue[queue] = Score(
                    before.not_worse + (queue in ranking.tied), before.entered + 1
                )
    return by_queue


def is_bound(run: Run, point: Point, queue: str) -> bool:
    """Whether a headline is a loss against an ideal that is only a bound."""
    bound = summarise(run, point, queue, "efficiency_is_bound")
    return headline(run, point) in EFFICIENCY_OF and bool(bound and bound.median)


@dataclass(frozen=True)
class Loss:
    """A queue's headline over some points: value (in the counter's unit), efficiency 0..1, spread,
    marks."""

    counter: str
    value: float
    efficiency: float | None
    spread: float | None  # interquartile range over the rounds / median
    is_bound: bool  # the efficiency is at least this, the loss at most this
    from_all: bool
    points: int


def loss(run: Run, points: Sequence[Point], queue: str) -> Loss | None:
    """Median over `points` of a queue's headline and of its efficiency; None without a number."""
    rows = []
    for point in points:
        counter = headline(run, point)
        if summary := summarise(run, point, queue, counter):
            efficiency = summarise(run, point, queue, EFFICIENCY_OF.get(counter, ""))
            rows.append((counter, summary, efficiency, is_bound(run, point, queue)))
    if not rows:
        return None
    rows = [each for each in rows if unit_of(each[0]) == unit_of(rows[0][0])]
    counters, summaries, efficiencies, bounds = zip(*rows)
    shares = [each.median for each in efficiencies if each]
    spreads = [each.spread for each in summaries if each.spread is not None]
    return Loss(
        counters[0],
        float(np.median([each.median for each in summaries])),
        float(np.median(shares)) if shares else None,
        float(np.median(spreads)) if spreads else None,
        any(bounds),
        any(each.from_all for each in summaries),
        len(rows),
    )
