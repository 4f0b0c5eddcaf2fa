"""Queues from outside the tree: `bench --with` and `test --with`, and the page that explains
them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bqb import ROOT
from bqb.running import external_queues

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

# ------------------------------------------------------------------- what is seen without compiling


@pytest.mark.parametrize(
    "text, complaint",
    [
        (None, "no such file"),
        ("", "no BQ_QUEUE in it; end it with, for example, BQ_QUEUE(my::MyQueue, my_queue)"),
        (
            "// BQ_QUEUE(my::Queue, mine)\n/* BQ_QUEUE(my::Queue, mine) */\n#define "
            "BQ_QUEUE(Class, name)\n",
            "no BQ_QUEUE in it",
        ),
        ("BQ_QUEUE(my::Queue, My-Queue)", "'My-Queue' is no name; a-z, 0-9 and _, a letter first"),
        (
            "BQ_QUEUE(my::Queue, two_condvar)",
            "'two_condvar', and so does queues/queues.list; choose another name",
        ),
        (
            "BQ_QUEUE(my::A, mine)\nBQ_QUEUE(my::B, mine)",
            "names a queue 'mine', and so does {path}; choose another name",
        ),
    ],
)
def test_wrong_header_is_one_line_and_status_2(bench, tmp_path, text, complaint):
    path = tmp_path / "my queue.h"
    if text is not None:
        path.write_text(text)
    run = bench("--with", "my queue.h", "--out", "run").end()
    assert run.status == 2 and len(run.err.splitlines()) == 1
    assert run.err.startswith(f"bench: --with {path}: ") and complaint.format(path=path) in run.err
    assert not (tmp_path / "run").exists()


def test_folder_is_no_header(bench, tmp_path):
    run = bench("--with", ".").end()
    assert (run.status, run.err) == (
        2,
        f"bench: --with {tmp_path}: Is a directory; name the header of a queue\n",
    )


def test_two_headers_do_not_share_a_name(bench, tmp_path):
    for name in ("a.h", "b.h"):
        (tmp_path / name).write_text("BQ_QUEUE(my::Queue, mine);")
    run = bench("--with", "a.h", "--with", "b.h", "--with", "a.h").end()
    assert run.status == 2
    assert (
        f"--with {tmp_path}/b.h: BQ_QUEUE names a queue 'mine', and so does {tmp_path}/a.h"
        in run.err
    )


def test_resume_remembers_the_headers(bench, tmp_path):
    (tmp_path / "a.h").write_text("BQ_QUEUE(my::Queue, mine);")
    bench("--with", "a.h", "--out", "run", "--rounds", "2", refuse_round=2).end()
    begun = json.loads((tmp_path / "run" / "trials.jsonl").read_text().splitlines()[0])
    assert begun["context"]["arguments"]["headers"] == [str(tmp_path / "a.h")]
    wrong = bench("--resume", "run", "--with", "a.h").end()
    assert wrong.status == 2 and "leave out --with" in wrong.err
    assert bench("--resume", "run").end().status == 0
    (tmp_path / "a.h").unlink()
    gone = bench("--resume", "run").end()
    assert gone.status == 2 and f"--with {tmp_path}/a.h: no such file" in gone.err


# ----------------------------------------------------------------------------------- built for real


real = pytest.mark.skipif(
    not (ROOT / "build" / "release" / "queue_bench").exists(), reason="no release build"
)


@pytest.fixture
def header(tmp_path, monkeypatch):
    """The example under a path with spaces. What is built for it goes with the test."""
    monkeypatch.delenv("BQB_QUEUE_BENCH", raising=False)
    path = tmp_path / "my queues" / "my queue.h"
    path.parent.mkdir()
    shutil.copy(EXAMPLE, path)
    yield path
    forget(path)


def forget(*headers: Path) -> None:
    for preset in ("release", "asan", "tsan"):
        shutil.rmtree(
            external_queues.folder_of(tuple(map(str, headers)), preset), ignore_errors=True
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


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new))


@real
def test_outside_queue_is_measured_beside_the_listed_ones(header, tmp_path):
    (tmp_path / "tiny.toml").write_text(SCENARIO)
    run = start(
        "bench",
        "--with",
        header,
        "--scenario",
        tmp_path / "tiny.toml",
        "--queue",
        "^(my_queue|two_condvar)$",
        "--rounds",
        1,
        "--out",
        tmp_path / "run",
    )
    assert run.returncode == 0, run.stderr
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert {row["name"].split("/")[1] for row in results["benchmarks"]} == {
        "my_queue",
        "two_condvar",
    }

    labels = subprocess.run(
        [external_queues.folder_of((str(header),), "release") / "queue_bench", "--queues"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"^my_queue +default +house +many .* condvar$", labels, re.MULTILINE)
    listed = start("bench", "--with", header, "--scenario", tmp_path / "tiny.toml", "--list").stdout
    assert " my_queue " in listed and " two_condvar" in listed, "part of the default line-up"

    assert start("bench", "--resume", tmp_path / "run").returncode == 0
    edit(header, "std::size_t capacity_;", "std::size_t capacity_; int more_ = 0;")
    rows = (tmp_path / "run" / "trials.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "run" / "trials.jsonl").write_text(
        "".join(row for row in rows if '"kind":"block"' not in row)
    )
    changed = start("bench", "--resume", tmp_path / "run")
    assert changed.returncode == 2 and "was made by another build of this program" in changed.stderr


@real
def test_header_that_does_not_compile_shows_the_compilers_message(header):
    edit(header, "  void close() {", "  void shut() {")
    run = start("bench", "--with", header, "--list")
    assert run.returncode == 3
    assert f"{header}:" in run.stderr and re.search(
        "queue.close\\(\\).* (is|would be) invalid", run.stderr
    )
    assert "build.log" in run.stderr.splitlines()[-1]


@real
def test_contract_suite_passes_the_example(header):
    run = start("test", "--with", header)
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"^(\d+) passed, 0 failed$", run.stdout, re.MULTILINE)
    assert passed and int(passed[1]) >= 20
    assert re.search(r"^ +\d+  has no timed calls +my_queue$", run.stdout, re.MULTILINE)


@real
def test_contract_suite_finds_what_is_wrong(header):
    edit(header, "messages_.front()", "messages_.back()")
    edit(header, "messages_.pop_front()", "messages_.pop_back()")
    run = start("test", "--with", header)
    assert run.returncode == 1 and "FAILED release --with: my_queue.FirstInFirstOut\n" in run.stdout


def put_on_sync(header: Path) -> None:
    """What the page says to change."""
    edit(header, '#include "queues/bounded_queue.h"', '#include "queues/sync.h"')
    edit(header, "template <class T>", "template <class T, class Sync = bq::StdSync>")
    edit(header, "mutable std::mutex mutex_;", 'mutable typename Sync::mutex mutex_{"mutex"};')
    edit(
        header,
        "std::condition_variable changed_;",
        'typename Sync::condition_variable changed_{"changed"};',
    )
    edit(
        header,
        "changed_.wait(lock, [&] { return closed_ || !messages_.empty(); });",
        "while (!closed_ && messages_.empty()) changed_.wait(lock);",
    )
    edit(
        header,
        "changed_.wait(lock, [&] { return closed_ || messages_.size() < capacity_; });",
        "while (!closed_ && messages_.size() == capacity_) changed_.wait(lock);",
    )


@real
def test_explorer_takes_a_queue_over_sync(header, tmp_path):
    plain = start("explore", "--with", header)
    assert plain.returncode == 2 and "do not synchronise through Sync: my_queue" in plain.stdout
    assert plain.stderr.endswith(
        "nothing was explored: no such queue supports this shape; see docs/explorer.md\n"
    )

    put_on_sync(header)
    run = start("explore", "--with", header)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^\d\d passed, 0 failed in", run.stdout, re.MULTILINE)

    # One condition variable for both sides: waking one may wake the wrong one.
    header.write_text(header.read_text().replace("notify_all", "notify_one"))
    schedule = tmp_path / "found.json"
    found = start(
        "explore",
        "--with",
        header,
        "--producers",
        2,
        "--consumers",
        2,
        "--messages",
        4,
        "--save",
        schedule,
    )
    assert found.returncode == 1 and "=> lost wake-up: " in found.stdout, (
        found.stdout + found.stderr
    )
    again = start("explore", "--with", header, "--replay", schedule)
    assert again.returncode == 1
    assert (
        found.stdout.split("  => ")[1].split("\n")[0]
        == again.stdout.split("  => ")[1].split("\n")[0]
    )


@real
def test_queue_that_cannot_have_the_usual_capacities_is_measured(header, tmp_path):
    edit(header, '.waiting = "condvar"', '.max_capacity = 8, .waiting = "condvar"')
    edit(header, "bq::checked_capacity(capacity)", "bq::checked_capacity(capacity, 8)")
    (tmp_path / "tiny.toml").write_text(SCENARIO.replace("capacity = 16", "capacity = [4, 16]"))
    run = start(
        "bench",
        "--with",
        header,
        "--scenario",
        tmp_path / "tiny.toml",
        "--queue",
        "^(my_queue|two_condvar)$",
        "--rounds",
        1,
        "--out",
        tmp_path / "run",
    )
    assert run.returncode == 0, run.stderr
    rows = [json.loads(row) for row in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    properties = {
        (row["name"], *row["params"].values())
        for row in rows
        if row["kind"] == "property" and row["queue"] == "my_queue" and "values" in row
    }
    assert {
        ("idle_pop",),
        ("idle_push",),
        ("close", 64),
        ("memory", 1),
        ("construction", 1),
    } <= properties
    assert ("memory", 64) not in properties
    skipped = [
        row["reason"] for row in rows if row["kind"] == "skip" and row["queue"] == "my_queue"
    ]
    assert skipped == ["takes capacities up to 8, not 16"]


@real
def test_parts_of_each_program_are_all_built(tmp_path):
    """Nothing that a program with a queue from outside links may be left to another command to
    build."""
    for kind in external_queues.MEANINGS:
        (tmp_path / f"{kind}_0.cpp").touch()
    release = ROOT / "build" / "release"
    subprocess.run(
        [
            "cmake",
            "-S",
            ROOT / "benchmarks" / "with",
            "-B",
            tmp_path,
            "-G",
            "Ninja",
            f"-DSOURCES={tmp_path}",
            f"-DBUILD={release}",
        ],
        capture_output=True,
        check=True,
    )
    for program in ("queue_bench", "contract_test", "explore", "gate_programs"):
        inputs = {
            (tmp_path / line.strip("'")).resolve()
            for line in ninja(tmp_path, "inputs", program).splitlines()
        }
        parts = {
            str(path.relative_to(release))
            for path in inputs
            if path.is_relative_to(release) and path.suffix in (".a", ".o")
        }
        made = set(ninja(release, "commands", external_queues.parts_of(program)).split())
        assert parts and parts <= made, program


def ninja(folder: Path, tool: str, target: str) -> str:
    command = ["ninja", "-C", folder, "-t", tool, target]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# --------------------------------------------------------------- headers that define the same names


@pytest.fixture
def pair(header, tmp_path):
    """Two headers with the example's queue in them, `my_queue` and `other`."""
    other = tmp_path / "other.h"
    other.write_text(
        header.read_text().replace(
            "BQ_QUEUE(my::MyQueue, my_queue)", "BQ_QUEUE(my::MyQueue, other)"
        )
    )
    yield header, other
    forget(header, other)


