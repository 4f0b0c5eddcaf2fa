"""How often verdicts (stats/verdicts.py) err, in simulated runs (simulated_runs.py).

    PYTHONPATH=scripts python3 -m bqb.validation.verdict_errors RUN... [--count N] [--seed S]

prints the share of false verdicts and of true ones that are found, how often intervals hold the
median, and how often a copy of a queue that is slower by a known factor is seen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bqb.data.load import load_run
from bqb.stats.margin import Margin, is_far_apart
from bqb.stats.sign_test import median_interval
from bqb.stats.verdicts import FALSE_SHARE
from bqb.validation.simulated_runs import (
    IS_EQUIVALENT,
    IS_UNDECIDED,
    IS_WORSE,
    Matrix,
    Noise,
    noises_of,
    p_of,
    simulate,
    states_of,
    up_to,
)

BLOCKS = 12  # of a simulated run
BLOCKS_OF_INTERVALS = (6, 8, 12)
LOOKS = (12, 24, 48)
SLOWER = 1.3
BLOCKS_FOR_TRUTH = 4000
COVERAGE = 0.95


@dataclass(frozen=True)
class Figure:
    """A share (0..1) with a 95% interval, and what it must be; None where there is none."""

    share: float
    low: float | None = None
    high: float | None = None
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it may be what it must be, as far as its interval can tell."""
        low = self.share if self.low is None else self.low
        high = self.share if self.high is None else self.high
        return (self.most is None or low <= self.most) and (
            self.least is None or high >= self.least
        )


def proportion(hits: int, n: int, most: float | None = None, least: float | None = None) -> Figure:
    """Of `n` independent events, with Clopper and Pearson's interval."""
    from scipy.stats import beta

    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return Figure(hits / n, low, high, most, least)


def mean_share(hits: Matrix, totals: Matrix, most: float | None = None) -> Figure:
    """The mean over runs of a share; 0 in a run with a total of 0."""
    shares = hits / np.maximum(totals, 1)
    reach = 1.96 * float(np.std(shares)) / len(shares) ** 0.5
    mean = float(np.mean(shares))
    return Figure(mean, max(mean - reach, 0), min(mean + reach, 1), most)


def identical(
    noises: Sequence[Noise], count: int, rng: np.random.Generator, looks: Sequence[int] = (BLOCKS,)
) -> dict[str, Figure]:
    """Of `count` runs whose queues all have the lowest median."""
    medians = [np.full(len(noise.queues), noise.medians.min()) for noise in noises]
    states = states_of(noises, simulate(noises, medians, looks, count, rng), looks)
    blocks = ", ".join(map(str, looks))
    any_worse = int((states == IS_WORSE).any(axis=1).sum())
    same = (states == IS_EQUIVALENT).sum(axis=1)
    return {
        f"identical, {blocks} blocks: runs with any worse": proportion(
            any_worse, count, most=FALSE_SHARE
        ),
        f"identical, {blocks} blocks: queues equivalent": mean_share(
            same, np.full(count, states.shape[1])
        ),
    }


def real_line_up(
    noises: Sequence[Noise], count: int, rng: np.random.Generator
) -> dict[str, Figure]:
    """Of `count` runs whose queues have their medians over all runs. 'Worse' is false where no
    queue is better by more than the margin in most blocks, 'equivalent' where one is."""
    medians = [noise.medians for noise in noises]
    is_worse = np.concatenate([truly_worse(noise, rng) for noise in noises])
    is_far = np.concatenate(
        [
            [is_far_apart(min(each), median, noise.margin) for median in each]
            for noise, each in zip(noises, medians)
        ]
    )
    states = states_of(noises, simulate(noises, medians, (BLOCKS,), count, rng), (BLOCKS,))
    false_worse = (states == IS_WORSE) & ~is_worse
    false_equivalent = (states == IS_EQUIVALENT) & is_worse
    figures = {}
    for what, false, given in (
        ("worse", false_worse, states == IS_WORSE),
        ("equivalent", false_equivalent, states == IS_EQUIVALENT),
        ("all verdicts", false_worse | false_equivalent, states != IS_UNDECIDED),
    ):
        share = Figure(float(false.sum() / max(given.sum(), 1)), most=FALSE_SHARE)
        per_run = mean_share(false.sum(axis=1), given.sum(axis=1), most=FALSE_SHARE)
        figures[f"real line-up: false, of {what}, pooled"] = share
        figures[f"real line-up: false, of {what}, per run"] = per_run
    for what, which, state in (
        ("worse, of those far off", is_worse & is_far, IS_WORSE),
        ("worse, of the others that are", is_worse & ~is_far, IS_WORSE),
        ("equivalent, of those that are", ~is_worse, IS_EQUIVALENT),
    ):
        found = (states[:, which] == state).sum(axis=1)
        figures[f"real line-up: {what}"] = mean_share(found, np.full(count, which.sum()))
    return figures


