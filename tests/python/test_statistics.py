"""bqb.stats and bqb.report.units: medians and intervals, which blocks count, verdicts, quantiles,
numbers in words."""

import json

import numpy as np
import pytest
import synthetic
import whole_rows
from bqb.data.load import load_run
from bqb.data.model import Histogram
from bqb.report.units import counter_name, format_bytes, format_ns, format_share, format_value
from bqb.stats import ranking, summaries
from bqb.stats.counters import LOST, NOMINAL_LOST, THROUGHPUT

LOST = LOST


def make_run(folder, lost, disturbed=(), counters=None, rank=True, bounds=None):
    """A run of one point: `lost` {queue: [lost ns of round 1, 2, ...]}, None for a round without a
    trial.

    counters(queue, round) gives more counters; `disturbed` rounds are so."""
    base = json.loads(
        (
            synthetic.make(
                folder, scenarios=["overcommit"], queues=list(lost), rounds=1, faults=False
            )
            / "trials.jsonl"
        )
        .read_text()
        .splitlines()[0]
    )
    base["scenarios"]["overcommit"]["rank"] = rank
    for queue, bound in (bounds or {}).items():
        base["queues"][queue]["bound"] = bound
    rows = [base]
    rounds = max(map(len, lost.values()))
    for number in range(1, rounds + 1):
        for queue, values in lost.items():
            if values[number - 1] is None:
                continue
            more = counters(queue, number) if counters else {}
            cell, point = f"overcommit/{queue}", "overcommit"
            values_of = {LOST: values[number - 1], "efficiency": 0.5, **more}
            rows.append(whole_rows.trial(cell, point, queue, number, counters=values_of))
        rows.append(whole_rows.block("overcommit", number, number in disturbed))
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = load_run(folder)
    return run, run.points["overcommit"]


# ---------------------------------------------------------------------------------------- estimates


def test_the_interval_holds_the_median_and_is_the_same_every_time():
    values = tuple(np.random.default_rng(5).normal(100, 10, 30))
    first = summaries.estimate(values)
    summaries.estimate.cache_clear()
    assert first == summaries.estimate(values)
    assert first.low < first.median < first.high and first.n == 30


def test_the_interval_covers_the_true_median_about_as_often_as_it_says():
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(300):
        estimate = summaries.estimate(tuple(random.lognormal(0, 1, 12)))
        covered += estimate.low <= 1.0 <= estimate.high
    assert 0.90 <= covered / 300 <= 0.99


def test_the_repeat_interval_holds_the_median_of_another_sample_an_ordinary_one_often_not():
    def held(interval):
        random = np.random.default_rng(11)
        hits = 0
        for _ in range(1000):
            estimate = summaries.estimate(tuple(random.lognormal(0, 1, 12)), interval)
            hits += estimate.low <= np.median(random.lognormal(0, 1, 12)) <= estimate.high
        return hits / 1000

    assert held(summaries.REPEAT) > 0.90 > 0.85 > held(summaries.CONFIDENCE)


def test_one_value_has_no_interval_and_none_no_estimate():
    assert summaries.estimate((3.0,)) == summaries.Estimate(3.0, None, None, 1)
    assert summaries.estimate(()) is None


# ------------------------------------------------------------------------------- which blocks count


def test_disturbed_blocks_are_left_out_and_kept_beside(tmp_path):
    run, point = make_run(tmp_path, {"a": [10, 11, 12, 999]}, disturbed={4})
    summary = summaries.summarise(run, point, "a", LOST)
    assert summary.median == 11 and not summary.from_all
    assert summary.values == (10, 11, 12) and summary.disturbed_values == (999,)


def test_with_fewer_than_three_undisturbed_blocks_all_count_and_it_is_marked(tmp_path):
    run, point = make_run(tmp_path, {"a": [10, 20, 90, 95]}, disturbed={3, 4})
    summary = summaries.summarise(run, point, "a", LOST)
    assert summary.from_all and summary.median == 55
    assert summary.undisturbed_values == (10, 20) and summary.disturbed_values == (90, 95)


