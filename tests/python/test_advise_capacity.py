"""bqb.advice.knee, capacity and plan: the capacity that is enough, against closed forms; the bounds
that the wishes set; which capacities are measured."""

import pytest
from advised import Formula, needs_build, pipeline, real_ideal
from bqb import exit_status
from bqb.advice.capacity import Impossible, capacity_of, measure_of, slot_bytes
from bqb.advice.knee import SEARCHED, Measure, knee, loss, unavoidable_drops
from bqb.advice.plan import plan_of
from bqb.validation.theory import Tandem

HARMLESS = Formula()  # any capacity is enough, and nothing waits


def tandem_ns(k, produce_ns=1000.0, consume_ns=1000.0):
    """Time per message of one producer and one consumer in a closed loop, exponential times."""
    if k is None:
        return max(produce_ns, consume_ns)
    return 1 / Tandem(1, 1, k, produce_ns, consume_ns).throughput


def mm1_dropped(rho, k):
    """M/M/1 with `k` waiting places, as `k` messages wait and one is worked on."""
    if rho == 1:
        return 1 / (k + 2)
    room = min(k, 2000) + 1  # more makes no difference, but too large a number
    return (1 - rho) * rho**room / (1 - rho ** (room + 1))


def smallest(is_enough):
    return next(k for k in range(1, 10_000) if is_enough(k))


# -------------------------------------------------------------------------------------------- knee


def test_the_knee_of_a_closed_loop_at_equal_pace():
    """Time per message is (K + 3) / (K + 2) of the mean work."""
    assert tandem_ns(5) == pytest.approx(8 / 7 * 1000)
    ideal = Formula(time=tandem_ns)
    assert knee(ideal, Measure.TIME, 0.05) == 18  # 21 / 20: exact below 32
    assert 98 <= knee(ideal, Measure.TIME, 0.01) <= 98 + 98 // 32


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.5])
@pytest.mark.parametrize("most_loss", [0.01, 0.05])
def test_the_knee_of_a_closed_loop_at_unequal_paces(ratio, most_loss):
    def time(k):
        return tandem_ns(k, 1000.0 * ratio)

    exact = smallest(lambda k: time(k) / time(None) - 1 <= most_loss)
    found = knee(Formula(time=time), Measure.TIME, most_loss)
    assert exact <= found <= exact + exact // 32


@pytest.mark.parametrize("rho", [0.3, 0.8, 1.0, 1.3])
def test_the_knee_of_a_dropping_queue(rho):
    """What no capacity can save is not counted."""
    ideal = Formula(rho=rho, dropped=lambda k: mm1_dropped(rho, k))
    exact = smallest(lambda k: mm1_dropped(rho, k) - max(0, 1 - 1 / rho) <= 0.01)
    assert exact <= knee(ideal, Measure.DROPPED, 0.01) <= exact + exact // 32


def test_no_load_needs_no_drops():
    assert [unavoidable_drops(rho) for rho in (None, 0.5, 1.0, 2.0)] == [0, 0, 0, 0.5]


@pytest.mark.parametrize("exact", [1, 2, 3, 31, 32, 33, 100, 4096, 4097, 5000, 2**20])
def test_a_knee_anywhere_is_found_in_a_few_replays(exact):
    ideal = Formula(blocked=lambda k: 0.0 if k >= exact else 0.5)
    assert exact <= knee(ideal, Measure.BLOCKED, 0.01) <= exact + exact // 32
    assert ideal.replays <= 9


def test_where_no_capacity_is_enough_there_is_no_knee():
    assert knee(Formula(blocked=lambda k: 0.5), Measure.BLOCKED, 0.05) is None
    beyond = Formula(blocked=lambda k: 0.5 if k <= SEARCHED else 0.0)
    assert knee(beyond, Measure.BLOCKED, 0.05) is None


def test_what_a_capacity_costs_depends_on_the_loop():
    closed = pipeline(producer_mean="1us", consumer_mean="1us")
    opened = pipeline(producer_mean="100k/s", consumer_mean="1us")
    drops = pipeline(producer_mean="100k/s", consumer_mean="1us", when_full="drop")
    found = [measure_of(each) for each in (closed, opened, drops)]
    assert found == [Measure.TIME, Measure.BLOCKED, Measure.DROPPED]
    ideal = Formula(2.0, lambda k: 1100 if k else 1000, lambda k: 0.2, lambda k: 0.6)
    losses = [loss(ideal, measure, *ideal.at([4])) for measure in found]
    assert losses == pytest.approx([0.1, 0.2, 0.1])


# ----------------------------------------------------------------------------- the real queue_bench


