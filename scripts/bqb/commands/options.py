"""The command line's parser and the options that several commands have."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import NoReturn

from bqb import exit_status, shown
from bqb.report.units import parse_duration
from bqb.running import external_queues, header_flags
from bqb.running.header_flags import Header

MOST_SECONDS = 30 * 24 * 3600
MOST_PATTERN_CHARACTERS = 1000
MOST_PERCENT = 1000


class Parser(argparse.ArgumentParser):
    """Wrong usage: one line and the exit status of it."""

    def parse_known_args(self, args=None, namespace=None):
        """Flags begin with a dash, and are no options of ours."""
        words, joined = list(args or ()), []
        while words:
            word = words.pop(0)
            is_option = word == header_flags.OPTION and words
            joined.append(f"{word}={words.pop(0)}" if is_option else word)
        return super().parse_known_args(joined, namespace)

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


class AddHeader(argparse.Action):
    """Of --with: the list of Header is None, or not empty."""

    def __call__(self, parser, namespace, values, option_string=None):
        headers = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, [*headers, Header(values)])


class AddFlags(argparse.Action):
    """Of --with-flags: to the header before it."""

    def __call__(self, parser, namespace, values, option_string=None):
        headers = getattr(namespace, self.dest)
        if not headers:
            parser.error(f"{option_string} comes after the --with HEADER that it belongs to")
        path, flags = headers[-1]
        setattr(namespace, self.dest, [*headers[:-1], Header(path, f"{flags} {values}".strip())])


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
        action=AddHeader,
        metavar="HEADER",
        help=f"{purpose}, which is outside the tree; may be repeated "
        f"(see {external_queues.PAGE})",
    )
    parser.add_argument(
        header_flags.OPTION,
        dest="headers",
        action=AddFlags,
        metavar="FLAGS",
        help="what the header of the --with before it is compiled and linked with, as in "
        "'-Iinclude -lfoo -std=c++23 foo.cpp'",
    )
