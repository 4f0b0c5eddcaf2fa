"""bqb.report.github_action_json: github_action_benchmark.json, and what that action takes for
granted.

Cited here: benchmark-action/github-action-benchmark v1.22.0, src/extract.ts, src/write.ts and
src/extractRangeInfo.ts.
"""

import json
import math

import pytest
import small_runs
import synthetic
from bqb import ROOT
from bqb.data.load import load_run
from bqb.report.github_action_json import figure_of, github_action_entries
from bqb.report.tool_files import GITHUB_ACTION_FILE, write_tool_files
from bqb.schema import COUNTERS
from bqb.stats.counters import EXCESS, LOST, THROUGHPUT
from bqb.stats.summaries import summarise


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


def small(folder, counters, **arguments):
    """A run of one cell, s/a, with these {counter: [of round 1, 2, ..]}."""
    return small_runs.make(folder, {"s": {"a": counters}}, **arguments)


def action_entry(folder, counters, **arguments):
    """The entry of a run of one cell."""
    (entry,) = github_action_entries(small(folder, counters, **arguments))
    return entry


def judged_by(counter, better="lower"):
    return {"judged_by": {"counter": counter, "better": better}}


OPEN = {"arrivals": {"process": "exponential", "mean_ns": 1000, "wait": "spin"}}
TIMES_OF_A_TRIAL = {"ns_per_msg": [1000.0], "sojourn_p50_ns": [700.0], "sojourn_mean_ns": [800.0]}


def test_an_entry_has_what_the_action_reads(with_faults):
    # src/extract.ts, BenchmarkResult: name, value, unit; range and extra may be missing.
    write_tool_files(with_faults)
    document = json.loads((with_faults / GITHUB_ACTION_FILE).read_text(encoding="utf-8"))
    assert isinstance(document, list) and document
    for entry in document:
        assert {"name", "unit", "value"} <= entry.keys() <= {*entry, "range", "extra"}
        assert entry.keys() <= {"name", "unit", "value", "range", "extra"}
        assert isinstance(entry["value"], (int, float)) and not isinstance(entry["value"], bool)
        texts = [entry[key] for key in ("name", "unit", "range", "extra") if key in entry]
        assert all(isinstance(text, str) and text for text in texts)


def test_one_entry_a_cell_with_a_number_and_no_name_twice(with_faults):
    # src/write.ts, findAlerts: a name's first entry in the earlier run; a second is never seen.
    run = load_run(with_faults)
    names = [entry["name"] for entry in github_action_entries(run)]
    cells = [point.cell(queue) for point, queue in run.cells() if run.trials_of(point, queue)]
    assert [name.split(": ")[0] for name in names] == cells and len(set(names)) == len(names)
    missing = {point.cell(queue) for point, queue in run.cells()} - set(cells)
    assert "overcommit/semaphore" in missing and len(missing) == 7  # failed and skipped


@pytest.mark.parametrize("lost", [[-30.0, -20.0, -10.0], [0.0, 0.0, 0.0]])
def test_the_value_is_positive_where_the_headline_is_not(tmp_path, lost):
    # src/write.ts, getRatio: current.value / prev.value, of a 0 infinite, of less than 0 negative.
    entry = action_entry(tmp_path, {LOST: lost, "ns_per_msg": [980.0, 990.0, 1000.0]})
    assert (entry["name"], entry["unit"], entry["value"]) == ("s/a: time per message", "ns", 990)
    assert entry["extra"].splitlines()[-1].startswith(f"{LOST}: ")


def test_a_figure_that_is_zero_or_infinite_has_no_entry(tmp_path):
    zero = small(
        tmp_path / "0", {"push_blocked_mean_ns": [0.0] * 3}, **judged_by("push_blocked_mean_ns")
    )
    assert github_action_entries(zero) == []
    all_lost = small(
        tmp_path / "1", {"neighbour_lost_share": [1.0] * 3}, **judged_by("neighbour_lost_share")
    )
    assert github_action_entries(all_lost) == []


@pytest.mark.parametrize(
    "judge, better, is_open, counters, words, value",
    [
        (LOST, "lower", False, {}, "time per message", 1000),
        ("efficiency", "higher", False, {}, "time per message", 1000),
        (THROUGHPUT, "higher", False, {THROUGHPUT: [1e6]}, "time per message", 1000),
        ("switches_per_msg", "lower", False, {}, "time per message", 1000),
        (EXCESS, "lower", True, {}, "sojourn p50", 700),
        ("excess_mean_ns", "lower", True, {}, "sojourn mean", 800),
        ("switches_per_msg", "lower", True, {}, "sojourn p50", 700),
        ("excess_dropped_share", "lower", True, {}, "time per message not dropped", 1000),
        ("dropped_share", "lower", True, {}, "time per message not dropped", 1000),
        (
            "push_blocked_mean_ns",
            "lower",
            False,
            {"push_blocked_mean_ns": [60.0]},
            "mean time in push",
            60,
        ),
        (
            "cpu_beyond_work_ns_per_msg",
            "lower",
            False,
            {"cpu_ns_per_msg": [40.0]},
            "CPU per message",
            40,
        ),
        (
            "neighbour_lost_share",
            "lower",
            False,
            {"neighbour_lost_share": [0.2]},
            "slowdown of the neighbour",
            1.25,
        ),
    ],
)
def test_the_name_says_which_figure_stands_for_the_headline(
    tmp_path, judge, better, is_open, counters, words, value
):
    points = {"s": small_runs.point("s", **(OPEN if is_open else {}))}
    counters = {**TIMES_OF_A_TRIAL, **counters}
    entry = action_entry(tmp_path, counters, points=points, **judged_by(judge, better))
    assert (entry["name"], entry["value"]) == (f"s/a: {words}", value)


