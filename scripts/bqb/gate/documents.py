"""The files that gates leave: what `gate run --json` wrote, and what a campaign keeps."""

from __future__ import annotations

from pathlib import Path

from bqb.data.fields import OTHERS
from bqb.data.rows import Row, read_document
from bqb.schema import Fields

# Types as in data/fields.py.
GATE: Fields = {
    "schema": ("count", True),
    "verdict": ("text", True),
    "exit_status": ("count", True),
    "seed": ("count", True),
    "policy": ("any", True),
    "base": ("arm?", True),
    "head": ("arm?", True),
    "context": ("{any}", True),
    "harness_id": ("text", True),
    "wall_s": ("number", True),
    "looks_made": ("count", True),
    "plans": ("{plan}", True),
    "cells": ("[cell]", True),
    "calibration": ("[pair]", True),
    "counts": ("[counted]", True),
    "remarks": ("[text]", True),
}
OBJECTS: dict[str, Fields] = {
    "arm": {
        "source": ("text", True),
        "commit": ("text?", True),
        "dirty": ("flag", True),
        "sources_id": ("text", True),
    },
    "plan": {
        "messages": ("count", True),
        "warmup": ("count", True),
        "ns_per_step": ("number", True),
    },
    "cell": {
        "cell": ("name", True),
        "queue": ("name", True),
        "point": ("name", True),
        "state": ("name", True),
        "noise": ("number?", True),
        "advisory": ("text?", True),
        "pairs": ("[pair]", True),
    },
    "counted": {
        "queue": ("name", True),
        "what": ("name", True),
        "head": ("number", True),
        "base": ("number", False),
        "limit_pct": ("number", False),
        "regression": ("flag", False),
    },
    "pair": {
        "cell": ("name", True),
        "number": ("count", True),
        "base_ns": ("[number]", True),
        "head_ns": ("[number]", True),
        "base_layout": ("count", True),
        "head_layout": ("count", True),
        "head_first": ("flag", True),
        "voids": ("count", True),
    },
}
SETTINGS: Fields = {
    "kind": ("{any}", True),
    "policy": ("{any}", True),
    "dose_ns": ("number", False),
    "real_change": ("number", False),
    "real_low": ("number", False),
    "real_high": ("number", False),
    "dose_pairs": ("count", False),
}


# What a campaign needs of its gates, which earlier versions may have made.
OTHER_FIELDS = {OTHERS: ("any", False)}
RECORDED: Fields = {
    "exit_status": ("count", True),
    "wall_s": ("number", True),
    "looks_made": ("count", True),
    "cells": ("[cell]", True),
    **OTHER_FIELDS,
}
RECORDED_OBJECTS: dict[str, Fields] = {
    "cell": OBJECTS["cell"] | OTHER_FIELDS,
    "pair": {name: OBJECTS["pair"][name] for name in ("number", "base_ns", "head_ns")}
    | OTHER_FIELDS,
}
SCHEMA = 3  # of a gate; raise it with every change of the types


def read_gate(path: Path) -> Row:
    """A gate with all its raw pairs. Raises ResultError and OSError."""
    return read_document(path, GATE, "make a new one with `gate run --json`", OBJECTS, SCHEMA)


def read_recorded(path: Path) -> Row:
    """A gate of a campaign. Raises ResultError and OSError."""
    return read_document(path, RECORDED, "remove it, and it is run again", RECORDED_OBJECTS)


def read_settings(path: Path) -> Row:
    """The campaign.json of a campaign's folder. Raises ResultError and OSError."""
    return read_document(path, SETTINGS, "name another folder")
