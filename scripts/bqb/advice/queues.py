"""Which queues fit the wishes, by their labels.

    fitting = queues_for(pipeline, 64, labels_of(queue_bench))
    fitting.fit["two_condvar"], fitting.why_not["boost_lockfree"]
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bqb import CommandError, exit_status
from bqb.advice.pipeline import Pipeline

Labels = Mapping[str, Any]  # texts; min_capacity and max_capacity are numbers
IDLE = ("none", "some", "all")  # CPU that a thread burns while it waits, from least to most


def labels_of(program: Path) -> dict[str, Labels]:
    """The labels of each queue of a queue_bench, by name."""
    result = subprocess.run([program, "--labels"], capture_output=True, check=False)
    if result.returncode:
        what = f"{program} --labels failed; build it again"
        raise CommandError(what, exit_status.INTERNAL_ERROR)
    labels: dict[str, Labels] = json.loads(result.stdout)
    return labels


def idle_cpu(labels: Labels) -> str:
    """What a queue burns while a thread waits, by how it waits: one that never sleeps, one that
    spins or yields before, one that sleeps at once."""
    waiting = labels["waiting"]
    if not any(word in waiting for word in ("spin", "yield")):
        return "none"
    sleeps = ("park", "condvar", "semaphore", "wait", "poll", "event")
    return "some" if any(word in waiting for word in sleeps) else "all"


@dataclass(frozen=True)
class Rule:
    """`excludes`: whether a queue with these labels cannot be used."""

    why: str
    excludes: Callable[[Pipeline, Labels], bool]


RULES = (
    Rule("keeps no bound", lambda _, labels: bool(labels["bound"] == "none")),
    Rule("rounds its capacity up", lambda _, labels: bool(labels["bound"] == "rounded")),
    Rule("has a known defect", lambda _, labels: bool(labels["defect"])),
    Rule(
        "has one producer only",
        lambda pipeline, labels: pipeline.producers > 1 and labels["producers"] == "one",
    ),
    Rule(
        "has one consumer only",
        lambda pipeline, labels: pipeline.consumers > 1 and labels["consumers"] == "one",
    ),
    Rule(
        "keeps the order of each producer only",
        lambda pipeline, labels: pipeline.wishes.order == "global" and labels["fifo"] != "global",
    ),
    Rule(
        "takes trivially copyable messages only",
        lambda pipeline, labels: pipeline.wishes.element != "trivial"
        and labels["element"] == "trivial",
    ),
    Rule(
        "closes exactly only while no push runs",
        lambda pipeline, labels: "close" in pipeline.wishes.needs and labels["close"] != "exact",
    ),
    Rule(
        "has no calls with a deadline",
        lambda pipeline, labels: "timeouts" in pipeline.wishes.needs and labels["timed"] != "yes",
    ),
    Rule(
        "a thread that is stopped inside a call stops the others",
        lambda pipeline, labels: bool(pipeline.wishes.must_not_block)
        and labels["stall"] == "everyone",
    ),
    Rule(
        "never gives its core away, and there are more threads than cores",
        lambda pipeline, labels: labels["waiting"] == "spin"
        and pipeline.producers + pipeline.consumers > min(pipeline.cores, pipeline.cores_here),
    ),
    Rule(
        "burns CPU while it waits",
        lambda pipeline, labels: IDLE.index(idle_cpu(labels)) > IDLE.index(pipeline.idle_cpu),
    ),
)


def why_not_capacity(labels: Labels, capacity: int) -> str:
    """Why a queue cannot have a capacity; empty where it can."""
    if not labels["min_capacity"] <= capacity <= labels["max_capacity"]:
        least, most = labels["min_capacity"], labels["max_capacity"]
        return f"holds {least:,} at least" if capacity < least else f"holds {most:,} at most"
    is_power = capacity & (capacity - 1) == 0
    if labels["capacities"] == "power of two" and not is_power:
        return f"takes powers of two only, not {capacity:,}"
    return ""


@dataclass(frozen=True)
class Fitting:
    """`fit`: the queues to measure, with their labels. `why_not`: what excludes each other queue of
    the same line-up."""

    fit: Mapping[str, Labels]
    why_not: Mapping[str, str]


def queues_for(
    pipeline: Pipeline, capacity: int, labels: Mapping[str, Labels], everything: bool = False
) -> Fitting:
    """Of the default line-up; where the CPU of idle threads was spoken of, also of the queues that
    wait just so; with `everything`, of all that are no mere demonstrations. Queues from elsewhere
    are always among them. Raises CommandError (IMPOSSIBLE) where none fits."""
    said = pipeline.wishes.idle_cpu
    fit, why_not = {}, {}
    for name, each in labels.items():
        is_extra = each["line_up"] == "extra"
        if each["line_up"] == "named" or (
            is_extra and not everything and not (said and idle_cpu(each) == said)
        ):
            continue
        reasons = [rule.why for rule in RULES if rule.excludes(pipeline, each)]
        reason = next(iter(reasons), why_not_capacity(each, capacity))
        if reason:
            why_not[name] = reason
        else:
            fit[name] = each
    if not fit:
        excluded = "; ".join(f"{name} {why}" for name, why in list(why_not.items())[:6])
        raise CommandError(
            f"impossible: no queue offers all that was asked for ({excluded}): ask for less, or "
            "try --all",
            exit_status.IMPOSSIBLE,
        )
    return Fitting(fit, why_not)
