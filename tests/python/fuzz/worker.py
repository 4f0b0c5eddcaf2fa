"""A process that runs many inputs of one target and reports each in a line of JSON.

    python -m fuzz.worker SANDBOX TARGET SEED FIRST STEP END DEADLINE_S KEEP

Of each failure that it meets, the first input is kept in KEEP/TARGET-NUMBER.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

from fuzz import process
from fuzz.case import Case
from fuzz.judge import Failure, judge, listed_statuses
from fuzz.process import Ended
from fuzz.sandbox import Sandbox
from fuzz.targets import TARGETS

HELP_DEADLINE_S = 60
PROGRAM_STATUSES = frozenset({0, 1, 2, 3, 4, 5, 6})
COMMANDS = ("bench", "test", "explore", "validate", "gate", "plot", "publish", "generate")


class Worker:
    def __init__(self, box: Sandbox, target: str, seed: int, deadline_s: float):
        self.box, self.target, self.seed, self.deadline_s = box, target, seed, deadline_s
        self.statuses: dict[str, frozenset[int]] = {}
        for module in TARGETS[target].modules:
            with suppress(
                ModuleNotFoundError
            ):  # a later version may have moved it: only slower then
                importlib.import_module(module)

    def run(self, number: int, folder: Path) -> tuple[Case, Ended, Failure | None]:
        """Input `number`, in the new folder `folder`."""
        (folder / "work").mkdir(parents=True)
        case = TARGETS[self.target].make(
            Random(f"{self.seed}/{self.target}/{number}"), folder / "work", self.box
        )
        ended = process.run(case, folder, self.deadline_s * crowding())
        failure = judge(case, ended, self.statuses_of(case, folder), folder)
        strangers = [path.name for path in folder.iterdir() if path.name not in process.OWN_FILES]
        if strangers := [*strangers, *self.box.clear()]:
            failure = failure or Failure("wrote outside its folder", ", ".join(strangers))
        return case, ended, failure

    def statuses_of(self, case: Case, folder: Path) -> frozenset[int]:
        """Those that the command's --help lists."""
        if case.command not in COMMANDS or (case.program and case.program.name == case.command):
            return PROGRAM_STATUSES
        if case.command not in self.statuses:
            help_folder = folder.with_name(f"help-{os.getpid()}")
            (help_folder / "work").mkdir(parents=True, exist_ok=True)
            program, words = (Path(sys.executable), ["-m", "bqb", case.command, "--help"])
            text = process.run(Case(case.command, words, program), help_folder, HELP_DEADLINE_S).out
            self.statuses[case.command] = listed_statuses(text)
            shutil.rmtree(help_folder)
        return self.statuses[case.command]


def crowding() -> float:
    """How many times longer everything takes, since others use the machine, too."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


def verdict_of(ended: Ended, failure: Failure | None) -> str:
    return "failed" if failure else "refused" if ended.status else "accepted"


def main(words: list[str]) -> None:
    sandbox, target, seed, first, step, end, deadline_s, keep = words
    worker = Worker(Sandbox(Path(sandbox)), target, int(seed), float(deadline_s))
    seen: set[Failure] = set()
    for number in range(int(first), int(end), int(step)):
        folder = Path(keep) / f"{target}-{number}"
        case, ended, failure = worker.run(number, folder)
        row = {
            "number": number,
            "verdict": verdict_of(ended, failure),
            "command": case.command,
            "wall_s": ended.wall_s,
        }
        if failure:
            row |= {"kind": failure.kind, "detail": failure.detail}
        print(json.dumps(row), flush=True)
        if failure is None or failure in seen:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            seen.add(failure)
            (folder / "case").write_text(case.describe() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
