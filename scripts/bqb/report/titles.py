"""Titles of figures. What a title says of two queues is a verdict of its run.

A title carries the facts that it states, so that a test can hold it to the verdicts: no queue is
named without one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bqb.data.model import REFERENCE, Point, Run
from bqb.report.units import format_value
from bqb.stats import judging
from bqb.stats.counters import THROUGHPUT
from bqb.stats.summaries import summarise
from bqb.stats.timestamps import smallest_stated
from bqb.stats.verdicts import EQUIVALENT, WORSE, Key, PointVerdicts, verdicts_of


@dataclass(frozen=True)
class Fact:
    """What a title says of a queue: that it is worse than the best of a point, or not."""

    key: Key
    queue: str
    is_worse: bool

    def holds_in(self, run: Run) -> bool:
        verdict = verdicts_of(run).get(self.key)
        return (
            verdict is not None
            and not verdict.no_verdict
            and (verdict.states[self.queue] == WORSE) == self.is_worse
        )


@dataclass(frozen=True)
class Title:
    text: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Contrast:
    """A queue that is worse than the best at a point, and the one with the lowest median there."""

    point: Point
    verdict: PointVerdicts
    worse: str
    best: str

    @property
    def facts(self) -> tuple[Fact, ...]:
        key = Key(self.point.name, self.verdict.counter)
        return Fact(key, self.worse, True), Fact(key, self.best, False)


def called(queue: str) -> str:
    return "the textbook queue (reference)" if queue == REFERENCE else queue


def sentence(text: str, found: Contrast) -> str:
    """A title that begins with a capital letter, unless it begins with the name of a queue."""
    is_name = text.startswith((found.worse, found.best))
    return text if is_name else f"{text[0].upper()}{text[1:]}"


def contrast(
    run: Run, points: Sequence[Point], counter_of: Callable[[Point], str]
) -> Contrast | None:
    """The point at which a queue is furthest from the best: the reference where it is worse, or
    else the worst of all. None where no queue is shown to be worse."""
    found: list[tuple[float, Contrast]] = []
    for point in points:
        verdict = verdicts_of(run).get(Key(point.name, counter_of(point)))
        if verdict is None or verdict.no_verdict:
            continue
        best, worse = verdict.order[0], verdict.having(WORSE)
        if not worse or best in worse:
            continue
        costly = REFERENCE if REFERENCE in worse else worse[-1]
        gap = verdict.medians[costly] - verdict.medians[best]
        found.append((gap, Contrast(point, verdict, costly, best)))
    return max(found, key=lambda each: each[0])[1] if found else None


def value(run: Run, point: Point, queue: str, counter: str) -> str:
    """The median of a cell in words. What is smaller than the margin, or than twice what the
    timestamps cost, is only said to be that."""
    summary = summarise(run, point, queue, counter)
    assert summary is not None, "a queue with a verdict has values"
    least = smallest_stated(run, point, queue, counter)
    if counter != THROUGHPUT and summary.median < least:
        return f"under {format_value(counter, least)}"
    return format_value(counter, summary.median)


def without_contrast(run: Run, points: Sequence[Point], counter_of: Callable[[Point], str]) -> str:
    """What there is to say where no queue is shown to be worse than another."""
    verdicts = [
        verdict
        for point in points
        if (verdict := verdicts_of(run).get(Key(point.name, counter_of(point))))
    ]
    if not verdicts:
        return f"No verdict: {judging.why_no_values(run, points)}"
    reasons = dict.fromkeys(each.no_verdict for each in verdicts if each.no_verdict)
    if len(reasons) and all(each.no_verdict for each in verdicts):
        return f"No verdict: {next(iter(reasons))}"
    states = {state for each in verdicts if not each.no_verdict for state in each.states.values()}
    if states == {EQUIVALENT}:
        return "All queues are equivalent"
    return "No queue is shown to be worse than another"
