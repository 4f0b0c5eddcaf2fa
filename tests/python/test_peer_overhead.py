"""The file that peer_overhead writes: every figure of every round, and what each arm adds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "benchmarks" / "overhead" / "peer_overhead"

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="needs a release build and the libraries"
)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)


def test_each_arm_adds_one_thing_and_has_a_figure_for_each_round(tmp_path: Path) -> None:
    file = tmp_path / "peers.json"
    peers = ("moodycamel_spsc", "tbb")
    done = run("--rounds", 2, "--peers", ",".join(peers), "--work-ns", "0,1000", "--json", file)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["peers.json"], "a temporary file is left"
    results = json.loads(file.read_text())
    assert results["rounds"] == 2
    assert {"cpu_model", "cores", "compiler", "libraries", "commit"} <= set(results["context"])
    cells = results["cells"]
    assert [(cell["peer"], cell["work_ns"]) for cell in cells] == [
        (peer, work) for peer in peers for work in (0, 1000)
    ]
    for cell in cells:
        below = {arm["arm"]: arm["differs_from"] for arm in cell["arms"]}
        assert {"by hand", "again", "house waiting", "closable", "adapter", "harness"} < set(below)
        for name, arm in below.items():
            assert arm is None or arm in below, f"{name} differs from {arm}, which is no arm"
        assert {name for name, arm in below.items() if arm is None} == {
            *("by hand", "house mpmc ring", "house spsc ring")
        }
        assert all(
            len(arm["ns_per_msg"]) == 2 and min(arm["ns_per_msg"]) > 0 for arm in cell["arms"]
        )
        drawn = cell["work_ns"] / cell["step_ns"]
        assert abs(cell["steps"] - drawn) <= 0.5, "of work a message"
    assert "adapter, house waiting" in {arm["arm"] for arm in cells[-1]["arms"]}
    assert done.stdout.count("by hand") >= len(cells)


@pytest.mark.parametrize(
    "words, status, said",
    [
        (("--peers", "tbb,none"), 2, "there is no library 'none' here, but boost_lockfree"),
        (("--rounds", 0), 2, "--rounds"),
        (("--work-ns", "x"), 2, "--work-ns"),
        (("1", "--json", "/nonexistent/peers.json"), 5, "peers.json: cannot be written"),
    ],
)
def test_an_error_is_one_line(words: tuple[object, ...], status: int, said: str) -> None:
    done = run(*words)
    assert done.returncode == status and said in done.stderr and done.stderr.count("\n") == 1
    assert not done.stdout
