"""bqb.stats.verdicts and .judging: small cases by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import small_runs
from bqb.stats import judging, verdicts
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST, THROUGHPUT
from bqb.stats.judging import Sample
from bqb.stats.margin import Margin
from bqb.stats.sign_test import tail
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key

TENTH = Margin(0.1, 5.0)
KEY = Key("point", LOST)


def sample(*rows, margin=TENTH):
    """Queues a, b, c, .. with their values by block."""
    return Sample(tuple("abcdefghij"[: len(rows)]), np.array(rows, dtype=float), margin)


def steady(*levels, blocks=12, margin=TENTH):
    return sample(*([level] * blocks for level in levels), margin=margin)


# ------------------------------------------------------------------------------ one point's tests


def test_a_pair_is_a_sign_test_of_the_difference_less_the_margin():
    """b is worse than a by more than 10 in 10 of 12 blocks, by less in 2."""
    tests = verdicts.test(sample([100.0] * 12, [111.0] * 10 + [109.0] * 2))
    assert tests.worse == pytest.approx([1.0, tail(12, 10)])
    assert tests.equivalent == pytest.approx([tail(12, 12), tail(12, 2)])
    assert tail(12, 10) == pytest.approx((66 + 12 + 1) / 4096)


def test_a_difference_of_just_the_margin_speaks_for_neither():
    tests = verdicts.test(sample([100.0] * 12, [110.0] * 12))
    assert tests.worse[1] == 1 and tests.equivalent[1] == 1


def test_simes_combines_the_pairs_of_a_queue():
    """The smallest of p * n / rank: 0.06 / 1, 0.12 / 2, 2.7 / 3; then 0.075, 0.042, 0.03."""
    assert verdicts._simes(np.array([0.2])) == pytest.approx(0.2)
    assert verdicts._simes(np.array([0.9, 0.02, 0.04])) == pytest.approx(0.06)
    assert verdicts._simes(np.array([0.03, 0.025, 0.028])) == pytest.approx(0.03)
    assert verdicts._simes(np.array([1.0, 0.9])) == pytest.approx(1.0)
    assert verdicts._simes(np.array([])) == 1.0


def test_a_queue_is_worse_than_whichever_is_best():
    """Neither a nor b is better than c in all blocks; both together say it by Simes."""
    better, other = [100.0] * 11 + [200.0], [100.0] * 10 + [200.0] * 2
    tests = verdicts.test(sample(better, other, [150.0] * 12))
    assert tests.worse[2] == pytest.approx(min(2 * tail(12, 11), tail(12, 10)))


def test_equivalent_means_within_the_margin_of_every_other():
    """c is within the margin of b, and not of a."""
    tests = verdicts.test(steady(100, 108, 116))
    assert tests.equivalent == pytest.approx([2**-12, 2**-12, 1.0])
    assert tests.worse == pytest.approx([1.0, 1.0, 2 * 2**-12])


def test_a_queue_outside_of_a_block_is_compared_over_the_blocks_that_both_have():
    """c ran in 8 blocks: its pairs have 8, that of a and b has 12."""
    some = [200.0] * 8 + [math.nan] * 4
    tests = verdicts.test(sample([100.0] * 12, [200.0] * 12, some))
    assert tests.worse == pytest.approx([1.0, 2 * tail(12, 12), 2 * tail(8, 8)])
    assert tests.equivalent[0] == pytest.approx(tail(8, 8)), "the pair of fewer blocks decides"


def test_queues_that_share_no_block_are_not_told_apart():
    tests = verdicts.test(sample([1.0] * 6 + [math.nan] * 6, [math.nan] * 6 + [99.0] * 6))
    assert tests.worse == pytest.approx([1, 1]) and tests.equivalent == pytest.approx([1, 1])


# -------------------------------------------------------------------------------------- thresholds


def benjamini_hochberg(p, false_share):
    """How many are rejected."""
    ordered = sorted(p)
    return max(
        (k for k in range(1, len(p) + 1) if ordered[k - 1] <= false_share * k / len(p)), default=0
    )


def test_the_two_stages_by_hand():
    """q1 = 0.05 / 1.05 = 0.047619 and m = 8. The first stage allows 0.00595 a rank: four pass
    (0.02 <= 0.0238), 0.04 does not (0.0298). The second has q1 * 8 / 4: 0.0119 a rank, of which 5
    allow 0.0595, more than what one alone may have; 0.2 is too much for rank 6 (0.0714)."""
    p = [0.001, 0.2, 0.01, 0.04, 0.9, 0.02, 0.5, 0.015]
    assert benjamini_hochberg(p, 0.05 / 1.05) == 4
    assert benjamini_hochberg(p, 0.05) == 4
    assert verdicts.threshold(p, 0.05) == pytest.approx(0.05)
    assert sum(each <= verdicts.threshold(p, 0.05) for each in p) == 5


def test_the_second_stage_allows_what_its_rank_allows():
    """Of 10, three pass the first stage: 0.0047619 a rank. The second has 0.0068027 a rank, and
    0.027 is below that of rank 4, 0.02721."""
    p = [0.001, 0.002, 0.003, 0.027] + [0.6] * 6
    assert verdicts.threshold(p, 0.05) == pytest.approx(4 * 0.05 / 1.05 / 7)
    assert benjamini_hochberg(p, 0.05) == 3


@pytest.mark.parametrize(
    "p, up_to",
    [
        ([0.011, 0.3, 0.4, 0.5, 0.6], 0.05 / 1.05 / 5 * (5 / 5)),  # none
        ([0.01, 0.02, 0.03], 0.05 / 1.05),  # all, of the first stage
        ([], 0.05 / 1.05),
    ],
)
def test_one_stage_is_enough_for_none_and_for_all(p, up_to):
    assert verdicts.threshold(p, 0.05) == pytest.approx(up_to)


def test_where_nearly_all_are_worse_the_best_still_is_not():
    """22 of 24 pass the first stage. The second would allow 0.571 * 23 / 24 at rank 23."""
    p = [1e-6] * 22 + [0.3, 1.0]
    assert verdicts.threshold(p, 0.05) == pytest.approx(0.05)


# ---------------------------------------------------------------------------------------- decisions


def test_a_point_with_each_of_the_three_states():
    close = [104.0] * 12
    between = [100.0 + 20 * (block % 2) for block in range(12)]
    states, _ = verdicts.decide({KEY: sample([100.0] * 12, close, between, [300.0] * 12)}, {}, 0.05)
    assert states[KEY] == {"a": EQUIVALENT, "b": EQUIVALENT, "c": UNDECIDED, "d": WORSE}


def test_the_comparisons_of_the_whole_run_count():
    """b is worse in 11 of 12 blocks: p = 0.0032. That is enough alone, not among 20 points where
    nothing is (0.0476 / 42)."""
    here = sample([100.0] * 12, [150.0] * 11 + [100.0])
    alone, _ = verdicts.decide({KEY: here}, {}, 0.05)
    noise = [100.0, 200.0] * 6
    many = {Key(str(number), LOST): sample(noise, noise[::-1]) for number in range(20)}
    among, _ = verdicts.decide({KEY: here, **many}, {}, 0.05)
    assert alone[KEY]["b"] == WORSE and among[KEY]["b"] == UNDECIDED


def test_what_an_earlier_look_decided_stays():
    apart, alike = steady(100, 200), steady(100, 100)
    first, _ = verdicts.decide({KEY: apart}, {}, 0.025)
    assert first[KEY] == {"a": EQUIVALENT, "b": WORSE}
    second, _ = verdicts.decide({KEY: alike}, first, 0.025)
    assert second[KEY] == first[KEY]
    assert verdicts.decide({KEY: alike}, {}, 0.025)[0][KEY]["b"] == EQUIVALENT


def test_what_an_earlier_look_left_open_may_be_decided():
    earlier = {KEY: {"a": UNDECIDED, "b": UNDECIDED}}
    states, _ = verdicts.decide({KEY: steady(100, 200)}, earlier, 0.025)
    assert states[KEY]["b"] == WORSE


@pytest.mark.parametrize(
    "looks, state",
    [
        ((), UNDECIDED),  # one look, at all 12 rounds
        ((6,), WORSE),
        ((6, 12), UNDECIDED),
        ((4, 6, 12), UNDECIDED),
    ],
)
def test_a_run_with_a_budget_shares_what_may_be_false_among_its_looks(tmp_path, looks, state):
    """b is worse in the first 6 rounds and like a in the others. Of 6 blocks p is 1/64: the lower
    of two p may be 0.0238 at one look, 0.0122 at each of two."""
    values = {"s": {"a": {LOST: [100.0] * 12}, "b": {LOST: [200.0] * 6 + [100.0] * 6}}}
    run = replace(small_runs.make(tmp_path, values), looks=looks)
    assert verdicts.verdicts_of(run)["s", LOST].states["b"] == state


def test_a_verdict_of_the_first_look_stands_after_the_last(tmp_path):
    """b is worse in the first 12 rounds and better in the next 12."""
    values = {"s": {"a": {LOST: [100.0] * 24}, "b": {LOST: [200.0] * 12 + [20.0] * 12}}}
    run = small_runs.make(tmp_path, values)
    at_two_looks = verdicts.verdicts_of(replace(run, looks=(12, 24)))["s", LOST]
    assert at_two_looks.states == {"a": EQUIVALENT, "b": WORSE}
    assert set(verdicts.verdicts_of(run)["s", LOST].states.values()) == {UNDECIDED}


def test_a_look_that_time_did_not_reach_is_not_made(tmp_path):
    values = {"s": {"a": {LOST: [100.0] * 14}, "b": {LOST: [200.0] * 14}}}
    run = small_runs.make(tmp_path, values)
    for looks, made in (((12, 24, 48), (12, 24)), ((14, 28), (14,)), ((), (None,))):
        assert judging.looks_of(replace(run, looks=looks)) == judging.Looks(
            max(len(looks), 1), made
        )


# --------------------------------------------------------------------------------------- resolution


def test_the_resolution_is_the_margin_and_the_reach_of_the_deciding_block():
    """Of 12 blocks 2 may lie within the margin: p = 0.0193 <= 0.02, and 0.073 with 3. So the third
    lowest difference decides, 3 below the median one."""
    b = [100.0 + value for value in (1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 11)]
    two = sample([100.0] * 12, b, margin=Margin(0.0, 5.0))
    assert verdicts.resolution(two, 0.02) == pytest.approx(
        5 + 3 * 100 / 106, rel=1e-9
    ), "the spread counts in proportion to the medians"
    # With less to spend, all but one must lie beyond: it is the second lowest that decides.
    assert verdicts.resolution(two, 0.005) == pytest.approx(5 + 4 * 100 / 106)


def test_too_few_blocks_show_no_difference_however_large():
    assert verdicts.resolution(steady(100, 9000, blocks=4), 0.05) == math.inf
    assert verdicts.resolution(steady(100, 9000, blocks=5), 0.05) == pytest.approx(10.0)
    assert verdicts.resolution(steady(100), 0.05) == math.inf, "there is no other queue"


def test_the_resolution_is_the_median_over_the_other_queues():
    """c shares too few blocks with a for any difference: of two others, that makes it infinite; of
    three it does not."""
    seldom = [400.0] * 3 + [math.nan] * 9
    a, b, d = [100.0] * 12, [200.0] * 12, [300.0] * 12
    assert verdicts.resolution(sample(a, b, seldom), 0.05) == math.inf
    assert verdicts.resolution(sample(a, b, seldom, d), 0.05) == pytest.approx(10.0)


# --------------------------------------------------------------------------- what queues are judged


def test_a_rate_becomes_the_time_of_a_message(tmp_path):
    idle = small_runs.point("s", producer=small_runs.NO_WORK, consumer=small_runs.NO_WORK)
    values = {"s": {"a": {THROUGHPUT: [2e6] * 12}, "b": {THROUGHPUT: [1e6] * 12}}}
    run = small_runs.make(tmp_path, values, points={"s": idle})
    assert judging.headline(run, run.points["s"]) == THROUGHPUT
    assert judging.sample(run, run.points["s"], THROUGHPUT).values.tolist() == [
        [500.0] * 12,
        [1000.0] * 12,
    ]
    verdict = verdicts.verdicts_of(run)["s", THROUGHPUT]
    assert verdict.order == ("a", "b") and verdict.states == {"a": EQUIVALENT, "b": WORSE}


def test_where_more_is_better_the_highest_comes_first(tmp_path):
    values = {"s": {"a": {"efficiency": [0.5] * 12}, "b": {"efficiency": [0.9] * 12}}}
    judge = {"counter": "efficiency", "better": "higher"}
    run = small_runs.make(tmp_path, values, judged_by=judge)
    verdict = verdicts.verdicts_of(run)["s", "efficiency"]
    assert verdict.order == ("b", "a") and verdict.having(WORSE) == ("a",)


@pytest.mark.parametrize(
    "members, counter",
    [
        ({}, LOST),
        ({"arrivals": {"process": "exponential", "mean_ns": 2000, "wait": "spin"}}, EXCESS),
        ({"producer": small_runs.NO_WORK, "consumer": small_runs.NO_WORK}, THROUGHPUT),
    ],
)
def test_the_kind_of_a_point_says_what_judges_it(tmp_path, members, counter):
    point = small_runs.point("s", **members)
    run = small_runs.make(tmp_path, {"s": {"a": {LOST: [1.0]}}}, points={"s": point})
    assert judging.judged_counters(run, run.points["s"]) == [counter, CPU_BEYOND_WORK]


def test_disturbed_blocks_are_left_out(tmp_path):
    """b is better in the two disturbed blocks only."""
    values = {"s": {"a": {LOST: [100.0] * 12}, "b": {LOST: [1.0] * 2 + [900.0] * 10}}}
    run = small_runs.make(tmp_path, values, disturbed={"s": (1, 2)})
    verdict = verdicts.verdicts_of(run)["s", LOST]
    assert verdict.blocks == 10 and verdict.medians["b"] == 900
    assert judging.sample(run, run.points["s"], LOST).values.shape == (2, 10)
    assert verdict.states["b"] == WORSE


def test_a_queue_without_a_bound_is_not_compared(tmp_path):
    values = {"s": {name: {LOST: [level] * 12} for name, level in (("a", 9), ("b", 9), ("u", 1))}}
    run = small_runs.make(tmp_path, values, bounds={"u": "none"})
    assert verdicts.verdicts_of(run)["s", LOST].order == ("a", "b")


def test_the_blocks_of_a_verdict_are_the_fewest_that_two_queues_share(tmp_path):
    values = {
        "s": {
            "a": {LOST: [100.0] * 12},
            "b": {LOST: [100.0] * 8 + [None] * 4},
            "c": {LOST: [None] * 3 + [100.0] * 9},
        }
    }
    run = small_runs.make(tmp_path, values)
    assert verdicts.verdicts_of(run)["s", LOST].blocks == 5


def far_apart(counter=LOST, queues="ab"):
    return {"s": {name: {counter: [100.0 * 9**at] * 12} for at, name in enumerate(queues)}}


@pytest.mark.parametrize(
    "reason, counter, arguments",
    [
        ("shown, not ranked", LOST, {"values": far_apart(), "rank": False}),
        ("one queue only", LOST, {"values": far_apart(queues="a")}),
        (
            "sojourn_p99_ns does not repeat from run to run",
            "sojourn_p99_ns",
            {
                "values": far_apart("sojourn_p99_ns"),
                "judged_by": {"counter": "sojourn_p99_ns", "better": "lower"},
            },
        ),
        (
            "disturbed shares differ by more than 10 points",
            LOST,
            {
                "values": {"s": {"a": {LOST: [9.0] * 12}, "b": {LOST: [9.0] * 9 + [None] * 3}}},
                "disturbed": {"s": (11, 12)},
            },
        ),
        ("", LOST, {"values": far_apart()}),
    ],
)
def test_why_there_is_no_verdict(tmp_path, reason, counter, arguments):
    run = small_runs.make(tmp_path, **arguments)
    verdict = verdicts.verdicts_of(run)["s", counter]
    assert verdict.no_verdict == reason
    assert (set(verdict.states.values()) == {UNDECIDED}) == bool(reason)
