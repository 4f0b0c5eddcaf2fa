"""./scripts/publish: keeps a run in the repository."""

from __future__ import annotations

from pathlib import Path

from bqb import exit_status, short_path
from bqb.commands.failures import print_error
from bqb.commands.options import Parser, add_no_setup


def main(words: list[str]) -> int:
    parser = Parser(
        prog="publish",
        description="Keeps a complete run under results/published, compressed, in a folder of its"
        " own (date and time in UTC, machine, selection), and draws the figures that README.md and"
        " docs/ show, into plots/. Nothing published is overwritten: a run that is published"
        " already is only drawn again.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of a run")
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    from bqb.running import publishing

    kept, figures = publishing.publish(
        arguments.folder, lambda line: print_error(f"publish: {line}")
    )
    for path in (*figures, kept):
        print(short_path(path))
    return exit_status.OK