def test_a_counter_that_no_trial_has_gives_nothing(tmp_path):
    run, point = make_run(tmp_path, {"a": [1, 2, 3]})
    assert summaries.summarise(run, point, "a", "sojourn_p99_ns") is None
    assert ranking.loss(run, [point], "no_such_queue") is None


# ----------------------------------------------------------------------------------------- verdicts


def steady(level, noise=1.0, rounds=12, seed=3):
    return (level + np.random.default_rng(seed).normal(0, noise, rounds)).tolist()


def test_the_clearly_better_queue_is_first_alone(tmp_path):
    run, point = make_run(tmp_path, {"slow": steady(2000), "fast": steady(100)})
    verdict = ranking.rank(run, point)
    assert (
        verdict.order == ("fast", "slow") and verdict.tied == ("fast",) and verdict.no_verdict == ""
    )


def test_a_difference_within_the_margin_is_a_tie(tmp_path):
    run, point = make_run(
        tmp_path, {"a": steady(1000), "b": steady(1030, seed=4), "c": steady(1100, seed=5)}
    )
    assert ranking.rank(run, point).tied == ("a", "b")  # 3% is inside 5%, 10% is not


def test_small_losses_tie_by_nanoseconds(tmp_path):
    run, point = make_run(
        tmp_path, {"a": steady(20), "b": steady(27, seed=4), "c": steady(45, seed=5)}
    )
    assert ranking.rank(run, point).tied == ("a", "b")


def test_queues_are_compared_inside_blocks(tmp_path):
    """Rounds differ by a factor of ten, the queues of each by 20%: unpaired, nothing could be
    told."""
    pace = np.random.default_rng(2).uniform(1000, 10_000, 12)
    run, point = make_run(tmp_path, {"a": pace.tolist(), "b": (pace * 1.2).tolist()})
    assert ranking.rank(run, point).tied == ("a",)
    ratio = summaries.paired_ratio(run, point, "b", "a", LOST)
    assert ratio.low == pytest.approx(1.2) and ratio.high == pytest.approx(1.2)


def test_a_block_in_which_one_queue_is_missing_is_no_pair(tmp_path):
    run, point = make_run(tmp_path, {"a": [10, 20, 30, 40], "b": [20, 40, None, 80]})
    assert summaries.pairs(run, point, "a", "b", LOST) == [(10, 20), (20, 40), (40, 80)]
    assert summaries.pairs(run, point, "b", "a", LOST) == [(20, 10), (40, 20), (80, 40)]


def test_a_ratio_of_losses_that_are_not_positive_is_refused(tmp_path):
    run, point = make_run(tmp_path, {"a": [-5, 10, 10], "b": [20, 20, 20]})
    assert summaries.paired_ratio(run, point, "b", "a", LOST) is None


def test_too_few_blocks_give_no_verdict(tmp_path):
    run, point = make_run(tmp_path, {"a": steady(100, rounds=5), "b": steady(900, rounds=5)})
    assert "5 blocks" in ranking.rank(run, point).no_verdict
    assert "5 blocks" in ranking.answer(run, run.scenarios["overcommit"]).no_verdict


@pytest.mark.parametrize("missing, verdict", [(0, True), (3, False)])
def test_no_verdict_where_disturbed_shares_differ_by_more_than_ten_points(
    tmp_path, missing, verdict
):
    """Both queues have 12 disturbed-or-not rounds of which 4 are disturbed; b misses some of the
    disturbed ones."""
    b = steady(900, rounds=16)
    b[:missing] = [None] * missing
    run, point = make_run(tmp_path, {"a": steady(100, rounds=16), "b": b}, disturbed={1, 2, 3, 4})
    assert (ranking.rank(run, point).no_verdict == "") is verdict


def test_a_scenario_that_is_not_ranked_gives_no_verdict(tmp_path):
    run, point = make_run(tmp_path, {"a": steady(100), "b": steady(900)}, rank=False)
    assert ranking.rank(run, point).no_verdict


