"""What the user types: bench, test, explore, validate, gate, plot and publish, their options and exit statuses."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.cli_parts import Parser, seconds, whole_number
from bqb.data import files
from bqb.data.google_json import write_results_json
from bqb.data.load import load_run
from bqb.data.model import ResultError
from bqb.running import build, external_queues, testrun
from bqb.running.driver import Driver
from bqb.running.journal import Journal
from bqb.running.process import STOP_SIGNALS, Interrupted
from bqb.running.selection import Selection, listing



# ------------------------------------------------------------------------------------------------------ bench

BENCH_HELP = """\
Measures bounded blocking queues, draws the plots and prints a table, one line a question.
The last line of the output is the folder with the results."""

BENCH_STATUS = """\
exit status:
  0    all went well
  1    a queue gave a wrong result, hung or crashed (it is named; the others have their results), or the run broke off
  2    wrong usage, or something wrong with a scenario or with the folder for the results
  3    what is missing on this machine could not be installed, or the build failed
  130  stopped with Ctrl-C; --resume goes on with the run"""


def bench(words: list[str]) -> int:
    arguments = parse_bench(words)
    if arguments.resume:
        selection = selection_of(arguments.resume)
        return measure(the_binary(external_queues.check(selection.headers)), arguments.resume, selection)
    if arguments.out:
        check_free(arguments.out)
    headers = external_queues.check(arguments.headers or [])
    binary = the_binary(headers)
    selection = Selection(tuple(map(absolute_if_file, arguments.scenario or [])), arguments.queue, arguments.all,
                          arguments.seed, arguments.rounds, arguments.budget, headers, arguments.compile_times)
    text = listing(binary, selection)  # finds what is wrong with the selection before anything is written
    if arguments.list:
        print(text, end="")
        return 0
    folder = arguments.out or ROOT / "results" / datetime.now().strftime("%Y%m%d-%H%M%S")
    return measure(binary, make_folder(folder), selection)


def parse_bench(words: list[str]) -> argparse.Namespace:
    parser = Parser(prog="bench", description=BENCH_HELP, epilog=BENCH_STATUS,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--scenario", action="append", metavar="NAME|FOLDER|FILE",
        help="what to measure: a scenario or a folder below scenarios/, or a file; may be repeated (default: curated)")
    add("--queue", metavar="REGEX", help="only queues whose name matches")
    add("--all", action="store_true", help="every queue, not only the default line-up")
    add_with(parser, "measure the queue of this header, too")
    add("--rounds", type=whole_number(1), metavar="N", help="how often each point is measured (default: 12, quick: 3)")
    add("--budget", type=seconds, metavar="TIME",
        help="measure for this long (300s, 5m, 1h; the build not included) instead of a number of rounds: at least 6 "
        "rounds, then the points that are known worst, until all are known well")
    add("--seed", type=whole_number(0), metavar="N", help="of the drawn work and of the order of measuring")
    add("--out", type=Path, metavar="DIR", help="where the results go: new or empty (default: results/<date>-<time>)")
    add("--resume", type=Path, metavar="DIR", help="go on with a run that was stopped")
    add("--compile-times", action="store_true",
        help="measure what each queue's header costs a compiler, too (some 5 s a queue)")
    add("--list", action="store_true", help="show what would be measured")
    add("--no-setup", action="store_true", help="install nothing")
    arguments = parser.parse_args(words)
    own = ("scenario", "queue", "all", "headers", "rounds", "budget", "seed", "out", "compile_times", "list")
    clash = [name for name in own if getattr(arguments, name) not in (None, False)]
    if arguments.resume and clash:
        option = "with" if clash[0] == "headers" else clash[0].replace("_", "-")
        parser.error(f"--resume goes on with a run as it was begun; leave out --{option}")
    if arguments.budget and arguments.rounds:
        parser.error("--budget decides on the number of rounds itself; leave out --rounds")
    return arguments


def add_with(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--with", dest="headers", action="append", metavar="HEADER",
                        help=f"{what}, which stands outside the tree; may be repeated (see {external_queues.PAGE})")


def absolute_if_file(scenario: str) -> str:
    """The run may be resumed from another folder."""
    return str(Path(scenario).resolve()) if Path(scenario).exists() else scenario


def the_binary(headers: tuple[str, ...]) -> Path:
    """queue_bench with these headers' queues, built if need be; BQB_QUEUE_BENCH names another one."""
    if own := os.environ.get("BQB_QUEUE_BENCH"):
        return Path(own)
    if headers:
        return external_queues.build_with(headers, "release", "queue_bench") / "queue_bench"
    build.build("release", "queue_bench")
    return ROOT / "build" / "release" / "queue_bench"


