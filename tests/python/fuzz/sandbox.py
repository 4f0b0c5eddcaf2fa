"""A copy of the scripts whose programs measure, build and install nothing, and the files that are mutated.

Commands find their tree from where their modules lie, so what they write stays in the copy. PATH holds
stubs only. The programs of build/release list as the real ones do and end with an error otherwise.
"""

from __future__ import annotations

import json
import lzma
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "release"
PROGRAMS = ("queue_bench", "explore", "gate_trial_0", "gate_counts")
COPIED = ("scripts", "scenarios", "docs", "queues", "README.md", "METHODOLOGY.md")
QUEUE_BENCH_IO_ERROR = 5

# Lists as the real program does; whatever would measure ends the command without blaming a queue.
QUEUE_BENCH = f"""#!/bin/sh
for word in "$@"; do
  case $word in --list | --schema | --queues | --counters | --help) exec {BUILD}/queue_bench "$@" ;; esac
done
echo "queue_bench: a stub, which measures nothing" >&2
exit {QUEUE_BENCH_IO_ERROR}
"""
EXPLORE = f"""#!/bin/sh
for word in "$@"; do
  case $word in --replay*) exec {BUILD}/explore "$@" ;; esac
done
exec {BUILD}/explore "$@" --list
"""
TOOLS = {  # name: what the stub does
    "cmake": 'case "$*" in */with*) echo "CMake Error: a stub, which builds nothing"; exit 1 ;; esac',
    "git": 'echo "fatal: not a git repository" >&2; exit 128',
    **dict.fromkeys(
        ("ninja", "ctest", "c++", "readelf", "valgrind", "strace", "sudo", "apt-get"), "exit 1"
    ),
}
GATES = ROOT / "results" / "published" / "gate" / "two_layouts" / "aa"
REAL_RUN = ROOT / "results" / "published" / "2026-11-25.amd-epyc-2-cores"
VALIDATION = (
    ROOT / "results" / "published" / "2026-11-27.amd-epyc-2-cores.validate" / "validation.json"
)
STORED_SCHEMA = 3  # of what `gate run --json` writes now; the published ones are older
REDUCED = {
    "scenarios": ("capacity_knee", "race"),
    "queues": ("reference", "tbb"),
    "points": 2,
    "rounds": 3,
}


@dataclass(frozen=True)
class Sandbox:
    folder: Path

    @property
    def root(self) -> Path:
        """The copy of the tree."""
        return self.folder / "tree"

    @property
    def corpus(self) -> Path:
        """The files that are mutated: sandbox.make says which."""
        return self.folder / "corpus"

    def program(self, name: str) -> Path:
        """A stub, or a program that starts no measurement by itself."""
        return self.root / "build" / "release" / name

    def environment(self) -> dict[str, str]:
        """Of the workers, for all that they start."""
        python_path = f"{self.root / 'scripts'}:{Path(__file__).resolve().parents[1]}"
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        return {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": python_path,
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "Agg",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "BQB_GATE_PROGRAMS": str(self.folder / "arms"),
            "BQB_GATE_BUILDS": str(self.folder / "arms" / "builds"),
            "BQB_QUEUE_BENCH": str(self.program("queue_bench")),
            **kept,
        }


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if not (BUILD / name).exists()]


