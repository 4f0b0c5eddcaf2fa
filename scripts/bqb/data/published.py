"""The published runs, found by the names of their folders in results/published.

    latest()               the newest default run: the one that the pages show
    latest("validate")     the newest ./scripts/validate
    default_runs()         all default runs, oldest first

A name is `<began>.<machine>`, and `.<selection>` where a run is not a default run: the scenarios or
points that were asked for (`ablation`), or `validate`. `<began>` is the day, T, hours and minutes
in UTC; old names have the day alone. `repeat/` holds further default runs, of which only the trials
are kept.
"""

from __future__ import annotations

import re
from pathlib import Path

from bqb import ROOT
from bqb.data.rows import ResultError

PUBLISHED = ROOT / "results" / "published"
REPEAT = "repeat"
# Selections. `peers` holds no run, but what the programs of benchmarks/overhead wrote.
DEFAULT, ABLATION, VALIDATE, WORK_KINDS, PEERS = "", "ablation", "validate", "work_kinds", "peers"
NAME = re.compile(
    r"(?P<began>\d{4}-\d\d-\d\d(?:T\d{4})?)\.(?P<machine>[a-z0-9_-]+)(?:\.(?P<selection>.+))?"
)


def runs(selection: str = DEFAULT, folder: Path = PUBLISHED) -> list[Path]:
    """Folders of the published runs of a selection, oldest first. Those of one begin by name."""
    found = [(match, path) for path in folder.iterdir() if (match := NAME.fullmatch(path.name))]
    return [
        path
        for match, path in sorted(found, key=lambda each: (each[0]["began"], each[1].name))
        if (match["selection"] or DEFAULT) == selection
    ]


def latest(selection: str = DEFAULT, folder: Path = PUBLISHED) -> Path:
    """The newest of them. Raises ResultError if there is none."""
    found = runs(selection, folder)
    if not found:
        what = f"run of '{selection}'" if selection else "default run"
        raise ResultError(f"{folder}: holds no {what}; restore one")
    return found[-1]


def default_runs(folder: Path = PUBLISHED) -> list[Path]:
    """Folders of all default runs: those in `repeat/`, by name, then the others, oldest first."""
    repeated = folder / REPEAT
    more = sorted(path for path in repeated.iterdir() if path.is_dir()) if repeated.is_dir() else []
    return [*more, *runs(DEFAULT, folder)]