@needs_build
def test_the_replay_of_a_closed_loop_is_the_closed_form(tmp_path):
    ideal = real_ideal(tmp_path, pipeline(producer_mean="5us", consumer_mean="5us"))
    capacities = [1, 4, 16, 64]
    for k, outcome in zip(capacities, ideal.at(capacities)):
        assert outcome.capacity == k
        assert outcome.ns_per_msg == pytest.approx(5 * tandem_ns(k), rel=0.01)
    assert ideal.unbounded.ns_per_msg == pytest.approx(5000, rel=0.01)
    assert knee(ideal, Measure.TIME, 0.05) == pytest.approx(18, abs=3)


@needs_build
@pytest.mark.parametrize("rate, rho", [("160k/s", 0.8), ("300k/s", 1.5)])
def test_the_replay_of_a_dropping_queue_is_the_closed_form(tmp_path, rate, rho):
    described = pipeline(producer_mean=rate, consumer_mean="5us", when_full="drop")
    ideal = real_ideal(tmp_path, described)
    assert ideal.rho == pytest.approx(rho, rel=1e-5)
    capacities = [1, 4, 16]
    for k, outcome in zip(capacities, ideal.at(capacities)):
        assert outcome.dropped_share == pytest.approx(mm1_dropped(rho, k), abs=0.004)
    advice = capacity_of(described, ideal)
    exact = smallest(lambda k: mm1_dropped(rho, k) - max(0, 1 - 1 / rho) <= 0.01)
    assert advice.tight == pytest.approx(exact, abs=2)


@needs_build
def test_an_open_loop_that_waits_waits_as_mm1_at_any_capacity(tmp_path):
    """p99 of the wait of M/M/1: -ln(0.01 / rho) service times over 1 - rho."""
    described = pipeline(producer_mean="100k/s", consumer_mean="5us")
    ideal = real_ideal(tmp_path, described)
    small, large = ideal.at([1, 4096])
    assert small.wait_p99_ns == pytest.approx(large.wait_p99_ns, rel=1e-6)
    assert small.wait_p99_ns == pytest.approx(3.912 * 5000 / 0.5, rel=0.05)
    with pytest.raises(Impossible, match="--max-wait: even with a queue that costs nothing 1 mess"):
        capacity_of(pipeline(producer_mean="100k/s", consumer_mean="5us", max_wait="30us"), ideal)


# ------------------------------------------------------------------------------------------ bounds

OPEN = {"producer_mean": "100k/s", "consumer_mean": "5us"}
CLOSED = {"producer_mean": "5us", "consumer_mean": "5us"}


@pytest.mark.parametrize(
    "words, least, wish",
    [
        (OPEN, 1, "the number of consumers"),
        (OPEN | {"consumers": "3"}, 3, "the number of consumers"),
        (OPEN | {"burst": "50"}, 50, "--burst"),
        (OPEN | {"burst": "50", "longest_stall": "2ms"}, 200, "--longest-stall"),
        (OPEN | {"burst": "500", "longest_stall": "2ms"}, 500, "--burst"),
        (CLOSED | {"longest_stall": "1ms"}, 200, "--longest-stall"),
    ],
)
def test_lower_bounds(words, least, wish):
    advice = capacity_of(pipeline(**words), HARMLESS)
    assert (advice.capacity, advice.lower.capacity, advice.lower.wish) == (least, least, wish)
    assert advice.tight == 1 and advice.upper is None and advice.most == 4096


@pytest.mark.parametrize(
    "words, most, wish",
    [
        ({"memory": "1KiB"}, 64, "--memory"),  # 8 bytes and a sequence number
        ({"memory": "1KiB", "message_bytes": "9B"}, 42, "--memory"),
        ({"max_wait": "1ms"}, 200, "--max-wait"),
        ({"max_wait": "1ms", "memory": "1KiB"}, 64, "--memory"),
        ({"max_wait": "100us", "memory": "1KiB"}, 20, "--max-wait"),
    ],
)
def test_upper_bounds(words, most, wish):
    no_knee = Formula(blocked=lambda k: 0.5)
    advice = capacity_of(pipeline(**OPEN, **words), no_knee)
    assert (advice.upper.capacity, advice.upper.wish, advice.most) == (most, wish, most)
    assert advice.capacity == most and advice.tight is None
    assert advice.row(most).bytes == most * slot_bytes(pipeline(**OPEN, **words))


def test_the_knee_lies_between_the_bounds():
    ideal = Formula(blocked=lambda k: 0.0 if k >= 20 else 0.03 if k >= 10 else 0.5)
    advice = capacity_of(pipeline(**OPEN, memory="1KiB"), ideal)
    assert (advice.capacity, advice.tight, advice.loose) == (20, 20, 10)
    assert [row.capacity for row in advice.rows] == sorted({20, *(2**n for n in range(13))})
    assert advice.row(16).loss == pytest.approx(0.03)


