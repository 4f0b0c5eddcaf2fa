"""All generated files: what each page must hold, by the published data and the vocabulary.

    for path, text in generated_files(schema).items(): ...
"""

from __future__ import annotations

from pathlib import Path

from bqb import ROOT
from bqb.pages import (
    advice,
    against_theory,
    capacity_rules,
    decisions,
    error_rates,
    gates,
    libraries,
    machine,
    peers,
    repeated,
    scored_claims,
    variances,
    vocabulary,
    work_kinds,
)
from bqb.pages.marks import WRITTEN, check_names, filled
from bqb.pages.vocabulary import Schema

# Their functions are registered as they are loaded.
SUBJECTS = (
    advice,
    against_theory,
    capacity_rules,
    decisions,
    error_rates,
    gates,
    libraries,
    machine,
    peers,
    repeated,
    scored_claims,
    variances,
    work_kinds,
)


def pages() -> dict[Path, str]:
    """The pages that may have generated parts, as they are."""
    paths = [
        ROOT / "README.md",
        ROOT / "METHODOLOGY.md",
        ROOT / "results" / "README.md",
        ROOT / "scenarios" / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
    return {path: path.read_text(encoding="utf-8") for path in paths}


def published_pages(texts: dict[Path, str]) -> dict[Path, str]:
    """The pages with what follows from the published data. Raises PageError where pages and
    functions do not fit."""
    check_names(texts, {**WRITTEN, **vocabulary.TABLES})
    return {page: filled(page, text, WRITTEN) for page, text in texts.items()}


def generated_files(schema: Schema) -> dict[Path, str]:
    """All of them, with what follows from the vocabulary."""
    files = vocabulary.generated_files(schema)
    return {**files, **published_pages({**pages(), **_texts(files)})}


def _texts(files: dict[Path, str]) -> dict[Path, str]:
    return {path: text for path, text in files.items() if path.suffix == ".md"}
