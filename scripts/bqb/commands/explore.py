"""./scripts/explore: runs queues under every schedule of a few threads."""

from __future__ import annotations

import argparse
import signal
import subprocess

from bqb import ROOT, CommandError, exit_status
from bqb.commands.options import Parser, add_no_setup, add_with, regular_expression
from bqb.running import build, external_queues
from bqb.running.process import STOP_SIGNALS, Interrupted, cause_of_death

HELP = """\
Runs queues under every schedule of a few threads, up to limits, and checks each run: no
deadlock, no lost wake-up, every message once and in order, the bound, the close. It runs the
queues' own sources over a model of the machine.

Without a shape or a search, each queue goes through its default plan (1 min for all).
docs/explorer.md explains it."""

STATUS = """\
exit status:
  0    no run failed
  1    one did: its schedule is printed, and kept for --replay
  2    wrong usage, or nothing to explore
  3    what is missing on this machine could not be installed, or the build failed
  5    a file could not be read or written
  6    the system refused a process or memory
  70   internal error"""


def main(words: list[str]) -> int:
    arguments = parser().parse_args(words)
    if headers := external_queues.check(tuple(arguments.headers or ())):
        program = external_queues.build_with(headers, "release", "explore") / "explore"
    else:
        build.build("release", "explore", external_queues.TESTS)
        program = ROOT / "build" / "release" / "explore"
    options: list[str] = []
    for name, value in vars(arguments).items():
        # Those are ours, all others the program's.
        if value and name not in ("headers", "no_setup"):
            options.append(f"--{name.replace('_', '-')}")
            options += [] if value is True else [value]
    status = subprocess.run([program, *options], check=False).returncode
    if status >= 0 or -status == signal.SIGPIPE:
        return status if status >= 0 else exit_status.SIGNAL - status
    if -status in STOP_SIGNALS:
        raise Interrupted(-status)
    raise CommandError(
        f"{program} {cause_of_death(status, '')}; please report it", exit_status.INTERNAL_ERROR
    )


def parser() -> Parser:
    explore = Parser(
        prog="explore",
        description=HELP,
        epilog=STATUS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explore.add_argument(
        "--queue", type=regular_expression, metavar="REGEX", help="only queues whose name matches"
    )
    add_with(explore, "explore the queue of this header")
    add = explore.add_argument_group("the shape").add_argument
    add("--producers", metavar="P", help="number of producer threads (default: 1)")
    add("--consumers", metavar="C", help="number of consumer threads (default: 1)")
    add("--capacity", metavar="K", help="capacity of the queue (default: 1)")
    add("--messages", metavar="N", help="total number of messages, over all producers (default: 2)")
    add(
        "--ending",
        metavar="none|producers|race|quiet",
        help="who closes the queue: nobody (default), the last producer, or a thread of its own, "
        "at any time (race) or when no other thread can go on (quiet)",
    )
    add(
        "--pushes",
        metavar="FORMS",
        help="forms of each producer's calls, in turn: push (default), try_push, try_push_until, "
        "try_push_past, with commas",
    )
    add(
        "--pops",
        metavar="FORMS",
        help="forms of each consumer's calls, in turn: pop (default), pop_into, try_pop, "
        "try_pop_until, try_pop_past",
    )
    add("--full", action="store_true", help="the queue is full at the beginning")
    add = explore.add_argument_group("the search").add_argument
    add("--bound", metavar="B", help="all runs with up to B preemptions or the like (default: 2)")
    add("--delays", metavar="D", help="all runs with up to D delays: for larger shapes")
    add("--pct", metavar="RUNS", help="number of random runs")
    add("--seed", metavar="N", help="random seed of these runs")
    add(
        "--weak", action="store_true", help="let loads return old values, as far as C++20 allows it"
    )
    add("--max-runs", metavar="N", help="maximum number of runs")
    add("--deep", action="store_true", help="the longer plan")
    explore.add_argument("--list", action="store_true", help="show the queues")
    explore.add_argument(
        "--save", metavar="FILE", help="where a failing schedule goes (default: schedule.json)"
    )
    explore.add_argument("--replay", metavar="FILE", help="show such a schedule again")
    add_no_setup(explore)
    return explore
