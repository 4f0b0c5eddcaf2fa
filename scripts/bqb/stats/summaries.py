"""Medians of counters with intervals, pairs of two queues, pooled distributions.

Queues are compared only inside a block: the pairs of two queues are their trials of the same point
and round, which ran next to each other over the same demands. Undisturbed blocks count; a cell with
fewer than `MIN_UNDISTURBED` of them is summarised from all of its blocks and marked
(`Summary.from_all`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bqb.data.model import Histogram, Point, Run, Trial
from bqb.schema import LEAST_SAMPLES_BEYOND_QUANTILE
from bqb.stats.sign_test import median_interval
from bqb.stats.thresholds import MIN_UNDISTURBED


@dataclass(frozen=True)
class Estimate:
    """Median of `n` values with an exact 95% interval (stats/sign_test.py), adjusted for no other
    comparison; low and high are None for a single value.

    With fewer than six values no 95% interval exists: low..high is then their range."""

    median: float
    low: float | None
    high: float | None
    n: int


def estimate(values: Sequence[float]) -> Estimate | None:
    """Median of `values` (any unit) and its interval. None without values."""
    if len(values) == 0:
        return None
    ends = median_interval(values) if len(values) > 1 else (None, None)
    return Estimate(float(np.median(values)), *ends, len(values))


@dataclass(frozen=True)
class Summary:
    """One counter of one cell. Values are in the counter's unit; `values` are those that the
    estimate stands on."""

    estimate: Estimate
    values: tuple[float, ...]
    undisturbed_values: tuple[float, ...]
    disturbed_values: tuple[float, ...]
    # Fewer than MIN_UNDISTURBED undisturbed blocks: `values` holds the disturbed ones too.
    from_all: bool

    @property
    def median(self) -> float:
        return self.estimate.median

    @property
    def spread(self) -> float | None:
        """Interquartile range over the rounds, as a share of the median; None below three rounds or
        at median <= 0."""
        if len(self.values) < 3 or self.median <= 0:
            return None
        low, high = np.percentile(self.values, [25, 75])
        return float((high - low) / self.median)


def selected(trials: Sequence[Trial]) -> tuple[list[Trial], bool]:
    """The trials that a cell is summarised from, and whether these are all of them for want of
    undisturbed ones."""
    undisturbed = [trial for trial in trials if not trial.disturbed]
    return (undisturbed, False) if len(undisturbed) >= MIN_UNDISTURBED else (list(trials), True)


@lru_cache(maxsize=None)
def summarise(run: Run, point: Point, queue: str, counter: str) -> Summary | None:
    """Summary of a counter of a cell at the level that gives its number; None where no trial has
    it."""
    trials = [trial for trial in run.trials_of(point, queue) if trial.get(counter) is not None]
    chosen, from_all = selected(trials)
    values = tuple(trial.counters[counter] for trial in chosen)
    chosen_estimate = estimate(values)
    if chosen_estimate is None:
        return None
    undisturbed, disturbed = (
        tuple(trial.counters[counter] for trial in trials if trial.disturbed == kind)
        for kind in (False, True)
    )
    return Summary(chosen_estimate, values, undisturbed, disturbed, from_all)


def disturbed_share(run: Run, points: Iterable[Point], queue: str) -> float | None:
    """Share (0..1) of a queue's trials that lie in disturbed blocks; None without trials."""
    trials = [trial for point in points for trial in run.trials_of(point, queue)]
    return sum(trial.disturbed for trial in trials) / len(trials) if trials else None


def pairs(
    run: Run, point: Point, queue: str, other: str, counter: str
) -> list[tuple[float, float]]:
    """Values of a counter for two queues, pair by pair of the same block; undisturbed blocks if
    there are enough."""
    mine = {
        trial.round: trial
        for trial in run.trials_of(point, queue)
        if trial.get(counter) is not None
    }
    theirs = {
        trial.round: trial
        for trial in run.trials_of(point, other)
        if trial.get(counter) is not None
    }
    both, _ = selected([mine[number] for number in sorted(mine.keys() & theirs.keys())])
    return [(trial.counters[counter], theirs[trial.round].counters[counter]) for trial in both]


def paired_ratio(run: Run, point: Point, queue: str, other: str, counter: str) -> Estimate | None:
    """Median of queue / other over the blocks; None where a value is not positive (a ratio would
    mean nothing)."""
    both = pairs(run, point, queue, other, counter)
    if not both or min(min(pair) for pair in both) <= 0:
        return None
    return estimate([mine / theirs for mine, theirs in both])


@dataclass(frozen=True)
class MachineBaselines:
    """Limits of the machine, medians over a run; None where it has none."""

    handoff_ns: float | None  # a cache line crosses, one way
    wake_ns: float | None  # a parked thread runs again
    ring_msgs_per_s: float | None  # the fastest ring, spinning, without work
    timestamp_ns: float | None  # one timestamp


@lru_cache(maxsize=None)
def machine_baselines(run: Run) -> MachineBaselines:
    def median(values: Iterable[float | None], share: float = 1) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.median(known)) * share if known else None

    return MachineBaselines(
        median(block.handoff_ns for block in run.blocks.values() if not block.disturbed)
        or median(block.handoff_ns for block in run.blocks.values()),
        median((limits.park_round_trip_ns for limits in run.limits), 0.5),
        median(limits.spsc_msgs_per_s for limits in run.limits),
        median(limits.timestamp_ns for limits in run.limits),
    )


@dataclass
class Pool:
    """Histograms of one quantity summed over trials: counts by bucket (lower_ns, upper_ns)."""

    buckets: dict[tuple[float, float], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, histogram: Histogram) -> None:
        for lower, upper, count in histogram.buckets:
            self.buckets[lower, upper] += count

    @property
    def count(self) -> int:
        return sum(self.buckets.values())

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """Value in ns at each share (0..1), linear inside its bucket; None beyond what `count`
        samples can tell."""
        edges = sorted(self.buckets)
        cumulative = np.cumsum([self.buckets[edge] for edge in edges]) if edges else np.zeros(1)
        return [
            self._at(share, edges, cumulative) if printable(share, int(cumulative[-1])) else None
            for share in shares
        ]

    def _at(
        self, share: float, edges: list[tuple[float, float]], cumulative: NDArray[np.int64]
    ) -> float:
        wanted = share * cumulative[-1]
        index = int(np.searchsorted(cumulative, wanted, side="left"))
        (lower, upper), count = edges[index], self.buckets[edges[index]]
        return float(lower + (upper - lower) * (wanted - (cumulative[index] - count)) / count)


def printable(share: float, samples: int) -> bool:
    """Whether enough of `samples` samples lie beyond quantile `share` for it to be shown."""
    return samples > 0 and samples * (1 - share) >= LEAST_SAMPLES_BEYOND_QUANTILE * (1 - 1e-9)


def pooled(run: Run, names: Iterable[str]) -> dict[tuple[str, str, str], Pool]:
    """Pools by (point, queue, name) over the trials that the cell is summarised from."""
    chosen = {
        (trial.cell, trial.round, trial.level)
        for point, queue in run.cells()
        for trial in selected(run.trials_of(point, queue, "traced"))[0]
    }
    pools: dict[tuple[str, str, str], Pool] = defaultdict(Pool)
    for trial, histogram in run.histograms(names):
        if (trial.cell, trial.round, trial.level) in chosen:
            pools[trial.point, trial.queue, histogram.name].add(histogram)
    return dict(pools)
