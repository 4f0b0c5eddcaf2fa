"""When a cell is a regression, when it passes. Pure functions of log ratios (head / base), one a
pair.

The median ratio is tested against the threshold by an exact one-sided sign test, which asks of the
pairs only that they are independent: no shape, no equal variances. Regressions are found by Holm's
method over all judged cells; alpha is spent on the planned looks in equal parts. So the chance that
any cell is called a regression whose median is not beyond the threshold is at most alpha, whatever
the looks and however many cells. A pass is tested the same way, cell by cell: the chance that a
cell passes whose median is at the threshold or beyond is at most `miss`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import beta

from bqb.stats.sign_test import tail

REGRESSION, PASSED, OPEN = "regression", "pass", "open"


@dataclass(frozen=True)
class Rule:
    threshold: float  # a share: 0.05
    alpha: float  # chance of any false alarm
    miss: float  # chance that a cell at the threshold passes
    looks: tuple[int, ...]  # pairs

    @property
    def tau(self) -> float:
        """The threshold as a log ratio."""
        return math.log1p(self.threshold)

    @property
    def alpha_of_look(self) -> float:
        return self.alpha / len(self.looks)

    @property
    def miss_of_look(self) -> float:
        return self.miss / len(self.looks)


def p_slower(ratios: Sequence[float], tau: float) -> float:
    """p of "the median is at most tau"."""
    return tail(len(ratios), int(np.sum(np.asarray(ratios) > tau)))


def p_fast_enough(ratios: Sequence[float], tau: float) -> float:
    """p of "the median is at least tau"."""
    return tail(len(ratios), int(np.sum(np.asarray(ratios) < tau)))


@dataclass
class Verdicts:
    """What is known of the cells so far; each stays as it was decided."""

    rule: Rule
    cells: Sequence[str]  # those that are judged
    of: dict[str, str] = field(default_factory=dict)
    looks_made: int = 0

    @property
    def open(self) -> list[str]:
        return [cell for cell in self.cells if self.of.get(cell, OPEN) == OPEN]

    @property
    def regressions(self) -> list[str]:
        return [cell for cell in self.cells if self.of.get(cell) == REGRESSION]

    def look(self, ratios: Mapping[str, Sequence[float]]) -> None:
        """The next planned look at all the pairs there are. Raises ValueError beyond the last
        one."""
        if self.looks_made == len(self.rule.looks):
            raise ValueError("every planned look has been made")
        self.looks_made += 1
        alpha, still = self.rule.alpha_of_look, self.open
        # Holm's steps are counted over all cells: those decided before are among those that could
        # have been wrong.
        p = {cell: p_slower(ratios[cell], self.rule.tau) for cell in still}
        for step, cell in enumerate(sorted(still, key=p.__getitem__)):
            if p[cell] > alpha / (len(self.cells) - step):
                break
            self.of[cell] = REGRESSION
        for cell in self.open:
            if p_fast_enough(ratios[cell], self.rule.tau) <= self.rule.miss_of_look:
                self.of[cell] = PASSED


def pair_noise(logs: Sequence[float]) -> float:
    """Standard deviation of a log ratio, robustly, from log ratios of a thing against itself (their
    median is 0)."""
    return 1.4826 * float(np.median(np.abs(np.asarray(logs))))


def proportion_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's exact interval of a proportion."""
    tail_share = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail_share, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(1 - tail_share, hits + 1, n - hits))
    return low, high
