"""From wishes to an answer: what is known without a measurement, the folder that it is written to,
and the run that measures the queues.

    answer = without_measuring(wishes, queue_bench)
    write_answer(folder, answer, command, measure_s=120)
    selection = selection_of(folder, answer, measure_s=120)
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bqb.advice import wishes as wanted
from bqb.advice.capacity import CapacityAdvice, capacity_of
from bqb.advice.pipeline import Pipeline, pipeline_of
from bqb.advice.plan import Plan, plan_of
from bqb.advice.queues import Fitting, labels_of, queues_for
from bqb.advice.replay import Ideal
from bqb.advice.scenario import NAME, trace_names, write_scenario
from bqb.advice.wishes import Wishes
from bqb.data.files import write_atomically
from bqb.running.header_flags import Header
from bqb.running.selection import Selection

PIPELINE = "pipeline.toml"
SCENARIO = "scenario"  # the folder of the scenario in that of the answer
CURVE = "capacity"  # the figure
DEFAULT_MEASURE_S = 120.0


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known without a measurement."""

    pipeline: Pipeline
    capacity: CapacityAdvice
    fitting: Fitting

    def plan(self, measure_s: float) -> Plan:
        """What to measure in so much time."""
        return plan_of(self.pipeline, self.capacity, len(self.fitting.fit), measure_s)


def without_measuring(
    wishes: Wishes, program: Path, everything: bool = False, seed: int | None = None
) -> Answer:
    """Raises CommandError (USAGE, IMPOSSIBLE). Writes nothing."""
    pipeline = pipeline_of(wishes, len(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory(prefix="bqb-advise-") as folder:
        scenario = write_scenario(Path(folder), pipeline, [1])
        capacity = capacity_of(pipeline, Ideal(program, scenario, seed))
    fitting = queues_for(pipeline, capacity.capacity, labels_of(program), everything)
    return Answer(pipeline, capacity, fitting)


def write_answer(folder: Path, answer: Answer, command: str, measure_s: float) -> None:
    """The pipeline, to ask again with `command`; the scenario, to measure again; the figure."""
    from bqb.advice.figure import draw_capacity

    pipeline, capacity = answer.pipeline, answer.capacity
    scenario = folder / SCENARIO
    scenario.mkdir()
    capacities = answer.plan(measure_s).capacities
    expect = f"By replay of the ideal queue, a capacity of {capacity.capacity:,} is enough."
    write_scenario(scenario, pipeline, capacities, list(answer.fitting.fit), expect)
    words = dict(pipeline.wishes.words)
    for side, name in trace_names(pipeline).items():
        if f"{side}_trace" in words:
            words[f"{side}_trace"] = f"{SCENARIO}/{name}"
    if "recording" in words:
        words["recording"] = str(Path(words["recording"]).resolve())
    write_atomically(folder / PIPELINE, wanted.as_toml(words, command).encode())
    draw_capacity(pipeline, capacity, folder / CURVE)


def selection_of(
    folder: Path,
    answer: Answer,
    measure_s: float,
    seed: int | None = None,
    headers: tuple[Header, ...] = (),
) -> Selection:
    """The run that measures the queues of an answer."""
    scenario = (folder / SCENARIO / f"{NAME}.toml").resolve()
    rounds = answer.plan(measure_s).rounds
    return Selection(
        scenario=(str(scenario),),
        seed=seed,
        rounds=rounds,
        budget_s=measure_s,
        headers=tuple(header.path for header in headers),
        header_flags=tuple(header.flags for header in headers),
    )
