"""Makes a run folder in the format of results/README.md out of a toy cost model: for tests and for
drawing figures.

    synthetic.make(folder, rounds=12)  # the curated scenarios, default line-up
    synthetic.make(folder, scenarios=["race"], queues=["reference"], rounds=1, faults=False)
    python synthetic.py FOLDER [ROUNDS]  # from the command line

The numbers are plausible, never measured: a queue costs `op_ns` a message and `wake_ns` whenever a
thread must sleep.
"""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import whole_rows

MODEL = {  # name: (op_ns, wake_ns, cpu share of the loss, origin)
    "reference": (95, 38_000, 0.30, "house"),
    "two_condvar": (24, 32_000, 0.28, "house"),
    "single_condvar": (26, 34_000, 0.33, "house"),
    "semaphore": (310, 2_600, 0.9, "house"),
    "spin_then_block": (30, 420, 1.6, "house"),
    "boost_lockfree": (12, 160, 3.0, "peer"),
    "moodycamel_blocking": (45, 900, 1.3, "peer"),
}
OTHER = (60, 5_000, 0.8, "peer")  # of any queue not named above
# name: (CPU while waiting, close with 1 waiter ns, with 64, bytes, bytes a slot, slots made at
# once, compile s)
PROPERTIES = {
    "reference": (0.0, 62_000, 900_000, 400, 8, False, 0.9),
    "spin_then_block": (0.0, 48_000, 1_400_000, 320, 8, True, 0.7),
    "boost_lockfree": (0.99, 900, 24_000_000, 704, 16, True, 1.9),
    "moodycamel_blocking": (0.0, 51_000, 2_100_000, 640, 10, False, 2.3),
}
OTHER_PROPERTIES = (0.0, 55_000, 1_100_000, 256, 8, True, 0.8)
UNBOUNDED = (30, 600, 1.0, "house")
HANDOFF_NS = 45.0


@dataclass(frozen=True)
class Plan:
    """A scenario before it is resolved: swept keys, and what they do to a point."""

    question: str
    expect: str
    sweep: dict[str, list]
    fixed: dict
    rank: bool = True
    extra_queues: tuple[str, ...] = ()


# Made only where a test names it.
OPEN_LOOP = Plan(
    "How long does a message wait that comes when it comes?",
    "Longer than in the ideal queue.",
    {"rho": [0.5, 0.8]},
    {"mean_ns": 2000, "process": "exponential", "capacity": 1024, "is_open_loop": True},
)
PLANS = {
    "speed_map": Plan(
        "What does a queue cost when one side is faster, slower, or just as fast as the other?",
        "At capacity 1 every message is a wake-up; from 256 on only imbalance blocks.",
        {"mean_ns": [1000, 10_000], "rho": [0.5, 1.0, 2.0], "capacity": [1, 16, 256]},
        {"process": "exponential"},
    ),
    "capacity_knee": Plan(
        "How much capacity do bursts need?",
        "As much as a burst has messages.",
        {"capacity": [1, 4, 16, 64, 256]},
        {"process": "bursty", "mean_ns": 1000, "rho": 0.8, "burst_msgs": 64},
    ),
    "overcommit": Plan(
        "What happens with more threads than cores?",
        "Spinning steals the core from the thread it waits for.",
        {},
        {
            "producers": 4,
            "consumers": 4,
            "mean_ns": 5000,
            "rho": 1.0,
            "process": "exponential",
            "capacity": 16,
        },
    ),
    "sleeping_peers": Plan(
        "What does waiting cost when the other side sleeps for a long time?",
        "CPU tells the queues apart.",
        {"case": ["producer_sleeps_1ms", "consumer_sleeps_1ms"]},
        {"work": "sleep", "mean_ns": 1_000_000, "rho": 0.05, "capacity": 4},
    ),
    "race": Plan(
        "How many messages a second can pass if nobody does any work?",
        "An upper bound, not advice.",
        {},
        {"work": "none", "rho": None, "mean_ns": 0, "level": "counted", "capacity": 1024},
        rank=False,
    ),
    "memory": Plan(
        "Why bound a queue at all?",
        "An unbounded queue grows until memory ends.",
        {},
        {"mean_ns": 1000, "rho": 2.0, "capacity": 64},
        rank=False,
        extra_queues=("unbounded",),
    ),
}


