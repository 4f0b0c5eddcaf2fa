"""Which numbers are mostly the time to wake a thread. That time is the machine's, on a virtual
machine its host's: elsewhere such a number is another, and so is a ratio to it."""

from __future__ import annotations

from collections.abc import Iterable

from bqb.data.model import Point, Run
from bqb.stats.counters import unit_of
from bqb.stats.summaries import machine_baselines, summarise

MOST = 0.5  # of the number
# A thread that sleeps gives up its core of itself, and must be woken.
SLEEPS = ("producer_voluntary_switches_per_msg", "consumer_voluntary_switches_per_msg")


def sleeps_per_msg(run: Run, point: Point, queue: str) -> float:
    """How often threads go to sleep per message, both sides together."""
    known = [summarise(run, point, queue, counter) for counter in SLEEPS]
    return sum(summary.median for summary in known if summary)


def is_mostly_wake_ups(run: Run, point: Point, queue: str, counter: str) -> bool:
    """Whether the time to wake the threads that slept is more than half of a cell's number."""
    wake_ns, summary = machine_baselines(run).wake_ns, summarise(run, point, queue, counter)
    if not wake_ns or summary is None or unit_of(counter) != "ns" or summary.median <= 0:
        return False
    return sleeps_per_msg(run, point, queue) * wake_ns > MOST * summary.median


def are_mostly_wake_ups(run: Run, cells: Iterable[tuple[Point, str]], counter: str) -> bool:
    """Whether this holds for one of these cells."""
    return any(is_mostly_wake_ups(run, point, queue, counter) for point, queue in cells)
