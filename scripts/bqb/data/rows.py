"""The files of a run and how their rows, a JSON object a line, are read.

This is the one way in: each row is held to the types of `queue_bench --schema`, and what names a
point, a queue or a scenario must name one of the run's. So nothing behind it meets a row that is
not as results/README.md has it.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bqb import CommandError, exit_status, shown
from bqb.data import files
from bqb.data.fields import error_in_fields
from bqb.schema import OBJECTS, ROWS, SCHEMA, Fields

TRIALS_FILE = "trials.jsonl"
SIDE_FILES = ("histograms.jsonl", "timelines.jsonl")  # what only trials that have it have
MOST_DOCUMENT_BYTES = 200_000_000
Row = dict[str, Any]  # an object of JSON


class ResultError(CommandError):
    """Results that cannot be used: one line that names the file and what is wrong with it."""

    def __init__(self, message: str):
        super().__init__(message, exit_status.USAGE)


class RowReader:
    """Takes the lines of one file of a run, in order. Raises ResultError that names file, line and
    key."""

    def __init__(self, path: Path):
        self._path = path
        self._side_kind = path.name if path.name in SIDE_FILES else None
        self._line = 0
        self._known: dict[str, set[str]] | None = None  # names of the `run` row, by field

    def take(self, line: bytes) -> Row | None:
        """The row of the next line; None where a kill or a crash cut it short."""
        self._line += 1
        text = line.strip(b"\0 \t\r\n")
        if not text:
            return None
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            if text.startswith(b"{"):
                return None
            raise self._error("not a JSON object; the file is damaged") from None
        return self._checked(row)

    def _checked(self, row: object) -> Row:
        if not isinstance(row, dict):
            raise self._error("not a JSON object; the file is damaged")
        kind = self._side_kind or row.get("kind")
        if kind == "run":
            self._check_schema(row.get("schema"))
        if not isinstance(kind, str) or kind not in ROWS:
            raise self._error(f"there is no row kind {shown(repr(kind))}; the file is damaged")
        fields = {name: value for name, value in row.items() if name != "kind"}
        if error := error_in_fields(fields, ROWS[kind]) or self._wrong_name(kind, fields):
            raise self._error(f"'{kind}' row: {error}; the file is damaged")
        return {"kind": kind, **fields}

    def _check_schema(self, number: object) -> None:
        if type(number) is not int or not 1 <= number <= SCHEMA:
            raise self._error(
                f"'run' row: key 'schema': is {shown(repr(number))}, and this version reads 1 to "
                f"{SCHEMA}; use the version that made the run"
            )

    def _wrong_name(self, kind: str, row: Row) -> str | None:
        """What is wrong with the names in a row of trials.jsonl."""
        if self._side_kind:
            return None
        if kind == "run":
            if self._known is not None:
                return "comes a second time"
            self._known = {
                "queue": set(row["queues"]),
                "scenario": set(row["scenarios"]),
                "point": {
                    point["name"] for each in row["scenarios"].values() for point in each["points"]
                },
            }
            return wrong_scenario(row["scenarios"])
        if self._known is None:
            return "comes before the 'run' row"
        for field, names in self._known.items():
            if field in row and row[field] not in names:
                return f"key '{field}': the run has no {field} '{shown(row[field])}'"
        return None

    def _error(self, what: str) -> ResultError:
        return ResultError(f"{self._path}:{self._line}: {what}")


def wrong_scenario(scenarios: Mapping[str, Row]) -> str | None:
    """What is wrong with the names that the scenarios of a `run` row refer to each other by."""
    for name, scenario in scenarios.items():
        path = f"key 'scenarios.{shown(name)}"
        if scenario["name"] != name:
            return f"{path}.name': is '{shown(scenario['name'])}'"
        points = [point["name"] for point in scenario["points"]]
        if len(set(points)) < len(points):
            return f"{path}.points': a point comes twice"
        for point in scenario["points"]:
            if point["scenario"] != name or point["name"].split("/")[0] != name:
                return f"{path}.points': '{shown(point['name'])}' is of another scenario"
        for claim in scenario.get("claims", ()):
            for point in (*claim["points"], *claim.get("than_points", ())):
                if point not in points:
                    return f"{path}.claims': there is no point '{shown(point)}'"
    return None


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file of a run, its compressed part first; none if there is no file. Raises
    ResultError, and OSError that names the file."""
    reader = RowReader(path)
    for line in files.lines(path):
        if row := reader.take(line):
            yield row


def last_rows(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """One row per key, the last: a block that was cut short and run again repeats its trials."""
    return list({key(row): row for row in rows}.values())


def read_document(
    path: Path,
    fields: Fields,
    remedy: str,
    objects: Mapping[str, Fields] = OBJECTS,
    schema: int | None = None,
) -> Row:
    """Reads a JSON document and checks its fields. The file is compressed if its name ends in .xz.
    `schema`: the number that it must have. Raises ResultError that names the key and tells the
    `remedy`, and OSError."""
    content = files.read_regular(path, MOST_DOCUMENT_BYTES)
    try:
        document = json.loads(lzma.decompress(content) if path.suffix == ".xz" else content)
    except (lzma.LZMAError, EOFError) as error:
        raise ResultError(f"{path}: damaged ({error}); {remedy}") from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else shown(str(error))
        raise ResultError(f"{path}: not JSON ({reason}); {remedy}") from None
    if not isinstance(document, dict):
        raise ResultError(f"{path}: not a JSON object; {remedy}")
    if schema is not None and document.get("schema") != schema:
        number = shown(repr(document.get("schema")))
        raise ResultError(f"{path}: of schema {number}, this version reads {schema}; {remedy}")
    if wrong := error_in_fields(document, fields, objects):
        raise ResultError(f"{path}: {wrong}; {remedy}")
    return document
