"""The programs refuse bad input with one short line and their exit status, and notice where their
output cannot go."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from bqb import ROOT
from bqb.exit_status import IO_ERROR, USAGE

BUILD = ROOT / "build" / "release"
BENCH = BUILD / "queue_bench"
FAULTY = BUILD / "tests" / "harness" / "faulty_queue_bench"
EXPLORE = BUILD / "explore"
OVERHEAD = BUILD / "benchmarks" / "overhead"

pytestmark = pytest.mark.skipif(not EXPLORE.exists(), reason="no release build")

GATE_USAGE = 2
SCENARIO = 'question = "q?"\nexpect = "e"\ncapacity = [1, 2]\n'
SCHEDULE = {
    "queue": "two_condvar",
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
DEEP = "(" * 60_000

# Ids of tests are words of the environment, which has little room.
SHORT_IDS = {"ids": lambda value: str(value)[:40].encode("unicode_escape").decode()}

# Each prints something and ends at once; the status where that cannot be written.
PRINTING = [
    ((BENCH, "--list"), IO_ERROR),
    ((BENCH, "--schema"), IO_ERROR),
    ((BENCH, "--machine"), IO_ERROR),
    ((BENCH, "--help"), IO_ERROR),
    ((EXPLORE, "--list"), IO_ERROR),
    (
        (BUILD / "gate_trial_0", "--scenario", ROOT / "scenarios" / "gate.toml", "--list"),
        GATE_USAGE,
    ),
    ((OVERHEAD / "loop_overhead", "direct", "reference", "1"), IO_ERROR),
    ((OVERHEAD / "sync_overhead", "sync", "two_condvar", "1"), IO_ERROR),
]


def run(*words: object, timeout: float = 60, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(os.fspath, map(str_or_bytes, words))],
        stderr=subprocess.PIPE,
        stdout=options.pop("stdout", subprocess.PIPE),
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        check=False,
        **options,
    )


def str_or_bytes(word: object) -> str | bytes:
    return word if isinstance(word, bytes) else str(word)


def expect_refusal(done: subprocess.CompletedProcess[str], said: str, status: int = USAGE) -> None:
    assert done.returncode == status, done.stderr
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert len(done.stderr) <= 1_050 and done.stderr.rstrip("\n").isprintable(), done.stderr


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "asked.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


# ---------------------------------------------------------------------------------- standard output


@pytest.mark.parametrize("words, status", PRINTING)
def test_output_that_cannot_be_written_is_one_line_and_a_status(words, status):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run(*words, stdout=full)
    program = words[0].name
    assert (done.returncode, done.stderr) == (
        status,
        f"{program}: standard output: No space left on device\n",
    )


@pytest.mark.parametrize("words, status", PRINTING)
def test_closed_output_is_one_line_and_a_status(words, status):
    done = run("bash", "-c", 'exec "$@" >&-', "-", *words)
    assert done.returncode == status
    assert done.stderr.endswith("standard output: Bad file descriptor\n")


def test_a_reader_that_went_away_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = run(BENCH, "--list", stdout=writing, restore_signals=False)  # SIGPIPE stays ignored
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_streams_are_not_taken_for_result_files(scenario):
    out = scenario.parent / "out"
    out.mkdir()
    # It writes what is wrong with the queue to standard error.
    words = (FAULTY, "--scenario", scenario, "--queue", "^dropping$", "--out", out)
    for task in (("--pilot",), ("--round", "1")):
        done = run("bash", "-c", 'exec "$@" <&- >&- 2>&-', "-", *words, *task)
        assert done.returncode == 0
    for file in out.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            json.loads(line)


# ---------------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    "words, said",
    [
        (("--queue", DEEP), "...: is longer than 1000 characters: shorten it"),
        (("--queue", "a(?=b)"), "--queue a(?=b): not a regular expression: invalid perl operator"),
        (("--queue", b"\xff\x1b"), "--queue \\xff\\x1b: not a regular expression"),
        (("--seed", "-1"), "--seed: '-1' is no whole number from 0 to 18446744073709551615"),
        (("--seed", "9" * 30), "is no whole number from 0 to"),
        (("--round", "1000001"), "--round: '1000001' is no whole number from 1 to 1000000"),
        (("--hang-after", "nan"), "--hang-after: 'nan' is no number from 0.5 to 600"),
        (("--scenario", b"\xff.toml"), "\\xff.toml: no such file"),
        (("--scenario", "a" * 100_000), "aaa...: File name too long"),
        (("--" + "x" * 100_000,), "unknown argument --xxx"),
        (("--out", "a\n\x1b[31m", "--pilot"), "a\\n\\x1b[31m"),
        (("--point", "race/capacity:7"), "no such point; the nearest are race (./scripts/bench "),
        (("--point", "curated"), "there is no scenario 'curated' below"),
        (("--point", "../curated/race"), "there is no scenario '..' below"),
        (("--point", b"\xff"), "--point \\xff: there is no scenario '\\xff'"),
        (("--point", "x" * 100_000), "xxx...: there is no scenario 'xxx"),
        (("--scenario", "quick", "--point", "race"), "selects no scenario 'race'; the nearest are"),
    ],
    **SHORT_IDS,
)
def test_bad_arguments_of_queue_bench(words, said):
    expect_refusal(run(BENCH, *words), said)


def test_an_expression_that_would_backtrack_for_ever_ends_at_once():
    assert run(BENCH, "--queue", "(.*)*(.*)*(.*)*x", "--list", timeout=20).returncode == 0


@pytest.mark.parametrize(
    "content, said",
    [
        (b"asked/capacity:1\nasked/capacity:7\n", "there is no point 'asked/capacity:7'"),
        (b"\0" * 1_000, "there is no point '\\x00"),
        (b"x" * 5_000_000, "there is no point 'xxx"),
        (b"", "names no point: write one a line"),
        ("fifo", "is a FIFO, not a regular file"),
        ("folder", "is a folder, not a regular file"),
        (None, "no such file: check the path"),
    ],
    ids=["unknown", "zeros", "long", "empty", "fifo", "folder", "none"],
)
def test_a_list_of_points_that_is_none(scenario, content, said):
    only = scenario.parent / "only"
    if content == "fifo":
        os.mkfifo(only)
    elif content == "folder":
        only.mkdir()
    elif content is not None:
        only.write_bytes(content)
    expect_refusal(run(BENCH, "--scenario", scenario, "--only", only, "--list"), said)


def test_a_point_of_too_many_threads_is_skipped_with_the_reason(scenario):
    scenario.write_text(SCENARIO.replace("capacity = [1, 2]", "capacity = 1\nproducers = [1, 256]"))
    out = scenario.parent / "out"
    out.mkdir()
    words = ("--scenario", scenario, "--queue", "^two_condvar$", "--out", out, "--pilot")
    done = run("taskset", "-c", str(min(os.sched_getaffinity(0))), BENCH, *words)
    assert done.returncode == 0, done.stderr
    rows = map(json.loads, (out / "trials.jsonl").read_text(encoding="utf-8").splitlines())
    assert {row["cell"]: row["reason"] for row in rows if row["kind"] == "skip"} == {
        "asked/two_condvar/producers:256": "has 257 threads, more than 32 for each core that it "
        "may use here (32 in all): fewer producers and consumers, or more cores"
    }


# ----------------------------------------------------------------------------------------- explorer


@pytest.mark.parametrize(
    "words, said",
    [
        (("--queue", DEEP), "...: is longer than 1000 characters: shorten it"),
        (("--producers", "100000"), "--producers: '100000' is no whole number from 1 to 7"),
        (
            ("--capacity", "1000000000"),
            "--capacity: '1000000000' is no whole number from 1 to 1000",
        ),
        (("--messages", "21"), "from 0 to 20"),
        (("--bound", "-1"), "from 0 to 20"),
        (("--pushes", "push,pop"), "--pushes: 'pop' is none of push,try_push,"),
        (("--pops", "try_pop"), "some calls wait for ever and others do not"),
        (("--pct", "0"), "from 1 to 1000000000"),
        (("--pct", "99999999999"), "from 1 to 1000000000"),
        (("--seed", "-1"), "--seed: '-1' is no whole number"),
        (("--max-runs", "-1"), "--max-runs: '-1' is no whole number"),
        (("--replay", "/dev/zero"), "--replay /dev/zero: is a device, not a regular file"),
        (("--save", "/dev/null"), "--save /dev/null: is not a regular file: name another file"),
        (("--save", "nowhere/x"), "there is no such folder"),
        (("--save", ""), "is no file name"),
    ],
    **SHORT_IDS,
)
def test_bad_arguments_of_the_explorer(tmp_path, words, said):
    expect_refusal(run(EXPLORE, *words, cwd=tmp_path), said)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"producers": 100_000}, "100000 is not a whole number from 0 to 7"),
        ({"producers": 7}, "8 is not a whole number from 1 to 7"),
        ({"consumers": -1}, "-1 is not a whole number"),
        ({"capacity": 10**12}, "is not a whole number from 1 to 1000"),
        ({"capacity": 1.5}, "1.5 is not a whole number"),
        ({"messages": True}, "true is not a whole number"),
        ({"choices": [2**40]}, "is not a whole number from 0 to 2147483647"),
        ({"choices": [7] * 9}, "the queue has changed since"),
        ({"weak": "yes"}, "type must be boolean"),
        ({"full": 1}, "type must be boolean"),
        ({"pushes": "shove"}, "'shove' is none of push,try_push,try_push_until,try_push_past"),
        ({"pops": ""}, "'' is none of pop,"),
        ({"ending": "never"}, "'never' is no ending"),
        ({"queue": "a\n" * 100}, "there is no queue 'a\\na\\n"),
    ],
)
def test_a_schedule_of_odd_numbers_is_refused(tmp_path, change, said):
    (tmp_path / "odd.json").write_text(json.dumps(SCHEDULE | change))
    expect_refusal(run(EXPLORE, "--replay", "odd.json", cwd=tmp_path), said)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "null", "[]", "5", '"' + "x" * 500_000, "\0"],
    ids=["deep", "null", "list", "number", "long", "zero"],
)
def test_what_is_no_schedule_is_refused(tmp_path, text):
    (tmp_path / "odd.json").write_text(text)
    expect_refusal(
        run(EXPLORE, "--replay", "odd.json", cwd=tmp_path),
        "--replay odd.json: is not a schedule that --save has written",
    )


def test_saving_leaves_a_fifo_alone(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    words = ("--queue", "^reference_as_posted$", "--capacity", "2", "--messages", "3")
    done = run(EXPLORE, *words, "--save", "fifo", cwd=tmp_path)
    expect_refusal(done, "--save fifo: is not a regular file")
    assert (tmp_path / "fifo").is_fifo()


# ------------------------------------------------------------------------------- the other programs


@pytest.mark.parametrize(
    "words, said",
    [
        ((OVERHEAD / "loop_overhead",), "usage: loop_overhead"),
        ((OVERHEAD / "loop_overhead", "odd", "reference", "1"), "usage: loop_overhead"),
        ((OVERHEAD / "loop_overhead", "direct", "reference", "1e9"), "N: '1e9' is no whole number"),
        ((OVERHEAD / "sync_overhead", "sync", "two_condvar", "-1"), "N: '-1' is no whole number"),
        ((OVERHEAD / "sync_overhead", "sync", "odd", "1"), "usage: sync_overhead"),
        ((BUILD / "gate_counts",), "usage: gate_counts"),
        ((BUILD / "gate_counts", "hand_off", "x" * 1_000, "1"), "xxx...: no such queue"),
        ((BUILD / "gate_counts", "uncontended", "reference", "99999999999"), "N: '99999999999'"),
        ((BUILD / "gate_counts", "uncontended", "reference", "1", "-1"), "EXTRA: '-1'"),
        ((BUILD / "gate_trial_0", "--scenario", "/dev/zero"), "is a device, not a regular file"),
        ((BUILD / "gate_trial_0", "--scenario", "x", "--messages", "-1"), "--messages: '-1'"),
        ((BUILD / "gate_trial_0", "--scenario", "x", "--extra-ns", "nan"), "--extra-ns: 'nan'"),
    ],
    **SHORT_IDS,
)
def test_bad_arguments_of_the_other_programs(words, said):
    expect_refusal(run(*words), said, GATE_USAGE)
