"""What a run measures, as the user asked for it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from bqb import ROOT, CommandError, exit_status
from bqb.data.fields import error_in_fields
from bqb.data.rows import ResultError
from bqb.running import header_flags
from bqb.running.header_flags import Header
from bqb.running.journal import Journal
from bqb.running.process import cause_of_death
from bqb.schema import DEFAULT_ROUNDS, MOST_ROUNDS, Fields
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS


@dataclass(frozen=True)
class Selection:
    """What to measure. Kept in the run itself, so that --resume can go on with it."""

    scenario: tuple[str, ...] = ()
    queue: str | None = None
    all: bool = False
    seed: int | None = None
    rounds: int | None = None
    budget_s: float | None = None  # wall time to measure in; `rounds`: of every point at first
    headers: tuple[str, ...] = ()  # of queues from outside the tree; they are in the binary
    header_flags: tuple[str, ...] = ()  # one for each of the headers
    compile_times: bool = False
    adapt_spin_limits: bool = False
    point: tuple[str, ...] = ()  # only these of the scenarios, or of those that they name

    def arguments(self) -> list[str]:
        """As queue_bench takes it."""
        words = [word for name in self.scenario for word in ("--scenario", name)]
        words += [word for name in self.point for word in ("--point", name)]
        words += ["--queue", self.queue] if self.queue is not None else []
        words += ["--all"] if self.all else []
        words += ["--seed", str(self.seed)] if self.seed is not None else []
        words += ["--adapt-spin-limits"] if self.adapt_spin_limits else []
        return [*words, "--scenarios-dir", str(ROOT / "scenarios")]

    def brought(self) -> tuple[Header, ...]:
        """The headers with their flags. Earlier runs have no flags."""
        flags = self.header_flags or ("",) * len(self.headers)
        return tuple(map(Header, self.headers, flags))

    def note(self) -> list[str]:
        row = asdict(self)
        if self.headers:
            row["brought"] = header_flags.versions(self.brought())
        return ["--note-arguments", json.dumps(row)]

    def rounds_due(self, context: dict) -> int:
        """The regular rounds of a run with this `context`."""
        if self.budget_s is not None:
            return self.rounds or MIN_VERDICT_BLOCKS
        return int(self.rounds or context.get("default_rounds") or DEFAULT_ROUNDS)

    @classmethod
    def of_run(cls, journal: Journal) -> Selection:
        """What a run was begun with. Raises ResultError."""
        row = journal.context.get("arguments")
        if not isinstance(row, dict):
            what = "missing; only runs of ./scripts/bench have it"
            raise wrong_context(journal.path, "arguments", what)
        if error := error_in_fields(row, ARGUMENTS, path="context.arguments"):
            what = "use the version that made the run"
            raise ResultError(f"{journal.path}: 'run' row: {error}; {what}")
        if (row.get("rounds") or 1) > MOST_ROUNDS:
            raise wrong_context(journal.path, "arguments.rounds", f"at most {MOST_ROUNDS:,}")
        return cls(
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in row.items()
                if key != "brought"
            }
        )


# The types of Selection's members in a row (data/fields.py). Earlier runs have fewer of them.
ARGUMENTS: Fields = {
    "scenario": ("[text]", True),
    "queue": ("text?", False),
    "all": ("flag", False),
    "seed": ("count?", False),
    "rounds": ("count?", False),
    "budget_s": ("number?", False),
    "headers": ("[text]", False),
    "header_flags": ("[text]", False),
    "brought": ("[{text}]", False),
    "compile_times": ("flag", False),
    "point": ("[text]", False),
    "adapt_spin_limits": ("flag", False),
}


def wrong_context(path: Path, key: str, what: str) -> ResultError:
    return ResultError(f"{path}: 'run' row: key 'context.{key}': {what}")


def listing(binary: Path, selection: Selection) -> str:
    """What the selection holds, as text. Raises CommandError where it is wrong."""
    result = subprocess.run(
        [binary, "--list", *selection.arguments()], capture_output=True, check=False
    )
    if result.returncode == 0:
        return result.stdout.decode(errors="replace")
    lines = result.stderr.decode(errors="replace").split("\n")
    message = next((line for line in reversed(lines) if line.strip()), "")
    if result.returncode < 0:
        message = f"queue_bench --list {cause_of_death(result.returncode, '')}; please report it"
        raise CommandError(message, exit_status.INTERNAL_ERROR)
    raise CommandError(message or f"{binary} --list failed", result.returncode)
