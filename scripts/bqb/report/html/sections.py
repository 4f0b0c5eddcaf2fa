"""A section of the page for each question: its answer, claims, points, tables and charts."""

from __future__ import annotations

import csv
import io
import itertools
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bqb.data.model import Point, Scenario
from bqb.report.answers import answer
from bqb.report.figures.view import View
from bqb.report.html import charts
from bqb.report.html.charts import Chart, Strip, StripAxis
from bqb.report.html.marks import color_of, symbol_of
from bqb.report.numbers import cell_text, notes_on_marks
from bqb.report.scales import Scale, scale_of
from bqb.report.units import counter_name, format_interval, format_ns, format_share, format_value
from bqb.report.wording import (
    asked_and_measured,
    headed,
    located,
    replaced_in_words,
    score_in_words,
    stated_in_words,
    tells_apart,
    warnings_of_points,
)
from bqb.stats import claims, judging
from bqb.stats.counters import CPU_BEYOND_WORK, EFFICIENCY_OF
from bqb.stats.summaries import Summary
from bqb.stats.timestamps import LEAST_PAIRS, measured_cost

SWITCHES = "switches_per_msg"
NUMBER_AND_UNIT = re.compile(r"(\d) (\S+)$")
NO_BREAK_EQUALS = "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class QueueName:
    """A queue as the page shows it. `id`: of its card."""

    id: str
    name: str
    symbol: str
    color: str


@dataclass(frozen=True)
class Number:
    """A number in words, and bare for sorting; empty and None where there is none."""

    text: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Row:
    """A queue at a point. `problem`: why it has no number."""

    id: str
    queue: QueueName
    state: str
    value: Number
    interval: str
    beside: Number  # efficiency, or nothing
    cpu: Number
    switches: Number
    timestamps: Number  # what they cost, and the interval of that
    timestamps_interval: str
    strip: Strip | None
    problem: str = ""


@dataclass(frozen=True)
class PointSection:
    """`note`: how small a difference the blocks tell apart, or why there is no verdict."""

    id: str
    title: str
    rows: tuple[Row, ...]
    note: str
    blocks: int
    disturbed: int
    charts: tuple[Chart, ...]
    command: str


@dataclass(frozen=True)
class HeatCell:
    text: str
    depth: int  # 0 the least to 9 the most of the table; -1: no number
    state: str
    link: str


@dataclass(frozen=True)
class HeatMap:
    """Queues x points. `heads`: a row for each swept key, of its values with how many columns each
    spans."""

    counter: str
    heads: tuple[tuple[tuple[str, int], ...], ...]
    rows: tuple[tuple[QueueName, tuple[HeatCell, ...]], ...]


@dataclass(frozen=True)
class Claim:
    """What a scenario's author expects, and how that fared: right, wrong, undecided, no numbers, or
    stated after this run. `stated`: since when it stands; empty in old runs."""

    says: str
    verdict: str
    measured: str
    stated: str
    earlier: tuple[str, ...]  # its earlier forms


@dataclass(frozen=True)
class Section:
    id: str
    name: str
    question: str
    answer: str
    method: str
    expect: str
    claims: tuple[Claim, ...]
    warnings: tuple[str, ...]
    judge: str  # what the numbers are: overhead per message
    better: str  # "less is better"
    beside: str  # head of the column beside the numbers; empty without
    axis: StripAxis | None
    heat: HeatMap | None
    capacity: Chart | None
    points: tuple[PointSection, ...]
    csv: str  # a data: link
    has_timestamps: bool  # in some row
    marks: tuple[str, ...]


def anchor(name: str) -> str:
    """The id of what is called `name`, and the fragment of a link to it."""
    return quote(name, safe="/:._-")


def queue_name(view: View, queue: str) -> QueueName:
    look = view.looks[queue]
    return QueueName(anchor(f"queue:{queue}"), queue, symbol_of(look), color_of(look))


def point_anchor(name: str) -> str:
    """The id of a point's section. A point may be called as a part of the page is."""
    return anchor(f"point:{name}")


def point_link(view: View, point: Point) -> str:
    """The id of a point's section, or of its question's where none of its queues was tried."""
    scenario = view.run.scenarios[point.scenario]
    is_shown = point in view.points(scenario)
    return point_anchor(point.name) if is_shown else anchor(f"question:{scenario.name}")


