"""What ./scripts/validate shows: a table with a verdict for every figure, and what a reader must
know of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.report.units import format_share
from bqb.validation.comparison import FEWEST_BLOCKS, FEWEST_RUNNING, MIN_ON_CPU
from bqb.validation.result import Comparison, passed, agreement

COLUMNS = {
    "K": 3,
    "ρ": 4,
    "theory": 6,
    "measured": 8,
    "off": 6,
    "±": 6,
    "allowed": 7,
    "drawn": 6,
    "replay": 6,
    "blocks": 6,
    "": 4,
}  # and their widths
# Of a service: a wait below is told in services, not as a percentage of next to nothing.
SMALL = 0.05


def summary(comparisons: Sequence[Comparison], faults: Sequence[str]) -> RenderableType:
    """A table a part, the marks, the failures, and the verdict as the last line."""
    titles = dict.fromkeys(each.title for each in comparisons)
    tables = [
        table(title, [each for each in comparisons if each.title == title]) for title in titles
    ]
    return Group(
        *tables, marks(comparisons), *error_lines(comparisons, faults), verdict(comparisons, faults)
    )


def table(title: str, comparisons: Sequence[Comparison]) -> Table:
    rich_table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        title=title,
        title_justify="left",
        title_style="bold",
    )
    rich_table.add_column("", no_wrap=True, width=11)
    for name, width in COLUMNS.items():
        rich_table.add_column(name, justify="right", no_wrap=True, width=width)
    for each in comparisons:
        rich_table.add_row(*row(each), style="" if each.passed else "bold red")
    return rich_table


def row(each: Comparison) -> list[str]:
    of_queue = each.is_rate
    cells = [
        f"{each.producers}P{each.consumers}C{' ideal' * (each.figure == 'ideal')}"
        if of_queue
        else each.figure
        + ("" if each.part != "coordinated_omission" else " open" if each.open_loop else " closed"),
        str(each.capacity) if of_queue else "",
        f"{each.drawn_rho:g}",
    ]
    if not each.off:
        return [*cells, *[""] * 8, "FAIL"]
    return [
        *cells,
        number(each.theory),
        number(each.measured),
        share(each, each.off.get("realised", math.nan)),
        share(each, each.error, sign=""),
        share(each, each.allowed.get("realised", math.nan), sign=""),
        share(each, each.off.get("drawn", math.nan)),
        share(each, each.off.get("replay", math.nan)),
        f"{each.blocks}{'‡' if each.robbed else '†' if each.disturbed else ''}",
        "" if not each.allowed else "ok" if each.passed else "FAIL",
    ]


def number(value: float) -> str:
    return f"{value:.3f}" if value < 100 else f"{value:.0f}"


def share(each: Comparison, value: float, sign: str = "+") -> str:
    """A difference as a percentage of the theoretical value, or, beside a small one, in services
    (S)."""
    if not math.isfinite(value):
        return "-"
    if each.theory <= SMALL:
        return f"{value:{sign}.2f}S"
    percent = 100 * value / each.theory
    return (
        f"{percent:{sign}.1f}%"
        if abs(percent) < 99.95
        else f"{percent:{sign}.0f}%"
        if percent < 999
        else ">999%"
    )


def marks(comparisons: Sequence[Comparison]) -> Text:
    lines = [
        "Throughputs as shares of what the consumers can take, waits (until a consumer has the "
        "message) in mean services (S). Theory at the rates that the work really had; off: "
        "measured above theory. "
        "±: standard error, for throughputs and the mean wait of M/M/1 by theory (as drawn; at the "
        "realised rates it is smaller), else between the blocks. "
        "Ideal: the replayed ideal queue against theory, which bounds the error of a loss. "
        "Drawn: above theory at the rates asked for. Replay: above the ideal queue with the same "
        "times. "
        "Without a verdict: shown, not judged."
    ]
    if any(each.disturbed for each in comparisons):
        lines.append(f"†: fewer than {FEWEST_BLOCKS} undisturbed blocks; all of them count.")
    if any(each.robbed for each in comparisons):
        lines.append(
            f"‡: not judged, for fewer than {FEWEST_RUNNING} trials had their cores for "
            f"{MIN_ON_CPU:.1%} of "
            "their time. Repeat it when the machine has nothing else to do."
        )
    return Text("\n".join(lines), style="dim")


def error_lines(comparisons: Sequence[Comparison], faults: Sequence[str]) -> list[Text]:
    """A line for each figure that failed, with all that is wrong with it."""
    lines = [
        *faults,
        *(
            f"{each.point} {each.figure}: {'; '.join(what_is_wrong(each))}"
            for each in comparisons
            if not each.passed
        ),
    ]
    return [Text(f"FAILED {line}", style="bold red") for line in lines]


def what_is_wrong(each: Comparison) -> list[str]:
    against = {
        "realised": "theory",
        "drawn": "theory at the rates as drawn",
        "replay": "the replay",
    }
    off = [
        f"{share(each, each.off[key])} off {against[key]} (allowed: "
        f"{share(each, each.allowed[key], sign='')})"
        for key in each.beyond
        if key in each.off
    ]
    return [*([each.trouble] if each.trouble else []), *off]


def verdict(comparisons: Sequence[Comparison], faults: Sequence[str]) -> Text:
    judged = [
        each
        for each in comparisons
        if each.figure == "throughput" and each.judged and "realised" in each.off
    ]
    worst = max((abs(each.off["realised"]) / each.theory for each in judged), default=None)
    text = f"Against queueing theory: {agreement(comparisons)}"
    text += f"; the throughput furthest off by {format_share(worst)}" if worst is not None else ""
    return Text(f"{text}.", style="green" if passed(comparisons, faults) else "bold red")
