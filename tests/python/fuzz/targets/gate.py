"""What the gate reads: a stored baseline, a policy, the folder of a campaign."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path
from random import Random

from fuzz import json_values, mutate, special
from fuzz.case import Case
from fuzz.sandbox import Sandbox
from fuzz.targets.scenario import insert_line, nest, replace_key, replace_value

JSON: tuple[mutate.Mutation, ...] = (
    *mutate.BYTES,
    mutate.become_short,
    *[json_values.change_document] * 10,
)
TOML: tuple[mutate.Mutation, ...] = (
    *mutate.BYTES,
    *mutate.LINES,
    mutate.replace_number,
    mutate.become_short,
    nest,
    insert_line,
    *[replace_value] * 8,
    replace_key,
    replace_key,
)


def make(rng: Random, work: Path, box: Sandbox) -> Case:
    choice = rng.random()
    if choice < 0.5:
        return _compare(rng, work, box)
    return _policy(rng, work, box) if choice < 0.85 else _campaign(rng, work, box)


def _compare(rng: Random, work: Path, box: Sandbox) -> Case:
    """The head's stub lists what it would measure, on the machine of the stored gate."""
    file = work / "stored.json"
    file.write_bytes(mutate.apply(rng, JSON, (box.corpus / "stored.json").read_bytes()))
    if rng.random() < 0.05:
        special.make_one(rng, file)
    return Case("gate", ["compare", "stored.json", "--head", str(box.root)])


def _policy(rng: Random, work: Path, box: Sandbox) -> Case:
    file = work / "policy.toml"
    file.write_bytes(mutate.apply(rng, TOML, (box.corpus / "policy.toml").read_bytes()))
    if rng.random() < 0.05:
        special.make_one(rng, file)
    return Case(
        "gate",
        [
            "compare",
            str(box.corpus / "stored.json"),
            "--head",
            str(box.root),
            "--policy",
            "policy.toml",
        ],
    )


def _campaign(rng: Random, work: Path, box: Sandbox) -> Case:
    """Nothing is left to run: it reports the gates that are there."""
    folder = work / "campaign"
    shutil.copytree(box.corpus / "campaign", folder)
    file = rng.choice(sorted(folder.iterdir()))
    data = file.read_bytes()
    if file.suffix == ".xz":
        inside = (
            mutate.apply(rng, JSON, lzma.decompress(data))
            if rng.random() < 0.8
            else lzma.decompress(data)
        )
        data = lzma.compress(inside, preset=0)
        file.write_bytes(data if rng.random() < 0.8 else mutate.apply(rng, mutate.BYTES, data))
    else:
        file.write_bytes(mutate.apply(rng, JSON, data))
    if rng.random() < 0.1:
        special.make_one(rng, file)
    return Case("gate", ["aa", "--folder", "campaign", "--runs", "0"])
