"""Which capacities to measure in a given time, and over how many rounds before the rest of the time
goes to one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from bqb.advice.capacity import CapacityAdvice
from bqb.advice.pipeline import Pipeline
from bqb.advice.scenario import LEAST_WINDOW_MS, quota_pct, window_ms
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS

FACTOR = 4  # between the capacities
CROWDED_WINDOW_MS = 200  # with more threads than cores, or a quota
FILLINGS = 20  # of a closed loop's window, in queues (scenarios/README.md)
MOST_ROUNDS, FEWEST_ROUNDS = MIN_VERDICT_BLOCKS, 3  # of every capacity
PILOT_TRIALS = 2  # of each queue at each capacity
SHARE = 0.5  # of the time, for all capacities but the advised one
BESIDE_WINDOW = 1.3  # the warm-up, filling the queue, starting threads, calibration


def trial_s(pipeline: Pipeline, capacity: int) -> float:
    """About how long a trial takes (queue_bench's `least_window_ns`)."""
    is_crowded = pipeline.producers + pipeline.consumers > pipeline.cores_here
    crowded_ms = CROWDED_WINDOW_MS if is_crowded or quota_pct(pipeline) else 0
    longest_ms: float = max(LEAST_WINDOW_MS, crowded_ms, window_ms(pipeline))
    if not pipeline.open_loop:
        slowest_ns = max(pipeline.producer.mean_ns, pipeline.consumer.mean_ns)
        longest_ms = max(longest_ms, FILLINGS * capacity * slowest_ns / 1e6)
    return BESIDE_WINDOW * longest_ms / 1e3


@dataclass(frozen=True)
class Plan:
    capacities: list[int]
    rounds: int  # of each of them


def plan_of(pipeline: Pipeline, advice: CapacityAdvice, queues: int, budget_s: float) -> Plan:
    """The advised capacity; then, as far as the bounds of the wishes and the time allow, four times
    of it, the largest, those between the two, and a quarter of it."""
    others = _others(advice.capacity, max(advice.most, advice.capacity))
    for rounds in (MOST_ROUNDS, FEWEST_ROUNDS):
        wanted, left_s = [advice.capacity], SHARE * budget_s
        for capacity in others:
            cost_s = queues * (rounds + PILOT_TRIALS) * trial_s(pipeline, capacity)
            if cost_s <= left_s:
                wanted.append(capacity)
                left_s -= cost_s
        if len(wanted) > len(others):
            break
    return Plan(sorted(wanted), rounds)


def _others(capacity: int, most: int) -> list[int]:
    """The most wanted first, each once."""
    powers = (capacity * FACTOR**power for power in itertools.count(1))
    between = list(itertools.takewhile(lambda larger: larger < most, powers))
    others = [*between[:1], most, *between[1:], max(1, capacity // FACTOR)]
    return [other for other in dict.fromkeys(others) if other != capacity]
