"""Follows trials.jsonl while queue_bench writes it: what is planned, what is done, what failed.

Only what it takes to drive a run and to show its progress; data/load.py reads the numbers.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

from bqb.data import files
from bqb.data.rows import ResultError, Row, RowReader


COMPILE = "compile"  # the property that the driver measures


class Journal:
    """What the rows so far say. `refresh` takes in what was written since."""

    def __init__(self, path: Path):
        self.path = path
        self.context: Row = {}
        self.cells = 0  # of the whole selection, skipped ones among them
        self.point_of: dict[str, str] = {}  # planned cell -> its point
        self.skipped: set[str] = set()
        self.failed: dict[str, str] = {}  # cell -> why; it is left out for the rest of the run
        self.tried: set[tuple[str, int]] = set()  # (cell, round)
        # (point, round) of each complete block, the last one counts.
        self.disturbed: dict[tuple[str, int], bool] = {}
        # (point, round): measured in it.
        self.window_ns: dict[tuple[str, int], float] = defaultdict(float)
        # (point, round): what the block took, all in all.
        self.wall_ns: dict[tuple[str, int], float] = {}
        self.spent_ns = 0.0  # wall time of the plans and complete blocks
        self.queues: list[str] = []  # of the whole selection
        self.looks: list[int] = []  # planned, with a budget of time
        self.measured: set[tuple[str, str]] = set()  # (queue, property)
        self.failed_properties: dict[str, str] = {}  # queue -> why; it gets no others
        self.current = ""  # the cell in progress
        self.round = 0  # the highest round begun; the pilot is none
        self.steps = 0  # rows that say that something was brought to its end
        self._offset = 0
        self._reader = RowReader(path)

    @property
    def begun(self) -> bool:
        """There is a `run` row."""
        return self.cells > 0

    def refresh(self) -> None:
        """Reads the lines that are complete by now. A line that a kill cut short is skipped. Raises
        ResultError for a row that is not as listed, and where what was read is gone."""
        try:
            with files.open_regular(self.path) as file:
                if file.seek(0, os.SEEK_END) < self._offset:
                    raise self._changed("cut off")
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            if self._offset > 0:
                raise self._changed("removed") from None
            return
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        for line in complete.splitlines(keepends=True):
            if row := self._reader.take(line):
                self._take(row)

    def _changed(self, what: str) -> ResultError:
        return ResultError(
            f"{self.path}: was {what} during the run; restore it, or start a new run in another "
            "folder"
        )

    def append(self, row: Row) -> None:
        """Writes a row, while no queue_bench runs that could write one, too."""
        with open(self.path, "ab") as file:
            cut_short = file.tell() > self._offset
            file.write((b"\n" if cut_short else b"") + json.dumps(row).encode() + b"\n")
        self.refresh()

    def _take(self, row: Row) -> None:
        kind = row["kind"]
        if kind == "start":
            self.current = row["cell"]
            self.round = max(self.round, row["round"])
        elif kind in ("run", "plan", "skip", "property", "trial", "block"):
            getattr(self, f"_take_{kind}")(row)
            self.steps += 1
        elif kind == "looks":
            self.looks = list(row["rounds"])
        elif kind == "syscalls":
            self.steps += 1

    def _take_run(self, row: Row) -> None:
        self.context = row["context"]
        self.queues = list(row["queues"])
        self.cells = sum(
            len(scenario["points"]) * len(scenario["queues"])
            for scenario in row["scenarios"].values()
        )

    def _take_plan(self, row: Row) -> None:
        self.point_of[row["cell"]] = row["point"]
        self.spent_ns += row.get("wall_ns", 0)

    def _take_skip(self, row: Row) -> None:
        self.skipped.add(row["cell"])

    def _take_property(self, row: Row) -> None:
        self.measured.add((row["queue"], row["name"]))
        if "error" in row:
            self.failed_properties[row["queue"]] = f"{row['name']}: {row['error']}"

    def _take_trial(self, row: Row) -> None:
        if row["status"] == "error":
            self.failed.setdefault(row["cell"], row.get("message", "no reason given"))
        self.tried.add((row["cell"], row["round"]))
        self.window_ns[row["point"], row["round"]] += row.get("window_ns", 0)

    def _take_block(self, row: Row) -> None:
        self.disturbed[row["point"], row["round"]] = row["disturbed"]
        self.wall_ns[row["point"], row["round"]] = row.get("wall_ns", 0)
        self.spent_ns += row.get("wall_ns", 0)

    # ------------------------------------------------------------------------------------ questions

    @property
    def piloted(self) -> int:
        """Cells that the pilot has dealt with."""
        return len(self.point_of.keys() | self.skipped | self.failed.keys())

    @property
    def pilot_is_complete(self) -> bool:
        return self.round > 0 or (self.begun and self.piloted >= self.cells)

    @property
    def queues_with_properties(self) -> int:
        return len({queue for queue, name in self.measured if name != COMPILE})

    @property
    def points(self) -> list[str]:
        """Points with a cell that can still be measured."""
        return sorted({point for cell, point in self.point_of.items() if cell not in self.failed})

    def round_is_complete(self, number: int) -> bool:
        return all((point, number) in self.disturbed for point in self.points)

    def cells_of(self, points: list[str]) -> list[str]:
        return [cell for cell, point in self.point_of.items() if point in set(points)]

    def done_in(self, cells: list[str], rounds: range) -> int:
        """Of len(cells) * len(rounds) trials, those made and those that will never be."""
        never = self.failed.keys() & set(cells)
        others = set(cells) - never
        made = sum(cell in others and number in rounds for cell, number in self.tried)
        return len(never) * len(rounds) + made

    def undisturbed(self, point: str) -> int:
        return sum(
            name == point and not disturbed for (name, _), disturbed in self.disturbed.items()
        )

    def next_round(self, point: str) -> int:
        return 1 + max((number for name, number in self.disturbed if name == point), default=0)

    def block_wall_ns(self, point: str) -> float:
        """What a block of this point took, on average, from its beginning to its row."""
        walls = [wall for (name, _), wall in self.wall_ns.items() if name == point]
        return sum(walls) / len(walls) if walls else 0.0

    def cost_ns(self, point: str) -> float:
        """What a block of this point measures, on average: the sum of its windows."""
        costs = [
            cost for (name, number), cost in self.window_ns.items() if name == point and number > 0
        ]
        return sum(costs) / len(costs) if costs else 0.0