def truly_worse(noise: Noise, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Of each queue, whether some other is better by more than the margin in most blocks."""
    values = noise.with_medians(noise.medians, noise.draw(1, BLOCKS_FOR_TRUTH, rng))[0]
    mine, others = values[:, None], values[None]
    excess = np.median(mine - others - noise.margin.between(mine, others), axis=2)
    is_worse: NDArray[np.bool_] = (excess > 0).any(axis=1)
    return is_worse


def coverage(noises: Sequence[Noise], blocks: int, count: int, rng: np.random.Generator) -> Figure:
    """Of `count` intervals for each cell, whether they hold the true median: that of the cell's
    values over all runs, which are drawn from.

    One of an odd number of values is the median itself; it is never drawn, so that values lie
    below and above with the same chance, as continuous ones would. An interval holds its ends."""
    low, high = (int(rank) for rank in median_interval(range(blocks)))
    held = total = 0
    for noise in noises:
        ordered = np.sort(noise.values, axis=0)
        median = np.median(ordered, axis=0)
        if len(ordered) % 2:
            ordered = np.delete(ordered, len(ordered) // 2, axis=0)
        cells = np.arange(ordered.shape[1])
        drawn = ordered[rng.integers(len(ordered), size=(blocks, count, len(cells))), cells]
        drawn.sort(axis=0)
        held += int(((drawn[low] <= median) & (median <= drawn[high])).sum())
        total += count * len(cells)
    return proportion(held, total, least=COVERAGE)


def slower_copy(
    noises: Sequence[Noise],
    factor: float,
    count: int,
    rng: np.random.Generator,
    in_same_blocks: bool = False,
) -> dict[str, Figure]:
    """How often a copy of a queue whose values are `factor` times as large is declared worse, in
    `count` runs of the real line-up. At each open-loop point that an excess judges, the copy of
    each queue where that is beyond the margin, one at a time.

    The copy's noise is that of other blocks: what the queues of a block share, it lacks, which
    hides it. `in_same_blocks`, its noise is that of the blocks; it then stands in for the queue
    with the highest median, as a block has no more residuals than queues."""
    p = simulate(noises, [noise.medians for noise in noises], (BLOCKS,), count, rng).worse[0]
    ends = np.cumsum([len(noise.queues) for noise in noises])
    figures = {}
    for noise, end in zip(noises, ends):
        by_excess = noise.is_headline and noise.key.counter.startswith("excess")
        if not (by_excess and noise.is_open_loop):
            continue
        elsewhere = np.delete(p, np.s_[end - len(noise.queues) : end], axis=1)
        medians = noise.medians
        beyond = np.flatnonzero(
            (factor - 1) * medians > noise.margin.between(medians, factor * medians)
        )
        found = {
            queue: _is_copy_worse(
                _with_copy(noise, queue, factor, count, rng, in_same_blocks),
                noise.margin,
                elsewhere,
            )
            for queue in beyond
        }
        name = f"{factor:g} times slower copy, {'same' if in_same_blocks else 'other'} blocks"
        best = int(np.argmin(medians))
        if best in found:
            hits = int(found[best].sum())
            figures[f"{name}, {noise.key.point}: worse, of the best"] = proportion(hits, count)
        if found:
            figures[f"{name}, {noise.key.point}: worse, of any of {len(found)}"] = mean_share(
                np.sum(list(found.values()), axis=0), np.full(count, len(found))
            )
    return figures


def _with_copy(
    noise: Noise,
    queue: int,
    factor: float,
    count: int,
    rng: np.random.Generator,
    in_same_blocks: bool,
) -> Matrix:
    """Values of a point, (count, queues, blocks), those of the copy last."""
    medians, residuals = noise.medians, noise.draw(count, BLOCKS, rng)
    if in_same_blocks:
        others = [each for each in np.argsort(medians) if each != queue][:-1]
        values = noise.with_medians(medians[[queue, *others, queue]], residuals)
        values[:, -1] *= factor
        return values
    # The noise of another draw is dealt at random: that of its first queue is as good as any.
    copy = noise.with_medians(medians[[queue]], noise.draw(count, BLOCKS, rng)[:, :1])
    return np.concatenate([noise.with_medians(medians, residuals), factor * copy], axis=1)


def _is_copy_worse(values: Matrix, margin: Margin, elsewhere: Matrix) -> NDArray[np.bool_]:
    """Of each run, whether it declares the last queue worse. `elsewhere`: p of what is judged
    at other points, (runs, queues)."""
    p, _ = p_of(values, margin)
    allowed = up_to(np.concatenate([elsewhere, p], axis=1), FALSE_SHARE)
    is_worse: NDArray[np.bool_] = p[:, -1] <= allowed[:, 0]
    return is_worse


def error_rates_of(
    noises: Sequence[Noise], count: int, rng: np.random.Generator
) -> dict[str, Figure]:
    """How often verdicts err, and how often intervals hold the median."""
    return {
        **identical(noises, count, rng),
        **identical(noises, count, rng, LOOKS),
        **real_line_up(noises, count, rng),
        **{
            f"intervals of {blocks} blocks: hold the median": coverage(noises, blocks, count, rng)
            for blocks in BLOCKS_OF_INTERVALS
        },
    }


def figures_of(noises: Sequence[Noise], count: int, seed: int) -> dict[str, Figure]:
    """All of them."""
    rng = np.random.default_rng(seed)
    return {
        **error_rates_of(noises, count, rng),
        **slower_copy(noises, SLOWER, count, rng),
        **slower_copy(noises, SLOWER, count, rng, in_same_blocks=True),
    }


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="RUN", help="the folder of a run")
    parser.add_argument("--count", type=int, default=1000, help="simulated runs of each kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(words)
    begin = time.perf_counter()
    noises = noises_of([load_run(folder) for folder in arguments.folders])
    blocks = [len(noise.values) for noise in noises]
    print(
        f"{len(noises)} judged counters, {sum(len(noise.queues) for noise in noises)} queues of "
        f"them, {min(blocks)} to {max(blocks)} real blocks each"
    )
    for what, figure in figures_of(noises, arguments.count, arguments.seed).items():
        ends = "" if figure.low is None else f"[{figure.low:7.2%}, {figure.high:7.2%}]"
        limit = "" if figure.most is None else f"at most {figure.most:.0%}"
        limit = limit if figure.least is None else f"at least {figure.least:.0%}"
        print(
            f"{what:88} {figure.share:7.2%} {ends:20} {limit}{'' if figure.holds else ': MISSED'}"
        )
    print(f"{arguments.count} runs of each kind: {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
