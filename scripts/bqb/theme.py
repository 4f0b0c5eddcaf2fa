"""How every figure looks: one colour and marker a queue, axes in plain units, pages with a headline, atomic saving.

Colours are Okabe and Ito's (distinct to colour-blind readers, without the yellow that vanishes on white) and a brown
that is darker than any of theirs; colour and marker together tell some 80 queues apart, so nothing rests on colour
alone.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from PIL import Image, PngImagePlugin

from bqb.data.files import write_atomically
from bqb.report.units import format_ns, format_value
from bqb.stats.counters import unit_of

INK, GREY, PALE, ALARM = "#222222", "#6b6b6b", "#e4e4e4", "#c0392b"
SMALL, NORMAL, TITLE = 8, 9, 13  # points
DPI, PNG_DPI = 100, 150  # of the pixels that sizes are stated in, and of PNGs

RC = {
    "font.family": "DejaVu Sans", "font.size": NORMAL, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": "#9a9a9a", "axes.linewidth": 0.7, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": PALE, "grid.linewidth": 0.7, "axes.axisbelow": True,
    "axes.titlesize": NORMAL, "axes.titlelocation": "left", "axes.titlepad": 5, "axes.labelsize": NORMAL,
    "xtick.color": "#9a9a9a", "ytick.color": "#9a9a9a", "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "xtick.major.width": 0.7, "ytick.major.width": 0.7,
    "figure.facecolor": "white", "figure.dpi": DPI, "savefig.dpi": PNG_DPI,
    "svg.hashsalt": "bounded-queue-bench", "svg.fonttype": "path", "mathtext.default": "regular",
}


# ---------------------------------------------------------------------------------------------- a look for each queue


@dataclass(frozen=True)
class Style:
    color: str
    marker: str
    line: str | tuple = "-"

    def mark(self, size: float) -> dict:
        """Marker options for a mark that looks `size` points wide: thin shapes are drawn larger, round ones smaller."""
        thin = {"P": 1.2, "X": 1.2, "*": 1.5, "^": 1.1, "v": 1.1, "<": 1.1, ">": 1.1, "D": 0.9, "s": 0.95}
        return {"marker": self.marker, "markersize": size * thin.get(self.marker, 1.0), "color": self.color,
                "markeredgecolor": "white", "markeredgewidth": 0.5}


BLACK, ORANGE, SKY, GREEN, BLUE, RED, PINK, SLATE, BROWN = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#7f7f7f", "#6b3d0a")
# A colour for a family: condition variables, semaphores, third-party libraries that wait by themselves, those that
# cannot. The rings are one family, told apart by storage (marker) and by waiting (colour).
KNOWN = {
    "reference": Style(BLACK, "o"),
    "reference_as_posted": Style(BLACK, "X", ":"),
    "two_condvar": Style(ORANGE, "s"),
    "two_lock": Style(BROWN, "D", "--"),
    "single_condvar": Style(ORANGE, "d", ":"),
    "posix_semaphore": Style(PINK, "^"),
    "semaphore": Style(PINK, "v", "--"),
    "spin_then_block": Style(GREEN, "P"),
    "moodycamel_blocking": Style(RED, "X"),
    "tbb": Style(RED, ">", "--"),
    "boost_lockfree": Style(SKY, "v"),
    "unbounded": Style(SLATE, "<", "--"),
    **{f"{ring}_{waiting}": Style(color, marker, line)
       for ring, marker, line in (("mpmc", "o", "-"), ("spsc", "*", "--"))
       for waiting, color in (("spin", RED), ("spin_yield", ORANGE), ("spin_park", GREEN), ("spin_yield_park", BLUE),
                              ("park", SLATE), ("atomic_wait", PINK))},
}
_COLORS = [ORANGE, SKY, GREEN, BLUE, RED, PINK, SLATE]
_MARKERS = ["p", "h", "d", ">", "*", "8", "H", "o", "s", "^", "v"]
_LINES = ["--", (0, (4, 1, 1, 1)), ":", "-"]
_SLOTS = [Style(color, marker, _LINES[index % len(_LINES)])
          for index, marker in enumerate(_MARKERS) for color in _COLORS]


def styles(names: Iterable[str]) -> dict[str, Style]:
    """A style for each name, all different: fixed for the known, by a hash of the name for the others."""
    names = list(dict.fromkeys(names))
    taken = {name: KNOWN[name] for name in names if name in KNOWN}
    for name in sorted(set(names) - set(KNOWN)):
        start = zlib.crc32(name.encode())
        used = {(style.color, style.marker) for style in (*taken.values(), *KNOWN.values())}
        candidates = (_SLOTS[(start + step) % len(_SLOTS)] for step in range(len(_SLOTS)))
        taken[name] = next((style for style in candidates if (style.color, style.marker) not in used),
                           _SLOTS[start % len(_SLOTS)])
    return {name: taken[name] for name in names}


# ------------------------------------------------------------------------------------------------------------- pages


@dataclass
class Page:
    """A figure with a headline above and notes below its body. Sizes in inches; (0, 0) of the body is its top left."""

    figure: Figure
    width: float
    height: float
    top: float  # where the body begins, below the upper edge

    def axes(self, left: float, top: float, width: float, height: float, **options) -> Axes:
        """Axes in the body, `left` and `top` inches from its corner."""
        bottom = self.height - self.top - top - height
        return self.figure.add_axes([left / self.width, bottom / self.height, width / self.width,
                                     height / self.height], **options)

    def text(self, left: float, top: float, text: str, **options) -> None:
        """Text in the body, its upper left corner at (left, top) inches."""
        self.figure.text(left / self.width, 1 - (self.top + top) / self.height, text,
                         **{"va": "top", "fontsize": SMALL, **options})


MARGIN = 0.25


def page(width: float, body: float, title: str, subtitle: str, notes: Sequence[str] = ()) -> Page:
    """A page `width` inches wide whose body is `body` inches high; title, subtitle and notes are wrapped to fit."""
    inner = width - 2 * MARGIN
    title_lines = wrapped(title, inner, TITLE, bold=True)
    subtitle_lines = wrapped(subtitle, inner, NORMAL)
    note_lines = [line for note in notes for line in wrapped(note, inner, SMALL)]
    top = 0.2 + 0.24 * len(title_lines) + 0.05 + 0.17 * len(subtitle_lines) + 0.2
    height = top + body + 0.15 * len(note_lines) + 0.2
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    made = Page(figure, width, height, top)
    made.text(MARGIN, 0.2 - top, "\n".join(title_lines), fontsize=TITLE, fontweight="bold", linespacing=1.25)
    made.text(MARGIN, 0.25 + 0.24 * len(title_lines) - top, "\n".join(subtitle_lines), fontsize=NORMAL, color=GREY,
              linespacing=1.3)
    made.text(MARGIN, body + 0.05, "\n".join(note_lines), fontsize=SMALL, color=GREY, linespacing=1.3)
    return made


def wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines of `text` that fit `width` inches: DejaVu Sans is some 0.5 em wide on average, 0.6 in bold."""
    per_line = max(int(width * 72 / (size * (0.61 if bold else 0.52))), 8)
    text = re.sub(r"(?<=\d) (?=(?:ns|µs|μs|ms|s|kB|MB|B)\b)", "\N{NO-BREAK SPACE}", text)  # keeps a number's unit
    return [line for part in text.split("\n") for line in textwrap.wrap(part, per_line)]


