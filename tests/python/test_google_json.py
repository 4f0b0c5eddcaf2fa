"""bqb.report.google_json: results.json, and what Google Benchmark's own tools take for granted.

Cited here: Google Benchmark 1.7.1, src/json_reporter.cc, src/statistics.cc, tools/compare.py,
tools/gbench/report.py and tools/gbench/util.py.
"""

import json
import os
import statistics
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest
import small_runs
import synthetic
from bqb.data.load import load_run
from bqb.report.google_json import google_document
from bqb.report.tool_files import GITHUB_ACTION_FILE, GOOGLE_FILE, write_tool_files
from bqb.stats.counters import LOST, THROUGHPUT
from bqb.stats.summaries import summarise
from bqb.stats.thresholds import MIN_UNDISTURBED

CELL, POINT = "race/reference", "race"
COMPARE = Path("/usr/share/benchmark/compare.py")  # Debian: libbenchmark-tools


@pytest.fixture
def race(tmp_path):
    """A small run: no work, counted, two queues, three rounds, nothing wrong and nothing
    disturbed."""
    return synthetic.make(
        tmp_path / "run",
        scenarios=["race"],
        queues=["reference", "semaphore"],
        rounds=3,
        faults=False,
        disturbed_share=0,
    )


@pytest.fixture
def with_faults(tmp_path):
    """A run with skipped cells, a failed one, and disturbed blocks."""
    return synthetic.make(
        tmp_path / "faults",
        scenarios=["speed_map", "overcommit"],
        rounds=8,
        disturbed_share=0.3,
        histograms=False,
    )


def strict_json(path):
    return json.loads(
        path.read_text(encoding="utf-8"),
        parse_constant=lambda name: pytest.fail(f"{name} is not JSON"),
    )


def entries(folder):
    """The entries of results.json."""
    write_tool_files(folder)
    return strict_json(folder / GOOGLE_FILE)["benchmarks"]


def trial_entries(folder):
    return [entry for entry in entries(folder) if entry["run_type"] == "iteration"]


def aggregates(document, name):
    """{aggregate_name: entry} of a benchmark."""
    return {
        entry["aggregate_name"]: entry
        for entry in document["benchmarks"]
        if entry["run_name"] == name and entry["run_type"] == "aggregate"
    }


def small(folder, counters, **arguments):
    """A run of one cell, s/a, with these {counter: [of round 1, 2, ..]}."""
    return small_runs.make(folder, {"s": {"a": counters}}, **arguments)


# --------------------------------------------------------------------------- results.json: trials


def test_results_json_has_one_entry_a_trial_with_the_headline_where_tools_look(race):
    run = load_run(race)
    trials = run.trials_of(run.points[POINT], "reference")
    mine = [entry for entry in trial_entries(race) if entry["name"] == CELL]
    assert [entry["real_time"] for entry in mine] == [trial.get("ns_per_msg") for trial in trials]
    assert [entry["repetition_index"] for entry in mine] == [0, 1, 2]
    assert {(entry["run_type"], entry["repetitions"], entry["time_unit"]) for entry in mine} == {
        ("iteration", 3, "ns")
    }
    assert all(
        entry["cpu_time"] > 0 and entry["iterations"] == 50_000 and entry["disturbed"] == 0
        for entry in mine
    )


def test_trials_of_the_other_level_have_a_name_of_their_own(race):
    assert {entry["name"] for entry in trial_entries(race)} == {
        f"race/{queue}{suffix}"
        for queue in ("reference", "semaphore")
        for suffix in ("", "/level:traced")
    }


