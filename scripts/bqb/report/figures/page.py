"""Pages with a headline above and notes below, and how they are saved as SVG and PNG. Sizes in
inches."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from bqb.data.files import write_atomically
from bqb.report.figures.style import GREY, NORMAL, RC, SMALL, TITLE
from bqb.report.titles import Title


@dataclass
class Page:
    """A figure with a headline above and notes below its body. Sizes in inches; (0, 0) of the body
    is its top left."""

    figure: Figure
    width: float
    height: float
    top: float  # where the body begins, below the upper edge
    title: Title

    def axes(self, left: float, top: float, width: float, height: float, **options) -> Axes:
        """Axes in the body, `left` and `top` inches from its corner."""
        bottom = self.height - self.top - top - height
        return self.figure.add_axes(
            [left / self.width, bottom / self.height, width / self.width, height / self.height],
            **options,
        )

    def text(self, left: float, top: float, text: str, **options) -> None:
        """Text in the body, its upper left corner at (left, top) inches."""
        self.figure.text(
            left / self.width,
            1 - (self.top + top) / self.height,
            text,
            **{"va": "top", "fontsize": SMALL, **options},
        )


MARGIN = 0.25


def make_page(
    width: float, body: float, title: Title, subtitle: str, notes: Sequence[str] = ()
) -> Page:
    """A page `width` inches wide whose body is `body` inches high; title, subtitle and notes are
    wrapped to fit."""
    inner = width - 2 * MARGIN
    title_lines = wrapped(title.text, inner, TITLE, bold=True)
    subtitle_lines = wrapped(subtitle, inner, NORMAL)
    note_lines = [line for note in notes for line in wrapped(note, inner, SMALL)]
    top = 0.2 + 0.24 * len(title_lines) + 0.05 + 0.17 * len(subtitle_lines) + 0.2
    height = top + body + 0.15 * len(note_lines) + 0.2
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    page = Page(figure, width, height, top, title)
    page.text(
        MARGIN,
        0.2 - top,
        "\n".join(title_lines),
        fontsize=TITLE,
        fontweight="bold",
        linespacing=1.25,
    )
    page.text(
        MARGIN,
        0.25 + 0.24 * len(title_lines) - top,
        "\n".join(subtitle_lines),
        fontsize=NORMAL,
        color=GREY,
        linespacing=1.3,
    )
    page.text(
        MARGIN, body + 0.05, "\n".join(note_lines), fontsize=SMALL, color=GREY, linespacing=1.3
    )
    return page


def wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines of `text` that fit `width` inches: DejaVu Sans is about 0.5 em wide on average, 0.6 in
    bold."""
    per_line = max(int(width * 72 / (size * (0.61 if bold else 0.52))), 8)
    # Keeps a number's unit.
    text = re.sub(r"(?<=\d) (?=(?:ns|µs|μs|ms|s|kB|MB|B)\b)", "\N{NO-BREAK SPACE}", text)
    return [line for part in text.split("\n") for line in textwrap.wrap(part, per_line)]


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Writes stem.svg and stem.png, each whole or not at all; the same figure gives the same bytes.

    The PNG carries its texts, so that a test can tell whether it is what today's code draws."""
    paths = []
    for kind, metadata in (
        ("svg", {"Date": None, "Creator": None}),
        ("png", {"Software": None, "Description": figure_text(figure)}),
    ):
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata=metadata)
        path = stem.with_name(f"{stem.name}.{kind}")
        write_atomically(path, SMALLER_FILE[kind](content.getvalue()))
        paths.append(path)
    return paths


def smaller_png(content: bytes) -> bytes:
    """The same pixels without the channel of their opacity, which is full everywhere: an eighth
    less."""
    image = Image.open(io.BytesIO(content))
    texts = PngImagePlugin.PngInfo()
    for key, text in image.text.items():
        texts.add_text(key, text)
    out = io.BytesIO()
    image.convert("RGB").save(out, "png", optimize=True, dpi=image.info["dpi"], pnginfo=texts)
    return out.getvalue()


def smaller_svg(content: bytes) -> bytes:
    """Coordinates to a hundredth of a point. Numbers below 1, such as the scale of letters, stay as
    they are."""
    return re.sub(rb"(?<![\w.#])(-?[1-9]\d*\.\d\d)\d+", rb"\1", content)


SMALLER_FILE = {"png": smaller_png, "svg": smaller_svg}


def figure_text(figure: Figure) -> str:
    """All texts of a figure, a line each: titles, notes, names and numbers; not those that ticks
    make when drawn."""
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
    return "\n".join(text.get_text() for text in texts if text.get_text())


def plot_style() -> AbstractContextManager[None]:
    """The style as a context manager: whoever calls us keeps their own settings."""
    return matplotlib.rc_context(RC)
