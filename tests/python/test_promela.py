"""The reference as a hand-written model, checked by Spin, against what the explorer finds in its
C++ source."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bqb import ROOT

MODEL = ROOT / "tests" / "explorer" / "reference.pml"
EXPLORE = ROOT / "build" / "release" / "explore"

pytestmark = pytest.mark.skipif(
    not EXPLORE.exists() or not shutil.which("spin"), reason="needs a release build and spin"
)


def spin_finds_somebody_stuck(
    folder: Path,
    repaired: bool,
    producers: int,
    consumers: int,
    capacity: int,
    messages: int,
    closed: bool,
) -> bool:
    """Whether any of all schedules ends with a process that waits for ever. `messages` of each
    producer."""
    defines = [
        f"-DPRODUCERS={producers}",
        f"-DCONSUMERS={consumers}",
        f"-DCAPACITY={capacity}",
        f"-DMESSAGES={messages}",
    ]
    defines += ["-DREPAIRED"] * repaired + ["-DCLOSED"] * closed
    subprocess.run(["spin", *defines, "-a", MODEL], cwd=folder, check=True, capture_output=True)
    subprocess.run(["cc", "-O2", "-DSAFETY", "-w", "-o", "pan", "pan.c"], cwd=folder, check=True)
    out = subprocess.run(
        ["./pan", "-m100000"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    assert "max search depth too small" not in out and "assertion violated" not in out, out
    errors = int(re.search(r"errors: (\d+)", out)[1])
    assert (errors > 0) == ("invalid end state (at depth" in out), out
    return errors > 0


def explorer_finds_somebody_stuck(
    folder: Path,
    repaired: bool,
    producers: int,
    consumers: int,
    capacity: int,
    messages: int,
    closed: bool,
    bound: int,
) -> bool:
    """The same question of the source."""
    queue = "reference" if repaired else "reference_as_posted"
    command = [
        EXPLORE,
        "--queue",
        f"^{queue}$",
        "--producers",
        producers,
        "--consumers",
        consumers,
        "--capacity",
        capacity,
        "--messages",
        messages * producers,
        "--ending",
        "producers" if closed else "none",
        "--bound",
        bound,
    ]
    run = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode in (0, 1), run.stderr
    assert (run.returncode == 1) == ("stuck at" in run.stdout), run.stdout
    return run.returncode == 1


@pytest.mark.parametrize(
    "producers, consumers, capacity, messages, closed, bound, as_posted_is_stuck",
    [
        (1, 1, 2, 3, False, 3, True),  # the lock order
        (1, 1, 1, 0, True, 3, True),  # the close
        (1, 1, 1, 3, False, 3, False),  # at capacity 1 the flags keep the two sides apart
        (2, 1, 1, 1, False, 3, False),
        (2, 2, 1, 1, True, 2, True),
        # Repeats the one before: 5 million runs.
        pytest.param(2, 2, 1, 1, True, 3, True, marks=pytest.mark.deep),
        (2, 2, 2, 1, False, 3, True),
    ],
)
def test_spin_and_the_explorer_agree(
    tmp_path, producers, consumers, capacity, messages, closed, bound, as_posted_is_stuck
):
    shape = (producers, consumers, capacity, messages, closed)
    for repaired, is_stuck in ((False, as_posted_is_stuck), (True, False)):
        assert spin_finds_somebody_stuck(tmp_path, repaired, *shape) == is_stuck
        assert explorer_finds_somebody_stuck(tmp_path, repaired, *shape, bound) == is_stuck
