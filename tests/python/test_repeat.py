"""Whether runs agree (bqb.stats.repeatability), and ./scripts/repeat."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import small_runs
from bqb.stats.counters import CPU_BEYOND_WORK, LOST
from bqb.stats.repeatability import (
    Agreement,
    agreement_of,
    asked_alike,
    common_points,
    finds_enough,
)

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def run_of(folder, levels, rounds=12, counter=LOST, **arguments):
    """A run whose queues always have their level: {point: {queue: level}}."""
    values = {
        point: {queue: {counter: [level] * rounds} for queue, level in each.items()}
        for point, each in levels.items()
    }
    return small_runs.make(folder, values, **arguments)


def agreement(tmp_path, *levels, others=(), **arguments):
    """Of `LOST` at one point, over runs with these levels."""
    runs = [
        run_of(tmp_path / str(number), {"s": each}, **arguments)
        for number, each in enumerate(levels)
    ]
    return agreement_of(runs, others)[LOST]


# -------------------------------------------------------------------------------------- the counts


def test_runs_that_say_the_same_agree(tmp_path):
    """b is far off; c is worse, and not far off: 1.3 times as much as a."""
    found = agreement(
        tmp_path, {"a": 1000.0, "b": 3000.0, "c": 1300.0}, {"a": 1010.0, "b": 2900.0, "c": 1310.0}
    )
    assert found == Agreement(LOST, True, apart=4, decided=6, far=2, found=2)
    assert found.is_within_limits


def test_a_reversed_pair(tmp_path):
    """a and b are far apart in both runs, and in opposite orders; c is far above both."""
    found = agreement(
        tmp_path, {"a": 1000.0, "b": 2000.0, "c": 9000.0}, {"a": 2000.0, "b": 1000.0, "c": 9000.0}
    )
    assert (found.apart, found.reversed) == (6, 2)
    # a is equivalent to the best in one and worse in the other, and so is b: in both directions.
    assert (found.decided, found.contradicted) == (6, 4)
    assert found.where == {"s": 6} and not found.is_within_limits


def test_a_pair_that_is_far_apart_in_one_run_only_counts_in_its_direction(tmp_path):
    found = agreement(tmp_path, {"a": 1000.0, "b": 2000.0}, {"a": 1000.0, "b": 990.0})
    assert (found.apart, found.reversed) == (1, 1)
    assert found.far == 0, "far off is what both runs see so"


def test_a_contradiction_without_a_reversed_pair(tmp_path):
    """b is worse by 1.3 times in one run, equivalent in the other."""
    found = agreement(tmp_path, {"a": 1000.0, "b": 1300.0}, {"a": 1000.0, "b": 1050.0})
    assert (found.apart, found.reversed) == (0, 0)
    assert (found.decided, found.contradicted) == (4, 2)
    assert found.where == {"s": 2} and not found.is_within_limits


def test_a_queue_that_is_undecided_contradicts_nothing(tmp_path):
    """Of 4 blocks no verdict follows: only the other run's two count."""
    runs = [
        run_of(tmp_path / "long", {"s": {"a": 1000.0, "b": 1300.0}}),
        run_of(tmp_path / "short", {"s": {"a": 1000.0, "b": 1050.0}}, rounds=4),
    ]
    found = agreement_of(runs)[LOST]
    assert (found.decided, found.contradicted) == (2, 0)


def test_a_queue_far_off_that_only_one_run_finds(tmp_path):
    """The median of b is far off in both, and in one it is near in 5 of 12 blocks."""
    levels = {"a": [1000.0] * 12}
    steady = small_runs.make(
        tmp_path / "steady",
        {"s": {q: {LOST: v} for q, v in {**levels, "b": [3000.0] * 12}.items()}},
    )
    noisy = small_runs.make(
        tmp_path / "noisy",
        {"s": {q: {LOST: v} for q, v in {**levels, "b": [3000.0] * 7 + [1000.0] * 5}.items()}},
    )
    found = agreement_of([steady, noisy])[LOST]
    assert (found.far, found.found) == (2, 0) and not finds_enough([found])
    found = agreement_of([steady, steady])[LOST]
    assert (found.far, found.found) == (2, 2) and finds_enough([found])


def test_each_of_three_runs_is_compared_with_both_others(tmp_path):
    found = agreement(tmp_path, *[{"a": 1000.0, "b": 2000.0}] * 3)
    assert (found.apart, found.decided, found.far, found.found) == (6, 12, 6, 6)


def test_runs_of_another_machine_need_not_agree(tmp_path):
    """The first two runs agree, and the third one says the opposite."""
    same, opposite = {"a": 1000.0, "b": 3000.0}, {"a": 3000.0, "b": 1000.0}
    runs = [
        run_of(tmp_path / name, {"s": levels}, context={"cpu_model": cpu})
        for name, levels, cpu in (("1", same, "A"), ("2", same, "A"), ("3", opposite, "B"))
    ]
    found = agreement_of(runs)[LOST]
    assert (found.apart, found.reversed, found.contradicted) == (2, 0, 0)
    assert not agreement_of([runs[0], runs[2]])


def test_medians_of_few_blocks_do_not_count(tmp_path):
    levels = {"a": 1000.0, "b": 2000.0}, {"a": 2000.0, "b": 1000.0}
    assert agreement(tmp_path / "4", *levels, rounds=4).apart == 0
    assert agreement(tmp_path / "5", *levels, rounds=5).reversed == 2


def test_a_queue_that_only_one_run_has_is_left_out(tmp_path):
    found = agreement(tmp_path, {"a": 1000.0, "b": 2000.0, "c": 9000.0}, {"a": 1000.0, "b": 2000.0})
    assert (found.apart, found.decided) == (2, 4)


