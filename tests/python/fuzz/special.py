"""Files that are no regular files. Links stand for devices: a rename over one harms none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

KINDS = ("fifo", "folder", "zero", "full", "null", "loop", "dangling", "missing", "empty")
LINKS = {"zero": "/dev/zero", "full": "/dev/full", "null": "/dev/null", "dangling": "no-such-file"}


def make(path: Path, kind: str) -> None:
    """Puts a special file at `path`, instead of what is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind != "missing":
        path.symlink_to(LINKS.get(kind, path.name))  # "loop": to itself


def make_all(folder: Path) -> None:
    """One of each kind, named after it."""
    for kind in KINDS:
        make(folder / kind, kind)


def make_one(rng: Random, path: Path) -> None:
    make(path, rng.choice(KINDS))
