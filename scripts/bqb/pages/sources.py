"""The published data that the pages rest on, each read once a process.

Data of a new kind get a function here, which reads them from below results/published and checks
their types (data/fields.py), and a module beside this one with a function for each part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bqb.advice.held_out import Scored
from bqb.data import published
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.data.fields import OTHERS
from bqb.data.rows import Row, read_document
from bqb.gate.campaign import Kind, Rate, live_rates, resampled
from bqb.gate.decide import Rule
from bqb.gate.documents import read_recorded, read_settings
from bqb.schema import Fields
from bqb.validation import result
from bqb.validation.result import Comparison

GATE = published.PUBLISHED / "gate"


@cache
def run_in(folder: Path) -> Run:
    return load_run(folder)


def default_run() -> Run:
    """The newest default run."""
    return run_in(published.latest())


@cache
def default_runs() -> tuple[Run, ...]:
    """All default runs of the machine of the newest one, in the order in which they began."""
    machine = default_run().machine
    return tuple(run for run in all_default_runs() if run.machine == machine)


@cache
def all_default_runs() -> tuple[Run, ...]:
    """Of every machine, in the order in which they began."""
    runs = [run_in(folder) for folder in published.default_runs()]
    return tuple(sorted(runs, key=lambda run: str(run.context["date"])))


@cache
def comparisons() -> tuple[Comparison, ...]:
    """Of the newest ./scripts/validate."""
    return tuple(result.from_json(result.read(published.latest(published.VALIDATE))))


# ----------------------------------------------------------------------- loops around the libraries

ARM: Fields = {"differs_from": ("text?", True), "ns_per_msg": ("[number]", True)}
LOOPS: dict[str, Fields] = {
    "cell": {
        "peer": ("name", True),
        "work_ns": ("number", True),
        "arms": ("[arm]", True),
        OTHERS: ("any", False),
    },
    "arm": {"arm": ("text", True), **ARM},
    "step": {"step": ("text", True), "library_row": ("text?", True), **ARM},
    "printed": {"row": ("text", True), "msgs_per_giga_tick": ("[number]", True)},
}
REMEDY = "measure it again with the programs of benchmarks/overhead"


@dataclass(frozen=True)
class Arm:
    """A loop around a library, and the time of a message in each round."""

    name: str
    differs_from: str | None  # the arm that has one thing less
    ns_per_msg: NDArray[np.float64]


@dataclass(frozen=True)
class PeerLoops:
    """The loops around one library, all in the same rounds. `work_ns`: on each side."""

    peer: str
    work_ns: float
    arms: dict[str, Arm]


def _arms(rows: list[Row], name: str) -> dict[str, Arm]:
    return {
        row[name]: Arm(row[name], row["differs_from"], np.array(row["ns_per_msg"])) for row in rows
    }


def _loops(file: str, members: Fields) -> Row:
    fields: Fields = {"rounds": ("count", True), **members, OTHERS: ("any", False)}
    return read_document(published.latest(published.PEERS) / file, fields, REMEDY, LOOPS)


@cache
def peer_loops() -> tuple[PeerLoops, ...]:
    """Of benchmarks/overhead/peer_overhead."""
    document = _loops("peer_overhead.json.xz", {"cells": ("[cell]", True)})
    return tuple(
        PeerLoops(cell["peer"], cell["work_ns"], _arms(cell["arms"], "arm"))
        for cell in document["cells"]
    )


@dataclass(frozen=True)
class AuthorsBenchmark:
    """The loops of benchmarks/overhead/atomic_queue_steps, and what the library's own benchmark
    printed: by row, the messages in 1e9 ticks of each of its processes. `ns_per_tick` turns them
    into times."""

    steps: dict[str, Arm]
    library_rows: dict[str, str]  # by step
    ns_per_tick: float
    printed: dict[str, list[float]]


@cache
def atomic_queue_steps() -> AuthorsBenchmark:
    steps = _loops("atomic_queue_steps.json.xz", {"steps": ("[step]", True)})
    own = _loops("atomic_queue_own.json.xz", {"printed": ("[printed]", True)})
    return AuthorsBenchmark(
        _arms(steps["steps"], "step"),
        {row["step"]: row["library_row"] for row in steps["steps"] if row["library_row"]},
        steps["ns_per_tick"],
        {row["row"]: row["msgs_per_giga_tick"] for row in own["printed"]},
    )


# ------------------------------------------------------------------------ the tests of the advice

DRAW: Fields = {
    "commit": ("name", True),
    "measure": ("name", True),
    "pipelines": ("[pipeline]", True),
}
SCORED: dict[str, Fields] = {
    "pipeline": {
        **{name: ("name", True) for name in ("kind", "queue", "best", "machine")},
        **{name: ("count", True) for name in ("number", "fitting", "capacity")},
        **{name: ("name?", True) for name in ("nearest", "cpu_best")},
        **{
            name: ("number?", True)
            for name in (
                *("regret", "overhead_ns", "best_overhead_ns", "nearest_distance"),
                *("nearest_regret", "cpu_regret", "capacity_loss"),
            )
        },
        "words": ("{text}", True),
        "is_decided": ("flag", True),
        "largest_capacity": ("count", True),
        "advice_s": ("number", True),
    }
}


@dataclass(frozen=True)
class AdviceDraw:
    """The pipelines that were drawn from the hash of a commit, and what came of its advice."""

    commit: str
    rows: tuple[Scored, ...]


@cache
def advice_draws() -> tuple[AdviceDraw, ...]:
    """In the order in which they began."""
    documents = [
        read_document(path, DRAW, "copy scored.json of the test again", SCORED)
        for path in sorted((published.PUBLISHED / "advice").glob("*.json"))
    ]
    return tuple(
        AdviceDraw(each["commit"], tuple(Scored(**row) for row in each["pipelines"]))
        for each in documents
    )


# ------------------------------------------------------------------------------------ the gate's


@dataclass(frozen=True, eq=False)
class Recorded:
    """A campaign of gates with all of its pairs."""

    name: str  # of its folder below GATE
    settings: Row
    gates: list[Row]

    @property
    def kind(self) -> Kind:
        return Kind(**self.settings["kind"])

    @property
    def rule(self) -> Rule:
        policy = self.settings["policy"]
        shares = (policy[f"{name}_pct"] / 100 for name in ("threshold", "alpha", "miss"))
        return Rule(*shares, looks=tuple(policy["looks"]))

    @property
    def first_look(self) -> int:
        return self.rule.looks[0]

    @cached_property
    def rates(self) -> dict[str, Rate]:
        """Of the live gates and, "..., resampled", of those made of drawn pairs, by what was
        counted."""
        both = [*live_rates(self.kind, self.gates), *resampled(self.kind, self.rule, self.gates)]
        return {re.sub(r"(, resampled) from .*", r"\1", rate.what): rate for rate in both}


@cache
def campaigns() -> dict[str, Recorded]:
    """By name: those in GATE itself first, identical arms before slower ones."""
    found = []
    for path in GATE.rglob("campaign.json"):
        gates = [read_recorded(each) for each in sorted(path.parent.glob("gate-*.json.xz"))]
        name = path.parent.relative_to(GATE).as_posix()
        found.append(Recorded(name, read_settings(path), gates))
    found.sort(key=lambda each: (each.name.count("/"), each.kind.pct, each.name))
    return {each.name: each for each in found}
