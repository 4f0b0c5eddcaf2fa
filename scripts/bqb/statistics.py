"""Numbers drawn from the trials of a run: medians with intervals, paired comparisons, rankings, pooled quantiles.

Queues are compared only inside a block: the pairs of two queues are their trials of the same point and round, which
ran next to each other over the same demands. Undisturbed blocks count; a cell with fewer than `MIN_UNDISTURBED` of
them is summarised from all of its blocks and marked (`Summary.from_all`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bqb.data.model import Histogram, Point, Run, Scenario, Trial

MIN_UNDISTURBED = 3  # fewer undisturbed blocks: summarised from all
MIN_VERDICT = 6  # fewest pairs with which a 95% interval of a median exists (two-sided sign test: 2 / 2^6 = 3%)
MAX_SHARE_GAP = 0.10  # no verdict where the queues' disturbed shares lie further apart
MAX_INFLATION_GAP = 0.02  # further apart: the queues slow their users' work unequally, nominal times decide
TIE_SHARE, TIE_NS = 0.05, 10.0  # a loss within 5% or within 10 ns (half a pair of clock reads) of the least is tied
RESAMPLES, SEED = 4000, 20_240_229
CONFIDENCE = (2.5, 97.5)  # percentiles of the bootstrapped medians: where the true median lies, with 95%
# Where the median of another run like this one lies, with 95%: the difference of two medians spreads sqrt(2) times as
# far as one, and 1.96 sqrt(2) standard deviations are these percentiles of a normal distribution.
REPEAT = (0.28, 99.72)
LOST, NOMINAL_LOST, THROUGHPUT = "lost_ns_per_msg", "nominal_lost_ns_per_msg", "throughput_msgs_per_s"
EXCESS = "excess_mean_ns"  # of an open loop, which has no loss
EFFICIENCY_OF = {LOST: "efficiency", NOMINAL_LOST: "nominal_efficiency"}
TIE_EVENTS_PER_MSG = 0.002  # switches, yields: at some 5 us each these are 10 ns, too


# ---------------------------------------------------------------------------------------- one sample, one number


@dataclass(frozen=True)
class Estimate:
    """Median of `n` values with a 95% bootstrap interval; low and high are None for a single value.

    With fewer than six values no 95% interval exists: low..high is then little more than their range."""

    median: float
    low: float | None
    high: float | None
    n: int


@lru_cache(maxsize=None)
def estimate(values: tuple[float, ...], interval: tuple[float, float] = CONFIDENCE) -> Estimate | None:
    """Median and percentile-bootstrap interval of `values` (any unit): CONFIDENCE for a verdict on this run, REPEAT for
    what a reader may expect of another. None without values. Seeded: repeatable."""
    if len(values) == 0:
        return None
    if len(values) == 1:
        return Estimate(float(values[0]), None, None, 1)
    low, high = np.percentile(resampled_medians(values, np.random.default_rng(SEED)), interval)
    return Estimate(float(np.median(values)), float(low), float(high), len(values))


def resampled_medians(values: Sequence[float], rng: np.random.Generator) -> NDArray[np.float64]:
    """Medians of `RESAMPLES` samples drawn from `values` with replacement, each as large as `values`."""
    sample = np.asarray(values, dtype=float)
    medians: NDArray[np.float64] = np.median(rng.choice(sample, size=(RESAMPLES, len(sample))), axis=1)
    return medians


@dataclass(frozen=True)
class Summary:
    """One counter of one cell. Values are in the counter's unit; `values` are those that the estimate stands on."""

    estimate: Estimate
    values: tuple[float, ...]
    undisturbed_values: tuple[float, ...]
    disturbed_values: tuple[float, ...]
    from_all: bool  # fewer than MIN_UNDISTURBED undisturbed blocks: `values` holds the disturbed ones too

    @property
    def median(self) -> float:
        return self.estimate.median

    @property
    def spread(self) -> float | None:
        """Interquartile range over the rounds, as a share of the median; None below three rounds or at median <= 0."""
        if len(self.values) < 3 or self.median <= 0:
            return None
        low, high = np.percentile(self.values, [25, 75])
        return float((high - low) / self.median)


