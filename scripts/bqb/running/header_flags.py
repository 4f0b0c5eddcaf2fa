"""Flags of a header from outside the tree (`--with HEADER --with-flags FLAGS`), and which versions
of what it brings were measured."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bqb import CommandError, exit_status, shown

OPTION = "--with-flags"
FOLDER_OPTIONS = ("-I", "-L", "-isystem", "-iquote", "-idirafter")
PATH_OPTIONS = (*FOLDER_OPTIONS, "-include", "-imacros")
JOINED_OPTIONS = ("-I", "-L")  # whose path may follow without a space
SOURCES = (".c", ".cc", ".cpp", ".cxx")
ARCHIVES = (".a", ".o")
DIGITS = 12  # of a hash


class Header(NamedTuple):
    """A header of --with, and its flags in the syntax of a shell."""

    path: str
    flags: str = ""


@dataclass(frozen=True)
class Flags:
    """What a header is compiled and linked with."""

    compile: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # compiled and linked with the header
    archives: tuple[str, ...] = ()  # libraries and objects of which the header has its own copy
    include_folders: tuple[str, ...] = ()


def tokens(flags: str) -> Iterator[tuple[str, str]]:
    """(option, its path) of each flag; the option is "" for a file, and the path for an option that
    has none. Raises CommandError (USAGE)."""
    try:
        words = iter(shlex.split(flags))
    except ValueError as error:
        raise flags_error(flags, f"{error}; quote it as for a shell") from None
    for word in words:
        if word in PATH_OPTIONS:
            path = next(words, "")
            if not path:
                raise flags_error(flags, f"{word} without its path")
            yield word, path
        elif word[:2] in JOINED_OPTIONS:
            yield word[:2], word[2:]
        elif word.startswith("-"):
            yield word, ""
        else:
            yield "", word


def words_of(option: str, path: str) -> list[str]:
    return [option + path] if option in JOINED_OPTIONS or not (option and path) else [option, path]


def absolute(flags: str) -> str:
    """The same with absolute paths: compilers start elsewhere, and a run may be resumed from
    another folder. Raises CommandError (USAGE)."""
    found: list[str] = []
    for option, path in tokens(flags):
        if path:
            check_path(option, path, flags)
        found += words_of(option, os.path.realpath(path) if path else "")
    return shlex.join(found)


def check_path(option: str, path: str, flags: str) -> None:
    if option in FOLDER_OPTIONS:
        if not os.path.isdir(path):
            raise flags_error(flags, f"{option} {shown(path)}: no such folder")
    elif option:
        if not os.path.isfile(path):
            raise flags_error(flags, f"{option} {shown(path)}: no such file")
    elif not os.path.isfile(path):
        raise flags_error(flags, f"'{shown(path)}' is neither an option nor a file")
    elif not path.endswith((*SOURCES, *ARCHIVES)) and not is_shared_library(path):
        what = "is no source (.c, .cc, .cpp, .cxx), library (.a, .so) or object (.o)"
        raise flags_error(flags, f"'{shown(path)}' {what}")


def is_shared_library(path: str) -> bool:
    return path.endswith(".so") or ".so." in os.path.basename(path)


def flags_error(flags: str, what: str) -> CommandError:
    return CommandError(f"{OPTION} '{shown(flags)}': {what}", exit_status.USAGE)


def parsed(flags: str) -> Flags:
    """Raises CommandError (USAGE)."""
    compile_, link, sources, archives, folders = [], [], [], [], []
    for option, path in tokens(flags):
        words = words_of(option, path)
        if option.startswith(("-l", "-L", "-Wl,")) or not option and is_shared_library(path):
            link += words
        elif option:
            compile_ += words
            folders += [path] if option in FOLDER_OPTIONS else []
            link += words if option == "-pthread" else []
        elif path.endswith(ARCHIVES):
            archives += words
        else:
            sources += words
    return Flags(*map(tuple, (compile_, link, sources, archives, folders)))


# ---------------------------------------------------------------------------------------- versions


def versions(headers: tuple[Header, ...]) -> list[dict[str, str]]:
    """Of each header: its hash and its flags, and the revision of each checkout and the file of
    each library that it brings."""
    return [
        {
            "header": Path(header.path).name,
            "sha256": hash_of(header.path),
            "flags": header.flags,
            "versions": "; ".join(brought_by(header)),
        }
        for header in headers
    ]


def hash_of(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:DIGITS]


def brought_by(header: Header) -> list[str]:
    flags = parsed(header.flags)
    folders = [str(Path(header.path).parent), *flags.include_folders]
    found = [text for folder in folders if (text := revision_of(folder))]
    found += [f"{Path(path).name} {hash_of(path)}" for path in (*flags.sources, *flags.archives)]
    search = [word for word in flags.link if word.startswith("-L")]
    for word in flags.link:
        if word.startswith("-l"):
            found.append(library_file(word[2:], search))
        elif not word.startswith("-"):
            found.append(Path(os.path.realpath(word)).name)
    return list(dict.fromkeys(found))


def revision_of(folder: str) -> str:
    """Of the git checkout that a folder is in; empty where it is in none."""
    if not shutil.which("git"):
        return ""
    top = git("rev-parse", "--show-toplevel", at=folder)
    revision = git("describe", "--always", "--dirty", "--tags", at=folder)
    return f"{Path(top).name} {revision}" if top and revision else ""


def git(*words: str, at: str) -> str:
    done = subprocess.run(
        ["git", "-c", f"safe.directory={at}", "-C", at, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def library_file(name: str, search: list[str]) -> str:
    """The file that -l<name> finds, with the version in its name; the name where it finds none."""
    for file in (f"lib{name}.so", f"lib{name}.a"):
        done = subprocess.run(
            [os.environ.get("CXX", "c++"), *search, f"-print-file-name={file}"],
            capture_output=True,
            text=True,
            check=False,
        )
        path = done.stdout.strip()
        if done.returncode == 0 and os.path.isabs(path):
            return Path(os.path.realpath(path)).name
    return f"lib{name}"
