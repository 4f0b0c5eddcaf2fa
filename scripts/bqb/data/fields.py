"""Holds JSON to types: the rows of a run to those of `queue_bench --schema`, and documents of the
scripts to their own.

    error_in_fields(row, ROWS["trial"])     # "key 'round': must be a whole number of at least 0"

benchmarks/run/result_rows.h and results/README.md describe the types; benchmarks/run/row_check.cpp
is the same in C++.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bqb import shown
from bqb.schema import (
    MOST_NAME_CHARACTERS,
    MOST_ROW_LEVELS,
    MOST_ROW_NUMBER,
    MOST_TEXT_CHARACTERS,
    OBJECTS,
    VALUES,
    Fields,
)

Objects = Mapping[str, Fields]
OTHERS = "*"  # among the fields of an object that may have others


def error_in_fields(
    value: Mapping[str, object], fields: Fields, objects: Objects = OBJECTS, path: str = ""
) -> str | None:
    """The first error in an object that must have these fields, as text that names the key. None
    where the object is right."""
    for name, part in value.items():
        below = f"{path}.{name}" if path else name
        if name not in fields:
            if OTHERS in fields:
                continue
            return f"key '{shown(below)}': unknown"
        if error := error_in(part, fields[name][0], objects, below):
            return error
    for name, (_, is_required) in fields.items():
        if is_required and name not in value and name != OTHERS:
            return f"key '{path}.{name}': missing" if path else f"key '{name}': missing"
    return None


def error_in(value: object, type_: str, objects: Objects, path: str) -> str | None:
    """The first error in a value that must be of a type, or None."""
    if type_.endswith("?"):
        if value is None:
            return None
        type_ = type_[:-1]
    if type_.startswith("["):
        if not isinstance(value, list):
            return _must_be(path, "a list")
        return _first(value, range(len(value)), type_[1:-1], objects, path)
    if type_.startswith("{"):
        if not isinstance(value, dict):
            return _must_be(path, "an object")
        return _first(value, value, type_[1:-1], objects, path)
    if type_ in objects:
        if not isinstance(value, dict):
            return _must_be(path, "an object")
        return error_in_fields(value, objects[type_], objects, path)
    if type_ in VALUES:
        if value in VALUES[type_]:
            return None
        return _must_be(path, f"one of {', '.join(VALUES[type_])}")
    holds, what = BASIC[type_]
    return None if holds(value) else _must_be(path, what)


def _first(
    value: Any, indices: Iterable[Any], type_: str, objects: Objects, path: str
) -> str | None:
    """The first error among the parts of a list or an object."""
    if type_ in BASIC:  # of which there may be millions
        holds, what = BASIC[type_]
        for index in indices:
            if not holds(value[index]):
                return _must_be(f"{path}.{index}", what)
        return None
    for index in indices:
        if error := error_in(value[index], type_, objects, f"{path}.{index}"):
            return error
    return None


def _must_be(path: str, what: str) -> str:
    return f"key '{shown(path)}': must be {what}"


# ------------------------------------------------------------------------------------ types


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**64


def _is_number(value: object) -> bool:
    # NaN is in no range.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return -MOST_ROW_NUMBER <= value <= MOST_ROW_NUMBER


def _is_bucket(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 3:
        return False
    lower, upper, count = value
    numbers = _is_number(lower) and _is_number(upper)
    return numbers and bool(lower < upper) and _is_count(count)


def _has_control_character(text: str, allowed: str = "") -> bool:
    """What no terminal, table or XML file can take; half a surrogate pair, too."""
    return any(
        (c < " " and c not in allowed)
        or "\x7f" <= c < "\xa0"
        or "\ud800" <= c <= "\udfff"
        or c in "\ufffe\uffff"
        for c in text
    )


def _is_name(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_NAME_CHARACTERS:
        return False
    return value.isprintable() or not _has_control_character(value)


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or len(value) > MOST_TEXT_CHARACTERS:
        return False
    return value.isprintable() or not _has_control_character(value, allowed="\n\t")


def _is_shallow(value: object, levels: int = MOST_ROW_LEVELS) -> bool:
    if isinstance(value, (list, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_is_shallow(part, levels - 1) for part in parts)
    return not isinstance(value, float) or _is_number(value)


# name: (whether a value is of the type, what it must be)
BASIC: dict[str, tuple[Callable[[object], bool], str]] = {
    "flag": (_is_flag, "true or false"),
    "count": (_is_count, "a whole number of at least 0"),
    "number": (_is_number, f"a number, at most {MOST_ROW_NUMBER:.0e} in size"),
    "name": (_is_name, f"a text of 1 to {MOST_NAME_CHARACTERS} characters on one line"),
    "text": (
        _is_text,
        f"a text of at most {MOST_TEXT_CHARACTERS} characters, without control characters",
    ),
    "bucket": (_is_bucket, "[lower, upper, count]"),
    "any": (_is_shallow, f"at most {MOST_ROW_LEVELS} levels deep"),
}
