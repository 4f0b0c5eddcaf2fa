"""Rows of a run with every field that results/README.md requires: for the fakes, which care about a
few of them."""

from bqb.schema import SCHEMA

CONTEXT = {
    "date": "2026-11-23T01:00:00+00:00",
    "host_name": "toy",
    "cpu_model": "Toy CPU 9000 @ 2.0 GHz",
    "cores": 2,
    "kernel": "6.1.0",
    "virtual_machine": "Toy Cloud",
    "load_average": 0.25,
    "compiler": "GNU 12.2.0",
    "build_type": "Release",
    "flags": "-O3",
    "libraries": {"boost": "1.74", "moodycamel": "1.0.3"},
    "commit": "unknown",
    "dirty": False,
    "binary_id": "0123",
    "seed": 1,
    "clock": "steady",
    "default_rounds": 12,
}


def run(scenarios, queues, **context):
    return {
        "kind": "run",
        "schema": SCHEMA,
        "context": CONTEXT | context,
        "scenarios": {each["name"]: each for each in scenarios},
        "queues": queues,
    }


def scenario(name, points, queues, **more):
    return {
        "name": name,
        "file": f"curated/{name}.toml",
        "question": "What does it cost?",
        "expect": "Little.",
        "rank": True,
        "rounds": 12,
        "queues": list(queues),
        "points": points,
        **more,
    }


def point(name, **more):
    return {"name": name, "scenario": name.split("/")[0], "params": {}, "level": "traced", **more}


def plan(cell, point, queue):
    return {
        "kind": "plan",
        "cell": cell,
        "point": point,
        "queue": queue,
        "pilot_ns_per_msg": 1000.0,
        "messages_per_producer": 50_000,
        "warmup_messages_per_producer": 5000,
    }


def trial(cell, point, queue, round_, **more):
    return {
        "kind": "trial",
        "cell": cell,
        "point": point,
        "scenario": point.split("/")[0],
        "queue": queue,
        "round": round_,
        "order": 0,
        "level": "traced",
        "status": "ok",
        **more,
    }


def block(point, round_, disturbed=False, **more):
    return {
        "kind": "block",
        "point": point,
        "round": round_,
        "disturbed": disturbed,
        "probe_before": 1.0,
        "probe_after": 1.0,
        "ns_per_step": 0.5,
        "ns_per_step_after": 0.5,
        "wall_ns": 0,
        **more,
    }
