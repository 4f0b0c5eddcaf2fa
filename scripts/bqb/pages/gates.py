"""What METHODOLOGY.md says of the gate, from the raw pairs of its campaigns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from statistics import fmean, median

import numpy as np

from bqb.data.rows import Row
from bqb.gate import rivals
from bqb.gate.arms import CONTROL
from bqb.gate.campaign import Rate, what_others_would_say
from bqb.gate.decide import REGRESSION
from bqb.gate.pairs import log_ratio
from bqb.pages.marks import generated
from bqb.pages.sources import Recorded, campaigns
from bqb.pages.words import count, percent, table, with_interval

RINGS = ("mpmc_spin_yield_park", "spsc_spin_yield_park")
LOCKED = ("two_condvar", "two_lock", "posix_semaphore", "spin_then_block")
PAIRED_IN_TURNS = "two_layouts/plus15", 6  # the campaign and how many of its first gates
RARE_RATE_GATES = 100  # from so many gates on, a rate is given with a digit more


def ratios(cell: Row, most: int | None = None) -> list[float]:
    """Logarithms, of the first pairs or of all."""
    return [
        log_ratio(pair["base_ns"], pair["head_ns"])
        for pair in cell["pairs"]
        if most is None or pair["number"] <= most
    ]


def cell_of(gate: Row, name: str | None) -> Row:
    (found,) = [cell for cell in gate["cells"] if cell["cell"] == name]
    return found


def judged_cells(gate: Row) -> Iterator[Row]:
    return (cell for cell in gate["cells"] if cell["queue"] != CONTROL)


# ------------------------------------------------------------------------------- what a pair sees


@cache
def spreads_in_turns() -> list[float]:
    """Of the log ratios of a gate's pairs, in the slower cell: the median absolute deviation,
    scaled to a standard deviation."""
    campaign, gates = in_turns()
    logs = [np.array(ratios(cell_of(gate, campaign.kind.cell))) for gate in gates]
    return [1.4826 * float(np.median(np.abs(each - np.median(each)))) for each in logs]


def in_turns() -> tuple[Recorded, list[Row]]:
    name, most = PAIRED_IN_TURNS
    return campaigns()[name], campaigns()[name].gates[:most]


@generated
def gate_turns_deviation() -> str:
    return f"{percent(median(spreads_in_turns()))} %"


@generated
def gate_turns_range() -> str:
    return f"{percent(min(spreads_in_turns()))} to {percent(max(spreads_in_turns()))} %"


@generated
def gate_turns_gates() -> str:
    return str(len(spreads_in_turns()))


@generated
def gate_turns_red() -> str:
    campaign, gates = in_turns()
    return with_interval(sum(red_cells(gate) == [campaign.kind.cell] for gate in gates), len(gates))


def red_cells(gate: Row) -> list[str]:
    return [cell["cell"] for cell in gate["cells"] if cell["state"] == REGRESSION]


# -------------------------------------------------------------------------------------- layouts


LAYOUTS = {
    "two_layouts/relinked": "one layout each, not the same",
    "relinked": "ten layouts each, none in common",
    "aa": "the same twenty layouts",
}


def first_changes(campaign: Recorded, queues: tuple[str, ...]) -> list[float]:
    """Of each cell of these queues in each gate: the change by the median of its first pairs."""
    return [
        math.expm1(median(ratios(cell, campaign.first_look)))
        for gate in campaign.gates
        for cell in gate["cells"]
        if cell["queue"] in queues
    ]


@generated
def gate_layouts() -> str:
    rows = []
    for name, what in LAYOUTS.items():
        campaign = campaigns()[name]
        cells = [f"{what} (`{name}`)", str(len(campaign.gates))]
        for queues in (*((queue,) for queue in LOCKED), RINGS):
            changes = first_changes(campaign, queues)
            ends = (percent(end, 1, signed=True) for end in (min(changes), max(changes)))
            cells.append(f"{' to '.join(ends)} %")
        rows.append(cells)
    heads = (
        f"median of the first {campaign.first_look} pairs, arms of the same sources",
        "gates",
        *(f"`{queue}`" for queue in LOCKED),
        "rings",
    )
    return table(heads, rows)


@generated
def gate_relinked_apart() -> str:
    changes = first_changes(campaigns()["relinked"], (*LOCKED, *RINGS))
    return f"{percent(max(map(abs, changes)), 1)} %"


# ------------------------------------------------------------------------------------ campaigns


@generated
def gate_campaigns() -> str:
    heads = (
        "campaign",
        "live gates",
        "red",
        "red, of 1000 resampled gates",
        "wall time, median and longest",
    )
    return table(heads, [_campaign_row(each) for each in campaigns().values()])


def _campaign_row(campaign: Recorded) -> list[str]:
    rates = campaign.rates
    walls = [gate["wall_s"] for gate in campaign.gates]
    return [
        f"`{campaign.name}`: {_described(campaign)}",
        str(len(campaign.gates)),
        _red(rates, ""),
        _red(rates, ", resampled"),
        f"{median(walls):.0f} s, {max(walls):.0f} s",
    ]


def _described(campaign: Recorded) -> str:
    kind, known = campaign.kind, campaign.settings
    if not kind.cell:
        words = "code at other places" if kind.relinked else "identical arms"
        return words + (", a busy process on one core" if kind.neighbour else "")
    change, low, high = (known[f"real_{name}"] for name in ("change", "low", "high"))
    return (
        f"{percent(change, 1, signed=True)} % ({percent(low, 1)} to {percent(high, 1)}) in "
        f"`{kind.cell.split('/')[1]}`"
    )


def _red(rates: dict[str, Rate], tag: str) -> str:
    """How many are red, and what becomes of the others, or at which look."""
    red = rates[f"red{tag}"]
    words = [with_interval(red.hits, red.n, digits=int(red.n >= RARE_RATE_GATES))]
    at_first = rates.get(f"at the first look{tag}")
    if at_first:
        hits = {red.hits: "all", 0: "none"}.get(at_first.hits, at_first.hits)
        return f"{words[0]}, {hits} at the first look"
    for state in ("pass", "inconclusive", "invalid"):
        rate = rates.get(f"{state}{tag}")
        if rate and rate.hits:
            words.append(f"{'all' if rate.hits == rate.n else rate.hits} {state}")
    return ", ".join(words)


@generated
def gate_named() -> str:
    """Of the red gates whose head is slower in one cell."""
    red = named = 0
    for campaign in campaigns().values():
        cells = [red_cells(gate) for gate in campaign.gates if gate["exit_status"] == 1]
        if campaign.kind.cell:
            red += len(cells)
            named += sum(each == [campaign.kind.cell] for each in cells)
    return f"Of {red} red gates with a slower cell, {named} named that cell and no other."


@generated
def gate_misses() -> str:
    """The pairs of `plus25` that do not show the regression."""
    campaign = campaigns()["plus25"]
    pairs = missed = stalled = 0
    waited = []
    for number, gate in enumerate(campaign.gates, 1):
        cell = cell_of(gate, campaign.kind.cell)
        of_gate = [bool(log <= campaign.rule.tau) for log in ratios(cell)]
        stops = [worst > 2 for worst in worst_trials(cell)]
        pairs += len(of_gate)
        missed += sum(of_gate)
        stalled += sum(miss and stop for miss, stop in zip(of_gate, stops))
        if gate["looks_made"] > 1:
            first = sum(log <= campaign.rule.tau for log in ratios(cell, campaign.first_look))
            waited.append(f"Gate {number} had {count(first)} in its first {campaign.first_look}")
    later = f" {'. '.join(waited)}, and waited for a later look." if waited else ""
    return (
        f"Of the {pairs} pairs of `plus25` {count(missed)} were such; in {count(stalled)} of these "
        f"a trial took more than twice the median of its arm.{later}"
    )


def worst_trials(cell: Row) -> list[float]:
    """Of each pair: the slowest of its trials, in medians of all trials of its arm."""
    arms = ("base_ns", "head_ns")
    usual = {arm: median(ns for pair in cell["pairs"] for ns in pair[arm]) for arm in arms}
    return [max(max(pair[arm]) / usual[arm] for arm in arms) for pair in cell["pairs"]]


# --------------------------------------------------------------------------------------- rivals


@cache
def others(name: str) -> dict[str, Rate]:
    campaign = campaigns()[name]
    return {rate.what: rate for rate in what_others_would_say(campaign.kind, campaign.gates)}


@generated
def gate_rivals() -> str:
    same, slower = (campaigns()[name].rates for name in ("aa", "plus15"))
    rows = [("this gate", same["red"], slower["red, that cell and no other"])]
    for name in rivals.names():
        words = name.replace("one pair, ", "one pair beyond ").replace("0%", "0 %")
        words = words.replace("compare.py", "`compare.py`")
        rows.append(
            (
                words,
                others("aa")[f"{name}: red"],
                others("plus15")[f"{name}: that cell and no other"],
            )
        )
    heads = ("rule", "`aa`: red", "`plus15`: red, that cell and no other")
    return table(heads, [(words, *map(_of_gates, rates)) for words, *rates in rows])


def _of_gates(rate: Rate) -> str:
    return with_interval(rate.hits, rate.n).replace(" (", f" of {rate.n} (", 1)


@generated
def gate_correlation() -> str:
    """Of the times of both arms, over the pairs of a cell of a gate."""
    found = []
    for gate in campaigns()["aa"].gates:
        for cell in judged_cells(gate):
            base, head = (
                [fmean(pair[arm]) for pair in cell["pairs"]] for arm in ("base_ns", "head_ns")
            )
            found.append(float(np.corrcoef(base, head)[0, 1]))
    return f"{median(found):.2f}"


@generated
def gate_rank_test_cells() -> str:
    rate = others("aa")[f"{rivals.MANN_WHITNEY}: red cells"]
    return f"{rate.hits} of {rate.n} cells"


@generated
def gate_rank_test_found() -> str:
    rate = others("plus15")[f"{rivals.MANN_WHITNEY}: that cell and no other"]
    return f"{rate.hits} of {rate.n} gates"


@generated
def gate_found() -> str:
    rate = campaigns()["plus15"].rates["red, that cell and no other"]
    return f"{rate.hits} of {rate.n}"
