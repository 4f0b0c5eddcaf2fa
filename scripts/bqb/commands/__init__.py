"""What the user types: a module a command, their options and exit statuses.

    sys.exit(main(["bench", "--list"]))

A module imports what needs a package (numpy, matplotlib, scipy) inside the functions that use it:
--help works with nothing but Python.
"""

from __future__ import annotations

import signal

from bqb import CommandError
from bqb.commands import bench, explore, gate, generate, plot, publish, test, validate
from bqb.commands.shared import print_error
from bqb.running.process import STOP_SIGNALS, Interrupted

COMMANDS = {
    "bench": bench.main,
    "test": test.main,
    "explore": explore.main,
    "validate": validate.main,
    "gate": gate.main,
    "plot": plot.main,
    "publish": publish.main,
    "generate": generate.main,
}


def main(words: list[str]) -> int:
    """Runs the command `words[0]` with the options that follow and returns its exit status."""
    command, *options = words
    stop_on_signals()
    try:
        return COMMANDS[command](options)
    except CommandError as error:
        from_queue_bench = str(error).startswith("queue_bench: ")
        print_error(str(error) if from_queue_bench else f"{command}: {error}")
        return error.status
    except Interrupted as interrupted:
        return interrupted.status


def stop_on_signals() -> None:
    """Makes each signal that stops a run raise Interrupted in the main thread."""

    def interrupt(number, _frame):
        raise Interrupted(number)

    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, interrupt)
