"""One figure a cell for benchmark-action/github-action-benchmark, tool `customSmallerIsBetter`.

    github_action_entries(run)    # what github_action_benchmark.json holds

The action (v1.22.0: src/extract.ts, src/write.ts) charts each name by itself and divides a value by
the one before it. A 0 makes the next ratio infinite, which is an alert at any threshold; a value
below 0 makes it negative, which is none ever. So no entry has a headline that can be 0 or below: an
overhead can, within noise, and so can a share. It has a figure that grows with the headline and is
positive by its nature. Where a cell has none, it has no entry.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bqb.data.model import Point, Run
from bqb.data.rows import Row
from bqb.report.units import counter_name, format_value
from bqb.stats.counters import CPU_BEYOND_WORK, EFFICIENCY_OF, is_repeatable, unit_of
from bqb.stats.judging import headline, more_is_better
from bqb.stats.summaries import Estimate, Summary, estimate, summarise
from bqb.stats.thresholds import MIN_UNDISTURBED, MIN_VERDICT_BLOCKS

TIME_PER_MESSAGE = "ns_per_msg"


def _same(value: float) -> float:
    return value


def _slowdown(lost_share: float) -> float:
    """How many times as long work takes that gets all but a share (0..1) of its time."""
    return 1 / (1 - lost_share) if lost_share < 1 else math.inf


@dataclass(frozen=True)
class Figure:
    """What an entry shows: `of` (value of `counter`), in `unit`; less is better."""

    words: str  # the end of the entry's name
    unit: str
    counter: str
    of: Callable[[float], float] = _same


def figure_of(run: Run, point: Point) -> Figure | None:
    """The figure that stands for a point's headline. None where that is a tail, which does not
    repeat from run to run: alerts on it would be noise."""
    judge = headline(run, point)
    if not is_repeatable(judge):
        return None
    if judge == "neighbour_lost_share":
        return Figure("slowdown of the neighbour", "times as long", judge, _slowdown)
    if judge in ("dropped_share", "excess_dropped_share"):
        # Messages that were dropped count as none: dropping half of them doubles it.
        return Figure("time per message not dropped", "ns", TIME_PER_MESSAGE)
    duration = judge.replace("excess_", "sojourn_")
    duration = duration.replace(CPU_BEYOND_WORK, "cpu_ns_per_msg")
    is_time = unit_of(duration) == "ns" and not more_is_better(run, point, judge)
    if is_time and duration not in EFFICIENCY_OF:
        return Figure(counter_name(duration), "ns", duration)
    if point.open_loop:  # which runs at the pace of its arrivals
        return Figure(counter_name("sojourn_p50_ns"), "ns", "sojourn_p50_ns")
    return Figure("time per message", "ns", TIME_PER_MESSAGE)


def github_action_entries(run: Run) -> list[Row]:
    """An entry a cell that has a number: {name, unit, value, range?, extra}. Skipped and failed
    cells have none, and no name comes twice."""
    entries = []
    for point, queue in run.cells():
        if (figure := figure_of(run, point)) is None:
            continue
        summary = summarise(run, point, queue, figure.counter)
        shown = estimate([figure.of(value) for value in summary.values]) if summary else None
        if summary is None or shown is None or not 0 < shown.median < math.inf:
            continue
        entry: Row = {
            "name": f"{point.cell(queue)}: {figure.words}",
            "unit": figure.unit,
            "value": _rounded(shown.median),
        }
        # No "±": the interval is not symmetric. The action shows the text as it is.
        if shown.low is not None and shown.high is not None and shown.high < math.inf:
            entry["range"] = f"{_rounded(shown.low)} to {_rounded(shown.high)}"
        entries.append(entry | {"extra": "\n".join(_extra(run, point, queue, summary, shown))})
    return entries


def _extra(run: Run, point: Point, queue: str, summary: Summary, shown: Estimate) -> list[str]:
    """What the tooltip says besides: how many blocks, what the range is, the headline."""
    blocks = f"median of {shown.n} undisturbed blocks"
    if summary.from_all:
        blocks = f"median of all {shown.n} blocks: fewer than {MIN_UNDISTURBED} were undisturbed"
    lines = [blocks]
    if shown.low is not None:
        is_interval = shown.n >= MIN_VERDICT_BLOCKS
        lines.append("range: 95% interval" if is_interval else "range: least to greatest")
    judge = headline(run, point)
    if judged := summarise(run, point, queue, judge):
        lines.append(f"{judge}: {format_value(judge, judged.median)}")
    return lines


def _rounded(value: float) -> float:
    """Four significant digits: more would be noise, and fewer might round to 0."""
    number = float(f"{value:.4g}")
    return int(number) if number.is_integer() else number