def selected(trials: Sequence[Trial]) -> tuple[list[Trial], bool]:
    """The trials that a cell is summarised from, and whether these are all of them for want of undisturbed ones."""
    undisturbed = [trial for trial in trials if not trial.disturbed]
    return (undisturbed, False) if len(undisturbed) >= MIN_UNDISTURBED else (list(trials), True)


@lru_cache(maxsize=None)
def summarise(run: Run, point: Point, queue: str, counter: str) -> Summary | None:
    """Summary of a counter of a cell at the level that gives its number; None where no trial has it."""
    trials = [trial for trial in run.trials_of(point, queue) if trial.get(counter) is not None]
    chosen, from_all = selected(trials)
    values = tuple(trial.counters[counter] for trial in chosen)
    found = estimate(values, REPEAT)
    if found is None:
        return None
    undisturbed, disturbed = (tuple(trial.counters[counter] for trial in trials if trial.disturbed == kind)
                              for kind in (False, True))
    return Summary(found, values, undisturbed, disturbed, from_all)


def disturbed_share(run: Run, points: Iterable[Point], queue: str) -> float | None:
    """Share (0..1) of a queue's trials that lie in disturbed blocks; None without trials."""
    trials = [trial for point in points for trial in run.trials_of(point, queue)]
    return sum(trial.disturbed for trial in trials) / len(trials) if trials else None


# ---------------------------------------------------------------------------------------------- comparing queues


def pairs(run: Run, point: Point, queue: str, other: str, counter: str) -> list[tuple[float, float]]:
    """Values of a counter for two queues, pair by pair of the same block; undisturbed blocks if there are enough."""
    mine = {trial.round: trial for trial in run.trials_of(point, queue) if trial.get(counter) is not None}
    theirs = {trial.round: trial for trial in run.trials_of(point, other) if trial.get(counter) is not None}
    both, _ = selected([mine[number] for number in sorted(mine.keys() & theirs.keys())])
    return [(trial.counters[counter], theirs[trial.round].counters[counter]) for trial in both]


def paired_ratio(run: Run, point: Point, queue: str, other: str, counter: str) -> Estimate | None:
    """Median of queue / other over the blocks; None where a value is not positive (a ratio would mean nothing)."""
    both = pairs(run, point, queue, other, counter)
    if not both or min(min(pair) for pair in both) <= 0:
        return None
    return estimate(tuple(mine / theirs for mine, theirs in both))


@lru_cache(maxsize=None)
def inflation_gap(run: Run, point: Point) -> float:
    """How much more one queue slows its users' work than another here, at least: the lower end of the interval of
    the largest inflation / the smallest - 1, paired within blocks. 0 where nothing differs, or nobody knows."""
    medians = {queue: summary.median for queue in run.queue_names(point.scenario)
               if (summary := summarise(run, point, queue, "work_inflation"))}
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
    """The counter that tells what is lost: lost ns, with nominal work times where the queues slow the work
    unequally (no queue slows a sleep: a timer that is late is not its doing); in an open loop the excess sojourn;
    throughput where no trial has a loss."""
    if point.arrivals:
        return EXCESS
    have = {name for queue in run.queue_names(point.scenario) for trial in run.trials_of(point, queue)
            for name in (LOST, NOMINAL_LOST) if trial.get(name) is not None}
    asleep = any(side.work == "sleep" for side in point.sides)
    if NOMINAL_LOST in have and (LOST not in have or (not asleep and inflation_gap(run, point) > MAX_INFLATION_GAP)):
        return NOMINAL_LOST
    return LOST if LOST in have else THROUGHPUT


def rankable(run: Run, point: Point) -> list[str]:
    """Queues that may be first here: those with a bound and with a number."""
    return [queue for queue in run.queue_names(point.scenario)
            if run.queues.get(queue, {}).get("bound") != "none" and run.trials_of(point, queue)]


@dataclass(frozen=True)
class Ranking:
    """Verdict at one point: `order` best first, `tied` the first and those not clearly worse.

    `no_verdict` says why `tied` must not be read as one; empty if it may."""

    counter: str
    order: tuple[str, ...]
    tied: tuple[str, ...]
    no_verdict: str = ""


