"""What METHODOLOGY.md says of the newest ./scripts/validate."""

from __future__ import annotations

from bqb import ROOT
from bqb.data import published
from bqb.pages.marks import generated
from bqb.pages.sources import comparisons
from bqb.pages.words import count, listed, percent, table
from bqb.validation import result
from bqb.validation.parts import PARTS
from bqb.validation.result import Comparison

FIGURES = {
    "throughput": "throughput",
    "ideal": "throughput of the replay",
    "mean": "mean wait",
    "p50": "median wait",
    "p99": "99 % wait",
}
DEEP_PARTS = {part.scenario for part in PARTS if part.deep_only}
CAPACITY_4 = "coordinated_omission"  # part with an open and a closed loop at the same loads


@generated
def validation_run() -> str:
    """The command, and its file."""
    deep = any(each.part in DEEP_PARTS for each in comparisons())
    path = (published.latest(published.VALIDATE) / result.FILE).relative_to(ROOT).as_posix()
    return f"`./scripts/validate{' --deep' * deep}` ([{result.FILE}]({path}))"


@generated
def validation_score() -> str:
    everything = comparisons()
    good, judged = result.score(everything)
    robbed = sum(each.robbed for each in everything if not each.judged)
    without = len(everything) - judged - robbed
    unjudged = [
        f"{count(robbed)} because too few trials kept their cores" if robbed else "",
        f"{count(without)} because no tolerance is set" if without else "",
    ]
    not_judged = listed([each for each in unjudged if each])
    return (
        f"Of its {len(everything)} figures {judged} are judged; {good} of these were within their "
        "tolerances." + (f" Not judged are {not_judged}." if not_judged else "")
    )


@generated
def validation_figures() -> str:
    """A line for each part of one title and figure."""
    groups: dict[tuple[str, str], list[Comparison]] = {}
    for each in comparisons():
        if each.judged:
            groups.setdefault((each.title, each.figure), []).append(each)
    heads = (
        "part",
        "figure",
        "judged",
        "blocks or trials of each",
        "of them disturbed",
        "at most off theory",
        "at most off the replay",
    )
    return table(heads, [_figures_row(*key, group) for key, group in groups.items()])


def _figures_row(title: str, figure: str, group: list[Comparison]) -> list[str]:
    blocks = sorted({each.blocks for each in group})
    return [
        title,
        FIGURES[figure],
        str(len(group)),
        f"{blocks[0]} to {blocks[-1]}" if len(blocks) > 1 else str(blocks[0]),
        str(sum(each.disturbed for each in group)),
        *(_furthest(group, against) for against in _AGAINST),
    ]


def _furthest(group: list[Comparison], against: str) -> str:
    off = [abs(_off(each, against)) for each in group if against in each.off]
    return f"{percent(max(off), 1)} %" if off else ""


_AGAINST = ("realised", "replay")


def _off(each: Comparison, against: str) -> float:
    """As a share of theory."""
    return each.off[against] / each.theory


@generated
def validation_tails() -> str:
    """Each 99 % wait, judged or not."""
    tails = [each for each in comparisons() if each.figure == "p99"]
    tails.sort(key=lambda each: (each.title, not each.open_loop, each.drawn_rho))
    heads = ("99 % wait of", "rho", "trials", "off theory", "off the replay", "judged")
    return table(heads, [_tails_row(each) for each in tails])


def _tails_row(each: Comparison) -> list[str]:
    loop = "" if each.part != CAPACITY_4 else ", open loop" if each.open_loop else ", closed loop"
    return [
        each.title + (", spinning work" if each.title == "M/M/1" else "") + loop,
        f"{each.drawn_rho:g}",
        str(each.blocks),
        *(f"{percent(_off(each, against), 1, signed=True)} %" for against in _AGAINST),
        "yes" if each.judged else "no",
    ]


@generated
def validation_wait_of_open_loop() -> str:
    return f"{_tail_at_capacity_4(open_loop=True):.0f}"


@generated
def validation_wait_of_closed_loop() -> str:
    return f"{_tail_at_capacity_4(open_loop=False):.0f}"


def _tail_at_capacity_4(open_loop: bool) -> float:
    """The measured 99 % wait at the highest load, in services."""
    waits = [each for each in comparisons() if each.part == CAPACITY_4]
    waits = [each for each in waits if each.open_loop == open_loop]
    return max(waits, key=lambda each: each.drawn_rho).measured


@generated
def validation_closed_loop() -> str:
    """How much less the 99 % waits of a closed loop are than those of an open one."""
    waits = {
        (each.open_loop, each.drawn_rho): each.measured
        for each in comparisons()
        if each.part == CAPACITY_4
    }
    loads = sorted({rho for _, rho in waits})
    less = [percent(1 - waits[False, rho] / waits[True, rho]) for rho in loads]
    return f"{listed(less)} % shorter, at rho = {listed([f'{rho:g}' for rho in loads])}"
