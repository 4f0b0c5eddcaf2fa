"""Which queue to take for what: the verdicts of the one point that decides each need.

    for decision in decisions_of(run, needs):
        decision.take, decision.equivalent, decision.undecided, decision.avoid

No verdict is drawn here: those of stats/verdicts.py are read. Of equivalent queues one is named by
what does not change from run to run: one that is not shown to burn more CPU than another before one
that is, then the order of queues/queues.list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bqb import ROOT, CommandError, exit_status, shown
from bqb.data.files import read_regular
from bqb.data.model import Point, Run
from bqb.data.queue_list import listed
from bqb.stats import judging
from bqb.stats.counters import CPU_BEYOND_WORK
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key, PointVerdicts, verdicts_of

NEEDS = ROOT / "scripts" / "needs.toml"
MOST_BYTES = 100_000
MOST_CHARACTERS = 300
KEYS = ("id", "name", "says", "point")
ID = re.compile(r"[a-z][a-z0-9_]{0,59}")

# What a run says of taking a queue: that it is right, that it is wrong, or neither.
HOLDS, CONTRADICTED = "holds", "contradicted"


@dataclass(frozen=True)
class Need:
    """What a queue is wanted for. `point` is the name of the one that decides."""

    id: str
    name: str
    says: str
    point: str

    @property
    def is_only_a_point(self) -> bool:
        """Of a run that measured no point of `NEEDS`."""
        return self.name == self.point


@dataclass(frozen=True)
class Decision:
    """What a run says about a need. `order`: the queues of all states, lowest median first; of
    those in `avoid`, `equivalent` and `undecided` likewise. `take` is one of `equivalent`, or the
    one queue that is not worse; None where nothing is decided. `no_verdict` says why there are no
    states at all."""

    need: Need
    point: Point
    counter: str
    verdict: PointVerdicts | None
    take: str | None
    no_verdict: str

    def having(self, state: str) -> tuple[str, ...]:
        return () if self.no_verdict or not self.verdict else self.verdict.having(state)

    @property
    def equivalent(self) -> tuple[str, ...]:
        return self.having(EQUIVALENT)

    @property
    def undecided(self) -> tuple[str, ...]:
        return self.having(UNDECIDED)

    @property
    def avoid(self) -> tuple[str, ...]:
        return self.having(WORSE)

    def on(self, queue: str) -> str:
        """Whether taking `queue` is right here: HOLDS, CONTRADICTED or UNDECIDED; empty where it
        has no verdict."""
        if self.no_verdict or not self.verdict or queue not in self.verdict.states:
            return ""
        state = self.verdict.states[queue]
        if state == EQUIVALENT or queue == self.take:
            return HOLDS
        return CONTRADICTED if state == WORSE else UNDECIDED


def read_needs(path: Path = NEEDS) -> tuple[Need, ...]:
    """Raises CommandError (USAGE) that names file, key and remedy."""

    def wrong(what: str) -> CommandError:
        return CommandError(f"{path}: {what}", exit_status.USAGE)

    try:
        table = tomllib.loads(read_regular(path, MOST_BYTES).decode())
    except OSError as error:
        raise wrong(f"{error.strerror}; restore it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong(f"not TOML: {shown(str(error))}") from None
    rows = table.pop("need", [])
    if table or not isinstance(rows, list):
        raise wrong("write nothing but [[need]] tables")
    needs: list[Need] = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or set(row) != set(KEYS):
            raise wrong(f"need {number}: give it {', '.join(KEYS)}, and nothing else")
        for key, value in row.items():
            if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS:
                raise wrong(f"need {number}: key '{key}': a text of 1 to {MOST_CHARACTERS} letters")
        if not ID.fullmatch(row["id"]) or row["id"] in {need.id for need in needs}:
            raise wrong(f"need {number}: key 'id': a-z, 0-9 and _, each name once")
        needs.append(Need(**row))
    return tuple(needs)


def decisions_of(run: Run, needs: Iterable[Need]) -> list[Decision]:
    """A decision for each need whose point is in the run. A run that has none of them has one for
    each of its ranked points, and where nothing is ranked none."""
    wanted = [need for need in needs if need.point in run.points]
    if not wanted:
        wanted = [
            Need(name, name, run.scenarios[point.scenario].question, name)
            for name, point in run.points.items()
            if run.scenarios[point.scenario].rank
        ]
    return [_decision(run, need) for need in wanted]


def _decision(run: Run, need: Need) -> Decision:
    point = run.points[need.point]
    counter = judging.headline(run, point)
    verdict = verdicts_of(run).get(Key(point.name, counter))
    reason = verdict.no_verdict if verdict else judging.why_no_values(run, [point])
    take = None if reason or not verdict else best_of(run, point, verdict)
    return Decision(need, point, counter, verdict, take, reason)


def best_of(run: Run, point: Point, verdict: PointVerdicts) -> str | None:
    """The queue to take, if one is decided. Where all others are worse than some queue, the one
    that is left is the best."""
    candidates = verdict.having(EQUIVALENT)
    left = candidates + verdict.having(UNDECIDED)
    if not candidates and len(left) == 1 and len(verdict.order) > 1:
        return left[0]
    if not candidates:
        return None
    return min(without_burners(run, point, candidates) or candidates, key=preference)


def without_burners(run: Run, point: Point, queues: Sequence[str]) -> tuple[str, ...]:
    """Those of the queues that are not shown to burn more CPU than the one that burns least."""
    cpu = verdicts_of(run).get(Key(point.name, CPU_BEYOND_WORK))
    burns_more = {} if cpu is None or cpu.no_verdict else cpu.states
    return tuple(queue for queue in queues if burns_more.get(queue) != WORSE)


def preference(queue: str) -> tuple[int, str]:
    """A place in the order of queues/queues.list, queues from elsewhere last."""
    names = list(listed())
    return (names.index(queue) if queue in names else len(names), queue)


# -------------------------------------------------------------------------------------- whole runs


@dataclass(frozen=True)
class Agreement:
    """How many runs say what of taking `queue` for a need: their indices."""

    queue: str
    holds: tuple[int, ...]
    contradicted: tuple[int, ...]
    undecided: tuple[int, ...]


@dataclass(frozen=True)
class JointDecision:
    """What several runs say about a need. `decisions` by the index of the run; a run that did not
    ask it has none. `otherwise`: the runs that asked it in another way than the first one did, and
    so do not count. `queues`: the one that fewest runs contradict and most confirm first."""

    need: Need
    decisions: Mapping[int, Decision]
    otherwise: tuple[int, ...]
    queues: tuple[Agreement, ...]

    @property
    def take(self) -> Agreement | None:
        """The queue that some run says to be right, and none to be wrong."""
        best = self.queues[0] if self.queues else None
        return best if best and best.holds and not best.contradicted else None

    @property
    def is_contradicted(self) -> bool:
        """Whether each queue that some run says to be right is wrong by another."""
        return self.take is None and any(each.holds for each in self.queues)


def joint_decisions(
    runs: Sequence[Run], needs: Iterable[Need], asked_alike: Mapping[str, Sequence[int]]
) -> list[JointDecision]:
    """One for each need that any of the runs decides on. `asked_alike`: by point, the indices of
    the runs that asked it in the same way. Runs share no block: each has its own verdicts, and
    they are counted."""
    needs = tuple(needs)
    by_point: dict[str, dict[int, Decision]] = {}
    for index, run in enumerate(runs):
        for decision in decisions_of(run, needs):
            by_point.setdefault(decision.need.point, {})[index] = decision
    order = {need.point: place for place, need in enumerate(needs)}
    found = []
    for point in sorted(by_point, key=lambda name: order.get(name, len(order))):
        alike = {i: each for i, each in by_point[point].items() if i in asked_alike[point]}
        otherwise = tuple(index for index in by_point[point] if index not in alike)
        need = next(iter(alike.values())).need
        found.append(JointDecision(need, alike, otherwise, _agreements(alike)))
    return found


def _agreements(decisions: Mapping[int, Decision]) -> tuple[Agreement, ...]:
    queues = dict.fromkeys(
        queue
        for each in decisions.values()
        if each.verdict
        for queue in each.verdict.order
        if each.on(queue)
    )
    found = [
        Agreement(
            queue,
            *(
                tuple(index for index, each in decisions.items() if each.on(queue) == said)
                for said in (HOLDS, CONTRADICTED, UNDECIDED)
            ),
        )
        for queue in queues
    ]
    found.sort(key=lambda each: (len(each.contradicted), -len(each.holds), preference(each.queue)))
    return tuple(found)