def forget_runs() -> None:
    """Drops what is remembered of runs: for who reads a growing run again and again."""
    summarise.cache_clear()
    inflation_gap.cache_clear()
    loss_counter.cache_clear()
    rank.cache_clear()


@lru_cache(maxsize=None)
def rank(run: Run, point: Point) -> Ranking | None:
    """The queues that are not significantly worse than the best at a point; None if no bounded queue has a number."""
    counter = headline(run, point)
    medians = {queue: summary.median for queue in rankable(run, point)
               if (summary := summarise(run, point, queue, counter))}
    if not medians:
        return None
    more = more_is_better(run, point)
    order = sorted(medians, key=medians.__getitem__, reverse=more)
    tied = [queue for queue in order if not _clearly_worse(pairs(run, point, queue, order[0], counter), counter, more)]
    return Ranking(counter, tuple(order), tuple(tied), _no_verdict(run, point, order, counter))


def _clearly_worse(both: list[tuple[float, float]], counter: str, more_is_better: bool) -> bool:
    """Whether (mine, best) pairs differ by more than the tie's margin with the whole interval of their median."""
    excess = tuple((best - mine if more_is_better else mine - best) - margin(counter, best) for mine, best in both)
    found = estimate(excess)
    return found is not None and found.low is not None and found.low > 0


def margin(counter: str, value: float) -> float:
    """How far from `value` is no difference, in the counter's unit: 5%, and at least 10 ns where it is a time."""
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
    if fewest < MIN_VERDICT:
        return f"{fewest} block{'s' * (fewest != 1)}, a verdict needs {MIN_VERDICT}"
    return ""


@dataclass(frozen=True)
class Answer:
    """What a run says to one scenario's question. Medians are over the points at which the queue has a number."""

    scenario: Scenario
    leaders: tuple[str, ...]  # not worse than the best at the most points (no verdict: lowest at the most points)
    wins: dict[str, int]  # points at which a queue is not significantly worse than the best
    judged: int  # points that `wins` counts
    no_verdict: str  # why `leaders` is not a verdict; empty if it is
    counters: tuple[str, ...]  # headline counters in use over the points
    more_is_better: bool  # of them


def answer(run: Run, scenario: Scenario, points: Sequence[Point] | None = None) -> Answer:
    """Points at which a queue is not worse than the best, counted over `points` of a scenario (all by default)."""
    rankings = [ranking for point in points or scenario.points if (ranking := rank(run, point))]
    verdicts = [ranking for ranking in rankings if not ranking.no_verdict]
    wins: dict[str, int] = defaultdict(int)
    for ranking in verdicts or rankings:
        for queue in ranking.tied if verdicts else ranking.order[:1]:
            wins[queue] += 1
    most = max(wins.values(), default=0)
    reasons = [ranking.no_verdict for ranking in rankings]
    none = f"no trial has {scenario.judged_by}" if scenario.judged_by else "no numbers"
    return Answer(scenario, tuple(queue for queue, count in wins.items() if count == most), dict(wins),
                  len(verdicts or rankings), "" if verdicts else (reasons[0] if reasons else none),
                  tuple(sorted({ranking.counter for ranking in rankings})),
                  any(more_is_better(run, point) for point in points or scenario.points))


@dataclass(frozen=True)
class Score:
    """Of the points with a verdict at which a queue has a number: all, and those where it is no worse than the best."""

    not_worse: int
    entered: int


def scores(run: Run) -> dict[str, Score]:
    """Score of each queue over every point of the ranked scenarios; empty without a verdict."""
    found: dict[str, Score] = {}
    for ranking in (rank(run, point) for scenario in run.scenarios.values() for point in scenario.points):
        if ranking and not ranking.no_verdict:
            for queue in ranking.order:
                before = found.get(queue, Score(0, 0))
                found[queue] = Score(before.not_worse + (queue in ranking.tied), before.entered + 1)
    return found


def is_bound(run: Run, point: Point, queue: str) -> bool:
    """Whether a headline is a loss against an ideal that is only a bound."""
    bound = summarise(run, point, queue, "efficiency_is_bound")
    return headline(run, point) in EFFICIENCY_OF and bool(bound and bound.median)