def test_system_calls_are_known_by_cell_and_stand_in_the_entries_of_trials(race):
    assert load_run(race).syscalls == {}
    row = {
        "kind": "syscalls",
        "cell": CELL,
        "point": POINT,
        "queue": "reference",
        "syscalls_per_msg": 1.5,
    }
    with (race / "trials.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    assert load_run(race).syscalls == {CELL: {"syscalls_per_msg": 1.5}}
    for entry in entries(race):
        counted = "reference" in entry["name"] and entry["run_type"] == "iteration"
        assert entry.get("syscalls_per_msg") == (1.5 if counted else None)


def test_failed_cells_are_error_entries_and_skipped_ones_have_none(with_faults):
    document = google_document(load_run(with_faults))
    (error,) = [entry for entry in document["benchmarks"] if entry.get("error_occurred")]
    assert error["name"] == "overcommit/semaphore" and error["error_message"].startswith("hung: ")
    assert (error["real_time"], error["cpu_time"], error["iterations"]) == (0, 0, 0)
    skipped = document["context"]["skipped_cells"]
    assert len(skipped) == 6 and all(name.startswith("speed_map/boost_") for name in skipped)
    assert set(skipped.values()) == {"capacity 1 is below the queue's least capacity, 2"}
    assert not skipped.keys() & {entry["run_name"] for entry in document["benchmarks"]}


def test_results_json_carries_the_machine_and_the_resolved_scenarios(race):
    write_tool_files(race)
    context = strict_json(race / GOOGLE_FILE)["context"]
    assert (
        context["host_name"] == "toy"
        and context["num_cpus"] == 2
        and context["load_avg"] == [0.25]
        and context["library_build_type"] == "release"
    )
    assert context["scenarios"]["race"]["points"][0]["capacity"] == 1024
    assert context["queues"]["reference"]["bound"] == "exact"


@pytest.mark.parametrize("name", [GOOGLE_FILE, GITHUB_ACTION_FILE])
def test_a_failed_write_leaves_the_old_file_and_no_rubbish(race, monkeypatch, name):
    write_tool_files(race)
    before = (race / name).read_bytes()
    (race / "trials.jsonl").write_text((race / "trials.jsonl").read_text() + "\n")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):
        write_tool_files(race)
    assert (race / name).read_bytes() == before
    assert not list(race.glob(".*"))


# ----------------------------------------------------------------------- results.json: aggregates


def test_aggregates_are_over_the_undisturbed_trials_and_follow_them(tmp_path):
    times = [100.0, 110.0, 130.0, 9000.0]
    counters = {"ns_per_msg": times, "cpu_ns_per_msg": [10.0, 20.0, 30.0, 40.0]}
    run = small(tmp_path, counters, disturbed={"s": [4]})
    document = google_document(run)
    assert [entry["name"] for entry in document["benchmarks"]] == [
        *["s/a"] * 4,
        "s/a_median",
        "s/a_stddev",
        "s/a_cv",
    ]
    mine = aggregates(document, "s/a")
    deviation = statistics.stdev(times[:3])
    assert mine["median"]["real_time"] == 110 and mine["median"]["cpu_time"] == 20
    assert mine["stddev"]["real_time"] == pytest.approx(deviation, rel=1e-6)
    assert mine["cv"]["real_time"] == pytest.approx(deviation * 3 / 340, rel=1e-6)
    for entry in mine.values():
        assert (entry["iterations"], entry["repetitions"], entry["from_all_blocks"]) == (3, 4, 0)
        assert "disturbed" not in entry and "round" not in entry


def test_with_too_few_undisturbed_trials_aggregates_are_over_all_and_marked(tmp_path):
    assert MIN_UNDISTURBED == 3
    counters = {"ns_per_msg": [100.0, 110.0, 300.0, 400.0]}
    run = small(tmp_path, counters, disturbed={"s": [3, 4]})
    entry = aggregates(google_document(run), "s/a")["median"]
    assert (entry["real_time"], entry["iterations"], entry["from_all_blocks"]) == (205, 4, 1)


def test_a_single_trial_has_no_aggregate(tmp_path):
    # src/statistics.cc, ComputeStats: "We don't report aggregated data if there was a single run."
    assert aggregates(google_document(small(tmp_path, {"ns_per_msg": [100.0]})), "s/a") == {}
    two = small(tmp_path / "two", {"ns_per_msg": [100.0, 110.0]})
    assert set(aggregates(google_document(two), "s/a")) == {"median", "stddev", "cv"}


def test_the_median_is_that_of_the_table(with_faults):
    run = load_run(with_faults)
    document = google_document(run)
    for point, queue in run.cells():
        for counter in (LOST, THROUGHPUT):
            summary = summarise(run, point, queue, counter)
            entry = aggregates(document, point.cell(queue)).get("median", {})
            value = summary and pytest.approx(summary.median, rel=1e-6)
            assert entry.get(counter) == value
            assert summary is None or entry["from_all_blocks"] == summary.from_all


def test_a_statistic_that_json_cannot_hold_is_left_out(tmp_path):
    counters = {
        "ns_per_msg": [100.0] * 3,
        "cpu_ns_per_msg": [0.0] * 3,
        LOST: [-20.0, 5.0, 10.0],  # a mean below 0 has no coefficient of variation
        "gap_share": [0.1, None, None],  # of one trial only
    }
    folder = tmp_path / "run"
    small(folder, counters)
    write_tool_files(folder)
    mine = aggregates(strict_json(folder / GOOGLE_FILE), "s/a")
    assert mine["median"][LOST] == 5 and mine["stddev"][LOST] > 0 and LOST not in mine["cv"]
    assert all("gap_share" not in entry for entry in mine.values())
    assert (mine["cv"]["real_time"], mine["cv"]["cpu_time"]) == (0, 0)


# ----------------------------------------------------- results.json: what Google's tools rely on

