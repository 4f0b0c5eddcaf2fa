"""Sentences about a run that tables and figures share: titles, methods, notes, warnings."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bqb.data.expectations import Claim, EarlierClaim
from bqb.data.model import Point, Process, Run, Scenario, Side
from bqb.report.figures.view import View
from bqb.report.machine import description_parts
from bqb.report.numbers import notes_on_marks
from bqb.report.units import (
    counter_name,
    format_binary_bytes,
    format_ns,
    format_rate,
    format_ratio,
    format_share,
    format_value,
)
from bqb.stats import claims
from bqb.stats.counters import THROUGHPUT
from bqb.stats.summaries import machine_baselines, summarise
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS
from bqb.stats.verdicts import PointVerdicts


def in_words(key: str, value: object, open_loop: bool = False) -> str:
    """A swept key and its value in words: "capacity 16", "1 µs of work", "equal speeds" (open loop:
    "load 0.8")."""
    name = key.split(".")[-1]
    if name == "rho" and open_loop:
        return f"load {value:g}"
    if name == "rho":
        return (
            "slower producer" if value < 1 else "equal speeds" if value == 1 else "slower consumer"
        )
    if name == "mean_ns":
        return f"{format_ns(value)} of work"
    if name.endswith("_ns"):
        return f"{name[:-3].replace('_', ' ')} {format_ns(value)}"
    if name.endswith("working_set_bytes"):
        side = name.removesuffix("_bytes").replace("_", " ")
        return f"{side} {format_binary_bytes(value)}"
    if name.endswith("_bytes"):
        return f"{value}-byte messages"
    if name in ("producers", "consumers"):
        return _count(value, name[:-1])
    if name == "case":
        return str(value).replace("_", " ")
    return f"{name.replace('_', ' ')} {str(value).replace('_', ' ')}"


def headed(key: str, value: object, open_loop: bool = False) -> str:
    """As `in_words`, with the number where the words leave it out: for the head of a row or
    column."""
    words = in_words(key, value, open_loop)
    return f"{words} (ρ = {value:g})" if key.split(".")[-1] == "rho" and not open_loop else words


def located(point: Point, scenario: Scenario, without: str = "") -> str:
    """What sets a point apart from the others of its scenario, as the beginning of a title; empty
    for a single one."""
    swept = [key for key in scenario.swept() if key != without]
    words = ", ".join(
        in_words(key, point.axes[key], scenario.open_loop)
        for key in sorted(swept, key=lambda key: key != "capacity")
        if key in point.axes
    )
    return f"{words[0].upper()}{words[1:]}: " if words else ""


def asked_and_measured(view: View, scenario: Scenario) -> str:
    """The subtitle: the question as asked, then how it was measured."""
    points = view.points(scenario)
    return f"{scenario.question}\n{' · '.join(_method(view, points))}"


def _method(view: View, points: Sequence[Point]) -> list[str]:
    threads = dict.fromkeys(map(_threads, points))
    return [
        *(["threads as given"] if len(threads) > 2 else [" or ".join(threads)]),
        _capacities(points),
        _work(points),
        *machine(view, points),
    ]


def _threads(point: Point) -> str:
    if point.shape == "ping_pong":
        return "client and server"
    if point.shape == "pipeline":
        return f"{point.stages} stages in a row"
    return f"{_count(point.producers, 'producer')}, {_count(point.consumers, 'consumer')}"


def machine(view: View, points: Sequence[Point]) -> list[str]:
    """Machine, date, the time to wake a thread there, rounds, and the share of disturbed blocks."""
    context, blocks = view.run.context, view.run.blocks_of(points)
    rounds = len({block.round for block in blocks})
    bad = sum(block.disturbed for block in blocks)
    parts = [*description_parts(context), str(context.get("date", ""))[:10]]
    if wake_ns := machine_baselines(view.run).wake_ns:
        parts.append(f"waking a parked thread takes {format_ns(wake_ns)}")
    parts.append(_count(rounds, "round"))
    if blocks:
        parts.append(
            f"{format_share(bad / len(blocks))} of {_count(len(blocks), 'block')} disturbed"
        )
    return parts


def _count(number: object, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _range(values: Iterable[float], name: Callable[[float], str] = str) -> str:
    ordered = sorted(set(values))
    return name(ordered[0]) if len(ordered) == 1 else f"{name(ordered[0])} to {name(ordered[-1])}"


def _capacities(points: Sequence[Point]) -> str:
    return f"capacity {_range(point.capacity for point in points)}"


def _work(points: Sequence[Point]) -> str:
    sides = [side for point in points for side in point.sides if side.work != "none"]
    arrivals = [point.arrivals for point in points if point.arrivals]
    parts = []
    if sides:
        works = " or ".join(dict.fromkeys(side.work for side in sides))
        parts.append(
            f"{works} work{_working_sets(sides)}, {_processes(sides)}, mean "
            f"{_range((side.mean_ns for side in sides), format_ns)}"
        )
    if arrivals:
        gaps = _range((each.mean_ns for each in arrivals), format_ns)
        parts.append(
            f"{_processes(arrivals).replace('exponential', 'Poisson')} arrivals, one in {gaps}"
        )
    return ", ".join(parts) or "no work between calls"


def _working_sets(sides: Sequence[Side]) -> str:
    sizes = {side.working_set_bytes for side in sides if side.working_set_bytes}
    if not sizes:
        return ""
    return f" (working set{'s' * (len(sizes) > 1)} of {_range(sizes, format_binary_bytes)})"


def _processes(streams: Sequence[Process]) -> str:
    return " or ".join(dict.fromkeys(stream.process for stream in streams))


def notes(view: View, scenario: Scenario, *first: str, marks: str = "†") -> list[str]:
    """What stands below a figure: how to read it, what the `marks` mean that its numbers may have,
    and what is missing."""
    lines = [" ".join(note for note in first if note)]
    points = view.points(scenario)
    cells = ((point, queue) for point in points for queue in view.run.queue_names(scenario.name))
    below = notes_on_marks(view.run, cells, marks)
    below += [
        f"{warning[0].upper()}{warning[1:]}." for warning in warnings_of_points(view.run, points)
    ]
    failures = [
        problem
        for problem in view.run.problems
        if problem.kind == "failed" and problem.point in {point.name for point in points}
    ]
    lines.append(" ".join(below))
    lines += [f"Failed: {problem.cell}: {problem.reason}" for problem in failures[:3]]
    if len(failures) > 3:
        lines.append(f"... and {len(failures) - 3} more failed cells.")
    return [line for line in lines if line]


def _any_from_all(view: View, points: Sequence[Point]) -> bool:
    return any(
        summary.from_all
        for point in points
        for queue in view.run.queue_names(point.scenario)
        if (summary := view.headline(point, queue))
    )


def legend_of_marks(view: View, points: Sequence[Point], crosses: bool = True) -> str:
    """Explains dots, crosses and intervals, as far as they occur."""
    blocks = view.run.blocks_of(points)
    rounds = max(
        (len(view.run.trials_of(p, q)) for p in points for q in view.run.queue_names(p.scenario)),
        default=0,
    )
    parts = ["Marker: median of the blocks;" if rounds > 1 else "Marker: one round, no interval."]
    if rounds > 1:
        parts.append(
            "line: 95% interval of the median, not adjusted for the number of comparisons;"
            if rounds >= MIN_VERDICT_BLOCKS
            else "line: range of the rounds (too few for a 95% interval);"
        )
        parts.append("faint dots: trials.")
    bad = sum(block.disturbed for block in blocks)
    if bad:
        parts.append(
            f"{'×: disturbed, ' if crosses else 'Disturbed, '}left out of the medians"
            f"{' but at †' if _any_from_all(view, points) else ''}: {bad} of {len(blocks)} blocks."
        )
    return " ".join(parts)


def tells_apart(verdict: PointVerdicts) -> str:
    """How small a difference to the best the blocks of a point could have shown."""
    if math.isinf(verdict.resolution):
        return "too few blocks"
    if verdict.counter == THROUGHPUT:  # judged by the time a message takes
        resolution = format_ns(verdict.resolution)
    else:
        resolution = format_value(verdict.counter, verdict.resolution)
    share = verdict.resolution_share
    in_brackets = "" if share is None or share > 1 else f" ({format_share(share)})"
    return f"tells {resolution}{in_brackets} apart"


def warnings_of_points(run: Run, points: Sequence[Point]) -> list[str]:
    """Warnings about these points, for the reader of their numbers: a sentence each."""
    return [*capacity_warnings(run, points), *open_loop_warnings(run, points)]


def capacity_warnings(run: Run, points: Sequence[Point]) -> list[str]:
    """Queues that ran with another capacity than the others."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for point in points:
        for queue in run.queue_names(point.scenario):
            if capacity := run.other_capacities.get((point.name, queue)):
                found[queue, capacity].append(point.capacity)
    return [
        f"{queue} has room for {capacity:,} messages here, not "
        f"{' or '.join(f'{each:,}' for each in dict.fromkeys(wanted))} like the others: it cannot "
        "have that capacity"
        for (queue, capacity), wanted in found.items()
    ]


