"""What the common interface adds to a queue, in instructions: counted by callgrind, so the same on a busy machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "build" / "release" / "tests" / "harness" / "loop_overhead"

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() or not shutil.which("valgrind"), reason="needs a release build and valgrind"
)


def instructions_per_message(way: str, queue: str, tmp_path: Path) -> float:
    """Difference of two lengths, so that starting the program does not count."""

    def total(messages: int) -> int:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp_path}/out", PROGRAM, way, queue, str(messages)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))

    return (total(64_000) - total(6_400)) / (64_000 - 6_400)


@pytest.mark.parametrize("queue", ["reference", "two_condvar"])
@pytest.mark.parametrize("way", ["handles", "harness"])
def test_adds_at_most_three_per_cent(way: str, queue: str, tmp_path: Path) -> None:
    by_hand = instructions_per_message("direct", queue, tmp_path)
    measured = instructions_per_message(way, queue, tmp_path)
    print(f"{queue}: {by_hand:.1f} by hand, {measured:.1f} through the {way}: {measured / by_hand - 1:+.2%}")
    assert measured <= 1.03 * by_hand
