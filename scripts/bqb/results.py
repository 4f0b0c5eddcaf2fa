"""What a run leaves on disk, as typed objects: the one module that knows the schema (results/README.md).

    run = results.load(folder)          # trials.jsonl, tolerant of lines that a kill cut short
    run.trials_of(point, queue)         # the trials that count, each with its block's `disturbed`
    results.assemble(folder)            # writes results.json (Google Benchmark's format)

`trials.jsonl` is the truth. Everything here is derived from it and nothing here is ever written back to it.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bqb import files

SCHEMA = 1
TRIALS = "trials.jsonl"
BESIDE = ("histograms.jsonl", "timelines.jsonl")  # what only trials that have it have

Row = dict[str, Any]  # an object of JSON


class ResultError(Exception):
    """A folder that is not a readable run: one line that names the file and what is wrong with it."""


# ---------------------------------------------------------------------------------------------------- the rows


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

    work: str = "none"  # spin, sleep or none


@dataclass(frozen=True)
class Arrivals(Process):
    """Open loop: the gaps between messages, over all producers."""

    wait: str = "spin"  # spin or sleep: how a producer waits for the next


@dataclass(frozen=True, eq=False)
class Point:
    """One combination of a scenario's swept keys; with a queue it makes a cell."""

    name: str  # scenario/key:value/...
    scenario: str
    params: dict[str, object]  # the swept keys only
    shape: str = "queue"  # pipeline: a queue between each two of `stages`; ping_pong: one of requests, one of replies
    producers: int = 1
    consumers: int = 1
    stages: int = 2  # of a pipeline, the producer and the consumer among them
    capacity: int = 1
    message_bytes: int = 8
    payload: str = "in_queue"  # or heap
    when_full: str = "wait"  # or drop
    batch: int = 1
    placement: str = ""
    neighbour: str = "none"  # or idle_priority: victims that take what the queue leaves of the cores
    cpu_quota_pct: float | None = None  # of the used cores' time; absent: no quota
    rho: float | None = None  # offered load over service capacity; absent without work on both sides
    producer: Side = field(default_factory=Side)
    consumer: Side = field(default_factory=Side)
    stage: Side = field(default_factory=Side)  # pipeline: each of the stages in the middle
    arrivals: Arrivals | None = None  # open loop
    window_ms: float = 0.0
    level: str = "traced"  # the level that gives the number
    case: str | None = None

    def cell(self, queue: str) -> str:
        """Name of the cell of `queue` here: the queue stands right behind the scenario."""
        return "/".join([self.scenario, queue, *self.name.split("/")[1:]])

    @property
    def sides(self) -> tuple[Side, ...]:
        """The work of each role."""
        return (self.producer, self.stage, self.consumer) if self.stages > 2 else (self.producer, self.consumer)

    @property
    def axes(self) -> dict[str, object]:
        """The swept keys with their values, the case among them."""
        return dict(self.params) if self.case is None else {"case": self.case, **self.params}


@dataclass(frozen=True)
class Claim:
    """What a scenario's author expects of a counter: that it lies above or below a bound, or its ratio does.

    Of each of `queues` at `points`; the ratio is to `than`, another queue there, or to the same queue at
    `than_points`."""

    says: str
    counter: str
    points: tuple[str, ...]  # names
    queues: tuple[str, ...] = ()  # none: each bounded queue that ran
    than: str | None = None
    than_points: tuple[str, ...] = ()
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class EarlierExpect:
    """What a scenario's `expect` said until runs contradicted it."""

    until: str  # 2026-11-28
    text: str
    why: str  # what contradicts it


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
        return all(point.arrivals for point in self.points)

    def swept(self) -> dict[str, list[object]]:
        """Keys that take more than one value over the points, each with its values in order of first appearance."""
        values: dict[str, list[object]] = defaultdict(list)
        for point in self.points:
            for key, value in point.axes.items():
                if value not in values[key]:
                    values[key].append(value)
        return {key: seen for key, seen in values.items() if len(seen) > 1}


