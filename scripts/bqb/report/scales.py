"""Logarithmic scales in plain units, for figures and for the report's page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from bqb.report.units import format_ns, format_value
from bqb.stats.counters import unit_of


@dataclass(frozen=True)
class Scale:
    """A logarithmic axis in plain units. Values <= `smallest` (zero and negative ones too) go to a
    marked band."""

    low: float
    high: float
    name: Callable[[float], str]
    smallest: float | None  # upper edge of the band; None: no band, every value is on the axis

    def place(self, value: float) -> float:
        """Where a value is drawn."""
        return self._band_middle if self.smallest is not None and value <= self.smallest else value

    def share(self, value: float) -> float:
        """Where a value is drawn, as a share of the axis: 0 at its beginning, 1 at its end."""
        return math.log(self.place(value) / self.low) / math.log(self.high / self.low)

    @property
    def _band_middle(self) -> float:
        assert self.smallest is not None
        return math.sqrt(self.low * self.smallest)

    def ticks(self, room: float) -> list[tuple[float, str]]:
        """(value, name) of at most `room` ticks, and of the band."""
        values = [
            tick for tick in self._steps() if self.smallest is None or tick > self.smallest * 1.5
        ]
        ticks = [(tick, self.name(tick)) for tick in _thinned(values, room)]
        if self.smallest is not None:
            ticks.insert(0, (self._band_middle, f"≤ {self.name(self.smallest)}"))
        return ticks

    def _steps(self) -> list[float]:
        """Decades; with steps between them where there are few, so that an axis always shows that
        it is logarithmic."""
        start = self.smallest or self.low
        decades = math.log10(self.high / start)
        steps = (
            [1]
            if decades > 2.6
            else [1, 3]
            if decades > 1.2
            else [1, 2, 5]
            if decades > 0.8
            else [1, 2, 3, 4, 5, 7]
        )
        exponents = range(math.floor(math.log10(start)), math.ceil(math.log10(self.high)) + 1)
        ticks = (step * 10.0**exponent for exponent in exponents for step in steps)
        return [tick for tick in ticks if start * 0.999 <= tick <= self.high * 1.001]


def _thinned(ticks: list[float], room: float) -> list[float]:
    """At most `room` ticks, evenly left out."""
    return ticks[:: max(math.ceil(len(ticks) / max(room, 1)), 1)]


def make_scale(
    values: Iterable[float], name: Callable[[float], str] = format_ns, smallest: float = 10.0
) -> Scale:
    """A scale that holds all `values`; those <= `smallest`, too small to be told from nothing, go
    to its band."""
    values = [value for value in values if math.isfinite(value)]
    on_axis = [value for value in values if value > smallest] or [smallest * 3]
    high = max(max(on_axis), min(on_axis) * 4) * 1.3
    if any(value <= smallest for value in values):
        return Scale(smallest / (high / smallest) ** 0.13, high, name, smallest)
    low = min(on_axis)
    return Scale(low / 1.3 if low / 1.3 > smallest else smallest, high, name, None)


def scale_of(counter: str, values: Iterable[float]) -> Scale:
    """A scale in the counter's unit."""
    values = list(values)
    if (
        unit_of(counter) == "share"
        and 0.001 < min(values, default=0) <= max(values, default=2) <= 1
    ):
        # Nothing lies beyond 100%.
        return Scale(min(0.4, min(values) / 1.3), 1.05, partial(format_value, counter), None)
    smallest = {"ns": 10.0, "msgs/s": 1.0, "bytes": 1.0, "%": 0.1}.get(unit_of(counter), 0.001)
    return make_scale(values, partial(format_value, counter), smallest)
