"""./scripts/validate: the harness against queueing theory.

Each part is a scenario of scenarios/validate whose answer has a closed form (theory.py). What was measured is compared
with it three times:

- at the *realised* rates: those that the work of the trials really had, late timers and the machine's gaps included.
  This is the proof: nothing but the queue, the threads and the measuring lies between the two figures;
- at the rates *as drawn*: it tells how far the work came from what was asked of it. Shown; judged for the throughputs
  of sleeping work only: how fast a core spins is the machine's, and near saturation a percent of load is many of
  waiting;
- with the *replay* of the trial's own times through the ideal queue: it tells what lies between from what chance adds.

Throughputs are shares of what the consumers can take, times are in mean services: both depend on rho alone.
"""

from __future__ import annotations

import math
import os
import re
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bqb import theory
from bqb.data.load import load_run
from bqb.data.model import Point, Trial
from bqb.running.driver import Driver
from bqb.running.progress import Progress
from bqb.running.selection import Selection, listing
from bqb.stats import summaries
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS

QUANTILES = {"p50": 0.5, "p99": 0.99}
FEWEST_BLOCKS = 9
FEWEST_RUNNING = MIN_VERDICT_BLOCKS  # trials whose threads kept their cores
MIN_ON_CPU = 0.998  # of its time: who waits by spinning and runs for less was held up by others
WIDTH_OF_INTERVAL = 2 * 1.96  # of 95%, in standard errors
SPREAD_OF_MEDIAN = math.sqrt(math.pi / 2)  # standard error of a median over that of a mean, of normal values
HEAVY_LOAD, HEAVY = 0.8, 2.5  # above this rho, waits may be off by so much more: their error goes with 1 / (1 - rho)
LATENCY_REQUEST = "/dev/cpu_dma_latency"
SECONDS_BETWEEN_STARTS = 0.05  # of the runs at once: else all would probe the same cores at the same time


# ---------------------------------------------------------------------------------- what is compared, and how far


@dataclass(frozen=True)
class Tolerance:
    """How far a figure may be off, as shares of its theoretical value; None: shown, not judged."""

    realised: float | None
    replay: float | None
    drawn: float | None = None
    floor_ns: float = 0.0  # and this much more of a wait: what one of next to nothing cannot be without


@dataclass(frozen=True)
class Part:
    """A scenario of scenarios/validate. `copies`: None measures its points one after the other; a number: with
    all others that have one, at once, in so many runs each, with seeds of their own: their threads sleep."""

    scenario: str
    title: str
    rounds: int
    tolerances: dict[str, Tolerance]  # by figure
    copies: int | None = None
    deep_only: bool = False


