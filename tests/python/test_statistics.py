"""bqb.stats and bqb.report.units: medians and intervals, which blocks count, verdicts, quantiles,
numbers in words."""

import dataclasses
import json

import numpy as np
import pytest
import synthetic
import whole_rows
from bqb.data.load import load_run
from bqb.data.model import Arrivals, Histogram, Point, Side
from bqb.report.units import (
    counter_name,
    format_binary_bytes,
    format_bytes,
    format_ns,
    format_share,
    format_value,
)
from bqb.stats import judging, summaries
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST, NOMINAL_LOST, THROUGHPUT
from bqb.stats.scores import Score, scores
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key, verdicts_of


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


def test_the_interval_of_a_median_is_two_order_statistics():
    estimate = summaries.estimate([5, 1, 12, 3, 2, 4, 6, 11, 10, 9, 8, 7])
    assert (estimate.median, estimate.low, estimate.high, estimate.n) == (6.5, 3, 10, 12)
    six = summaries.estimate([5, 1, 3, 2, 4, 6])
    assert (six.low, six.high) == (1, 6)


@pytest.mark.parametrize("blocks", [6, 8, 12])
def test_the_interval_covers_the_true_median_at_least_as_often_as_it_says(blocks):
    random = np.random.default_rng(7)
    estimates = [summaries.estimate(random.lognormal(0, 1, blocks).tolist()) for _ in range(2000)]
    assert sum(each.low <= 1.0 <= each.high for each in estimates) / 2000 > 0.945


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
    assert summaries.summarise(run, point, "no_such_queue", LOST) is None


# ----------------------------------------------------------------------------------------- verdicts


def steady(level, noise=1.0, rounds=12, seed=3):
    return (level + np.random.default_rng(seed).normal(0, noise, rounds)).tolist()


def verdict_of(run, point, counter=None):
    return verdicts_of(run)[Key(point.name, counter or judging.headline(run, point))]


def test_the_states_of_a_point(tmp_path):
    levels = {"slow": steady(2000), "fast": steady(1000), "close": steady(1030, seed=4)}
    verdict = verdict_of(*make_run(tmp_path, levels))
    assert verdict.order == ("fast", "close", "slow") and verdict.no_verdict == ""
    assert verdict.states == {"slow": WORSE, "fast": EQUIVALENT, "close": EQUIVALENT}


def test_noise_is_no_tie(tmp_path):
    """A median far off that the blocks do not agree on is undecided, never equivalent."""
    wild = [100.0, 90_000.0] * 6
    verdict = verdict_of(*make_run(tmp_path, {"a": steady(100), "wild": wild}))
    assert verdict.medians["wild"] > 40_000 and verdict.states["wild"] == UNDECIDED


def test_queues_are_compared_inside_blocks(tmp_path):
    """Rounds differ by a factor of ten, the queues of each by 20%: unpaired, nothing could be
    told."""
    pace = np.random.default_rng(2).uniform(1000, 10_000, 12)
    run, point = make_run(tmp_path, {"a": pace.tolist(), "b": (pace * 1.2).tolist()})
    assert verdict_of(run, point).states == {"a": EQUIVALENT, "b": WORSE}
    ratio = summaries.paired_ratio(run, point, "b", "a", LOST)
    assert ratio.low == pytest.approx(1.2) and ratio.high == pytest.approx(1.2)


def test_a_block_in_which_one_queue_is_missing_is_no_pair(tmp_path):
    run, point = make_run(tmp_path, {"a": [10, 20, 30, 40], "b": [20, 40, None, 80]})
    assert summaries.pairs(run, point, "a", "b", LOST) == [(10, 20), (20, 40), (40, 80)]
    assert summaries.pairs(run, point, "b", "a", LOST) == [(20, 10), (40, 20), (80, 40)]


def test_a_ratio_of_losses_that_are_not_positive_is_refused(tmp_path):
    run, point = make_run(tmp_path, {"a": [-5, 10, 10], "b": [20, 20, 20]})
    assert summaries.paired_ratio(run, point, "b", "a", LOST) is None


def test_too_few_blocks_decide_nothing(tmp_path):
    run, point = make_run(tmp_path, {"a": steady(100, rounds=3), "b": steady(900, rounds=3)})
    assert set(verdict_of(run, point).states.values()) == {UNDECIDED}
    assert verdict_of(run, point).resolution == float("inf")


@pytest.mark.parametrize("missing, verdict", [(0, True), (3, False)])
def test_no_verdict_where_disturbed_shares_differ_by_more_than_ten_points(
    tmp_path, missing, verdict
):
    """Both queues have 12 disturbed-or-not rounds of which 4 are disturbed; b misses some of the
    disturbed ones."""
    b = steady(900, rounds=16)
    b[:missing] = [None] * missing
    run, point = make_run(tmp_path, {"a": steady(100, rounds=16), "b": b}, disturbed={1, 2, 3, 4})
    assert (verdict_of(run, point).no_verdict == "") is verdict


def test_a_scenario_that_is_not_ranked_gives_no_verdict(tmp_path):
    run, point = make_run(tmp_path, {"a": steady(100), "b": steady(900)}, rank=False)
    assert verdict_of(run, point).no_verdict
    assert set(verdict_of(run, point).states.values()) == {UNDECIDED} and scores(run) == {}


