"""<scenario>.cpu_cost: CPU beyond the work against overhead, both per message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from matplotlib.axes import Axes

from bqb.data.model import Point, Scenario
from bqb.report.figures.axes import apply
from bqb.report.figures.labels import draw_legend, point_labels
from bqb.report.figures.layout import PAGE, grid, layout, strip_height
from bqb.report.figures.page import MARGIN, Page, make_page
from bqb.report.figures.view import View
from bqb.report.scales import Scale, make_scale
from bqb.report.titles import Title, called, contrast, sentence, value
from bqb.report.wording import asked_and_measured, legend_of_marks, located, notes
from bqb.stats import summaries
from bqb.stats.counters import CPU_BEYOND_WORK


def cpu_cost(view: View, scenario: Scenario) -> Page | None:
    """CPU beyond the work against overhead, a marker a queue, a panel a point.

    Panels share their axes, so that they can be compared, but where each asks of something else."""
    pairs = {
        (point.name, queue): (cpu, lost)
        for point in view.points(scenario)
        for queue in view.run.queue_names(scenario.name)
        if (cpu := summaries.summarise(view.run, point, queue, CPU_BEYOND_WORK))
        and (lost := view.loss(point, queue))
    }
    if not pairs:
        return None
    laid = grid(
        scenario,
        [p for p in view.points(scenario) if any(name == p.name for name, _ in pairs)],
        widest=2,
    )
    queues = [
        queue for queue in view.sorted_queues(scenario) if any(queue == name for _, name in pairs)
    ]
    scales = {
        point.name: _scales(pairs, [point] if laid.folded else list(laid.at.values()))
        for point in laid.at.values()
    }
    direct = len(laid.at) <= 2 and not any(
        _crowded(pairs, point, *scales[point.name]) for point in laid.at.values()
    )
    height = 3.6 if direct else 2.8 if len(laid.at) <= 2 else 2.2
    plan = layout(
        laid,
        height,
        left=1.0,
        right=MARGIN,
        between=0.85,
        below=0.15 if laid.folded else 0.0,
        strip=0.0 if direct else strip_height(queues),
    )
    page = make_page(
        PAGE,
        plan.body,
        _cpu_cost_title(view, scenario),
        asked_and_measured(view, scenario),
        _cpu_cost_notes(view, scenario),
    )
    if not direct:
        draw_legend(page, {queue: view.looks[queue] for queue in queues}, -0.05)
    plan.heads(page)
    for (row, column), point in laid.at.items():
        known = {
            queue: pairs[point.name, queue] for queue in queues if (point.name, queue) in pairs
        }
        axes = plan.axes(page, row, column)
        _cpu_cost_panel(
            view, axes, known, *scales[point.name], direct, laid.folded or plan.is_last(row, column)
        )
        if column == 0:
            axes.set_ylabel("overhead per message")
        if plan.is_last(row, column):
            axes.set_xlabel("CPU beyond the work, per message")
    return page


def _scales(pairs: dict, points: Sequence[Point]) -> tuple[Scale, Scale]:
    """Axes for CPU and for overhead that hold every trial at `points`."""
    names = {point.name for point in points}
    both = [each for (name, _), each in pairs.items() if name in names]
    return (
        make_scale(value for cpu, _ in both for value in cpu.values),
        make_scale(value for _, lost in both for value in lost.values),
    )


def _crowded(pairs: dict, point: Point, x_axis: Scale, y_axis: Scale) -> bool:
    """Whether two markers of a panel lie too close for their names to stand beside them."""
    marks = [
        (x_axis.share(cpu.median), y_axis.share(lost.median))
        for (name, _), (cpu, lost) in pairs.items()
        if name == point.name
    ]
    return any(
        abs(a[0] - b[0]) < 0.15 and abs(a[1] - b[1]) < 0.05 for a, b in combinations(marks, 2)
    )


def _cpu_cost_panel(
    view: View, axes: Axes, known: dict, x_axis: Scale, y_axis: Scale, direct: bool, last: bool
) -> None:
    apply(x_axis, axes, "x", labels=last)
    apply(y_axis, axes, "y")
    labels = []
    for queue, (cpu, lost) in known.items():
        style = view.looks[queue]
        x, y = x_axis.place(cpu.median), y_axis.place(lost.median)
        if len(cpu.values) == len(lost.values):
            axes.plot(
                [x_axis.place(v) for v in cpu.values],
                [y_axis.place(v) for v in lost.values],
                ".",
                color=style.color,
                alpha=0.4,
                markersize=4,
                markeredgewidth=0,
                zorder=2,
            )
        if cpu.estimate.low is not None:
            axes.plot(
                [x_axis.place(cpu.estimate.low), x_axis.place(cpu.estimate.high)],
                [y, y],
                color=style.color,
            )
            axes.plot(
                [x, x],
                [
                    y_axis.place(lost.estimate.low or lost.median),
                    y_axis.place(lost.estimate.high or lost.median),
                ],
                color=style.color,
            )
        axes.plot([x], [y], linestyle="none", zorder=4, clip_on=False, **style.mark(7.5))
        labels.append((x, y, queue, style.color))
    span = [max(x_axis.low, y_axis.low), min(x_axis.high, y_axis.high)]
    if span[0] < span[1]:
        axes.plot(span, span, color="#c8c8c8", linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    if direct:
        point_labels(axes, labels)


def _cpu_cost_notes(view: View, scenario: Scenario) -> list[str]:
    return notes(
        view,
        scenario,
        "Down and left is better. Dashed line: as much CPU beyond the work as overhead; above "
        "it more time is lost than CPU is burnt, below it more CPU is burnt than time is lost.",
        legend_of_marks(view, view.points(scenario), crosses=False),
    )


def _cpu_cost_title(view: View, scenario: Scenario) -> Title:
    """The CPU of the queue that burns most against the one that burns least, by verdict."""
    found = contrast(view.run, view.points(scenario), lambda _: CPU_BEYOND_WORK)
    if found is None:
        return Title("CPU beyond the work against overhead, per message")
    costly, cheap = (
        value(view.run, found.point, queue, CPU_BEYOND_WORK) for queue in (found.worse, found.best)
    )
    text = f"{called(found.worse)} burns {costly} of CPU per message, {found.best} {cheap}"
    place = located(found.point, scenario)
    return Title(place + text if place else sentence(text, found), found.facts)