def check_free(folder: Path) -> None:
    try:
        taken = folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
    except OSError as error:
        raise cannot_use("--out", folder, error) from None
    if taken:
        raise CommandError(f"--out {folder}: exists already; name a new folder, or go on with --resume {folder}", exit_status.USAGE)


def make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_use("--out", folder, error) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(f"--out {folder}: cannot be written; name another folder", exit_status.USAGE)
    return folder


def cannot_use(option: str, folder: Path, error: OSError) -> CommandError:
    return CommandError(f"{option} {folder}: {error.strerror}; name another folder", exit_status.USAGE)


def selection_of(folder: Path) -> Selection:
    """What a run was begun with."""
    journal = Journal(folder / "trials.jsonl")
    try:
        journal.refresh()
    except OSError as error:
        raise cannot_use("--resume", folder, error) from None
    if not journal.begun:
        raise CommandError(f"--resume {folder}: no run was begun there; start one with --out", exit_status.USAGE)
    if "arguments" not in journal.context:
        raise CommandError(f"--resume {folder}: the run was not begun by ./scripts/bench; start one with --out", exit_status.USAGE)
    return Selection.of_run(journal)


def measure(binary: Path, folder: Path, selection: Selection) -> int:
    driver = Driver(binary, folder, selection)
    try:
        driver.run()
        report(folder)
    except (Interrupted, CommandError):
        leave_in_order(folder, driver.journal)
        raise
    for remark in driver.remarks:
        say(f"bench: {remark}")
    print(short_path(folder.resolve()))
    return exit_status.FAILED if driver.journal.failed or driver.journal.failed_properties else 0


def leave_in_order(folder: Path, journal: Journal) -> None:
    """A run that stops early: keep what was measured and say how to go on; leave nothing where nothing was begun."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if not journal.begun:
        shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        write_results_json(folder)
    except OSError as error:
        say(f"bench: {folder / 'results.json'}: {error.strerror}")
    say(f"Go on with: ./scripts/bench --resume {shlex.quote(short_path(folder.resolve()))}")


def report(folder: Path) -> None:
    """Everything that is made from the rows: results.json, the plots, the table."""
    from bqb.report import table
    from bqb.report.figures.draw import draw_figures
    try:
        write_results_json(folder)
        run = load_run(folder)
        draw_figures(run, folder / "plots")
        table.print_summary(run)
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror}", exit_status.USAGE) from None
    except ResultError as error:
        raise CommandError(str(error), exit_status.USAGE) from None


# ------------------------------------------------------------------------------------------------ test and plot


def plot(words: list[str]) -> int:
    parser = Parser(prog="plot",
                    description="Draws the plots of a run, or of a ./scripts/validate, again and prints its table.")
    parser.add_argument("folder", type=Path, metavar="DIR",
                        help="the folder of a run, or one that has a validation.json")
    parser.add_argument("--no-setup", action="store_true", help="install nothing")
    folder = parser.parse_args(words).folder
    if (folder / "validation.json").is_file():
        show_validation(folder)
        print(short_path(folder.resolve()))
        return 0
    report(folder)
    print(short_path((folder / "plots").resolve()))
    return 0


def publish_run(words: list[str]) -> int:
    parser = Parser(prog="publish", description="Keeps a complete run under results/published, compressed, and draws "
                    "the figures that README.md and docs/ show, into plots/.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of a run")
    parser.add_argument("--replace", action="store_true",
                        help="also where a run of that day, machine and selection is published already: it goes")
    parser.add_argument("--no-setup", action="store_true", help="install nothing")
    arguments = parser.parse_args(words)
    from bqb.running import publishing
    try:
        kept, drawn = publishing.publish(arguments.folder, arguments.replace, lambda line: say(f"publish: {line}"))
    except ResultError as error:
        raise CommandError(str(error), exit_status.USAGE) from None
    for path in (*drawn, kept):
        print(short_path(path))
    return 0


def test(words: list[str]) -> int:
    parser = Parser(prog="test", description="Builds everything, runs every test and sums up: all of them in a release "
                    "build, then the contract of the queues again under the sanitizers.")
    parser.add_argument("--preset", action="append", choices=["release", "asan", "tsan"],
                        help="run all tests in this build instead; may be repeated")
    parser.add_argument("--deep", action="store_true",
                        help="also tests that repeat others in another build or in larger searches")
    add_with(parser, "test only the queue of this header, against the contract (default: in the release build)")
    parser.add_argument("--no-setup", action="store_true", help="install nothing")
    arguments = parser.parse_args(words)
    if arguments.headers:
        return testrun.run_outside(external_queues.check(arguments.headers), arguments.preset or ["release"])
    return testrun.run(arguments.preset or [], arguments.deep)


# ----------------------------------------------------------------------------------------------------- explore

EXPLORE_HELP = """\
Runs queues under every schedule of a few threads, up to limits, and checks each run: no deadlock, no lost wake-up,
every message once and in order, the bound, the close. It runs the queues' own sources over a model of the machine.

