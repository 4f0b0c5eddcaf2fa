"""What is printed at the end of a run, on one screen: the decisions, what stayed undecided, what
has no number. The rest is in the page; report/table.py prints all of it.

    short.print_run(run, needs)
    short.print_runs(runs, needs)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.data.model import Run
from bqb.report import answers
from bqb.report.again import bench_command
from bqb.report.numbers import notes_on_marks, value_text
from bqb.report.terminal import as_text, show
from bqb.report.units import format_interval, format_value
from bqb.report.wording import capacity_warnings

from bqb.stats.counters import CPU_BEYOND_WORK
from bqb.stats.decisions import Decision, JointDecision, Need, decisions_of, joint_decisions
from bqb.stats.repeatability import asked_alike, count_machines
from bqb.stats.summaries import summarise

MOST_DECISIONS = 16  # lines of the table
MOST_FAILURES = 4  # lines of what failed


def print_run(run: Run, needs: Sequence[Need], file: TextIO | None = None) -> None:
    """Prints the summary of a run to `file` (standard output): at most 40 lines of 110 columns."""
    show(of_run(run, needs), file)


def plain(run: Run, needs: Sequence[Need]) -> str:
    """The summary of a run as plain text."""
    return as_text(of_run(run, needs))


def of_run(run: Run, needs: Sequence[Need]) -> RenderableType:
    decisions = decisions_of(run, needs)
    parts = [
        Text(answers.result(decisions, bench_command(run, "--rounds", "12")), style="bold"),
        _table(run, decisions),
        _legend(run, decisions),
        _brought(run, decisions),
        _undecided(run, decisions),
        *_failures(run),
    ]
    return Group(*(part for part in parts if part is not None))


def _table(run: Run, decisions: Sequence[Decision]) -> RenderableType | None:
    judged = [each for each in decisions if not each.no_verdict]
    if not judged:
        return None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("need", no_wrap=True, overflow="ellipsis", max_width=30)
    table.add_column("take", no_wrap=True, overflow="ellipsis", min_width=20)
    table.add_column("judged by", no_wrap=True)
    for head in ("CPU", "capacity"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("equivalent,\nundecided,\nworse", justify="right", no_wrap=True)
    for each in judged[:MOST_DECISIONS]:
        table.add_row(
            each.need.name,
            Text(each.take, "green") if each.take else Text(_candidates(each), "yellow"),
            _value(run, each),
            _cpu(run, each),
            str(each.point.capacity),
            ", ".join(str(len(queues)) for queues in (each.equivalent, each.undecided, each.avoid)),
        )
    if len(judged) > MOST_DECISIONS:
        table.add_row(f"and {len(judged) - MOST_DECISIONS} more", *[""] * 5)
    return table


def _candidates(decision: Decision) -> str:
    return f"not decided among {len(decision.equivalent + decision.undecided)}"


def _value(run: Run, decision: Decision) -> str:
    """The median of the queue to take, with its interval; else from the lowest to the highest of
    the queues that may be the best."""
    counter, point = decision.counter, decision.point
    if not decision.take:
        medians = [
            summary.median
            for queue in decision.equivalent + decision.undecided
            if (summary := summarise(run, point, queue, counter))
        ]
        ends = [min(medians), max(medians)] if medians else []
        return " to ".join(dict.fromkeys(_marked(run, decision, value) for value in ends))
    summary = summarise(run, point, decision.take, counter)
    assert summary is not None, "a queue with a verdict has values"
    low, high = summary.estimate.low, summary.estimate.high
    interval = "" if low is None or high is None else f" [{format_interval(counter, low, high)}]"
    return f"{_marked(run, decision, summary.median)}{interval}"


def _marked(run: Run, decision: Decision, value: float) -> str:
    queue = decision.take or (decision.equivalent + decision.undecided)[0]
    return value_text(run, decision.point, queue, value)


def _cpu(run: Run, decision: Decision) -> str:
    if not decision.take:
        return ""
    summary = summarise(run, decision.point, decision.take, CPU_BEYOND_WORK)
    return format_value(CPU_BEYOND_WORK, summary.median) if summary else ""


def _legend(run: Run, decisions: Sequence[Decision]) -> Text | None:
    if not any(not each.no_verdict for each in decisions):
        return None
    taken = [(each.point, each.take) for each in decisions if each.take]
    words = [
        "Take: of the queues that are equivalent to the best, one that burns no more CPU, then the "
        "simplest. Judged by the overhead per message, or what the page says; [95 % interval]. "
        "CPU: per message beyond the work. Equivalent, undecided, worse: numbers of queues.",
        *notes_on_marks(run, taken, "‡"),
    ]
    return Text(" ".join(words), style="dim")


def _undecided(run: Run, decisions: Sequence[Decision]) -> Text | None:
    open_needs = [each.need.name for each in decisions if not each.no_verdict and not each.take]
    silent: dict[str, list[str]] = {}
    for each in decisions:
        if each.no_verdict:
            silent.setdefault(each.no_verdict, []).append(each.need.name)
    lines = []
    if open_needs:
        lines.append(
            f"Not decided: {answers.names(open_needs, 6)}. More rounds may decide: "
            f"{bench_command(run, '--budget', '30m')}"
        )
    lines += [f"No verdict ({reason}): {answers.names(of, 6)}." for reason, of in silent.items()]
    return Text("\n".join(lines), style="yellow") if lines else None


def _brought(run: Run, decisions: Sequence[Decision]) -> Text | None:
    """How each queue from outside did, and where it could not have the others' capacity."""
    judged = [each for each in decisions if not each.no_verdict]
    lines = []
    for queue in (
        name for name, labels in run.queues.items() if labels.get("line_up") == "outside"
    ):
        counts = [
            (sum(queue in queues for queues in of), word)
            for of, word in (
                ([each.equivalent for each in judged], "equivalent to the best"),
                ([each.undecided for each in judged], "undecided"),
                ([each.avoid for each in judged], "worse"),
            )
        ]
        said = ", ".join(f"{word} {count}" for count, word in counts if count)
        lines.append(f"{queue}: {said or 'no number'}" + f" (of {len(judged)} points)" * bool(said))
    for scenario in run.scenarios.values():
        lines += [f"{text}." for text in capacity_warnings(run, scenario.points)]
    return Text("\n".join(dict.fromkeys(lines))) if lines else None