def open_loop_warnings(run: Run, points: Sequence[Point]) -> list[str]:
    """What a reader of an open loop's numbers has to know, a sentence each: late generators, no steady state."""
    def median(point: Point, counter: str) -> list[float]:
        return [summary.median for queue in run.queue_names(point.scenario)
                if (summary := summarise(run, point, queue, counter))]
    late = [point for point in points if any(value > 0.5 for value in median(point, "generator_is_late"))]
    over = [point for point in points if any(median(point, "overloaded")) and not median(point, "dropped_share")]
    growth = [value for point in over for value in median(point, "backlog_growth_msgs_per_s")]
    at = "at {} of " + f"{len(points)} point{'s' * (len(points) != 1)}"
    said = []
    if late:
        said.append(f"late generator {at.format(len(late))}: 1 message in 100 was pushed later than 5% of the mean gap "
                    "though its producer was free")
    if growth:
        said.append(f"overloaded {at.format(len(over))}: more comes than can be done, the backlog grows by "
                    f"{rate(min(growth))} to {rate(max(growth))}")
    return said


@dataclass(frozen=True)
class Loss:
    """A queue's headline over some points: value (in the counter's unit), efficiency 0..1, spread, marks."""

    counter: str
    value: float
    efficiency: float | None
    spread: float | None  # interquartile range over the rounds / median
    is_bound: bool  # the efficiency is at least this, the loss at most this
    from_all: bool
    points: int


def loss(run: Run, points: Sequence[Point], queue: str) -> Loss | None:
    """Median over `points` of a queue's headline and of its efficiency; None without a number."""
    found = []
    for point in points:
        counter = headline(run, point)
        if summary := summarise(run, point, queue, counter):
            efficiency = summarise(run, point, queue, EFFICIENCY_OF.get(counter, ""))
            found.append((counter, summary, efficiency, is_bound(run, point, queue)))
    if not found:
        return None
    found = [each for each in found if unit_of(each[0]) == unit_of(found[0][0])]
    counters, summaries, efficiencies, bounds = zip(*found)
    shares = [each.median for each in efficiencies if each]
    spreads = [each.spread for each in summaries if each.spread is not None]
    return Loss(counters[0], float(np.median([each.median for each in summaries])),
                float(np.median(shares)) if shares else None, float(np.median(spreads)) if spreads else None,
                any(bounds), any(each.from_all for each in summaries), len(found))


# ----------------------------------------------------------------------------------------- what the machine can do


@dataclass(frozen=True)
class Yardsticks:
    """Limits of the machine, medians over a run; None where it has none."""

    handoff_ns: float | None  # a cache line crosses, one way
    wake_ns: float | None  # a parked thread runs again
    ring_msgs_per_s: float | None  # the fastest ring, spinning, without work


@lru_cache(maxsize=None)
def yardsticks(run: Run) -> Yardsticks:
    def median(values: Iterable[float | None], share: float = 1) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.median(known)) * share if known else None
    return Yardsticks(median(block.handoff_ns for block in run.blocks.values() if not block.disturbed)
                      or median(block.handoff_ns for block in run.blocks.values()),
                      median((limits.park_round_trip_ns for limits in run.limits), 0.5),
                      median(limits.spsc_msgs_per_s for limits in run.limits))


# ------------------------------------------------------------------------------------------- pooled distributions


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
        """Value in ns at each share (0..1), linear inside its bucket; None beyond what `count` samples can tell."""
        edges = sorted(self.buckets)
        cumulative = np.cumsum([self.buckets[edge] for edge in edges]) if edges else np.zeros(1)
        return [self._at(share, edges, cumulative) if printable(share, int(cumulative[-1])) else None
                for share in shares]

    def _at(self, share: float, edges: list[tuple[float, float]], cumulative: NDArray[np.int64]) -> float:
        wanted = share * cumulative[-1]
        index = int(np.searchsorted(cumulative, wanted, side="left"))
        (lower, upper), count = edges[index], self.buckets[edges[index]]
        return float(lower + (upper - lower) * (wanted - (cumulative[index] - count)) / count)


