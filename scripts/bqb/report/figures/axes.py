"""Puts scales on matplotlib's axes."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from bqb.report.scales import Scale

INCHES_PER_TICK = {"x": 0.58, "y": 0.24}


def apply(scale: Scale, axes: Axes, which: str, labels: bool = True) -> None:
    """Sets scale, limits, ticks and the band of the x or y axis."""
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(scale.low, scale.high)
    axis = getattr(axes, f"{which}axis")
    ticks = scale.ticks(_inches(axes, which) / INCHES_PER_TICK[which])
    if scale.smallest is not None:
        span = axes.axvspan if which == "x" else axes.axhspan
        span(scale.low, scale.smallest, color="#f4f1ea", zorder=0, linewidth=0)
    axis.set_major_locator(FixedLocator([value for value, _ in ticks]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FixedFormatter([name for _, name in ticks]))
    side = "labelbottom" if which == "x" else "labelleft"
    axes.tick_params(axis=which, length=3 if labels else 0, **{side: labels})


def _inches(axes: Axes, which: str) -> float:
    box, figure = axes.get_position(), axes.figure
    return (
        box.width * figure.get_figwidth() if which == "x" else box.height * figure.get_figheight()
    )
