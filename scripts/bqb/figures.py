"""The figures of a run, each with the answer to its question as the title.

    figures.draw(run, folder)        # SVG and PNG of each, returns their paths

    overview               what each queue's synchronisation costs, queues x situations
    <scenario>.lost        lost ns per message and efficiency; for scenarios without work <scenario>.throughput
    <scenario>.capacity    throughput and lost ns against capacity, where three or more capacities are swept
    <scenario>.sojourn     percentiles of the time from push to pop
    <scenario>.price       CPU burnt beyond the work against time lost
    <scenario>.occupancy   messages waiting over time, where a queue without a bound takes part

Everywhere: medians of undisturbed blocks with 95% intervals for a repeated run's median, raw trials as faint dots
behind them, disturbed trials as grey crosses that count for nothing, cells without a number named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from bqb import statistics, theme
from bqb.results import Point, Run, Scenario
from bqb.statistics import THROUGHPUT, Summary, duration, percentage, rate
from bqb.theme import ALARM, GREY, INK, SMALL

REFERENCE = "reference"
CPU = "cpu_beyond_work_ns_per_msg"
FLOOR = "floor_lost_ns_per_msg"
WIDE, MEDIUM = 16.0, 11.0  # inches; 1600 and 1100 pixels
MAX_COLUMNS = 5


def draw(run: Run, out_dir: Path | str) -> list[Path]:
    """Draws every figure that the run has data for into `out_dir` (created)."""
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    view = View(run, theme.styles([*run.queues, *(queue for _, queue in run.cells())]))
    paths: list[Path] = []
    with theme.context():
        for stem, make in _figures(view):
            if drawn := make():
                paths += theme.save(drawn.figure, out_dir / stem)
    return paths


def _figures(view: View) -> list[tuple[str, Callable[[], theme.Page | None]]]:
    """(file name, function) of each figure; a function returns None where its data are missing."""
    made: list[tuple[str, Callable[[], theme.Page | None]]] = [("overview", lambda: overview(view))]
    for scenario in view.run.scenarios.values():
        if not view.points(scenario):
            continue
        pools = view.pools()
        kind = "throughput" if view.is_race(scenario) else "lost"
        made += [(f"{scenario.name}.{kind}", lambda s=scenario: dots(view, s)),
                 (f"{scenario.name}.capacity", lambda s=scenario: against_capacity(view, s)),
                 (f"{scenario.name}.sojourn", lambda s=scenario: sojourn(view, s, pools)),
                 (f"{scenario.name}.price", lambda s=scenario: price(view, s)),
                 (f"{scenario.name}.occupancy", lambda s=scenario: occupancy(view, s))]
    return made


# ------------------------------------------------------------------------------------- what is drawn, and in words


class View:
    """A run with the look of its queues, and the questions that several figures ask of it."""

    def __init__(self, run: Run, looks: dict[str, theme.Style]):
        self.run, self.looks = run, looks
        self._pools: dict | None = None

    def points(self, scenario: Scenario) -> list[Point]:
        """Points at which some queue has a number or failed."""
        tried = {point.name for point, _ in self.run.cells()}
        return [point for point in scenario.points if point.name in tried]

    def pools(self) -> dict:
        """Pooled histograms by (point, queue, name); read once."""
        if self._pools is None:
            self._pools = statistics.pooled(self.run, ["sojourn_ns", "ideal_sojourn_ns"])
        return self._pools

    def is_race(self, scenario: Scenario) -> bool:
        return all(statistics.headline(self.run, point) == THROUGHPUT for point in self.points(scenario))

    def headline(self, point: Point, queue: str) -> Summary | None:
        return statistics.summarise(self.run, point, queue, statistics.headline(self.run, point))

    def efficiency(self, point: Point, queue: str) -> Summary | None:
        counter = statistics.EFFICIENCY_OF.get(statistics.headline(self.run, point))
        return statistics.summarise(self.run, point, queue, counter) if counter else None

    def is_bound(self, point: Point, queue: str) -> bool:
        summary = statistics.summarise(self.run, point, queue, "efficiency_is_bound")
        return bool(summary and summary.median)

    def median(self, point: Point, queue: str, counter: str) -> float | None:
        summary = statistics.summarise(self.run, point, queue, counter)
        return summary.median if summary else None

    def floor(self, point: Point) -> float | None:
        """The least any real queue can lose at a point, ns per message: median over the queues."""
        known = [value for queue in self.run.queue_names(point.scenario)
                 if (value := self.median(point, queue, FLOOR)) is not None]
        return float(np.median(known)) if known else None

    def sorted_queues(self, scenario: Scenario) -> list[str]:
        """Queues of a scenario, the cheapest first: by the mean rank of their medians over the points."""
        points, queues = self.points(scenario), self.run.queue_names(scenario.name)
        ranks: dict[str, list[float]] = {queue: [] for queue in queues}
        for point in points:
            medians = {queue: summary.median for queue in queues if (summary := self.headline(point, queue))}
            reverse = statistics.headline(self.run, point) == THROUGHPUT
            for index, queue in enumerate(sorted(medians, key=medians.get, reverse=reverse)):
                ranks[queue].append(index / len(medians))
        return sorted(queues, key=lambda queue: (np.mean(ranks[queue]) if ranks[queue] else 2.0))

    def problem(self, point: Point, queue: str) -> tuple[str, str] | None:
        """(word, colour) for a cell without a number; None if it has one."""
        if self.run.trials_of(point, queue):
            return None
        problem = self.run.problem_of(point, queue)
        kind = problem.kind if problem else "not run"
        return {"failed": "failed", "void": "no window"}.get(kind, kind), ALARM if kind == "failed" else GREY


def in_words(key: str, value: object) -> str:
    """A swept key and its value in plain words: "capacity 16", "1 µs of work", "equal speeds"."""
    name = key.split(".")[-1]
    if name == "rho":
        return "slower producer" if value < 1 else "equal speeds" if value == 1 else "slower consumer"
    if name == "mean_ns":
        return f"{duration(value)} of work"
    if name.endswith("_ns"):
        return f"{name[:-3].replace('_', ' ')} {duration(value)}"
    if name.endswith("_bytes"):
        return f"{value}-byte messages"
    if name in ("producers", "consumers"):
        return _count(value, name[:-1])
    if name == "case":
        return str(value).replace("_", " ")
    return f"{name.replace('_', ' ')} {value}"


def headed(key: str, value: object) -> str:
    """As `in_words`, with the number where the words leave it out: for the head of a row or column."""
    return f"{in_words(key, value)} (ρ = {value:g})" if key.split(".")[-1] == "rho" else in_words(key, value)


def located(point: Point, scenario: Scenario, without: str = "") -> str:
    """What sets a point apart from the others of its scenario, as the beginning of a title; empty for a single one."""
    swept = [key for key in scenario.swept() if key != without]
    words = ", ".join(in_words(key, point.axes[key]) for key in sorted(swept, key=lambda key: key != "capacity")
                      if key in point.axes)
    return f"{words[0].upper()}{words[1:]}: " if words else ""


def asked_and_measured(view: View, scenario: Scenario) -> str:
    """The subtitle: the question as asked, then how it was measured."""
    points = view.points(scenario)
    return f"{scenario.question}\n{' · '.join(_method(view, points))}"


def _method(view: View, points: Sequence[Point]) -> list[str]:
    threads = {f"{_count(p.producers, 'producer')}, {_count(p.consumers, 'consumer')}": None for p in points}
    return [*(["threads as given"] if len(threads) > 2 else [" or ".join(threads)]), _capacities(points),
            _work(points), *_machine(view, points)]


def _machine(view: View, points: Sequence[Point]) -> list[str]:
    """Machine, rounds and the share of disturbed blocks."""
    context, blocks = view.run.context, view.run.blocks_of(points)
    rounds = len({block.round for block in blocks})
    bad = sum(block.disturbed for block in blocks)
    parts = [" ".join(str(context.get("cpu_model", "unknown CPU")).split()), _count(context.get("cores", "?"), "core"),
             _count(rounds, "round")]
    if blocks:
        parts.append(f"{percentage(bad / len(blocks))} of {_count(len(blocks), 'block')} disturbed")
    return parts


def _count(number: object, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _range(values: Iterable[float], name: Callable[[float], str] = str) -> str:
    ordered = sorted(set(values))
    return name(ordered[0]) if len(ordered) == 1 else f"{name(ordered[0])} to {name(ordered[-1])}"


def _capacities(points: Sequence[Point]) -> str:
    return f"capacity {_range(point.capacity for point in points)}"


def _work(points: Sequence[Point]) -> str:
    sides = [side for point in points for side in (point.producer, point.consumer) if side.work != "none"]
    if not sides:
        return "no work between calls"
    works = " or ".join(dict.fromkeys(side.work for side in sides))
    processes = " or ".join(dict.fromkeys(side.process for side in sides))
    return f"{works} work, {processes}, mean {_range((side.mean_ns for side in sides), duration)}"


def _notes(view: View, scenario: Scenario, *first: str) -> list[str]:
    """What stands below a figure: how to read it, and what is missing."""
    notes = [" ".join(note for note in first if note)]
    marks = []
    points = view.points(scenario)
    if _any_from_all(view, points):
        marks.append(f"†: fewer than {statistics.MIN_UNDISTURBED} undisturbed blocks, summarised from all of them.")
    nominal = [point for point in points if statistics.headline(view.run, point) == statistics.NOMINAL_LOST]
    if nominal:
        marks.append(f"Nominal work times at {len(nominal)} of {len(points)} points: there the queues slow their "
                     "users' work by more than 2% unequally.")
    failures = [problem for problem in view.run.problems
                if problem.kind == "failed" and problem.point in {point.name for point in points}]
    notes.append(" ".join(marks))
    notes += [f"Failed: {problem.cell}: {problem.reason}" for problem in failures[:3]]
    if len(failures) > 3:
        notes.append(f"... and {len(failures) - 3} more failed cells.")
    return [note for note in notes if note]


def _any_from_all(view: View, points: Sequence[Point]) -> bool:
    return any(summary.from_all for point in points for queue in view.run.queue_names(point.scenario)
               if (summary := view.headline(point, queue)))


def _legend_of_marks(view: View, points: Sequence[Point], crosses: bool = True) -> str:
    """Explains dots, crosses and intervals, as far as they occur."""
    blocks = view.run.blocks_of(points)
    rounds = max((len(view.run.trials_of(p, q)) for p in points for q in view.run.queue_names(p.scenario)), default=0)
    parts = ["Marker: median of the blocks;" if rounds > 1 else "Marker: one round, no interval."]
    if rounds > 1:
        parts.append("line: where the median of another run falls, with 95%;" if rounds >= statistics.MIN_VERDICT else
                     "line: range of the rounds (too few for a 95% interval);")
        parts.append("faint dots: trials.")
    bad = sum(block.disturbed for block in blocks)
    if bad:
        parts.append(f"{'×: disturbed, ' if crosses else 'Disturbed, '}left out of the medians"
                     f"{' but at †' if _any_from_all(view, points) else ''}: {bad} of {len(blocks)} blocks.")
    return " ".join(parts)


def _contrast(view: View, scenario: Scenario) -> tuple[Point, str, str] | None:
    """(point, costly queue, cheap queue) that show most: the reference, or else the worst, against the best bounded."""
    best: tuple[float, tuple[Point, str, str]] | None = None
    for point in view.points(scenario):
        ranking = statistics.rank(view.run, point)
        if ranking is None:
            continue
        cheap = ranking.order[0]
        costly = REFERENCE if REFERENCE in ranking.order[1:] else ranking.order[-1]
        values = [view.headline(point, queue).median for queue in (costly, cheap)]
        gap = abs(values[0] - values[1])
        if best is None or gap > best[0]:
            best = gap, (point, costly, cheap)
    return best[1] if best else None


def _called(queue: str) -> str:
    return "the textbook queue (reference)" if queue == REFERENCE else queue


def _sentence(text: str) -> str:
    """First letter in upper case, but for the name of a queue."""
    return text[0].upper() + text[1:] if text.startswith("the textbook") else text


# ---------------------------------------------------------------------------------------------------- panel grids


@dataclass(frozen=True)
class Grid:
    """What goes into each panel, by (row, column); rows and columns have titles, empty where they need none."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    at: dict[tuple[int, int], object]
    folded: bool = False  # one row broken into several: `columns` holds a title for each panel, in reading order

    @property
    def across(self) -> int:
        """Number of panels in a row."""
        return max(column for _, column in self.at) + 1


