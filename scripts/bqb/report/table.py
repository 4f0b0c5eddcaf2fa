"""The summary at the end of a run: one line a question, the claims and how they fared, the queues'
properties, then every cell that has no number, by name and with why.

    table.print_summary(run)

To a terminal it is coloured and as wide as the terminal; anywhere else it is plain text, 110
columns wide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.data.model import Problem, Run
from bqb.report.questions import answers
from bqb.report.terminal import as_text, show
from bqb.report.units import format_bytes, format_ns, format_rate, format_share
from bqb.report.wording import score_in_words, stated_in_words
from bqb.schema import PROPERTY_PARAMETERS
from bqb.stats import claims, summaries

VERDICT_STYLES = {"right": "green", "wrong": "bold red", "undecided": "yellow", "no numbers": "dim"}
VERDICT_STYLES[claims.STATED_LATER] = "dim"
MAX_LISTED = 40  # cells listed by name for one reason before "and n more"


def print_summary(run: Run, file: TextIO | None = None) -> None:
    """Prints the summary of `run` to `file` (standard output)."""
    show(summary(run), file)


def plain(run: Run) -> str:
    """The summary as plain text, at most `WIDTH` columns wide."""
    return as_text(summary(run))


def summary(run: Run) -> RenderableType:
    """Everything that is printed, top to bottom."""
    parts = [
        *answers(run),
        _machine(run),
        *_expected(run),
        _properties(run),
        _property_failures(run),
        *_problems(run),
    ]
    return Group(*(part for part in parts if part is not None))


def _expected(run: Run) -> list[RenderableType]:
    """The claims of each scenario, scored."""
    scored = [
        (scenario, claims.score_all(run, scenario))
        for scenario in run.scenarios.values()
        if scenario.claims
    ]
    if not scored:
        return []
    scores = [score for _, each in scored for score in each]
    right = sum(score.verdict == claims.RIGHT for score in scores)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(min_width=max(map(len, claims.VERDICTS)) + 2)
    table.add_column(ratio=1)
    for scenario, each in scored:
        table.add_row(Text(""), Text(scenario.name, style="bold cyan"))
        for score in each:
            table.add_row(
                Text(f"  {score.verdict}", style=VERDICT_STYLES[score.verdict]),
                Text.assemble(score.claim.says, "\n", (_details(score), "dim")),
            )
    return [
        Text.assemble(
            ("\nExpected answers", "bold"), f": {right} of {len(claims.scored(scores))} right"
        ),
        table,
    ]


def _details(score: claims.Score) -> str:
    return "; ".join(filter(None, (score_in_words(score), stated_in_words(score.claim))))


def _machine(run: Run) -> Text | None:
    known = summaries.machine_baselines(run)
    parts = [
        known.handoff_ns and f"a cache line crosses in {format_ns(known.handoff_ns)}",
        known.wake_ns and f"a parked thread wakes in {format_ns(known.wake_ns)}",
        known.ring_msgs_per_s and f"the fastest ring passes {format_rate(known.ring_msgs_per_s)}",
    ]
    text = "; ".join(part for part in parts if part)
    return Text(f"This machine: {text}.", style="dim") if text else None


@dataclass(frozen=True)
class Property:
    """What a queue costs whatever it is used for. `head`: of a narrow column; `name`: in full."""

    head: str
    name: str
    in_words: Callable[[float], str]


PROPERTIES = {  # by (property, parameter)
    ("idle_pop_cpu_share", None): Property(
        "idle\npop", "CPU of a thread that waits in pop, of one core", format_share
    ),
    ("idle_push_cpu_share", None): Property(
        "idle\npush", "CPU of a thread that waits in push, of one core", format_share
    ),
    **{
        ("close_to_last_return_ns", waiters): Property(
            f"close\n{waiters}",
            f"From close() until the last of {waiters} blocked threads has returned"
            if waiters > 1
            else "From close() until the one blocked thread has returned",
            format_ns,
        )
        for waiters in PROPERTY_PARAMETERS["close"]
    },
    **{
        ("bytes", capacity): Property(
            f"bytes\n{capacity}",
            f"Memory when empty, capacity {capacity}, 8-byte messages",
            format_bytes,
        )
        for capacity in PROPERTY_PARAMETERS["memory"]
    },
    ("full_bytes", 4096): Property(
        "full\n4096", "Memory when full, capacity 4096, 8-byte messages", format_bytes
    ),
    ("construct_ns", 64): Property("make\n64", "Construction, capacity 64", format_ns),
    ("header_compile_s", None): Property(
        "com-\npile",
        "Compile time of its header, beyond an empty source",
        lambda seconds: f"{seconds:.1f} s",
    ),
}


def _properties(run: Run) -> RenderableType | None:
    """What the queues cost whatever they are used for, a line a queue."""
    queues = [
        queue
        for queue in run.queues
        if any(run.property_of(queue, *key) is not None for key in PROPERTIES)
    ]
    if not queues:
        return None
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        header_style="bold",
        title="\nProperties",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("queue", no_wrap=True)
    shown = [
        key
        for key in PROPERTIES
        if any(run.property_of(queue, *key) is not None for queue in queues)
    ]
    for key in shown:
        table.add_column(PROPERTIES[key].head, justify="right", no_wrap=True)
    for queue in queues:
        values = ((PROPERTIES[key], run.property_of(queue, *key)) for key in shown)
        table.add_row(
            queue, *("-" if value is None else each.in_words(value) for each, value in values)
        )
    return Group(table, Text(_properties_legend(("header_compile_s", None) in shown), style="dim"))


def _properties_legend(with_compile_time: bool) -> str:
    text = (
        "idle: CPU share of a thread blocked in pop or push. close N: time from close() until "
        "the last of N "
        "blocked threads has returned. bytes N: size of an empty queue of capacity N (8-byte "
        "messages); full: the "
        "same queue when full. make: construction time, capacity 64."
    )
    return (
        f"{text} compile: compile time of the header beyond an empty source."
        if with_compile_time
        else text
    )


def _property_failures(run: Run) -> Text | None:
    if not run.property_failures:
        return None
    text = Text("\nFAILED while properties were measured", style="bold red")
    for failure in run.property_failures:
        where = "".join(f", {key} {value}" for key, value in failure.params.items())
        text.append(
            f"\n  {failure.queue} ({failure.name.replace('_', ' ')}{where}): {failure.reason}",
            style="default",
        )
    return text


def _problems(run: Run) -> list[Text]:
    """Every cell that failed, had no measurable window or was skipped; those of one queue and
    reason together."""
    headings = {
        "failed": ("FAILED: a wrong or hung queue has no numbers", "bold red"),
        "void": ("VOID: no measurable window", "yellow"),
        "skipped": ("SKIPPED: cannot run", "dim"),
    }
    by_kind = {
        kind: [problem for problem in run.problems if problem.kind == kind] for kind in headings
    }
    return [
        _problem_list(run, *headings[kind], problems)
        for kind, problems in by_kind.items()
        if problems
    ]


def _problem_list(run: Run, heading: str, style: str, problems: list[Problem]) -> Text:
    by_reason: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_reason[problem.reason].append(problem)
    text = Text(f"\n{heading} ({_count(len(problems), 'cell')})", style=style)
    for reason, cells in by_reason.items():
        text.append(f"\n  {reason}", style="default")
        lines = _cell_lines(run, cells)
        for line in lines[:MAX_LISTED]:
            text.append(f"\n    {line}", style="default")
        if len(lines) > MAX_LISTED:
            text.append(f"\n    and {len(lines) - MAX_LISTED} more", style="default")
    return text


def _cell_lines(run: Run, problems: list[Problem]) -> list[str]:
    """A line a cell; one line for all cells of a scenario that cannot run here."""
    lines: dict[str, int] = {}
    for problem in problems:
        scenario = run.points[problem.point].scenario
        cell = f"{problem.cell} ({problem.rounds} rounds)" if problem.rounds > 1 else problem.cell
        line = scenario if run.why_skipped(scenario) else cell
        lines[line] = lines.get(line, 0) + 1
    return [
        f"{line}: {_count(count, 'cell')}" if line in run.scenarios else line
        for line, count in lines.items()
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
