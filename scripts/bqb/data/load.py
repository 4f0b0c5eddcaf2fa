"""Reads a run folder (results/README.md has its format).

    run = load_run(folder)              # trials.jsonl, tolerant of lines that a kill cut short
    run.trials_of(point, queue)         # the trials that count, each with its block's `disturbed`

Everything is derived from `trials.jsonl`; nothing is ever written back to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bqb.data import files
from bqb.data.expectations import Claim, EarlierClaim, EarlierExpect
from bqb.data.model import (
    Arrivals,
    Block,
    Limits,
    Point,
    Problem,
    Property,
    PropertyFailure,
    Run,
    Scenario,
    Side,
    Trial,
)
from bqb.data.rows import TRIALS_FILE, ResultError, Row, read_rows


def load_run(folder: Path | str) -> Run:
    """Reads a run folder. Lines that do not parse were cut short by a kill and are skipped. Raises
    ResultError that names file, line and key, and OSError."""
    folder = Path(folder)
    file = folder / TRIALS_FILE
    if not file.exists() and not files.compressed(file).exists():
        raise ResultError(f"{folder}: no trials.jsonl: not the folder of a run")
    rows = list(read_rows(file))
    if not rows:
        raise ResultError(f"{file}: no `run` row: the run never began")
    header = rows[0]
    trials, blocks = _trials_of_complete_blocks(rows)
    problems = (*_problems(rows), *_unverified(rows))
    failed = {problem.cell for problem in problems if problem.kind == "failed"}
    return Run(
        folder=folder,
        context=header["context"],
        scenarios={name: _scenario(row) for name, row in header["scenarios"].items()},
        queues=header["queues"],
        resolved=header["scenarios"],
        planned=tuple((row["point"], row["queue"]) for row in rows if row["kind"] == "plan"),
        other_capacities={
            (row["point"], row["queue"]): row["capacity"]
            for row in rows
            if row["kind"] == "plan" and "capacity" in row
        },
        problems=problems,
        trials=tuple(
            trial for trial in trials if trial.status == "ok" and trial.cell not in failed
        ),
        blocks=blocks,
        syscalls={
            row["cell"]: {
                name: value for name, value in row.items() if name.endswith("syscalls_per_msg")
            }
            for row in rows
            if row["kind"] == "syscalls"
        },
        properties=_properties(rows),
        property_failures=tuple(
            PropertyFailure(row["queue"], row["name"], row["params"], row["error"])
            for row in rows
            if row["kind"] == "property" and "error" in row
        ),
        limits=tuple(Limits(**_known(Limits, row)) for row in rows if row["kind"] == "limits"),
        looks=next((tuple(row["rounds"]) for row in rows if row["kind"] == "looks"), ()),
    )


def _properties(rows: Iterable[Row]) -> tuple[Property, ...]:
    return tuple(
        Property(row["queue"], name, value, next(iter(row["params"].values()), None))
        for row in rows
        if row["kind"] == "property"
        for name, value in row.get("values", {}).items()
        if value is not None
    )


def _unverified(rows: Iterable[Row]) -> list[Problem]:
    """Counted trials check less than traced ones: a cell whose number they give needs a traced one
    that passed."""
    passed = [row for row in rows if row["kind"] == "trial" and row["status"] == "ok"]
    traced = {row["cell"] for row in passed if row["level"] == "traced"}
    return [
        Problem(
            cell,
            row["point"],
            row["queue"],
            "failed",
            "unverified: no traced trial of it passed in this run",
        )
        for cell, row in {row["cell"]: row for row in passed}.items()
        if cell not in traced
    ]


def _trials_of_complete_blocks(rows: list[Row]) -> tuple[list[Trial], dict[tuple[str, int], Block]]:
    """Joins each trial with the `block` row that follows it; the last complete block of (point,
    round) counts."""
    open_trials: dict[tuple[str, int], dict[tuple[str, str], Row]] = defaultdict(dict)
    complete: dict[tuple[str, int], tuple[Block, list[Row]]] = {}
    for row in rows:
        if row["kind"] == "trial":
            open_trials[row["point"], row["round"]][row["cell"], row["level"]] = row
        elif row["kind"] == "block":
            key = row["point"], row["round"]
            complete[key] = _block(row), list(open_trials.pop(key, {}).values())
    trials = [
        _trial(row, block.disturbed) for block, members in complete.values() for row in members
    ]
    trials.sort(key=lambda trial: (trial.round, trial.order))
    return trials, {key: block for key, (block, _) in complete.items()}


def _block(row: Row) -> Block:
    return Block(
        row["point"],
        row["round"],
        row["disturbed"],
        row.get("why", ""),
        row.get("gap_share"),
        row.get("handoff_ns"),
        row.get("handoff_after_ns"),
        row.get("layout"),
        row.get("cores_exchanged"),
    )


def _trial(row: Row, disturbed: bool) -> Trial:
    beside = ("messages", "window_ns", "ns_per_msg", "cpu_ns_per_msg")
    numbers = {**{name: row.get(name) for name in beside}, **row.get("counters", {})}
    counters = {name: value for name, value in numbers.items() if value is not None}
    return Trial(
        row["cell"],
        row["point"],
        row["scenario"],
        row["queue"],
        row["round"],
        row["order"],
        row["level"],
        row["status"],
        row.get("message", ""),
        counters,
        disturbed,
    )


def _problems(rows: list[Row]) -> tuple[Problem, ...]:
    """Failed, void and skipped cells in this order, each cell once a kind. Complete block or not: a
    failure stands."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if kind := _problem_kind(row):
            grouped[kind, row["cell"]].append(row)
    problems = [
        Problem(
            cell,
            first["point"],
            first["queue"],
            kind,
            first.get("reason") or first.get("message") or "no reason given",
            len({row.get("round") for row in all_rows}),
        )
        for (kind, cell), all_rows in grouped.items()
        for first in all_rows[:1]
    ]
    return tuple(
        sorted(problems, key=lambda problem: ["failed", "void", "skipped"].index(problem.kind))
    )


def _problem_kind(row: Row) -> str | None:
    if row["kind"] == "skip":
        return "skipped"
    return (
        {"error": "failed", "void": "void"}.get(row.get("status", ""))
        if row["kind"] == "trial"
        else None
    )


def _known(kind: type[Any], row: Row) -> Row:
    """The members of a row that the dataclass `kind` has."""
    return {name: value for name, value in row.items() if name in kind.__dataclass_fields__}


def _point(row: Row) -> Point:
    kinds = {"producer": Side, "consumer": Side, "stage": Side, "arrivals": Arrivals}
    parts = {name: kind(**_known(kind, row[name])) for name, kind in kinds.items() if name in row}
    members: Row = {**_known(Point, row), **parts}
    return Point(**members)


def _claim(row: Row) -> Claim:
    lists = {name: tuple(row.get(name, ())) for name in ("points", "queues", "than_points")}
    earlier = [EarlierClaim(**_known(EarlierClaim, each)) for each in row.get("replaces", ())]
    members: Row = {**_known(Claim, row), **lists, "replaces": tuple(earlier)}
    return Claim(**members)


def _scenario(row: Row) -> Scenario:
    judge = row.get("judged_by", {})
    return Scenario(
        row["name"],
        row["question"],
        row["expect"],
        row["rank"],
        tuple(row["queues"]),
        tuple(map(_point, row["points"])),
        row["file"],
        judge.get("counter"),
        judge.get("better") == "higher",
        tuple(map(_claim, row.get("claims", ()))),
        tuple(
            EarlierExpect(**_known(EarlierExpect, each)) for each in row.get("earlier_expect", ())
        ),
    )
