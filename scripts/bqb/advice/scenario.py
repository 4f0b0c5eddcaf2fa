"""A pipeline as a scenario of queue_bench: a folder with the file and the traces that it reads.

    file = write_scenario(folder, pipeline, capacities=[16, 64], queues=["tbb"])
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from bqb.advice.pipeline import Pipeline, Times
from bqb.advice.traces import trace_text
from bqb.advice.words import in_words
from bqb.data.files import write_atomically

NAME = "my_pipeline"
QUESTION = "Which queue, and which capacity, for this pipeline?"
IN_QUEUE_BYTES = (8, 64, 1024)  # message sizes that are compiled in
LEAST_WINDOW_MS, MOST_WINDOW_MS = 40, 1000
MESSAGES_A_WINDOW = 300  # of a slow pipeline
BURST_GAP_NS = 1  # between messages that come at once
# A producer that waits for its next arrival without a core: it reads the clock only at the end.
SLEEPS_FROM_GAP_NS = 200_000
# A producer reads the clock before each arrival for 0.1 ms: below this gap, most of its time.
MOSTLY_SLEEPS_FROM_GAP_NS = 500_000


def write_scenario(
    folder: Path,
    pipeline: Pipeline,
    capacities: Sequence[int],
    queues: Sequence[str] = (),
    expect: str = "Not stated.",
    name: str = NAME,
) -> Path:
    """Writes into an existing folder; returns the file."""
    for side in ("producer", "consumer"):
        trace = getattr(pipeline, side).trace
        if trace is not None:
            path = folder / _trace_name(side)
            what = "gaps between messages" if side == "producer" and pipeline.open_loop else "times"
            write_atomically(path, trace_text(trace, f"{what}, {side}s").encode())
    file = folder / f"{name}.toml"
    text = scenario_text(pipeline, capacities, queues, expect)
    write_atomically(file, text.encode())
    return file


def scenario_text(
    pipeline: Pipeline, capacities: Sequence[int], queues: Sequence[str], expect: str
) -> str:
    top = {
        "question": QUESTION,
        "expect": f"{in_words(pipeline)} {expect}",
        **({"queues": list(queues)} if queues else {}),
        **({"judged_by": "excess_dropped_share"} if pipeline.drops else {}),
        "producers": pipeline.producers,
        "consumers": pipeline.consumers,
        "capacity": list(capacities),
        **_messages(pipeline),
        **({"when_full": "drop"} if pipeline.drops else {}),
        **_cores(pipeline),
        **({"window_ms": longest} if (longest := window_ms(pipeline)) > LEAST_WINDOW_MS else {}),
    }
    consumer = _work("consumer", pipeline.consumer)
    if pipeline.open_loop:
        first = ("arrivals", _arrivals(pipeline))
    else:
        first = ("producer", _work("producer", pipeline.producer))
    tables = [("", top), first, ("consumer", consumer)]
    return "\n".join(_table(name, keys) for name, keys in tables)


def _table(name: str, keys: dict[str, object]) -> str:
    head = f"[{name}]\n" if name else ""
    return head + "".join(f"{key} = {_value(value)}\n" for key, value in keys.items())


def _value(value: object) -> str:
    # A TOML basic string has JSON's escapes.
    return json.dumps(value, ensure_ascii=True)


def _messages(pipeline: Pipeline) -> dict[str, object]:
    for size in IN_QUEUE_BYTES:
        if pipeline.message_bytes <= size:
            return {"message_bytes": size}
    return {"payload": "heap", "message_bytes": 8 * math.ceil(pipeline.message_bytes / 8)}


def _cores(pipeline: Pipeline) -> dict[str, object]:
    if quota := quota_pct(pipeline):
        return {"cpu_quota_pct": quota}
    return {"placement": "one_core"} if pipeline.cores == 1 < _used_cores(pipeline) else {}


def _used_cores(pipeline: Pipeline) -> int:
    return min(pipeline.cores_here, pipeline.producers + pipeline.consumers)


def quota_pct(pipeline: Pipeline) -> float | None:
    """The share of the used cores that the pipeline may have, where that is not a number of whole
    ones that it can be placed on."""
    used = _used_cores(pipeline)
    if pipeline.cores >= used or pipeline.cores == 1:
        return None
    return round(100 * pipeline.cores / used, 2)


def window_ms(pipeline: Pipeline) -> int:
    """Long enough for some messages, and for some bursts."""
    messages = max(MESSAGES_A_WINDOW, 10 * pipeline.producer.burst)
    wanted_ms = math.ceil(messages * pipeline.ns_per_msg / 1e6)
    return min(wanted_ms, MOST_WINDOW_MS)


def _work(side: str, times: Times) -> dict[str, object]:
    return {"work": "sleep" if times.waits else "spin", **_process(side, times, "mean_ns")}


def is_crowded(pipeline: Pipeline) -> bool:
    """Whether there are more threads than cores."""
    return pipeline.producers + pipeline.consumers > pipeline.cores


def arrivals_take_cores(pipeline: Pipeline) -> bool:
    """Whether producers that watch the clock for the next arrival leave the others too few
    cores."""
    gap_ns = pipeline.gap_ns * pipeline.producers
    return pipeline.open_loop and is_crowded(pipeline) and gap_ns < MOSTLY_SLEEPS_FROM_GAP_NS


def _arrivals(pipeline: Pipeline) -> dict[str, object]:
    keys = _process("producer", pipeline.producer, "mean_gap_ns")
    if keys["process"] == "exponential":
        keys["process"] = "poisson"
    if is_crowded(pipeline) or pipeline.gap_ns * pipeline.producers >= SLEEPS_FROM_GAP_NS:
        keys["wait"] = "sleep"
    return keys


def _process(side: str, times: Times, mean_key: str) -> dict[str, object]:
    mean = {mean_key: float(f"{times.mean_ns:.6g}")}
    if times.trace is not None:
        return {"process": "trace", "trace_file": _trace_name(side), **mean}
    if times.burst:
        return {
            "process": "bursty",
            "burst_msgs": times.burst,
            "burst_gap_ns": BURST_GAP_NS,
            **mean,
        }
    if times.cv == 0:
        return {"process": "constant", **mean}
    if times.cv == 1:
        return {"process": "exponential", **mean}
    return {"process": "lognormal", "cv": float(f"{times.cv:.4g}"), **mean}


def trace_names(pipeline: Pipeline) -> dict[str, str]:
    """The files beside the scenario, by side."""
    sides = {"producer": pipeline.producer, "consumer": pipeline.consumer}
    return {side: _trace_name(side) for side, times in sides.items() if times.trace is not None}


def _trace_name(side: str) -> str:
    return f"{side}_times.txt"
