"""The reader of recordings: the numbers of a pipeline that is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import recordings
from bqb.data.recorded_streams import BEGIN, END, RecordedStream, kept_windows
from bqb.data.recording import read_recording
from bqb.stats.recorded import RecordedPipeline, default_mode
from recordings import BY_HAND, file, read, text


@pytest.fixture(scope="module")
def events() -> list[recordings.Event]:
    return recordings.simulated(3_000, 900, 1_000, producers=2, consumers=2, capacity=8)


def same(one: RecordedPipeline, other: RecordedPipeline, *but: str) -> None:
    for name, value in vars(one).items():
        if name in but:
            continue
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(value, getattr(other, name), err_msg=name)
        else:
            assert value == getattr(other, name), name


# -------------------------------------------------------------------------------------- the numbers


def test_a_pipeline_by_hand(tmp_path):
    pipeline = read(text(tmp_path, BY_HAND, "capacity 2"))
    assert (pipeline.producers, pipeline.consumers, pipeline.messages) == (1, 1, 4)
    assert (pipeline.refused, pipeline.capacity, pipeline.notices) == (0, 2, ())
    assert pipeline.duration_ns == 1271
    assert pipeline.producer_ns.tolist() == [100, 100, 100], "before the 2nd, 3rd and 4th push"
    assert pipeline.consumer_ns.tolist() == [285, 312, 310], "after the 2nd, 3rd and 4th pop"
    assert pipeline.matched and pipeline.correlation is None, "the producer's do not vary"
    assert pipeline.arrival_gap_ns.tolist() == [110, 110, 112]
    # Messages inside: 1 from 10, 0 from 20, 1 from 120, 2 from 232, 1 from 335, 0 from 628, 1 from
    # 630, 0 from 950. That is 0 for 433 ns, 1 for 735, 2 for 103.
    assert pipeline.occupancy.p50 == 1 and pipeline.occupancy.p99 == pipeline.occupancy.max == 2
    # The push at 332 found two messages inside and took 298; those that found room took 10, 10, 12.
    assert pipeline.longest_push_ns == 298
    assert pipeline.producers_blocked_share == pytest.approx((298 - 10) / 630)
    # The pop at 5 found none and took 15, the one at 1260 was in vain and took 10; those that found
    # one took 15, 8, 10: the median is 10.
    assert pipeline.longest_pop_ns == 15
    assert pipeline.consumers_blocked_share == pytest.approx(5 / 1265)
    assert [(t.name, t.role, t.messages) for t in pipeline.threads] == [
        ("p", "producer", 4),
        ("c", "consumer", 4),
    ]
    assert pipeline.threads[0].blocked_ns == 288


def test_the_two_forms_say_the_same(tmp_path, events):
    one = read(text(tmp_path, events, "capacity 8"))
    other = read(file(tmp_path, recordings.binary(events)))
    assert one.messages == 3_000 and one.call_cost_ns is None and other.call_cost_ns == 30
    same(one, other, "threads", "call_cost_ns")


def test_ticks_become_ns_and_the_cost_of_a_stamp_is_subtracted(tmp_path, events):
    one = read(text(tmp_path, events))
    other = read(file(tmp_path, recordings.binary(events, ns_per_tick=0.5, service_cost_ns=30.0)))
    assert other.duration_ns == one.duration_ns / 2
    np.testing.assert_allclose(other.producer_ns, np.maximum(one.producer_ns / 2 - 30, 0))
    np.testing.assert_allclose(other.consumer_ns, np.maximum(one.consumer_ns / 2 - 30, 0))
    np.testing.assert_allclose(other.arrival_gap_ns, one.arrival_gap_ns / 2)


def test_the_service_times_are_those_that_were_drawn(tmp_path, events):
    pipeline = read(text(tmp_path, events))
    assert len(pipeline.producer_ns) >= 2_990
    for times, mean in ((pipeline.producer_ns, 900), (pipeline.consumer_ns, 1_000)):
        assert times.mean() == pytest.approx(mean, rel=0.05)
        assert times.std() == pytest.approx(mean, rel=0.1)
    assert abs(pipeline.correlation) < 0.06


def test_service_times_that_go_together_are_seen(tmp_path):
    """A message that takes the producer long takes the consumer long: index by index, not with the
    message before or after."""
    events, pushed, popped = [], 0, 0
    for i in range(200):
        work = 100 + 37 * i % 101
        push = pushed + work
        pop = max(popped, push + 2)
        pushed, popped = push + 1, pop + 1 + work
        events += [(push, "p", "push_begin"), (pushed, "p", "push_end")]
        events += [(pop, "c", "pop_begin"), (pop + 1, "c", "pop_end")]
    assert read(text(tmp_path, events)).correlation > 0.9


@pytest.mark.parametrize("capacity, mode", [(2, "closed"), (10_000, "open")])
def test_producers_that_are_blocked_make_a_closed_loop(tmp_path, capacity, mode):
    events = recordings.simulated(2_000, 1_000, 1_010, capacity=capacity)
    pipeline = read(text(tmp_path, events, f"capacity {capacity}"))
    found, reason = default_mode(pipeline)
    assert found == mode and reason.startswith("The producers were blocked for ")
    assert (pipeline.producers_blocked_share < 0.01) == (mode == "open")


def test_without_a_capacity_the_fullest_that_is_certain_stands_for_it(tmp_path, events):
    with_it = read(text(tmp_path, events, "capacity 8"))
    without = read(text(tmp_path, events))
    assert with_it.producers_blocked_share > 0.05
    same(without, with_it, "capacity", "occupancy")


def test_a_share_near_the_whole_is_written_out(tmp_path):
    pipeline = read(text(tmp_path, BY_HAND, "capacity 2"))
    assert "for 45.7 % of" in default_mode(pipeline)[1]
    pipeline = dataclasses.replace(pipeline, producers_blocked_share=0.9977)
    assert "for 99.8 % of their time" in default_mode(pipeline)[1]


def test_polls_are_one_call_and_retries_too_if_it_is_said(tmp_path):
    polls = []
    for i in range(50):
        polls += [(i * 100, "p", "push_begin"), (i * 100 + 1, "p", "push_refused")]
        polls += [(i * 100 + 10, "p", "push_begin"), (i * 100 + 11, "p", "push_end")]
        polls += [(i * 100 + 2, "c", "pop_begin"), (i * 100 + 3, "c", "pop_empty")]
        polls += [(i * 100 + 40, "c", "pop_begin"), (i * 100 + 41, "c", "pop_end")]
    dropped = read(text(tmp_path, polls))
    assert (dropped.messages, dropped.refused) == (50, 50)
    assert dropped.longest_pop_ns == 39, "from the first attempt to the last"
    assert dropped.longest_push_ns == 1
    assert len(dropped.arrival_gap_ns) == 99
    retried = read(text(tmp_path, polls, "refused pushes are retried"))
    assert (retried.messages, retried.refused) == (50, 0)
    assert retried.longest_push_ns == 11 and len(retried.arrival_gap_ns) == 49


def test_a_thread_that_leaves_a_call_for_good_needs_no_end(tmp_path):
    left = [(1300, "c", "pop_begin"), (700, "p", "push_begin")]
    pipeline = read(text(tmp_path, [*BY_HAND, *left]))
    assert (pipeline.messages, pipeline.refused) == (4, 0)
    assert pipeline.producer_ns.tolist() == [100, 100, 100]


def test_many_refusals_are_noticed(tmp_path):
    events = [*BY_HAND]
    for i in range(9):
        events += [(2000 + i, "p", "push_begin"), (2000 + i, "p", "push_refused")]
    (notice,) = read(text(tmp_path, events)).notices
    assert notice.startswith("9 pushes were refused and 4 delivered: ")


def test_a_stage_that_pops_and_pushes_has_both_roles(tmp_path):
    events = [(ns, "stage", what) for ns, _, what in sorted(BY_HAND)]
    pipeline = read(text(tmp_path, events))
    assert (pipeline.producers, pipeline.consumers) == (1, 1)
    assert {thread.name for thread in pipeline.threads} == {"stage"}


def test_the_note_and_comments(tmp_path):
    path = text(tmp_path, BY_HAND, "capacity 3", "note of  two words", "", "# capacity x y")
    assert (read_recording(path).note, read_recording(path).capacity) == ("of two words", 3)
    binary = recordings.binary(BY_HAND, note="größer")
    assert read_recording(file(tmp_path, binary)).note == "größer"


def test_fractions_and_large_times(tmp_path):
    """Of the clock since 1970, in which a float has no single ns."""
    origin = 1_800_000_000_000_000_001
    exact = read(text(tmp_path, [(origin + ns, name, what) for ns, name, what in BY_HAND]))
    same(exact, read(text(tmp_path, BY_HAND)))
    fraction = [(f"{ns}.25", name, what) for ns, name, what in BY_HAND]
    same(exact, read(text(tmp_path, fraction)))


def thinned(ticks: list[int], shift: int, level: int, role: int) -> RecordedStream:
    kinds = np.array([BEGIN, END] * (len(ticks) // 2), dtype=np.uint8)
    passed = np.cumsum(kinds == END) - (kinds == END)
    nothing = np.zeros(len(ticks), dtype=bool)
    return RecordedStream("t", role, np.array(ticks), kinds, passed, nothing, shift, level)


def test_the_shortest_window_and_the_longest_period_of_all_threads_are_whole():
    streams = [thinned([1000, 1400], 5, 3, 0), thinned([1000, 1400], 6, 1, 1)]
    begins, ends = kept_windows(streams, 1000, 1401)
    assert list(zip(begins, ends)) == [(1024, 1056), (1280, 1312)], "32 of 256"
    streams[0] = thinned([1000, 1400], 0, 0, 0)
    begins, ends = kept_windows(streams, 1000, 1401)
    assert list(zip(begins, ends)) == [(1024, 1088), (1152, 1216), (1280, 1344)], "64 of 128"
