"""The whole measuring program, built for real: no numbers for wrong queues, one clear line a fault,
nothing lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from bqb.data.load import load_run
from bqb.report.figures.draw import draw_figures
from machine import NO_CGROUPS, TRACEFS, in_a_mount_namespace

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
REAL = BUILD / "queue_bench"
FAULTY = BUILD / "tests" / "harness" / "faulty_queue_bench"
HARNESS_TEST = BUILD / "tests" / "harness" / "harness_test"

pytestmark = pytest.mark.skipif(not FAULTY.exists(), reason="no release build")

TRACED = """
question = "q?"
expect = "e"
rounds = 1
capacity = 16
[producer]
work = "spin"
mean_ns = 1_000
[consumer]
work = "spin"
process = "exponential"
mean_ns = 1_100
"""
CLAIM = """
[[claim]]
says = "it is cheap"
counter = "lost_ns_per_msg"
queue = "two_condvar"
than = "reference"
below = 2
since = 2026-11-25
"""
PIPELINE = (
    TRACED.replace("[producer]", 'shape = "pipeline"\nstages = 4\n[producer]')
    + """
[stage]
work = "spin"
mean_ns = 500
"""
)
PING_PONG = """
question = "q?"
expect = "e"
rounds = 1
shape = "ping_pong"
capacity = 1
placement = ["spread", "one_core"]
"""
RACE = 'question = "q?"\nexpect = "e"\ncapacity = 16\n'


def run(
    program: Path | str, *arguments: object, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def scenario(folder: Path, text: str, name: str = "asked") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def rows(out: Path, kind: str | None = None) -> list[dict]:
    lines = (out / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if kind in (None, row["kind"])]


def measure(
    program: Path, out: Path, *selection: object, round: int = 1
) -> subprocess.CompletedProcess[str]:
    """The pilot (if need be) and one round."""
    if not (out / "trials.jsonl").exists():
        out.mkdir(exist_ok=True)
        pilot = run(program, *selection, "--out", out, "--pilot")
        if pilot.returncode != 0:
            return pilot
    return run(program, *selection, "--out", out, "--round", round)


def test_an_expectation_that_failed_is_listed_and_kept(tmp_path: Path) -> None:
    earlier = '[[earlier_expect]]\nuntil = 2026-11-28\ntext = "Nothing."\nwhy = "It was 3 us."\n'
    asked = scenario(tmp_path, RACE + earlier)
    listed = run(REAL, "--scenario", asked, "--list")
    assert "  expected until 2026-11-28: Nothing. (It was 3 us.)\n" in listed.stdout
    (tmp_path / "out").mkdir()
    done = run(
        REAL, "--scenario", asked, "--queue", "^two_condvar$", "--out", tmp_path / "out", "--pilot"
    )
    assert done.returncode == 0, done.stderr
    header = rows(tmp_path / "out", "run")[0]
    assert header["scenarios"]["asked"]["earlier_expect"] == [
        {"until": "2026-11-28", "text": "Nothing.", "why": "It was 3 us."}
    ]


@pytest.mark.parametrize("queue", ["dropping", "duplicating", "reordering", "overfull"])
@pytest.mark.parametrize("text", [RACE, TRACED, PIPELINE], ids=["counted", "traced", "pipeline"])
def test_a_wrong_queue_never_gets_a_number(tmp_path: Path, queue: str, text: str) -> None:
    asked = scenario(tmp_path, text)
    out = tmp_path / "out"
    done = measure(FAULTY, out, "--scenario", asked, "--queue", f"^({queue}|spsc_spin)$")
    assert done.returncode == 0, done.stderr
    trials = rows(out, "trial")
    wrong = [row for row in trials if row["queue"] == queue]
    assert wrong and all(row["status"] == "error" and "counters" not in row for row in wrong)
    assert not [row for row in rows(out, "plan") if row["queue"] == queue]
    right = [row for row in trials if row["queue"] == "spsc_spin"]
    assert any(row["status"] == "ok" for row in right), "the right one still has its results"


def test_chains_of_queues_have_numbers_and_figures(tmp_path: Path) -> None:
    asked = [scenario(tmp_path, PIPELINE, "line"), scenario(tmp_path, PING_PONG, "echo")]
    out = tmp_path / "out"
    scenarios = [f"--scenario={file}" for file in asked]
    done = measure(REAL, out, *scenarios, "--queue", "^(two_condvar|spsc_spin_yield_park)$")
    assert done.returncode == 0, done.stderr
    measured = rows(out, "trial")
    assert len(measured) == 6 and all(
        row["status"] == "ok" and row["level"] == "traced" for row in measured
    )
    for row in measured:
        own = {
            "line": {"departure_jitter_ns", "sojourn_mean_ns", "stage_cpu_ns_per_msg"},
            "echo": {"round_trip_mean_ns"},
        }
        assert (
            own[row["scenario"]] | {"lost_ns_per_msg", "producer_cpu_ns_per_msg"}
            <= row["counters"].keys()
        )
        assert all(
            value == int(value) or value == float(f"{value:.6g}")
            for value in row["counters"].values()
        )
    loaded = load_run(out)
    assert {(point.shape, point.stages) for point in loaded.points.values()} == {
        ("pipeline", 4),
        ("ping_pong", 2),
    }
    drawn = {path.name for path in draw_figures(loaded, tmp_path / "plots")}
    assert {"overview.svg", "line.lost.svg", "line.sojourn.svg", "echo.lost.svg"} <= drawn


def test_a_hang_names_the_stuck_threads_and_the_run_goes_on(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED)
    out = tmp_path / "out"
    out.mkdir()
    selection = ("--scenario", asked, "--queue", "hanging", "--hang-after", 1)
    pilot = run(FAULTY, *selection, "--out", out, "--pilot")
    assert pilot.returncode == 4
    (row,) = rows(out, "trial")
    assert row["status"] == "error"
    assert "consumer 0 stuck in pop of message" in row["message"]
    assert "producer 0 stuck in push of message" in row["message"]
    assert run(FAULTY, *selection, "--out", out, "--pilot").returncode == 0, "not tried again"
    assert run(FAULTY, *selection, "--out", out, "--round", 1).returncode == 0


def test_a_capacity_probe_that_gets_on_is_no_hang(tmp_path: Path) -> None:
    """Filling up takes 40 calls of 0.1 s, twice the patience."""
    out = tmp_path / "out"
    done = measure(
        FAULTY,
        out,
        "--scenario",
        scenario(tmp_path, TRACED.replace("capacity = 16", "capacity = 64")),
        "--queue",
        "slowly_filling",
        "--hang-after",
        2,
    )
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in rows(out, "trial")] == ["ok"]


@pytest.mark.parametrize("text", [TRACED, PIPELINE], ids=["queue", "pipeline"])
def test_a_capacity_probe_that_stops_is_a_hang(tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    selection = ("--scenario", scenario(tmp_path, text), "--queue", "sticking", "--hang-after", 1)
    assert measure(FAULTY, out, *selection).returncode == 4
    (row,) = rows(out, "trial")
    assert "stuck in call 4 of the capacity probe's try_push and try_pop" in row["message"]


GREEDY = RACE.replace(
    "capacity = 16", 'payload = "heap"\nmessage_bytes = 1_048_576\ncapacity = [4, 16_777_216]'
)


def test_what_cannot_fit_into_memory_is_refused_before_anything_runs(tmp_path: Path) -> None:
    asked = scenario(tmp_path, GREEDY)
    done = run(REAL, "--scenario", asked, "--queue", "^two_condvar$", "--hang-after", 0.5, "--list")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert (
        f"{asked}:5: key 'capacity': 16777216 messages of 1048576 bytes take at least 17.6 TB"
        in done.stderr
    )
    assert "less capacity, or smaller message_bytes" in done.stderr
    assert (
        run(REAL, "--scenario", asked, "--queue", "^unbounded$", "--list").returncode == 0
    ), "which nobody fills up"


def properties(out: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    out.mkdir(exist_ok=True)
    return run(
        REAL, "--scenario", scenario(out.parent, TRACED), "--out", out, "--properties", *arguments
    )


def test_properties_are_measured_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = properties(out, "--queue", "^(two_condvar|spsc_spin_yield_park)$")
    assert done.returncode == 0, done.stderr
    found = {
        (row["queue"], row["name"], *row["params"].values()): row["values"]
        for row in rows(out, "property")
    }
    assert {key[1:] for key in found if key[0] == "two_condvar"} == {
        ("idle_pop",),
        ("idle_push",),
        *((name, capacity) for name in ("memory", "construction") for capacity in (1, 64, 4096)),
        *(("close", waiters) for waiters in (1, 8, 64)),
    }
    ring = "spsc_spin_yield_park"
    assert [key for key in found if key[:2] == (ring, "close")] == [(ring, "close", 1)]
    memory = found["two_condvar", "memory", 4096]
    assert memory["reported_capacity"] == 4096 and 8 * 4096 <= memory["bytes"] <= 2 * 8 * 4096
    assert found["two_condvar", "idle_pop"]["idle_pop_cpu_share"] < 0.1

    size = (out / "trials.jsonl").stat().st_size
    assert properties(out, "--queue", "^(two_condvar|spsc_spin_yield_park)$").returncode == 0
    assert (out / "trials.jsonl").stat().st_size == size


def test_a_close_that_wakes_nobody_is_a_hang_and_costs_the_queue_its_properties(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    selection = ("--queue", "^(reference_as_posted|two_lock)$", "--hang-after", 3)
    assert properties(out, *selection).returncode == 4
    (row,) = rows(out, "property")
    assert (row["queue"], row["name"], row["error"]) == (
        "reference_as_posted",
        "idle_pop",
        "hung: no end after 3 s",
    )
    done = properties(out, *selection)
    assert done.returncode == 0, done.stderr
    assert {row["queue"] for row in rows(out, "property")[1:]} == {"two_lock"}


def test_a_capacity_that_is_refused_though_the_traits_allow_it_costs_one_queue(
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    selection = (
        "--scenario",
        scenario(tmp_path, TRACED),
        "--queue",
        "^(refusing|two_lock)$",
        "--out",
        out,
    )
    assert run(FAULTY, *selection, "--pilot").returncode == 0
    (row,) = rows(out, "trial")
    assert row["queue"] == "refusing" and row["status"] == "error"
    assert row["message"] == (
        "it cannot be made with capacity 16, which its traits allow: "
        "capacity 16: this queue ends at 8"
    )
    assert run(FAULTY, *selection, "--properties").returncode == 0
    errors = [row["error"] for row in rows(out, "property") if row["queue"] == "refusing"]
    assert errors == [row["message"].replace("16", "64")]


def test_a_crash_is_blamed_on_the_property_that_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert (
        properties(out, "--queue", "^two_lock$", "--crash-reason", "died of SIGSEGV").returncode
        == 0
    )
    (row,) = rows(out, "property")
    assert (row["name"], row["error"]) == (
        "idle_pop",
        "crashed: died of SIGSEGV",
    ) and "values" not in row


def test_every_round_has_its_limits(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert (
        measure(
            REAL, out, "--scenario", scenario(tmp_path, TRACED), "--queue", "^two_condvar$"
        ).returncode
        == 0
    )
    (row,) = rows(out, "limits")
    assert row["round"] == 1 and row["park_round_trip_ns"] > 0
    assert ("spsc_msgs_per_s" in row) == (len(os.sched_getaffinity(0)) > 1)


def test_a_queue_that_never_ends_is_stopped(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    asked = scenario(tmp_path, TRACED)
    assert (
        run(
            FAULTY, "--scenario", asked, "--queue", "never_ending", "--out", out, "--pilot"
        ).returncode
        == 4
    )
    (row,) = rows(out, "trial")
    assert (
        row["message"]
        == "exactly once: consumers take more messages than there are, without an end"
    )


def test_what_has_no_window_is_skipped_with_the_reason(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED.replace("capacity = 16", "capacity = 16_000_000"))
    out = tmp_path / "out"
    done = measure(REAL, out, "--scenario", asked, "--queue", "two_condvar")
    assert done.returncode == 0, done.stderr
    (skip,) = rows(out, "skip")
    # On a crowded machine the pilot may see before that no thread is warm in time.
    why = ("takes more than 10000000 messages", "no window to measure")
    assert any(words in skip["reason"] for words in why)
    assert rows(out, "block") == []


def test_flags_that_would_tear_blocks_apart_are_refused(tmp_path: Path) -> None:
    done = run(REAL, "--scenario", scenario(tmp_path, TRACED), "--benchmark_filter=two")
    assert done.returncode == 2 and "--benchmark_filter=two: would tear blocks apart" in done.stderr


def test_a_crash_is_blamed_on_the_cell_that_ran(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED)
    out = tmp_path / "out"
    out.mkdir()
    selection = ("--scenario", asked, "--queue", "crashing")
    assert run(FAULTY, *selection, "--out", out, "--pilot").returncode == -signal.SIGABRT
    assert (
        run(
            FAULTY, *selection, "--out", out, "--pilot", "--crash-reason", "died of SIGABRT"
        ).returncode
        == 0
    )
    (row,) = rows(out, "trial")
    assert row["message"] == "crashed: died of SIGABRT"


def test_a_kill_loses_at_most_the_trial_in_flight(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED.replace("capacity = 16", "capacity = [1, 2, 3, 4, 5, 6]"))
    out = tmp_path / "out"
    out.mkdir()
    selection = ("--scenario", asked, "--queue", "two_condvar")
    assert run(REAL, *selection, "--out", out, "--pilot").returncode == 0
    command = [REAL, *map(str, selection), "--out", out, "--round", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while sum(row["kind"] == "block" for row in rows(out)) < 2:
            os.sched_yield()
        process.kill()
    before = rows(out, "trial")
    assert run(REAL, *selection, "--out", out, "--round", 1).returncode == 0
    after = rows(out, "trial")
    assert after[: len(before)] == before, "what was written stays"
    blocks = [row["point"] for row in rows(out, "block")]
    assert len(blocks) == len(set(blocks)) == 6, "finished blocks are not run again"


def test_a_layout_says_so_goes_on_with_a_run_and_exchanges_cores(tmp_path: Path) -> None:
    words = ("--scenario", scenario(tmp_path, TRACED), "--queue", "two_condvar")
    out, other = tmp_path / "out", REAL.with_name("queue_bench.layout_1")
    for number, program in enumerate((REAL, other), start=1):
        assert measure(program, out, *words, round=number).returncode == 0
    blocks = [(row["layout"], row["cores_exchanged"]) for row in rows(out, "block")]
    assert blocks == [(0, False), (1, True)]
    assert all(("handoff_after_ns" in row) == ("handoff_ns" in row) for row in rows(out, "block"))
    alone = tmp_path / "queue_bench.layout_1"
    shutil.copy(other, alone)
    done = run(alone, *words, "--out", out, "--round", 3)
    assert done.returncode == 2 and "queue_bench, which is not there: build again" in done.stderr


def test_another_build_seed_or_scenario_is_refused(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED)
    out = tmp_path / "out"
    assert measure(REAL, out, "--scenario", asked, "--queue", "two_condvar").returncode == 0
    size = (out / "trials.jsonl").stat().st_size
    for program, selection, what in (
        (FAULTY, (asked, "--queue", "two_condvar"), "another build"),
        (REAL, (asked, "--queue", "two_condvar", "--seed", 5), "another seed"),
        (REAL, (asked, "--queue", "semaphore"), "other scenarios or queues"),
    ):
        done = run(program, "--scenario", *selection, "--out", out, "--round", 2)
        assert done.returncode == 2 and what in done.stderr and done.stderr.count("\n") == 1
    assert (out / "trials.jsonl").stat().st_size == size


def test_spin_limits_adapt_once_a_run(tmp_path: Path) -> None:
    asked = ("--scenario", scenario(tmp_path, TRACED), "--queue", "two_condvar")
    contexts = []
    for folder, words in (("fixed", ()), ("adapted", ("--adapt-spin-limits",))):
        out = tmp_path / folder
        assert measure(REAL, out, *asked, *words).returncode == 0
        (header,) = rows(out, "run")
        contexts.append(header["context"])
    fixed, adapted = contexts
    assert not {"pause_ns", "spin_limit"} & set(fixed)
    spin_ns = adapted["pause_ns"] * adapted["spin_limit"]
    assert adapted["spin_limit"] in (10, 5000) or spin_ns == pytest.approx(5000, rel=0.05)
    for folder, words, what in (
        ("fixed", ("--adapt-spin-limits",), "was made without --adapt-spin-limits"),
        ("adapted", (), "was made with --adapt-spin-limits"),
    ):
        done = run(REAL, *asked, *words, "--out", tmp_path / folder, "--round", 2)
        assert done.returncode == 2 and what in done.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--scenario", "nowhere"), "nowhere"),
        (("--queue", "nonesuch"), "no queue of that name"),
        (("--queue", "("), "not a regular expression"),
        (("--round", "0"), "--round"),
        (("--properties",), "--properties needs --out"),
        (("--out", "/nonexistent/folder", "--pilot"), "no such folder"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments: tuple[str, ...], said: str) -> None:
    done = run(REAL, *arguments)
    assert done.returncode == 2
    assert (
        said in done.stderr
        and done.stderr.startswith("queue_bench: ")
        and done.stderr.count("\n") == 1
    )


@pytest.mark.parametrize(
    "text, said",
    [
        (TRACED.replace("capacity = 16", "capacity = 0"), "asked.toml:5: key 'capacity'"),
        (TRACED.replace("mean_ns = 1_100", "mean_us = 1"), "key 'consumer.mean_us'"),
        (
            TRACED.replace("rounds = 1", 'queues = ["no_such_queue"]'),
            "asked.toml:4: key 'queues': there is no queue 'no_such_queue'",
        ),
        (
            TRACED.replace("rounds = 1", 'judged_by = "sojourn_p99"'),
            "asked.toml:4: key 'judged_by': there is no counter 'sojourn_p99'",
        ),
        (
            TRACED + CLAIM.replace("two_condvar", "two_condva"),
            "asked.toml:17: key 'claim.queue': there is no queue 'two_condva'",
        ),
        (
            TRACED + CLAIM.replace("reference", "refrence"),
            "asked.toml:18: key 'claim.than': there is no queue 'refrence'",
        ),
        (
            TRACED.replace("rounds = 1", 'queues = ["semaphore", "reference"]') + CLAIM,
            "'two_condvar' is not among the scenario's queues; the nearest are",
        ),
        (
            TRACED.replace("rounds = 1", 'queues = ["spsc_spin"]\nproducers = 2'),
            "asked.toml:4: key 'queues': 'spsc_spin' takes one producer",
        ),
    ],
)
def test_a_bad_scenario_is_one_line_and_leaves_nothing(
    tmp_path: Path, text: str, said: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = run(FAULTY, "--scenario", scenario(tmp_path, text), "--out", out, "--pilot")
    assert (
        done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    ), done.stderr
    assert list(out.iterdir()) == []


def test_judge_and_claims_are_written_resolved(tmp_path: Path) -> None:
    text = (
        TRACED.replace("rounds = 1", 'rounds = 1\njudged_by = "sojourn_p99_ns"').replace(
            "= 16", "= [1, 16]"
        )
        + CLAIM
    )
    out = tmp_path / "out"
    out.mkdir()
    more = (
        'where = { capacity = 1 }\n[[claim]]\nsays = "s"\ncounter = "efficiency"\nqueue = '
        '"each"\nabove = 0.1\n'
        "where = { capacity = 16 }\nthan_where = { capacity = 1 }\nsince = 2026-11-28\n"
        '[[claim.replaces]]\nuntil = 2026-11-27\nsays = "t"\nbound = "above 0.2"\nwhy = "w"\n'
    )
    pilot = run(
        REAL,
        "--scenario",
        scenario(tmp_path, text + more),
        "--queue",
        "two_condvar",
        "--out",
        out,
        "--pilot",
    )
    assert pilot.returncode == 0, pilot.stderr
    asked = rows(out, "run")[0]["scenarios"]["asked"]
    assert asked["judged_by"] == {"counter": "sojourn_p99_ns", "better": "lower"}
    assert asked["claims"] == [
        {
            "says": "it is cheap",
            "counter": "lost_ns_per_msg",
            "queues": ["two_condvar"],
            "points": ["asked/capacity:1"],
            "than": "reference",
            "below": 2,
            "since": "2026-11-25",
        },
        {
            "says": "s",
            "counter": "efficiency",
            "points": ["asked/capacity:16"],
            "than_points": ["asked/capacity:1"],
            "above": 0.1,
            "since": "2026-11-28",
            "replaces": [{"until": "2026-11-27", "says": "t", "bound": "above 0.2", "why": "w"}],
        },
    ]
    assert all(row["wall_ns"] > 0 for row in rows(out, "plan"))


def test_curated_claims_and_judges_are_sound() -> None:
    assert run(REAL, "--list").returncode == 0


def test_a_claim_may_be_about_the_default_line_up_beside_named_queues(tmp_path: Path) -> None:
    text = TRACED.replace("rounds = 1", 'rounds = 1\nqueues = ["default", "spsc_park"]') + CLAIM
    done = run(REAL, "--scenario", scenario(tmp_path, text), "--list")
    assert done.returncode == 0, done.stderr


def test_counters_are_listed() -> None:
    lines = run(REAL, "--counters").stdout.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("lost_ns_per_msg")] == [
        ["lost_ns_per_msg", "lower"]
    ]


def test_what_does_not_fit_is_skipped_by_name(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED.replace("rounds = 1", "producers = [1, 2]"))
    out = tmp_path / "out"
    assert measure(FAULTY, out, "--scenario", asked, "--queue", "^spsc_spin$").returncode == 0
    (skip,) = rows(out, "skip")
    assert skip["cell"] == "asked/spsc_spin/producers:2"
    assert skip["reason"] == "takes one producer, the point has 2"


WAITING = """
question = "q?"
expect = "e"
rounds = 1
capacity = 4
[producer]
work = "sleep"
mean_ns = 200_000
[consumer]
work = "spin"
mean_ns = 5_000
"""


def counters_of(out: Path) -> dict[str, dict[str, float]]:
    return {row["cell"]: row["counters"] for row in rows(out, "trial") if row["level"] == "traced"}


def test_neighbours_are_there_only_where_they_are_asked_for(tmp_path: Path) -> None:
    asked = scenario(
        tmp_path,
        WAITING.replace("capacity = 4", 'capacity = 4\nneighbour = ["none", "idle_priority"]'),
    )
    out = tmp_path / "out"
    assert measure(REAL, out, "--scenario", asked, "--queue", "two_condvar").returncode == 0
    if skipped := rows(out, "skip"):
        pytest.skip(skipped[0]["reason"])
    counters = counters_of(out)
    alone, beside = (
        counters[f"asked/two_condvar/neighbour:{kind}"] for kind in ("none", "idle_priority")
    )
    assert not [name for name in alone if name.startswith("neighbour")]
    assert 0 <= beside["neighbour_work_share"] < 1.1 and beside["neighbour_lost_share"] <= 1
    (point,) = [
        point
        for point in rows(out, "run")[0]["scenarios"]["asked"]["points"]
        if point["neighbour"] != "none"
    ]
    assert point["neighbour"] == point["params"]["neighbour"] == "idle_priority"


def skip_where_the_machine_cannot(harness_test: subprocess.CompletedProcess[str]) -> None:
    """Skips for the reason of a C++ test that probes the machine by hand: not for what the product
    says of it."""
    if reason := re.search(r": Skipped\n(.+)", harness_test.stdout):
        pytest.skip(reason[1])


def groups_of_ours() -> list[Path]:
    return [
        folder
        for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/cpu")
        for folder in Path(root).glob("bqb.*")
    ]


def test_a_quota_holds_a_spinner_back_and_goes_away_again(tmp_path: Path) -> None:
    skip_where_the_machine_cannot(run(HARNESS_TEST, "--gtest_filter=RealQuota.HoldsBack"))
    asked = scenario(
        tmp_path,
        WAITING.replace("capacity = 4", "capacity = 4\ncpu_quota_pct = 5\nwindow_ms = 300"),
    )
    out = tmp_path / "out"
    done = measure(REAL, out, "--scenario", asked, "--queue", "spsc_spin$")
    assert done.returncode == 0, done.stderr
    (counters,) = counters_of(out).values()
    assert counters["throttled_share"] > 0
    assert counters["efficiency_is_bound"] == 1 and "gap_share" not in counters
    (block,) = rows(out, "block")
    assert "gap_share" not in block and "during the trials" not in block.get("why", "")
    assert groups_of_ours() == []


def test_a_quota_that_cannot_be_had_is_skipped_with_the_reason(tmp_path: Path) -> None:
    asked = scenario(
        tmp_path, WAITING.replace("capacity = 4", "capacity = 4\ncpu_quota_pct = [50, 100]")
    )
    out = tmp_path / "out"
    out.mkdir()
    other = scenario(tmp_path, WAITING, "without")
    command = (
        REAL,
        "--scenario",
        asked,
        "--scenario",
        other,
        "--queue",
        "two_condvar$",
        "--out",
        out,
        "--pilot",
    )
    done = in_a_mount_namespace(NO_CGROUPS, *command)
    assert done.returncode == 0, done.stderr
    why = "needs a CPU quota, which it cannot have: no CPU controller is mounted"
    assert {row["cell"]: row["reason"] for row in rows(out, "skip")} == {
        f"asked/two_condvar/cpu_quota_pct:{quota}": why for quota in (50, 100)
    }
    assert [row["cell"] for row in rows(out, "plan")] == ["without/two_condvar"]


SLEEPING = WAITING.replace('work = "spin"\nmean_ns = 5_000', 'work = "sleep"\nmean_ns = 500_000')


def test_a_pilot_of_sleeping_work_is_not_believed_below_its_mean(tmp_path: Path) -> None:
    """It ends before the queue is full, and has seen the producer's pace only: a window by it would
    be longer."""
    out = tmp_path / "out"
    out.mkdir()
    roomy = scenario(tmp_path, SLEEPING.replace("capacity = 4", "capacity = 256"))
    done = run(REAL, "--scenario", roomy, "--queue", "two_condvar", "--out", out, "--pilot")
    assert done.returncode == 0, done.stderr
    assert rows(out, "plan")[0]["pilot_ns_per_msg"] >= 500_000


def test_beside_other_runs_the_limits_of_the_machine_are_left_alone(tmp_path: Path) -> None:
    for words, limits in (((), 1), (("--beside-others",), 0)):
        out = tmp_path / f"limits{limits}"
        out.mkdir()
        asked = (
            "--scenario",
            scenario(tmp_path, SLEEPING),
            "--queue",
            "two_condvar",
            "--out",
            out,
            *words,
        )
        assert (
            run(REAL, *asked, "--pilot").returncode == 0
            and run(REAL, *asked, "--round", "1").returncode == 0
        )
        assert len(rows(out, "limits")) == limits and len(rows(out, "trial")) == 1
        (header,) = rows(out, "run")
        assert ("busy_cores" in header["context"]) == bool(limits)


def test_system_calls_are_counted_where_the_kernel_lets_us(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = (
        REAL,
        "--scenario",
        scenario(tmp_path, WAITING),
        "--queue",
        "two_condvar$|spsc_spin$",
        "--out",
        out,
        "--pilot",
    )
    skip_where_the_machine_cannot(
        in_a_mount_namespace(TRACEFS, HARNESS_TEST, "--gtest_filter=SyscallCount.*")
    )
    done = in_a_mount_namespace(TRACEFS, *command)
    assert done.returncode == 0, done.stderr
    calls = {row["queue"]: row for row in rows(out, "syscalls")}
    # The consumer sleeps before nearly every message: a call to sleep, one to wake. The producer's
    # own sleep is work.
    assert 1 <= calls["two_condvar"]["syscalls_per_msg"] < 6
    assert calls["spsc_spin"]["syscalls_per_msg"] < 0.1


def test_threads_that_cannot_start_have_a_status_of_their_own(tmp_path: Path) -> None:
    asked = scenario(tmp_path, 'question = "q?"\nexpect = "e"\nproducers = 30\ncapacity = 4\n')
    # Too little for 31 stacks of 64 MiB.
    command = f"ulimit -s 65536 -v 1000000; exec {REAL} --scenario {asked} --queue two_condvar"
    done = run("bash", "-c", command)
    assert done.returncode == 6  # resource_limit
    assert "cannot start 31 threads: " in done.stderr and "ulimit -u" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_a_full_disk_is_one_clear_line_and_nothing_half_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = run("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk)
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    try:
        asked = scenario(tmp_path, TRACED.replace("capacity = 16", "capacity = [1, 2, 4, 8]"))
        for number in range(1, 40):
            done = measure(REAL, disk, "--scenario", asked, "--queue", "two_condvar", round=number)
            if done.returncode:
                break
        assert done.returncode == 5  # io_error
        assert "No space left on device" in done.stderr and done.stderr.count("\n") == 1
        for name in ("trials.jsonl", "histograms.jsonl", "timelines.jsonl"):
            for line in (disk / name).read_text(encoding="utf-8").splitlines():
                json.loads(line)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_alone_it_is_a_google_benchmark_program(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run(
        REAL,
        "--scenario",
        scenario(tmp_path, TRACED),
        "--queue",
        "two_condvar",
        f"--benchmark_out={report}",
    )
    assert done.returncode == 0, done.stderr
    names = [
        entry["name"] for entry in json.loads(report.read_text(encoding="utf-8"))["benchmarks"]
    ]
    assert "asked/two_condvar/iterations:1/manual_time" in names
    assert (
        run(FAULTY, "--scenario", scenario(tmp_path, TRACED), "--queue", "^dropping$").returncode
        == 1
    )


@pytest.mark.parametrize(
    "pattern, runs",
    [
        ("reference", False),
        (".*", False),
        ("reference_as_posted", True),
        ("^(reference_as_posted|two_condvar)$", True),
    ],
)
def test_a_named_queue_runs_only_where_its_name_is_spelt_out(
    tmp_path: Path, pattern: str, runs: bool
) -> None:
    listed = run(
        REAL, "--scenario", scenario(tmp_path, TRACED), "--queue", pattern, "--list"
    ).stdout
    assert ("reference_as_posted" in listed) == runs


def test_a_pilot_and_a_round_of_only_some_points(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED.replace("capacity = 16", "capacity = [4, 16]"))
    only = tmp_path / "points"
    only.write_text("asked/capacity:4\n", encoding="utf-8")
    out = tmp_path / "out"
    selection = ("--scenario", asked, "--queue", "^two_condvar$", "--only", only)
    assert measure(REAL, out, *selection).returncode == 0
    for kind in ("plan", "trial", "block"):
        assert {row["point"] for row in rows(out, kind)} == {"asked/capacity:4"}
    assert run(REAL, *selection[:-1], tmp_path / "none", "--out", out, "--pilot").returncode == 2


def test_system_calls_are_counted_of_only_some_points(tmp_path: Path) -> None:
    asked = scenario(tmp_path, TRACED.replace("capacity = 16", "capacity = [4, 16]"))
    only, out = tmp_path / "points", tmp_path / "out"
    only.write_text("asked/capacity:4\n", encoding="utf-8")
    out.mkdir()
    selection = ("--scenario", asked, "--queue", "^two_condvar$", "--only", only)
    skip_where_the_machine_cannot(
        in_a_mount_namespace(TRACEFS, HARNESS_TEST, "--gtest_filter=SyscallCount.*")
    )
    done = in_a_mount_namespace(TRACEFS, REAL, *selection, "--out", out, "--pilot")
    assert done.returncode == 0, done.stderr
    assert {row["point"] for row in rows(out, "syscalls")} == {"asked/capacity:4"}
