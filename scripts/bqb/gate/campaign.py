"""How often the gate errs: many whole gates of arms whose difference is known. A campaign is a
folder; each gate is a file of it with all its raw pairs, written when the gate is done, so that a
campaign that was stopped goes on where it was.

Live gates are few, and their rates come with exact binomial intervals. Finer rates come from
resampling: gates made of pairs that are drawn, number by number and with all cells of a number
together, from all that the campaign recorded. That knows no more of the machine than the pairs do,
and is said to be what it is.
"""

from __future__ import annotations

import json
import lzma
import math
import multiprocessing
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median

import numpy as np

from bqb import CommandError
from bqb.data.files import write_atomically
from bqb.exit_status import GateStatus
from bqb.gate import decide, rivals
from bqb.gate.arms import CONTROL, Arm
from bqb.gate.decide import Rule, Verdicts
from bqb.gate.documents import read_recorded, read_settings
from bqb.gate.pairs import OTHER_LAYOUTS, SAME_LAYOUTS, Bench, Cell, log_ratio, plans
from bqb.gate.policy import Policy
from bqb.gate.run import Result, run
from bqb.stats.sign_test import median_interval

RESAMPLED = 1000
DOSE_PAIRS = 60
FIRST_DOSE_NS = 100.0


@dataclass(frozen=True)
class Kind:
    """What is known of the arms of every gate of a campaign."""

    relinked: bool = False  # the head's code is at other places than the base's, always
    neighbour: bool = False  # a busy process shares one core
    cell: str | None = None  # the head is slower there...
    pct: float = 0.0  # ...by so much

    @property
    def description(self) -> str:
        words = [f"{self.pct:+g}% in {self.cell}" if self.cell else "identical arms"]
        words += ["with their code at other places"] if self.relinked else []
        words += ["beside a busy neighbour"] if self.neighbour else []
        return ", ".join(words)


class Campaign:
    def __init__(self, folder: Path, kind: Kind, policy: Policy):
        self.folder, self.kind, self.policy = folder, kind, policy
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"kind": vars(kind), "policy": policy.as_row()}
        path = folder / "campaign.json"
        if path.exists():
            known = read_settings(path)
            if {key: known.get(key) for key in settings} != settings:
                raise CommandError(
                    f"{folder}: is a campaign of another kind or policy; " "name another folder",
                    GateStatus.USAGE,
                )
            self.settings = known
        else:
            self.settings = settings
            self._keep()

    def _keep(self) -> None:
        write_atomically(
            self.folder / "campaign.json", json.dumps(self.settings, indent=1).encode()
        )

    @property
    def gates(self) -> list[dict]:
        return [read_recorded(path) for path in sorted(self.folder.glob("gate-*.json.xz"))]

    def go_on(
        self, arm: Arm, queues: Sequence[str], wanted: int, tell: Callable[[str], None]
    ) -> None:
        """Runs gates until there are `wanted`."""
        base, head = arm, replace(arm, name="head")
        extra_ns = {}
        if self.kind.cell:
            if "dose_ns" not in self.settings:
                self.settings |= find_dose(self.policy, base, head, self.kind, tell)
                self._keep()
            extra_ns = {("head", self.kind.cell): self.settings["dose_ns"]}
        for number in range(1, wanted + 1):
            path = self.folder / f"gate-{number:04}.json.xz"
            if path.exists():
                continue
            with busy_core() if self.kind.neighbour else nothing():
                result = run(
                    self.policy,
                    base,
                    head,
                    queues,
                    number,
                    extra_ns=extra_ns,
                    counted=False,
                    layouts=OTHER_LAYOUTS if self.kind.relinked else SAME_LAYOUTS,
                )
            keep(path, result)
            tell(
                f"gate {number} of {wanted}: {result.verdict} ({result.wall_s:.0f} s, "
                f"{result.looks_made} looks)"
            )


def keep(path: Path, result: Result) -> None:
    write_atomically(path, lzma.compress(json.dumps(result.as_json()).encode()))


