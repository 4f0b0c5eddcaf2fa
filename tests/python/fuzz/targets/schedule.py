"""Schedules, as `explore --replay` reads them."""

from __future__ import annotations

from pathlib import Path
from random import Random

from fuzz import json_values, mutate, special
from fuzz.case import Case
from fuzz.sandbox import BUILD, Sandbox


def make(rng: Random, work: Path, box: Sandbox) -> Case:
    mutations = (
        *mutate.BYTES,
        mutate.become_short,
        mutate.replace_number,
        *[json_values.change_document] * 8,
    )
    file = work / "schedule.json"
    file.write_bytes(mutate.apply(rng, mutations, (box.corpus / "schedule.json").read_bytes()))
    if rng.random() < 0.04:
        special.make_one(rng, file)
    return Case("explore", ["--replay", "schedule.json"], BUILD / "explore")
