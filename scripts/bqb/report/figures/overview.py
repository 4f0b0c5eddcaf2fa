"""overview: what each queue's synchronisation costs, queues x situations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bqb.data.model import Scenario
from bqb.report.figures import cells
from bqb.report.figures.cells import Situation
from bqb.report.figures.page import Page, make_page, wrapped
from bqb.report.figures.style import GREY, INK, SMALL
from bqb.report.figures.view import View
from bqb.report.units import counter_name, format_ns
from bqb.report.wording import in_words, machine
from bqb.stats import ranking
from bqb.stats.counters import LOST
from bqb.stats.thresholds import MIN_UNDISTURBED

CELL_WIDTH, CELL_HEIGHT = 0.92, 0.54  # inches, as all of these
GAP, ALONE = 0.18, 0.7  # between scenarios, and room beside a lone column for its heading
SCORE = 1.0  # room for the last column
# What can be read on a page that is scaled to a screen; more goes into a further band.
WIDEST = 13.5


@dataclass(frozen=True)
class Band:
    """A row of situations next to each other, with the queues that are in any of them. Inches."""

    first: int  # index of its first situation
    situations: list[Situation]
    queues: list[str]
    lefts: list[float]  # of its columns

    @property
    def right(self) -> float:
        return self.lefts[-1] + CELL_WIDTH

    @property
    def header(self) -> float:
        """Height of the heads: name, question, heads of the columns."""
        question = max(len(lines) for _, _, lines, _ in _overview_groups(self))
        heads = max(_column_head(each).count("\n") + 1 for each in self.situations)
        return 0.17 + 0.14 * question + 0.14 * max(heads, 2) + 0.14

    @property
    def height(self) -> float:
        return self.header + len(self.queues) * CELL_HEIGHT + 0.35


def overview(view: View) -> Page | None:
    """Queues x situations: overhead per message (or what else judges), as number and shade;
    efficiency below it."""
    situations = [
        each
        for scenario in view.run.scenarios.values()
        if scenario.rank and view.points(scenario) and not view.is_race(scenario)
        for each in _situations(view, scenario)
    ]
    table = cells.losses(view, situations)
    if not table:
        return None
    queues = cells.cheapest_first(view, situations, table)
    shades = cells.shades(situations, table)
    bands = _bands(situations, table, queues)
    page = make_page(
        max(max(band.right for band in bands) + SCORE, 8.0),
        sum(band.height for band in bands),
        _overview_title(view, situations, table),
        "Overhead per message beyond an ideal queue that costs nothing, efficiency and CPU, by "
        f"situation. {' · '.join(machine(view, [p for each in situations for p in each.points]))}",
        _overview_notes(view, situations, table),
    )
    top = 0.0
    for band in bands:
        _overview_heads(page, band, top)
        for row, queue in enumerate(band.queues):
            cell_top = top + band.header + row * CELL_HEIGHT
            cells.draw_name(view, page, queue, cell_top + CELL_HEIGHT / 2)
            for place, (each, left) in enumerate(zip(band.situations, band.lefts)):
                axes = page.axes(
                    left + 0.02, cell_top + 0.02, CELL_WIDTH - 0.04, CELL_HEIGHT - 0.04
                )
                cells.draw_cell(
                    view, axes, each, queue, table.get((queue, band.first + place)), shades
                )
        if band is bands[0]:
            _overview_score(view, page, band)
        top += band.height
    return page


def _situations(view: View, scenario: Scenario) -> list[Situation]:
    """At most three columns a scenario: its first, middle and last capacity, its cases or
    placements; else one."""
    swept, points = scenario.swept(), view.points(scenario)
    key = next((key for key in ("capacity", "case", "placement") if key in swept), None)
    if key is None:
        return [Situation(scenario, "", tuple(points))]
    values = [
        value for value in swept[key] if any(point.axes.get(key) == value for point in points)
    ]
    if len(values) > 3:
        values = [values[0], values[len(values) // 2], values[-1]]
    return [
        Situation(
            scenario,
            in_words(key, value, scenario.open_loop),
            tuple(p for p in points if p.axes.get(key) == value),
        )
        for value in values
    ]


def _bands(situations: Sequence[Situation], table: dict, queues: Sequence[str]) -> list[Band]:
    """As few as keep within the width, as even as that allows; a scenario's situations stay
    together."""
    left = 0.4 + 0.085 * max(map(len, queues))
    scenarios = list(dict.fromkeys(each.scenario.name for each in situations))
    room = {
        name: sum(each.scenario.name == name for each in situations) * CELL_WIDTH + GAP
        for name in scenarios
    }
    room = {name: max(width, CELL_WIDTH + ALONE + GAP) for name, width in room.items()}
    count = max(1, math.ceil(sum(room.values()) / (WIDEST - left)))
    fair = sum(room.values()) / count
    before = dict(zip(scenarios, np.cumsum([0, *room.values()])))
    number = {name: int((before[name] + room[name] / 2) / fair) for name in scenarios}
    bands = []
    for band in sorted(set(number.values())):
        indices = [
            index for index, each in enumerate(situations) if number[each.scenario.name] == band
        ]
        mine = [situations[index] for index in indices]
        present = [queue for queue in queues if any((queue, index) in table for index in indices)]
        bands.append(Band(indices[0], mine, present, _column_lefts(mine, left)))
    return bands


def _column_lefts(situations: Sequence[Situation], left: float) -> list[float]:
    """Left edge of each column in inches, with a gap between scenarios; a lone column gets room for
    its heading."""
    lefts, x = [], left
    for index, each in enumerate(situations):
        if index and each.scenario is not situations[index - 1].scenario:
            alone = (
                sum(other.scenario is situations[index - 1].scenario for other in situations) == 1
            )
            x += GAP + (ALONE if alone else 0)
        lefts.append(x)
        x += CELL_WIDTH
    return lefts


def _overview_groups(band: Band) -> list[tuple]:
    """(scenario, left, lines of its question, columns) of each scenario's columns."""
    groups, situations, lefts = [], band.situations, band.lefts
    for scenario in dict.fromkeys(each.scenario.name for each in situations):
        members = [index for index, each in enumerate(situations) if each.scenario.name == scenario]
        span = (
            lefts[members[-1]]
            + CELL_WIDTH
            - lefts[members[0]]
            + (ALONE if len(members) == 1 else 0)
        )
        first = situations[members[0]].scenario
        groups.append((first, lefts[members[0]], wrapped(first.question, span, SMALL)[:5], members))
    return groups


