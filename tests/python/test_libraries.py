"""The releases of the wrapped libraries: which one a version is, how old it is, and where a reader
sees it."""

import dataclasses
import re

import pytest
from bqb import ROOT
from bqb.data.libraries import libraries, library
from bqb.data import published as published_runs
from bqb.data.load import load_run
from bqb.data.queue_list import listed
from bqb.report.figures.style import queue_styles
from bqb.report.figures.view import View
from bqb.report.html import cards
from bqb.pages.libraries import library_versions


PEERS_PAGE = ROOT / "docs" / "peers.md"


@pytest.fixture(scope="module")
def published():
    return load_run(published_runs.latest())


@pytest.mark.parametrize(
    "key, version, said",
    [
        ("boost", "1.74.0", "Boost 1.74 (August 2020)"),
        ("boost", "1.74.0.3", "Boost 1.74 (August 2020)"),
        ("boost", "1.740.0", "Boost 1.740.0 (date of release unknown)"),
        ("tbb", "2021.8.0-2+deb12u1", "oneTBB 2021.8 (December 2022)"),
        ("tbb", "2021.80.0", "oneTBB 2021.80.0 (date of release unknown)"),
        ("tbb", "2021.9.0-1ubuntu1", "oneTBB 2021.9.0 (date of release unknown)"),
        ("tbb", "built_here", "oneTBB built_here (date of release unknown)"),
        ("concurrentqueue", "1.0.3+ds-1", "moodycamel ConcurrentQueue 1.0.3 (December 2020)"),
        ("atomic_queue", "0.0+git20220518.83774a2-1", "atomic_queue commit 83774a2 (May 2022)"),
        ("xenium", "unknown", "xenium, version unknown"),
        ("nobody_knows_it", "3.1", "nobody_knows_it 3.1 (date of release unknown)"),
    ],
)
def test_a_version_is_shown_with_its_month_or_the_month_as_unknown(key, version, said):
    assert library(key).release({key: version}) == said


def test_a_version_that_a_run_lacks_is_said_to_be_unknown():
    assert library("tbb").release({}) == "oneTBB, version unknown"


def test_a_part_of_a_library_has_the_version_of_the_whole():
    measured = {"boost": "1.74.0", "boost_thread": "unknown"}
    assert library("boost_thread").release(measured) == "Boost 1.74 (August 2020)"


def test_every_library_of_the_build_has_an_entry_and_no_other():
    calls = (ROOT / "cmake" / "Peers.cmake").read_text(encoding="utf-8")
    assert set(libraries()) == set(re.findall(r"^bq_peer\((\w+)", calls, re.MULTILINE))
    assert {each.library for each in listed().values()} - {""} <= set(libraries())


@pytest.mark.parametrize("key", sorted(libraries()))
def test_the_newest_release_is_the_last_one_and_was_out_when_it_was_looked_up(key):
    known = library(key)
    assert known.source.startswith("https://")
    assert known.released[known.newest] == max(known.released.values()) <= known.as_of


def versions(run):
    """What the cards say, by queue."""
    made = cards.cards_of(View(run, queue_styles([*run.queues])), [])
    return {card.queue.name: card.version for card in made}


def test_the_card_of_a_queue_says_how_old_its_library_is(published):
    shown = versions(published)
    assert shown["boost_lockfree"] == (
        f"Boost 1.74 (August 2020), as measured on {published.context['date'][:10]}; "
        f"newest release known on 2026-08-19: 1.92 (August 2026)"
    )
    assert shown["two_condvar"].startswith("this project ")


def test_the_card_of_a_queue_whose_library_is_of_unknown_version_says_so(published):
    context = {**published.context, "libraries": {}}
    shown = versions(dataclasses.replace(published, context=context))
    assert shown["tbb"].startswith("oneTBB, version unknown, as measured on ")


def test_the_table_has_a_line_for_each_library_and_names_all_its_queues(published):
    lines = library_versions()
    assert "| Boost 1.74 (August 2020) | `boost_lockfree`, `boost_spsc`, `boost_sync_b" in lines
    wrapped = [name for name, entry in listed().items() if entry.library]
    assert all(lines.count(f"`{name}`") == 1 for name in wrapped)


def sections():
    """The sections of docs/peers.md about queues: text by queue."""
    parts = re.split(r"^## ", PEERS_PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: part for part in parts for name in re.findall(r"`(\w+)`", part.split("\n")[0])}


@pytest.mark.parametrize("queue", [name for name, each in listed().items() if each.library])
def test_the_page_has_a_section_for_each_wrapped_queue_with_objections(queue):
    section = sections()[queue]
    assert re.search(r"^\*\*Runs?\*\* ", section, re.MULTILINE)
    assert re.search(r"^\*\*Adds?\*\* ", section, re.MULTILINE)
    assert section.count("\n| ") > 2, "a head, a rule, and an objection at least"


def test_the_page_of_the_libraries_is_short():
    assert len(PEERS_PAGE.read_text(encoding="utf-8").splitlines()) <= 250
