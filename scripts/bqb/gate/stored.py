"""A head against what an earlier gate measured and kept with --json.

Nothing is paired then: the machine of this minute is not that of the stored one. So it is refused
wherever anything but the head's queues differs, and each trial is divided by the control's at the
same point and of the same number; what is left is compared by a one-sided rank test. It is weaker
than a gate with both arms, and sees less. Counts of instructions and system calls are as good as
there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from bqb import CommandError
from bqb.data.rows import ResultError, Row
from bqb.exit_status import GateStatus
from bqb.gate import arms as the_arms, decide
from bqb.gate.arms import CONTROL, Arm
from bqb.gate.counts import Stored
from bqb.gate.documents import read_gate
from bqb.gate.pairs import SAME_LAYOUTS, Bench, Cell, Clock, Pair, Plan, QueueFailed, chosen_layouts
from bqb.gate.policy import Policy
from bqb.gate.run import Result, count, select
from bqb.running.progress import Progress
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS

# Of the machine and the build.
SAME = ("cpu_model", "cores", "kernel", "compiler", "build_type", "flags", "host_name")


class Refused(CommandError):
    """The stored file is no baseline here; why."""

    def __init__(self, path: Path, reason: str):
        super().__init__(f"{path}: {reason}", GateStatus.INVALID)


def load(path: Path) -> Row:
    try:
        return read_gate(path)
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror}; name a file that `gate run --json` wrote", GateStatus.USAGE
        ) from None
    except ResultError as error:
        raise CommandError(str(error), GateStatus.INVALID) from None


def check(
    path: Path, document: Row, policy: Policy, head: Arm, cells: Sequence[Cell], context: Row
) -> None:
    """Raises Refused wherever a difference could be anything but the head's queues."""
    for key in SAME:
        then, now = document["context"].get(key), context.get(key)
        if then != now:
            raise Refused(
                path, f"measured with another {key.replace('_', ' ')}: {then}, here {now}"
            )
    if document["harness_id"] != the_arms.identity_of_harness():
        raise Refused(path, "measured with another harness; make a new one")
    if policy.as_row() != document["policy"]:
        raise Refused(path, "measured with another policy; make a new one")
    if document["head"] is None or document["head"]["dirty"]:
        raise Refused(
            path,
            "its head was a dirty tree: nobody can say what it measured; make one from a commit",
        )
    if head.dirty:
        raise Refused(
            path,
            f"the head ({head.source}) has uncommitted changes; commit them, or use `gate run`",
        )
    known = {cell["cell"] for cell in document["cells"] if cell["pairs"]}
    missing = [cell.name for cell in cells if cell.name not in known]
    if missing:
        raise Refused(path, f"missing cell: it has no {missing[0]}")


def compare(path: Path, policy: Policy, head: Arm, queues: Sequence[str], seed: int) -> Result:
    """Judges the head by the head of the stored gate. A Refused where that cannot be."""
    document = load(path)
    result = Result(policy, None, head, {}, seed)
    clock = Clock(policy.budget_s)
    select(result, head, head, queues)
    check(path, document, policy, head, result.cells, result.context)
    then = {
        cell["cell"]: {pair["number"]: fmean(pair["head_ns"]) for pair in cell["pairs"]}
        for cell in document["cells"]
    }
    for cell in document["cells"]:
        if cell.get("advisory"):
            result.advisory[cell["cell"]] = cell["advisory"]
    result.plans = {name: Plan(**plan) for name, plan in document["plans"].items()}
    bench = Bench(policy.scenario, seed)
    taken: dict[str, dict[int, float]] = {cell.name: {} for cell in result.cells}
    last = min(policy.looks[-1], max(number for numbers in then.values() for number in numbers))
    try:
        with Progress("trials") as progress:
            progress.update("counting", 0, 1)
            count(result, Stored(document["counts"]))
            for number in range(last + 1):  # the first is discarded, as it was then
                if number > MIN_VERDICT_BLOCKS and not clock.has(clock.spent_s / number):
                    result.remarks.append(
                        f"the budget was spent after {number - 1} trials of each cell"
                    )
                    break
                for cell in bench.shuffled(result.cells):
                    progress.update("trials", number, last, cell.name)
                    _, layout = chosen_layouts(number, *SAME_LAYOUTS)  # as the stored head had it
                    times, voids = bench.trials(head, layout, cell, result.plans[cell.name], number)
                    if number > 0:
                        taken[cell.name][number] = fmean(times)
                        base = then[cell.name].get(number, math.nan)
                        result.pairs.setdefault(cell.name, []).append(
                            Pair(
                                cell.name,
                                number,
                                (base,) * len(times),
                                times,
                                layout,
                                layout,
                                False,
                                voids,
                            )
                        )
    except QueueFailed as queue_failure:
        result.failure = f"{queue_failure} (in the head)"
        return result
    judge(result, then, taken)
    result.wall_s = clock.spent_s
    return result


def judge(
    result: Result, then: dict[str, dict[int, float]], taken: dict[str, dict[int, float]]
) -> None:
    """One look, Holm over the judged cells, alpha as the policy has it."""
    rule = result.policy.rule
    control = {cell.point: cell.name for cell in result.cells if cell.is_control}

    def relative(times: dict[str, dict[int, float]], cell: Cell) -> NDArray[np.float64]:
        beside = times.get(control.get(cell.point, ""), {})
        return np.array(
            [
                math.log(value / beside[number])
                for number, value in times[cell.name].items()
                if number in beside
            ]
        )

    slower, fast_enough = {}, {}
    for cell in result.judged:
        old, new = relative(then, cell), relative(taken, cell)
        if min(len(old), len(new)) < MIN_VERDICT_BLOCKS:
            raise CommandError(
                f"{cell.name}: too few trials beside the control ({CONTROL}) to compare",
                GateStatus.INVALID,
            )
        slower[cell.name] = mannwhitneyu(new - rule.tau, old, alternative="greater").pvalue
        fast_enough[cell.name] = mannwhitneyu(new - rule.tau, old, alternative="less").pvalue
    for step, name in enumerate(sorted(slower, key=slower.__getitem__)):
        if slower[name] > rule.alpha / (len(slower) - step):
            break
        result.states[name] = decide.REGRESSION
    for name in slower:
        result.states.setdefault(
            name, decide.PASSED if fast_enough[name] <= rule.miss else decide.OPEN
        )
    result.looks_made = 1
    result.remarks.append(
        "compared with stored trials, each divided by the control's beside it: not paired, and "
        "less "
        "sure than `gate run` with both arms"
    )
