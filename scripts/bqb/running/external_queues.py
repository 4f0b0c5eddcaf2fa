"""Queues from outside the tree: `--with HEADER`, where the header names its class template with
BQ_QUEUE.

Each header becomes small sources, which give BQ_QUEUE a meaning (a registration with the harness, a
subject of the contract suite, one of the explorer) and include it. benchmarks/with links them with
what a preset's build holds already, so that a queue costs one compile. Each header's names are its
own (cmake/OwnSymbols.cmake), so two may define the same class. A set of headers has a folder of its
own: build/with/<hash>-<preset>.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

from bqb import ROOT, CommandError, exit_status, shown
from bqb.data.files import read_regular
from bqb.data.queue_list import listed
from bqb.running import build
from bqb.running.header_flags import Flags, Header, absolute, parsed

PAGE = "docs/your_own_queue.md"
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
BQ_QUEUE = re.compile(r"^(?![ \t]*#).*?\bBQ_QUEUE\s*\(([^,()]*),([^,()]*)\)", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_NAME_CHARACTERS = 60
RESERVED = "default"  # in a scenario's `queues`: the default line-up
MOST_HEADER_BYTES = 10_000_000
MOST_ERROR_CHARACTERS = 600

SOURCE = """\
// Generated for --with.
#define BQ_QUEUE(Class, name) [[maybe_unused]] static const bool bq_queue_##name = {register};
#include "{needs}"
#include "{header}"
"""
MEANINGS = {
    "bench": {
        "needs": "benchmarks/registry/register_queue.h",
        "register": "::bq::bench::register_queue<Class>(#name, ::bq::bench::LineUp::outside)",
    },
    "contract": {
        "needs": "tests/contract/register_subject.h",
        "register": "::bq::test::register_subject<Class>(#name)",
    },
    "explore": {
        "needs": "explorer/scenario.h",
        "register": "::bq::explorer::register_explored<Class>(#name)",
    },
}
# What a compiler's message names, and which label decided on it.
LABELS = (
    (
        r"\bHeapMessage\b|unique_ptr<int|\bTracked\b|\bModelMessage\b",
        "any or nothrow_movable",
        "messages that can only be moved and have no default constructor",
    ),
    (r"\bFragile\b", "any", "messages whose move may throw"),
    (r"\bOveraligned\b", "any or nothrow_movable", "messages with an alignment of 256"),
    (r"\bTrackedCopy\b", "copyable", "messages that can be copied and have no default constructor"),
    (
        r"\bTrackedWithDefault\b|\bCopyableModelMessage\b",
        "default_constructible",
        "messages that are no plain bytes",
    ),
)
TESTS = ("-DBQ_TESTS=ON",)
OPTIONS = {"contract_test": TESTS, "explore": TESTS}  # that a program's parts need


def check(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """The headers with absolute paths, each once. Raises CommandError (USAGE) for what is wrong
    whatever the compiler says."""
    found = tuple(
        dict.fromkeys(
            Header(os.path.realpath(header.path), absolute(header.flags)) for header in headers
        )
    )
    taken = {name: "queues/queues.list" for name in listed()}
    for header in found:
        for name in names_in(header.path):
            if name in taken:
                raise header_error(
                    header.path,
                    f"BQ_QUEUE names a queue '{name}', and so does "
                    f"{taken[name]}; choose another name",
                )
            taken[name] = header.path
    return found


def header_error(path: str, what: str) -> CommandError:
    return CommandError(f"--with {path}: {what}", exit_status.USAGE)


def names_in(path: str) -> list[str]:
    """The names that a header gives its queues."""
    return [name for _, name in declared_in(path)]


def declared_in(path: str) -> list[tuple[str, str]]:
    """(class template, name) of each queue in a header."""
    if set(path) & set('"\\\n'):
        raise header_error(
            path, "a quote, a backslash or a line break in a path cannot be included; rename it"
        )
    try:
        text = read_regular(Path(path), MOST_HEADER_BYTES).decode(errors="replace")
    except FileNotFoundError:
        raise header_error(path, "no such file") from None
    except OSError as error:
        raise header_error(path, f"{error.strerror}; name the header of a queue") from None
    declared = [
        (class_name.strip(), name.strip())
        for class_name, name in BQ_QUEUE.findall(COMMENT.sub("", text))
    ]
    if not declared:
        raise header_error(
            path,
            "no BQ_QUEUE in it; end it with, for example, "
            f"BQ_QUEUE(my::MyQueue, my_queue); (see {PAGE})",
        )
    for _, name in declared:
        if not NAME.fullmatch(name):
            what = f"'{shown(name)}' is no name; a-z, 0-9 and _, a letter first"
            raise header_error(path, f"BQ_QUEUE: {what}")
        if len(name) > MOST_NAME_CHARACTERS:
            what = f"'{shown(name)}' has {len(name)} characters, at most {MOST_NAME_CHARACTERS}"
            raise header_error(path, f"BQ_QUEUE: {what} are possible; choose a shorter name")
        if name == RESERVED:
            what = f"'{RESERVED}' is reserved: it stands for the default line-up"
            raise header_error(path, f"BQ_QUEUE: {what}; choose another name")
    return declared


def build_with(headers: tuple[Header, ...], preset: str, program: str, *settings: str) -> Path:
    """Builds a program with these headers' queues in it, and returns the folder that it is in.
    `settings`: of CMake."""
    build.build(preset, parts_of(program), OPTIONS.get(program, ()))
    folder = folder_of(headers, preset)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, meaning in MEANINGS.items():
        for number, header in enumerate(sorted(headers)):
            write(folder / f"{kind}_{number}.cpp", SOURCE.format(header=header.path, **meaning))
    write(
        folder / "flags.cmake",
        "".join(
            settings_of(number, parsed(header.flags))
            for number, header in enumerate(sorted(headers))
        ),
    )
    configure = [
        "cmake",
        "-S",
        str(ROOT / "benchmarks" / "with"),
        "-B",
        str(folder),
        "-G",
        "Ninja",
        f"-DSOURCES={folder}",
        f"-DBUILD={ROOT / 'build' / preset}",
        *settings,
    ]
    try:
        build.run_cmake(configure, folder, program, f"build --with {preset}")
    except CommandError:
        if label := label_behind((folder / "build.log").read_text(encoding="utf-8")):
            print(label, file=sys.stderr)
        raise
    return folder


def label_behind(log: str) -> str:
    """Which label of a queue made the suite compile it for a message that it cannot take, if that
    is what the first error is about; else empty."""
    start = log.find("error:")
    lines = log[log.rfind("\n", 0, start) : start + MOST_ERROR_CHARACTERS] if start >= 0 else ""
    for message, label, what in LABELS:
        if found := re.search(message, lines):
            return (
                f"The error is about {found[0]}: the label .element = {label} (any, if left out) "
                f"promises {what}. If the queue cannot take those, give it another label: "
                f"{PAGE}#labels"
            )
    return ""


def settings_of(number: int, flags: Flags) -> str:
    """The flags of a header as variables of CMake."""
    return "".join(
        f"set({kind}_{number} {' '.join(f'[=[{word}]=]' for word in words)})\n"
        for kind, words in (
            ("compile", flags.compile),
            ("link", flags.link),
            ("sources", flags.sources),
            ("archives", flags.archives),
        )
    )


def parts_of(program: str) -> str:
    """The target of a preset's build that makes all that the program is linked with."""
    return f"parts_of_{program}"


def folder_of(headers: tuple[Header, ...], preset: str) -> Path:
    text = "\n".join("\0".join(filter(None, header)) for header in sorted(headers))
    return ROOT / "build" / "with" / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}-{preset}"


def write(path: Path, text: str) -> None:
    """Leaves a file that is right already as it is, or it would be compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
