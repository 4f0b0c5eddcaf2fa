"""build/tested.json: how each queue did in the last tests, for each commit and build.

`./scripts/test` writes an entry for each build that it has tested to its end; a report reads them:

    queues = tested_of(context["commit"], context["dirty"])      # None: not tested
    queues["two_lock"].contract_passed                           # 133, over all builds
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bqb import ROOT
from bqb.data.fields import error_in_fields
from bqb.data.files import read_regular, write_atomically

TESTED_FILE = ROOT / "build" / "tested.json"
FORMAT = 1
MOST_BYTES = 10_000_000
MOST_ENTRIES = 30  # the newest: ten commits in three builds
UNKNOWN_COMMIT = "unknown"  # as in the context of a run: built without git, or from no checkout

OBJECTS = {
    "document": {"format": ("count", True), "builds": ("[entry]", True)},
    "entry": {
        "commit": ("name", True),
        "dirty": ("flag", True),
        "date": ("name", True),
        "build": ("name", True),
        "is_whole": ("flag", True),
        "queues": ("{queue}", True),
    },
    "queue": {"contract": ("outcomes", False), "explorer": ("outcomes", False)},
    "outcomes": {"passed": ("count", True), "failed": ("[name]", True), "skipped": ("count", True)},
}


@dataclass
class Outcomes:
    """How tests ended: two numbers, and the names of those that failed."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: int = 0

    def as_row(self) -> dict[str, object]:
        return {"passed": self.passed, "failed": self.failed, "skipped": self.skipped}


# {queue: {"contract" or "explorer": outcomes}}
ByQueue = Mapping[str, Mapping[str, Outcomes]]


@dataclass(frozen=True)
class QueueTests:
    """The tests of one queue at one commit, over all builds."""

    contract_passed: int
    contract_failed: int
    contract_skipped: int
    explorer_passed: int
    explorer_failed: int
    failed: tuple[str, ...]  # BUILD: TEST
    builds: tuple[str, ...]  # that ran tests of this queue to their end
    # That ended before some test, or failed in none that it names: tests of any queue may be
    # missing in the numbers.
    broken_builds: tuple[str, ...]
    date: str  # of the newest build, UTC, ISO 8601


@dataclass(frozen=True)
class Entry:
    """One build of one commit, tested."""

    commit: str
    dirty: bool
    date: str
    build: str
    is_whole: bool
    queues: ByQueue

    def as_row(self) -> dict[str, object]:
        queues = {
            queue: {suite: outcomes.as_row() for suite, outcomes in suites.items()}
            for queue, suites in sorted(self.queues.items())
        }
        return {**vars(self), "queues": queues}

    def replaces(self, other: Entry) -> bool:
        return (self.commit, self.dirty, self.build) == (other.commit, other.dirty, other.build)


def tested_of(
    commit: str, dirty: bool, path: Path = TESTED_FILE
) -> Mapping[str, QueueTests] | None:
    """{queue: its tests} of a commit; a queue that was not tested is not in it. None where nothing
    is known: the commit was not tested, or the sources were none that a commit holds, or there is
    no such file, or one that cannot be read."""
    if dirty or commit == UNKNOWN_COMMIT:
        return None
    entries = [entry for entry in load(path) if entry.commit == commit and not entry.dirty]
    queues = sorted({queue for entry in entries for queue in entry.queues})
    if not queues:
        return None
    return {queue: _sum(queue, entries) for queue in queues}


def add(entry: Entry, path: Path = TESTED_FILE) -> None:
    """Puts an entry in the place of that of the same sources and build. Raises OSError."""
    others = [other for other in load(path) if not entry.replaces(other)]
    entries = [*others, entry][-MOST_ENTRIES:]
    document = {"format": FORMAT, "builds": [each.as_row() for each in entries]}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(document, indent=1) + "\n").encode())


def load(path: Path) -> list[Entry]:
    """The entries of a file, the oldest first; none where it is missing, damaged or foreign."""
    try:
        document: Any = json.loads(read_regular(path, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    # The number first: another format may have other keys.
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return []
    if error_in_fields(document, OBJECTS["document"], OBJECTS):
        return []
    return [_entry(row) for row in document["builds"]]


def _entry(row: Any) -> Entry:
    queues = {
        queue: {suite: Outcomes(**outcomes) for suite, outcomes in suites.items()}
        for queue, suites in row["queues"].items()
    }
    parts: Any = {**row, "queues": queues}
    return Entry(**parts)


def _sum(queue: str, entries: Collection[Entry]) -> QueueTests:
    concerned = [entry for entry in entries if queue in entry.queues]

    def outcomes(suite: str) -> list[Outcomes]:
        return [entry.queues[queue].get(suite, Outcomes()) for entry in concerned]

    contract, explorer = outcomes("contract"), outcomes("explorer")
    return QueueTests(
        contract_passed=sum(each.passed for each in contract),
        contract_failed=sum(len(each.failed) for each in contract),
        contract_skipped=sum(each.skipped for each in contract),
        explorer_passed=sum(each.passed for each in explorer),
        explorer_failed=sum(len(each.failed) for each in explorer),
        failed=tuple(
            f"{entry.build}: {name}"
            for entry in concerned
            for suite in entry.queues[queue].values()
            for name in suite.failed
        ),
        builds=tuple(entry.build for entry in concerned if entry.is_whole),
        broken_builds=tuple(entry.build for entry in entries if not entry.is_whole),
        date=max(entry.date for entry in concerned),
    )
