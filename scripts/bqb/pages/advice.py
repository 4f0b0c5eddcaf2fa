"""What the pages say of the held-out test of the advice (bqb/advice/held_out.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bqb.advice import regrets
from bqb.advice.drawn import CLOSED, OPEN
from bqb.advice.held_out import PIPELINES, Scored
from bqb.pages.marks import generated
from bqb.pages.sources import AdviceDraw, advice_draws
from bqb.pages.words import count, listed, percent, table
from bqb.report.units import format_ns

LOOPS = {CLOSED: "closed loops", OPEN: "open loops"}
HEADS = ("what", "pipelines", "median", "90th percentile", "worst")


def newest() -> AdviceDraw:
    return advice_draws()[-1]


@generated
def advice_regrets() -> str:
    """Of the newest draw."""
    rows = newest().rows
    return table(
        HEADS,
        [
            *(_shares(f"measured, {LOOPS[kind]}", regrets.of_kind(rows, kind)) for kind in LOOPS),
            *(
                _row(f"measured, overhead beyond the best, {LOOPS[kind]}", each, format_ns)
                for kind in LOOPS
                for each in [regrets.extra_overhead_ns(rows, kind)]
            ),
            _shares("measured, CPU time per message where CPU was limited", regrets.of_cpu(rows)),
            *(
                _shares(f"`--measure none`, {LOOPS[kind]}", regrets.of_nearest(rows, kind))
                for kind in LOOPS
            ),
        ],
    )


def _shares(what: str, found: regrets.Regrets) -> list[str]:
    return _row(what, found, lambda share: f"{percent(share, 1)} %")


def _row(what: str, found: regrets.Regrets, shown: Callable[[float], str]) -> list[str]:
    values = (found.median, found.p90, found.worst)
    return [what, str(found.count), *("" if each is None else shown(each) for each in values)]


@generated
def advice_enough_capacity() -> str:
    rows = newest().rows
    return f"{regrets.enough_capacity(rows)} of {len(rows)}"


@generated
def advice_worst_capacity() -> str:
    worst = max(row.capacity_loss for row in newest().rows if row.capacity_loss is not None)
    return f"{percent(worst, 1)} %"


@generated
def advice_machines() -> str:
    """Of the newest draw, with the number of its pipelines that each measured."""
    machines: dict[str, int] = {}
    for row in newest().rows:
        machines[row.machine] = machines.get(row.machine, 0) + 1
    return listed([f"{number} on {name}" for name, number in machines.items()])


@generated
def advice_draws_before() -> str:
    """The draws of earlier code, each stopped at a miss or for a change of the code."""
    return table(
        ("commit", "pipelines measured", "within 5 % of the largest capacity", "worst regret"),
        [_draw_row(draw.commit, draw.rows) for draw in advice_draws()],
    )


def _draw_row(commit: str, rows: Sequence[Scored]) -> list[str]:
    worst = max(row.regret for row in rows if row.regret is not None)
    return [
        f"`{commit[:12]}`",
        f"{len(rows)} of {PIPELINES}",
        f"{regrets.enough_capacity(rows)} of {len(rows)}",
        f"{percent(worst, 1)} %",
    ]


@generated
def advice_undecided() -> str:
    return count(sum(not row.is_decided for row in newest().rows))