def _failures(run: Run) -> list[Text]:
    """What has no number: failed cells by name, the others by their count."""
    failed = [f"{each.cell}: {each.reason}" for each in run.problems if each.kind == "failed"]
    failed += [f"{each.queue}, {each.name}: {each.reason}" for each in run.property_failures]
    texts = []
    if failed:
        text = Text(f"FAILED: {len(failed)}; a wrong or hung queue has no numbers", "bold red")
        for line in failed[:MOST_FAILURES]:
            text.append(f"\n  {' '.join(line.split())[:200]}", style="default")
        if len(failed) > MOST_FAILURES:
            text.append(f"\n  and {len(failed) - MOST_FAILURES} more", style="default")
        texts.append(text)
    others = [
        f"{count} {words}"
        for kind, words in (("void", "had no measurable window"), ("skipped", "cannot run here"))
        if (count := sum(each.kind == kind for each in run.problems))
    ]
    if others:
        texts.append(Text(f"Cells without a number: {', '.join(others)}.", style="dim"))
    return texts


# ------------------------------------------------------------------------------------ several runs


def print_runs(runs: Sequence[Run], needs: Sequence[Need], file: TextIO | None = None) -> None:
    """Prints how many runs say what of each need."""
    show(of_runs(runs, needs), file)


def of_runs(runs: Sequence[Run], needs: Sequence[Need]) -> RenderableType:
    decisions = joint_decisions(runs, needs, asked_alike(runs))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("need", no_wrap=True, overflow="ellipsis", max_width=34)
    table.add_column("take", no_wrap=True, overflow="ellipsis", min_width=20)
    for head in ("holds in", "contradicted in", "undecided in", "machines"):
        table.add_column(head, justify="right")
    for each in decisions[:MOST_DECISIONS]:
        table.add_row(each.need.name, _taken(each), *_counts(runs, each))
    return Group(Text(answers.joint_result(runs, decisions), style="bold"), table)


def _taken(decision: JointDecision) -> Text:
    if decision.take:
        return Text(decision.take.queue, style="green")
    if decision.is_contradicted:
        return Text("runs contradict each other", style="bold red")
    return Text("not decided", style="yellow")


def _counts(runs: Sequence[Run], decision: JointDecision) -> list[str]:
    """Of the queue to take, or else of the one that most runs confirm."""
    if not decision.queues:
        return [""] * 4
    best = decision.take or decision.queues[0]
    said = (best.holds, best.contradicted, best.undecided)
    machines = count_machines(runs[index] for indices in said for index in indices)
    return [*(str(len(indices)) for indices in said), str(machines)]
