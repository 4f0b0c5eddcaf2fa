"""claims.py: what the scenarios' authors expected, scored."""

import json

import numpy as np
import pytest
import small_runs
import synthetic
import whole_rows
from bqb.data.expectations import Claim, EarlierClaim
from bqb.data.load import load_run
from bqb.report.wording import score_in_words
from bqb.stats import claims

LOST = "lost_ns_per_msg"
SMALL, LARGE = "capacity_knee/capacity:1", "capacity_knee/capacity:64"


def make_run(folder, values, disturbed=(), bounds=None):
    """A run of two points: `values` {(point, queue): [lost ns of round 1, 2, ...]}; the rounds
    `disturbed` are so."""
    queues = list(dict.fromkeys(queue for _, queue in values))
    header = json.loads(
        (
            synthetic.make(
                folder, scenarios=["capacity_knee"], queues=queues, rounds=1, faults=False
            )
            / "trials.jsonl"
        )
        .read_text()
        .splitlines()[0]
    )
    for queue, bound in (bounds or {}).items():
        header["queues"][queue]["bound"] = bound
    rows = [header]
    for number in range(1, 1 + max(map(len, values.values()))):
        for point in (SMALL, LARGE):
            for (place, queue), sample in values.items():
                if place == point and number <= len(sample):
                    cell, lost = point.replace("/", f"/{queue}/"), {LOST: sample[number - 1]}
                    rows.append(whole_rows.trial(cell, point, queue, number, counters=lost))
            rows.append(whole_rows.block(point, number, number in disturbed))
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_run(folder)


def steady(level, noise=10.0, rounds=12, seed=3):
    return (level + np.random.default_rng(seed).normal(0, noise, rounds)).tolist()


def score(run, says="so it is", counter=LOST, points=(SMALL,), queues=("a",), **members):
    return claims.score(run, Claim(says, counter, points, queues, **members))


@pytest.mark.parametrize(
    "bounds, verdict",
    [
        ({"above": 900}, "right"),
        ({"above": 1100}, "wrong"),
        ({"above": 1000}, "undecided"),
        ({"below": 1100}, "right"),
        ({"below": 900}, "wrong"),
        ({"below": 1000}, "undecided"),
        ({"above": 900, "below": 1100}, "right"),
        ({"above": 1100, "below": 1200}, "wrong"),
        ({"above": 800, "below": 900}, "wrong"),
        ({"above": 900, "below": 1000}, "undecided"),
    ],
)
def test_the_whole_interval_decides(tmp_path, bounds, verdict):
    found = score(make_run(tmp_path, {(SMALL, "a"): steady(1000)}), **bounds)
    assert found.verdict == verdict and found.queue == "a"
    assert (
        found.measured.low < 1000 < found.measured.high and abs(found.measured.median - 1000) < 10
    )
    assert bool(found.reason) is (verdict == "undecided")


def test_two_queues_are_compared_inside_the_blocks(tmp_path):
    pace = np.linspace(1, 9, 12)  # the machine's: far more than the queues differ by
    run = make_run(
        tmp_path, {(SMALL, "a"): (200 * pace).tolist(), (SMALL, "b"): (100 * pace).tolist()}
    )
    found = score(run, than="b", above=1.9, below=2.1)
    assert found.verdict == "right" and found.measured.median == pytest.approx(2)
    assert score(run, than="b", below=1.5).verdict == "wrong"


def test_points_are_compared_by_their_medians(tmp_path):
    run = make_run(
        tmp_path, {(SMALL, "a"): steady(1000), (LARGE, "a"): steady(100, noise=1, seed=4)}
    )
    found = score(run, than_points=(LARGE,), above=9)
    assert found.verdict == "right" and found.measured.median == pytest.approx(10, rel=0.02)
    assert found.measured.low < found.measured.median < found.measured.high
    assert score(run, than_points=(LARGE,), above=11).verdict == "wrong"


