"""What a recording says about a pipeline: service times, arrivals, occupancy, who was blocked.

All numbers are of the windows that the recording keeps whole. A stay in or out of a call is counted
by where it ends (producers) or begins (consumers), so that long ones are not missed more often than
short ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bqb.data.recorded_streams import BEGIN, CONSUMER, END, FAILED, PRODUCER, Recording, refuse
from bqb.stats.recorded_calls import Calls, StreamCalls, calls_of
from bqb.stats.recorded_order import Order, order_of

Floats = NDArray[np.float64]
OPEN_BELOW_SHARE = 0.01  # of the producers' time inside push
FEWEST_MATCHED_SHARE = 0.1


@dataclass(frozen=True)
class OccupancyQuantiles:
    """Messages in the queue, weighted by time."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True)
class RecordedThread:
    """One role of one thread."""

    name: str
    role: str  # "producer" or "consumer"
    messages: int
    blocked_share: float  # of its time in the kept windows
    blocked_ns: float
    longest_call_ns: float


@dataclass(frozen=True)
class RecordedPipeline:
    """Times in ns, all of them without what the recorder itself took. The pipeline is immutable."""

    producers: int  # threads that pushed
    consumers: int  # threads that popped
    messages: int  # delivered, in the kept windows
    messages_in_all: int  # delivered while the program was recorded
    refused: int  # pushes that the queue refused, in the kept windows
    duration_ns: float  # of the kept windows, together
    capacity: int | None  # as the recording says
    # Of the messages, in the order of entry. Producers: from the end of a push to the begin of the
    # thread's next one. Consumers: from the end of a pop to the begin of the thread's next one.
    producer_ns: Floats
    consumer_ns: Floats
    matched: bool  # the two belong to the same messages, index by index
    correlation: float | None  # Spearman's, between the two
    arrival_gap_ns: Floats  # between the begins of successive pushes, of all producers together
    occupancy: OccupancyQuantiles
    # Of the time of a role's threads inside calls that found no room (no message), less what a call
    # takes that finds some.
    producers_blocked_share: float
    consumers_blocked_share: float
    longest_push_ns: float
    longest_pop_ns: float
    threads: tuple[RecordedThread, ...]
    call_cost_ns: float | None  # of a call of the recorder
    notices: tuple[str, ...]


def pipeline_of(recording: Recording) -> RecordedPipeline:
    """Raises CommandError where the recording contradicts itself or holds too little."""
    order = order_of(recording)
    producer, consumer, matched, unmatched_notice = _services(recording, order)
    for name, services in (("producers", producer), ("consumers", consumer)):
        if not len(services):
            refuse(
                recording.path,
                f"no service time of the {name} is whole in it",
                "record at least two messages of each thread",
            )
    pushes, pops = calls_of(recording, order, PRODUCER), calls_of(recording, order, CONSUMER)
    refused = int(np.count_nonzero(order.role_kinds(PRODUCER) == FAILED))
    messages = int(np.count_nonzero(order.role_kinds(PRODUCER) == END))
    return RecordedPipeline(
        producers=len(pushes.streams),
        consumers=len(pops.streams),
        messages=messages,
        messages_in_all=sum(stream.messages for stream in pushes.streams),
        refused=refused,
        duration_ns=recording.ns_per_tick
        * float(np.sum(recording.window_ends - recording.window_begins)),
        capacity=recording.capacity,
        producer_ns=producer,
        consumer_ns=consumer,
        matched=matched,
        correlation=_spearman(producer, consumer) if matched else None,
        arrival_gap_ns=_arrival_gaps(recording, order),
        occupancy=_occupancy(recording, order),
        producers_blocked_share=pushes.blocked_share,
        consumers_blocked_share=pops.blocked_share,
        longest_push_ns=pushes.longest_ns,
        longest_pop_ns=pops.longest_ns,
        threads=(*_threads(pushes, "producer"), *_threads(pops, "consumer")),
        call_cost_ns=recording.call_cost_ns,
        notices=(*recording.notices, *unmatched_notice, *_notices(messages, refused)),
    )


