"""The logic behind the commands in scripts/: bench, test, plot, publish."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CommandError(Exception):
    """Ends a command with one line for the user and an exit status."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def short_path(path: Path) -> str:
    """A path as short as it can be typed from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
