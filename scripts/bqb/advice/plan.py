"""Which capacities to measure in a given time."""

from __future__ import annotations

from bqb.advice.capacity import CapacityAdvice
from bqb.advice.pipeline import Pipeline
from bqb.advice.scenario import LEAST_WINDOW_MS, quota_pct, window_ms
from bqb.schema import MOST_CAPACITY
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS

FACTOR = 4  # between the capacities
CROWDED_WINDOW_MS = 200  # with more threads than cores, or a quota
FILLINGS = 20  # of a closed loop's window, in queues (scenarios/README.md)
ROUNDS = MIN_VERDICT_BLOCKS + 2  # and two trials of the pilot for each cell
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


def capacities_to_measure(
    pipeline: Pipeline, advice: CapacityAdvice, queues: int, budget_s: float
) -> list[int]:
    """The advised capacity; then, as far as the bounds of the wishes and the time allow, four times
    of it, and a quarter."""
    wanted = [advice.capacity]
    left_s = budget_s - queues * ROUNDS * trial_s(pipeline, advice.capacity)
    most = min(advice.upper.capacity if advice.upper else MOST_CAPACITY, FACTOR * advice.capacity)
    for capacity in (most, max(1, advice.capacity // FACTOR)):
        cost_s = queues * ROUNDS * trial_s(pipeline, capacity)
        if capacity not in wanted and cost_s <= left_s:
            wanted.append(capacity)
            left_s -= cost_s
    return sorted(wanted)
