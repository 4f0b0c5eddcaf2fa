"""Values with their units, as people type them: 5us, 300k/s, 1MiB, 0.5."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from bqb import shown
from bqb.schema import MOST_HEAP_MESSAGE_BYTES

MOST_CHARACTERS = 60
NUMBER = r"([0-9]+(?:[_,][0-9]{3})*(?:\.[0-9]+)?|\.[0-9]+)"
TIMES = {"ns": 1.0, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
SIZES = {
    **{"B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9},
    **{"KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30},
}
SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True)
class Pace:
    """A time for each message of a thread, or a rate of a whole side."""

    ns: float = 0.0
    per_s: float = 0.0

    @property
    def is_rate(self) -> bool:
        return self.per_s > 0


def duration_ns(word: str) -> float:
    """Raises ValueError, as all functions here."""
    return _with_unit(word, TIMES, "a length of time", "5us, 2ms or 1.5s")


def size_bytes(word: str) -> float:
    return _with_unit(word, SIZES, "a size", "64B, 16KiB or 1MiB")


def message_bytes(word: str) -> float:
    size = size_bytes(word)
    if size > MOST_HEAP_MESSAGE_BYTES:
        raise ValueError(
            f"'{shown(word)}' is more than 1 MiB, the most; a pointer to a message has 8B"
        )
    return size


def rate_per_s(word: str) -> float:
    scale = _with_unit(word.removesuffix("/s"), SCALES, "a rate", "300/s, 300k/s or 2M/s")
    if not word.endswith("/s"):
        raise ValueError(f"'{shown(word)}' is not a rate: write 300/s, 300k/s or 2M/s")
    return scale


def pace(word: str) -> Pace:
    if word.endswith("/s"):
        return Pace(per_s=rate_per_s(word))
    examples = "a time such as 5us, or a rate such as 300k/s"
    return Pace(ns=_with_unit(word, TIMES, "a time or a rate", examples))


def fraction(least: float, most: float) -> Callable[[str], float]:
    """Reads a number from `least` to `most`, without a unit."""

    def read(word: str) -> float:
        match = re.fullmatch(NUMBER, word)
        value = _number(match[1]) if match and len(word) <= MOST_CHARACTERS else math.nan
        if not least <= value <= most:
            raise ValueError(f"'{shown(word)}' is not a number from {least:g} to {most:g}")
        return value

    return read


def _with_unit(word: str, units: dict[str, float], what: str, examples: str) -> float:
    match = re.fullmatch(NUMBER + r" ?(\D*)", word) if len(word) <= MOST_CHARACTERS else None
    if not match or match[2] not in units:
        raise ValueError(f"'{shown(word)}' is not {what}: write {examples}")
    value = _number(match[1]) * units[match[2]]
    if not value > 0 or math.isinf(value):
        raise ValueError(f"'{shown(word)}': must be above 0")
    return value


def _number(digits: str) -> float:
    return float(digits.replace("_", "").replace(",", ""))
