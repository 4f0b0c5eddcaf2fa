"""./scripts/validate: the harness against queueing theory.

Each part is a scenario of scenarios/validate whose answer has a closed form (theory.py). What was measured is compared
with it three times:

- at the *realised* rates: those that the work of the trials really had, late timers and the machine's gaps included.
  This is the proof: nothing but the queue, the threads and the measuring lies between the two figures;
- at the rates *as drawn*: it tells how far the work came from what was asked of it (shown; judged for throughputs, since
  a percent of load is many percent of waiting near saturation);
- with the *replay* of the trial's own times through the ideal queue: it tells what lies between from what chance adds.

Throughputs are shares of what the consumers can take, times are in mean services: both depend on rho alone.
"""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bqb import results, statistics, theory
from bqb.driver import Driver, Selection, listing
from bqb.progress import Progress
from bqb.results import Histogram, Point, Trial

QUANTILES = {"p50": 0.5, "p99": 0.99}
FEWEST_BLOCKS = 9
RESAMPLES, SEED = 400, 20_240_229
CONFIDENCE = (2.5, 97.5)
SPREAD_OF_MEDIAN = math.sqrt(math.pi / 2)  # standard error of a median over that of a mean, of normal values
HEAVY_LOAD, HEAVY = 0.8, 2.5  # above this rho, waits may be off by so much more: their error goes with 1 / (1 - rho)
SECONDS_BETWEEN_STARTS = 0.05  # of the runs at once: else all would probe the same cores at the same time


# ----------------------------------------------------------------------------------------- what is compared, and how far


@dataclass(frozen=True)
class Tolerance:
    """How far a figure may be off, as shares of its theoretical value; None: shown, not judged."""

    realised: float
    replay: float | None
    drawn: float | None = None
    floor: float = 0.0  # and this much more, in the figure's unit: what a small value cannot be without


@dataclass(frozen=True)
class Part:
    """A scenario of scenarios/validate. `copies`: None measures its points one after the other; a number runs all of
    them at once, in so many runs each, with seeds of their own: their threads sleep."""

    scenario: str
    title: str
    rounds: int
    tolerances: dict[str, Tolerance]  # by figure
    copies: int | None = None
    deep_only: bool = False


SPIN = {"throughput": Tolerance(realised=0.02, replay=0.02, drawn=0.05)}
SLEEP = {"throughput": Tolerance(realised=0.03, replay=0.03, drawn=0.08)}
# A median wait of 0 is one of a hand-off in fact, and near 0 it moves by two services for each unit of rho.
WAITS = {"mean": Tolerance(0.10, 0.10), "p50": Tolerance(0.10, 0.10, floor=0.05), "p99": Tolerance(0.10, 0.10)}
PARTS = (
    Part("tandem_spin", "bounded queue, spinning work", 12, SPIN),
    Part("tandem_spin_deep", "bounded queue, spinning work", 12, SPIN, deep_only=True),
    Part("mm1", "M/M/1", 11, WAITS),
    Part("mm1_deep", "M/M/1", 11, WAITS, deep_only=True),
    Part("coordinated_omission", "capacity 4", 10, {"p99": Tolerance(0.10, 0.10)}),
    Part("md1", "M/D/1", 10, {"mean": Tolerance(0.10, 0.10)}),
    Part("tandem_sleep", "bounded queue, sleeping work", 10, SLEEP, copies=1),
    # A consumer that has to be woken up takes a tenth of a millisecond, of 5.
    Part("mm2", "M/M/2, sleeping work", 10, {"mean": Tolerance(0.10, 0.10, floor=0.03)}, copies=4),
)
DEEP_ROUNDS = 3  # times as many


