"""overview: what each queue's synchronisation costs, queues x situations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from bqb import statistics, theme
from bqb.figures.view import CPU, REFERENCE, View, in_words, machine
from bqb.results import Point, Scenario
from bqb.statistics import EXCESS, LOST, duration, percentage
from bqb.theme import GREY, INK, SMALL

CELL_WIDTH, CELL_HEIGHT = 0.92, 0.54  # inches, as all of these
GAP, ALONE = 0.18, 0.7  # between scenarios, and room beside a lone column for its heading
WINS = 1.0  # room for the last column
WIDEST = 13.5  # what can be read on a page that is scaled to a screen; more goes into a further band


@dataclass(frozen=True)
class Situation:
    """A column of the overview: a ranked scenario, at one capacity, in one case or placement where it sweeps them."""

    scenario: Scenario
    name: str
    points: tuple[Point, ...]

    @property
    def judge(self) -> str:
        """The counter that the column shows."""
        return self.scenario.judged_by or (EXCESS if self.scenario.open_loop else LOST)


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


def overview(view: View) -> theme.Page | None:
    """Queues x situations: lost time per message (or what else judges), as number and shade; efficiency below it."""
    situations = [each for scenario in view.run.scenarios.values() if scenario.rank and view.points(scenario)
                  and not view.is_race(scenario) for each in _situations(view, scenario)]
    table = {(queue, index): loss for index, each in enumerate(situations)
             for queue in view.run.queue_names(each.scenario.name)
             if _bounded(view, queue) and (loss := statistics.loss(view.run, each.points, queue))}
    if not table:
        return None
    queues = _overview_order(view, situations, table)
    shades = {judge: theme.scale_of(judge, [loss.value for (_, index), loss in table.items()
                                            if situations[index].judge == judge])
              for judge in {situations[index].judge for _, index in table}}
    bands = _bands(situations, table, queues)
    page = theme.page(max(max(band.right for band in bands) + WINS, 8.0), sum(band.height for band in bands),
                      _overview_title(view, situations, table),
                      "Time lost per message beyond an ideal queue that costs nothing, efficiency and CPU, by "
                      f"situation. {' · '.join(machine(view, [p for each in situations for p in each.points]))}",
                      _overview_notes(view, situations, table))
    top = 0.0
    for band in bands:
        _overview_heads(page, band, top)
        for row, queue in enumerate(band.queues):
            cell_top = top + band.header + row * CELL_HEIGHT
            _overview_name(view, page, queue, cell_top)
            for place, (each, left) in enumerate(zip(band.situations, band.lefts)):
                axes = page.axes(left + 0.02, cell_top + 0.02, CELL_WIDTH - 0.04, CELL_HEIGHT - 0.04)
                _overview_cell(view, axes, each, queue, table.get((queue, band.first + place)), shades)
        if band is bands[0]:
            _overview_wins(view, page, situations, band)
        top += band.height
    return page


def _bounded(view: View, queue: str) -> bool:
    return view.run.queues.get(queue, {}).get("bound") != "none"


def _situations(view: View, scenario: Scenario) -> list[Situation]:
    """At most three columns a scenario: its first, middle and last capacity, its cases or placements; else one."""
    swept, points = scenario.swept(), view.points(scenario)
    key = next((key for key in ("capacity", "case", "placement") if key in swept), None)
    if key is None:
        return [Situation(scenario, "", tuple(points))]
    values = [value for value in swept[key] if any(point.axes.get(key) == value for point in points)]
    if len(values) > 3:
        values = [values[0], values[len(values) // 2], values[-1]]
    return [Situation(scenario, in_words(key, value, scenario.open_loop),
                      tuple(p for p in points if p.axes.get(key) == value)) for value in values]


def _bands(situations: Sequence[Situation], table: dict, queues: Sequence[str]) -> list[Band]:
    """As few as keep within the width, as even as that allows; a scenario's situations stay together."""
    left = 0.4 + 0.085 * max(map(len, queues))
    scenarios = list(dict.fromkeys(each.scenario.name for each in situations))
    room = {name: sum(each.scenario.name == name for each in situations) * CELL_WIDTH + GAP for name in scenarios}
    room = {name: max(width, CELL_WIDTH + ALONE + GAP) for name, width in room.items()}
    count = max(1, math.ceil(sum(room.values()) / (WIDEST - left)))
    fair = sum(room.values()) / count
    before = dict(zip(scenarios, np.cumsum([0, *room.values()])))
    number = {name: int((before[name] + room[name] / 2) / fair) for name in scenarios}
    bands = []
    for band in sorted(set(number.values())):
        indices = [index for index, each in enumerate(situations) if number[each.scenario.name] == band]
        mine = [situations[index] for index in indices]
        present = [queue for queue in queues if any((queue, index) in table for index in indices)]
        bands.append(Band(indices[0], mine, present, _column_lefts(mine, left)))
    return bands


