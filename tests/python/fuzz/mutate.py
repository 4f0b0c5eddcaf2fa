"""Mutations of bytes and of lines. Each takes a random number generator first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes], bytes]

NUMBERS = (
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "0.5",
    "-0.0",
    "255",
    "65537",
    "2147483647",
    "2147483648",
    "4294967296",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e9",
    "1e308",
    "1e400",
    "-1e400",
    "5e-324",
    "nan",
    "-nan",
    "inf",
    "-inf",
    "NaN",
    "Infinity",
    "0x7fffffffffffffff",
    "1_000_000_000_000",
    "007",
    "1e",
    "--1",
    "9" * 400,
    "0." + "9" * 400,
)
NASTY_TEXTS = (
    "",
    " ",
    "q" * 90,
    "long name " * 100,
    "\x1b[31mred\x1b[0m",
    "\a\b\x7f",
    "a\nb\tc\rd",
    "\x00",
    "\u202e\u0663",
    "\u0085\u009b31m",
    "[bold]x[/nope][/]",
    "<script>alert(1)</script>",
    "$\\frac{1}{0$",
    "$x$ $ %s %d {0} {",
    "../../../../x",
    "/",
    ".",
    "..",
    "-",
    "--help",
    "null",
    "default",
    "unbounded",
    "\U0001f980" * 30,
    "e\u0301" * 200,
    "q" * 100_000,
)
JUNK = (
    b"\x00",
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\x1b]0;x\x07",
    b"\r",
    b"\n\n",
    b'"',
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"#",
    b"\\",
    b'"""',
    b"\\u0000",
    b"\\ud800",
    b" " * 5000,
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"A" * 1_000_000,
    b"\xf0\x9f\xa6\x80",
)
NUMBER = re.compile(rb"(?<![\w.\"])-?\d[\d_]*(\.\d+)?(e[+-]?\d+)?")


def apply(rng: Random, mutations: Sequence[Mutation], data: bytes) -> bytes:
    """One mutation, often two, seldom more."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 6))):
        data = rng.choice(mutations)(rng, data)
    return data


# --------------------------------------------------------------------------------- bytes and lines


def flip_bits(rng: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8)) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def delete_span(rng: Random, data: bytes) -> bytes:
    begin = rng.randrange(len(data) + 1)
    return data[:begin] + data[begin + rng.choice((1, 1, 5, 50, 1000)) :]


def insert_junk(rng: Random, data: bytes) -> bytes:
    begin = rng.randrange(len(data) + 1)
    return data[:begin] + rng.choice(JUNK) + data[begin:]


def replace_number(rng: Random, data: bytes) -> bytes:
    if not (numbers := list(NUMBER.finditer(data))):
        return data
    number = rng.choice(numbers)
    return data[: number.start()] + rng.choice(NUMBERS).encode() + data[number.end() :]


def delete_lines(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    begin = rng.randrange(len(lines) + 1)
    return b"".join(lines[:begin] + lines[begin + rng.choice((1, 1, 1, 3, 10)) :])


def duplicate_lines(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    begin = rng.randrange(len(lines) + 1)
    span = lines[begin : begin + rng.choice((1, 1, 4, 10))]
    target = rng.choice((begin, rng.randrange(len(lines) + 1)))
    return b"".join(lines[:target] + span * rng.choice((1, 1, 2)) + lines[target:])


def swap_lines(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def shuffle_lines(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def become_short(rng: Random, data: bytes) -> bytes:
    return rng.choice((b"", b"\n", b"{}", b"[]", b"null", b"\xff", b"0", data[:1], data[:2]))


BYTES: tuple[Mutation, ...] = (flip_bits, flip_bits, cut, delete_span, insert_junk)
LINES: tuple[Mutation, ...] = (delete_lines, duplicate_lines, swap_lines, shuffle_lines)


def text(rng: Random) -> str:
    """A text that is bad as a name."""
    return rng.choice(NASTY_TEXTS)
