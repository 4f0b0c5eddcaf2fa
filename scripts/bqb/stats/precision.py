"""When a run with a budget of time looks at its verdicts, and what it measures again.

Looks are planned before the first verdict is drawn: each look spends its part of the share of false
verdicts (stats/verdicts.py), whatever the numbers say.
"""

from __future__ import annotations

import math
from pathlib import Path

from bqb.data.load import load_run
from bqb.data.model import Point, Run
from bqb.schema import DEFAULT_ROUNDS, MOST_ROUNDS
from bqb.stats import verdicts
from bqb.stats.judging import headline, rankable
from bqb.stats.verdicts import UNDECIDED, Key

GROWTH = 2  # from look to look
# Points drop out as they are decided, and the others get the time: that much more rounds.
ROOM_TO_GROW = 4


def plan_looks(affordable_rounds: float, done: int) -> list[int]:
    """After how many rounds of a point to look, where the budget pays so many of the whole run and
    `done` of them are made: at the default number of rounds, at twice as many, and so on. One look
    only where the budget ends before."""
    last = min(ROOM_TO_GROW * affordable_rounds, MOST_ROUNDS)
    looks, look = [], DEFAULT_ROUNDS
    while look <= last and affordable_rounds >= DEFAULT_ROUNDS:
        looks.append(look)
        look *= GROWTH
    return looks or [max(done, math.floor(affordable_rounds))]


def undecided_points(folder: Path) -> list[str]:
    """Names of the ranked points of the run in `folder` at which some queue is neither shown to be
    worse than the best nor equivalent to it by what judges the point, the least precise first."""
    verdicts.forget_runs()
    run = load_run(folder)
    found = verdicts.verdicts_of(run)
    blurred = {}
    for name, point in run.points.items():
        counter = headline(run, point)
        each = found.get(Key(name, counter))
        if each is None:
            if run.scenarios[point.scenario].rank and _is_all_disturbed(run, point, counter):
                blurred[name] = math.inf
        elif not each.no_verdict and UNDECIDED in each.states.values():
            share = each.resolution_share
            blurred[name] = math.inf if share is None else share
    return sorted(blurred, key=lambda name: -blurred[name])


def _is_all_disturbed(run: Run, point: Point, counter: str) -> bool:
    """Whether there are values of a counter, all of disturbed blocks."""
    trials = [trial for queue in rankable(run, point) for trial in run.trials_of(point, queue)]
    values = [trial for trial in trials if trial.get(counter) is not None]
    return bool(values) and all(trial.disturbed for trial in values)
