"""./scripts/report: writes the page of a run, or of several runs side by side."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.commands.options import Parser, add_no_setup
from bqb.commands.shared import print_run, write_page
from bqb.report.html import REPORT

HELP = """\
Writes report.html into the folder of a run: which queue to take for what, with every number; and
the files for other tools, results.json and github_action_benchmark.json, again.
Of several runs, also of several machines, it writes one page with the verdicts of each side by
side: in how many runs each decision holds, and which contradict it."""

STATUS = """\
exit status:
  0    the page is written
  2    wrong usage, or a folder that is not that of a run
  5    a file could not be read or written"""


def main(words: list[str]) -> int:
    parser = Parser(
        prog="report",
        description=HELP,
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the folder of a run")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the page to write (default: report.html in DIR; of several runs "
        "results/report-<date>-<time>.html)",
    )
    parser.add_argument(
        "--details",
        action="store_true",
        help="print every table of a run: questions, points, claims, properties, what has no "
        "number",
    )
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    if arguments.details and len(arguments.folders) > 1:
        parser.error("--details prints the tables of one run; name one folder")
    folders = [folder.resolve() for folder in arguments.folders]
    for folder, given in zip(folders, arguments.folders):
        if folders.count(folder) > 1:
            raise CommandError(f"{given}: named twice; name each run once", exit_status.USAGE)
    if arguments.out and arguments.out.is_dir():
        raise CommandError(f"--out {arguments.out}: a folder; name a file", exit_status.USAGE)
    if arguments.out and not arguments.out.absolute().parent.is_dir():
        what = "the folder does not exist; create it, or name another file"
        raise CommandError(f"--out {arguments.out}: {what}", exit_status.USAGE)
    if len(arguments.folders) == 1:
        report_one(arguments.folders[0], arguments.out, arguments.details)
    else:
        report_several(arguments.folders, arguments.out)
    return exit_status.OK


def report_one(folder: Path, out: Path | None, details: bool) -> None:
    """In the folder of the run with the files for other tools; elsewhere the page alone."""
    from bqb.data.load import load_run
    from bqb.report.tool_files import write_tool_files

    if out is None:
        write_tool_files(folder)
    run = load_run(folder)
    print_run(run, write_page(run, out or folder / REPORT), details)


def report_several(folders: list[Path], out: Path | None) -> None:
    from bqb.data.load import load_run
    from bqb.report import short
    from bqb.report.html.joint_page import write_joint_report
    from bqb.stats.decisions import read_needs

    runs, needs = [load_run(folder) for folder in folders], read_needs()
    if out is None:
        out = ROOT / "results" / f"report-{datetime.now():%Y%m%d-%H%M%S}.html"
        out.parent.mkdir(exist_ok=True)
    write_joint_report(runs, needs, out)
    short.print_runs(runs, needs)
    print(f"The runs side by side: {short_path(out.resolve())}")
