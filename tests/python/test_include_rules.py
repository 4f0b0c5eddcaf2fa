"""Which folders may include headers of which others."""

import re

import pytest
from bqb import ROOT

MAY_INCLUDE = {
    "queues": {"queues"},
    "checking": {"checking", "queues"},
    "explorer": {"explorer", "checking", "queues"},
    "benchmarks": {"benchmarks", "queues"},
}


def includes(folder: str) -> list[tuple[str, str]]:
    """(file, included header) of each #include "..." below a folder."""
    files = [path for suffix in ("h", "cpp") for path in sorted((ROOT / folder).rglob(f"*.{suffix}"))]
    return [(str(path.relative_to(ROOT)), header) for path in files
            for header in re.findall(r'(?m)^#include "([^"]+)"', path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_a_folder_includes_only_those_below_it(folder):
    seen = includes(folder)
    assert seen
    assert [line for line in seen if line[1].split("/")[0] not in MAY_INCLUDE[folder]] == []


@pytest.mark.parametrize("folder", ["benchmarks", "checking", "explorer"])
def test_the_parts_of_the_queues_are_included_by_queues_only(folder):
    """The gate compiles the queues of any commit under this harness, and queues/detail changes without notice."""
    assert [line for line in includes(folder) if line[1].startswith("queues/detail/")] == []
