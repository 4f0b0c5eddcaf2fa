"""The marked parts of a page, which follow from a source.

A table or a paragraph stands between two lines, a number between two marks in its sentence:

    <!-- generated: gate campaigns -->
    ...
    <!-- end of gate campaigns -->

    It holds <!--n:judged figures-->96<!--/n--> figures.

A function that is registered with @generated writes the part of its name, the underscores as
spaces. It returns Markdown without a line break at its end. It is called once a process.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bqb import ROOT

Write = Callable[[], str]
MARK = re.compile(
    r"^<!-- (?P<side>generated:|end of) (?P<part>[^>\n]*) -->\n"
    r"|<!--(?:n:(?P<number>[^>\n]*?)|(?P<end>/n))-->",
    re.MULTILINE,
)
WRITTEN: dict[str, Write] = {}


class PageError(ValueError):
    """A page and the functions that write its parts do not fit. Names file and line."""


def generated(write: Write) -> Write:
    """Registers a function for the part of its name."""
    cached: Write = functools.cache(write)
    WRITTEN[write.__name__.replace("_", " ")] = cached
    return cached


@dataclass(frozen=True)
class Part:
    """What stands between two marks: text[begin:end] of a page."""

    name: str
    is_number: bool
    begin: int
    end: int
    where: str  # file and line of its first mark


def parts_of(page: Path, text: str) -> Iterator[Part]:
    """In their order. Raises PageError where a mark lacks its other one."""
    opened: re.Match[str] | None = None
    for mark in MARK.finditer(text):
        begins = mark["side"] == "generated:" or mark["number"] is not None
        if begins == (opened is not None) or not begins and not _closes(opened, mark):
            raise PageError(f"{_where(page, text, mark)}: {mark[0].strip()} stands alone")
        if opened is not None:
            name = opened["part"] or opened["number"]
            is_number = opened["part"] is None
            yield Part(name, is_number, opened.end(), mark.start(), _where(page, text, opened))
        opened = mark if begins else None
    if opened is not None:
        raise PageError(f"{_where(page, text, opened)}: {opened[0].strip()} stands alone")


def _closes(opened: re.Match[str] | None, mark: re.Match[str]) -> bool:
    return opened is not None and opened["part"] == mark["part"]


def _where(page: Path, text: str, mark: re.Match[str]) -> str:
    return f"{_short(page)}:{text.count(chr(10), 0, mark.start()) + 1}"


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def filled(page: Path, text: str, writers: Mapping[str, Write]) -> str:
    """The page with the parts that `writers` write; those of other names stay as they are."""
    done, at = [], 0
    for part in parts_of(page, text):
        old = text[part.begin : part.end]
        new = _framed(writers[part.name](), old, part) if part.name in writers else old
        done += [text[at : part.begin], new]
        at = part.end
    return "".join([*done, text[at:]])


def _framed(content: str, old: str, part: Part) -> str:
    """A part keeps the empty lines that the page has around it."""
    if part.is_number:
        return content
    space = "\n" if old.startswith("\n") else ""
    return f"{space}{content}\n{space}"


def check_names(texts: Mapping[Path, str], known: Mapping[str, Callable[..., object]]) -> None:
    """Raises PageError for a part that nothing writes, and for a function whose part no page
    has."""
    used = set()
    for page, text in texts.items():
        for part in parts_of(page, text):
            used.add(part.name)
            if part.name not in known:
                raise PageError(f"{part.where}: nothing writes the part '{part.name}'")
    for name, write in known.items():
        if name not in used:
            code = getattr(write, "__wrapped__", write).__code__
            place = f"{_short(Path(code.co_filename))}:{code.co_firstlineno}"
            raise PageError(f"{place}: no page has a part '{name}'")
