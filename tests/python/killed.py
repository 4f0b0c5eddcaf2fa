"""A kill at every instant that matters to what is on the disk."""

import os
import signal
import sys
from collections.abc import Callable

# What changes the disk, and what makes it last.
STEPS = [
    (os, "rename"),
    (os, "replace"),
    (os, "fsync"),
    (os, "unlink"),
    (os, "rmdir"),
    (os, "mkdir"),
]


def before_step(number: int, act: Callable[[], int | None]) -> bool:
    """Runs act() in a process that is killed before its `number`-th step; False if it came to its
    end."""
    child = os.fork()
    if child == 0:
        steps = 0

        def counted(step):
            def call(*arguments, **options):
                nonlocal steps
                steps += 1
                if steps == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return step(*arguments, **options)

            return call

        for module, name in STEPS:
            setattr(module, name, counted(getattr(module, name)))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
        os._exit(act() or 0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