@dataclass(frozen=True)
class Comparison:
    """A figure against theory. Values are in the figure's unit (see above), `off` and `allowed` too: how far the
    measured value is above theory at the realised rates, above theory at the rates as drawn, above the replay."""

    part: str
    title: str
    point: str
    producers: int
    consumers: int
    capacity: int
    drawn_rho: float
    open_loop: bool
    figure: str  # throughput, mean, p50, p99
    rho: float = math.nan  # realised
    theory: float = math.nan  # at the realised rates
    measured: float = math.nan
    low: float = math.nan  # 95% interval of `measured`
    high: float = math.nan
    error: float = math.nan  # standard error to expect by theory of `measured`, or else that between the blocks
    blocks: int = 0
    disturbed: int = 0  # blocks among them
    off: dict[str, float] = field(default_factory=dict)
    allowed: dict[str, float] = field(default_factory=dict)
    trouble: str = ""  # why there is nothing to compare, or too little

    @property
    def beyond(self) -> list[str]:
        """What the measured value is too far from."""
        return [name for name, allowed in self.allowed.items() if not abs(self.off.get(name, math.inf)) <= allowed]

    @property
    def passed(self) -> bool:
        return not self.trouble and not self.beyond


# ------------------------------------------------------------------------------------------------------ measuring


def parts(deep: bool) -> list[Part]:
    return [part for part in PARTS if deep or not part.deep_only]


def points_of(binary: Path, part: Part, cores: int) -> list[str]:
    """Names of the points to measure: where the threads spin, those whose threads fit the cores."""
    text = listing(binary, Selection((part.scenario,)))
    names = [line.strip() for line in text.splitlines() if line.strip().startswith(f"{part.scenario}/")]
    return [name for name in names if part.copies is not None or spinning_threads(name) <= cores]


def spinning_threads(point: str) -> int:
    shape = re.search(r"/case:(\d+)p(\d+)c\b", point)
    return int(shape[1]) + int(shape[2]) if shape else 2


def measure(binary: Path, folder: Path, deep: bool, seed: int | None) -> None:
    """Runs every part, each into folders of its own below `folder`."""
    cores = len(os.sched_getaffinity(0))
    at_once = []
    for part in parts(deep):
        points = points_of(binary, part, cores)
        selection = Selection((part.scenario,), seed=seed, rounds=part.rounds * (DEEP_ROUNDS if deep else 1))
        if part.copies is None and points:
            made(binary, folder / part.scenario, selection, points).run()
        for copy in range(part.copies or 0):
            own = Selection((part.scenario,), seed=(1 if seed is None else seed) + copy, rounds=selection.rounds)
            at_once += [(folder / f"{part.scenario}.{copy}.{number:02}", own, [point])
                        for number, point in enumerate(points)]
    if at_once:
        trials = sum(selection.rounds for _, selection, _ in at_once)
        run_at_once([made(binary, *what, silent=True) for what in at_once], trials)


def made(binary: Path, folder: Path, selection: Selection, points: list[str], silent: bool = False) -> Driver:
    folder.mkdir()
    return Driver(binary, folder, selection, points, silent)


def run_at_once(drivers: Sequence[Driver], trials: int) -> None:
    """Runs all of these, of which none needs a core for long, next to each other; `trials` in all. The first failure
    ends it."""
    failures: list[BaseException] = []

    def run(driver: Driver) -> None:
        try:
            driver.run()
        except BaseException as failure:  # also an Interrupted, which is no Exception
            failures.append(failure)
    # Daemons: when this process has to go, they go, and queue_bench with them (driver.die_with_parent).
    threads = [threading.Thread(target=run, args=(driver,), daemon=True) for driver in drivers]
    with Progress("trials") as progress:
        for thread in threads:
            thread.start()
            time.sleep(SECONDS_BETWEEN_STARTS)
        while any(thread.is_alive() for thread in threads) and not failures:
            next(thread for thread in threads if thread.is_alive()).join(1.0)
            done = sum(len([number for _, number in list(driver.journal.tried) if number > 0]) for driver in drivers)
            progress.update(f"{len(drivers)} runs at once", min(done, trials), trials)
    if failures:
        raise failures[0]


# ------------------------------------------------------------------------------------------------------ comparing


@dataclass
class Cell:
    """A queue at a point, with its trials of all runs, and their distributions by (trial, name)."""

    part: Part
    point: Point
    trials: list[Trial] = field(default_factory=list)
    histograms: dict[tuple[int, str], Histogram] = field(default_factory=dict)  # by (index of the trial, name)


