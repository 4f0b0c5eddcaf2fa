"""All exit statuses: of the commands in scripts/, of the gate, and of the programs that they start.

The first block is that of bench, advise, test, explore, validate, plot, publish and generate; 5, 6
and 70 are those of queue_bench. The gate has its own, documented in docs/gate.md. scripts/setup.sh
exits with SETUP (gate: INVALID).
"""

from __future__ import annotations

from enum import IntEnum

from bqb.schema import QueueBenchStatus

OK = 0
FAILED = 1  # a queue, a test or a comparison failed, or a run broke off
USAGE = 2  # wrong usage, a wrong scenario, or a folder that cannot be used
SETUP = 3  # something is missing here and could not be installed, or a build failed
IO_ERROR = int(QueueBenchStatus.IO_ERROR)  # a file could not be read or written: a full disk
# The system refused a thread, a core or memory.
RESOURCE_LIMIT = int(QueueBenchStatus.RESOURCE_LIMIT)
IMPOSSIBLE = 7  # advise: no queue and no capacity can do what was wished for
UNDECIDED = 8  # advise: measured, and no queue is shown to be the best
INTERNAL_ERROR = int(QueueBenchStatus.INTERNAL_ERROR)  # a fault of a program of this project
SIGNAL = 128  # plus the number of the signal that stopped a command


class GateStatus(IntEnum):
    """Of ./scripts/gate."""

    PASS = 0
    REGRESSION = 1
    USAGE = 2
    INCONCLUSIVE = 3
    INVALID = 4


class GateCountsStatus(IntEnum):
    """Of gate_counts, as far as the gate distinguishes them."""

    UNFIT = 3  # the queue cannot be counted this way
    QUEUE_FAILED = 4


QUEUE_BENCH_ERRORS = {  # that end a run: what to say where queue_bench does not say it itself
    QueueBenchStatus.USAGE: "wrong options or a wrong scenario",
    QueueBenchStatus.IO_ERROR: "the results cannot be written; is the disk full?",
    QueueBenchStatus.RESOURCE_LIMIT: "not enough threads or memory (see ulimit -u and ulimit -v)",
    QueueBenchStatus.INTERNAL_ERROR: "internal error",
}