def save(figure: Figure, stem: Path) -> list[Path]:
    """Writes stem.svg and stem.png, each whole or not at all; the same figure gives the same bytes.

    The PNG carries its texts, so that a test can tell whether it is what today's code draws."""
    paths = []
    for kind, metadata in (("svg", {"Date": None, "Creator": None}),
                           ("png", {"Software": None, "Description": description(figure)})):
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata=metadata)
        path = stem.with_name(f"{stem.name}.{kind}")
        write_atomically(path, SMALLER[kind](content.getvalue()))
        paths.append(path)
    return paths


def smaller_png(content: bytes) -> bytes:
    """The same pixels without the channel of their opacity, which is full everywhere: an eighth less."""
    image = Image.open(io.BytesIO(content))
    texts = PngImagePlugin.PngInfo()
    for key, text in image.text.items():
        texts.add_text(key, text)
    out = io.BytesIO()
    image.convert("RGB").save(out, "png", optimize=True, dpi=image.info["dpi"], pnginfo=texts)
    return out.getvalue()


def smaller_svg(content: bytes) -> bytes:
    """Coordinates to a hundredth of a point. Numbers below 1, such as the scale of letters, stay as they are."""
    return re.sub(rb"(?<![\w.#])(-?[1-9]\d*\.\d\d)\d+", rb"\1", content)


