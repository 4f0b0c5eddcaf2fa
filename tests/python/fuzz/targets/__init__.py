"""The kinds of input. Each makes one case: make(rng, work, sandbox) writes into `work`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.case import Case
from fuzz.sandbox import Sandbox
from fuzz.targets import command_line, gate, results, scenario, schedule, streams


@dataclass(frozen=True)
class Target:
    make: Callable[[Random, Path, Sandbox], Case]
    share: float  # of all inputs
    modules: tuple[str, ...] = ()  # loaded once, before the first input


PLAIN = ("bqb.commands",)
NUMERIC = (
    *PLAIN,
    "bqb.gate.run",
    "bqb.gate.stored",
    "bqb.gate.campaign",
    "bqb.gate.selftest",
    "bqb.gate.report",
)
FIGURES = (
    *PLAIN,
    "bqb.running.publishing",
    "bqb.report.table",
    "bqb.report.tool_files",
    "bqb.report.figures.draw",
    "bqb.validation.figure",
    "bqb.validation.report",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "rich.markup",
    "rich.table",
)
TARGETS = {
    "scenario": Target(scenario.make, 0.56),
    "program": Target(command_line.make_program, 0.13),
    "command": Target(command_line.make_command, 0.12, NUMERIC + FIGURES),
    "gate": Target(gate.make, 0.05, NUMERIC),
    "run": Target(results.make_run, 0.08, FIGURES),
    "validation": Target(results.make_validation, 0.02, FIGURES),
    "schedule": Target(schedule.make, 0.03),
    "streams": Target(streams.make, 0.01),
}
