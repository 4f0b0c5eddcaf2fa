"""Files of recorded times: one number of nanoseconds a line, as a scenario's `trace_file`."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bqb import CommandError, exit_status, shown
from bqb.data.files import read_regular

MOST_TIMES = 4_000_000  # of a side; a scenario may hold 10,000,000
MOST_BYTES = 32 * MOST_TIMES
MOST_NS = 4e9

Times = NDArray[np.float64]


def read_trace(path: Path) -> Times:
    """Raises CommandError (USAGE) that names file, line and remedy."""

    def wrong(what: str, line: int = 0) -> CommandError:
        place = f"{path}:{line}" if line else str(path)
        return CommandError(f"{place}: {what}", exit_status.USAGE)

    try:
        text = read_regular(path, MOST_BYTES).decode(errors="replace")
    except OSError as error:
        raise wrong(f"{error.strerror}; name a file of times, one a line") from None
    times: list[float] = []
    for number, line in enumerate(text.split("\n"), start=1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            ns = float(word)
        except ValueError:
            ns = math.nan
        if not math.isfinite(ns) or "_" in word:
            raise wrong(f"'{shown(word)}' is not a number of nanoseconds; one a line", number)
        if not 0 <= ns <= MOST_NS:
            raise wrong(f"'{shown(word)}': a time is 0 to 4,000,000,000 ns (4 s)", number)
        if len(times) == MOST_TIMES:
            raise wrong(f"more than {MOST_TIMES:,} times, the limit: shorten it", number)
        times.append(ns)
    if not times:
        raise wrong("holds no time: write numbers of nanoseconds, one a line")
    if not any(times):
        raise wrong("all its times are 0: one at least must be above 0")
    return np.array(times)


def trace_text(times: Times, what: str) -> str:
    """The file that `read_trace` reads."""
    return f"# {what}, ns\n" + "\n".join(f"{ns:.1f}".removesuffix(".0") for ns in times) + "\n"