def collect(folder: Path, deep: bool) -> tuple[list[Cell], list[str]]:
    """The cells that the runs below `folder` measured, in the order of the parts; and the faults that they found."""
    cells: dict[tuple[str, str], Cell] = {}
    faults = []
    for part in parts(deep):
        runs = [results.load(path) for path in sorted(folder.glob(f"{part.scenario}*"))
                if re.fullmatch(rf"{part.scenario}(\.\d+\.\d+)?", path.name) and (path / "trials.jsonl").exists()]
        if not runs:
            faults.append(f"{part.scenario}: nothing was measured")
        for run in runs:
            faults += [f"{problem.cell}: {problem.kind}: {problem.reason}" for problem in run.problems
                       if problem.kind != "void"]  # a block too few: what that means is judged by their number
            distributions = defaultdict(dict)
            for trial, histogram in run.histograms(("sojourn_ns", "ideal_sojourn_ns")):
                distributions[trial.cell, trial.round, trial.level][histogram.name] = histogram
            for point, queue in run.cells():
                cell = cells.setdefault((point.name, queue), Cell(part, point))
                for trial in run.trials_of(point, queue):
                    for name, histogram in distributions[trial.cell, trial.round, trial.level].items():
                        cell.histograms[len(cell.trials), name] = histogram
                    cell.trials.append(trial)
    return list(cells.values()), list(dict.fromkeys(faults))


def machine(folder: Path) -> list[str]:
    """Where and when the runs below `folder` were made, in words; empty if none is."""
    first = next((path for path in sorted(folder.glob("*")) if (path / "trials.jsonl").exists()), None)
    if first is None:
        return []
    context = results.load(first).context
    cores = context.get("cores", 0)
    return [" ".join(str(context.get("cpu_model", "unknown CPU")).split()), f"{cores} core{'s' * (cores != 1)}",
            str(context.get("date", ""))[:10]]


def compare(cells: Iterable[Cell]) -> list[Comparison]:
    """Every figure of every cell against theory."""
    return [comparison for cell in cells for comparison in compare_cell(cell)]


def compare_cell(cell: Cell) -> list[Comparison]:
    compare_figure = compare_throughput if "throughput" in cell.part.tolerances else compare_wait
    compared = []
    for figure in cell.part.tolerances:
        blank = Comparison(cell.part.scenario, cell.part.title, cell.point.name, cell.point.producers,
                           cell.point.consumers, cell.point.capacity, cell.point.rho or math.nan,
                           is_open(cell.point), figure)
        try:
            compared.append(compare_figure(cell, blank))
        except (ValueError, KeyError) as trouble:
            compared.append(with_values(blank, trouble=f"nothing to compare: {trouble}"))
    return compared


def with_values(blank: Comparison, **values) -> Comparison:
    return Comparison(**{**vars(blank), **values})


def is_open(point: Point) -> bool:
    """Whether messages come by themselves: then the producers have no work."""
    return point.producer.work == "none"


def chosen(cell: Cell) -> list[int]:
    """Indices of the trials that count: those of undisturbed blocks if there are enough of them, else all. Runs at once
    disturb each other's probes, but not their sleep: all count."""
    everyone = list(range(len(cell.trials)))
    undisturbed = [index for index in everyone if not cell.trials[index].disturbed]
    return undisturbed if cell.part.copies is None and len(undisturbed) >= FEWEST_BLOCKS else everyone


def blocks(cell: Cell) -> dict:
    """What a comparison says about the blocks that it stands on."""
    count = len(chosen(cell))
    few = f"{count} block{'s' * (count != 1)}, {FEWEST_BLOCKS} are needed" if count < FEWEST_BLOCKS else ""
    disturbed = 0 if cell.part.copies else sum(cell.trials[index].disturbed for index in chosen(cell))
    return {"blocks": count, "disturbed": disturbed, "trouble": few}


