"""What a queue that costs nothing makes of a scenario's drawn work: `queue_bench --ideal`, which
measures nothing.

    ideal = Ideal(queue_bench, scenario_file)
    ideal.at([1, 16, 4096])[0].blocked_share
    ideal.unbounded.ns_per_msg
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bqb import CommandError, exit_status
from bqb.running.process import cause_of_death


TABLE = tuple(1 << power for power in range(13))  # 1 ... 4096: what is replayed first, and shown


@dataclass(frozen=True)
class Outcome:
    """At one capacity; None: no bound. The quantiles are None where fewer than 100 messages lie
    beyond them."""

    capacity: int | None
    ns_per_msg: float
    blocked_share: float  # of the producers' time
    dropped_share: float  # of the messages
    wait_mean_ns: float  # from ready (open loop: arrived) to the start of the work on it
    wait_p99_ns: float | None


@dataclass(frozen=True)
class PointOutcomes:
    """Of one point of a scenario: its outcomes in the order in which they were asked for, the one
    without a bound last. `rho`: offered load over service capacity; None where a side does
    nothing."""

    point: str
    rho: float | None
    outcomes: tuple[Outcome, ...]

    @property
    def unbounded(self) -> Outcome:
        return self.outcomes[-1]


def replay(
    program: Path, scenario: Path, capacities: Sequence[int], seed: int | None = None
) -> list[PointOutcomes]:
    """One for each point. Raises CommandError with the status and the message of queue_bench."""
    words = ["--scenario", str(scenario), "--ideal", ",".join(map(str, capacities))]
    words += ["--seed", str(seed)] if seed is not None else []
    result = subprocess.run([program, *words], capture_output=True, check=False)
    if result.returncode:
        lines = result.stderr.decode(errors="replace").strip().splitlines()
        if result.returncode < 0:
            message = f"queue_bench --ideal {cause_of_death(result.returncode, '')}"
            raise CommandError(f"{message}; please report it", exit_status.INTERNAL_ERROR)
        raise CommandError(lines[-1] if lines else "queue_bench --ideal failed", result.returncode)
    return [_point(json.loads(line)) for line in result.stdout.splitlines()]


def _point(row: dict[str, Any]) -> PointOutcomes:
    return PointOutcomes(row["point"], row["rho"], tuple(map(_outcome, row["ideal"])))


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(
        row["capacity"],
        row["ns_per_msg"],
        row["push_blocked_share"],
        row["dropped_share"],
        row["sojourn_mean_ns"],
        row.get("sojourn_p99_ns"),
    )


class Ideal:
    """Of a scenario with a single point. Each capacity is replayed once."""

    def __init__(self, program: Path, scenario: Path, seed: int | None = None):
        self._program = program
        self._seed = seed
        self._scenario = scenario
        self._known: dict[int, Outcome] = {}
        self._point = self._replay([*TABLE])

    def _replay(self, capacities: Iterable[int]) -> PointOutcomes:
        (point,) = replay(self._program, self._scenario, list(capacities), self._seed)
        self._known |= {each.capacity: each for each in point.outcomes if each.capacity}
        return point

    @property
    def rho(self) -> float | None:
        return self._point.rho

    @property
    def unbounded(self) -> Outcome:
        return self._point.unbounded

    def at(self, capacities: Sequence[int]) -> list[Outcome]:
        """At each of these capacities."""
        if missing := dict.fromkeys(each for each in capacities if each not in self._known):
            self._replay(missing)
        return [self._known[each] for each in capacities]
