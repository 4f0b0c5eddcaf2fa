"""What README.md says of the published run is what the run says; test_published_pages.py holds its
numbers."""

import re

import pytest
from bqb import ROOT
from bqb.data import published
from bqb.data.libraries import library
from bqb.data.load import load_run
from bqb.data.queue_list import listed

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run():
    return load_run(published.latest())


def test_the_default_line_up_is_in_the_table_as_ours_or_theirs(run):
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", README, re.MULTILINE))
    assert set(rows) == {queue.name for queue in listed().values() if queue.line_up == "default"}
    in_figure = {queue for queue, row in run.queues.items() if row["line_up"] == "default"}
    assert in_figure <= set(rows)
    for queue, author in rows.items():
        key = listed()[queue].library
        release = library(key).release(run.context["libraries"]) if key else "us"
        assert author == release, queue


def test_it_is_short():
    assert len(README.splitlines()) <= 140