def find_dose(
    policy: Policy, base: Arm, head: Arm, kind: Kind, tell: Callable[[str], None]
) -> dict:
    """How much more work a message makes the cell slower by kind.pct, and by how much it then
    really is: measured in pairs, without any gate. Work is not lost time: what both sides do more
    of may hide in waiting. Of six tries the nearest."""
    cell = cell_named(policy, kind.cell)
    wanted, dose, tried = kind.pct / 100, FIRST_DOSE_NS, []
    for attempt in range(6):
        bench = Bench(policy.scenario, 1000 + attempt, {("head", cell.name): dose})
        plan = plans(bench, base, [cell], lambda *_: None)[cell.name]
        pairs = [bench.pair(base, head, cell, plan, number) for number in range(1, DOSE_PAIRS + 1)]
        logs = [pair.log_ratio for pair in pairs]
        real = math.expm1(float(np.median(logs)))
        low, high = (math.expm1(end) for end in median_interval(logs))
        tell(
            f"dose: {dose:.0f} ns more work a message makes {cell.name} slower by {real:+.1%} "
            f"({low:+.1%} .. {high:+.1%})"
        )
        tried.append(
            {
                "dose_ns": dose,
                "real_change": real,
                "real_low": low,
                "real_high": high,
                "dose_pairs": DOSE_PAIRS,
            }
        )
        if abs(real - wanted) <= 0.1 * wanted:
            break
        dose *= min(4.0, max(0.25, wanted / max(real, 0.005)))
    return min(tried, key=lambda each: abs(each["real_change"] - wanted))


def cell_named(policy: Policy, name: str) -> Cell:
    parts = name.split("/")
    if len(parts) < 3:
        raise CommandError(
            f"--cell {name}: is no cell; write scenario/queue/case:name, " "as the table has it",
            GateStatus.USAGE,
        )
    return Cell(parts[1], "/".join((parts[0], *parts[2:])))


def spin_for_ever() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    while True:
        pass


