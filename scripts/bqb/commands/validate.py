"""./scripts/validate: proves the harness against queueing theory."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path

from bqb import ROOT, exit_status, short_path
from bqb.commands.options import Parser, add_no_setup, add_seed
from bqb.commands.shared import check_free, make_folder, queue_bench
from bqb.data import files

HELP = """\
Proves the harness against queueing theory: measures throughputs and waits that have a closed
form, prints how far each is off and draws them. On a quiet machine: 8 minutes on 2 cores. The last
line of the output is the folder with the results."""

STATUS = """\
exit status:
  0    every figure that could be judged is within its tolerance (the last line counts those
       that could not)
  1    one is not, or could not be measured (each is named), or the run broke off
  2    wrong usage, or a folder for the results that cannot be used
  3    what is missing on this machine could not be installed, or the build failed
  5    a file could not be read or written
  6    the system refused a thread, a core or memory
  70   internal error"""


def main(words: list[str]) -> int:
    parser = Parser(
        prog="validate",
        description=HELP,
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--deep", action="store_true", help="more points and three times the rounds (40 minutes)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results: new or empty " "(default: results/validate-<date>-<time>)",
    )
    add_seed(parser)
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    if arguments.out:
        check_free(arguments.out)
    from bqb.validation import run

    program = queue_bench(())
    default = ROOT / "results" / datetime.now().strftime("validate-%Y%m%d-%H%M%S")
    folder = make_folder(arguments.out or default)
    run.measure(program, folder, arguments.deep, arguments.seed)
    return report(folder, arguments.deep)


def report(folder: Path, deep: bool) -> int:
    """Compares, keeps validation.json, draws the figure, prints the table."""
    from bqb.validation import comparison, result, run

    cells, faults = comparison.collect(folder, deep)
    document = result.as_json(comparison.compare(cells), faults, run.machine(folder))
    content = json.dumps(document, indent=1, allow_nan=False).encode()
    files.write_atomically(folder / result.FILE, content)
    show_validation(folder)
    print(short_path(folder.resolve()))
    return exit_status.OK if document["passed"] else exit_status.FAILED


def show_validation(folder: Path) -> None:
    """Draws the figure of a validation.json and prints its table."""
    from bqb.report import terminal
    from bqb.report.figures.page import plot_style, save_figure
    from bqb.validation import figure, result
    from bqb.validation.report import summary

    document = result.read(folder)
    comparisons = result.from_json(document)
    machine = document.get("machine") or [folder.resolve().name]
    with plot_style():
        save_figure(figure.page(comparisons, machine).figure, folder / "validation")
    terminal.show(summary(comparisons, document["faults"]))
