"""How long the calls of each thread of a recording took, and how long they were blocked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bqb.data.recorded_streams import BEGIN, CONSUMER, PRODUCER, Recording, RecordedStream, Ticks
from bqb.stats.recorded_order import Order

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StreamCalls:
    """One role of one thread."""

    thread: str
    messages: int  # in all
    time_ns: float  # that the thread lived, in the kept windows
    blocked_ns: float  # of it
    longest_ns: float  # of its calls that touch a kept window


@dataclass(frozen=True)
class Calls:
    """One role."""

    streams: tuple[StreamCalls, ...]

    @property
    def blocked_share(self) -> float:
        time_ns = sum(stream.time_ns for stream in self.streams)
        return sum(stream.blocked_ns for stream in self.streams) / time_ns if time_ns else 0.0

    @property
    def longest_ns(self) -> float:
        return max(stream.longest_ns for stream in self.streams)


def calls_of(recording: Recording, order: Order, role: int) -> Calls:
    """Of one role. A call that finds room (a message) is not blocked, whatever it takes: that is
    the queue's own cost. Of the others, what they take beyond the median of those counts."""
    found = _found_at_once(recording, order, role)
    pairs = [
        _Pairs(recording, stream, flags)
        for stream, flags in zip(recording.streams, found)
        if stream.role == role
    ]
    took = np.concatenate([(pair.until - pair.since)[pair.returned] for pair in pairs])
    at_once = took[np.concatenate([pair.found[pair.returned] for pair in pairs])]
    unblocked = float(np.median(at_once) if len(at_once) else took.min())
    return Calls(tuple(pair.calls(unblocked) for pair in pairs))


def _found_at_once(recording: Recording, order: Order, role: int) -> list[NDArray[np.bool_]]:
    """For each event of each stream: it is the begin of a call of this role that found room (a
    message). Unknown, and so false, outside the kept windows."""
    if role == PRODUCER:
        # Before this begin. Every push that has begun may take room, and no pop may have freed it.
        inside = order.begun(PRODUCER) - 1 - order.ended(CONSUMER)
        # Without a capacity, the most messages that were inside for certain stand for it.
        certain = order.ended(PRODUCER) - order.begun(CONSUMER)
        full = recording.capacity or max(1, int(certain.max(initial=0)))
        found = inside < full
    else:
        found = order.ended(PRODUCER) - (order.begun(CONSUMER) - 1) > 0
    places = order.places[found & (order.roles == role) & (order.kinds == BEGIN)]
    result = [np.zeros(len(stream.ticks), dtype=bool) for stream in recording.streams]
    for number, _, index in order.by_stream(places):
        result[number][index] = True
    return result


class _Pairs:
    """The calls of a stream, from `since` to `until`, in ticks."""

    def __init__(
        self, recording: Recording, stream: RecordedStream, found: NDArray[np.bool_]
    ) -> None:
        self.stream = stream
        self.ns_per_tick = recording.ns_per_tick
        self.begins, self.ends = recording.window_begins, recording.window_ends
        begins = np.flatnonzero(stream.kinds == BEGIN)
        # A call that has not returned lasts to the end.
        until = np.append(stream.ticks, max(int(self.ends[-1]), int(stream.ticks[-1])))
        self.since, self.until = stream.ticks[begins], until[begins + 1]
        self.found = found[begins]
        self.returned = begins + 1 < len(stream.ticks)

    def calls(self, unblocked: float) -> StreamCalls:
        overlap = self._kept(self.until) - self._kept(self.since)
        blocked_since = np.minimum(self.since + unblocked, self.until)
        blocked = (self._kept(self.until) - self._kept(blocked_since))[~self.found]
        last = self.until[-1] if len(self.until) else 0
        life = np.array([self.stream.ticks[0], max(last, self.stream.ticks[-1])])
        took = (self.until - self.since)[overlap > 0]
        return StreamCalls(
            self.stream.thread,
            self.stream.messages,
            float(np.diff(self._kept(life))[0]) * self.ns_per_tick,
            float(blocked.sum()) * self.ns_per_tick,
            float(took.max(initial=0)) * self.ns_per_tick,
        )

    def _kept(self, ticks: Ticks | Floats) -> Floats:
        """How much of the kept windows lies before each instant."""
        edges = np.stack([self.begins, self.ends], axis=1).ravel()
        lengths = np.stack([np.zeros_like(self.begins), self.ends - self.begins], axis=1).ravel()
        return np.interp(ticks, edges, np.cumsum(lengths))
