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
    """Score of each queue of the common line-up by what judges each point; empty without a verdict.
    A point that a queue cannot enter, or that has no verdict, does not count for it."""
    queues = common_line_up(run)
    states: dict[str, list[str]] = defaultdict(list)
    for name, point in run.points.items():
        verdict = verdicts_of(run).get(Key(name, headline(run, point)))
        if verdict and not verdict.no_verdict:
            for queue in queues & verdict.states.keys():
                states[queue].append(verdict.states[queue])
    return {
        queue: Score(*(each.count(state) for state in (EQUIVALENT, UNDECIDED, WORSE)))
        for queue, each in states.items()
    }


def common_line_up(run: Run) -> set[str]:
    """The queues that every ranked scenario has in its line-up, whether they can run there or not;
    where there are none, all."""
    of_each = [
        set(run.queue_names(scenario.name)) for scenario in run.scenarios.values() if scenario.rank
    ]
    return set.intersection(*of_each) or set.union(*of_each) if of_each else set()
