"""The decision table of a page: a row a need, with the queues to take and to avoid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bqb.data.model import Run
from bqb.report.figures.view import View
from bqb.report.html.sections import QueueName, anchor, point_link, queue_name
from bqb.report.numbers import cell_text
from bqb.report.units import counter_name, format_interval, format_ns, format_value
from bqb.stats import judging
from bqb.stats.counters import CPU_BEYOND_WORK, THROUGHPUT
from bqb.stats.decisions import Decision
from bqb.stats.summaries import summarise


@dataclass(frozen=True)
class Choice:
    """A queue in a cell of the table, in words."""

    queue: QueueName
    value: str
    interval: str  # empty where there is none
    cpu: str


@dataclass(frozen=True)
class Choices:
    """A cell of the table. `span`: from the lowest to the highest median."""

    queues: tuple[Choice, ...]
    span: str


@dataclass(frozen=True)
class DecisionRow:
    """`take`: None where nothing is decided. `no_verdict`: why there are no verdicts at all."""

    id: str
    name: str
    says: str
    link: str  # the id of the point's section
    capacity: int
    judge: str
    better: str
    margin: str  # what is no difference here, at least; empty without a verdict
    take: Choice | None
    equivalent: Choices
    undecided: Choices
    avoid: Choices
    no_verdict: str


def decision_rows(view: View, decisions: Sequence[Decision]) -> list[DecisionRow]:
    return [_row(view, decision) for decision in decisions]


def _row(view: View, decision: Decision) -> DecisionRow:
    point, counter = decision.point, decision.counter
    more = judging.more_is_better(view.run, point, counter)
    others = [queue for queue in decision.equivalent if queue != decision.take]
    undecided = [queue for queue in decision.undecided if queue != decision.take]
    return DecisionRow(
        anchor(decision.need.id),
        decision.need.name,
        decision.need.says,
        point_link(view, point),
        point.capacity,
        counter_name(counter),
        "more is better" if more else "less is better",
        _margin(decision),
        _choice(view, decision, decision.take) if decision.take else None,
        _choices(view, decision, others),
        _choices(view, decision, undecided),
        _choices(view, decision, decision.avoid),
        decision.no_verdict,
    )


def _margin(decision: Decision) -> str:
    """The smallest difference that counts, whatever the values are."""
    if not decision.verdict or decision.verdict.margin.least <= 0:
        return ""
    least = decision.verdict.margin.least
    # A rate is judged by the time that a message takes.
    return (
        format_ns(least)
        if decision.counter == THROUGHPUT
        else format_value(decision.counter, least)
    )


def _choices(view: View, decision: Decision, queues: Sequence[str]) -> Choices:
    found = tuple(_choice(view, decision, queue) for queue in queues)
    ends = list(dict.fromkeys([found[0].value, found[-1].value])) if found else []
    return Choices(found, " to ".join(ends))


def _choice(view: View, decision: Decision, queue: str) -> Choice:
    cpu = view.median(decision.point, queue, CPU_BEYOND_WORK)
    return Choice(
        queue_name(view, queue),
        cell_text(view.run, decision.point, queue),
        interval_text(view.run, decision, queue),
        "" if cpu is None else format_value(CPU_BEYOND_WORK, cpu),
    )


def interval_text(run: Run, decision: Decision, queue: str) -> str:
    """The interval of the median of what judges a need; empty where there is none."""
    summary = summarise(run, decision.point, queue, decision.counter)
    if summary is None or summary.estimate.low is None or summary.estimate.high is None:
        return ""
    return format_interval(decision.counter, summary.estimate.low, summary.estimate.high)
