"""<scenario>.lost, .throughput where there is no work, .<counter> where one judges: dots, a row a
queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import REFERENCE, Point, Scenario
from bqb.report.figures.axes import apply
from bqb.report.figures.layout import PAGE, grid, layout
from bqb.report.figures.page import Page, make_page
from bqb.report.figures.style import GREY, INK, SMALL, Style
from bqb.report.figures.view import View
from bqb.report.numbers import MARKS, cell_text
from bqb.report.scales import Scale, scale_of
from bqb.report.titles import Title, called, contrast, sentence, value, without_contrast
from bqb.report.units import counter_name, format_rate, format_ratio, format_share
from bqb.report.wording import asked_and_measured, legend_of_marks, located, notes, tells_apart
from bqb.stats import judging, summaries
from bqb.stats.counters import EFFICIENCY_OF, LOST, NOMINAL_LOST, THROUGHPUT
from bqb.stats.summaries import Summary
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED
from bqb.stats.wake_ups import is_mostly_wake_ups

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
        title(view, scenario),
        asked_and_measured(view, scenario),
        _dots_notes(view, scenario, axis),
    )
    plan.heads(page)
    for (row, column), point in plan.laid.at.items():
        axes = plan.axes(page, row, column)
        _dot_panel(view, axes, point, queues, axis, first=column == 0)
        apply(axis, axes, "x", labels=plan.is_last(row, column))
        if plan.is_last(row, column):
            more = judging.more_is_better(view.run, point, judge)
            axes.set_xlabel(f"{counter_name(judge)} ({'more' if more else 'less'} is better)")
        x, y = plan.corner(row, column)
        reference = "× ref." if REFERENCE in queues else ""
        heads = {LOST: ("overhead", "efficiency"), THROUGHPUT: ("rate", reference)}.get(
            judge, ("median", reference)
        )
        _number_heads(page, x + plan.panel, y, heads)
        page.text(x, y - 0.17, _below_head(view, point), color=GREY, style="italic")
    return page


def _below_head(view: View, point: Point) -> str:
    """What stands above a panel: how small a difference it tells, or why it has no verdict where
    other panels have one."""
    verdict = view.verdict(point)
    if verdict is None:
        return ""
    scenario = view.run.scenarios[point.scenario]
    if verdict.no_verdict:
        others = [each for p in view.points(scenario) if (each := view.verdict(p))]
        judged = any(not each.no_verdict for each in others)
        return f"no verdict: {verdict.no_verdict}" if judged else ""
    return tells_apart(verdict)


def _number_heads(page: Page, x: float, y: float, heads: Sequence[str]) -> None:
    for edge, head in zip(NUMBER_COLUMNS, heads):
        page.text(x + edge, y - 0.17, head, color=GREY, ha="right")


def _headline_scale(view: View, scenario: Scenario) -> Scale:
    values = view.headline_values(scenario)
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
            _nominal(view, axes, row, point, queue, axis)
            _numbers(view, axes, row, point, queue, summary)
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


def _nominal(view: View, axes: Axes, row: int, point: Point, queue: str, axis: Scale) -> None:
    """Beside a loss that judges, with the work as it took: the loss with the work as drawn."""
    nominal = view.median(point, queue, NOMINAL_LOST)
    if view.counter(point) != LOST or nominal is None:
        return
    axes.plot(
        [axis.place(nominal)],
        [row],
        "o",
        markersize=4,
        markerfacecolor="none",
        markeredgecolor=view.looks[queue].color,
        markeredgewidth=0.8,
        zorder=2.5,
    )


def _numbers(view: View, axes: Axes, row: int, point: Point, queue: str, summary: Summary) -> None:
    """At the right of a panel: the median by its state, and efficiency or the ratio to the
    reference."""
    counter, state = view.counter(point), view.state(point, queue)
    if counter in EFFICIENCY_OF:
        efficiency = view.efficiency(point, queue)
        beside = (
            ("≥ " if view.is_bound(point, queue) else "") + format_share(efficiency.median)
            if efficiency
            else ""
        )
    else:
        ratio = summaries.paired_ratio(view.run, point, queue, REFERENCE, counter)
        beside = format_ratio(ratio.median) if ratio else ""
    undecided = "? " if state == UNDECIDED else ""
    inches = axes.get_position().width * axes.figure.get_figwidth()
    texts = (undecided + cell_text(view.run, point, queue), beside)
    for column, (edge, text) in enumerate(zip(NUMBER_COLUMNS, texts)):
        axes.text(
            1 + edge / inches,
            row,
            text,
            ha="right",
            va="center",
            fontsize=SMALL,
            fontweight="bold" if state == EQUIVALENT and column == 0 else "normal",
            transform=axes.get_yaxis_transform(),
        )


def _dots_notes(view: View, scenario: Scenario, axis: Scale) -> list[str]:
    points, run = view.points(scenario), view.run
    judged = any(
        view.state(point, queue) for point in points for queue in run.queue_names(scenario.name)
    )
    lost = view.judge(scenario) == LOST
    floor = any((value := view.floor(point)) and value > axis.low for point in points)
    return notes(
        view,
        scenario,
        legend_of_marks(view, points),
        "Overhead: time per message beyond an ideal queue that costs nothing, given the same "
        "work as it took; small circle: given the work as it was drawn; efficiency: ideal time / "
        "measured time."
        if lost
        else "",
        "Ratios to the reference are mostly the time to wake a thread on this machine."
        if _has_ratios_of_wake_ups(view, points)
        else "",
        "Dotted line: the floor, the least overhead of any real queue (one cache-line transfer "
        "per hand-off)."
        if floor and lost
        else "",
        "Dotted line: what this suite's fastest ring passes from one thread to another, measured "
        "in the same rounds."
        if view.judge(scenario) == THROUGHPUT and summaries.machine_baselines(run).ring_msgs_per_s
        else "",
        "Bold: equivalent to the best; ?: undecided; others: worse. Tells apart: the smallest "
        "difference to the best that the blocks could have shown."
        if judged
        else "",
        marks=MARKS,
    )


def _has_ratios_of_wake_ups(view: View, points: Sequence[Point]) -> bool:
    """Whether a panel gives ratios to a reference that mostly waits to be woken."""
    return any(
        is_mostly_wake_ups(view.run, point, REFERENCE, view.counter(point))
        for point in points
        if view.counter(point) not in EFFICIENCY_OF
    )


def title(view: View, scenario: Scenario) -> Title:
    """What judges, of a queue that is worse and of the best, where they differ most."""
    points, judge = view.points(scenario), view.judge(scenario)
    if view.is_race(scenario):
        return _race_title(view, points)
    found = contrast(view.run, points, view.counter)
    if found is None:
        name = f"{scenario.name.replace('_', ' ')}: "
        return Title(name + _small(without_contrast(view.run, points, view.counter)))
    costly, cheap = (
        value(view.run, found.point, queue, judge) for queue in (found.worse, found.best)
    )
    if judge == LOST:
        most = "at most " if view.is_bound(found.point, found.worse) else ""
        text = f"{called(found.worse)} costs {most}{costly} per message, {found.best} {most}{cheap}"
    else:
        name = counter_name(judge)
        text = f"{name} of {found.best} {cheap}, of {called(found.worse)} {costly}"
    place = located(found.point, scenario)
    return Title(place + text if place else sentence(text, found), found.facts)


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


def _race_title(view: View, points: Sequence[Point]) -> Title:
    """How far apart the rates lie. No queue is named: the race is not ranked."""
    rates = [
        summary.median
        for point in points
        for queue in view.run.queue_names(point.scenario)
        if (summary := view.headline(point, queue))
    ]
    if not rates:
        return Title("No queue has a number")
    ends = " to ".join(dict.fromkeys(_in_words(rate) for rate in (min(rates), max(rates))))
    return Title(
        f"Without any work {ends} messages a second pass a queue: an upper bound, not advice"
    )


def _in_words(per_s: float) -> str:
    """A rate in words: 36 million, 240 thousand."""
    number, unit = format_rate(per_s).split()
    word = {"G/s": "billion", "M/s": "million", "k/s": "thousand"}.get(unit, "")
    return " ".join(filter(None, (number, word)))
