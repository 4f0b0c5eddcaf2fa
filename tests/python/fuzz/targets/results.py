"""Folders of results: a run's, for plot, bench, publish and queue_bench; or a validation's."""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path
from random import Random

from fuzz import json_values, mutate, special
from fuzz.case import Case
from fuzz.sandbox import BUILD, Sandbox

FILES = ("trials.jsonl",) * 6 + ("histograms.jsonl",) * 2 + ("timelines.jsonl",)
KINDS = ("run", "plan", "skip", "property", "limits", "start", "trial", "block")
ROWS = (
    "[]",
    "5",
    "null",
    '""',
    "{}",
    '{"kind":[]}',
    '{"kind":null}',
    '{"kind":"news"}',
    '{"kind":"property"}',
    '{"kind":"trial","status":"ok"}',
    '{"kind":"trial"',
    '{"kind":"run","schema":2}',
    "[" * 100_000,
    '{"a":' * 100_000,
    *(f'{{"kind":"{kind}"}}' for kind in KINDS),
    *(f'{{"kind":"{kind}","round":"x","cell":[],"point":{{}},"queue":7}}' for kind in KINDS),
)


def make_run(rng: Random, work: Path, box: Sandbox) -> Case:
    run = work / "run"
    shutil.copytree(rng.choice(sorted((box.corpus / "runs").iterdir())), run)
    _damage(rng, run)
    choice = rng.random()
    if choice < 0.4:
        return Case("plot", ["run"])
    if choice < 0.7:
        return Case("bench", ["--resume", "run"])
    if choice < 0.85:
        return Case("publish", ["run"])
    return Case(
        "queue_bench", ["--list", "--out", "run", "--scenario", "race"], BUILD / "queue_bench"
    )


def _damage(rng: Random, run: Path) -> None:
    file = run / rng.choice(FILES)
    choice = rng.random()
    if choice < 0.15:
        _rename(rng, run)
    elif choice < 0.2:
        special.make_one(rng, file)
    elif choice < 0.3:
        _compress(rng, run)
    else:
        odd = (
            *mutate.BYTES,
            *mutate.LINES,
            insert_row,
            rename_kind,
            *[json_values.change_line] * 12,
        )
        file.write_bytes(mutate.apply(rng, odd, file.read_bytes()))


def insert_row(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(ROWS).encode() + b"\n")
    return b"".join(lines)


def rename_kind(rng: Random, data: bytes) -> bytes:
    """Some rows become rows of another kind."""
    old, new = (b'"kind": "%s"' % rng.choice(KINDS).encode() for _ in range(2))
    return data.replace(old, new, rng.choice((1, 3, -1)))


def _rename(rng: Random, run: Path) -> None:
    """A queue, a scenario or a point gets a bad name, in all files alike."""
    header = json.loads((run / "trials.jsonl").read_text(encoding="utf-8").partition("\n")[0])
    points = [
        point["name"] for scenario in header["scenarios"].values() for point in scenario["points"]
    ]
    old = rng.choice(
        (
            rng.choice(list(header["queues"])),
            rng.choice(list(header["scenarios"])),
            rng.choice(points),
        )
    )
    name = json.dumps(mutate.text(rng))[1:-1]
    for path in sorted(run.iterdir()):
        path.write_text(path.read_text(encoding="utf-8").replace(old, name), encoding="utf-8")


def _compress(rng: Random, run: Path) -> None:
    """As a published run has them; one is damaged, before or after."""
    for path in sorted(run.iterdir()):
        data = path.read_bytes()
        damaged = path.name == rng.choice(FILES)
        if damaged and rng.random() < 0.3:
            data = json_values.change_line(rng, data)
        packed = lzma.compress(data, preset=0)
        if damaged and rng.random() < 0.8:
            packed = mutate.apply(rng, (*mutate.BYTES, mutate.become_short), packed)
        path.with_name(f"{path.name}.xz").write_bytes(packed)
        if rng.random() < 0.9:
            path.unlink()


def make_validation(rng: Random, work: Path, box: Sandbox) -> Case:
    folder = work / "validation"
    shutil.copytree(box.corpus / "validation", folder)
    file = folder / "validation.json"
    file.write_bytes(
        mutate.apply(
            rng,
            (*mutate.BYTES, mutate.replace_number, *[json_values.change_document] * 8),
            file.read_bytes(),
        )
    )
    if rng.random() < 0.05:
        special.make_one(rng, file)
    return Case("plot", ["validation"])
