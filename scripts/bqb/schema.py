"""The vocabulary of queue_bench, written by ./scripts/generate from its --schema."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

# flake8: noqa: E501

SCHEMA = 4  # version of the row format

DEFAULT_ROUNDS = 12  # rounds of a default run
LEAST_BLOCKS_FOR_VERDICT = 6  # undisturbed blocks that a verdict needs
LEAST_SAMPLES_BEYOND_QUANTILE = 100  # a quantile q of n samples is stated from n (1 - q) of this on
LEAST_CPU_SHARE = 0.97  # a block is disturbed during which a core gave less than this share of itself
MOST_SPEED_DRIFT = 0.05  # a block is disturbed if its cores changed speed by more than this share
MOST_HANDOFF_CHANGE = 0.25  # a block is marked if the time of a cache line from core to core changed by more than this share
MOST_GAP_SHARE = 0.03  # a block is disturbed in whose median trial the threads were preempted for more than this share of their work
MOST_LATENESS = 0.05  # a generator is late if the 99th percentile of its lateness is more than this share of the mean gap
LEAST_PREEMPTION_NS = 10000  # a thread that works so much longer than planned was preempted
MOST_ROUNDS = 10000  # rounds of a run
MOST_MEAN_NS = 100000000  # mean time a message of a side, or between two arrivals
MOST_CAPACITY = 16777216  # capacity of a queue
MOST_THREADS_PER_CORE = 32  # threads of a point for each core that it may use
MOST_HEAP_MESSAGE_BYTES = 1048576  # bytes of a message
MOST_TRACE_TIMES = 10000000  # times in the traces of a scenario
MOST_ROW_NUMBER = 1000000000000000000  # size of a number in a row
MOST_NAME_CHARACTERS = 1000  # length of a name in a row
MOST_TEXT_CHARACTERS = 10000  # length of a text in a row
MOST_ROW_LEVELS = 20  # levels of nesting in a row


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
    "generator_pause_share": ("neither", "share"),
    "generator_pause_max_ns": ("neither", "ns"),
    "generator_pauses_cost_mean_ns": ("neither", "ns"),
    "overloaded": ("neither", ""),
    "backlog_growth_msgs_per_s": ("neither", "msgs/s"),
    "dropped_share": ("lower", "share"),
    "ideal_dropped_share": ("neither", "share"),
    "excess_dropped_share": ("lower", "share"),
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

# Types of fields are described in benchmarks/run/result_rows.h.
Fields = dict[str, tuple[str, bool]]  # name: (type, whether it is required)

# row kind: its fields
ROWS: dict[str, Fields] = {
    "run": {
        "schema": ("count", True),
        "context": ("context", True),
        "scenarios": ("{scenario}", True),
        "queues": ("{{text}}", True),
    },
    "limits": {
        "round": ("count", True),
        "park_round_trip_ns": ("number", True),
        "spsc_msgs_per_s": ("number", False),
        "timestamp_ns": ("number", False),
    },
    "looks": {
        "rounds": ("[count]", True),
    },
    "skip": {
        "cell": ("name", True),
        "point": ("name", True),
        "queue": ("name", True),
        "reason": ("text", True),
    },
    "start": {
        "cell": ("name", True),
        "round": ("count", True),
        "level": ("level", True),
    },
    "plan": {
        "cell": ("name", True),
        "point": ("name", True),
        "queue": ("name", True),
        "pilot_ns_per_msg": ("number", True),
        "messages_per_producer": ("count", True),
        "warmup_messages_per_producer": ("count", True),
        "capacity": ("count", False),
        "wall_ns": ("count", False),
    },
    "syscalls": {
        "cell": ("name", True),
        "point": ("name", True),
        "queue": ("name", True),
        "syscalls_per_msg": ("number", True),
        "producer_syscalls_per_msg": ("number", False),
        "stage_syscalls_per_msg": ("number", False),
        "consumer_syscalls_per_msg": ("number", False),
    },
    "property": {
        "queue": ("name", True),
        "name": ("name", True),
        "params": ("{count}", True),
        "values": ("{number?}", False),
        "error": ("text", False),
    },
    "trial": {
        "cell": ("name", True),
        "point": ("name", True),
        "scenario": ("name", True),
        "queue": ("name", True),
        "round": ("count", True),
        "order": ("count", True),
        "level": ("level", True),
        "status": ("status", True),
        "message": ("text", False),
        "hung": ("flag", False),
        "messages": ("count", False),
        "window_ns": ("number", False),
        "ns_per_msg": ("number", False),
        "counters": ("{number?}", False),
    },
    "block": {
        "point": ("name", True),
        "round": ("count", True),
        "disturbed": ("flag", True),
        "why": ("text", False),
        "probe_before": ("number", True),
        "probe_after": ("number", True),
        "ns_per_step": ("number", True),
        "ns_per_step_after": ("number", True),
        "ns_per_step_by_role": ("{number}", False),
        "ns_per_step_by_role_after": ("{number}", False),
        "gap_share": ("number", False),
        "handoff_ns": ("number", False),
        "handoff_after_ns": ("number", False),
        "layout": ("count", False),
        "cores_exchanged": ("flag", False),
        "wall_ns": ("count", False),
    },
    "histograms.jsonl": {
        "cell": ("name", True),
        "round": ("count", True),
        "level": ("level", True),
        "name": ("name", True),
        "count": ("count", True),
        "max": ("number", True),
        "buckets": ("[bucket]", True),
    },
    "timelines.jsonl": {
        "cell": ("name", True),
        "round": ("count", True),
        "level": ("level", True),
        "slice_ns": ("number", True),
        "occupancy": ("[count]", True),
        "pushed": ("[count]", True),
    },
}
# object inside a row: its fields
OBJECTS: dict[str, Fields] = {
    "context": {
        "date": ("name", True),
        "host_name": ("text", True),
        "cpu_model": ("text", True),
        "cores": ("count", True),
        "kernel": ("text", True),
        "physical_cores": ("[[count]]", False),
        "virtual_machine": ("text", False),
        "governor": ("text", False),
        "frequency_driver": ("text", False),
        "turbo": ("name", False),
        "cpu_quota_cores": ("number", False),
        "busy_cores": ("number", False),
        "load_average": ("number", False),
        "steal_pct": ("number", False),
        "pause_ns": ("number", False),
        "spin_limit": ("count", False),
        "compiler": ("text", True),
        "build_type": ("text", True),
        "flags": ("text", True),
        "libraries": ("{text}", True),
        "version": ("text", False),
        "commit": ("text", True),
        "dirty": ("flag", True),
        "binary_id": ("text", True),
        "seed": ("count", True),
        "clock": ("text", True),
        "default_rounds": ("count", True),
        "arguments": ("any", False),
    },
    "scenario": {
        "name": ("name", True),
        "file": ("text", True),
        "question": ("text", True),
        "expect": ("text", True),
        "rank": ("flag", True),
        "rounds": ("count", True),
        "judged_by": ("judge", False),
        "queues": ("[name]", True),
        "points": ("[point]", True),
        "earlier_expect": ("[earlier_expect]", False),
        "claims": ("[claim]", False),
    },
    "point": {
        "name": ("name", True),
        "scenario": ("name", True),
        "params": ("{any}", True),
        "case": ("name", False),
        "level": ("level", True),
        "shape": ("shape", False),
        "stages": ("count", False),
        "producers": ("count", False),
        "consumers": ("count", False),
        "capacity": ("count", False),
        "payload": ("payload", False),
        "message_bytes": ("count", False),
        "when_full": ("when_full", False),
        "placement": ("placement", False),
        "neighbour": ("neighbour", False),
        "cpu_quota_pct": ("number", False),
        "batch": ("count", False),
        "rho": ("number", False),
        "window_ms": ("number", False),
        "producer": ("side", False),
        "consumer": ("side", False),
        "stage": ("side", False),
        "arrivals": ("arrivals", False),
    },
    "side": {
        "work": ("work", True),
        "working_set_bytes": ("count", False),
        "process": ("process", False),
        "mean_ns": ("number", False),
        "cv": ("number", False),
        "burst_msgs": ("count", False),
        "burst_gap_ns": ("number", False),
        "trace_file": ("text", False),
        "trace_times": ("count", False),
        "trace_hash": ("count", False),
    },
    "arrivals": {
        "wait": ("wait", True),
        "process": ("process", False),
        "mean_ns": ("number", False),
        "cv": ("number", False),
        "burst_msgs": ("count", False),
        "burst_gap_ns": ("number", False),
        "trace_file": ("text", False),
        "trace_times": ("count", False),
        "trace_hash": ("count", False),
    },
    "judge": {
        "counter": ("name", True),
        "better": ("better", True),
    },
    "claim": {
        "says": ("text", True),
        "counter": ("name", True),
        "queues": ("[name]", False),
        "points": ("[name]", True),
        "than": ("name", False),
        "than_points": ("[name]", False),
        "above": ("number", False),
        "below": ("number", False),
        "since": ("name", False),
        "replaces": ("[earlier_claim]", False),
    },
    "earlier_claim": {
        "until": ("name", True),
        "says": ("text", True),
        "bound": ("text", True),
        "why": ("text", True),
    },
    "earlier_expect": {
        "until": ("name", True),
        "text": ("text", True),
        "why": ("text", True),
    },
}

# name of a key or label: its values
VALUES: dict[str, tuple[str, ...]] = {
    "shape": ("queue", "pipeline", "ping_pong"),
    "payload": ("in_queue", "heap"),
    "when_full": ("wait", "drop"),
    "placement": ("spread", "free", "one_core"),
    "neighbour": ("none", "idle_priority"),
    "work": ("none", "spin", "wide", "memory", "sleep"),
    "process": ("constant", "exponential", "lognormal", "bursty", "trace"),
    "wait": ("spin", "sleep"),
    "level": ("traced", "counted"),
    "better": ("lower", "higher", "neither"),
    "status": ("ok", "error", "void"),
}
LABELS: dict[str, tuple[str, ...]] = {
    "line_up": ("default", "extra", "named", "outside"),
    "origin": ("house", "peer"),
    "producers": ("one", "many"),
    "consumers": ("one", "many"),
    "capacities": ("any", "power of two", "range", "unbounded"),
    "bound": ("exact", "rounded", "none"),
    "element": ("any", "nothrow movable", "copyable", "default constructible", "trivial"),
    "fifo": ("global", "per producer"),
    "blocking": ("native", "emulated"),
    "timed": ("yes", "none"),
    "tries": ("yes", "none"),
    "batches": ("yes", "none"),
    "close": ("exact", "quiescent", "end of stream"),
    "stall": ("nobody", "one slot", "everyone"),
    "waiting": (),
    "note": (),
    "defect": (),
}
