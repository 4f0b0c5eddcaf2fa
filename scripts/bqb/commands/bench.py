"""./scripts/bench: measures, draws the figures, writes the page, prints its summary."""

from __future__ import annotations

import argparse
import os
from datetime import datetime
from pathlib import Path

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.commands.options import (
    Parser,
    add_no_setup,
    add_seed,
    add_with,
    regular_expression,
    seconds,
    whole_number,
)
from bqb.commands.shared import check_free, make_folder, measured, queue_bench, show_run
from bqb.data.rows import TRIALS_FILE
from bqb.running import external_queues
from bqb.running.journal import Journal
from bqb.running.selection import Selection, listing
from bqb.schema import MOST_ROUNDS
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS

HELP = """\
Measures bounded blocking queues, draws figures, and writes report.html: which queue to take for
what. Prints a summary of it. The last line of the output is the folder with the results. What about
this machine makes the results worse is said on standard error before the run, with the remedy."""

STATUS = """\
exit status:
  0    all went well
  1    a queue gave a wrong result, hung or crashed (it is named; the others have their
       results), or the run broke off
  2    wrong usage, a wrong scenario, or a folder for the results that cannot be used
  3    what is missing on this machine could not be installed, or the build failed
  5    a file could not be read or written; --resume goes on with the run
  6    the system refused a thread, a core or memory
  70   internal error
  130  stopped with Ctrl-C; --resume goes on with the run"""


def main(words: list[str]) -> int:
    arguments = parse(words)
    if arguments.resume:
        selection = selection_of(arguments.resume)
        return measure(
            queue_bench(external_queues.check(selection.brought())),
            arguments.resume,
            selection,
            arguments.details,
        )
    if arguments.out:
        check_free(arguments.out, f", or go on with --resume {arguments.out}")
    headers = external_queues.check(tuple(arguments.headers or ()))
    program = queue_bench(headers)
    selection = Selection(
        scenario=tuple(map(absolute_if_file, arguments.scenario or [])),
        queue=arguments.queue,
        all=arguments.all,
        seed=arguments.seed,
        rounds=arguments.rounds,
        budget_s=arguments.budget,
        headers=tuple(header.path for header in headers),
        header_flags=tuple(header.flags for header in headers),
        compile_times=arguments.compile_times,
        point=tuple(arguments.point or []),
        adapt_spin_limits=arguments.adapt_spin_limits,
    )
    text = listing(program, selection)  # reports a wrong selection before anything is written
    if arguments.list:
        print(text, end="")
        return exit_status.OK
    folder = arguments.out or ROOT / "results" / datetime.now().strftime("%Y%m%d-%H%M%S")
    return measure(program, make_folder(folder), selection, arguments.details)


def parse(words: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="bench",
        description=HELP,
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--scenario",
        action="append",
        metavar="NAME|FOLDER|FILE",
        help="what to measure: a scenario or a folder below scenarios/, or a file; "
        "may be repeated (default: curated)",
    )
    add(
        "--point",
        action="append",
        metavar="NAME",
        help="measure only this point, as --list names it; may be repeated (its scenario follows "
        "from the name; one outside scenarios/ takes --scenario FILE, too)",
    )
    add("--queue", type=regular_expression, metavar="REGEX", help="only queues whose name matches")
    add("--all", action="store_true", help="every queue, not only the default line-up")
    add_with(parser, "measure the queue of this header, too")
    add(
        "--rounds",
        type=whole_number(1, MOST_ROUNDS),
        metavar="N",
        help="number of rounds: how often each point is measured (default: 12, quick: 3)",
    )
    add(
        "--budget",
        type=seconds,
        metavar="TIME",
        help="time to measure (300s, 5m, 1h; without the build) instead of a number of rounds: at "
        f"least {MIN_VERDICT_BLOCKS} rounds, then the undecided points, until all are decided",
    )
    add_seed(parser)
    add(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results: new or empty (default: results/<date>-<time>)",
    )
    add("--resume", type=Path, metavar="DIR", help="go on with a run that was stopped")
    add(
        "--compile-times",
        action="store_true",
        help="measure compile time of each queue's header, too (about 5 s a queue)",
    )
    add(
        "--adapt-spin-limits",
        action="store_true",
        help="have our own queues spin for about 5 us, whatever a pause costs on this machine "
        "(default: 200 pauses)",
    )
    add(
        "--details",
        action="store_true",
        help="print every table: questions, points, claims, properties, what has no number",
    )
    add("--list", action="store_true", help="show what would be measured")
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    of_a_new_run = (
        "scenario",
        "point",
        "queue",
        "all",
        "headers",
        "rounds",
        "budget",
        "seed",
        "out",
        "compile_times",
        "adapt_spin_limits",
        "list",
    )
    clash = [name for name in of_a_new_run if getattr(arguments, name) not in (None, False)]
    if arguments.resume and clash:
        option = "with" if clash[0] == "headers" else clash[0].replace("_", "-")
        parser.error(f"--resume goes on with a run as it was begun; leave out --{option}")
    if arguments.budget and arguments.rounds:
        parser.error("--budget decides on the number of rounds itself; leave out --rounds")
    return arguments


def absolute_if_file(scenario: str) -> str:
    """The run may be resumed from another folder."""
    return os.path.realpath(scenario) if os.path.exists(scenario) else scenario


def selection_of(folder: Path) -> Selection:
    """What a run was begun with."""
    journal = Journal(folder / TRIALS_FILE)
    journal.refresh()
    if not journal.begun:
        raise CommandError(
            f"--resume {folder}: no run was begun there; start one with --out", exit_status.USAGE
        )
    return Selection.of_run(journal)


def measure(program: Path, folder: Path, selection: Selection, details: bool) -> int:
    def show() -> None:
        show_run(folder, details)
        print(short_path(folder.resolve()), flush=True)

    journal = measured("bench", program, folder, selection, show)
    failed = journal.failed or journal.failed_properties
    return exit_status.FAILED if failed else exit_status.OK
