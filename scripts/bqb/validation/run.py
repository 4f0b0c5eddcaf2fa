"""Measures the parts: one run after the other where threads spin, many at once where they sleep."""

from __future__ import annotations

import os
import re
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bqb.data.load import load_run
from bqb.running.driver import Driver
from bqb.running.progress import Progress
from bqb.running.selection import Selection, listing
from bqb.validation.parts import DEEP_ROUNDS, Part, parts

LATENCY_REQUEST = "/dev/cpu_dma_latency"
# Of the runs at once: else all would probe the same cores at the same time.
SECONDS_BETWEEN_STARTS = 0.05


def points_of(binary: Path, part: Part, cores: int) -> list[str]:
    """Names of the points to measure: where the threads spin, those whose threads fit the cores."""
    text = listing(binary, Selection((part.scenario,)))
    names = [
        line.strip() for line in text.splitlines() if line.strip().startswith(f"{part.scenario}/")
    ]
    return [name for name in names if part.copies is not None or spinning_threads(name) <= cores]


def spinning_threads(point: str) -> int:
    shape = re.search(r"/case:(\d+)p(\d+)c\b", point)
    return int(shape[1]) + int(shape[2]) if shape else 2


def measure(binary: Path, folder: Path, deep: bool, seed: int | None) -> None:
    """Runs every part, each into folders of its own below `folder`."""
    cores = len(os.sched_getaffinity(0))
    at_once = []
    for part in parts(deep):
        points = points_of(binary, part, cores)
        selection = Selection(
            (part.scenario,), seed=seed, rounds=part.rounds * (DEEP_ROUNDS if deep else 1)
        )
        if part.copies is None and points:
            new_driver(binary, folder / part.scenario, selection, points).run()
        for copy in range(part.copies or 0):
            own = Selection(
                (part.scenario,), seed=(1 if seed is None else seed) + copy, rounds=selection.rounds
            )
            at_once += [
                (folder / f"{part.scenario}.{copy}.{number:02}", own, [point])
                for number, point in enumerate(points)
            ]
    if at_once:
        trials = sum(selection.rounds for _, selection, _ in at_once)
        with cores_awake():
            run_at_once([new_driver(binary, *what, beside_others=True) for what in at_once], trials)


@contextmanager
def cores_awake() -> Iterator[None]:
    """Asks the kernel, where it may be asked (as root), for cores that answer at once: they poll
    instead of halting, and one that halts, on a virtual machine, waits for its host before it hears
    a timer. The request lasts as long as the file is open (Linux,
    Documentation/power/pm_qos_interface)."""
    try:
        request = open(LATENCY_REQUEST, "wb", buffering=0)
    except OSError:  # no such kernel, or no right to ask
        yield
        return
    with request:
        request.write(struct.pack("i", 0))  # us
        yield


def new_driver(
    binary: Path, folder: Path, selection: Selection, points: list[str], beside_others: bool = False
) -> Driver:
    folder.mkdir()
    return Driver(binary, folder, selection, points, beside_others)


def run_at_once(drivers: Sequence[Driver], trials: int) -> None:
    """Runs all of these, of which none needs a core for long, next to each other; `trials` in all.
    The first failure ends it."""
    failures: list[BaseException] = []

    def run(driver: Driver) -> None:
        try:
            driver.run()
        except BaseException as error:  # also an Interrupted, which is no Exception
            failures.append(error)

    # Daemons: when this process has to go, they go, and queue_bench with them
    # (die_with_parent).
    threads = [threading.Thread(target=run, args=(driver,), daemon=True) for driver in drivers]
    with Progress("trials") as progress:
        for thread in threads:
            thread.start()
            time.sleep(SECONDS_BETWEEN_STARTS)
        while any(thread.is_alive() for thread in threads) and not failures:
            next(thread for thread in threads if thread.is_alive()).join(1.0)
            done = sum(
                len([number for _, number in list(driver.journal.tried) if number > 0])
                for driver in drivers
            )
            progress.update(f"{len(drivers)} runs at once", min(done, trials), trials)
    if failures:
        raise failures[0]


def machine(folder: Path) -> list[str]:
    """Where and when the runs below `folder` were made, in words; empty if none is."""
    first = next(
        (path for path in sorted(folder.glob("*")) if (path / "trials.jsonl").exists()), None
    )
    if first is None:
        return []
    context = load_run(first).context
    cores = context.get("cores", 0)
    return [
        " ".join(str(context.get("cpu_model", "unknown CPU")).split()),
        f"{cores} core{'s' * (cores != 1)}",
        str(context.get("date", ""))[:10],
    ]
