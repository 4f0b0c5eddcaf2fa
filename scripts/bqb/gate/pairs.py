"""Measures: a process of each arm a pair, and trials of both in turns."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bqb import CommandError, die_with_parent
from bqb.exit_status import GateStatus
from bqb.gate.arms import CONTROL, LAYOUTS, Arm
from bqb.running.process import STOP_SIGNALS, Interrupted

TURNS = 6  # of each arm, a pair
TRIES = 3  # of a trial that found no window, on a machine that is busy
# The watchdog inside takes 10 for a hang.
SECONDS_FOR_A_TRIAL = float(os.environ.get("BQB_GATE_TRIAL_SECONDS", "120"))
MOST_PADDING = 4096  # bytes of environment: where the stack begins moves with them


Layouts = tuple[range, range]  # those that the base takes, and the head
SAME_LAYOUTS: Layouts = (range(LAYOUTS), range(LAYOUTS))
OTHER_LAYOUTS: Layouts = (range(LAYOUTS // 2), range(LAYOUTS // 2, LAYOUTS))  # code that only moved


@dataclass(frozen=True)
class Cell:
    """A queue at a point. Its name is that of the results: scenario/queue/the rest of the point's
    name."""

    queue: str
    point: str

    @property
    def name(self) -> str:
        scenario, rest = self.point.split("/", 1)
        return f"{scenario}/{self.queue}/{rest}"

    @property
    def is_control(self) -> bool:
        return self.queue == CONTROL


@dataclass(frozen=True)
class Plan:
    """What every trial of a cell does, in both arms."""

    messages: int  # of each producer, warm-up included
    warmup: int
    # What turns nanoseconds into steps of work: one number for both arms, or it would be noise.
    ns_per_step: float


@dataclass(frozen=True)
class Pair:
    """What a process of each arm took, ns a message, turn by turn. Raw: nothing is ever left out of
    a decision."""

    cell: str
    number: int  # 0 is discarded: it warms caches and page tables
    base_ns: tuple[float, ...]
    head_ns: tuple[float, ...]
    base_layout: int
    head_layout: int
    head_first: bool
    voids: int  # trials without a window, made again

    @property
    def log_ratio(self) -> float:
        return log_ratio(self.base_ns, self.head_ns)

    def as_row(self) -> dict:
        return asdict(self)


def chosen_layouts(number: int, of_base: range, of_head: range) -> tuple[int, int]:
    """Of a pair. A queue whose code is elsewhere can be 10 % slower: each arm takes each of its
    layouts equally often, beside another of the other arm's each time that it comes round again."""
    rounds, step = divmod(number - 1, len(of_base))  # number 0 is discarded
    # 3 has no divisor in common with their number.
    return of_base[step], of_head[(3 * step + rounds) % len(of_head)]


def log_ratio(base_ns: Sequence[float], head_ns: Sequence[float]) -> float:
    """Of head / base: median over the turns. A core that is taken away for a while spoils a turn or
    two, and the mean of all."""
    return float(np.median(np.log(np.asarray(head_ns) / np.asarray(base_ns))))


class QueueFailed(Exception):
    """A trial in which the queue lost a message, hung, crashed, or broke the contract."""

    def __init__(self, arm: str, cell: Cell, reason: str):
        super().__init__(f"{cell.name}: {reason}")
        self.arm, self.cell, self.why = arm, cell, reason


class Bench:
    """Starts trials of one scenario. `extra_ns`: more work a message, by (arm, cell): a slow-down
    on purpose."""

    def __init__(
        self, scenario: str, seed: int, extra_ns: Mapping[tuple[str, str], float] | None = None
    ):
        self._scenario = scenario
        self._seed = seed
        self._random = random.Random(seed)
        self._extra_ns = dict(extra_ns or {})

    def pilot(self, arm: Arm, cell: Cell) -> dict:
        with self._process(arm, 0, cell, ["--pilot"]) as process:
            return process.answer()

    def trials(
        self, arm: Arm, layout: int, cell: Cell, plan: Plan, number: int
    ) -> tuple[tuple[float, ...], int]:
        """A process's turns, ns a message, with no other arm in between; and its voids."""
        with self._trials(arm, layout, cell, plan) as process:
            return (
                tuple(process.turn(number * TURNS + turn) for turn in range(TURNS)),
                process.voids,
            )

    def pair(
        self,
        base: Arm,
        head: Arm,
        cell: Cell,
        plan: Plan,
        number: int,
        layouts: Layouts = SAME_LAYOUTS,
    ) -> Pair:
        """A process of each arm, over the same messages, in turns: the order of the first is
        random, then it is the other way round, and so on."""
        of_base, of_head = chosen_layouts(number, *layouts)
        head_first = self._random.random() < 0.5
        taken: tuple[list[float], list[float]] = ([], [])
        with self._trials(base, of_base, cell, plan) as for_base, self._trials(
            head, of_head, cell, plan
        ) as for_head:
            for turn in range(TURNS):
                order = (1, 0) if head_first == (turn % 2 == 0) else (0, 1)
                for side in order:
                    taken[side].append((for_base, for_head)[side].turn(number * TURNS + turn))
            voids = for_base.voids + for_head.voids
        return Pair(
            cell.name, number, tuple(taken[0]), tuple(taken[1]), of_base, of_head, head_first, voids
        )

    def shuffled(self, cells: Iterable[Cell]) -> list[Cell]:
        return self._random.sample(list(cells), len(list(cells)))

    def _trials(self, arm: Arm, layout: int, cell: Cell, plan: Plan) -> Process:
        words = [
            "--messages",
            str(plan.messages),
            "--warmup",
            str(plan.warmup),
            "--ns-per-step",
            repr(plan.ns_per_step),
        ]
        if extra := self._extra_ns.get((arm.name, cell.name)):
            words += ["--extra-ns", repr(extra)]
        return self._process(arm, layout, cell, words)

    def _process(self, arm: Arm, layout: int, cell: Cell, words: list[str]) -> Process:
        command = [
            arm.trial_program(layout),
            "--scenario",
            self._scenario,
            "--point",
            cell.point,
            "--queue",
            cell.queue,
            "--seed",
            str(self._seed),
            *words,
        ]
        return Process(arm.name, cell, command, "x" * self._random.randrange(MOST_PADDING))


