"""The sides of a pipeline from a recording of a program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bqb import CommandError, exit_status
from bqb.advice.traces import MOST_TIMES
from bqb.advice.wishes import Wishes

if TYPE_CHECKING:
    from bqb.advice.pipeline import Times


def recorded_parts(wishes: Wishes) -> tuple[int, int, bool, Times, Times, tuple[str, ...]]:
    raise CommandError("recordings come later", exit_status.USAGE)
