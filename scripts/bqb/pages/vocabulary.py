"""Files that follow from `queue_bench --schema`: bqb/schema.py, and tables in two pages.

    for path, text in generated_files(schema).items(): ...
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bqb import ROOT
from bqb.pages import marks

Schema = dict[str, Any]

MODULE = ROOT / "scripts" / "bqb" / "schema.py"
CLAIM_TABLES = ("claim", "claim.replaces")  # their keys have a table of their own on the page
PYTHON_TYPES = {"whole number": "int", "number": "float", "text": "str"}


def generated_files(schema: Schema) -> dict[Path, str]:
    """What each generated file must hold."""
    writers = {name: _writer(render, schema) for name, render in TABLES.items()}
    pages = {page: page.read_text(encoding="utf-8") for page in PAGES}
    return {
        MODULE: python_module(schema),
        **{page: marks.filled(page, text, writers) for page, text in pages.items()},
    }


def _writer(render: Callable[[Schema], list[str]], schema: Schema) -> marks.Write:
    return lambda: "\n".join(render(schema))


# ------------------------------------------------------------------------------------ bqb/schema.py


def python_module(schema: Schema) -> str:
    """The vocabulary as Python constants, and the keys of a point as a dataclass."""
    lines = [
        '"""The vocabulary of queue_bench, written by ./scripts/generate from its --schema."""',
        "",
        "from __future__ import annotations",
        "",
        "from dataclasses import dataclass",
        "from enum import IntEnum",
        "",
        "# flake8: noqa: E501",
        "",
        f"SCHEMA = {schema['schema']}  # version of the row format",
        "",
    ]
    for rule in schema["rules"]:
        value = int(rule["value"]) if rule["value"] == int(rule["value"]) else rule["value"]
        lines.append(f"{rule['name'].upper()} = {value}  # {rule['meaning']}")
    lines += [
        "",
        "",
        "class QueueBenchStatus(IntEnum):",
        '    """Exit statuses of queue_bench."""',
        "",
    ]
    lines += [
        f"    {entry['name'].upper()} = {entry['status']}  # {entry['meaning']}"
        for entry in schema["exit_statuses"]
    ]
    lines += [
        "",
        "",
        "@dataclass(frozen=True, eq=False, kw_only=True)",
        "class PointKeys:",
        '    """The keys of a point that are one value, with the defaults of a point that lacks '
        'them."""',
        "",
    ]
    lines += [f"    {member}" for member in point_members(schema)]
    lines += ["", "", "# name: (better, unit)", "COUNTERS: dict[str, tuple[str, str]] = {"]
    lines += [
        f'    "{counter["name"]}": ("{counter["better"]}", "{counter["unit"]}"),'
        for counter in schema["counters"]
    ]
    lines += [
        "}",
        "",
        "# The stems of counters that come as mean, median and 99th percentile.",
        f"DISTRIBUTIONS = {_tuple(schema['distributions'])}",
        "",
        "# The values of the parameter that a property is measured at; its values, with units.",
        "PROPERTY_PARAMETERS: dict[str, tuple[int, ...]] = {",
    ]
    lines += [
        f'    "{kind["name"]}": {_tuple(kind["parameters"])},'
        for kind in schema["properties"]
        if "parameters" in kind
    ]
    lines += ["}", "PROPERTY_VALUES: dict[str, tuple[str, ...]] = {"]
    lines += [f'    "{kind["name"]}": {_tuple(kind["values"])},' for kind in schema["properties"]]
    lines += [
        "}",
        "",
        "# Types of fields are described in benchmarks/run/result_rows.h.",
        "Fields = dict[str, tuple[str, bool]]  # name: (type, whether it is required)",
        "",
        "# row kind: its fields",
        *_fields("ROWS", schema["rows"]),
        "# object inside a row: its fields",
        *_fields("OBJECTS", schema["objects"]),
        "",
        "# name of a key or label: its values",
        "VALUES: dict[str, tuple[str, ...]] = {",
    ]
    lines += [f'    "{name}": {_tuple(values)},' for name, values in schema["enums"].items()]
    lines += ["}", "LABELS: dict[str, tuple[str, ...]] = {"]
    lines += [f'    "{name}": {_tuple(values)},' for name, values in schema["labels"].items()]
    return "\n".join([*lines, "}", ""])


def _fields(name: str, kinds: list[Schema]) -> list[str]:
    lines = [f"{name}: dict[str, Fields] = {{"]
    for kind in kinds:
        lines.append(f'    "{kind["kind"]}": {{')
        for field in kind["fields"]:
            lines.append(f'        "{field["name"]}": ("{field["type"]}", {field["required"]}),')
        lines.append("    },")
    return [*lines, "}"]


def point_members(schema: Schema) -> list[str]:
    """The fields of PointKeys."""
    members = []
    for key in schema["keys"]:
        if "default_value" not in key or key["type"] == "table":
            continue
        kind, value = PYTHON_TYPES[key["type"]], key["default_value"]
        unit = f"  # {key['unit']}" if key["unit"] else ""
        if value is None:
            members.append(f"{key['name']}: {kind} | None = None{unit}")
        else:
            text = f'"{value}"' if kind == "str" else value
            members.append(f"{key['name']}: {kind} = {text}{unit}")
    return members


def _tuple(values: list[Any]) -> str:
    items = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


