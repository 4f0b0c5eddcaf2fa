"""A run as typed objects. The fields of the rows are those of results/README.md.

Times are in ns, sizes in bytes, rates per second, as the names say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bqb.data.expectations import Claim, EarlierExpect
from bqb.data.rows import Row, last_rows, read_rows
from bqb.schema import MOST_HANDOFF_CHANGE, PointKeys

REFERENCE = "reference"  # the queue that the others are compared with


@dataclass(frozen=True)
class Process:
    """A stream of times."""

    process: str = "constant"  # constant, exponential, lognormal, bursty or trace
    mean_ns: float = 0.0
    cv: float = 0.0
    burst_msgs: int = 0
    burst_gap_ns: float = 0.0
    trace_file: str = ""


@dataclass(frozen=True)
class Side(Process):
    """One role's work: what its threads do between two calls of the queue."""

    work: str = "none"  # spin, wide, memory, sleep or none
    working_set_bytes: int = 0  # of memory work: what each thread walks


@dataclass(frozen=True)
class Arrivals(Process):
    """Open loop: the gaps between messages, over all producers."""

    wait: str = "spin"  # spin or sleep: how a producer waits for the next


@dataclass(frozen=True, eq=False)
class Point(PointKeys):
    """One combination of a scenario's swept keys; with a queue it makes a cell. Its keys are in
    bqb/schema.py."""

    name: str  # scenario/key:value/...
    scenario: str
    params: dict[str, object]  # the swept keys only
    producer: Side = field(default_factory=Side)
    consumer: Side = field(default_factory=Side)
    stage: Side = field(default_factory=Side)  # pipeline: each of the stages in the middle
    arrivals: Arrivals | None = None  # open loop
    level: str = "traced"  # the level that gives the number
    case: str | None = None

    def cell(self, queue: str) -> str:
        """Name of the cell of `queue` here: the queue stands right behind the scenario."""
        return "/".join([self.scenario, queue, *self.name.split("/")[1:]])

    @property
    def open_loop(self) -> bool:
        """Whether messages arrive at times of their own, whatever the queue does."""
        return self.arrivals is not None

    @property
    def sides(self) -> tuple[Side, ...]:
        """The work of each role."""
        return (
            (self.producer, self.stage, self.consumer)
            if self.stages > 2
            else (self.producer, self.consumer)
        )

    @property
    def axes(self) -> dict[str, object]:
        """The swept keys with their values, the case among them."""
        return dict(self.params) if self.case is None else {"case": self.case, **self.params}


@dataclass(frozen=True)
class Scenario:
    """One question, with the points that ask it."""

    name: str
    question: str
    expect: str
    rank: bool
    queues: tuple[str, ...]
    points: tuple[Point, ...]
    file: str = ""
    judged_by: str | None = None  # the counter that ranks its queues, if it names one
    more_is_better: bool = False  # of that counter
    claims: tuple[Claim, ...] = ()
    earlier_expect: tuple[EarlierExpect, ...] = ()  # those that failed

    @property
    def open_loop(self) -> bool:
        """Whether all points are."""
        return all(point.open_loop for point in self.points)

    def swept(self) -> dict[str, list[object]]:
        """Keys that take more than one value over the points, each with its values in order of
        first appearance."""
        values: dict[str, list[object]] = defaultdict(list)
        for point in self.points:
            for key, value in point.axes.items():
                if value not in values[key]:
                    values[key].append(value)
        return {key: seen for key, seen in values.items() if len(seen) > 1}


@dataclass(frozen=True)
class Trial:
    """One measurement of a cell. `counters` holds every number; one that does not apply is
    absent."""

    cell: str
    point: str
    scenario: str
    queue: str
    round: int
    order: int
    level: str
    status: str  # ok, error or void
    message: str
    counters: dict[str, float]
    disturbed: bool = False  # of the block that it belongs to

    def get(self, counter: str) -> float | None:
        return self.counters.get(counter)


