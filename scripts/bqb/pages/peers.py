"""What the wrapped libraries cost by themselves, and what waiting, close, adapter and harness add:
tables of docs/peers.md and METHODOLOGY.md."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from bqb.data.queue_list import listed
from bqb.pages.marks import generated
from bqb.pages.sources import Arm, PeerLoops, atomic_queue_steps, peer_loops
from bqb.pages.words import table
from bqb.stats.sign_test import median_interval

BY_HAND, AGAIN, HOUSE_WAITING, ADAPTER = "by hand", "again", "house waiting", "adapter"
HOUSE_RINGS = ("house mpmc ring", "house spsc ring")
SPSC = ("boost_spsc", "moodycamel_spsc")
STEP_HEADS = ("library and loop", "differs from", "without work", "", "1 us of work", "")


def difference(arm: Arm, other: Arm) -> str:
    """How much more a message takes, ns: the median of the rounds, and its 95 % interval."""
    return _with_interval(arm.ns_per_msg - other.ns_per_msg)


def _with_interval(values: NDArray[np.float64]) -> str:
    low, high = median_interval(list(values))
    return f"{_signed(np.median(values))} [{_signed(low)}, {_signed(high)}]"


def _signed(ns: float) -> str:
    """Whole nanoseconds: +3, 0, -1,200."""
    whole = round(ns)
    return f"{whole:+,}" if whole else "0"


@cache
def loops_of(peer: str) -> dict[float, PeerLoops]:
    """By work."""
    return {each.work_ns: each for each in peer_loops() if each.peer == peer}


def _peers() -> list[str]:
    """The default line-up first."""
    names = list(dict.fromkeys(each.peer for each in peer_loops()))
    return sorted(names, key=lambda name: listed()[name].line_up != "default")


@generated
def peer_costs() -> str:
    """A line a library and an amount of work: ns per message."""
    heads = ("library", "work", "by hand", "storage", "waiting", "contract", "adapter", "A/A")
    return table(heads, [_costs(each) for name in _peers() for each in loops_of(name).values()])


def _costs(loops: PeerLoops) -> list[str]:
    arms = loops.arms
    by_hand, adapter = arms[BY_HAND], arms[ADAPTER]
    below = arms[adapter.differs_from or BY_HAND]
    ring = arms[HOUSE_RINGS[loops.peer in SPSC]]
    return [
        f"`{loops.peer}`",
        f"{loops.work_ns / 1000:g} us" if loops.work_ns else "none",
        f"{np.median(by_hand.ns_per_msg):,.0f}",
        difference(by_hand, ring),
        difference(arms[HOUSE_WAITING], by_hand),
        difference(below, arms[_start(arms, below)]),
        difference(adapter, below),
        difference(arms[AGAIN], by_hand),
    ]


def _start(arms: dict[str, Arm], arm: Arm) -> str:
    """The loop by hand that a chain of loops begins with: the author's, or with our waiting."""
    while arm.name not in (BY_HAND, HOUSE_WAITING) and arm.differs_from:
        arm = arms[arm.differs_from]
    return arm.name


@generated
def peer_loop_steps() -> str:
    """A line a loop: ns per message, and the difference to the loop that has one thing less."""
    rows = []
    for peer in _peers():
        by_work = loops_of(peer)
        for name, arm in by_work[0].arms.items():
            row = [f"`{peer}`: {name}", arm.differs_from or ""]
            for work in (0, 1000):
                here = by_work[work].arms
                row.append(f"{np.median(here[name].ns_per_msg):,.0f}")
                row.append(
                    difference(here[name], here[arm.differs_from]) if arm.differs_from else ""
                )
            rows.append(row)
    return table(STEP_HEADS, rows)


@generated
def atomic_queue_own() -> str:
    """A line a step from its author's setting to ours; beside it, what its own benchmark printed
    for the same."""
    found = atomic_queue_steps()
    rows = []
    for name, step in found.steps.items():
        own = found.printed.get(found.library_rows.get(name, ""), [])
        best = min(step.ns_per_msg)
        rows.append(
            [
                name,
                step.differs_from or "",
                f"{np.median(step.ns_per_msg):.1f}",
                difference(step, found.steps[step.differs_from]) if step.differs_from else "",
                f"{best:.1f}",
                ", ".join(f"{1e9 / each * found.ns_per_tick:.1f}" for each in own),
            ]
        )
    heads = ("step", "differs from", "median", "difference", "best", "its own benchmark")
    return table(heads, rows)
