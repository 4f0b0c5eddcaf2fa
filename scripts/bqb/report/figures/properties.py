"""properties: what the queues cost whatever they are used for, a row a queue, a panel a
property."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from bqb.report.figures.axes import apply
from bqb.report.figures.layout import PAGE
from bqb.report.figures.page import MARGIN, Page, make_page
from bqb.report.figures.style import GREY, SMALL
from bqb.report.figures.view import View
from bqb.report.machine import description_parts
from bqb.report.scales import make_scale
from bqb.report.titles import Title
from bqb.report.units import format_bytes, format_ns, format_share
from bqb.schema import PROPERTY_PARAMETERS

LIGHT, MIDDLE, DARK = "#9ecae1", "#4292c6", "#08306b"
ROW, BETWEEN, HEAD, FOOT = 0.24, 0.35, 0.42, 0.4  # inches
WIDEST = 3  # panels in a row
SLEEPS = 0.01  # of a core: who uses less while it waits is asleep
Key = tuple[str, int | None]


@dataclass(frozen=True)
class Panel:
    """One property at the values of its parameter: (key, name in the legend, colour, hollow)."""

    title: str
    series: tuple[tuple[Key, str, str, bool], ...]
    name: Callable[[float], str]
    is_share: bool = False
    linear: bool = False


def _ramp(name: str, parameters: Sequence[int], unit: str) -> tuple:
    units = ["", "", f" {unit}" if unit else ""]
    return tuple(
        ((name, parameter), f"{parameter:,}{unit}", color, False)
        for parameter, color, unit in zip(parameters, (LIGHT, MIDDLE, DARK), units)
    )


PANELS = (
    Panel(
        "CPU of a waiting thread",
        (
            (("idle_pop_cpu_share", None), "in pop", MIDDLE, False),
            (("idle_push_cpu_share", None), "in push", DARK, True),
        ),
        format_share,
        True,
    ),
    Panel(
        "close() until all have returned",
        _ramp("close_to_last_return_ns", PROPERTY_PARAMETERS["close"], "waiting threads"),
        format_ns,
    ),
    Panel(
        "memory, by capacity",
        (
            *_ramp("bytes", PROPERTY_PARAMETERS["memory"], ""),
            (("full_bytes", 4096), "full", DARK, True),
        ),
        format_bytes,
    ),
    Panel(
        "construction, by capacity",
        _ramp("construct_ns", PROPERTY_PARAMETERS["construction"], ""),
        format_ns,
    ),
    Panel(
        "compiling the header",
        ((("header_compile_s", None), "", DARK, False),),
        lambda s: f"{s:g} s",
        linear=True,
    ),
)


def properties(view: View) -> Page | None:
    """Dots for each property on its own axis, in rows of at most three; queues that sleep while
    they wait on top."""
    value = view.run.property_of
    panels = [
        panel
        for panel in PANELS
        if any(
            value(queue, *key) is not None for queue in view.run.queues for key, *_ in panel.series
        )
    ]
    queues = [
        queue
        for queue in view.run.queues
        if any(value(queue, *key) is not None for panel in panels for key, *_ in panel.series)
    ]
    if not queues:
        return None
    queues.sort(key=lambda queue: _place(view, queue))
    left = 0.4 + 0.3 + 0.075 * max(map(len, queues))
    rows = math.ceil(len(panels) / WIDEST)
    across = math.ceil(len(panels) / rows)
    width = (PAGE - left) / across - BETWEEN
    height = HEAD + ROW * len(queues) + FOOT  # of a row of panels
    page = make_page(
        PAGE, height * rows, _title(view, queues), _subtitle(view), _notes(view, panels)
    )
    for index, panel in enumerate(panels):
        x, y = left + index % across * (width + BETWEEN), index // across * height
        if index % across == 0:
            for row, queue in enumerate(queues):
                _name(view, page, queue, y + HEAD + (row + 0.5) * ROW)
        _head(page, panel, x, y)
        _panel(view, page.axes(x, y + HEAD, width, ROW * len(queues)), panel, queues)
    return page


def _place(view: View, queue: str) -> tuple:
    """Sleepers first, then by the time that closing takes."""
    idle = view.run.property_of(queue, "idle_pop_cpu_share")
    closing = [
        view.run.property_of(queue, "close_to_last_return_ns", waiters) for waiters in (1, 64)
    ]
    return (
        idle is None or idle >= SLEEPS,
        *(value is None for value in closing[:1]),
        closing[0] or 0.0,
        queue,
    )


def _name(view: View, page: Page, queue: str, middle: float) -> None:
    axes = page.axes(MARGIN, middle - 0.08, 0.16, 0.16)
    axes.axis("off")
    axes.plot([0], [0], linestyle="none", **view.looks[queue].mark(6))
    page.text(MARGIN + 0.22, middle, queue, va="center", fontsize=SMALL)


def _head(page: Page, panel: Panel, x: float, y: float) -> None:
    """Title, and below it the legend: a dot and its name for each value of the parameter."""
    page.text(x, y - 0.02, panel.title, fontsize=9, fontweight="bold")
    x += 0.07
    for _, name, color, hollow in panel.series:
        if name:
            axes = page.axes(x - 0.06, y + 0.155, 0.12, 0.12)
            axes.axis("off")
            axes.plot([0], [0], **_mark(color, hollow))
            page.text(x + 0.09, y + 0.16, name, color=GREY)
            x += 0.27 + 0.068 * len(name)


def _mark(color: str, hollow: bool) -> dict:
    """A hollow mark surrounds a full one at the same place."""
    size, edge = (7.4, 0.9) if hollow else (4.6, 0)
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": size,
        "markeredgewidth": edge,
        "markeredgecolor": color,
        "markerfacecolor": "none" if hollow else color,
        "clip_on": False,
        "zorder": 3,
    }


def _panel(view: View, axes: Axes, panel: Panel, queues: Sequence[str]) -> None:
    axes.set(ylim=(len(queues) - 0.5, -0.5), yticks=[])
    axes.spines["left"].set_visible(False)
    known = {
        (row, key): value
        for row, queue in enumerate(queues)
        for key, *_ in panel.series
        if (value := view.run.property_of(queue, *key)) is not None
    }
    _axis(axes, panel, list(known.values()))
    for row in range(len(queues)):
        axes.axhline(row, color="#f0f0f0", linewidth=0.8, zorder=0)
        span = [value for (at, _), value in known.items() if at == row]
        if len(span) > 1:
            axes.plot(
                [min(span), max(span)],
                [row, row],
                color="#c9d6e2",
                linewidth=1.6,
                zorder=2,
                solid_capstyle="butt",
            )
    for key, _, color, hollow in panel.series:
        for row in range(len(queues)):
            if (row, key) in known:
                axes.plot([known[row, key]], [row], **_mark(color, hollow))


def _axis(axes: Axes, panel: Panel, values: list[float]) -> None:
    if panel.is_share:
        axes.set_xlim(0, max(1.0, *values))
        axes.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
    elif panel.linear:
        high = 1.1 * max(*values, 0.1)
        axes.set_xlim(0, high)
        ticks = [tick for tick in MaxNLocator(3).tick_values(0, high) if tick <= high]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
    else:
        apply(make_scale(values, panel.name, smallest=1.0), axes, "x")
        return
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: panel.name(value)))


def _title(view: View, queues: Sequence[str]) -> Title:
    """No times: each was measured once."""
    idle = {
        queue: share
        for queue in queues
        if (share := view.run.property_of(queue, "idle_pop_cpu_share")) is not None
    }
    asleep = [queue for queue, share in idle.items() if share < SLEEPS]
    parts = []
    if idle:
        parts.append(
            f"{len(asleep)} of {len(idle)} queues sleep while they wait"
            if len(asleep) < len(idle)
            else "No queue uses CPU while it waits"
        )
    return Title("; ".join(parts) or "What the queues cost whatever they are used for")


def _subtitle(view: View) -> str:
    context = view.run.context
    return " · ".join(
        [
            "What a queue costs whatever it is used for. Measured once, before the rounds",
            *description_parts(context),
            str(context.get("compiler", "unknown compiler")),
        ]
    )


def _notes(view: View, panels: Sequence[Panel]) -> list[str]:
    titles = {panel.title for panel in panels}
    notes = [
        note
        for panel, note in zip(
            PANELS,
            (
                "CPU: thread CPU time over wall time, while nothing happens, after 50 ms of "
                "settling.",
                "Closing: of threads that wait in pop, bound to the cores in turn; median of up "
                "to 9 times; queues for one "
                "consumer: one thread. Where more threads spin than there are cores, it is the "
                "scheduler's time.",
                "Memory: the queue and its heap, with room for so many 8-byte messages; full: "
                "with 4,096 in it.",
                "Construction: median of 101, memory warm.",
                "Compiling: CPU time of the compiler beyond that of an empty source.",
            ),
        )
        if panel.title in titles
    ]
    failures = [
        f"Failed: {failure.queue}, {failure.name}: {failure.reason}"
        for failure in view.run.property_failures
    ]
    return [" ".join(notes), *failures[:3]]
