"""The program behind scripts/explore: what it says, and its exit statuses."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from bqb import ROOT

EXPLORE = ROOT / "build" / "release" / "explore"
PAGE = ROOT / "docs" / "explorer.md"
POSTED = ("--queue", "^reference_as_posted$")

pytestmark = pytest.mark.skipif(not EXPLORE.exists(), reason="no release build")


def explore(folder: Path, *words) -> subprocess.CompletedProcess:
    return subprocess.run(
        [EXPLORE, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False
    )


def test_row_says_what_was_done(tmp_path):
    run = explore(
        tmp_path, "--queue", "^two_condvar$", "--producers", 2, "--capacity", 2, "--bound", 1
    )
    assert run.returncode == 0
    assert re.search(
        r"^two_condvar +2P1C capacity 2 x2 +bound 1 +\d+ +\d+ +0\.\d\d s +pass$",
        run.stdout,
        re.MULTILINE,
    )
    assert run.stdout.endswith("1 passed, 0 failed in 0 s\n")


def test_failure_is_shown_kept_and_shown_again(tmp_path):
    found = explore(tmp_path, *POSTED, "--capacity", 2, "--messages", 3, "--save", "kept.json")
    assert found.returncode == 1 and "--replay kept.json" in found.stdout
    assert not (tmp_path / "kept.json.new").exists()
    again = explore(tmp_path, "--replay", "kept.json")
    assert again.returncode == 1
    schedule = found.stdout[
        found.stdout.index("       producer") : found.stdout.index("  12 steps")
    ]
    assert again.stdout == "reference_as_posted, 1P1C capacity 2 x3\n\n" + schedule


@pytest.mark.parametrize("shape", ["--capacity 2 --messages 3", "--messages 0 --ending producers"])
def test_page_prints_what_the_command_prints(tmp_path, shape):
    run = explore(tmp_path, *POSTED, *shape.split())
    begin = run.stdout.index("       producer")
    end = run.stdout.index("schedule.json\n") + len("schedule.json\n")
    command = f"$ ./scripts/explore --queue '^reference_as_posted$' {shape}\n"
    assert command + run.stdout[begin:end] in PAGE.read_text()


def test_forms_of_calls_are_kept_with_a_schedule(tmp_path):
    forms = ("--pushes", "try_push,push", "--pops", "pop_into", "--full", "--ending", "quiet")
    found = explore(tmp_path, *POSTED, "--capacity", 2, "--messages", 4, *forms)
    assert found.returncode == 1, found.stdout
    again = explore(tmp_path, "--replay", "schedule.json").stdout
    assert again.startswith(
        "reference_as_posted, 1P1C capacity 2 x4, full at first, closed when quiet, "
        "try_push,push, pop_into\n"
    )
    failure = json.loads((tmp_path / "schedule.json").read_text())["failure"]
    assert f"=> {failure}\n" in found.stdout and f"=> {failure}\n" in again


def test_random_runs_can_be_replayed(tmp_path):
    assert (
        explore(tmp_path, *POSTED, "--capacity", 2, "--messages", 4, "--pct", 1000).returncode == 1
    )
    assert "=> deadlock" in explore(tmp_path, "--replay", "schedule.json").stdout


def test_too_few_runs_are_no_pass(tmp_path):
    run = explore(
        tmp_path, "--queue", "^two_condvar$", "--producers", 2, "--bound", 3, "--max-runs", 100
    )
    assert (
        run.returncode == 0
        and " unfinished\n" in run.stdout
        and "0 passed, 0 failed, 1 unfinished" in run.stdout
    )


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("--queue", "nothing_like_that"), "matches none; --list shows them"),
        (("--queue", "["), "--queue [: not a regular expression"),
        (("--bound", "x"), "--bound"),
        (("--bound", "1", "--delays", "1"), "excludes"),
        (("--producers", "4", "--consumers", "4"), "more than 7 threads"),
        (("--ending", "never"), "--ending"),
        (("--replay", "none.json"), "--replay none.json: no such file"),
        (
            ("--replay", "broken.json"),
            "--replay broken.json: is not a schedule that --save has written",
        ),
        (("--replay", "other.json"), "there is no queue 'gone' here"),
        (("--queue", "^spsc_spin$", "--producers", "2"), "nothing was explored"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(tmp_path, words, complaint):
    (tmp_path / "broken.json").write_text('{"queue": ')
    (tmp_path / "other.json").write_text(
        json.dumps(
            {
                "queue": "gone",
                "producers": 1,
                "consumers": 1,
                "capacity": 1,
                "messages": 1,
                "ending": "none",
                "pushes": "push",
                "pops": "pop",
                "full": False,
                "weak": False,
                "choices": [],
            }
        )
    )
    run = explore(tmp_path, *words)
    assert run.returncode == 2 and len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith("explore: ") and complaint in run.stderr


def test_schedule_of_another_queue_does_not_fit(tmp_path):
    explore(tmp_path, *POSTED, "--capacity", 2, "--messages", 3)
    kept = json.loads((tmp_path / "schedule.json").read_text())
    kept["choices"] = [9] * 5
    (tmp_path / "schedule.json").write_text(json.dumps(kept))
    run = explore(tmp_path, "--replay", "schedule.json")
    assert run.returncode == 2 and "the queue has changed since" in run.stderr
