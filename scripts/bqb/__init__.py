"""The logic behind the commands in scripts/: bench, test, explore, validate, gate, plot, publish,
generate.

A folder imports only folders to its left, and all may import this module, exit_status.py and
schema.py (tests/python/test_layers.py checks it):

    data <- stats <- report <- running <- validation <- gate <- advice <- pages <- commands

    data         a run on disk: files, rows and their types, typed objects; recordings
    stats        medians with intervals, verdicts, claims, precision; what a recording says
    report       numbers in plain words, the table, the figures, files for other tools
    running      builds programs, drives queue_bench, keeps runs in the repository
    validation   measured figures against queueing theory; how often verdicts err
    gate         whether a queue became slower between two versions
    advice       the capacity and the queue for a pipeline that somebody describes or records
    pages        the tables and numbers in the project's pages, from the published runs
    commands     a module a command: options and exit statuses; how a command fails (failures.py)
"""

import ctypes
import signal
from pathlib import Path

# Loaded here: a new process between fork and exec had better not.
LIBC = ctypes.CDLL(None)
ROOT = Path(__file__).resolve().parents[2]


class CommandError(Exception):
    """Ends a command with one line for the user and an exit status (exit_status.py)."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def short_path(path: Path) -> str:
    """A path as short as it can be typed from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def die_with_parent() -> None:
    """In a new process: have the kernel kill it when its parent dies, even of a kill -9. Else two
    may write to one run, or a process waits for ever."""
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, signal.SIGKILL)


def shown(text: str, most_characters: int = 80) -> str:
    """A text from outside as part of a message: on one line, without control characters, and cut
    off where it is long."""
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return plain if len(plain) <= most_characters else plain[: most_characters - 3] + "..."
