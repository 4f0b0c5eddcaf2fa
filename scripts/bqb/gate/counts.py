"""The lane that no noise reaches: instructions a message (callgrind) and system calls a message
(strace) along scripted paths (benchmarks/gate/counts.cpp). Each is the difference of two lengths,
so that starting the program does not count."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bqb import CommandError
from bqb.exit_status import GateCountsStatus, GateStatus
from bqb.gate.arms import Arm
from bqb.gate.pairs import Cell, QueueFailed

SHORT, LONG = 1_000, 11_000  # messages by one thread
FEW, MANY = 100, 300  # messages handed over
NOT_THE_QUEUES = "!pread64,sched_yield"  # how gate_counts watches its consumer
INSTRUCTIONS, SYSCALLS = "instructions", "system calls"


@dataclass(frozen=True)
class Count:
    queue: str
    what: str  # INSTRUCTIONS, SYSCALLS: a message
    base: float
    head: float
    limit_pct: float

    @property
    def change(self) -> float:
        """A share. System calls where there were none are a change beyond any limit."""
        return self.head / self.base - 1 if self.base else float("inf") if self.head else 0.0

    @property
    def is_regression(self) -> bool:
        return self.change > self.limit_pct / 100


class Unfit(Exception):
    """The queue, or this machine, cannot be counted this way; why."""


@dataclass(frozen=True)
class Stored:
    """What was counted of the head of an earlier gate: its rows."""

    rows: Sequence[Mapping]

    def of(self, queue: str, what: str) -> float:
        for row in self.rows:
            if (row["queue"], row["what"]) == (queue, what):
                return row["head"]
        raise Unfit("the stored gate has no count of it")


def measure(
    base: Arm | Stored,
    head: Arm,
    queues: Sequence[str],
    instructions_pct: float,
    syscalls_pct: float,
    extra_steps: int = 0,
) -> tuple[list[Count], list[str]]:
    """All counts, and why some are missing. `extra_steps`: a slow-down of the head on purpose."""
    jobs = [
        (queue, what, limit)
        for queue in queues
        for what, limit in ((INSTRUCTIONS, instructions_pct), (SYSCALLS, syscalls_pct))
    ]

    def both(job) -> Count | str:
        queue, what, limit = job
        of = instructions if what == INSTRUCTIONS else syscalls
        try:
            then = of(base, queue, 0) if isinstance(base, Arm) else base.of(queue, what)
            return Count(queue, what, then, of(head, queue, extra_steps), limit)
        except Unfit as reason:
            return f"{queue}: {what} not counted: {reason}"

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        outcomes = list(pool.map(both, jobs))
    return [each for each in outcomes if isinstance(each, Count)], [
        each for each in outcomes if isinstance(each, str)
    ]


def instructions(arm: Arm, queue: str, extra_steps: int) -> float:
    """Of a push and a pop by one thread."""
    if not shutil.which("valgrind"):
        raise Unfit("valgrind is not here")

    def total(messages: int) -> int:
        done = run(
            [
                *at_fixed_addresses(),
                "valgrind",
                "--tool=callgrind",
                "--callgrind-out-file=/dev/null",
                arm.counts_program,
                "uncontended",
                queue,
                str(messages),
                str(extra_steps),
            ],
            arm,
            queue,
        )
        match = re.search(r"Collected : (\d+)", done.stderr)
        if not match:
            raise Unfit(f"callgrind says nothing: {done.stderr.strip().splitlines()[-1:]}")
        return int(match[1])

    return (total(LONG) - total(SHORT)) / (LONG - SHORT)


@functools.cache
def at_fixed_addresses() -> tuple[str, ...]:
    """The start of a command whose addresses are the same each time: they decide on a few
    instructions of its start. Empty where that is not allowed, as in many containers."""
    command = ("setarch", os.uname().machine, "--addr-no-randomize")
    if not shutil.which("setarch"):
        return ()
    return (
        command
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
        else ()
    )


def syscalls(arm: Arm, queue: str, _extra_steps: int) -> float:
    """Of both sides, for a message to a consumer that sleeps. sched_yield does not count: its
    number is luck."""
    if not shutil.which("strace"):
        raise Unfit("strace is not here")

    def total(messages: int) -> int:
        with tempfile.TemporaryDirectory(prefix="bqb-") as folder:
            out = Path(folder) / "counts"
            run(
                [
                    "strace",
                    "-f",
                    "-c",
                    "-e",
                    f"trace={NOT_THE_QUEUES}",
                    "-o",
                    out,
                    arm.counts_program,
                    "hand_off",
                    queue,
                    str(messages),
                ],
                arm,
                queue,
            )
            match = re.search(
                r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+).*\btotal\s*$",
                out.read_text(encoding="utf-8"),
                re.MULTILINE,
            )
        if not match:
            raise Unfit("strace counted nothing; is ptrace allowed?")
        return int(match[1])

    return (total(MANY) - total(FEW)) / (MANY - FEW)


def run(command: list, arm: Arm, queue: str) -> subprocess.CompletedProcess:
    # An environment of its own: the stack's place decides on a few instructions.
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={"PATH": os.environ.get("PATH", "")},
        )
    except subprocess.TimeoutExpired:
        raise QueueFailed(arm.name, Cell(queue, "counts/hand-off"), "no end after 120 s") from None
    output_lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    ours = [line.partition("gate_counts: ")[2] for line in output_lines if "gate_counts: " in line]
    if done.returncode == GateCountsStatus.UNFIT:
        raise Unfit(ours[-1] if ours else output_lines[-1])
    if done.returncode == GateCountsStatus.QUEUE_FAILED or done.returncode < 0:
        reason = ours[-1] if ours else f"ended with status {done.returncode}"
        raise QueueFailed(arm.name, Cell(queue, "counts/scripted"), reason)
    if done.returncode == 1 and "strace: " in done.stderr:
        raise Unfit(output_lines[-1])
    if done.returncode != 0:
        raise CommandError(f"counting {queue}: {output_lines[-1]}", GateStatus.INVALID)
    return done
