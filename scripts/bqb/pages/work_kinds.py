"""What docs/published_results.md says of work that loads and stores, or fills the execution units:
which verdicts it changes."""

from __future__ import annotations

from functools import cache

from bqb.data import published
from bqb.data.model import Point, Run
from bqb.pages.marks import generated
from bqb.pages.sources import run_in
from bqb.pages.words import count, table
from bqb.report.numbers import cell_text
from bqb.stats.judging import headline
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key, verdicts_of

USUAL = "spin"
CASES = {"wide": "`wide`", "memory_16_KiB": "16 KiB", "memory_8_MiB": "8 MiB"}
SIDES = {1.0: "the same pace", 2.0: "a slow consumer"}  # by rho


@cache
def _run() -> Run:
    return run_in(published.latest(published.WORK_KINDS))


@cache
def _points() -> dict[tuple[float, str], Point]:
    """By rho and case."""
    return {(point.rho or 0.0, str(point.case)): point for point in _run().points.values()}


def _queues() -> list[str]:
    return _run().queue_names(next(iter(_points().values())).scenario)


def _state(point: Point, queue: str) -> str:
    verdict = verdicts_of(_run()).get(Key(point.name, headline(_run(), point)))
    return "" if verdict is None or verdict.no_verdict else verdict.states.get(queue, "")


@generated
def work_kinds_answer() -> str:
    """How many verdicts beside the usual work another kind turns round, makes or unmakes."""
    sentences = []
    for case, name in CASES.items():
        pairs = [
            (_state(_points()[rho, USUAL], queue), _state(_points()[rho, case], queue))
            for rho in SIDES
            for queue in _queues()
        ]
        known = [pair for pair in pairs if all(pair)]
        turned = sum(set(pair) == {WORSE, EQUIVALENT} for pair in known)
        other = sum((UNDECIDED in pair) and pair[0] != pair[1] for pair in known)
        sentences.append(
            f"{name} turns {count(turned)} of {len(known)} round and moves {count(other)} between "
            "undecided and decided"
        )
    return "; ".join(sentences)


@generated
def work_kinds() -> str:
    """A line a queue at each pace."""
    cases = {USUAL: "`spin`", **CASES}
    return table(
        ("pace", "queue", *cases.values()),
        [
            [words, f"`{queue}`", *(_cell(_points()[rho, case], queue) for case in cases)]
            for rho, words in SIDES.items()
            for queue in _queues()
        ],
    )


def _cell(point: Point, queue: str) -> str:
    number = cell_text(_run(), point, queue)
    return f"{number}, {_state(point, queue) or 'no verdict'}" if number else "no number"
