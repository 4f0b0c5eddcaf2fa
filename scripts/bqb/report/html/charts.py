"""Small SVG charts. Every number here is a place: a share of an axis for a strip, units of the
chart's view box elsewhere. The templates draw them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bqb.data.model import Point, Scenario
from bqb.report.figures.capacity import ENOUGH, knee_of
from bqb.report.figures.style import Style
from bqb.report.figures.view import View
from bqb.report.html import marks
from bqb.report.scales import Scale, make_scale, scale_of
from bqb.report.units import counter_name, format_rate, format_share
from bqb.stats import judging, summaries
from bqb.stats.counters import CPU_BEYOND_WORK, THROUGHPUT
from bqb.stats.summaries import Summary

# Units of the view box: as wide as a phone, so that text has its size there.
WIDTH, HEIGHT = 360.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 12.0, 8.0, 38.0
LETTER = 5.9  # width of one in a label
# Where a name may stand beside a mark: to the right and below in units, and whether it ends there.
LABEL_PLACES = (
    *((9.0, 3.5, False), (-9.0, 3.5, True), (9.0, -9.0, False), (9.0, 16.0, False)),
    *((-9.0, -9.0, True), (-9.0, 16.0, True), (9.0, 28.0, False), (9.0, -21.0, False)),
    *((-9.0, 28.0, True), (-9.0, -21.0, True)),
)
SHARES = 1 - np.logspace(math.log10(0.5), -6, 44)  # from the median on
SHARE_TICKS = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)


@dataclass(frozen=True)
class Tick:
    at: float
    name: str


@dataclass(frozen=True)
class Strip:
    """A row of a dot chart: percent of the axis' width."""

    median: float
    low: float | None
    high: float | None
    trials: tuple[float, ...]
    disturbed: tuple[float, ...]


@dataclass(frozen=True)
class StripAxis:
    """The axis that the strips of a question share."""

    scale: Scale
    ticks: tuple[Tick, ...]  # percent
    band: float  # percent of the width that values too small for the axis have; 0 without


def strip_axis(view: View, scenario: Scenario) -> StripAxis:
    scale = scale_of(view.judge(scenario), view.headline_values(scenario))
    ticks = tuple(Tick(_percent(scale, value), name) for value, name in scale.ticks(room=5))
    band = 0.0 if scale.smallest is None else 100 * _share(scale, scale.smallest * 1.0000001)
    return StripAxis(scale, ticks, band)


def strip(axis: StripAxis, summary: Summary) -> Strip:
    estimate = summary.estimate

    def place(value: float) -> float:
        return _percent(axis.scale, value)

    return Strip(
        place(estimate.median),
        None if estimate.low is None else place(estimate.low),
        None if estimate.high is None else place(estimate.high),
        tuple(map(place, summary.undisturbed_values)),
        tuple(map(place, summary.disturbed_values)),
    )


def _share(scale: Scale, value: float) -> float:
    return math.log(value / scale.low) / math.log(scale.high / scale.low)


def _percent(scale: Scale, value: float) -> float:
    return round(100 * min(max(scale.share(value), 0.0), 1.0), 1)


# ----------------------------------------------------------------------------------- charts in x, y


@dataclass(frozen=True)
class Mark:
    """A queue's marker, with its intervals as (from, to) in x and in y, and a name beside it or
    none."""

    queue: str
    look: Style
    x: float
    y: float
    x_interval: tuple[float, float] | None = None
    y_interval: tuple[float, float] | None = None

    @property
    def symbol(self) -> str:
        return marks.symbol_of(self.look)

    @property
    def color(self) -> str:
        return marks.color_of(self.look)


@dataclass(frozen=True)
class Line:
    """A curve. `kind`: queue, ideal, floor or front. `path`: the d of an SVG path."""

    kind: str
    path: str
    look: Style | None = None
    queue: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def color(self) -> str:
        return marks.color_of(self.look) if self.look else ""

    @property
    def dashes(self) -> str:
        return marks.dashes_of(self.look) if self.look else ""


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    at_end: bool = False  # the text ends there


@dataclass(frozen=True)
class Chart:
    """`says`: the text for those who do not see it."""

    says: str
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    labels: tuple[Label, ...] = ()
    verticals: tuple[Tick, ...] = ()  # dotted lines with a name
    note: str = ""  # what there is to see

    width, height = WIDTH, HEIGHT
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _x_ticks(scale: Scale) -> tuple[Tick, ...]:
    return tuple(Tick(_x(_share(scale, value)), name) for value, name in scale.ticks(room=5))


