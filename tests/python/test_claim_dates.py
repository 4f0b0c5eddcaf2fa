"""The dates of the claims are those that published runs bear out: a run is scored by what
it wrote down when it began, and that is what the files say stood then."""

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from bqb import ROOT
from bqb.data.expectations import Claim
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.report.units import format_ratio
from bqb.stats import claims

PUBLISHED = ROOT / "results" / "published"
RUNS = sorted(folder.parent for folder in PUBLISHED.rglob("trials.jsonl.xz"))
BOUNDS = ("says", "counter", "than", "above", "below")

run_of = cache(load_run)


@cache
def stated() -> dict[str, list[dict]]:
    """By scenario, the claims that its file states today."""
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
        for path in (ROOT / "scenarios").rglob("*.toml")
    }


def is_the_same(said: Claim, now: dict) -> bool:
    """Whether a claim of a run is one of today's: in words, counter, bounds and queues."""
    queues = now["queue"] if isinstance(now["queue"], list) else [now["queue"]]
    names = () if queues == ["each"] else tuple(queues)
    return said.queues == names and all(getattr(said, key) == now.get(key) for key in BOUNDS)


def began(run: Run) -> date:
    return date.fromisoformat(run.context["date"][:10])


def stood(run: Run, scenario: str, said: Claim) -> bool:
    """Whether the scenario's file says that a claim stood when the run began: in the form of today,
    or in an earlier one."""
    for now in stated()[scenario]:
        if is_the_same(said, now):
            return now["since"] <= began(run)
        for form in now.get("replaces", ()):
            if form["says"] == said.says and said.counter in form["bound"]:
                return form["until"] >= began(run)
    return False


@pytest.mark.parametrize("folder", RUNS, ids=[folder.name for folder in RUNS])
def test_a_published_run_is_scored_by_claims_that_stood_when_it_began(folder: Path) -> None:
    run = run_of(folder)
    for scenario in run.scenarios.values():
        for said in scenario.claims:
            assert stood(run, scenario.name, said), f"{scenario.name}: {said.says}"


def test_some_published_runs_have_claims_and_one_has_an_earlier_form() -> None:
    """Or else the test above holds nothing."""
    said = [
        (name, claim)
        for folder in RUNS
        for name, scenario in run_of(folder).scenarios.items()
        for claim in scenario.claims
    ]
    assert len(said) > 100
    assert not all(any(is_the_same(claim, now) for now in stated()[name]) for name, claim in said)


def test_every_claim_of_the_published_run_is_scored() -> None:
    run = run_of(max(folder for folder in RUNS if folder.parent == PUBLISHED))
    scores = [
        each for scenario in run.scenarios.values() for each in claims.score_all(run, scenario)
    ]
    assert scores and claims.scored(scores) == scores


def test_what_replaced_a_claim_came_on_that_day() -> None:
    """The last of the earlier forms ends on the day on which the claim is stated."""
    replaced = [now for each in stated().values() for now in each if "replaces" in now]
    assert replaced
    for now in replaced:
        assert max(form["until"] for form in now["replaces"]) == now["since"], now["says"]


def test_the_earlier_claim_about_a_logger_fares_as_its_file_says() -> None:
    run = run_of(PUBLISHED / "2026-11-29.amd-epyc-2-cores")
    (form,) = stated()["logger"][0]["replaces"]
    ratio, low = re.search(r"right, too: ([\d.]+) times \[([\d.]+) to", form["why"]).groups()
    now = run.scenarios["logger"].claims[0]
    earlier = Claim(
        form["says"], "push_blocked_p99_ns", now.points, now.queues, now.than, below=0.8
    )
    assert not is_the_same(earlier, stated()["logger"][0])
    score = claims.score(run, earlier)
    assert score.verdict == claims.RIGHT and score.measured
    assert [format_ratio(each) for each in (score.measured.median, score.measured.low)] == [
        f"{ratio}×",
        f"{low}×",
    ]