def test_a_queue_without_a_bound_is_not_ranked(tmp_path):
    run, point = make_run(
        tmp_path, {"free": steady(1), "a": steady(100), "b": steady(900)}, bounds={"free": "none"}
    )
    assert verdict_of(run, point).order == ("a", "b")


def test_the_data_do_not_choose_the_counter(tmp_path):
    """Queues that slow their users' work by a tenth are judged by the same counter as all."""
    run, point = make_run(
        tmp_path,
        {"gentle": steady(200), "rough": steady(100)},
        counters=lambda queue, _: {
            "work_inflation": 1.0 if queue == "gentle" else 1.1,
            NOMINAL_LOST: 300 if queue == "gentle" else 900,
        },
    )
    assert judging.headline(run, point) == LOST
    assert judging.judged_counters(run, point) == [LOST, CPU_BEYOND_WORK]
    assert verdict_of(run, point).order[0] == "rough"


@pytest.mark.parametrize(
    "keys, counter",
    [
        ({}, THROUGHPUT),
        ({"producer": Side(work="spin")}, LOST),
        ({"shape": "ping_pong"}, LOST),
        ({"shape": "pipeline", "stages": 3, "stage": Side(work="sleep")}, LOST),
        ({"arrivals": Arrivals(), "consumer": Side(work="spin")}, EXCESS),
    ],
)
def test_what_judges_follows_from_the_point(keys, counter):
    assert judging.loss_counter(Point(name="s", scenario="s", params={}, **keys)) == counter


def test_a_rate_is_judged_by_the_time_that_a_message_takes(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["race"], queues=["reference", "two_condvar"], rounds=12, faults=False
    )
    run = load_run(folder)
    point = run.points["race"]
    sample = judging.sample(run, point, THROUGHPUT)
    rates = summaries.summarise(run, point, "two_condvar", THROUGHPUT).undisturbed_values
    row = sample.values[sample.queues.index("two_condvar")]
    assert row.tolist() == pytest.approx([1e9 / rate for rate in rates])
    assert verdict_of(run, point).order == ("two_condvar", "reference")


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
def test_a_scenario_may_name_the_counter_that_judges(tmp_path, better, first):
    run, point = judged(
        tmp_path, "sojourn_p50_ns", better, {"large": steady(9000), "small": steady(5000, seed=4)}
    )
    verdict = verdict_of(run, point)
    assert verdict.counter == "sojourn_p50_ns" and verdict.order[0] == first
    assert verdict.having(EQUIVALENT) == (first,) and len(verdict.having(WORSE)) == 1


@pytest.mark.parametrize("counter", ["sojourn_p99_ns", "sojourn_max_ns"])
def test_a_tail_judges_nothing(tmp_path, counter):
    run, point = judged(tmp_path, counter, "lower", {"a": steady(9000), "b": steady(500)})
    verdict = verdict_of(run, point)
    assert "does not repeat" in verdict.no_verdict and not verdict.having(WORSE)


def test_a_judge_that_no_trial_has_gives_no_verdict(tmp_path):
    run, point = judged(tmp_path, "sojourn_p50_ns", "lower", {"a": steady(9000), "b": steady(5000)})
    for trial in run.trials:
        del trial.counters["sojourn_p50_ns"]
    assert Key(point.name, "sojourn_p50_ns") not in verdicts_of(run) and scores(run) == {}


# ------------------------------------------------------------------------------------------- scores


def test_a_score_counts_the_points_that_a_queue_entered_by_state(tmp_path):
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["capacity_knee", "overcommit"],
            rounds=12,
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
    found = scores(run)
    assert len(run.points) == 6  # five capacities and the crowd
    assert found["reference"].entered == 6 and found["boost_lockfree"].entered == 5
    for queue, score in found.items():
        states = [
            verdict_of(run, point).states[queue]
            for point in run.points.values()
            if queue in verdict_of(run, point).states
        ]
        assert score == Score(*map(states.count, (EQUIVALENT, UNDECIDED, WORSE)))
    assert found["boost_lockfree"].equivalent > 0 and found["reference"].worse > 0


# --------------------------------------------------------------------------------- pooled quantiles


def test_only_the_common_line_up_is_scored(tmp_path):
    """A queue that one scenario adds to the others has no score."""
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["capacity_knee", "overcommit"],
            queues=["reference", "two_condvar", "boost_lockfree"],
            faults=False,
            histograms=False,
        )
    )
    knee = run.scenarios["capacity_knee"]
    run.scenarios["capacity_knee"] = dataclasses.replace(
        knee, queues=tuple(queue for queue in knee.queues if queue != "two_condvar")
    )
    rest = tuple(
        trial
        for trial in run.trials
        if (trial.scenario, trial.queue) != ("capacity_knee", "two_condvar")
    )
    planned = tuple(
        (point, queue)
        for point, queue in run.planned
        if (point.split("/")[0], queue) != ("capacity_knee", "two_condvar")
    )
    run = dataclasses.replace(run, trials=rest, planned=planned)
    assert set(scores(run)) == {"reference", "boost_lockfree"}


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
    assert [format_binary_bytes(size) for size in (48, 4096, 8_388_608, 1_572_864)] == [
        "48 B",
        "4 KiB",
        "8 MiB",
        "1.5 MiB",
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
        ("switches_per_msg", 0.0312, "0.031"),
        ("work_inflation", 1.018, "1.02"),
        ("peak_occupancy", 49_816, "50,000"),
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
