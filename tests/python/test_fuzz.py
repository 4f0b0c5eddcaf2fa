"""Bad input, thousands of times: one clear message each. fuzz/__init__.py: how to run more."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from fuzz import campaign, process, sandbox
from fuzz.case import Case, Stream
from fuzz.judge import USUAL_STATUSES, Failure, judge, listed_statuses
from fuzz.sandbox import Sandbox
from fuzz.targets import TARGETS

MISSING = sandbox.missing_programs()
needs_build = pytest.mark.skipif(bool(MISSING), reason=f"no release build of {', '.join(MISSING)}")
INPUTS = {
    "scenario": 500,
    "program": 120,
    "command": 45,
    "gate": 15,
    "run": 10,
    "validation": 5,
    "schedule": 30,
    "streams": 12,
}
DEEP_FACTOR = 36
DEEP_SEED = 2


@pytest.fixture(scope="module")
def box(tmp_path_factory) -> Sandbox:
    return sandbox.make(tmp_path_factory.mktemp("fuzz") / "sandbox")


def check(box: Sandbox, target: str, inputs: int, seed: int) -> None:
    keep = box.folder.parent / "failed"
    summary = campaign.run(box, target, inputs, seed, keep)
    assert not summary.failures, "\n".join(
        ["", *summary.lines(), f"The first input of each is in {keep}"]
    )
    assert summary.verdicts["refused"] > 0, "nothing was bad input"


@needs_build
@pytest.mark.parametrize("target", TARGETS)
def test_bad_input_gets_one_clear_message(box, target) -> None:
    check(box, target, INPUTS[target], campaign.DEFAULT_SEED)


@needs_build
@pytest.mark.deep  # repeats the one before, with other inputs and more of them
@pytest.mark.parametrize("target", TARGETS)
def test_much_bad_input_gets_one_clear_message(box, target) -> None:
    check(box, target, INPUTS[target] * DEEP_FACTOR, DEEP_SEED)


# --------------------------------------------------------------- each kind of failure would be seen


def outcome(tmp_path: Path, script: str, **options: object) -> Failure | None:
    """Of a program that is this shell script, with a short deadline."""
    (tmp_path / "work").mkdir()
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    case = Case("program", [], program, **options)
    return judge(case, process.run(case, tmp_path, deadline_s=2), USUAL_STATUSES, tmp_path)


@pytest.mark.parametrize(
    "script, kind",
    [
        ("kill -SEGV $$", "died of SIGSEGV"),
        ("kill -KILL $$", "died of SIGKILL"),
        ("exec sleep 60", "no end"),
        ("exit 70", "internal error"),
        ("echo x >&2; exit 9", "status 9 is not in --help"),
        ("exit 2", "no message for status 2"),
        ("echo only on standard output; exit 2", "no message for status 2"),
        (
            "echo 'Traceback (most recent call last):' >&2; echo 'KeyError: 7' >&2; exit 1",
            "Traceback",
        ),
        ("echo 'Traceback (most recent call last):'; exit 0", "Traceback"),
        ("echo 'terminate called after throwing' >&2; exit 1", "terminate called"),
        ("echo 'a.cpp:3:5: runtime error: shift' >&2", "runtime error"),
        ("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 2", "message too long"),
        ("seq 21 >&2; exit 2", "message too long"),
        (
            "printf 'key \\033[31m is unknown\\n' >&2; exit 2",
            "raw control character in the message",
        ),
    ],
)
def test_a_fault_is_a_failure(tmp_path, script, kind) -> None:
    failure = outcome(tmp_path, script)
    assert failure and failure.kind == kind


@pytest.mark.parametrize(
    "script", ["exit 0", "echo all is well", "echo wrong >&2; exit 2", "echo lost; exit 1"]
)
def test_an_end_as_it_should_be_is_none(tmp_path, script) -> None:
    assert outcome(tmp_path, script) is None


@pytest.mark.parametrize("stream", [Stream.CLOSED, Stream.FULL, Stream.BROKEN_PIPE])
def test_a_message_that_cannot_be_written_is_not_missed(tmp_path, stream) -> None:
    assert outcome(tmp_path, "trap '' PIPE; echo wrong >&2; exit 2", stderr=stream) is None


def test_what_a_program_leaves_behind_is_ended(tmp_path) -> None:
    begun = time.monotonic()
    assert outcome(tmp_path, "sleep 60 & echo $! > pid; exit 0") is None
    pid = int((tmp_path / "work" / "pid").read_text())
    stat = Path(f"/proc/{pid}/stat")
    while stat.exists() and stat.read_text().split()[2] != "Z":
        assert time.monotonic() < begun + 20, "still there"


def test_statuses_are_those_of_the_help() -> None:
    statuses = "  0    well\n  1    not: 5 of 9\n  70   internal error\n  130  stopped\n"
    text = f"options:\n  -h  help\n\nexit status:\n{statuses}"
    assert listed_statuses(text) == {0, 1, 130}
    assert listed_statuses("usage: x [-h]") == USUAL_STATUSES


def test_failures_that_differ_in_a_name_or_number_are_one(tmp_path) -> None:
    script = (
        "echo 'Traceback (most recent call last):' >&2; echo \"KeyError: '{}' of {}\" >&2; exit 1"
    )
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert outcome(tmp_path / "a", script.format("x", 5)) == outcome(
        tmp_path / "b", script.format("y y", 17)
    )


# -------------------------------------------------------------------------------------- the inputs


@needs_build
@pytest.mark.parametrize("target", TARGETS)
def test_an_input_is_always_the_same(box, target, tmp_path) -> None:
    def made(folder: Path) -> tuple:
        folder.mkdir()
        case = TARGETS[target].make(Random(f"7/{target}/3"), folder, box)
        files = {
            path.relative_to(folder): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
        return case, files

    assert made(tmp_path / "one") == made(tmp_path / "other")


@needs_build
@pytest.mark.parametrize(
    "command, status",
    [
        ("plot runs/synthetic", 0),
        ("plot runs/real", 0),
        ("plot validation", 0),
        ("publish runs/real", 0),
        ("bench --resume runs/half", 5),
        ("gate aa --folder campaign --runs 0", 0),
        ("explore --replay schedule.json", 1),
        ("gate compare stored.json --head . --policy policy.toml", 4),
    ],
)
def test_what_is_mutated_is_good(box, tmp_path, command, status) -> None:
    """Else all that is tested were the first check."""
    shutil.copytree(box.corpus, tmp_path / "work")
    words = command.replace("--head .", f"--head {box.root}").split()
    done = subprocess.run(
        [sys.executable, "-m", "bqb", *words],
        cwd=tmp_path / "work",
        env=box.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status, done.stderr
    if "stored.json" in command:
        assert "measured with another harness" in done.stdout + done.stderr
