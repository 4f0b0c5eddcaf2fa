"""Which queues of a point are worse than the best there, which are equivalent to it, and which are
neither as far as this run can tell.

    verdicts = verdicts_of(run)[point.name, counter]
    verdicts.states["two_condvar"]  # WORSE, EQUIVALENT or UNDECIDED

The best of a point is not known: it is chosen from the same blocks. So no queue is compared with
the one that came out first, but each with every other (multiple comparisons with the best: Jason
Hsu, Annals of Statistics 9(5), 1981). Queues are compared in pairs, within the undisturbed blocks
that both ran in, by the difference of the counter less the margin: what is no difference in
practice.

  worse        it is shown that some queue is better by more than the margin. Each pair has a sign
               test, which asks of the blocks only that they are independent; Simes' test
               (Biometrika 73(3), 1986) combines those of one queue.
  equivalent   it is shown that no queue is better by more than the margin: each pair by itself.
               (The largest p of an intersection-union test needs no adjustment.)
  undecided    neither.

The number of comparisons in a run counts: the two-stage method of Benjamini, Krieger and Yekutieli
(Biometrika 93(3), 2006) keeps the expected share of false ones below `FALSE_SHARE`, among those
that are declared worse and among those that are declared equivalent. Where all queues are the same,
it is the chance that any is declared worse. A run that looks at its numbers at several planned
rounds and goes on where they are undecided (--budget) spends `FALSE_SHARE` in equal parts on the
looks; a verdict stays as it was given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bqb.data.model import Run
from bqb.stats import judging
from bqb.stats.judging import Sample
from bqb.stats.margin import Margin, is_far_apart
from bqb.stats.sign_test import tail
from bqb.stats.summaries import machine_baselines

WORSE, EQUIVALENT, UNDECIDED = "worse", "equivalent", "undecided"
FALSE_SHARE = 0.05

Matrix = NDArray[np.float64]


class Key(NamedTuple):
    """What a verdict is about."""

    point: str  # its name
    counter: str


@dataclass(frozen=True)
class Tests:
    """The two p of each queue of a sample, in its order."""

    worse: Matrix
    equivalent: Matrix


@dataclass(frozen=True)
class PointVerdicts:
    """What a run says about one counter at one point.

    `order`: the queues by their medians, lowest first. `states`: of each queue; all undecided where
    `no_verdict` says why there are none. `resolution`: the smallest difference to the best that the
    blocks could have shown, in the counter's unit; infinite if none."""

    counter: str
    order: tuple[str, ...]
    medians: Mapping[str, float]
    states: Mapping[str, str]
    resolution: float
    margin: Margin
    blocks: int  # the fewest that two of its queues share
    no_verdict: str = ""

    def is_far_off(self, queue: str) -> bool:
        """Whether a queue's median is far from the lowest one: by more than `FAR_APART` times and
        `FAR_APART_MARGINS` margins."""
        return is_far_apart(self.medians[self.order[0]], self.medians[queue], self.margin)

    def having(self, state: str) -> tuple[str, ...]:
        return tuple(queue for queue in self.order if self.states[queue] == state)

    @property
    def resolution_share(self) -> float | None:
        """As a share of the lowest median; None where that is not above 0."""
        least = self.medians[self.order[0]]
        return self.resolution / least if least > 0 and math.isfinite(self.resolution) else None


# ------------------------------------------------------------------------------- one point's tests


def test(sample: Sample) -> Tests:
    """The p of each queue of being no worse than the best, and of being worse."""
    count = len(sample.queues)
    p_beyond, p_within = np.ones((count, count)), np.zeros((count, count))
    for mine in range(count):
        for other in range(count):
            if mine == other:
                continue
            excess = _beyond_margin(sample, mine, other)
            p_beyond[mine, other] = tail(len(excess), int(np.sum(excess > 0)))
            p_within[mine, other] = tail(len(excess), int(np.sum(excess < 0)))
    others = [[k for k in range(count) if k != mine] for mine in range(count)]
    return Tests(
        np.array([_simes(p_beyond[mine, others[mine]]) for mine in range(count)]),
        np.array([p_within[mine, others[mine]].max(initial=0.0) for mine in range(count)]),
    )


def _beyond_margin(sample: Sample, mine: int, other: int) -> Matrix:
    """How much worse one queue is than another, less the margin, in each block that both ran in."""
    both = sample.values[[mine, other]]
    mine_values, other_values = both[:, ~np.isnan(both).any(axis=0)]
    beyond: Matrix = mine_values - other_values - sample.margin.between(mine_values, other_values)
    return beyond


def _simes(p: Matrix) -> float:
    """One p for "none of these is false"."""
    if not len(p):
        return 1.0
    return float(min(1.0, np.min(np.sort(p) * len(p) / np.arange(1, len(p) + 1))))