def grid(scenario: Scenario, points: Sequence[Point], without: str = "", widest: int = MAX_COLUMNS) -> Grid:
    """Lays out points by their swept keys but `without`; the offered load goes across, or else the longest sweep.

    A single row of more than `widest` panels is folded."""
    swept = {key: [value for value in values if any(p.axes.get(key) == value for p in points)]
             for key, values in scenario.swept().items() if key != without}
    across = max(swept, key=lambda key: (key == "rho", len(swept[key])), default="")
    columns = swept.pop(across, [None])
    at: dict[tuple[tuple, object], Point] = {}
    for point in points:
        at.setdefault((tuple(point.axes.get(key) for key in swept), point.axes.get(across)), point)
    rows = [row for row in product(*swept.values()) if any(row == r for r, _ in at)]
    titles = tuple(", ".join(headed(key, value) for key, value in zip(swept, row)) for row in rows)
    heads = tuple(headed(across, value) if across else "" for value in columns)
    return _folded(Grid(titles, heads, {(rows.index(r), columns.index(c)): point for (r, c), point in at.items()}),
                   widest)


def _folded(laid: Grid, widest: int) -> Grid:
    """Breaks a single row of more than `widest` panels into rows of about equal length."""
    if len(laid.rows) > 1 or len(laid.columns) <= widest:
        return laid
    lines = math.ceil(len(laid.columns) / widest)
    across = math.ceil(len(laid.columns) / lines)
    return Grid(("",) * lines, laid.columns,
                {divmod(column, across): point for (_, column), point in laid.at.items()}, folded=True)


