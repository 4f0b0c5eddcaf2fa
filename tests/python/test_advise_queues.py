"""bqb.advice.queues: which queues fit the wishes, by the labels of the real queue_bench."""

import pytest
from advised import QUEUE_BENCH, needs_build, pipeline
from bqb import CommandError, exit_status
from bqb.advice.queues import idle_cpu, labels_of, queues_for
from bqb.data.queue_list import listed

pytestmark = needs_build

DEFAULT = {
    *("two_condvar", "two_lock", "posix_semaphore", "reference", "spin_then_block"),
    *("mpmc_spin_yield_park", "spsc_spin_yield_park", "moodycamel_blocking", "moodycamel_spsc"),
    *("tbb", "boost_lockfree"),
}
# What a thread burns while it waits.
NONE = {
    *("two_condvar", "single_condvar", "two_lock", "semaphore", "posix_semaphore", "reference"),
    *("reference_as_posted", "unbounded", "mpmc_park", "mpmc_atomic_wait", "spsc_park", "pipe"),
    *("spsc_atomic_wait", "boost_sync_bounded", "tbb"),
}
SOME = {
    *("spin_then_block", "mpmc_spin_park", "mpmc_spin_yield_park", "spsc_spin_park", "boost_spsc"),
    *("spsc_spin_yield_park", "boost_lockfree", "moodycamel_blocking", "moodycamel_spsc"),
    *("moodycamel_spin_yield_park", "tbb_spin_yield_park", "atomic_queue", "xenium_vyukov"),
}
ALL = {"mpmc_spin", "mpmc_spin_yield", "spsc_spin", "spsc_spin_yield"}
ONE_PRODUCER = {"spsc_spin_yield_park", "moodycamel_spsc"}
PER_PRODUCER = "keeps the order of each producer only"
TRIVIAL = "takes trivially copyable messages only"
STOPS = "a thread that is stopped inside a call stops the others"
QUIESCENT = "closes exactly only while no push runs"


@pytest.fixture(scope="module")
def labels():
    return labels_of(QUEUE_BENCH)


def fitting(labels, everything=False, capacity=64, **words):
    return queues_for(pipeline(consumer_mean="5us", **words), capacity, labels, everything)


def test_what_each_queue_burns_while_it_waits(labels):
    by_share = {"none": NONE, "some": SOME, "all": ALL}
    found = {share: {q for q in labels if idle_cpu(labels[q]) == share} for share in by_share}
    assert found == by_share
    assert NONE | SOME | ALL == set(listed())


@pytest.mark.parametrize(
    "waiting, share",
    [
        ("yield", "all"),
        ("spin, then poll", "some"),
        ("yield, event count", "some"),
        ("poll", "none"),
    ],
)
def test_what_a_queue_from_elsewhere_burns(waiting, share):
    assert idle_cpu({"waiting": waiting}) == share


def test_without_wishes_the_default_queues_for_movable_messages_fit(labels):
    found = fitting(labels)
    assert set(found.fit) == DEFAULT - {"boost_lockfree"}
    assert found.why_not == {"boost_lockfree": TRIVIAL}


@pytest.mark.parametrize(
    "words, gone, why",
    [
        ({"producers": "2"}, ONE_PRODUCER, "has one producer only"),
        ({"consumers": "2"}, ONE_PRODUCER, "has one consumer only"),
        ({"order": "global"}, {"moodycamel_blocking"}, PER_PRODUCER),
        ({"needs": "close"}, {"moodycamel_blocking", "moodycamel_spsc", "tbb"}, QUIESCENT),
        (
            {"needs": "timeouts"},
            {"moodycamel_blocking", "moodycamel_spsc", "tbb"},
            "has no calls with a deadline",
        ),
        ({"must_not_block": "consumer"}, DEFAULT & (NONE | {"spin_then_block"}), STOPS),
        ({"must_not_block": "producer"}, {"mpmc_spin_yield_park"}, STOPS),
        ({"element": "movable"}, {"boost_lockfree"}, TRIVIAL),
        ({"idle_cpu": "none"}, {"spin_then_block", "moodycamel_spsc"}, "burns CPU while it waits"),
        ({"idle_cpu": "none"}, {"semaphore"}, "has a known defect"),
    ],
)
def test_a_wish_excludes_queues_and_says_why(labels, words, gone, why):
    found = fitting(labels, **words)
    assert {queue: found.why_not.get(queue) for queue in gone} == dict.fromkeys(gone, why)
    assert not gone & set(found.fit) and found.fit


def test_a_wish_excludes_no_others(labels):
    assert set(fitting(labels, order="global", element="trivial").fit) == (
        DEFAULT - {"moodycamel_blocking"}
    )
    assert set(fitting(labels, must_not_block="consumer").fit) == {
        *("spsc_spin_yield_park", "moodycamel_blocking", "moodycamel_spsc")
    }
    assert set(fitting(labels, needs="close,timeouts", producers="4").fit) == {
        *("two_condvar", "two_lock", "posix_semaphore", "reference", "spin_then_block"),
        "mpmc_spin_yield_park",
    }


def test_who_speaks_of_idle_threads_is_shown_all_queues_that_wait_just_so(labels):
    named = {"reference_as_posted", "unbounded", "pipe"}
    assert set(fitting(labels, idle_cpu="none").fit) == NONE - named - {"semaphore"}
    assert set(fitting(labels, idle_cpu="all").fit) == (DEFAULT | ALL) - {"boost_lockfree"}


def test_of_all_queues_demonstrations_and_defects_are_left_out(labels):
    found = fitting(labels, everything=True, idle_cpu="all", element="trivial")
    assert found.why_not == {
        "semaphore": "has a known defect",
        "atomic_queue": "rounds its capacity up",
    }
    named = {"reference_as_posted", "unbounded", "pipe"}
    assert set(found.fit) == set(labels) - {*found.why_not, *named}


def test_a_queue_must_be_able_to_have_the_capacity(labels):
    words = {"everything": True, "element": "trivial"}
    assert fitting(labels, **words, capacity=98).why_not["xenium_vyukov"] == (
        "takes powers of two only, not 98"
    )
    assert fitting(labels, **words, capacity=1).why_not["xenium_vyukov"] == "holds 2 at least"
    most = labels["boost_lockfree"]["max_capacity"]
    assert "boost_lockfree" in fitting(labels, **words, capacity=most).fit
    too_many = fitting(labels, **words, capacity=most + 1)
    assert too_many.why_not["boost_lockfree"] == f"holds {most:,} at most"


def test_a_queue_without_a_bound_never_fits(labels):
    mine = labels | {"mine": dict(labels["unbounded"], line_up="external")}
    found = fitting(mine)
    assert found.why_not["mine"] == "keeps no bound"
    assert "mine" in fitting(labels | {"mine": dict(labels["tbb"], line_up="external")}).fit


def test_where_none_fits_the_reasons_are_said(labels):
    words = {"must_not_block": "consumer", "needs": "close", "producers": "2"}
    with pytest.raises(CommandError) as error:
        fitting(labels, **words)
    assert error.value.status == exit_status.IMPOSSIBLE
    said = str(error.value)
    assert said.startswith("impossible: no queue offers all that was asked for (")
    assert "moodycamel_blocking closes exactly only" in said and "--all" in said


def test_a_program_without_labels_is_refused(tmp_path):
    program = tmp_path / "old"
    program.write_text("#!/bin/sh\nexit 2\n")
    program.chmod(0o755)
    with pytest.raises(CommandError, match="old --labels failed; build it again") as error:
        labels_of(program)
    assert error.value.status == exit_status.INTERNAL_ERROR
