"""Child processes: what they say, why they ended, that they end with this one; and folders that one
process owns."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from pathlib import Path

from bqb import CommandError, exit_status, short_path
from bqb.exit_status import QUEUE_BENCH_ERRORS, QueueBenchStatus

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """The user stops the run, here (Ctrl-C) or by a signal to queue_bench."""

    def __init__(self, number: int):
        super().__init__()
        self.status = exit_status.SIGNAL + number


class Listener(threading.Thread):
    """Copies what a process says to a log and keeps the last line. Ends with the process."""

    def __init__(self, stream, log: Path):
        super().__init__(daemon=True)
        self.last = ""
        self._stream = stream
        self._log = log
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self.last = line.strip() or self.last
            try:
                with open(self._log, "a", encoding="utf-8") as log:
                    log.write(line)
            except OSError:
                pass  # a full disk must not hide the line that says so


def cause_of_death(code: int, last_line: str) -> str:
    """Why queue_bench ended with status `code`, where its queue may be to blame; `last_line` is
    what it said last. Raises CommandError or Interrupted where starting queue_bench again would not
    help."""
    if code in QUEUE_BENCH_ERRORS:
        message = last_line or f"queue_bench: {QUEUE_BENCH_ERRORS[QueueBenchStatus(code)]}"
        raise CommandError(message, code)
    if code >= 0:
        return f"ended with status {code}"
    if -code in STOP_SIGNALS:
        raise Interrupted(-code)
    if -code == signal.SIGKILL:
        raise CommandError("queue_bench was killed by SIGKILL (out of memory?)", exit_status.FAILED)
    known = -code in {each.value for each in signal.Signals}
    return f"died of {signal.Signals(-code).name if known else f'signal {-code}'}"


def lock_folder(folder: Path, command: str = "./scripts/bench") -> int:
    """Holds the folder for this process and returns its file descriptor. Raises CommandError
    (USAGE) where another process of `command` writes to it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        what = f"{short_path(folder)}: another {command} is writing to it; wait for it or stop it"
        raise CommandError(what, exit_status.USAGE) from None
    return descriptor
