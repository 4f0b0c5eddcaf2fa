"""./scripts/repeat: whether whole runs agree."""

from __future__ import annotations

import argparse
from pathlib import Path

from bqb import CommandError, exit_status
from bqb.commands.options import Parser, add_no_setup

HELP = """\
Compares runs of the same scenarios on the same machine: which pairs of queues one run sees far
apart and another orders the opposite way, and which verdicts of one run another contradicts. Each
run is compared with every other of its machine, in both directions."""

STATUS = """\
exit status:
  0    the runs agree within the limits that the table states
  1    they do not
  2    wrong usage, or a folder that is not that of a run"""


def main(words: list[str]) -> int:
    parser = Parser(
        prog="repeat",
        description=HELP,
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="RUN", help="the folder of a run")
    parser.add_argument(
        "--counter",
        action="append",
        default=[],
        metavar="NAME",
        help="compare the order of queues by this counter, too; may be repeated",
    )
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    from bqb.data.load import load_run
    from bqb.report import repeatability
    from bqb.schema import COUNTERS
    from bqb.stats.repeatability import agreement_of, finds_enough, pairs_of_a_machine

    if len(arguments.folders) < 2:
        parser.error("one run cannot repeat itself; name at least two")
    for counter in arguments.counter:
        if counter not in COUNTERS:
            parser.error(f"--counter {counter}: there is no such counter; see results/README.md")
    runs = [load_run(folder) for folder in arguments.folders]
    if not pairs_of_a_machine(runs):
        raise CommandError(
            "each run is of another machine (host name, CPU, cores); name two runs of one",
            exit_status.USAGE,
        )
    agreements = agreement_of(runs, arguments.counter)
    if not agreements:
        raise CommandError(
            "the runs have no ranked point in common; name runs of the same scenarios",
            exit_status.USAGE,
        )
    repeatability.print_agreement(runs, agreements)
    judged = [each for each in agreements.values() if each.is_judged]
    agree = all(each.is_within_limits for each in judged) and finds_enough(judged)
    return exit_status.OK if agree else exit_status.FAILED
