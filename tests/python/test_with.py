"""Queues from outside the tree: `bench --with` and `test --with`, and the page that explains
them."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from bqb import ROOT
from bqb.gate import counts
from bqb.gate.arms import Arm
from bqb.running import external_queues
from bqb.running.header_flags import Header
from outside import EXAMPLE, SCENARIO, edit, forget, measure, real, rows_of, start

RING = ROOT / "examples" / "my_ring.h"
PARTIAL = ROOT / "tests" / "contract" / "partial_queues.h"

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


@real
def test_outside_queue_is_measured_beside_the_listed_ones(header, tmp_path):
    (tmp_path / "tiny.toml").write_text(SCENARIO)
    run = measure(tmp_path, header, queue="^(my_queue|two_condvar)$")
    assert run.returncode == 0, run.stderr
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert {row["name"].split("/")[1] for row in results["benchmarks"]} == {
        "my_queue",
        "two_condvar",
    }

    labels = subprocess.run(
        [external_queues.folder_of((Header(str(header)),), "release") / "queue_bench", "--queues"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"^my_queue +outside +peer +many .* condvar$", labels, re.MULTILINE)
    listed = start("bench", "--with", header, "--scenario", tmp_path / "tiny.toml", "--list").stdout
    assert " my_queue " in listed and " two_condvar" in listed

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
def test_an_error_inside_templates_names_the_label_that_decided(header):
    """The slots of this queue need messages with a default constructor, and it does not say so."""
    edit(header, "std::deque<T> messages_;", "std::deque<T> messages_; T last_{};")
    run = start("test", "--with", header)
    assert run.returncode == 3
    assert (
        "the label .element = any or nothrow_movable (any, if left out) promises messages that can "
        "only be moved and have no default constructor. If the queue cannot take those, give it "
        "another label: docs/your_own_queue.md#labels\n" in run.stderr
    )


@real
def test_contract_suite_passes_the_examples(header):
    assert start("test", "--with", RING).returncode == 0
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
def test_queues_that_lack_calls_are_measured(tmp_path):
    """Waits only, waits on one side, no close, one capacity: whatever is missing, the harness does
    without it, or BlockingAdapter adds it. (The contract suite has more of them.)"""
    names = {"waits_only", "without_close", "pop_waits", "holds_100"}
    header = tmp_path / "partial.h"
    header.write_text(
        "".join(
            line
            for line in PARTIAL.read_text().splitlines(keepends=True)
            if not line.startswith("BQ_QUEUE") or any(f" {name})" in line for name in names)
        )
    )
    (tmp_path / "tiny.toml").write_text(SCENARIO)
    run = measure(tmp_path, header, queue=f"^({'|'.join(names)})$")
    assert run.returncode == 0, run.stdout + run.stderr
    rows = rows_of(tmp_path / "run")
    assert {row["queue"] for row in rows if row["kind"] == "trial"} == names
    assert [(row["queue"], row["capacity"]) for row in rows if "capacity" in row] == [
        ("holds_100", 100)
    ]
    idle_push = {row["queue"] for row in rows if row.get("name") == "idle_push"}
    assert names == idle_push, "a waiting push ends, whether or not it hears of a close"
    page = (tmp_path / "run" / "report.html").read_text()
    assert "holds_100 has room for 100 messages here, not 16 like the others" in page
    forget(header)


@real
@pytest.mark.parametrize(
    "thrown, told",
    [('std::runtime_error("no room")', "no room"), ("7", "it throws what is no std::exception")],
)
def test_a_constructor_that_throws_is_its_queues_failure(header, tmp_path, thrown, told):
    edit(
        header,
        ": capacity_(bq::checked_capacity(capacity)) {}",
        f": capacity_(capacity) {{ if (capacity == 16) throw {thrown}; }}",
    )
    (tmp_path / "tiny.toml").write_text(SCENARIO)
    run = measure(tmp_path, header, queue="^(my_queue|two_condvar)$")
    assert run.returncode == 1, run.stdout + run.stderr
    rows = rows_of(tmp_path / "run")
    failed = [row for row in rows if row["kind"] == "trial" and row["status"] == "error"]
    assert {row["queue"] for row in failed} == {"my_queue"}
    assert failed[0]["message"] == (
        f"it cannot be made with capacity 16, which its traits allow: {told}"
    )
    passed = {row["queue"] for row in rows if row["kind"] == "trial" and row["status"] == "ok"}
    assert passed == {"two_condvar"}


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
    """Two headers that define one class, `my_queue` and `other`."""
    other = tmp_path / "other.h"
    other.write_text(
        header.read_text().replace(
            "BQ_QUEUE(my::MyQueue, my_queue)", "BQ_QUEUE(my::MyQueue, other)"
        )
    )
    yield header, other
    forget(header, other)


@real
def test_two_headers_that_define_one_class_are_compared(pair, tmp_path):
    """The old version beside the new one: each is measured, and each answers for itself."""
    (tmp_path / "tiny.toml").write_text('queues = ["two_condvar"]\n' + SCENARIO)
    run = measure(tmp_path, pair[0], pair[1])
    assert run.returncode == 0, run.stdout + run.stderr
    measured = {row["queue"] for row in rows_of(tmp_path / "run") if row["kind"] == "trial"}
    assert measured == {"my_queue", "other", "two_condvar"}, "a scenario's list keeps none out"

    edit(pair[1], "messages_.front()", "messages_.back()")
    edit(pair[1], "messages_.pop_front()", "messages_.pop_back()")
    tested = start("test", "--with", pair[0], "--with", pair[1])
    failed = re.findall(r"^FAILED release --with: (\w+)\.", tested.stdout, re.MULTILINE)
    assert tested.returncode == 1 and set(failed) == {"other"}, tested.stdout


@real
def test_a_copy_of_a_listed_queue_runs_the_same_instructions(header):
    """Making its names its own leaves the measured loop as it was, and a change shows."""
    listed = (ROOT / "queues" / "two_condvar.h").read_text()
    header.write_text(f"{listed}\nBQ_QUEUE(bq::TwoCondvarQueue, copy);\n")
    # But for some instructions in 10,000 messages, which depend on addresses.
    assert counted(header, "copy") == pytest.approx(counted(header, "two_condvar"), abs=0.01)
    edit(header, "\n    Lock lock(mutex_);", "\n    Lock lock(mutex_); waste();")
    edit(
        header,
        " private:",
        " private:\n  void waste() { for (volatile int i = 0; i < 50; i = i + 1) {} }",
    )
    assert counted(header, "copy") > 1.1 * counted(header, "two_condvar")


def counted(header: Path, queue: str) -> float:
    """Instructions per message."""
    folder = external_queues.build_with((Header(str(header)),), "release", "gate_programs")
    return counts.instructions(Arm("base", "", "", False, "", folder), queue, 0)


@real
def test_what_the_harness_reads_is_one_for_all(header, tmp_path):
    """Yields are counted, and waiters wait, in one place, however many headers are linked."""
    external_queues.build_with((Header(str(header)),), "release", "queue_bench")
    folder = external_queues.folder_of((Header(str(header)),), "release")
    symbols = subprocess.run(
        ["nm", folder / "own_symbols" / "bench_0.o"], capture_output=True, text=True, check=True
    ).stdout
    kinds = {name: kind for *_, kind, name in map(str.split, symbols.splitlines())}
    count = "_ZZN2bq7StdSync6yieldsEvE5count"
    pool = "_ZZNSt8__detail18__waiter_pool_base6_S_forEPKvE3__w"
    assert {count, pool} <= set(kinds)
    shared = {name for name, kind in kinds.items() if kind.isupper() and kind != "U"}
    assert {count, pool} <= shared
    assert not any("MyQueue" in name for name in shared)


# ----------------------------------------------------------------------------------------- the page


@pytest.mark.parametrize("example", [EXAMPLE, RING])
def test_page_quotes_the_example_as_it_is(example):
    page = (ROOT / external_queues.PAGE).read_text()
    assert f"```cpp\n{example.read_text()}```\n" in page
