"""./scripts/gate: its subcommands, their options and exit statuses."""

from __future__ import annotations

import argparse
import os
import random
import sys
from dataclasses import replace
from pathlib import Path

from bqb import ROOT, CommandError, shown
from bqb.commands.failures import MOST_CHARACTERS, OutputError, as_command_error
from bqb.commands.options import Parser, add_no_setup, percent, seconds, whole_number
from bqb.exit_status import GateStatus

HELP = """\
Says whether a queue became slower. `run` compares two versions of queues/, or of the header of a
queue of your own, in pairs of fresh processes, and its last line is the verdict. docs/gate.md
explains it."""

STATUS = """\
exit status:
  0    pass: no cell became slower by more than the policy's threshold
  1    regression: one did, or the head's queue loses messages, hangs or crashes (selftest: a
       rate is not what it must be; aa and inject only report: 0)
  2    wrong usage, or something wrong with the policy
  3    inconclusive: after the last look a cell is still undecided (the policy may make this 0)
  4    invalid: no verdict is possible; the last line says why (an arm that does not compile, a
       missing cell, a stored baseline of another machine, a control that moved), or what to
       install"""


def parser() -> Parser:
    gate = Parser(
        prog="gate",
        description=HELP,
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_no_setup(gate)
    commands = gate.add_subparsers(
        dest="command", required=True, metavar="run|compare|aa|inject|selftest", parser_class=Parser
    )

    def command(name: str, what: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(
            name,
            help=what,
            description=what,
            epilog=STATUS,
            prog=f"gate {name}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_no_setup(subparser)
        return subparser

    def policy(of) -> None:
        of.add_argument(
            "--policy",
            type=Path,
            metavar="FILE",
            help="a TOML file over the defaults of scripts/gate.toml",
        )
        of.add_argument(
            "--queue", action="append", metavar="NAME", help="only this queue; may be repeated"
        )

    def output(of) -> None:
        of.add_argument(
            "--with",
            dest="header",
            metavar="HEADER",
            help="judge the queue of this header, a path below both arms (see docs/gate.md)",
        )
        of.add_argument(
            "--budget",
            type=seconds,
            metavar="TIME",
            help="wall time, builds not included (default: the policy's)",
        )
        of.add_argument(
            "--seed",
            type=whole_number(0),
            metavar="N",
            help="random seed (workloads and trial order; default: random)",
        )
        of.add_argument(
            "--json", type=Path, metavar="FILE", help="keep everything, each raw trial included"
        )
        of.add_argument(
            "--markdown", type=Path, metavar="FILE", help="keep the summary as Markdown"
        )
        of.add_argument(
            "--github",
            action="store_true",
            help="print annotations for GitHub, and add the summary to the step's",
        )

    run = command("run", "compare two versions")
    run.add_argument(
        "--base", required=True, metavar="DIR_OR_REF", help="a checkout, or a git revision"
    )
    run.add_argument(
        "--head", required=True, metavar="DIR_OR_REF", help="the same, of what may be slower"
    )
    policy(run)
    output(run)
    compare = command(
        "compare", "compare a version with what an earlier `run --json` measured of its head"
    )
    compare.add_argument("stored", type=Path, metavar="STORED.json")
    compare.add_argument("--head", required=True, metavar="DIR_OR_REF")
    policy(compare)
    output(compare)
    for name, what in (
        ("aa", "how often identical arms are called a regression"),
        ("inject", "how often a slow-down on purpose is found"),
    ):
        campaign = command(
            name, f"{what}: a campaign of whole gates, which goes on where it was stopped"
        )
        campaign.add_argument(
            "--folder",
            type=Path,
            required=True,
            metavar="DIR",
            help="of the campaign: new, or begun before",
        )
        campaign.add_argument(
            "--runs",
            type=whole_number(0),
            default=40,
            metavar="N",
            help="live gates in all (default: 40)",
        )
        campaign.add_argument(
            "--arm",
            default=str(ROOT),
            metavar="DIR_OR_REF",
            help="both arms (default: this checkout)",
        )
        campaign.add_argument(
            "--neighbour", action="store_true", help="beside a process that keeps one core busy"
        )
        policy(campaign)
        if name == "aa":
            campaign.add_argument(
                "--relinked",
                action="store_true",
                help="the head is linked so that its code is at other places",
            )
        else:
            campaign.add_argument(
                "--pct",
                type=percent,
                required=True,
                metavar="N",
                help="how much slower one cell is made",
            )
            campaign.add_argument(
                "--cell", required=True, metavar="CELL", help="which, as the table names it"
            )
    selftest = command("selftest", "check the statistics on synthetic data")
    selftest.add_argument(
        "--gates",
        type=whole_number(10),
        default=2000,
        metavar="N",
        help="of each kind (default: 2000)",
    )
    selftest.add_argument("--seed", type=whole_number(0), default=1, metavar="N")
    policy(selftest)
    return gate


def main(words: list[str]) -> int:
    arguments = parser().parse_args(words)
    from bqb.gate import policy as policies  # after --help, which has to do without numpy

    policy = policies.load(arguments.policy)
    if getattr(arguments, "budget", None):
        policy = replace(policy, budget_s=arguments.budget)
    command = {"run": run, "compare": run, "aa": campaign, "inject": campaign, "selftest": selftest}
    try:
        return command[arguments.command](arguments, policy)
    except Exception as error:
        failure = as_command_error(error)
        if failure.status == GateStatus.USAGE or isinstance(failure, OutputError):
            raise failure from None
        return show_invalid(arguments, str(failure))


def show_invalid(arguments: argparse.Namespace, reason: str) -> int:
    """What keeps a gate from even beginning is a verdict, too."""
    from bqb.gate import report

    if getattr(arguments, "github", False):
        print(report.command("error", "Queue performance", f"invalid: {reason}"))
    print(f"invalid: {shown(reason, MOST_CHARACTERS)}")
    return GateStatus.INVALID


def queues_of(arguments: argparse.Namespace, policy) -> tuple[str, ...]:
    """Those asked for, by the command, the header, the policy or the scenario, in this order."""
    from bqb.gate import policy as policies

    if arguments.queue:
        return tuple(arguments.queue)
    if policy.queues:
        return policy.queues
    return tuple(policies.read(Path(policy.scenario)).get("queues", []))


def run(arguments: argparse.Namespace, policy) -> int:
    from bqb.gate import arms, report, run as gates, stored
    from bqb.report import terminal
    from bqb.running import external_queues

    for path in (arguments.json, arguments.markdown):
        if path and not path.resolve().parent.is_dir():
            raise CommandError(
                f"{path}: its folder does not exist; make it first", GateStatus.USAGE
            )
    seed = (
        arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    )
    queues = queues_of(arguments, policy)
    if arguments.command == "compare":
        stored.load(arguments.stored)  # what is wrong with it is told before anything is built
        head = arms.prepare("head", arguments.head, queues, arguments.header)
        base = None
    else:
        # Both are found before one is built, and the head is built first: it is the one that may
        # not compile.
        sources = [
            arms.stage(name, source, arguments.header)
            for name, source in (("head", arguments.head), ("base", arguments.base))
        ]
        head, base = (arms.compiled(each, queues) for each in sources)
    if arguments.header:
        staged = arms.staged_sources("head") / arguments.header
        queues = tuple(external_queues.names_in(str(staged)))
    result = (
        gates.run(policy, base, head, queues, seed)
        if base
        else stored.compare(arguments.stored, policy, head, queues, seed)
    )
    write(arguments, result)
    if arguments.github:
        print("\n".join(report.annotations(result) if result.status else []))
    terminal.show(report.summary(result))
    return result.status


def write(arguments: argparse.Namespace, result) -> None:
    import json

    from bqb.data.files import write_atomically
    from bqb.gate import report

    try:
        if arguments.json:
            write_atomically(arguments.json, json.dumps(result.as_json(), indent=1).encode())
        if arguments.markdown:
            write_atomically(arguments.markdown, report.markdown(result).encode())
        if arguments.github and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
            with open(summary, "a", encoding="utf-8") as file:
                file.write(report.markdown(result))
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}", GateStatus.USAGE) from None


def campaign(arguments: argparse.Namespace, policy) -> int:
    from bqb.gate import arms, campaign as campaigns

    kind = campaigns.Kind(
        getattr(arguments, "relinked", False),
        arguments.neighbour,
        getattr(arguments, "cell", None),
        getattr(arguments, "pct", 0.0),
    )
    if kind.cell:
        campaigns.cell_named(policy, kind.cell)
    campaign_ = campaigns.Campaign(arguments.folder, kind, policy)
    if len(campaign_.gates) < arguments.runs:
        queues = queues_of(arguments, policy)
        arm = arms.prepare("base", arguments.arm, queues, None)
        campaign_.go_on(
            arm, queues, arguments.runs, lambda line: print(line, file=sys.stderr, flush=True)
        )
    print("\n".join(campaigns.report(campaign_)))
    return 0


def selftest(arguments: argparse.Namespace, policy) -> int:
    from bqb.gate import selftest as tests

    findings = tests.findings(policy.rule, arguments.gates, arguments.seed)
    for each in findings:
        low, high = each.interval
        wanted = (
            ""
            if each.least is None and each.most is None
            else (
                f", at most {each.most:.2%}"
                if each.least is None
                else f", at least {each.least:.0%}"
            )
        )
        verdict = "ok  " if each.holds else "MISS"
        print(f"{verdict} {each.what}: {each.hits} of {each.n} ({low:.2%} .. {high:.2%}{wanted})")
    missed = sum(not each.holds for each in findings)
    print(f"{len(findings) - missed} of {len(findings)} hold")
    return GateStatus.REGRESSION if missed else GateStatus.PASS
