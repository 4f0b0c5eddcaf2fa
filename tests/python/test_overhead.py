"""What the common interface and Sync add to a queue, in instructions: callgrind's, the same on a
busy machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOOP = ROOT / "build" / "release" / "benchmarks" / "overhead" / "loop_overhead"
SYNC = ROOT / "build" / "release" / "benchmarks" / "overhead" / "sync_overhead"

pytestmark = pytest.mark.skipif(
    not LOOP.exists() or not SYNC.exists() or not shutil.which("valgrind"),
    reason="needs a release build and valgrind",
)


def instructions(program: Path, way: str, queue: str, tmp_path: Path) -> float:
    """For each of what the program repeats: a difference of two lengths, so that starting it does
    not count."""

    def total(messages: int) -> int:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={tmp_path}/out",
            program,
            way,
            queue,
            str(messages),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
        )
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))

    return (total(64_000) - total(6_400)) / (64_000 - 6_400)


MOST_INSTRUCTIONS = 8  # that a loop may add to a push and a pop
# At most so many %.
LOOPS = {"reference": 2, "two_condvar": 5, "mpmc_spin_yield_park": 5, "spsc_spin_yield_park": 10}


@pytest.mark.parametrize("queue", LOOPS)
@pytest.mark.parametrize("way", ["handles", "harness"])
def test_the_loop_adds_little(way: str, queue: str, tmp_path: Path) -> None:
    by_hand = instructions(LOOP, "direct", queue, tmp_path)
    measured = instructions(LOOP, way, queue, tmp_path)
    print(
        f"{queue}: {by_hand:.1f} by hand, {measured:.1f} through the {way}: "
        f"{measured / by_hand - 1:+.2%}"
    )
    assert (
        measured - by_hand < MOST_INSTRUCTIONS + 0.5
        and measured <= (1 + LOOPS[queue] / 100) * by_hand
    )


@pytest.mark.parametrize("queue", ["two_condvar", "spsc_ring"])
def test_sync_costs_nothing(queue: str, tmp_path: Path) -> None:
    by_hand = instructions(SYNC, "direct", queue, tmp_path)
    over_sync = instructions(SYNC, "sync", queue, tmp_path)
    print(
        f"{queue}: {by_hand / 16:.2f} by hand, {over_sync / 16:.2f} over Sync: "
        f"{over_sync / by_hand - 1:+.2%}"
    )
    assert over_sync <= 1.01 * by_hand