def test_several_points_count_alike_however_many_blocks_they_have(tmp_path):
    run = make_run(
        tmp_path,
        {(SMALL, "a"): steady(1000, noise=1), (LARGE, "a"): steady(200, noise=1, rounds=6)},
    )
    found = score(run, points=(SMALL, LARGE), above=500, below=700)
    assert found.verdict == "right" and found.measured.median == pytest.approx(600, rel=0.01)


def test_it_must_hold_for_all_queues_and_the_worst_is_shown(tmp_path):
    run = make_run(
        tmp_path,
        {(SMALL, "a"): steady(2000), (SMALL, "b"): steady(1500), (SMALL, "c"): steady(3000)},
    )
    nearest = score(run, queues=("a", "b", "c"), above=1000)
    assert nearest.verdict == "right" and nearest.queue == "b"
    wrong = score(run, queues=("a", "b", "c"), above=1800)
    assert wrong.verdict == "wrong" and wrong.queue == "b"
    assert score(run, queues=("a", "missing"), above=1000).verdict == "no numbers"
    assert (
        score(run, queues=("b", "missing"), above=1800).verdict == "wrong"
    ), "whatever the other one does"


def test_each_means_the_bounded_queues_that_ran(tmp_path):
    run = make_run(
        tmp_path,
        {(SMALL, "a"): steady(2000), (SMALL, "b"): steady(1500), (SMALL, "endless"): steady(9)},
        bounds={"endless": "none"},
    )
    assert score(run, queues=(), above=1000).queue == "b"
    assert score(run, queues=(), than="b", above=1.1).queue == "a", "not b itself"
    assert score(run, points=(LARGE,), queues=(), above=1).verdict == "no numbers"


@pytest.mark.parametrize(
    "rounds, disturbed, verdict",
    [
        (6, (), "right"),
        (5, (), "undecided"),
        (8, (1, 2, 3), "undecided"),
        (8, (1, 2), "right"),
        (8, range(1, 9), "undecided"),
    ],
)
def test_a_verdict_takes_six_undisturbed_blocks(tmp_path, rounds, disturbed, verdict):
    run = make_run(tmp_path, {(SMALL, "a"): steady(1000, rounds=rounds)}, disturbed=disturbed)
    found = score(run, above=500)
    assert found.verdict == verdict
    calm = rounds - len(disturbed)
    blocks = f"{calm} undisturbed block{'s' * (calm != 1)}"
    assert found.reason == ("" if verdict == "right" else f"{blocks}, a verdict needs 6")
    assert (found.measured is None) is (calm == 0)


def test_disturbed_blocks_do_not_count(tmp_path):
    run = make_run(
        tmp_path, {(SMALL, "a"): [1e6] * 5 + steady(1000, rounds=7)}, disturbed=range(1, 6)
    )
    assert score(run, below=1100).verdict == "right"


def test_a_ratio_of_what_is_not_positive_means_nothing(tmp_path):
    run = make_run(
        tmp_path, {(SMALL, "a"): steady(1000), (SMALL, "b"): steady(-5), (LARGE, "a"): steady(-5)}
    )
    for compared in ({"than": "b"}, {"than_points": (LARGE,)}):
        found = score(run, above=10, **compared)
        assert found.verdict == "undecided" and "means nothing" in found.reason


def test_who_has_no_numbers_is_told_with_the_reason(tmp_path):
    run = load_run(
        synthetic.make(tmp_path, scenarios=["speed_map", "overcommit"], histograms=False)
    )
    skipped = "speed_map/capacity:1/mean_ns:1000/rho:0.5"
    assert (
        score(run, points=(skipped,), queues=("boost_lockfree",), above=1).reason
        == "boost_lockfree skipped"
    )
    assert (
        score(run, points=("overcommit",), queues=("semaphore",), above=1).reason
        == "semaphore failed"
    )
    beside = score(run, points=("overcommit",), queues=("reference",), than="semaphore", above=1)
    assert beside.reason == "semaphore failed"
    assert (
        score(run, points=("overcommit",), queues=("nobody",), above=1).reason
        == "nobody did not run"
    )
    odd = score(
        run, points=("overcommit",), queues=("reference",), counter="sojourn_p99_ns", above=1
    )
    assert odd.verdict == "no numbers" and odd.reason == "reference has no sojourn_p99_ns"