def test_a_queue_without_a_bound_is_not_ranked(tmp_path):
    run, point = make_run(
        tmp_path, {"free": steady(1), "a": steady(100), "b": steady(900)}, bounds={"free": "none"}
    )
    assert ranking.rank(run, point).order == ("a", "b")


def test_nominal_times_decide_where_a_queue_slows_its_users_work(tmp_path):
    def counters(queue, _):
        return {
            "work_inflation": 1.00 if queue == "gentle" else 1.10,
            NOMINAL_LOST: 300 if queue == "gentle" else 900,
            "nominal_efficiency": 0.5,
        }

    lost = {"gentle": steady(200), "rough": steady(100)}
    run, point = make_run(tmp_path, lost, counters=counters)
    assert ranking.inflation_gap(run, point) == pytest.approx(0.10)
    assert ranking.rank(run, point).counter == NOMINAL_LOST
    assert ranking.rank(run, point).order[0] == "gentle"


def test_a_noisy_inflation_does_not_change_the_measure(tmp_path):
    """Medians 4% apart, but either queue is the worse one in many blocks."""
    noise = np.random.default_rng(6).normal(1.1, 0.15, (2, 12))
    run, point = make_run(
        tmp_path,
        {"a": steady(200), "b": steady(100)},
        counters=lambda queue, number: {
            "work_inflation": noise["ab".index(queue)][number - 1],
            NOMINAL_LOST: 1,
        },
    )
    assert abs(np.median(noise[0]) / np.median(noise[1]) - 1) > 0.02
    assert ranking.headline(run, point) == LOST


def test_realised_times_decide_where_inflation_is_alike(tmp_path):
    def counters(queue, _):
        return {"work_inflation": 1.01 if queue == "gentle" else 1.02, NOMINAL_LOST: 1}

    run, point = make_run(
        tmp_path, {"gentle": steady(200), "rough": steady(100)}, counters=counters
    )
    assert ranking.rank(run, point).counter == LOST and ranking.rank(run, point).order[0] == "rough"


def test_a_late_timer_is_no_slowed_work(tmp_path):
    run = load_run(
        synthetic.make(tmp_path, scenarios=["sleeping_peers"], faults=False, histograms=False)
    )
    for trial in run.trials:
        trial.counters["work_inflation"] = 3.0 if trial.queue == "reference" else 1.0
    point = run.scenarios["sleeping_peers"].points[0]
    assert ranking.inflation_gap(run, point) == 2.0 and ranking.headline(run, point) == LOST


def test_throughput_ranks_the_other_way_round(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["race"], queues=["reference", "two_condvar"], rounds=8, faults=False
    )
    run = load_run(folder)
    verdict = ranking.rank(run, run.points["race"])
    assert verdict.counter == THROUGHPUT and verdict.order == ("two_condvar", "reference")
    assert verdict.tied == ("two_condvar",)


def judged(folder, counter, better, values):
    """A run of one point judged by `counter`, `values` {queue: [of round 1, 2, ...]}, in which all
    lose the same."""
    run, _ = make_run(
        folder,
        {queue: [100.0] * len(each) for queue, each in values.items()},
        counters=lambda queue, number: {counter: values[queue][number - 1]},
    )
    lines = (folder / "trials.jsonl").read_text().splitlines()
    header = json.loads(lines[0])
    header["scenarios"]["overcommit"]["judged_by"] = {"counter": counter, "better": better}
    (folder / "trials.jsonl").write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    run = load_run(folder)
    return run, run.points["overcommit"]


@pytest.mark.parametrize("better, first", [("lower", "small"), ("higher", "large")])
def test_a_scenario_may_name_the_counter_that_ranks(tmp_path, better, first):
    run, point = judged(
        tmp_path, "sojourn_p99_ns", better, {"large": steady(9000), "small": steady(5000, seed=4)}
    )
    verdict = ranking.rank(run, point)
    assert (
        verdict.counter == "sojourn_p99_ns"
        and verdict.order[0] == first
        and verdict.tied == (first,)
    )
    answer = ranking.answer(run, run.scenarios["overcommit"])
    assert answer.leaders == (first,) and answer.more_is_better == (better == "higher")
    loss = ranking.loss(run, [point], "small")
    assert (
        loss.counter == "sojourn_p99_ns"
        and loss.value == pytest.approx(5000, rel=0.01)
        and loss.efficiency is None
    )


