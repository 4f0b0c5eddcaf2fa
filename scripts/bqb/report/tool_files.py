"""The files of a run that other tools read.

    write_tool_files(folder)      # beside trials.jsonl
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from bqb.data import files
from bqb.data.load import load_run
from bqb.data.rows import Row
from bqb.report.github_action_json import github_action_entries
from bqb.report.google_json import google_document

GOOGLE_FILE = "results.json"
GITHUB_ACTION_FILE = "github_action_benchmark.json"


def write_tool_files(folder: Path | str) -> None:
    """Writes both files, each whole or not at all."""
    run = load_run(folder)
    document = google_document(run)
    entries = _one_a_line(document["benchmarks"])
    texts = {
        GOOGLE_FILE: f'{{"context":{_compact(document["context"])},\n"benchmarks":{entries}}}\n',
        GITHUB_ACTION_FILE: f"{_one_a_line(github_action_entries(run))}\n",
    }
    for name, text in texts.items():
        files.write_atomically(run.folder / name, text.encode())


def _one_a_line(entries: Iterable[Row]) -> str:
    """A JSON array that is smaller than with a line for each number, and still a text in which an
    entry can be found."""
    lines = ",\n".join(map(_compact, entries))
    return f"[\n{lines}\n]"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