SMALLER = {"png": smaller_png, "svg": smaller_svg}


def description(figure: Figure) -> str:
    """All texts of a figure, a line each: titles, notes, names and numbers; not those that ticks make when drawn."""
    found = list(figure.texts)
    for axes in figure.axes:
        found += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
    return "\n".join(text.get_text() for text in found if text.get_text())


def context():
    """The style as a context manager: whoever calls us keeps their own settings."""
    return matplotlib.rc_context(RC)


# ------------------------------------------------------------------------------------------------------------ scales


@dataclass(frozen=True)
class Scale:
    """A logarithmic axis in plain units. Values <= `smallest` (zero and negative ones too) go to a marked band."""

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
        return math.sqrt(self.low * self.smallest)

    def apply(self, axes: Axes, which: str, labels: bool = True) -> None:
        """Sets scale, limits, ticks and the band of the x or y axis."""
        getattr(axes, f"set_{which}scale")("log")
        getattr(axes, f"set_{which}lim")(self.low, self.high)
        axis = getattr(axes, f"{which}axis")
        ticks = [tick for tick in self._ticks() if self.smallest is None or tick > self.smallest * 1.5]
        ticks = _thinned(ticks, _inches(axes, which) / (0.58 if which == "x" else 0.24))
        names = [self.name(tick) for tick in ticks]
        if self.smallest is not None:
            ticks, names = [self._band_middle, *ticks], [f"≤ {self.name(self.smallest)}", *names]
            span = axes.axvspan if which == "x" else axes.axhspan
            span(self.low, self.smallest, color="#f4f1ea", zorder=0, linewidth=0)
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FixedFormatter(names))
        side = "labelbottom" if which == "x" else "labelleft"
        axes.tick_params(axis=which, length=3 if labels else 0, **{side: labels})

    def _ticks(self) -> list[float]:
        """Decades; with steps between them where there are few, so that an axis always shows that it is logarithmic."""
        start = self.smallest or self.low
        decades = math.log10(self.high / start)
        steps = ([1] if decades > 2.6 else [1, 3] if decades > 1.2 else [1, 2, 5] if decades > 0.8 else
                 [1, 2, 3, 4, 5, 7])
        exponents = range(math.floor(math.log10(start)), math.ceil(math.log10(self.high)) + 1)
        ticks = (step * 10.0**exponent for exponent in exponents for step in steps)
        return [tick for tick in ticks if start * 0.999 <= tick <= self.high * 1.001]


def _inches(axes: Axes, which: str) -> float:
    box, figure = axes.get_position(), axes.figure
    return box.width * figure.get_figwidth() if which == "x" else box.height * figure.get_figheight()


def _thinned(ticks: list[float], room: float) -> list[float]:
    """At most `room` ticks, evenly left out."""
    return ticks[::max(math.ceil(len(ticks) / max(room, 1)), 1)]


def scale(values: Iterable[float], name: Callable[[float], str] = format_ns, smallest: float = 10.0) -> Scale:
    """A scale that holds all `values`; those <= `smallest`, too small to be told from nothing, go to its band."""
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
    if unit_of(counter) == "share" and 0.001 < min(values, default=0) <= max(values, default=2) <= 1:
        # Nothing lies beyond 100%.
        return Scale(min(0.4, min(values) / 1.3), 1.05, partial(format_value, counter), None)
    smallest = {"ns": 10.0, "msgs/s": 1.0, "bytes": 1.0, "%": 0.1}.get(unit_of(counter), 0.001)
    return scale(values, partial(format_value, counter), smallest)


