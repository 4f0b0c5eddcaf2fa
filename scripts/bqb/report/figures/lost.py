"""<scenario>.lost, .throughput where there is no work, .<counter> where one judges: dots, a row a
queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import REFERENCE, Point, Scenario
from bqb.report.figures.axes import Scale, scale_of
from bqb.report.figures.layout import PAGE, grid, layout
from bqb.report.figures.page import Page, make_page
from bqb.report.figures.style import GREY, INK, SMALL, Style
from bqb.report.figures.view import View, contrast
from bqb.report.units import (
    counter_name,
    format_ns,
    format_rate,
    format_ratio,
    format_share,
    format_value,
)
from bqb.report.wording import asked_and_measured, called, legend_of_marks, located, notes
from bqb.stats import ranking, summaries
from bqb.stats.counters import EFFICIENCY_OF, LOST, THROUGHPUT
from bqb.stats.summaries import Summary

NUMBER_COLUMNS = (0.64, 1.26)  # right edges, inches to the right of a panel


def dots(view: View, scenario: Scenario) -> Page:
    """Rows are queues, panels are points; the numbers stand beside the dots."""
    queues, judge = view.sorted_queues(scenario), view.judge(scenario)
    axis = _headline_scale(view, scenario)
    plan = layout(
        grid(scenario, view.points(scenario), widest=2),
        0.17 * len(queues),
        left=0.35 + 0.075 * max(map(len, queues)),
        right=1.4,
        between=1.42,
        above=0.17,
    )
    page = make_page(
        PAGE,
        plan.body,
        _title(view, scenario),
        asked_and_measured(view, scenario),
        _dots_notes(view, scenario, axis),
    )
    plan.heads(page)
    for (row, column), point in plan.laid.at.items():
        axes = plan.axes(page, row, column)
        _dot_panel(view, axes, point, queues, axis, first=column == 0)
        axis.apply(axes, "x", labels=plan.is_last(row, column))
        if plan.is_last(row, column):
            more = ranking.more_is_better(view.run, point)
            axes.set_xlabel(f"{counter_name(judge)} ({'more' if more else 'less'} is better)")
        x, y = plan.corner(row, column)
        reference = "× ref." if REFERENCE in queues else ""
        heads = {LOST: ("overhead", "efficiency"), THROUGHPUT: ("rate", reference)}.get(
            judge, ("median", reference)
        )
        _number_heads(page, x + plan.panel, y, heads)
        if reason := _no_verdict(view, point):
            page.text(x, y - 0.17, reason, color=GREY, style="italic")
    return page


def _no_verdict(view: View, point: Point) -> str:
    """Why no queue of a panel is bold, where other panels have a verdict."""
    rankings = [
        rank
        for p in view.points(view.run.scenarios[point.scenario])
        if (rank := ranking.rank(view.run, p))
    ]
    mine = ranking.rank(view.run, point)
    judged = any(not verdict.no_verdict for verdict in rankings)
    return f"no verdict: {mine.no_verdict}" if judged and mine and mine.no_verdict else ""


def _number_heads(page: Page, x: float, y: float, heads: tuple[str, str]) -> None:
    for edge, head in zip(NUMBER_COLUMNS, heads):
        page.text(x + edge, y - 0.17, head, color=GREY, ha="right")


def _headline_scale(view: View, scenario: Scenario) -> Scale:
    values = [
        value
        for point in view.points(scenario)
        for queue in view.run.queue_names(scenario.name)
        if (summary := view.headline(point, queue))
        for value in (*summary.values, *summary.disturbed_values)
    ]
    if view.judge(scenario) == THROUGHPUT and (
        ring := summaries.machine_baselines(view.run).ring_msgs_per_s
    ):
        values.append(ring)
    return scale_of(view.judge(scenario), values)


def _dot_panel(
    view: View, axes: Axes, point: Point, queues: Sequence[str], axis: Scale, first: bool
) -> None:
    """One point: a row a queue, the first on top."""
    axes.set(ylim=(len(queues) - 0.5, -0.5))
    axes.set_yticks(range(len(queues)), queues if first else [""] * len(queues))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    verdict = ranking.rank(view.run, point)
    leaders = verdict.tied if verdict and not verdict.no_verdict else ()
    for row, queue in enumerate(queues):
        if problem := view.problem(point, queue):
            axes.text(
                0.01,
                row,
                problem[0],
                color=problem[1],
                fontsize=SMALL,
                style="italic",
                va="center",
                transform=axes.get_yaxis_transform(),
            )
        elif summary := view.headline(point, queue):
            _dot_row(axes, row, summary, view.looks[queue], axis)
            _numbers(view, axes, row, point, queue, summary, bold=queue in leaders)
    judge = view.judge(view.run.scenarios[point.scenario])
    limit = {
        LOST: view.floor(point),
        THROUGHPUT: summaries.machine_baselines(view.run).ring_msgs_per_s,
    }.get(judge)
    if limit and limit > axis.low:
        axes.axvline(axis.place(limit), color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)


def _dot_row(axes: Axes, row: float, summary: Summary, style: Style, axis: Scale) -> None:
    """Raw trials, interval and median of a cell at height `row`."""
    offsets = row + np.linspace(-0.28, 0.28, 7)[np.arange(len(summary.undisturbed_values)) * 3 % 7]
    axes.plot(
        [axis.place(value) for value in summary.undisturbed_values],
        offsets,
        ".",
        color=style.color,
        alpha=0.4,
        markersize=4,
        markeredgewidth=0,
        zorder=2,
    )
    axes.plot(
        [axis.place(value) for value in summary.disturbed_values],
        [row] * len(summary.disturbed_values),
        "x",
        color="#b5b5b5",
        markersize=3.2,
        markeredgewidth=0.7,
        zorder=2,
    )
    estimate = summary.estimate
    if estimate.low is not None:
        axes.plot(
            [axis.place(estimate.low), axis.place(estimate.high)],
            [row, row],
            color=style.color,
            linewidth=2,
            solid_capstyle="butt",
            zorder=3,
        )
    axes.plot([axis.place(estimate.median)], [row], linestyle="none", zorder=4, **style.mark(6.5))


def _numbers(
    view: View, axes: Axes, row: int, point: Point, queue: str, summary: Summary, bold: bool
) -> None:
    """Median and efficiency (or the ratio to the reference) at the right of a panel."""
    mark = "†" if summary.from_all else ""
    counter = ranking.headline(view.run, point)
    bound = view.is_bound(point, queue)
    if counter in EFFICIENCY_OF:
        efficiency = view.efficiency(point, queue)
        beside = ("≥ " if bound else "") + format_share(efficiency.median) if efficiency else ""
    else:
        ratio = summaries.paired_ratio(view.run, point, queue, REFERENCE, counter)
        beside = format_ratio(ratio.median) if ratio else ""
    texts = [("≤ " if bound else "") + format_value(counter, summary.median) + mark, beside]
    inches = axes.get_position().width * axes.figure.get_figwidth()
    for edge, text in zip(NUMBER_COLUMNS, texts):
        axes.text(
            1 + edge / inches,
            row,
            text,
            ha="right",
            va="center",
            fontsize=SMALL,
            fontweight="bold" if bold else "normal",
            transform=axes.get_yaxis_transform(),
        )


def _dots_notes(view: View, scenario: Scenario, axis: Scale) -> list[str]:
    points, run = view.points(scenario), view.run
    judged = any(
        (verdict := ranking.rank(run, point)) and not verdict.no_verdict for point in points
    )
    lost = view.judge(scenario) == LOST
    floor = any((value := view.floor(point)) and value > axis.low for point in points)
    bound = any(
        view.is_bound(point, queue) for point in points for queue in run.queue_names(scenario.name)
    )
    return notes(
        view,
        scenario,
        legend_of_marks(view, points),
        "Overhead: time per message beyond an ideal queue that costs nothing, given the same "
        "work; efficiency: ideal "
        "time / measured time."
        if lost
        else "",
        "Dotted line: the floor, the least overhead of any real queue (one cache-line transfer "
        "per hand-off)."
        if floor and lost
        else "",
        "Dotted line: what this suite's fastest ring passes from one thread to another, measured "
        "in the same rounds."
        if view.judge(scenario) == THROUGHPUT and summaries.machine_baselines(run).ring_msgs_per_s
        else "",
        "≤ and ≥: more threads than cores, or a CPU quota; the ideal is only a bound."
        if bound
        else "",
        "Bold: not significantly worse than the best." if judged else "",
    )


def _title(view: View, scenario: Scenario) -> str:
    if view.is_race(scenario):
        return _race_title(view, scenario)
    return (
        lost_title(view, scenario)
        if view.judge(scenario) == LOST
        else _judged_title(view, scenario)
    )


def _judged_title(view: View, scenario: Scenario) -> str:
    extremes, counter = contrast(view, scenario), view.judge(scenario)
    if extremes is None:
        return f"{scenario.name}: no queue has a number"
    point, worst, best = extremes
    name = counter_name(counter)
    other = (
        ""
        if worst == best
        else f", {called(worst)} {format_value(counter, view.headline(point, worst).median)}"
    )
    where = located(point, scenario) or f"{scenario.name.replace('_', ' ')}: "
    return (
        f"{where}{name} of {best} {format_value(counter, view.headline(point, best).median)}{other}"
    )


def lost_title(view: View, scenario: Scenario) -> str:
    extremes = contrast(view, scenario)
    if extremes is None:
        return f"{scenario.name}: no queue has a number"
    point, costly, cheap = extremes
    most = "at most " if view.is_bound(point, costly) else ""
    text = (
        f"{called(costly)} costs {most}{format_ns(view.headline(point, costly).median)} per message"
    )
    if costly != cheap:
        text += f", {cheap} {format_ns(view.headline(point, cheap).median)}"
    where = located(point, scenario)
    return where + (text if where else _sentence(text))


def _sentence(text: str) -> str:
    """First letter in upper case, but for the name of a queue."""
    return text[0].upper() + text[1:] if text.startswith("the textbook") else text


def _race_title(view: View, scenario: Scenario) -> str:
    extremes = contrast(view, scenario)
    if extremes is None:
        return f"{scenario.name}: no queue has a number"
    point, slow, fast = extremes
    other = "" if slow == fast else f", {called(slow)} {_a_second(view, point, slow)}"
    where = located(point, scenario)
    return (
        f"{where}{'without' if where else 'Without'} any work {fast} passes "
        f"{_a_second(view, point, fast)} "
        f"messages a second{other}: an upper bound, not advice"
    )


def _a_second(view: View, point: Point, queue: str) -> str:
    """Median rate in words: 36 million, 240 thousand."""
    number, unit = format_rate(view.headline(point, queue).median).split()
    return " ".join(
        filter(
            None, (number, {"G/s": "billion", "M/s": "million", "k/s": "thousand"}.get(unit, ""))
        )
    )
