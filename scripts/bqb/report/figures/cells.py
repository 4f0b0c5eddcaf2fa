"""Tables of queues x situations, for the overview and the summary: what a cell shows and how dark
it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import Point, Scenario
from bqb.report.figures.axes import Scale, scale_of
from bqb.report.figures.page import MARGIN, Page
from bqb.report.figures.style import GREY, INK, SMALL
from bqb.report.figures.view import View
from bqb.report.units import format_ns, format_share, format_value
from bqb.stats import ranking
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST
from bqb.stats.thresholds import TIE_NS

Losses = Mapping[tuple[str, int], ranking.Loss]  # by queue and index of the situation


@dataclass(frozen=True)
class Situation:
    """A column: a ranked scenario, at one capacity, in one case or placement where the scenario
    sweeps them."""

    scenario: Scenario
    name: str
    points: tuple[Point, ...]

    @property
    def judge(self) -> str:
        """The counter that the column shows."""
        return self.scenario.judged_by or (EXCESS if self.scenario.open_loop else LOST)


def losses(view: View, situations: Sequence[Situation]) -> Losses:
    """The number of each cell that has one; queues without a bound are left out."""
    return {
        (queue, index): loss
        for index, each in enumerate(situations)
        for queue in view.run.queue_names(each.scenario.name)
        if is_bounded(view, queue) and (loss := ranking.loss(view.run, each.points, queue))
    }


def is_bounded(view: View, queue: str) -> bool:
    return view.run.queues.get(queue, {}).get("bound") != "none"


def cheapest_first(view: View, situations: Sequence[Situation], table: Losses) -> list[str]:
    """Queues by the mean rank of their losses over the situations, the cheapest on top."""
    queues = list(
        dict.fromkeys(
            queue
            for each in situations
            for queue in view.run.queue_names(each.scenario.name)
            if is_bounded(view, queue)
        )
    )
    ranks: dict[str, list[float]] = {queue: [] for queue in queues}
    for index, each in enumerate(situations):
        known = sorted(
            (q for q in queues if (q, index) in table),
            key=lambda queue: table[queue, index].value,
            reverse=each.scenario.more_is_better,
        )
        for place, queue in enumerate(known):
            ranks[queue].append(place / len(known))
    return sorted(queues, key=lambda queue: np.mean(ranks[queue]) if ranks[queue] else 2.0)


def shades(situations: Sequence[Situation], table: Losses) -> dict[str, Scale]:
    """A scale for each counter that judges a column."""
    return {
        judge: scale_of(
            judge,
            [loss.value for (_, index), loss in table.items() if situations[index].judge == judge],
        )
        for judge in {situations[index].judge for _, index in table}
    }


def draw_name(view: View, page: Page, queue: str, middle: float) -> None:
    """Marker and name of a queue at the left edge; `middle`: inches below the top of the body."""
    axes = page.axes(MARGIN, middle - 0.08, 0.16, 0.16)
    axes.axis("off")
    axes.plot([0], [0], linestyle="none", **view.looks[queue].mark(7))
    page.text(MARGIN + 0.22, middle, queue, va="center", fontsize=9)


def draw_cell(
    view: View,
    axes: Axes,
    each: Situation,
    queue: str,
    loss: ranking.Loss | None,
    scales: Mapping[str, Scale],
) -> None:
    """A shaded cell: the darker, the worse; framed if the queue is not significantly worse than the
    best."""
    axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if loss is None:
        problems = filter(None, (view.problem(point, queue) for point in each.points))
        word, color = next(problems, ("not run", GREY))
        axes.set_facecolor("#f6f6f6")
        axes.text(
            0.5, 0.5, word, ha="center", va="center", style="italic", fontsize=SMALL, color=color
        )
        return
    share = scales[each.judge].share(loss.value)
    depth = 1 - share if each.scenario.more_is_better else share
    axes.set_facecolor(_shade(depth))
    ink = "white" if depth > 0.62 else INK
    most, least = ("≤ ", "≥ ") if loss.is_bound else ("", "")
    marks = ("*" if loss.points < len(each.points) else "") + ("†" if loss.from_all else "")
    cpu = _cpu(view, each, queue)
    lines = [
        "" if loss.efficiency is None else least + format_share(loss.efficiency),
        "" if cpu is None else f"CPU {format_ns(cpu)}",
    ]
    axes.text(
        0.5,
        0.76,
        f"{most}{format_value(loss.counter, loss.value)}{marks}",
        ha="center",
        va="center",
        fontsize=10,
        color=ink,
        fontweight="bold",
    )
    for height, line, weight in zip(
        (0.45, 0.18), lines, ("normal", "bold" if _burns(view, each, cpu) else "normal")
    ):
        axes.text(
            0.5,
            height,
            line,
            ha="center",
            va="center",
            fontsize=SMALL,
            color=ink,
            fontweight=weight,
        )
    if leads(view, each, queue):
        for spine in axes.spines.values():
            spine.set(visible=True, color=INK, linewidth=1.6)


def _cpu(view: View, each: Situation, queue: str) -> float | None:
    """CPU beyond the work, ns per message: median over the points of a situation."""
    known = [
        value
        for point in each.points
        if (value := view.median(point, queue, CPU_BEYOND_WORK)) is not None
    ]
    return float(np.median(known)) if known else None


def _burns(view: View, each: Situation, cpu: float | None) -> bool:
    """Whether this is over five times the CPU that the queues of a column burn in the middle."""
    known = [
        value
        for queue in view.run.queue_names(each.scenario.name)
        if is_bounded(view, queue) and (value := _cpu(view, each, queue)) is not None
    ]
    return cpu is not None and cpu > 5 * max(float(np.median(known)), TIE_NS)


def _shade(depth: float) -> tuple[float, float, float]:
    """White-yellow to dark red, even in lightness: 0 loses nothing, 1 the most."""
    stops = np.array(
        [
            (0.99, 0.97, 0.90),
            (0.99, 0.85, 0.62),
            (0.93, 0.56, 0.36),
            (0.74, 0.27, 0.25),
            (0.42, 0.09, 0.16),
        ]
    )
    at = min(max(depth, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(at), len(stops) - 2)
    return tuple(stops[index] + (stops[index + 1] - stops[index]) * (at - index))


def is_judged(view: View, each: Situation) -> bool:
    """Whether any point of a situation has a verdict."""
    return not ranking.answer(view.run, each.scenario, each.points).no_verdict


def leads(view: View, each: Situation, queue: str) -> bool:
    """Whether a queue is not significantly worse than the best, by verdict, at no fewer points than
    any other."""
    answer = ranking.answer(view.run, each.scenario, each.points)
    return not answer.no_verdict and queue in answer.leaders
