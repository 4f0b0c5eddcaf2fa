"""./scripts/advise: which capacity and which queue for a pipeline that somebody describes or
records."""

from __future__ import annotations

import argparse
import shlex
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bqb import ROOT, exit_status, short_path
from bqb.advice import wishes as wanted
from bqb.advice.wishes import Wishes
from bqb.commands.options import Parser, add_no_setup, add_seed, add_with, seconds
from bqb.commands.shared import check_free, draw_run, make_folder, measured, queue_bench
from bqb.running import external_queues

if TYPE_CHECKING:
    from bqb.advice.answer import Answer
    from bqb.advice.choice import Choice
    from bqb.running.selection import Selection

HELP = """\
Says which capacity and which queue to take for a pipeline. Tell it what you know; what is missing
is assumed, and the answer says so. The capacity follows from a replay of drawn or recorded times
through a queue that costs nothing, within seconds. The queue is measured: those that fit, for two
minutes. Writes the pipeline as a file to keep, the scenario, the results and report.html."""

EXAMPLES = """\
examples:
  ./scripts/advise --consumer-mean 5us --burst 50
  ./scripts/advise --producer-mean 5k/s --consumer-mean 50us --cores 0.5 --idle-cpu none
  ./scripts/advise pipeline.toml --measure none

exit status:
  0    answered
  1    a queue gave a wrong result, hung or crashed, or the run broke off
  2    wrong usage: a wrong or missing unit, wishes that contradict each other, a file that
       cannot be read
  3    what is missing on this machine could not be installed, or the build failed
  5    a file could not be read or written
  6    the system refused a thread, a core or memory
  7    no queue, or no capacity, can do what is wished for: it is said which wish stands against
       which
  8    undecided: measured, and no queue is shown to be right
  70   internal error
  130  stopped with Ctrl-C; ./scripts/advise --resume goes on"""

NOT = 0.0  # --measure none


def main(words: list[str]) -> int:
    arguments = parse(words)
    if arguments.resume:
        return resume(arguments.resume)
    if arguments.out:
        check_free(arguments.out, f", or go on with --resume {arguments.out}")
    wishes = wishes_of(arguments)
    headers = external_queues.check(tuple(arguments.headers or ()))
    program = queue_bench(headers)

    from bqb.advice.answer import (
        DEFAULT_MEASURE_S,
        PIPELINE,
        selection_of,
        without_measuring,
        write_answer,
    )

    answer = without_measuring(wishes, program, arguments.all, arguments.seed)
    folder = make_folder(
        arguments.out or ROOT / "results" / datetime.now().strftime("%Y%m%d-%H%M%S")
    )
    again = f"./scripts/advise {shlex.quote(short_path(folder.resolve() / PIPELINE))}"
    measure_s = arguments.measure or DEFAULT_MEASURE_S
    try:
        write_answer(folder, answer, again, measure_s)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if arguments.measure == NOT:
        return show_nearest(folder, answer)
    selection = selection_of(folder, answer, measure_s, arguments.seed, headers)
    return measure_and_show(folder, program, selection, answer)


def parse(words: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="advise",
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a pipeline as TOML, as this command writes it; options override it",
    )
    groups: dict[str, argparse._ArgumentGroup] = {}
    for each in wanted.INPUTS:
        group = groups.setdefault(each.group, parser.add_argument_group(each.group))
        help = each.help.replace("%", "%%")
        group.add_argument(wanted.option(each.key), metavar=each.metavar, help=help)
    group = parser.add_argument_group("the answer")
    group.add_argument(
        "--measure",
        type=seconds_or_none,
        metavar="TIME|none",
        help="how long to measure the queues (default: 2m); none: the nearest published point, and "
        "how far away it is",
    )
    group.add_argument("--all", action="store_true", help="measure every queue that fits")
    group.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the answer: new or empty (default: results/<date>-<time>)",
    )
    group.add_argument(
        "--resume", type=Path, metavar="DIR", help="go on with a stopped measurement"
    )
    add_seed(parser)
    add_with(parser, "measure the queue of this header, too")
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    said = [each.key for each in wanted.INPUTS if getattr(arguments, each.key) is not None]
    named = (arguments.file, arguments.measure, arguments.out, arguments.seed, arguments.headers)
    if arguments.resume and (said or arguments.all or any(each is not None for each in named)):
        parser.error("--resume goes on with a measurement as it was begun; leave out the rest")
    return arguments


