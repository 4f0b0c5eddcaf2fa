"""What is no difference in practice: the one place that says so.

The margin between two values of a counter is the largest of
  - 10 % of the smaller one: the place of a function in memory alone is worth that much;
  - for times: twice what the timestamps of a message add to its calls, and 1 % of the mean work
    that a message stands for: who works for 50 us does not choose by 0.5 us;
  - for shares: 1 percentage point; for events per message: 0.002, 10 ns at 5 us each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bqb.data.model import Point, Run
from bqb.stats.counters import unit_of
from bqb.stats.summaries import machine_baselines

SHARE = 0.10
TIMESTAMPS = 2  # how often what they cost
WORK_SHARE = 0.01
LEAST_SHARE = 0.01  # of a counter that is a share
LEAST_EVENTS_PER_MSG = 0.002
# Of runs before schema 2, which did not measure it: two of them cost 20 to 40 ns on x86.
USUAL_TIMESTAMP_NS = 20.0
FAR_APART = 1.5  # two values that differ by more than this factor, ...
FAR_APART_MARGINS = 2.0  # ... and by more than this many margins


@dataclass(frozen=True)
class Margin:
    """`share` of the smaller value, and at least `least`, in the counter's unit."""

    share: float
    least: float

    def between(
        self, some: NDArray[np.float64], others: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The margin of each pair of values. Of values on either side of 0 there is no smaller
        one."""
        smaller = np.where(some * others > 0, np.minimum(abs(some), abs(others)), 0.0)
        return np.maximum(self.share * smaller, self.least)


def margin_of(run: Run, point: Point, counter: str) -> Margin:
    """The margin of a counter at a point."""
    time_ns = max(TIMESTAMPS * timestamps_ns(run, point), WORK_SHARE * mean_work_ns(point))
    least = {
        "ns": time_ns,
        "msgs/s": time_ns,  # judged by the time that a message takes
        "share": LEAST_SHARE,
        "events per message": LEAST_EVENTS_PER_MSG,
    }
    return Margin(SHARE, least.get(unit_of(counter), 0.0))


def timestamps_ns(run: Run, point: Point) -> float:
    """What the timestamps of a message add to its calls of the queue. Each call lies between two,
    and contains the time of one."""
    if point.level != "traced":
        return 0.0
    calls = 4 if point.shape == "ping_pong" else 2  # of those that follow each other
    return calls * (machine_baselines(run).timestamp_ns or USUAL_TIMESTAMP_NS)


def mean_work_ns(point: Point) -> float:
    """The mean work between two messages: of the side that has more of it, all its threads
    together."""
    threads = (
        [point.producers, 1, point.consumers]
        if point.stages > 2
        else [point.producers, point.consumers]
    )
    return max(side.mean_ns / count for side, count in zip(point.sides, threads))


def is_far_apart(less: float, more: float, margin: Margin) -> bool:
    """Whether two values differ so much that every run should see it."""
    apart = float(margin.between(np.array(less), np.array(more)))
    return more - less > FAR_APART_MARGINS * apart and (less <= 0 or more > FAR_APART * less)