def make(
    folder: Path | str,
    scenarios: list[str] | None = None,
    queues: list[str] | None = None,
    rounds: int = 12,
    seed: int = 1,
    faults: bool = True,
    disturbed_share: float = 0.08,
    histograms: bool = True,
    more: dict[str, dict] | None = None,
    cannot_run: dict[str, str] | None = None,
) -> Path:
    """Writes trials.jsonl, histograms.jsonl and timelines.jsonl into `folder` (created) and returns
    it.

    `more`: by scenario, what else its resolved form has: `judged_by`, `claims`. `cannot_run`: by
    scenario, why each of its cells is skipped."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    maker = _Maker(
        scenarios or list(PLANS),
        queues or list(MODEL),
        rounds,
        seed,
        faults,
        disturbed_share,
        histograms,
        cannot_run or {},
    )
    for name, members in (more or {}).items():
        maker.scenarios[name].update(members)
    maker.run()
    for name, rows in maker.files.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


class _Maker:
    """Accumulates the rows of the three files."""

    def __init__(
        self, scenarios, queues, rounds, seed, faults, disturbed_share, histograms, cannot_run
    ):
        self.cannot_run = cannot_run
        self.queues, self.rounds, self.faults = queues, rounds, faults
        self.disturbed_share, self.with_histograms = disturbed_share, histograms
        self.random = np.random.default_rng(seed)
        self.files = {"trials.jsonl": [], "histograms.jsonl": [], "timelines.jsonl": []}
        plans = {**PLANS, "open_loop": OPEN_LOOP}
        self.scenarios = {name: _scenario(name, plans[name], queues) for name in scenarios}

    def write(self, **row):
        self.files["trials.jsonl"].append(row)

    def run(self):
        labels = {name: _labels(name) for name in [*self.queues, "unbounded"]}
        self.write(**whole_rows.run(self.scenarios.values(), labels))
        for scenario in self.scenarios.values():
            for point, queue in itertools.product(scenario["points"], scenario["queues"]):
                self._plan(point, queue)
        for queue in dict.fromkeys(
            queue for scenario in self.scenarios.values() for queue in scenario["queues"]
        ):
            self._properties(queue)
        for number in range(1, self.rounds + 1):
            self.write(
                kind="limits",
                round=number,
                park_round_trip_ns=self.random.normal(52_000, 900),
                spsc_msgs_per_s=self.random.normal(120e6, 2e6),
            )
            for scenario in self.scenarios.values():
                for point in scenario["points"]:
                    self._block(scenario, point, number)

    def _properties(self, queue):
        """The semaphore's close hangs."""
        idle, one, many, own, slot, at_once, seconds = PROPERTIES.get(queue, OTHER_PROPERTIES)

        def write(name, params, **values):
            self.write(kind="property", queue=queue, name=name, params=params, values=values)

        for side in ("pop", "push")[: 1 if queue == "unbounded" else 2]:
            write(
                f"idle_{side}",
                {},
                **{
                    f"idle_{side}_cpu_share": idle,
                    f"idle_{side}_switches_per_s": 0,
                    f"idle_{side}_yields_per_s": 0,
                },
            )
        for waiters in (1, 8, 64):
            if self.faults and queue == "semaphore" and waiters == 8:
                self.write(
                    kind="property",
                    queue=queue,
                    name="close",
                    params={"waiters": 8},
                    error="hung: no end after 10 s",
                )
                return
            write(
                "close",
                {"waiters": waiters},
                asleep_share=1.0,
                repetitions=9,
                close_to_last_return_ns=one * (many / one) ** (np.log(waiters) / np.log(64)),
            )
        for capacity in (1, 64, 4096):
            full = own + slot * capacity
            write(
                "memory",
                {"capacity": capacity},
                bytes=full if at_once else own,
                full_bytes=full,
                reported_capacity=capacity,
            )
        for capacity in (1, 64, 4096):
            write(
                "construction",
                {"capacity": capacity},
                destroy_ns=60,
                construct_ns=90 + capacity * 0.4 * at_once,
            )
        write("compile", {}, header_compile_s=seconds, repetitions=3)

    def _plan(self, point, queue):
        names = dict(cell=_cell(point, queue), point=point["name"], queue=queue)
        if self._skipped(point, queue):
            below = "capacity 1 is below the queue's least capacity, 2"
            self.write(kind="skip", **names, reason=self.cannot_run.get(point["scenario"], below))
        else:
            self.write(
                kind="plan",
                **names,
                pilot_ns_per_msg=1000.0,
                messages_per_producer=50_000,
                warmup_messages_per_producer=5000,
                wall_ns=50_000_000,
            )

    def _skipped(self, point, queue):
        too_small = (
            queue == "boost_lockfree"
            and point["capacity"] == 1
            and point["scenario"] == "speed_map"
        )
        return point["scenario"] in self.cannot_run or self.faults and too_small

    def _failed(self, point, queue):
        return self.faults and queue == "semaphore" and point["scenario"] == "overcommit"

    def _block(self, scenario, point, number):
        disturbed = bool(self.random.random() < self.disturbed_share)
        queues = [queue for queue in scenario["queues"] if not self._skipped(point, queue)]
        if not queues:
            return
        for order, queue in enumerate(self.random.permutation(queues).tolist()):
            self._trial(scenario, point, queue, number, order, disturbed, point["level"])
            if point["level"] == "counted" and number == 1:
                self._trial(scenario, point, queue, number, order, disturbed, "traced")
        row = dict(
            kind="block",
            point=point["name"],
            round=number,
            disturbed=disturbed,
            probe_before=0.99,
            probe_after=0.98,
            gap_share=0.2 if disturbed else 0.01,
            ns_per_step=0.25,
            ns_per_step_after=0.25,
            wall_ns=400_000_000,
            handoff_ns=HANDOFF_NS,
        )
        self.write(**row, **({"why": "probe 0.71 after"} if disturbed else {}))

    def _trial(self, scenario, point, queue, number, order, disturbed, level):
        cell = _cell(point, queue)
        if self._failed(point, queue):
            if number == 1:
                self.write(kind="start", cell=cell, round=number, level=level)
                self.write(
                    kind="trial",
                    cell=cell,
                    point=point["name"],
                    scenario=scenario["name"],
                    queue=queue,
                    round=number,
                    order=order,
                    level=level,
                    status="error",
                    message="hung: consumer 2 in pop of message 811 for 10 s",
                )
            return
        counters = self._counters(point, queue, disturbed, level)
        self.write(kind="start", cell=cell, round=number, level=level)
        self.write(
            kind="trial",
            cell=cell,
            point=point["name"],
            scenario=scenario["name"],
            queue=queue,
            round=number,
            order=order,
            level=level,
            status="ok",
            messages=50_000,
            window_ns=counters["ns_per_msg"] * 50_000,
            ns_per_msg=counters["ns_per_msg"],
            counters={name: value for name, value in counters.items() if name != "ns_per_msg"},
        )
        if level == "traced":
            self._beside(point, queue, number, cell, counters)

    def _counters(self, point, queue, disturbed, level):
        noise = self.random.lognormal(0, 0.25 if disturbed else 0.05) * (2.2 if disturbed else 1)
        ideal, lost = _model(point, queue)
        lost = lost * noise + self.random.normal(0, 8)
        time = max(ideal + lost, 1.0)
        mean = point["producer"]["mean_ns"]
        cpu_beyond = max(lost * _costs(queue)[2] * self.random.lognormal(0, 0.04), 1.0)
        counters = {
            "ns_per_msg": time,
            "throughput_msgs_per_s": 1e9 / time,
            "cpu_ns_per_msg": mean + cpu_beyond,
            "switches_per_msg": min(2.0, lost / 20_000),
            "gap_share": 0.2 if disturbed else 0.01,
        }
        if point["producer"]["work"] == "none" or level == "counted":
            return counters
        if "arrivals" in point:
            late = {"generator_is_late": 0, "overloaded": 0}
            counters |= {"excess_p50_ns": lost, "sojourn_p50_ns": lost + mean, **late}
            return counters | {"cpu_beyond_work_ns_per_msg": cpu_beyond}
        return counters | {
            "lost_ns_per_msg": time - ideal,
            "efficiency": ideal / time,
            **({"efficiency_is_bound": 1} if point["producers"] > 1 else {}),
            "nominal_lost_ns_per_msg": time - ideal * 0.99,
            "nominal_efficiency": ideal * 0.99 / time,
            "floor_lost_ns_per_msg": HANDOFF_NS * (2 if point["capacity"] == 1 else 0.3),
            "work_inflation": 1.01 + self.random.normal(0, 0.002),
            "sojourn_p50_ns": lost + mean,
            "ideal_sojourn_p50_ns": mean * 0.7,
            "cpu_beyond_work_ns_per_msg": cpu_beyond,
        }

    def _beside(self, point, queue, number, cell, counters):
        key = dict(cell=cell, round=number, level="traced")
        mean = max(point["producer"]["mean_ns"], 50)
        queueing = mean * (0.6 if point.get("rho") != 2 else 0.5 * min(point["capacity"], 64))
        if self.with_histograms:
            lost = max(counters.get("lost_ns_per_msg", 50), 20)
            self._histogram(key, "sojourn_ns", queueing + lost * 1.2, 0.7)
            self._histogram(key, "ideal_sojourn_ns", queueing, 0.5)
            self._histogram(key, "push_blocked_ns", lost, 0.8)
        if point["scenario"] == "memory":
            self._timeline(key, point, queue)

    def _histogram(self, key, name, median_ns, sigma):
        samples = self.random.lognormal(np.log(median_ns), sigma, 4000)
        steps = np.floor(np.log(samples) / np.log1p(1 / 32)).astype(int)
        values, counts = np.unique(steps, return_counts=True)
        edges = (1 + 1 / 32) ** np.arange(values[0], values[-1] + 2)
        buckets = [
            [float(edges[v - values[0]]), float(edges[v - values[0] + 1]), int(count)]
            for v, count in zip(values, counts)
        ]
        self.files["histograms.jsonl"].append(
            {
                **key,
                "name": name,
                "count": len(samples),
                "max": float(samples.max()),
                "buckets": buckets,
            }
        )

    def _timeline(self, key, point, queue):
        slices = np.arange(1, 201)
        noise = self.random.integers(-2, 3, len(slices))
        growth = (
            slices * 250 + noise * 40
            if queue == "unbounded"
            else np.minimum(slices * 250, 256) + noise
        )
        limit = 10**9 if queue == "unbounded" else point["capacity"]
        self.files["timelines.jsonl"].append(
            {
                **key,
                "slice_ns": 500_000.0,
                "pushed": [500] * len(slices),
                "occupancy": np.clip(growth, 0, limit).tolist(),
            }
        )