def seconds_or_none(word: str) -> float:
    return NOT if word == "none" else seconds(word)


def wishes_of(arguments: argparse.Namespace) -> Wishes:
    words = {
        each.key: word
        for each in wanted.INPUTS
        if (word := getattr(arguments, each.key)) is not None
    }
    options = wanted.from_words(words)
    if arguments.file is None:
        return options
    return wanted.joined(wanted.from_file(arguments.file), options)


def show_nearest(folder: Path, answer: Answer) -> int:
    from bqb.advice import screen
    from bqb.advice.nearest import nearest
    from bqb.data import published
    from bqb.data.load import load_run
    from bqb.report.terminal import show

    run = load_run(published.latest())
    capacity = answer.capacity
    near = nearest(
        answer.pipeline, capacity.capacity, list(answer.fitting.fit), run, capacity.measure
    )
    show(
        screen.all_of(
            screen.pipeline_text(answer.pipeline),
            screen.capacity_text(capacity),
            screen.near_text(answer.pipeline, near, answer.fitting.fit),
            screen.excluded_text(answer.fitting),
        )
    )
    print_where(folder, is_measured=False)
    is_decided = len(answer.fitting.fit) == 1 or near is not None and near.is_decided
    return exit_status.OK if is_decided else exit_status.UNDECIDED


def resume(folder: Path) -> int:
    """Goes on with a measurement, or shows the answer of one that is whole again."""
    from bqb.advice.answer import PIPELINE, without_measuring
    from bqb.commands.bench import selection_of

    selection = selection_of(folder)
    wishes = wanted.from_file(folder / PIPELINE)
    program = queue_bench(external_queues.check(selection.brought()))
    answer = without_measuring(wishes, program, everything=True, seed=selection.seed)
    return measure_and_show(folder, program, selection, answer)


def measure_and_show(folder: Path, program: Path, selection: Selection, answer: Answer) -> int:
    from bqb.advice import screen
    from bqb.advice.choice import choose, undecided_point
    from bqb.data.load import load_run
    from bqb.report.terminal import show

    capacity, measure = answer.capacity.capacity, answer.capacity.measure
    choices: list[Choice] = []

    def choose_and_draw() -> None:
        draw_run(folder)
        choices.append(choose(load_run(folder), capacity, measure))

    def undecided(folder: Path) -> list[str]:
        return undecided_point(folder, capacity, measure)

    journal = measured(
        "advise", program, folder, selection, choose_and_draw, undecided, is_brief=True
    )
    (choice,) = choices
    show(
        screen.all_of(
            screen.pipeline_text(answer.pipeline),
            screen.capacity_text(answer.capacity),
            screen.choice_text(answer.pipeline, answer.capacity, choice),
            screen.undecided_text(choice, journal.block_wall_ns(choice.point.name) / 1e9),
            screen.excluded_text(answer.fitting),
        )
    )
    print_where(folder, is_measured=True)
    if journal.failed:
        return exit_status.FAILED
    return exit_status.OK if choice.is_decided else exit_status.UNDECIDED


def print_where(folder: Path, is_measured: bool) -> None:
    from bqb.advice.answer import CURVE, PIPELINE, SCENARIO

    what = "report.html, the results, " if is_measured else ""
    print(
        f"{short_path(folder.resolve())}: {what}{PIPELINE} (to ask again), "
        f"{SCENARIO}/ (to measure again), {CURVE}.png"
    )
