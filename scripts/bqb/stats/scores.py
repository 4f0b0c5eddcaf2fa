"""At how many points of a run each queue is worse than the best, equivalent to it, or undecided."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from bqb.data.model import Run
from bqb.stats.judging import headline
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key, verdicts_of


@dataclass(frozen=True)
class Score:
    """Numbers of points, of those of the ranked scenarios that a queue could enter."""

    equivalent: int
    undecided: int
    worse: int

    @property
    def entered(self) -> int:
        return self.equivalent + self.undecided + self.worse


def scores(run: Run) -> dict[str, Score]:
    """Score of each queue by what judges each point; empty without a verdict. A point that a queue
    cannot enter, or that has no verdict, does not count for it."""
    states: dict[str, list[str]] = defaultdict(list)
    for name, point in run.points.items():
        verdict = verdicts_of(run).get(Key(name, headline(run, point)))
        if verdict and not verdict.no_verdict:
            for queue, state in verdict.states.items():
                states[queue].append(state)
    return {
        queue: Score(*(each.count(state) for state in (EQUIVALENT, UNDECIDED, WORSE)))
        for queue, each in states.items()
    }
