"""What was measured, compared with the closed forms of theory.py."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bqb.data.load import load_run
from bqb.data.model import Point, Trial
from bqb.stats import summaries
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS
from bqb.validation import theory
from bqb.validation.parts import HEAVY, HEAVY_LOAD, Part, parts
from bqb.validation.result import RATES, Comparison

QUANTILES = {"p50": 0.5, "p99": 0.99}
FEWEST_BLOCKS = 9
FEWEST_RUNNING = MIN_VERDICT_BLOCKS  # trials whose threads kept their cores
MIN_ON_CPU = 0.998  # of its time: who waits by spinning and runs for less was held up by others
WIDTH_OF_INTERVAL = 2 * 1.96  # of 95%, in standard errors
# Standard error of a median over that of a mean, of normal values.
SPREAD_OF_MEDIAN = math.sqrt(math.pi / 2)


@dataclass
class Cell:
    """A queue at a point, with its trials of all runs."""

    part: Part
    point: Point
    trials: list[Trial] = field(default_factory=list)


def collect(folder: Path, deep: bool) -> tuple[list[Cell], list[str]]:
    """The cells that the runs below `folder` measured, in the order of the parts; and the faults
    that they found."""
    cells: dict[tuple[str, str], Cell] = {}
    faults = []
    for part in parts(deep):
        runs = [
            load_run(path)
            for path in sorted(folder.glob(f"{part.scenario}*"))
            if re.fullmatch(rf"{part.scenario}(\.\d+\.\d+)?", path.name)
            and (path / "trials.jsonl").exists()
        ]
        if not runs:
            faults.append(f"{part.scenario}: nothing was measured")
        for run in runs:
            faults += [
                f"{problem.cell}: {problem.kind}: {problem.reason}"
                for problem in run.problems
                # A block too few: what that means is judged by their number.
                if problem.kind != "void"
            ]
            for point, queue in run.cells():
                cells.setdefault((point.name, queue), Cell(part, point)).trials += run.trials_of(
                    point, queue
                )
    return list(cells.values()), list(dict.fromkeys(faults))


def compare(cells: Iterable[Cell]) -> list[Comparison]:
    """Every figure of every cell against theory."""
    return [comparison for cell in cells for comparison in compare_cell(cell)]


def compare_cell(cell: Cell) -> list[Comparison]:
    compare_figure = compare_rate if is_of_rates(cell) else compare_wait
    compared = []
    for figure in cell.part.tolerances:
        blank = Comparison(
            cell.part.scenario,
            cell.part.title,
            cell.point.name,
            cell.point.producers,
            cell.point.consumers,
            cell.point.capacity,
            cell.point.rho or math.nan,
            cell.point.open_loop,
            figure,
        )
        try:
            compared.append(compare_figure(cell, blank))
        except (ValueError, KeyError) as trouble:
            compared.append(with_values(blank, trouble=f"nothing to compare: {trouble}"))
    return compared


def is_of_rates(cell: Cell) -> bool:
    return any(figure in RATES for figure in cell.part.tolerances)


def with_values(blank: Comparison, **values) -> Comparison:
    return Comparison(**{**vars(blank), **values})


def chosen(cell: Cell) -> list[int]:
    """Indices of the trials that count.

    Of runs at the same time, all: they disturb each other's probes, but not their sleep. Of others,
    those of undisturbed blocks, if there are enough. Of these, waits take only trials whose threads
    kept their cores, by their own CPU time, or the `FEWEST_RUNNING` that kept them best: a lost
    core changes a wait a hundred times as much as a throughput."""
    everyone = list(range(len(cell.trials)))
    if cell.part.copies is not None:
        return everyone
    undisturbed = [index for index in everyone if not cell.trials[index].disturbed]
    fit = undisturbed if len(undisturbed) >= FEWEST_BLOCKS else everyone
    if is_of_rates(cell):
        return fit
    best = sorted(fit, key=lambda index: on_cpu(cell.point, cell.trials[index]), reverse=True)
    return best[
        : max(FEWEST_RUNNING, sum(kept_its_cores(cell, cell.trials[index]) for index in fit))
    ]


def kept_its_cores(cell: Cell, trial: Trial) -> bool:
    return on_cpu(cell.point, trial) >= MIN_ON_CPU


def on_cpu(point: Point, trial: Trial) -> float:
    """Share of its time that a thread ran, of the side that ran less: 1 for spinning threads on a
    quiet machine. It says nothing of how long messages waited."""
    ran_ns = min(
        trial.counters[f"{side}_cpu_ns_per_msg"] / threads
        for side, threads in (("producer", point.producers), ("consumer", point.consumers))
    )
    return ran_ns * trial.counters["messages"] / trial.counters["window_ns"]


def blocks(cell: Cell) -> dict:
    """What a comparison says about the blocks that it stands on."""
    count = len(chosen(cell))
    tried = len(cell.trials)
    few = (
        f"{tried} block{'s' * (tried != 1)}, {FEWEST_BLOCKS} are needed"
        if tried < FEWEST_BLOCKS
        else ""
    )
    disturbed = (
        0 if cell.part.copies else sum(cell.trials[index].disturbed for index in chosen(cell))
    )
    return {"blocks": count, "disturbed": disturbed, "trouble": few, "robbed": lost_its_cores(cell)}


def lost_its_cores(cell: Cell) -> bool:
    """Whether too few trials had their cores for a wait, of spinning work, to say anything about a
    queue."""
    spins = cell.part.copies is None and not is_of_rates(cell)
    return spins and not all(kept_its_cores(cell, cell.trials[index]) for index in chosen(cell))


def allowed(cell: Cell, figure: str, expected: float) -> dict[str, float]:
    """The tolerances that apply, in the figure's unit."""
    if lost_its_cores(cell):
        return {}
    tolerance = cell.part.tolerances[figure]
    slack = HEAVY if figure not in RATES and (cell.point.rho or 0) > HEAVY_LOAD else 1.0
    shares = {"realised": tolerance.realised, "drawn": tolerance.drawn, "replay": tolerance.replay}
    floor = tolerance.floor_ns / cell.point.consumer.mean_ns
    return {
        name: slack * share * expected + floor
        for name, share in shares.items()
        if share is not None
    }


