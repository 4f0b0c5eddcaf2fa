"""What advise prints, on one screen: the pipeline, the assumptions, the capacity, the queue."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.advice.capacity import LOOSE, TIGHT, CapacityAdvice
from bqb.advice.choice import Choice
from bqb.advice.knee import Measure
from bqb.advice.nearest import Near
from bqb.advice.pipeline import Pipeline
from bqb.advice.queues import Fitting
from bqb.advice.scenario import arrivals_take_cores
from bqb.advice.words import in_words
from bqb.report.units import (
    counter_name,
    format_binary_bytes,
    format_interval,
    format_ns,
    format_share,
    format_value,
)
from bqb.stats import judging
from bqb.stats.counters import CPU_BEYOND_WORK
from bqb.stats.decisions import preference
from bqb.stats.summaries import Estimate

MOST_QUEUES = 12  # lines of the table
ROWS = (1, 4, 16, 64, 256, 1024, 4096)  # of the table of capacities, with the advised one
HEADS = {
    Measure.TIME: "time beyond\nno bound",
    Measure.BLOCKED: "producers\nblocked",
    Measure.DROPPED: "dropped beyond\nwhat must be",
}

CROWDED_ARRIVALS = (
    "There are more threads than cores, and producers that wait for arrivals so close together "
    "keep a core busy here. Where yours sleep, a smaller capacity may do."
)


def pipeline_text(pipeline: Pipeline) -> RenderableType:
    lines = [Text(in_words(pipeline))]
    lines += [Text(line) for line in pipeline.recorded]
    if pipeline.assumptions:
        lines.append(Text(f"Assumed: {'; '.join(pipeline.assumptions)}.", style="dim"))
    return Group(*lines)


# --------------------------------------------------------------------------------------- capacity


def capacity_text(advice: CapacityAdvice) -> RenderableType:
    return Group(
        Text(f"Capacity: {advice.capacity:,}", style="bold"),
        Text(_why(advice)),
        _capacity_table(advice),
    )


def _why(advice: CapacityAdvice) -> str:
    what = {
        Measure.TIME: "time per message",
        Measure.BLOCKED: "the time that producers are blocked",
        Measure.DROPPED: "the share dropped",
    }[advice.measure]
    if advice.tight is None:
        found = f"No capacity is within {TIGHT:.0%} of an unbounded queue by {what}"
    else:
        found = (
            f"{advice.tight:,} is the smallest within {TIGHT:.0%} of an unbounded queue by {what}"
        )
        if advice.loose and advice.loose < advice.tight:
            found += f", {advice.loose:,} within {LOOSE:.0%}"
    bounds = []
    if advice.lower.capacity > 1:
        bounds.append(f"at least {advice.lower.capacity:,} ({advice.lower.why})")
    if advice.upper:
        bounds.append(f"at most {advice.upper.capacity:,} ({advice.upper.why})")
    return f"{found}." + (f" Wanted: {', '.join(bounds)}." if bounds else "")


def _capacity_table(advice: CapacityAdvice) -> Table:
    """Capacities across, so that it takes four lines."""
    rows = [row for row in advice.rows if row.capacity in {*ROWS, advice.capacity}]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("capacity", no_wrap=True)
    for row in rows:
        chosen = row.capacity == advice.capacity
        head = f"{row.capacity:,}"
        table.add_column(Text(head, "bold green" if chosen else "bold"), justify="right")
    table.add_row(
        HEADS[advice.measure].replace("\n", " "),
        *(format_share(max(0.0, row.loss)) for row in rows),
    )
    table.add_row(
        "p99 wait",
        *(format_ns(row.outcome.wait_p99_ns) if row.outcome.wait_p99_ns else "" for row in rows),
    )
    table.add_row("memory", *(format_binary_bytes(row.bytes) for row in rows))
    return table


# ------------------------------------------------------------------------------------------ queue


def choice_text(pipeline: Pipeline, advice: CapacityAdvice, choice: Choice) -> RenderableType:
    """`choice` of a run of this pipeline."""
    parts: list[RenderableType] = [Text(headline(pipeline, choice), style="bold")]
    if choice.capacity != advice.capacity:
        parts.append(
            Text(
                f"Measured, {advice.capacity:,} is too small: take a capacity of "
                f"{choice.capacity:,}.",
                style="yellow",
            )
        )
    parts.append(_queue_table(choice))
    if len(choice.costs) > 1:
        parts.append(Text(_costs(advice.measure, choice)))
    if arrivals_take_cores(pipeline):
        parts.append(Text(CROWDED_ARRIVALS, style="dim"))
    return Group(*parts)


def headline(pipeline: Pipeline, choice: Choice) -> str:
    """Take two_condvar: ..."""
    decision = choice.decision
    if decision.no_verdict and decision.no_verdict != judging.ONE_QUEUE:
        return f"Queue: no verdict, as {decision.no_verdict}"
    if choice.queue is None:
        return "Queue: none has a number"
    if decision.no_verdict:
        return f"Queue: {choice.queue}, the only one that fits"
    if choice.is_decided and choice.is_all_the_same and choice.spread is not None:
        return (
            f"Queue: take {choice.queue}, the simplest. Work on a message takes "
            f"{format_ns(pipeline.ns_per_msg)}, and the best and the worst queue differ by "
            f"{format_share(choice.spread)} of the time"
        )
    if choice.is_decided:
        others = [queue for queue in decision.equivalent if queue != choice.queue]
        same = f"; equivalent: {', '.join(others)}" if others else ""
        return f"Queue: take {choice.queue}{same}"
    return f"Queue: undecided; {choice.queue} leads"


def _queue_table(choice: Choice) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("queue", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    counter = choice.decision.counter
    table.add_column(counter_name(counter), justify="right", no_wrap=True)
    has_excess = any(row.excess_p99_ns for row in choice.rows)
    if has_excess:
        table.add_column("p99 excess", justify="right", no_wrap=True)
    table.add_column("CPU per message beyond work", justify="right", no_wrap=True)
    styles = {"take": "green", "avoid": "red", "undecided": "yellow"}
    for row in choice.rows[:MOST_QUEUES]:
        cells: list[str | Text] = [row.queue, Text(row.verdict, styles.get(row.verdict, ""))]
        cells.append(_estimate(counter, row.judged))
        if has_excess:
            cells.append(_estimate("excess_p99_ns", row.excess_p99_ns))
        table.add_row(*cells, _estimate(CPU_BEYOND_WORK, row.cpu_ns_per_msg))
    if len(choice.rows) > MOST_QUEUES:
        table.add_row(f"and {len(choice.rows) - MOST_QUEUES} more")
    return table


def _estimate(counter: str, value: Estimate | None) -> str:
    if value is None:
        return ""
    interval = ""
    if value.low is not None and value.high is not None:
        interval = f" [{format_interval(counter, value.low, value.high)}]"
    return f"{format_value(counter, value.median)}{interval}"


def _costs(measure: Measure, choice: Choice) -> str:
    what = {
        Measure.TIME: "Time per message",
        Measure.BLOCKED: "Share of time in push",
        Measure.DROPPED: "Share dropped",
    }[measure]
    form = format_ns if measure is Measure.TIME else format_share
    told = f"{what} with {choice.queue}, measured: {_by_capacity(choice.costs, form)}."
    if choice.sojourns_ns:
        told += f" Mean sojourn time: {_by_capacity(choice.sojourns_ns, format_ns)}."
    return told


def _by_capacity(values: Iterable[tuple[int, float]], form: Callable[[float], str]) -> str:
    return ", ".join(f"{form(value)} at {capacity:,}" for capacity, value in values)


def undecided_text(choice: Choice, block_s: float) -> Text | None:
    """How long it would take, where nothing is decided. `block_s`: of one block."""
    if choice.is_decided or choice.decision.no_verdict:
        return None
    minutes = choice.more_blocks * block_s / 60
    if not math.isfinite(minutes) or minutes > 60:
        return Text("More than an hour would be needed to decide it.", style="yellow")
    about = f"{math.ceil(minutes)} more minute{'s' * (math.ceil(minutes) != 1)}"
    return Text(f"About {about} would decide it: --measure with a longer time.", style="yellow")


def near_text(pipeline: Pipeline, near: Near | None, queues: Collection[str]) -> RenderableType:
    """The answer of a published run. `queues`: those that fit."""
    simplest = min(queues, key=preference)
    if len(queues) == 1:
        return Text(f"Queue: {simplest}, the only one that fits", style="bold")
    if near is None:
        return Text(
            "Queue: no published point asks for the same kind of thing; measure it (--measure 2m)",
            style="bold yellow",
        )
    differs = f". It differs by: {'; '.join(near.differences[:4])}" if near.differences else ""
    away = f"{near.distance:.1f} factors of two away{differs}"
    where = f"{near.point.name} of {near.run.folder.name}, {away}"
    if near.is_all_the_same and near.worst_share is not None:
        return Group(
            Text(
                f"Queue: take {simplest}, the simplest. Work on a message takes "
                f"{format_ns(pipeline.ns_per_msg)}: no queue would be felt beside it",
                style="bold",
            ),
            Text(
                "Nothing was measured. The largest overhead of a queue at the nearest published "
                f"point is {format_share(near.worst_share)} of that: {where}."
            ),
        )
    if near.is_far:
        return Group(
            Text("Queue: not known without a measurement (--measure 2m)", style="bold yellow"),
            Text(f"The nearest published point is too far away to rely on: {where}."),
        )
    return Group(
        Text(headline(pipeline, near.choice), style="bold"),
        Text(f"Nothing was measured. This is what the nearest published point says: {where}."),
        _queue_table(near.choice),
    )


def excluded_text(fitting: Fitting) -> Text | None:
    if not fitting.why_not:
        return None
    by_reason: dict[str, list[str]] = {}
    for queue, why in fitting.why_not.items():
        by_reason.setdefault(why, []).append(queue)
    words = "; ".join(f"{', '.join(queues)} ({why})" for why, queues in by_reason.items())
    return Text(f"Left out: {words}.", style="dim")


def all_of(*parts: RenderableType | None) -> RenderableType:
    return Group(*(part for part in parts if part is not None))
