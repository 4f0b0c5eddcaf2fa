"""Options of the commands and of the programs, and the schedules that `explore --replay` reads."""

from __future__ import annotations

import os
import re
from pathlib import Path
from random import Random

from fuzz import mutate, special
from fuzz.case import Case
from fuzz.sandbox import BUILD, Sandbox

FILES = (
    *special.KINDS,
    "good.toml",
    "queue.h",
    ".",
    "",
    "no/such/file",
    "zero/x",
    "n" * 300,
    "n" * 5000,
)
REGULAR = (
    ".*",
    "",
    "reference",
    "^two_condvar$",
    "(",
    "[",
    "*",
    "a{99999}",
    "(.*)*(.*)*(.*)*x",
    "(a|a)*" * 8 + "$",
    "((a+)+)+$",
    "(" * 60_000 + ")" * 60_000,
    "(" * 500,
    "a|" * 50_000,
    "[[:alpha:]-z]",
    "\\",
    "\\1",
    "x" * 100_000,
    "nothing_matches_this",
    "(?=a)(?!b)",
    "a{2,1}",
    "[z-a]",
    "(a*)*" * 12,
)
SECONDS = (
    "5m",
    "1h",
    "300s",
    "-1s",
    "0s",
    "1e400s",
    "nan",
    "infh",
    "9" * 400,
    "9" * 400 + "h",
    "1 m",
    "5",
    "m",
    "",
    "0." + "0" * 400 + "1s",
    "1.5.5h",
    "٣m",
)
LINE_UPS = {  # command: its options, each with what fills it; "" stands for an operand
    "bench": {
        "--scenario": "scenario",
        "--queue": "regex",
        "--all": None,
        "--with": "file",
        "--rounds": "number",
        "--budget": "seconds",
        "--seed": "number",
        "--out": "out",
        "--resume": "file",
        "--compile-times": None,
        "--no-setup": None,
    },
    "test": {"--preset": "word", "--deep": None, "--with": "file", "--no-setup": None},
    "explore": {
        "--queue": "regex",
        "--with": "file",
        "--producers": "number",
        "--consumers": "number",
        "--capacity": "number",
        "--messages": "number",
        "--ending": "word",
        "--calls": "word",
        "--bound": "number",
        "--delays": "number",
        "--pct": "number",
        "--seed": "number",
        "--weak": None,
        "--max-runs": "number",
        "--deep": None,
        "--save": "out",
        "--replay": "file",
        "--no-setup": None,
    },
    "validate": {"--deep": None, "--out": "out", "--seed": "number", "--no-setup": None},
    "gate run": {
        "--base": "file",
        "--head": "file",
        "--policy": "file",
        "--queue": "word",
        "--with": "file",
        "--budget": "seconds",
        "--seed": "number",
        "--json": "out",
        "--markdown": "out",
        "--github": None,
    },
    "gate compare": {
        "": "file",
        "--head": "file",
        "--policy": "file",
        "--queue": "word",
        "--with": "file",
        "--budget": "seconds",
        "--seed": "number",
        "--json": "out",
        "--markdown": "out",
    },
    "gate aa": {
        "--folder": "out",
        "--arm": "file",
        "--policy": "file",
        "--queue": "word",
        "--relinked": None,
    },
    "gate inject": {
        "--folder": "out",
        "--arm": "file",
        "--pct": "number",
        "--cell": "word",
        "--policy": "file",
    },
    "gate selftest": {"--seed": "number", "--policy": "file", "--queue": "word"},
    "plot": {"": "file", "--no-setup": None},
    "publish": {"": "file", "--replace": None, "--no-setup": None},
    "generate": {"--check": None, "--no-setup": None},
    "queue_bench": {
        "--scenario": "scenario",
        "--scenarios-dir": "file",
        "--queue": "regex",
        "--all": None,
        "--seed": "number",
        "--out": "file",
        "--only": "file",
        "--round": "number",
        "--crash-reason": "word",
        "--note-arguments": "word",
        "--hang-after": "number",
        "--beside-others": None,
        "--queues": None,
        "--counters": None,
        "--schema": None,
        "--benchmark_filter": "word",
    },
    "gate_trial": {
        "--scenario": "scenario",
        "--point": "word",
        "--queue": "word",
        "--messages": "number",
        "--warmup": "number",
        "--ns-per-step": "number",
        "--extra-ns": "number",
        "--seed": "number",
        "--hang-after": "number",
    },
}
COMMANDS = ("bench",) * 4 + (
    "explore",
    "explore",
    "validate",
    "gate run",
    "gate compare",
    "gate aa",
    "gate inject",
    "plot",
    "publish",
    "test",
    "generate",
)
# So that a command line which is right does not measure, test or search: it lists, or it is refused.
ENDINGS = {
    "bench": ["--list"],
    "test": ["--with", "empty"],
    "gate aa": ["--runs", "0"],
    "gate inject": ["--runs", "0"],
    "queue_bench": ["--list"],
    "gate_trial": ["--list"],
    "explore": ["--list"],
}
HEADER = "#pragma once\nnamespace my { template <class T> class Queue {}; }\nBQ_QUEUE(my::Queue, my_queue)\n"


