"""A pipeline in a sentence."""

from __future__ import annotations

from bqb.advice.pipeline import Pipeline, Times
from bqb.report.units import format_ns, format_rate


def in_words(pipeline: Pipeline) -> str:
    """Messages arrive at random, 160 k/s; 1 producer; 1 consumer, 5 µs a message, cv 1."""
    producers, consumers = _count(pipeline.producers, "producer"), _count(
        pipeline.consumers, "consumer"
    )
    if pipeline.open_loop:
        how = _arrival(pipeline.producer)
        full = (
            "dropped where there is no room" if pipeline.drops else "a full queue makes them wait"
        )
        first = f"Messages arrive {how}, {format_rate(pipeline.rate_per_s)}, {full}; {producers}"
    else:
        first = f"Closed loop; {producers}, {_times(pipeline.producer)}"
    return f"{first}; {consumers}, {_times(pipeline.consumer)}."


def _arrival(times: Times) -> str:
    if times.trace is not None:
        return "as recorded"
    if times.burst:
        return f"{times.burst:,} at a time"
    return (
        "evenly" if times.cv == 0 else "at random" if times.cv == 1 else f"with cv {times.cv:.2g}"
    )


def _times(times: Times) -> str:
    does = "waits" if times.waits else "works"
    words = f"{does} {format_ns(times.mean_ns)} a message"
    if times.burst:
        return f"{words}, {times.burst:,} messages at a time"
    varies = f"cv {times.cv:.2g}" if times.cv else "constant"
    return f"{words} ({'recorded, ' if times.trace is not None else ''}{varies})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
