"""Recordings to read: a simulated pipeline, written in both forms as docs/recording.md has them."""

from __future__ import annotations

import heapq
import itertools
import struct
import subprocess
import zlib
from collections import deque
from pathlib import Path
from random import Random

import pytest
from bqb.data.recording import read_recording
from bqb.stats.recorded import RecordedPipeline, pipeline_of

CALL_NS = 80  # of a call that does not wait
PUSH, POP = "push", "pop"

Event = tuple[int, str, str]  # ns, thread, event


def simulated(
    messages: int,
    producer_ns: float,
    consumer_ns: float,
    producers: int = 1,
    consumers: int = 1,
    capacity: int = 8,
    seed: int = 1,
    stall_every: int = 0,
) -> list[Event]:
    """A pipeline with exponential service times, each thread's events in the order of time. Every
    so many messages the consumers work 300 times as long."""
    random = Random(seed)
    events: dict[str, list[Event]] = {}
    left = {f"p{i}": messages // producers for i in range(producers)}
    numbers = itertools.count()
    begins = [(0, next(numbers), name) for name in [*left, *(f"c{i}" for i in range(consumers))]]
    waiting: dict[str, deque[str]] = {"p": deque(), "c": deque()}
    inside = 0

    def note(ns: int, thread: str, what: str) -> None:
        events.setdefault(thread, []).append((ns, thread, what))

    def finish(ns: int, thread: str) -> None:
        """The call of this thread succeeds, and may let another succeed."""
        nonlocal inside
        role, other = ("p", "c") if thread[0] == "p" else ("c", "p")
        inside += 1 if role == "p" else -1
        note(ns + CALL_NS, thread, "push_end" if role == "p" else "pop_end")
        work = random.expovariate(1 / (producer_ns if role == "p" else consumer_ns))
        if role == "c" and stall_every and random.randrange(stall_every) == 0:
            work += 300 * consumer_ns
        heapq.heappush(begins, (ns + CALL_NS + round(work) + 1, next(numbers), thread))
        if waiting[other]:
            finish(ns + CALL_NS, waiting[other].popleft())

    while begins:
        ns, _, thread = heapq.heappop(begins)
        if thread[0] == "p":
            if not left[thread]:
                continue
            left[thread] -= 1
        note(ns, thread, "push_begin" if thread[0] == "p" else "pop_begin")
        if (inside < capacity) if thread[0] == "p" else (inside > 0):
            finish(ns, thread)
        else:
            waiting[thread[0]].append(thread)
    return [event for thread in sorted(events) for event in events[thread]]


def write_text(path: Path, events: list[Event], *remarks: str) -> Path:
    lines = ["# bounded queue recording 1", *(f"# {remark}" for remark in remarks)]
    lines += [f"{ns} {thread} {what}" for ns, thread, what in events]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


KINDS = {"begin": 0, "end": 1, "refused": 2, "empty": 2}
HEADER, STREAM = "<8sIIIIQdQddqII", "<IIIIQQQ"


def binary(
    events: list[Event],
    *,
    slices: int = 3,
    ns_per_tick: float = 1.0,
    version: int = 1,
    left_out: int = 0,
    more_events: int = 0,
    capacity: int = 8,
    service_cost_ns: float = 0.0,
    note: str = "",
    windows: tuple[int, int] = (0, 0),
) -> bytes:
    """The bytes of a recording of all these events. `windows`: shift and level, as stated."""
    streams: dict[tuple[str, str], list[tuple[int, int]]] = {}
    passed: dict[tuple[str, str], int] = {}
    for ns, thread, what in events:
        role, kind = what.split("_")
        key = (thread, role)
        before = passed.get(key, 0)
        streams.setdefault(key, []).append((ns, before << 4 | KINDS[kind]))
        passed[key] = before + (kind == "end")
    note_bytes = note.encode() + bytes(-len(note.encode()) % 8)
    threads = sorted({thread for thread, _ in streams})
    table = b"".join(
        struct.pack(STREAM, threads.index(thread), role == POP, *windows, len(found), 0, 0)
        for (thread, role), found in streams.items()
    )
    size = struct.calcsize(HEADER) + len(note_bytes) + len(table)
    fixed = [b"BQREC\x1a\r\n", version, 0, size, len(streams), len(events) + more_events]
    fixed += [ns_per_tick, capacity, 30.0, service_cost_ns, 1_800_000_000, left_out]
    header = struct.pack(HEADER, *fixed, len(note.encode())) + note_bytes + table
    out = header[:12] + struct.pack("<I", zlib.crc32(header[16:])) + header[16:]
    last = max(ns for ns, _, _ in events) + 1
    cuts = [0, *(last * (i + 1) // slices for i in range(slices))]
    for since, until in zip(cuts, cuts[1:]):
        parts = [[e for e in found if since <= e[0] < until] for found in streams.values()]
        body = struct.pack(f"<Q{len(parts)}Q", until, *map(len, parts))
        body += b"".join(struct.pack("<QQ", *event) for part in parts for event in part)
        out += b"BQSL" + struct.pack("<I", zlib.crc32(body)) + body
    return out + b"BQRECEND"


# One producer that works 100 ns, one consumer that works 300 ns, a queue of capacity 2. The push at
# 332 finds two messages inside and waits until the pop at 620 takes one.
BY_HAND = [
    (0, "p", "push_begin"),
    (10, "p", "push_end"),
    (110, "p", "push_begin"),
    (120, "p", "push_end"),
    (220, "p", "push_begin"),
    (232, "p", "push_end"),
    (332, "p", "push_begin"),
    (630, "p", "push_end"),
    (5, "c", "pop_begin"),
    (20, "c", "pop_end"),
    (320, "c", "pop_begin"),
    (335, "c", "pop_end"),
    (620, "c", "pop_begin"),
    (628, "c", "pop_end"),
    (940, "c", "pop_begin"),
    (950, "c", "pop_end"),
    (1260, "c", "pop_begin"),
    (1270, "c", "pop_empty"),
]


def read(path: Path) -> RecordedPipeline:
    return pipeline_of(read_recording(path))


def text(tmp_path: Path, events, *remarks: str) -> Path:
    return write_text(tmp_path / "a.txt", events, *remarks)


def file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "a.bqrec"
    path.write_bytes(content)
    return path


# ---------------------------------------------------------------------------- of the recorder's

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build" / "release" / "tests" / "harness"
OVERHEAD = ROOT / "build" / "release" / "benchmarks" / "overhead" / "recorder_overhead"

needs_build = pytest.mark.skipif(
    not (PROGRAMS / "replay_recording").exists() or not OVERHEAD.exists(), reason="no release build"
)


def replayed(tmp_path: Path, events, *words: object) -> Path:
    path = write_text(tmp_path / "replayed.txt", events)
    out = tmp_path / "replayed.bqrec"
    subprocess.run(
        [PROGRAMS / "replay_recording", path, out, *map(str, words)], check=True, timeout=60
    )
    return out