def allowed(cell: Cell, figure: str, expected: float) -> dict[str, float]:
    """The tolerances that apply, in the figure's unit."""
    tolerance = cell.part.tolerances[figure]
    slack = HEAVY if figure != "throughput" and (cell.point.rho or 0) > HEAVY_LOAD else 1.0
    shares = {"realised": tolerance.realised, "drawn": tolerance.drawn, "replay": tolerance.replay}
    return {name: slack * share * expected + tolerance.floor for name, share in shares.items() if share is not None}


def compare_throughput(cell: Cell, blank: Comparison) -> Comparison:
    """Medians over the blocks of measured / theory."""
    point, trials = cell.point, [cell.trials[index] for index in chosen(cell)]

    def chain(produce_ns: float, consume_ns: float) -> theory.Tandem:
        return theory.Tandem(point.producers, point.consumers, point.capacity, produce_ns, consume_ns)
    realised = [chain(trial.counters["producer_work_mean_ns"], trial.counters["consumer_work_mean_ns"])
                for trial in trials]
    drawn = chain(point.producer.mean_ns, point.consumer.mean_ns)
    rates = [trial.counters["throughput_msgs_per_s"] / 1e9 for trial in trials]
    ratio = statistics.estimate(tuple(rate / each.throughput for rate, each in zip(rates, realised)))
    against_drawn = statistics.estimate(tuple(rate / drawn.throughput for rate in rates))
    efficiency = statistics.estimate(tuple(trial.counters["efficiency"] for trial in trials))
    if ratio is None:
        raise ValueError("no trials")
    expected = float(np.median([each.throughput * each.consume_ns / each.consumers for each in realised]))
    messages = float(np.median([trial.counters["messages"] for trial in trials]))
    return with_values(
        blank, **blocks(cell),
        rho=float(np.median([load_of(each) for each in realised])), theory=expected, measured=expected * ratio.median,
        low=expected * (ratio.low or math.nan), high=expected * (ratio.high or math.nan),
        error=expected * drawn.error(messages) * SPREAD_OF_MEDIAN / math.sqrt(len(trials)),
        off={"realised": expected * (ratio.median - 1), "drawn": expected * (against_drawn.median - 1),
             "replay": expected * (efficiency.median - 1)},
        allowed=allowed(cell, blank.figure, expected))


def load_of(chain: theory.Tandem) -> float:
    return chain.consume_ns * chain.producers / chain.produce_ns / chain.consumers


def compare_wait(cell: Cell, blank: Comparison) -> Comparison:
    """Of waits pooled over the blocks; the interval is from a bootstrap over the blocks."""
    indices = chosen(cell)
    if not indices:
        raise ValueError("no trials")
    waits = Waits(cell, indices, blank.figure)
    closed_form = wait_in_theory(cell.point, blank.figure)
    everyone = np.ones(len(indices))
    measured, ideal, produce_ns, consume_ns = waits.pooled(everyone)
    expected = closed_form(produce_ns, consume_ns) / consume_ns
    picks = np.random.default_rng(SEED).multinomial(len(indices), everyone / len(indices), RESAMPLES)
    offs = []
    for pick in picks:
        value, _, gap_ns, service_ns = waits.pooled(pick)
        offs.append(value / service_ns - closed_form(gap_ns, service_ns) / service_ns)
    low, high = np.percentile(offs, CONFIDENCE) + expected
    point = cell.point
    drawn_service_ns = point.consumer.mean_ns
    drawn_gap_ns = drawn_service_ns / point.consumers / point.rho  # one producer, everywhere here
    drawn = closed_form(drawn_gap_ns, drawn_service_ns) / drawn_service_ns
    error = float(np.std(offs))
    if blank.title == "M/M/1" and blank.figure == "mean":
        error = theory.mm1_wait_error(drawn_gap_ns, drawn_service_ns, waits.messages) / drawn_service_ns
    return with_values(
        blank, **blocks(cell), rho=consume_ns / produce_ns / point.consumers, theory=expected,
        measured=measured / consume_ns, low=float(low), high=float(high), error=error,
        off={"realised": measured / consume_ns - expected, "drawn": measured / drawn_service_ns - drawn,
             "replay": (measured - ideal) / consume_ns},
        allowed=allowed(cell, blank.figure, expected))