def test_a_race_without_work_shows_the_time_of_a_message(tmp_path):
    queues = ["reference", "semaphore"]
    run = load_run(synthetic.make(tmp_path, scenarios=["race"], queues=queues, rounds=3))
    values = {entry["name"]: entry["value"] for entry in github_action_entries(run)}
    assert set(values) == {f"race/{queue}: time per message" for queue in queues}
    summary = summarise(run, run.points["race"], "reference", THROUGHPUT)
    assert values["race/reference: time per message"] == pytest.approx(
        1e9 / summary.median, rel=1e-3
    )


@pytest.mark.parametrize(
    "judge", [name for name, (better, _) in COUNTERS.items() if better != "neither"]
)
def test_no_judge_puts_a_tail_or_a_headline_that_may_be_negative_into_the_file(tmp_path, judge):
    run = small(tmp_path, {judge: [1.0]}, **judged_by(judge, COUNTERS[judge][0]))
    figure = figure_of(run, run.points["s"])
    if judge.endswith(("_p99_ns", "_max_ns")):
        assert figure is None
        return
    assert figure.unit == ("times as long" if judge == "neighbour_lost_share" else "ns")
    may_be_negative = ("excess", "lost_ns", "beyond_work")
    assert not any(part in figure.counter for part in may_be_negative)
    assert figure.of(0.5) > 0


def test_the_range_is_the_interval_and_extra_says_of_what(tmp_path):
    times = [float(value) for value in (5, 1, 12, 3, 2, 4, 6, 11, 10, 9, 8, 7)]
    entry = action_entry(tmp_path / "12", {"ns_per_msg": times, LOST: times})
    assert (entry["value"], entry["range"]) == (6.5, "3 to 10")
    assert entry["extra"].splitlines()[:2] == [
        "median of 12 undisturbed blocks",
        "range: 95% interval",
    ]
    few = action_entry(tmp_path / "4", {"ns_per_msg": times[:4], LOST: times[:4]})
    assert few["range"] == "1 to 12" and "range: least to greatest" in few["extra"]
    one = action_entry(tmp_path / "1", {"ns_per_msg": [5.0], LOST: [1.0]})
    assert "range" not in one and "range" not in one["extra"]


def test_a_disturbed_block_counts_only_where_undisturbed_ones_are_too_few(tmp_path):
    times = {"ns_per_msg": [100.0, 110.0, 130.0, 9000.0]}
    entry = action_entry(tmp_path / "3", times, disturbed={"s": [4]})
    assert entry["value"] == 110 and entry["extra"].startswith("median of 3 undisturbed blocks")
    entry = action_entry(tmp_path / "2", times, disturbed={"s": [3, 4]})
    assert entry["value"] == 120
    assert entry["extra"].startswith("median of all 4 blocks: fewer than 3 were undisturbed")


def test_the_action_does_not_take_the_range_for_a_deviation(with_faults):
    # src/extractRangeInfo.ts: what follows "±" or "+-" is a number, and is rescaled with the unit.
    for entry in github_action_entries(load_run(with_faults)):
        assert "±" not in entry["range"] and "+-" not in entry["range"]


def test_values_have_four_digits_and_small_ones_are_no_zero(tmp_path):
    entry = action_entry(tmp_path / "a", {"ns_per_msg": [1234.5678]})
    assert entry["value"] == 1235 and isinstance(entry["value"], int)
    assert action_entry(tmp_path / "b", {"ns_per_msg": [0.000123456]})["value"] == 0.0001235


def test_the_published_run_has_a_figure_for_each_cell_that_may_be_judged():
    run = load_run(ROOT / "results/published/2026-11-29.amd-epyc-2-cores")
    shown = github_action_entries(run)
    assert all(0 < entry["value"] < math.inf for entry in shown)
    cells = [
        point.cell(queue)
        for point, queue in run.cells()
        if run.trials_of(point, queue) and point.scenario != "closed_loop_lies"  # by its tail
    ]
    assert [entry["name"].split(": ")[0] for entry in shown] == cells
