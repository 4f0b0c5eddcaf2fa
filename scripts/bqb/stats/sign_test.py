"""The sign test: what can be said of a median if nothing is known of the distribution."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb


@lru_cache(maxsize=None)
def tail(n: int, k: int) -> float:
    """Chance of at least k heads in n throws; 1 without a throw."""
    ways: int = sum(comb(n, hits) for hits in range(max(k, 0), n + 1))
    return ways / float(2**n) if n else 1.0


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """An interval that holds the median with at least this confidence: two order statistics. With
    fewer than six values none does at 95 %, and it is their range."""
    ordered, rank = sorted(values), 1
    while 2 * tail(len(ordered), len(ordered) - rank) <= 1 - confidence:
        rank += 1
    return ordered[rank - 1], ordered[len(ordered) - rank]


def least_values(confidence: float = 0.95) -> int:
    """How many values it takes for an interval with this confidence: 6 at 95 %."""
    count = 1
    while 2 * tail(count, count) > 1 - confidence:
        count += 1
    return count
