"""What the user types: a module a command, their options and exit statuses.

    sys.exit(main(["bench", "--list"]))

A module imports what needs a package (numpy, matplotlib, scipy) inside the functions that use it:
--help works with nothing but Python.
"""

from __future__ import annotations

from bqb.commands import (
    advise,
    bench,
    explore,
    failures,
    gate,
    generate,
    plot,
    publish,
    repeat,
    report,
    test,
    validate,
)

COMMANDS = {
    "bench": bench.main,
    "advise": advise.main,
    "test": test.main,
    "explore": explore.main,
    "validate": validate.main,
    "gate": gate.main,
    "plot": plot.main,
    "report": report.main,
    "repeat": repeat.main,
    "publish": publish.main,
    "generate": generate.main,
}


def main(words: list[str]) -> int:
    """Runs the command `words[0]` with the options that follow and returns its exit status."""
    command, *options = words
    return failures.run(command, COMMANDS[command], options)