def section_of(view: View, scenario: Scenario) -> Section:
    points = view.points(scenario)
    judge = view.judge(scenario)
    more = bool(points) and judging.more_is_better(view.run, points[0], judge)
    axis = charts.strip_axis(view, scenario) if points else None
    found = tuple(_point_section(view, scenario, point, axis) for point in points)
    scores = claims.score_all(view.run, scenario)
    return Section(
        anchor(f"question:{scenario.name}"),
        scenario.name.replace("_", " "),
        scenario.question,
        answer(view, scenario),
        asked_and_measured(view, scenario).partition("\n")[2] if points else "",
        scenario.expect,
        tuple(
            Claim(
                score.claim.says,
                score.verdict,
                score_in_words(score),
                stated_in_words(score.claim),
                tuple(map(replaced_in_words, score.claim.replaces)),
            )
            for score in scores
        ),
        tuple(warnings_of_points(view.run, points)),
        counter_name(judge),
        "more is better" if more else "less is better",
        "efficiency" if judge in EFFICIENCY_OF else "",
        axis,
        _heat_map(view, scenario),
        charts.capacity_chart(view, scenario) if points else None,
        found,
        _csv_link(view, scenario),
        any(row.timestamps.text for point in found for row in point.rows),
        tuple(notes_on_marks(view.run, _cells(view, points))),
    )


def _cells(view: View, points: Sequence[Point]) -> list[tuple[Point, str]]:
    return [(point, queue) for point in points for queue in view.run.queue_names(point.scenario)]


def _point_section(
    view: View, scenario: Scenario, point: Point, axis: StripAxis | None
) -> PointSection:
    queues = view.run.queue_names(scenario.name)
    rows = [_row(view, point, queue, axis) for queue in queues]
    more = judging.more_is_better(view.run, point, view.counter(point))

    def order(row: Row) -> tuple[bool, float]:
        value = row.value.value
        return value is None, 0.0 if value is None else -value if more else value

    verdict = view.verdict(point)
    blocks = view.run.blocks_of([point])
    drawn = [charts.cpu_chart(view, point), charts.sojourn_chart(view, point)]
    return PointSection(
        point_anchor(point.name),
        point_title(point, scenario),
        tuple(sorted(rows, key=order)),
        "no queue has an undisturbed number"
        if verdict is None
        else f"no verdict: {verdict.no_verdict}"
        if verdict.no_verdict
        else f"{tells_apart(verdict)}, with {verdict.blocks} blocks",
        len(blocks),
        sum(block.disturbed for block in blocks),
        tuple(chart for chart in drawn if chart),
        command(point),
    )


def point_title(point: Point, scenario: Scenario) -> str:
    """What sets a point apart from the others of its scenario; of a single one its scenario."""
    words = located(point, scenario).removesuffix(": ")
    return words or scenario.name.replace("_", " ").capitalize()


def judge_in_words(view: View, point: Point) -> str:
    """What judges a point, and which way."""
    counter = view.counter(point)
    more = judging.more_is_better(view.run, point, counter)
    return f"{counter_name(counter)}, {'more' if more else 'less'} is better"


def command(point: Point) -> str:
    """Repeats the point with all its queues."""
    return f"./scripts/bench --point {shlex.quote(point.name)}"


def _row(view: View, point: Point, queue: str, axis: StripAxis | None) -> Row:
    name, cell = queue_name(view, queue), anchor(point.cell(queue))
    summary = view.headline(point, queue)
    if summary is None or axis is None:
        problem = view.run.problem_of(point, queue)
        words = {"failed": "failed", "void": "no measurable window", "skipped": "cannot run"}
        reason = f"{words[problem.kind]}: {problem.reason}" if problem else "was not measured"
        return Row(cell, name, "", Number(), "", *[Number()] * 4, "", None, reason)
    counter = view.counter(point)
    bound = view.is_bound(point, queue)
    low, high = summary.estimate.low, summary.estimate.high
    efficiency = view.efficiency(point, queue)
    return Row(
        cell,
        name,
        view.state(point, queue),
        Number(cell_text(view.run, point, queue), summary.median),
        "" if low is None or high is None else format_interval(counter, low, high),
        Number(f"{'≥ ' if bound else ''}{format_share(efficiency.median)}", efficiency.median)
        if efficiency
        else Number(),
        number_of(view, point, queue, CPU_BEYOND_WORK),
        number_of(view, point, queue, SWITCHES),
        *_timestamps(view, point, queue),
        charts.strip(axis, summary),
    )


