"""Writes the report of several runs: each run's own verdicts side by side. Runs share no block, so
no number of one is divided by a number of another: verdicts are counted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bqb.data.files import write_atomically
from bqb.data.model import Point, Run, Scenario
from bqb.report import answers
from bqb.report.figures.style import queue_styles
from bqb.report.figures.view import View
from bqb.report.html import REPORT
from bqb.report.html.page import fill, left_out
from bqb.report.html.sections import QueueName, anchor, point_anchor, point_title, queue_name
from bqb.report.machine import described, machines
from bqb.report.numbers import cell_text
from bqb.report.units import counter_name
from bqb.stats.decisions import Agreement, JointDecision, Need, joint_decisions, preference
from bqb.stats.repeatability import asked_alike, count_machines


@dataclass(frozen=True)
class RunLine:
    """A run in the list of runs. `link`: to its own report; empty where there is none."""

    name: str
    machine: str
    host: str
    date: str
    commit: str
    left_out: str
    link: str


@dataclass(frozen=True)
class Said:
    """What a run says of a queue at a point: state (empty: no verdict) and median."""

    state: str
    text: str


@dataclass(frozen=True)
class Counts:
    """Runs by what they say of taking a queue, as "3 (a, b, c)", and on how many machines."""

    holds: str
    contradicted: str
    undecided: str
    machines: str


@dataclass(frozen=True)
class Line:
    """A queue in a table of runs, a cell a run."""

    queue: QueueName
    cells: tuple[Said, ...]
    counts: Counts | None = None


@dataclass(frozen=True)
class JointRow:
    """A need. `counts`: of the queue to take, or else of the one that most runs confirm."""

    id: str
    name: str
    says: str
    link: str  # the id of the point's section
    judge: str
    take: QueueName | None
    disagreement: bool
    counts: Counts | None
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class JointPoint:
    id: str
    title: str
    judge: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class JointSection:
    id: str
    name: str
    question: str
    points: tuple[JointPoint, ...]


def write_joint_report(runs: Sequence[Run], needs: Sequence[Need], path: Path) -> Path:
    """Writes the page to `path`, whole or not at all."""
    write_atomically(path, render(runs, needs, path.parent).encode())
    return path


def render(runs: Sequence[Run], needs: Sequence[Need], folder: Path) -> str:
    """The page as it is to lie in `folder`."""
    names = run_names(runs)
    looks = queue_styles(
        dict.fromkeys(
            queue for run in runs for queue in (*run.queues, *(name for _, name in run.cells()))
        )
    )
    views = [View(run, looks) for run in runs]
    where = machines(count_machines(runs))
    alike = asked_alike(runs)
    decisions = joint_decisions(runs, needs, alike)
    return fill(
        "joint.html.j2",
        title=f"Bounded queues in {len(runs)} runs on {where}",
        result=answers.joint_result(runs, decisions),
        runs=[_run_line(run, name, folder) for run, name in zip(runs, names)],
        decisions=[_row(views, names, decision) for decision in decisions],
        sections=_sections(views, alike),
        names=names,
    )


def run_names(runs: Sequence[Run]) -> list[str]:
    """The last parts of their folders' paths that tell the runs apart."""
    paths = [run.folder.resolve() for run in runs]
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-parts:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{path} ({number})" for number, path in enumerate(paths, start=1)]


def _run_line(run: Run, name: str, folder: Path) -> RunLine:
    own = run.folder / REPORT
    return RunLine(
        name,
        described(run.context),
        str(run.context.get("host_name", "")),
        str(run.context.get("date", "unknown"))[:16].replace("T", " "),
        str(run.context.get("commit", ""))[:12] or "unknown",
        left_out(run),
        quote(os.path.relpath(own, folder)) if own.is_file() else "",
    )


def _row(views: Sequence[View], names: Sequence[str], decision: JointDecision) -> JointRow:
    take = decision.take
    any_view = views[0]
    notes = [
        f"Asked in another way by {names[index]}: not counted." for index in decision.otherwise
    ]
    notes += [
        f"No verdict in {names[index]}: {each.no_verdict}."
        for index, each in decision.decisions.items()
        if each.no_verdict
    ]
    first = next(iter(decision.decisions.values()))
    return JointRow(
        anchor(decision.need.id),
        decision.need.name,
        decision.need.says,
        point_anchor(decision.need.point),
        counter_name(first.counter),
        queue_name(any_view, take.queue) if take else None,
        decision.is_contradicted,
        _counts(views, names, take or decision.queues[0]) if decision.queues else None,
        tuple(_decision_line(views, names, decision, each) for each in decision.queues),
        tuple(notes),
    )


def _decision_line(
    views: Sequence[View], names: Sequence[str], decision: JointDecision, agreement: Agreement
) -> Line:
    cells = []
    for index, view in enumerate(views):
        each = decision.decisions.get(index)
        point = each.point if each else None
        cells.append(_said(view, point, agreement.queue) if point else Said("", ""))
    return Line(
        queue_name(views[0], agreement.queue), tuple(cells), _counts(views, names, agreement)
    )


def _counts(views: Sequence[View], names: Sequence[str], agreement: Agreement) -> Counts:
    def of(indices: Sequence[int]) -> str:
        listed = f" ({', '.join(names[index] for index in indices)})" if indices else ""
        return f"{len(indices)}{listed}"

    every = (*agreement.holds, *agreement.contradicted, *agreement.undecided)
    return Counts(
        of(agreement.holds),
        of(agreement.contradicted),
        of(agreement.undecided),
        machines(count_machines(views[index].run for index in every)),
    )


def _said(view: View, point: Point, queue: str) -> Said:
    return Said(view.state(point, queue), cell_text(view.run, point, queue))


def _sections(views: Sequence[View], alike: dict[str, tuple[int, ...]]) -> list[JointSection]:
    """Every question that any run asks, with the verdicts of those that ask alike."""
    scenarios: dict[str, Scenario] = {}
    names: dict[str, dict[str, None]] = {}  # of points, by scenario; a run may lack some
    for view in views:
        for name, scenario in view.run.scenarios.items():
            scenarios.setdefault(name, scenario)
            names.setdefault(name, {}).update(dict.fromkeys(p.name for p in scenario.points))
    sections = []
    for name, scenario in scenarios.items():
        points = tuple(_joint_point(views, scenario, each, alike[each]) for each in names[name])
        title = name.replace("_", " ")
        sections.append(JointSection(anchor(f"question:{name}"), title, scenario.question, points))
    return sections


def _joint_point(
    views: Sequence[View], scenario: Scenario, name: str, alike: tuple[int, ...]
) -> JointPoint:
    first = views[alike[0]]
    point, asked = first.run.points[name], first.run.scenarios[scenario.name]
    queues = dict.fromkeys(
        queue for index in alike for queue in views[index].run.queue_names(scenario.name)
    )
    lines = []
    for queue in sorted(queues, key=preference):
        cells = tuple(
            _said(view, view.run.points[name], queue) if index in alike else Said("", "")
            for index, view in enumerate(views)
        )
        if any(cell.text for cell in cells):
            lines.append(Line(queue_name(first, queue), cells))
    return JointPoint(
        point_anchor(name),
        point_title(point, asked),
        counter_name(first.counter(point)),
        tuple(lines),
    )