@dataclass(frozen=True)
class Block:
    """One point with all its queues next to each other, and what the noise witness said about
    it. `layout`, `cores_exchanged`: None in runs before schema 4."""

    point: str
    round: int
    disturbed: bool
    why: str = ""
    gap_share: float | None = None
    handoff_ns: float | None = None
    handoff_after_ns: float | None = None
    layout: int | None = None
    cores_exchanged: bool | None = None

    @property
    def cores_moved(self) -> bool:
        """The time of a cache line from core to core changed during the block: the host exchanged
        the cores for others that lie nearer or farther. It counts all the same: on a host that does
        so every few seconds nothing would be left."""
        if not self.handoff_ns or not self.handoff_after_ns:
            return False
        less, more = sorted((self.handoff_ns, self.handoff_after_ns))
        return more > (1 + MOST_HANDOFF_CHANGE) * less


@dataclass(frozen=True)
class Property:
    """What a queue costs whatever it is used for: one value, measured once a run."""

    queue: str
    name: str  # with its unit: close_to_last_return_ns
    value: float
    parameter: int | None = None  # the number of waiters, or the capacity


@dataclass(frozen=True)
class PropertyFailure:
    """A property that a queue failed, hung or crashed in; it has none of those that would have come
    later."""

    queue: str
    name: str
    params: dict[str, int]
    reason: str


@dataclass(frozen=True)
class Limits:
    """What the machine could do in a round."""

    round: int
    park_round_trip_ns: float | None = None  # two threads waking each other, there and back
    spsc_msgs_per_s: float | None = None  # the fastest ring; absent on a single core
    timestamp_ns: float | None = None  # one; absent before schema 2


@dataclass(frozen=True)
class Problem:
    """A cell without a number, and why. kind: failed (wrong or hung), void (no measurable window)
    or skipped."""

    cell: str
    point: str
    queue: str
    kind: str
    reason: str
    rounds: int = 1  # in how many rounds


@dataclass(frozen=True)
class Histogram:
    """Distribution of one trial's `name`, in ns. buckets: (lower_ns, upper_ns, count),
    ascending."""

    cell: str
    round: int
    level: str
    name: str
    count: int
    max: float
    buckets: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True)