SPIN = {"throughput": Tolerance(realised=0.02, replay=0.02)}
SLEEP = {"throughput": Tolerance(realised=0.03, replay=0.03, drawn=0.08)}
SHOWN = Tolerance(None, None)
P99 = {"p99": Tolerance(0.10, 0.10)}
# A median wait of 0 is one of a hand-off in fact, and near 0 it moves by two services for each unit of rho.
WAITS = {"mean": Tolerance(0.10, 0.10), "p50": Tolerance(0.10, 0.10, floor_ns=750), **P99}
# A late timer and a wake-up. The median wait of a light load is not judged for them: it is hardly more.
SLEPT = {"mean": Tolerance(0.10, 0.10, floor_ns=300_000)}
PARTS = (
    Part("tandem_spin", "bounded queue, spinning work", 12, SPIN),
    Part("tandem_spin_deep", "bounded queue, spinning work", 12, SPIN, deep_only=True),
    Part("mm1", "M/M/1", 100, WAITS),
    Part("mm1_deep", "M/M/1", 100, WAITS, deep_only=True),
    Part("mm1_sleep", "M/M/1, sleeping work", 1, {**SLEPT, "p50": SHOWN, **P99}, copies=16),
    Part("coordinated_omission", "capacity 4, sleeping work", 1, P99, copies=9),
    Part("md1", "M/D/1, sleeping work", 1, SLEPT, copies=9),
    Part("tandem_sleep", "bounded queue, sleeping work", 10, SLEEP, copies=1),
    Part("mm2", "M/M/2, sleeping work", 10, SLEPT, copies=4),
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
    robbed: bool = False  # of their cores, but for too few of its trials: shown, not judged

    @property
    def judged(self) -> bool:
        """Whether it has a verdict; else it is only shown."""
        return bool(self.allowed or self.trouble)

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
        with cores_awake():
            run_at_once([made(binary, *what, beside_others=True) for what in at_once], trials)


@contextmanager
def cores_awake() -> Iterator[None]:
    """Asks the kernel, where it may be asked (as root), for cores that answer at once: they poll instead of halting,
    and one that halts, on a virtual machine, waits for its host before it hears a timer. The request lasts as long as
    the file is open (Linux, Documentation/power/pm_qos_interface)."""
    try:
        request = open(LATENCY_REQUEST, "wb", buffering=0)
    except OSError:  # no such kernel, or no right to ask
        yield
        return
    with request:
        request.write(struct.pack("i", 0))  # us
        yield


def made(binary: Path, folder: Path, selection: Selection, points: list[str], beside_others: bool = False) -> Driver:
    folder.mkdir()
    return Driver(binary, folder, selection, points, beside_others)


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
    """A queue at a point, with its trials of all runs."""

    part: Part
    point: Point
    trials: list[Trial] = field(default_factory=list)


def collect(folder: Path, deep: bool) -> tuple[list[Cell], list[str]]:
    """The cells that the runs below `folder` measured, in the order of the parts; and the faults that they found."""
    cells: dict[tuple[str, str], Cell] = {}
    faults = []
    for part in parts(deep):
        runs = [load_run(path) for path in sorted(folder.glob(f"{part.scenario}*"))
                if re.fullmatch(rf"{part.scenario}(\.\d+\.\d+)?", path.name) and (path / "trials.jsonl").exists()]
        if not runs:
            faults.append(f"{part.scenario}: nothing was measured")
        for run in runs:
            faults += [f"{problem.cell}: {problem.kind}: {problem.reason}" for problem in run.problems
                       if problem.kind != "void"]  # a block too few: what that means is judged by their number
            for point, queue in run.cells():
                cells.setdefault((point.name, queue), Cell(part, point)).trials += run.trials_of(point, queue)
    return list(cells.values()), list(dict.fromkeys(faults))


def machine(folder: Path) -> list[str]:
    """Where and when the runs below `folder` were made, in words; empty if none is."""
    first = next((path for path in sorted(folder.glob("*")) if (path / "trials.jsonl").exists()), None)
    if first is None:
        return []
    context = load_run(first).context
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
    """Indices of the trials that count.

    Of runs at the same time, all: they disturb each other's probes, but not their sleep. Of others, those of
    undisturbed blocks, if there are enough. Of these, waits take only trials whose threads kept their cores, by their
    own CPU time, or the `FEWEST_RUNNING` that kept them best: a lost core changes a wait a hundred times as much as a
    throughput."""
    everyone = list(range(len(cell.trials)))
    if cell.part.copies is not None:
        return everyone
    undisturbed = [index for index in everyone if not cell.trials[index].disturbed]
    fit = undisturbed if len(undisturbed) >= FEWEST_BLOCKS else everyone
    if "throughput" in cell.part.tolerances:
        return fit
    best = sorted(fit, key=lambda index: on_cpu(cell.point, cell.trials[index]), reverse=True)
    return best[:max(FEWEST_RUNNING, sum(kept_its_cores(cell, cell.trials[index]) for index in fit))]


def kept_its_cores(cell: Cell, trial: Trial) -> bool:
    return on_cpu(cell.point, trial) >= MIN_ON_CPU


def on_cpu(point: Point, trial: Trial) -> float:
    """Share of its time that a thread ran, of the side that ran less: 1 for spinning threads on a quiet machine. It
    says nothing of how long messages waited."""
    ran_ns = min(trial.counters[f"{side}_cpu_ns_per_msg"] / threads
                 for side, threads in (("producer", point.producers), ("consumer", point.consumers)))
    return ran_ns * trial.counters["messages"] / trial.counters["window_ns"]


def blocks(cell: Cell) -> dict:
    """What a comparison says about the blocks that it stands on."""
    count = len(chosen(cell))
    tried = len(cell.trials)
    few = f"{tried} block{'s' * (tried != 1)}, {FEWEST_BLOCKS} are needed" if tried < FEWEST_BLOCKS else ""
    disturbed = 0 if cell.part.copies else sum(cell.trials[index].disturbed for index in chosen(cell))
    return {"blocks": count, "disturbed": disturbed, "trouble": few, "robbed": robbed(cell)}


def robbed(cell: Cell) -> bool:
    """Whether too few trials had their cores for a wait, of spinning work, to say anything about a queue."""
    spins = cell.part.copies is None and "throughput" not in cell.part.tolerances
    return spins and not all(kept_its_cores(cell, cell.trials[index]) for index in chosen(cell))


def allowed(cell: Cell, figure: str, expected: float) -> dict[str, float]:
    """The tolerances that apply, in the figure's unit."""
    if robbed(cell):
        return {}
    tolerance = cell.part.tolerances[figure]
    slack = HEAVY if figure != "throughput" and (cell.point.rho or 0) > HEAVY_LOAD else 1.0
    shares = {"realised": tolerance.realised, "drawn": tolerance.drawn, "replay": tolerance.replay}
    floor = tolerance.floor_ns / cell.point.consumer.mean_ns
    return {name: slack * share * expected + floor for name, share in shares.items() if share is not None}


def compare_throughput(cell: Cell, blank: Comparison) -> Comparison:
    """Medians over the blocks of measured / theory."""
    point, trials = cell.point, [cell.trials[index] for index in chosen(cell)]

    def chain(produce_ns: float, consume_ns: float) -> theory.Tandem:
        return theory.Tandem(point.producers, point.consumers, point.capacity, produce_ns, consume_ns)
    realised = [chain(trial.counters["producer_work_mean_ns"], trial.counters["consumer_work_mean_ns"])
                for trial in trials]
    drawn = chain(point.producer.mean_ns, point.consumer.mean_ns)
    rates = [trial.counters["throughput_msgs_per_s"] / 1e9 for trial in trials]
    ratio = summaries.estimate(tuple(rate / each.throughput for rate, each in zip(rates, realised)))
    against_drawn = summaries.estimate(tuple(rate / drawn.throughput for rate in rates))
    efficiency = summaries.estimate(tuple(trial.counters["efficiency"] for trial in trials))
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
    """Medians over the trials of measured - theory, in services. Not of all messages together: a thread that stands
    still for 10 ms once holds up a percent of a trial's messages, and a pool never forgets them."""
    point, closed_form = cell.point, wait_in_theory(cell.point, blank.figure)
    trials = [cell.trials[index] for index in chosen(cell)]
    services = np.array([trial.counters["consumer_work_mean_ns"] for trial in trials])
    gaps = np.array([trial.counters["window_ns"] / trial.counters["messages"] if is_open(point) else
                     trial.counters["producer_work_mean_ns"] for trial in trials])
    measured, ideal = (np.array([trial.counters[f"{stem}_{blank.figure}_ns"] for trial in trials])
                       for stem in ("sojourn", "ideal_sojourn"))
    if is_open(point):  # a trial whose work took so long that it has no steady state is no sample of one
        steady = services < gaps * point.consumers
        if 2 * steady.sum() < len(steady):
            raise ValueError("most trials are beyond saturation and have no steady state")
        services, gaps, measured, ideal = services[steady], gaps[steady], measured[steady], ideal[steady]
    realised = np.array([closed_form(gap_ns, service_ns) for gap_ns, service_ns in zip(gaps, services)])
    drawn_service_ns = point.consumer.mean_ns
    drawn_gap_ns = drawn_service_ns / point.consumers / point.rho  # one producer, everywhere here
    drawn = closed_form(drawn_gap_ns, drawn_service_ns) / drawn_service_ns
    off = summaries.estimate(tuple((measured - realised) / services))
    if off is None:
        raise ValueError("no trials")
    expected = float(np.median(realised / services))
    low, high = (math.nan if end is None else expected + end for end in (off.low, off.high))
    error = (high - low) / WIDTH_OF_INTERVAL
    if blank.title == "M/M/1" and blank.figure == "mean":
        messages = sum(trial.counters["messages"] for trial in trials)
        error = theory.mm1_wait_error(drawn_gap_ns, drawn_service_ns, messages) / drawn_service_ns * SPREAD_OF_MEDIAN
    return with_values(
        blank, **blocks(cell), rho=float(np.median(services / gaps)) / point.consumers, theory=expected,
        measured=expected + off.median, low=low, high=high, error=error,
        off={"realised": off.median, "drawn": float(np.median(measured)) / drawn_service_ns - drawn,
             "replay": float(np.median((measured - ideal) / services))},
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


def as_json(comparisons: Sequence[Comparison], faults: Sequence[str], machine: Sequence[str] = ()) -> dict:
    """All that the table and the figure are made of. Numbers that are none are null."""
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return None if isinstance(value, float) and not math.isfinite(value) else value
    rows = [{**plain(asdict(each)), "beyond": each.beyond, "passed": each.passed} for each in comparisons]
    return {"passed": passed(comparisons, faults), "faults": list(faults), "machine": list(machine),
            "comparisons": rows}


def from_json(document: dict) -> list[Comparison]:
    """The comparisons that `as_json` wrote."""
    def number(key: str, value):
        if isinstance(value, dict):
            return {name: number(key, each) for name, each in value.items()}
        return math.nan if value is None else value
    known = Comparison.__dataclass_fields__
    return [Comparison(**{key: number(key, value) for key, value in row.items() if key in known})
            for row in document["comparisons"]]


def passed(comparisons: Sequence[Comparison], faults: Sequence[str]) -> bool:
    return bool(comparisons) and not faults and all(each.passed for each in comparisons)


def score(comparisons: Sequence[Comparison]) -> tuple[int, int]:
    """How many figures agree, of how many that are judged."""
    judged = [each for each in comparisons if each.judged]
    return sum(each.passed for each in judged), len(judged)


def told(comparisons: Sequence[Comparison]) -> str:
    """The score in words, and how many figures have no verdict."""
    good, judged = score(comparisons)
    unjudged = len(comparisons) - judged
    return f"{good} of {judged} figures agree" + (f", {unjudged} not judged" if unjudged else "")
