"""The counters that queues are judged by, and what a counter counts."""

from __future__ import annotations

LOST = "lost_ns_per_msg"
NOMINAL_LOST = "nominal_lost_ns_per_msg"
THROUGHPUT = "throughput_msgs_per_s"
EXCESS = "excess_p50_ns"  # of an open loop, which has no loss
EFFICIENCY_OF = {LOST: "efficiency", NOMINAL_LOST: "nominal_efficiency"}
CPU_BEYOND_WORK = "cpu_beyond_work_ns_per_msg"
FLOOR_LOST = "floor_lost_ns_per_msg"

# What two whole runs do not agree on (./scripts/repeat): a pause of the machine of 1 ms delays more
# than one message in a hundred of a trial.
TAILS = ("_p99_ns", "_max_ns")


def is_repeatable(counter: str) -> bool:
    """Whether queues may be judged by a counter."""
    return not counter.endswith(TAILS)


def unit_of(counter: str) -> str:
    """What a counter counts, by the end of its name: ns, msgs/s, bytes, %, events per message,
    share or plain."""
    suffixes = {
        "_ns": "ns",
        "_ns_per_msg": "ns",
        "_msgs_per_s": "msgs/s",
        "_bytes": "bytes",
        "_pct": "%",
        "_per_msg": "events per message",
        "efficiency": "share",
        "_share": "share",
    }
    ends = (
        suffix for suffix in sorted(suffixes, key=len, reverse=True) if counter.endswith(suffix)
    )
    return suffixes.get(next(ends, ""), "plain")
