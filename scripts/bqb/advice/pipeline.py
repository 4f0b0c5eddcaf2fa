"""A pipeline, all of it: what was said, and what was assumed where nothing was.

    pipeline = pipeline_of(wishes, cores_here=2)
    pipeline.consumer.mean_ns, pipeline.assumptions
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bqb import CommandError, exit_status
from bqb.advice.quantities import Pace
from bqb.advice.traces import Times as Trace
from bqb.advice.traces import read_trace
from bqb.advice.wishes import Wishes
from bqb.report.units import format_ns
from bqb.schema import MOST_MEAN_NS, MOST_THREADS_PER_CORE

USUAL_LOAD = 0.8  # of what the consumers can take, where one side's pace is all that is known
USUAL_CV = 1.0
USUAL_BYTES = 8
MOST_CV = 10.0
LEAST_MEAN_NS = 1.0
PACES = ("_mean", "_p50", "_trace")  # ends of the keys that say a pace
NORMAL_P99 = 2.3263478740408408  # of the standard normal distribution


@dataclass(frozen=True, eq=False)
class Times:
    """What a thread of a side spends on a message; of an open loop's producers, the gaps between
    messages, over all of them. `trace`: recorded ones, in place of a distribution."""

    mean_ns: float
    cv: float = USUAL_CV
    burst: int = 0  # messages at once; 0: no bursts
    trace: Trace | None = None
    waits: bool = False  # for something else, and needs no core


@dataclass(frozen=True, eq=False)
class Pipeline:
    wishes: Wishes
    assumptions: tuple[str, ...]
    open_loop: bool
    producers: int
    consumers: int
    producer: Times
    consumer: Times
    drops: bool
    message_bytes: int
    cores: float
    cores_here: int
    idle_cpu: str
    recorded: tuple[str, ...] = ()  # what a recording says, in sentences

    @property
    def rate_per_s(self) -> float:
        """Messages that come, or that the producers can make where nothing holds them up."""
        return 1e9 / self.gap_ns

    @property
    def gap_ns(self) -> float:
        """The time between two messages, over all producers."""
        return self.producer.mean_ns / (1 if self.open_loop else self.producers)

    @property
    def service_per_s(self) -> float:
        """Messages that all consumers together can take."""
        return 1e9 * self.consumers / self.consumer.mean_ns

    @property
    def load(self) -> float:
        return self.rate_per_s / self.service_per_s

    @property
    def ns_per_msg(self) -> float:
        """The least time between two messages that the work allows."""
        return max(self.gap_ns, 1e9 / self.service_per_s)

    @property
    def work_ns(self) -> float:
        """CPU time that the work on a message takes."""
        producing = 0.0 if self.open_loop or self.producer.waits else self.producer.mean_ns
        return producing + (0.0 if self.consumer.waits else self.consumer.mean_ns)


def wrong(wishes: Wishes, keys: list[str], what: str) -> CommandError:
    named = " and ".join(wishes.names[key] for key in keys)
    return CommandError(f"{named}: {what}", exit_status.USAGE)


# -------------------------------------------------------------------------------- contradictions


def check(wishes: Wishes) -> None:
    """Raises CommandError (USAGE) for what cannot both be meant."""

    def refuse(key: str, others: tuple[str, ...], what: str) -> None:
        if said := wishes.says(key) and wishes.says(*others):
            raise wrong(wishes, [key, said[0]], what)

    for side in ("producer", "consumer"):
        mean, cv, trace = f"{side}_mean", f"{side}_cv", f"{side}_trace"
        p50, p99 = f"{side}_p50", f"{side}_p99"
        refuse("cv", (cv,), "say it once: --cv is that of both sides")
        refuse(trace, (mean, cv, p50, p99), "a trace already says it: leave out one of the two")
        refuse(p50, (mean, cv), "they contradict each other: give a mean and a cv, or p50 and p99")
        if len(said := wishes.says(p50, p99)) == 1:
            other = p99 if said[0] == p50 else p50
            raise wrong(wishes, said, f"needs --{other.replace('_', '-')}, too")
        low, high = getattr(wishes, p50), getattr(wishes, p99)
        if low and high and low > high:
            raise wrong(wishes, [p50, p99], "the median cannot be above the 99th percentile")
        refuse(
            "recording",
            (mean, cv, trace, p50, p99, f"{side}s"),
            "a recording already says it: leave out one of the two",
        )
    refuse("recording", ("cv", "burst", "mode"), "leave out one of the two (--recording-mode)")
    if wishes.recording_mode and not wishes.recording:
        raise wrong(wishes, ["recording_mode"], "needs --recording")
    in_bursts = "it says how messages come: leave out one of the two"
    refuse("burst", ("producer_cv", "producer_p50", "producer_trace"), in_bursts)
    closed = [key for key in ("mode", "recording_mode") if getattr(wishes, key) == "closed"]
    if wishes.when_full == "drop" and closed:
        what = "in a closed loop nothing is lost: a producer makes no message before it has room"
        raise wrong(wishes, ["when_full", *closed], what)
    if wishes.must_not_block == "producer" and (wishes.when_full == "wait" or closed):
        other = closed[0] if closed else "when_full"
        what = "a producer that must not block cannot wait for room: --when-full drop"
        raise wrong(wishes, ["must_not_block", other], what)
    if not wishes.says(
        *("producer_mean", "consumer_mean", "producer_p50", "consumer_p50"),
        *("producer_trace", "consumer_trace", "recording"),
    ):
        raise CommandError(
            "nothing is known of the pace: give --consumer-mean or --producer-mean (5us, 300k/s), "
            "a trace, or --recording",
            exit_status.USAGE,
        )


def check_size(wishes: Wishes, threads: int, cores_here: int) -> None:
    most = MOST_THREADS_PER_CORE * cores_here
    if threads > most:
        what = f"{threads} threads; {most} are the most on this machine ({cores_here} cores)"
        raise wrong(wishes, wishes.says("producers", "consumers", "recording"), what)


def check_times(wishes: Wishes, producer: Times, consumer: Times, open_loop: bool) -> None:
    """Within what a scenario takes."""
    for side, times in (("producer", producer), ("consumer", consumer)):
        if LEAST_MEAN_NS <= times.mean_ns <= MOST_MEAN_NS:
            continue
        own = wishes.says(*(f"{side}{end}" for end in PACES), "recording")
        others = [key for key in wishes.words if key.endswith(PACES)]
        is_gap = open_loop and side == "producer"
        what = "a mean gap between messages" if is_gap else f"a mean time of the {side}s"
        limit = "100 ms is the most" if times.mean_ns > 1 else f"{LEAST_MEAN_NS:g} ns is the least"
        raise wrong(wishes, own or others, f"makes {what} of {format_ns(times.mean_ns)}; {limit}")
    if (every_ns := producer.burst * producer.mean_ns) > MOST_MEAN_NS:
        what = (
            f"bursts of {producer.burst:,} at this pace come every {format_ns(every_ns)}; "
            "100 ms is the most"
        )
        raise wrong(wishes, ["burst"], what)


# -------------------------------------------------------------------------------- what is assumed


class Assuming:
    """Reads wishes, and writes down what it assumes."""

    def __init__(self, wishes: Wishes):
        self.wishes = wishes
        self.assumptions: list[str] = []

    def assume(self, what: str) -> None:
        self.assumptions.append(what)

    def threads(self) -> tuple[int, int]:
        wishes = self.wishes
        if not wishes.producers and not wishes.consumers:
            self.assume("1 producer, 1 consumer")
        elif not wishes.producers or not wishes.consumers:
            self.assume("1 producer" if not wishes.producers else "1 consumer")
        return wishes.producers or 1, wishes.consumers or 1

    def is_open(self) -> bool:
        wishes = self.wishes
        if wishes.mode:
            return wishes.mode == "open"
        if wishes.when_full == "drop" or wishes.must_not_block == "producer":
            return True
        if wishes.producer_mean and not wishes.producer_mean.is_rate:
            self.assume("a closed loop")
            return False
        if wishes.says("producer_p50", "producer_trace"):
            self.assume("a closed loop")
            return False
        self.assume("an open loop")
        return True

    def cv_of(self, side: str) -> float:
        wishes = self.wishes
        given = getattr(wishes, f"{side}_cv")
        given = wishes.cv if given is None else given
        if given is None:
            return USUAL_CV
        return float(given)

    def times(self, side: str, threads: int, is_gap: bool) -> Times | None:
        """What was said of a side; None: nothing of its pace. `is_gap`: it is the gaps between
        messages, over all threads."""
        wishes = self.wishes
        waits = getattr(wishes, f"{side}_work") == "wait"
        if name := getattr(wishes, f"{side}_trace"):
            return traced(read_trace(Path(name)), waits)
        if p50 := getattr(wishes, f"{side}_p50"):
            sigma = math.log(getattr(wishes, f"{side}_p99") / p50) / NORMAL_P99
            if sigma**2 > math.log1p(MOST_CV**2):
                what = f"so far apart they make a cv above {MOST_CV:g}, the most: use a trace"
                raise wrong(wishes, [f"{side}_p50", f"{side}_p99"], what)
            cv = math.sqrt(math.expm1(sigma**2))
            return Times(p50 * math.exp(sigma**2 / 2), cv, waits=waits)
        mean: Pace | None = getattr(wishes, f"{side}_mean")
        if mean is None:
            return None
        ns = mean.ns
        if mean.is_rate:
            ns = (1 if is_gap else threads) * 1e9 / mean.per_s
        elif is_gap:
            ns = mean.ns / threads
        return Times(ns, self.cv_of(side), waits=waits)


def traced(trace: Trace, waits: bool) -> Times:
    """Recorded times as they are."""
    mean_ns = float(np.mean(trace))
    return Times(mean_ns, float(np.std(trace) / mean_ns), trace=trace, waits=waits)


def pipeline_of(wishes: Wishes, cores_here: int) -> Pipeline:
    """Raises CommandError (USAGE) for what cannot both be meant, or cannot be read."""
    check(wishes)
    reading = Assuming(wishes)
    recorded: tuple[str, ...] = ()
    if wishes.recording:
        from bqb.advice.recorded import recorded_parts

        parts = recorded_parts(wishes)
        producers, consumers, open_loop = parts.producers, parts.consumers, parts.open_loop
        producer, consumer = (
            traced(times, getattr(wishes, f"{side}_work") == "wait")
            for side, times in (("producer", parts.producer_ns), ("consumer", parts.consumer_ns))
        )
        recorded = parts.says
    else:
        producers, consumers = reading.threads()
        open_loop = reading.is_open()
        producer, consumer = _sides(reading, producers, consumers, open_loop)
    check_size(wishes, producers + consumers, cores_here)
    check_times(wishes, producer, consumer, open_loop)
    cores = wishes.cores or float(cores_here)
    if not wishes.cores:
        reading.assume(f"the {cores_here} cores of this machine")
    if not wishes.message_bytes:
        reading.assume(f"messages of {USUAL_BYTES} bytes")
    if not wishes.element and not wishes.order:
        reading.assume("movable, each producer's in order")
    if not wishes.idle_cpu:
        reading.assume("who waits may spin for microseconds")
    drops = wishes.when_full == "drop" or wishes.must_not_block == "producer"
    if not wishes.when_full and not drops:
        reading.assume("producers wait for room")
    return Pipeline(
        wishes,
        tuple(reading.assumptions),
        open_loop,
        producers,
        consumers,
        producer,
        consumer,
        drops,
        math.ceil(wishes.message_bytes or USUAL_BYTES),
        cores,
        cores_here,
        wishes.idle_cpu or "some",
        recorded,
    )


def _sides(
    reading: Assuming, producers: int, consumers: int, open_loop: bool
) -> tuple[Times, Times]:
    wishes = reading.wishes
    producer = reading.times("producer", producers, is_gap=open_loop)
    consumer = reading.times("consumer", consumers, is_gap=False)
    threads = 1 if open_loop else producers
    if producer is None:
        assert consumer
        ns = threads * consumer.mean_ns / consumers / USUAL_LOAD
        producer = Times(ns, reading.cv_of("producer"), waits=wishes.producer_work == "wait")
        reading.assume(f"a load of {USUAL_LOAD:.0%} of what the consumers can take")
    if consumer is None:
        ns = consumers * producer.mean_ns / threads * USUAL_LOAD
        consumer = Times(ns, reading.cv_of("consumer"), waits=wishes.consumer_work == "wait")
        reading.assume(f"consumers that are busy {USUAL_LOAD:.0%} of their time")
    if wishes.burst and wishes.burst > 1:
        producer = Times(producer.mean_ns, 0.0, wishes.burst, waits=producer.waits)
    if wishes.cv is None:
        unsaid = [
            side
            for side, times in (
                ("the gaps" if open_loop else "the producers' times", producer),
                ("the consumers' times", consumer),
            )
            if times.cv == USUAL_CV
            and times.trace is None
            and not times.burst
            and getattr(wishes, "consumer_cv" if times is consumer else "producer_cv") is None
        ]
        if unsaid:
            reading.assume(f"{' and '.join(unsaid)} vary as exponential ones do (cv 1)")
    return producer, consumer