@dataclass(frozen=True)
class Layout:
    """Where the panels of a grid go on a page, in inches."""

    laid: Grid
    width: float  # of the page
    panel: float  # width of a panel
    height: float  # of a panel
    left: float  # of the first panel
    between: float  # room between two panels of a row, for labels and numbers
    strip: float  # above everything, for a legend
    above: float = 0.0  # above each panel, for heads of its own

    @property
    def _head(self) -> float:
        return 0.26 if any(self.laid.columns) and not self.laid.folded else 0.0

    @property
    def _gap(self) -> float:
        if self.laid.folded:
            return self.above + 0.42
        return max(self.above, 0.3) + 0.04 if any(self.laid.rows) else self.above + 0.02

    @property
    def body(self) -> float:
        """Height of the body of the page."""
        return self.strip + self._head + len(self.laid.rows) * (self.height + self._gap) + 0.5

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Upper left corner of a panel."""
        return (self.left + column * (self.panel + self.between),
                self.strip + self._head + row * (self.height + self._gap) + self._gap)

    def axes(self, page: theme.Page, row: int, column: int) -> Axes:
        return page.axes(*self.corner(row, column), self.panel, self.height)

    def is_last(self, row: int, column: int) -> bool:
        """Whether no panel lies below."""
        return row == max(r for r, c in self.laid.at if c == column)

    def heads(self, page: theme.Page) -> None:
        """Titles of columns at the top, titles of rows above their first panel."""
        for index, title in enumerate(self.laid.columns):
            row, column = divmod(index, self.laid.across)
            x, y = self.corner(row, column)
            top = y - self.above - 0.26 if self.laid.folded else self.strip
            page.text(x, top, title, fontsize=10, fontweight="bold")
        for row, title in enumerate(self.laid.rows):
            start = theme.MARGIN if self.above else self.left
            page.text(start, self.corner(row, 0)[1] - 0.2, title, fontsize=9, fontweight="bold", color=GREY)


def layout(laid: Grid, height: float, left: float, right: float, between: float, strip: float = 0.0,
           above: float = 0.0) -> Layout:
    """Fits the columns of a grid to the page: `left` and `right` inches are kept beside them, `between` amid."""
    columns = laid.across
    width = WIDE if columns >= 3 else MEDIUM if columns == 2 else min(MEDIUM, left + 6.5 + right)
    panel = (width - left - right - between * (columns - 1)) / columns
    return Layout(laid, width, panel, height, left, between, strip, above)


def _strip(queues: Sequence[str], laid: Grid) -> float:
    """Height of the legend over a grid, in inches."""
    return theme.legend_places(queues, (WIDE if laid.across >= 3 else 7.0) - 0.5)[-1][1] + 0.34


# ------------------------------------------------------------------------------- 1: lost ns (or throughput) as dots


def dots(view: View, scenario: Scenario) -> theme.Page:
    """Rows are queues, panels are points; the numbers stand beside the dots."""
    queues, race = view.sorted_queues(scenario), view.is_race(scenario)
    axis = _headline_scale(view, scenario)
    plan = layout(grid(scenario, view.points(scenario), widest=3), 0.17 * len(queues),
                  left=0.35 + 0.075 * max(map(len, queues)), right=1.4, between=1.42, above=0.17)
    page = theme.page(plan.width, plan.body, _race_title(view, scenario) if race else _lost_title(view, scenario),
                      asked_and_measured(view, scenario), _dots_notes(view, scenario, axis))
    plan.heads(page)
    for (row, column), point in plan.laid.at.items():
        axes = plan.axes(page, row, column)
        _dot_panel(view, axes, point, queues, axis, first=column == 0)
        axis.apply(axes, "x", labels=plan.is_last(row, column))
        if plan.is_last(row, column):
            axes.set_xlabel("messages per second (more is better)" if race else
                            "lost time per message (less is better)")
        x, y = plan.corner(row, column)
        reference = "× ref." if REFERENCE in queues else ""
        _number_heads(page, x + plan.panel, y, ("rate", reference) if race else ("lost", "efficiency"))
    return page


NUMBER_COLUMNS = (0.64, 1.26)  # right edges, inches to the right of a panel


def _number_heads(page: theme.Page, x: float, y: float, heads: tuple[str, str]) -> None:
    for edge, head in zip(NUMBER_COLUMNS, heads):
        page.text(x + edge, y - 0.17, head, color=GREY, ha="right")


def _headline_scale(view: View, scenario: Scenario) -> theme.Scale:
    values = [value for point in view.points(scenario) for queue in view.run.queue_names(scenario.name)
              if (summary := view.headline(point, queue)) for value in (*summary.values, *summary.disturbed_values)]
    return (theme.rate_scale if view.is_race(scenario) else theme.scale)(values)


def _dot_panel(view: View, axes: Axes, point: Point, queues: Sequence[str], axis: theme.Scale, first: bool) -> None:
    """One point: a row a queue, the first on top."""
    axes.set(ylim=(len(queues) - 0.5, -0.5))
    axes.set_yticks(range(len(queues)), queues if first else [""] * len(queues))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    ranking = statistics.rank(view.run, point)
    leaders = ranking.tied if ranking and not ranking.no_verdict else ()
    for row, queue in enumerate(queues):
        if problem := view.problem(point, queue):
            axes.text(0.01, row, problem[0], color=problem[1], fontsize=SMALL, style="italic", va="center",
                      transform=axes.get_yaxis_transform())
        elif summary := view.headline(point, queue):
            _dot_row(axes, row, summary, view.looks[queue], axis)
            _numbers(view, axes, row, point, queue, summary, bold=queue in leaders)
    if axis.name is duration and (floor := view.floor(point)) and floor > axis.low:
        axes.axvline(axis.place(floor), color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)


def _dot_row(axes: Axes, row: float, summary: Summary, style: theme.Style, axis: theme.Scale) -> None:
    """Raw trials, interval and median of a cell at height `row`."""
    offsets = row + np.linspace(-0.28, 0.28, 7)[np.arange(len(summary.undisturbed_values)) * 3 % 7]
    axes.plot([axis.place(value) for value in summary.undisturbed_values], offsets, ".",
              color=style.color, alpha=0.4, markersize=4, markeredgewidth=0, zorder=2)
    axes.plot([axis.place(value) for value in summary.disturbed_values], [row] * len(summary.disturbed_values), "x",
              color="#b5b5b5", markersize=3.2, markeredgewidth=0.7, zorder=2)
    estimate = summary.estimate
    if estimate.low is not None:
        axes.plot([axis.place(estimate.low), axis.place(estimate.high)], [row, row], color=style.color, linewidth=2,
                  solid_capstyle="butt", zorder=3)
    axes.plot([axis.place(estimate.median)], [row], linestyle="none", zorder=4, **style.mark(6.5))


def _numbers(view: View, axes: Axes, row: int, point: Point, queue: str, summary: Summary, bold: bool) -> None:
    """Median and efficiency (or the ratio to the reference) at the right of a panel."""
    mark = "†" if summary.from_all else ""
    race = statistics.headline(view.run, point) == THROUGHPUT
    bound = view.is_bound(point, queue)
    if race:
        ratio = statistics.paired_ratio(view.run, point, queue, REFERENCE, THROUGHPUT)
        texts = [rate(summary.median) + mark, f"{ratio.median:.2g}×" if ratio and ratio.median < 100 else
                 f"{ratio.median:.0f}×" if ratio else ""]
    else:
        efficiency = view.efficiency(point, queue)
        texts = [("≤ " if bound else "") + duration(summary.median) + mark,
                 ("≥ " if bound else "") + percentage(efficiency.median) if efficiency else ""]
    inches = axes.get_position().width * axes.figure.get_figwidth()
    for edge, text in zip(NUMBER_COLUMNS, texts):
        axes.text(1 + edge / inches, row, text, ha="right", va="center", fontsize=SMALL,
                  fontweight="bold" if bold else "normal", transform=axes.get_yaxis_transform())


def _dots_notes(view: View, scenario: Scenario, axis: theme.Scale) -> list[str]:
    points, run = view.points(scenario), view.run
    judged = any((ranking := statistics.rank(run, point)) and not ranking.no_verdict for point in points)
    floor = any((value := view.floor(point)) and value > axis.low for point in points)
    bound = any(view.is_bound(point, queue) for point in points for queue in run.queue_names(scenario.name))
    race = view.is_race(scenario)
    return _notes(
        view, scenario, _legend_of_marks(view, points),
        "" if race else "Lost: beyond an ideal queue that costs nothing, given the same work; efficiency: ideal time / "
                        "measured time.",
        "Dotted line: the floor, the least any real queue can lose (one cache-line transfer per hand-off)."
        if floor and not race else "",
        "≤ and ≥: more threads than cores; the ideal is only a bound." if bound and not race else "",
        "Bold: first or tied." if judged else "")


def _lost_title(view: View, scenario: Scenario) -> str:
    shown = _contrast(view, scenario)
    if shown is None:
        return f"{scenario.name}: no queue has a number"
    point, costly, cheap = shown
    most = "at most " if view.is_bound(point, costly) else ""
    text = f"{_called(costly)} loses {most}{duration(view.headline(point, costly).median)} a message"
    if costly != cheap:
        text += f", {cheap} {duration(view.headline(point, cheap).median)}"
    where = located(point, scenario)
    return where + (text if where else _sentence(text))


def _race_title(view: View, scenario: Scenario) -> str:
    shown = _contrast(view, scenario)
    if shown is None:
        return f"{scenario.name}: no queue has a number"
    point, slow, fast = shown
    other = "" if slow == fast else f", {_called(slow)} {_a_second(view, point, slow)}"
    where = located(point, scenario)
    return (f"{where}{'without' if where else 'Without'} any work {fast} passes {_a_second(view, point, fast)} "
            f"messages a second{other}: an upper bound, not advice")


def _a_second(view: View, point: Point, queue: str) -> str:
    """Median rate in words: 36 million, 240 thousand."""
    number, unit = rate(view.headline(point, queue).median).split()
    return " ".join(filter(None, (number, {"G/s": "billion", "M/s": "million", "k/s": "thousand"}.get(unit, ""))))


# -------------------------------------------------------------------------------------------- 2: against capacity


def against_capacity(view: View, scenario: Scenario) -> theme.Page | None:
    """Throughput and lost time against capacity: a pair of rows for each group of the other swept keys."""
    capacities = sorted({point.capacity for point in view.points(scenario)})
    if len(capacities) < 3 or "capacity" not in scenario.swept():
        return None
    metrics = [THROUGHPUT] if view.is_race(scenario) else [THROUGHPUT, statistics.LOST]
    queues = view.sorted_queues(scenario)
    laid = _capacity_grid(view, scenario, metrics)
    alone = len(laid.rows) == 1
    labels = 0.4 + 0.068 * max(map(len, queues))
    plan = layout(laid, max(3.0 if alone else 1.6, 0.15 * (len(queues) + 2)), left=1.0, right=labels,
                  between=0.75 + (labels if alone else 0))
    page = theme.page(plan.width, plan.body, _capacity_title(view, scenario, laid), asked_and_measured(view, scenario),
                      _capacity_notes(view, scenario))
    plan.heads(page)
    scales = {metric: _metric_scale(view, scenario, metric) for metric in metrics}
    for (row, column), (points, metric) in plan.laid.at.items():
        axes = plan.axes(page, row, column)
        names = alone or column == len(laid.columns) - 1
        _capacity_panel(view, axes, points, queues, metric, scales[metric], names=names)
        _capacity_axis(axes, capacities, last=plan.is_last(row, column))
        if column == 0 or alone:
            axes.set_ylabel("messages per second" if metric == THROUGHPUT else "lost time per message")
    return page


def _capacity_grid(view: View, scenario: Scenario, metrics: Sequence[str]) -> Grid:
    """Panels of (points by ascending capacity, metric): metrics side by side for one group, else below each other."""
    laid = grid(scenario, view.points(scenario), without="capacity")
    words = {THROUGHPUT: "throughput", statistics.LOST: "lost time"}
    swept = [key for key in scenario.swept() if key != "capacity"]
    groups = {place: sorted((point for point in view.points(scenario)
                             if all(point.axes.get(key) == first.axes.get(key) for key in swept)),
                            key=lambda point: point.capacity)
              for place, first in laid.at.items()}
    if len(groups) == 1:
        return Grid(("",), tuple(words[metric].capitalize() for metric in metrics),
                    {(0, index): (groups[0, 0], metric) for index, metric in enumerate(metrics)})
    rows = tuple(": ".join(filter(None, (title, words[metric]))) for title in laid.rows for metric in metrics)
    return Grid(rows, laid.columns, {(row * len(metrics) + index, column): (points, metric)
                                     for (row, column), points in groups.items()
                                     for index, metric in enumerate(metrics)})


def _metric(view: View, point: Point, queue: str, metric: str) -> Summary | None:
    return statistics.summarise(view.run, point, queue, THROUGHPUT) if metric == THROUGHPUT else \
        view.headline(point, queue)


def _metric_scale(view: View, scenario: Scenario, metric: str) -> theme.Scale:
    values = [value for point in view.points(scenario) for queue in view.run.queue_names(scenario.name)
              if (summary := _metric(view, point, queue, metric)) for value in summary.values]
    if metric == THROUGHPUT:
        values += [value for point in view.points(scenario) if (value := _ideal_rate(view, point))]
    return (theme.rate_scale if metric == THROUGHPUT else theme.scale)(values)


def _ideal_rate(view: View, point: Point) -> float | None:
    """The ideal queue's messages a second here: throughput / efficiency, median over the queues."""
    rates = [summary.median / efficiency.median for queue in statistics.rankable(view.run, point)
             if (summary := statistics.summarise(view.run, point, queue, THROUGHPUT))
             and (efficiency := view.efficiency(point, queue)) and efficiency.median > 0]
    return float(np.median(rates)) if rates else None


