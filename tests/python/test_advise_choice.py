"""bqb.advice.choice, nearest and screen: the queue and the capacity that a run shows to be right,
and the words for it."""

import io
import math
from dataclasses import replace

import pytest
import report_runs
import small_runs
from advised import Formula, pipeline
from bqb.advice import screen
from bqb.advice.capacity import capacity_of
from bqb.advice.choice import EXCESS_P99, choose, more_blocks, restricted, spread_of
from bqb.advice.knee import Measure
from bqb.advice.nearest import nearest
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST, THROUGHPUT
from bqb.stats.margin import Margin
from rich.console import Console

ROUNDS = report_runs.ROUNDS
OPEN = {"arrivals": {"process": "exponential", "mean_ns": 10_000, "wait": "spin"}}
SIMPLE, OTHER = "two_condvar", "tbb"  # in the order of the list


def run_of(folder, by_capacity, **members):
    """`by_capacity`: {capacity: {queue: {counter: values, or one for all rounds}}}."""
    values, points = {}, {}
    for capacity, queues in by_capacity.items():
        name = f"my/capacity:{capacity}"
        points[name] = small_runs.point(name, **{"capacity": capacity, **members})
        values[name] = {
            queue: {
                counter: value if isinstance(value, list) else [value] * ROUNDS
                for counter, value in counters.items()
            }
            for queue, counters in queues.items()
        }
    return small_runs.make(folder, values, points)


def chosen(run, wanted=4, measure=Measure.TIME):
    return choose(run, wanted, measure)


def printed(*parts, width=110):
    console = Console(file=io.StringIO(), width=width)
    console.print(screen.all_of(*parts))
    return console.file.getvalue()


CLOSED = pipeline(producer_mean="1us", consumer_mean="1us")
ADVICE = capacity_of(CLOSED, Formula(blocked=lambda k: 0.0, time=lambda k: 1e3 if k != 1 else 2e3))


# -------------------------------------------------------------------------------------- which queue


def test_of_equivalent_queues_the_simplest_is_taken(tmp_path):
    values = report_runs.values_of(best=[OTHER, SIMPLE], worse=["reference"])
    choice = chosen(run_of(tmp_path, {4: values}))
    assert choice.is_decided and choice.queue == SIMPLE and choice.more_blocks == 0
    found = {row.queue: row.verdict for row in choice.rows}
    assert found == {SIMPLE: "take", OTHER: "equivalent", "reference": "avoid"}
    said = screen.headline(CLOSED, choice)
    assert said == "Queue: take two_condvar; equivalent: tbb"
    assert screen.undecided_text(choice, 10.0) is None


def test_undecided(tmp_path):
    values = report_runs.values_of(best=[], undecided=[OTHER, SIMPLE], worse=["reference"])
    values["reference"][LOST] = [99_000.0] * ROUNDS
    choice = chosen(run_of(tmp_path, {4: values}))
    assert not choice.is_decided and choice.queue in (OTHER, SIMPLE)
    found = {row.queue: row.verdict for row in choice.rows}
    assert found == {SIMPLE: "undecided", OTHER: "undecided", "reference": "avoid"}
    assert screen.headline(CLOSED, choice) == f"Queue: undecided; {choice.queue} leads"
    assert choice.more_blocks > 0


def test_the_only_queue_that_fits_is_the_answer(tmp_path):
    choice = chosen(run_of(tmp_path, {4: {OTHER: {LOST: 1000.0}}}))
    assert choice.is_decided and choice.queue == OTHER and choice.more_blocks == 0
    assert screen.headline(CLOSED, choice) == "Queue: tbb, the only one that fits"


def test_where_every_block_was_disturbed_nothing_is_decided(tmp_path):
    values = {f"my/capacity:{k}": report_runs.values_of(best=[SIMPLE, OTHER]) for k in (4,)}
    points = {name: small_runs.point(name, capacity=4) for name in values}
    every = {name: range(1, ROUNDS + 1) for name in values}
    choice = chosen(small_runs.make(tmp_path, values, points, disturbed=every))
    assert not choice.is_decided and math.isinf(choice.more_blocks)
    assert screen.headline(CLOSED, choice).startswith("Queue: no verdict, as every block was")
    assert screen.undecided_text(choice, 10.0) is None


