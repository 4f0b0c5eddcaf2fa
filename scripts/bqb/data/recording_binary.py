"""The binary form of a recording. queues/record.h writes it, docs/recording.md has every byte."""

from __future__ import annotations

import mmap
import struct
import zlib
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bqb.data.recorded_streams import Recording, RecordedStream, recording_of, refuse

MAGIC = b"BQREC\x1a\r\n"
END_MARK = b"BQRECEND"
SLICE_TAG = b"BQSL"
VERSION = 1
MOST_EVENTS = 20_000_000  # read and analysed within a minute and 4 GB
MOST_STREAMS = 4096
MOST_TICKS = 1 << 62
MOST_BITS = 60  # of a period of windows
FIXED = struct.Struct("<8sIIIIQdQddqII")
STREAM = struct.Struct("<IIIIQQQ")
SLICE = struct.Struct("<4sIQ")
FETCH_AGAIN = "copy it again from where it was written"
RECORD_AGAIN = "record again"


@dataclass(frozen=True)
class _Header:
    bytes: int
    events: int
    ns_per_tick: float
    capacity: int
    call_cost_ns: float
    service_cost_ns: float
    date: int
    left_out: int
    note: str
    streams: list[tuple[int, ...]]  # as in STREAM


def read(path: Path, file: BufferedReader) -> Recording:
    """Raises CommandError that names the file and the byte."""
    # Closed when nobody refers to it any more: an error still does.
    content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header = _read_header(path, content)
    chunks, until, cut_at, share = _read_slices(path, content, header)
    notices = []
    if cut_at is not None:
        notices.append(f"cut at byte {cut_at:,}: the file ends there; {share} are in whole slices")
    streams = []
    for entry, parts in zip(header.streams, chunks):
        events = np.concatenate(parts) if parts else np.empty((0, 2), dtype=np.uint64)
        parts.clear()
        if len(events) and int(events[:, 0].max()) >= MOST_TICKS:
            refuse(
                path,
                f"an event of thread {entry[0]} is at {events[:, 0].max()} ticks",
                RECORD_AGAIN,
            )
        streams.append(_stream(entry, events))
    return recording_of(
        path,
        streams,
        until,
        ns_per_tick=header.ns_per_tick,
        capacity=header.capacity or None,
        call_cost_ns=header.call_cost_ns,
        service_cost_ns=header.service_cost_ns,
        date=header.date,
        note=header.note,
        notices=tuple(notices),
    )


def _read_header(path: Path, content: mmap.mmap) -> _Header:
    if len(content) < FIXED.size:
        refuse(path, f"cut at byte {len(content):,}, inside the header", FETCH_AGAIN)
    fields = FIXED.unpack_from(content)
    magic, version, crc, size, count, events = fields[:6]
    if magic != MAGIC:
        refuse(path, "byte 5: the magic is damaged (copied as text?)", FETCH_AGAIN)
    if version != VERSION:
        refuse(
            path, f"byte 8: version {version}, and this project reads {VERSION}", "update the older"
        )
    note_bytes = fields[12]
    table = FIXED.size + (note_bytes + 7) // 8 * 8
    if count > MOST_STREAMS or size != table + count * STREAM.size:
        refuse(path, "byte 16: the header is damaged", FETCH_AGAIN)
    if len(content) < size:
        refuse(path, f"cut at byte {len(content):,}, inside the header", FETCH_AGAIN)
    if zlib.crc32(content[16:size]) != crc:
        refuse(path, f"byte 12: the checksum of bytes 16 to {size:,} is wrong", FETCH_AGAIN)
    if events > MOST_EVENTS:
        refuse(
            path,
            f"byte 24: {events:,} events, and at most {MOST_EVENTS:,} are read",
            "record with fewer memory_bytes (16 an event)",
        )
    ns_per_tick, capacity, call_cost, service_cost, date, left_out = fields[6:12]
    for offset, number in ((32, ns_per_tick), (48, call_cost), (56, service_cost)):
        if not (0 <= number < 1e9) or (offset == 32 and number == 0):
            refuse(path, f"byte {offset}: {number} is no time in ns", RECORD_AGAIN)
    if left_out:
        refuse(
            path,
            f"byte 72: the calls of {left_out} more threads are missing",
            f"record again with most_threads of at least {left_out + count}",
        )
    streams = [STREAM.unpack_from(content, table + i * STREAM.size) for i in range(count)]
    for i, (_, role, shift, level, *_rest) in enumerate(streams):
        if role > 1 or shift + level > MOST_BITS:
            refuse(path, f"byte {table + i * STREAM.size}: no such role or window", FETCH_AGAIN)
    note = content[FIXED.size : FIXED.size + note_bytes].decode("utf-8", "replace")
    return _Header(
        size, events, ns_per_tick, capacity, call_cost, service_cost, date, left_out, note, streams
    )


