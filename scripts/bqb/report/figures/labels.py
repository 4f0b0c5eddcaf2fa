"""Names beside lines and markers, moved apart, and legends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bqb.report.figures.page import MARGIN, Page
from bqb.report.figures.style import SMALL, Style


def spread_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near `wanted`, in their order, at least `gap` apart and inside low..high as far as
    they fit."""
    order = np.argsort(wanted, kind="stable")
    count = len(wanted)
    gap = min(gap, (high - low) / max(count - 1, 1))
    placed = np.clip(np.asarray(wanted, dtype=float)[order], low, high)
    # Least-squares placement under the gaps: pool neighbours that would overlap around their common
    # middle.
    groups: list[list[float]] = []  # [mean of (position - index * gap), members]
    for index, position in enumerate(placed):
        groups.append([position - index * gap, 1])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (first, m), (second, n) = groups[-2:]
            groups[-2:] = [[(first * m + second * n) / (m + n), m + n]]
    base = np.repeat([mean for mean, _ in groups], [int(n) for _, n in groups])
    base = np.clip(base, low, high - (count - 1) * gap)
    result = np.empty(count)
    result[order] = base + np.arange(count) * gap
    return result.tolist()


def end_labels(
    axes: Axes, labels: Sequence[tuple[float, float, str, str]], width: float = 0.25
) -> None:
    """Names at the right of the axes for lines that end at (x, y): (x, y, text, color), moved
    apart, with leaders.

    Call it when scales and limits are final; `width` (inches) is the room that leaders take."""
    if not labels:
        return
    figure = axes.figure
    box = axes.get_window_extent()

    def to_axes(x: float, y: float) -> np.ndarray:
        return axes.transAxes.inverted().transform(axes.transData.transform((x, y)))

    ends = [to_axes(x, y) for x, y, _, _ in labels]
    lines = 1 + max(text.count("\n") for _, _, text, _ in labels)
    gap = SMALL * 1.3 * lines / 72 * figure.dpi / box.height
    heights = spread_apart([y for _, y in ends], gap, 0.0, 1.0)
    elbow = 1 + width * figure.dpi / box.width
    for (x, y), height, (_, _, text, color) in zip(ends, heights, labels):
        axes.plot(
            [x, 1 + (elbow - 1) * 0.25, elbow - (elbow - 1) * 0.2],
            [y, y, height],
            color=color,
            linewidth=0.6,
            alpha=0.6,
            transform=axes.transAxes,
            clip_on=False,
            zorder=1,
        )
        axes.text(
            elbow, height, text, color=color, fontsize=SMALL, va="center", transform=axes.transAxes
        )


_AROUND = [
    (0, 7, "center", "bottom"),
    (0, -7, "center", "top"),
    (9, 0, "left", "center"),
    (-9, 0, "right", "center"),
    (5, 6, "left", "bottom"),
    (5, -6, "left", "top"),
    (-5, 6, "right", "bottom"),
    (-5, -6, "right", "top"),
    (0, 18, "center", "bottom"),
    (0, -18, "center", "top"),
    (14, 14, "left", "bottom"),
    (14, -14, "left", "top"),
    (-14, 14, "right", "bottom"),
    (-14, -14, "right", "top"),
]


def point_labels(axes: Axes, labels: Sequence[tuple[float, float, str, str]]) -> None:
    """Names beside markers: (x, y, text, color), each on the first side where it covers nothing and
    stays inside."""
    renderer = axes.figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer).padded(2)
    markers = [axes.transData.transform((x, y)) for x, y, _, _ in labels]
    placed = []
    for index, (x, y, text, color) in enumerate(labels):
        best = None
        for dx, dy, ha, va in _AROUND:
            note = axes.annotate(
                text,
                (x, y),
                (dx, dy),
                textcoords="offset points",
                ha=ha,
                va=va,
                fontsize=SMALL,
                color=color,
                zorder=5,
            )
            box = note.get_window_extent(renderer)
            cost = sum(_overlap(box, other) for other in placed)
            cost += sum(
                60
                for i, marker in enumerate(markers)
                if i != index and box.padded(4).contains(*marker)
            )
            cost += 1000 * (
                box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
            )
            if best is None or cost < best[0]:
                if best:
                    best[1].remove()
                best = (cost, note, box)
            else:
                note.remove()
            if cost == 0:
                break
        placed.append(best[2])


def _overlap(box, other) -> float:
    """Area two boxes share, in square pixels."""
    width = min(box.x1, other.x1) - max(box.x0, other.x0)
    height = min(box.y1, other.y1) - max(box.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0.0


LEGEND_STEP = 0.19  # inches from one line of a legend to the next


def legend_places(names: Sequence[str], width: float) -> list[tuple[float, float]]:
    """Where the entries of a legend go, in inches from its upper left corner, when it is `width`
    inches wide."""
    places, x, y = [], 0.0, 0.0
    for name in names:
        needed = 0.5 + len(name) * 0.068
        if x and x + needed > width:
            x, y = 0.0, y + LEGEND_STEP
        places.append((x, y))
        x += needed
    return places


def draw_legend(
    figure_page: Page, looks: dict[str, Style], top: float, lines: bool = False
) -> None:
    """A strip of markers and names over the width of a page, `top` inches below the upper edge of
    its body."""
    for (name, style), (x, y) in zip(
        looks.items(), legend_places(list(looks), figure_page.width - 2 * MARGIN)
    ):
        x, y = x + MARGIN, y + top
        axes = figure_page.axes(x, y, 0.26, 0.16)
        axes.axis("off")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        if lines:
            axes.plot([0, 1], [0.5, 0.5], color=style.color, linestyle=style.line, linewidth=1.4)
        axes.plot([0.5], [0.5], linestyle="none", **style.mark(6))
        figure_page.text(x + 0.32, y + 0.015, name)
