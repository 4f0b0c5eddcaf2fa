"""Numbers in plain words: 1.5 µs, 21 k/s, 97%, 3.14 MB; and lengths of time as people type them."""

from __future__ import annotations

import re
from collections.abc import Callable

from bqb.stats.counters import EXCESS, LOST, NOMINAL_LOST, THROUGHPUT, unit_of


def format_ns(ns: float) -> str:
    """Two significant digits and a unit: 0 ns, 20 ns, 1.5 µs, 38 µs, 1.2 ms; -3 ns stays
    negative."""
    return _with_unit(ns, [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")])


def format_clock(seconds: float) -> str:
    """A length of time as a clock shows it: 0:07, 12:30, 1:05:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def parse_duration(text: str) -> float:
    """Seconds of a length of time as people write it: 300s, 5m, 1.5h. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    length_s = float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if not length_s:
        raise ValueError(f"'{text}' is not a length of time: write 300s, 5m or 1h")
    return length_s


def format_rate(per_s: float) -> str:
    """Messages a second: 850 /s, 21 k/s, 4.3 M/s."""
    return _with_unit(per_s, [(1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s"), (1, "/s")])


def format_bytes(count_bytes: float) -> str:
    """Bytes in decimal units, three digits: 512 B, 2 kB, 3.14 MB."""
    scale, unit = next(
        (
            (scale, unit)
            for scale, unit in [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
            if abs(count_bytes) >= scale
        ),
        (1, "B"),
    )
    return f"{count_bytes / scale:.3g} {unit}"


def format_binary_bytes(count_bytes: int) -> str:
    """Bytes in binary units, as sizes of caches are given: 48 B, 16 KiB, 1.5 MiB."""
    for scale, unit in ((2**20, "MiB"), (2**10, "KiB")):
        if count_bytes >= scale:
            return f"{count_bytes / scale:.3g} {unit}"
    return f"{count_bytes} B"


def format_share(value: float) -> str:
    """A share as a percentage that never reads 0% or 100% unless it is: <0.1%, 0.4%, 3%, 71%,
    99.7%, >99.9%."""
    percent = 100 * value
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.1f}%" if 0 < percent < 0.95 or 99.05 <= percent < 100 else f"{percent:.0f}%"


def format_value(counter: str, value: float) -> str:
    """A value of a counter in plain words: 1.5 µs, 21 k/s, 97%, 0.031."""
    words: dict[str, Callable[[float], str]] = {
        "ns": format_ns,
        "msgs/s": format_rate,
        "bytes": format_bytes,
        "share": format_share,
        "%": lambda percent: format_share(percent / 100),
    }
    if counter.endswith("inflation"):  # a factor near 1: how far from 1 is what it says
        return f"{value:.3g}"
    return words.get(unit_of(counter), _plain)(value)


def _plain(number: float) -> str:
    """Two significant digits without a unit: 0.031, 1.5, 51,000."""
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"


def format_interval(counter: str, low: float, high: float) -> str:
    """An interval of a counter's values, with one unit where both have one: 66–84 ns, 0.99–1.9 µs,
    3–4%."""
    last = format_value(counter, high)
    number, _, unit = last.rpartition(" ")
    scale = {"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1}.get(unit)
    if unit_of(counter) == "ns" and scale:
        return f"{_two_digits(low / scale)}–{number} {unit}"
    if unit_of(counter) in ("plain", "events per message") and max(abs(low), abs(high)) < 0.01:
        return f"{low:.1g}–{high:.1g}".replace("0.", ".")
    return f"{format_value(counter, low).removesuffix('%')}–{last}"


def _two_digits(value: float) -> str:
    """0.99, 1.9, 19, 190."""
    return f"{float(f'{value:.2g}'):g}"


def counter_name(counter: str) -> str:
    """A counter's name in plain words, without its unit: sojourn p99, switches per message,
    overhead per message."""
    known = {
        LOST: "overhead per message",
        NOMINAL_LOST: "overhead per message",
        EXCESS: "median excess sojourn time",
        "excess_dropped_share": "share dropped beyond the ideal",
        "push_blocked_mean_ns": "mean time in push",
        "neighbour_lost_share": "share that the neighbour loses",
        THROUGHPUT: "messages per second",
    }
    words = counter.removesuffix("_bytes").removesuffix("_pct").removesuffix("_msgs_per_s")
    words = (
        words.removesuffix("_ns")
        .replace("_ns_per_msg", "_per_message")
        .replace("_per_msg", "_per_message")
    )
    return known.get(counter) or " ".join(
        "CPU" if word == "cpu" else word for word in words.split("_")
    )


def format_ratio(ratio: float) -> str:
    """A ratio in plain words: 0.43×, 1.9×, 120×."""
    return f"{ratio:.0f}×" if abs(ratio) >= 100 else f"{ratio:.2g}×"


def _with_unit(value: float, units: list[tuple[float, str]]) -> str:
    rounded = float(f"{value:.2g}")
    scale, unit = next(((scale, unit) for scale, unit in units if abs(rounded) >= scale), units[-1])
    scaled = rounded / scale
    digits = 1 if abs(scaled) < 10 and scaled != round(scaled) else 0
    return f"{scaled:.{digits}f} {unit}"
