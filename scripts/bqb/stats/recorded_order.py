"""The events of all threads of a recording in one order of time, and the numbers of messages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bqb.data.recorded_streams import (
    BEGIN,
    CONSUMER,
    END,
    FAILED,
    PRODUCER,
    Recording,
    RecordedStream,
    Ticks,
    refuse,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """The events inside the kept windows, in the order of time: pushes first among equals."""

    streams: tuple[RecordedStream, ...]
    ticks: Ticks
    windows: NDArray[np.int32]  # of each event
    places: NDArray[np.int64]  # stream << 32 | index in the stream
    roles: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    # At the begin of each window: pushes begun (and not refused) and ended, pops likewise, by role.
    begun_before: NDArray[np.int64]
    ended_before: NDArray[np.int64]

    def role_kinds(self, role: int) -> NDArray[np.uint8]:
        kinds: NDArray[np.uint8] = self.kinds[self.roles == role]
        return kinds

    def begun(self, role: int) -> NDArray[np.int64]:
        """Calls of a role begun so far, less those without a message; this event included."""
        mine = self.roles == role
        steps = (mine & (self.kinds == BEGIN)).astype(np.int64) - (mine & (self.kinds == FAILED))
        return self._sums(steps, self.begun_before[role])

    def ended(self, role: int) -> NDArray[np.int64]:
        """Messages of a role that have passed; this event included."""
        steps = ((self.roles == role) & (self.kinds == END)).astype(np.int64)
        return self._sums(steps, self.ended_before[role])

    def _sums(self, steps: NDArray[np.int64], before: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums from the begin of each window."""
        total = np.cumsum(steps)
        total -= np.concatenate([[0], total])[self._window_starts][self.windows]
        total += before[self.windows]
        return total

    @cached_property
    def _window_starts(self) -> NDArray[np.int64]:
        """The first event of each window, or where it would stand."""
        return np.searchsorted(self.windows, np.arange(self.begun_before.shape[1]))

    def producer_services(self) -> tuple[NDArray[np.int64], Floats]:
        """Numbers of messages in the order of entry, and the ticks of work before each push."""
        numbers, places = self._messages(PRODUCER)
        services = np.full(len(places), np.nan)
        for number, which, index in self.by_stream(places):
            stream = self.streams[number]
            known = index >= 2
            end, begin = index[known] - 2, index[known] - 1
            # Beside a window events may be missing in between.
            passed = stream.passed[end] + (stream.kinds[end] == END)
            adjacent = (stream.kinds[end] != BEGIN) & (passed == stream.passed[begin])
            work = np.where(adjacent, stream.ticks[begin] - stream.ticks[end], np.nan)
            services[which[known]] = work
        known = np.isfinite(services)
        return numbers[known], services[known]

    def consumer_services(self) -> tuple[NDArray[np.int64], Floats]:
        """Numbers of messages in the order of their pops, and the ticks of work after each pop."""
        numbers, places = self._messages(CONSUMER)
        services = np.full(len(places), np.nan)
        for number, which, index in self.by_stream(places):
            stream = self.streams[number]
            known = index + 1 < len(stream.ticks)
            end = index[known]
            services[which[known]] = stream.ticks[end + 1] - stream.ticks[end]
        known = np.isfinite(services)
        return numbers[known], services[known]

    def _messages(self, role: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The number of each message of a role (the k-th push is that of the k-th pop: FIFO), and
        the place of the event with which it passed."""
        passed = (self.roles == role) & (self.kinds == END)
        return self.ended(role)[passed] - 1, self.places[passed]

    def by_stream(
        self, places: NDArray[np.int64]
    ) -> list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        """For each stream: its number, which of the places are its own, and the indices in it."""
        owners = places >> 32
        order = np.argsort(owners, kind="stable")
        cuts = np.searchsorted(owners[order], np.arange(1, len(self.streams)))
        return [
            (number, which, places[which] & 0xFFFFFFFF)
            for number, which in enumerate(np.split(order, cuts))
            if len(which)
        ]

    def occupancy(self, begins: Ticks, ends: Ticks) -> tuple[NDArray[np.int64], Floats]:
        """Messages whose push has ended and whose pop has not, and for how many ticks."""
        inside = self.ended(PRODUCER) - self.ended(CONSUMER)
        at_begin = self.ended_before[PRODUCER] - self.ended_before[CONSUMER]
        first = np.append(self.ticks, np.iinfo(np.int64).max)[self._window_starts]
        until = np.empty_like(self.ticks)
        if len(until):
            until[:-1] = self.ticks[1:]
            until[-1] = ends[self.windows[-1]]
            until = np.minimum(until, ends[self.windows])
        return (
            np.concatenate([at_begin, inside]),
            np.concatenate([np.minimum(first, ends) - begins, until - self.ticks]).astype(float),
        )


def order_of(recording: Recording) -> Order:
    """Raises CommandError where a message is popped before its push began."""
    begins, ends = recording.window_begins, recording.window_ends
    keys, places, windows = [], [], []
    begun_before = np.zeros((2, len(begins)), dtype=np.int64)
    ended_before = np.zeros((2, len(begins)), dtype=np.int64)
    for number, stream in enumerate(recording.streams):
        window = np.searchsorted(begins, stream.ticks, side="right") - 1
        inside = np.flatnonzero((window >= 0) & (stream.ticks < ends[window]))
        keys.append(stream.ticks[inside] * 8 + stream.role * 4 + stream.kinds[inside])
        places.append(inside | number << 32)
        windows.append(window[inside].astype(np.int32))
        passed, in_call = _state_at(stream, begins)
        ended_before[stream.role] += passed
        begun_before[stream.role] += passed + in_call
    key = np.concatenate(keys)
    order = np.argsort(key, kind="stable")
    key = key[order]
    result = Order(
        streams=recording.streams,
        ticks=key >> 3,
        windows=np.concatenate(windows)[order],
        places=np.concatenate(places)[order],
        roles=(key >> 2 & 1).astype(np.uint8),
        kinds=(key & 3).astype(np.uint8),
        begun_before=begun_before,
        ended_before=ended_before,
    )
    too_early = result.ended(CONSUMER) > result.begun(PRODUCER)
    if too_early.any():
        at_ns = result.ticks[int(np.argmax(too_early))] * recording.ns_per_tick
        refuse(
            recording.path,
            f"at {at_ns:,.0f} ns from its begin, more messages have been popped than pushed",
            "record both ends of one queue, from before the first message on, by one clock",
        )
    return result


def _state_at(
    stream: RecordedStream, instants: Ticks
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Messages that had passed at each instant, and 1 where the thread was in a call that had begun
    before."""
    following = np.searchsorted(stream.ticks, instants)
    passed = np.append(stream.passed, stream.messages)[following]
    in_call = np.append(stream.kinds != BEGIN, stream.kinds[-1] == BEGIN)[following]
    return passed, in_call.astype(np.int64)
