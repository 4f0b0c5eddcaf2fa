"""Scores what the scenarios' authors expected: each claim right, wrong, undecided, or without
numbers.

    scores = claims.score_all(run, scenario)

The claims are those that the run wrote down when it began, not those of today's files: a bound that
was exchanged later scores no earlier run. One that is dated after the run's day is listed, and not
scored.

A claim is about the median over its points of a queue's median over the blocks of each; one that
compares two queues, about the ratios within the blocks; one that compares points, about the ratio
of the two medians. It is right where the whole 95% interval lies on the claimed side, wrong where
it lies on the other. Intervals are exact for one point (stats/sign_test.py) and wider than need be
for several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np

from bqb.data.expectations import Claim
from bqb.data.model import Point, Run, Scenario
from bqb.stats import judging, summaries
from bqb.stats.sign_test import least_values, median_interval
from bqb.stats.summaries import Estimate
from bqb.stats.wake_ups import are_mostly_wake_ups

CONFIDENCE = 0.95
EASTERNMOST = timedelta(hours=14)  # of all time zones

RIGHT, WRONG, UNDECIDED, NO_NUMBERS = SCORED = "right", "wrong", "undecided", "no numbers"
STATED_LATER = "stated after this run"
VERDICTS = (*SCORED, STATED_LATER)
# Of several queues, the first of these that one of them gives.
DECISIVE = (WRONG, NO_NUMBERS, UNDECIDED, RIGHT)


@dataclass(frozen=True)
class Score:
    """How a claim fared, with the queue that decided it: of several, one of the worst verdict.

    `measured` is in the counter's unit, or a ratio; its `n` is the fewest undisturbed blocks of a
    point. None without numbers. `reason` says why there is no verdict; empty if there is one.
    `of_wake_ups`: a ratio, one side of which is mostly the time to wake a thread."""

    claim: Claim
    verdict: str
    queue: str
    measured: Estimate | None = None
    reason: str = ""
    of_wake_ups: bool = False


def scored(scores: Iterable[Score]) -> list[Score]:
    """Those that count: without the claims that were stated after the run."""
    return [score for score in scores if score.verdict != STATED_LATER]


def score_all(run: Run, scenario: Scenario) -> list[Score]:
    """A score for each claim of a scenario, in its order."""
    return [score(run, claim) for claim in scenario.claims]


def score(run: Run, claim: Claim) -> Score:
    """The worst of the claim's queues; of equal verdicts, that of the queue that lies nearest to
    the bound."""
    if claim.since and claim.since > _last_day_of_start(run):
        return Score(claim, STATED_LATER, "", reason=f"the run began {run.context['date']}")
    queues = claim.queues or _that_ran(run, claim)
    if not queues:
        return Score(claim, NO_NUMBERS, "", reason="no queue has a number")
    scores = [_score(run, claim, queue) for queue in queues]
    return min(scores, key=lambda each: (DECISIVE.index(each.verdict), _room(each)))


def _last_day_of_start(run: Run) -> str:
    """The latest date that any place had when the run began: the dates of claims have no time
    zone."""
    try:
        began = datetime.fromisoformat(run.context["date"]).astimezone(timezone(EASTERNMOST))
    except ValueError:
        return "9999-12-31"
    return began.date().isoformat()


def _that_ran(run: Run, claim: Claim) -> list[str]:
    """The bounded queues that have numbers at a point of the claim, without the one to compare
    with."""
    queues = dict.fromkeys(
        queue for name in claim.points for queue in judging.rankable(run, run.points[name])
    )
    return [queue for queue in queues if queue != claim.than]


def _room(score: Score) -> float:
    """How far the measured value lies inside the claimed bounds, as a share of them; negative
    outside."""
    if score.measured is None:
        return 0.0
    value, above, below = score.measured.median, score.claim.above, score.claim.below
    rooms = [] if above is None else [(value - above) / (abs(above) or 1)]
    return min(rooms if below is None else [*rooms, (below - value) / (abs(below) or 1)])


def _score(run: Run, claim: Claim, queue: str) -> Score:
    points = [run.points[name] for name in (*claim.points, *claim.than_points)]
    if missing := next(
        (
            reason
            for point in points
            for name in (queue, claim.than)
            if name and (reason := _why_none(run, point, name, claim.counter))
        ),
        "",
    ):
        return Score(claim, NO_NUMBERS, queue, reason=missing)
    samples = [_values(run, point, queue, claim) for point in points]
    fewest = min(map(len, samples))
    needed = least_values(1 - (1 - CONFIDENCE) / 2 if claim.than_points else CONFIDENCE)
    if fewest < needed:
        blocks = f"{fewest} undisturbed block{'s' * (fewest != 1)}, a verdict needs {needed}"
        return Score(claim, UNDECIDED, queue, _measured(claim, samples) if fewest else None, blocks)
    measured = _measured(claim, samples)
    if measured is None:
        return Score(
            claim, UNDECIDED, queue, reason="the ratio means nothing: not everything is above 0"
        )
    verdict = _verdict(claim, measured)
    return Score(
        claim,
        verdict,
        queue,
        measured,
        "a bound lies inside the interval" if verdict == UNDECIDED else "",
        _is_of_wake_ups(run, claim, queue, points),
    )


def _is_of_wake_ups(run: Run, claim: Claim, queue: str, points: Sequence[Point]) -> bool:
    if not claim.than and not claim.than_points:
        return False
    names = [queue, claim.than] if claim.than else [queue]
    cells = [(point, name) for point in points for name in names]
    return are_mostly_wake_ups(run, cells, claim.counter)


def _why_none(run: Run, point: Point, queue: str, counter: str) -> str:
    """Why a cell has no value of a counter; empty if it has one."""
    if summaries.summarise(run, point, queue, counter):
        return ""
    problem = run.problem_of(point, queue)
    if problem:
        return f"{queue} {'had no window' if problem.kind == 'void' else problem.kind}"
    return f"{queue} has no {counter}" if run.trials_of(point, queue) else f"{queue} did not run"


def _values(run: Run, point: Point, queue: str, claim: Claim) -> list[tuple[float, float]]:
    """(value, what it is divided by) in each undisturbed block of a point."""
    mine, theirs = (
        {
            trial.round: trial.counters[claim.counter]
            for trial in run.trials_of(point, name)
            if not trial.disturbed and claim.counter in trial.counters
        }
        for name in (queue, claim.than or queue)
    )
    return [
        (value, theirs[number] if claim.than else 1.0)
        for number, value in mine.items()
        if number in theirs
    ]


def _measured(claim: Claim, samples: Sequence[list[tuple[float, float]]]) -> Estimate | None:
    """What a claim is about, from the samples of its points and then of those to compare with; None
    where it is a ratio of what is not positive."""
    if claim.than and min(min(pair) for sample in samples for pair in sample) <= 0:
        return None
    ratios = [[value / other for value, other in sample] for sample in samples]
    mine, theirs = ratios[: len(claim.points)], ratios[len(claim.points) :]
    fewest = min(map(len, samples))
    if not theirs:
        value, low, high = _over_points(mine, CONFIDENCE)
        return Estimate(value, *((low, high) if fewest > 1 else (None, None)), fewest)
    # Either interval may miss: together they hold with the confidence that is asked for.
    value, low, high = _over_points(mine, 1 - (1 - CONFIDENCE) / 2)
    than, than_low, than_high = _over_points(theirs, 1 - (1 - CONFIDENCE) / 2)
    if min(low, than_low, value, than) <= 0:
        return None
    interval = (low / than_high, high / than_low) if fewest > 1 else (None, None)
    return Estimate(value / than, *interval, fewest)


def _over_points(samples: Sequence[list[float]], confidence: float) -> tuple[float, float, float]:
    """Median over points of their medians, and of the ends of their intervals: an interval that is
    as safe as theirs, and wider than it need be."""
    ends = [median_interval(sample, confidence) for sample in samples]
    return (
        float(np.median([np.median(sample) for sample in samples])),
        float(np.median([low for low, _ in ends])),
        float(np.median([high for _, high in ends])),
    )


def _verdict(claim: Claim, measured: Estimate) -> str:
    assert measured.low is not None and measured.high is not None, "six blocks have an interval"
    above = -np.inf if claim.above is None else claim.above
    below = np.inf if claim.below is None else claim.below
    if above < measured.low and measured.high < below:
        return RIGHT
    return WRONG if measured.high < above or below < measured.low else UNDECIDED
