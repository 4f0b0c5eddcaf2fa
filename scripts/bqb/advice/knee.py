"""The smallest capacity that is enough: at which the ideal queue loses no more than a share against
one without a bound.

    knee(ideal, Measure.TIME, 0.01)  # 98; None where no capacity is enough
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from bqb.advice.replay import TABLE, Outcome

SEARCHED = 2**20  # the largest capacity that is tried
PROBES = 3  # capacities between two that are replayed at once
RESOLUTION = 32  # a capacity is found to one part in so many: the draws tell no more


class Measure(Enum):
    """What a capacity costs."""

    TIME = "time per message"  # closed loop
    BLOCKED = "share of the producers' time blocked"  # open loop
    DROPPED = "share of messages dropped"  # where producers drop


class Replayed(Protocol):
    """What `Ideal` offers (advice/replay.py)."""

    @property
    def rho(self) -> float | None:
        ...

    @property
    def unbounded(self) -> Outcome:
        ...

    def at(self, capacities: Sequence[int]) -> list[Outcome]:
        ...


def loss(ideal: Replayed, measure: Measure, outcome: Outcome) -> float:
    """What a capacity costs, as a share: time per message beyond the unbounded queue's, share of
    time blocked, share of messages dropped beyond those that no capacity can save."""
    if measure is Measure.TIME:
        return outcome.ns_per_msg / ideal.unbounded.ns_per_msg - 1
    if measure is Measure.BLOCKED:
        return outcome.blocked_share
    return outcome.dropped_share - unavoidable_drops(ideal.rho)


def unavoidable_drops(rho: float | None) -> float:
    """The share of messages for which the consumers have no time, at a load of `rho`."""
    return max(0.0, 1 - 1 / rho) if rho else 0.0


def knee(ideal: Replayed, measure: Measure, most_loss: float) -> int | None:
    """The smallest capacity up to `SEARCHED` with at most this loss, exact below
    `RESOLUTION`. More capacity never loses more, as all capacities get the same draws (but for
    several producers or consumers, where it may by a trifle)."""
    return first(ideal, lambda outcome: loss(ideal, measure, outcome) <= most_loss)


def first(ideal: Replayed, is_enough: Callable[[Outcome], bool]) -> int | None:
    """The smallest capacity up to `SEARCHED` that is enough, if all larger ones are, exact
    below `RESOLUTION`."""
    too_small, enough = 0, 0
    for coarse in (TABLE, [2**power for power in range(13, SEARCHED.bit_length())]):
        for outcome in ideal.at(list(coarse)):
            if is_enough(outcome):
                enough = outcome.capacity or 0
                break
            too_small = outcome.capacity or 0
        if enough:
            break
    if not enough:
        return None
    while enough - too_small > max(1, enough // RESOLUTION):
        step = max(1, (enough - too_small) // (PROBES + 1))
        for outcome in ideal.at(list(range(too_small + step, enough, step))):
            assert outcome.capacity
            if is_enough(outcome):
                enough = outcome.capacity
                break
            too_small = outcome.capacity
    return enough
