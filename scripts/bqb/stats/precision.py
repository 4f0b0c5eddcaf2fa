"""Which points of a run are not precise enough yet: what a run with a budget measures again."""

from __future__ import annotations

from pathlib import Path

from bqb.data.load import load_run
from bqb.data.model import Point, Run
from bqb.stats import ranking, summaries
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS


def wide_points(folder: Path) -> list[str]:
    """Names of the ranked points of the run in `folder` that lack a verdict's blocks, or where the
    95% interval of some queue's median is wider than a tie's margin (5%; 10 ns for a time), the
    widest first."""
    ranking.forget_runs()
    run = load_run(folder)
    widths = {
        name: _width(run, point)
        for name, point in run.points.items()
        if run.scenarios[point.scenario].rank
    }
    return sorted(
        (name for name, width in widths.items() if width > 1), key=lambda name: -widths[name]
    )


def _width(run: Run, point: Point) -> float:
    """The widest interval of the judged counter over the ranked queues of a point, in margins;
    infinite without enough undisturbed blocks."""
    counter = ranking.headline(run, point)
    samples = [
        summary.undisturbed_values
        for queue in ranking.rankable(run, point)
        if (summary := summaries.summarise(run, point, queue, counter))
    ]
    return max((_in_margins(counter, sample) for sample in samples), default=0.0)


def _in_margins(counter: str, sample: tuple[float, ...]) -> float:
    if len(sample) < MIN_VERDICT_BLOCKS:
        return float("inf")
    estimate = summaries.estimate(sample)
    assert estimate is not None, "there are values"
    assert estimate.low is not None and estimate.high is not None, "six values have an interval"
    allowed = ranking.margin(counter, estimate.median)
    width = estimate.high - estimate.low
    return width / allowed if allowed else 0.0 if width == 0 else float("inf")
