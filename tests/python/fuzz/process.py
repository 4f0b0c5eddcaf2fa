"""Starts a case in a process of its own, with a deadline and limits."""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from fuzz.case import Case, Stream

MEMORY_BYTES = 4 << 30  # of address space
FILE_BYTES = 64 << 20  # of each file that a case writes
OWN_FILES = ("work", "stdout", "stderr")  # in the folder of an input
READ_BYTES = 2 << 20  # of each stream that is looked at


@dataclass(frozen=True)
class Ended:
    """How a case ended. `status`: as the shell has it, or minus the number of the signal."""

    status: int
    timed_out: bool
    out: str
    err: str
    wall_s: float


def run(case: Case, folder: Path, deadline_s: float) -> Ended:
    """Runs the case in `folder`/work; standard output and error go to files in `folder`."""
    begun = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become(case, folder)
    timed_out = not _ends(pid, deadline_s)
    if timed_out:
        _kill(pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _kill(pid)  # what it left behind, in its process group
    return Ended(
        status,
        timed_out,
        _text(folder / "stdout"),
        _text(folder / "stderr"),
        time.monotonic() - begun,
    )


def _ends(pid: int, deadline_s: float) -> bool:
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], deadline_s)[0])
    finally:
        os.close(descriptor)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(group, signal.SIGKILL) if os.getpgid(group) != group else None


def _text(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return file.read(READ_BYTES).decode(errors="surrogateescape")


# ------------------------------------------------------------------------------ in the new process


def _become(case: Case, folder: Path) -> NoReturn:
    """Never returns, whatever happens: a second worker must not go on in the child."""
    try:
        os.setpgid(0, 0)
        _limit()
        os.environ.update(case.environment)
        os.chdir(folder / "work")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        _redirect(1, case.stdout, folder / "stdout")
        _redirect(2, case.stderr, folder / "stderr")
        if case.cwd_deleted:
            shutil.rmtree(folder / "work")
        if case.program:
            os.execv(case.program, [str(case.program), *case.options])
        _call_main([case.command, *case.options])
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


def _redirect(descriptor: int, stream: Stream, path: Path) -> None:
    if stream is Stream.CLOSED:
        os.close(descriptor)
        return
    if stream is Stream.BROKEN_PIPE:
        reader, target = os.pipe()
        os.close(reader)
    else:
        name = "/dev/full" if stream is Stream.FULL else str(path)
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(target, descriptor)
    os.close(target)


def _call_main(words: list[str]) -> NoReturn:
    """As `python -m bqb` does, also with an exception; but the modules are loaded already."""
    from bqb.commands import main

    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(
        2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
    )
    try:
        status: object = main(words)
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    os._exit(status if isinstance(status, int) else 0 if status is None else 1)
