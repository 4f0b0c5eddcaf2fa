"""Recordings to read: a simulated pipeline, written in both forms as docs/recording.md has them."""

from __future__ import annotations

import heapq
import itertools
import struct
import zlib
from collections import deque
from pathlib import Path
from random import Random

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
