"""./scripts/plot: draws the figures of a run, or of a ./scripts/validate, again."""

from __future__ import annotations

from pathlib import Path

from bqb import exit_status, short_path
from bqb.commands.options import Parser, add_no_setup
from bqb.commands.validate import show_validation


def main(words: list[str]) -> int:
    parser = Parser(
        prog="plot",
        description="Draws the figures of a run, or of a ./scripts/validate, again. Its page and"
        " tables: ./scripts/report.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="the folder of a run, or one that has a validation.json",
    )
    add_no_setup(parser)
    folder = parser.parse_args(words).folder
    if (folder / "validation.json").is_file():
        show_validation(folder)
        print(short_path(folder.resolve()))
    else:
        from bqb.data.load import load_run
        from bqb.report.figures.draw import draw_figures

        draw_figures(load_run(folder), folder / "plots")
        print(short_path((folder / "plots").resolve()))
    return exit_status.OK
