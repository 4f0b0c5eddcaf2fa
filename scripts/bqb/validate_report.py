"""What ./scripts/validate shows: a table with a verdict for every figure, and below it what a reader must know of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.statistics import percentage
from bqb.validate import FEWEST_BLOCKS, Comparison, passed

SMALL = 0.05  # of a service: a wait below is told in services, not as a percentage of next to nothing


def summary(comparisons: Sequence[Comparison], faults: Sequence[str]) -> RenderableType:
    """The table, its marks, and the verdict as the last line."""
    return Group(table(comparisons), marks(comparisons), *troubles(comparisons, faults),
                 verdict(comparisons, faults))


def table(comparisons: Sequence[Comparison]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")
    made.add_column("what")
    for name in ("K", "ρ", "theory", "measured", "off", "±", "allowed", "as drawn", "replay", "blocks"):
        made.add_column(name, justify="right")
    made.add_column("")
    last = None
    for each in comparisons:
        if last and last.part != each.part:
            made.add_section()
        made.add_row(*row(each, each.title if not last or last.title != each.title else ""),
                     style="" if each.passed else "bold red")
        last = each
    return made


def row(each: Comparison, title: str) -> list[str]:
    what = f"{each.producers}P{each.consumers}C {each.figure}"
    if each.figure == "p99" and not each.open_loop:
        what = f"closed loop {each.figure}"
    elif "throughput" not in each.figure:
        what = f"{'open loop ' if each.part == 'coordinated_omission' else ''}wait, {each.figure}"
    what = f"{title}\n  {what}" if title else f"  {what}"
    numbers = [str(each.capacity) if not each.open_loop else "", f"{each.drawn_rho:g}"]
    if not math.isfinite(each.measured):
        return [what, *numbers, *[""] * 8, "FAIL"]
    numbers += [f"{each.theory:.3f}", f"{each.measured:.3f}",
                *(share(each, value) for value in (each.off["realised"],)), share(each, each.error, sign=""),
                share(each, each.allowed["realised"], sign=""), share(each, each.off["drawn"]),
                share(each, each.off["replay"]), f"{each.blocks}{'†' if each.disturbed else ''}"]
    return [what, *(f"\n{number}" if title else number for number in numbers), f"{chr(10) if title else ''}{word(each)}"]


def word(each: Comparison) -> str:
    return "ok" if each.passed else "FAIL"


def share(each: Comparison, value: float, sign: str = "+") -> str:
    """A difference as a percentage of the theoretical value, or, beside a small one, in services (S)."""
    if not math.isfinite(value):
        return "-"
    return f"{100 * value / each.theory:{sign}.1f}%" if each.theory > SMALL else f"{value:{sign}.3f} S"


def marks(comparisons: Sequence[Comparison]) -> Text:
    lines = ["Throughputs as shares of what the consumers can take, waits (until a consumer has the message) in mean "
             "services (S). Theory at the rates that the work really had; off: measured above theory. "
             "±: its standard error, by theory for throughputs and the mean wait of M/M/1, else between the blocks. "
             "As drawn: above theory at the rates asked for. Replay: above the ideal queue with the same times."]
    if any(each.disturbed for each in comparisons):
        lines.append(f"†: fewer than {FEWEST_BLOCKS} undisturbed blocks; all of them count.")
    return Text("\n".join(lines), style="dim")


def troubles(comparisons: Sequence[Comparison], faults: Sequence[str]) -> list[Text]:
    """Each failure in a line of its own."""
    lines = list(faults)
    for each in comparisons:
        name = f"{each.point} {each.figure}"
        if each.trouble:
            lines.append(f"{name}: {each.trouble}")
        against = {"realised": "theory at the realised rates", "drawn": "theory at the rates as drawn",
                   "replay": "the replay of its own times"}
        lines += [f"{name}: {share(each, each.off[key])} off {against[key]}, allowed is "
                  f"{share(each, each.allowed[key], sign='')}" for key in each.beyond if key in each.off]
    return [Text(f"FAILED {line}", style="bold red") for line in lines]


def verdict(comparisons: Sequence[Comparison], faults: Sequence[str]) -> Text:
    good = sum(each.passed for each in comparisons)
    judged = [each for each in comparisons if each.figure == "throughput" and "realised" in each.off]
    worst = max((abs(each.off["realised"]) / each.theory for each in judged), default=None)
    text = f"{good} of {len(comparisons)} figures agree with queueing theory"
    text += f"; the throughput furthest off by {percentage(worst)}" if worst is not None else ""
    return Text(f"{text}.", style="green" if passed(comparisons, faults) else "bold red")