def _y_ticks(scale: Scale) -> tuple[Tick, ...]:
    return tuple(Tick(_y(_share(scale, value)), name) for value, name in scale.ticks(room=7))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points)


def cpu_chart(view: View, point: Point) -> Chart | None:
    """CPU beyond the work against the overhead: who buys time with CPU. The line joins the queues
    that no other one undercuts in both (the Pareto front of the medians)."""
    pairs = {
        queue: (cpu, lost)
        for queue in judging.rankable(view.run, point)
        if (cpu := summaries.summarise(view.run, point, queue, CPU_BEYOND_WORK))
        and (lost := view.loss(point, queue))
    }
    if len(pairs) < 2:
        return None
    x_scale = make_scale(value for cpu, _ in pairs.values() for value in _ends(cpu))
    y_scale = make_scale(value for _, lost in pairs.values() for value in _ends(lost))
    placed = {
        queue: Mark(
            queue,
            view.looks[queue],
            _x(x_scale.share(cpu.median)),
            _y(y_scale.share(lost.median)),
            _interval(cpu, lambda value: _x(x_scale.share(value))),
            _interval(lost, lambda value: _y(y_scale.share(value))),
        )
        for queue, (cpu, lost) in pairs.items()
    }
    front = pareto_front({queue: (cpu.median, lost.median) for queue, (cpu, lost) in pairs.items()})
    steps = _stairs([(placed[queue].x, placed[queue].y) for queue in front])
    counter = counter_name(judging.loss_counter(point))
    return Chart(
        f"CPU beyond the work against {counter}, both per message, a mark a queue; down and left "
        f"is better. On the Pareto front: {', '.join(front)}.",
        "CPU beyond the work per message (less is better)",
        f"{counter} (less is better)",
        _x_ticks(x_scale),
        _y_ticks(y_scale),
        (Line("front", _path(steps)),),
        tuple(placed.values()),
        _names_beside([placed[queue] for queue in front], list(placed.values())),
        note="Named, and joined by the line: queues that no other one undercuts in both.",
    )


def _ends(summary: Summary) -> list[float]:
    known = (summary.estimate.low, summary.median, summary.estimate.high)
    return [value for value in known if value is not None]


def _interval(summary: Summary, place) -> tuple[float, float] | None:
    low, high = summary.estimate.low, summary.estimate.high
    return None if low is None or high is None else (place(low), place(high))


