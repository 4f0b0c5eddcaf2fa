"""overview: what each queue's synchronisation costs, queues x situations, on a page that can be
read at the width of a README."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bqb.data.model import Point, Scenario
from bqb.report.figures import cells
from bqb.report.figures.cells import Situation
from bqb.report.figures.page import MARGIN, Page, make_page, wrapped
from bqb.report.figures.style import GREY, NORMAL, SMALL
from bqb.report.figures.view import View
from bqb.report.numbers import notes_on_marks
from bqb.report.titles import Fact, Title
from bqb.report.units import counter_name
from bqb.report.wording import headed, machine
from bqb.stats.counters import EXCESS, LOST
from bqb.stats.scores import scores
from bqb.stats.verdicts import Key

WIDTH = 8.5  # inches, as all of these: 850 pixels
TITLE_LINE = 0.17
BOLD = 1.1  # times as wide
LEFT, CELL_HEIGHT = 2.0, 0.42  # room for the names; height of a row
MOST_COLUMNS = 7  # of a band
MOST_NAMES = 3  # in a title
GAP = 0.12  # between scenarios
EVERY_QUEUE_IS_WORSE_SOMEWHERE = (
    "Every queue is worse than the best, or cannot run, in some situation"
)
# What judges a column, in its head.
JUDGES = {
    EXCESS: "median excess",
    "push_blocked_mean_ns": "time in push",
    "excess_dropped_share": "dropped beyond the ideal",
    "neighbour_lost_share": "neighbour's loss",
}


@dataclass(frozen=True)
class Band:
    """A row of situations next to each other, with the queues that are in any of them."""

    first: int  # index of its first situation
    situations: list[Situation]
    queues: list[str]

    @property
    def step(self) -> float:
        """Width of a column."""
        scenarios = len({each.scenario.name for each in self.situations})
        return min((WIDTH - LEFT - MARGIN - (scenarios - 1) * GAP) / MOST_COLUMNS, 1.1)

    def left(self, place: int) -> float:
        """Left edge of a column."""
        names = [each.scenario.name for each in self.situations[: place + 1]]
        gaps = sum(a != b for a, b in zip(names, names[1:]))
        return LEFT + place * self.step + gaps * GAP

    @property
    def header(self) -> float:
        heads = max(len(_column_head(each, self.step)) for each in self.situations)
        return self.title_height + 0.14 * heads + 0.08

    @property
    def title_height(self) -> float:
        """Of the names of the scenarios, and of their threads below."""
        lines = max(len(self.title(place)) for place in range(len(self.situations)))
        return TITLE_LINE * lines + 0.21

    def title(self, place: int) -> list[str]:
        """The lines of the scenario's name above its first column, as wide as its columns."""
        scenario = self.situations[place].scenario
        columns = sum(each.scenario.name == scenario.name for each in self.situations)
        return wrapped(scenario.name.replace("_", " "), 0.95 * columns * self.step, NORMAL * BOLD)

    @property
    def height(self) -> float:
        return self.header + len(self.queues) * CELL_HEIGHT + 0.3


def overview(view: View) -> Page | None:
    """Queues x situations: overhead per message (or what else judges) with its interval and state,
    as number and shade. Last, at how many points each queue is what."""
    situations = [
        Situation(scenario, _name(scenario, point), point, view.counter(point))
        for scenario in view.run.scenarios.values()
        if scenario.rank and view.points(scenario) and not view.is_race(scenario)
        for point in _ends(view.points(scenario))
    ]
    table = cells.values(view, situations)
    if not table:
        return None
    queues = cells.cheapest_first(view, situations, table)
    scales = cells.shades(situations, table)
    bands = _bands(situations, table, queues)
    points = [each.point for each in situations]
    page = make_page(
        WIDTH,
        sum(band.height for band in bands) + _scores_height(view, queues),
        _title(view, situations, queues),
        "Overhead per message beyond an ideal queue that costs nothing, less is better. "
        + " · ".join(machine(view, points)),
        _notes(view, situations, table),
    )
    top = 0.0
    for band in bands:
        _heads(page, band, top)
        for row, queue in enumerate(band.queues):
            cell_top = top + band.header + row * CELL_HEIGHT
            cells.draw_name(view, page, queue, cell_top + CELL_HEIGHT / 2)
            for place, each in enumerate(band.situations):
                axes = page.axes(
                    band.left(place) + 0.02, cell_top + 0.02, band.step - 0.04, CELL_HEIGHT - 0.04
                )
                summary = table.get((queue, band.first + place))
                cells.draw_cell(view, axes, each, queue, summary, scales, with_cpu=False)
        top += band.height
    _draw_scores(view, page, queues, top)
    return page


def _ends(points: Sequence[Point]) -> list[Point]:
    """The first and the last point of a scenario: no column stands for several."""
    return list(dict.fromkeys([points[0], points[-1]]))


def _name(scenario: Scenario, point: Point) -> str:
    swept = scenario.swept()
    return ", ".join(
        headed(key, value, scenario.open_loop) for key, value in point.axes.items() if key in swept
    )


