"""How good the advice is, on pipelines that are drawn from the hash of the commit that holds it.

    python3 -m bqb.advice.held_out --commit $(git rev-parse HEAD) --out results/held_out

Each pipeline is advised on as ./scripts/advise does it, and then measured in full: all queues that
fit, at the advised capacity, over a fixed number of rounds. The best queue is chosen on the odd
rounds; both it and the advised one are scored on the even ones. Beside them runs the advised queue
at the largest capacity that the wishes allow. A stopped test goes on where it was: what is done is
kept in scored.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bqb import ROOT, CommandError, exit_status
from bqb.advice import wishes as wanted
from bqb.advice.answer import Answer, selection_of, without_measuring, write_answer
from bqb.advice.choice import Choice, capacity_losses, choose, undecided_point
from bqb.advice.drawn import drawn, kind_of
from bqb.advice.knee import Measure
from bqb.advice.nearest import nearest
from bqb.advice.plan import trial_s
from bqb.advice.queues import why_not_capacity
from bqb.advice.scenario import NAME, write_scenario
from bqb.data import published
from bqb.data.files import write_atomically
from bqb.data.load import load_run
from bqb.data.model import Point, Run
from bqb.report.machine import described
from bqb.report.units import parse_duration
from bqb.running.driver import Driver
from bqb.running.selection import Selection
from bqb.stats import judging, verdicts
from bqb.stats.counters import THROUGHPUT
from bqb.stats.summaries import summarise

PIPELINES = 40
MOST_ROUNDS, FEWEST_ROUNDS = 20, 8  # of the full measurement
FULL_S = 90  # that it may take, where that pays for enough rounds
MEASURE = "2m"
SCORED = "scored.json"
LARGEST = "largest_capacity"  # the scenario of the advised queue at the largest capacity
MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class Scored:
    """What came of one pipeline. Regrets: of what users feel (time per message, mean sojourn time)
    as a share of the best queue's; of dropped messages, in shares of all. None: not applicable."""

    number: int
    kind: str  # closed or open
    words: Mapping[str, str]
    fitting: int  # queues that fit
    queue: str
    capacity: int
    is_decided: bool
    best: str
    regret: float | None
    overhead_ns: float | None  # what judges the queues, of the advised and of the best one
    best_overhead_ns: float | None
    nearest: str | None  # advised by the nearest published point
    nearest_distance: float | None
    nearest_regret: float | None
    cpu_best: str | None
    cpu_regret: float | None  # where CPU was limited
    largest_capacity: int
    # Of the advised queue at the advised capacity, against the largest.
    capacity_loss: float | None
    advice_s: float
    machine: str


def possible(commit: str, number: int, program: Path) -> tuple[dict[str, str], Answer]:
    """The first draw of a pipeline whose wishes are not impossible."""
    for attempt in range(MOST_ATTEMPTS):
        words = drawn(commit, number, attempt)
        try:
            return words, without_measuring(wanted.from_words(words), program)
        except CommandError as error:
            if error.status != exit_status.IMPOSSIBLE:
                raise
    raise CommandError(f"pipeline {number}: every draw is impossible", exit_status.FAILED)


def is_cpu_limited(words: Mapping[str, str]) -> bool:
    """Whether the wishes say that CPU is short, while threads wait or at all."""
    return words.get("idle_cpu") in ("none", "some") or "cores" in words