def pareto_front(costs: Mapping[str, tuple[float, float]]) -> list[str]:
    """The names whose two costs no other one undercuts, by the first cost."""
    front: list[str] = []
    for name in sorted(costs, key=lambda each: costs[each]):
        if not front or costs[name][1] < costs[front[-1]][1]:
            front.append(name)
    return front


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    steps = [points[0]]
    for x, y in points[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def _names_beside(named: Sequence[Mark], every: Sequence[Mark]) -> tuple[Label, ...]:
    """A name beside each of `named`, where it covers the fewest marks and names."""
    taken = [(mark.x - 6, mark.y - 6, mark.x + 6, mark.y + 6) for mark in every]
    labels = []
    for mark in named:
        places = [
            Label(mark.x + dx, mark.y + dy, mark.queue, at_end) for dx, dy, at_end in LABEL_PLACES
        ]
        best = min(places, key=lambda label: _covered(_box(label), taken))
        taken.append(_box(best))
        labels.append(best)
    return tuple(labels)


Box = tuple[float, float, float, float]  # left, top, right, bottom


def _box(label: Label) -> Box:
    width = LETTER * len(label.text)
    left = label.x - width if label.at_end else label.x
    return left, label.y - 9, left + width, label.y + 3


def _covered(box: Box, taken: Sequence[Box]) -> float:
    """The area of a box that lies on others, or, tenfold, outside of the chart."""
    covered = sum(_overlap(box, other) for other in taken)
    inside = _overlap(box, (LEFT, TOP, WIDTH, HEIGHT - BOTTOM))
    return covered + 10 * ((box[2] - box[0]) * (box[3] - box[1]) - inside)


def _overlap(box: Box, other: Box) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def sojourn_chart(view: View, point: Point) -> Chart | None:
    """Percentiles of the time from push (open loop: from the arrival) to pop, with the ideal's and
    the floor's; pooled over the trials."""
    if point.level == "counted":
        return None
    pools = view.pools()
    curves = {
        queue: curve
        for queue in view.run.queue_names(point.scenario)
        if len(curve := _quantiles(pools.get((point.name, queue, "sojourn_ns")))) > 1
    }
    replays = {
        name: curve
        for name in ("ideal", "floor")
        if len(curve := _quantiles(view.replayed(point, f"{name}_sojourn_ns"))) > 1
    }
    if not curves:
        return None
    every = [*curves.values(), *replays.values()]
    y_scale = make_scale((value for curve in every for value in curve.values()), smallest=1.0)
    furthest = max(max(curve) for curve in curves.values())
    x_scale = Scale(2.0, 1 / (1 - furthest), lambda value: f"{100 * (1 - 1 / value):.7g}%", None)

    def place(share: float, value: float) -> tuple[float, float]:
        return _x(x_scale.share(1 / (1 - share))), _y(y_scale.share(value))

    shares = [share for share in SHARE_TICKS if share <= furthest + 1e-9]
    lines = [
        Line(name, _path([place(*each) for each in curve.items() if each[0] <= furthest]))
        for name, curve in replays.items()
    ]
    for queue, curve in curves.items():
        look = view.looks[queue]
        marked = [min(curve, key=lambda share: abs(share - tick)) for tick in shares]
        spots = [
            Mark(queue, look, *place(share, curve[share]))
            for share, tick in zip(marked, shares)
            if abs(share - tick) < 0.35 * (1 - tick)
        ]
        lines.append(
            Line(
                "queue", _path([place(*each) for each in curve.items()]), look, queue, tuple(spots)
            )
        )
    begin = "arrival" if point.open_loop else "call of push"
    return Chart(
        f"Percentiles of the time from the {begin} to the return of pop, a curve a queue, with "
        "the ideal queue's (dashed) and the floor's (dotted).",
        "messages that took at most this long",
        "time in the queue (less is better)",
        tuple(Tick(_x(x_scale.share(1 / (1 - share))), f"{100 * share:.7g}%") for share in shares),
        _y_ticks(y_scale),
        tuple(lines),
        note="Dashed: the ideal queue; dotted: the floor, which pays for cache lines. Tails differ "
        "from run to run.",
    )


def _quantiles(pool: summaries.Pool | None) -> dict[float, float]:
    """ns by share, as far as the samples go."""
    if not pool or not pool.count:
        return {}
    values = pool.quantiles(SHARES)
    return {float(share): value for share, value in zip(SHARES, values) if value is not None}


def capacity_chart(view: View, scenario: Scenario) -> Chart | None:
    """Messages a second against three or more swept capacities, with the ideal queue's and its
    knee. None where other keys are swept, too."""
    points = sorted(view.points(scenario), key=lambda point: point.capacity)
    if list(scenario.swept()) != ["capacity"] or len(points) < 3 or view.is_race(scenario):
        return None
    curves = {
        queue: known
        for queue in view.sorted_queues(scenario)
        if (
            known := {
                point.capacity: summary
                for point in points
                if (summary := summaries.summarise(view.run, point, queue, THROUGHPUT))
            }
        )
    }
    ideal = {point.capacity: rate for point in points if (rate := view.ideal_rate(point))}
    if not curves or len(ideal) < len(points):
        return None
    values = [summary.median for known in curves.values() for summary in known.values()]
    y_scale = scale_of(THROUGHPUT, [*values, *ideal.values()])
    x_scale = Scale(points[0].capacity / 1.5, points[-1].capacity * 1.5, "{:g}".format, None)

    def place(capacity: int, rate: float) -> tuple[float, float]:
        return _x(x_scale.share(capacity)), _y(y_scale.share(rate))

    lines = [Line("ideal", _path([place(*each) for each in ideal.items()]))]
    for queue, known in curves.items():
        look = view.looks[queue]
        spots = [(capacity, summary.median) for capacity, summary in known.items()]
        lines.append(
            Line(
                "queue",
                _path([place(*spot) for spot in spots]),
                look,
                queue,
                tuple(Mark(queue, look, *place(*spot)) for spot in spots),
            )
        )
    knee, largest = knee_of(ideal), points[-1].capacity
    found = (
        f"The ideal queue's rate still grows at capacity {largest}, the largest measured."
        if knee == largest
        else f"From capacity {knee} on the ideal queue has {format_share(ENOUGH)} of its best "
        f"rate, {format_rate(max(ideal.values()))}."
    )
    return Chart(
        "Messages a second against capacity, a curve a queue, with the ideal queue's (dashed). "
        + found,
        "capacity in messages",
        "messages per second (more is better)",
        tuple(Tick(_x(x_scale.share(each.capacity)), str(each.capacity)) for each in points),
        _y_ticks(y_scale),
        tuple(lines),
        verticals=()
        if knee == largest
        else (Tick(_x(x_scale.share(knee)), f"the ideal's knee: {knee}"),),
        note=f"Dashed: the ideal queue. {found}",
    )
