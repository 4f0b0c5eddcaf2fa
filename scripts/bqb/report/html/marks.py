"""Markers and colours of queues on a page: the shapes and hues of the figures, as SVG symbols and
CSS classes, so that the theme decides on the exact colour."""

from __future__ import annotations

import math

from bqb.report.figures import style
from bqb.report.figures.style import Style

COLORS = {
    style.BLACK: "black",
    style.ORANGE: "orange",
    style.SKY: "sky",
    style.GREEN: "green",
    style.BLUE: "blue",
    style.RED: "red",
    style.PINK: "pink",
    style.SLATE: "slate",
    style.BROWN: "brown",
}
RADIUS = 5.0  # of a symbol, in a box from -6 to 6


def _polygon(corners: int, turn: float = 0.0, inner: float = 1.0) -> str:
    """Points of a regular polygon, or of a star whose every second corner lies at `inner` radii."""
    points = []
    for index in range(corners):
        angle = math.radians(turn - 90) + 2 * math.pi * index / corners
        radius = RADIUS * (inner if index % 2 else 1.0)
        points.append(f"{radius * math.cos(angle):.2f},{radius * math.sin(angle):.2f}")
    return " ".join(points)


def _cross(turn: float) -> str:
    """A thick cross."""
    arm, half = RADIUS, 1.8
    corners = [(half, half), (arm, half), (arm, -half)]
    points = []
    for quarter in range(4):
        angle = math.radians(turn - 90 * quarter)
        cos, sin = math.cos(angle), math.sin(angle)
        points += [f"{x * cos - y * sin:.2f},{x * sin + y * cos:.2f}" for x, y in corners]
    return " ".join(points)


# Marker of matplotlib: (name, points of a polygon); a circle has none.
SYMBOLS = {
    "o": ("circle", ""),
    "s": ("square", _polygon(4, turn=45)),
    "D": ("diamond", _polygon(4)),
    "d": ("narrow", "0,-5.5 3,0 0,5.5 -3,0"),
    "^": ("up", _polygon(3)),
    "v": ("down", _polygon(3, turn=180)),
    "<": ("left", _polygon(3, turn=270)),
    ">": ("right", _polygon(3, turn=90)),
    "P": ("plus", _cross(0)),
    "X": ("cross", _cross(45)),
    "*": ("star", _polygon(10, inner=0.45)),
    "p": ("pentagon", _polygon(5)),
    "h": ("hexagon", _polygon(6)),
    "H": ("hexagon-flat", _polygon(6, turn=30)),
    "8": ("octagon", _polygon(8, turn=22.5)),
}


def symbol_of(look: Style) -> str:
    """Name of a queue's symbol."""
    return SYMBOLS.get(look.marker, SYMBOLS["o"])[0]


def color_of(look: Style) -> str:
    """Name of a queue's colour: the CSS class c-<name> and the variable --<name>."""
    return COLORS.get(look.color, "slate")


def dashes_of(look: Style) -> str:
    """stroke-dasharray of a queue's line; empty for a solid one."""
    return {"--": "5 3", ":": "1.5 2.5", "-": ""}.get(str(look.line), "7 2 2 2")
