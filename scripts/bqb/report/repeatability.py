"""What ./scripts/repeat prints: a line a counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bqb.data.model import Run
from bqb.report.machine import described
from bqb.report.terminal import show
from bqb.report.units import format_share
from bqb.stats.margin import FAR_APART, FAR_APART_MARGINS
from bqb.stats.repeatability import (
    LEAST_FOUND,
    MOST_CONTRADICTED,
    MOST_REVERSED,
    Agreement,
    count_machines,
    finds_enough,
)

MOST_POINTS = 3  # named with what disagrees


def print_agreement(runs: Sequence[Run], agreements: Mapping[str, Agreement]) -> None:
    """The runs, a table of their agreement, and where they disagree."""
    show(Group(*_runs(runs), _table(agreements), *_where(agreements), _limits()))


def _runs(runs: Sequence[Run]) -> list[Text]:
    lines = [
        f"{run.folder.name}: {run.context['date']}, commit {run.context['commit'][:10]}, "
        f"{described(run.context)}"
        for run in runs
    ]
    if count_machines(runs) > 1:
        lines.append("Only runs of the same machine are compared with each other.")
    return [Text(line) for line in lines]


def _table(agreements: Mapping[str, Agreement]) -> Table:
    table = Table(box=box.HORIZONTALS, pad_edge=False, header_style="bold")
    table.add_column("counter", no_wrap=True)
    for head in (
        "reversed, of\npairs far apart",
        "contradicted,\nof verdicts",
        "found worse,\nof far off",
    ):
        table.add_column(head, justify="right")
    for each in agreements.values():
        table.add_row(
            each.counter,
            _part(each.reversed, each.apart, each.is_judged and not each.is_within_limits),
            _part(each.contradicted, each.decided, not each.is_within_limits),
            _part(each.found, each.far, False),
        )
    judged = [each for each in agreements.values() if each.is_judged]
    found, far = sum(each.found for each in judged), sum(each.far for each in judged)
    table.add_row("all that judge", "", "", _part(found, far, not finds_enough(judged)))
    return table


def _part(count: int, total: int, is_beyond: bool) -> Text:
    if not total:
        return Text("-")
    share = format_share(count / total)
    return Text(f"{count} of {total} ({share})", style="bold red" if is_beyond else "")


def _where(agreements: Mapping[str, Agreement]) -> list[Text]:
    return [
        Text(
            f"{each.counter}: "
            + ", ".join(
                f"{point} ({count})" for point, count in each.where.most_common(MOST_POINTS)
            ),
            style="dim",
        )
        for each in agreements.values()
        if each.where
    ]


def _limits() -> Text:
    return Text(
        f"Far apart: medians that differ by more than {FAR_APART:g} times and "
        f"{FAR_APART_MARGINS:g} margins; far off: so far from the lowest, in both runs. "
        "Contradicted: worse than the best in one run, equivalent to it in another. Limits: "
        f"{format_share(MOST_REVERSED)} reversed, {format_share(MOST_CONTRADICTED)} contradicted, "
        f"{format_share(LEAST_FOUND)} found worse in both runs, over all that judge.",
        style="dim",
    )