def score(commit: str, number: int, program: Path, folder: Path, measure_s: float) -> Scored:
    """Advises and measures. `folder` is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    words, answer = possible(commit, number, program)
    begun = time.monotonic()
    choice = advise(answer, program, folder / "advice", measure_s)
    advice_s = time.monotonic() - begun
    assert choice.queue, "a queue has a number"
    fit, measure = list(answer.fitting.fit), answer.capacity.measure
    newest = load_run(published.latest())
    near = nearest(answer.pipeline, answer.capacity.capacity, fit, newest, measure)
    run = measure_in_full(answer, choice, program, folder / "full")
    point, largest = (_point_of(run, scenario) for scenario in (NAME, LARGEST))
    felt = felt_values(run, point, measure)
    best = best_of(felt)
    cpu = {queue: values_of(run, point, queue, "cpu_ns_per_msg") for queue in felt}
    is_limited = is_cpu_limited(words)
    losses = capacity_losses(run, choice.queue, point, largest, measure)
    near_queue = near.choice.queue if near else None
    judged = judging.headline(run, point)
    return Scored(
        number,
        kind_of(number),
        words,
        len(fit),
        choice.queue,
        choice.capacity,
        choice.is_decided,
        best,
        regret(felt, choice.queue, best, measure),
        _median(run, point, choice.queue, judged),
        _median(run, point, best, judged),
        near_queue,
        near.distance if near else None,
        regret(felt, near_queue, best, measure),
        best_of(cpu) if is_limited else None,
        regret(cpu, choice.queue, best_of(cpu), Measure.TIME) if is_limited else None,
        largest.capacity,
        float(np.median(losses)) if losses else None,
        advice_s,
        described(run.context),
    )


def advise(answer: Answer, program: Path, folder: Path, measure_s: float) -> Choice:
    """As ./scripts/advise does it."""
    folder.mkdir(parents=True)
    write_answer(folder, answer, "", measure_s)
    wanted_capacity, measure = answer.capacity.capacity, answer.capacity.measure

    def undecided(run_folder: Path) -> list[str]:
        return undecided_point(run_folder, wanted_capacity, measure)

    selection = selection_of(folder, answer, measure_s)
    Driver(program, folder, selection, undecided=undecided, is_brief=True).run()
    verdicts.forget_runs()
    return choose(load_run(folder), wanted_capacity, measure)


def measure_in_full(answer: Answer, choice: Choice, program: Path, folder: Path) -> Run:
    """All queues that fit at the advised capacity, and the advised one at the largest."""
    assert choice.queue
    scenarios = folder / "scenario"
    scenarios.mkdir(parents=True)
    queues = [
        queue
        for queue, labels in answer.fitting.fit.items()
        if not why_not_capacity(labels, choice.capacity)
    ]
    first = write_scenario(scenarios, answer.pipeline, [choice.capacity], queues)
    most = max(answer.capacity.most, choice.capacity)
    if why_not_capacity(answer.fitting.fit[choice.queue], most):
        most = 2 ** (most.bit_length() - 1)
    second = write_scenario(scenarios, answer.pipeline, [most], [choice.queue], name=LARGEST)
    block_s = len(queues) * trial_s(answer.pipeline, choice.capacity)
    block_s += trial_s(answer.pipeline, most)
    rounds = min(MOST_ROUNDS, max(FEWEST_ROUNDS, 2 * int(FULL_S / block_s / 2)))
    selection = Selection(scenario=(str(first), str(second)), rounds=rounds, seed=2)
    Driver(program, folder, selection, is_brief=True).run()
    return load_run(folder)


def _point_of(run: Run, scenario: str) -> Point:
    (point,) = run.scenarios[scenario].points
    return point


# ---------------------------------------------------------------------------------------- regrets

Values = dict[int, float]  # by round


def values_of(run: Run, point: Point, queue: str, counter: str) -> Values:
    return {
        trial.round: value
        for trial in run.trials_of(point, queue)
        if not trial.disturbed and (value := trial.get(counter)) is not None
    }


def felt_values(run: Run, point: Point, measure: Measure) -> dict[str, Values]:
    """What users feel, less is better, by queue and round: time per message, mean sojourn time, or
    the share of messages dropped."""
    counter = {Measure.TIME: THROUGHPUT, Measure.BLOCKED: "sojourn_mean_ns"}.get(
        measure, "dropped_share"
    )
    felt = {}
    for queue in judging.rankable(run, point):
        values = values_of(run, point, queue, counter)
        if counter == THROUGHPUT:
            values = {number: 1e9 / value for number, value in values.items()}
        if values:
            felt[queue] = values
    return felt


def best_of(values: Mapping[str, Values]) -> str:
    """The queue with the lowest median over the odd rounds."""

    def median(queue: str) -> float:
        odd = [value for number, value in values[queue].items() if number % 2]
        return float(np.median(odd)) if odd else float("inf")

    return min((queue for queue in values if values[queue]), key=median)


def regret(
    values: Mapping[str, Values], queue: str | None, best: str, measure: Measure
) -> float | None:
    """How much more a queue costs than the best one, paired by even round: the median. None without
    such a pair."""
    mine, theirs = values.get(queue or "", {}), values[best]
    even = [number for number in mine.keys() & theirs.keys() if number % 2 == 0]
    if not even:
        return None
    if measure is Measure.DROPPED:
        return float(np.median([mine[number] - theirs[number] for number in even]))
    return float(np.median([mine[number] / theirs[number] - 1 for number in even]))


def _median(run: Run, point: Point, queue: str, counter: str) -> float | None:
    summary = summarise(run, point, queue, counter)
    return summary.median if summary else None


# ------------------------------------------------------------------------------------ the command


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="held_out", description=__doc__)
    parser.add_argument("--commit", required=True, help="the commit that holds the finished code")
    parser.add_argument("--out", type=Path, required=True, help="folder to begin or to go on with")
    parser.add_argument("--count", type=int, default=PIPELINES)
    parser.add_argument("--measure", default=MEASURE, help=f"as of advise (default: {MEASURE})")
    parser.add_argument("--program", type=Path, default=ROOT / "build" / "release" / "queue_bench")
    arguments = parser.parse_args(words)
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / SCORED
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if known and known["commit"] != arguments.commit:
        parser.error(f"--out {arguments.out}: holds the pipelines of another commit")
    scored: list[dict[str, Any]] = known["pipelines"] if known else []
    done = {each["number"] for each in scored}
    for number in sorted(set(range(arguments.count)) - done):
        folder = arguments.out / f"{number:02}"
        one = score(
            arguments.commit, number, arguments.program, folder, parse_duration(arguments.measure)
        )
        scored.append(asdict(one))
        document = {"commit": arguments.commit, "measure": arguments.measure, "pipelines": scored}
        write_atomically(path, f"{json.dumps(document, indent=1)}\n".encode())
        print(
            f"{number}: {one.queue} at {one.capacity:,} against {one.best}: regret {one.regret}, "
            f"capacity {one.capacity_loss}, {one.advice_s:.0f} s",
            flush=True,
        )
    return exit_status.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
