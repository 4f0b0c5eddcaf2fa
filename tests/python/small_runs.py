"""Runs of a few values, each of which the test says."""

import json

import whole_rows

from bqb.data.load import load_run

SPIN = {"work": "spin", "process": "constant", "mean_ns": 1000}
NO_WORK = {"work": "none", "process": "constant", "mean_ns": 0}


def point(name, **members):
    """Of one producer and one consumer, each with 1000 ns of work, unless `members` says else."""
    sides = {"producer": SPIN, "consumer": SPIN}
    return whole_rows.point(
        name, **{"producers": 1, "consumers": 1, "capacity": 4, "window_ms": 50, **sides, **members}
    )


def make(
    folder,
    values,
    points=None,
    disturbed=None,
    rank=True,
    bounds=None,
    judged_by=None,
    limits=None,
    context=None,
    expectations=None,
    untimed=None,
):
    """A run with `values`: {point: {queue: {counter: [of round 1, 2, ..]}}}, None for a round
    without a trial.

    `points`: by name, those that are not the usual one. `disturbed`: rounds by point. `bounds`: the
    label of a queue that is not "exact". `context`: what of the run's context is not usual.
    `expectations`: `expect`, `claims` and the like of each scenario. `untimed`: of each queue, the
    ns per message of its trials without timestamps by round, at every point."""
    folder.mkdir(parents=True, exist_ok=True)
    queues = list(dict.fromkeys(queue for each in values.values() for queue in each))
    resolved = [(points or {}).get(name, point(name)) for name in values]
    by_scenario = {}
    for each in resolved:
        by_scenario.setdefault(each["scenario"], []).append(each)
    more = {"rank": rank} | ({"judged_by": judged_by} if judged_by else {})
    more |= expectations or {}
    scenarios = [
        whole_rows.scenario(name, each, queues, **more) for name, each in by_scenario.items()
    ]
    labels = {queue: {"bound": (bounds or {}).get(queue, "exact")} for queue in queues}
    labelled = {name: _labels(each) for name, each in labels.items()}
    rows = [whole_rows.run(scenarios, labelled, **(context or {}))]
    usual = {"park_round_trip_ns": 50_000.0, "spsc_msgs_per_s": 1e8}
    rows += [{"kind": "limits", "round": 1, **usual, **limits}] if limits else []
    for name, of_queues in values.items():
        rows += _blocks(name, of_queues, (disturbed or {}).get(name, ()), untimed or {})
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_run(folder)


def _labels(given):
    names = ("line_up", "producers", "consumers", "capacities", "element", "fifo", "blocking")
    more = ("timed", "close", "stall", "origin", "waiting", "note")
    return {name: "any" for name in (*names, *more)} | given


def _blocks(name, of_queues, disturbed, untimed):
    rounds = max(len(each) for counters in of_queues.values() for each in counters.values())
    scenario, *rest = name.split("/")
    for number in range(1, rounds + 1):
        for queue, counters in of_queues.items():
            here = {counter: each[number - 1] for counter, each in counters.items()}
            here = {counter: value for counter, value in here.items() if value is not None}
            if here:
                cell = "/".join([scenario, queue, *rest])
                yield whole_rows.trial(cell, name, queue, number, counters=here)
            if (without := dict(enumerate(untimed.get(queue, ()), 1)).get(number)) is not None:
                cell = "/".join([scenario, queue, *rest])
                level = {"level": "counted", "counters": {"ns_per_msg": without}}
                yield whole_rows.trial(cell, name, queue, number, **level)
        yield whole_rows.block(name, number, number in disturbed)
