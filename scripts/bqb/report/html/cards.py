"""A card a queue: what it is, where it wins and loses, where it could not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bqb.data import libraries
from bqb.data.model import Point, Run
from bqb.data.queue_list import listed
from bqb.data.tested import UNKNOWN_COMMIT, QueueTests, tested_of
from bqb.report.figures.view import View
from bqb.report.html.sections import (
    SWITCHES,
    QueueName,
    judge_in_words,
    number_of,
    point_link,
    point_title,
    queue_name,
)
from bqb.report.numbers import cell_text
from bqb.report.table import PROPERTIES
from bqb.report.units import counter_name, format_ns
from bqb.stats.counters import CPU_BEYOND_WORK
from bqb.stats.decisions import Decision, preference
from bqb.stats.summaries import machine_baselines
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE

ABOUT = ("What", "Use it", "Not", "Limits", "Source")  # of a header's comment
LEAST_SWITCHES = 0.01  # per message: fewer cost less than the margin
LABEL_HEADS = {  # in words; line_up says nothing of a queue, note and defect have their own lines
    "origin": "written by",
    "producers": "producers",
    "consumers": "consumers",
    "capacities": "capacities",
    "bound": "its bound is",
    "element": "element type",
    "fifo": "FIFO order",
    "blocking": "blocking",
    "timed": "timed calls",
    "tries": "calls that try",
    "batches": "calls for batches",
    "close": "close",
    "stall": "a stopped thread stalls",
    "waiting": "waiting",
}
LABEL_VALUES = {
    ("origin", "house"): "this project",
    ("origin", "peer"): "a library",
    ("bound", "rounded"): "rounded up",
    ("blocking", "emulated"): "by the adapter",
    ("blocking", "native"): "its own",
    ("close", "quiescent"): "exact only while no push runs",
    ("close", "end of stream"): "heard by pops only",
}

Tests = Mapping[str, QueueTests]


@dataclass(frozen=True)
class Link:
    """A point, with what the queue shows there."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Refusal:
    """Points that a queue could not enter, for one reason."""

    reason: str
    points: tuple[Link, ...]


@dataclass(frozen=True)
class NeedLine:
    """How a queue does for a need; all empty where it has no number."""

    name: str
    link: str
    judge: str  # overhead per message, less is better
    state: str
    value: str
    cpu: str
    switches: str


@dataclass(frozen=True)
class Card:
    queue: QueueName
    purpose: str
    about: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    note: str
    defect: str
    version: str
    tested: str  # contract and explorer, as last tested on this commit
    header: str
    behind: str  # where it is furthest behind the best, and what it does there
    needs: tuple[NeedLine, ...]
    equivalent: tuple[Link, ...]
    undecided: tuple[Link, ...]
    worse: tuple[Link, ...]
    refused: tuple[Refusal, ...]
    properties: tuple[tuple[str, str], ...]


def cards_of(view: View, decisions: Sequence[Decision]) -> list[Card]:
    """The queues of a run, in the order of preference."""
    known = [*view.run.queues, *(queue for _, queue in view.run.cells())]
    context = view.run.context
    tests = tested_of(str(context.get("commit", UNKNOWN_COMMIT)), bool(context.get("dirty", True)))
    return [
        _card(view, queue, decisions, tests)
        for queue in sorted(dict.fromkeys(known), key=preference)
    ]


def _card(view: View, queue: str, decisions: Sequence[Decision], tests: Tests | None) -> Card:
    labels = view.run.queues.get(queue, {})
    entry = listed().get(queue)
    by_state = _points_by_state(view, queue)
    return Card(
        queue_name(view, queue),
        entry.purpose if entry else "A queue from outside this project.",
        tuple((label, text) for label in ABOUT if entry and (text := entry.about(label))),
        tuple(
            (head, LABEL_VALUES.get((name, str(labels[name])), str(labels[name])))
            for name, head in LABEL_HEADS.items()
            if labels.get(name)
        ),
        labels.get("note", ""),
        labels.get("defect", ""),
        _version(view.run, entry.library if entry else None),
        tested_in_words(tests, queue),
        f"queues/{entry.header}" if entry else "",
        furthest_behind(view, decisions, queue),
        tuple(_need_line(view, decision, queue) for decision in decisions),
        *(tuple(by_state[state]) for state in (EQUIVALENT, UNDECIDED, WORSE)),
        tuple(_refusals(view, queue)),
        tuple(_properties(view.run, queue)),
    )