def printable(share: float, samples: int) -> bool:
    """Whether quantile `share` of `samples` samples may be shown: at least 100 of them must lie beyond it."""
    return samples > 0 and samples * (1 - share) >= 100 * (1 - 1e-9)


def pooled(run: Run, names: Iterable[str]) -> dict[tuple[str, str, str], Pool]:
    """Pools by (point, queue, name) over the trials that the cell is summarised from."""
    chosen = {(trial.cell, trial.round, trial.level) for point, queue in run.cells()
              for trial in selected(run.trials_of(point, queue, "traced"))[0]}
    pools: dict[tuple[str, str, str], Pool] = defaultdict(Pool)
    for trial, histogram in run.histograms(names):
        if (trial.cell, trial.round, trial.level) in chosen:
            pools[trial.point, trial.queue, histogram.name].add(histogram)
    return dict(pools)


# ------------------------------------------------------------------------------------------- numbers in plain words


def duration(ns: float) -> str:
    """Two significant digits and a unit: 0 ns, 20 ns, 1.5 µs, 38 µs, 1.2 ms; -3 ns stays negative."""
    return _with_unit(ns, [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")])


def rate(per_s: float) -> str:
    """Messages a second: 850 /s, 21 k/s, 4.3 M/s."""
    return _with_unit(per_s, [(1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s"), (1, "/s")])


def data_size(count_bytes: float) -> str:
    """Bytes in decimal units, three digits: 512 B, 2 kB, 3.14 MB."""
    scale, unit = next(((scale, unit) for scale, unit in [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
                        if abs(count_bytes) >= scale), (1, "B"))
    return f"{count_bytes / scale:.3g} {unit}"


def percentage(value: float) -> str:
    """A share as a percentage that never reads 0% or 100% unless it is: <0.1%, 0.4%, 3%, 71%, 99.7%, >99.9%."""
    percent = 100 * value
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.1f}%" if 0 < percent < 0.95 or 99.05 <= percent < 100 else f"{percent:.0f}%"


def unit_of(counter: str) -> str:
    """What a counter counts, by the end of its name: ns, msgs/s, bytes, %, events per message, share or plain."""
    suffixes = {"_ns": "ns", "_ns_per_msg": "ns", "_msgs_per_s": "msgs/s", "_bytes": "bytes", "_pct": "%",
                "_per_msg": "events per message", "efficiency": "share", "_share": "share"}
    ends = (suffix for suffix in sorted(suffixes, key=len, reverse=True) if counter.endswith(suffix))
    return suffixes.get(next(ends, ""), "plain")


def shown(counter: str, value: float) -> str:
    """A value of a counter in plain words: 1.5 µs, 21 k/s, 97%, 0.031."""
    words: dict[str, Callable[[float], str]] = {
        "ns": duration, "msgs/s": rate, "bytes": data_size, "share": percentage,
        "%": lambda percent: percentage(percent / 100)}
    return words.get(unit_of(counter), lambda number: f"{number:,.0f}" if number >= 1000 else f"{number:.3g}")(value)


def name_of(counter: str) -> str:
    """A counter's name in plain words, without its unit: sojourn p99, switches per message, overhead per message."""
    known = {LOST: "overhead per message", NOMINAL_LOST: "overhead per message", EXCESS: "excess sojourn time",
             THROUGHPUT: "messages per second"}
    words = counter.removesuffix("_bytes").removesuffix("_pct").removesuffix("_msgs_per_s")
    words = words.removesuffix("_ns").replace("_ns_per_msg", "_per_message").replace("_per_msg", "_per_message")
    return known.get(counter) or " ".join("CPU" if word == "cpu" else word for word in words.split("_"))


def times(ratio: float) -> str:
    """A ratio in plain words: 0.43×, 1.9×, 120×."""
    return f"{ratio:.0f}×" if abs(ratio) >= 100 else f"{ratio:.2g}×"


def _with_unit(value: float, units: list[tuple[float, str]]) -> str:
    rounded = float(f"{value:.2g}")
    scale, unit = next(((scale, unit) for scale, unit in units if abs(rounded) >= scale), units[-1])
    scaled = rounded / scale
    digits = 1 if abs(scaled) < 10 and scaled != round(scaled) else 0
    return f"{scaled:.{digits}f} {unit}"