def _capacity_panel(view: View, axes: Axes, points: Sequence[Point], queues: Sequence[str], metric: str,
                    axis: theme.Scale, names: bool) -> None:
    axis.apply(axes, "y")
    axes.set_xscale("log", base=2)
    axes.set_xlim(points[0].capacity / 1.5, points[-1].capacity * 1.5)
    ends = []
    for queue, aside in zip(queues, np.geomspace(0.9, 1.11, len(queues)) if len(queues) > 1 else [1.0]):
        style = view.looks[queue]
        known = [(point.capacity * aside, summary) for point in points
                 if (summary := _metric(view, point, queue, metric))]
        if not known:
            continue
        for capacity, summary in known:
            axes.plot([capacity] * len(summary.values), [axis.place(v) for v in summary.values], ".", color=style.color,
                      alpha=0.35, markersize=3.5, markeredgewidth=0, zorder=2)
            if summary.estimate.low is not None:
                axes.plot([capacity] * 2, [axis.place(summary.estimate.low), axis.place(summary.estimate.high)],
                          color=style.color, linewidth=1.5, zorder=3)
        heights = [axis.place(summary.median) for _, summary in known]
        axes.plot([capacity for capacity, _ in known], heights, linestyle=style.line, linewidth=1.3, zorder=4,
                  **style.mark(5.5))
        ends.append((known[-1][0], heights[-1], queue, style.color))
    ideal = [(point.capacity, value) for point in points
             if metric == THROUGHPUT and (value := _ideal_rate(view, point))]
    if ideal:
        axes.plot(*zip(*ideal), color=GREY, linewidth=1.2, linestyle=(0, (5, 2)), zorder=1)
        ends.append((*ideal[-1], "ideal", GREY))
    floors = [(point.capacity, axis.place(floor)) for point in points
              if metric != THROUGHPUT and (floor := view.floor(point)) and floor > axis.low]
    if floors:
        axes.plot(*zip(*floors), color=INK, linewidth=1, linestyle=(0, (1, 1.5)), zorder=1)
        ends.append((*floors[-1], "floor", GREY))
    if names:
        theme.end_labels(axes, ends)


