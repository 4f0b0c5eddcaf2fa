"""Mutations of JSON documents, and of lines of JSON."""

from __future__ import annotations

import json
import re
from random import Random

from fuzz import mutate

Json = object
RAW = "\ue000raw:"  # begins a text that stands for itself, not for a JSON string


def odd_value(rng: Random) -> Json:
    simple: tuple[Json, ...] = (
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
    return rng.choice(
        (rng.choice(simple), rng.choice(simple), RAW + rng.choice(raw), mutate.text(rng))
    )


def dump(value: Json) -> str:
    return re.sub(
        rf'"{RAW.encode("unicode_escape").decode()}'.replace("\\", r"\\") + r'((?:[^"\\]|\\.)*)"',
        lambda found: found[1].replace('\\"', '"').replace("\\\\", "\\"),
        json.dumps(value),
    )


def change_value(rng: Random, value: Json) -> Json:
    """Changes something at one random place inside; `value` itself may be changed."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.04:
        return odd_value(rng)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    if isinstance(value[key], dict | list) and value[key] and rng.random() < 0.75:
        value[key] = change_value(rng, value[key])
    elif rng.random() < 0.6:
        value[key] = _changed(rng, value[key])
    elif isinstance(value, list):
        _change_list(rng, value, key)
    else:
        _change_keys(rng, value, key)
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
        return rng.choice(
            (mutate.text(rng), value + mutate.text(rng), value[:-1], value.upper(), value * 3)
        )
    return odd_value(rng)


def _change_list(rng: Random, values: list[Json], index: int) -> None:
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


def _change_keys(rng: Random, values: dict[str, Json], key: str) -> None:
    change = rng.choice(("delete", "rename", "rename", "add"))
    if change == "add":
        values[rng.choice((key + "x", mutate.text(rng)))] = odd_value(rng)
        return
    value = values.pop(key)
    if change == "rename":
        values[rng.choice((key.upper(), key[:-1], key.replace("_", "-"), mutate.text(rng)))] = value


def change_document(rng: Random, data: bytes) -> bytes:
    """Of a whole JSON document."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return mutate.flip_bits(rng, data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        document = change_value(rng, document)
    return dump(document).encode(errors="surrogatepass")


def change_line(rng: Random, data: bytes) -> bytes:
    """Of one line, each of which is a JSON document. The first is chosen more often."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    index = rng.choice(
        (0, rng.randrange(len(lines)), rng.randrange(len(lines)), rng.randrange(len(lines)))
    )
    lines[index] = change_document(rng, lines[index]) + b"\n"
    return b"".join(lines)