def wait_in_theory(point: Point, figure: str) -> Callable[[float, float], float]:
    """The closed form of a wait: (gap or time of production, time of service) -> ns."""
    share = QUANTILES.get(figure)
    if not is_open(point):
        return lambda produce_ns, service_ns: theory.Tandem(
            point.producers, point.consumers, point.capacity, produce_ns, service_ns).wait_quantile(share)
    if share is not None:
        return lambda gap_ns, service_ns: theory.mm1_wait_quantile(gap_ns, service_ns, share)
    if point.consumers > 1:
        return lambda gap_ns, service_ns: theory.mmc_wait_mean(gap_ns, service_ns, point.consumers)
    squared_variation = 1.0 if point.consumer.process == "exponential" else 0.0
    return lambda gap_ns, service_ns: theory.mg1_wait_mean(gap_ns, service_ns, squared_variation)


class Waits:
    """The waits of a cell's trials, to be pooled with any weights."""

    def __init__(self, cell: Cell, indices: Sequence[int], figure: str):
        trials = [cell.trials[index] for index in indices]
        self._share = QUANTILES.get(figure)
        self._point = cell.point
        self._counts = np.array([trial.counters["messages"] for trial in trials])
        self._window_ns = np.array([trial.counters["window_ns"] for trial in trials])
        self._service_ns = np.array([trial.counters["consumer_work_mean_ns"] for trial in trials])
        self._produce_ns = (None if is_open(cell.point) else
                            np.array([trial.counters["producer_work_mean_ns"] for trial in trials]))
        names = ("sojourn_ns", "ideal_sojourn_ns")
        if self._share is None:
            self._values = [np.array([trial.counters[name.replace("_ns", "_mean_ns")] for trial in trials])
                            for name in names]
        else:
            self._values = [Pooled([cell.histograms[index, name] for index in indices]) for name in names]

    @property
    def messages(self) -> float:
        return float(self._counts.sum())

    def pooled(self, weights: np.ndarray) -> tuple[float, float, float, float]:
        """The figure, the same in the replay, and the mean gap between messages (or time of production) and service;
        all in ns."""
        counts = weights * self._counts
        gap_ns = (float(weights @ self._window_ns / counts.sum()) if self._produce_ns is None else
                  float(counts @ self._produce_ns / counts.sum()))
        service_ns = float(counts @ self._service_ns / counts.sum())
        measured, ideal = (values.quantile(self._share, weights) if isinstance(values, Pooled) else
                           float(counts @ values / counts.sum()) for values in self._values)
        return measured, ideal, gap_ns, service_ns


class Pooled:
    """Histograms side by side over the same buckets, for quantiles of weighted sums of them."""

    def __init__(self, histograms: Sequence[Histogram]):
        self._edges = sorted({bucket[:2] for histogram in histograms for bucket in histogram.buckets})
        column = {edge: number for number, edge in enumerate(self._edges)}
        self._counts = np.zeros((len(histograms), len(self._edges)), dtype=np.int64)
        for row, histogram in enumerate(histograms):
            for lower, upper, count in histogram.buckets:
                self._counts[row, column[lower, upper]] += count

    def quantile(self, share: float, weights: np.ndarray) -> float:
        pool = statistics.Pool()
        for edge, count in zip(self._edges, (weights @ self._counts).astype(int).tolist()):
            pool.buckets[edge] = count
        value = pool.quantiles([share])[0]
        if value is None:
            raise ValueError(f"{pool.count} messages are too few for the {share:.0%} quantile")
        return value


def as_json(comparisons: Sequence[Comparison], faults: Sequence[str]) -> dict:
    """What a program may want to know. Numbers that are none are null."""
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return None if isinstance(value, float) and not math.isfinite(value) else value
    rows = [{**plain(asdict(each)), "beyond": each.beyond, "passed": each.passed} for each in comparisons]
    return {"passed": passed(comparisons, faults), "faults": list(faults), "comparisons": rows}


def passed(comparisons: Sequence[Comparison], faults: Sequence[str]) -> bool:
    return bool(comparisons) and not faults and all(each.passed for each in comparisons)
