"""What README.md says of the published run is what the run says."""

import re
from datetime import date

import pytest
from bqb import ROOT
from bqb.data.load import load_run
from bqb.data.queue_list import listed
from bqb.report.units import format_ns
from bqb.running import publishing
from bqb.stats import summaries

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = ROOT / "results/published/2026-11-29.amd-epyc-2-cores"


@pytest.fixture(scope="module")
def run():
    return load_run(RUN)


def test_the_decision_table_is_that_of_the_published_run():
    assert publishing.published_default_run() == RUN
    assert publishing.readme_with_decisions() == README, "run ./scripts/generate"


def test_the_machine_is_that_of_the_run(run):
    assert date.fromisoformat(run.context["date"][:10]).isoformat() in README
    assert f"{run.context['cores']} cores ({run.context['cpu_model']})" in README
    wake = format_ns(summaries.machine_baselines(run).wake_ns)
    assert f"Waking a parked thread on another core takes {wake} there" in README


def test_the_default_line_up_is_in_the_table_as_ours_or_theirs(run):
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", README, re.MULTILINE))
    assert set(rows) == {queue.name for queue in listed().values() if queue.line_up == "default"}
    in_figure = {queue for queue, row in run.queues.items() if row["line_up"] == "default"}
    assert in_figure <= set(rows)
    for queue, author in rows.items():
        is_ours = not listed()[queue].header.startswith("peers/")
        assert (author == "us") == is_ours, queue


def test_it_is_short():
    assert len(README.splitlines()) <= 140
