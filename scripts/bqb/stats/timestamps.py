"""What the timestamps of a trial cost, and which losses are too small beside them."""

from __future__ import annotations

from functools import lru_cache

from bqb.data.model import Point, Run
from bqb.stats.counters import unit_of
from bqb.stats.margin import TIMESTAMPS, margin_of, timestamps_ns
from bqb.stats.summaries import Estimate, estimate

LEAST_PAIRS = 3  # below, a measured cost says nothing


@lru_cache(maxsize=None)
def measured_cost(run: Run, point: Point, queue: str) -> Estimate | None:
    """What timestamps add to a message, ns: of a cell the time with them less the time without,
    pair by pair of the same undisturbed block. None where the cell was not repeated without."""
    if point.level != "traced":
        return None
    with_them = {trial.round: trial for trial in run.trials_of(point, queue) if not trial.disturbed}
    return estimate(
        [
            with_them[trial.round].counters["ns_per_msg"] - trial.counters["ns_per_msg"]
            for trial in run.trials_of(point, queue, "counted")
            if trial.round in with_them
        ]
    )


def cost_ns(run: Run, point: Point, queue: str) -> float:
    """What counts as the cost of the timestamps of a message in a cell: what they take inside the
    calls, or the measured cost, if that is more and all its pairs agree that there is one."""
    inside = timestamps_ns(run, point)
    measured = measured_cost(run, point, queue)
    if measured is None or measured.n < LEAST_PAIRS or not measured.low or measured.low <= 0:
        return inside
    return max(inside, measured.median)


def smallest_stated(run: Run, point: Point, queue: str, counter: str) -> float:
    """The smallest value of a cell that is stated as a number of its own, in the counter's unit.
    A smaller one is within the margin, or less than twice what the timestamps cost."""
    least = margin_of(run, point, counter).least
    if unit_of(counter) != "ns":
        return least
    return max(least, TIMESTAMPS * cost_ns(run, point, queue))


def is_small(run: Run, point: Point, queue: str, counter: str, value: float) -> bool:
    """Whether a time is less than twice what the timestamps of its cell cost."""
    return unit_of(counter) == "ns" and value < TIMESTAMPS * cost_ns(run, point, queue)