def _capacity_axis(axes: Axes, capacities: Sequence[int], last: bool) -> None:
    axes.set_xticks(capacities, [str(capacity) for capacity in capacities])
    axes.minorticks_off()
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("capacity (messages, log scale)")


def _knee(view: View, points: Sequence[Point], queue: str) -> int | None:
    """Least capacity at which a queue has 95% of its best median throughput."""
    known = {point.capacity: value for point in points if (value := view.median(point, queue, THROUGHPUT))}
    return next((capacity for capacity in sorted(known) if known[capacity] >= 0.95 * max(known.values())), None)


def _capacity_title(view: View, scenario: Scenario, laid: Grid) -> str:
    """Which queue needs how much capacity, where the difference is largest."""
    found = []
    for points, _ in laid.at.values():
        knees = {queue: knee for queue in statistics.rankable(view.run, points[-1])
                 if (knee := _knee(view, points, queue))}
        if knees:
            least = min(knees, key=knees.get)
            most = REFERENCE if knees.get(REFERENCE, 0) > knees[least] else max(knees, key=knees.get)
            found.append((knees[most] / knees[least], knees[least], least, knees[most], most, points))
    if not found:
        return f"{scenario.name}: no queue has a number"
    ratio, small, least, large, most, points = max(found, key=lambda each: each[0])
    if ratio == 1:
        return f"From capacity {small} on, every queue has 95% of its best throughput"
    return (f"{located(points[0], scenario, without='capacity')}{least} has 95% of its best throughput from capacity "
            f"{small} on, {_called(most)} from {large} on")


def _capacity_notes(view: View, scenario: Scenario) -> list[str]:
    ideal = "" if view.is_race(scenario) else "Ideal: a queue that costs nothing, given the same work. Floor: the " \
                                              "least any real queue can lose."
    return _notes(view, scenario, _legend_of_marks(view, view.points(scenario), crosses=False), ideal)


# ---------------------------------------------------------------------------------------------- 3: sojourn times

SHARES = 1 - np.logspace(math.log10(0.5), -7, 140)  # from the median on


def sojourn(view: View, scenario: Scenario, pools: dict) -> theme.Page | None:
    """Percentile curves of the time from push to pop, pooled over the trials of a cell; the ideal's in grey."""
    curves = {(point.name, queue): curve for point in view.points(scenario)
              for queue in view.run.queue_names(scenario.name)
              if (curve := _curve(pools.get((point.name, queue, "sojourn_ns"))))}
    if not curves or view.is_race(scenario):
        return None
    ideals = {point.name: curve for point in view.points(scenario)
              if (curve := _curve(_ideal_pool(view, pools, point)))}
    laid = grid(scenario, [p for p in view.points(scenario) if any(name == p.name for name, _ in curves)])
    queues = [queue for queue in view.sorted_queues(scenario) if any(queue == name for _, name in curves)]
    direct = len(laid.at) <= 2
    furthest = max(x for curve in curves.values() for x, _ in curve)
    labels = 0.4 + 0.068 * max(map(len, queues)) if direct else 0.0
    plan = layout(laid, max(3.2, 0.15 * (len(queues) + 2)) if direct else 1.5, left=1.0, right=labels + theme.MARGIN,
                  between=0.75 + labels, strip=0.0 if direct else _strip(queues, laid))
    page = theme.page(plan.width, plan.body, _sojourn_title(view, scenario, pools), asked_and_measured(view, scenario),
                      _notes(view, scenario, "Sojourn time: from the call of push to the return of pop. Pooled over "
                             "the trials of the undisturbed blocks; each curve ends where fewer than 100 messages lie "
                             "beyond it. Dashed grey: the ideal queue, given the same work."))
    if not direct:
        theme.legend(page, {queue: view.looks[queue] for queue in queues}, -0.05, lines=True)
    plan.heads(page)
    for (row, column), point in laid.at.items():
        beside = [p.name for (r, _), p in laid.at.items() if r == row]
        axis = theme.scale([y for (name, _), curve in curves.items() if name in beside for _, y in curve]
                           + [y for name in beside for _, y in ideals.get(name, ())], smallest=1.0)
        known = {queue: curves[point.name, queue] for queue in queues if (point.name, queue) in curves}
        axes = plan.axes(page, row, column)
        _sojourn_panel(view, axes, known, ideals.get(point.name), axis, furthest, direct, plan.is_last(row, column))
        if column == 0:
            axes.set_ylabel("sojourn time")
    return page


def _ideal_pool(view: View, pools: dict, point: Point) -> statistics.Pool:
    """Sojourn times in the ideal queue: one pool over the bounded queues of a point, all of which saw its demands."""
    joined = statistics.Pool()
    for queue in statistics.rankable(view.run, point):
        if pool := pools.get((point.name, queue, "ideal_sojourn_ns")):
            for bucket, count in pool.buckets.items():
                joined.buckets[bucket] += count
    return joined


