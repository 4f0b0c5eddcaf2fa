"""./scripts/publish: keeps a run in the repository."""

from __future__ import annotations

from pathlib import Path

from bqb import exit_status, short_path
from bqb.commands.failures import print_error
from bqb.commands.options import Parser, add_no_setup


def main(words: list[str]) -> int:
    parser = Parser(
        prog="publish",
        description="Keeps a complete run under results/published, "
        "compressed, and draws the figures that README.md and docs/ show, into plots/.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of a run")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace a published run of the same day, machine and selection",
    )
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    from bqb.running import publishing

    kept, figures = publishing.publish(
        arguments.folder, arguments.replace, lambda line: print_error(f"publish: {line}")
    )
    for path in (*figures, kept):
        print(short_path(path))
    return exit_status.OK
