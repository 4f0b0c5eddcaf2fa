"""bqb.stats.margin: what is no difference in practice."""

import numpy as np
import pytest
import small_runs
from bqb.stats.counters import LOST
from bqb.stats.margin import Margin, is_far_apart, margin_of

TENTH = Margin(0.1, 5.0)


def test_the_margin_is_a_share_of_the_smaller_value_and_at_least_so_much():
    apart = Margin(0.1, 5.0).between(np.array([100.0, 40.0]), np.array([300.0, 900.0]))
    assert apart == pytest.approx([10.0, 5.0])


@pytest.mark.parametrize("some, other", [(-100.0, 300.0), (300.0, -100.0), (0.0, 300.0)])
def test_on_either_side_of_zero_there_is_no_smaller_value(some, other):
    assert Margin(0.1, 5.0).between(np.array([some]), np.array([other])) == 5.0


def test_below_zero_the_smaller_value_is_the_one_nearer_to_it():
    assert Margin(0.1, 5.0).between(np.array([-100.0]), np.array([-300.0])) == 10.0


def side(mean_ns):
    return {"work": "spin", "process": "constant", "mean_ns": mean_ns}


@pytest.mark.parametrize(
    "members, least_ns",
    [
        ({}, 2 * 2 * 18),  # two calls of two timestamps each, twice: 72 above 1 % of 1000
        ({"shape": "ping_pong"}, 2 * 4 * 18),
        ({"level": "counted"}, 10.0),  # without timestamps: 1 % of 1000
        ({"consumer": side(30_000)}, 300.0),
        ({"consumer": side(30_000), "consumers": 3}, 100.0),
        ({"producer": side(90_000), "producers": 2, "consumer": side(30_000)}, 450.0),
        ({"shape": "pipeline", "stages": 3, "stage": side(50_000)}, 500.0),
    ],
)
def test_the_least_margin_of_times(tmp_path, members, least_ns):
    run = small_runs.make(
        tmp_path,
        {"s": {"a": {LOST: [1.0]}}},
        points={"s": small_runs.point("s", **members)},
        limits={"timestamp_ns": 18.0},
    )
    assert margin_of(run, run.points["s"], LOST) == Margin(0.1, pytest.approx(least_ns))


@pytest.mark.parametrize(
    "counter, least",
    [
        ("dropped_share", 0.01),
        ("efficiency", 0.01),
        ("switches_per_msg", 0.002),
        ("peak_occupancy", 0.0),
    ],
)
def test_the_least_margin_of_what_is_no_time(tmp_path, counter, least):
    run = small_runs.make(tmp_path, {"s": {"a": {counter: [1.0]}}})
    assert margin_of(run, run.points["s"], counter) == Margin(0.1, least)


def test_a_run_that_measured_no_timestamps_has_the_usual_ones(tmp_path):
    run = small_runs.make(tmp_path, {"s": {"a": {LOST: [1.0]}}})
    assert margin_of(run, run.points["s"], LOST).least == pytest.approx(2 * 2 * 20.0)


@pytest.mark.parametrize(
    "less, more, is_far",
    [
        (100, 151, True),
        (100, 149, False),  # 1.49 times
        (10, 19, False),  # 1.9 times, but below two margins of 5
        (10, 21, True),
        (-20, -9, True),  # no factor below zero
        (-20, -11, False),
    ],
)
def test_far_apart_is_a_factor_and_margins(less, more, is_far):
    assert is_far_apart(less, more, TENTH) == is_far