class Process:
    """A gate_trial. It ends with the `with` block that it is made for."""

    def __init__(self, arm: str, cell: Cell, command: Sequence[str | Path], padding: str):
        self._arm, self._cell = arm, cell
        self.voids = 0
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, "BQ_PADDING": padding},
            preexec_fn=die_with_parent,
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        for pipe in (self._process.stdout, self._process.stderr, self._process.stdin):
            with suppress(BrokenPipeError):  # of what it did not read
                pipe.close()
        self._process.wait()

    def turn(self, round_number: int) -> float:
        """Runs a trial: ns a message. Those that found no window are made again."""
        for _ in range(TRIES):
            with suppress(BrokenPipeError):  # it has ended: answer() says why
                self._process.stdin.write(f"{round_number}\n")
                self._process.stdin.flush()
            answer = self.answer()
            if answer["status"] == "ok":
                return round(answer["ns_per_msg"], 2)
            self.voids += 1
        raise CommandError(
            f"{self._cell.name}: {TRIES} trials of the {self._arm} found no window to measure "
            f"({answer['why']}); is the machine busy?",
            GateStatus.INVALID,
        )

    def answer(self) -> dict:
        """The next line that it prints. Raises QueueFailed for what its queue did, else
        CommandError."""
        ready, _, _ = select.select([self._process.stdout], [], [], SECONDS_FOR_A_TRIAL)
        if not ready:
            raise QueueFailed(self._arm, self._cell, f"no end after {SECONDS_FOR_A_TRIAL:g} s")
        line = self._process.stdout.readline()
        answer = json.loads(line) if line.strip() else None
        if answer and answer["status"] != "failed":
            return answer
        code = self._process.wait(SECONDS_FOR_A_TRIAL)
        if code < 0 and -code in STOP_SIGNALS:
            raise Interrupted(-code)
        if code == -signal.SIGKILL:
            raise CommandError(
                f"{self._cell.name}: the trial was killed by SIGKILL " "(out of memory?)",
                GateStatus.INVALID,
            )
        if code < 0:
            raise QueueFailed(self._arm, self._cell, f"crashed: {signal.Signals(-code).name}")
        if answer:
            raise QueueFailed(self._arm, self._cell, answer["why"])
        reason = self._process.stderr.read().strip().splitlines()[-1:] or [
            f"ended with status {code}"
        ]
        raise CommandError(f"{self._cell.name}: {reason[0]}", GateStatus.INVALID)


def plans(
    bench: Bench, base: Arm, cells: Iterable[Cell], show: Callable[[int, str], None]
) -> dict[str, Plan]:
    """How many messages each cell takes, found on the base; one calibration of the work for all of
    them."""
    answers = {}
    for number, cell in enumerate(cells):
        show(number, cell.name)
        for _ in range(TRIES):
            answer = bench.pilot(base, cell)
            if answer["status"] == "ok":
                break
        else:
            raise CommandError(f"{cell.name}: {answer['why']}", GateStatus.INVALID)
        answers[cell.name] = answer
    steps = sorted(answer["ns_per_step"] for answer in answers.values())
    ns_per_step = steps[len(steps) // 2]
    return {
        name: Plan(answer["messages"], answer["warmup"], ns_per_step)
        for name, answer in answers.items()
    }


class Clock:
    """Wall time, and how long a pair of cells takes."""

    def __init__(self, budget_s: float):
        self._begun = time.monotonic()
        self._budget_s = budget_s

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self._begun

    def has(self, seconds: float) -> bool:
        return self.spent_s + seconds <= self._budget_s
