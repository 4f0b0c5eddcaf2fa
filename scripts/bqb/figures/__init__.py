"""The figures of a run, each with the answer to its question as the title.

    figures.draw(run, folder)        # SVG and PNG of each, returns their paths

    summary                overhead per message in a few situations: the README's figure
    overview               what each queue's synchronisation costs, queues x situations
    properties             what the queues cost whatever they are used for: idle, closing, memory, making
    <scenario>.lost        lost ns per message and efficiency; for scenarios without work <scenario>.throughput, for
                           those judged by another counter <scenario>.<counter>
    <scenario>.capacity    throughput and lost ns against capacity, where three or more capacities are swept
    <scenario>.sojourn     percentiles of the time from push to pop
    <scenario>.price       CPU burnt beyond the work against time lost
    <scenario>.occupancy   messages waiting over time, where a queue without a bound takes part

Each has a module of that name here; throughput is with lost. What they share: view (a run as they see it, words and
notes), layout (grids of panels) and cells (tables of queues x situations).

Everywhere: medians of undisturbed blocks with 95% intervals for a repeated run's median, raw trials as faint dots
behind them, disturbed trials as grey crosses that count for nothing, cells without a number named.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bqb import theme
from bqb.data.model import Run
from bqb.figures.capacity import against_capacity
from bqb.figures.lost import dots
from bqb.figures.occupancy import occupancy
from bqb.figures.overview import overview
from bqb.figures.price import price
from bqb.figures.properties import properties
from bqb.figures.sojourn import sojourn
from bqb.figures.summary import summary
from bqb.figures.view import View
from bqb.stats.counters import LOST, THROUGHPUT


def draw(run: Run, out_dir: Path | str) -> list[Path]:
    """Draws every figure that the run has data for into `out_dir` (created), on all cores."""
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    figures = all_figures(View(run, theme.styles([*run.queues, *(queue for _, queue in run.cells())])))
    # Processes, as matplotlib's state is global; forked ones, as they have the run already.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("fork"),
                             _take_over, (figures, out_dir)) as pool:
        return [path for paths in pool.map(_draw, range(len(figures))) for path in paths]


Figures = list[tuple[str, Callable[[], theme.Page | None]]]
_figures: Figures = []
_out_dir = Path()


def _take_over(figures: Figures, out_dir: Path) -> None:
    global _figures, _out_dir
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then gives them nothing more to do
    _figures, _out_dir = figures, out_dir


def _draw(index: int) -> list[Path]:
    stem, make = _figures[index]
    with theme.context():
        drawn = make()
        return theme.save(drawn.figure, _out_dir / stem) if drawn else []


def all_figures(view: View) -> Figures:
    """(file name, function) of each figure; a function returns None where its data are missing."""
    made: Figures = [("summary", lambda: summary(view)), ("overview", lambda: overview(view)),
                     ("properties", lambda: properties(view))]
    for scenario in view.run.scenarios.values():
        if not view.points(scenario):
            continue
        pools = view.pools()
        kind = {THROUGHPUT: "throughput", LOST: "lost"}.get(view.judge(scenario),
                                                            view.judge(scenario))
        made += [(f"{scenario.name}.{kind}", lambda s=scenario: dots(view, s)),
                 (f"{scenario.name}.capacity", lambda s=scenario: against_capacity(view, s)),
                 (f"{scenario.name}.sojourn", lambda s=scenario: sojourn(view, s, pools)),
                 (f"{scenario.name}.price", lambda s=scenario: price(view, s)),
                 (f"{scenario.name}.occupancy", lambda s=scenario: occupancy(view, s))]
    return made
