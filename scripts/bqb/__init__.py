"""The logic behind the commands in scripts/: bench, test, explore, validate, gate, plot,
publish, generate.

A folder imports only folders to its left, and all may import this module, exit_status.py and
schema.py (tests/python/test_layers.py checks it):

    data <- stats <- report <- running <- validation <- gate <- commands

    data         a run on disk: files, rows, typed objects, results.json
    stats        medians with intervals, rankings, claims, precision
    report       numbers in plain words, the table, the figures
    running      builds programs, drives queue_bench, keeps runs in the repository
    validation   measured figures against queueing theory
    gate         whether a queue became slower between two versions
    commands     a module a command: options and exit statuses
"""

from pathlib import Path

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
