"""Configures and builds with CMake, quietly: what the tools say goes to a log, shown when something
fails."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.running.progress import Progress

LINES_SHOWN_ON_FAILURE = 40
ERROR = re.compile(r"\berror:|CMake Error")
# In CMake's cache.
TOOL = re.compile(r"^(?:CMAKE_MAKE_PROGRAM|CMAKE_CXX_COMPILER):\w+=(.+)$", re.MULTILINE)
FOLDER = re.compile(r"^CMAKE_CACHEFILE_DIR:\w+=(.+)$", re.MULTILINE)
STEP = re.compile(r"\s*\[?(\d+)/(\d+)[] ]")  # of ninja: [3/14], of ctest: 3/14


def build(preset: str, target: str | None = None, options: tuple[str, ...] = ()) -> None:
    """Builds one target (or everything) of a preset. Raises CommandError (SETUP) where it
    cannot."""
    run_cmake(
        ["cmake", "--preset", preset, *options], ROOT / "build" / preset, target, f"build {preset}"
    )


def run_cmake(configure: list[str], folder: Path, target: str | None, stage: str) -> None:
    """Configures each time, which takes no second: a library may have come or gone since. Then
    builds."""
    compile_ = ["cmake", "--build", str(folder), *(["--target", target] if target else [])]
    fresh = ["--fresh"] if is_stale(folder) else []
    with open_log(folder) as log, alone_in(folder):
        for command in ([*configure, *fresh], compile_):
            if follow(command, log, stage) != 0:
                log.seek(0)
                sys.stderr.writelines(what_went_wrong(log.readlines()))
                raise CommandError(
                    f"`{' '.join(command)}` failed; the whole log is {log.name}", exit_status.SETUP
                )


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Waits until no other command builds in the folder: ninja does not expect another one, and a
    program that is being written cannot be started."""
    with open(folder / "build.lock", "w", encoding="utf-8") as lock:  # the lock ends with the file
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting: another command builds in {short_path(folder)}.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def open_log(folder: Path) -> TextIO:
    """The log of a build, in its folder (created). Raises CommandError (SETUP)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return open(folder / "build.log", "w+", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CommandError(
            f"{error.filename}: {error.strerror}; copy this project to a folder that can be "
            "written, and start it there",
            exit_status.SETUP,
        ) from None


def is_stale(folder: Path) -> bool:
    """Whether CMake would fail because of what it remembers: the folder was elsewhere before, or
    the ninja or the compiler of its first run is gone."""
    cache = folder / "CMakeCache.txt"
    if not cache.exists():
        return False
    text = cache.read_text(encoding="utf-8", errors="replace")
    tools = TOOL.findall(text)
    was_at = FOLDER.search(text)
    # By their real paths: the folder of builds may be a symbolic link.
    moved = was_at is not None and os.path.realpath(was_at[1]) != os.path.realpath(folder)
    return moved or any(shutil.which(tool) is None for tool in tools)


def what_went_wrong(lines: list[str]) -> list[str]:
    """A screenful: from just before the first error, whose reason may stand above it; without one,
    the end."""
    first = next((number for number, line in enumerate(lines) if ERROR.search(line)), len(lines))
    start = max(0, min(first - 3, len(lines) - LINES_SHOWN_ON_FAILURE))
    return lines[start : start + LINES_SHOWN_ON_FAILURE]


def follow(command: list, log, stage: str) -> int:
    """Runs a command to its end: its output goes to the log, the steps that it counts are shown.
    Its exit status."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with Progress("steps") as progress:
        for line in process.stdout:
            log.write(line)
            if step := STEP.match(line):
                progress.update(stage, int(step[1]), int(step[2]))
    return process.wait()
