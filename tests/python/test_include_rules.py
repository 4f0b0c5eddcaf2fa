"""Which folders may include headers of which others."""

import re

import pytest
from bqb import ROOT

MAY_INCLUDE = {
    "queues": ("queues",),
    "checking": ("checking", "queues"),
    "explorer": ("explorer", "checking", "queues", "benchmarks/util"),
    "benchmarks": ("benchmarks", "queues"),
}

# The folders of benchmarks/, in the order of a trial's stages: each includes only those above it.
STAGES = (
    "util",
    "platform",
    "scenario",
    "trial",
    "registry",
    "analysis",
    "run",
    "gate",
    "overhead",
)


def includes(folder: str) -> list[tuple[str, str]]:
    """(file, included header) of each #include "..." below a folder."""
    files = [
        path for suffix in ("h", "cpp") for path in sorted((ROOT / folder).rglob(f"*.{suffix}"))
    ]
    return [
        (str(path.relative_to(ROOT)), header)
        for path in files
        for header in re.findall(r'(?m)^#include "([^"]+)"', path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_a_folder_includes_only_those_below_it(folder):
    seen = includes(folder)
    assert seen
    allowed = tuple(f"{below}/" for below in MAY_INCLUDE[folder])
    assert [line for line in seen if not line[1].startswith(allowed)] == []


@pytest.mark.parametrize("folder", ["benchmarks", "checking", "explorer"])
def test_the_parts_of_the_queues_are_included_by_queues_only(folder):
    """The gate compiles the queues of any commit under this harness, and queues/detail changes
    without notice."""
    assert [line for line in includes(folder) if line[1].startswith("queues/detail/")] == []


def upward(includes_of_files: list[tuple[str, str]]) -> list[str]:
    """Includes of benchmarks/ against the order of STAGES: "file -> header"."""
    wrong = []
    for file, header in includes_of_files:
        source, target = file.split("/")[1:-1], header.split("/")[1:-1]
        if header.split("/")[0] != "benchmarks" or not source or not target:
            continue  # main.cpp sees all; build_info.h belongs to none
        if STAGES.index(target[0]) > STAGES.index(source[0]):
            wrong.append(f"{file} -> {header}")
    return wrong


def test_a_stage_includes_only_earlier_ones():
    assert upward(includes("benchmarks")) == []


@pytest.mark.parametrize(
    "file, header, allowed",
    [
        ("benchmarks/util/json.h", "benchmarks/scenario/point.h", False),
        ("benchmarks/trial/watchdog.h", "benchmarks/analysis/result.h", False),
        ("benchmarks/analysis/loss.h", "benchmarks/trial/trial.h", True),
        ("benchmarks/analysis/loss.h", "benchmarks/analysis/window.h", True),
        ("benchmarks/main.cpp", "benchmarks/run/session.h", True),
    ],
)
def test_a_forbidden_include_is_seen(file, header, allowed):
    assert (upward([(file, header)]) == []) == allowed


def test_every_file_of_benchmarks_belongs_to_a_stage():
    folders = {
        path.parent.name
        for path in (ROOT / "benchmarks").glob("*/*.*")
        if path.suffix in (".h", ".cpp")
    }
    assert folders == set(STAGES)