def _column_head(each: Situation) -> str:
    by = "" if each.judge == LOST else f"by {counter_name(each.judge)}"
    return "\n".join(wrapped(": ".join(filter(None, (each.name, by))), CELL_WIDTH * 0.9, SMALL))


def _overview_heads(page: Page, band: Band, top: float) -> None:
    for scenario, left, lines, members in _overview_groups(band):
        page.text(left + 0.02, top, _threads(scenario), fontweight="bold")
        page.text(left + 0.02, top + 0.17, "\n".join(lines), color=GREY, linespacing=1.2)
        for index in members:
            page.text(
                band.lefts[index] + CELL_WIDTH / 2,
                top + band.header - 0.05,
                _column_head(band.situations[index]),
                ha="center",
                va="bottom",
            )


def _threads(scenario: Scenario) -> str:
    first = scenario.points[0]
    threads = {"pipeline": f"{first.stages} stages", "ping_pong": "per round trip"}.get(
        first.shape, f"{first.producers}P{first.consumers}C"
    )
    return f"{scenario.name.replace('_', ' ')} ({threads})"


def _overview_score(view: View, page: Page, band: Band) -> None:
    """Right of the first band: at how many of the run's points a queue is not significantly worse
    than the best."""
    scores = ranking.scores(view.run)
    if not scores:
        return
    middle = band.right + 0.45
    page.text(
        middle, band.header - 0.06, "points not\nworse than\nthe best", ha="center", va="bottom"
    )
    for row, queue in enumerate(band.queues):
        score = scores.get(queue, ranking.Score(0, 0))
        page.text(
            middle,
            band.header + (row + 0.5) * CELL_HEIGHT,
            f"{score.not_worse} of {score.entered}",
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold" if score.not_worse else "normal",
            color=INK if score.not_worse else GREY,
        )


def _overview_title(view: View, situations: Sequence[Situation], table: dict) -> str:
    """The range over situations in which a message crosses one queue; a round trip crosses two."""
    lost = {
        key: loss
        for key, loss in table.items()
        if situations[key[1]].judge == LOST and situations[key[1]].points[0].shape != "ping_pong"
    }
    if not lost:
        return "What each queue's synchronisation costs, by situation"
    least, most = min(lost, key=lambda k: lost[k].value), max(lost, key=lambda k: lost[k].value)
    if len(lost) == 1:
        return f"{least[0]}'s synchronisation costs {format_ns(table[least].value)} a message"

    def at(key: tuple[str, int]) -> str:
        each = situations[key[1]]
        return (
            f"{format_ns(table[key].value)} ({key[0]}, "
            f"{each.name or each.scenario.name.replace('_', ' ')})"
        )

    return f"What a queue's synchronisation costs a message: from {at(least)} to {at(most)}"


def _overview_notes(view: View, situations: Sequence[Situation], table: dict) -> list[str]:
    judged = any(cells.is_judged(view, each) for each in situations)
    notes = [
        "Large: overhead per message, the darker the more; below it efficiency (ideal time / "
        "measured time) and "
        "CPU time beyond the work (bold: over five times the column's median). Medians over the "
        "points of the "
        "column, each the median of its undisturbed blocks."
    ]
    if any(each.judge != LOST for each in situations):
        notes.append(
            'Columns headed "by" show that counter instead of overhead, in shades of their own.'
        )
    if judged:
        notes.append(
            "Framed: not significantly worse than the best (paired within blocks, 95% interval, "
            "margin of 5% "
            "or 10 ns). Last column: at how many points, of those with a verdict that the queue "
            "could enter; "
            "a column may stand for several points, and not every capacity has a column."
        )
    if any(loss.points < len(situations[index].points) for (_, index), loss in table.items()):
        notes.append("* not at every point of the column.")
    if any(loss.from_all for loss in table.values()):
        notes.append(
            f"†: fewer than {MIN_UNDISTURBED} undisturbed blocks somewhere, summarised from all."
        )
    if any(loss.is_bound for loss in table.values()):
        notes.append("≤ and ≥: more threads than cores or a CPU quota, the ideal is only a bound.")
    return [" ".join(notes)]
