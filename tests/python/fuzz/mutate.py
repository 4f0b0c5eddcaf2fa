"""Mutations of bytes, of lines and of JSON values. Each takes a random number generator first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes], bytes]
Json = object

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


# ---------------------------------------------------------------------------------------------- bytes and lines


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


# --------------------------------------------------------------------------------------------------------- JSON


RAW = "\ue000raw:"  # begins a text that stands for itself, not for a JSON string


def odd_value(rng: Random) -> Json:
    simple = (
        None,
        True,
        False,
        [],
        {},
        0,
        -1,
        1,
        2**31,
        2**53 + 1,
        2**63,
        2**64,
        -(2**64),
        0.5,
        1e308,
        -1e-300,
        [None],
        [[]],
        [1, "a"],
        {"a": 1},
        {"": None},
        "1",
        "nan",
    )
    raw = (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "9" * 5000,
        "[" * 100_000,
        "0" * 20,
        '"\\ud800"',
    )
    return rng.choice((rng.choice(simple), rng.choice(simple), RAW + rng.choice(raw), text(rng)))


def dump(value: Json) -> str:
    return re.sub(
        rf'"{RAW.encode("unicode_escape").decode()}'.replace("\\", r"\\") + r'((?:[^"\\]|\\.)*)"',
        lambda found: found[1].replace('\\"', '"').replace("\\\\", "\\"),
        json.dumps(value),
    )


def mutate_value(rng: Random, value: Json) -> Json:
    """Changes something at one random place inside; `value` itself may be changed."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.04:
        return odd_value(rng)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    if isinstance(value[key], dict | list) and value[key] and rng.random() < 0.75:
        value[key] = mutate_value(rng, value[key])
    elif rng.random() < 0.6:
        value[key] = _changed(rng, value[key])
    elif isinstance(value, list):
        _mutate_list(rng, value, key)
    else:
        _mutate_keys(rng, value, key)
    return value


def _changed(rng: Random, value: Json) -> Json:
    """Something else, often of the same type."""
    if isinstance(value, bool) or value is None or rng.random() < 0.5:
        return odd_value(rng)
    if isinstance(value, int | float):
        return rng.choice(
            (
                -value,
                value * 1000,
                value + 1,
                value / 7,
                0,
                -1,
                2**40,
                RAW + rng.choice(("NaN", "1e400")),
            )
        )
    if isinstance(value, str):
        return rng.choice((text(rng), value + text(rng), value[:-1], value.upper(), value * 3))
    return odd_value(rng)


def _mutate_list(rng: Random, values: list, index: int) -> None:
    change = rng.choice(("delete", "repeat", "reverse", "nest", "insert"))
    if change == "delete":
        del values[index]
    elif change == "repeat":
        values[index:index] = values[index : index + 1] * rng.choice((1, 3, 300))
    elif change == "reverse":
        values.reverse()
    elif change == "nest":
        values[index] = [values[index]]
    else:
        values.insert(index, odd_value(rng))


def _mutate_keys(rng: Random, values: dict, key: str) -> None:
    change = rng.choice(("delete", "rename", "rename", "add"))
    if change == "add":
        values[rng.choice((key + "x", text(rng)))] = odd_value(rng)
        return
    value = values.pop(key)
    if change == "rename":
        values[rng.choice((key.upper(), key[:-1], key.replace("_", "-"), text(rng)))] = value


def mutate_json(rng: Random, data: bytes) -> bytes:
    """Of a whole JSON document."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return flip_bits(rng, data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        document = mutate_value(rng, document)
    return dump(document).encode(errors="surrogatepass")


def mutate_json_line(rng: Random, data: bytes) -> bytes:
    """Of one line, of which each is a JSON document. The first is chosen more often than the others."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    index = rng.choice(
        (0, rng.randrange(len(lines)), rng.randrange(len(lines)), rng.randrange(len(lines)))
    )
    lines[index] = mutate_json(rng, lines[index]) + b"\n"
    return b"".join(lines)