@pytest.mark.parametrize(
    "counter, value, apart, tied",
    [
        ("sojourn_p50_ns", 40.0, 8.0, True),
        ("sojourn_p50_ns", 40.0, 14.0, False),  # 10 ns
        ("sojourn_p50_ns", 4000.0, 160.0, True),
        ("sojourn_p50_ns", 4000.0, 260.0, False),  # 5%
        # 0.002 of them.
        ("switches_per_msg", 0.001, 0.0015, True),
        ("switches_per_msg", 0.001, 0.003, False),
        # 5% and nothing else.
        ("work_inflation", 1.0, 0.04, True),
        ("work_inflation", 1.0, 0.06, False),
        ("work_inflation", 0.001, 0.0015, False),
    ],
)
def test_the_margin_of_a_tie_goes_by_the_unit(tmp_path, counter, value, apart, tied):
    noise = value / 1e6
    values = {"a": steady(value, noise), "b": steady(value + apart, noise, seed=4)}
    run, point = judged(tmp_path, counter, "lower", values)
    assert (ranking.rank(run, point).tied == ("a", "b")) is tied


def test_a_judge_that_no_trial_has_gives_no_verdict(tmp_path):
    run, _ = judged(tmp_path, "sojourn_p99_ns", "lower", {"a": steady(9000), "b": steady(5000)})
    for trial in run.trials:
        del trial.counters["sojourn_p99_ns"]
    answer = ranking.answer(run, run.scenarios["overcommit"])
    assert answer.leaders == () and answer.no_verdict == "no trial has sojourn_p99_ns"


def test_an_answer_counts_points_and_shows_ties(tmp_path):
    run = load_run(
        synthetic.make(tmp_path, scenarios=["capacity_knee"], faults=False, histograms=False)
    )
    answer = ranking.answer(run, run.scenarios["capacity_knee"])
    assert (
        answer.judged == 5
        and answer.leaders == ("boost_lockfree",)
        and answer.wins["boost_lockfree"] == 5
    )


# --------------------------------------------------------------------------------- pooled quantiles


def test_a_score_counts_points_and_only_those_that_a_queue_entered(tmp_path):
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["capacity_knee", "overcommit"],
            rounds=8,
            faults=False,
            queues=["reference", "two_condvar", "boost_lockfree"],
            disturbed_share=0,
        )
    )
    rows = [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()]
    left = [
        row
        for row in rows
        if not (
            row["kind"] == "trial"
            and row["queue"] == "boost_lockfree"
            and row["point"] == "capacity_knee/capacity:4"
        )
    ]
    (tmp_path / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in left))
    run = load_run(tmp_path)
    points = [point for scenario in run.scenarios.values() for point in scenario.points]
    scores = ranking.scores(run)
    assert len(points) == 6  # five capacities and the crowd
    assert scores["reference"].entered == 6 and scores["boost_lockfree"].entered == 5
    for queue, score in scores.items():
        assert score.not_worse == sum(queue in ranking.rank(run, point).tied for point in points)
    assert sum(score.not_worse for score in scores.values()) >= 6


def test_a_score_needs_a_verdict(tmp_path):
    assert (
        ranking.scores(
            make_run(tmp_path, {"reference": [100.0] * 3, "two_condvar": [900.0] * 3})[0]
        )
        == {}
    )


def pool_of(*bucket_lists):
    pool = summaries.Pool()
    for buckets in bucket_lists:
        pool.add(
            Histogram("c", 1, "traced", "sojourn_ns", sum(b[2] for b in buckets), 0, tuple(buckets))
        )
    return pool


def test_pooled_quantiles_are_those_of_all_samples_together():
    pool = pool_of([(0, 10, 500), (10, 20, 0)], [(10, 20, 500)])
    assert pool.count == 1000
    assert pool.quantiles([0.25, 0.5, 0.75]) == [5.0, 10.0, 15.0]


