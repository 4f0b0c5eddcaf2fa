"""The text form of a recording, which any language can write: a line an event."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

import numpy as np

from bqb import shown
from bqb.data.recorded_streams import (
    BEGIN,
    CONSUMER,
    END,
    FAILED,
    PRODUCER,
    Recording,
    RecordedStream,
    recording_of,
    refuse,
)

FIRST_LINE = b"# bounded queue recording 1"
MOST_EVENTS = 5_000_000  # read and analysed within a minute
MOST_BYTES = 64 * MOST_EVENTS
EVENTS = {
    "push_begin": (PRODUCER, BEGIN),
    "push_end": (PRODUCER, END),
    "push_refused": (PRODUCER, FAILED),
    "pop_begin": (CONSUMER, BEGIN),
    "pop_end": (CONSUMER, END),
    "pop_empty": (CONSUMER, FAILED),
}
RECORD_LESS = f"record less, or write the binary form; at most {MOST_EVENTS:,} lines are read"
FORM = "a line is 'time_ns thread event'"
LATEST_NS = 2**62
MOST_STREAMS = 4096


@dataclass
class _Lines:
    """The events of one role of one thread, as they are read."""

    ticks: array[int] = field(default_factory=lambda: array("q"))
    kinds: array[int] = field(default_factory=lambda: array("B"))


@dataclass
class _Remarks:
    capacity: int | None = None
    retries: bool = False
    note: str = ""


def read(path: Path, file: BufferedReader) -> Recording:
    """Raises CommandError that names the file and the line."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES or content.count(b"\n") > MOST_EVENTS + 1000:
        refuse(path, "too large", RECORD_LESS)
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        refuse(path, f"line {number:,}: no UTF-8 text", FORM)
    if lines[0].rstrip() != FIRST_LINE.decode():
        refuse(
            path, f"line 1: {shown(lines[0])}: an unknown version", "update the older of the two"
        )
    remarks = _Remarks()
    streams: dict[tuple[str, int], _Lines] = {}
    for number, line in enumerate(lines[1:], 2):
        words = line.split()
        if not words or words[0][0] == "#":
            if words:
                _read_remark(path, number, words, remarks)
            continue
        if len(words) != 3:
            refuse(path, f"line {number:,}: {shown(line)}: {len(words)} words", FORM)
        if words[2] not in EVENTS:
            refuse(
                path,
                f"line {number:,}: no event '{shown(words[2])}'",
                f"there are: {', '.join(EVENTS)}",
            )
        role, kind = EVENTS[words[2]]
        key = (words[1], role)
        stream = streams.get(key)
        if stream is None:
            if len(streams) == MOST_STREAMS:
                refuse(
                    path,
                    f"line {number:,}: more than {MOST_STREAMS:,} threads",
                    "the second word of a line names the thread",
                )
            stream = streams[key] = _Lines()
        stream.ticks.append(_time(path, number, words[0]))
        stream.kinds.append(kind)
        if len(stream.ticks) > 1 and stream.ticks[-1] < stream.ticks[-2]:
            refuse(
                path,
                f"line {number:,}: time goes backwards in thread {shown(words[1])}",
                "order the lines of each thread by time",
            )
    return recording_of(
        path,
        [
            _stream(thread, role, stream, role == CONSUMER or remarks.retries)
            for (thread, role), stream in streams.items()
        ],
        ns_per_tick=1.0,
        capacity=remarks.capacity,
        note=remarks.note,
    )


def _time(path: Path, number: int, word: str) -> int:
    try:
        time = int(word) if word.isdecimal() else float(word)
    except ValueError:
        refuse(path, f"line {number:,}: '{shown(word)}' is no number", FORM)
    if math.isnan(time):
        refuse(path, f"line {number:,}: the time is not a number", FORM)
    if time < 0:
        refuse(path, f"line {number:,}: a negative time", "count from any instant before")
    if time >= LATEST_NS:
        refuse(path, f"line {number:,}: the time is above {LATEST_NS:,} ns", FORM)
    return round(time)


def _read_remark(path: Path, number: int, words: list[str], remarks: _Remarks) -> None:
    """A comment, or one of the lines that say something about the recording."""
    if words[1:2] == ["capacity"] and len(words) == 3:
        if not words[2].isdecimal() or not 0 < int(words[2]) < LATEST_NS:
            refuse(
                path,
                f"line {number:,}: capacity '{shown(words[2])}'",
                "a capacity is a whole number of messages from 1 on",
            )
        remarks.capacity = int(words[2])
    elif words[1:] == ["refused", "pushes", "are", "retried"]:
        remarks.retries = True
    elif words[1:2] == ["note"]:
        remarks.note = " ".join(words[2:])


def _stream(thread: str, role: int, lines: _Lines, merges: bool) -> RecordedStream:
    ticks = np.array(lines.ticks, dtype=np.int64)
    kinds = np.array(lines.kinds, dtype=np.uint8)
    if merges:  # an attempt without success and the one after it are one call
        merged = np.flatnonzero((kinds[:-1] == FAILED) & (kinds[1:] == BEGIN))
        keep = np.ones(len(kinds), dtype=bool)
        keep[merged] = keep[merged + 1] = False
        ticks, kinds = ticks[keep], kinds[keep]
    passed = np.cumsum(kinds == END) - (kinds == END)
    return RecordedStream(thread, role, ticks, kinds, passed, np.zeros(len(kinds), dtype=bool))
