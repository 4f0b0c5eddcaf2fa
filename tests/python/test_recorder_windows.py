"""What a recorder of little memory keeps of a long recording: windows that are whole, of which each
number is right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import recordings
from bqb.data.recorded_streams import BEGIN, CONSUMER, END, PRODUCER, Recording
from bqb.data.recording import read_recording
from bqb.stats.recorded import pipeline_of
from bqb.stats.recorded_order import Order, order_of
from recordings import needs_build, replayed

KEPT_EVENTS = 1_024  # of a side of a thread, where memory is short
MESSAGES = 24_000
ORIGIN = 1 << 40  # of the clock: windows are cut by its absolute value


def short_of_memory(tmp_path: Path, events) -> Path:
    return replayed(
        tmp_path,
        events,
        "--memory-bytes",
        16 * 6 * KEPT_EVENTS,
        "--most-threads",
        6,
        "--capacity",
        4,
    )


def by_stream(events) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """(ns, kind) of each role of each thread."""
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for ns, thread, what in events:
        role, kind = what.split("_")
        key = (thread, CONSUMER if role == "pop" else PRODUCER)
        found.setdefault(key, []).append((ns, recordings.KINDS[kind]))
    return found


class Thinned:
    """A simulated pipeline, all of it and what a recorder of little memory kept of it."""

    def __init__(self, name: str, tmp_path: Path, events) -> None:
        self.name = name
        self.events = [(ORIGIN + ns, thread, what) for ns, thread, what in events]
        self.all = by_stream(self.events)
        self.recording: Recording = read_recording(short_of_memory(tmp_path, self.events))
        self.order: Order = order_of(self.recording)
        self.first = min(ns for ns, _, _ in self.events)
        # The names of the threads in the order in which they were started.
        self.names = sorted({thread for _, thread, _ in self.events})
        self.windows = list(
            zip(self.recording.window_begins.tolist(), self.recording.window_ends.tolist())
        )

    def events_of(self, stream) -> list[tuple[int, int]]:
        return self.all[self.names[int(stream.thread)], stream.role]


@pytest.fixture(scope="module", params=["even", "faster", "slower", "blocked"])
def thinned(request, tmp_path_factory) -> Thinned:
    one = recordings.simulated(MESSAGES, 2_000, 1_900, producers=2, consumers=2, capacity=4)
    end = max(ns for ns, _, _ in one) + 10_000
    if request.param == "faster":
        # The first part has a hundredth of the speed. Of the second a kept window holds too much.
        slow = recordings.simulated(200, 2e5, 1.9e5, producers=2, consumers=2, capacity=4, seed=2)
        end = max(ns for ns, _, _ in slow) + 10_000
        one = slow + [(ns + end, thread, what) for ns, thread, what in one]
    elif request.param == "slower":
        slow = recordings.simulated(600, 2e5, 1.9e5, producers=2, consumers=2, capacity=4, seed=2)
        one = one + [(ns + end, thread, what) for ns, thread, what in slow]
    elif request.param == "blocked":
        # Now and then the consumer works for longer than a window, and blocks the producers.
        one = recordings.simulated(MESSAGES, 2_000, 900, producers=2, capacity=4, stall_every=1_000)
    one = [e for thread in sorted({e[1] for e in one}) for e in one if e[1] == thread]
    return Thinned(request.param, tmp_path_factory.mktemp("thinned"), polled_away(one))


def polled_away(events):
    """Without the last pop of a consumer, which never returns, where another begin follows it."""
    kept = []
    for event, following in zip(events, [*events[1:], (0, "", "")]):
        if event[2].endswith("_begin") and following[1:] == event[1:]:
            continue
        kept.append(event)
    return kept


@needs_build
def test_a_recorder_keeps_to_its_memory_and_spreads_its_windows(thinned):
    assert all(len(stream.ticks) <= KEPT_EVENTS for stream in thinned.recording.streams)
    assert any(stream.level >= 3 for stream in thinned.recording.streams)
    begins = np.array([begin for begin, _ in thinned.windows])
    assert len(begins) >= 4
    length = max(ns for ns, _, _ in thinned.events) - thinned.first
    assert begins[0] < 0.15 * length and begins[-1] > 0.85 * length
    assert np.diff(begins).max() <= 4 * np.median(np.diff(begins)), "but those with a thinning"


@needs_build
def test_a_window_in_which_a_thread_thinned_its_events_is_left_out(thinned):
    """The others waited for it."""
    if thinned.name not in ("even", "slower"):
        pytest.skip("no such call is among the kept ones")
    calls = [
        (stream.ticks[index - 1], stream.ticks[index])
        for stream in thinned.recording.streams
        for index in np.flatnonzero(stream.thinned)
    ]
    assert calls
    for begin, end in thinned.windows:
        assert not any(since < end and until >= begin for since, until in calls)
    begins = [begin for begin, _ in thinned.windows]
    period = min(np.diff(begins))
    assert any(step >= 2 * period for step in np.diff(begins))


@needs_build
def test_each_kept_window_is_whole(thinned):
    for stream in thinned.recording.streams:
        everything = thinned.events_of(stream)
        kept = list(zip((stream.ticks + thinned.first).tolist(), stream.kinds.tolist()))
        assert set(kept) <= set(everything)
        for begin, end in thinned.windows:
            begin, end = begin + thinned.first, end + thinned.first
            inside = [event for event in everything if begin <= event[0] < end]
            assert [event for event in kept if begin <= event[0] < end] == inside
            before = [event for event in everything if event[0] < begin]
            after = [event for event in everything if event[0] >= end]
            assert not before or before[-1] in kept, "the last before it"
            assert not after or after[0] in kept, "the first after it"


@needs_build
def test_occupancy_and_numbers_of_messages_are_right_where_events_are_missing(thinned):
    ends = {
        role: sorted(
            ns
            for (_, r), found in thinned.all.items()
            if r == role
            for ns, kind in found
            if kind == END
        )
        for role in (PRODUCER, CONSUMER)
    }
    for role, times in ends.items():
        expected = [sum(ns < begin + thinned.first for ns in times) for begin, _ in thinned.windows]
        assert thinned.order.ended_before[role].tolist() == expected
    inside, duration = thinned.order.occupancy(
        thinned.recording.window_begins, thinned.recording.window_ends
    )
    mean = sum(inside * duration) / sum(duration)
    area = 0.0  # by another way: the time that each message spends in a kept window
    for pushed, popped in zip(ends[PRODUCER], [*ends[CONSUMER], *[2**62] * len(ends[PRODUCER])]):
        area += kept_time(thinned, pushed, popped)
    assert mean == pytest.approx(area / sum(end - begin for begin, end in thinned.windows))


def kept_time(thinned: Thinned, since: int, until: int) -> int:
    since, until = since - thinned.first, until - thinned.first
    return sum(max(0, min(end, until) - max(begin, since)) for begin, end in thinned.windows)


@needs_build
def test_service_times_are_those_of_their_messages(thinned):
    """Of all events, each message's number is its rank: the same as of the kept ones."""
    for role, (numbers, services) in (
        (PRODUCER, thinned.order.producer_services()),
        (CONSUMER, thinned.order.consumer_services()),
    ):
        expected = {}
        ends = []
        for (name, its_role), found in thinned.all.items():
            if its_role != role:
                continue
            for i, (ns, kind) in enumerate(found):
                if kind != END:
                    continue
                ends.append((ns, name))
                if role == PRODUCER and i >= 2:
                    expected[ns, name] = found[i - 1][0] - found[i - 2][0]
                if role == CONSUMER and i + 1 < len(found):
                    expected[ns, name] = found[i + 1][0] - ns
        ends.sort()
        # Calls that end at the same instant may have either number.
        times = Counter(ns for ns, _ in ends)
        checked = 0
        for number, service in zip(numbers.tolist(), services.tolist()):
            ns, name = ends[number]
            if times[ns] == 1:
                assert expected[ns, name] == service
                checked += 1
        assert checked > 30