def threshold(p: Sequence[float], false_share: float) -> float:
    """The p up to which hypotheses are rejected, by the two stages of Benjamini, Krieger and
    Yekutieli; where none is, the p that the first one would need.

    The first stage counts how many hypotheses are false; the second one shares `false_share` among
    the others. Where these are few it would reject whatever their p: none above `false_share` is,
    as if it were the only one."""
    ordered = np.sort(np.asarray(p, dtype=float))
    level = false_share / (1 + false_share)
    if not len(ordered):
        return level
    up_to, rejected = _benjamini_hochberg(ordered, level, false_share)
    if 0 < rejected < len(ordered):
        level *= len(ordered) / (len(ordered) - rejected)
        up_to, _ = _benjamini_hochberg(ordered, level, false_share)
    return up_to


def _benjamini_hochberg(ordered: Matrix, false_share: float, most_p: float) -> tuple[float, int]:
    """The p up to which hypotheses are rejected, at most `most_p`, and how many of these `ordered`
    p are."""
    allowed = np.minimum(false_share * np.arange(1, len(ordered) + 1) / len(ordered), most_p)
    passed = np.flatnonzero(ordered <= allowed)
    rejected = int(passed[-1]) + 1 if len(passed) else 0
    return float(allowed[max(rejected - 1, 0)]), rejected


# ------------------------------------------------------------------------------------- a whole run


def decide(
    samples: Mapping[Key, Sample], decided: Mapping[Key, Mapping[str, str]], false_share: float
) -> tuple[dict[Key, dict[str, str]], float]:
    """The states of every queue after one look, and the p up to which one is declared worse.

    What was `decided` at earlier looks stays, and counts among the comparisons."""
    tests = {key: test(sample) for key, sample in samples.items()}
    worse_up_to, equivalent_up_to = (
        threshold([p for each in tests.values() for p in getattr(each, name)], false_share)
        for name in (WORSE, EQUIVALENT)
    )
    states: dict[Key, dict[str, str]] = {}
    for key, each in tests.items():
        before = decided.get(key, {})
        states[key] = {}
        for index, queue in enumerate(samples[key].queues):
            state = before.get(queue, UNDECIDED)
            if state == UNDECIDED and each.worse[index] <= worse_up_to:
                state = WORSE
            elif state == UNDECIDED and each.equivalent[index] <= equivalent_up_to:
                state = EQUIVALENT
            states[key][queue] = state
    return states, worse_up_to


def resolution(sample: Sample, worse_up_to: float) -> float:
    """The smallest difference to the queue with the lowest median that would be declared: the
    margin, and how far the deciding block lies below the median one; the median over the other
    queues. Infinite where there are too few blocks for any."""
    medians = sample.medians
    best = int(np.argmin(medians))
    reaches = []
    for mine in range(len(sample.queues)):
        if mine == best:
            continue
        excess = np.sort(_beyond_margin(sample, mine, best))
        # Of so many blocks all but this many must lie beyond the margin.
        spare = max(
            (
                k
                for k in range(len(excess))
                if tail(len(excess), len(excess) - k) * (len(sample.queues) - 1) <= worse_up_to
            ),
            default=None,
        )
        if spare is None:
            reaches.append(math.inf)
            continue
        # A queue that is far off varies more: its spread counts in proportion.
        scale = abs(medians[best] / (medians[mine] or 1.0))
        reach = float(np.median(excess) - excess[spare])
        reaches.append(reach * min(1.0, scale))
    if not reaches:
        return math.inf
    return float(np.median(reaches) + sample.margin.between(medians[best], medians[best]))


@lru_cache(maxsize=8)
def verdicts_of(run: Run) -> dict[Key, PointVerdicts]:
    """The verdicts of a run: for each judged counter of each point at which a bounded queue has an
    undisturbed value."""
    final, reasons = {}, {}
    for name, point in run.points.items():
        for counter in judging.judged_counters(run, point):
            if sample := judging.sample(run, point, counter):
                final[Key(name, counter)] = sample
                reasons[Key(name, counter)] = judging.no_verdict(run, point, counter)
    looks = judging.looks_of(run)
    decided: dict[Key, dict[str, str]] = {}
    worse_up_to = 0.0
    for last_round in looks.made:
        samples = {}
        for key in final:
            point = run.points[key.point]
            sample = judging.sample(run, point, key.counter, last_round)
            if sample and not reasons[key]:
                samples[key] = sample
        decided, worse_up_to = decide(samples, decided, FALSE_SHARE / looks.planned)
    return {
        key: _point_verdicts(sample, decided.get(key, {}), worse_up_to, key.counter, reasons[key])
        for key, sample in final.items()
    }


def _point_verdicts(
    sample: Sample, states: Mapping[str, str], worse_up_to: float, counter: str, no_verdict: str
) -> PointVerdicts:
    medians = dict(zip(sample.queues, map(float, sample.medians)))
    known = ~np.isnan(sample.values)
    shared = [int((a & b).sum()) for i, a in enumerate(known) for b in known[:i]]
    return PointVerdicts(
        counter,
        tuple(sorted(sample.queues, key=medians.__getitem__)),
        medians,
        {queue: states.get(queue, UNDECIDED) for queue in sample.queues},
        resolution(sample, worse_up_to),
        sample.margin,
        min(shared, default=len(known[0])),
        no_verdict,
    )


def forget_runs() -> None:
    """Clears the caches: for a caller that reads a growing run repeatedly."""
    verdicts_of.cache_clear()
    machine_baselines.cache_clear()
