"""The test of the advice: what it draws, and how it scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bqb.advice import regrets
from bqb.advice.drawn import CLOSED, OPEN, drawn, kind_of
from bqb.advice.held_out import Scored, best_of, regret
from bqb.advice.knee import Measure
from bqb.advice.pipeline import pipeline_of
from bqb.advice.wishes import from_words

SCORED = Scored(
    number=0,
    kind=CLOSED,
    words={},
    fitting=2,
    queue="one",
    capacity=4,
    is_decided=True,
    best="two",
    regret=0.01,
    overhead_ns=150.0,
    best_overhead_ns=100.0,
    nearest=None,
    nearest_distance=None,
    nearest_regret=None,
    cpu_best=None,
    cpu_regret=None,
    largest_capacity=64,
    capacity_loss=0.05,
    advice_s=120.0,
    machine="a machine",
)


def test_a_draw_follows_from_the_commit_the_number_and_the_attempt():
    first = drawn("abc", 7)
    assert first == drawn("abc", 7)
    others = [drawn("abd", 7), drawn("abc", 9), drawn("abc", 7, attempt=1)]
    assert all(other != first for other in others)


@pytest.mark.parametrize("number", range(40))
def test_each_draw_is_a_pipeline_of_its_kind(number):
    pipeline = pipeline_of(from_words(drawn("abc", number)), cores_here=2)
    assert pipeline.open_loop == (kind_of(number) == OPEN)
    assert 500 <= pipeline.consumer.mean_ns <= 50_000
    assert pipeline.drops or not pipeline.open_loop or 0.2 <= pipeline.load <= 0.91


def test_draws_reach_every_kind_of_wish():
    draws = [drawn("abc", number) for number in range(200)]
    keys = {key for words in draws for key in words}
    wanted = {"burst", "memory", "idle_cpu", "cores", "order", "needs", "element", "producer_cv"}
    assert wanted <= keys
    assert {words.get("when_full") for words in draws} == {None, "wait", "drop"}


def test_the_best_is_chosen_on_odd_rounds_and_scored_on_even_ones():
    values = {
        "one": {1: 10.0, 2: 30.0, 3: 10.0, 4: 30.0},
        "two": {1: 20.0, 2: 20.0, 3: 20.0, 4: 20.0},
        "none": {},
    }
    assert best_of(values) == "one"
    assert regret(values, "two", "one", Measure.TIME) == pytest.approx(20 / 30 - 1)
    assert regret(values, "two", "one", Measure.DROPPED) == pytest.approx(-10)
    assert regret(values, "none", "one", Measure.TIME) is None
    assert regret(values, None, "one", Measure.TIME) is None


def test_regrets_are_summed_up_by_kind_without_those_that_are_not_known():
    rows = [replace(SCORED, regret=share / 100) for share in range(11)]
    rows += [replace(SCORED, regret=None), replace(SCORED, kind=OPEN, regret=0.9)]
    closed = regrets.of_kind(rows, CLOSED)
    assert (closed.count, closed.median, closed.p90) == (11, 0.05, pytest.approx(0.09))
    assert closed.worst == 0.1 and regrets.of_kind(rows, OPEN).count == 1
    assert regrets.of_nearest(rows, CLOSED) == regrets.Regrets(0, None, None, None)
    assert regrets.extra_overhead_ns(rows, CLOSED).median == 50


def test_a_capacity_is_enough_up_to_a_twentieth():
    losses = [-0.02, 0.05, 0.051, None]
    rows = [replace(SCORED, capacity_loss=loss) for loss in losses]
    assert regrets.enough_capacity(rows) == 2


def test_cpu_counts_where_it_was_limited():
    every = ({"idle_cpu": "none"}, {"idle_cpu": "some"}, {"cores": "1"}, {"idle_cpu": "all"}, {})
    rows = [replace(SCORED, words=words, cpu_regret=0.1) for words in every]
    assert regrets.of_cpu(rows).count == 3