@dataclass(frozen=True)
class Trial:
    """One measurement of a cell. `counters` holds every number; one that does not apply is absent."""

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
    """One point with all its queues next to each other, and what the noise witness said about it."""

    point: str
    round: int
    disturbed: bool
    why: str = ""
    gap_share: float | None = None
    handoff_ns: float | None = None


@dataclass(frozen=True)
class Property:
    """What a queue costs whatever it is used for: one value, measured once a run."""

    queue: str
    name: str  # with its unit: close_to_last_return_ns
    value: float
    parameter: int | None = None  # the number of waiters, or the capacity


@dataclass(frozen=True)
class PropertyFailure:
    """A property that a queue failed, hung or crashed in; it has none of those that would have come later."""

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


@dataclass(frozen=True)
class Problem:
    """A cell without a number, and why. kind: failed (wrong or hung), void (no measurable window) or skipped."""

    cell: str
    point: str
    queue: str
    kind: str
    reason: str
    rounds: int = 1  # in how many rounds


@dataclass(frozen=True)
class Histogram:
    """Distribution of one trial's `name`, in ns. buckets: (lower_ns, upper_ns, count), ascending."""

    cell: str
    round: int
    level: str
    name: str
    count: int
    max: float
    buckets: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True)
class Timeline:
    """Messages inside the queue at the end of each slice of the window, and messages pushed in each slice."""

    cell: str
    round: int
    level: str
    slice_ns: float
    occupancy: tuple[int, ...]
    pushed: tuple[int, ...]


