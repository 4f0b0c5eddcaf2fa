"""What the rows of advice/held_out.py amount to: how much worse the advised queues are than the
best ones, by kind of pipeline.

    of_kind(rows, "closed").median
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bqb.advice.held_out import Scored, is_cpu_limited

ENOUGH = 0.05  # loss of a capacity against the largest one that the wishes allow


@dataclass(frozen=True)
class Regrets:
    """Shares, of `count` pipelines; the overheads in ns. None without any."""

    count: int
    median: float | None
    p90: float | None
    worst: float | None


def regrets(values: Iterable[float | None]) -> Regrets:
    """None does not count."""
    known = [value for value in values if value is not None]
    if not known:
        return Regrets(0, None, None, None)
    median, p90 = np.quantile(known, [0.5, 0.9])
    return Regrets(len(known), float(median), float(p90), max(known))


def of_kind(rows: Sequence[Scored], kind: str) -> Regrets:
    """Of the measured advice."""
    return regrets(row.regret for row in rows if row.kind == kind)


def of_nearest(rows: Sequence[Scored], kind: str) -> Regrets:
    """Of the advice without a measurement."""
    return regrets(row.nearest_regret for row in rows if row.kind == kind)


def of_cpu(rows: Sequence[Scored]) -> Regrets:
    """CPU time per message against the queue that takes least, where CPU was limited."""
    return regrets(row.cpu_regret for row in rows if is_cpu_limited(row.words))


def extra_overhead_ns(rows: Sequence[Scored], kind: str) -> Regrets:
    """By what judges the queues: the advised queue's less the best one's."""
    return regrets(
        row.overhead_ns - row.best_overhead_ns
        for row in rows
        if row.kind == kind
        and row.words.get("when_full") != "drop"
        and row.overhead_ns is not None
        and row.best_overhead_ns is not None
    )


def enough_capacity(rows: Sequence[Scored]) -> int:
    """Pipelines whose advised queue is within `ENOUGH` of itself at the largest capacity."""
    return sum(row.capacity_loss is not None and row.capacity_loss <= ENOUGH for row in rows)