def _curve(pool: statistics.Pool | None) -> list[tuple[float, float]]:
    """(1 / (1 - share), ns) as far as the samples go."""
    values = pool.quantiles(SHARES) if pool and pool.count else []
    return [(1 / (1 - share), value) for share, value in zip(SHARES, values) if value is not None]


def _sojourn_panel(view: View, axes: Axes, curves: dict, ideal: list | None, axis: theme.Scale, furthest: float,
                   direct: bool, last: bool) -> None:
    axis.apply(axes, "y")
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
        marks = [int(np.argmin(np.abs(np.log(xs) - math.log(tick)))) for tick in ticks if tick <= xs[-1] * 1.01]
        axes.plot([xs[i] for i in marks], [ys[i] for i in marks], linestyle="none", zorder=3, clip_on=False,
                  **style.mark(5))
        ends.append((xs[-1], ys[-1], queue, style.color))
    if ideal:
        shown = [(x, axis.place(y)) for x, y in ideal if x <= furthest]
        axes.plot(*zip(*shown), color=GREY, linewidth=1.3, linestyle=(0, (5, 2)), zorder=1)
        ends.append((*shown[-1], "ideal", GREY))
    if direct:
        theme.end_labels(axes, ends)


def _sojourn_title(view: View, scenario: Scenario, pools: dict) -> str:
    """The slowest 1% (or the median) of the reference against the best queue, where they differ most."""
    for share, words in ((0.99, "1 message in 100 takes longer than"), (0.5, "Half the messages take longer than")):
        found = []
        for point in view.points(scenario):
            at = {queue: value for queue in statistics.rankable(view.run, point)
                  if (pool := pools.get((point.name, queue, "sojourn_ns")))
                  and (value := pool.quantiles([share])[0]) is not None}
            if at:
                best = min(at, key=at.get)
                worst = REFERENCE if REFERENCE in at and REFERENCE != best else max(at, key=at.get)
                found.append((at[worst] / at[best], at, worst, best, point))
        if found:
            _, at, worst, best, point = max(found, key=lambda each: each[0])
            other = "" if worst == best else f", {duration(at[best])} through {best}"
            where = located(point, scenario)
            return f"{where}{words if not where else words[0].lower() + words[1:]} {duration(at[worst])} through " \
                   f"{_called(worst)}{other}"
    return f"{scenario.name}: too few messages for a quantile"


# ------------------------------------------------------------------------------------------ 4: the price of waiting


def price(view: View, scenario: Scenario) -> theme.Page | None:
    """CPU burnt beyond the work against time lost, a marker a queue, a panel a point."""
    pairs = {(point.name, queue): (cpu, lost) for point in view.points(scenario)
             for queue in view.run.queue_names(scenario.name)
             if (cpu := statistics.summarise(view.run, point, queue, CPU)) and (lost := view.headline(point, queue))}
    if not pairs or view.is_race(scenario):
        return None
    laid = grid(scenario, [p for p in view.points(scenario) if any(name == p.name for name, _ in pairs)])
    queues = [queue for queue in view.sorted_queues(scenario) if any(queue == name for _, name in pairs)]
    x_axis = theme.scale(v for cpu, _ in pairs.values() for v in cpu.values)
    y_axis = theme.scale(v for _, lost in pairs.values() for v in lost.values)
    direct = len(laid.at) <= 2 and not any(_crowded(pairs, point, x_axis, y_axis) for point in laid.at.values())
    height = 3.6 if direct else 2.8 if len(laid.at) <= 2 else 1.7
    plan = layout(laid, height, left=1.0, right=theme.MARGIN, between=0.75,
                  strip=0.0 if direct else _strip(queues, laid))
    page = theme.page(plan.width, plan.body, _price_title(view, scenario, pairs), asked_and_measured(view, scenario),
                      _price_notes(view, scenario))
    if not direct:
        theme.legend(page, {queue: view.looks[queue] for queue in queues}, -0.05)
    plan.heads(page)
    for (row, column), point in laid.at.items():
        known = {queue: pairs[point.name, queue] for queue in queues if (point.name, queue) in pairs}
        axes = plan.axes(page, row, column)
        _price_panel(view, axes, known, x_axis, y_axis, direct, plan.is_last(row, column))
        if column == 0:
            axes.set_ylabel("lost time per message")
        if plan.is_last(row, column):
            axes.set_xlabel("CPU beyond the work, per message")
    return page


def _crowded(pairs: dict, point: Point, x_axis: theme.Scale, y_axis: theme.Scale) -> bool:
    """Whether two markers of a panel lie too close for their names to stand beside them."""
    marks = [(x_axis.share(cpu.median), y_axis.share(lost.median)) for (name, _), (cpu, lost) in pairs.items()
             if name == point.name]
    return any(abs(a[0] - b[0]) < 0.15 and abs(a[1] - b[1]) < 0.05 for a, b in combinations(marks, 2))


