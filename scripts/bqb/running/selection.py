"""What a run measures, as the user asked for it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from bqb import ROOT, CommandError, exit_status
from bqb.running.journal import Journal
from bqb.schema import DEFAULT_ROUNDS
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS


@dataclass(frozen=True)
class Selection:
    """What to measure. Kept in the run itself, so that --resume can go on with it."""

    scenario: tuple[str, ...] = ()
    queue: str | None = None
    all: bool = False
    seed: int | None = None
    rounds: int | None = None
    budget_s: float | None = None  # wall time to measure in, instead of a number of rounds
    headers: tuple[str, ...] = ()  # of queues from outside the tree; they are in the binary
    compile_times: bool = False

    def arguments(self) -> list[str]:
        """As queue_bench takes it."""
        words = [word for name in self.scenario for word in ("--scenario", name)]
        words += ["--queue", self.queue] if self.queue is not None else []
        words += ["--all"] if self.all else []
        words += ["--seed", str(self.seed)] if self.seed is not None else []
        return [*words, "--scenarios-dir", str(ROOT / "scenarios")]

    def note(self) -> list[str]:
        return ["--note-arguments", json.dumps(asdict(self))]

    def rounds_due(self, context: dict) -> int:
        """The regular rounds of a run with this `context`."""
        if self.budget_s is not None:
            return MIN_VERDICT_BLOCKS
        return self.rounds or context.get("default_rounds", DEFAULT_ROUNDS)

    @classmethod
    def of_run(cls, journal: Journal) -> Selection:
        arguments = journal.context["arguments"]
        return cls(
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in arguments.items()
            }
        )


def listing(binary: Path, selection: Selection) -> str:
    """What the selection holds, as text. Raises CommandError (USAGE) where it is wrong."""
    result = subprocess.run(
        [binary, "--list", *selection.arguments()], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise CommandError(result.stderr.strip() or f"{binary} --list failed", exit_status.USAGE)
    return result.stdout
