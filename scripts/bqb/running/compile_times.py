"""What a queue's header costs whoever includes it: seconds of compiling, beyond those of an empty
source.

    compile_times.measure("tbb", headers)        # {"header_compile_s": 1.3, "repetitions": 3}

The compiler and the options are those of the release build. A source includes the header and makes
every call of the contract once, with messages of 8 bytes; what counts is the compiler's CPU time,
which a busy machine changes little.
"""

from __future__ import annotations

import json
import os
import shlex
import statistics
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from bqb import ROOT
from bqb.data.model import REFERENCE
from bqb.data.queue_list import listed
from bqb.running import external_queues, header_flags
from bqb.running.header_flags import Header

REPETITIONS = 3
BUILD = ROOT / "build" / "release"

SOURCE = """\
#include "{header}"

#include <cstdint>
#include <optional>
#include <utility>

#include "queues/bounded_queue.h"

template <class Q, class T = typename Q::value_type>
void call_all(Q& queue, T& message, std::optional<T>& out, bq::Deadline until) {{
  Q another(queue.capacity() + queue.size_approx());
  out = another.pop();
  queue.push(std::move(message));
  bq::pop_into(queue, out);
  if constexpr (bq::TryingBoundedQueue<Q>) {{
    queue.try_push(std::move(message));
    queue.try_pop(out);
  }}
  if constexpr (bq::TimedBoundedQueue<Q>) {{
    queue.try_push_until(std::move(message), until);
    queue.try_pop_until(out, until);
  }}
  if (!queue.is_closed()) queue.close();
}}

template void call_all({name}<std::uint64_t>&, std::uint64_t&, std::optional<std::uint64_t>&,
                       bq::Deadline);
"""


class CannotCompile(Exception):
    """One line that says why."""


def measure(queue: str, headers: tuple[Header, ...] = (), build: Path = BUILD) -> dict[str, float]:
    """Values of the property `compile`. `headers`: those of queues from outside the tree."""
    header, class_name, flags = source_of(queue, headers)
    command = (*command_of(queue, build), *flags)
    whole = _median_cpu_s(command, SOURCE.format(header=header, name=class_name))
    return {"header_compile_s": round(whole - _empty(command), 3), "repetitions": REPETITIONS}


def source_of(queue: str, headers: tuple[Header, ...]) -> tuple[str, str, tuple[str, ...]]:
    """Header and class template of a queue, and flags of the compiler that it needs."""
    if known := listed().get(queue):
        return f"queues/{known.header}", f"bq::{known.class_template}", ()
    for header in headers:
        for class_name, name in external_queues.declared_in(header.path):
            if name == queue:
                return header.path, class_name, header_flags.parsed(header.flags).compile
    raise CannotCompile("it is neither in queues/queues.list nor in a header of --with")


def command_of(queue: str, build: Path) -> tuple[str, ...]:
    """How the build compiles this queue, up to the names of files, but without precompiled headers,
    which who includes the queue need not have. A queue from outside: as the reference."""
    path = build / "compile_commands.json"
    try:
        commands = {
            Path(entry["file"]).stem: entry["command"]
            for entry in json.loads(path.read_text())
            if Path(entry["file"]).parent.name == "bq_listed_queues"
        }
        words = shlex.split(commands.get(queue) or commands[REFERENCE])
    except (OSError, ValueError, KeyError):
        raise CannotCompile(
            f"{path} does not say how; it comes with a build by ./scripts/bench"
        ) from None
    words = words[: words.index("-o")]
    if "-include" in words:
        del words[words.index("-include") :][:2]
    return tuple(words)


@lru_cache
def _empty(command: tuple[str, ...]) -> float:
    return _median_cpu_s(command, "")


def _median_cpu_s(command: tuple[str, ...], source: str) -> float:
    with tempfile.TemporaryDirectory(prefix="bqb-compile-") as folder:
        path = Path(folder) / "source.cpp"
        path.write_text(source, encoding="utf-8")
        arguments = [*command, "-w", "-o", os.devnull, "-c", str(path)]
        return statistics.median(_cpu_s(arguments) for _ in range(REPETITIONS))


def _cpu_s(arguments: list[str]) -> float:
    """CPU seconds of one compiler and of what it starts."""
    process = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    output = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        lines = output.splitlines() or ["no reason given"]
        raise CannotCompile(next((line for line in lines if "error:" in line), lines[-1]))
    return usage.ru_utime + usage.ru_stime
