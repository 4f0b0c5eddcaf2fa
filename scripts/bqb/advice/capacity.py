"""The capacity of a pipeline's queue: enough by the replay of the ideal queue, and between the
bounds that the wishes set.

    advice = capacity_of(pipeline, ideal)
    advice.capacity, advice.tight, advice.rows
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bqb import CommandError, exit_status
from bqb.advice.knee import SEARCHED, Measure, Replayed, first, knee, loss
from bqb.advice.pipeline import Pipeline
from bqb.advice.replay import TABLE, Outcome
from bqb.report.units import format_binary_bytes, format_ns, format_rate
from bqb.schema import MOST_CAPACITY

TIGHT, LOOSE = 0.01, 0.05  # loss that is allowed
SLOT_BYTES = 8  # that a slot takes beside its message: the sequence number of a ring
FULL_LOAD = 0.995  # from here on an unbounded queue would never be empty again


@dataclass(frozen=True)
class Bound:
    """A capacity that a wish asks for, at least or at most."""

    capacity: int
    why: str
    wish: str  # as a message names it


@dataclass(frozen=True)
class Row:
    """What a capacity means. `loss`: by the measure."""

    capacity: int
    loss: float
    outcome: Outcome
    bytes: int


@dataclass(frozen=True)
class CapacityAdvice:
    """`tight`, `loose`: the smallest capacities with a loss of 1 % and 5 %; None where no capacity
    is enough. `capacity` lies between the bounds: the tight one, where they allow it."""

    capacity: int
    tight: int | None
    loose: int | None
    measure: Measure
    lower: Bound
    upper: Bound | None
    rows: tuple[Row, ...]  # of the table, the advised capacity among them
    ideal: Replayed

    @property
    def most(self) -> int:
        """The largest capacity that the wishes allow, or else the largest of the table."""
        largest = max(TABLE[-1], self.capacity)
        return min(self.upper.capacity, largest) if self.upper else largest

    def row(self, capacity: int) -> Row:
        return next(row for row in self.rows if row.capacity == capacity)


class Impossible(CommandError):
    """No queue can do what was wished for."""

    def __init__(self, message: str):
        super().__init__(f"impossible: {message}", exit_status.IMPOSSIBLE)


def measure_of(pipeline: Pipeline) -> Measure:
    if pipeline.drops:
        return Measure.DROPPED
    return Measure.BLOCKED if pipeline.open_loop else Measure.TIME


def slot_bytes(pipeline: Pipeline) -> int:
    return 8 * math.ceil(pipeline.message_bytes / 8) + SLOT_BYTES


def capacity_of(pipeline: Pipeline, ideal: Replayed) -> CapacityAdvice:
    """Raises Impossible, which names the wish."""
    check_load(pipeline)
    lower, upper = lower_bound(pipeline), upper_bound(pipeline, ideal)
    if upper and lower.capacity > upper.capacity:
        raise Impossible(
            f"{lower.wish} asks for a capacity of {lower.capacity:,} at least ({lower.why}), and "
            f"{upper.wish} allows {upper.capacity:,} at most ({upper.why}): change one of the two"
        )
    if lower.capacity > MOST_CAPACITY:
        raise Impossible(
            f"{lower.wish} asks for a capacity of {lower.capacity:,} at least ({lower.why}); "
            f"{MOST_CAPACITY:,} is the largest"
        )
    measure = measure_of(pipeline)
    tight, loose = (knee(ideal, measure, most_loss) for most_loss in (TIGHT, LOOSE))
    capacity = max(tight or SEARCHED, lower.capacity)
    capacity = min(capacity, upper.capacity) if upper else capacity
    wanted = sorted({*TABLE, capacity})
    rows = tuple(
        Row(k, loss(ideal, measure, outcome), outcome, k * slot_bytes(pipeline))
        for k, outcome in zip(wanted, ideal.at(wanted))
    )
    advice = CapacityAdvice(capacity, tight, loose, measure, lower, upper, rows, ideal)
    _check_wait(pipeline, advice)
    return advice


def check_load(pipeline: Pipeline) -> None:
    """Messages that come faster than they are taken fill every queue."""
    if pipeline.open_loop and not pipeline.drops and pipeline.load >= FULL_LOAD:
        raise Impossible(
            f"{format_rate(pipeline.rate_per_s)} arrive and the consumers take "
            f"{format_rate(pipeline.service_per_s)}, a load of {pipeline.load:.1%}: any queue "
            "fills up; add consumers, or drop messages (--when-full drop)"
        )
    share = min(1.0, pipeline.service_per_s / pipeline.rate_per_s)
    needed = share * pipeline.rate_per_s * pipeline.work_ns / 1e9
    if pipeline.open_loop and pipeline.wishes.cores and needed > pipeline.cores:
        raise Impossible(
            f"{pipeline.wishes.names['cores']}: the work alone needs {needed:.2g} cores, "
            f"and {pipeline.cores:g} are allowed: fewer messages, or more cores"
        )


def lower_bound(pipeline: Pipeline) -> Bound:
    wishes = pipeline.wishes
    bounds = [Bound(pipeline.consumers, "one for each consumer", "the number of consumers")]
    if pipeline.producer.burst:
        burst = pipeline.producer.burst
        bounds.append(Bound(burst, "a burst fits", wishes.names.get("burst", "--burst")))
    if wishes.longest_stall:
        messages = math.ceil(pipeline.rate_per_s * wishes.longest_stall / 1e9)
        what = (
            f"{format_rate(pipeline.rate_per_s)} for {format_ns(wishes.longest_stall)} "
            f"are {messages:,} messages"
        )
        bounds.append(Bound(messages, what, wishes.names["longest_stall"]))
    return max(bounds, key=lambda bound: bound.capacity)


def upper_bound(pipeline: Pipeline, ideal: Replayed) -> Bound | None:
    wishes = pipeline.wishes
    bounds: list[Bound] = []
    if wishes.memory:
        slot = slot_bytes(pipeline)
        what = f"{format_binary_bytes(slot)} a slot"
        bounds.append(Bound(int(wishes.memory // slot), what, wishes.names["memory"]))
    if wishes.max_wait:
        messages = int(wishes.max_wait * pipeline.service_per_s / 1e9)
        what = (
            f"the consumers take {messages:,} messages in {format_ns(wishes.max_wait)}, "
            f"at {format_rate(pipeline.service_per_s)}"
        )
        bounds.append(Bound(messages, what, wishes.names["max_wait"]))
        if pipeline.drops or not pipeline.open_loop:
            bounds.append(_wait_bound(ideal, wishes.max_wait, wishes.names["max_wait"]))
    return min(bounds, key=lambda bound: bound.capacity) if bounds else None


def _wait_bound(ideal: Replayed, most_ns: float, wish: str) -> Bound:
    """Where a full queue keeps messages from waiting: the more it takes, the longer they wait."""
    too_large = first(ideal, lambda outcome: (outcome.wait_p99_ns or 0.0) > most_ns)
    what = f"with more, 1 message in 100 waits longer than {format_ns(most_ns)}"
    return Bound(too_large - 1 if too_large else MOST_CAPACITY, what, wish)


def _check_wait(pipeline: Pipeline, advice: CapacityAdvice) -> None:
    """In an open loop that waits, messages wait before the queue where they cannot wait inside."""
    p99_ns = advice.row(advice.capacity).outcome.wait_p99_ns
    most_ns = pipeline.wishes.max_wait
    if not most_ns or not p99_ns or not pipeline.open_loop or p99_ns <= most_ns:
        return
    raise Impossible(
        f"{pipeline.wishes.names['max_wait']}: even with a queue that costs nothing 1 message in "
        f"100 waits {format_ns(p99_ns)}: add consumers, or drop messages (--when-full drop)"
    )
