"""The trials of a run in Google Benchmark's format, with aggregates.

    google_document(run)          # what results.json holds

Keys and order of an entry are those of Google Benchmark 1.7.1 (src/json_reporter.cc, PrintRunData).
Its tools/compare.py and tools/gbench/report.py read the file.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import median

from bqb.data.model import Point, Problem, Run, Trial
from bqb.data.rows import Row
from bqb.stats.summaries import selected

Statistic = Callable[[Sequence[float]], float]


def google_document(run: Run) -> Row:
    """`context` and `benchmarks`, strict JSON: no NaN, no infinity."""
    return {"context": _context(run), "benchmarks": _entries(run)}


def _context(run: Run) -> Row:
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
        "load_avg": [context["load_average"]] if "load_average" in context else [],
        "library_build_type": "debug"
        if context.get("build_type", "").lower() == "debug"
        else "release",
        "json_schema_version": 1,
    }
    return {
        **context,
        **own,
        "scenarios": run.resolved,
        "queues": run.queues,
        "skipped_cells": _skipped_cells(run),
    }


# A skipped cell has no entry, as a benchmark that Google Benchmark was not asked to run. An entry
# needs a real_time, or compare.py stops with a KeyError. A single 0 makes the geometric mean of the
# whole file 0, and compare.py then prints no OVERALL_GEOMEAN: calculate_geomean and
# get_difference_report (gbench/report.py 1.7.1) do not look at error_occurred. Most runs have
# skipped cells.
# A failed cell keeps Google's error entry with its 0: its queue is wrong, and compare.py would
# pass over a name that one of two files lacks.
def _skipped_cells(run: Run) -> dict[str, str]:
    """{cell: why it was not measured}."""
    return {
        point.cell(queue): problem.reason
        for point, queue in run.cells()
        if (problem := run.problem_of(point, queue)) and problem.kind == "skipped"
    }


class _Names:
    """Gives each benchmark its name and Google's two indices. A family is a queue in a scenario;
    its instances are the points, and the levels of a point."""

    def __init__(self) -> None:
        self._families: dict[tuple[str, str], int] = {}
        self._instances: Counter[int] = Counter()

    def next(self, point: Point, queue: str, level: str, repetitions: int) -> Row:
        """The members that all entries of a benchmark share."""
        family = self._families.setdefault((point.scenario, queue), len(self._families))
        instance = self._instances[family]
        self._instances[family] += 1
        suffix = "" if level == point.level else f"/level:{level}"
        name = point.cell(queue) + suffix
        return {
            "name": name,
            "family_index": family,
            "per_family_instance_index": instance,
            "run_name": name,
            "run_type": "iteration",
            "repetitions": repetitions,
            "repetition_index": 0,
            "threads": 1,
        }


def _entries(run: Run) -> list[Row]:
    """Of each cell: an entry a trial that counts, then its aggregates; or the one that says how it
    failed."""
    names = _Names()
    entries: list[Row] = []
    for point, queue in run.cells():
        for level in (point.level, *sorted({"traced", "counted"} - {point.level})):
            if not (trials := run.trials_of(point, queue, level)):
                continue
            name = names.next(point, queue, level, len(trials))
            entries += [
                _trial_entry(name, index, trial) | run.syscalls.get(trial.cell, {})
                for index, trial in enumerate(trials)
            ]
            entries += _aggregate_entries(name, trials)
        problem = run.problem_of(point, queue)
        if problem and problem.kind != "skipped":
            entries.append(_error_entry(names.next(point, queue, point.level, 1), problem))
    return entries


def _trial_entry(name: Row, index: int, trial: Trial) -> Row:
    counters = _counters(trial)
    return {
        **name,
        "repetition_index": index,
        "iterations": int(trial.counters.get("messages", 0)),
        "real_time": counters.pop("real_time"),
        "cpu_time": counters.pop("cpu_time"),
        "time_unit": "ns",
        **counters,
        "disturbed": int(trial.disturbed),
        "round": trial.round,
    }


def _error_entry(name: Row, problem: Problem) -> Row:
    message = problem.reason if problem.kind == "failed" else f"{problem.kind}: {problem.reason}"
    return {
        **name,
        "error_occurred": True,
        "error_message": message,
        "iterations": 0,
        "real_time": 0.0,
        "cpu_time": 0.0,
        "time_unit": "ns",
    }


def _counters(trial: Trial) -> dict[str, float]:
    """The two times that Google's tools read, in ns per message, and all other numbers of a
    trial."""
    rest = {key: value for key, value in trial.counters.items() if key != "messages"}
    return {"real_time": _ns_per_msg(trial), "cpu_time": rest.get("cpu_ns_per_msg", 0.0), **rest}


def _ns_per_msg(trial: Trial) -> float:
    """Wall time of the window per message, in ns."""
    if (value := trial.get("ns_per_msg")) is not None:
        return value
    messages = trial.counters.get("messages", 0)
    return trial.counters.get("window_ns", 0.0) / messages if messages else 0.0


# --------------------------------------------------------------------------------------- aggregates


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _stddev(values: Sequence[float]) -> float:
    """Of a sample, as src/statistics.cc has it: divided by n - 1."""
    mean = _mean(values)
    return math.sqrt(sum((value - mean) * (value - mean) for value in values) / (len(values) - 1))


def _cv(values: Sequence[float]) -> float:
    """The standard deviation as a share of the mean; NaN where the mean is not positive. Of values
    that are all the same it is 0."""
    deviation, mean = _stddev(values), _mean(values)
    if deviation == 0:
        return 0.0
    return deviation / mean if mean > 0 else math.nan


# aggregate_name: (aggregate_unit, statistic). Google's default ones but for the mean, which nothing
# here stands on: a pause of the machine moves it.
_STATISTICS: dict[str, tuple[str, Statistic]] = {
    "median": ("time", median),
    "stddev": ("time", _stddev),
    "cv": ("percentage", _cv),
}


def _aggregate_entries(name: Row, trials: Sequence[Trial]) -> list[Row]:
    """Over the trials that the cell is summarised from. None with fewer than two, as in Google's
    ComputeStats. A counter needs two values, and a finite statistic: Google would write NaN, which
    is no JSON. System calls, counted once a cell, are left out.

    `from_all_blocks` is 1 where the disturbed blocks are in, too few being undisturbed."""
    chosen, from_all = selected(trials)
    if len(chosen) < 2:
        return []
    values: dict[str, list[float]] = defaultdict(list)
    for trial in chosen:
        for counter, value in _counters(trial).items():
            values[counter].append(value)
    entries = []
    for aggregate, (unit, statistic) in _STATISTICS.items():
        members = {
            counter: float(f"{value:.7g}")  # the rows have six digits
            for counter, each in values.items()
            if len(each) >= 2 and math.isfinite(value := statistic(each))
        }
        entries.append(
            {
                **{key: value for key, value in name.items() if key != "repetition_index"},
                "name": f"{name['name']}_{aggregate}",
                "run_type": "aggregate",
                "aggregate_name": aggregate,
                "aggregate_unit": unit,
                # Not of messages: of the values that the aggregate is over, as Google has it.
                "iterations": len(chosen),
                "real_time": members.pop("real_time"),
                "cpu_time": members.pop("cpu_time"),
                "time_unit": "ns",
                **members,
                "from_all_blocks": int(from_all),
            }
        )
    return entries
