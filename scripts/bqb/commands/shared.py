"""What several commands do: folders of results, queue_bench, the page and summary of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.report.html import REPORT
from bqb.running import build, external_queues

if TYPE_CHECKING:
    from bqb.data.model import Run


def queue_bench(headers: tuple[str, ...]) -> Path:
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


def show_run(folder: Path, details: bool = False) -> None:
    """Everything that is made from the rows of a run: the files for other tools, the figures, the
    page, and what is printed: its summary, or with `details` every table."""
    from bqb.data.load import load_run
    from bqb.report.figures.draw import draw_figures
    from bqb.report.tool_files import write_tool_files

    write_tool_files(folder)
    run = load_run(folder)
    draw_figures(run, folder / "plots")
    print_run(run, write_page(run, folder / REPORT), details)


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
