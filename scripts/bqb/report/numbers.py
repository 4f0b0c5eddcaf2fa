"""The number of a cell in words, and the marks beside it: the one place that knows them.

  ≤  a loss against an ideal that is only a bound
  †  too few undisturbed blocks: from all of them
  ‡  less than twice what the timestamps cost
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bqb.data.model import Point, Run
from bqb.report.units import format_value
from bqb.stats.judging import headline, is_bound
from bqb.stats.summaries import Summary, summarise
from bqb.stats.thresholds import MIN_UNDISTURBED
from bqb.stats.timestamps import is_small

MARKS = "≤†‡"
Cells = Iterable[tuple[Point, str]]


def cell_text(run: Run, point: Point, queue: str) -> str:
    """The median of what judges a cell, with its marks; empty where it has no number."""
    summary = summarise(run, point, queue, headline(run, point))
    if summary is None:
        return ""
    return value_text(run, point, queue, summary.median, "†" if summary.from_all else "")


def value_text(run: Run, point: Point, queue: str, value: float, mark: str = "") -> str:
    """A value of what judges a cell, with the marks that it has beside `mark`."""
    counter = headline(run, point)
    bound = "≤ " if is_bound(run, point, queue) else ""
    small = "‡" if is_small(run, point, queue, counter, value) else ""
    return f"{bound}{format_value(counter, value)}{mark}{small}"


def notes_on_marks(run: Run, cells: Cells, marks: str = MARKS) -> list[str]:
    """A sentence for each of the marks that some cell has."""
    cells = list(cells)
    occur = {
        "≤": any(is_bound(run, point, queue) for point, queue in cells),
        "†": any(summary.from_all for _, _, summary in _summaries(run, cells)),
        "‡": any(
            is_small(run, point, queue, headline(run, point), summary.median)
            for point, queue, summary in _summaries(run, cells)
        ),
    }
    meanings = {
        "≤": "≤, ≥: more threads than cores, or a CPU quota; the ideal is only a bound.",
        "†": f"†: fewer than {MIN_UNDISTURBED} undisturbed blocks, summarised from all of them.",
        "‡": "‡: less than twice what the timestamps cost.",
    }
    return [meanings[mark] for mark in marks if occur[mark]]


def _summaries(run: Run, cells: Cells) -> Iterator[tuple[Point, str, Summary]]:
    for point, queue in cells:
        if summary := summarise(run, point, queue, headline(run, point)):
            yield point, queue, summary
