"""Simulated runs on the noise of real ones, and the verdicts of all of them at once.

    noises = noises_of(runs)
    simulated = simulate(noises, [noise.medians for noise in noises], (12,), 1000, rng)
    states = states_of(noises, simulated, (12,))

Each simulated run is one like the first of `runs`: its judged counters, queues and margins. The
noise is that of all of them: what a queue's value in a block is to its median in that run. A
simulated block takes the noise of a real one, drawn with replacement, and deals it to the queues at
random. So what a block does to all of its queues stays, and no queue's noise differs in law from
another's: who is worse than whom follows from the medians, which the simulation chooses. Blocks are
independent, as verdicts assume: nothing here changes slowly over a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bqb.data.model import Run
from bqb.stats import judging, verdicts
from bqb.stats.judging import Sample
from bqb.stats.margin import Margin
from bqb.stats.sign_test import tail
from bqb.stats.verdicts import EQUIVALENT, FALSE_SHARE, UNDECIDED, WORSE, Key

IS_UNDECIDED, IS_WORSE, IS_EQUIVALENT = range(3)  # indices into
STATES = np.array([UNDECIDED, WORSE, EQUIVALENT])

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """One judged counter at one point. Less is better, as in a `Sample`.

    `values` and `residuals` have a row an undisturbed block, of any of the runs, and a column a
    queue. A residual is a share of the queue's median in that run, or the difference to it where
    some median is not above 0 (`is_ratio`)."""

    key: Key
    is_headline: bool
    is_open_loop: bool
    queues: tuple[str, ...]
    margin: Margin
    values: Matrix
    residuals: Matrix
    is_ratio: bool

    @property
    def medians(self) -> Matrix:
        """Of each queue, over all runs."""
        medians: Matrix = np.median(self.values, axis=0)
        return medians

    def draw(self, count: int, blocks: int, rng: np.random.Generator) -> Matrix:
        """Residuals: (count, queues, blocks)."""
        chosen = self.residuals[rng.integers(len(self.residuals), size=(count, blocks))]
        return rng.permuted(chosen, axis=2).transpose(0, 2, 1)

    def with_medians(self, medians: Matrix, residuals: Matrix) -> Matrix:
        """Values whose true medians are `medians` (queues), of residuals (.., queues, blocks)."""
        return medians[:, None] * residuals if self.is_ratio else medians[:, None] + residuals


def noises_of(runs: Sequence[Run]) -> list[Noise]:
    """Of all that the first run judges. The others add blocks where they ran the same queues."""
    first, noises = runs[0], []
    for name, point in first.points.items():
        for counter in judging.judged_counters(first, point):
            samples = [
                each
                for run in runs
                if name in run.points
                and counter in judging.judged_counters(run, run.points[name])
                and not judging.no_verdict(run, run.points[name], counter)
                and (each := judging.sample(run, run.points[name], counter))
            ]
            if samples and not judging.no_verdict(first, point, counter):
                is_headline = counter == judging.headline(first, point)
                noises.append(_noise(Key(name, counter), is_headline, point.open_loop, samples))
    return noises


def _noise(key: Key, is_headline: bool, is_open_loop: bool, samples: Sequence[Sample]) -> Noise:
    queues = samples[0].queues
    values = []
    for each in samples:
        if set(queues) <= set(each.queues):
            rows = each.values[[each.queues.index(queue) for queue in queues]]
            values.append(rows[:, ~np.isnan(rows).any(axis=0)].T)
    values = [each for each in values if len(each)]
    medians = [np.median(each, axis=0) for each in values]
    is_ratio = all((each > 0).all() for each in medians)
    residuals = [
        each / median if is_ratio else each - median for each, median in zip(values, medians)
    ]
    return Noise(
        key,
        is_headline,
        is_open_loop,
        queues,
        samples[0].margin,
        np.concatenate(values),
        np.concatenate(residuals),
        is_ratio,
    )


def p_of(values: Matrix, margin: Margin) -> tuple[Matrix, Matrix]:
    """The two p of verdicts.test, of many samples at once: (runs, queues, blocks) -> (runs, queues)
    of being no worse than the best, and of being worse."""
    runs, queues, blocks = values.shape
    mine, others = values[:, :, None], values[:, None]
    excess = mine - others - margin.between(mine, others)
    tails = np.array([tail(blocks, hits) for hits in range(blocks + 1)])
    different = ~np.eye(queues, dtype=bool)
    beyond, within = (
        tails[hits.sum(axis=3)][:, different].reshape(runs, queues, queues - 1)
        for hits in (excess > 0, excess < 0)
    )
    simes = np.sort(beyond) * (queues - 1) / np.arange(1, queues)
    return np.minimum(simes.min(axis=2), 1), within.max(axis=2)


@dataclass(frozen=True)
class Simulated:
    """`worse` and `equivalent`: p at each look, (looks, runs, queues of all noises one after the
    other). `first`: the values of the first run, (queues, blocks) by noise."""

    worse: Matrix
    equivalent: Matrix
    first: list[Matrix]


def simulate(
    noises: Sequence[Noise],
    medians: Sequence[Matrix],
    looks: Sequence[int],
    count: int,
    rng: np.random.Generator,
) -> Simulated:
    """Simulated runs whose queues have the true `medians`, by noise."""
    p: list[list[tuple[Matrix, Matrix]]] = [[] for _ in looks]
    first = []
    for noise, true in zip(noises, medians):
        values = noise.with_medians(true, noise.draw(count, looks[-1], rng))
        first.append(values[0].copy())
        for index, blocks in enumerate(looks):
            p[index].append(p_of(values[:, :, :blocks], noise.margin))
    worse, equivalent = (
        np.array([np.concatenate([each[kind] for each in look], axis=1) for look in p])
        for kind in (0, 1)
    )
    return Simulated(worse, equivalent, first)


def up_to(p: Matrix, false_share: float) -> Matrix:
    """The threshold of each run, as a column."""
    return np.array([[verdicts.threshold(row, false_share)] for row in p])


def states_of(
    noises: Sequence[Noise], simulated: Simulated, looks: Sequence[int]
) -> NDArray[np.int8]:
    """What verdicts.decide says after the last look: indices into `STATES`, (runs, queues). A point
    is not measured on once what judges it is decided of all queues.

    Raises RuntimeError where verdicts.decide itself says something else of the first run."""
    share = FALSE_SHARE / len(looks)
    worse, equivalent = simulated.worse[0], simulated.equivalent[0]
    states = np.zeros(worse.shape, dtype=np.int8)
    is_done = np.zeros(worse.shape, dtype=bool)
    for index in range(len(looks)):
        worse = np.where(is_done, worse, simulated.worse[index])
        equivalent = np.where(is_done, equivalent, simulated.equivalent[index])
        for state, p in ((IS_WORSE, worse), (IS_EQUIVALENT, equivalent)):
            states[(states == IS_UNDECIDED) & (p <= up_to(p, share))] = state
        is_done |= _done(noises, states)
    if STATES[states[0]].tolist() != _states_by_decide(noises, simulated.first, looks):
        raise RuntimeError("the simulated procedure is not that of stats/verdicts.py")
    return states


def _done(noises: Sequence[Noise], states: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether the point of each column is not measured on: (runs, queues)."""
    ends = np.cumsum([len(noise.queues) for noise in noises])
    by_noise = np.split(states, ends[:-1], axis=1)
    is_open = {
        noise.key.point: (each == IS_UNDECIDED).any(axis=1)
        for noise, each in zip(noises, by_noise)
        if noise.is_headline
    }
    never = np.zeros(len(states), dtype=bool)
    return np.concatenate(
        [
            np.repeat(~is_open.get(noise.key.point, never)[:, None], len(noise.queues), axis=1)
            for noise in noises
        ],
        axis=1,
    )


def _states_by_decide(
    noises: Sequence[Noise], values: Sequence[Matrix], looks: Sequence[int]
) -> list[str]:
    """Of one run."""
    decided: dict[Key, dict[str, str]] = {}
    blocks: dict[str, int] = {}  # by point, of those that are not measured on
    for look in looks:
        samples = {
            noise.key: Sample(
                noise.queues, each[:, : blocks.get(noise.key.point, look)], noise.margin
            )
            for noise, each in zip(noises, values)
        }
        decided, _ = verdicts.decide(samples, decided, FALSE_SHARE / len(looks))
        is_open = {
            noise.key.point
            for noise in noises
            if noise.is_headline and UNDECIDED in decided[noise.key].values()
        }
        for noise in noises:
            if noise.key.point not in is_open:
                blocks.setdefault(noise.key.point, look)
    return [decided[noise.key][queue] for noise in noises for queue in noise.queues]
