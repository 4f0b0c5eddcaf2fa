"""What several commands do: folders of results, queue_bench, the report of a run."""

from __future__ import annotations

import os
from pathlib import Path

from bqb import ROOT, CommandError, exit_status
from bqb.running import build, external_queues


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


def show_run(folder: Path) -> None:
    """Everything that is made from the rows of a run: results.json, the plots, the table."""
    from bqb.data.google_json import write_results_json
    from bqb.data.load import load_run
    from bqb.report import table
    from bqb.report.figures.draw import draw_figures

    write_results_json(folder)
    run = load_run(folder)
    draw_figures(run, folder / "plots")
    table.print_summary(run)