def _column_lefts(situations: Sequence[Situation], left: float) -> list[float]:
    """Left edge of each column in inches, with a gap between scenarios; a lone column gets room for its heading."""
    lefts, x = [], left
    for index, each in enumerate(situations):
        if index and each.scenario is not situations[index - 1].scenario:
            alone = sum(other.scenario is situations[index - 1].scenario for other in situations) == 1
            x += GAP + (ALONE if alone else 0)
        lefts.append(x)
        x += CELL_WIDTH
    return lefts


def _overview_order(view: View, situations: Sequence[Situation], table: dict) -> list[str]:
    """Queues by the mean rank of their losses over the situations, the cheapest on top."""
    queues = list(dict.fromkeys(queue for each in situations for queue in view.run.queue_names(each.scenario.name)
                                if _bounded(view, queue)))
    ranks: dict[str, list[float]] = {queue: [] for queue in queues}
    for index in range(len(situations)):
        known = sorted((q for q in queues if (q, index) in table), key=lambda queue: table[queue, index].value,
                       reverse=situations[index].scenario.more_is_better)
        for place, queue in enumerate(known):
            ranks[queue].append(place / len(known))
    return sorted(queues, key=lambda queue: np.mean(ranks[queue]) if ranks[queue] else 2.0)


def _overview_groups(band: Band) -> list[tuple]:
    """(scenario, left, lines of its question, columns) of each scenario's columns."""
    groups, situations, lefts = [], band.situations, band.lefts
    for scenario in dict.fromkeys(each.scenario.name for each in situations):
        members = [index for index, each in enumerate(situations) if each.scenario.name == scenario]
        span = lefts[members[-1]] + CELL_WIDTH - lefts[members[0]] + (ALONE if len(members) == 1 else 0)
        first = situations[members[0]].scenario
        groups.append((first, lefts[members[0]], theme.wrapped(first.question, span, SMALL)[:5], members))
    return groups


def _column_head(each: Situation) -> str:
    by = "" if each.judge == LOST else f"by {statistics.name_of(each.judge)}"
    return "\n".join(theme.wrapped(": ".join(filter(None, (each.name, by))), CELL_WIDTH * 0.9, SMALL))


def _overview_heads(page: theme.Page, band: Band, top: float) -> None:
    for scenario, left, lines, members in _overview_groups(band):
        page.text(left + 0.02, top, _threads(scenario), fontweight="bold")
        page.text(left + 0.02, top + 0.17, "\n".join(lines), color=GREY, linespacing=1.2)
        for index in members:
            page.text(band.lefts[index] + CELL_WIDTH / 2, top + band.header - 0.05,
                      _column_head(band.situations[index]), ha="center", va="bottom")


def _threads(scenario: Scenario) -> str:
    first = scenario.points[0]
    threads = {"pipeline": f"{first.stages} stages", "ping_pong": "2 queues"}.get(
        first.shape, f"{first.producers}P{first.consumers}C")
    return f"{scenario.name.replace('_', ' ')} ({threads})"


def _overview_name(view: View, page: theme.Page, queue: str, top: float) -> None:
    style = view.looks[queue]
    axes = page.axes(theme.MARGIN, top + CELL_HEIGHT / 2 - 0.08, 0.16, 0.16)
    axes.axis("off")
    axes.plot([0], [0], linestyle="none", **style.mark(7))
    page.text(theme.MARGIN + 0.22, top + CELL_HEIGHT / 2, queue, va="center", fontsize=9,
              fontweight="bold" if queue == REFERENCE else "normal")


def _overview_cell(view: View, axes: Axes, each: Situation, queue: str, loss: statistics.Loss | None,
                   shades: dict[str, theme.Scale]) -> None:
    """A shaded cell: the darker, the worse."""
    axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if loss is None:
        word, color = next((found for point in each.points if (found := view.problem(point, queue))), ("not run", GREY))
        axes.set_facecolor("#f6f6f6")
        axes.text(0.5, 0.5, word, ha="center", va="center", style="italic", fontsize=SMALL, color=color)
        return
    share = shades[each.judge].share(loss.value)
    depth = 1 - share if each.scenario.more_is_better else share
    axes.set_facecolor(_shade(depth))
    ink = "white" if depth > 0.62 else INK
    most, least = ("≤ ", "≥ ") if loss.is_bound else ("", "")
    marks = ("*" if loss.points < len(each.points) else "") + ("†" if loss.from_all else "")
    cpu = _cpu(view, each, queue)
    lines = ["" if loss.efficiency is None else least + percentage(loss.efficiency),
             "" if cpu is None else f"CPU {duration(cpu)}"]
    axes.text(0.5, 0.76, f"{most}{statistics.shown(loss.counter, loss.value)}{marks}", ha="center", va="center",
              fontsize=10, color=ink, fontweight="bold")
    for height, line, weight in zip((0.45, 0.18), lines, ("normal", "bold" if _burns(view, each, cpu) else "normal")):
        axes.text(0.5, height, line, ha="center", va="center", fontsize=SMALL, color=ink, fontweight=weight)
    if _wins_most(view, each, queue):
        for spine in axes.spines.values():
            spine.set(visible=True, color=INK, linewidth=1.6)


