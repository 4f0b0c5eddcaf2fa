"""Configures and builds with CMake, quietly: what the tools say goes to a log, shown when something fails."""

from __future__ import annotations

import re
import subprocess
import sys

from bqb import ROOT, Failure
from bqb.progress import Progress

LINES_SHOWN_ON_FAILURE = 40
STEP = re.compile(r"\s*\[?(\d+)/(\d+)[] ]")  # of ninja: [3/14], of ctest: 3/14


def build(preset: str, target: str | None = None, options: tuple[str, ...] = ()) -> None:
    """Builds one target (or everything) of a preset. A Failure of status 3 when it cannot."""
    folder = ROOT / "build" / preset
    folder.mkdir(parents=True, exist_ok=True)
    commands = [["cmake", "--build", str(folder), *(["--target", target] if target else [])]]
    if options or not (folder / "build.ninja").exists():
        commands.insert(0, ["cmake", "--preset", preset, *options])
    with open(folder / "build.log", "w+", encoding="utf-8") as log:
        for command in commands:
            if follow(command, log, f"build {preset}") != 0:
                log.seek(0)
                sys.stderr.writelines(log.readlines()[-LINES_SHOWN_ON_FAILURE:])
                raise Failure(f"`{' '.join(command)}` failed; the whole log is {log.name}", 3)


def follow(command: list, log, stage: str) -> int:
    """Runs a command to its end: its output goes to the log, the steps that it counts are shown. Its exit status."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    with Progress("steps") as progress:
        for line in process.stdout:
            log.write(line)
            if step := STEP.match(line):
                progress.update(stage, int(step[1]), int(step[2]))
    return process.wait()
