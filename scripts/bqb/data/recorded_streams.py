"""The events of a recording, whichever form its file has, and the windows of time in which none is
missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from bqb import CommandError, exit_status, short_path

PRODUCER, CONSUMER = 0, 1  # roles
ROLE_NAMES = ("push", "pop")
BEGIN, END, FAILED = 0, 1, 2  # kinds; failed: an end without a message

Ticks = NDArray[np.int64]


@dataclass(frozen=True)
class RecordedStream:
    """The events of one role of one thread, in the order of time."""

    thread: str
    role: int
    ticks: Ticks  # since an origin that all streams share, never negative
    kinds: NDArray[np.uint8]
    passed: NDArray[np.int64]  # messages of this stream that had passed before the event
    thinned: NDArray[np.bool_]  # at the end of a call in which the recorder itself took time
    shift: int = 0  # what is kept: (clock >> shift) mod 2^level = 0; all of it at level 0
    level: int = 0

    @property
    def messages(self) -> int:
        """That passed until the last event."""
        return int(self.passed[-1]) + int(self.kinds[-1] == END)

    def check(self, path: Path) -> None:
        """Raises CommandError where the events contradict each other."""
        where = f"{ROLE_NAMES[self.role]} calls of thread {self.thread}"

        def at(index: int) -> str:
            return f"{where}, event {index + 1:,} of {len(self.ticks):,}"

        backwards = np.flatnonzero(np.diff(self.ticks) < 0)
        if len(backwards):
            refuse(path, f"{at(int(backwards[0]) + 1)}: time goes backwards", "order the events")
        begins = self.kinds == BEGIN
        gain = np.diff(self.passed)
        wrong = gain != (self.kinds[:-1] == END)
        if self.level == 0:
            wrong |= begins[:-1] == begins[1:]
            wrong = np.concatenate([~begins[:1], wrong])
        else:  # beside a window events are missing
            wrong = np.concatenate([[False], gain < 0])
        if wrong.any():
            index = int(np.argmax(wrong))
            if begins[index]:
                refuse(path, f"{at(index)}: a begin without an end before it", CALL_BOTH)
            refuse(path, f"{at(index)}: an end without a begin", CALL_BOTH)


LONGEST_TICKS = 1 << 58  # nine years of ns
MOST_WINDOWS = 1 << 20
CALL_BOTH = "record the begin and the end of every call, in the thread that makes it"


@dataclass(frozen=True)
class Recording:
    """Immutable. `windows` are whole: all events of all streams in them are here, and of each
    stream the last event before and the first event after each."""

    path: Path
    streams: tuple[RecordedStream, ...]
    ns_per_tick: float
    window_begins: Ticks
    window_ends: Ticks  # exclusive
    capacity: int | None = None
    call_cost_ns: float | None = None  # of a call of the recorder
    service_cost_ns: float = 0.0  # as which a service that takes no time appears
    date: int | None = None  # seconds since 1970
    note: str = ""
    notices: tuple[str, ...] = ()


def refuse(path: Path, what: str, remedy: str) -> NoReturn:
    raise CommandError(f"{short_path(path)}: {what}; {remedy}", exit_status.USAGE)


def recording_of(
    path: Path, streams: Sequence[RecordedStream], until: int | None = None, **facts: Any
) -> Recording:
    """The recording that these streams make, checked. `until` (ticks, exclusive): the file ends
    there. Ticks may have any origin. Raises CommandError."""
    streams = [stream for stream in streams if len(stream.ticks)]
    for stream in streams:
        stream.check(path)
    for role, name in enumerate(ROLE_NAMES):
        if any(stream.role == role and stream.messages for stream in streams):
            continue
        if any(stream.messages for stream in streams):
            refuse(
                path,
                f"no message in its {name} calls, but in those of the other side",
                "record both ends of the queue",
            )
        refuse(path, "no message in it", "record while the program works")
    first = int(min(stream.ticks[0] for stream in streams))
    last = int(max(stream.ticks[-1] for stream in streams)) + 1
    if last - first > LONGEST_TICKS:
        refuse(path, f"it spans {last - first:,} ticks", "use one clock in all threads")
    begins, ends = kept_windows(streams, first, last if until is None else min(until, last))
    begins, ends = without_thinning(streams, begins, ends)
    if not len(begins):
        refuse(path, "no window of time is whole in all threads", "record with more memory_bytes")
    shifted = tuple(
        RecordedStream(
            stream.thread,
            stream.role,
            stream.ticks - first,
            stream.kinds,
            stream.passed,
            stream.thinned,
            stream.shift,
            stream.level,
        )
        for stream in streams
    )
    return Recording(
        path=path, streams=shifted, window_begins=begins - first, window_ends=ends - first, **facts
    )


def kept_windows(streams: Sequence[RecordedStream], first: int, last: int) -> tuple[Ticks, Ticks]:
    """What every stream kept between two instants. Each step of thinning takes a part of what the
    step before kept, so the shortest window and the longest period decide."""
    thinned = [stream for stream in streams if stream.level > 0]
    if not thinned:
        return np.array([first]), np.array([last])
    window = 1 << min(stream.shift for stream in thinned)
    period = 1 << max(stream.shift + stream.level for stream in thinned)
    while (last - first) // period > MOST_WINDOWS:
        period *= 2
    begins = np.arange(first // period, last // period + 1, dtype=np.int64) * period
    ends = np.minimum(begins + window, last)
    begins = np.maximum(begins, first)
    return begins[begins < ends], ends[begins < ends]


def without_thinning(
    streams: Sequence[RecordedStream], begins: Ticks, ends: Ticks
) -> tuple[Ticks, Ticks]:
    """The windows in which no thread was thinning its events: the others waited for it."""
    keep = np.ones(len(begins), dtype=bool)
    for stream in streams:
        marks = np.flatnonzero(stream.thinned)
        for until, since in zip(stream.ticks[marks], stream.ticks[np.maximum(marks - 1, 0)]):
            keep &= (ends <= since) | (begins > until)
    return begins[keep], ends[keep]
