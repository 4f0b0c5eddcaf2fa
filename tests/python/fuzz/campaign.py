"""Some workers that share the inputs of a target, and the sum of what they report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.judge import Failure
from fuzz.sandbox import Sandbox

HERE = Path(__file__).resolve().parent
DEADLINE_S = 10.0
DEFAULT_SEED = 1


@dataclass
class Summary:
    target: str
    seed: int
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: Counter[Failure] = field(default_factory=Counter)
    first_inputs: dict[Failure, int] = field(default_factory=dict)
    slowest_s: float = 0.0

    def add(self, row: dict[str, Any]) -> None:
        """One line of a worker."""
        self.verdicts[row["verdict"]] += 1
        self.slowest_s = max(self.slowest_s, row["wall_s"])
        if row["verdict"] == "failed":
            failure = Failure(f"{row['command']}: {row['kind']}", row["detail"])
            self.failures[failure] += 1
            self.first_inputs[failure] = min(
                row["number"], self.first_inputs.get(failure, row["number"])
            )

    @property
    def inputs(self) -> int:
        return self.verdicts.total()

    def replay_command(self, failure: Failure) -> str:
        words = f"--seed {self.seed} --target {self.target} --replay {self.first_inputs[failure]}"
        return f"{sys.executable} -m fuzz {words}"

    def lines(self) -> list[str]:
        """One line a distinct failure, the most frequent first, and below it how to replay it."""
        lines = []
        for failure, count in self.failures.most_common():
            lines.append(f"{self.target}: {count} x {failure.kind}: {failure.detail}")
            lines.append(f"    (cd tests/python && {self.replay_command(failure)})")
        return lines


def run(
    box: Sandbox,
    target: str,
    inputs: int,
    seed: int,
    keep: Path,
    workers: int = 2,
    deadline_s: float = DEADLINE_S,
) -> Summary:
    """Runs inputs 0 to `inputs` - 1 of a target. `keep`: for the first input of each failure."""

    def start(first: int) -> subprocess.Popen[str]:
        own = box.copy(keep.parent / f"{target}-{first}")
        words = [
            str(own.folder),
            target,
            *map(str, (seed, first, workers, inputs, deadline_s, keep)),
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "fuzz.worker", *words],
            env=own.environment(),
            cwd=HERE,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    keep.mkdir(parents=True, exist_ok=True)
    processes = [start(first) for first in range(workers)]
    summary = Summary(target, seed)
    try:
        ended = [process.communicate() for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (out, err) in zip(processes, ended):
        for line in out.splitlines():
            summary.add(json.loads(line))
        if process.returncode != 0:
            raise RuntimeError(
                f"a worker of the target {target} ended with {process.returncode}:\n{err[-3000:]}"
            )
    if summary.inputs != inputs:
        raise RuntimeError(f"{target}: {summary.inputs} of {inputs} inputs were run")
    return summary


def default_workers() -> int:
    return len(os.sched_getaffinity(0))


def table(summaries: Sequence[Summary]) -> list[str]:
    """Inputs by verdict, a line a target, and their sum."""
    rows: list[tuple[str, ...]] = [
        ("target", "inputs", "accepted", "refused", "failed", "distinct", "slowest")
    ]
    for each in summaries:
        counts = (
            each.inputs,
            each.verdicts["accepted"],
            each.verdicts["refused"],
            each.verdicts["failed"],
            len(each.failures),
        )
        rows.append((each.target, *map(str, counts), f"{each.slowest_s:.1f} s"))
    total = [str(sum(int(row[column]) for row in rows[1:])) for column in range(1, 6)]
    rows.append(("all", *total, ""))
    return [
        "".join([f"{row[0]:12}", *(f"{cell:>10}" for cell in row[1:])]).rstrip() for row in rows
    ]
