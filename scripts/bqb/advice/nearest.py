"""The published point that is most like a pipeline, and how far away it is: the answer where
nothing is measured.

    near = nearest(pipeline, 64, fitting.fit, run, Measure.TIME)
    near.choice.queue, near.differences
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bqb.advice.choice import SAME, Choice, judge, restricted
from bqb.advice.knee import Measure
from bqb.advice.pipeline import Pipeline
from bqb.data.model import Point, Process, Run
from bqb.report.units import format_ns

FAR = 2.0  # factors of two: farther away, an answer is a guess


@dataclass(frozen=True)
class Feature:
    """A quantity in which pipelines differ: above 0; in words, with its unit."""

    value: float
    words: str


@dataclass(frozen=True)
class Near:
    """`distance`: in factors of two, over all features. `differences`: "consumers work 1 µs (here
    5 µs)", the largest first."""

    run: Run
    point: Point
    choice: Choice
    distance: float
    differences: tuple[str, ...]
    worst_share: float | None  # the largest overhead there, as a share of this pipeline's work

    @property
    def is_far(self) -> bool:
        return self.distance > FAR

    @property
    def is_all_the_same(self) -> bool:
        """Whether no queue would be felt beside so much work, far away or not."""
        return self.worst_share is not None and self.worst_share < SAME

    @property
    def is_decided(self) -> bool:
        return self.is_all_the_same or self.choice.is_decided and not self.is_far


def nearest(
    pipeline: Pipeline, capacity: int, queues: Collection[str], run: Run, measure: Measure
) -> Near | None:
    """Points of the same kind count: both loops are open or closed, both drop or wait, both have a
    CPU quota, or neither has. Returns None without a ranked point of that kind."""
    mine = _of_pipeline(pipeline, capacity)
    best: tuple[float, Point] | None = None
    for point in run.points.values():
        is_judged = run.scenarios[point.scenario].rank and any(
            run.trials_of(point, queue) for queue in queues
        )
        if not is_judged or not _is_alike(pipeline, point):
            continue
        distance = _distance(mine, _of_point(point))
        if best is None or distance < best[0]:
            best = (distance, point)
    if best is None:
        return None
    distance, point = best
    alone = restricted(run, [point], queues)
    theirs = _of_point(point)
    apart = sorted(mine, key=lambda name: -_apart(mine[name], theirs[name]))
    differences = tuple(
        f"{name} {theirs[name].words} (here {mine[name].words})"
        for name in apart
        if _apart(mine[name], theirs[name]) > 0.1
    )
    choice = judge(alone, point, [point], measure)
    overheads = [row.judged.median for row in choice.rows if row.judged]
    worst_share = None
    if measure is not Measure.DROPPED and overheads:
        worst_share = max(overheads) / pipeline.ns_per_msg
    return Near(run, point, choice, distance, differences, worst_share)


def _is_alike(pipeline: Pipeline, point: Point) -> bool:
    return (
        point.shape == "queue"
        and point.open_loop == pipeline.open_loop
        and (point.when_full == "drop") == pipeline.drops
        and point.consumer.work != "none"
        and (point.cpu_quota_pct is not None) == (pipeline.cores < 1)
    )


def _apart(some: Feature, other: Feature) -> float:
    return abs(math.log2(some.value / other.value))


def _distance(mine: Mapping[str, Feature], theirs: Mapping[str, Feature]) -> float:
    return math.sqrt(sum(_apart(mine[name], theirs[name]) ** 2 for name in mine))


def _of_pipeline(pipeline: Pipeline, capacity: int) -> dict[str, Feature]:
    return _features(
        pipeline.consumer.mean_ns,
        pipeline.load,
        pipeline.producers,
        pipeline.consumers,
        capacity,
        max(1, pipeline.producer.burst),
        pipeline.consumer.waits,
        pipeline.message_bytes,
    )


def _of_point(point: Point) -> dict[str, Feature]:
    offer: Process = point.arrivals or point.producer
    gap_ns = offer.mean_ns / (1 if point.open_loop else point.producers)
    service_ns = point.consumer.mean_ns / point.consumers
    return _features(
        point.consumer.mean_ns,
        service_ns / gap_ns if gap_ns else 100.0,
        point.producers,
        point.consumers,
        point.capacity,
        max(1, offer.burst_msgs, point.batch),
        point.consumer.work == "sleep",
        point.message_bytes,
    )


def _features(
    consumer_ns: float,
    load: float,
    producers: int,
    consumers: int,
    capacity: int,
    burst: int,
    waits: bool,
    message_bytes: int,
) -> dict[str, Feature]:
    return {
        "work of a consumer": Feature(consumer_ns, format_ns(consumer_ns)),
        "load": Feature(load, f"{load:.3g}"),
        "producers": Feature(producers, str(producers)),
        "consumers": Feature(consumers, str(consumers)),
        "capacity": Feature(capacity, f"{capacity:,}"),
        "burst": Feature(burst, f"{burst:,}"),
        "consumers that": Feature(4.0 if waits else 1.0, "wait" if waits else "compute"),
        "message": Feature(max(8, message_bytes), f"{max(8, message_bytes):,} bytes"),
    }
