"""What a run answers: a line a question, a line a point, and what the columns mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bqb.data.model import REFERENCE, Point, Run, Scenario
from bqb.report.numbers import cell_text, notes_on_marks
from bqb.report.titles import value
from bqb.report.units import counter_name, format_share
from bqb.report.wording import tells_apart, warnings_of_points
from bqb.stats import judging, summaries
from bqb.stats.counters import EFFICIENCY_OF, THROUGHPUT
from bqb.stats.scores import scores
from bqb.stats.thresholds import MAX_SHARE_GAP
from bqb.stats.verdicts import (
    EQUIVALENT,
    FALSE_SHARE,
    UNDECIDED,
    WORSE,
    Key,
    PointVerdicts,
    verdicts_of,
)

MOST_QUEUES = 4  # named for a question of several points
STYLES = {EQUIVALENT: "bold green", UNDECIDED: "yellow", WORSE: "dim"}


def answers(run: Run) -> list[RenderableType]:
    """Everything that is said of the questions, top to bottom."""
    parts = [_questions(run), _points(run), _scores(run), _marks(run)]
    return [part for part in parts if part is not None]


def verdicts_at(run: Run, points: Sequence[Point]) -> dict[str, PointVerdicts]:
    """On what judges each of the points, by its name: those that have a verdict."""
    found = {
        point.name: verdict
        for point in points
        if (verdict := verdicts_of(run).get(Key(point.name, judging.headline(run, point))))
    }
    return {name: verdict for name, verdict in found.items() if not verdict.no_verdict}


# --------------------------------------------------------------------------------------- questions


def _questions(run: Run) -> Table:
    table = Table(
        box=box.HORIZONTALS, show_lines=True, pad_edge=False, expand=False, header_style="bold"
    )
    table.add_column("question", ratio=5, min_width=24)
    table.add_column(
        "against the best\n(points: equivalent,\nundecided, worse)", ratio=4, min_width=24
    )
    table.add_column("lowest\noverhead per\nmessage", min_width=12, max_width=16)
    table.add_column("reference's\noverhead", min_width=12, max_width=16)
    table.add_column("disturbed\nblocks", justify="right")
    for scenario in run.scenarios.values():
        table.add_row(
            Text.assemble((scenario.name, "bold cyan"), "\n", scenario.question),
            _states(run, scenario),
            _span(run, scenario, _lowest),
            _span(run, scenario, _reference),
            _disturbed(run, scenario.points),
        )
    return table


def _states(run: Run, scenario: Scenario) -> Text:
    if reason := run.why_skipped(scenario.name):
        return Text(f"cannot run here: {reason}", style="yellow")
    verdicts = list(verdicts_at(run, scenario.points).values())
    if not verdicts:
        return Text(f"no verdict: {_why_none(run, scenario)}", style="dim")
    return _at_one(verdicts[0]) if len(verdicts) == 1 else _at_several(verdicts)


def _why_none(run: Run, scenario: Scenario) -> str:
    for point in scenario.points:
        if verdict := verdicts_of(run).get(Key(point.name, judging.headline(run, point))):
            return verdict.no_verdict
    return judging.why_no_values(run, scenario.points)


def _at_one(verdict: PointVerdicts) -> Text:
    """The names of the queues in each state."""
    lines = [
        Text.assemble((f"{state}: ", STYLES[state]), ", ".join(queues))
        for state in (EQUIVALENT, UNDECIDED, WORSE)
        if (queues := verdict.having(state))
    ]
    return Text("\n").join(lines)


def _at_several(verdicts: Sequence[PointVerdicts]) -> Text:
    """The number of points in each state, of the queues that are worse at the fewest."""
    counts = {
        queue: [
            sum(each.states.get(queue) == state for each in verdicts)
            for state in (EQUIVALENT, UNDECIDED, WORSE)
        ]
        for queue in dict.fromkeys(queue for each in verdicts for queue in each.order)
    }
    ranked = sorted(counts, key=lambda queue: (counts[queue][2], -counts[queue][0]))
    lines = [
        Text.assemble(
            f"{queue} ",
            (f"{counts[queue][0]}", STYLES[EQUIVALENT]),
            ", ",
            (f"{counts[queue][1]}", STYLES[UNDECIDED]),
            ", ",
            (f"{counts[queue][2]}", STYLES[WORSE]),
        )
        for queue in ranked[:MOST_QUEUES]
    ]
    return Text("\n").join(lines)


def _lowest(run: Run, point: Point) -> str | None:
    """The queue with the lowest median; of a rate, the highest."""
    verdict = verdicts_of(run).get(Key(point.name, judging.headline(run, point)))
    return verdict.order[0] if verdict else None


def _reference(run: Run, point: Point) -> str | None:
    return REFERENCE if REFERENCE in run.queue_names(point.scenario) else None


def _span(run: Run, scenario: Scenario, queue_at: Callable[[Run, Point], str | None]) -> Text:
    """From the lowest to the highest median over the points, and the counter where it is not the
    overhead. No average: points are unlike."""
    known = []
    for point in scenario.points:
        counter, queue = judging.headline(run, point), queue_at(run, point)
        summary = summaries.summarise(run, point, queue, counter) if queue else None
        if summary:
            known.append((summary.median, cell_text(run, point, queue or "")))
    if not known:
        return Text("-")
    ends = dict.fromkeys([min(known)[1], max(known)[1]])
    return Text(" to ".join(ends) + _in_brackets(run, scenario, max(known)[0]))


def _in_brackets(run: Run, scenario: Scenario, highest: float) -> str:
    """What the number is, where it is no overhead; of a rate, how much of the ring's."""
    counter = judging.headline(run, scenario.points[0])
    ring = summaries.machine_baselines(run).ring_msgs_per_s
    if counter == THROUGHPUT and ring:
        return f"\n({format_share(highest / ring)} of ring)"
    return "" if counter in EFFICIENCY_OF else f"\n({counter_name(counter)})"