def test_other_counters_have_an_order_and_no_verdicts(tmp_path):
    values = {
        queue: {LOST: [level] * 12, "sojourn_p99_ns": [9000.0 - 2 * level] * 12}
        for queue, level in (("a", 1000.0), ("b", 4000.0))
    }
    runs = [small_runs.make(tmp_path / name, {"s": values}) for name in "xy"]
    assert list(agreement_of(runs)) == [LOST]
    found = agreement_of(runs, ["sojourn_p99_ns"])["sojourn_p99_ns"]
    assert (found.apart, found.reversed, found.decided) == (2, 0, 0) and not found.is_judged


@pytest.mark.parametrize(
    "counts, is_within",
    [
        ({"apart": 100, "reversed": 1}, True),
        ({"apart": 99, "reversed": 1}, False),
        ({"decided": 50, "contradicted": 1}, True),
        ({"decided": 49, "contradicted": 1}, False),
    ],
)
def test_the_limits(counts, is_within):
    assert Agreement(LOST, **counts).is_within_limits == is_within


def test_enough_is_found_over_all_that_judge():
    few = Agreement(LOST, is_judged=True, far=10, found=8)
    many = Agreement("excess_p50_ns", is_judged=True, far=10, found=10)
    other = Agreement("sojourn_p99_ns", far=100, found=0)
    assert not finds_enough([few]) and finds_enough([few, many, other])


# -------------------------------------------------------------------------------- comparable points


def test_points_that_were_asked_differently_are_left_out(tmp_path):
    levels = {
        "s/capacity:1": {"a": 1000.0, "b": 2000.0},
        "s/capacity:4": {"a": 1000.0, "b": 2000.0},
    }
    other = {"s/capacity:4": small_runs.point("s/capacity:4", window_ms=70)}
    runs = [
        run_of(tmp_path / "x", levels),
        run_of(tmp_path / "y", {name: {"a": 2000.0, "b": 1000.0} for name in levels}, points=other),
    ]
    assert common_points(*runs) == ["s/capacity:1"]
    assert agreement_of(runs)[LOST].where == {"s/capacity:1": 6}


def test_what_authors_expect_and_when_they_said_so_does_not_matter(tmp_path):
    levels = {"s": {"a": 1000.0, "b": 2000.0}}
    claim = {"says": "s", "counter": LOST, "points": ["s"], "above": 1}
    earlier = {"until": "2026-11-25", "says": "t", "bound": "above 2", "why": "w"}
    dated = claim | {"since": "2026-11-28", "replaces": [earlier]}
    runs = [
        run_of(tmp_path / "x", levels),
        run_of(tmp_path / "y", levels, expectations={"claims": [claim]}),
        run_of(tmp_path / "z", levels, expectations={"claims": [dated], "expect": "Another."}),
    ]
    assert common_points(runs[0], runs[1]) == common_points(runs[1], runs[2]) == ["s"]
    assert asked_alike(runs) == {"s": (0, 1, 2)}


def test_points_that_are_judged_differently_or_not_ranked_are_left_out(tmp_path):
    levels = {"s": {"a": 1000.0, "b": 2000.0}}
    usual = run_of(tmp_path / "x", levels)
    judge = {"counter": CPU_BEYOND_WORK, "better": "lower"}
    assert common_points(usual, run_of(tmp_path / "y", levels, judged_by=judge)) == []
    unranked = run_of(tmp_path / "z", levels, rank=False)
    assert common_points(unranked, unranked) == []
    assert common_points(usual, usual) == ["s"]


# ------------------------------------------------------------------------------------- the command


def repeat(*words):
    """./scripts/repeat, without its set-up."""
    code = (
        "import sys; from bqb.commands import failures, repeat; "
        "sys.exit(failures.run('repeat', repeat.main, sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_status_0_where_runs_agree_and_1_where_they_do_not(tmp_path):
    same = {"s": {"a": 1000.0, "b": 3000.0}}
    run_of(tmp_path / "x", same)
    run_of(tmp_path / "y", same)
    run_of(tmp_path / "z", {"s": {"a": 3000.0, "b": 1000.0}})
    agree = repeat(tmp_path / "x", tmp_path / "y")
    assert (agree.returncode, agree.stderr) == (0, "")
    assert "0 of 2" in agree.stdout and "2 of 2" in agree.stdout
    differ = repeat(tmp_path / "x", tmp_path / "z")
    assert (differ.returncode, differ.stderr) == (1, "")
    assert "2 of 2" in differ.stdout and f"{LOST}: s (6)" in differ.stdout


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["x"], "one run cannot repeat itself"),
        (["x", "x", "--counter", "none_such"], "there is no such counter"),
        (["x", "empty"], "no trials.jsonl: not the folder of a run"),
        (["x", "else"], "the runs have no ranked point in common"),
        (["x", "elsewhere"], "each run is of another machine"),
        ([], "required"),
    ],
)
def test_status_2_where_there_is_nothing_to_compare(tmp_path, words, complaint):
    run_of(tmp_path / "x", {"s": {"a": 1000.0, "b": 3000.0}})
    run_of(tmp_path / "else", {"t": {"a": 1000.0, "b": 3000.0}})
    run_of(tmp_path / "elsewhere", {"s": {"a": 1.0, "b": 3.0}}, context={"cpu_model": "another"})
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / word if (tmp_path / word).exists() else word for word in words]
    ended = repeat(*paths)
    assert ended.returncode == 2 and complaint in ended.stderr
    assert len(ended.stderr.splitlines()) == 1 and ended.stdout == ""
