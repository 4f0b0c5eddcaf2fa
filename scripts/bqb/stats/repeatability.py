"""Whether whole runs agree: on verdicts, and on the order of queues that one sees far apart.

    agreements = agreement_of(runs)
    agreements["lost_ns_per_msg"].reversed  # of .apart

Runs share no block, so no number of one is divided by a number of another. Each run is compared
with every other of the same machine, in both directions: another machine may well have another
answer, and need not repeat this one's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np

from bqb.data.model import Run
from bqb.stats import judging
from bqb.stats.judging import Sample
from bqb.stats.margin import is_far_apart
from bqb.stats.verdicts import EQUIVALENT, WORSE, Key, verdicts_of

FEWEST_BLOCKS = 5  # of a queue in either run, for its median to count

# Where runs disagree more than this, a counter must not be judged.
MOST_REVERSED = 0.01
MOST_CONTRADICTED = 0.02
LEAST_FOUND = 0.9


@dataclass
class Agreement:
    """Of one counter, pooled over all ordered pairs of runs.

    `apart`: pairs of queues that one run sees far apart; `reversed`: the other orders them the
    opposite way. `decided`: verdicts (worse, equivalent) of one run on queues that the other
    measured, too; `contradicted`: by the other's verdict. `far`: queues that both see far off the
    best; `found`: that both declare worse. `where`: points of what disagrees, with counts."""

    counter: str
    is_judged: bool = False  # at some point, in both runs
    apart: int = 0
    reversed: int = 0
    decided: int = 0
    contradicted: int = 0
    far: int = 0
    found: int = 0
    where: Counter[str] = field(default_factory=Counter)

    @property
    def is_within_limits(self) -> bool:
        return (
            self.reversed <= MOST_REVERSED * self.apart
            and self.contradicted <= MOST_CONTRADICTED * self.decided
        )


def finds_enough(agreements: Iterable[Agreement]) -> bool:
    """Whether enough of the queues that are far off the best are declared worse, over all judged
    counters."""
    judged = [each for each in agreements if each.is_judged]
    return sum(each.found for each in judged) >= LEAST_FOUND * sum(each.far for each in judged)


def agreement_of(runs: Sequence[Run], others: Iterable[str] = ()) -> dict[str, Agreement]:
    """Of each judged counter, and of `others`, which have no verdicts to agree on."""
    agreements: dict[str, Agreement] = {}
    for run, other in pairs_of_a_machine(runs):
        for name in common_points(run, other):
            judged = judging.judged_counters(run, run.points[name])
            for counter in dict.fromkeys([*judged, *others]):
                here, there = (
                    judging.sample(each, each.points[name], counter) for each in (run, other)
                )
                if here and there:
                    agreement = agreements.setdefault(counter, Agreement(counter))
                    _count_reversed(agreement, name, here, there)
                    _count_verdicts(agreement, Key(name, counter), run, other)
    return agreements


def pairs_of_a_machine(runs: Iterable[Run]) -> list[tuple[Run, Run]]:
    """Each run with every other of its machine, in both directions."""
    return [(run, other) for run, other in permutations(runs, 2) if run.machine == other.machine]


def count_machines(runs: Iterable[Run]) -> int:
    return len({run.machine for run in runs})


def common_points(run: Run, other: Run) -> list[str]:
    """Points of ranked scenarios that both runs asked in the same way."""
    return [
        name
        for name, point in run.points.items()
        if name in other.points
        and run.scenarios[point.scenario].rank
        and _asked(run, name) == _asked(other, name)
    ]


def asked_alike(runs: Sequence[Run]) -> dict[str, tuple[int, ...]]:
    """By point, the indices of the runs that asked it in one way: as most of them did, or of ways
    that are as frequent as the first one did."""
    alike: dict[str, tuple[int, ...]] = {}
    for name in dict.fromkeys(name for run in runs for name in run.points):
        ways: list[tuple[object, list[int]]] = []
        for index, run in enumerate(runs):
            if name in run.points:
                asked = _asked(run, name)
                for way, indices in ways:
                    if way == asked:
                        indices.append(index)
                        break
                else:
                    ways.append((asked, [index]))
        alike[name] = tuple(max(ways, key=lambda way: len(way[1]))[1])
    return alike


def _asked(run: Run, name: str) -> object:
    """A point as it was resolved, and the counter that judges it."""
    point = run.points[name]
    points = run.resolved[point.scenario]["points"]
    resolved = next(each for each in points if each["name"] == name)
    return resolved, judging.headline(run, point)


def _medians(sample: Sample) -> dict[str, float]:
    blocks = (~np.isnan(sample.values)).sum(axis=1)
    return {
        queue: float(median)
        for queue, median, count in zip(sample.queues, sample.medians, blocks)
        if count >= FEWEST_BLOCKS
    }


def _count_reversed(agreement: Agreement, point: str, here: Sample, there: Sample) -> None:
    mine, theirs = _medians(here), _medians(there)
    for some, another in combinations([queue for queue in mine if queue in theirs], 2):
        less, more = sorted((some, another), key=mine.__getitem__)
        if is_far_apart(mine[less], mine[more], here.margin):
            agreement.apart += 1
            if theirs[less] > theirs[more]:
                agreement.reversed += 1
                agreement.where[point] += 1


def _count_verdicts(agreement: Agreement, key: Key, run: Run, other: Run) -> None:
    mine, theirs = (verdicts_of(each).get(key) for each in (run, other))
    if mine is None or theirs is None or mine.no_verdict or theirs.no_verdict:
        return
    agreement.is_judged = True
    for queue in [queue for queue in mine.order if queue in theirs.states]:
        states = {mine.states[queue], theirs.states[queue]}
        if mine.states[queue] in (WORSE, EQUIVALENT):
            agreement.decided += 1
            if states == {WORSE, EQUIVALENT}:
                agreement.contradicted += 1
                agreement.where[key.point] += 1
        if mine.is_far_off(queue) and theirs.is_far_off(queue):
            agreement.far += 1
            agreement.found += states == {WORSE}
