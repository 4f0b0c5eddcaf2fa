"""The files of a run and how their rows, a JSON object a line, are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bqb.data import files

TRIALS_FILE = "trials.jsonl"
SIDE_FILES = ("histograms.jsonl", "timelines.jsonl")  # what only trials that have it have
Row = dict[str, Any]  # an object of JSON


def read_rows(path: Path) -> Iterator[Row]:
    """Objects of a file of one JSON object a line; none if there is no file."""
    for line in files.lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and ("kind" in row or "cell" in row):
            yield {"kind": "", **row}


def last_rows(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """One row per key, the last: a block that was cut short and run again repeats its trials."""
    return list({key(row): row for row in rows}.values())
