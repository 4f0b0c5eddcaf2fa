"""The sides of a pipeline from a recording of a program (stats/recorded.py)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bqb.advice.traces import MOST_NS, MOST_TIMES
from bqb.advice.wishes import Wishes
from bqb.data.recording import read_recording
from bqb.report.units import format_ns, format_share
from bqb.stats.recorded import RecordedPipeline, default_mode, pipeline_of


@dataclass(frozen=True, eq=False)
class RecordedParts:
    """What a recording says of a pipeline. Times in ns, one for each message."""

    open_loop: bool
    producers: int
    consumers: int
    producer_ns: NDArray[np.float64]  # in an open loop: gaps between messages, over all producers
    consumer_ns: NDArray[np.float64]
    says: tuple[str, ...]  # sentences for the reader


def recorded_parts(wishes: Wishes) -> RecordedParts:
    """Raises CommandError (USAGE) that names the file, the place in it and the remedy."""
    pipeline = pipeline_of(read_recording(Path(wishes.recording)))
    mode, why = default_mode(pipeline)
    if wishes.recording_mode:
        mode, why = wishes.recording_mode, "as asked for."
    open_loop = mode == "open"
    return RecordedParts(
        open_loop,
        pipeline.producers,
        pipeline.consumers,
        _usable(pipeline.arrival_gap_ns if open_loop else pipeline.producer_ns),
        _usable(pipeline.consumer_ns),
        (*_says(pipeline), f"Taken as {mode} loop: {why}", *map(_sentence, pipeline.notices)),
    )


def _usable(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """As a scenario takes them."""
    return np.clip(times[:MOST_TIMES], 0, MOST_NS)


def _says(pipeline: RecordedPipeline) -> tuple[str, str]:
    kept = f"{pipeline.messages:,} messages in {format_ns(pipeline.duration_ns)}"
    if pipeline.messages < pipeline.messages_in_all:
        kept = (
            f"{pipeline.messages:,} of {pipeline.messages_in_all:,} messages, in windows of "
            f"{format_ns(pipeline.duration_ns)} together"
        )
    capacity = f", capacity {pipeline.capacity:,}" if pipeline.capacity else ""
    refused = f", {pipeline.refused:,} refused" if pipeline.refused else ""
    together = ""
    if pipeline.correlation is not None:
        together = f"; rank correlation of the two sides' times {pipeline.correlation:.2f}"
    occupancy = pipeline.occupancy
    return (
        f"Recorded: {kept}{refused}{capacity}{together}.",
        f"As it was: {occupancy.p50:,.0f} inside (median), {occupancy.p99:,.0f} (p99), "
        f"{occupancy.max:,.0f} (most); producers blocked "
        f"{format_share(pipeline.producers_blocked_share)} of their time, at most "
        f"{format_ns(pipeline.longest_push_ns)}; consumers "
        f"{format_share(pipeline.consumers_blocked_share)}, at most "
        f"{format_ns(pipeline.longest_pop_ns)}.",
    )


def _sentence(notice: str) -> str:
    return f"{notice[:1].upper()}{notice[1:].rstrip('.')}."
