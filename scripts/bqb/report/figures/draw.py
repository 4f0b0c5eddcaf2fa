"""Draws every figure of a run, on all cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bqb import die_with_parent
from bqb.data.model import Run
from bqb.report.figures.capacity import against_capacity
from bqb.report.figures.cpu_cost import cpu_cost
from bqb.report.figures.lost import dots
from bqb.report.figures.occupancy import occupancy
from bqb.report.figures.overview import overview
from bqb.report.figures.page import Page, plot_style, save_figure
from bqb.report.figures.properties import properties
from bqb.report.figures.sojourn import sojourn
from bqb.report.figures.style import queue_styles
from bqb.report.figures.summary import summary
from bqb.report.figures.view import View
from bqb.stats.counters import LOST, THROUGHPUT


def draw_figures(run: Run, out_dir: Path | str) -> list[Path]:
    """Draws every figure that the run has data for into `out_dir` (created), on all cores."""
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    figures = all_figures(
        View(run, queue_styles([*run.queues, *(queue for _, queue in run.cells())]))
    )
    # Processes, as matplotlib's state is global; forked ones, as they have the run already.
    with ProcessPoolExecutor(
        len(os.sched_getaffinity(0)),
        multiprocessing.get_context("fork"),
        _take_over,
        (figures, out_dir),
    ) as pool:
        return [path for paths in pool.map(_draw, range(len(figures))) for path in paths]


Figures = list[tuple[str, Callable[[], Page | None]]]
_figures: Figures = []
_out_dir = Path()


def _take_over(figures: Figures, out_dir: Path) -> None:
    global _figures, _out_dir
    die_with_parent()
    # Ctrl-C is for the parent, which then gives them nothing more to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _figures, _out_dir = figures, out_dir


def _draw(index: int) -> list[Path]:
    stem, make = _figures[index]
    with plot_style():
        drawn = make()
        return save_figure(drawn.figure, _out_dir / stem) if drawn else []


def all_figures(view: View) -> Figures:
    """(file name, function) of each figure; a function returns None where its data are missing."""
    figures: Figures = [
        ("summary", lambda: summary(view)),
        ("overview", lambda: overview(view)),
        ("properties", lambda: properties(view)),
    ]
    for scenario in view.run.scenarios.values():
        if not view.points(scenario):
            continue
        pools = view.pools()
        kind = {THROUGHPUT: "throughput", LOST: "lost"}.get(
            view.judge(scenario), view.judge(scenario)
        )
        figures += [
            (f"{scenario.name}.{kind}", lambda s=scenario: dots(view, s)),
            (f"{scenario.name}.capacity", lambda s=scenario: against_capacity(view, s)),
            (f"{scenario.name}.sojourn", lambda s=scenario: sojourn(view, s, pools)),
            (f"{scenario.name}.cpu_cost", lambda s=scenario: cpu_cost(view, s)),
            (f"{scenario.name}.occupancy", lambda s=scenario: occupancy(view, s)),
        ]
    return figures