def _bands(
    situations: Sequence[Situation], table: cells.Table, queues: Sequence[str]
) -> list[Band]:
    """As few as hold all columns, as even as that allows; a scenario's columns stay together."""
    count = math.ceil(len(situations) / MOST_COLUMNS)
    most = math.ceil(len(situations) / count)
    groups: list[list[int]] = []  # of a scenario
    for index, each in enumerate(situations):
        if index and situations[index - 1].scenario.name == each.scenario.name:
            groups[-1].append(index)
        else:
            groups.append([index])
    bands: list[list[int]] = [[]]
    for group in groups:
        if bands[-1] and len(bands[-1]) + len(group) > most:
            bands.append([])
        bands[-1] += group
    return [
        Band(
            indices[0],
            [situations[index] for index in indices],
            [queue for queue in queues if any((queue, index) in table for index in indices)],
        )
        for indices in bands
    ]


def _column_head(each: Situation, width: float) -> list[str]:
    by = "" if each.judge == LOST else f"by {JUDGES.get(each.judge, counter_name(each.judge))}"
    head = ": ".join(filter(None, (each.name, by))) or "overhead"
    return wrapped(head, width * 0.84, SMALL)


def _heads(page: Page, band: Band, top: float) -> None:
    for place, each in enumerate(band.situations):
        left = band.left(place)
        if not place or band.situations[place - 1].scenario.name != each.scenario.name:
            page.text(
                left + 0.02,
                top,
                "\n".join(band.title(place)),
                fontsize=NORMAL,
                fontweight="bold",
                linespacing=1.1,
            )
            threads_top = top + TITLE_LINE * len(band.title(place))
            page.text(left + 0.02, threads_top, _threads(each.scenario), color=GREY)
        page.text(
            left + band.step / 2,
            top + band.header - 0.04,
            "\n".join(_column_head(each, band.step)),
            ha="center",
            va="bottom",
            linespacing=1.15,
        )


def _threads(scenario: Scenario) -> str:
    first = scenario.points[0]
    return {"pipeline": f"{first.stages} stages", "ping_pong": "round trip"}.get(
        first.shape, f"{first.producers}P{first.consumers}C"
    )


def _scores_height(view: View, queues: Sequence[str]) -> float:
    return 0.75 + 0.2 * len(queues) if scores(view.run) else 0.0


def _draw_scores(view: View, page: Page, queues: Sequence[str], top: float) -> None:
    """At how many of the run's points, of those that it could enter, each queue is what."""
    found = scores(view.run)
    if not found:
        return
    page.text(
        MARGIN,
        top,
        "All points of the run, those without a column too",
        fontsize=NORMAL,
        fontweight="bold",
    )
    heads = ("equivalent", "undecided", "worse", "could enter")
    places = [LEFT + 0.55 + index * 1.0 for index in range(len(heads))]
    for place, head in zip(places, heads):
        page.text(place, top + 0.26, head, ha="right", color=GREY)
    for row, queue in enumerate(queue for queue in queues if queue in found):
        middle = top + 0.55 + row * 0.2
        cells.draw_name(view, page, queue, middle)
        score = found[queue]
        numbers = (score.equivalent, score.undecided, score.worse, score.entered)
        for place, number in zip(places, numbers):
            page.text(place, middle, str(number), ha="right", va="center", fontsize=NORMAL)


def _title(view: View, situations: Sequence[Situation], queues: Sequence[str]) -> Title:
    """Whether any queue does for everything. No counts: they move from run to run."""
    never_worse = []
    for queue in queues:
        entered = [each for each in situations if view.state(each.point, queue)]
        facts = tuple(Fact(Key(each.point.name, each.judge), queue, False) for each in entered)
        if len(entered) == len(situations) and all(fact.holds_in(view.run) for fact in facts):
            never_worse.append((queue, facts))
    if len(never_worse) > MOST_NAMES:
        return Title("Several queues are not shown to be worse than the best in any situation")
    if never_worse:
        names = " and ".join(queue for queue, _ in never_worse)
        facts = tuple(fact for _, each in never_worse for fact in each)
        return Title(
            f"{names}: not shown to be worse than the best in any of these situations", facts
        )
    judged = any(view.state(each.point, queue) for each in situations for queue in queues)
    return Title(
        EVERY_QUEUE_IS_WORSE_SOMEWHERE
        if judged
        else "What each queue's synchronisation costs, by situation"
    )


def _notes(view: View, situations: Sequence[Situation], table: cells.Table) -> list[str]:
    notes = [
        "Bold: overhead per message, the darker the more. Each column is one point: the first and "
        "the last of its scenario. 1P2C: one producer, two consumers."
    ]
    if any(each.judge != LOST for each in situations):
        notes.append('Columns headed "by" show that counter, in shades of its own.')
    if any(cells.is_judged(view, each) for each in situations):
        notes.append(cells.legend(view, situations))
    notes += notes_on_marks(view.run, ((situations[index].point, queue) for queue, index in table))
    return [" ".join(notes)]
