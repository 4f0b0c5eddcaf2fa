"""The summary at the end of a run: one line a question, the claims and how they fared, the queues'
properties, then every cell that has no number, by name and with why.

    table.print_summary(run)

To a terminal it is coloured and as wide as the terminal; anywhere else it is plain text, 110
columns wide.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TextIO

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.data.model import REFERENCE, Point, Problem, Run, Scenario
from bqb.report.terminal import as_text, show
from bqb.report.units import (
    counter_name,
    format_bytes,
    format_ns,
    format_rate,
    format_ratio,
    format_share,
    format_value,
)
from bqb.report.wording import open_loop_warnings
from bqb.schema import PROPERTY_PARAMETERS
from bqb.stats import claims, ranking, summaries
from bqb.stats.counters import NOMINAL_LOST, THROUGHPUT
from bqb.stats.ranking import Answer, Loss
from bqb.stats.thresholds import MAX_SHARE_GAP, MIN_UNDISTURBED

VERDICT_STYLES = {"right": "green", "wrong": "bold red", "undecided": "yellow", "no numbers": "dim"}
MAX_LISTED = 40  # cells listed by name for one reason before "and n more"


def print_summary(run: Run, file: TextIO | None = None) -> None:
    """Prints the summary of `run` to `file` (standard output)."""
    show(summary(run), file)


def plain(run: Run) -> str:
    """The summary as plain text, at most `WIDTH` columns wide."""
    return as_text(summary(run))


def summary(run: Run) -> RenderableType:
    """Everything that is printed, top to bottom."""
    answers = [ranking.answer(run, scenario) for scenario in run.scenarios.values()]
    parts = [
        _questions(run, answers),
        _score(run),
        _marks(run, answers),
        _machine(run),
        *_expected(run),
        _properties(run),
        _property_failures(run),
        *_problems(run),
    ]
    return Group(*(part for part in parts if part is not None))


def _questions(run: Run, answers: list[Answer]) -> Table:
    table = Table(
        box=box.HORIZONTALS,
        show_lines=True,
        pad_edge=False,
        expand=False,
        caption_justify="left",
        header_style="bold",
    )
    table.add_column("question", ratio=5, min_width=24)
    table.add_column("not worse than\nthe best", ratio=4, min_width=21)
    table.add_column("overhead per\nmessage\n(efficiency)", min_width=12, max_width=14)
    table.add_column("reference's\noverhead", min_width=12, max_width=14)
    table.add_column("spread", justify="right")
    table.add_column("disturbed\nblocks", justify="right")
    for each in answers:
        table.add_row(*_row(run, each))
    return table


def _row(run: Run, each: Answer) -> list[RenderableType]:
    points = each.scenario.points
    first = each.leaders[0] if each.leaders else ""
    # The reference is compared where both ran.
    common = [point for point in points if run.trials_of(point, first)]
    loss = ranking.loss(run, points, first)
    ring = summaries.machine_baselines(run).ring_msgs_per_s
    return [
        _question(each.scenario),
        _leaders(run, each),
        _loss(loss, points, ring),
        _loss(ranking.loss(run, common, REFERENCE), points, ring),
        _spread(loss),
        _disturbed(run, points),
    ]


def _question(scenario: Scenario) -> Text:
    return Text.assemble((scenario.name, "bold cyan"), "\n", scenario.question)


def _leaders(run: Run, each: Answer) -> Text:
    """Names, with the number of points where they are not worse than the best; the next ones too,
    if there is room. Of a scenario that cannot run here, the reason."""
    if reason := run.why_skipped(each.scenario.name):
        return Text(f"cannot run here: {reason}", style="yellow")
    if not each.leaders:
        return Text("no numbers", style="dim")
    ranked = sorted(each.wins, key=lambda name: -each.wins[name])
    lines = [
        Text.assemble((name, _leader_style(each, name)), _of_points(each, name))
        for name in ranked[: max(len(each.leaders), 3)]
    ]
    if each.no_verdict:
        lines.append(Text("highest" if each.more_is_better else "lowest", style="dim"))
        lines[-1].append(", no verdict")
    return Text("\n").join(lines)


def _leader_style(each: Answer, name: str) -> str:
    return "" if each.no_verdict else "bold green" if name in each.leaders else "dim"


def _of_points(each: Answer, name: str) -> str:
    return f" {each.wins[name]}/{each.judged}" if each.judged > 1 else ""


def _loss(loss: Loss | None, points: tuple[Point, ...], ring: float | None) -> Text:
    if loss is None:
        return Text("-")
    mark = " †" if loss.from_all else ""
    at_most, at_least = ("≤ ", "≥ ") if loss.is_bound else ("", "")
    lines = [f"{at_most}{format_value(loss.counter, loss.value)}{mark}"]
    if loss.efficiency is not None:
        lines.append(f"({at_least}{format_share(loss.efficiency)})")
    elif loss.counter != THROUGHPUT:
        lines.append(f"({counter_name(loss.counter)})")
    elif ring:
        lines.append(f"({format_share(loss.value / ring)} of ring)")
    if loss.points < len(points):
        lines.append(f"{loss.points} of {len(points)} points")
    return Text("\n".join(lines))


def _spread(loss: Loss | None) -> str:
    return "-" if loss is None or loss.spread is None else f"{format_share(loss.spread)}"


def _disturbed(run: Run, points: tuple[Point, ...]) -> Text:
    blocks = run.blocks_of(points)
    if not blocks:
        return Text("no blocks")
    bad = sum(block.disturbed for block in blocks)
    text = f"{bad} of {len(blocks)}\n({format_share(bad / len(blocks))})"
    return Text(text, style="yellow" if bad / len(blocks) > MAX_SHARE_GAP else "")


def _score(run: Run) -> Text | None:
    """No single score: at how many of the points that a queue could enter it is not worse than the
    best."""
    scores = ranking.scores(run)
    if not scores:
        return None
    ordered = sorted(scores.items(), key=lambda item: -item[1].not_worse)
    listed = ", ".join(f"{queue} {score.not_worse} of {score.entered}" for queue, score in ordered)
    return Text(
        "Not significantly worse than the best, of the points with a verdict that a queue "
        f"entered: {listed}."
    )


def _marks(run: Run, answers: list[Answer]) -> Text:
    """What the columns and marks mean, each only where it is used."""
    losses = [
        loss
        for each in answers
        for queue in run.queue_names(each.scenario.name)
        if (loss := ranking.loss(run, each.scenario.points, queue))
    ]
    lines = [
        "Overhead: time per message beyond an ideal queue that costs nothing; median over the "
        "points, of "
        "undisturbed blocks. n/m: not significantly worse than the best at n of m points. "
        "Spread: interquartile "
        "range over the rounds."
    ]
    undecided = [
        each for each in answers if each.no_verdict and not run.why_skipped(each.scenario.name)
    ]
    for reason in dict.fromkeys(each.no_verdict for each in undecided):
        names = ", ".join(each.scenario.name for each in undecided if each.no_verdict == reason)
        lines.append(f"No verdict: {names}: {reason}.")
    judged = [each.scenario.name for each in answers if each.scenario.judged_by]
    if judged:
        lines.append(
            "Judged by another counter than the overhead, the one in brackets: "
            f"{', '.join(judged)}."
        )
    if any(loss.is_bound for loss in losses):
        lines.append(
            "≤, ≥: more threads than cores, or a CPU quota; the ideal is a bound, so the "
            "overhead is this at "
            "most."
        )
    if any(loss.from_all for loss in losses):
        lines.append(
            f"†: a cell has fewer than {MIN_UNDISTURBED} undisturbed blocks and is summarised "
            "from all of them."
        )
    lines += [
        f"{each.scenario.name}: {warning}."
        for each in answers
        for warning in open_loop_warnings(run, each.scenario.points)
    ]
    if quota := run.context.get("cpu_quota_cores"):
        lines.append(
            f"All of it ran under a CPU quota of {quota:g} cores on "
            f"{run.context.get('cores', '?')}: what "
            "waits by spinning looks worse here than without."
        )
    if summaries.machine_baselines(run).ring_msgs_per_s and any(
        loss.counter == THROUGHPUT for loss in losses
    ):
        lines.append(
            "Of ring: of what the fastest ring passes (one producer and one consumer, both spin)."
        )
    if any(NOMINAL_LOST in each.counters for each in answers):
        lines.append(
            "Where queues slow their users' work by more than 2% unequally, nominal work times "
            "count."
        )
    return Text("\n".join(lines), style="dim")


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
    right = sum(score.verdict == "right" for score in scores)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(min_width=max(map(len, claims.VERDICTS)) + 2)
    table.add_column(ratio=1)
    for scenario, each in scored:
        table.add_row(Text(""), Text(scenario.name, style="bold cyan"))
        for score in each:
            table.add_row(
                Text(f"  {score.verdict}", style=VERDICT_STYLES[score.verdict]),
                Text.assemble(score.claim.says, "\n", (_measured(score), "dim")),
            )
    return [
        Text.assemble(("\nExpected answers", "bold"), f": {right} of {len(scores)} right"),
        table,
    ]


def _measured(score: claims.Score) -> str:
    """What was claimed, what was found: a reader shall be able to check the verdict."""
    claim = score.claim
    is_ratio = bool(claim.than or claim.than_points)
    show = format_ratio if is_ratio else partial(format_value, claim.counter)
    exact = "{:g}×".format if is_ratio else show
    bounds = " and ".join(
        f"{side} {exact(bound)}"
        for side, bound in (("above", claim.above), ("below", claim.below))
        if bound is not None
    )
    measured = ""
    if score.measured:
        low, high = score.measured.low, score.measured.high
        interval = "" if low is None else f" [{show(low)}, {show(high)}]"
        measured = f"{score.queue}: {show(score.measured.median)}{interval}"
    details = ", ".join(filter(None, (measured, score.reason)))
    return f"{counter_name(claim.counter)} {bounds}; {details}"


def _machine(run: Run) -> Text | None:
    known = summaries.machine_baselines(run)
    parts = [
        known.handoff_ns and f"a cache line crosses in {format_ns(known.handoff_ns)}",
        known.wake_ns and f"a parked thread wakes in {format_ns(known.wake_ns)}",
        known.ring_msgs_per_s and f"the fastest ring passes {format_rate(known.ring_msgs_per_s)}",
    ]
    text = "; ".join(part for part in parts if part)
    return Text(f"This machine: {text}.", style="dim") if text else None


PROPERTIES = {  # (property, parameter): head of its column, how its value is written
    ("idle_pop_cpu_share", None): ("idle\npop", format_share),
    ("idle_push_cpu_share", None): ("idle\npush", format_share),
    **{
        ("close_to_last_return_ns", waiters): (f"close\n{waiters}", format_ns)
        for waiters in PROPERTY_PARAMETERS["close"]
    },
    **{
        ("bytes", capacity): (f"bytes\n{capacity}", format_bytes)
        for capacity in PROPERTY_PARAMETERS["memory"]
    },
    ("full_bytes", 4096): ("full\n4096", format_bytes),
    ("construct_ns", 64): ("make\n64", format_ns),
    ("header_compile_s", None): ("com-\npile", lambda seconds: f"{seconds:.1f} s"),
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
        table.add_column(PROPERTIES[key][0], justify="right", no_wrap=True)
    for queue in queues:
        values = {key: run.property_of(queue, *key) for key in shown}
        table.add_row(
            queue,
            *("-" if value is None else PROPERTIES[key][1](value) for key, value in values.items()),
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
