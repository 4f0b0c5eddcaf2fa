"""The tables of docs/capacity_rules.md: the knees against closed forms, the scores of the rules,
and that the published file has what the tables need."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from bqb import ROOT
from bqb.advice.knee import RESOLUTION, Measure, knee
from bqb.advice.replay import Outcome
from bqb.data.rows import ResultError
from bqb.pages import capacity_pipelines as pipelines
from bqb.pages import capacity_rules as rules
from bqb.pages.capacity_pipelines import CASES, CLOSED, DROPS, OPEN, Case, Known
from bqb.pages.capacity_rules import RULES, Rule

PROGRAM = Path(os.environ.get("BQB_QUEUE_BENCH", ROOT / "build/release/queue_bench"))
needs_program = pytest.mark.skipif(not PROGRAM.exists(), reason="no release build")
CHEAP = [case for case in CASES if case.load in (0.5, 2) and not case.burst and not case.stall_ns]


# ------------------------------------------------------------------------------------- closed forms


def losses(case: Case, capacity: int) -> float:
    """What an ideal queue with one exponential producer and one exponential consumer loses."""
    rho = case.load
    if case.loop == OPEN:  # the producer waits while at least capacity + 2 are in the system
        return rho ** (capacity + 2)
    if case.loop == DROPS:  # M/M/1/N
        n = capacity + 1
        full = (1 - rho) * rho**n / (1 - rho ** (n + 1))
        return full - max(0.0, 1 - 1 / rho)
    # A birth-death chain on 0 ... capacity + 2, whose throughput is that of the slower side without
    # a bound.
    weights = [rho**n for n in range(capacity + 3)]
    idle = weights[0] / sum(weights)
    return min(1.0, rho) / (1 - idle) - 1


def exact_knee(case: Case, most: float) -> int:
    return next(k for k in range(1, 10_000) if losses(case, k) <= most)


class ClosedForm:
    """An ideal queue whose losses are known."""

    unbounded = Outcome(None, 1.0, 0.0, 0.0, 0.0, None)

    def __init__(self, case: Case):
        self.case = case
        self.rho = case.load

    def at(self, capacities) -> list[Outcome]:
        return [Outcome(k, 1.0, losses(self.case, k), 0.0, 0.0, None) for k in capacities]


def test_knee_of_an_m_m_1_queue_is_that_of_its_closed_form():
    for load in (0.1, 0.5, 0.8, 0.9):
        ideal = ClosedForm(Case("", OPEN, load))
        for most in (0.01, 0.05):
            exact = max(1, math.ceil(math.log(most) / math.log(load)) - 2)
            found = knee(ideal, Measure.BLOCKED, most)
            assert found is not None and exact <= found <= exact + exact // RESOLUTION


def exponential_cases() -> list[Case]:
    plain = [replace(case, name="") for case in CASES]
    return [case for case, bare in zip(CASES, plain) if bare == Case("", bare.loop, bare.load)]


@pytest.mark.parametrize("case", exponential_cases(), ids=lambda c: f"{c.loop} {c.load}")
def test_published_knees_are_those_of_closed_forms(case):
    (known,) = [each for each in rules.known_of() if each.case == case]
    for found, most in ((known.tight, 0.01), (known.loose, 0.05)):
        exact = exact_knee(case, most)
        if case.load == 1:  # here the unbounded queue of the draw is still growing
            assert 0.75 * exact < found <= exact
        else:
            assert found == pytest.approx(exact, abs=max(1, 0.15 * exact))
    assert known.loss[10] == pytest.approx(losses(case, 10), abs=0.015)


def test_closed_forms_are_of_all_loops():
    assert {case.loop for case in exponential_cases()} == {CLOSED, OPEN, DROPS}


# ----------------------------------------------------------------------------------------- scores


@pytest.mark.parametrize(
    "capacity, lost, words",
    [(10, 0.05, "right"), (10, 0.051, "loses"), (100, 0.0, "right"), (101, 0.0, "wastes")],
)
def test_a_rule_is_right_where_it_neither_loses_nor_wastes(capacity, lost, words):
    known = [Known(CASES[0], 10, 5, [10], {capacity: lost})]
    rule = Rule("", "", "", lambda case: capacity)
    (score,) = rules.tries(rule, known)
    assert (score.is_right, score.loses, score.wastes) == (
        words == "right",
        words == "loses",
        words == "wastes",
    )


def test_a_rule_is_not_tried_where_it_says_nothing():
    stalls = next(rule for rule in RULES if "stall" in rule.name)
    numbers = [score.number for score in rules.tries(stalls, rules.known_of())]
    assert numbers == [n for n, case in enumerate(CASES, start=1) if case.stall_ns]


def test_rules_read_the_pipeline():
    case = Case("", OPEN, 0.5, producers=3, consumers=4, burst=7, stall_ns=1_000_000)
    by_name = {rule.name: rule.capacity(case) for rule in RULES}
    assert by_name == {
        "one or none": 1,
        "as many as workers": 3,
        "at least one a consumer": 4,
        "10": 10,
        "64": 64,
        "max(0.5 × rate × latency, burst)": 7,
        "rate × longest stall": 2000,  # 2 a microsecond
        "fits in L3": 524_288,
    }
    latency = next(rule for rule in RULES if "latency" in rule.name)
    assert latency.capacity(replace(case, consumers=40, burst=7)) == 10


def test_pipelines_have_the_load_that_they_state():
    for case in CASES:
        pipeline = pipelines.pipeline_of(case)
        assert pipeline.load == pytest.approx(case.load), case
        assert pipeline.open_loop == (case.loop != CLOSED)
        if case.stall_ns:
            trace = pipeline.consumer.trace
            assert trace.mean() == pytest.approx(pipelines.SERVICE_NS)
            assert trace.max() - trace.min() == case.stall_ns


# ----------------------------------------------------------------------------------------- tables


def test_every_rule_and_every_pipeline_has_a_row():
    _, _, *rows = rules.capacity_rules().splitlines()
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == [r.name for r in RULES]
    _, _, *rows = rules.capacity_knees().splitlines()
    cells = [row.strip("| ").split(" | ") for row in rows]
    assert [cell[0] for cell in cells] == [str(n + 1) for n in range(len(CASES))]
    assert [cell[1:4] for cell in cells] == [[c.loop, c.name, f"{c.load:g}"] for c in CASES]
    assert len({tuple(cell[1:4]) for cell in cells}) == len(CASES) >= 30


@pytest.mark.parametrize("number", range(len(RULES)), ids=[rule.name for rule in RULES])
def test_a_rule_with_another_capacity_has_another_row(monkeypatch, number):
    rule = RULES[number]
    table = rules.capacity_rules.__wrapped__
    before = table()
    other = 10 if rule.name != "10" else 64
    altered = replace(rule, capacity=lambda case: other if rule.capacity(case) else None)
    monkeypatch.setattr(rules, "RULES", (*RULES[:number], altered, *RULES[number + 1 :]))
    changed = [a for a, b in zip(before.splitlines(), table().splitlines()) if a != b]
    assert [row.split(" | ")[0].removeprefix("| ") for row in changed] == [rule.name]


def test_a_capacity_that_was_not_replayed_is_an_error(monkeypatch):
    assert rules.is_current()
    altered = replace(RULES[0], capacity=lambda case: 3)
    monkeypatch.setattr(rules, "RULES", (altered, *RULES[1:]))
    assert not rules.is_current()
    with pytest.raises(ResultError, match=r"capacity_rules\.json: has no capacity 3 .*generate"):
        rules.capacity_rules.__wrapped__()


def test_a_file_of_other_pipelines_is_an_error(tmp_path):
    document = json.loads(pipelines.FILE.read_text(encoding="utf-8"))
    document["pipelines"][3]["case"]["load"] = 0.7
    path = tmp_path / "capacity_rules.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ResultError, match=r"is of other pipelines .*run \./scripts/generate"):
        pipelines.known(path)


# --------------------------------------------------------------------------- what the page says


def test_no_number_is_right_in_half_of_the_pipelines():
    known = rules.known_of()
    most = max(sum(rules.is_right(k, each) for each in known) for k in range(1, 200_000))
    assert f"is right in {most} of {len(known)}" in rules.capacity_best_number()
    assert most < len(known) / 2


def test_a_burst_is_too_small_wherever_messages_come_in_bursts():
    burst = next(rule for rule in RULES if "burst" in rule.name)
    scores = {s.number: s for s in rules.tries(burst, rules.known_of())}
    bursty = [n for n, case in enumerate(CASES, start=1) if case.burst]
    assert bursty and all(scores[n].loses and scores[n].capacity > 1 for n in bursty)


def test_rate_times_stall_is_right_wherever_it_applies():
    stalls = next(rule for rule in RULES if "stall" in rule.name)
    scores = rules.tries(stalls, rules.known_of())
    assert scores and all(score.is_right for score in scores)


# ---------------------------------------------------------------------------------------- replay


def published_rows() -> dict[Case, dict]:
    rows = json.loads(pipelines.FILE.read_text(encoding="utf-8"))["pipelines"]
    return {Case(**row["case"]): row for row in rows}


@needs_program
@pytest.mark.parametrize("case", CHEAP, ids=lambda c: f"{c.loop} {c.name}")
def test_published_losses_are_those_of_a_replay(case):
    (row,) = pipelines.replayed(PROGRAM, [case], rules.capacities)
    assert row == published_rows()[case]


@needs_program
@pytest.mark.deep
def test_all_published_losses_are_those_of_a_replay(tmp_path):
    path = tmp_path / "capacity_rules.json"
    pipelines.renew(PROGRAM, rules.capacities, path)
    assert path.read_text(encoding="utf-8") == pipelines.FILE.read_text(encoding="utf-8")
