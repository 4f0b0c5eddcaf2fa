"""What other tools would have said of the very same pairs.

- google/benchmark's compare.py: a two-sided Mann-Whitney test of all base against all head times
  at 5 %, reimplemented here with scipy; called a regression where it rejects and the head's median
  is larger. It never looks at how much.
- a fixed threshold on one pair, as github-action-benchmark has it (200 % by default; 110 % and
  150 % as people set it): a regression where the head took more than so much of the base's last
  time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import mannwhitneyu

THRESHOLDS = (1.10, 1.50, 2.00)
MANN_WHITNEY = "Mann-Whitney at 5 % (compare.py's test, by scipy)"


def names() -> list[str]:
    return [MANN_WHITNEY, *(f"one pair, {threshold:.0%}" for threshold in THRESHOLDS)]


def red_cells(times: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, list[str]]:
    """Which cells each of them calls a regression. `times`: (base, head) ns a message of each
    cell's pairs."""
    called: dict[str, list[str]] = {name: [] for name in names()}
    for cell, pairs in times.items():
        base, head = (np.array(side) for side in zip(*pairs))
        if mannwhitneyu(base, head, alternative="two-sided").pvalue < 0.05 and np.median(
            head
        ) > np.median(base):
            called[MANN_WHITNEY].append(cell)
        for threshold in THRESHOLDS:
            if head[-1] > threshold * base[-1]:
                called[f"one pair, {threshold:.0%}"].append(cell)
    return called
