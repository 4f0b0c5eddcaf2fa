"""The command line's parser and the options that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from bqb import exit_status
from bqb.report.units import parse_duration
from bqb.running import external_queues


class Parser(argparse.ArgumentParser):
    """Wrong usage: one line and the exit status of it."""

    def error(self, message: str) -> NoReturn:
        self.exit(exit_status.USAGE, f"{self.prog}: {message} (see ./scripts/{self.prog} --help)\n")


def whole_number(least: int) -> Callable[[str], int]:
    """The type of an option: a whole number of at least `least` that fits 64 bits."""

    def parse(word: str) -> int:
        if not word.isdecimal() or not least <= int(word) < 2**64:
            raise argparse.ArgumentTypeError(f"'{word}' is not a whole number of at least {least}")
        return int(word)

    return parse


def seconds(word: str) -> float:
    """The type of an option: a length of time as people write it (300s, 5m, 1.5h), in seconds."""
    try:
        return parse_duration(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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