def _cpu(view: View, each: Situation, queue: str) -> float | None:
    """CPU beyond the work, ns per message: median over the points of a situation."""
    known = [value for point in each.points if (value := view.median(point, queue, CPU)) is not None]
    return float(np.median(known)) if known else None


def _burns(view: View, each: Situation, cpu: float | None) -> bool:
    """Whether this is over five times the CPU that the queues of a column burn in the middle."""
    known = [value for queue in view.run.queue_names(each.scenario.name) if _bounded(view, queue)
             and (value := _cpu(view, each, queue)) is not None]
    return cpu is not None and cpu > 5 * max(float(np.median(known)), statistics.TIE_NS)


def _shade(depth: float) -> tuple[float, float, float]:
    """White-yellow to dark red, even in lightness: 0 loses nothing, 1 the most."""
    stops = np.array([(0.99, 0.97, 0.90), (0.99, 0.85, 0.62), (0.93, 0.56, 0.36), (0.74, 0.27, 0.25),
                      (0.42, 0.09, 0.16)])
    at = min(max(depth, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(at), len(stops) - 2)
    return tuple(stops[index] + (stops[index + 1] - stops[index]) * (at - index))


def _wins_most(view: View, each: Situation, queue: str) -> bool:
    """Whether a queue is first or tied, by verdict, at no fewer points of a situation than any other."""
    answer = statistics.answer(view.run, each.scenario, each.points)
    return not answer.no_verdict and queue in answer.leaders


def _overview_wins(view: View, page: theme.Page, situations: Sequence[Situation], band: Band) -> None:
    """Right of the first band: in how many of all situations a queue is first or tied."""
    judged = [each for each in situations if not statistics.answer(view.run, each.scenario, each.points).no_verdict]
    if not judged:
        return
    page.text(band.right + 0.45, band.header - 0.06, "first\nor tied,\nin all", ha="center", va="bottom")
    for row, queue in enumerate(band.queues):
        wins = sum(_wins_most(view, each, queue) for each in judged)
        page.text(band.right + 0.45, band.header + (row + 0.5) * CELL_HEIGHT, f"{wins} of {len(judged)}", ha="center",
                  va="center", fontsize=9, fontweight="bold" if wins else "normal", color=INK if wins else GREY)


def _overview_title(view: View, situations: Sequence[Situation], table: dict) -> str:
    lost = {key: loss for key, loss in table.items() if situations[key[1]].judge == LOST}
    if not lost:
        return "What each queue's synchronisation costs, by situation"
    least, most = min(lost, key=lambda k: lost[k].value), max(lost, key=lambda k: lost[k].value)
    if len(lost) == 1:
        return f"{least[0]}'s synchronisation costs {duration(table[least].value)} a message"
    def at(key: tuple[str, int]) -> str:
        each = situations[key[1]]
        return f"{duration(table[key].value)} ({key[0]}, {each.name or each.scenario.name.replace('_', ' ')})"
    return f"What a queue's synchronisation costs a message: from {at(least)} to {at(most)}"


def _overview_notes(view: View, situations: Sequence[Situation], table: dict) -> list[str]:
    judged = any(not statistics.answer(view.run, each.scenario, each.points).no_verdict for each in situations)
    notes = ["Large: lost time per message, the darker the more; below it efficiency (ideal time / measured time) and "
             "CPU time beyond the work (bold: over five times the column's median). Medians over the points of the "
             "column, each the median of its undisturbed blocks."]
    if any(each.judge != LOST for each in situations):
        notes.append('Columns headed "by" show that counter instead of lost time, in shades of their own.')
    if judged:
        notes.append("Framed: first or tied (paired within blocks, 95% interval, margin of 5% or 10 ns).")
    if any(loss.points < len(situations[index].points) for (_, index), loss in table.items()):
        notes.append("* not at every point of the column.")
    if any(loss.from_all for loss in table.values()):
        notes.append(f"†: fewer than {statistics.MIN_UNDISTURBED} undisturbed blocks somewhere, summarised from all.")
    if any(loss.is_bound for loss in table.values()):
        notes.append("≤ and ≥: more threads than cores or a CPU quota, the ideal is only a bound.")
    return [" ".join(notes)]
