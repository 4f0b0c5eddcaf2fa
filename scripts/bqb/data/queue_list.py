"""The queues of this clone, as queues/queues.list and the comments of their headers have them.

    listed()["tbb"].purpose  # "Peer: tbb::concurrent_bounded_queue, which waits by itself."
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bqb import ROOT

FOLDER = ROOT / "queues"
LABELS = (
    *("What", "Use it", "Not", "Closing", "Limits", "Source", "Waiting", "Progress", "Ordering"),
)
LABEL = re.compile(rf"({'|'.join(LABELS)}):\s+(.*)")


@dataclass(frozen=True)
class ListedQueue:
    """A line of queues.list."""

    header: str  # below queues/
    class_template: str
    name: str
    line_up: str  # default, extra or named
    library: str  # a key of cmake/Peers.cmake; empty without one

    @cached_property
    def _comment(self) -> dict[str, str]:
        return comment_of(FOLDER / self.header)

    @property
    def purpose(self) -> str:
        """The first sentence of the header."""
        return self._comment.get("", "")

    def about(self, label: str) -> str:
        """What the header says under one of `LABELS`; empty where it says nothing."""
        return self._comment.get(label, "")


@cache
def listed() -> dict[str, ListedQueue]:
    """By name, in the order of the list: of equivalent queues a report names the first."""
    lines = (FOLDER / "queues.list").read_text(encoding="utf-8").splitlines()
    rows = [words for line in lines if len(words := line.partition("#")[0].split()) > 2]
    return {
        name: ListedQueue(header, class_template, name, line_up, library[0] if library else "")
        for header, class_template, name, line_up, *library in rows
    }


def comment_of(header: Path) -> dict[str, str]:
    """The comment that a header begins with, by label; what stands before the first label under
    "". Empty where the file cannot be read."""
    try:
        lines = header.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    parts: dict[str, list[str]] = {"": []}
    label = ""
    for line in lines:
        if not line.startswith("//"):
            break
        text = line.removeprefix("//").strip()
        if match := LABEL.match(text):
            label, text = match[1], match[2]
        parts.setdefault(label, []).append(text)
    return {label: " ".join(filter(None, words)) for label, words in parts.items()}
