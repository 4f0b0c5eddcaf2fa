"""Grids of panels, a panel a point of a scenario, and where they go on a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from matplotlib.axes import Axes

from bqb.data.model import Point, Scenario
from bqb.report.figures.labels import legend_places
from bqb.report.figures.page import MARGIN, Page
from bqb.report.figures.style import GREY
from bqb.report.wording import headed

PAGE = 9.0  # inches: README shows figures 850 pixels wide, at which 8 points must still be legible
MAX_COLUMNS = 3


@dataclass(frozen=True)
class Grid:
    """What goes into each panel, by (row, column); rows and columns have titles, empty where they
    need none."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    at: dict[tuple[int, int], object]
    # One row broken into several: `columns` holds a title for each panel, in reading order.
    folded: bool = False

    @property
    def across(self) -> int:
        """Number of panels in a row."""
        return max(column for _, column in self.at) + 1


def grid(
    scenario: Scenario, points: Sequence[Point], without: str = "", widest: int = MAX_COLUMNS
) -> Grid:
    """Lays out points by their swept keys but `without`. Of the sweeps of at most `widest` values,
    the offered load goes across, or else the longest.

    A single row of more than `widest` panels is folded. Where no sweep is short enough, or where
    cases sweep different keys, there are no common rows and columns: then each combination has a
    panel of its own."""
    if any(set(point.axes) - {without} != set(points[0].axes) - {without} for point in points):
        return _folded(_one_row(scenario, points, without), widest)
    swept = {
        key: [value for value in values if any(p.axes.get(key) == value for p in points)]
        for key, values in scenario.swept().items()
        if key != without
    }
    short = [key for key, values in swept.items() if len(values) <= widest]
    if len(swept) > 1 and not short:
        return _folded(_one_row(scenario, points, without), widest)
    across = max(short or swept, key=lambda key: (key == "rho", len(swept[key])), default="")
    columns = swept.pop(across, [None])
    at: dict[tuple[tuple, object], Point] = {}
    for point in points:
        at.setdefault((tuple(point.axes.get(key) for key in swept), point.axes.get(across)), point)
    rows = [row for row in product(*swept.values()) if any(row == r for r, _ in at)]
    titles = tuple(
        ", ".join(headed(key, value, scenario.open_loop) for key, value in zip(swept, row))
        for row in rows
    )
    heads = tuple(headed(across, value, scenario.open_loop) if across else "" for value in columns)
    return _folded(
        Grid(
            titles,
            heads,
            {(rows.index(r), columns.index(c)): point for (r, c), point in at.items()},
        ),
        widest,
    )


def _one_row(scenario: Scenario, points: Sequence[Point], without: str) -> Grid:
    panels: dict[tuple, Point] = {}
    for point in points:
        panels.setdefault(
            tuple((key, value) for key, value in point.axes.items() if key != without), point
        )
    heads = tuple(
        ", ".join(headed(key, value, scenario.open_loop) for key, value in axes) for axes in panels
    )
    return Grid(("",), heads, {(0, column): point for column, point in enumerate(panels.values())})


def _folded(laid: Grid, widest: int) -> Grid:
    """Breaks a single row of more than `widest` panels into rows of about equal length."""
    if len(laid.rows) > 1 or len(laid.columns) <= widest:
        return laid
    lines = math.ceil(len(laid.columns) / widest)
    across = math.ceil(len(laid.columns) / lines)
    return Grid(
        ("",) * lines,
        laid.columns,
        {divmod(column, across): point for (_, column), point in laid.at.items()},
        folded=True,
    )


@dataclass(frozen=True)
class Layout:
    """Where the panels of a grid go on a page, in inches."""

    laid: Grid
    panel: float  # width of a panel
    height: float  # of a panel
    left: float  # of the first panel
    between: float  # room between two panels of a row, for labels and numbers
    strip: float  # above everything, for a legend
    above: float = 0.0  # above each panel, for heads of its own
    below: float = 0.0  # below each panel, for the names of its own ticks

    @property
    def _head(self) -> float:
        return 0.26 if any(self.laid.columns) and not self.laid.folded else 0.0

    @property
    def _gap(self) -> float:
        if self.laid.folded:
            return self.below + self.above + 0.42
        return self.below + self.above + (0.34 if any(self.laid.rows) else 0.02)

    @property
    def body(self) -> float:
        """Height of the body of the page."""
        return self.strip + self._head + len(self.laid.rows) * (self.height + self._gap) + 0.5

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Upper left corner of a panel."""
        return (
            self.left + column * (self.panel + self.between),
            self.strip + self._head + row * (self.height + self._gap) + self._gap,
        )

    def axes(self, page: Page, row: int, column: int) -> Axes:
        return page.axes(*self.corner(row, column), self.panel, self.height)

    def is_last(self, row: int, column: int) -> bool:
        """Whether no panel lies below."""
        return row == max(r for r, c in self.laid.at if c == column)

    def heads(self, page: Page) -> None:
        """Titles of columns at the top, titles of rows above their first panel."""
        for index, title in enumerate(self.laid.columns):
            row, column = divmod(index, self.laid.across)
            x, y = self.corner(row, column)
            top = y - self.above - 0.26 if self.laid.folded else self.strip
            page.text(x, top, title, fontsize=10, fontweight="bold")
        for row, title in enumerate(self.laid.rows):
            start = MARGIN if self.above else self.left
            top = self.corner(row, 0)[1] - self.above - 0.2
            page.text(start, top, title, fontsize=9, fontweight="bold", color=GREY)


def layout(
    laid: Grid,
    height: float,
    left: float,
    right: float,
    between: float,
    strip: float = 0.0,
    above: float = 0.0,
    below: float = 0.0,
) -> Layout:
    """Fits the columns of a grid to the page: `left` and `right` inches are kept beside them,
    `between` amid."""
    panel = (PAGE - left - right - between * (laid.across - 1)) / laid.across
    return Layout(laid, panel, height, left, between, strip, above, below)


def strip_height(queues: Sequence[str]) -> float:
    """Height of the legend over a grid, in inches."""
    return legend_places(queues, PAGE - 2 * MARGIN)[-1][1] + 0.34
