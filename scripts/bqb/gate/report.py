"""What a gate shows: a table whose last line is the verdict, a Markdown summary, annotations for
GitHub."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.gate import decide
from bqb.gate.run import Result, change
from bqb.stats.sign_test import median_interval

MOST_ANNOTATIONS = 10  # that GitHub shows of a step
STATES = {decide.REGRESSION: "REGRESSION", decide.PASSED: "pass", decide.OPEN: "undecided"}
STYLES = {"REGRESSION": "bold red", "undecided": "yellow", "advisory": "dim", "control": "dim"}
HEADS = ("cell", "base", "head", "change", "95% interval", "pairs", "")


def rows(result: Result) -> list[tuple[str, ...]]:
    """The cells: name, ns a message in both arms, change of the median, its interval, pairs,
    state."""
    cells = []
    for cell in result.cells:
        pairs = result.pairs.get(cell.name, [])
        state = (
            "control"
            if cell.is_control
            else "advisory"
            if cell.name in result.advisory
            else STATES.get(result.states.get(cell.name, ""), "not reached")
        )
        if not pairs:
            cells.append((cell.name, "", "", "", "", "0", state))
            continue
        ratios = result.ratios(cell.name)
        low, high = median_interval(ratios)
        base, head = (
            nanoseconds([ns for turns in side for ns in turns])
            for side in zip(*((pair.base_ns, pair.head_ns) for pair in pairs))
        )
        cells.append(
            (
                cell.name,
                base,
                head,
                change(float(np.median(ratios))),
                f"{change(low)} .. {change(high)}",
                str(len(pairs)),
                state,
            )
        )
    return cells


def nanoseconds(values: Sequence[float]) -> str:
    value = float(np.median(values))
    return f"{value:,.0f} ns" if value >= 100 else f"{value:.1f} ns"


def count_rows(result: Result) -> list[tuple[str, ...]]:
    return [
        (
            f"{each.queue}: {each.what}",
            f"{each.base:.2f}",
            f"{each.head:.2f}",
            f"{each.change:+.2%}",
            f"up to +{each.limit_pct:g}%",
            "REGRESSION" if each.is_regression else "pass",
        )
        for each in result.counts
    ]


def facts(result: Result) -> list[str]:
    """What a reader must know besides the tables."""
    rule = result.policy.rule
    lines = [
        "Time a message, medians; change: of the pairs' ratios head / base. A regression is "
        "slower by more than "
        f"{100 * rule.threshold:.3g}%, with a chance of error of at most {100 * rule.alpha:.2g}% "
        "over all cells "
        f"and looks (after {', '.join(map(str, rule.looks))} pairs)."
    ]
    lines += [f"{name} is advisory: {reason}." for name, reason in result.advisory.items()]
    lines += [f"{remark}." for remark in result.remarks]
    voids = sum(pair.voids for pairs in result.pairs.values() for pair in pairs)
    if voids:
        lines.append(f"{voids} trials had no window to measure and were made again.")
    lines += [
        f"The {name} has uncommitted changes."
        for name, arm in (("base", result.base), ("head", result.head))
        if arm is not None and arm.dirty
    ]
    lines.append(f"{result.wall_s:.0f} s, seed {result.seed}.")
    return lines


def verdict_line(result: Result) -> str:
    allowed = " (allowed by the policy)" if result.undecided and result.status == 0 else ""
    return result.verdict + allowed


def summary(result: Result) -> RenderableType:
    parts: list[RenderableType] = [table(HEADS, rows(result))]
    if result.counts:
        parts.append(
            table(("a message takes", "base", "head", "change", "allowed", ""), count_rows(result))
        )
    style = {0: "green", 1: "bold red"}.get(result.status, "yellow")
    return Group(
        *parts, Text("\n".join(facts(result)), style="dim"), Text(verdict_line(result), style=style)
    )


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    rich_table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        rich_table.add_column(
            head, justify="right" if 0 < number < len(heads) - 1 else "left", overflow="fold"
        )
    for line in lines:
        rich_table.add_row(*line, style=STYLES.get(line[-1], ""))
    return rich_table


def markdown(result: Result) -> str:
    def lines_of(heads, lines):
        def line(cells):
            return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

        return [line(heads), "|" + " --- |" * len(heads), *map(line, lines), ""]

    mark = {0: "✅", 1: "❌"}.get(result.status, "⚠️")
    page = [f"## {mark} Queues: {verdict_line(result)}", "", *lines_of(HEADS, rows(result))]
    if result.counts:
        page += lines_of(
            ("a message takes", "base", "head", "change", "allowed", ""), count_rows(result)
        )
    return "\n".join([*page, *(f"- {fact}" for fact in facts(result))]) + "\n"


def annotations(result: Result) -> list[str]:
    """GitHub's workflow commands: an error for each regression, the worst first, at most ten of
    them in all."""
    if result.invalid or result.undecided and not result.regressions:
        level = "warning" if result.status == 0 else "error"
        return [command(level, "Queue performance", verdict_line(result))]
    regressions = result.regressions
    if len(regressions) > MOST_ANNOTATIONS:
        more = len(regressions) - MOST_ANNOTATIONS + 1
        regressions = [*regressions[:-more], f"and {more} more regressions: see the table"]
    return [command("error", "A queue got slower", text) for text in regressions]


def command(level: str, title: str, text: str) -> str:
    def data(value: str) -> str:
        return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def property_(value: str) -> str:
        return data(value).replace(":", "%3A").replace(",", "%2C")

    return f"::{level} title={property_(title)}::{data(text)}"
