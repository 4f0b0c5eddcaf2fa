"""Queues from outside the tree, built and started for real."""

import os
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bqb import ROOT
from bqb.running import external_queues
from bqb.running.header_flags import Header

EXAMPLE = ROOT / "examples" / "my_queue.h"
SCENARIO = """
question = "q?"
expect = "e"
rounds = 1
capacity = 16
[producer]
work = "spin"
mean_ns = 1_000
[consumer]
work = "spin"
mean_ns = 1_100
"""


real = pytest.mark.skipif(
    not (ROOT / "build" / "release" / "queue_bench").exists(), reason="no release build"
)


def forget(*headers: Path) -> None:
    for preset in ("release", "asan", "tsan"):
        shutil.rmtree(
            external_queues.folder_of(tuple(Header(str(path)) for path in headers), preset),
            ignore_errors=True,
        )


def start(command: str, *words) -> subprocess.CompletedProcess:
    environment = {**os.environ, "TERM": "dumb"}
    return subprocess.run(
        [ROOT / "scripts" / command, "--no-setup", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def measure(tmp_path: Path, *headers: Path, queue: str = "") -> subprocess.CompletedProcess:
    """One round of tiny.toml into tmp_path/run."""
    return start(
        "bench",
        *(word for header in headers for word in ("--with", header)),
        "--scenario",
        tmp_path / "tiny.toml",
        *(("--queue", queue) if queue else ()),
        "--rounds",
        1,
        "--out",
        tmp_path / "run",
    )


def rows_of(folder: Path) -> list[dict]:
    return [json.loads(row) for row in (folder / "trials.jsonl").read_text().splitlines()]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new))
