"""build/tested.json: what a report reads of the last tests."""

import json
import os

import pytest

from bqb.data import tested
from bqb.data.tested import MOST_ENTRIES, Entry, Outcomes, QueueTests, add, load


def entry(build, *, commit="0123abcd", dirty=False, date="2026-11-29", is_whole=True, queues=None):
    queues = queues or {"ring": {"contract": Outcomes(40, [], 7)}}
    return Entry(commit, dirty, date, build, is_whole, queues)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "build" / "tested.json"


def test_the_numbers_of_a_queue_are_over_all_builds(path):
    explored = {"contract": Outcomes(40, [], 7), "explorer": Outcomes(1, [], 0)}
    add(entry("release", queues={"ring": explored}), path)
    under_tsan = {"contract": Outcomes(38, ["ring.Bound"], 8)}
    add(entry("tsan", date="2026-11-30", queues={"ring": under_tsan}), path)
    assert tested.tested_of("0123abcd", False, path) == {
        "ring": QueueTests(
            contract_passed=78,
            contract_failed=1,
            contract_skipped=15,
            explorer_passed=1,
            explorer_failed=0,
            failed=("tsan: ring.Bound",),
            builds=("release", "tsan"),
            broken_builds=(),
            date="2026-11-30",
        )
    }


def test_a_build_that_broke_off_is_named_beside_every_queue(path):
    add(entry("release"), path)
    add(entry("asan", is_whole=False, queues={"spsc": {"contract": Outcomes(2)}}), path)
    queues = tested.tested_of("0123abcd", False, path)
    assert queues["ring"].builds == ("release",) and queues["ring"].broken_builds == ("asan",)
    assert queues["spsc"].builds == () and queues["spsc"].contract_passed == 2


def test_a_run_replaces_what_it_tested_and_erases_nothing_else(path):
    add(entry("release"), path)
    add(entry("asan"), path)
    add(entry("release", commit="4567"), path)
    add(entry("release", dirty=True), path)
    failed = {"ring": {"contract": Outcomes(39, ["ring.Bound"], 7)}}
    add(entry("asan", queues=failed), path)
    ring = tested.tested_of("0123abcd", False, path)["ring"]
    assert (ring.contract_passed, ring.failed) == (79, ("asan: ring.Bound",))
    assert tested.tested_of("4567", False, path)["ring"].contract_passed == 40


def test_nothing_is_known_of_other_commits_and_of_sources_with_changes(path):
    assert tested.tested_of("0123abcd", False, path) is None  # no file
    add(entry("release"), path)
    add(entry("release", commit="4567", dirty=True), path)
    add(entry("release", commit="unknown"), path)
    assert tested.tested_of("0123abcd", False, path) is not None
    assert tested.tested_of("0123abcd", True, path) is None
    assert tested.tested_of("89ab", False, path) is None
    assert tested.tested_of("4567", False, path) is None
    assert tested.tested_of("unknown", False, path) is None


def test_the_file_keeps_the_newest_entries(path):
    for number in range(MOST_ENTRIES + 2):
        add(entry("release", commit=f"{number}"), path)
    assert [each.commit for each in load(path)] == [str(n) for n in range(2, MOST_ENTRIES + 2)]


def damages():
    """Contents in the place of a good file."""
    yield b""
    yield b"\xff\xfe"
    yield b"[" * 100_000
    yield b"[]"
    yield b'{"format": 1}'
    good = {"format": 1, "builds": [entry("release").as_row()]}
    yield json.dumps({**good, "format": 2}).encode()
    for key in good["builds"][0]:
        for wrong in (None, -1, {"ring": {"contract": {"passed": -1}}}):
            row = {**good["builds"][0], key: wrong}
            yield json.dumps({**good, "builds": [row]}).encode()
        missing = {name: part for name, part in good["builds"][0].items() if name != key}
        yield json.dumps({**good, "builds": [missing]}).encode()


@pytest.mark.parametrize("content", damages(), ids=lambda content: repr(content[:300])[-40:])
def test_a_damaged_file_is_no_file(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert tested.tested_of("0123abcd", False, path) is None
    add(entry("release"), path)  # and is replaced
    assert tested.tested_of("0123abcd", False, path)["ring"].contract_passed == 40


def test_what_is_no_file_is_no_file(tmp_path):
    assert tested.tested_of("0123abcd", False, tmp_path) is None
    os.mkfifo(tmp_path / "pipe")
    assert tested.tested_of("0123abcd", False, tmp_path / "pipe") is None
