"""<scenario>.capacity: throughput and overhead (or what else judges) against three or more swept
capacities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import Point, Scenario
from bqb.report.figures.axes import apply
from bqb.report.figures.labels import draw_legend, end_labels
from bqb.report.figures.layout import PAGE, Grid, grid, layout, strip_height
from bqb.report.figures.page import Page, make_page
from bqb.report.figures.style import GREY, INK
from bqb.report.figures.view import View
from bqb.report.scales import Scale, scale_of
from bqb.report.units import counter_name, format_share
from bqb.report.titles import Title
from bqb.report.wording import asked_and_measured, legend_of_marks, located, notes
from bqb.stats import summaries
from bqb.stats.counters import LOST, THROUGHPUT
from bqb.stats.summaries import Summary


ENOUGH = 0.95  # of the ideal queue's best throughput


def against_capacity(view: View, scenario: Scenario) -> Page | None:
    """Throughput and overhead against capacity: a pair of rows for each group of the other swept
    keys."""
    capacities = sorted({point.capacity for point in view.points(scenario)})
    if len(capacities) < 3 or "capacity" not in scenario.swept():
        return None
    metrics = list(dict.fromkeys([THROUGHPUT, view.judge(scenario)]))
    queues = view.sorted_queues(scenario)
    laid = _capacity_grid(view, scenario, metrics)
    alone = len(laid.rows) == 1
    plan = layout(
        laid,
        3.0 if alone else 1.6,
        left=1.0,
        right=0.7,
        between=1.4 if alone else 0.9,
        strip=strip_height(queues),
    )
    page = make_page(
        PAGE,
        plan.body,
        _capacity_title(view, scenario, laid),
        asked_and_measured(view, scenario),
        _capacity_notes(view, scenario),
    )
    draw_legend(page, {queue: view.looks[queue] for queue in queues}, -0.05, lines=True)
    plan.heads(page)
    scales = {metric: _metric_scale(view, scenario, metric) for metric in metrics}
    for (row, column), (points, metric) in plan.laid.at.items():
        axes = plan.axes(page, row, column)
        _capacity_panel(view, axes, points, queues, metric, scales[metric])
        _capacity_axis(axes, capacities, last=plan.is_last(row, column))
        if column == 0 or alone:
            axes.set_ylabel(counter_name(metric))
    return page


def _capacity_grid(view: View, scenario: Scenario, metrics: Sequence[str]) -> Grid:
    """Panels of (points by ascending capacity, metric): metrics side by side for one group, else
    below each other."""
    laid = grid(scenario, view.points(scenario), without="capacity", widest=2)
    words = {
        metric: {THROUGHPUT: "throughput", LOST: "overhead"}.get(metric, counter_name(metric))
        for metric in metrics
    }
    swept = [key for key in scenario.swept() if key != "capacity"]
    groups = {
        place: sorted(
            (
                point
                for point in view.points(scenario)
                if all(point.axes.get(key) == first.axes.get(key) for key in swept)
            ),
            key=lambda point: point.capacity,
        )
        for place, first in laid.at.items()
    }
    if len(groups) == 1:
        return Grid(
            ("",),
            tuple(word[0].upper() + word[1:] for word in words.values()),
            {(0, index): (groups[0, 0], metric) for index, metric in enumerate(metrics)},
        )
    rows = tuple(
        ": ".join(filter(None, (title, words[metric]))) for title in laid.rows for metric in metrics
    )
    return Grid(
        rows,
        laid.columns,
        {
            (row * len(metrics) + index, column): (points, metric)
            for (row, column), points in groups.items()
            for index, metric in enumerate(metrics)
        },
    )


def _metric(view: View, point: Point, queue: str, metric: str) -> Summary | None:
    return (
        summaries.summarise(view.run, point, queue, THROUGHPUT)
        if metric == THROUGHPUT
        else view.headline(point, queue)
    )


def _metric_scale(view: View, scenario: Scenario, metric: str) -> Scale:
    values = [
        value
        for point in view.points(scenario)
        for queue in view.run.queue_names(scenario.name)
        if (summary := _metric(view, point, queue, metric))
        for value in summary.values
    ]
    if metric == THROUGHPUT:
        values += [value for point in view.points(scenario) if (value := view.ideal_rate(point))]
    return scale_of(metric, values)


def knee_of(rates: Mapping[int, float]) -> int:
    """The least capacity at which the ideal queue has nearly all of its best rate; `rates` by
    capacity."""
    return min(capacity for capacity, rate in rates.items() if rate >= ENOUGH * max(rates.values()))


def _capacity_panel(
    view: View, axes: Axes, points: Sequence[Point], queues: Sequence[str], metric: str, axis: Scale
) -> None:
    apply(axis, axes, "y")
    axes.set_xscale("log", base=2)
    axes.set_xlim(points[0].capacity / 1.5, points[-1].capacity * 1.5)
    ends = []
    for queue, aside in zip(
        queues, np.geomspace(0.9, 1.11, len(queues)) if len(queues) > 1 else [1.0]
    ):
        style = view.looks[queue]
        known = [
            (point.capacity * aside, summary)
            for point in points
            if (summary := _metric(view, point, queue, metric))
        ]
        if not known:
            continue
        for capacity, summary in known:
            axes.plot(
                [capacity] * len(summary.values),
                [axis.place(v) for v in summary.values],
                ".",
                color=style.color,
                alpha=0.35,
                markersize=3.5,
                markeredgewidth=0,
                zorder=2,
            )
            if summary.estimate.low is not None:
                axes.plot(
                    [capacity] * 2,
                    [axis.place(summary.estimate.low), axis.place(summary.estimate.high)],
                    color=style.color,
                    linewidth=1.5,
                    zorder=3,
                )
        heights = [axis.place(summary.median) for _, summary in known]
        axes.plot(
            [capacity for capacity, _ in known],
            heights,
            linestyle=style.line,
            linewidth=1.3,
            zorder=4,
            **style.mark(5.5),
        )
    ideal = [
        (point.capacity, value)
        for point in points
        if metric == THROUGHPUT and (value := view.ideal_rate(point))
    ]
    if ideal:
        axes.plot(*zip(*ideal), color=GREY, linewidth=1.2, linestyle=(0, (5, 2)), zorder=1)
        ends.append((*ideal[-1], "ideal", GREY))
    if floors := [
        (point.capacity, axis.place(floor)) for point, floor in _floors(view, points, metric, axis)
    ]:
        axes.plot(*zip(*floors), color=INK, linewidth=1, linestyle=(0, (1, 1.5)), zorder=1)
        ends.append((*floors[-1], "floor", GREY))
    end_labels(axes, ends, width=0.1)


def _floors(
    view: View, points: Sequence[Point], metric: str, axis: Scale
) -> list[tuple[Point, float]]:
    """The least overhead of any real queue at each point, where it lies on the axis."""
    return [
        (point, floor)
        for point in points
        if metric == LOST and (floor := view.floor(point)) and floor > axis.low
    ]


def _capacity_axis(axes: Axes, capacities: Sequence[int], last: bool) -> None:
    axes.set_xticks(capacities, [str(capacity) for capacity in capacities])
    axes.minorticks_off()
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("capacity (messages, log scale)")


def _capacity_title(view: View, scenario: Scenario, laid: Grid) -> Title:
    """From which capacity on the ideal queue has nearly all of its throughput: what the work asks
    for, whatever the queue costs."""
    knees, rates_at = {}, {}
    for points, _ in laid.at.values():
        place = located(points[0], scenario, without="capacity")
        rates = {
            point.capacity: rate for point in points if (rate := view.ideal_rate(point)) is not None
        }
        if len(rates) == len(points):
            rates_at[place] = rates
            knees[place] = knee_of(rates)
    if not knees:
        return Title(f"{scenario.name.replace('_', ' ')}: against capacity")
    place, knee = max(knees.items(), key=lambda each: each[1])
    largest = max(point.capacity for point in view.points(scenario))
    if knee == largest:
        below, rate = sorted(rates_at[place].items())[-2]
        growth = format_share(rates_at[place][largest] / rate - 1)
        return Title(
            f"{place}{'from' if place else 'From'} capacity {below} to {largest}, the largest "
            f"measured, the ideal queue's throughput still grows by {growth}"
        )
    return Title(
        f"{place}{'from' if place else 'From'} capacity {knee} on the ideal queue has "
        f"{format_share(ENOUGH)} of its best throughput"
    )


def _capacity_notes(view: View, scenario: Scenario) -> list[str]:
    ideal = (
        "" if view.is_race(scenario) else "Ideal: a queue that costs nothing, given the same work."
    )
    points, judge = view.points(scenario), view.judge(scenario)
    if _floors(view, points, judge, _metric_scale(view, scenario, judge)):
        ideal += " Floor: the least overhead of any real queue."
    return notes(view, scenario, legend_of_marks(view, points, crosses=False), ideal)
