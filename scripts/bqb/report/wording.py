"""Sentences about a run that tables and figures share."""

from __future__ import annotations

from collections.abc import Sequence

from bqb.data.model import Point, Run
from bqb.report.units import format_rate
from bqb.stats.summaries import summarise


def open_loop_warnings(run: Run, points: Sequence[Point]) -> list[str]:
    """What a reader of an open loop's numbers has to know, a sentence each: late generators, no steady state."""
    def median(point: Point, counter: str) -> list[float]:
        return [summary.median for queue in run.queue_names(point.scenario)
                if (summary := summarise(run, point, queue, counter))]
    late = [point for point in points if any(value > 0.5 for value in median(point, "generator_is_late"))]
    over = [point for point in points if any(median(point, "overloaded")) and not median(point, "dropped_share")]
    growth = [value for point in over for value in median(point, "backlog_growth_msgs_per_s")]
    at = "at {} of " + f"{len(points)} point{'s' * (len(points) != 1)}"
    warnings = []
    if late:
        warnings.append(f"late generator {at.format(len(late))}: 1 message in 100 was pushed later "
                        "than 5% of the mean gap though its producer was free")
    if growth:
        warnings.append(f"overloaded {at.format(len(over))}: more comes than can be done, the backlog "
                        f"grows by {format_rate(min(growth))} to {format_rate(max(growth))}")
    return warnings