def open_loop_warnings(run: Run, points: Sequence[Point]) -> list[str]:
    """What a reader of an open loop's numbers has to know, a sentence each: late generators, no
    steady state."""

    def median(point: Point, counter: str) -> list[float]:
        return [
            summary.median
            for queue in run.queue_names(point.scenario)
            if (summary := summarise(run, point, queue, counter))
        ]

    late = [
        point
        for point in points
        if any(value > 0.5 for value in median(point, "generator_is_late"))
    ]
    over = [
        point
        for point in points
        if any(median(point, "overloaded")) and not median(point, "dropped_share")
    ]
    growth = [value for point in over for value in median(point, "backlog_growth_msgs_per_s")]
    at = "at {} of " + f"{len(points)} point{'s' * (len(points) != 1)}"
    warnings = []
    if late:
        warnings.append(
            f"late generator {at.format(len(late))}: the thread that makes the messages had "
            "paused; it pushed 1 message in 100 by more than 5% of the mean gap too late"
        )
    if growth:
        warnings.append(
            f"overloaded {at.format(len(over))}: more comes than can be done, the backlog "
            f"grows by {format_rate(min(growth))} to {format_rate(max(growth))}"
        )
    return warnings


def score_in_words(score: claims.Score) -> str:
    """What was claimed, what was found: a reader shall be able to check the verdict."""
    claim = score.claim
    is_ratio = bool(claim.than or claim.than_points)
    show = format_ratio if is_ratio else partial(format_value, claim.counter)
    exact = "{:g}×".format if is_ratio else show
    bounds = " and ".join(
        f"{side} {exact(bound)}"
        for side, bound in (("above", claim.above), ("below", claim.below))
        if bound is not None
    )
    measured = ""
    if score.measured:
        low, high = score.measured.low, score.measured.high
        interval = "" if low is None else f" [{show(low)}, {show(high)}]"
        measured = f"{score.queue}: {show(score.measured.median)}{interval}"
    label = "mostly the time to wake a thread on this machine" if score.of_wake_ups else ""
    details = ", ".join(filter(None, (measured, label, score.reason)))
    return f"{counter_name(claim.counter)} {bounds}; {details}"


def stated_in_words(claim: Claim) -> str:
    """Since when a claim stands in this form, and how many forms it had before; empty where the run
    is too old to say."""
    if not claim.since:
        return ""
    forms = len(claim.replaces)
    earlier = f", {forms} earlier form{'s' * (forms > 1)}" if forms else ""
    return f"stated {claim.since}{earlier}"


def replaced_in_words(earlier: EarlierClaim) -> str:
    """An earlier form of a claim, and why it was replaced."""
    return f"Until {earlier.until}: {earlier.says} ({earlier.bound}). {earlier.why}"
