"""What a source defines under which name, and in which file: read from the debug information of its
object.

The linker keeps one definition of a class or of an inline function that several objects bring, and
takes them to be the same. Two that differ are one queue measured as the other, without a word. So
their names must differ.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bqb import CommandError, exit_status

TYPES = {
    "DW_TAG_class_type",
    "DW_TAG_structure_type",
    "DW_TAG_union_type",
    "DW_TAG_enumeration_type",
}
ENTRY = re.compile(r"\n <(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \((DW_TAG_\w+)\)")
ATTRIBUTE = re.compile(
    r"\n +<[0-9a-f]+> +DW_AT_"
    r"(name|decl_file|linkage_name|external|declaration|specification) *: *(.*)"
)
# Binutils: how a value is stored.
FORM = re.compile(r"^(?:\(\w+\)\s*)?(?:\([\w ,]*offset: 0x[0-9a-f]+\):\s*)?")
REFERENCE = re.compile(r"<0x([0-9a-f]+)>")
TABLE_ROW = re.compile(r"^  (\d+)\t(.*)$", re.MULTILINE)
DIRECTORY = re.compile(r"\(udata\)\s*(\d+)")
STRING = re.compile(r"\([\w ,]*offset: 0x[0-9a-f]+\): ([^\t\n]*)")


@dataclass(frozen=True)
class Definition:
    name: str  # with its namespaces, without template arguments
    file: str


def of_object(path: Path) -> dict[str, Definition]:
    """What other objects may define, too, by what the linker takes for the same: classes and
    enumerations at namespace scope, with their template arguments; functions by their symbol;
    variables. Nothing of unnamed namespaces.

    It is kept in a file beside the object, until that changes."""
    cache = path.with_suffix(".json")
    age = path.stat().st_mtime_ns
    try:
        stored = json.loads(cache.read_text(encoding="utf-8"))
        if stored["age"] == age:
            return {key: Definition(*value) for key, value in stored["definitions"].items()}
    except (OSError, ValueError, KeyError):
        pass
    definitions = _read(path)
    rows = {key: (each.name, each.file) for key, each in definitions.items()}
    cache.write_text(json.dumps({"age": age, "definitions": rows}), encoding="utf-8")
    return definitions


def _read(path: Path) -> dict[str, Definition]:
    files = _files(_readelf("rawline", path))
    info = _readelf("info", path)
    # Of the entries around this one: "my::detail::"; None: nothing in it counts.
    scopes: list[str | None] = []
    definitions, declared, completed = {}, {}, set()
    for depth, offset, tag, begin in _entries(info):
        del scopes[depth:]
        scope = scopes[-1] if scopes else ""
        scopes.append(None)
        if scope is None:
            continue
        of = _attributes(info, begin)
        name = of.get("name")
        if tag == "DW_TAG_compile_unit":
            scopes[-1] = ""
        elif tag == "DW_TAG_namespace" and name:
            scopes[-1] = f"{scope}{name}::"
        if "specification" in of:  # the definition of what was declared before
            completed.add(REFERENCE.match(of["specification"])[1])
        file = files.get(of.get("decl_file"))
        if not name or not file or "<lambda" in name:
            continue
        if tag in TYPES:
            key = f"type {scope}{name}"
        elif tag == "DW_TAG_subprogram" and "external" in of:
            key = f"function {of.get('linkage_name', name)}"
        elif tag == "DW_TAG_variable" and "external" in of:
            key = f"variable {scope}{name}"
        else:
            continue
        definition = Definition(scope + _without_arguments(name), file)
        if "declaration" in of:
            declared[offset] = (key, definition)
        else:
            definitions[key] = definition
    definitions.update(declared[offset] for offset in completed & declared.keys())
    return definitions


def clash(
    one: dict[str, Definition], other: dict[str, Definition]
) -> tuple[Definition, Definition] | None:
    """Two definitions that the linker would take for one, though they are not: of another file with
    another text."""
    pairs = ((one[key], other[key]) for key in sorted(one.keys() & other.keys(), key=_types_first))
    return next(((a, b) for a, b in pairs if not _same_text(a.file, b.file)), None)


def _types_first(key: str) -> tuple[bool, str]:
    return not key.startswith("type "), key


def _same_text(one: str, other: str) -> bool:
    try:
        return one == other or Path(one).read_bytes() == Path(other).read_bytes()
    except OSError:  # a file that the compiler made up, or that is gone since
        return False


def _without_arguments(name: str) -> str:
    return name if name.startswith("operator") else name.partition("<")[0]


def _readelf(section: str, path: Path) -> str:
    done = subprocess.run(
        ["readelf", f"--debug-dump={section}", "--wide", path],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(
            f"readelf {path} failed: {done.stderr.strip()}; it comes with binutils",
            exit_status.SETUP,
        )
    return done.stdout


def _entries(info: str) -> Iterator[tuple[int, str, str, int]]:
    """Depth, offset and tag of each entry, and where its attributes begin."""
    for head in ENTRY.finditer(info):
        yield int(head[1]), head[2], head[3], head.end()


def _attributes(info: str, begin: int) -> dict[str, str]:
    end = info.find("\n <", begin)
    matches = ATTRIBUTE.finditer(info, begin, end if end >= 0 else len(info))
    return {each[1]: FORM.sub("", each[2]).strip() for each in matches}


def _files(lines: str) -> dict[str, str]:
    """Paths by their numbers in the table of files."""
    directories_text, _, rest = lines.partition("The File Name Table")
    directories = [STRING.search(row[2])[1] for row in TABLE_ROW.finditer(directories_text)]
    files = {}
    for row in TABLE_ROW.finditer(rest):
        path = Path(
            directories[0], directories[int(DIRECTORY.search(row[2])[1])], STRING.search(row[2])[1]
        )
        files[row[1]] = str(path.resolve())
    return files