def _price_panel(view: View, axes: Axes, known: dict, x_axis: theme.Scale, y_axis: theme.Scale, direct: bool,
                 last: bool) -> None:
    x_axis.apply(axes, "x", labels=last)
    y_axis.apply(axes, "y")
    labels = []
    for queue, (cpu, lost) in known.items():
        style = view.looks[queue]
        x, y = x_axis.place(cpu.median), y_axis.place(lost.median)
        if len(cpu.values) == len(lost.values):
            axes.plot([x_axis.place(v) for v in cpu.values], [y_axis.place(v) for v in lost.values], ".",
                      color=style.color, alpha=0.4, markersize=4, markeredgewidth=0, zorder=2)
        if cpu.estimate.low is not None:
            axes.plot([x_axis.place(cpu.estimate.low), x_axis.place(cpu.estimate.high)], [y, y], color=style.color)
            axes.plot([x, x], [y_axis.place(lost.estimate.low or lost.median),
                               y_axis.place(lost.estimate.high or lost.median)], color=style.color)
        axes.plot([x], [y], linestyle="none", zorder=4, clip_on=False, **style.mark(7.5))
        labels.append((x, y, queue, style.color))
    span = [max(x_axis.low, y_axis.low), min(x_axis.high, y_axis.high)]
    if span[0] < span[1]:
        axes.plot(span, span, color="#c8c8c8", linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    if direct:
        theme.point_labels(axes, labels)


def _price_notes(view: View, scenario: Scenario) -> list[str]:
    return _notes(view, scenario, "Down and left is better. Grey line: a CPU second burnt for each second lost; above "
                  "it a queue sleeps while it waits, below it both sides spin.",
                  _legend_of_marks(view, view.points(scenario), crosses=False))


def _price_title(view: View, scenario: Scenario, pairs: dict) -> str:
    shown = _contrast(view, scenario)
    point, costly, cheap = shown if shown else (None, "", "")
    if not shown or (point.name, cheap) not in pairs or (point.name, costly) not in pairs:
        return "The price of waiting: CPU burnt beyond the work against time lost"
    phrase = lambda queue: "loses {1} and burns {0} of CPU".format(
        *(duration(summary.median) for summary in pairs[point.name, queue]))
    other = "" if costly == cheap else f", {_called(costly)} {phrase(costly)}"
    return f"{located(point, scenario)}{cheap} {phrase(cheap)} a message{other}"


# ------------------------------------------------------------------------------------- 5: occupancy over time


def occupancy(view: View, scenario: Scenario) -> theme.Page | None:
    """Messages waiting over time: each trial faint, the median of the trials bold."""
    if not any(view.run.queues.get(queue, {}).get("bound") == "none" for queue in view.run.queue_names(scenario.name)):
        return None
    points = {point.name: point for point in view.points(scenario)}
    series: dict[tuple[str, str], list] = {}
    for trial, line in view.run.timelines():
        if trial.point in points and line.occupancy:
            series.setdefault((trial.point, trial.queue), []).append((trial.disturbed, line))
    if not series:
        return None
    laid = grid(scenario, [point for name, point in points.items() if any(name == at for at, _ in series)])
    height = max(3.2, 0.15 * (len(view.run.queue_names(scenario.name)) + 2))
    plan = layout(laid, height, left=1.0, right=2.9, between=3.6)
    page = theme.page(plan.width, plan.body, _occupancy_title(view, series, points),
                      asked_and_measured(view, scenario),
                      _notes(view, scenario, "Faint: single trials; bold: their median at each instant; names with "
                             "the peak. Bytes: messages waiting × message size, without the queue's own overhead. "
                             "Linear up to 1, then logarithmic."))
    plan.heads(page)
    for (row, column), point in laid.at.items():
        _occupancy_panel(view, plan.axes(page, row, column), point,
                         {queue: lines for (at, queue), lines in series.items() if at == point.name})
    return page


def _typical(lines: list) -> tuple[np.ndarray, np.ndarray]:
    """(time in ms, median occupancy) over the trials, as long as the shortest of them; undisturbed ones if enough."""
    undisturbed = [each for each in lines if not each[0]]
    lines = undisturbed if len(undisturbed) >= statistics.MIN_UNDISTURBED else lines
    length = min(len(line.occupancy) for _, line in lines)
    slice_ns = float(np.median([line.slice_ns for _, line in lines]))
    stacked = np.array([line.occupancy[:length] for _, line in lines], dtype=float)
    return np.arange(1, length + 1) * slice_ns / 1e6, np.median(stacked, axis=0)


def _occupancy_panel(view: View, axes: Axes, point: Point, series: dict[str, list]) -> None:
    highest, longest, ends = 1.0, 0.0, []
    for queue, lines in series.items():
        style = view.looks[queue]
        for _, line in lines:
            times = np.arange(1, len(line.occupancy) + 1) * line.slice_ns / 1e6
            axes.plot(times, line.occupancy, color=style.color, linewidth=0.6, alpha=0.15, zorder=1)
        times, typical = _typical(lines)
        axes.plot(times, typical, color=style.color, linewidth=1.6, linestyle=style.line, zorder=3)
        highest, longest = max(highest, typical.max()), max(longest, times[-1])
        ends.append((times[-1], typical[-1], f"{queue}: {_waiting(typical.max(), point)}", style.color))
    axes.set_yscale("symlog", linthresh=1, linscale=0.3)
    axes.set_ylim(0, highest * 3)
    decades = [0, *(10**e for e in range(int(math.log10(highest * 3)) + 1))]
    axes.set_yticks(decades, [f"{tick:,}" for tick in decades])
    axes.minorticks_off()
    axes.set_xlim(0, longest)
    axes.set(xlabel="time since the window opened (ms)", ylabel="messages waiting")
    axes.axhline(point.capacity, color=GREY, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=2)
    axes.text(longest * 0.5, point.capacity * 0.8, f"capacity {point.capacity}", fontsize=SMALL, color=GREY, va="top")
    theme.end_labels(axes, ends)


def _waiting(messages: float, point: Point) -> str:
    return f"{messages:,.0f} ({statistics.data_size(messages * point.message_bytes)})"


def _occupancy_title(view: View, series: dict, points: dict[str, Point]) -> str:
    peaks = {key: (_typical(lines)[1].max(), _typical(lines)[0][-1]) for key, lines in series.items()}
    bound_of = lambda queue: view.run.queues.get(queue, {}).get("bound")
    free = {key: peak for key, peak in peaks.items() if bound_of(key[1]) == "none"}
    held = {key: peak for key, peak in peaks.items() if bound_of(key[1]) != "none"}
    parts = []
    if free:
        key = max(free, key=free.get)
        parts.append(f"Without a bound the queue grows to {free[key][0]:,.0f} messages "
                     f"({statistics.data_size(free[key][0] * points[key[0]].message_bytes)}) in {free[key][1]:.0f} ms")
    if held:
        key = max(held, key=held.get)
        parts.append(f"{'with a bound it' if free else 'A bounded queue'} never holds more than {held[key][0]:,.0f} "
                     f"({statistics.data_size(held[key][0] * points[key[0]].message_bytes)})")
    return "; ".join(parts)


# ------------------------------------------------------------------------------------------------- 6: the overview


@dataclass(frozen=True)
class Situation:
    """A column of the overview: a ranked scenario, at one capacity or in one case where it sweeps them."""

    scenario: Scenario
    name: str
    points: tuple[Point, ...]


def overview(view: View) -> theme.Page | None:
    """Queues x situations: lost time per message, as number and shade, and the efficiency below it."""
    situations = [each for scenario in view.run.scenarios.values() if scenario.rank and view.points(scenario)
                  and not view.is_race(scenario) for each in _situations(view, scenario)]
    table = {(queue, index): loss for index, each in enumerate(situations)
             for queue in view.run.queue_names(each.scenario.name)
             if _bounded(view, queue) and (loss := statistics.loss(view.run, each.points, queue))}
    if not table:
        return None
    queues = _overview_order(view, situations, table)
    axis = theme.scale(loss.value for loss in table.values())
    left, cell_width, cell_height = 0.4 + 0.085 * max(map(len, queues)), 0.92, 0.54
    lefts = _column_lefts(situations, left, cell_width)
    width = max(lefts[-1] + cell_width + 1.0, 8.0)
    header = _overview_header(situations, lefts, cell_width)
    page = theme.page(width, header + len(queues) * cell_height + 0.1, _overview_title(view, situations, table),
                      "Time lost per message beyond an ideal queue that costs nothing, efficiency and CPU, by "
                      f"situation. {' · '.join(_machine(view, [p for each in situations for p in each.points]))}",
                      _overview_notes(view, situations, table))
    _overview_heads(page, situations, lefts, cell_width, header)
    for row, queue in enumerate(queues):
        top = header + row * cell_height
        _overview_name(view, page, queue, left, top, cell_height)
        for index, each in enumerate(situations):
            axes = page.axes(lefts[index] + 0.02, top + 0.02, cell_width - 0.04, cell_height - 0.04)
            _overview_cell(view, axes, each, queue, table.get((queue, index)), axis)
    _overview_wins(view, page, situations, queues, lefts[-1] + cell_width, header, cell_height)
    return page


def _bounded(view: View, queue: str) -> bool:
    return view.run.queues.get(queue, {}).get("bound") != "none"


def _situations(view: View, scenario: Scenario) -> list[Situation]:
    """At most three columns a scenario: its first, middle and last capacity, or its cases; else one column."""
    swept, points = scenario.swept(), view.points(scenario)
    key = next((key for key in ("capacity", "case") if key in swept), None)
    if key is None:
        return [Situation(scenario, "", tuple(points))]
    values = [value for value in swept[key] if any(point.axes.get(key) == value for point in points)]
    if len(values) > 3:
        values = [values[0], values[len(values) // 2], values[-1]]
    return [Situation(scenario, in_words(key, value), tuple(p for p in points if p.axes.get(key) == value))
            for value in values]


def _column_lefts(situations: Sequence[Situation], left: float, cell: float) -> list[float]:
    """Left edge of each column in inches, with a gap between scenarios; a lone column gets room for its heading."""
    lefts, x = [], left
    for index, each in enumerate(situations):
        if index and each.scenario is not situations[index - 1].scenario:
            alone = sum(other.scenario is situations[index - 1].scenario for other in situations) == 1
            x += 0.18 + (0.7 if alone else 0)
        lefts.append(x)
        x += cell
    return lefts


def _overview_order(view: View, situations: Sequence[Situation], table: dict) -> list[str]:
    """Queues by the mean rank of their losses over the situations, the cheapest on top."""
    queues = list(dict.fromkeys(queue for each in situations for queue in view.run.queue_names(each.scenario.name)
                                if _bounded(view, queue)))
    ranks: dict[str, list[float]] = {queue: [] for queue in queues}
    for index in range(len(situations)):
        known = sorted((q for q in queues if (q, index) in table), key=lambda queue: table[queue, index].value)
        for place, queue in enumerate(known):
            ranks[queue].append(place / len(known))
    return sorted(queues, key=lambda queue: np.mean(ranks[queue]) if ranks[queue] else 2.0)


def _overview_groups(situations: Sequence[Situation], lefts: Sequence[float], cell: float) -> list[tuple]:
    """(scenario, left, lines of its question, columns) of each scenario's columns."""
    groups = []
    for scenario in dict.fromkeys(each.scenario.name for each in situations):
        members = [index for index, each in enumerate(situations) if each.scenario.name == scenario]
        span = lefts[members[-1]] + cell - lefts[members[0]] + (0.7 if len(members) == 1 else 0)
        first = situations[members[0]].scenario
        groups.append((first, lefts[members[0]], theme.wrapped(first.question, span, SMALL)[:5], members))
    return groups


def _column_head(each: Situation, cell: float) -> str:
    return "\n".join(theme.wrapped(each.name, cell * 0.9, SMALL))


def _overview_header(situations: Sequence[Situation], lefts: Sequence[float], cell: float) -> float:
    """Height of the heads, inches: name, question, heads of the columns."""
    question = max(len(lines) for _, _, lines, _ in _overview_groups(situations, lefts, cell))
    heads = max(_column_head(each, cell).count("\n") + 1 for each in situations)
    return 0.17 + 0.14 * question + 0.14 * max(heads, 2) + 0.14


def _overview_heads(page: theme.Page, situations: Sequence[Situation], lefts: Sequence[float], cell: float,
                    header: float) -> None:
    for scenario, left, lines, members in _overview_groups(situations, lefts, cell):
        page.text(left + 0.02, 0, _threads(scenario), fontweight="bold")
        page.text(left + 0.02, 0.17, "\n".join(lines), color=GREY, linespacing=1.2)
        for index in members:
            page.text(lefts[index] + cell / 2, header - 0.05, _column_head(situations[index], cell), ha="center",
                      va="bottom")


def _threads(scenario: Scenario) -> str:
    first = scenario.points[0]
    return f"{scenario.name.replace('_', ' ')} ({first.producers}P{first.consumers}C)"


def _overview_name(view: View, page: theme.Page, queue: str, left: float, top: float, height: float) -> None:
    style = view.looks[queue]
    axes = page.axes(theme.MARGIN, top + height / 2 - 0.08, 0.16, 0.16)
    axes.axis("off")
    axes.plot([0], [0], linestyle="none", **style.mark(7))
    page.text(theme.MARGIN + 0.22, top + height / 2, queue, va="center", fontsize=9,
              fontweight="bold" if queue == REFERENCE else "normal")


def _overview_cell(view: View, axes: Axes, each: Situation, queue: str, loss: statistics.Loss | None,
                   axis: theme.Scale) -> None:
    """A shaded cell: the darker, the more is lost."""
    axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if loss is None:
        word, color = next((found for point in each.points if (found := view.problem(point, queue))), ("not run", GREY))
        axes.set_facecolor("#f6f6f6")
        axes.text(0.5, 0.5, word, ha="center", va="center", style="italic", fontsize=SMALL, color=color)
        return
    depth = axis.share(loss.value)
    axes.set_facecolor(_shade(depth))
    ink = "white" if depth > 0.62 else INK
    most, least = ("≤ ", "≥ ") if loss.is_bound else ("", "")
    marks = ("*" if loss.points < len(each.points) else "") + ("†" if loss.from_all else "")
    cpu = _cpu(view, each, queue)
    lines = ["" if loss.efficiency is None else least + percentage(loss.efficiency),
             "" if cpu is None else f"CPU {duration(cpu)}"]
    axes.text(0.5, 0.76, f"{most}{duration(loss.value)}{marks}", ha="center", va="center", fontsize=10, color=ink,
              fontweight="bold")
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


def _overview_wins(view: View, page: theme.Page, situations: Sequence[Situation], queues: Sequence[str], left: float,
                   header: float, height: float) -> None:
    """Right-most column: in how many situations a queue is first or tied."""
    judged = [each for each in situations if not statistics.answer(view.run, each.scenario, each.points).no_verdict]
    if not judged:
        return
    page.text(left + 0.45, header - 0.06, "first\nor tied", ha="center", va="bottom")
    for row, queue in enumerate(queues):
        wins = sum(_wins_most(view, each, queue) for each in judged)
        page.text(left + 0.45, header + (row + 0.5) * height, f"{wins} of {len(judged)}", ha="center", va="center",
                  fontsize=9, fontweight="bold" if wins else "normal", color=INK if wins else GREY)


def _overview_title(view: View, situations: Sequence[Situation], table: dict) -> str:
    least, most = min(table, key=lambda k: table[k].value), max(table, key=lambda k: table[k].value)
    if len(table) == 1:
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
    if judged:
        notes.append("Framed: first or tied (paired within blocks, 95% interval, margin of 5% or 10 ns).")
    if any(loss.points < len(situations[index].points) for (_, index), loss in table.items()):
        notes.append("* not at every point of the column.")
    if any(loss.from_all for loss in table.values()):
        notes.append(f"†: fewer than {statistics.MIN_UNDISTURBED} undisturbed blocks somewhere, summarised from all.")
    if any(loss.is_bound for loss in table.values()):
        notes.append("≤ and ≥: more threads than cores, the ideal is only a bound.")
    return [" ".join(notes)]
