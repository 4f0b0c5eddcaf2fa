"""The decision table of the published run in README.md, between two marks."""

from __future__ import annotations

from collections.abc import Sequence

from bqb.data.model import Run
from bqb.report.answers import names
from bqb.report.numbers import value_text
from bqb.report.units import counter_name, format_interval, format_value
from bqb.stats import judging
from bqb.stats.counters import CPU_BEYOND_WORK, LOST
from bqb.stats.decisions import Decision, Need, decisions_of
from bqb.stats.summaries import summarise

BEGIN, END = "<!-- generated: decisions -->", "<!-- end: decisions -->"
HEADS = ("need", "capacity", "take", "overhead per message", "CPU", "equivalent, too", "avoid")
MOST_NAMES = 3  # of queues, in a cell


def with_decisions(text: str, run: Run, needs: Sequence[Need]) -> str:
    """The text of README.md with the table of `run`. Raises ValueError where the marks are
    missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md: has no lines '{BEGIN}' and '{END}'; restore them")
    return f"{before}{begin}\n{table(run, needs)}{end}{after}"


def table(run: Run, needs: Sequence[Need]) -> str:
    """A line a need, in Markdown."""
    rows = [HEADS, ("---",) * len(HEADS)]
    rows += [_row(run, decision) for decision in decisions_of(run, needs)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


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