def _timestamps(view: View, point: Point, queue: str) -> tuple[Number, str]:
    """What they cost in a cell: the median of the pairs, and its interval or their range."""
    cost = measured_cost(view.run, point, queue)
    if cost is None or cost.low is None or cost.high is None or cost.n < LEAST_PAIRS:
        return Number(), ""
    interval = f"{format_ns(cost.low)} to {format_ns(cost.high)}"
    return Number(format_ns(cost.median), cost.median), interval


def number_of(view: View, point: Point, queue: str, counter: str) -> Number:
    value = view.median(point, queue, counter)
    if value is None:
        return Number()
    text = "0" if counter == SWITCHES and value < 0.0005 else format_value(counter, value)
    return Number(text, value)


# ---------------------------------------------------------------------------------------- heat map


def _heat_map(view: View, scenario: Scenario) -> HeatMap | None:
    """None where nothing is swept."""
    points = view.points(scenario)
    keys = [key for key, values in scenario.swept().items() if len(values) > 1]
    if not keys or len(points) < 2:
        return None
    points = sorted(points, key=lambda point: [_place(scenario, key, point) for key in keys])
    titles = [tuple(_head(scenario, key, point) for key in keys) for point in points]
    heads = tuple(_spans([title[: depth + 1] for title in titles]) for depth in range(len(keys)))
    values = [
        summary.median
        for point in points
        for queue in view.run.queue_names(scenario.name)
        if (summary := view.headline(point, queue))
    ]
    scale = scale_of(view.judge(scenario), values)
    rows = tuple(
        (queue_name(view, queue), tuple(_heat_cell(view, point, queue, scale) for point in points))
        for queue in view.sorted_queues(scenario)
    )
    return HeatMap(counter_name(view.judge(scenario)), heads, rows)


def _spans(titles: Sequence[tuple[str, ...]]) -> tuple[tuple[str, int], ...]:
    """The last words of each title, and how many of the same title follow each other."""
    return tuple((title[-1], len(list(same))) for title, same in itertools.groupby(titles))


def _place(scenario: Scenario, key: str, point: Point) -> int:
    values = scenario.swept()[key]
    return values.index(point.axes[key]) if key in point.axes else len(values)


def _head(scenario: Scenario, key: str, point: Point) -> str:
    if key not in point.axes:
        return ""
    words = headed(key, point.axes[key], scenario.open_loop)
    return NUMBER_AND_UNIT.sub("\\1\N{NO-BREAK SPACE}\\2", words).replace(" = ", NO_BREAK_EQUALS)


def _heat_cell(view: View, point: Point, queue: str, scale: Scale) -> HeatCell:
    summary = view.headline(point, queue)
    link = anchor(point.cell(queue))
    if summary is None:
        problem = view.problem(point, queue)
        return HeatCell(problem[0] if problem else "-", -1, "", link)
    share = min(max(scale.share(summary.median), 0.0), 1.0)
    if judging.more_is_better(view.run, point, view.counter(point)):
        share = 1 - share
    text = cell_text(view.run, point, queue)
    return HeatCell(text, min(int(10 * share), 9), view.state(point, queue), link)


# --------------------------------------------------------------------------------------------- CSV

CSV_COLUMNS = ("scenario", "point", "queue", "counter", "median", "low", "high", "blocks")
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet takes for the begin of one
CSV_BESIDE = ("efficiency", CPU_BEYOND_WORK, SWITCHES, "sojourn_p50_ns")
CSV_TIMESTAMPS = "timestamps_cost_ns"  # what they cost


def _csv_link(view: View, scenario: Scenario) -> str:
    """The numbers of a section as a data: link."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*CSV_COLUMNS, "undisturbed", "verdict", *CSV_BESIDE, CSV_TIMESTAMPS))
    for point in view.points(scenario):
        for queue in view.run.queue_names(scenario.name):
            if summary := view.headline(point, queue):
                writer.writerow(_csv_row(view, scenario, point, queue, summary))
    return "data:text/csv;charset=utf-8," + quote(file.getvalue())


def _csv_row(
    view: View, scenario: Scenario, point: Point, queue: str, summary: Summary
) -> list[object]:
    estimate = summary.estimate
    numbers = (estimate.median, estimate.low, estimate.high)
    beside = [view.median(point, queue, counter) for counter in CSV_BESIDE]
    texts = (scenario.name, point.name, queue, view.counter(point))
    return [
        *(f"'{text}" if text.startswith(FORMULA) else text for text in texts),
        *map(_csv_number, numbers),
        len(summary.values),
        "no" if summary.from_all else "yes",
        view.state(point, queue) or "none",
        *map(_csv_number, [*beside, _timestamps(view, point, queue)[0].value]),
    ]


def _csv_number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
