"""Commands that a report advises: with the queues from outside that the run had."""

from __future__ import annotations

import shlex
from pathlib import Path

from bqb import short_path
from bqb.data.model import Run


def bench_command(run: Run, *words: str) -> str:
    """./scripts/bench --with my_queue.h --rounds 12"""
    arguments = run.context.get("arguments") or {}
    headers = arguments.get("headers") or ()
    flags = arguments.get("header_flags") or ("",) * len(headers)
    brought: list[str] = []
    for header, its_flags in zip(headers, flags):
        brought += ["--with", short_path(Path(header))]
        brought += ["--with-flags", its_flags] if its_flags else []
    return f"./scripts/bench {shlex.join([*brought, *words])}"
