"""Writes results.json: the trials of a run in Google Benchmark's format.

    write_results_json(folder)          # beside trials.jsonl
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from bqb.data import files
from bqb.data.load import load_run
from bqb.data.model import Problem, Run, Trial
from bqb.data.rows import Row


def write_results_json(folder: Path | str) -> Path:
    """Writes results.json beside trials.jsonl, whole or not at all, and returns its path."""
    run = load_run(folder)
    document = {"context": _google_context(run), "benchmarks": _google_entries(run)}
    path = run.folder / "results.json"
    files.write_atomically(path, _one_entry_a_line(document).encode())
    return path


def _one_entry_a_line(document: dict[str, Any]) -> str:
    """JSON that is smaller than with a line for each number, and still a text in which an entry can
    be found."""

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
        "library_build_type": "debug"
        if context.get("build_type", "").lower() == "debug"
        else "release",
        "json_schema_version": 1,
    }
    return {**context, **own, "scenarios": run.resolved, "queues": run.queues}


def _google_entries(run: Run) -> list[Row]:
    """One entry a trial that counts, those of a cell next to each other, then the cells that have
    no number."""
    named: dict[str, list[Trial]] = defaultdict(list)
    for point, queue in run.cells():
        cell = point.cell(queue)
        named[cell] += run.trials_of(point, queue)
        for level in {"traced", "counted"} - {point.level}:
            named[f"{cell}/level:{level}"] += run.trials_of(point, queue, level)
    entries = [
        _google_entry(name, index, len(trials), trial) | run.syscalls.get(trial.cell, {})
        for name, trials in named.items()
        for index, trial in enumerate(trials)
    ]
    entries += [
        _google_error(point.cell(queue), problem)
        for point, queue in run.cells()
        if (problem := run.problem_of(point, queue))
    ]
    return entries


def _google_entry(name: str, index: int, repetitions: int, trial: Trial) -> Row:
    members = {
        "iterations": int(trial.counters.get("messages", 0)),
        "real_time": _ns_per_msg(trial),
        "cpu_time": trial.counters.get("cpu_ns_per_msg", 0.0),
        "time_unit": "ns",
    }
    rest = {key: value for key, value in trial.counters.items() if key != "messages"}
    return {
        **_google_name(name, index, repetitions),
        **members,
        **rest,
        "disturbed": int(trial.disturbed),
        "round": trial.round,
    }


def _google_error(name: str, problem: Problem) -> Row:
    message = problem.reason if problem.kind == "failed" else f"{problem.kind}: {problem.reason}"
    return {
        **_google_name(name, 0, 1),
        "error_occurred": True,
        "error_message": message,
        "iterations": 0,
        "real_time": 0.0,
        "cpu_time": 0.0,
        "time_unit": "ns",
    }


def _google_name(name: str, index: int, repetitions: int) -> Row:
    return {
        "name": name,
        "run_name": name,
        "run_type": "iteration",
        "repetitions": repetitions,
        "repetition_index": index,
        "threads": 1,
    }


def _ns_per_msg(trial: Trial) -> float:
    """Wall time of the window per message, in ns."""
    if (value := trial.get("ns_per_msg")) is not None:
        return value
    messages = trial.counters.get("messages", 0)
    return trial.counters.get("window_ns", 0.0) / messages if messages else 0.0
