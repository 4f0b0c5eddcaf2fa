"""Which runs come from the same machine."""

from __future__ import annotations

from collections.abc import Iterable

from bqb.data.model import Run


def machine_name(run: Run) -> str:
    """CPU and cores: AMD EPYC, 2 cores."""
    model = " ".join(str(run.context.get("cpu_model", "unknown CPU")).split())
    cores = run.context.get("cores", "?")
    return f"{model}, {cores} core{'s' * (cores != 1)}"


def machine_of(run: Run) -> tuple[str, str]:
    """What tells machines apart: their name, and the name of the host."""
    return machine_name(run), str(run.context.get("host_name", ""))


def count_machines(runs: Iterable[Run]) -> int:
    return len({machine_of(run) for run in runs})


def in_words(machines: int) -> str:
    return f"{machines} machine{'s' * (machines != 1)}"