def test_in_a_closed_loop_no_more_than_one_message_in_100_waits_too_long():
    ideal = Formula(time=tandem_ns, wait_p99=lambda k: 9000.0 * (k or 9999))
    advice = capacity_of(pipeline(**CLOSED, max_wait="100us"), ideal)
    assert advice.capacity == 11 and advice.upper.wish == "--max-wait"
    with pytest.raises(Impossible, match="--max-wait allows 0 at most .*1 message in 100 waits"):
        capacity_of(pipeline(**CLOSED, max_wait="8us"), ideal)
    drops = pipeline(**OPEN, when_full="drop", max_wait="50us")
    assert capacity_of(drops, Formula(0.5, dropped=lambda k: 1, wait_p99=ideal._wait_p99)).most == 5


@pytest.mark.parametrize(
    "words, wishes",
    [
        ({"burst": "100", "memory": "1KiB"}, ("--burst", "100 at least", "--memory", "64 at most")),
        ({"longest_stall": "10ms", "max_wait": "1ms"}, ("--longest-stall", "1,000", "--max-wait")),
        ({"consumers": "2", "memory": "16B"}, ("number of consumers", "--memory allows 1 at most")),
        ({"longest_stall": "100h"}, ("--longest-stall", "36,000,000,000 at least", "the largest")),
    ],
)
def test_bounds_that_cross_name_both_wishes(words, wishes):
    with pytest.raises(Impossible) as error:
        capacity_of(pipeline(**OPEN, **words), HARMLESS)
    assert error.value.status == exit_status.IMPOSSIBLE
    said = str(error.value)
    assert said.startswith("impossible: ") and all(wish in said for wish in wishes), said


def test_more_messages_than_can_be_taken_fill_any_queue():
    words = {"producer_mean": "210k/s", "consumer_mean": "5us"}
    with pytest.raises(
        Impossible, match="210 k/s arrive and the consumers take 200 k/s, a load of"
    ):
        capacity_of(pipeline(**words), HARMLESS)
    for more in ({"consumers": "2"}, {"when_full": "drop"}, {"mode": "closed"}):
        assert capacity_of(pipeline(**words, **more), HARMLESS).capacity


def test_work_needs_its_cores():
    words = OPEN | {"consumer_work": "cpu"}
    with pytest.raises(Impossible, match="--cores: the work alone needs 0.5 cores, and 0.4 are"):
        capacity_of(pipeline(**words, cores="0.4"), HARMLESS)
    for fits in ({"cores": "0.5"}, {"cores": "0.1", "consumer_work": "wait"}):
        assert capacity_of(pipeline(**words | fits), HARMLESS).capacity


# -------------------------------------------------------------------------------- what is measured


def plan(words, knee_at, budget_s=1000.0, queues=1):
    ideal = Formula(blocked=lambda k: 0.0 if k >= knee_at else 0.5)
    described = pipeline(**words)
    return plan_of(described, capacity_of(described, ideal), queues, budget_s)


def test_capacities_from_a_quarter_to_the_largest_that_the_wishes_allow_are_measured():
    def capacities(*arguments):
        return plan(*arguments).capacities

    assert capacities(OPEN, 16) == [4, 16, 64, 256, 1024, 4096]
    assert capacities(OPEN, 2) == [1, 2, 8, 32, 128, 512, 2048, 4096]
    assert capacities(OPEN, 1) == [1, 4, 16, 64, 256, 1024, 4096]
    assert capacities(OPEN | {"memory": "512B"}, 16) == [4, 16, 32]
    assert capacities(OPEN | {"memory": "256B"}, 16) == [4, 16]
    assert capacities(OPEN | {"longest_stall": "160s"}, 1) == [4_000_000, 16_000_000]


@pytest.mark.parametrize(
    "budget_s, capacities, rounds",
    [
        # A capacity takes 2 trials and one a round of a 40 ms window, and of what surrounds it, of
        # half the time.
        (0.1, [16], 3),
        (0.6, [16, 64], 3),
        (1.1, [16, 64, 4096], 3),
        (1.6, [16, 64, 256, 4096], 3),
        (3.0, [4, 16, 64, 256, 1024, 4096], 3),
        (4.0, [4, 16, 64, 256, 1024, 4096], 3),
        (4.3, [4, 16, 64, 256, 1024, 4096], 6),
    ],
)
def test_only_what_there_is_time_for_is_measured(budget_s, capacities, rounds):
    found = plan(OPEN, 16, budget_s)
    assert (found.capacities, found.rounds) == (capacities, rounds)
    assert plan(OPEN, 16, budget_s / 100, queues=100).capacities == [16]