def test_numbers_that_nobody_judges_by_stand_beside(tmp_path):
    values = report_runs.values_of(best=[SIMPLE], worse=[OTHER])
    values[SIMPLE] |= {EXCESS_P99: [70_000.0] * ROUNDS, CPU_BEYOND_WORK: [810.0] * ROUNDS}
    choice = chosen(run_of(tmp_path / "run", {4: values}))
    row, other = choice.rows
    assert (row.judged.median, row.excess_p99_ns.median, row.cpu_ns_per_msg.median) == (
        (1000, 70_000, 810)
    )
    assert (other.excess_p99_ns, other.cpu_ns_per_msg) == (None, None)
    said = printed(screen.choice_text(CLOSED, ADVICE, choice))
    assert all(word in said for word in ("p99 excess", "70 µs [70–70 µs]", "810 ns [810–810 ns]"))
    values[SIMPLE].pop(EXCESS_P99)
    without = chosen(run_of(tmp_path / "without", {4: values}))
    assert "p99 excess" not in printed(screen.choice_text(CLOSED, ADVICE, without))


# ------------------------------------------------------------------------------- all are the same


def slow(lost_ns):
    return {LOST: lost_ns, THROUGHPUT: 1e9 / (50_000 + lost_ns)}


@pytest.mark.parametrize("worst_ns, is_same", [(300.0, True), (700.0, False)])
def test_where_work_is_long_the_simplest_will_do(tmp_path, worst_ns, is_same):
    """The best and the worst differ by 0.4 % of 50 us, or by 1.2 %."""
    work = {"work": "spin", "process": "constant", "mean_ns": 50_000}
    queues = {OTHER: slow(100.0), SIMPLE: slow(worst_ns)}
    choice = chosen(run_of(tmp_path, {4: queues}, producer=work, consumer=work))
    assert choice.is_all_the_same == is_same
    assert choice.spread == pytest.approx((worst_ns - 100) / 50_100)
    described = pipeline(producer_mean="50us", consumer_mean="50us")
    said = screen.headline(described, choice)
    if is_same:
        assert said == (
            "Queue: take two_condvar, the simplest. Work on a message takes 50 µs, and the best "
            "and the worst queue differ by 0.4% of the time"
        )
    else:
        assert "simplest" not in said


def test_what_users_feel_depends_on_the_loop(tmp_path):
    queues = [SIMPLE, OTHER]
    values = {
        SIMPLE: {EXCESS: 100.0, "sojourn_mean_ns": 10_000.0, "dropped_share": 0.02},
        OTHER: {EXCESS: 600.0, "sojourn_mean_ns": 10_500.0, "dropped_share": 0.05},
    }
    for folder, members, spread in (
        ("open", OPEN, 500 / 10_000),
        ("drop", OPEN | {"when_full": "drop"}, 0.03),
    ):
        run = run_of(tmp_path / folder, {4: values}, **members)
        (point,) = run.points.values()
        assert spread_of(run, point, queues) == pytest.approx(spread)
        assert spread_of(run, point, queues[:1]) is None


@pytest.mark.parametrize("more_ns, taken", [(5.0, SIMPLE), (40.0, OTHER)])
def test_of_equivalent_queues_the_simplest_is_taken_only_if_nobody_feels_it(
    tmp_path, more_ns, taken
):
    """The margin is 100 ns or so, of a message that takes 0.7 us."""
    best, other = ({LOST: lost, THROUGHPUT: 1e9 / (600 + lost)} for lost in (100, 100 + more_ns))
    queues = {OTHER: best, SIMPLE: other, "reference": {LOST: 900.0, THROUGHPUT: 1e9 / 1500}}
    choice = chosen(run_of(tmp_path, {4: queues}))
    assert (choice.queue, choice.decision.take) == (taken, taken) and choice.is_decided
    assert {row.queue for row in choice.rows if row.verdict == "take"} == {taken}
    assert set(choice.decision.equivalent) == {SIMPLE, OTHER}


# ---------------------------------------------------------------------------------- which capacity


def times(ns):
    """Rounds in which a message takes so long."""
    each = ns if isinstance(ns, list) else [ns] * ROUNDS
    return {LOST: [value - 1000 for value in each], THROUGHPUT: [1e9 / value for value in each]}