def tested_in_words(tests: Tests | None, queue: str) -> str:
    """How the contract tests and the explorer of this clone's last ./scripts/test ended."""
    known = tests.get(queue) if tests else None
    if known is None:
        return "Tests: none are known here for this commit; ./scripts/test runs them."
    explorer = f"{known.explorer_passed} of {known.explorer_passed + known.explorer_failed}"
    text = (
        f"Tested on this commit, {known.date[:10]}: contract {known.contract_passed} passed, "
        f"{known.contract_failed} failed, {known.contract_skipped} skipped; explorer {explorer} "
        f"passed ({', '.join(known.builds)})."
    )
    if known.broken_builds:
        text += f" Not tested to the end: {', '.join(known.broken_builds)}."
    return text + (f" Failed: {', '.join(known.failed)}." if known.failed else "")


def furthest_behind(view: View, decisions: Sequence[Decision], queue: str) -> str:
    """The need for which a queue is worse than the best by the largest factor, with the context
    switches of both; empty where it is worse for none."""
    factors = {
        index: each.verdict.medians[queue] / each.verdict.medians[each.verdict.order[0]]
        for index, each in enumerate(decisions)
        if each.verdict and queue in each.avoid and each.verdict.medians[each.verdict.order[0]] > 0
    }
    if not factors:
        return ""
    decision = decisions[max(factors, key=lambda index: factors[index])]
    assert decision.verdict is not None
    point, best = decision.point, decision.verdict.order[0]
    name = decision.need.name
    text = f"Furthest behind the best for “{name}”: {counter_name(decision.counter)} "
    text += f"{cell_text(view.run, point, queue)}, {best} {cell_text(view.run, point, best)}."
    mine, theirs = (number_of(view, point, each, SWITCHES) for each in (queue, best))
    if (mine.value or 0.0) < LEAST_SWITCHES or mine.value < 2 * (theirs.value or 0.0):
        return text
    wake_ns = machine_baselines(view.run).wake_ns
    takes = f", which takes about {format_ns(wake_ns)} here" if wake_ns else ""
    return (
        f"{text} It makes {mine.text} context switches per message, {best} {theirs.text}: a thread "
        f"that has gone to sleep must be woken{takes}."
    )


def _need_line(view: View, decision: Decision, queue: str) -> NeedLine:
    point = decision.point
    return NeedLine(
        decision.need.name,
        point_link(view, point),
        judge_in_words(view, point),
        view.state(point, queue),
        cell_text(view.run, point, queue),
        number_of(view, point, queue, CPU_BEYOND_WORK).text,
        number_of(view, point, queue, SWITCHES).text,
    )


def _version(run: Run, library: str | None) -> str:
    """Of the library that a queue wraps, or of this project."""
    if library is None:
        return ""
    date = str(run.context.get("date", ""))[:10]
    if library:
        known = libraries.library(library)
        text = f"{known.release(run.context.get('libraries', {}))}, as measured on {date}"
        if known.as_of is None:
            return text
        return f"{text}; newest release known on {known.as_of}: {known.newest_known}"
    commit = str(run.context.get("commit", ""))[:12]
    version = run.context.get("version", "")
    return f"this project {version}{f', commit {commit}' if commit else ''}, measured on {date}"


def _points_by_state(view: View, queue: str) -> dict[str, list[Link]]:
    links: dict[str, list[Link]] = {EQUIVALENT: [], UNDECIDED: [], WORSE: []}
    for scenario in view.run.scenarios.values():
        for point in view.points(scenario):
            state = view.state(point, queue)
            if state:
                links[state].append(_link(view, point, cell_text(view.run, point, queue)))
    return links


def _link(view: View, point: Point, text: str = "") -> Link:
    scenario = view.run.scenarios[point.scenario]
    name = scenario.name.replace("_", " ")
    title = point_title(point, scenario)
    both = name if title.lower() == name else f"{name}: {title[0].lower()}{title[1:]}"
    return Link(point_link(view, point), both, text)


def _refusals(view: View, queue: str) -> Iterable[Refusal]:
    by_reason: dict[str, list[Link]] = {}
    for problem in view.run.problems:
        if problem.queue == queue and problem.point in view.run.points:
            point = view.run.points[problem.point]
            word = {"failed": "Failed: ", "void": "No measurable window: "}.get(problem.kind, "")
            link = _link(view, point)
            by_reason.setdefault(f"{word}{problem.reason}", []).append(link)
    return [Refusal(reason, tuple(links)) for reason, links in by_reason.items()]


def _properties(run: Run, queue: str) -> Iterable[tuple[str, str]]:
    for key, each in PROPERTIES.items():
        value = run.property_of(queue, *key)
        if value is not None:
            yield each.name, each.in_words(value)
