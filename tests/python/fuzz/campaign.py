"""Some workers that share the inputs of a target, and the sum of what they report."""

from __future__ import annotations

import json
import os
import shutil
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


class _Part:
    """A worker with a sandbox of its own. Its report goes to a file: a pipe might be full."""

    def __init__(self, box: Sandbox, log: Path):
        self.box, self.log = box, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fuzz.worker", str(self.box.folder), *words],
                env=self.box.environment(),
                cwd=HERE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def report(self) -> list[str]:
        """Waits. One line of JSON an input."""
        status = self.process.wait() if self.process else None
        text = self.log.read_text(encoding="utf-8", errors="replace")
        if status != 0:
            raise RuntimeError(f"a worker ended with status {status}:\n{text[-3000:]}")
        return text.splitlines()

    def clear_up(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        self.log.unlink(missing_ok=True)
        shutil.rmtree(self.box.folder)


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

    keep.mkdir(parents=True, exist_ok=True)
    parts = [
        _Part(box.copy(keep.parent / f"{target}-{first}"), keep.parent / f"{target}-{first}.log")
        for first in range(workers)
    ]
    summary = Summary(target, seed)
    try:
        for first, part in enumerate(parts):
            part.start(target, *map(str, (seed, first, workers, inputs, deadline_s, keep)))
        for part in parts:
            for line in part.report():
                summary.add(json.loads(line))
    finally:
        for part in parts:
            part.clear_up()
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
