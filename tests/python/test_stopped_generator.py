"""A machine that stops the generator of an open loop changes no verdict: real trials, each with and
without a stop of 2 ms that is put into its stamps."""

import itertools
import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
import whole_rows
from bqb.data.load import load_run
from bqb.schema import MOST_GAP_SHARE
from bqb.stats.counters import EXCESS
from bqb.stats.verdicts import EQUIVALENT, WORSE, Key, verdicts_of

PROGRAM = (
    Path(__file__).resolve().parents[2]
    / "build"
    / "release"
    / "tests"
    / "harness"
    / "stopped_generator"
)
SCENARIO, QUEUES = "stopped_generator", ("two_condvar", "mpmc_spin_yield_park")
RHO = {"rho:0.5": 0.5, "rho:0.8": 0.8}
WORK_NS, STOP_NS = 2_000, 2e6
TRIALS = 12  # a start of the program, of each queue at each point
MOST_STARTS = 4
LEAST_BLOCKS = 10  # of which the sign test allows one to disagree

pytestmark = [
    pytest.mark.skipif(not PROGRAM.exists(), reason="no release build"),
    pytest.mark.skipif(
        len(os.sched_getaffinity(0)) < 2, reason="generator and consumer need a core each"
    ),
]


@pytest.fixture(scope="module")
def lines():
    """{(point, round): {(queue, stopped): counters}}, of the rounds in which both queues had a
    window: until enough of them are undisturbed, or the machine is too busy for that."""
    rounds = {}
    for start in range(MOST_STARTS):
        done = subprocess.run(
            [PROGRAM, "--trials", str(TRIALS), "--seed", str(start + 1)],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        found = defaultdict(dict)
        for line in map(json.loads, done.stdout.splitlines()):
            number = start * TRIALS + line["round"]
            found[line["point"], number][line["queue"], line["stopped"]] = line["counters"]
        rounds |= {key: found[key] for key in found if len(found[key]) == 2 * len(QUEUES)}
        if all(undisturbed(rounds, point) >= LEAST_BLOCKS for point in RHO):
            break
    return rounds


def is_disturbed(trials):
    """As the suite says it of a block, but of each of its trials."""
    return max(trials[queue, False]["gap_share"] for queue in QUEUES) > MOST_GAP_SHARE


def undisturbed(rounds, point):
    return sum(place == point and not is_disturbed(rounds[place, n]) for place, n in rounds)


def make_run(folder, rounds, stopped):
    """The run of all trials with a stop, or of all without."""
    points = [
        whole_rows.point(
            f"{SCENARIO}/{name}",
            rho=rho,
            capacity=1024,
            producer={"work": "none"},
            consumer={"work": "spin", "process": "lognormal", "mean_ns": WORK_NS, "cv": 1},
            arrivals={"process": "exponential", "mean_ns": WORK_NS / rho, "wait": "spin"},
        )
        for name, rho in RHO.items()
    ]
    rows = [
        whole_rows.run([whole_rows.scenario(SCENARIO, points, QUEUES)], dict.fromkeys(QUEUES, {}))
    ]
    for (name, number), trials in rounds.items():
        point = f"{SCENARIO}/{name}"
        for queue in QUEUES:
            cell, counters = f"{SCENARIO}/{queue}/{name}", trials[queue, stopped]
            rows.append(whole_rows.trial(cell, point, queue, number, counters=counters))
        rows.append(whole_rows.block(point, number, is_disturbed(trials)))
    folder.mkdir()
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_run(folder)


def test_every_stop_is_reported(lines):
    assert {point for point, _ in lines} == set(RHO)
    for trials, queue in itertools.product(lines.values(), QUEUES):
        assert trials[queue, True]["generator_pause_max_ns"] >= STOP_NS


def test_stops_of_the_generator_change_no_verdict(lines, tmp_path):
    as_run, with_stops = (
        verdicts_of(make_run(tmp_path / name, lines, stopped))
        for name, stopped in [("as_run", False), ("with_stops", True)]
    )
    assert as_run.keys() == with_stops.keys()
    for key in as_run:
        if key.counter != EXCESS:
            continue
        for queue, state in as_run[key].states.items():
            assert {state, with_stops[key].states[queue]} != {WORSE, EQUIVALENT}, (key, queue)
    blocks = undisturbed(lines, "rho:0.5")
    if blocks < LEAST_BLOCKS:
        pytest.skip(f"the machine is too busy for verdicts: {blocks} undisturbed blocks")
    key = Key(f"{SCENARIO}/rho:0.5", EXCESS)
    for verdicts in (as_run, with_stops):
        assert verdicts[key].states["two_condvar"] == WORSE