@contextmanager
def busy_core():
    """Something else that always wants one core."""
    process = multiprocessing.get_context("fork").Process(target=spin_for_ever, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


@contextmanager
def nothing():
    yield


# ------------------------------------------------------------------------------------------ summary


@dataclass(frozen=True)
class Rate:
    what: str
    hits: int
    n: int

    def text(self) -> str:
        low, high = decide.proportion_interval(self.hits, self.n) if self.n else (0.0, 1.0)
        return f"{self.what}: {self.hits} of {self.n} ({low:.1%} .. {high:.1%})"


def right(kind: Kind, red: Sequence[str]) -> bool:
    """Whether the right cell is named, and no other."""
    return list(red) == [kind.cell]


def live_rates(kind: Kind, gates: Sequence[dict]) -> list[Rate]:
    n = len(gates)
    red = [
        [cell["cell"] for cell in gate["cells"] if cell["state"] == decide.REGRESSION]
        for gate in gates
    ]
    statuses = [gate["exit_status"] for gate in gates]
    rates = [Rate("red", statuses.count(1), n)]
    if kind.cell:
        rates += [
            Rate("red, that cell and no other", sum(right(kind, cells) for cells in red), n),
            Rate(
                "at the first look",
                sum(
                    kind.cell in cells and gate["looks_made"] == 1
                    for cells, gate in zip(red, gates)
                ),
                n,
            ),
        ]
    rates += [
        Rate("pass", statuses.count(0), n),
        Rate("inconclusive", statuses.count(3), n),
        Rate("invalid", statuses.count(4), n),
    ]
    return rates


def numbers_of(gates: Sequence[dict]) -> list[dict[str, float]]:
    """A dict a pair number and gate: cell -> log ratio."""
    numbers = []
    for gate in gates:
        by_number: dict[int, dict[str, float]] = defaultdict(dict)
        for cell in gate["cells"]:
            for pair in cell["pairs"]:
                by_number[pair["number"]][cell["cell"]] = log_ratio(
                    pair["base_ns"], pair["head_ns"]
                )
        numbers += by_number.values()
    return numbers


def resampled(
    kind: Kind, rule: Rule, gates: Sequence[dict], count: int = RESAMPLED, seed: int = 1
) -> list[Rate]:
    """Gates of drawn pairs. Later looks hold undecided cells only, so only the first look's pairs,
    which hold all cells, are drawn from, of the cells that most gates judged. The control and the
    calibration are left out: it is the rule alone."""
    first = rule.looks[0]
    pool = [number for gate in gates for number in numbers_of([shortened(gate, first)])]
    cells = [cell["cell"] for cell in gates[0]["cells"]] if gates else []
    judged = [cell for cell in cells if f"/{CONTROL}/" not in cell and usually_judged(gates, cell)]
    pool = [number for number in pool if all(cell in number for cell in judged)]
    if not pool or not judged:
        return []
    table = np.array([[number[cell] for cell in judged] for number in pool])
    random = np.random.default_rng(seed)
    red = named = at_first = passed = 0
    for _ in range(count):
        drawn = table[random.integers(0, len(table), rule.looks[-1])]
        verdicts = Verdicts(rule, judged)
        for look in rule.looks:
            verdicts.look({cell: drawn[:look, column] for column, cell in enumerate(judged)})
            if verdicts.regressions or not verdicts.open:
                break
        red += bool(verdicts.regressions)
        named += right(kind, verdicts.regressions)
        at_first += kind.cell in verdicts.regressions and verdicts.looks_made == 1
        passed += not verdicts.regressions and not verdicts.open
    rates = [Rate(f"red, resampled from {len(table)} pairs of {len(judged)} cells", red, count)]
    if kind.cell:
        rates += [
            Rate("red, that cell and no other, resampled", named, count),
            Rate("at the first look, resampled", at_first, count),
        ]
    return [*rates, Rate("pass, resampled", passed, count)]


def shortened(gate: dict, pairs: int) -> dict:
    return {
        "cells": [
            {**cell, "pairs": [pair for pair in cell["pairs"] if pair["number"] <= pairs]}
            for cell in gate["cells"]
        ]
    }


def usually_judged(gates: Sequence[dict], name: str) -> bool:
    advisory = sum(
        bool(cell["advisory"]) for gate in gates for cell in gate["cells"] if cell["cell"] == name
    )
    return 2 * advisory < len(gates)


def what_others_would_say(kind: Kind, gates: Sequence[dict]) -> list[Rate]:
    """On the same pairs: a gate is red where any of its cells is, as a CI job would be."""
    red: dict[str, int] = dict.fromkeys(rivals.names(), 0)
    named = dict(red)
    cells_red = dict(red)
    n = cells = 0
    for gate in gates:
        times = {
            cell["cell"]: [
                (fmean(pair["base_ns"]), fmean(pair["head_ns"])) for pair in cell["pairs"]
            ]
            for cell in gate["cells"]
            if len(cell["pairs"]) >= 2 and cell["state"] != "control"
        }
        if not times:
            continue
        n, cells = n + 1, cells + len(times)
        for name, called in rivals.red_cells(times).items():
            red[name] += bool(called)
            named[name] += right(kind, called)
            cells_red[name] += len(called)
    rates = [Rate(f"{name}: red", hits, n) for name, hits in red.items()]
    if kind.cell:
        return rates + [
            Rate(f"{name}: that cell and no other", hits, n) for name, hits in named.items()
        ]
    return rates + [Rate(f"{name}: red cells", hits, cells) for name, hits in cells_red.items()]


def report(campaign: Campaign) -> list[str]:
    """All of it, in lines."""
    gates = campaign.gates
    lines = [f"{campaign.kind.description}: {len(gates)} live gates"]
    if "real_change" in campaign.settings:
        known = campaign.settings
        lines.append(
            f"  real dose: {known['real_change']:+.1%} "
            f"({known['real_low']:+.1%} .. {known['real_high']:+.1%}), "
            f"{known['dose_ns']:.0f} ns more work a message on both sides, {known['dose_pairs']} "
            "pairs"
        )
    if not gates:
        return lines
    walls = [gate["wall_s"] for gate in gates]
    lines.append(f"  wall time: median {median(walls):.0f} s, at most {max(walls):.0f} s")
    for rate in (
        *live_rates(campaign.kind, gates),
        *resampled(campaign.kind, campaign.policy.rule, gates),
        *what_others_would_say(campaign.kind, gates),
    ):
        lines.append(f"  {rate.text()}")
    return lines
