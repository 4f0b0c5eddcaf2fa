"""What a machine is called, and what about it makes the results of a run worse.

    for sentence in warnings_of(context): ...  # the `context` of a run, or queue_bench --machine
    described(context)                         # "AMD EPYC, 2 cores, virtual machine (KVM)"

Both take any part of the fields of a context. Nothing is said of a field that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Context = Mapping[str, Any]

# Other processes: a share of the run's cores, since the threads of a trial are few and the others
# can go where they are not. On few cores a tenth of one: a block is disturbed where a core gives
# its probe 3 % less than all of itself, and a desktop without a user takes 1 to 3 % of one. On many
# cores half of one: a process that works all the time is worth a line on any machine.
LARGEST_QUIET_SHARE = 0.05
LEAST_BUSY_CORES, MOST_QUIET_CORES = 0.1, 0.5

# An average over all the time that the system wanted. It comes at a stretch: at 1 % many a block
# loses the 3 % that make it disturbed.
LARGEST_QUIET_STEAL_PCT = 1.0

INTEL_DRIVERS = ("intel_pstate", "intel_cpufreq")
TURBO_OFF_INTEL = "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
TURBO_OFF = "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"


def described(context: Context) -> str:
    """A machine in a few words."""
    return ", ".join(description_parts(context))


def description_parts(context: Context) -> list[str]:
    """The processor, the number of cores that the run may use, and what else sets it apart."""
    cores = context.get("cores", "?")
    parts = [
        " ".join(str(context.get("cpu_model") or "unknown CPU").split()),
        f"{cores} core{'' if cores == 1 else 's'}",
    ]
    if name := context.get("virtual_machine"):
        parts.append(f"virtual machine ({name})")
    return parts


def machines(count: int) -> str:
    return f"{count} machine{'' if count == 1 else 's'}"


def warnings_of(context: Context) -> list[str]:
    """What makes the results worse, a sentence each: what it is, what it does, the remedy. What is
    removed with least effort comes first."""
    warnings = (
        _load(context),
        _frequency(context),
        _turbo(context),
        _shared_cores(context),
        _quota(context),
        _steal(context),
        _virtual_machine(context),
    )
    return [warning for warning in warnings if warning]


def _load(context: Context) -> str | None:
    busy, cores = context.get("busy_cores", 0.0), context.get("cores", 1)
    quiet = min(max(LARGEST_QUIET_SHARE * cores, LEAST_BUSY_CORES), MOST_QUIET_CORES)
    if busy < quiet:
        return None
    return (
        f"Load: other processes use {busy:.2g} of {_cores(cores)}, and measured threads have to "
        "wait for them; find them with top, and stop them"
    )


def _frequency(context: Context) -> str | None:
    governors = [each for each in context.get("governor", "").split(", ") if each]
    changing = [f"'{each}'" for each in governors if each != "performance"]
    if not changing:
        return None
    where = "" if len(changing) == len(governors) else " of some CPUs"
    return (
        f"CPU frequency: the governor{where} is {_list(changing)}, so clock rates change during a "
        "run; set it: sudo cpupower frequency-set -g performance"
    )


def _turbo(context: Context) -> str | None:
    if context.get("turbo") != "on":
        return None
    is_intel = context.get("frequency_driver") in INTEL_DRIVERS
    return (
        "Turbo: clock rates depend on the temperature and on how many cores are at work, so a "
        "queue that waits by spinning slows down work on other cores; switch it off: "
        f"{TURBO_OFF_INTEL if is_intel else TURBO_OFF}"
    )


def _shared_cores(context: Context) -> str | None:
    cores = context.get("physical_cores", [])
    shared = [cpus for cpus in cores if len(cpus) > 1]
    if not shared:
        return None
    others = len(shared) - 1
    more = f", and so do those of {others} more core{'s' * (others != 1)}" if others else ""
    if len(cores) > 1:
        first_of_each = _ranges(sorted(cpus[0] for cpus in cores))
        remedy = f"use one CPU of each core: taskset -c {first_of_each} ./scripts/bench"
    else:
        remedy = "use a machine with two cores"
    return (
        f"SMT: CPUs {_list(shared[0])} share a core{more}, so two threads there slow each other "
        f"down, but pass messages faster than two cores do; {remedy}"
    )


def _quota(context: Context) -> str | None:
    quota = context.get("cpu_quota_cores")
    if quota is None:
        return None
    return (
        f"CPU quota: the run may use the time of {_cores(round(quota, 2))} on "
        f"{_cores(context.get('cores', '?'))}, and stands still once it is used up, which queues "
        "that wait by spinning do first; run without a quota (docker: no --cpus; Kubernetes: no "
        "CPU limit; systemd: no CPUQuota)"
    )


def _steal(context: Context) -> str | None:
    steal_pct = context.get("steal_pct", 0.0)
    if steal_pct < LARGEST_QUIET_STEAL_PCT:
        return None
    return (
        f"Steal: the hypervisor gave {steal_pct:.2g} % of the CPU time that this machine has "
        "wanted since its start to others, and threads stand still meanwhile; use a virtual "
        "machine with CPUs of its own, or measure when the host has less to do"
    )


def _virtual_machine(context: Context) -> str | None:
    name = context.get("virtual_machine")
    if not name:
        return None
    return (
        f"Virtual machine ({name}): waking a sleeping thread takes longer than on a machine "
        "without a hypervisor, and varies; compare only within this run, and use a machine of "
        "your own for numbers that you publish"
    )


def _cores(number: object) -> str:
    return f"{number} core{'' if number == 1 else 's'}"


def _list(items: Sequence[object]) -> str:
    """One, two and three, or more in words: "0", "0 and 1", "0, 1 and 2"."""
    words = [str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _ranges(cpus: Iterable[int]) -> str:
    """Ascending CPUs as taskset takes them: "0-3,8"."""
    ranges: list[list[int]] = []
    for cpu in cpus:
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