def make_command(rng: Random, work: Path, box: Sandbox) -> Case:
    _make_files(work, box)
    name = rng.choice(COMMANDS)
    command, *first = name.split()
    words = _mutate_words(rng, [*first, *_options(rng, name)])
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
            re.sub(r"[0-9]{2,}|^-", "1", word) for word in words
        ]  # a larger number is only slow
        return Case(name, words, BUILD / name)
    words = _mutate_words(rng, _options(rng, name))
    program = BUILD / ("gate_trial_0" if name == "gate_trial" else name)
    return Case(name, [*words, *ENDINGS[name]], box.program(name) if name == "explore" else program)


def make_schedule(rng: Random, work: Path, box: Sandbox) -> Case:
    mutations = (
        *mutate.BYTES,
        mutate.become_short,
        mutate.replace_number,
        *[mutate.mutate_json] * 8,
    )
    file = work / "schedule.json"
    file.write_bytes(mutate.apply(rng, mutations, (box.corpus / "schedule.json").read_bytes()))
    if rng.random() < 0.04:
        special.make_one(rng, file)
    return Case("explore", ["--replay", "schedule.json"], BUILD / "explore")


def _make_files(work: Path, box: Sandbox) -> None:
    special.make_all(work)
    (work / "good.toml").write_bytes((box.corpus / "scenarios" / "race.toml").read_bytes())
    (work / "queue.h").write_text(HEADER, encoding="utf-8")


def _options(rng: Random, name: str) -> list[str]:
    """Some of the options, most of them with a bad value; the names of files are those of special files."""
    line_up = LINE_UPS[name]
    words = []
    for option in rng.sample(list(line_up), rng.randrange(min(len(line_up), 5) + 1)):
        kind = line_up[option]
        value = [] if kind is None else [_value(rng, kind)]
        glued = (
            [f"{option}={value[0]}"]
            if value and option and rng.random() < 0.3
            else [*filter(None, [option]), *value]
        )
        words += glued * rng.choice((1, 1, 1, 1, 2))
    return words


def _value(rng: Random, kind: str) -> str:
    if rng.random() < 0.1:
        return mutate.text(rng).replace("\0", "")
    values = {
        "number": (*mutate.NUMBERS, "1", "2", "3", "12", "", "x", "٣", "²"),
        "seconds": SECONDS,
        "regex": REGULAR,
        "file": FILES,
        "out": ("out", "out/deep", *FILES),
        "scenario": ("race", "quick", "curated", "good.toml", *FILES),
        "word": (
            "release",
            "none",
            "race",
            "blocking",
            "try",
            "reference",
            "{}",
            "[" * 100_000,
            "null",
            "5",
            "",
            "x" * 5000,
        ),
    }
    return str(rng.choice(values[kind]))


def _mutate_words(rng: Random, words: list[str]) -> list[str]:
    """Some words changed, removed, repeated or moved; then none that a shell cannot pass, or that leaves the folder."""
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4)) if words else 0):
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
