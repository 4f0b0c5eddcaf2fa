"""What somebody knows of a pipeline and wants of its queue: any part of it, from options or from a
file of the same names.

    wishes = from_words({"consumer_mean": "5us", "burst": "50"}, named=option)
    wishes = from_file(Path("pipeline.toml"))
    wishes.consumer_mean.ns
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bqb import CommandError, exit_status, shown
from bqb.advice import quantities
from bqb.advice.quantities import Pace
from bqb.data.files import read_regular

MOST_BYTES = 100_000
MOST_PATH_CHARACTERS = 4096
MOST_THREADS = 256  # of a side, as of a scenario
FILE_HEAD = """\
# A pipeline, as ./scripts/advise takes it: {command}
# Every key is an option of it, too; what is left out is assumed.
"""


@dataclass(frozen=True)
class Wishes:
    """None, and an empty text or tuple: nothing was said of it."""

    producers: int | None = None
    consumers: int | None = None
    producer_mean: Pace | None = None
    consumer_mean: Pace | None = None
    cv: float | None = None
    producer_cv: float | None = None
    consumer_cv: float | None = None
    producer_p50: float | None = None
    producer_p99: float | None = None
    consumer_p50: float | None = None
    consumer_p99: float | None = None
    producer_trace: str = ""
    consumer_trace: str = ""
    recording: str = ""
    recording_mode: str = ""
    mode: str = ""
    producer_work: str = ""
    consumer_work: str = ""
    burst: int | None = None
    longest_stall: float | None = None
    max_wait: float | None = None
    message_bytes: float | None = None
    memory: float | None = None
    cores: float | None = None
    idle_cpu: str = ""
    when_full: str = ""
    order: str = ""
    element: str = ""
    needs: tuple[str, ...] = ()
    must_not_block: str = ""
    # As they were written, and how a message names each: "--cv" or "pipeline.toml:3: key 'cv'".
    words: Mapping[str, str] = ()  # type: ignore[assignment]
    names: Mapping[str, str] = ()  # type: ignore[assignment]

    def says(self, *keys: str) -> list[str]:
        """Those of the keys of which something was said."""
        return [key for key in keys if key in self.words]


@dataclass(frozen=True)
class Input:
    """`read` raises ValueError with what is wrong with a word."""

    key: str
    read: Callable[[str], Any]
    metavar: str
    help: str
    group: str


def _count(most: int) -> Callable[[str], int]:
    def read(word: str) -> int:
        if word.isascii() and word.isdecimal() and len(word) < 20 and 1 <= int(word) <= most:
            return int(word)
        raise ValueError(f"'{shown(word)}' is not a whole number from 1 to {most:,}")

    return read


def _choice(*words: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word in words:
            return word
        raise ValueError(f"'{shown(word)}' is none of: {', '.join(words)}")

    return read


def _needs(word: str) -> tuple[str, ...]:
    read = _choice("close", "timeouts")
    return tuple(dict.fromkeys(read(each.strip()) for each in word.split(",")))


def _path(word: str) -> str:
    if not word or len(word) > MOST_PATH_CHARACTERS or "\0" in word:
        raise ValueError(f"'{shown(word)}' is not the name of a file")
    return word


WHO, PACE, FULL, LIMITS, QUEUE = (
    "threads and work",
    "where the times come from, instead of means",
    "bursts, and a full queue",
    "limits",
    "what the queue must offer",
)
INPUTS = (
    Input("producers", _count(MOST_THREADS), "N", "threads that push (default: 1)", WHO),
    Input("consumers", _count(MOST_THREADS), "N", "threads that pop (default: 1)", WHO),
    Input(
        "producer_mean",
        quantities.pace,
        "TIME|RATE",
        "mean time that a producer works on a message (2us), or the rate at which messages "
        "arrive, of all producers together (300k/s)",
        WHO,
    ),
    Input(
        "consumer_mean",
        quantities.pace,
        "TIME|RATE",
        "mean time that a consumer works on a message (5us), or the rate that all consumers "
        "together can take (200k/s)",
        WHO,
    ),
    Input(
        "cv",
        quantities.fraction(0, 10),
        "X",
        "how much the times vary: standard deviation / mean, of both sides (default: 1, as of "
        "exponential times; 0: constant)",
        WHO,
    ),
    Input("producer_cv", quantities.fraction(0, 10), "X", "the same of the producers only", WHO),
    Input("consumer_cv", quantities.fraction(0, 10), "X", "the same of the consumers only", WHO),
    Input(
        "producer_work",
        _choice("cpu", "wait"),
        "cpu|wait",
        "whether a producer computes meanwhile or waits for something else (default: cpu)",
        WHO,
    ),
    Input("consumer_work", _choice("cpu", "wait"), "cpu|wait", "the same of a consumer", WHO),
    Input(
        "mode",
        _choice("closed", "open"),
        "closed|open",
        "closed: a producer begins the next message when it has pushed the last one; open: "
        "messages arrive whether there is room or not (default: closed where --producer-mean is "
        "a time, else open)",
        WHO,
    ),
    Input(
        "producer_p50", quantities.duration_ns, "TIME", "median of the producers' times, with", PACE
    ),
    Input("producer_p99", quantities.duration_ns, "TIME", "their 99th percentile", PACE),
    Input("consumer_p50", quantities.duration_ns, "TIME", "the same of the consumers", PACE),
    Input("consumer_p99", quantities.duration_ns, "TIME", "the same of the consumers", PACE),
    Input(
        "producer_trace",
        _path,
        "FILE",
        "recorded times of a producer (open loop: gaps between messages), one number of ns a line",
        PACE,
    ),
    Input("consumer_trace", _path, "FILE", "recorded times of a consumer", PACE),
    Input(
        "recording",
        _path,
        "FILE",
        "a recording of a program (docs/recording.md), for all of the above",
        PACE,
    ),
    Input(
        "recording_mode",
        _choice("closed", "open"),
        "closed|open",
        "whether the recorded times of the producers are work or arrivals (default: by how long "
        "they were blocked)",
        PACE,
    ),
    Input("burst", _count(1_000_000), "N", "messages that come at once", FULL),
    Input(
        "longest_stall",
        quantities.duration_ns,
        "TIME",
        "the longest standstill of the consumers that must not reach the producers",
        FULL,
    ),
    Input(
        "when_full",
        _choice("wait", "drop"),
        "wait|drop",
        "what a producer does without room: wait, or drop the new message (default: wait)",
        FULL,
    ),
    Input(
        "max_wait", quantities.duration_ns, "TIME", "the longest wait of a message to allow", LIMITS
    ),
    Input("message_bytes", quantities.message_bytes, "SIZE", "of a message (default: 8B)", LIMITS),
    Input("memory", quantities.size_bytes, "SIZE", "for the whole queue (default: any)", LIMITS),
    Input(
        "cores",
        quantities.fraction(0.01, 4096),
        "X",
        "cores, or the CPU quota of a container: 0.5 (default: those of this machine)",
        LIMITS,
    ),
    Input(
        "idle_cpu",
        _choice("none", "some", "all"),
        "none|some|all",
        "CPU that a thread may burn while it waits: none; some, for microseconds before it "
        "sleeps; all the time (default: some)",
        LIMITS,
    ),
    Input(
        "order",
        _choice("global", "per_producer"),
        "global|per_producer",
        "the order that must be kept (default: per_producer)",
        QUEUE,
    ),
    Input(
        "element",
        _choice("movable", "trivial"),
        "movable|trivial",
        "what messages are in C++: trivially copyable, or only movable (default: movable)",
        QUEUE,
    ),
    Input(
        "needs",
        _needs,
        "close,timeouts",
        "close: exact while pushes run; timeouts: push and pop with a deadline",
        QUEUE,
    ),
    Input(
        "must_not_block",
        _choice("producer", "consumer"),
        "SIDE",
        "producer or consumer: its calls may wait for no other thread",
        QUEUE,
    ),
)
BY_KEY = {each.key: each for each in INPUTS}
COUNTS = ("producers", "consumers", "burst", "cv", "producer_cv", "consumer_cv", "cores")


def option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def from_words(words: Mapping[str, str], named: Callable[[str], str] = option) -> Wishes:
    """Raises CommandError (USAGE) that names the option or the place in a file, and the remedy."""
    values: dict[str, Any] = {}
    for key, word in words.items():
        try:
            values[key] = BY_KEY[key].read(word)
        except ValueError as error:
            raise CommandError(f"{named(key)}: {error}", exit_status.USAGE) from None
    return Wishes(**values, words=dict(words), names={key: named(key) for key in words})


def from_file(path: Path) -> Wishes:
    """The same from a TOML file. Names of files in it are relative to its folder."""

    def wrong(what: str) -> CommandError:
        return CommandError(f"{path}: {what}", exit_status.USAGE)

    try:
        text = read_regular(path, MOST_BYTES).decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise wrong(f"{error.strerror}; name a file of ./scripts/advise") from None
    except (ValueError, RecursionError) as error:  # ValueError: also of a number of 5,000 digits
        raise wrong(f"not TOML: {shown(str(error))}") from None

    def named(key: str) -> str:
        pattern = re.compile(rf"^[ \t\[]*[\"']?{re.escape(key)}[\"']?\s*[=.\]]", re.MULTILINE)
        match = pattern.search(text)
        line = f":{text.count(chr(10), 0, match.end()) + 1}" if match else ""
        return f"{path}{line}: key '{shown(key)}'"

    words = {}
    for key, value in table.items():
        if key not in BY_KEY:
            raise CommandError(
                f"{named(key)}: unknown; the keys are the options of ./scripts/advise --help, "
                "with _ for -",
                exit_status.USAGE,
            )
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not isinstance(value, str) and not (is_number and key in COUNTS):
            raise CommandError(
                f"{named(key)}: write a number"
                if key in COUNTS
                else f"{named(key)}: write a text in quotes, as behind {option(key)}",
                exit_status.USAGE,
            )
        words[key] = value if isinstance(value, str) else _plain(value)
    for key in ("producer_trace", "consumer_trace", "recording"):
        if key in words:
            words[key] = str(path.parent / words[key])
    return from_words(words, named)


def _plain(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.12f}".rstrip("0").rstrip(".")


def joined(file: Wishes, options: Wishes) -> Wishes:
    """The options, and of what they say nothing the file."""
    keys = {**{key: file for key in file.words}, **{key: options for key in options.words}}
    return Wishes(
        **{
            each.name: getattr(keys[each.name], each.name)
            for each in fields(Wishes)
            if each.name in keys
        },
        words={key: source.words[key] for key, source in keys.items()},
        names={key: source.names[key] for key, source in keys.items()},
    )


PLAIN = re.compile(r"0|[1-9][0-9]{0,15}|[0-9]\.[0-9]{1,9}")  # a number in TOML


def as_toml(words: Mapping[str, str], command: str) -> str:
    """A file that says the same."""

    def value(key: str) -> str:
        is_number = key in COUNTS and PLAIN.fullmatch(words[key])
        return words[key] if is_number else _quoted(words[key])

    lines = [f"{key} = {value(key)}" for key in BY_KEY if key in words]
    return FILE_HEAD.format(command=shown(command, MOST_PATH_CHARACTERS)) + "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    escaped = "".join(f"\\U{ord(c):08x}" if c in '"\\' or not c.isprintable() else c for c in word)
    return f'"{escaped}"'
