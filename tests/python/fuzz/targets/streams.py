"""Standard output and error that are closed, full or without a reader, and no working folder.

These start the interpreter: how it ends is a part of what is tested.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from random import Random

from fuzz.case import Case, Stream
from fuzz.sandbox import BUILD, Sandbox

COMMANDS: tuple[tuple[str, list[str]], ...] = (
    ("bench", ["--list"]),
    ("bench", ["--list", "--scenario", "nothing"]),
    ("bench", ["--rounds", "x"]),
    ("bench", ["--help"]),
    ("bench", ["--resume", "run"]),
    ("bench", ["--resume", "nowhere"]),
    ("bench", ["--out", "out"]),
    ("plot", ["run"]),
    ("plot", ["nowhere"]),
    ("publish", ["run"]),
    ("generate", ["--check"]),
    ("explore", ["--list"]),
    ("explore", ["--queue", "("]),
    ("gate", ["--help"]),
    ("gate", ["compare", "nowhere.json", "--head", "."]),
    ("gate", ["run", "--base", "a", "--head", "b"]),
    ("validate", ["--out", "out"]),
    ("validate", ["--seed", "x"]),
    ("test", ["--with", "nowhere.h"]),
)
PROGRAMS: tuple[tuple[str, list[str]], ...] = (
    ("queue_bench", ["--list"]),
    ("queue_bench", ["--schema"]),
    ("queue_bench", ["--machine"]),
    ("queue_bench", ["--queues"]),
    ("queue_bench", ["--help"]),
    ("queue_bench", ["--list", "--scenario", "nothing"]),
    ("explore", ["--list"]),
    ("explore", ["--queue", "("]),
    ("gate_counts", []),
    ("gate_trial_0", ["--list", "--scenario", "race.toml"]),
)


def make(rng: Random, work: Path, box: Sandbox) -> Case:
    shutil.copytree(box.corpus / "runs" / "half", work / "run")
    shutil.copy(box.corpus / "scenarios" / "race.toml", work)
    streams = {"stdout": Stream.FILE, "stderr": Stream.FILE}
    for name in rng.choice((("stdout",), ("stdout",), ("stderr",), ("stdout", "stderr"))):
        streams[name] = rng.choice((Stream.CLOSED, Stream.FULL, Stream.BROKEN_PIPE))
    deleted = rng.random() < 0.15
    if deleted:
        streams = {"stdout": Stream.FILE, "stderr": Stream.FILE}
    if rng.random() < 0.3:
        command, options = rng.choice(PROGRAMS)
        return Case(
            command,
            options,
            BUILD / command,
            cwd_deleted=deleted,
            stdout=streams["stdout"],
            stderr=streams["stderr"],
        )
    command, options = rng.choice(COMMANDS)
    words = ["-m", "bqb", command, *options]
    return Case(
        command,
        words,
        Path(sys.executable),
        cwd_deleted=deleted,
        stdout=streams["stdout"],
        stderr=streams["stderr"],
    )
