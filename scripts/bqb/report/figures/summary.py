"""summary: the README's figure. Overhead per message in a few situations, on a page that is
readable at 850 pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bqb.report.figures import cells
from bqb.report.figures.cells import Situation
from bqb.report.figures.overview import EVERY_QUEUE_IS_WORSE_SOMEWHERE
from bqb.report.figures.page import MARGIN, Page, make_page
from bqb.report.figures.style import GREY, NORMAL
from bqb.report.figures.view import View
from bqb.report.numbers import notes_on_marks
from bqb.report.titles import Fact, Title
from bqb.report.wording import machine
from bqb.stats.verdicts import Key

WIDTH = 8.5  # inches: 850 pixels, the width of a README's column
LEFT, CELL_HEIGHT = 2.15, 0.54  # room for the names; height of a row
HEAD, SECTION = 0.9, 0.3  # heights: of the columns' heads, of a group's heading


@dataclass(frozen=True)
class Asked:
    """A column: where its points are, and its head, whose first two lines are bold."""

    scenario: str
    head: tuple[str, ...]
    axes: Mapping[str, object] = field(default_factory=dict)


COLUMNS = (
    Asked(
        "capacity_knee",
        ("Bursts of 64,", "capacity 1", "1 producer,", "1 consumer"),
        {"capacity": 1},
    ),
    Asked(
        "capacity_knee",
        ("Bursts of 64,", "capacity 64", "1 producer,", "1 consumer"),
        {"capacity": 64},
    ),
    Asked(
        "overcommit",
        ("More threads", "than cores", "4 producers,", "4 consumers,", "capacity 16"),
        {},
    ),
    Asked(
        "ping_pong",
        ("Round trip,", "a core each", "request", "and reply,", "capacity 1"),
        {"placement": "spread"},
    ),
    Asked(
        "ping_pong",
        ("Round trip,", "one core", "request", "and reply,", "capacity 1"),
        {"placement": "one_core"},
    ),
    Asked(
        "worker_pool",
        ("Workers that", "sleep 1 ms", "1 producer,", "8 workers,", "capacity 64"),
        {},
    ),
)
GROUPS = (("house", "Written for this suite"), ("peer", "Third-party libraries"))


def summary(view: View) -> Page | None:
    """Queues x situations, our own queues apart from the libraries; None where the run lacks a
    situation."""
    situations = [_situation(view, column) for column in COLUMNS]
    if not all(situations):
        return None
    table = cells.values(view, situations)
    order = cells.cheapest_first(view, situations, table)
    groups = [
        (head, [queue for queue in order if view.run.queues[queue].get("origin") == origin])
        for origin, head in GROUPS
    ]
    groups = [(head, queues) for head, queues in groups if queues]
    rows = sum(len(queues) for _, queues in groups)
    page = make_page(
        WIDTH,
        HEAD + len(groups) * SECTION + rows * CELL_HEIGHT + 0.1,
        _title(view, situations),
        _subtitle(view, situations),
        _notes(view, situations, table),
    )
    step = (WIDTH - LEFT - MARGIN) / len(COLUMNS)
    _heads(page, step)
    shades = cells.shades(situations, table)
    top = HEAD
    for head, queues in groups:
        page.text(MARGIN, top + 0.1, head, fontsize=NORMAL, color=GREY)
        top += SECTION
        for queue in queues:
            cells.draw_name(view, page, queue, top + CELL_HEIGHT / 2)
            for index, each in enumerate(situations):
                axes = page.axes(
                    LEFT + index * step + 0.02, top + 0.02, step - 0.04, CELL_HEIGHT - 0.04
                )
                cells.draw_cell(view, axes, each, queue, table.get((queue, index)), shades)
            top += CELL_HEIGHT
    return page


def _situation(view: View, column: Asked) -> Situation | None:
    scenario = view.run.scenarios.get(column.scenario)
    points = [
        point
        for point in (view.points(scenario) if scenario else [])
        if all(point.axes.get(key) == value for key, value in column.axes.items())
    ]
    if len(points) != 1:  # no column stands for several
        return None
    name = " ".join(column.head[:2]).lower()
    return Situation(scenario, name, points[0], view.counter(points[0]))


def _heads(page: Page, step: float) -> None:
    for index, column in enumerate(COLUMNS):
        middle = LEFT + (index + 0.5) * step
        page.text(
            middle,
            0.0,
            "\n".join(column.head[:2]),
            ha="center",
            fontsize=NORMAL,
            fontweight="bold",
            linespacing=1.2,
        )
        page.text(
            middle,
            0.36,
            "\n".join(column.head[2:]),
            ha="center",
            fontsize=NORMAL,
            color=GREY,
            linespacing=1.2,
        )


def _title(view: View, situations: Sequence[Situation]) -> Title:
    """Whether one queue does for everything. No counts: they move from run to run."""
    judged = [each for each in situations if cells.is_judged(view, each)]
    if not judged:
        return Title("What each queue adds to a message's time")
    for queue in view.run.queues:
        facts = tuple(Fact(Key(each.point.name, each.judge), queue, False) for each in judged)
        if all(view.state(each.point, queue) for each in judged) and all(
            fact.holds_in(view.run) for fact in facts
        ):
            return Title(f"{queue}: not shown to be worse than the best in any situation", facts)
    return Title(EVERY_QUEUE_IS_WORSE_SOMEWHERE)


def _subtitle(view: View, situations: Sequence[Situation]) -> str:
    parts = machine(view, [each.point for each in situations])
    return f"Overhead per message beyond an ideal queue, less is better. {' · '.join(parts)}"


def _notes(view: View, situations: Sequence[Situation], table: cells.Table) -> list[str]:
    lines = [
        "Bold: overhead per message, the median over blocks; for a round trip, per request and "
        "reply; for the workers, how much longer a job waits than with the ideal queue, the "
        "median job. Below the interval: the CPU time per message beyond the work.",
        f"{cells.legend(view, situations)} Rows by mean rank. Shades: one scale for the overhead, "
        "another for the workers. Skipped: the queue takes one producer and one consumer only. "
        "Disturbed blocks are excluded.",
    ]
    marks = notes_on_marks(view.run, ((situations[index].point, queue) for queue, index in table))
    return [*lines, *marks]