class Timeline:
    """Messages inside the queue at the end of each slice of the window, and messages pushed in each
    slice."""

    cell: str
    round: int
    level: str
    slice_ns: float
    occupancy: tuple[int, ...]
    pushed: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder. `trials` are the ones that count: ok, of complete blocks, of cells that never
    failed."""

    folder: Path
    context: Row
    scenarios: dict[str, Scenario]
    queues: dict[str, Row]  # labels by name
    resolved: dict[str, Row]  # the scenarios as the run wrote them
    planned: tuple[tuple[str, str], ...]  # (point, queue) in the order of the plan
    problems: tuple[Problem, ...]
    trials: tuple[Trial, ...]
    blocks: dict[tuple[str, int], Block]  # by (point, round)
    # By cell; empty where they were not counted.
    syscalls: dict[str, dict[str, float]] = field(default_factory=dict)
    properties: tuple[Property, ...] = ()
    property_failures: tuple[PropertyFailure, ...] = ()
    limits: tuple[Limits, ...] = ()
    looks: tuple[int, ...] = ()  # with a budget: after how many rounds verdicts were planned
    # By (point, queue), where a queue from outside cannot have the point's.
    other_capacities: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def machine(self) -> tuple[str, ...]:
        """What tells machines apart. Only what runs of every schema record: a machine is not
        another one because a newer run knows more of it."""
        return tuple(
            str(self.context.get(name, "")) for name in ("host_name", "cpu_model", "cores")
        )

    @cached_property
    def points(self) -> dict[str, Point]:
        return {
            point.name: point for scenario in self.scenarios.values() for point in scenario.points
        }

    @cached_property
    def _by_cell(self) -> dict[tuple[str, str], list[Trial]]:
        grouped = defaultdict(list)
        for trial in self.trials:
            grouped[trial.point, trial.queue].append(trial)
        return grouped

    @cached_property
    def _problem_by_cell(self) -> dict[tuple[str, str], Problem]:
        """The gravest problem of each cell: failed before void, as `problems` is sorted."""
        first: dict[tuple[str, str], Problem] = {}
        for problem in self.problems:
            first.setdefault((problem.point, problem.queue), problem)
        return first

    def cells(self) -> list[tuple[Point, str]]:
        """Every (point, queue) that was planned, skipped or tried, in the order of the
        scenarios."""
        known = {*self.planned, *self._by_cell, *self._problem_by_cell}
        return [
            (point, queue)
            for point in self.points.values()
            for queue in self.queue_names(point.scenario)
            if (point.name, queue) in known
        ]

    def queue_names(self, scenario: str) -> list[str]:
        """Queues of a scenario in the order of its line-up, those that only rows mention last."""
        points = {point.name for point in self.scenarios[scenario].points}
        seen = {
            queue
            for point, queue in (*self.planned, *self._by_cell, *self._problem_by_cell)
            if point in points
        }
        listed = [queue for queue in self.scenarios[scenario].queues if queue in seen]
        return listed + sorted(seen - set(listed))

    @cached_property
    def _property_values(self) -> dict[tuple[str, str, int | None], float]:
        return {(each.queue, each.name, each.parameter): each.value for each in self.properties}

    def property_of(self, queue: str, name: str, parameter: int | None = None) -> float | None:
        """A property of a queue, in the unit that its name says; None where it has none."""
        return self._property_values.get((queue, name, parameter))

    def trials_of(self, point: Point, queue: str, level: str | None = None) -> list[Trial]:
        """Trials of a cell at the level that gives its number (or at `level`), by round."""
        wanted = level or point.level
        return [
            trial for trial in self._by_cell.get((point.name, queue), ()) if trial.level == wanted
        ]

    def problem_of(self, point: Point, queue: str) -> Problem | None:
        """Why a cell has no number at all; None where it has some, or was never tried."""
        return (
            None if self.trials_of(point, queue) else self._problem_by_cell.get((point.name, queue))
        )

    def why_skipped(self, scenario: str) -> str:
        """Why no cell of a scenario can run on this machine: the most frequent reason. Empty if one
        can."""
        cells = [(point.name, queue) for point, queue in self.cells() if point.scenario == scenario]
        problems = [self._problem_by_cell.get(cell) for cell in cells]
        reasons = [problem.reason for problem in problems if problem and problem.kind == "skipped"]
        if not reasons or len(reasons) < len(cells):
            return ""
        return Counter(reasons).most_common(1)[0][0]

    def blocks_of(self, points: Iterable[Point]) -> list[Block]:
        names = {point.name for point in points}
        return [block for (point, _), block in self.blocks.items() if point in names]

    @cached_property
    def _key_of_trial(self) -> dict[tuple[str, int, str], Trial]:
        return {(trial.cell, trial.round, trial.level): trial for trial in self.trials}

    def histograms(self, names: Iterable[str]) -> Iterator[tuple[Trial, Histogram]]:
        """Histograms called one of `names` with the trial they belong to. Read at each call: the
        file can be large."""
        wanted = set(names)
        rows = (row for row in read_rows(self.folder / "histograms.jsonl") if row["name"] in wanted)
        for row in last_rows(
            rows, lambda row: (row["cell"], row["round"], row["level"], row["name"])
        ):
            if trial := self._key_of_trial.get((row["cell"], row["round"], row["level"])):
                yield trial, Histogram(
                    row["cell"],
                    row["round"],
                    row["level"],
                    row["name"],
                    row["count"],
                    row["max"],
                    tuple((lower, upper, count) for lower, upper, count in row["buckets"]),
                )

    def timelines(self) -> list[tuple[Trial, Timeline]]:
        """Occupancy over time with the trial it belongs to."""

        def key(row: Row) -> tuple[str, int, str]:
            return row["cell"], row["round"], row["level"]

        rows = last_rows(read_rows(self.folder / "timelines.jsonl"), key)
        keyed = ((self._key_of_trial.get(key(row)), row) for row in rows)
        return [
            (
                trial,
                Timeline(
                    row["cell"],
                    row["round"],
                    row["level"],
                    row["slice_ns"],
                    tuple(row["occupancy"]),
                    tuple(row["pushed"]),
                ),
            )
            for trial, row in keyed
            if trial
        ]
