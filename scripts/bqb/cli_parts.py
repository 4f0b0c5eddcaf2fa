"""What the command lines of all commands are made of."""

from __future__ import annotations

import argparse
import re

from bqb import exit_status


class Parser(argparse.ArgumentParser):
    """Wrong usage: one line and exit status 2."""

    def error(self, message: str):
        self.exit(exit_status.USAGE, f"{self.prog}: {message} (see ./scripts/{self.prog} --help)\n")


def whole_number(least: int):
    def parse(word: str) -> int:
        if not word.isdecimal() or not least <= int(word) < 2**64:
            raise argparse.ArgumentTypeError(f"'{word}' is not a whole number of at least {least}")
        return int(word)
    return parse


def seconds(word: str) -> float:
    """A length of time as people write it: 300s, 5m, 1.5h."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", word)
    length = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not length:
        raise argparse.ArgumentTypeError(f"'{word}' is not a length of time: write 300s, 5m or 1h")
    return length
