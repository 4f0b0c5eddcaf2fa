"""Scenarios and their trace files, as `queue_bench --list --scenario FILE` reads them."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from fuzz import mutate, special
from fuzz.case import Case
from fuzz.sandbox import BUILD, Sandbox

KEYS = (
    b"capacity",
    b"rho",
    b"rounds",
    b"queues",
    b"shape",
    b"stages",
    b"producers",
    b"payload",
    b"message_bytes",
    b"when_full",
    b"placement",
    b"level",
    b"batch",
    b"window_ms",
    b"judged_by",
    b"work",
    b"process",
    b"mean_ns",
    b"cv",
    b"burst_msgs",
    b"burst_gap_ns",
    b"trace_file",
    b"mean_gap_ns",
    b"rate_per_s",
    b"name",
    b"says",
    b"counter",
    b"queue",
    b"where",
    b"than",
    b"above",
    b"below",
    b"until",
    b"text",
    b"why",
    b"expect",
    b"question",
)
VALUES = (
    "true",
    '"banana"',
    '""',
    "[]",
    "[[]]",
    "[1, [2]]",
    "{}",
    "{ a = 1 }",
    "2026-11-28",
    "1979-05-27T07:32:00Z",
    "07:32:00",
    "'''x'''",
    "[1, 1]",
    '["spin", 1]',
    "[" * 5000,
    '"default"',
    '["default", "default"]',
    '".*"',
)
LINE = re.compile(rb"^( *)([\w.\"'-]+)( *= *)([^\n#]+)", re.MULTILINE)


def make(rng: Random, work: Path, box: Sandbox) -> Case:
    source = rng.choice(sorted((box.corpus / "scenarios").iterdir()))
    kind = SYNTAX if rng.random() < 0.25 else VALUES_AND_KEYS
    data = mutate.apply(rng, kind, source.read_bytes())
    if rng.random() < 0.06:
        data = with_trace(rng, work)
    file = work / "case.toml"
    file.write_bytes(data)
    if rng.random() < 0.01:
        special.make_one(rng, file)
    return Case("queue_bench", ["--list", "--scenario", "case.toml"], BUILD / "queue_bench")


def replace_value(rng: Random, data: bytes) -> bytes:
    if not (lines := list(LINE.finditer(data))):
        return data
    line = rng.choice(lines)
    return data[: line.start(4)] + value(rng) + data[line.end(4) :]


def value(rng: Random) -> bytes:
    choice = rng.random()
    if choice < 0.4:
        return rng.choice(mutate.NUMBERS).encode()
    if choice < 0.7:
        return rng.choice(VALUES).encode()
    return quoted(mutate.text(rng))


def quoted(text: str) -> bytes:
    """As a TOML text. Control characters stay raw, half of them as escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if len(text) % 2:
        escaped = re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped)
    return b'"' + escaped.encode() + b'"'


def replace_key(rng: Random, data: bytes) -> bytes:
    if not (lines := list(LINE.finditer(data))):
        return data
    line = rng.choice(lines)
    return data[: line.start(2)] + key(rng, line[2]) + data[line.end(2) :]


def key(rng: Random, old: bytes) -> bytes:
    levels = 10 ** rng.choice((1, 1, 2, 3, 4, 5, 6))
    return rng.choice(
        (
            rng.choice(KEYS),
            old[:-1],
            old.upper(),
            b'"' + old + b'"',
            b'"consumer.' + old + b'"',
            b"consumer." + old,
            old + b"." + old,
            b".".join([b"a"] * levels),
            quoted(mutate.text(rng)),
            b"",
            b"case.0." + old,
            b'"\\u0000' + old + b'"',
        )
    )


def insert_line(rng: Random, data: bytes) -> bytes:
    """A key with a value, or the heading of a table."""
    name = rng.choice(KEYS)
    heading = rng.choice(
        (
            b"[producer]",
            b"[consumer]",
            b"[stage]",
            b"[arrivals]",
            b"[[case]]",
            b"[[claim]]",
            b"[[claim.replaces]]",
            b"[[earlier_expect]]",
            b"[neighbour]",
            b"[case.producer]",
            b"[a.b.c]",
            b"[[" + name + b"]]",
            b"[" + name + b"]",
        )
    )
    line = (
        rng.choice((key(rng, name) + b" = " + value(rng), name + b" = " + value(rng), heading))
        + b"\n"
    )
    lines = data.splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines) + 1), line)
    return b"".join(lines)


def blow_up_lists(rng: Random, data: bytes) -> bytes:
    """Sweeps that are long, or whose product is: 65,536 values in four lists overflow 64 bits."""
    length = rng.choice((2, 3, 64, 300, 65_536))
    count = rng.choice((1, 2, 4))
    for name in rng.sample(
        (b"capacity", b"rho", b"producers", b"consumers", b"window_ms", b"message_bytes"), count
    ):
        first = rng.choice((1, 1, 1, 0, 2**31))
        values = b", ".join(b"%d" % (first + number) for number in range(length))
        data = re.sub(rb"^" + name + rb" *=.*\n", b"", data, flags=re.MULTILINE)
        data = name + b" = [" + values + b"]\n" + data
    return data


def nest(rng: Random, data: bytes) -> bytes:
    depth = 10 ** rng.choice((1, 2, 3, 4, 5))
    text: bytes = rng.choice(
        (
            b"x = " + b"[" * depth + b"]" * depth,
            b"x = " + b"{a=" * depth + b"1" + b"}" * depth,
            b"[" + b".".join([b"t"] * depth) + b"]",
            b"[[" + b".".join([b"t"] * depth) + b"]]",
        )
    )
    parts = [text, data] if rng.random() < 0.5 else [data, text]
    return b"\n".join([*parts, b""])


def with_trace(rng: Random, work: Path) -> bytes:
    """A scenario with work from a trace file, which is a special file, or damaged."""
    trace = work / "trace.txt"
    numbers = "".join(f"{rng.randrange(1, 5000)}\n" for _ in range(rng.choice((1, 5, 50)))).encode()
    damage = (*mutate.BYTES, *mutate.LINES, mutate.replace_number, mutate.become_short)
    trace.write_bytes(mutate.apply(rng, damage, numbers))
    if rng.random() < 0.3:
        special.make_one(rng, trace)
    name = rng.choice(
        (b"trace.txt",) * 8
        + (b"", b".", b"../../../../../../dev/zero", b"trace.txt/x", b"/proc/self/mem")
    )
    side = b'\n[%s]\nwork = "spin"\nprocess = "trace"\ntrace_file = "%s"\n'
    sides = [side % (each, name) for each in (b"producer", b"consumer")]
    rng.shuffle(sides)
    return b'question = "q?"\nexpect = "e"\ncapacity = 16\n' + b"".join(sides)


SYNTAX = (*mutate.BYTES, *mutate.LINES, nest, insert_line)
VALUES_AND_KEYS = (
    *[mutate.replace_number] * 6,
    *[replace_value] * 6,
    *[replace_key] * 3,
    *[insert_line] * 3,
    *[blow_up_lists] * 2,
    mutate.delete_lines,
    mutate.duplicate_lines,
    mutate.swap_lines,
)