@needs_build
def test_blocked_time_is_that_inside_the_windows(thinned):
    pipeline = pipeline_of(thinned.recording)
    for thread in pipeline.threads:
        role = PRODUCER if thread.role == "producer" else CONSUMER
        found = thinned.all[thinned.names[int(thread.name)], role]
        inside = sum(
            kept_time(thinned, ns, following)
            for (ns, kind), (following, _) in zip(found, found[1:])
            if kind == BEGIN
        )
        # All that a call takes but for the 80 ns of one that does not wait, and those of calls at
        # the edges of windows.
        assert thread.blocked_ns <= inside + 1
        longest = max(
            following - ns
            for (ns, kind), (following, _) in zip(found, found[1:])
            if kind == BEGIN and kept_time(thinned, ns, following)
        )
        assert thread.longest_call_ns == longest


@needs_build
def test_long_services_are_not_missed_more_often_than_short_ones(tmp_path):
    """Service times longer than a window by far: the mean of all events and that of the kept ones
    agree within what the number of them allows."""
    events = recordings.simulated(80_000, 3_000, 2_900, capacity=4, seed=3)
    events = [(ORIGIN + ns, thread, what) for ns, thread, what in events]
    full = pipeline_of(read_recording(replayed(tmp_path, events)))
    kept = pipeline_of(read_recording(short_of_memory(tmp_path, events)))
    assert kept.messages < full.messages / 100
    for name in ("producer_ns", "consumer_ns"):
        some, every = getattr(kept, name), getattr(full, name)
        assert abs(some.mean() - every.mean()) < 4 * every.std() / len(some) ** 0.5
