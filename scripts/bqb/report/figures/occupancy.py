"""<scenario>.occupancy: messages waiting over time, where a queue without a bound takes part."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import Point, Scenario
from bqb.report.figures.labels import end_labels
from bqb.report.figures.layout import PAGE, grid, layout
from bqb.report.figures.page import Page, make_page
from bqb.report.figures.style import GREY, SMALL
from bqb.report.figures.view import View
from bqb.report.titles import Title
from bqb.report.units import format_bytes, format_ns, format_rate
from bqb.report.wording import asked_and_measured, notes
from bqb.stats.counters import THROUGHPUT
from bqb.stats.thresholds import MIN_UNDISTURBED


def occupancy(view: View, scenario: Scenario) -> Page | None:
    """Messages waiting over time: each trial faint, the median of the trials bold."""
    if not any(
        view.run.queues.get(queue, {}).get("bound") == "none"
        for queue in view.run.queue_names(scenario.name)
    ):
        return None
    points = {point.name: point for point in view.points(scenario)}
    series: dict[tuple[str, str], list] = {}
    for trial, line in view.run.timelines():
        if trial.point in points and line.occupancy:
            series.setdefault((trial.point, trial.queue), []).append((trial.disturbed, line))
    if not series:
        return None
    laid = grid(
        scenario,
        [point for name, point in points.items() if any(name == at for at, _ in series)],
        widest=1,
    )
    height = max(3.2, 0.15 * (len(view.run.queue_names(scenario.name)) + 2))
    plan = layout(laid, height, left=1.0, right=3.3, between=0.0)
    page = make_page(
        PAGE,
        plan.body,
        _occupancy_title(view, series, points),
        asked_and_measured(view, scenario),
        notes(
            view,
            scenario,
            "Faint: single trials; bold: their median at each instant. At the right: "
            "the peak, messages pushed (and, where they are fewer, popped) per second, mean "
            "sojourn "
            "time. Bytes: messages waiting × message size, without what the queue itself needs. "
            "Linear "
            "up to 1, then logarithmic.",
        ),
    )
    plan.heads(page)
    for (row, column), point in laid.at.items():
        _occupancy_panel(
            view,
            plan.axes(page, row, column),
            point,
            {queue: lines for (at, queue), lines in series.items() if at == point.name},
        )
    return page


def _chosen(lines: list) -> list:
    """The trials of undisturbed blocks if there are enough, else all."""
    undisturbed = [each for each in lines if not each[0]]
    return undisturbed if len(undisturbed) >= MIN_UNDISTURBED else lines


def _typical(lines: list) -> tuple[np.ndarray, np.ndarray]:
    """(time in ms, median occupancy) over the trials, as long as the shortest of them."""
    lines = _chosen(lines)
    length = min(len(line.occupancy) for _, line in lines)
    slice_ns = float(np.median([line.slice_ns for _, line in lines]))
    stacked = np.array([line.occupancy[:length] for _, line in lines], dtype=float)
    return np.arange(1, length + 1) * slice_ns / 1e6, np.median(stacked, axis=0)


def _occupancy_panel(view: View, axes: Axes, point: Point, series: dict[str, list]) -> None:
    highest, longest, ends = 1.0, 0.0, []
    for queue, lines in series.items():
        style = view.looks[queue]
        for _, line in lines:
            times = np.arange(1, len(line.occupancy) + 1) * line.slice_ns / 1e6
            axes.plot(times, line.occupancy, color=style.color, linewidth=0.6, alpha=0.15, zorder=1)
        times, typical = _typical(lines)
        axes.plot(times, typical, color=style.color, linewidth=1.6, linestyle=style.line, zorder=3)
        highest, longest = max(highest, typical.max()), max(longest, times[-1])
        ends.append(
            (times[-1], typical[-1], _label(view, point, queue, typical.max(), lines), style.color)
        )
    axes.set_yscale("symlog", linthresh=1, linscale=0.3)
    axes.set_ylim(0, highest * 3)
    decades = [0, *(10**e for e in range(int(math.log10(highest * 3)) + 1))]
    axes.set_yticks(decades, [f"{tick:,}" for tick in decades])
    axes.minorticks_off()
    axes.set_xlim(0, longest)
    axes.set(xlabel="time since the window opened (ms)", ylabel="messages waiting")
    axes.axhline(point.capacity, color=GREY, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=2)
    axes.text(
        longest * 0.5,
        point.capacity * 1.3,
        f"capacity {point.capacity}",
        fontsize=SMALL,
        color=GREY,
        va="bottom",
    )
    end_labels(axes, ends)


def _label(view: View, point: Point, queue: str, peak: float, lines: list) -> str:
    """Name and peak, and below them throughput and mean sojourn time, as far as they are known."""
    pushed = view.median(point, queue, THROUGHPUT)
    sojourn = view.median(point, queue, "sojourn_mean_ns")
    parts = [
        _throughput(pushed, _popped_share(lines)) if pushed else "",
        f"sojourn {format_ns(sojourn)}" if sojourn is not None else "",
    ]
    return "\n".join(
        filter(None, [f"{queue}: {_waiting(peak, point)}", ", ".join(filter(None, parts))])
    )


def _throughput(pushed: float, popped_share: float) -> str:
    if popped_share > 0.9:
        return format_rate(pushed)
    return f"pushed {format_rate(pushed)}, popped {format_rate(pushed * popped_share)}"


def _popped_share(lines: list) -> float:
    """Messages popped for each one pushed, from the first slice of the window to its last: median
    over the trials."""
    shares = [
        1 - (line.occupancy[-1] - line.occupancy[0]) / sum(line.pushed[1:])
        for _, line in _chosen(lines)
        if sum(line.pushed[1:])
    ]
    return float(np.median(shares)) if shares else 1.0


def _waiting(messages: float, point: Point) -> str:
    return f"{messages:,.0f} ({format_bytes(messages * point.message_bytes)})"


def _occupancy_title(view: View, series: dict, points: dict[str, Point]) -> Title:
    peaks = {
        key: (_typical(lines)[1].max(), _typical(lines)[0][-1]) for key, lines in series.items()
    }
    unbounded = {
        queue for _, queue in peaks if view.run.queues.get(queue, {}).get("bound") == "none"
    }
    free = {key: peak for key, peak in peaks.items() if key[1] in unbounded}
    held = {key: peak for key, peak in peaks.items() if key[1] not in unbounded}
    parts = []
    if free:
        key = max(free, key=free.get)
        parts.append(
            f"Without a bound the queue grows to {free[key][0]:,.0f} messages "
            f"({format_bytes(free[key][0] * points[key[0]].message_bytes)}) in "
            f"{free[key][1]:.0f} ms"
        )
    if held:
        key = max(held, key=held.get)
        parts.append(
            f"{'with a bound it' if free else 'A bounded queue'} never holds more than "
            f"{held[key][0]:,.0f} "
            f"({format_bytes(held[key][0] * points[key[0]].message_bytes)})"
        )
    return Title("; ".join(parts))
