"""One gate, from two arms to a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from bqb import CommandError
from bqb.exit_status import GateStatus
from bqb.gate import arms as the_arms, counts as the_counts, decide, from_root
from bqb.gate.arms import CONTROL, Arm
from bqb.gate.counts import Count
from bqb.gate.documents import SCHEMA
from bqb.gate.pairs import SAME_LAYOUTS, Bench, Cell, Clock, Layouts, Pair, Plan, QueueFailed, plans
from bqb.gate.policy import Policy
from bqb.running.progress import Progress
from bqb.stats.sign_test import median_interval

CONTROL_CONFIDENCE = 0.99  # that it moved at all


@dataclass
class Result:
    """What a gate found. `verdict` is the last line of what it prints."""

    policy: Policy
    base: Arm | None
    head: Arm | None
    context: dict
    seed: int
    cells: list[Cell] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=dict)
    advisory: dict[str, str] = field(default_factory=dict)  # cell -> why it is not judged
    # Cell -> deviation of a log ratio of base against base.
    noise: dict[str, float] = field(default_factory=dict)
    calibration: list[Pair] = field(default_factory=list)
    pairs: dict[str, list[Pair]] = field(default_factory=dict)  # cell -> all but the discarded one
    states: dict[str, str] = field(default_factory=dict)  # judged cell -> regression, pass, open
    looks_made: int = 0
    counts: list[Count] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failure: str = ""  # what the head's queue did wrong
    invalid: str = ""
    wall_s: float = 0.0

    def ratios(self, cell: str) -> list[float]:
        return [pair.log_ratio for pair in self.pairs.get(cell, [])]

    @property
    def judged(self) -> list[Cell]:
        return [
            cell for cell in self.cells if not cell.is_control and cell.name not in self.advisory
        ]

    @property
    def control(self) -> dict[str, float]:
        """Median log ratio of the control, by cell."""
        return {
            cell.name: float(np.median(self.ratios(cell.name)))
            for cell in self.cells
            if cell.is_control and self.pairs.get(cell.name)
        }

    @property
    def regressions(self) -> list[str]:
        """In words, the worst first."""
        timed = sorted(
            (name for name, state in self.states.items() if state == decide.REGRESSION),
            key=lambda name: -np.median(self.ratios(name)),
        )
        slower = [f"{name} {change(float(np.median(self.ratios(name))))}" for name in timed]
        counted = [
            f"{each.queue}: {each.what} a message {each.base:.2f} -> {each.head:.2f}"
            for each in self.counts
            if each.is_regression
        ]
        return [*([self.failure] if self.failure else []), *slower, *counted]

    @property
    def undecided(self) -> list[str]:
        return [name for name, state in self.states.items() if state == decide.OPEN]

    @property
    def status(self) -> int:
        if self.invalid:
            return GateStatus.INVALID
        if self.regressions:
            return GateStatus.REGRESSION
        if self.undecided:
            return (
                GateStatus.PASS if self.policy.inconclusive == "pass" else GateStatus.INCONCLUSIVE
            )
        return GateStatus.PASS

    @property
    def verdict(self) -> str:
        if self.invalid:
            return f"invalid: {self.invalid}"
        if self.regressions:
            return f"regression: {'; '.join(self.regressions)}"
        if self.undecided:
            return f"inconclusive: {', '.join(self.undecided)}"
        return "pass" + (
            f" ({len(self.advisory)} of {len(self.advisory) + len(self.judged)} cells not judged)"
            if self.advisory
            else ""
        )

    def as_json(self) -> dict:
        """Everything, each raw pair included."""

        def arm(each: Arm | None) -> dict | None:
            return (
                None
                if each is None
                else {
                    "source": from_root(each.source),
                    "commit": each.commit,
                    "dirty": each.dirty,
                    "sources_id": each.sources_id,
                }
            )

        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "exit_status": self.status,
            "seed": self.seed,
            "policy": self.policy.as_row(),
            "base": arm(self.base),
            "head": arm(self.head),
            "context": self.context,
            "harness_id": the_arms.identity_of_harness(),
            "wall_s": round(self.wall_s, 1),
            "looks_made": self.looks_made,
            "plans": {name: asdict(plan) for name, plan in self.plans.items()},
            "cells": [
                {
                    "cell": cell.name,
                    "queue": cell.queue,
                    "point": cell.point,
                    "state": self.states.get(
                        cell.name, "control" if cell.is_control else "advisory"
                    ),
                    "noise": self.noise.get(cell.name),
                    "advisory": self.advisory.get(cell.name),
                    "pairs": [pair.as_row() for pair in self.pairs.get(cell.name, [])],
                }
                for cell in self.cells
            ],
            "calibration": [pair.as_row() for pair in self.calibration],
            "counts": [{**asdict(each), "regression": each.is_regression} for each in self.counts],
            "remarks": self.remarks,
        }


def change(log_ratio: float) -> str:
    return f"{math.expm1(log_ratio):+.1%}"


def run(
    policy: Policy,
    base: Arm,
    head: Arm,
    queues: Sequence[str],
    seed: int,
    *,
    extra_ns: Mapping[tuple[str, str], float] | None = None,
    counted: bool = True,
    layouts: Layouts = SAME_LAYOUTS,
) -> Result:
    """Judges the head. `extra_ns`, `layouts`: for campaigns."""
    bench = Bench(policy.scenario, seed, extra_ns)
    result = Result(policy, base, head, {}, seed)
    clock = Clock(policy.budget_s)
    try:
        select(result, base, head, queues)
        gate = Gate(result, bench, clock, layouts, Progress("trials"))
        gate.judge(counted)
    except QueueFailed as queue_failure:
        if queue_failure.arm == head.name:
            result.failure = f"{queue_failure} (in the head)"
        else:
            result.invalid = f"the base's queue fails: {queue_failure}"
    except CommandError as error:
        if error.status != GateStatus.INVALID:
            raise
        result.invalid = str(error)
    result.wall_s = clock.spent_s
    return result


def select(result: Result, base: Arm, head: Arm, queues: Sequence[str]) -> None:
    """The cells, which must be there in both arms."""
    wanted = (*queues, CONTROL)
    listings = {
        arm.name: the_arms.listing(arm, result.policy.scenario, wanted) for arm in (base, head)
    }
    result.context = listings[head.name]["context"]
    known = {
        arm: {Cell(cell["queue"], cell["point"]): cell.get("why_not") for cell in listing["cells"]}
        for arm, listing in listings.items()
    }
    for cell, why_not in known[base.name].items():
        for arm in (base.name, head.name):
            reason = known[arm].get(cell)
            if reason == "no such queue":
                raise CommandError(
                    f"missing cell: {cell.name} is not in the {arm}: it has no "
                    f"queue '{cell.queue}'",
                    GateStatus.INVALID,
                )
        if (why_not is None) != (known[head.name][cell] is None):
            raise CommandError(
                f"missing cell: {cell.name} can be measured in one arm only "
                f"({why_not or known[head.name][cell]})",
                GateStatus.INVALID,
            )
        if why_not is None:
            result.cells.append(cell)
        elif not cell.is_control:
            result.remarks.append(f"{cell.name} is not measured: {why_not}")
    for name in result.policy.advisory:
        if name not in {cell.name for cell in result.cells}:
            raise CommandError(
                f"policy: key 'advisory': there is no cell '{name}'; the cells are "
                f"{', '.join(cell.name for cell in result.cells if not cell.is_control)}",
                GateStatus.USAGE,
            )
        result.advisory[name] = "by the policy"
    if not result.judged:
        raise CommandError("no cell can be judged here", GateStatus.INVALID)


def count(result: Result, base: Arm | the_counts.Stored) -> None:
    """The lane that no noise reaches, for each queue that has a cell."""
    queues = list(dict.fromkeys(cell.queue for cell in result.cells if not cell.is_control))
    result.counts, missing = the_counts.measure(
        base, result.head, queues, result.policy.instructions_pct, result.policy.syscalls_pct
    )
    result.remarks += missing


class Gate:
    def __init__(
        self, result: Result, bench: Bench, clock: Clock, layouts: Layouts, progress: Progress
    ):
        self._result = result
        self._bench = bench
        self._clock = clock
        self._layouts = layouts
        self._progress = progress
        self._tau = result.policy.rule.tau
        self._pair_s = 0.0  # of all cells at hand, the slowest of late

    def judge(self, counted: bool) -> None:
        result = self._result
        with self._progress:
            if counted:
                self._progress.update("counting", 0, 1)
                count(result, result.base)
            result.plans = plans(
                self._bench,
                result.base,
                result.cells,
                lambda done, cell: self._progress.update("pilot", done, len(result.cells), cell),
            )
            self._head_works()
            self._calibrate()
            self._measure()

    def _head_works(self) -> None:
        """A trial of each cell: a head that fails is red before anything else takes time."""
        for number, cell in enumerate(self._result.cells):
            self._progress.update("head, first trials", number, len(self._result.cells), cell.name)
            self._bench.trials(self._result.head, 0, cell, self._result.plans[cell.name], 0)

    def _calibrate(self) -> None:
        """Base against base, before the head's times are seen: what differs too much cannot be
        judged."""
        result, policy = self._result, self._result.policy
        for number in range(policy.calibration):
            for cell in self._bench.shuffled(result.cells):
                self._progress.update("base against base", number, policy.calibration, cell.name)
                pair = self._bench.pair(
                    result.base, result.base, cell, result.plans[cell.name], number
                )
                result.calibration.append(pair)
        for cell in result.cells:
            logs = [pair.log_ratio for pair in result.calibration if pair.cell == cell.name]
            if not logs:
                continue
            result.noise[cell.name] = decide.pair_noise(logs)
            if result.noise[cell.name] > policy.noise_pct / 100 and not cell.is_control:
                result.advisory.setdefault(
                    cell.name, f"its noise is {result.noise[cell.name]:.0%} a pair"
                )
        if not result.judged:
            raise CommandError(
                "every cell is too noisy to be judged: is the machine busy?", GateStatus.INVALID
            )

    def _measure(self) -> None:
        result, policy = self._result, self._result.policy
        verdicts = decide.Verdicts(policy.rule, [cell.name for cell in result.judged])
        self._pairs(0, result.cells)  # discarded
        done, at_hand = 0, list(result.cells)
        for look in policy.looks:
            while done < look and self._clock.has(self._pair_s):
                done += 1
                self._pairs(done, at_hand)
            if done:
                self._check_control()
                verdicts.look({cell.name: result.ratios(cell.name) for cell in result.judged})
            result.states = {
                cell.name: verdicts.of.get(cell.name, decide.OPEN) for cell in result.judged
            }
            result.looks_made = verdicts.looks_made
            if not verdicts.open or verdicts.regressions:
                return
            if done < look:
                result.remarks.append(f"the budget was spent after {done} pairs")
                return
            at_hand = [
                cell for cell in result.cells if cell.is_control or cell.name in verdicts.open
            ]

    def _pairs(self, number: int, cells: Sequence[Cell]) -> None:
        """One pair of each cell."""
        result = self._result
        before = self._clock.spent_s
        for cell in self._bench.shuffled(cells):
            self._progress.update("pairs", number, result.policy.looks[-1], cell.name)
            pair = self._bench.pair(
                result.base, result.head, cell, result.plans[cell.name], number, self._layouts
            )
            if number > 0:
                result.pairs.setdefault(cell.name, []).append(pair)
        self._pair_s = max(self._clock.spent_s - before, 0.7 * self._pair_s)

    def _check_control(self) -> None:
        for cell, median in self._result.control.items():
            low, high = median_interval(self._result.ratios(cell), CONTROL_CONFIDENCE)
            # Beyond the threshold, and not for want of pairs.
            if abs(median) > self._tau and not low <= 0 <= high:
                raise CommandError(
                    f"the control, the same in both arms, differs by {change(median)} at {cell}: "
                    "something else than the queues moved",
                    GateStatus.INVALID,
                )
