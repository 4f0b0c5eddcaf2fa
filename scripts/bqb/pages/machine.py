"""What the pages say of the machine of the newest published default run."""

from __future__ import annotations

from statistics import median

from bqb.pages.marks import generated
from bqb.pages.sources import default_run, default_runs
from bqb.report.units import format_ns
from bqb.stats.summaries import machine_baselines


@generated
def measured_on() -> str:
    context = default_run().context
    return f"{context['cores']} cores ({context['cpu_model']}), on {context['date'][:10]}"


@generated
def wake_time() -> str:
    """Of a parked thread, by another on another core."""
    return _known(machine_baselines(default_run()).wake_ns)


@generated
def timestamp_time() -> str:
    return _known(machine_baselines(default_run()).timestamp_ns)


@generated
def timestamps_margin() -> str:
    """The least margin of a loss: twice what the timestamps of a message add to its two calls."""
    one = machine_baselines(default_run()).timestamp_ns
    return _known(2 * 2 * one if one else None)


@generated
def ring_time() -> str:
    """Per message of the fastest ring, without work."""
    rate = machine_baselines(default_run()).ring_msgs_per_s
    return _known(1e9 / rate if rate else None)


@generated
def handoff_times() -> str:
    """Of a cache line, over the blocks of all default runs of this machine."""
    times = [
        time
        for run in default_runs()
        for block in run.blocks.values()
        for time in (block.handoff_ns, block.handoff_after_ns)
        if time
    ]
    ends = (_known(each) for each in (min(times), max(times), median(times)))
    return "{} to {} to cross, {} at the median".format(*ends)


def _known(ns: float | None) -> str:
    return "an unknown time" if ns is None else format_ns(ns)
