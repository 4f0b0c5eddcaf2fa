"""The figure of ./scripts/validate: measured points, with intervals, on the curves of theory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes

from bqb.report.figures.labels import end_labels
from bqb.report.figures.layout import PAGE
from bqb.report.figures.page import MARGIN, Page, make_page
from bqb.report.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
from bqb.report.titles import Title
from bqb.validation import theory
from bqb.validation.result import Comparison, agreement

# Inches, around a panel and of it; panels in a row.
LEFT, BETWEEN, HEIGHT, ACROSS = 0.5, 1.0, 2.3, 2
WIDTH = (PAGE - 2 * MARGIN - LEFT) / ACROSS - BETWEEN
STEP = HEIGHT + 0.95  # from one row to the next
LOWEST_WAIT = 0.05  # mean services; lower ones are not drawn
LOADS = np.linspace(0.05, 0.95, 181)
MM1 = ("mm1", "mm1_deep", "mm1_sleep")
ONLY_IN_TABLE = ("tandem_short",)  # on curves that other work has, too
COLORS = {"mean": BLUE, "p50": GREEN, "p99": RED}
CAPACITY_COLORS = [BLUE, RED, GREEN, ORANGE, PINK, SKY, BLACK]


def page(comparisons: Sequence[Comparison], machine: Sequence[str]) -> Page:
    """A panel a shape of the bounded queue, below them the waits in open loops. `machine`: where it
    was measured."""
    measured = [each for each in comparisons if math.isfinite(each.measured)]
    known = [each for each in measured if each.part not in ONLY_IN_TABLE]
    shapes = sorted(
        {(each.producers, each.consumers) for each in known if each.figure == "throughput"}
    )
    above = [lambda axes, shape=shape: throughput(axes, known, shape) for shape in shapes]
    of_open_loops = (
        lambda axes: waits(axes, known, MM1),
        lambda axes: omission(axes, known),
        lambda axes: means(axes, known),
    )
    below = of_open_loops if known else ()
    heads = [f"{p} producer{'s' * (p > 1)}, {c} consumer{'s' * (c > 1)}" for p, c in shapes]
    lower = [
        "M/M/1: Poisson arrivals, exponential service",
        "Whose clock? 99% wait at capacity 4",
        "Mean waits: M/D/1 and M/M/2",
    ]
    panels = [*zip(above, heads), *zip(below, lower)]
    figure_page = make_page(
        PAGE,
        STEP * math.ceil(len(panels) / ACROSS) + 0.1,
        Title(title(comparisons)),
        " · ".join(machine),
        notes(measured),
    )
    for index, (draw, name) in enumerate(panels):
        row, column = divmod(index, ACROSS)
        left, top = MARGIN + LEFT + column * (WIDTH + BETWEEN), row * STEP + 0.35
        figure_page.text(left, top - 0.3, name, fontsize=10, fontweight="bold")
        draw(figure_page.axes(left, top, WIDTH, HEIGHT))
    return figure_page


def title(comparisons: Sequence[Comparison]) -> str:
    return f"Measured against queueing theory: {agreement(comparisons)}"


def notes(comparisons: Sequence[Comparison]) -> list[str]:
    lines = [
        "Lines: closed forms. Markers: measured, at the load that the work really had, with 95% "
        "intervals over "
        "the blocks; filled: spinning work, hollow: sleeping work; a cross: outside the "
        "tolerance. A wait lasts "
        "until a consumer has the message in its hands."
    ]
    lines += unjudged(comparisons)
    if any(each.part == "coordinated_omission" for each in comparisons):
        lines.append(
            "Whose clock: an open loop counts from the time at which a message was meant to "
            "come; a closed "
            "loop from the call of push, which a producer makes later where the queue held it up "
            "before."
        )
    return lines


def unjudged(comparisons: Sequence[Comparison]) -> list[str]:
    """Which figures have no verdict, and why; and which have no marker."""
    robbed = sum(each.robbed for each in comparisons)
    shown = sum(not each.judged and not each.robbed for each in comparisons)
    low = [each for each in comparisons if each.part in MM1 and each.measured <= LOWEST_WAIT]
    lines = []
    if robbed or shown:
        reasons = [
            f"{robbed} because the machine took cores away from spinning work" if robbed else "",
            f"{shown} because no tolerance is set (median waits of sleeping work at a light load "
            "are hardly more than a wake-up; throughputs beside short work contain what the queue "
            "costs)"
            if shown
            else "",
        ]
        lines.append(f"Faint diamonds: not judged, {', '.join(filter(None, reasons))}.")
    if low:
        judged = sum(each.judged for each in low)
        lines.append(
            f"Not drawn: {len(low)} waits of at most {LOWEST_WAIT:g} mean services "
            f"({judged or 'none'} of them judged)."
        )
    if short := sum(each.part in ONLY_IN_TABLE for each in comparisons):
        lines.append(f"In the table only: {short} figures of work of 1 µs.")
    return [" ".join(lines)] if lines else []


def throughput(axes: Axes, comparisons: Sequence[Comparison], shape: tuple[int, int]) -> None:
    mine = [
        each
        for each in comparisons
        if each.figure == "throughput" and (each.producers, each.consumers) == shape
    ]
    loads = np.linspace(0.25, max(1.4, *(each.rho * 1.1 for each in mine)), 120)
    ends = []
    for capacity, color in zip(sorted({each.capacity for each in mine}), CAPACITY_COLORS):
        curve = [share_of_consumers(shape, capacity, rho) for rho in loads]
        axes.plot(loads, curve, color=color, linewidth=1.1)
        ends.append((loads[-1], curve[-1], f"K = {capacity}", color))
        markers(axes, [each for each in mine if each.capacity == capacity], color)
    axes.set_xlim(loads[0], loads[-1])
    axes.set_xlabel("ρ, offered load")
    axes.set_ylabel("share of the consumers' pace")
    end_labels(axes, ends, width=0.15)


def share_of_consumers(shape: tuple[int, int], capacity: int, rho: float) -> float:
    producers, consumers = shape
    chain = theory.Tandem(producers, consumers, capacity, producers / consumers / rho, 1.0)
    return chain.throughput / consumers


def markers(axes: Axes, comparisons: Sequence[Comparison], color: str) -> None:
    for each in comparisons:
        marker, size = ("d", 6) if not each.judged else ("o", 5) if each.passed else ("X", 8)
        shown = {
            "marker": marker,
            "markersize": size,
            "color": color,
            "alpha": 1 if each.judged else 0.4,
            "markerfacecolor": "white" if "sleeping" in each.title else color,
        }
        if math.isfinite(each.low) and math.isfinite(each.high) and each.judged:
            axes.plot(
                [each.rho, each.rho], [each.low, each.high], color=color, linewidth=1.4, zorder=2
            )
        axes.plot([each.rho], [each.measured], linestyle="none", zorder=3, **shown)


def curve(
    axes: Axes,
    ends: list,
    formula: Callable[[float], float],
    color: str,
    name: str,
    dashed: bool = False,
    loads: np.ndarray = LOADS,
) -> None:
    """A closed form against the load, in services, where it is above 0."""
    points = [(rho, value) for rho in loads if (value := formula(rho)) > 0]
    axes.plot(*zip(*points), color=color, linewidth=1.1, linestyle=(0, (4, 2)) if dashed else "-")
    ends.append((*points[-1], name, color))


def wait_axes(axes: Axes, ends: list, lowest: float) -> None:
    axes.set_yscale("log")
    axes.set_xlim(0.2, 0.97)
    axes.set_ylim(bottom=lowest)
    axes.set_yticks(
        [tick for tick in (0.1, 1, 10, 100) if tick >= lowest],
        [f"{tick:g}" for tick in (0.1, 1, 10, 100) if tick >= lowest],
    )
    axes.minorticks_off()
    axes.set_xlabel("ρ, offered load")
    axes.set_ylabel("wait, in mean services")
    end_labels(axes, ends, width=0.15)


def waits(axes: Axes, comparisons: Sequence[Comparison], parts: Sequence[str]) -> None:
    ends: list = []
    curve(axes, ends, lambda rho: theory.mg1_wait_mean(1 / rho, 1, 1), COLORS["mean"], "mean")
    curve(axes, ends, lambda rho: theory.mm1_wait_quantile(1 / rho, 1, 0.5), COLORS["p50"], "50%")
    curve(axes, ends, lambda rho: theory.mm1_wait_quantile(1 / rho, 1, 0.99), COLORS["p99"], "99%")
    for figure, color in COLORS.items():
        markers(
            axes,
            [
                each
                for each in comparisons
                if each.part in parts and each.figure == figure and each.measured > LOWEST_WAIT
            ],
            color,
        )
    wait_axes(axes, ends, LOWEST_WAIT)


def omission(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    ends: list = []
    mine = [each for each in comparisons if each.part == "coordinated_omission"]
    capacity = mine[0].capacity if mine else 4
    curve(axes, ends, lambda rho: theory.mm1_wait_quantile(1 / rho, 1, 0.99), COLORS["p99"], "open")
    curve(
        axes,
        ends,
        lambda rho: theory.Tandem(1, 1, capacity, 1 / rho, 1).wait_quantile(0.99),
        BLACK,
        "closed",
        dashed=True,
        loads=LOADS[::6],
    )
    markers(axes, [each for each in mine if each.open_loop], COLORS["p99"])
    markers(axes, [each for each in mine if not each.open_loop], BLACK)
    wait_axes(axes, ends, 1.0)


def means(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    ends: list = []
    curve(axes, ends, lambda rho: theory.mg1_wait_mean(1 / rho, 1, 1), GREY, "M/M/1", dashed=True)
    curve(axes, ends, lambda rho: theory.mg1_wait_mean(1 / rho, 1, 0), ORANGE, "M/D/1")
    curve(axes, ends, lambda rho: theory.mmc_wait_mean(1 / rho / 2, 1, 2), PINK, "M/M/2")
    markers(axes, [each for each in comparisons if each.part == "md1"], ORANGE)
    markers(axes, [each for each in comparisons if each.part == "mm2"], PINK)
    wait_axes(axes, ends, 0.05)
