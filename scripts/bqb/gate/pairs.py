"""Measures: one process a trial, one of each arm a pair."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from bqb import Failure
from bqb.driver import STOP_SIGNALS, Interrupted, die_with_parent
from bqb.gate import INVALID
from bqb.gate.arms import CONTROL, Arm

EXIT_QUEUE_FAILED = 4
TRIES = 3  # of a trial that found no window, on a machine that is busy
SECONDS_FOR_A_TRIAL = float(os.environ.get("BQB_GATE_TRIAL_SECONDS", "120"))  # the watchdog inside takes 10 for a hang
MOST_PADDING = 4096  # bytes of environment: where the stack begins moves with them


@dataclass(frozen=True)
class Cell:
    """A queue at a point. Its name is that of the results: scenario/queue/the rest of the point's name."""

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
    ns_per_step: float  # what turns nanoseconds into steps of work: one number for both arms, or it would be noise


@dataclass(frozen=True)
class Timing:
    """What a trial took, ns a message: over its window, and in each of its blocks."""

    ns_per_msg: float
    blocks: tuple[float, ...]
    voids: int  # how often it had no window before

    def log_ratio(self, base: Timing) -> float:
        return float(np.median([math.log(mine / its) for mine, its in zip(self.blocks, base.blocks, strict=True)]))


@dataclass(frozen=True)
class Pair:
    """A cell's two trials, ns a message. Raw: nothing is ever left out of a decision.

    Both trials hold the same messages with the same work, in the same blocks of 2 or 3 ms. The median of the blocks'
    ratios is what a pair says: a core that is taken away for 10 ms spoils some blocks, and the mean of all."""

    cell: str
    number: int  # 0 is discarded: it warms caches and page tables
    base_ns: float
    head_ns: float
    log_ratio: float  # of head / base: median over the trials' blocks
    base_variant: int
    head_variant: int
    head_first: bool
    voids: int  # trials without a window, made again

    def as_row(self) -> dict:
        return asdict(self)


class WentWrong(Exception):
    """A trial in which the queue lost a message, hung, crashed, or broke the contract."""

    def __init__(self, arm: str, cell: Cell, why: str):
        super().__init__(f"{cell.name}: {why}")
        self.arm, self.cell, self.why = arm, cell, why


class Bench:
    """Starts trials of one scenario. `extra_ns`: more work a message, by (arm, cell): a slow-down on purpose."""

    def __init__(self, scenario: str, seed: int, extra_ns: Mapping[tuple[str, str], float] | None = None):
        self._scenario = scenario
        self._seed = seed
        self._random = random.Random(seed)
        self._extra_ns = dict(extra_ns or {})

    def pilot(self, arm: Arm, cell: Cell) -> dict:
        return self._ask(arm, 0, cell, ["--pilot"])

    def trial(self, arm: Arm, variant: int, cell: Cell, plan: Plan, number: int) -> Timing:
        words = ["--messages", str(plan.messages), "--warmup", str(plan.warmup), "--ns-per-step", repr(plan.ns_per_step),
                 "--round", str(number)]
        if extra := self._extra_ns.get((arm.name, cell.name)):
            words += ["--extra-ns", repr(extra)]
        for voids in range(TRIES):
            answer = self._ask(arm, variant, cell, words)
            if answer["status"] == "ok":
                return Timing(answer["ns_per_msg"], tuple(answer["block_ns_per_msg"]), voids)
        raise Failure(f"{cell.name}: {TRIES} trials of the {arm.name} found no window to measure ({answer['why']}); is the "
                      "machine busy?", INVALID)

    def pair(self, base: Arm, head: Arm, cell: Cell, plan: Plan, number: int,
             variants: tuple[int, int] | None = None) -> Pair:
        """Both arms, in random order, over the same messages. The link orders rotate through their four combinations."""
        of_base, of_head = variants or (number % 2, number // 2 % 2)
        head_first = self._random.random() < 0.5
        turns = [(base, of_base), (head, of_head)]
        taken = {index: self.trial(*turns[index], cell, plan, number) for index in ((1, 0) if head_first else (0, 1))}
        return Pair(cell.name, number, taken[0].ns_per_msg, taken[1].ns_per_msg, taken[1].log_ratio(taken[0]), of_base,
                    of_head, head_first, taken[0].voids + taken[1].voids)

    def shuffled(self, cells: Iterable[Cell]) -> list[Cell]:
        return self._random.sample(list(cells), len(list(cells)))

    def _ask(self, arm: Arm, variant: int, cell: Cell, words: list[str]) -> dict:
        command = [arm.trial_program(variant), "--scenario", self._scenario, "--point", cell.point, "--queue", cell.queue,
                   "--seed", str(self._seed), *words]
        padding = "x" * self._random.randrange(MOST_PADDING)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                                   env={**os.environ, "BQ_PADDING": padding}, preexec_fn=die_with_parent)
        try:
            said, complaint = process.communicate(timeout=SECONDS_FOR_A_TRIAL)
        except subprocess.TimeoutExpired:
            raise WentWrong(arm.name, cell, f"no end after {SECONDS_FOR_A_TRIAL:g} s") from None
        finally:
            process.kill()
            process.wait()
        code = process.returncode
        if code < 0 and -code in STOP_SIGNALS:
            raise Interrupted(-code)
        if code == -signal.SIGKILL:
            raise Failure(f"{cell.name}: the trial was killed (SIGKILL), by somebody or for want of memory", INVALID)
        if code < 0:
            raise WentWrong(arm.name, cell, f"crashed: {signal.Signals(-code).name}")
        lines = said.strip().splitlines()
        if code == EXIT_QUEUE_FAILED and lines:
            raise WentWrong(arm.name, cell, json.loads(lines[-1])["why"])
        if code != 0 or not lines:
            why = complaint.strip().splitlines()[-1:] or [f"ended with status {code}"]
            raise Failure(f"{cell.name}: {why[0]}", INVALID)
        return json.loads(lines[-1])


def plans(bench: Bench, base: Arm, cells: Iterable[Cell], show: Callable[[int, str], None]) -> dict[str, Plan]:
    """How many messages each cell takes, found on the base; one calibration of the work for all of them."""
    answers = {}
    for number, cell in enumerate(cells):
        show(number, cell.name)
        for _ in range(TRIES):
            answer = bench.pilot(base, cell)
            if answer["status"] == "ok":
                break
        else:
            raise Failure(f"{cell.name}: {answer['why']}", INVALID)
        answers[cell.name] = answer
    steps = sorted(answer["ns_per_step"] for answer in answers.values())
    ns_per_step = steps[len(steps) // 2]
    return {name: Plan(answer["messages"], answer["warmup"], ns_per_step) for name, answer in answers.items()}


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
