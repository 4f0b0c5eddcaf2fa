"""The command line's parser and the options that several commands have."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import NoReturn

from bqb import exit_status, shown
from bqb.report.units import parse_duration
from bqb.running import external_queues

MOST_SECONDS = 30 * 24 * 3600
MOST_PATTERN_CHARACTERS = 1000
MOST_PERCENT = 1000


class Parser(argparse.ArgumentParser):
    """Wrong usage: one line and the exit status of it."""

    def error(self, message: str) -> NoReturn:
        self.exit(
            exit_status.USAGE,
            f"{shown(f'{self.prog}: {message}', 500)} (see ./scripts/{self.prog} --help)\n",
        )


def whole_number(least: int, most: int = 2**64 - 1) -> Callable[[str], int]:
    """The type of an option: a whole number from `least` to `most`."""

    def parse(word: str) -> int:
        if word.isascii() and word.isdecimal() and len(word) <= 20 and least <= int(word) <= most:
            return int(word)
        raise argparse.ArgumentTypeError(
            f"'{shown(word)}' is not a whole number from {least:,} to {most:,}"
        )

    return parse


def seconds(word: str) -> float:
    """The type of an option: a length of time as people write it (300s, 5m, 1.5h), in seconds."""
    try:
        length_s = parse_duration(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if length_s > MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"'{shown(word)}' is longer than {MOST_SECONDS // 3600} hours"
        )
    return length_s


def regular_expression(word: str) -> str:
    """The type of an option: a pattern for names, which queue_bench parses."""
    if len(word) > MOST_PATTERN_CHARACTERS:
        raise argparse.ArgumentTypeError(
            f"'{shown(word)}' has more than {MOST_PATTERN_CHARACTERS:,} characters"
        )
    return word


def percent(word: str) -> float:
    """The type of an option: a share in percent, above 0."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value <= MOST_PERCENT:
        raise argparse.ArgumentTypeError(
            f"'{shown(word)}' is not a number above 0 and up to {MOST_PERCENT:,}"
        )
    return value


def add_no_setup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-setup", action="store_true", help="install nothing")


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=whole_number(0), metavar="N", help="random seed (workloads and trial order)"
    )


def add_with(parser: argparse.ArgumentParser, purpose: str) -> None:
    parser.add_argument(
        "--with",
        dest="headers",
        action="append",
        metavar="HEADER",
        help=f"{purpose}, which is outside the tree; may be repeated "
        f"(see {external_queues.PAGE})",
    )
