"""What several commands do: folders of results, queue_bench, a run, its page and summary."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.report.html import REPORT
from bqb.commands.failures import as_command_error, print_error
from bqb.data.rows import ResultError
from bqb.running import build, external_queues
from bqb.running.header_flags import Header
from bqb.running.journal import Journal
from bqb.running.process import STOP_SIGNALS, Interrupted
from bqb.running.selection import Selection

if TYPE_CHECKING:
    from bqb.data.model import Run


def queue_bench(headers: tuple[Header, ...]) -> Path:
    """queue_bench with these headers' queues, built if need be. BQB_QUEUE_BENCH names another
    one."""
    if program := os.environ.get("BQB_QUEUE_BENCH"):
        return Path(program)
    if headers:
        return external_queues.build_with(headers, "release", "queue_bench") / "queue_bench"
    build.build("release", "queue_bench")
    return ROOT / "build" / "release" / "queue_bench"


def check_free(folder: Path, or_else: str = "") -> None:
    """Raises CommandError (USAGE) where --out holds something. `or_else`: a second remedy."""
    try:
        taken = os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir()))
    except OSError as error:
        raise folder_error(folder, error) from None
    if taken:
        raise CommandError(
            f"--out {folder}: exists already; name a new folder{or_else}", exit_status.USAGE
        )


def make_folder(folder: Path) -> Path:
    """Creates the folder of --out and returns it. Raises CommandError (USAGE)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise folder_error(folder, error) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(
            f"--out {folder}: cannot be written; name another folder", exit_status.USAGE
        )
    return folder


def folder_error(folder: Path, error: OSError) -> CommandError:
    return CommandError(f"--out {folder}: {error.strerror}; name another folder", exit_status.USAGE)


def measured(
    command: str,
    program: Path,
    folder: Path,
    selection: Selection,
    show: Callable[[], None],
    undecided: Callable[[Path], list[str]] | None = None,
    is_brief: bool = False,
) -> Journal:
    """Measures what is left of a run, and shows it. Where that stops early, what was measured stays
    and how to go on is printed. `undecided`, `is_brief`: as of Driver."""
    from bqb.report.machine import warnings_of
    from bqb.running.driver import Driver
    from bqb.running.machine_facts import machine_facts

    driver = Driver(program, folder, selection, undecided=undecided, is_brief=is_brief)
    is_whole = False
    try:
        for warning in warnings_of(machine_facts(program)):
            print_error(f"{command}: {warning}")
        driver.run()
        is_whole = True
        show()
        for remark in driver.remarks:
            print_error(f"{command}: {remark}")
    except ResultError:  # what was measured is lost or damaged
        raise
    except (Interrupted, Exception):
        leave_in_order(command, folder, driver.journal, is_whole)
        raise
    return driver.journal


def leave_in_order(command: str, folder: Path, journal: Journal, is_whole: bool) -> None:
    """Where a run or its report stops early: keeps what was measured and says how to go on; leaves
    nothing where nothing was begun."""
    from bqb.report.tool_files import write_tool_files

    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if not journal.begun:
        shutil.rmtree(folder, ignore_errors=True)
        return
    folder_name = shlex.quote(short_path(folder.resolve()))
    if is_whole:
        print_error(f"The run is whole. To see it: ./scripts/report {folder_name}")
        return
    try:
        write_tool_files(folder)
    except (OSError, CommandError) as error:
        print_error(f"{command}: {as_command_error(error)}")
    print_error(f"Go on with: ./scripts/{command} --resume {folder_name}")


def draw_run(folder: Path) -> tuple[Run, Path]:
    """Makes what is made from the rows of a run: the files for other tools, the figures, the page.
    Returns the run and its page."""
    from bqb.data.load import load_run
    from bqb.report.figures.draw import draw_figures
    from bqb.report.tool_files import write_tool_files

    write_tool_files(folder)
    run = load_run(folder)
    draw_figures(run, folder / "plots")
    return run, write_page(run, folder / REPORT)


def show_run(folder: Path, details: bool = False) -> None:
    """The same, and prints its summary, or with `details` every table."""
    print_run(*draw_run(folder), details)


def write_page(run: Run, path: Path) -> Path:
    """The page of a run."""
    from bqb.report.html.page import write_report
    from bqb.stats.decisions import read_needs

    return write_report(run, read_needs(), path)


def print_run(run: Run, page: Path, details: bool) -> None:
    """The summary of a run, or with `details` every table, and where the page is."""
    from bqb.report import short, table
    from bqb.stats.decisions import read_needs

    if details:
        table.print_summary(run)
    else:
        short.print_run(run, read_needs())
    print(f"Every number: {short_path(page.resolve())}")
