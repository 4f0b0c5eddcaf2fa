"""bqb.stats.timestamps: what timestamps cost, and which losses are too small beside them; and what
the report says of these."""

import pytest
import small_runs
from bqb.report.figures.style import queue_styles
from bqb.report.figures.view import View
from bqb.report.html.sections import section_of
from bqb.report.numbers import cell_text, notes_on_marks
from bqb.report.titles import value
from bqb.stats.counters import LOST
from bqb.stats.timestamps import cost_ns, is_small, measured_cost

INSIDE_NS = 2 * 18  # what the timestamps take inside the two calls of a message


def made(tmp_path, lost, timed=None, untimed=None, **more):
    """A run of one cell with these values of each round."""
    counters = {LOST: lost} | ({"ns_per_msg": timed} if timed else {})
    return small_runs.make(
        tmp_path,
        {"s": {"a": counters}},
        limits={"timestamp_ns": 18.0},
        untimed={"a": untimed} if untimed else None,
        **more,
    )


def test_the_cost_is_the_median_of_pairs_of_a_block(tmp_path):
    timed = [1100.0, 1150.0, 1090.0, 1300.0]
    run = made(tmp_path, [80.0] * 4, timed, [1050.0, 1090.0, None, 1200.0])
    cost = measured_cost(run, run.points["s"], "a")
    assert (cost.median, cost.low, cost.high, cost.n) == (60.0, 50.0, 100.0, 3)


def test_disturbed_blocks_do_not_count(tmp_path):
    run = made(
        tmp_path, [80.0] * 4, [1100.0] * 4, [1000.0, 1050.0, 1050.0, 1050.0], disturbed={"s": [1]}
    )
    assert measured_cost(run, run.points["s"], "a").median == 50.0


@pytest.mark.parametrize(
    "untimed, cost",
    [
        ([1030.0, 1040.0, 1020.0], 70.0),  # what is measured, above what the calls contain
        ([1080.0, 1090.0, 1085.0], INSIDE_NS),  # less than the calls contain
        ([1000.0, 1110.0, 1020.0], INSIDE_NS),  # pairs that do not agree that it costs anything
        ([1000.0, 1000.0, None], INSIDE_NS),  # too few pairs
    ],
)
def test_what_counts_as_the_cost(tmp_path, untimed, cost):
    run = made(tmp_path, [80.0] * 3, [1100.0] * 3, untimed)
    assert cost_ns(run, run.points["s"], "a") == cost


def test_a_loss_below_twice_the_cost_is_marked_and_stands_in_no_title(tmp_path):
    run = made(tmp_path / "a", [71.0] * 6)
    point = run.points["s"]
    assert is_small(run, point, "a", LOST, 71.0) and not is_small(run, point, "a", LOST, 73.0)
    assert cell_text(run, point, "a") == "71 ns‡" and value(run, point, "a", LOST) == "under 72 ns"
    assert notes_on_marks(run, [(point, "a")]) == ["‡: less than twice what the timestamps cost."]
    run = made(tmp_path / "b", [130.0] * 6, [1100.0] * 6, [1030.0] * 6)
    assert cell_text(run, run.points["s"], "a") == "130 ns‡"
    assert value(run, run.points["s"], "a", LOST) == "under 140 ns", "by the measured cost"
    run = made(tmp_path / "c", [150.0] * 6, [1100.0] * 6, [1030.0] * 6)
    assert (
        cell_text(run, run.points["s"], "a") == value(run, run.points["s"], "a", LOST) == "150 ns"
    )
    assert notes_on_marks(run, [(run.points["s"], "a")]) == []


def test_a_share_is_no_time(tmp_path):
    run = small_runs.make(tmp_path, {"s": {"a": {"dropped_share": [0.001] * 3}}})
    assert not is_small(run, run.points["s"], "a", "dropped_share", 0.001)


def test_untimed_trials_have_no_timestamps(tmp_path):
    run = made(
        tmp_path, [10.0] * 3, [1100.0] * 3, points={"s": small_runs.point("s", level="counted")}
    )
    assert measured_cost(run, run.points["s"], "a") is None


def test_the_page_has_the_cost_of_a_cell_that_was_repeated_and_no_column_without(tmp_path):
    def row_of(folder, untimed):
        run = made(tmp_path / folder, [80.0] * 4, [1100.0, 1150.0, 1090.0, 1300.0], untimed)
        section = section_of(View(run, queue_styles([*run.queues])), run.scenarios["s"])
        return section.has_timestamps, section.points[0].rows[0]

    shown, row = row_of("some", [1050.0, 1090.0, None, 1200.0])
    assert shown and (row.timestamps.text, row.timestamps_interval) == ("60 ns", "50 ns to 100 ns")
    shown, row = row_of("few", [1050.0, 1090.0, None, None])
    assert not shown and row.timestamps.text == ""
