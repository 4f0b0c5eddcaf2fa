"""Keeps a run in the repository: compressed under results/published, and the figures that README.md and docs/ show, in
plots/."""

from __future__ import annotations

import json
import lzma
import re
import tempfile
from pathlib import Path

from bqb import ROOT, figures, results

PUBLISHED = ROOT / "results" / "published"
FIGURES = ROOT / "plots"
# What the figures use: the others would double the size.
KEPT_HISTOGRAMS = ("sojourn_ns", "ideal_sojourn_ns", "floor_sojourn_ns")


def publish(folder: Path) -> tuple[Path, list[Path]]:
    """Returns the folder the run is kept in, and the figures drawn from it."""
    run = results.load(folder)
    kept = PUBLISHED / ".".join([run.context["date"][:10], _machine(run), *_selection(run)])
    kept.mkdir(parents=True, exist_ok=True)
    for name in ("trials.jsonl", "histograms.jsonl", "timelines.jsonl"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        if name == "histograms.jsonl":
            lines = [line for line in lines if json.loads(line)["name"] in KEPT_HISTOGRAMS]
        results.write_atomically(kept / f"{name}.xz", lzma.compress("".join(lines).encode(), preset=9))
    return kept, _draw(results.load(kept))


def _machine(run: results.Run) -> str:
    """`AMD EPYC`, 2 cores -> `amd-epyc-2-cores`."""
    return re.sub(r"[^a-z0-9]+", "-", f"{run.context['cpu_model']} {run.context['cores']} cores".lower()).strip("-")


def _selection(run: results.Run) -> list[str]:
    """The scenarios that were asked for; empty for the curated ones."""
    return [Path(asked).stem for asked in run.context["arguments"]["scenario"]]


def shown() -> set[str]:
    """Names of the figures that README.md and the pages of docs/ show."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {name for page in pages for name in re.findall(r"plots/([\w.]+)", page.read_text(encoding="utf-8"))}


def _draw(run: results.Run) -> list[Path]:
    """The figures that the pages show, and no others; those of no one scenario are of the curated ones."""
    wanted = shown() - ({"overview.png", "properties.png", "summary.png"} if _selection(run) else set())
    FIGURES.mkdir(exist_ok=True)
    drawn = []
    with tempfile.TemporaryDirectory() as scratch:
        for path in figures.draw(run, scratch):
            if path.name in wanted:
                results.write_atomically(FIGURES / path.name, path.read_bytes())
                drawn.append(FIGURES / path.name)
    return drawn
