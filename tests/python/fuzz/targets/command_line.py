"""Options of the commands and of the programs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from random import Random

from fuzz import mutate, special
from fuzz.case import Case
from fuzz.sandbox import BUILD, Sandbox
from fuzz.targets.vocabulary import COMMANDS, LINE_UPS, REQUIRED, VALUES

# A command line that is right lists, or is refused: it does not measure, test or search.
ENDINGS = {
    "bench": ["--list"],
    "test": ["--with", "empty"],
    "gate aa": ["--runs", "0"],
    "gate inject": ["--runs", "0"],
    "queue_bench": ["--list", "--list"],  # an option that has lost its value takes the first
    "gate_trial": ["--list"],
    "explore": ["--list"],
}
HEADER = "namespace my { template <class T> class Queue {}; }\nBQ_QUEUE(my::Queue, my_queue)\n"


def make_command(rng: Random, work: Path, box: Sandbox) -> Case:
    _make_files(work, box)
    name = rng.choice(COMMANDS)
    command, *first = name.split()
    words = _mutate_words(rng, [*first, *_options(rng, name)])
    if name == "validate" and not any(word.startswith("--out") for word in words):
        words += ["--out", "out"]  # not one named after this second, as another input may have it
    return Case(command, [*words, *ENDINGS.get(name, [])])


def make_program(rng: Random, work: Path, box: Sandbox) -> Case:
    """The programs themselves, of which gate_counts takes no options."""
    _make_files(work, box)
    name = rng.choice(("queue_bench",) * 5 + ("explore", "explore", "gate_trial", "gate_counts"))
    if name == "gate_counts":
        words = [
            rng.choice(("uncontended", "hand_off", "", "x")),
            rng.choice(("reference", "tbb", mutate.text(rng))),
            rng.choice(("0", "1", "5", "-", "abc", "")),
            rng.choice(("", "0", "3", "x")),
        ]
        words = (
            _mutate_words(rng, words[: rng.choice((0, 1, 2, 3, 3, 4))])
            if rng.random() < 0.5
            else words[:3]
        )
        words = [
            re.sub(r"[0-9]{2,}|^-", "1", _harmless(word)) for word in words
        ]  # a larger number is only slow
        return Case(name, words, BUILD / name)
    words = _mutate_words(rng, _options(rng, name))
    program = BUILD / ("gate_trial_0" if name == "gate_trial" else name)
    return Case(name, [*words, *ENDINGS[name]], box.program(name) if name == "explore" else program)


def _make_files(work: Path, box: Sandbox) -> None:
    special.make_all(work)
    (work / "good.toml").write_bytes((box.corpus / "scenarios" / "race.toml").read_bytes())
    (work / "queue.h").write_text(HEADER, encoding="utf-8")


def _options(rng: Random, name: str) -> list[str]:
    """Some of the options, most of them with a bad value. Files are mostly special ones."""
    line_up = LINE_UPS[name]
    words = []
    needed = [option for option in line_up if option in ("", *REQUIRED.get(name, ()))]
    chosen = rng.sample(list(line_up), rng.randrange(min(len(line_up), 4) + 1))
    for option in dict.fromkeys([*needed, *chosen] if rng.random() < 0.9 else chosen):
        kind = line_up[option]
        value = [] if kind is None else [_value(rng, kind)]
        glued = (
            [f"{option}={value[0]}"]
            if value and option and rng.random() < 0.3
            else [*filter(None, [option]), *value]
        )
        words += glued * (2 if rng.random() < 0.08 else 1)
    return words


def _value(rng: Random, kind: str) -> str:
    if rng.random() < 0.1:
        return mutate.text(rng).replace("\0", "")
    return str(rng.choice(VALUES[kind]))


def _mutate_words(rng: Random, words: list[str]) -> list[str]:
    """Some words changed, removed, repeated or moved, then all of them made harmless."""
    for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 1, 2)) if words else 0):
        index = rng.randrange(len(words) + 1)
        change = rng.randrange(6)
        if change == 0:
            words[index : index + 1] = []
        elif change == 1:
            words[index:index] = words[index : index + 1]
        elif change == 2:
            words.insert(
                index,
                rng.choice(
                    ("--", "-", "", "-h", "--nothing", "-x", "@good.toml", "--list=", "--no-setup")
                ),
            )
        elif change == 3:
            rng.shuffle(words)
        elif words[index:]:
            data = mutate.apply(rng, mutate.BYTES, os.fsencode(words[index][:20_000]))
            words[index] = os.fsdecode(data)
    return [_harmless(word) for word in words]


def _harmless(word: str) -> str:
    """Without NUL, and no path outside the working folder. Linux allows 128 KiB a word."""
    word = (
        word.replace("\0", "")[:125_000]
        .encode(errors="surrogateescape")[:125_000]
        .decode(errors="surrogateescape")
    )
    return re.sub(r"(^|=)/+", r"\1", word.replace("..", ".x."))
