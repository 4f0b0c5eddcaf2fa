"""How the tests of each queue ended, from CTest's JUnit report of a build, into build/tested.json.

Which test is of a queue its name tells: `QUEUE.CASE` of the contract suite, `explore.QUEUE`. In a
build with a sanitizer one process runs a share of the contract suite (cmake/ContractTests.cmake);
what GoogleTest printed there tells how each test ended.
"""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as xml
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from bqb import ROOT
from bqb.data import tested
from bqb.data.tested import UNKNOWN_COMMIT, Entry, Outcomes

DELIBERATE_SKIPS = ("SKIP_", "Disabled")  # how CTest says that a test chose not to run
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

SHARE = re.compile(r"contract(?:_deep)?\.\d+_of_\d+")
# What GoogleTest prints when a test begins and when it ends; a watchdog prints FAILED of one that
# hangs.
LINE = re.compile(r"^\[ +(RUN|OK|SKIPPED|FAILED) +\] (\w+\.\w+)", re.MULTILINE)
SANITIZER = re.compile(r"^SUMMARY: \w+Sanitizer:", re.MULTILINE)
ENDS = {"OK": PASSED, "SKIPPED": SKIPPED, "FAILED": FAILED}
ALL_RAN = re.compile(r"^\[==========\] \d+ tests? from \d+ test suites? ran\.", re.MULTILINE)

COMMIT = re.compile(r'^#define BQ_COMMIT "(\w+)"$', re.MULTILINE)
DIRTY = re.compile(r"^#define BQ_DIRTY ([01])$", re.MULTILINE)


@dataclass(frozen=True)
class Sources:
    commit: str  # UNKNOWN_COMMIT: built without git, or from no checkout
    dirty: bool  # whether the checkout has changes


@dataclass
class QueueOutcomes:
    """The tests of each queue in one build."""

    queues: dict[str, dict[str, Outcomes]] = field(default_factory=dict)
    is_whole: bool = True  # no process ended early, or failed in no test that it names

    def add(self, name: str, ended: str, queues: Collection[str]) -> None:
        """Counts a test if it is one of a queue."""
        group, _, rest = name.partition(".")
        if group in queues:
            queue, suite = group, "contract"
        elif group == "explore" and rest in queues:
            queue, suite = rest, "explorer"
        else:
            return
        outcomes = self.queues.setdefault(queue, {}).setdefault(suite, Outcomes())
        if ended == PASSED:
            outcomes.passed += 1
        elif ended == SKIPPED:
            outcomes.skipped += 1
        else:
            outcomes.failed.append(name)


def has_failed(case: xml.Element) -> bool:
    """Whether a test of a JUnit report failed."""
    return (
        case.find("failure") is not None
        or case.find("error") is not None
        or case.get("status") == "fail"
    )


def is_deliberate(skip: xml.Element) -> bool:
    """Whether a test chose not to run. Else CTest wanted to run it and could not."""
    return skip.get("message", "").startswith(DELIBERATE_SKIPS)


def ending_of(case: xml.Element) -> str:
    """How a test of CTest's report ended."""
    if has_failed(case):
        return FAILED
    skip = case.find("skipped")
    if skip is None:
        return PASSED
    return SKIPPED if is_deliberate(skip) else FAILED


def by_queue(report: Path, queues: Collection[str]) -> QueueOutcomes:
    """What CTest's report of a build says about each of `queues`."""
    outcomes = QueueOutcomes()
    for case in xml.parse(report).iter("testcase"):
        name, ended = case.get("name", ""), ending_of(case)
        if not SHARE.fullmatch(name):
            outcomes.add(name, ended, queues)
            continue
        output = case.findtext("system-out") or ""
        endings = endings_in_share(output)
        for test, its_end in endings.items():
            outcomes.add(test, its_end, queues)
        # A leak is reported after the last test; a crash leaves the rest of the share untested.
        if not ALL_RAN.search(output) or (ended == FAILED and FAILED not in endings.values()):
            outcomes.is_whole = False
    return outcomes


def endings_in_share(output: str) -> dict[str, str]:
    """{test: how it ended}, from what a process of many tests printed. One that began and did not
    end has failed; so has one during which a sanitizer spoke up."""
    endings: dict[str, str] = {}
    lines = list(LINE.finditer(output))
    ends_of_text = [line.start() for line in lines[1:]] + [len(output)]
    for line, end_of_text in zip(lines, ends_of_text):
        what, test = line[1], line[2]
        if what != "RUN":
            # The names of skips and failures stand at the end once more.
            if endings.get(test) != FAILED:
                endings[test] = ENDS[what]
            continue
        printed = output[line.end() : end_of_text]
        endings[test] = FAILED if SANITIZER.search(printed) else "begun"
    return {test: FAILED if ended == "begun" else ended for test, ended in endings.items()}


def sources_now() -> Sources:
    """What the build would call the sources as they are now: it asks git in the same way."""
    output = ROOT / "build" / "tested_sources.h"
    subprocess.run(
        [
            "cmake",
            f"-DSOURCE_DIR={ROOT}",
            f"-DOUTPUT={output}",
            "-P",
            ROOT / "cmake" / "build_info.cmake",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    text = output.read_text(encoding="utf-8")
    commit, dirty = COMMIT.search(text), DIRTY.search(text)
    if commit is None or dirty is None:
        return Sources(UNKNOWN_COMMIT, True)
    return Sources(commit[1], dirty[1] == "1")


def record(
    build: str,
    report: Path,
    queues: Collection[str],
    before: Sources,
    after: Sources,
    path: Path = tested.TESTED_FILE,
) -> None:
    """Puts what CTest said about a build into build/tested.json. `before` and `after`: the sources
    before the build and after the tests. Raises OSError."""
    if before.commit == UNKNOWN_COMMIT:
        return  # no report could find the entry
    if after != before:  # nobody can say which sources were tested
        before = replace(before, dirty=True)
    outcomes = by_queue(report, queues)
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    tested.add(
        Entry(before.commit, before.dirty, date, build, outcomes.is_whole, outcomes.queues), path
    )