def _read_slices(
    path: Path, content: mmap.mmap, header: _Header
) -> tuple[list[list[NDArray[np.uint64]]], int | None, int | None, str]:
    """The events of each stream, a part a slice. Then, of a file that was cut: until when its whole
    slices go (ticks), the byte at which it ends, and how many of its events they have."""
    count = len(header.streams)
    chunks: list[list[NDArray[np.uint64]]] = [[] for _ in range(count)]
    counts = struct.Struct(f"<{count}Q")
    offset, seen, until = header.bytes, 0, 0
    while content[offset : offset + 8] != END_MARK:
        begin = offset + SLICE.size + counts.size
        whole = begin <= len(content)
        if whole:
            tag, crc, slice_until = SLICE.unpack_from(content, offset)
            if tag != SLICE_TAG:
                refuse(path, f"byte {offset:,}: neither a slice nor the end mark", FETCH_AGAIN)
            sizes = counts.unpack_from(content, offset + SLICE.size)
            end = begin + 16 * sum(sizes)
            if seen + sum(sizes) > header.events:
                refuse(
                    path,
                    f"byte {offset + SLICE.size:,}: more events than the header says",
                    FETCH_AGAIN,
                )
            whole = end <= len(content)
        if not whole:
            rest = content[offset : offset + len(END_MARK)]
            if not any(mark.startswith(rest[: len(mark)]) for mark in (SLICE_TAG, END_MARK)):
                refuse(path, f"byte {offset:,}: neither a slice nor the end mark", FETCH_AGAIN)
            if not until:
                refuse(
                    path, f"cut at byte {len(content):,}, before any slice is whole", FETCH_AGAIN
                )
            return chunks, until, len(content), f"{seen:,} of {header.events:,} events"
        if zlib.crc32(memoryview(content)[offset + 8 : end]) != crc:
            refuse(path, f"byte {offset + 4:,}: the checksum of the slice is wrong", FETCH_AGAIN)
        place = begin
        for part, size in zip(chunks, sizes):
            if size:
                events = np.frombuffer(content, dtype="<u8", count=2 * size, offset=place)
                part.append(events.reshape(size, 2).copy())
            place += 16 * size
        offset, until, seen = end, slice_until, seen + sum(sizes)
    if seen != header.events:
        refuse(path, f"byte {offset:,}: fewer events than the header says", FETCH_AGAIN)
    if len(content) != offset + len(END_MARK):
        refuse(path, f"byte {offset + 8:,}: more follows after the end mark", FETCH_AGAIN)
    return chunks, None, None, ""


def _stream(entry: tuple[int, ...], events: NDArray[np.uint64]) -> RecordedStream:
    thread, role, shift, level = entry[:4]
    words = events[:, 1]
    return RecordedStream(
        thread=str(thread),
        role=role,
        ticks=events[:, 0].astype(np.int64),
        kinds=(words & 3).astype(np.uint8),
        passed=(words >> 4).astype(np.int64),
        thinned=(words & 4) != 0,
        shift=shift,
        level=level,
    )