# ------------------------------------------------------------------------------------------------------------ labels


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near `wanted`, in their order, at least `gap` apart and inside low..high as far as they fit."""
    order = np.argsort(wanted, kind="stable")
    count = len(wanted)
    gap = min(gap, (high - low) / max(count - 1, 1))
    placed = np.clip(np.asarray(wanted, dtype=float)[order], low, high)
    # Least-squares placement under the gaps: pool neighbours that would overlap around their common middle.
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


def end_labels(axes: Axes, labels: Sequence[tuple[float, float, str, str]], width: float = 0.25) -> None:
    """Names at the right of the axes for lines that end at (x, y): (x, y, text, color), moved apart, with leaders.

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
    heights = spread([y for _, y in ends], gap, 0.0, 1.0)
    elbow = 1 + width * figure.dpi / box.width
    for (x, y), height, (_, _, text, color) in zip(ends, heights, labels):
        axes.plot([x, 1 + (elbow - 1) * 0.25, elbow - (elbow - 1) * 0.2], [y, y, height], color=color, linewidth=0.6,
                  alpha=0.6, transform=axes.transAxes, clip_on=False, zorder=1)
        axes.text(elbow, height, text, color=color, fontsize=SMALL, va="center", transform=axes.transAxes)


_AROUND = [(0, 7, "center", "bottom"), (0, -7, "center", "top"), (9, 0, "left", "center"), (-9, 0, "right", "center"),
           (5, 6, "left", "bottom"), (5, -6, "left", "top"), (-5, 6, "right", "bottom"), (-5, -6, "right", "top"),
           (0, 18, "center", "bottom"), (0, -18, "center", "top"), (14, 14, "left", "bottom"), (14, -14, "left", "top"),
           (-14, 14, "right", "bottom"), (-14, -14, "right", "top")]


def point_labels(axes: Axes, labels: Sequence[tuple[float, float, str, str]]) -> None:
    """Names beside markers: (x, y, text, color), each on the first side where it covers nothing and stays inside."""
    renderer = axes.figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer).padded(2)
    markers = [axes.transData.transform((x, y)) for x, y, _, _ in labels]
    placed = []
    for index, (x, y, text, color) in enumerate(labels):
        best = None
        for dx, dy, ha, va in _AROUND:
            note = axes.annotate(text, (x, y), (dx, dy), textcoords="offset points", ha=ha, va=va, fontsize=SMALL,
                                 color=color, zorder=5)
            box = note.get_window_extent(renderer)
            cost = sum(_overlap(box, other) for other in placed)
            cost += sum(60 for i, marker in enumerate(markers) if i != index and box.padded(4).contains(*marker))
            cost += 1000 * (box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1)
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
    """Where the entries of a legend go, in inches from its upper left corner, when it is `width` inches wide."""
    places, x, y = [], 0.0, 0.0
    for name in names:
        needed = 0.5 + len(name) * 0.068
        if x and x + needed > width:
            x, y = 0.0, y + LEGEND_STEP
        places.append((x, y))
        x += needed
    return places


def legend(figure_page: Page, looks: dict[str, Style], top: float, lines: bool = False) -> None:
    """A strip of markers and names over the width of a page, `top` inches below the upper edge of its body."""
    for (name, style), (x, y) in zip(looks.items(), legend_places(list(looks), figure_page.width - 2 * MARGIN)):
        x, y = x + MARGIN, y + top
        axes = figure_page.axes(x, y, 0.26, 0.16)
        axes.axis("off")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        if lines:
            axes.plot([0, 1], [0.5, 0.5], color=style.color, linestyle=style.line, linewidth=1.4)
        axes.plot([0.5], [0.5], linestyle="none", **style.mark(6))
        figure_page.text(x + 0.32, y + 0.015, name)