def _costs(queue):
    return UNBOUNDED if queue == "unbounded" else MODEL.get(queue, OTHER)


def _model(point, queue):
    """Ideal time and loss, ns per message: a thread sleeps at every message at capacity 1, seldom
    at a large one."""
    op, wake, _, _ = _costs(queue)
    mean, rho, capacity = point["producer"]["mean_ns"], point.get("rho") or 1.0, point["capacity"]
    if point["producer"]["work"] == "sleep":
        return mean, op + 60 * np.sqrt(wake)
    blocked = min(1.0, capacity**-0.8 + 0.01 * abs(np.log(rho)))
    if point["producer"]["process"] == "bursty":
        blocked = min(1.0, max(capacity**-0.5 - 0.06, 0.004))
    threads = (point["producers"] + point["consumers"]) / 2
    if threads > 2 and wake < 1000:
        wake *= 30  # a spinner holds the core of the thread it waits for
    ideal = max(mean, mean * rho) * (1 + 0.5 / capacity) * (2 if threads > 2 else 1)
    return ideal, op * threads + wake * blocked


def _scenario(name, plan, queues):
    points = [
        _point(name, plan, dict(zip(plan.sweep, values)))
        for values in itertools.product(*plan.sweep.values())
    ]
    return whole_rows.scenario(
        name,
        points,
        [*queues, *plan.extra_queues],
        question=plan.question,
        expect=plan.expect,
        rank=plan.rank,
    )


