"""Tables of queues x situations, for the overview and the summary: what a cell shows and how dark
it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from bqb.data.model import Point, Scenario
from bqb.report.figures.page import MARGIN, Page
from bqb.report.figures.style import GREY, INK, SMALL
from bqb.report.figures.view import View
from bqb.report.numbers import cell_text
from bqb.report.scales import Scale, scale_of
from bqb.report.units import format_interval, format_ns
from bqb.stats.counters import CPU_BEYOND_WORK
from bqb.stats.summaries import Summary
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED

Table = Mapping[tuple[str, int], Summary]  # by queue and index of the situation

FRAMES = (
    "Solid frame: equivalent to the best of the column. Dashed frame: undecided. No frame: worse. "
    "In brackets: 95% interval of the median, not adjusted for the number of comparisons; the "
    "frames are."
)


@dataclass(frozen=True)
class Situation:
    """A column: one point of a ranked scenario."""

    scenario: Scenario
    name: str
    point: Point
    judge: str  # the counter that the column shows

    @property
    def more_is_better(self) -> bool:
        return self.scenario.more_is_better


def values(view: View, situations: Sequence[Situation]) -> Table:
    """The number of each cell that has one; queues without a bound are left out."""
    return {
        (queue, index): summary
        for index, each in enumerate(situations)
        for queue in view.run.queue_names(each.scenario.name)
        if is_bounded(view, queue) and (summary := view.headline(each.point, queue))
    }


def legend(view: View, situations: Sequence[Situation]) -> str:
    """What the frames and the brackets mean. In a column without a verdict no cell has a frame."""
    if all(is_judged(view, each) for each in situations):
        return FRAMES
    return f"{FRAMES} A column without any frame has no verdict."


def is_judged(view: View, situation: Situation) -> bool:
    return any(view.state(situation.point, queue) for queue in view.run.queues)


def is_bounded(view: View, queue: str) -> bool:
    return view.run.queues.get(queue, {}).get("bound") != "none"


def line_up(view: View, situations: Sequence[Situation]) -> list[str]:
    """The bounded queues that every situation has in its line-up, whether they can run there or
    not; where there are none, all."""
    of_each = [
        [queue for queue in view.run.queue_names(each.scenario.name) if is_bounded(view, queue)]
        for each in situations
    ]
    every = list(dict.fromkeys(queue for queues in of_each for queue in queues))
    return [queue for queue in every if all(queue in queues for queues in of_each)] or every


def cheapest_first(view: View, situations: Sequence[Situation], table: Table) -> list[str]:
    """The line-up by the mean rank of the medians over the situations, the cheapest on top: an
    order of rows, no verdict."""
    queues = line_up(view, situations)
    ranks: dict[str, list[float]] = {queue: [] for queue in queues}
    for index, each in enumerate(situations):
        known = sorted(
            (q for q in queues if (q, index) in table),
            key=lambda queue: table[queue, index].median,
            reverse=each.more_is_better,
        )
        for place, queue in enumerate(known):
            ranks[queue].append(place / len(known))
    return sorted(queues, key=lambda queue: np.mean(ranks[queue]) if ranks[queue] else 2.0)


def shades(situations: Sequence[Situation], table: Table) -> dict[str, Scale]:
    """A scale for each counter that judges a column."""
    return {
        judge: scale_of(
            judge,
            [
                summary.median
                for (_, index), summary in table.items()
                if situations[index].judge == judge
            ],
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
    summary: Summary | None,
    scales: Mapping[str, Scale],
    with_cpu: bool = True,
) -> None:
    """A shaded cell, the darker, the worse: median, its interval, CPU; framed by its state."""
    axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if summary is None:
        word, color = view.problem(each.point, queue) or ("not run", GREY)
        axes.set_facecolor("#f6f6f6")
        axes.text(
            0.5, 0.5, word, ha="center", va="center", style="italic", fontsize=SMALL, color=color
        )
        return
    share = scales[each.judge].share(summary.median)
    depth = 1 - share if each.more_is_better else share
    axes.set_facecolor(_shade(depth))
    ink = "white" if depth > 0.62 else INK
    low, high = summary.estimate.low, summary.estimate.high
    interval = "" if low is None else f"[{format_interval(each.judge, low, high)}]"
    lines = [(cell_text(view.run, each.point, queue), 10, "bold"), (interval, SMALL, "normal")]
    if with_cpu:
        cpu = view.median(each.point, queue, CPU_BEYOND_WORK)
        lines.append(("" if cpu is None else f"CPU {format_ns(cpu)}", SMALL, "normal"))
    heights = (0.77, 0.46, 0.18) if with_cpu else (0.68, 0.26)
    for height, (line, size, weight) in zip(heights, lines):
        axes.text(
            0.5, height, line, ha="center", va="center", fontsize=size, color=ink, fontweight=weight
        )
    _frame(axes, view.state(each.point, queue))


def _frame(axes: Axes, state: str) -> None:
    looks = {EQUIVALENT: (1.8, "-"), UNDECIDED: (1.1, (0, (2.5, 2)))}
    if state in looks:
        width, dashes = looks[state]
        for spine in axes.spines.values():
            spine.set(visible=True, color=INK, linewidth=width, linestyle=dashes)


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