Without a shape or a search, each queue goes through its default plan (80 s for all). docs/explorer.md explains it."""

EXPLORE_STATUS = """\
exit status:
  0    no run failed
  1    one did: its schedule is printed, and kept for --replay
  2    wrong usage, or nothing to explore
  3    what is missing on this machine could not be installed, or the build failed"""


def explore(words: list[str]) -> int:
    parser = Parser(prog="explore", description=EXPLORE_HELP, epilog=EXPLORE_STATUS, allow_abbrev=False,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queue", metavar="REGEX", help="only queues whose name matches")
    add_with(parser, "explore the queue of this header")
    shape = parser.add_argument_group("the shape")
    shape.add_argument("--producers", metavar="P", help="threads that push (default: 1)")
    shape.add_argument("--consumers", metavar="C", help="threads that pop (default: 1)")
    shape.add_argument("--capacity", metavar="K", help="of the queue (default: 1)")
    shape.add_argument("--messages", metavar="N", help="in all, dealt out to the producers (default: 2)")
    shape.add_argument("--ending", metavar="none|producers|race",
                       help="who closes: nobody (default), the last producer, or a thread of its own at any time")
    shape.add_argument("--calls", metavar="blocking|try|timed", help="which calls are made (default: blocking)")
    search = parser.add_argument_group("the search")
    search.add_argument("--bound", metavar="B", help="all runs with up to B preemptions or the like (default: 2)")
    search.add_argument("--delays", metavar="D", help="all runs with up to D delays: for larger shapes")
    search.add_argument("--pct", metavar="RUNS", help="so many random runs")
    search.add_argument("--seed", metavar="N", help="of the random runs")
    search.add_argument("--weak", action="store_true", help="let loads return old values, as far as C++20 allows it")
    search.add_argument("--max-runs", metavar="N", help="give up after so many")
    search.add_argument("--deep", action="store_true", help="the longer plan")
    parser.add_argument("--list", action="store_true", help="show the queues")
    parser.add_argument("--save", metavar="FILE", help="where a failing schedule goes (default: schedule.json)")
    parser.add_argument("--replay", metavar="FILE", help="show such a schedule again")
    parser.add_argument("--no-setup", action="store_true", help="install nothing")
    arguments = parser.parse_args(words)
    if headers := external_queues.check(arguments.headers or []):
        binary = external_queues.build_with(headers, "release", "explore") / "explore"
    else:
        build.build("release", "explore", external_queues.TESTS)
        binary = ROOT / "build" / "release" / "explore"
    ours = ("headers", "no_setup")
    options = [(f"--{name.replace('_', '-')}", value) for name, value in vars(arguments).items() if name not in ours]
    passed_on = [word for name, value in options if value for word in ((name,) if value is True else (name, value))]
    return subprocess.run([binary, *passed_on], check=False).returncode


# ---------------------------------------------------------------------------------------------------- validate

VALIDATE_HELP = """\
Proves the harness against queueing theory: measures throughputs and waits that have a closed form, prints how far each
is off and draws them. On a quiet machine: 8 minutes on 2 cores. The last line of the output is the folder with the
results."""

VALIDATE_STATUS = """\
exit status:
  0    every figure that could be judged is within its tolerance (the last line counts those that could not)
  1    one is not, or could not be measured (each is named), or the run broke off
  2    wrong usage, or something wrong with the folder for the results
  3    what is missing on this machine could not be installed, or the build failed"""


def validate_harness(words: list[str]) -> int:
    parser = Parser(prog="validate", description=VALIDATE_HELP, epilog=VALIDATE_STATUS,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deep", action="store_true",
                        help="more points and three times the rounds (40 minutes)")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="where the results go: new or empty (default: results/validate-<date>-<time>)")
    parser.add_argument("--seed", type=whole_number(0), metavar="N",
                        help="of the drawn work and of the order of measuring")
    parser.add_argument("--no-setup", action="store_true", help="install nothing")
    arguments = parser.parse_args(words)
    if arguments.out:
        check_free(arguments.out)
    from bqb import validate  # after --help, which has to do without numpy
    binary = the_binary(())
    folder = make_folder(arguments.out or ROOT / "results" / datetime.now().strftime("validate-%Y%m%d-%H%M%S"))
    validate.measure(binary, folder, arguments.deep, arguments.seed)
    return report_validation(folder, arguments.deep)


def report_validation(folder: Path, deep: bool) -> int:
    """Compares, keeps validation.json, draws the figure, prints the table."""
    from bqb import validate
    try:
        cells, faults = validate.collect(folder, deep)
        document = validate.as_json(validate.compare(cells), faults, validate.machine(folder))
        files.write_atomically(folder / "validation.json", json.dumps(document, indent=1, allow_nan=False).encode())
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror}", exit_status.USAGE) from None
    show_validation(folder)
    print(short_path(folder.resolve()))
    return 0 if document["passed"] else exit_status.FAILED


def show_validation(folder: Path) -> None:
    """Draws the figure of a validation.json and prints its table."""
    from bqb import validate, validate_report
    from bqb.report import terminal
    from bqb.report.figures import validation
    from bqb.report.figures.page import plot_style, save_figure
    file = folder / "validation.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        comparisons = validate.from_json(document)
        with plot_style():
            save_figure(validation.page(comparisons, document.get("machine") or [folder.resolve().name]).figure,
                        folder / "validation")
    except OSError as error:
        raise CommandError(f"{error.filename or file}: {error.strerror}", exit_status.USAGE) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CommandError(f"{file}: not what ./scripts/validate writes; make it again with ./scripts/validate --out DIR",
                           exit_status.USAGE) from None
    terminal.show(validate_report.summary(comparisons, document["faults"]))


# -------------------------------------------------------------------------------------------------------- main


def say(line: str) -> None:
    print(line, file=sys.stderr)


def stop_on_signals() -> None:
    def interrupt(number, _frame):
        raise Interrupted(number)
    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, interrupt)


def gate(words: list[str]) -> int:
    from bqb.gate import command
    return command.main(words)


COMMANDS = {"bench": bench, "test": test, "explore": explore, "validate": validate_harness, "gate": gate, "plot": plot,
            "publish": publish_run}


def main(words: list[str]) -> int:
    command, *rest = words
    stop_on_signals()
    try:
        return COMMANDS[command](rest)
    except CommandError as failure:
        say(str(failure) if str(failure).startswith("queue_bench: ") else f"{command}: {failure}")
        return failure.status
    except Interrupted as stop:
        return stop.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
