"""The figure of a capacity: what the ideal queue loses against an unbounded one."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator

from bqb.advice.capacity import LOOSE, TIGHT, CapacityAdvice
from bqb.advice.knee import Measure
from bqb.advice.pipeline import Pipeline
from bqb.advice.words import in_words
from bqb.report.figures.page import make_page, plot_style, save_figure
from bqb.report.figures.style import ALARM, BLUE, GREY, SMALL
from bqb.report.titles import Title
from bqb.report.units import format_ns, format_share

WIDTH, BODY = 8.0, 3.4  # inches
SAME_WAIT = 1.1  # waits that differ by less than this factor make no curve
AXIS = {
    Measure.TIME: "extra time per message",
    Measure.BLOCKED: "share of the producers' time blocked",
    Measure.DROPPED: "share dropped beyond what must be",
}


def draw_capacity(pipeline: Pipeline, advice: CapacityAdvice, stem: Path) -> list[Path]:
    """Writes stem.svg and stem.png."""
    with plot_style():
        page = make_page(
            WIDTH,
            BODY,
            Title(_title(advice)),
            in_words(pipeline),
            ["By replay of the times through a queue that costs nothing. Nothing is measured."],
        )
        axes = page.axes(0.9, 0.05, WIDTH - 1.9, BODY - 0.65)
        capacities = [row.capacity for row in advice.rows]
        axes.plot(
            capacities,
            [100 * max(0.0, row.loss) for row in advice.rows],
            color=BLUE,
            marker="o",
            markersize=4,
        )
        axes.set_xscale("log", base=2)
        axes.set_xlim(capacities[0] / 1.15, capacities[-1] * 1.15)
        ticks = [4**power for power in range(12) if 4**power <= capacities[-1]]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:,}" for tick in ticks]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("capacity")
        axes.set_ylabel(AXIS[advice.measure])
        _mark_waits(axes, advice)
        axes.axvline(advice.capacity, color=ALARM, linewidth=1)
        axes.annotate(
            f"{advice.capacity:,}",
            (advice.capacity, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4),
            textcoords="offset points",
            va="top",
            color=ALARM,
        )
        for bound, where in ((advice.lower, "at least"), (advice.upper, "at most")):
            if bound and capacities[0] < bound.capacity < capacities[-1]:
                axes.axvline(bound.capacity, color=GREY, linewidth=0.8, linestyle=":")
                axes.annotate(
                    f"{where} {bound.capacity:,}",
                    (bound.capacity, 0.85),
                    xycoords=("data", "axes fraction"),
                    xytext=(4, 0),
                    textcoords="offset points",
                    fontsize=SMALL,
                    color=GREY,
                )
        return save_figure(page.figure, stem)


def _mark_waits(axes: Axes, advice: CapacityAdvice) -> None:
    """The p99 wait on a second axis: what a larger capacity may cost."""
    known = [
        (row.capacity, row.outcome.wait_p99_ns / 1e6)
        for row in advice.rows
        if row.outcome.wait_p99_ns
    ]
    waits = [ms for _, ms in known]
    if not known or max(waits) < SAME_WAIT * min(waits):  # messages that wait before the queue
        return
    right = axes.twinx()
    right.grid(False)
    right.spines["right"].set_visible(True)
    right.plot(*zip(*known), color=GREY, linewidth=1, linestyle="--")
    right.set_ylim(bottom=0)
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_ns(value * 1e6)))
    right.set_ylabel("p99 wait of a message (dashed)", color=GREY)


def _title(advice: CapacityAdvice) -> str:
    row = advice.row(advice.capacity)
    loss = format_share(max(0.0, row.loss))
    what = {
        Measure.TIME: f"costs {loss} more time per message than no bound",
        Measure.BLOCKED: f"blocks the producers for {loss} of their time",
        Measure.DROPPED: f"drops {loss} more than must be dropped",
    }[advice.measure]
    smallest = ""
    if advice.tight == advice.capacity:
        smallest = f": the smallest within {TIGHT:.0%}"
        if advice.loose and advice.loose < advice.capacity:
            smallest += f" ({advice.loose:,} is within {LOOSE:.0%})"
    return f"A capacity of {advice.capacity:,} {what}{smallest}"
