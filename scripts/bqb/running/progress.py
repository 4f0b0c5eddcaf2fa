"""How far a long job is and how long it will still take: a bar on a terminal, else a line now and
then."""

from __future__ import annotations

import os
import sys
import time

from bqb.report.units import format_clock

SECONDS_BETWEEN_LINES = 30


class Progress:
    """Done of total steps of a job of several stages. Draws only when updated: no thread disturbs a
    measurement."""

    def __init__(self, unit: str):
        self.unit = unit
        self._view = Bar() if can_draw() else Lines()
        self._started = time.monotonic()
        self._counted_from = (0, self._started)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        self._view.close()

    def start(self, done: int, unit: str | None = None) -> None:
        """A job of its own pace begins here, `done` steps of it done before (by an earlier
        process)."""
        self.unit = unit or self.unit
        self._counted_from = (done, time.monotonic())

    def update(self, stage: str, done: int, total: int, note: str = "") -> None:
        self._view.show(stage, done, total, self.unit, self._clock(done, total), note)

    def _clock(self, done: int, total: int) -> str:
        now = time.monotonic()
        first, since = self._counted_from
        elapsed = f"{format_clock(now - self._started)} elapsed"
        if done <= first:
            return elapsed
        left = (now - since) / (done - first) * (total - done)
        return f"{elapsed}, {format_clock(left)} left"


class Silence:
    """A Progress that shows nothing."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, *_) -> None:
        pass

    def start(self, done: int, unit: str | None = None) -> None:
        pass

    def update(self, stage: str, done: int, total: int, note: str = "") -> None:
        pass


def can_draw() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class Bar:
    def __init__(self):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        def text(template, **column):
            return TextColumn(template, markup=False, table_column=Column(no_wrap=True, **column))

        self._bar = RichProgress(
            text("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            text("{task.fields[clock]}"),
            text("{task.fields[note]}", overflow="ellipsis", ratio=1),
            auto_refresh=False,
            transient=True,
            expand=True,
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", clock="", note="")

    def show(self, stage: str, done: int, total: int, _unit: str, clock: str, note: str) -> None:
        self._bar.update(
            self._task, description=stage, completed=done, total=total, clock=clock, note=note
        )
        self._bar.start()  # nothing if it is running
        self._bar.refresh()

    def close(self) -> None:
        self._bar.stop()


class Lines:
    def __init__(self):
        self._stage = None
        self._printed = 0.0
        self._held = ""  # the last line that was not printed

    def show(self, stage: str, done: int, total: int, unit: str, clock: str, note: str) -> None:
        now = time.monotonic()
        share = 100 * done // total if total else 0
        line = f"{stage}: {done}/{total} {unit} ({share}%), {clock}"
        if stage == self._stage and now - self._printed < SECONDS_BETWEEN_LINES:
            self._held = line
            return
        if stage != self._stage:
            self.close()  # how the stage before ended
        self._stage, self._printed, self._held = stage, now, ""
        print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._held:
            print(self._held, file=sys.stderr, flush=True)
        self._held = ""
