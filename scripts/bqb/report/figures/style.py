"""How every figure looks: one colour and marker a queue, fonts, sizes.

Colours are Okabe and Ito's (distinct to colour-blind readers, without the yellow that vanishes on
white) and a brown that is darker than any of theirs; colour and marker together distinguish about
80 queues, so nothing rests on colour alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from bqb.data.model import REFERENCE

INK, GREY, PALE, ALARM = "#222222", "#6b6b6b", "#e4e4e4", "#c0392b"
SMALL, NORMAL, TITLE = 8, 9, 13  # points
DPI, PNG_DPI = 100, 150  # of the pixels that sizes are stated in, and of PNGs
RC = {
    "font.family": "DejaVu Sans",
    "font.size": NORMAL,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9a9a9a",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.titlesize": NORMAL,
    "axes.titlelocation": "left",
    "axes.titlepad": 5,
    "axes.labelsize": NORMAL,
    "xtick.color": "#9a9a9a",
    "ytick.color": "#9a9a9a",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "figure.facecolor": "white",
    "figure.dpi": DPI,
    "savefig.dpi": PNG_DPI,
    "svg.hashsalt": "bounded-queue-bench",
    "svg.fonttype": "path",
    "mathtext.default": "regular",
}


@dataclass(frozen=True)
class Style:
    color: str
    marker: str
    line: str | tuple = "-"

    def mark(self, size: float) -> dict:
        """Marker options for a mark that looks `size` points wide: thin shapes are drawn larger,
        round ones smaller."""
        thin = {
            "P": 1.2,
            "X": 1.2,
            "*": 1.5,
            "^": 1.1,
            "v": 1.1,
            "<": 1.1,
            ">": 1.1,
            "D": 0.9,
            "s": 0.95,
        }
        return {
            "marker": self.marker,
            "markersize": size * thin.get(self.marker, 1.0),
            "color": self.color,
            "markeredgecolor": "white",
            "markeredgewidth": 0.5,
        }


BLACK, ORANGE, SKY, GREEN, BLUE, RED, PINK, SLATE, BROWN = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#7f7f7f",
    "#6b3d0a",
)
# A colour for a family: condition variables, semaphores, third-party libraries that wait by
# themselves, those that cannot. The rings are one family, told apart by storage (marker) and by
# waiting (colour).
QUEUE_STYLES = {
    REFERENCE: Style(BLACK, "o"),
    "reference_as_posted": Style(BLACK, "X", ":"),
    "two_condvar": Style(ORANGE, "s"),
    "two_lock": Style(BROWN, "D", "--"),
    "single_condvar": Style(ORANGE, "d", ":"),
    "posix_semaphore": Style(PINK, "^"),
    "semaphore": Style(PINK, "v", "--"),
    "spin_then_block": Style(GREEN, "P"),
    "moodycamel_blocking": Style(RED, "X"),
    "moodycamel_spsc": Style(RED, "d", ":"),
    "tbb": Style(RED, ">", "--"),
    "boost_lockfree": Style(SKY, "v"),
    "unbounded": Style(SLATE, "<", "--"),
    **{
        f"{ring}_{waiting}": Style(color, marker, line)
        for ring, marker, line in (("mpmc", "o", "-"), ("spsc", "*", "--"))
        for waiting, color in (
            ("spin", RED),
            ("spin_yield", ORANGE),
            ("spin_park", GREEN),
            ("spin_yield_park", BLUE),
            ("park", SLATE),
            ("atomic_wait", PINK),
        )
    },
}
_COLORS = [ORANGE, SKY, GREEN, BLUE, RED, PINK, SLATE]
_MARKERS = ["p", "h", "d", ">", "*", "8", "H", "o", "s", "^", "v"]
_LINES = ["--", (0, (4, 1, 1, 1)), ":", "-"]
_SLOTS = [
    Style(color, marker, _LINES[index % len(_LINES)])
    for index, marker in enumerate(_MARKERS)
    for color in _COLORS
]


def queue_styles(names: Iterable[str]) -> dict[str, Style]:
    """A style for each name, all different: fixed for the known, by a hash of the name for the
    others."""
    names = list(dict.fromkeys(names))
    taken = {name: QUEUE_STYLES[name] for name in names if name in QUEUE_STYLES}
    for name in sorted(set(names) - set(QUEUE_STYLES)):
        start = zlib.crc32(name.encode())
        used = {(style.color, style.marker) for style in (*taken.values(), *QUEUE_STYLES.values())}
        candidates = (_SLOTS[(start + step) % len(_SLOTS)] for step in range(len(_SLOTS)))
        taken[name] = next(
            (style for style in candidates if (style.color, style.marker) not in used),
            _SLOTS[start % len(_SLOTS)],
        )
    return {name: taken[name] for name in names}
