"""plots/*.png are what today's code draws from the published runs: each carries its texts, which
are compared with those of the same figure drawn now. Pixels depend on the fonts of a machine;
titles, captions, names and numbers do not."""

import json
from functools import cache
from pathlib import Path

import pytest
from bqb import ROOT
from bqb.data import published
from bqb.data.load import load_run
from bqb.report.figures.draw import all_figures
from bqb.report.figures.page import figure_text, plot_style
from bqb.report.figures.style import queue_styles
from bqb.report.figures.view import View
from bqb.running import publishing
from bqb.validation import figure, result
from PIL import Image

PLOTS = sorted((ROOT / "plots").glob("*.png"))


@cache
def drawn(folder: Path) -> dict:
    """Functions that draw the figures of a published run, by file stem."""
    if (folder / "validation.json").exists():
        document = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
        machine = document.get("machine") or [folder.name]
        return {"validation": lambda: figure.page(result.from_json(document), machine)}
    run = load_run(folder)
    looks = queue_styles([*run.queues, *(queue for _, queue in run.cells())])
    return dict(all_figures(View(run, looks)))


def folder_of(stem: str) -> Path:
    """The newest published run that has the scenario of a figure; those of no scenario are of the
    curated ones."""
    if stem == "validation":
        return published.latest(published.VALIDATE)
    is_ablation = stem.startswith("waiting.")
    return published.latest(published.ABLATION if is_ablation else published.DEFAULT)


@pytest.mark.parametrize("plot", PLOTS, ids=[plot.stem for plot in PLOTS])
def test_a_committed_figure_says_what_the_code_draws(plot: Path) -> None:
    with plot_style():
        page = drawn(folder_of(plot.stem))[plot.stem]()
    assert Image.open(plot).info.get("Description", "") == figure_text(page.figure), (
        f"{plot.name} is not what the code draws: ./scripts/plot on an unpacked copy of "
        f"{folder_of(plot.stem).name}"
    )


def test_publish_draws_all_that_is_shown_and_nothing_else_is_kept() -> None:
    of_validate = {"validation.png"}  # of a ./scripts/validate, not of a run
    assert publishing.shown_figures() - of_validate == {plot.name for plot in PLOTS} - of_validate
    methodology = (ROOT / "METHODOLOGY.md").read_text(encoding="utf-8")
    assert all(f"plots/{name}" in methodology for name in of_validate)
