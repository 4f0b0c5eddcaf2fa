"""Why the trials of a cell differ: the layout of the code, the exchange of the roles' cores, the
round, and the rest.

    PYTHONPATH=scripts python3 -m bqb.validation.variance_shares RUN... [--resamples N] [--seed S]

The logarithm of what a queue shows at a point is the sum of its mean and four independent effects:

    layout     of the queue and the layout of the code
    exchange   of the queue and which end of the cores its threads were dealt from
    round      of the block, common to all of its queues
    rest       of the trial

Their variances are estimated by MINQUE with equal prior weights on the rest alone (C. R. Rao, 1971;
what is called MINQUE(0)): each quadratic form of the values, cleared of the queues' means, is
equated with its expectation. That needs no normal distribution and no balance. The forms of all
points are summed up, so that one variance of each kind is estimated for the run; the intervals are
of resampled points. Only undisturbed blocks count, and only queues whose values are all above the
margin: a logarithm of less would be one of the stopwatch.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bqb.data.load import load_run
from bqb.data.model import Point, Run
from bqb.stats.counters import CPU_BEYOND_WORK, LOST
from bqb.stats.margin import margin_of

EFFECTS = ("layout", "exchange", "round", "rest")
COUNTERS = (LOST, CPU_BEYOND_WORK)
FEWEST_BLOCKS = 6  # of a point
FEWEST_QUEUES = 2  # of a point: else the round cannot be told from the rest

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Trials:
    """Values of one counter at one point, a trial each. `values`: logarithms."""

    values: Vector
    queues: NDArray[np.int64]
    rounds: NDArray[np.int64]
    layouts: NDArray[np.int64]
    exchanged: NDArray[np.int64]


@dataclass(frozen=True)
class Forms:
    """The quadratic forms of a point's values, and their expectations by unit of each variance."""

    found: Vector  # (effects,)
    expected: Matrix  # (effects, effects)


@dataclass(frozen=True)
class Share:
    """Of the variance, with a 95 % interval, and the standard deviation of the effect as a share
    of the value."""

    share: float
    low: float
    high: float
    deviation: float


def trials_of(run: Run, point: Point, counter: str) -> Trials | None:
    """None where there is too little, or where the run does not tell layouts apart."""
    least = max(margin_of(run, point, counter).least, 0.0)
    blocks = {
        number: block
        for (name, number), block in run.blocks.items()
        if name == point.name and not block.disturbed and block.layout is not None
    }
    rows = []
    for index, queue in enumerate(run.queue_names(point.scenario)):
        own = [
            (trial.counters[counter], trial.round)
            for trial in run.trials_of(point, queue)
            if trial.round in blocks and trial.get(counter) is not None
        ]
        if own and min(value for value, _ in own) > least:
            rows += [(math.log(value), index, number) for value, number in own]
    if not rows:
        return None
    values, queues, rounds = (np.array(column) for column in zip(*rows))
    if len(set(rounds)) < FEWEST_BLOCKS or len(set(queues)) < FEWEST_QUEUES:
        return None
    return Trials(
        values,
        queues,
        rounds,
        np.array([blocks[number].layout for number in rounds]),
        np.array([int(bool(blocks[number].cores_exchanged)) for number in rounds]),
    )


def forms_of(trials: Trials) -> Forms:
    queues = trials.queues
    designs = [
        _indicators(queues, trials.layouts),
        _indicators(queues, trials.exchanged),
        _indicators(trials.rounds),
        np.eye(len(queues)),
    ]
    means = _indicators(queues)
    clear = np.eye(len(queues)) - means @ np.linalg.pinv(means)
    cleared = [clear @ design for design in designs]
    values = clear @ trials.values
    found = np.array([np.sum((design.T @ values) ** 2) for design in cleared])
    expected = np.array([[np.sum((one.T @ other) ** 2) for other in cleared] for one in cleared])
    return Forms(found, expected)


def _indicators(*factors: NDArray[np.int64]) -> Matrix:
    """A row a trial, a column a combination of levels that occurs."""
    levels, index = np.unique(np.stack(factors, axis=1), axis=0, return_inverse=True)
    matrix: Matrix = np.eye(len(levels))[index.reshape(-1)]
    return matrix


def variances_of(forms: Sequence[Forms]) -> Vector:
    """Of each effect; an estimate below 0 is 0."""
    found = np.sum([each.found for each in forms], axis=0)
    expected = np.sum([each.expected for each in forms], axis=0)
    solved: Vector = np.maximum(np.linalg.lstsq(expected, found, rcond=None)[0], 0.0)
    return solved


def shares_of(forms: Sequence[Forms], resamples: int, seed: int) -> dict[str, Share]:
    """By effect. The intervals are percentiles over resampled points."""
    rng = np.random.default_rng(seed)
    variances = variances_of(forms)
    total = variances.sum() or 1.0
    drawn = np.array(
        [
            _shares(variances_of([forms[i] for i in rng.integers(0, len(forms), len(forms))]))
            for _ in range(resamples)
        ]
    )
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {
        effect: Share(variances[i] / total, low[i], high[i], math.expm1(math.sqrt(variances[i])))
        for i, effect in enumerate(EFFECTS)
    }


def _shares(variances: Vector) -> Vector:
    shares: Vector = variances / (variances.sum() or 1.0)
    return shares


def forms_of_runs(runs: Sequence[Run], counter: str) -> list[Forms]:
    """Of each point of each run."""
    found = [
        trials
        for run in runs
        for scenario in run.scenarios.values()
        for point in scenario.points
        if (trials := trials_of(run, point, counter))
    ]
    return [forms_of(trials) for trials in found]


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(words)
    runs = [load_run(folder) for folder in arguments.runs]
    for counter in COUNTERS:
        forms = forms_of_runs(runs, counter)
        if not forms:
            print(f"{counter}: no point has {FEWEST_BLOCKS} undisturbed blocks that tell layouts")
            continue
        print(f"{counter}, {len(forms)} points:")
        for effect, share in shares_of(forms, arguments.resamples, arguments.seed).items():
            print(
                f"  {effect:9} {share.share:4.0%} of the variance "
                f"[{share.low:.0%}, {share.high:.0%}], {share.deviation:.1%} of the value"
            )


if __name__ == "__main__":
    main()
