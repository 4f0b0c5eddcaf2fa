"""What one input starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Stream(Enum):
    """What standard output or standard error is."""

    FILE = "file"
    CLOSED = "closed"
    FULL = "full"  # /dev/full
    BROKEN_PIPE = "broken pipe"  # as in `command | true`


@dataclass(frozen=True)
class Case:
    """A command of scripts/, or a program of build/release, in the folder `work` of an input."""

    command: str  # whose --help lists the exit statuses
    options: list[str]  # bytes that are not UTF-8 as os.fsdecode has them
    program: Path | None = (
        None  # started with the options; without one, bqb.commands.main is called
    )
    environment: dict[str, str] = field(default_factory=dict)
    stdout: Stream = Stream.FILE
    stderr: Stream = Stream.FILE
    cwd_deleted: bool = False

    def describe(self) -> str:
        """For a reader: the command line, its long words shortened."""
        words = [
            ascii(each if len(each) < 200 else f"{each[:100]}...({len(each)})")
            for each in self.options
        ]
        remarks = [
            f"{name} {stream.value}"
            for name, stream in (("stdout", self.stdout), ("stderr", self.stderr))
            if stream is not Stream.FILE
        ]
        remarks += ["working folder deleted"] if self.cwd_deleted else []
        note = f"  [{', '.join(remarks)}]" if remarks else ""
        return " ".join([self.command, *words]) + note