def test_pooled_quantiles_agree_with_the_samples():
    samples = np.random.default_rng(1).lognormal(8, 1, 100_000)
    edges = np.geomspace(samples.min(), samples.max() * 1.0001, 400)
    counts, _ = np.histogram(samples, edges)
    pool = pool_of([(low, high, int(n)) for low, high, n in zip(edges, edges[1:], counts) if n])
    assert pool.quantiles([0.5, 0.9, 0.99]) == pytest.approx(
        np.quantile(samples, [0.5, 0.9, 0.99]), rel=0.02
    )


@pytest.mark.parametrize("samples, shown", [(10_000, True), (9_999, False)])
def test_a_quantile_is_shown_only_if_a_hundred_samples_lie_beyond_it(samples, shown):
    (value,) = pool_of([(0, 10, samples)]).quantiles([0.99])
    assert (value is not None) is shown


def test_disturbed_trials_are_not_pooled(tmp_path):
    folder = synthetic.make(
        tmp_path,
        scenarios=["overcommit"],
        queues=["reference"],
        rounds=8,
        disturbed_share=0.4,
        faults=False,
    )
    run = load_run(folder)
    trials = run.trials_of(run.points["overcommit"], "reference")
    bad = sum(trial.disturbed for trial in trials)
    assert 0 < bad <= 5
    pools = summaries.pooled(run, ["sojourn_ns"])
    assert pools["overcommit", "reference", "sojourn_ns"].count == 4000 * (8 - bad)


# ----------------------------------------------------------------------------------------- in words


@pytest.mark.parametrize(
    "ns, words",
    [
        (0, "0 ns"),
        (-3.2, "-3.2 ns"),
        (20, "20 ns"),
        (999.6, "1 µs"),
        (1500, "1.5 µs"),
        (38_123, "38 µs"),
        (1.2e6, "1.2 ms"),
        (2e9, "2 s"),
        (-2500, "-2.5 µs"),
    ],
)
def test_durations_in_words(ns, words):
    assert format_ns(ns) == words


def test_bytes_in_words():
    assert [format_bytes(size) for size in (0, 512, 2000, 3_141_592)] == [
        "0 B",
        "512 B",
        "2 kB",
        "3.14 MB",
    ]


@pytest.mark.parametrize(
    "value, words",
    [
        (0, "0%"),
        (0.004, "0.4%"),
        (0.031, "3%"),
        (0.71, "71%"),
        (0.9968, "99.7%"),
        (1.0, "100%"),
        (0.99999, ">99.9%"),
        (0.0001, "<0.1%"),
    ],
)
def test_percentages_never_pretend_to_be_nothing_or_all(value, words):
    assert format_share(value) == words


@pytest.mark.parametrize(
    "counter, value, words",
    [
        ("sojourn_p99_ns", 1500, "1.5 µs"),
        ("lost_ns_per_msg", 20, "20 ns"),
        ("throughput_msgs_per_s", 4.3e6, "4.3 M/s"),
        ("efficiency", 0.71, "71%"),
        ("nominal_efficiency", 0.9968, "99.7%"),
        ("gap_share", 0.004, "0.4%"),
        ("dropped_pct", 3.0, "3%"),
        ("peak_bytes", 2000, "2 kB"),
        ("switches_per_msg", 0.0312, "0.0312"),
        ("work_inflation", 1.018, "1.02"),
        ("peak_occupancy", 49_816, "49,816"),
    ],
)
def test_a_value_is_shown_in_the_unit_that_ends_its_counters_name(counter, value, words):
    assert format_value(counter, value) == words


@pytest.mark.parametrize(
    "counter, words",
    [
        ("sojourn_p99_ns", "sojourn p99"),
        ("cpu_beyond_work_ns_per_msg", "CPU beyond work per message"),
        ("switches_per_msg", "switches per message"),
        ("lost_ns_per_msg", "overhead per message"),
        ("throughput_msgs_per_s", "messages per second"),
        ("peak_occupancy", "peak occupancy"),
    ],
)
def test_counters_are_named_in_words(counter, words):
    assert counter_name(counter) == words