@pytest.mark.parametrize(
    "small_ns, capacity",
    [
        (2060.0, 16),  # 3 % more than at the largest capacity
        (2030.0, 4),  # 1.5 %
        ([2400.0, 1900.0] * (ROUNDS // 2), 4),  # 7 % in the median, but by noise
        ([2400.0, 2400.0, 2400.0, 1900.0] * (ROUNDS // 4), 16),
        (1900.0, 4),
    ],
)
def test_a_larger_capacity_is_taken_where_the_queue_is_shown_to_lose(tmp_path, small_ns, capacity):
    run = run_of(tmp_path, {1: {OTHER: times(9000.0)}, 4: {OTHER: times(small_ns)}} | LARGE)
    choice = chosen(run)
    assert choice.capacity == capacity and choice.point.capacity == capacity
    assert [each for each, _ in choice.costs] == [1, 4, 16]
    assert choice.costs[0][1] == pytest.approx(9000) and choice.costs[2][1] == pytest.approx(2000)
    advice = replace(ADVICE, capacity=4)
    said = printed(screen.choice_text(CLOSED, advice, choice))
    assert ("4 is too small: take a capacity of 16" in said) == (capacity == 16)
    assert "Time per message with tbb, measured: 9 µs at 1, " in said and "2 µs at 16." in said


LARGE = {16: {OTHER: times(2000.0)}}


def test_the_next_capacity_that_is_enough_is_taken(tmp_path):
    middle = {4: {OTHER: times(3000.0)}, 8: {OTHER: times(2010.0)}}
    assert chosen(run_of(tmp_path, middle | LARGE)).capacity == 8


def test_a_capacity_is_compared_with_the_best_larger_one(tmp_path):
    """Not with the largest, which is slower again."""
    rest = {8: {OTHER: times(2000.0)}, 16: {OTHER: times(2100.0)}}
    assert chosen(run_of(tmp_path, {4: {OTHER: times(2090.0)}} | rest)).capacity == 8


def test_of_a_run_without_the_capacity_the_largest_is_judged(tmp_path):
    assert chosen(run_of(tmp_path, LARGE), wanted=64).capacity == 16


@pytest.mark.parametrize("share, capacity", [(0.03, 16), (0.015, 4)])
def test_in_an_open_loop_shares_of_time_and_of_messages_are_compared(tmp_path, share, capacity):
    def counters(cost):
        blocked_ns = 10_000 * 2 * cost  # of each of 2 producers, at 100,000 messages a second
        more = {"push_blocked_mean_ns": blocked_ns, "dropped_share": cost, THROUGHPUT: 1e5}
        more["sojourn_mean_ns"] = 5000.0
        return {OTHER: {EXCESS: 1000.0, **more}}

    both = {4: counters(0.001 + share), 16: counters(0.001)}
    run = run_of(tmp_path, both, producers=2, **OPEN)
    for measure in (Measure.BLOCKED, Measure.DROPPED):
        choice = chosen(run, measure=measure)
        assert choice.capacity == capacity
        assert choice.costs[1] == (16, pytest.approx(0.001))
        assert choice.sojourns_ns == ((4, 5000.0), (16, 5000.0))
        said = printed(screen.choice_text(CLOSED, ADVICE, choice))
        assert "Mean sojourn time: 5 µs at 4, 5 µs at 16." in said
        assert "keep a core busy" not in said


@pytest.mark.parametrize(
    "words, is_said",
    [
        ({"producer_mean": "90k/s"}, True),
        ({"producer_mean": "4k/s"}, False),  # gaps of 0.5 ms for each of 2 producers
        ({"producer_mean": "90k/s", "producers": "1"}, False),  # 2 threads, 2 cores
        ({"producer_mean": "90k/s", "mode": "closed"}, False),
    ],
)
def test_producers_that_take_cores_from_the_others_are_named(tmp_path, words, is_said):
    choice = chosen(run_of(tmp_path, LARGE))
    described = pipeline(**{"producers": "2", "consumer_mean": "1us", **words})
    assert ("keep a core busy" in printed(screen.choice_text(described, ADVICE, choice))) == is_said


def test_disturbed_rounds_do_not_count_for_a_capacity(tmp_path):
    name, other = "my/capacity:4", "my/capacity:16"
    bad, good = 3000.0, 2000.0
    values = {name: {OTHER: times([bad] * 10 + [good] * 2)}, other: LARGE[16]}
    values[other] = {OTHER: times(2000.0)}
    points = {each: small_runs.point(each, capacity=int(each[12:])) for each in values}
    run = small_runs.make(tmp_path, values, points, disturbed={name: range(1, 11)})
    assert chosen(run).capacity == 4


# ------------------------------------------------------------------------------------ how much more


@pytest.mark.parametrize(
    "resolution, blocks, more",
    [
        (300.0, 10, 40),  # the interval reaches 200 beyond the margin of 100: twice, so 4 times
        (110.0, 10, 10),
        (100.0, 10, 10),
        (math.inf, 4, 8),  # too few for any verdict
        (math.inf, 11, 6),
    ],
)
def test_how_many_blocks_would_decide(tmp_path, resolution, blocks, more):
    values = report_runs.values_of(best=[], undecided=[OTHER, SIMPLE])
    decision = chosen(run_of(tmp_path, {4: values})).decision
    medians = dict.fromkeys(decision.verdict.order, 1000.0)
    verdict = replace(
        decision.verdict,
        medians=medians,
        margin=Margin(0.1, 0.0),
        resolution=resolution,
        blocks=blocks,
    )
    assert more_blocks(replace(decision, verdict=verdict)) == pytest.approx(more)


@pytest.mark.parametrize(
    "blocks, said",
    [
        (40, "About 7 more minutes would decide it"),
        (6, "About 1 more minute would decide it"),
        (400, "More than an hour would be needed"),
        (math.inf, "More than an hour would be needed"),
    ],
)
def test_how_long_it_would_take(tmp_path, blocks, said):
    values = report_runs.values_of(best=[], undecided=[OTHER, SIMPLE])
    choice = chosen(run_of(tmp_path, {4: values}))
    text = screen.undecided_text(replace(choice, more_blocks=blocks), block_s=10.0)
    assert str(text).startswith(said)


# --------------------------------------------------------------------------------- published points


def published(folder):
    best = report_runs.values_of(best=[SIMPLE], worse=[OTHER])
    opened = report_runs.values_of(best=[OTHER], worse=[SIMPLE], counter=EXCESS)
    values = {"a/capacity:4": best, "a/capacity:64": best, "b": best, "c": opened}
    members = {"a/capacity:4": {"capacity": 4}, "a/capacity:64": {"capacity": 64}, "c": OPEN}
    members["b"] = {"capacity": 64, "producers": 2}
    points = {name: small_runs.point(name, **members[name]) for name in values}
    return small_runs.make(folder, values, points)


def near(run, described, capacity, queues=(SIMPLE, OTHER)):
    return nearest(described, capacity, queues, run, Measure.TIME)


def test_the_nearest_point_and_how_far_away_it_is(tmp_path):
    run = published(tmp_path)
    exact = near(run, CLOSED, 4)
    assert (exact.point.name, exact.distance, exact.differences) == ("a/capacity:4", 0, ())
    assert exact.choice.queue == SIMPLE and exact.choice.is_decided
    twice = near(run, pipeline(producer_mean="2us", consumer_mean="2us"), 16)
    assert twice.point.name == "a/capacity:4" or twice.point.name == "a/capacity:64"
    assert twice.distance == pytest.approx(math.sqrt(2**2 + 1))
    assert twice.differences[1] == "work of a consumer 1 µs (here 2 µs)"
    assert twice.differences[0].endswith("(here 16)")
    two = pipeline(producers="2", producer_mean="1us", consumer_mean="1us")
    assert near(run, two, 64).point.name == "b"


def test_a_point_must_ask_for_the_same_kind_of_thing(tmp_path):
    run = published(tmp_path)
    opened = pipeline(producer_mean="100k/s", consumer_mean="1us")
    assert near(run, opened, 4).point.name == "c" and near(run, opened, 4).choice.queue == OTHER
    for words in ({"when_full": "drop"}, {"cores": "0.5"}):
        assert near(run, pipeline(producer_mean="100k/s", consumer_mean="1us", **words), 4) is None
    assert near(run, CLOSED, 4, ["semaphore"]) is None


def test_a_point_that_is_not_ranked_says_nothing(tmp_path):
    values = {"a": report_runs.values_of(best=[SIMPLE], worse=[OTHER])}
    ranked, shown = (small_runs.make(tmp_path / str(r), values, rank=r) for r in (True, False))
    assert near(ranked, CLOSED, 4).point.name == "a" and near(shown, CLOSED, 4) is None


def test_only_queues_that_fit_are_judged(tmp_path):
    run = published(tmp_path)
    found = near(run, CLOSED, 4, [OTHER])
    assert [row.queue for row in found.choice.rows] == [OTHER] and found.choice.queue == OTHER
    alone = restricted(run, [found.point], [OTHER])
    assert {trial.queue for trial in alone.trials} == {OTHER} and len(run.trials) > ROUNDS


FIT = (OTHER, SIMPLE)


def test_the_words_of_the_nearest_point(tmp_path):
    run = published(tmp_path)
    said = printed(screen.near_text(CLOSED, near(run, CLOSED, 4), FIT), width=500)
    assert "a/capacity:4 of " in said and "0.0 factors of two away." in said
    far = near(run, CLOSED, 1024)
    said = printed(screen.near_text(CLOSED, far, FIT), width=500)
    assert (
        "too far away to rely on" in said and "4.0 factors of two away. It differs by: cap" in said
    )
    assert SIMPLE not in said and not far.is_decided and far.choice.is_decided
    assert "no published point" in printed(screen.near_text(CLOSED, None, FIT))


def test_beside_so_much_work_no_queue_is_felt_however_far_the_nearest_point(tmp_path):
    run = published(tmp_path)
    slow = pipeline(producer_mean="50ms", consumer_mean="50ms")
    found = near(run, slow, 4)
    assert found.is_far and found.is_all_the_same and found.is_decided
    said = printed(screen.near_text(slow, found, FIT), width=500)
    assert f"take {SIMPLE}, the simplest. Work on a message takes 50 ms" in said
    worst = max(row.judged.median for row in found.choice.rows)
    assert found.worst_share == pytest.approx(worst / 50e6)
    assert not near(run, CLOSED, 1024).is_all_the_same
