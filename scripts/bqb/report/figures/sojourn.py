"""<scenario>.sojourn: percentiles of the time from push, or in an open loop from the arrival, to
pop."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import Scenario
from bqb.report.figures.axes import apply
from bqb.report.figures.labels import draw_legend, end_labels
from bqb.report.figures.layout import PAGE, grid, layout, strip_height
from bqb.report.figures.page import MARGIN, Page, make_page
from bqb.report.figures.style import GREY
from bqb.report.figures.view import View
from bqb.report.scales import Scale, make_scale
from bqb.report.titles import Title
from bqb.report.wording import asked_and_measured, notes
from bqb.stats import summaries

SHARES = 1 - np.logspace(math.log10(0.5), -7, 140)  # from the median on


def sojourn(view: View, scenario: Scenario, pools: dict) -> Page | None:
    """Percentile curves of the sojourn time, pooled over the trials of a cell; the ideal's and the
    floor's in grey."""
    curves = {
        (point.name, queue): curve
        for point in view.points(scenario)
        for queue in view.run.queue_names(scenario.name)
        if (curve := _curve(pools.get((point.name, queue, "sojourn_ns"))))
    }
    if not curves or all(point.level == "counted" for point in view.points(scenario)):
        return None
    replays = {
        (point.name, name): curve
        for point in view.points(scenario)
        for name in ("ideal", "floor")
        if (curve := _curve(view.replayed(point, f"{name}_sojourn_ns")))
    }
    laid = grid(
        scenario, [p for p in view.points(scenario) if any(name == p.name for name, _ in curves)]
    )
    queues = [
        queue for queue in view.sorted_queues(scenario) if any(queue == name for _, name in curves)
    ]
    direct = len(laid.at) == 1
    furthest = max(x for curve in curves.values() for x, _ in curve)
    labels = 0.4 + 0.068 * max(map(len, queues)) if direct else 0.0
    plan = layout(
        laid,
        max(3.2, 0.15 * (len(queues) + 2)) if direct else 1.5,
        left=1.0,
        right=labels + MARGIN,
        between=0.75 + labels,
        strip=0.0 if direct else strip_height(queues),
    )
    page = make_page(
        PAGE,
        plan.body,
        _sojourn_title(scenario),
        asked_and_measured(view, scenario),
        notes(
            view,
            scenario,
            f"Sojourn time: from the {_begin(scenario)} to the return of pop. Pooled "
            "over the trials of the undisturbed blocks; each curve ends where fewer than 100 "
            "messages "
            "lie beyond it. Dashed grey: the ideal queue, given the same work; dotted: the "
            "floor, the "
            "same with the time that a cache line takes from core to core. Other runs show other "
            "tails: a pause of the machine of 1 ms delays more than one message in a hundred.",
        ),
    )
    if not direct:
        draw_legend(page, {queue: view.looks[queue] for queue in queues}, -0.05, lines=True)
    plan.heads(page)
    for (row, column), point in laid.at.items():
        beside = [p.name for (r, _), p in laid.at.items() if r == row]
        axis = make_scale(
            [
                y
                for (name, _), curve in (*curves.items(), *replays.items())
                if name in beside
                for _, y in curve
            ],
            smallest=1.0,
        )
        known = {
            queue: curves[point.name, queue] for queue in queues if (point.name, queue) in curves
        }
        axes = plan.axes(page, row, column)
        greys = {
            name: replays[point.name, name]
            for name in ("ideal", "floor")
            if (point.name, name) in replays
        }
        _sojourn_panel(view, axes, known, greys, axis, furthest, direct, plan.is_last(row, column))
        if column == 0:
            axes.set_ylabel("sojourn time")
    return page


def _begin(scenario: Scenario) -> str:
    starts = {
        "arrival of a message" if point.open_loop else "call of push" for point in scenario.points
    }
    return (
        starts.pop()
        if len(starts) == 1
        else "call of push, in an open loop from the arrival of the message,"
    )


def _curve(pool: summaries.Pool | None) -> list[tuple[float, float]]:
    """(1 / (1 - share), ns) as far as the samples go."""
    values = pool.quantiles(SHARES) if pool and pool.count else []
    return [(1 / (1 - share), value) for share, value in zip(SHARES, values) if value is not None]


def _sojourn_panel(
    view: View,
    axes: Axes,
    curves: dict,
    replays: dict,
    axis: Scale,
    furthest: float,
    direct: bool,
    last: bool,
) -> None:
    apply(axis, axes, "y")
    axes.set_xscale("log")
    axes.set_xlim(2, furthest * 1.04)
    ticks = [tick for tick in (2, 10, 100, 1e3, 1e4, 1e5, 1e6) if tick <= furthest * 1.04]
    axes.set_xticks(ticks, [f"{100 * (1 - 1 / tick):g}%" for tick in ticks])
    axes.minorticks_off()
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("messages that took at most this long")
    ends = []
    for queue, curve in curves.items():
        style = view.looks[queue]
        xs, ys = [x for x, _ in curve], [axis.place(y) for _, y in curve]
        axes.plot(xs, ys, color=style.color, linestyle=style.line, linewidth=1.5)
        marks = [
            int(np.argmin(np.abs(np.log(xs) - math.log(tick))))
            for tick in ticks
            if tick <= xs[-1] * 1.01
        ]
        axes.plot(
            [xs[i] for i in marks],
            [ys[i] for i in marks],
            linestyle="none",
            zorder=3,
            clip_on=False,
            **style.mark(5),
        )
        ends.append((xs[-1], ys[-1], queue, style.color))
    for name, curve in replays.items():
        shown = [(x, axis.place(y)) for x, y in curve if x <= furthest]
        dashes = (0, (5, 2)) if name == "ideal" else (0, (1, 1.5))
        axes.plot(*zip(*shown), color=GREY, linewidth=1.3, linestyle=dashes, zorder=1)
        if name == "ideal":  # the floor ends right beside it
            ends.append((*shown[-1], name, GREY))
    if direct:
        end_labels(axes, ends)


def _sojourn_title(scenario: Scenario) -> Title:
    """No numbers: tails do not repeat from run to run."""
    begin = "arrival" if scenario.open_loop else "push"
    name = scenario.name.replace("_", " ")
    return Title(f"{name[0].upper()}{name[1:]}: how long messages take from {begin} to pop")
