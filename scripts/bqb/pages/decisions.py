"""The decision table in README.md, of the newest published default run."""

from __future__ import annotations

from collections.abc import Sequence

from bqb.data.model import Run
from bqb.pages import words
from bqb.pages.marks import generated
from bqb.pages.sources import default_run
from bqb.report.answers import names
from bqb.report.numbers import value_text
from bqb.report.units import counter_name, format_interval, format_value
from bqb.stats import judging
from bqb.stats.counters import CPU_BEYOND_WORK, LOST
from bqb.stats.decisions import Decision, decisions_of, read_needs
from bqb.stats.summaries import summarise

HEADS = ("need", "capacity", "take", "overhead per message", "CPU", "equivalent, too", "avoid")
MOST_NAMES = 3  # of queues, in a cell


@generated
def decisions() -> str:
    """A line a need."""
    run = default_run()
    return words.table(HEADS, [_row(run, each) for each in decisions_of(run, read_needs())])


def _row(run: Run, decision: Decision) -> tuple[str, ...]:
    capacity = str(decision.point.capacity)
    if decision.no_verdict:
        return decision.need.name, capacity, f"no verdict: {decision.no_verdict}", "", "", "", ""
    others = [queue for queue in decision.equivalent if queue != decision.take]
    left = decision.equivalent + decision.undecided
    take = f"`{decision.take}`" if decision.take else f"not decided: {_listed(left)}"
    return (
        decision.need.name,
        capacity,
        take,
        _value(run, decision, [decision.take] if decision.take else left) + _judge(decision),
        _cpu(run, decision),
        _listed(others) if others else "",
        _avoided(run, decision),
    )


def _listed(queues: Sequence[str]) -> str:
    if len(queues) > MOST_NAMES + 1:
        return f"{len(queues)} queues"
    return names([f"`{queue}`" for queue in queues], MOST_NAMES + 1)


def _avoided(run: Run, decision: Decision) -> str:
    if not decision.avoid:
        return ""
    return f"{_listed(decision.avoid)}: {_value(run, decision, decision.avoid)}"


def _value(run: Run, decision: Decision, queues: Sequence[str]) -> str:
    """Of one queue the median with its interval, of several from the lowest to the highest."""
    point, counter = decision.point, decision.counter
    found = [s.estimate for queue in queues if (s := summarise(run, point, queue, counter))]
    ends = sorted(each.median for each in found)
    bound = "≤ " if any(judging.is_bound(run, point, queue) for queue in queues) else ""
    if len(found) > 1:
        return f"{bound}{format_interval(counter, ends[0], ends[-1])}"
    low, high = found[0].low, found[0].high
    interval = "" if low is None or high is None else f" [{format_interval(counter, low, high)}]"
    return f"{value_text(run, point, queues[0], ends[0])}{interval}"


def _judge(decision: Decision) -> str:
    """What the number is where it is no overhead."""
    return "" if decision.counter == LOST else f" ({counter_name(decision.counter)})"


def _cpu(run: Run, decision: Decision) -> str:
    if not decision.take:
        return ""
    cpu = summarise(run, decision.point, decision.take, CPU_BEYOND_WORK)
    return format_value(CPU_BEYOND_WORK, cpu.median) if cpu else ""
