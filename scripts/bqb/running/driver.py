"""Drives queue_bench through a run: the pilot, each round in a fresh process, then make-up rounds
for disturbed blocks; or, with a budget of time, further rounds of the points without a verdict.

queue_bench writes what it measured to trials.jsonl itself. When a queue takes its process down (it
hangs or crashes), the driver starts the round again: queue_bench leaves out what is done, and the
cell that failed.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bqb import CommandError, die_with_parent, exit_status
from bqb.data import files
from bqb.data.rows import SIDE_FILES, TRIALS_FILE
from bqb.exit_status import QueueBenchStatus
from bqb.running import compile_times
from bqb.running.journal import COMPILE, Journal
from bqb.running.process import Listener, cause_of_death, lock_folder
from bqb.running.progress import Progress, Silence
from bqb.running.selection import Selection

FEWEST_ROUNDS_TO_MAKE_UP = 5
MAKE_UP_SHARE = 0.1  # of the time that the rounds took
SECONDS_BETWEEN_LOOKS = 0.5
# Hundreds of drivers that look twice a second would keep a core busy.
SECONDS_BETWEEN_LOOKS_BESIDE_OTHERS = 5.0


class Driver:
    """One run in one folder, of all points of the selection or of those in `only`.

    `beside_others`: other runs measure at the same time. This one then shows no progress and uses
    little CPU itself. `undecided`: the points of the run in a folder on which to spend the rest of
    a budget (all that are undecided). `is_brief`: no properties of the queues, and a budget ends
    the regular rounds, too."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        selection: Selection,
        only: Iterable[str] = (),
        beside_others: bool = False,
        undecided: Callable[[Path], list[str]] | None = None,
        is_brief: bool = False,
    ):
        self.journal = Journal(folder / TRIALS_FILE)
        self._layouts = layouts_of(binary)
        self._folder = folder
        self._selection = selection
        self._only = list(only)
        self.remarks: list[str] = []  # for the user, at the end
        self._progress = Silence() if beside_others else Progress("trials")
        self._beside_others = beside_others
        self._undecided_points = undecided
        self._is_brief = is_brief
        self._lock = lock_folder(folder)
        self.journal.refresh()
        self._begun = time.monotonic()
        self._spent_before_s = self.journal.spent_ns / 1e9
        self._enough: Callable[[], bool] = lambda: False  # stops the process at hand

    def run(self) -> None:
        """Does what is left to do."""
        with self._progress:
            self._pack()  # where a kill prevented it
            if not self.journal.pilot_is_complete:
                self._pilot()
            if not self._only and not self._is_brief:
                self._properties()
            self._regular_rounds()
            if self._selection.budget_s is not None:
                self._rounds_within_budget()
            # Which disturb every block.
            elif self._rounds >= FEWEST_ROUNDS_TO_MAKE_UP and not self._beside_others:
                self._make_up_rounds()
            if self._selection.compile_times:
                self._compile_times()

    # --------------------------------------------------------------------------------------- stages

    @property
    def _rounds(self) -> int:
        return self._selection.rounds_due(self.journal.context)

    def _pilot(self) -> None:
        def show():
            self._progress.update(
                "pilot", self.journal.piloted, self.journal.cells, self.journal.current
            )

        self._progress.start(self.journal.piloted, "trials")
        self._complete(["--pilot", *self._selection.note()], self._only, show)

    def _properties(self) -> None:
        """queue_bench knows what is missing. What goes wrong here costs properties, and no
        trial."""
        journal = self.journal

        def show():
            self._progress.update("properties", journal.queues_with_properties, len(journal.queues))

        self._progress.start(journal.queues_with_properties, "queues")
        try:
            self._complete(["--properties"], [], show)
        except CommandError as error:
            if error.status != exit_status.FAILED:
                raise
            self.remarks.append(f"not all properties were measured: {error}")

    def _compile_times(self) -> None:
        missing = [
            queue for queue in self.journal.queues if (queue, COMPILE) not in self.journal.measured
        ]
        self._progress.start(0, "queues")
        for number, queue in enumerate(missing):
            self._progress.update("compile times", number, len(missing), queue)
            try:
                values = compile_times.measure(queue, self._selection.brought())
            except compile_times.CannotCompile as reason:
                self.remarks.append(f"no compile time of {queue}: {reason}")
                continue
            self.journal.append(
                {
                    "kind": "property",
                    "queue": queue,
                    "name": COMPILE,
                    "params": {},
                    "values": values,
                }
            )

    def _regular_rounds(self) -> None:
        cells = list(self.journal.point_of)
        every = range(1, self._rounds + 1)
        self._progress.start(self.journal.done_in(cells, every), "trials")
        has_budget = self._is_brief and self._selection.budget_s is not None
        self._enough = OneMoreBlock(self) if has_budget else self._enough
        for number in every:
            if has_budget and self.budget_is_spent:
                return
            if not self.journal.round_is_complete(number):
                self._round(number, self._only, f"round {number}/{self._rounds}", cells, every)

    def _make_up_rounds(self) -> None:
        """Measures again, in rounds of their own, the blocks that lack undisturbed trials. What is
        disturbed every time is not tried for ever."""
        last = self._rounds + self._rounds // 2
        while wanted := self._wanted():
            number = min(map(self.journal.next_round, wanted))
            if number > last:
                return
            points = [point for point in wanted if self.journal.next_round(point) == number]
            self._round_of(points, number, f"make-up round {number - self._rounds}")
            if not any((point, number) in self.journal.disturbed for point in points):
                return  # queue_bench has nothing to measure there

    def _wanted(self) -> list[str]:
        """Points with too few undisturbed blocks, the neediest first, as many as the budget still
        pays."""
        journal = self.journal
        spent = sum(
            cost for (_, number), cost in journal.window_ns.items() if number > self._rounds
        )
        budget = MAKE_UP_SHARE * sum(
            cost for (_, number), cost in journal.window_ns.items() if number <= self._rounds
        )
        wanted = []
        for point in sorted(journal.points, key=journal.undisturbed):
            cost = journal.cost_ns(point)
            if spent + cost > budget or journal.undisturbed(point) >= self._rounds:
                break
            if cost > 0:  # else no trial there has a window
                spent += cost
                wanted.append(point)
        return wanted

    def _rounds_within_budget(self) -> None:
        """Measures on from look to look, the undecided points only from the first look on (from the
        start, where a function names them), until all are decided or the budget is spent. The block
        in progress then is still completed."""
        wanted = self._undecided() if self._undecided_points else self.journal.points
        if not self.journal.looks:
            self.journal.append({"kind": "looks", "rounds": self._plan_looks(wanted)})
        self._enough = OneMoreBlock(self)
        for look in self.journal.looks:
            if not wanted:
                return
            while points := self._affordable(wanted, look):
                number = min(map(self.journal.next_round, points))
                points = [point for point in points if self.journal.next_round(point) == number]
                before = len(self.journal.disturbed)
                count = f"{len(points)} point{'s' * (len(points) != 1)}"
                self._round_of(points, number, f"round {number} of {look}, {count} undecided")
                if len(self.journal.disturbed) == before:
                    return  # queue_bench has nothing to measure there, or the budget is spent
            if self._lack_rounds(wanted, look):
                return
            wanted = self._undecided()

    def _plan_looks(self, wanted: list[str]) -> list[int]:
        from bqb.stats import precision

        round_s = sum(map(self.journal.block_wall_ns, wanted)) / 1e9
        left_s = self._selection.budget_s - self._spent_s
        affordable = self._rounds + max(left_s, 0.0) / round_s if round_s else self._rounds
        return precision.plan_looks(affordable, self._rounds)

    def _undecided(self) -> list[str]:
        from bqb.stats import precision

        measurable = set(self.journal.points)
        undecided = self._undecided_points or precision.undecided_points
        return [point for point in undecided(self._folder) if point in measurable]

    def _affordable(self, wanted: list[str], look: int) -> list[str]:
        """Those of the points that lack rounds until the look, as many as the rest of the budget
        pays."""
        left_ns = (self._selection.budget_s - self._spent_s) * 1e9
        affordable = []
        for point in self._lack_rounds(wanted, look):
            cost = self.journal.block_wall_ns(point)
            if cost <= left_ns:
                left_ns -= cost
                affordable.append(point)
        return affordable

    def _lack_rounds(self, points: list[str], look: int) -> list[str]:
        """Those that have fewer rounds than a look asks for, and can be measured."""
        return [
            point
            for point in points
            if self.journal.next_round(point) <= look and self.journal.block_wall_ns(point) > 0
        ]

    @property
    def budget_is_spent(self) -> bool:
        return self._spent_s >= self._selection.budget_s

    @property
    def _spent_s(self) -> float:
        """Time that the run has taken: what the rows of earlier processes say, and this one's own
        clock since."""
        return max(
            self.journal.spent_ns / 1e9, self._spent_before_s + time.monotonic() - self._begun
        )

    def _round_of(self, points: list[str], number: int, stage: str) -> None:
        """A round of some points, shown as a job of its own."""
        cells, only = self.journal.cells_of(points), range(number, number + 1)
        self._progress.start(self.journal.done_in(cells, only))
        self._round(number, points, stage, cells, only)

    def _round(
        self, number: int, only: list[str], stage: str, cells: list[str], rounds: range
    ) -> None:
        total = len(cells) * len(rounds)

        def show():
            self._progress.update(
                stage, self.journal.done_in(cells, rounds), total, self.journal.current
            )

        # Two rounds each, since queue_bench exchanges the cores of the roles in every other one.
        program = self._layouts[(number - 1) // 2 % len(self._layouts)]
        self._complete(["--round", str(number)], only, show, program)
        self._pack()

    def _pack(self) -> None:
        """Compresses what the last round left beside its trials: most of a run's space,
        otherwise."""
        if self._beside_others:  # they measure just now, and would be disturbed
            return
        for name in SIDE_FILES:
            try:
                files.pack(self._folder / name)
            except OSError as error:
                remark = f"{self._folder / name} was not compressed: {error.strerror}"
                if remark not in self.remarks:
                    self.remarks.append(remark)

    # ------------------------------------------------------------------------------------ processes

    def _complete(
        self,
        task: list[str],
        only: list[str],
        show: Callable[[], None],
        program: Path | None = None,
    ) -> None:
        """Starts queue_bench (`program`: another layout of it) on `only` these points (all, if
        there are none), again where a queue took the process down, until the task is done."""
        program = program or self._layouts[0]
        if not only:
            self._restart_until_done(program, task, show)
            return
        with tempfile.NamedTemporaryFile("w", prefix="bqb-points-", suffix=".txt") as file:
            file.writelines(f"{point}\n" for point in only)
            file.flush()
            self._restart_until_done(program, [*task, "--only", file.name], show)

    def _restart_until_done(self, program: Path, task: list[str], show: Callable[[], None]) -> None:
        blame: list[str] = []
        steps_at_last_failure = -1
        while True:
            code, last_line = self._process(program, [*task, *blame], show)
            if code == 0:
                return
            has_its_row = code in (QueueBenchStatus.HUNG, QueueBenchStatus.QUEUE_FAILED)
            blame = [] if has_its_row else ["--crash-reason", cause_of_death(code, last_line)]
            if self.journal.steps == steps_at_last_failure:
                cause = blame[-1] if blame else last_line
                raise CommandError(
                    f"queue_bench keeps failing without making progress ({cause}); "
                    f"see {self._log}",
                    exit_status.FAILED,
                )
            steps_at_last_failure = self.journal.steps

    def _process(self, program: Path, task: list[str], show: Callable[[], None]) -> tuple[int, str]:
        """One process to its end: its exit status and the last thing it said. Status 0, too, if it
        was stopped because it is enough."""
        beside = ["--beside-others"] if self._beside_others else []
        command = [program, *self._selection.arguments(), "--out", self._folder, *beside, *task]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            preexec_fn=die_with_parent,
        )
        listener = Listener(process.stderr, self._log)
        try:
            while listener.is_alive():
                listener.join(
                    SECONDS_BETWEEN_LOOKS_BESIDE_OTHERS if beside else SECONDS_BETWEEN_LOOKS
                )
                self.journal.refresh()
                show()
                if self._enough():  # what is written stays; only the block at hand is lost
                    return 0, listener.last
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            self.journal.refresh()
        return code, listener.last

    @property
    def _log(self) -> Path:
        return self._folder / "queue_bench.log"


def layouts_of(program: Path) -> list[Path]:
    """The program and those beside it that are linked from the same objects, with their code at
    other places (cmake/BenchPrograms.cmake)."""
    others = program.parent.glob(f"{program.name}.layout_*")
    return [program, *sorted(others, key=lambda path: int(path.name.rpartition("_")[2]))]


class OneMoreBlock:
    """Called now and then: whether the budget is spent and a block has come to its end since, so
    that it is of use."""

    def __init__(self, driver: Driver):
        self._driver = driver
        self._blocks_then: int | None = None  # done when the budget was first seen spent

    def __call__(self) -> bool:
        blocks = len(self._driver.journal.disturbed)
        if self._blocks_then is None and self._driver.budget_is_spent:
            self._blocks_then = blocks
        return self._blocks_then is not None and blocks > self._blocks_then
