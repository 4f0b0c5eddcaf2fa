"""The policy of a gate: a TOML file, each key of which has a default in scripts/gate.toml."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bqb import ROOT, CommandError, shown
from bqb.data.files import read_regular
from bqb.data.rows import Row
from bqb.exit_status import GateStatus
from bqb.gate import from_root
from bqb.gate.decide import Rule
from bqb.report.units import parse_duration
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS

DEFAULT = ROOT / "scripts" / "gate.toml"
MOST_BYTES = 100_000


@dataclass(frozen=True)
class Policy:
    scenario: str  # a file
    queues: tuple[str, ...]
    threshold_pct: float
    alpha_pct: float
    miss_pct: float
    looks: tuple[int, ...]
    budget_s: float
    inconclusive: str
    noise_pct: float
    calibration: int
    advisory: tuple[str, ...]
    instructions_pct: float
    syscalls_pct: float

    @property
    def rule(self) -> Rule:
        return Rule(self.threshold_pct / 100, self.alpha_pct / 100, self.miss_pct / 100, self.looks)

    def as_row(self) -> Row:
        """As JSON has it."""
        row: Row = json.loads(json.dumps({**asdict(self), "scenario": from_root(self.scenario)}))
        return row


def load(path: Path | None) -> Policy:
    """Reads a policy over the defaults. Raises CommandError (USAGE) that names file,
    key and remedy."""
    given = read(path) if path else {}
    defaults = read(DEFAULT)
    where = path or DEFAULT

    def key_error(key: str, what: str) -> CommandError:
        return CommandError(f"{where}: key '{key}': {what}", GateStatus.USAGE)

    for table, known in ((given, defaults), (given.get("counts", {}), defaults["counts"])):
        if not isinstance(table, dict):
            raise key_error("counts", "must be a table: [counts]")
        for key in table:
            if key not in known:
                raise key_error(key, f"unknown; the keys are {', '.join(known)}")
    values = defaults | given
    counts = defaults["counts"] | given.get("counts", {})

    def number(table: Row, key: str, least: float, most: float) -> float:
        value = table[key]
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not least <= value <= most
        ):
            raise key_error(key, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def texts(key: str) -> tuple[str, ...]:
        value = values[key]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise key_error(key, "must be a list of texts")
        return tuple(value)

    looks = values["looks"]
    whole_numbers = isinstance(looks, list) and all(type(each) is int for each in looks)
    if (
        not whole_numbers
        or not looks
        or looks[0] < MIN_VERDICT_BLOCKS
        or sorted(set(looks)) != looks
    ):
        raise key_error(
            "looks",
            f"must be a rising list of whole numbers of at least {MIN_VERDICT_BLOCKS}, "
            "as [20, 36, 60]",
        )
    if values["inconclusive"] not in ("fail", "pass"):
        raise key_error("inconclusive", 'must be "fail" or "pass"')
    calibration = values["calibration"]
    if type(calibration) is not int or calibration != 0 and not 4 <= calibration <= 1000:
        raise key_error("calibration", "must be 0 or a whole number from 4 to 1000")
    budget = values["budget"]
    try:
        budget_s = parse_duration(budget if isinstance(budget, str) else "")
    except ValueError:
        raise key_error("budget", 'must be a length of time: "300s", "8m" or "1h"') from None
    return Policy(
        scenario=scenario_file(values["scenario"], where, key_error),
        queues=texts("queues"),
        threshold_pct=number(values, "threshold_pct", 0.1, 100),
        alpha_pct=number(values, "alpha_pct", 0.001, 20),
        miss_pct=number(values, "miss_pct", 0.001, 50),
        looks=tuple(looks),
        budget_s=budget_s,
        inconclusive=values["inconclusive"],
        noise_pct=number(values, "noise_pct", 0.1, 1000),
        calibration=calibration,
        advisory=texts("advisory"),
        instructions_pct=number(counts, "instructions_pct", 0, 100),
        syscalls_pct=number(counts, "syscalls_pct", 0, 100),
    )


def scenario_file(name: object, policy: Path, key_error: Callable[[str, str], CommandError]) -> str:
    if not isinstance(name, str):
        raise key_error("scenario", "must be a text")
    path = policy.parent / name if name.endswith(".toml") else ROOT / "scenarios" / f"{name}.toml"
    if path.is_file():
        return str(path.resolve())
    raise key_error(
        "scenario",
        f"there is no {path}; name a scenario of {ROOT / 'scenarios'}, or a .toml file as seen "
        "from the policy",
    )


def read(path: Path) -> Row:
    try:
        return tomllib.loads(read_regular(path, MOST_BYTES).decode())
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror}; name a TOML file like {DEFAULT}", GateStatus.USAGE
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"{path}: no TOML: {shown(str(error))}", GateStatus.USAGE) from None