def _disturbed(run: Run, points: Sequence[Point]) -> Text:
    blocks = run.blocks_of(points)
    if not blocks:
        return Text("no blocks")
    bad = sum(block.disturbed for block in blocks)
    text = f"{bad} of {len(blocks)}\n({format_share(bad / len(blocks))})"
    return Text(text, style="yellow" if bad / len(blocks) > MAX_SHARE_GAP else "")


# ------------------------------------------------------------------------------------------ points


def _points(run: Run) -> Group | None:
    """A line a point: which queue has the lowest median, how many are equivalent to the best,
    undecided or worse, and how small a difference the blocks could have shown."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    for head in ("point", "lowest median"):
        table.add_column(head, overflow="fold")
    for head in ("equi-\nvalent", "unde-\ncided", "\nworse", "\nblocks", "tells apart"):
        table.add_column(head, justify="right")
    for name, verdict in verdicts_at(run, list(run.points.values())).items():
        lowest = value(run, run.points[name], verdict.order[0], verdict.counter)
        table.add_row(
            name,
            f"{verdict.order[0]} {lowest}",
            *(str(len(verdict.having(state))) for state in (EQUIVALENT, UNDECIDED, WORSE)),
            str(verdict.blocks),
            tells_apart(verdict).removeprefix("tells ").removesuffix(" apart"),
        )
    if not table.rows:
        return None
    return Group(Text("\nVerdicts, point by point", style="bold"), table)


def _scores(run: Run) -> Group | None:
    """No single score: at how many of the points that a queue could enter it is what."""
    found = scores(run)
    if not found:
        return None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("queue")
    for head in ("equivalent", "undecided", "worse", "points that it\ncould enter", "left out"):
        table.add_column(head, justify="right")
    points = list(run.points.values())
    for queue, score in sorted(found.items(), key=lambda item: (item[1].worse, item[0])):
        table.add_row(
            queue,
            *map(str, (score.equivalent, score.undecided, score.worse, score.entered)),
            format_share(summaries.disturbed_share(run, points, queue) or 0.0),
        )
    return Group(Text("Against the best of each point", style="bold"), table)


# ------------------------------------------------------------------------------------------- marks


def _marks(run: Run) -> Text:
    """What the columns and marks mean, each only where it is used."""
    scenarios = [each for each in run.scenarios.values() if not run.why_skipped(each.name)]
    cells = [
        (point, queue)
        for scenario in scenarios
        for point in scenario.points
        for queue in run.queue_names(scenario.name)
    ]
    lines = [
        "Overhead: time per message beyond an ideal queue that costs nothing, the median of the "
        "undisturbed blocks; from the lowest to the highest of the points. Worse: some queue is "
        "shown to be better by more than the margin (METHODOLOGY.md); equivalent: none is; "
        "undecided: neither is shown. Of the verdicts of a run, at most "
        f"{format_share(FALSE_SHARE)} are false on average. Tells apart: the smallest difference "
        "to the best that the blocks could have shown. Left out: the share of a queue's trials "
        "that lie in disturbed blocks."
    ]
    judged = [each.name for each in scenarios if each.judged_by]
    if judged:
        lines.append(
            "Judged by another counter than the overhead, the one in brackets: "
            f"{', '.join(judged)}."
        )
    lines += notes_on_marks(run, cells)
    lines += [
        f"{scenario.name}: {warning}."
        for scenario in run.scenarios.values()
        for warning in warnings_of_points(run, scenario.points)
    ]
    if quota := run.context.get("cpu_quota_cores"):
        lines.append(
            f"All of it ran under a CPU quota of {quota:g} cores on "
            f"{run.context.get('cores', '?')}: what waits by spinning looks worse here than "
            "without."
        )
    ring = summaries.machine_baselines(run).ring_msgs_per_s
    if ring and any(judging.headline(run, point) == THROUGHPUT for point, _ in cells):
        lines.append(
            "Of ring: of what the fastest ring passes (one producer and one consumer, both spin)."
        )
    return Text("\n".join(lines), style="dim")
