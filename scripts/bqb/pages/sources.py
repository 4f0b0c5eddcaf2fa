"""The published data that the pages rest on, each read once a process.

Data of a new kind get a function here, which reads them from below results/published and checks
their types (data/fields.py), and a module beside this one with a function for each part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bqb.data import published
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.data.rows import Row
from bqb.gate.campaign import Kind, Rate, live_rates, resampled
from bqb.gate.decide import Rule
from bqb.gate.documents import read_recorded, read_settings
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
    newest = default_run()
    runs = [run_in(folder) for folder in published.default_runs()]
    same = [run for run in runs if run.machine == newest.machine]
    return tuple(sorted(same, key=lambda run: str(run.context["date"])))


@cache
def comparisons() -> tuple[Comparison, ...]:
    """Of the newest ./scripts/validate."""
    return tuple(result.from_json(result.read(published.latest(published.VALIDATE))))


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