@real
def test_two_headers_that_define_one_queue_are_refused(pair):
    edit(pair[1], "notify_all", "notify_one")
    run = start("explore", "--with", pair[0], "--with", pair[1], "--list")
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1] == (
        f"explore: --with {pair[0]}: defines my::MyQueue, and so does {pair[1]}; the linker "
        "would take both for the "
        "same, so rename the namespace in one of them"
    )


@real
def test_two_headers_that_define_one_helper_are_refused_and_a_shared_one_is_not(pair, tmp_path):
    one, other = pair
    edit(other, "MyQueue", "OtherQueue")
    for header, number in ((one, 1), (other, 2)):
        text = f"#pragma once\nnamespace my {{ inline int wait() {{ return {number}; }} }}\n"
        (header.parent / "wait.h").write_text(text)
        edit(header, "#pragma once", '#pragma once\n#include "wait.h"')
        edit(header, "return capacity_;", "return capacity_ + my::wait() - my::wait();")
    run = start("test", "--with", one, "--with", other)
    assert run.returncode == 2
    assert (
        f"--with {one}: defines my::wait (in {one.parent}/wait.h), and so does {other} (in "
        f"{other.parent}/wait.h); " in run.stderr
    )

    (one.parent / "wait.h").unlink()
    edit(one, '"wait.h"', f'"{other.parent}/wait.h"')
    run = start("test", "--with", one, "--with", other)
    assert run.returncode == 0 and " passed, 0 failed" in run.stdout, run.stdout + run.stderr


@real
def test_edited_copy_of_a_listed_queue_takes_a_namespace_of_its_own(header):
    listed = ROOT / "queues" / "two_condvar.h"
    header.write_text(f"{listed.read_text()}\nBQ_QUEUE(bq::TwoCondvarQueue, edited);\n")
    run = start("explore", "--with", header)
    assert run.returncode == 2
    assert f"--with {header}: defines bq::TwoCondvarQueue, and so does {listed}; " in run.stderr

    edit(header, "namespace bq {", "namespace my {\nusing namespace bq;")
    edit(header, "BQ_QUEUE(bq::", "BQ_QUEUE(my::")
    run = start("explore", "--with", header, "--bound", 1)
    assert run.returncode == 0, run.stdout + run.stderr


# ----------------------------------------------------------------------------------------- the page


def test_page_quotes_the_example_as_it_is():
    page = (ROOT / external_queues.PAGE).read_text()
    assert f"```cpp\n{EXAMPLE.read_text()}```\n" in page