# src/json_reporter.cc, PrintRunData: the members of an entry before the counters, in this order.
SHARED = {
    "name": str,
    "family_index": int,
    "per_family_instance_index": int,
    "run_name": str,
    "run_type": str,
    "repetitions": int,
}
TIMES = {"iterations": int, "real_time": float, "cpu_time": float, "time_unit": str}
ITERATION = {**SHARED, "repetition_index": int, "threads": int}
AGGREGATE = {**SHARED, "threads": int, "aggregate_name": str, "aggregate_unit": str}
ERROR = {"error_occurred": bool, "error_message": str}


def test_members_and_types_are_those_of_google_benchmark(with_faults):
    kinds = set()
    for entry in entries(with_faults):
        expected = {"iteration": ITERATION, "aggregate": AGGREGATE}[entry["run_type"]]
        expected = {**expected, **(ERROR if "error_occurred" in entry else {}), **TIMES}
        first = dict(list(entry.items())[: len(expected)])
        assert list(first) == list(expected), entry["name"]
        for name, kind in expected.items():
            assert isinstance(first[name], kind), (entry["name"], name)
        assert entry["time_unit"] == "ns"
        kinds.add((entry["run_type"], "error_occurred" in entry))
    assert kinds == {("iteration", False), ("aggregate", False), ("iteration", True)}


def test_name_unit_and_run_of_an_aggregate_are_those_of_google_benchmark(with_faults):
    units = {"median": "time", "stddev": "time", "cv": "percentage"}
    for entry in entries(with_faults):
        if entry["run_type"] == "aggregate":
            assert entry["name"] == f"{entry['run_name']}_{entry['aggregate_name']}"
            assert entry["aggregate_unit"] == units[entry["aggregate_name"]]
        else:
            assert entry["name"] == entry["run_name"]


def test_entries_of_a_name_have_one_place_each_and_stay_together_when_sorted(with_faults):
    # gbench/util.py, sort_benchmark_results: by family, instance, aggregates last, repetition.
    def key(entry):
        is_aggregate = entry["run_type"] == "aggregate"
        indices = entry["family_index"], entry["per_family_instance_index"]
        return (*indices, is_aggregate, entry.get("repetition_index", -1))

    ordered = sorted(entries(with_faults), key=key)
    runs = [name for name, _ in groupby(ordered, key=lambda entry: entry["run_name"])]
    assert len(runs) == len(set(runs))
    trials = [key(entry) for entry in ordered if entry["run_type"] == "iteration"]
    assert len(trials) == len(set(trials))
    families = {
        (*entry["run_name"].split("/")[:2], entry["family_index"]) for entry in ordered
    }  # scenario and queue
    assert len(families) == len({family[:2] for family in families})
    assert len(families) == len({family[2] for family in families})


def test_no_zero_takes_the_geometric_mean_away_unless_a_queue_failed(tmp_path):
    # gbench/report.py, calculate_geomean: over both times of all entries that are no aggregates.
    folder = synthetic.make(
        tmp_path / "run",
        scenarios=["speed_map", "race"],
        rounds=2,
        histograms=False,
        cannot_run={"race": "takes 1,000 cores"},
    )
    assert google_document(load_run(folder))["context"]["skipped_cells"]
    for entry in trial_entries(folder):
        assert entry["real_time"] > 0 and entry["cpu_time"] > 0, entry["name"]


@pytest.mark.skipif(
    not COMPARE.exists(), reason=f"no {COMPARE}: the package libbenchmark-tools is not installed"
)
def test_compare_py_reads_two_runs(tmp_path):
    """The tool itself: every name, the U test, the aggregates, the geometric mean."""
    paths = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        # "sleeping_peers" has no faults; "speed_map" has skipped cells.
        scenarios = ["speed_map", "sleeping_peers"]
        synthetic.make(folder, scenarios=scenarios, rounds=9, seed=seed, histograms=False)
        write_tool_files(folder)
        paths.append(folder / GOOGLE_FILE)
    done = subprocess.run(
        [sys.executable, COMPARE, "--no-color", "benchmarks", *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        # With PYTHONSAFEPATH it would not find its modules, which lie beside it.
        env={key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"},
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    shown = [line.split()[0] for line in done.stdout.splitlines()[3:]]
    names = {entry["name"] for entry in strict_json(paths[0])["benchmarks"]}
    assert names <= set(shown) and "OVERALL_GEOMEAN" in shown
    assert shown.count("sleeping_peers/reference/case:producer_sleeps_1ms") == 9
    assert shown.count("sleeping_peers/reference/case:producer_sleeps_1ms_pvalue") == 1
    assert not any("nan" in line for line in done.stdout.splitlines())