# ------------------------------------------------------------------------------------------------------ a run


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder. `trials` are the ones that count: ok, of complete blocks, of cells that never failed."""

    folder: Path
    context: Row
    scenarios: dict[str, Scenario]
    queues: dict[str, Row]  # labels by name
    resolved: dict[str, Row]  # the scenarios as the run wrote them
    planned: tuple[tuple[str, str], ...]  # (point, queue) in the order of the plan
    problems: tuple[Problem, ...]
    trials: tuple[Trial, ...]
    blocks: dict[tuple[str, int], Block]  # by (point, round)
    syscalls: dict[str, dict[str, float]] = field(default_factory=dict)  # by cell; empty where they were not counted
    properties: tuple[Property, ...] = ()
    property_failures: tuple[PropertyFailure, ...] = ()
    limits: tuple[Limits, ...] = ()

    @cached_property
    def points(self) -> dict[str, Point]:
        return {point.name: point for scenario in self.scenarios.values() for point in scenario.points}

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
        """Every (point, queue) that was planned, skipped or tried, in the order of the scenarios."""
        known = {*self.planned, *self._by_cell, *self._problem_by_cell}
        return [(point, queue) for point in self.points.values() for queue in self.queue_names(point.scenario)
                if (point.name, queue) in known]

    def queue_names(self, scenario: str) -> list[str]:
        """Queues of a scenario in the order of its line-up, those that only rows mention last."""
        points = {point.name for point in self.scenarios[scenario].points}
        seen = {queue for point, queue in (*self.planned, *self._by_cell, *self._problem_by_cell) if point in points}
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
        return [trial for trial in self._by_cell.get((point.name, queue), ()) if trial.level == wanted]

    def problem_of(self, point: Point, queue: str) -> Problem | None:
        """Why a cell has no number at all; None where it has some, or was never tried."""
        return None if self.trials_of(point, queue) else self._problem_by_cell.get((point.name, queue))

    def blocks_of(self, points: Iterable[Point]) -> list[Block]:
        names = {point.name for point in points}
        return [block for (point, _), block in self.blocks.items() if point in names]

    @cached_property
    def _key_of_trial(self) -> dict[tuple[str, int, str], Trial]:
        return {(trial.cell, trial.round, trial.level): trial for trial in self.trials}

    def histograms(self, names: Iterable[str]) -> Iterator[tuple[Trial, Histogram]]:
        """Histograms called one of `names` with the trial they belong to. Read at each call: the file can be large."""
        wanted = set(names)
        rows = (row for row in _rows(self.folder / "histograms.jsonl") if row.get("name") in wanted)
        for row in _last_of(rows, lambda row: (row["cell"], row["round"], row["level"], row["name"])):
            if trial := self._key_of_trial.get((row["cell"], row["round"], row["level"])):
                yield trial, Histogram(row["cell"], row["round"], row["level"], row["name"], row["count"], row["max"],
                                       tuple((lower, upper, count) for lower, upper, count in row["buckets"]))

    def timelines(self) -> list[tuple[Trial, Timeline]]:
        """Occupancy over time with the trial it belongs to."""
        rows = _last_of(_rows(self.folder / "timelines.jsonl"), lambda row: (row["cell"], row["round"], row["level"]))
        keyed = ((self._key_of_trial.get((row["cell"], row["round"], row["level"])), row) for row in rows)
        return [(trial, Timeline(row["cell"], row["round"], row["level"], row["slice_ns"], tuple(row["occupancy"]),
                                 tuple(row.get("pushed", ()))))
                for trial, row in keyed if trial]


# ---------------------------------------------------------------------------------------------------- reading


def load(folder: Path | str) -> Run:
    """Reads a run folder. Lines that do not parse were cut short by a kill and are skipped."""
    folder = Path(folder)
    if not files.parts(folder / TRIALS):
        raise ResultError(f"{folder}: no trials.jsonl: not the folder of a run")
    rows = list(_rows(folder / TRIALS))
    header = next((row for row in rows if row["kind"] == "run"), None)
    if header is None:
        raise ResultError(f"{folder}/trials.jsonl: no `run` row: the run never began")
    if header.get("schema") != SCHEMA:
        raise ResultError(f"{folder}/trials.jsonl: schema {header.get('schema')}, this version reads {SCHEMA}")

    trials, blocks = _trials_of_complete_blocks(rows)
    problems = (*_problems(rows), *_unverified(rows))
    failed = {problem.cell for problem in problems if problem.kind == "failed"}
    return Run(
        folder=folder,
        context=header.get("context", {}),
        scenarios={name: _scenario(row) for name, row in header.get("scenarios", {}).items()},
        queues=header.get("queues", {}),
        resolved=header.get("scenarios", {}),
        planned=tuple((row["point"], row["queue"]) for row in rows if row["kind"] == "plan"),
        problems=problems,
        trials=tuple(trial for trial in trials if trial.status == "ok" and trial.cell not in failed),
        blocks=blocks,
        syscalls={row["cell"]: {name: value for name, value in row.items() if name.endswith("syscalls_per_msg")}
                  for row in rows if row["kind"] == "syscalls"},
        properties=_properties(rows),
        property_failures=tuple(PropertyFailure(row["queue"], row["name"], row.get("params", {}), row["error"])
                                for row in rows if row["kind"] == "property" and "error" in row),
        limits=tuple(Limits(**_known(Limits, row)) for row in rows if row["kind"] == "limits"),
    )


def _properties(rows: Iterable[Row]) -> tuple[Property, ...]:
    return tuple(Property(row["queue"], name, value, next(iter(row.get("params", {}).values()), None))
                 for row in rows if row["kind"] == "property"
                 for name, value in row.get("values", {}).items()
                 if isinstance(value, (int, float)) and math.isfinite(value))


def _unverified(rows: Iterable[Row]) -> list[Problem]:
    """Counted trials check less than traced ones: a cell whose number they give needs a traced one that passed."""
    passed = [row for row in rows if row["kind"] == "trial" and row["status"] == "ok"]
    traced = {row["cell"] for row in passed if row["level"] == "traced"}
    return [Problem(cell, row["point"], row["queue"], "failed", "unverified: no traced trial of it passed in this run")
            for cell, row in {row["cell"]: row for row in passed}.items() if cell not in traced]


def _rows(path: Path) -> Iterator[Row]:
    """Objects of a file of one JSON object a line; none if there is no file."""
    for line in files.lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and ("kind" in row or "cell" in row):
            yield {"kind": "", **row}


def _last_of(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """One row per key, the last: a block that was cut short and run again repeats its trials."""
    return list({key(row): row for row in rows}.values())


def _trials_of_complete_blocks(rows: list[Row]) -> tuple[list[Trial], dict[tuple[str, int], Block]]:
    """Joins each trial with the `block` row that follows it; the last complete block of (point, round) counts."""
    open_trials: dict[tuple[str, int], dict[tuple[str, str], Row]] = defaultdict(dict)
    complete: dict[tuple[str, int], tuple[Block, list[Row]]] = {}
    for row in rows:
        if row["kind"] == "trial":
            open_trials[row["point"], row["round"]][row["cell"], row["level"]] = row
        elif row["kind"] == "block":
            key = row["point"], row["round"]
            complete[key] = _block(row), list(open_trials.pop(key, {}).values())
    trials = [_trial(row, block.disturbed) for block, members in complete.values() for row in members]
    trials.sort(key=lambda trial: (trial.round, trial.order))
    return trials, {key: block for key, (block, _) in complete.items()}


def _block(row: Row) -> Block:
    return Block(row["point"], row["round"], bool(row.get("disturbed")), row.get("why", ""), row.get("gap_share"),
                 row.get("handoff_ns"))


def _trial(row: Row, disturbed: bool) -> Trial:
    beside = ("messages", "window_ns", "ns_per_msg", "cpu_ns_per_msg")
    numbers = {**{name: row.get(name) for name in beside}, **row.get("counters", {})}
    counters = {name: value for name, value in numbers.items()
                if isinstance(value, (int, float)) and math.isfinite(value)}
    return Trial(row["cell"], row["point"], row.get("scenario", row["point"].split("/")[0]), row["queue"],
                 row["round"], row.get("order", 0), row["level"], row["status"], row.get("message", ""), counters,
                 disturbed)


def _problems(rows: list[Row]) -> tuple[Problem, ...]:
    """Failed, void and skipped cells in this order, each cell once a kind. Complete block or not: a failure stands."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if kind := _problem_kind(row):
            grouped[kind, row["cell"]].append(row)
    found = [Problem(cell, first["point"], first["queue"], kind,
                     first.get("reason") or first.get("message") or "no reason given",
                     len({row.get("round") for row in all_rows}))
             for (kind, cell), all_rows in grouped.items() for first in all_rows[:1]]
    return tuple(sorted(found, key=lambda problem: ["failed", "void", "skipped"].index(problem.kind)))


