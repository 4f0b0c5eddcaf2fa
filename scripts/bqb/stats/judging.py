"""What queues are judged by at each point, decided before anything is measured, and the values that
verdicts are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bqb.data.model import Point, Run
from bqb.schema import COUNTERS
from bqb.stats.counters import (
    CPU_BEYOND_WORK,
    EFFICIENCY_OF,
    EXCESS,
    LOST,
    THROUGHPUT,
    is_repeatable,
)
from bqb.stats.margin import Margin, margin_of
from bqb.stats.summaries import disturbed_share, summarise
from bqb.stats.thresholds import MAX_SHARE_GAP

ONE_QUEUE = "one queue only"  # nothing to compare with


def headline(run: Run, point: Point) -> str:
    """The counter that a point is judged by: the one that its scenario names; else of an open loop
    the excess sojourn time, of work the loss, and of no work the throughput."""
    if judge := run.scenarios[point.scenario].judged_by:
        return judge
    return loss_counter(point)


def loss_counter(point: Point) -> str:
    """The counter that tells what is lost, whatever judges: throughput where nobody works."""
    if point.open_loop:
        return EXCESS
    works = any(side.work != "none" for side in point.sides)
    return LOST if works or point.shape == "ping_pong" else THROUGHPUT


def is_bound(run: Run, point: Point, queue: str) -> bool:
    """Whether a headline is a loss against an ideal that is only a bound."""
    bound = summarise(run, point, queue, "efficiency_is_bound")
    return headline(run, point) in EFFICIENCY_OF and bool(bound and bound.median)


def judged_counters(run: Run, point: Point) -> list[str]:
    """The headline, and what the queue burns."""
    return list(dict.fromkeys([headline(run, point), CPU_BEYOND_WORK]))


def rankable(run: Run, point: Point) -> list[str]:
    """Queues that may be the best here: those with a bound and with a number."""
    return [
        queue
        for queue in run.queue_names(point.scenario)
        if run.queues.get(queue, {}).get("bound") != "none" and run.trials_of(point, queue)
    ]


@dataclass(frozen=True)
class Sample:
    """Values of a counter at one point, so that less is better: a row a queue, a column an
    undisturbed block, NaN where a queue has no value there."""

    queues: tuple[str, ...]
    values: NDArray[np.float64]
    margin: Margin

    @property
    def medians(self) -> NDArray[np.float64]:
        """By queue."""
        medians: NDArray[np.float64] = np.nanmedian(self.values, axis=1)
        return medians


def sample(run: Run, point: Point, counter: str, last_round: int | None = None) -> Sample | None:
    """The values of the bounded queues, of rounds up to `last_round` (all). A rate becomes the time
    that a message takes. None without any."""
    by_queue = {
        queue: {
            trial.round: trial.counters[counter]
            for trial in run.trials_of(point, queue)
            if not trial.disturbed
            and trial.get(counter) is not None
            and (last_round is None or trial.round <= last_round)
        }
        for queue in rankable(run, point)
    }
    queues = tuple(queue for queue, values in by_queue.items() if values)
    rounds = sorted({number for values in by_queue.values() for number in values})
    if not queues:
        return None
    values = np.array(
        [[by_queue[queue].get(number, np.nan) for number in rounds] for queue in queues]
    )
    return Sample(
        queues, _less_is_better(run, point, counter, values), margin_of(run, point, counter)
    )


def _less_is_better(
    run: Run, point: Point, counter: str, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    if counter == THROUGHPUT:
        return 1e9 / values
    return -values if more_is_better(run, point, counter) else values


def more_is_better(run: Run, point: Point, counter: str) -> bool:
    """Whether the queue with the highest value of a counter is the best."""
    scenario = run.scenarios[point.scenario]
    if scenario.judged_by == counter:
        return scenario.more_is_better
    return COUNTERS.get(counter, ("lower", ""))[0] == "higher"


def no_verdict(run: Run, point: Point, counter: str) -> str:
    """Why queues are not judged by a counter at a point; empty if they are."""
    if not run.scenarios[point.scenario].rank:
        return "shown, not ranked"
    if not is_repeatable(counter):
        return f"{counter} does not repeat from run to run"
    queues = rankable(run, point)
    if len(queues) < 2:
        return ONE_QUEUE
    shares = [disturbed_share(run, [point], queue) or 0.0 for queue in queues]
    if max(shares) - min(shares) > MAX_SHARE_GAP + 1e-9:
        return "disturbed shares differ by more than 10 points"
    return ""


def why_no_values(run: Run, points: Sequence[Point]) -> str:
    """The reason that these points of one scenario have no verdict."""
    if points and (skipped := run.why_skipped(points[0].scenario)):
        return f"cannot run here: {skipped}"
    blocks = run.blocks_of(points)
    if blocks and all(block.disturbed for block in blocks):
        return "every block was disturbed"
    return "no queue has a number"


@dataclass(frozen=True)
class Looks:
    """The planned looks of a run: how many, and the last round of each that was made (None: all
    rounds)."""

    planned: int
    made: tuple[int | None, ...]


def looks_of(run: Run) -> Looks:
    """A run of a fixed number of rounds has one look. One with a budget has those that it planned;
    where time ran out between two of them, the rounds so far are the last one."""
    if not run.looks:
        return Looks(1, (None,))
    last = max((number for _, number in run.blocks), default=0)
    earlier = [0, *run.looks]
    return Looks(
        len(run.looks), tuple(look for look, before in zip(run.looks, earlier) if last > before)
    )