def default_mode(pipeline: RecordedPipeline) -> tuple[str, str]:
    """ "open" or "closed", and why, in a sentence."""
    share = f"{100 * pipeline.producers_blocked_share:.3g} % of their time"
    if pipeline.producers_blocked_share < OPEN_BELOW_SHARE:
        return (
            "open",
            f"The producers were blocked for {share}, so the times of their pushes do not depend "
            "on the queue: they are arrivals.",
        )
    return (
        "closed",
        f"The producers were blocked for {share}, so the times of their pushes depend on the "
        "queue: their service times are a pace.",
    )


def _services(recording: Recording, order: Order) -> tuple[Floats, Floats, bool, tuple[str, ...]]:
    pushed, producer = order.producer_services()
    popped, consumer = order.consumer_services()
    scale, cost = recording.ns_per_tick, recording.service_cost_ns
    _, first, second = np.intersect1d(pushed, popped, assume_unique=True, return_indices=True)
    matched = len(first) >= FEWEST_MATCHED_SHARE * min(len(pushed), len(popped)) and len(first) > 0
    if matched:
        producer, consumer = producer[first], consumer[second]
    notice = (
        "the kept windows are too short to tell which pop took which push: the service times of "
        "producers and consumers belong to different messages",
    )
    return (
        np.maximum(producer * scale - cost, 0.0),
        np.maximum(consumer * scale - cost, 0.0),
        matched,
        () if matched else notice,
    )


def _arrival_gaps(recording: Recording, order: Order) -> Floats:
    begins = (order.roles == PRODUCER) & (order.kinds == BEGIN)
    ticks, windows = order.ticks[begins], order.windows[begins]
    joined = np.concatenate(
        [[False], recording.window_begins[1:] == recording.window_ends[:-1], [False]]
    )
    step = np.diff(windows)
    known = (step == 0) | ((step == 1) & joined[windows[1:]])
    gaps: Floats = np.diff(ticks)[known] * recording.ns_per_tick
    return gaps


def _occupancy(recording: Recording, order: Order) -> OccupancyQuantiles:
    """From the end of a push to the end of the pop."""
    inside, duration = order.occupancy(recording.window_begins, recording.window_ends)
    inside = np.clip(inside, 0, recording.capacity)
    levels, place = np.unique(inside, return_inverse=True)
    time = np.cumsum(np.bincount(place, weights=duration))

    def quantile(q: float) -> float:
        return float(levels[min(int(np.searchsorted(time, q * time[-1])), len(levels) - 1)])

    return OccupancyQuantiles(quantile(0.5), quantile(0.99), float(levels[-1]))


def _spearman(x: Floats, y: Floats) -> float | None:
    """None where one of them does not vary."""
    ranks_x, ranks_y = _ranks(x), _ranks(y)
    if len(x) < 3 or np.ptp(ranks_x) == 0 or np.ptp(ranks_y) == 0:
        return None
    return float(np.corrcoef(ranks_x, ranks_y)[0, 1])


def _ranks(values: Floats) -> Floats:
    """From 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: Floats = (last - (counts - 1) / 2)[place]
    return mean


def _threads(calls: Calls, role: str) -> list[RecordedThread]:
    def of(stream: StreamCalls) -> RecordedThread:
        return RecordedThread(
            stream.thread,
            role,
            stream.messages,
            stream.blocked_ns / stream.time_ns if stream.time_ns > 0 else 0.0,
            stream.blocked_ns,
            stream.longest_ns,
        )

    return [of(stream) for stream in calls.streams]


def _notices(messages: int, refused: int) -> tuple[str, ...]:
    if refused <= messages:
        return ()
    return (
        f"{refused:,} pushes were refused and {messages:,} delivered: if the program tried the "
        "same message again, record with when_refused = retry",
    )
