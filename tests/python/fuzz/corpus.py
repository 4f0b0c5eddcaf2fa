"""The files that are mutated, which `make` writes:

scenarios/*.toml   all scenarios
policy.toml        of the gate, as scripts/gate.toml is
runs/NAME          small runs: synthetic, half of it, and a part of a published one
validation         a validation.json
campaign           of two gates
stored.json        one of these gates; listing.json: what its head would list
schedule.json      of the explorer
"""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
GATES = ROOT / "results" / "published" / "gate" / "two_layouts" / "aa"
REAL_RUN = ROOT / "results" / "published" / "2026-11-29.amd-epyc-2-cores"
VALIDATION = (
    ROOT / "results" / "published" / "2026-11-27.amd-epyc-2-cores.validate" / "validation.json"
)
STORED = GATES.parents[1] / "aa" / "gate-0003.json.xz"  # of the schema that `gate` writes now
# What is left of the published run.
SCENARIOS, QUEUES, POINTS, ROUNDS = ("capacity_knee", "race"), ("reference", "tbb"), 2, 3


def make(folder: Path) -> None:
    scenarios = folder / "scenarios"
    scenarios.mkdir(parents=True)
    for path in sorted((ROOT / "scenarios").rglob("*.toml")):
        shutil.copy(path, scenarios / path.name)
    shutil.copy(ROOT / "scripts" / "gate.toml", folder / "policy.toml")
    _make_runs(folder / "runs")
    (folder / "validation").mkdir()
    document = json.loads(VALIDATION.read_text(encoding="utf-8"))
    document["comparisons"] = document["comparisons"][::8]
    (folder / "validation" / "validation.json").write_text(
        json.dumps(document, indent=1), encoding="utf-8"
    )
    _make_gates(folder)
    (folder / "schedule.json").write_text(SCHEDULE, encoding="utf-8")


# As `explore --queue '^reference_as_posted$' --capacity 2 --messages 3` saves it.
SCHEDULE = (
    json.dumps(
        {
            "queue": "reference_as_posted",
            "producers": 1,
            "consumers": 1,
            "capacity": 2,
            "messages": 3,
            "ending": "none",
            "pushes": "push",
            "pops": "pop",
            "full": False,
            "weak": False,
            "failure": "deadlock",
            "choices": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        }
    )
    + "\n"
)


# -------------------------------------------------------------------------------- runs


def _make_runs(folder: Path) -> None:
    import synthetic

    arguments: dict[str, object] = {"scenario": [], "queue": None, "rounds": None, "budget_s": None}
    whole = synthetic.make(
        folder / "synthetic", scenarios=["memory"], queues=["reference", "semaphore"], rounds=3
    )
    header, *rest = (whole / "trials.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    row = json.loads(header)
    row["context"] |= {"arguments": arguments, "default_rounds": 3}
    lines = [json.dumps(row) + "\n", *rest]
    (whole / "trials.jsonl").write_text("".join(lines), encoding="utf-8")
    shutil.copytree(whole, folder / "half")
    (folder / "half" / "trials.jsonl").write_text(
        "".join(lines[: len(lines) * 2 // 3]), encoding="utf-8"
    )
    _reduce(REAL_RUN, folder / "real")


def _reduce(source: Path, target: Path) -> None:
    """Two points each of two scenarios, two queues and three rounds of a published run."""
    target.mkdir()
    points: set[str] = set()
    for name in ("trials.jsonl", "histograms.jsonl", "timelines.jsonl"):
        kept = []
        for line in lzma.decompress((source / f"{name}.xz").read_bytes()).decode().splitlines():
            row = json.loads(line)
            if name == "trials.jsonl" and row["kind"] == "run":
                points = _reduce_header(row)
            if _is_kept(row, points):
                kept.append(json.dumps(row) + "\n")
        (target / name).write_text("".join(kept), encoding="utf-8")


def _reduce_header(row: dict[str, Any]) -> set[str]:
    """Returns the names of the points that are left."""
    points: set[str] = set()
    row["scenarios"] = {name: row["scenarios"][name] for name in SCENARIOS}
    row["queues"] = {name: row["queues"][name] for name in QUEUES}
    row["context"]["default_rounds"] = ROUNDS
    for scenario in row["scenarios"].values():
        scenario["points"] = scenario["points"][:POINTS]
        scenario["queues"] = list(QUEUES)
        left = {point["name"] for point in scenario["points"]}
        scenario["claims"] = [
            claim
            for claim in scenario.get("claims", [])
            if left.issuperset([*claim["points"], *claim.get("than_points", [])])
            and {*claim.get("queues", []), claim.get("than", QUEUES[0])} <= set(QUEUES)
        ]
        points |= left
    return points


def _is_kept(row: dict[str, Any], points: set[str]) -> bool:
    scenario, queue, *rest = row.get("cell", "/").split("/")
    point = row.get("point", "/".join([scenario, *rest]))
    return bool(
        row.get("round", 0) <= ROUNDS
        and row.get("queue", queue) in ("", *QUEUES)
        and point in ("", *points)
    )


def _make_gates(folder: Path) -> None:
    """The listing names the machine of the stored gate, else that alone would be refused."""
    campaign = folder / "campaign"
    campaign.mkdir()
    shutil.copy(GATES / "campaign.json", campaign)
    for number in (1, 2):
        shutil.copy(GATES / f"gate-{number:04}.json.xz", campaign)
    stored = json.loads(lzma.decompress(STORED.read_bytes()))
    (folder / "stored.json").write_text(json.dumps(stored, indent=1), encoding="utf-8")
    cells = [{"queue": cell["queue"], "point": cell["point"]} for cell in stored["cells"]]
    listing = json.dumps({"cells": cells, "context": stored["context"]})
    (folder / "listing.json").write_text(listing + "\n", encoding="utf-8")