# -------------------------------------------------------------------------------------------- pages


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [_row(*header), _row(*["---"] * len(header)), *(_row(*cells) for cells in rows)]


def scenario_keys(schema: Schema) -> list[str]:
    """The keys of a scenario file, those of [[claim]] apart. A table leaves out the keys that an
    earlier one has."""
    rows: list[tuple[str, ...]] = []
    # The cells of a key in a table: the first table that has it.
    described: dict[tuple[str, ...], str] = {}
    for key in schema["keys"]:
        if key["table"] in CLAIM_TABLES:
            continue
        name = f"`  {key['name']}`" if key["table"] else f"`{key['name']}`"
        if key["type"] == "table":
            name = f"`[{key['name']}]`"
        elif key["type"] == "tables":
            name = f"`[[{key['name']}]]`"
        kind = "" if key["type"].startswith("table") else key["type"]
        cells = (
            name,
            kind + ("\\*" if key["swept"] else ""),
            key["unit"],
            _meaning(key),
            key["default"],
        )
        first = described.setdefault(cells, key["table"])
        if first == key["table"]:
            rows.append(cells)
        elif first:  # the row of this table, which is above its keys
            index = next(index for index, row in enumerate(rows) if row[0] == f"`[{key['table']}]`")
            note = f"; further keys as of `[{first}]`"
            if not rows[index][3].endswith(note):
                rows[index] = (*rows[index][:3], rows[index][3] + note, rows[index][4])
    return _table(("key", "type", "unit", "meaning", "default"), rows)


def _meaning(key: Schema) -> str:
    """The meaning of a key, with its values where it does not name them."""
    values = [f"`{value}`" for value in key.get("values", ())]
    named = all(value in key["meaning"] for value in values)
    return str(key["meaning"]) if named else f"{key['meaning']}: {', '.join(values)}"


def claim_keys(schema: Schema) -> list[str]:
    """The keys of [[claim]], and of the earlier forms inside it."""
    rows: list[tuple[str, ...]] = []
    for key in schema["keys"]:
        if key["table"] not in CLAIM_TABLES:
            continue
        name = f"`  {key['name']}`" if "." in key["table"] else f"`{key['name']}`"
        kind = key["type"]
        if kind == "tables":
            name, kind = f"`[[{key['path']}]]`", ""
        rows.append((name, kind, key["meaning"], key["default"]))
    return _table(("key", "type", "meaning", "default"), rows)


def counters(schema: Schema) -> list[str]:
    """All counters of a trial."""
    return _table(
        ("counter", "better", "meaning"),
        [
            (f"`{counter['name']}`", counter["better"], counter["meaning"])
            for counter in schema["counters"]
        ],
    )


def row_kinds(schema: Schema) -> list[str]:
    """The rows of trials.jsonl and of the files beside it."""
    lines = []
    for row in schema["rows"]:
        lines += [f"### `{row['kind']}`", "", f"{row['when'][0].upper()}{row['when'][1:]}.", ""]
        lines += _fields_table(row)
    return lines[:-1]


def objects(schema: Schema) -> list[str]:
    """The objects inside a `run` row. The keys of a point are on the page of the scenarios."""
    keys = {key["path"] for key in schema["keys"]}
    lines = []
    for kind in schema["objects"]:
        when = f"{kind['when'][0].upper()}{kind['when'][1:]}."
        lines += [f"### Object `{kind['kind']}`", "", when, ""]
        is_point = kind["kind"] == "point"
        fields = [each for each in kind["fields"] if not (is_point and each["name"] in keys)]
        lines += _fields_table({"fields": fields})
    return lines[:-1]


def _fields_table(kind: Schema) -> list[str]:
    rows = [
        (f"`{field['name']}`", f"`{field['type']}`", field["meaning"]) for field in kind["fields"]
    ]
    return [*_table(("field", "type", "meaning"), rows), ""]


def properties(schema: Schema) -> list[str]:
    """The properties of a queue."""
    rows = []
    for kind in schema["properties"]:
        params = "{}"
        if "parameter" in kind:
            params = f"{{`{kind['parameter']}`: {', '.join(map(str, kind['parameters']))}}}"
        rows.append(
            (
                f"`{kind['name']}` {params}",
                ", ".join(f"`{value}`" for value in kind["values"]),
                kind["meaning"],
            )
        )
    return _table(("`name`, `params`", "`values`", "meaning"), rows)


def labels(schema: Schema) -> list[str]:
    """The labels of a queue."""
    return _table(
        ("label", "values"),
        [
            (f"`{name}`", ", ".join(f"`{value}`" for value in values) or "free text")
            for name, values in schema["labels"].items()
        ],
    )


def statuses(schema: Schema) -> list[str]:
    """The exit statuses of queue_bench."""
    return _table(
        ("status", "name", "meaning"),
        [
            (str(entry["status"]), f"`{entry['name']}`", entry["meaning"])
            for entry in schema["exit_statuses"]
        ],
    )


PAGES = (ROOT / "scenarios" / "README.md", ROOT / "results" / "README.md")
TABLES: dict[str, Callable[[Schema], list[str]]] = {
    "keys": scenario_keys,
    "claim keys": claim_keys,
    "row kinds": row_kinds,
    "objects": objects,
    "counters": counters,
    "properties": properties,
    "labels": labels,
    "exit statuses": statuses,
}
