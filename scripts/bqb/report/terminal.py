"""Prints text and tables: in colour and as wide as the terminal, anywhere else as plain text, 110
columns wide."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console, RenderableType

WIDTH = 110


def show(content: RenderableType, file: TextIO | None = None) -> None:
    """Prints to `file` (standard output)."""
    file = file or sys.stdout
    if file.isatty():
        Console(file=file, markup=False, emoji=False, highlight=False).print(content)
    else:
        file.write(_encodable(as_text(content), file.encoding or "utf-8"))


def as_text(content: RenderableType) -> str:
    """As plain text, at most `WIDTH` columns wide."""
    console = Console(
        width=WIDTH,
        color_system=None,
        force_terminal=False,
        markup=False,  # a name may hold brackets
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(content)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _encodable(text: str, encoding: str) -> str:
    return text.replace("µ", "u").encode(encoding, "replace").decode(encoding)