def make(folder: Path) -> Sandbox:
    """Makes the copy and the corpus in `folder`:

    corpus/scenarios/*.toml   all scenarios, and the gate's policy in corpus/policy.toml
    corpus/runs/NAME          small runs: synthetic, half of it, and a part of a published one
    corpus/validation         a validation.json
    corpus/campaign, corpus/stored.json   of the gate
    corpus/schedule.json      of the explorer
    """
    box = Sandbox(folder)
    for name in (
        "home",
        "bin",
        "arms/head",
        "tree/build/release",
        "tree/results/published",
        "tree/plots",
    ):
        (folder / name).mkdir(parents=True)
    for name in COPIED:
        _copy(ROOT / name, box.root / name)
    for name, text in TOOLS.items():
        _write_program(folder / "bin" / name, f"#!/bin/sh\n{text}\n")
    _write_program(box.program("queue_bench"), QUEUE_BENCH)
    _write_program(box.program("explore"), EXPLORE)
    _make_corpus(box)
    return box


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _make_corpus(box: Sandbox) -> None:
    scenarios = box.corpus / "scenarios"
    scenarios.mkdir(parents=True)
    for path in sorted((ROOT / "scenarios").rglob("*.toml")):
        shutil.copy(path, scenarios / path.name)
    shutil.copy(ROOT / "scripts" / "gate.toml", box.corpus / "policy.toml")
    _make_runs(box.corpus / "runs")
    (box.corpus / "validation").mkdir()
    document = json.loads(VALIDATION.read_text(encoding="utf-8"))
    document["comparisons"] = document["comparisons"][::8]
    (box.corpus / "validation" / "validation.json").write_text(
        json.dumps(document, indent=1), encoding="utf-8"
    )
    _make_gates(box)
    (box.corpus / "schedule.json").write_text(SCHEDULE, encoding="utf-8")


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
            "calls": "blocking",
            "weak": False,
            "failure": "deadlock",
            "choices": [0, 0, 0, 1, 0, 0, 1, 0],
        }
    )
    + "\n"
)


# --------------------------------------------------------------------------------------------------------- runs


def _make_runs(folder: Path) -> None:
    import synthetic

    arguments = {"scenario": [], "queue": None, "rounds": None, "budget_s": None}
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
            if row.get("kind") == "run":
                points = _reduce_header(row)
            if _is_kept(row, points):
                kept.append(json.dumps(row) + "\n")
        (target / name).write_text("".join(kept), encoding="utf-8")


def _reduce_header(row: dict) -> set[str]:
    """Returns the names of the points that are left."""
    points: set[str] = set()
    queues = REDUCED["queues"]
    row["scenarios"] = {name: row["scenarios"][name] for name in REDUCED["scenarios"]}
    row["queues"] = {name: row["queues"][name] for name in queues}
    row["context"]["default_rounds"] = REDUCED["rounds"]
    for scenario in row["scenarios"].values():
        scenario["points"] = scenario["points"][: REDUCED["points"]]
        scenario["queues"] = list(queues)
        left = {point["name"] for point in scenario["points"]}
        scenario["claims"] = [
            claim
            for claim in scenario.get("claims", [])
            if left.issuperset([*claim["points"], *claim.get("than_points", [])])
            and {*claim.get("queues", []), claim.get("than", queues[0])} <= set(queues)
        ]
        points |= left
    return points


def _is_kept(row: dict, points: set[str]) -> bool:
    scenario, queue, *rest = row.get("cell", "/").split("/")
    point = row.get("point", "/".join([scenario, *rest]))
    return (
        row.get("round", 0) <= REDUCED["rounds"]
        and row.get("queue", queue) in ("", *REDUCED["queues"])
        and point in ("", *points)
    )


def _make_gates(box: Sandbox) -> None:
    """A campaign of two gates; the first of them as a stored baseline; and the program of the head that lists."""
    campaign = box.corpus / "campaign"
    campaign.mkdir()
    shutil.copy(GATES / "campaign.json", campaign)
    for number in (1, 2):
        shutil.copy(GATES / f"gate-{number:04}.json.xz", campaign)
    stored = json.loads(lzma.decompress((GATES / "gate-0001.json.xz").read_bytes()))
    stored["schema"] = STORED_SCHEMA
    (box.corpus / "stored.json").write_text(json.dumps(stored, indent=1), encoding="utf-8")
    cells = [{"queue": cell["queue"], "point": cell["point"]} for cell in stored["cells"]]
    listed = json.dumps({"cells": cells, "context": stored["context"]}).replace("'", "")
    _write_program(box.folder / "arms" / "head" / "gate_trial_0", f"#!/bin/sh\necho '{listed}'\n")


if __name__ == "__main__":
    print(make(Path(sys.argv[1])).root)
