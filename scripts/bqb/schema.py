"""The vocabulary of queue_bench, written by ./scripts/generate from its --schema."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

# flake8: noqa: E501

SCHEMA = 1  # version of the row format

DEFAULT_ROUNDS = 12  # rounds of a default run
LEAST_BLOCKS_FOR_VERDICT = 6  # undisturbed blocks that a verdict needs
LEAST_SAMPLES_BEYOND_QUANTILE = 100  # a quantile q of n samples is stated from n (1 - q) of this on
LEAST_CPU_SHARE = 0.97  # a block is disturbed during which a core gave less than this share of itself
MOST_SPEED_DRIFT = 0.05  # a block is disturbed if its cores changed speed by more than this share
MOST_GAP_SHARE = 0.03  # a block is disturbed in whose median trial the threads were preempted for more than this share of their work
MOST_LATENESS = 0.05  # a generator is late if the 99th percentile of its lateness is more than this share of the mean gap
LEAST_PREEMPTION_NS = 10000  # a thread that works so much longer than planned was preempted


class QueueBenchStatus(IntEnum):
    """Exit statuses of queue_bench."""

    OK = 0  # success
    QUEUE_FAILED = 1  # a queue gave a wrong answer
    USAGE = 2  # bad arguments or a bad scenario; nothing was measured
    HUNG = 4  # a queue made no progress
    IO_ERROR = 5  # a file could not be read or written
    RESOURCE_LIMIT = 6  # the system refused a thread, a core or memory
    INTERNAL_ERROR = 70  # a fault of the program


@dataclass(frozen=True, eq=False, kw_only=True)
class PointKeys:
    """The keys of a point that are one value, with the defaults of a point that lacks them."""

    shape: str = "queue"
    stages: int = 2  # threads
    producers: int = 1  # threads
    consumers: int = 1  # threads
    capacity: int = 1  # messages
    payload: str = "in_queue"
    message_bytes: int = 8  # bytes
    when_full: str = "wait"
    placement: str = "spread"
    neighbour: str = "none"
    cpu_quota_pct: float | None = None  # %
    batch: int = 1  # messages
    rho: float | None = None
    window_ms: float | None = None  # ms


# name: (better, unit)
COUNTERS: dict[str, tuple[str, str]] = {
    "throughput_msgs_per_s": ("higher", "msgs/s"),
    "lost_ns_per_msg": ("lower", "ns/msg"),
    "efficiency": ("higher", ""),
    "efficiency_is_bound": ("neither", ""),
    "nominal_lost_ns_per_msg": ("lower", "ns/msg"),
    "nominal_efficiency": ("higher", ""),
    "floor_lost_ns_per_msg": ("neither", "ns/msg"),
    "work_inflation": ("lower", ""),
    "producer_work_inflation": ("lower", ""),
    "stage_work_inflation": ("lower", ""),
    "consumer_work_inflation": ("lower", ""),
    "gap_share": ("neither", "share"),
    "producer_work_mean_ns": ("neither", "ns"),
    "consumer_work_mean_ns": ("neither", "ns"),
    "generator_share": ("neither", "share"),
    "sojourn_mean_ns": ("lower", "ns"),
    "sojourn_p50_ns": ("lower", "ns"),
    "sojourn_p99_ns": ("lower", "ns"),
    "sojourn_max_ns": ("lower", "ns"),
    "ideal_sojourn_mean_ns": ("neither", "ns"),
    "ideal_sojourn_p50_ns": ("neither", "ns"),
    "ideal_sojourn_p99_ns": ("neither", "ns"),
    "floor_sojourn_mean_ns": ("neither", "ns"),
    "floor_sojourn_p50_ns": ("neither", "ns"),
    "floor_sojourn_p99_ns": ("neither", "ns"),
    "excess_mean_ns": ("lower", "ns"),
    "excess_p50_ns": ("lower", "ns"),
    "excess_p99_ns": ("lower", "ns"),
    "push_blocked_mean_ns": ("lower", "ns"),
    "push_blocked_p50_ns": ("lower", "ns"),
    "push_blocked_p99_ns": ("lower", "ns"),
    "pop_blocked_mean_ns": ("lower", "ns"),
    "pop_blocked_p50_ns": ("lower", "ns"),
    "pop_blocked_p99_ns": ("lower", "ns"),
    "peak_occupancy": ("neither", ""),
    "departure_gap_mean_ns": ("neither", "ns"),
    "departure_gap_p50_ns": ("neither", "ns"),
    "departure_gap_p99_ns": ("lower", "ns"),
    "ideal_departure_gap_mean_ns": ("neither", "ns"),
    "ideal_departure_gap_p50_ns": ("neither", "ns"),
    "ideal_departure_gap_p99_ns": ("neither", "ns"),
    "departure_jitter_ns": ("lower", "ns"),
    "round_trip_mean_ns": ("lower", "ns"),
    "round_trip_p50_ns": ("lower", "ns"),
    "round_trip_p99_ns": ("lower", "ns"),
    "round_trip_max_ns": ("lower", "ns"),
    "generator_late_p99_ns": ("neither", "ns"),
    "generator_is_late": ("neither", ""),
    "overloaded": ("neither", ""),
    "backlog_growth_msgs_per_s": ("neither", "msgs/s"),
    "dropped_share": ("lower", "share"),
    "ideal_dropped_share": ("neither", "share"),
    "drop_mean_ns": ("lower", "ns"),
    "drop_p50_ns": ("lower", "ns"),
    "drop_p99_ns": ("lower", "ns"),
    "cpu_ns_per_msg": ("lower", "ns/msg"),
    "producer_cpu_ns_per_msg": ("lower", "ns/msg"),
    "stage_cpu_ns_per_msg": ("lower", "ns/msg"),
    "consumer_cpu_ns_per_msg": ("lower", "ns/msg"),
    "cpu_beyond_work_ns_per_msg": ("lower", "ns/msg"),
    "producer_cpu_beyond_work_ns_per_msg": ("lower", "ns/msg"),
    "stage_cpu_beyond_work_ns_per_msg": ("lower", "ns/msg"),
    "consumer_cpu_beyond_work_ns_per_msg": ("lower", "ns/msg"),
    "switches_per_msg": ("lower", "1/msg"),
    "producer_voluntary_switches_per_msg": ("lower", "1/msg"),
    "producer_involuntary_switches_per_msg": ("lower", "1/msg"),
    "stage_voluntary_switches_per_msg": ("lower", "1/msg"),
    "stage_involuntary_switches_per_msg": ("lower", "1/msg"),
    "consumer_voluntary_switches_per_msg": ("lower", "1/msg"),
    "consumer_involuntary_switches_per_msg": ("lower", "1/msg"),
    "yields_per_msg": ("lower", "1/msg"),
    "producer_yields_per_msg": ("lower", "1/msg"),
    "stage_yields_per_msg": ("lower", "1/msg"),
    "consumer_yields_per_msg": ("lower", "1/msg"),
    "syscalls_per_msg": ("lower", "1/msg"),
    "producer_syscalls_per_msg": ("lower", "1/msg"),
    "stage_syscalls_per_msg": ("lower", "1/msg"),
    "consumer_syscalls_per_msg": ("lower", "1/msg"),
    "futile_wakeups_per_msg": ("lower", "1/msg"),
    "producer_futile_wakeups_per_msg": ("lower", "1/msg"),
    "consumer_futile_wakeups_per_msg": ("lower", "1/msg"),
    "producer_fairness": ("higher", ""),
    "consumer_fairness": ("higher", ""),
    "neighbour_work_share": ("higher", "share"),
    "neighbour_lost_share": ("lower", "share"),
    "throttled_share": ("lower", "share"),
}

# The stems of counters that come as mean, median and 99th percentile.
DISTRIBUTIONS = ("sojourn", "ideal_sojourn", "floor_sojourn", "excess", "push_blocked", "pop_blocked", "departure_gap", "ideal_departure_gap", "round_trip", "drop")

# The values of the parameter that a property is measured at; its values, with units.
PROPERTY_PARAMETERS: dict[str, tuple[int, ...]] = {
    "close": (1, 8, 64),
    "memory": (1, 64, 4096),
    "construction": (1, 64, 4096),
}
PROPERTY_VALUES: dict[str, tuple[str, ...]] = {
    "idle_pop": ("idle_pop_cpu_share", "idle_pop_switches_per_s", "idle_pop_yields_per_s"),
    "idle_push": ("idle_push_cpu_share", "idle_push_switches_per_s", "idle_push_yields_per_s"),
    "close": ("close_to_last_return_ns", "asleep_share", "repetitions"),
    "memory": ("bytes", "full_bytes", "reported_capacity"),
    "construction": ("construct_ns", "destroy_ns"),
}

# row kind: (required fields, optional fields)
ROW_FIELDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "run": (frozenset(("schema", "context", "scenarios", "queues")), frozenset(())),
    "limits": (frozenset(("round", "park_round_trip_ns")), frozenset(("spsc_msgs_per_s",))),
    "skip": (frozenset(("cell", "point", "queue", "reason")), frozenset(())),
    "start": (frozenset(("cell", "round", "level")), frozenset(())),
    "plan": (frozenset(("cell", "point", "queue", "pilot_ns_per_msg", "messages_per_producer", "warmup_messages_per_producer", "wall_ns")), frozenset(())),
    "syscalls": (frozenset(("cell", "point", "queue", "syscalls_per_msg")), frozenset(("producer_syscalls_per_msg", "stage_syscalls_per_msg", "consumer_syscalls_per_msg"))),
    "property": (frozenset(("queue", "name", "params")), frozenset(("values", "error"))),
    "trial": (frozenset(("cell", "point", "scenario", "queue", "round", "order", "level", "status")), frozenset(("message", "hung", "messages", "window_ns", "ns_per_msg", "counters"))),
    "block": (frozenset(("point", "round", "disturbed", "probe_before", "probe_after", "ns_per_step", "ns_per_step_after", "wall_ns")), frozenset(("why", "gap_share", "handoff_ns"))),
    "histograms.jsonl": (frozenset(("cell", "round", "level", "name", "count", "max", "buckets")), frozenset(())),
    "timelines.jsonl": (frozenset(("cell", "round", "level", "slice_ns", "occupancy", "pushed")), frozenset(())),
}

# name of a key or label: its values
VALUES: dict[str, tuple[str, ...]] = {
    "shape": ("queue", "pipeline", "ping_pong"),
    "payload": ("in_queue", "heap"),
    "when_full": ("wait", "drop"),
    "placement": ("spread", "free", "one_core"),
    "neighbour": ("none", "idle_priority"),
    "work": ("none", "spin", "sleep"),
    "process": ("constant", "exponential", "lognormal", "bursty", "trace"),
    "wait": ("spin", "sleep"),
    "level": ("traced", "counted"),
    "better": ("lower", "higher", "neither"),
}
LABELS: dict[str, tuple[str, ...]] = {
    "line_up": ("default", "extra", "named"),
    "origin": ("house", "peer"),
    "producers": ("one", "many"),
    "consumers": ("one", "many"),
    "capacities": ("any", "power of two", "range", "unbounded"),
    "bound": ("exact", "rounded", "none"),
    "element": ("any", "nothrow movable", "default constructible", "trivial"),
    "fifo": ("global", "per producer"),
    "blocking": ("native", "emulated"),
    "timed": ("yes", "none"),
    "close": ("exact", "quiescent"),
    "stall": ("nobody", "one slot", "everyone"),
    "waiting": (),
    "note": (),
    "defect": (),
}
