"""The counters that queues are judged by, and what a counter counts."""

from __future__ import annotations

LOST = "lost_ns_per_msg"
NOMINAL_LOST = "nominal_lost_ns_per_msg"
THROUGHPUT = "throughput_msgs_per_s"
EXCESS = "excess_mean_ns"  # of an open loop, which has no loss
EFFICIENCY_OF = {LOST: "efficiency", NOMINAL_LOST: "nominal_efficiency"}
CPU_BEYOND_WORK = "cpu_beyond_work_ns_per_msg"
FLOOR_LOST = "floor_lost_ns_per_msg"


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