def _problem_kind(row: Row) -> str | None:
    if row["kind"] == "skip":
        return "skipped"
    return {"error": "failed", "void": "void"}.get(row.get("status", "")) if row["kind"] == "trial" else None


def _known(kind: type[Any], row: Row) -> Row:
    """The members of a row that the dataclass `kind` knows: newer writers may add some."""
    return {name: value for name, value in row.items() if name in kind.__dataclass_fields__ and value is not None}


def _point(row: Row) -> Point:
    kinds = {"producer": Side, "consumer": Side, "stage": Side, "arrivals": Arrivals}
    parts = {name: kind(**_known(kind, row[name])) for name, kind in kinds.items() if row.get(name)}
    members: Row = {"params": {}, **_known(Point, row), **parts}
    return Point(**members)


def _claim(row: Row) -> Claim:
    lists = {name: tuple(row.get(name, ())) for name in ("points", "queues", "than_points")}
    return Claim(**{**_known(Claim, row), **lists})


def _scenario(row: Row) -> Scenario:
    judge = row.get("judged_by", {})
    return Scenario(row["name"], row.get("question", ""), row.get("expect", ""), bool(row.get("rank", True)),
                    tuple(row.get("queues", ())), tuple(map(_point, row.get("points", ()))), row.get("file", ""),
                    judge.get("counter"), judge.get("better") == "higher", tuple(map(_claim, row.get("claims", ()))),
                    tuple(EarlierExpect(**_known(EarlierExpect, each)) for each in row.get("earlier_expect", ())))