def test_claims_come_from_the_run_itself(tmp_path):
    row = {
        "says": "s",
        "counter": LOST,
        "points": ["overcommit"],
        "above": 1,
        "than": "two_condvar",
    }
    folder = synthetic.make(
        tmp_path,
        scenarios=["overcommit"],
        faults=False,
        histograms=False,
        more={"overcommit": {"claims": [row]}},
    )
    run = load_run(folder)
    assert run.scenarios["overcommit"].claims == (
        Claim("s", LOST, ("overcommit",), (), "two_condvar", (), 1),
    )
    assert len(claims.score_all(run, run.scenarios["overcommit"])) == 1


EARLIER = {"until": "2026-11-25", "says": "t", "bound": "above 2", "why": "It was 1.5."}


def test_claims_keep_their_dates_and_earlier_forms(tmp_path):
    row = {"says": "s", "counter": LOST, "points": ["overcommit"], "above": 1}
    dated = row | {"since": "2026-11-25", "replaces": [EARLIER]}
    more = {"overcommit": {"claims": [row, dated]}}
    folder = synthetic.make(tmp_path, scenarios=["overcommit"], histograms=False, more=more)
    undated, kept = load_run(folder).scenarios["overcommit"].claims
    assert (undated.since, undated.replaces) == (None, ()), "as in runs before schema 4"
    assert (kept.since, kept.replaces) == ("2026-11-25", (EarlierClaim(**EARLIER),))


@pytest.mark.parametrize(
    "began, since, is_scored",
    [
        ("2026-11-28T12:00:00+0000", "2026-11-27", True),
        ("2026-11-28T12:00:00+0000", "2026-11-28", True),
        ("2026-11-28T12:00:00+0000", "2026-11-29", True),  # as it was by then, further east
        ("2026-11-28T12:00:00+0000", "2026-11-30", False),
        ("2026-11-28T09:00:00+0000", "2026-11-29", False),
        ("2026-11-28T12:00:00-0800", "2026-11-29", True),
        ("some day", "2026-11-29", True),
    ],
)
def test_a_claim_that_was_stated_after_the_run_is_listed_and_not_scored(
    tmp_path, began, since, is_scored
):
    run = make_run(tmp_path, {(SMALL, "a"): steady(1000)})
    run.context["date"] = began
    found = score(run, above=900, since=since)
    assert found.verdict == ("right" if is_scored else "stated after this run")
    assert claims.scored([found]) == ([found] if is_scored else [])
    assert is_scored or found.reason == f"the run began {began}"


SLEEPS = "consumer_voluntary_switches_per_msg"


@pytest.mark.parametrize(
    "claim, switches, lost, is_labelled",
    [
        ({"than": "b"}, 0.9, 30_000.0, True),  # 0.9 wake-ups of 25 us of 30 us
        ({"than": "b"}, 0.4, 30_000.0, False),
        ({}, 0.9, 30_000.0, False),  # no ratio
    ],
)
def test_a_ratio_to_what_sleeps_is_labelled(tmp_path, claim, switches, lost, is_labelled):
    run = small_runs.make(
        tmp_path,
        {"s": {"a": {LOST: [100.0] * 6}, "b": {LOST: [lost] * 6, SLEEPS: [switches] * 6}}},
        limits={"timestamp_ns": 18.0, "park_round_trip_ns": 50_000.0},
    )
    found = claims.score(run, Claim("so it is", LOST, ("s",), ("a",), above=0, **claim))
    assert found.of_wake_ups == is_labelled
    assert ("mostly the time to wake a thread" in score_in_words(found)) == is_labelled