def _point(scenario, plan, swept):
    settings = {
        "producers": 1,
        "consumers": 1,
        "work": "spin",
        "process": "constant",
        "message_bytes": 8,
        "level": "traced",
        **plan.fixed,
        **swept,
    }
    rho, mean = settings["rho"], settings["mean_ns"]
    side = {"work": settings["work"], "process": settings["process"], "mean_ns": mean}
    if "burst_msgs" in settings:
        side |= {"burst_msgs": settings["burst_msgs"], "burst_gap_ns": 40_000}
    point = {
        "name": "/".join([scenario, *(f"{key}:{value}" for key, value in sorted(swept.items()))]),
        "scenario": scenario,
        "params": {key: value for key, value in swept.items() if key != "case"},
        "producers": settings["producers"],
        "consumers": settings["consumers"],
        "capacity": settings["capacity"],
        "message_bytes": settings["message_bytes"],
        "placement": "spread",
        "producer": side,
        "consumer": {**side, "mean_ns": mean * (rho or 0)},
        "window_ms": 50,
        "level": settings["level"],
    }
    if "is_open_loop" in settings:
        point["arrivals"] = {"process": "exponential", "mean_ns": mean / rho, "wait": "spin"}
    return (
        point | ({"rho": rho} if rho else {}) | ({"case": swept["case"]} if "case" in swept else {})
    )


def _cell(point, queue):
    return "/".join([point["scenario"], queue, *point["name"].split("/")[1:]])


def _labels(name):
    return {
        "line_up": "named" if name == "unbounded" else "default",
        "producers": "many",
        "consumers": "many",
        "capacities": "unbounded" if name == "unbounded" else "any",
        "bound": "none" if name == "unbounded" else "exact",
        "element": "any",
        "fifo": "global",
        "blocking": "native",
        "timed": "yes",
        "close": "exact",
        "stall": "everyone",
        "origin": _costs(name)[3],
        "waiting": "condition variables",
        "note": "",
    }


if __name__ == "__main__":
    make(sys.argv[1], rounds=int(sys.argv[2]) if len(sys.argv) > 2 else 12)