# --------------------------------------------------------------------------------------------- results.json


def assemble(folder: Path | str) -> Path:
    """Writes results.json beside trials.jsonl, whole or not at all, and returns its path."""
    run = load(folder)
    document = {"context": _google_context(run), "benchmarks": _google_entries(run)}
    path = run.folder / "results.json"
    files.write_atomically(path, _one_entry_a_line(document).encode())
    return path


def _one_entry_a_line(document: dict[str, Any]) -> str:
    """JSON that is smaller than with a line for each number, and still a text in which an entry can be found."""
    def text(value: object) -> str:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    entries = ",\n".join(map(text, document["benchmarks"]))
    return f'{{"context":{text(document["context"])},\n"benchmarks":[\n{entries}\n]}}\n'


def _google_context(run: Run) -> Row:
    """Google Benchmark's own keys, then ours."""
    context = run.context
    own = {
        "date": context.get("date", ""),
        "host_name": context.get("host_name", ""),
        "executable": "queue_bench",
        "num_cpus": context.get("cores", 0),
        "mhz_per_cpu": 0,
        "cpu_scaling_enabled": context.get("governor", "performance") != "performance",
        "caches": [],
        "load_avg": [],
        "library_build_type": "debug" if context.get("build_type", "").lower() == "debug" else "release",
        "json_schema_version": 1,
    }
    return {**context, **own, "scenarios": run.resolved, "queues": run.queues}


def _google_entries(run: Run) -> list[Row]:
    """One entry a trial that counts, those of a cell next to each other, then the cells that have no number."""
    named: dict[str, list[Trial]] = defaultdict(list)
    for point, queue in run.cells():
        cell = point.cell(queue)
        named[cell] += run.trials_of(point, queue)
        for level in {"traced", "counted"} - {point.level}:
            named[f"{cell}/level:{level}"] += run.trials_of(point, queue, level)
    entries = [_google_entry(name, index, len(trials), trial) | run.syscalls.get(trial.cell, {})
               for name, trials in named.items() for index, trial in enumerate(trials)]
    entries += [_google_error(point.cell(queue), problem) for point, queue in run.cells()
                if (problem := run.problem_of(point, queue))]
    return entries


def _google_entry(name: str, index: int, repetitions: int, trial: Trial) -> Row:
    members = {"iterations": int(trial.counters.get("messages", 0)),
               "real_time": _ns_per_msg(trial), "cpu_time": trial.counters.get("cpu_ns_per_msg", 0.0),
               "time_unit": "ns"}
    rest = {key: value for key, value in trial.counters.items() if key != "messages"}
    return {**_google_name(name, index, repetitions), **members, **rest, "disturbed": int(trial.disturbed),
            "round": trial.round}


def _google_error(name: str, problem: Problem) -> Row:
    message = problem.reason if problem.kind == "failed" else f"{problem.kind}: {problem.reason}"
    return {**_google_name(name, 0, 1), "error_occurred": True, "error_message": message, "iterations": 0,
            "real_time": 0.0, "cpu_time": 0.0, "time_unit": "ns"}


def _google_name(name: str, index: int, repetitions: int) -> Row:
    return {"name": name, "run_name": name, "run_type": "iteration", "repetitions": repetitions,
            "repetition_index": index, "threads": 1}


def _ns_per_msg(trial: Trial) -> float:
    """Wall time of the window per message, in ns."""
    if (value := trial.get("ns_per_msg")) is not None:
        return value
    messages = trial.counters.get("messages", 0)
    return trial.counters.get("window_ns", 0.0) / messages if messages else 0.0
