"""`--point`: a run of single points knows no others, and measures them as a run of all would."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_queue_bench import CLAIM, FAULTY, RACE, REAL, TRACED, measure, rows, run, scenario

pytestmark = pytest.mark.skipif(not FAULTY.exists(), reason="no release build")

SWEEP = TRACED.replace("capacity = 16", "capacity = [4, 16]")


def test_a_single_point_is_all_that_a_run_knows(tmp_path: Path) -> None:
    claims = CLAIM + CLAIM + "where = { capacity = 16 }\n"
    selection = ("--scenario", scenario(tmp_path, SWEEP + claims), "--queue", "^two_condvar$")
    alone = (*selection, "--point", "asked/capacity:16")
    listed = run(REAL, *alone, "--list").stdout
    assert "    asked/capacity:16\n" in listed and "capacity:4" not in listed
    out = tmp_path / "out"
    assert measure(REAL, out, *alone).returncode == 0
    assert measure(REAL, out, *alone, round=2).returncode == 0, "goes on"
    asked = rows(out, "run")[0]["scenarios"]["asked"]
    assert [point["name"] for point in asked["points"]] == ["asked/capacity:16"]
    assert [claim["points"] for claim in asked["claims"]] == [["asked/capacity:16"]]
    for kind in ("plan", "trial", "block"):
        assert {row["point"] for row in rows(out, kind)} == {"asked/capacity:16"}
    others = run(REAL, *selection, "--out", out, "--round", 3)
    assert others.returncode == 2 and "was made with other scenarios" in others.stderr


def test_the_trials_of_a_block_are_the_same_without_the_other_points(tmp_path: Path) -> None:
    selection = ("--scenario", scenario(tmp_path, SWEEP), "--queue", "^(two_condvar|tbb)$")

    def block(number: int, *points: str) -> list[str]:
        """Names of the trials at capacity 16, in order, those that are untimed, too."""
        words = (*selection, *points, "--round", number, "--benchmark_list_tests")
        names = run(REAL, *words).stdout.splitlines()
        assert len(names) >= 2
        return [name for name in names if "/capacity:16/" in name]

    rounds = range(1, 13)
    whole = [block(number) for number in rounds]
    assert [block(number, "--point", "asked/capacity:16") for number in rounds] == whole
    assert len({tuple(names) for names in whole}) > 2, "the order is another in other rounds"
    untimed = [name.split("/")[1] for names in whole for name in names if "/level:counted" in name]
    each_in_one_of_three = 4 * ["tbb"] + 4 * ["two_condvar"]
    assert sorted(untimed) == each_in_one_of_three, "the work is shorter than 5 us"


def test_points_name_their_scenarios(tmp_path: Path) -> None:
    (tmp_path / "curated").mkdir()
    (tmp_path / "more").mkdir()
    scenario(tmp_path / "curated", SWEEP, "one")
    scenario(tmp_path / "more", RACE, "two")
    scenario(tmp_path / "more", RACE, "three")
    words = ("--scenarios-dir", tmp_path, "--point", "two", "--point", "one/capacity:4", "--list")
    listed = run(REAL, *words).stdout.splitlines()
    assert [line.strip() for line in listed if line.startswith("    ")] == ["two", "one/capacity:4"]


def test_a_listed_queue_may_fit_only_points_that_are_left_out(tmp_path: Path) -> None:
    text = RACE + 'producers = [1, 2]\nqueues = ["two_condvar", "spsc_spin_yield_park"]\n'
    words = ("--scenario", scenario(tmp_path, text), "--point", "asked/producers:2")
    assert run(REAL, *words, "--list").returncode == 0
    alone = run(REAL, *words, "--queue", "^spsc_spin_yield_park$", "--list")
    assert alone.returncode == 2 and "no queue fits --scenario, --point and --queue" in alone.stderr