def compare_rate(cell: Cell, blank: Comparison) -> Comparison:
    """Medians over the blocks of measured / theory, or of replayed / theory."""
    point, trials = cell.point, [cell.trials[index] for index in chosen(cell)]

    def chain(produce_ns: float, consume_ns: float) -> theory.Tandem:
        return theory.Tandem(
            point.producers, point.consumers, point.capacity, produce_ns, consume_ns
        )

    realised = [
        chain(trial.counters["producer_work_mean_ns"], trial.counters["consumer_work_mean_ns"])
        for trial in trials
    ]
    drawn = chain(point.producer.mean_ns, point.consumer.mean_ns)
    rates = [trial.counters["throughput_msgs_per_s"] / 1e9 for trial in trials]
    if blank.figure == "ideal":
        rates = [rate / trial.counters["efficiency"] for rate, trial in zip(rates, trials)]
    ratio = summaries.estimate(tuple(rate / each.throughput for rate, each in zip(rates, realised)))
    against_drawn = summaries.estimate(tuple(rate / drawn.throughput for rate in rates))
    efficiency = summaries.estimate(tuple(trial.counters["efficiency"] for trial in trials))
    if ratio is None:
        raise ValueError("no trials")
    expected = float(
        np.median([each.throughput * each.consume_ns / each.consumers for each in realised])
    )
    messages = float(np.median([trial.counters["messages"] for trial in trials]))
    return with_values(
        blank,
        **blocks(cell),
        rho=float(np.median([load_of(each) for each in realised])),
        theory=expected,
        measured=expected * ratio.median,
        low=expected * (ratio.low or math.nan),
        high=expected * (ratio.high or math.nan),
        error=expected * drawn.error(messages) * SPREAD_OF_MEDIAN / math.sqrt(len(trials)),
        off={
            "realised": expected * (ratio.median - 1),
            "drawn": expected * (against_drawn.median - 1),
            "replay": expected * (efficiency.median - 1),
        },
        allowed=allowed(cell, blank.figure, expected),
    )


def load_of(chain: theory.Tandem) -> float:
    return chain.consume_ns * chain.producers / chain.produce_ns / chain.consumers


def compare_wait(cell: Cell, blank: Comparison) -> Comparison:
    """Medians over the trials of measured - theory, in services. Not of all messages together: a
    thread that stands still for 10 ms once holds up a percent of a trial's messages, and a pool
    never forgets them."""
    point, closed_form = cell.point, wait_in_theory(cell.point, blank.figure)
    trials = [cell.trials[index] for index in chosen(cell)]
    services = np.array([trial.counters["consumer_work_mean_ns"] for trial in trials])
    gaps = np.array(
        [
            trial.counters["window_ns"] / trial.counters["messages"]
            if point.open_loop
            else trial.counters["producer_work_mean_ns"]
            for trial in trials
        ]
    )
    measured, ideal = (
        np.array([trial.counters[f"{stem}_{blank.figure}_ns"] for trial in trials])
        for stem in ("sojourn", "ideal_sojourn")
    )
    # A trial whose work took so long that it has no steady state is no sample of one.
    if point.open_loop:
        steady = services < gaps * point.consumers
        if 2 * steady.sum() < len(steady):
            raise ValueError("most trials are beyond saturation and have no steady state")
        services, gaps, measured, ideal = (
            services[steady],
            gaps[steady],
            measured[steady],
            ideal[steady],
        )
    realised = np.array(
        [closed_form(gap_ns, service_ns) for gap_ns, service_ns in zip(gaps, services)]
    )
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
        error = (
            theory.mm1_wait_error(drawn_gap_ns, drawn_service_ns, messages)
            / drawn_service_ns
            * SPREAD_OF_MEDIAN
        )
    return with_values(
        blank,
        **blocks(cell),
        rho=float(np.median(services / gaps)) / point.consumers,
        theory=expected,
        measured=expected + off.median,
        low=low,
        high=high,
        error=error,
        off={
            "realised": off.median,
            "drawn": float(np.median(measured)) / drawn_service_ns - drawn,
            "replay": float(np.median((measured - ideal) / services)),
        },
        allowed=allowed(cell, blank.figure, expected),
    )


def wait_in_theory(point: Point, figure: str) -> Callable[[float, float], float]:
    """The closed form of a wait: (gap or time of production, time of service) -> ns."""
    share = QUANTILES.get(figure)
    if not point.open_loop:
        return lambda produce_ns, service_ns: theory.Tandem(
            point.producers, point.consumers, point.capacity, produce_ns, service_ns
        ).wait_quantile(share)
    if share is not None:
        return lambda gap_ns, service_ns: theory.mm1_wait_quantile(gap_ns, service_ns, share)
    if point.consumers > 1:
        return lambda gap_ns, service_ns: theory.mmc_wait_mean(gap_ns, service_ns, point.consumers)
    squared_variation = 1.0 if point.consumer.process == "exponential" else 0.0
    return lambda gap_ns, service_ns: theory.mg1_wait_mean(gap_ns, service_ns, squared_variation)
