"""Runs for the tests of the report: one with all that a page can show, one whose texts are given,
and ones whose verdicts are given."""

import json

import small_runs
import synthetic
from bqb.data.load import load_run
from bqb.stats.counters import CPU_BEYOND_WORK, LOST
from bqb.stats.decisions import Need

# What the decision table of `everything` rests on.
NEEDS = (
    Need("pace", "The same pace", "Both work 1 µs.", "speed_map/capacity:16/mean_ns:1000/rho:1.0"),
    Need("bursts", "Bursts", "64 messages at once.", "capacity_knee/capacity:64"),
    Need("threads", "Many threads", "Four on each side.", "overcommit"),
    Need("load", "Low load", "Half of what can be done.", "open_loop/rho:0.5"),
)
# The members of a claim that was stated anew; the first form of two.
EARLIER = {"until": "2026-11-20", "says": "It was clear.", "bound": "above 2 µs", "why": "No."}
DATED = {"since": "2026-11-21", "replaces": [EARLIER]}
EVERYTHING = [*synthetic.PLANS, "open_loop"]


def everything(folder, rounds=12):
    """Two swept axes, one swept capacity, an open loop, histograms, claims, an errored queue,
    skipped cells, an unbounded queue, a scenario that is not ranked."""
    claims = [
        claim("The textbook queue loses more than 1 µs.", "overcommit", above=1000),
        claim("It loses less than 1 µs.", "overcommit", below=1000),
        claim("It was foreseen.", "overcommit", above=1000) | DATED,
        claim("It was foreseen too late.", "overcommit", above=1000, since="2099-01-01"),
    ]
    # An unbounded queue at a ranked point has a number and no verdict.
    more = {"overcommit": {"claims": claims}, "memory": {"rank": True}}
    return load_run(synthetic.make(folder, scenarios=EVERYTHING, rounds=rounds, more=more))


def claim(says, *points, queue="reference", **bounds):
    return {"says": says, "counter": LOST, "points": list(points), "queues": [queue], **bounds}


# --------------------------------------------------------------------------- texts that are given

# Words of the plain run, all of which a test may replace.
QUEUES = ("plain_fast", "plain_hung", "plain_skipped")
TEXTS = (
    *QUEUES,
    *("plain_question", "plain_expect", "plain_claim", "plain_cpu", "plain_host", "plain_commit"),
    *("plain_earlier", "plain_bound", "plain_why"),
    *("plain_kernel", "plain_compiler", "plain_library", "plain_date", "plain_note"),
    *("plain_defect", "plain_label", "plain_error", "plain_reason", "plain_failure"),
    *("plain_need", "plain_situation", "sleeping_peers", "producer_sleeps_1ms"),
)


def with_texts(folder, replaced=lambda text: text):
    """(run, needs): a run with an errored queue, a skipped one, a failed property and claims, each
    text of `TEXTS` replaced by what `replaced` returns for it."""
    synthetic.make(
        folder,
        scenarios=["sleeping_peers", "race"],
        queues=["two_condvar", "tbb", *QUEUES],
        rounds=6,
        faults=False,
    )
    for path in folder.iterdir():
        rows = [row for line in path.read_text().splitlines() for row in _plain(json.loads(line))]
        changed = [json.dumps(_renamed(row, replaced)) + "\n" for row in rows]
        path.write_text("".join(changed))
    point = "sleeping_peers/case:producer_sleeps_1ms"
    need = {"name": "plain_need", "says": "plain_situation", "point": point}
    return load_run(folder), (Need("need", **_renamed(need, replaced)),)


def _plain(row):
    """The rows that stand for a row of the synthetic run."""
    kind, queue = row.get("kind"), row.get("queue")
    if kind == "run":
        scenario = row["scenarios"]["sleeping_peers"]
        scenario |= {"question": "plain_question", "expect": "plain_expect"}
        points = [point["name"] for point in scenario["points"]]
        said = {"says": "plain_earlier", "bound": "plain_bound", "why": "plain_why"}
        dated = {"since": "2026-11-21", "replaces": [{"until": "2026-11-20", **said}]}
        scenario["claims"] = [claim("plain_claim", *points, queue="plain_fast", above=1, **dated)]
        named = ("host_name", "commit", "kernel", "compiler", "date")
        row["context"] |= {name: f"plain_{name.removesuffix('_name')}" for name in named}
        row["context"] |= {"cpu_model": "plain_cpu", "libraries": {"tbb": "plain_library"}}
        notes = {"note": "plain_note", "defect": "plain_defect", "waiting": "plain_label"}
        row["queues"]["plain_fast"] |= notes
    elif kind == "trial" and queue == "plain_hung":
        row |= {"status": "error", "message": "plain_error", "counters": {}}
    elif queue == "plain_skipped" and kind == "plan":
        names = {name: row[name] for name in ("cell", "point", "queue")}
        row = {"kind": "skip", **names, "reason": "plain_reason"}
    elif queue == "plain_skipped" and kind == "property":
        row = {name: row[name] for name in ("kind", "queue", "name", "params")}
        row["error"] = "plain_failure"
    elif queue == "plain_skipped" or "plain_skipped" in row.get("cell", ""):
        return []
    return [row]


def _renamed(value, replaced):
    if isinstance(value, dict):
        return {_renamed(key, replaced): _renamed(each, replaced) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, replaced) for each in value]
    if isinstance(value, str):
        for text in TEXTS:
            value = value.replace(text, replaced(text))
    return value


# -------------------------------------------------------------------------- verdicts that are given

BEST_NS, WORSE_NS, ROUNDS = 1000.0, 9000.0, 12


def with_verdicts(folder, best, worse=(), undecided=(), point="plain", cpu=None, **options):
    """A run of one point with these verdicts. `options`: those of small_runs.make."""
    return small_runs.make(folder, {point: values_of(best, worse, undecided, cpu)}, **options)


def values_of(best, worse=(), undecided=(), cpu=None, counter=LOST):
    """Of a point at which the queues of `best` are equivalent to the best, those of `worse` are
    worse, and those of `undecided` neither: they change sides from block to block. `cpu`: ns a
    message beyond the work by queue, where any matters."""
    values = {queue: [BEST_NS] * ROUNDS for queue in best}
    values |= {queue: [WORSE_NS] * ROUNDS for queue in worse}
    for number, queue in enumerate(undecided):
        values[queue] = [BEST_NS if (block + number) % 2 else WORSE_NS for block in range(ROUNDS)]
    return {
        queue: {counter: each} | ({CPU_BEYOND_WORK: [cpu[queue]] * ROUNDS} if cpu else {})
        for queue, each in values.items()
    }


def need_of(point="plain"):
    return Need("plain", "The need", "The situation.", point)
