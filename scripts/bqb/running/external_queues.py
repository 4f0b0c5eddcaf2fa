"""Queues from outside the tree: `--with HEADER`, where the header names its class template with
BQ_QUEUE.

Each header becomes small sources, which give BQ_QUEUE a meaning (a registration with the harness, a
subject of the contract suite, one of the explorer) and include it. benchmarks/with links them with
what a preset's build holds already, so that a queue costs one compile. A probe beside it tells what
the header defines: two headers that define the same name are refused. A set of headers has a folder
of its own: build/with/<hash>-<preset>.
"""

from __future__ import annotations

import hashlib
import os
import re
from itertools import combinations
from pathlib import Path

from bqb import ROOT, CommandError, exit_status, shown
from bqb.data.files import read_regular
from bqb.data.queue_list import listed
from bqb.running import build, debug_info
from bqb.running.debug_info import Definition

PAGE = "docs/your_own_queue.md"
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
BQ_QUEUE = re.compile(r"^(?![ \t]*#).*?\bBQ_QUEUE\s*\(([^,()]*),([^,()]*)\)", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_NAME_CHARACTERS = 60
RESERVED = "default"  # in a scenario's `queues`: the default line-up
MOST_HEADER_BYTES = 10_000_000

SOURCE = """\
// Generated for --with.
#define BQ_QUEUE(Class, name) [[maybe_unused]] static const bool bq_queue_##name = {register};
#include "{needs}"
#include "{header}"
"""
MEANINGS = {
    "bench": {
        "needs": "benchmarks/registry/register_queue.h",
        "register": "::bq::bench::register_queue<Class>(#name, ::bq::bench::LineUp::by_default)",
    },
    "contract": {
        "needs": "tests/contract/register_subject.h",
        "register": "::bq::test::register_subject<Class>(#name)",
    },
    "explore": {
        "needs": "explorer/scenario.h",
        "register": "::bq::explorer::register_explored<Class>(#name)",
    },
    "probe": {
        "needs": "tests/contract/register_subject.h",
        "register": "::bq::test::use_every_call<Class>()",
    },
}
TESTS = ("-DBQ_TESTS=ON",)
OPTIONS = {"contract_test": TESTS, "explore": TESTS}  # that a program's parts need
OWN_FOLDERS = tuple(
    str(ROOT / name) + "/" for name in ("queues", "benchmarks", "checking", "explorer", "tests")
)


def check(headers: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The headers' absolute paths, each once. Raises CommandError (USAGE) for what is wrong
    whatever the compiler says."""
    paths = tuple(dict.fromkeys(os.path.realpath(header) for header in headers))
    taken = {name: "queues/queues.list" for name in listed()}
    for path in paths:
        for name in names_in(path):
            if name in taken:
                raise header_error(
                    path,
                    f"BQ_QUEUE names a queue '{name}', and so does "
                    f"{taken[name]}; choose another name",
                )
            taken[name] = path
    return paths


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


def build_with(headers: tuple[str, ...], preset: str, program: str, *settings: str) -> Path:
    """Builds a program with these headers' queues in it, and returns the folder that it is in.
    `settings`: of CMake."""
    build.build(preset, parts_of(program), OPTIONS.get(program, ()))
    folder = folder_of(headers, preset)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, meaning in MEANINGS.items():
        for number, header in enumerate(sorted(headers)):
            write(folder / f"{kind}_{number}.cpp", SOURCE.format(header=header, **meaning))
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
    build.run_cmake(configure, folder, f"{program}_and_probes", f"build --with {preset}")
    refuse_clashes(sorted(headers), folder, configure)
    return folder


def parts_of(program: str) -> str:
    """The target of a preset's build that makes all that the program is linked with."""
    return f"parts_of_{program}"


def refuse_clashes(headers: list[str], folder: Path, configure: list[str]) -> None:
    """Raises CommandError (USAGE) where two headers, or a header and a listed queue, define the
    same name."""
    objects = folder / "CMakeFiles"
    defined = {
        header: debug_info.of_object(objects / "probes.dir" / f"probe_{number}.cpp.o")
        for number, header in enumerate(headers)
    }
    for one, other in combinations(headers, 2):
        if clash := debug_info.clash(defined[one], defined[other]):
            raise clashing(one, clash[0], other, clash[1])
    suspects = [header for header in headers if defines_in_our_namespace(header, defined[header])]
    if suspects:  # rare, and the listed queues take ten seconds to compile
        build.run_cmake(configure, folder, "listed_queues_probe", "compile the listed queues")
        listed_ones = debug_info.of_object(
            objects / "listed_queues_probe.dir" / "listed_queues.cpp.o"
        )
        for header in suspects:
            if clash := debug_info.clash(defined[header], listed_ones):
                raise clashing(header, clash[0], clash[1].file, clash[1])


def defines_in_our_namespace(header: str, defined: dict[str, Definition]) -> bool:
    return any(
        each.name.startswith("bq::")
        and (each.file == header or not each.file.startswith(OWN_FOLDERS))
        for each in defined.values()
    )


def clashing(one: str, its: Definition, other: str, others: Definition) -> CommandError:
    def where(header: str, definition: Definition) -> str:
        return "" if definition.file == header else f" (in {definition.file})"

    return header_error(
        one,
        f"defines {its.name}{where(one, its)}, and so does "
        f"{other}{where(other, others)}; the linker would take both for the "
        "same, so rename the namespace in one of them",
    )


def folder_of(headers: tuple[str, ...], preset: str) -> Path:
    name = hashlib.sha256("\n".join(sorted(headers)).encode()).hexdigest()[:12]
    return ROOT / "build" / "with" / f"{name}-{preset}"


def write(path: Path, text: str) -> None:
    """Leaves a file that is right already as it is, or it would be compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
