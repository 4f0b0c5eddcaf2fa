"""The command `test`: which builds it tests, and how it sums up what was skipped."""

import json
import re
import subprocess

import pytest

from bqb import ROOT
from bqb.running import testrun
from bqb.running.testrun import Skip


def test_skips_are_summed_up_by_reason():
    skips = [
        Skip("release", "spsc.Crowd", "spsc: takes one producer"),
        Skip("asan", "spsc.Crowd", "spsc: takes one producer"),
        Skip("release", "ring.Crowd", "ring: takes one producer"),
        Skip("release", "ring.History", "ring: takes one producer"),
        Skip("release", "spsc.Times", "spsc: has no timed calls: none at all"),
        Skip("pytest", "test_install", "no CMake"),
    ]
    assert testrun.skip_table(skips) == [
        "  tests  reason                           queues",
        "      1  has no timed calls: none at all  spsc",
        "      1  no CMake",
        "      3  takes one producer               ring, spsc",
    ]


CONTRACT, QUICK = ["--label-regex", "^contract"], ["--label-exclude", "_deep$"]


@pytest.mark.parametrize(
    "presets, deep, expected",
    [
        (
            [],
            False,
            [
                ("release", None, QUICK),
                ("asan", "contract", CONTRACT + QUICK),
                ("tsan", "contract", CONTRACT + QUICK),
            ],
        ),
        (
            [],
            True,
            [("release", None, []), ("asan", "contract", CONTRACT), ("tsan", "contract", CONTRACT)],
        ),
        (["asan"], False, [("asan", None, QUICK)]),
    ],
)
def test_everything_in_release_and_the_contract_under_sanitizers(
    monkeypatch, presets, deep, expected
):
    tested = []
    monkeypatch.setattr(
        testrun, "build", lambda preset, target, options: tested.append([preset, target])
    )
    monkeypatch.setattr(
        testrun, "run_ctest", lambda folder, suite, tally, which: tested[-1].append(which)
    )
    monkeypatch.setattr(testrun, "test_python", lambda tally, deep: setattr(tally, "passed", 1))
    assert testrun.run(presets, deep) == 0
    assert tested == [list(each) for each in expected]


@pytest.mark.parametrize(
    "preset, kinds", [("asan", ["HISTORY"]), ("tsan", ["HISTORY", "ONE_THREAD"])]
)
def test_the_cases_left_to_deep_are_those_that_the_suite_says(preset, kinds):
    folder = ROOT / "build" / preset
    if not (folder / "tests" / "contract" / "contract_test").exists():
        pytest.skip(f"no {preset} build")

    def filters(label):
        command = ["ctest", "--test-dir", folder, "--show-only=json-v1", "--label-regex", label]
        tests = json.loads(
            subprocess.run(command, capture_output=True, text=True, check=True).stdout
        )["tests"]
        return {
            word.removeprefix("--gtest_filter=")
            for test in tests
            for word in test["command"]
            if word.startswith("--gtest_filter=") and test["command"][0].endswith("/contract_test")
        }

    suite = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests" / "contract").glob("*_cases.cpp")
    )
    marked = {
        f"*.{name}"
        for kind in kinds
        for name in re.findall(rf"^BQ_{kind}_CASE\((\w+)", suite, re.MULTILINE)
    }
    (deep,), (rest,) = filters("^contract_deep$"), filters("^contract$")
    assert len(marked) >= 3 and set(deep.split(":")) == marked and rest == f"-{deep}"


def test_a_hang_under_a_sanitizer_is_one_failure_that_names_the_case(tmp_path):
    report = tmp_path / "ctest.xml"
    report.write_text(
        """<testsuite><testcase name="contract.3_of_32" time="50.1" status="fail">
        <failure message=""/>
        <system-out>[  FAILED  ] ring.PopWaitsWhileEmpty: hangs; no end after 50 s</system-out>
        </testcase></testsuite>""",
        encoding="utf-8",
    )
    tally = testrun.Tally()
    tally.add(report, "tsan")
    assert tally.failed == ["tsan: contract.3_of_32: ring.PopWaitsWhileEmpty (after 50 s)"]


def test_a_failure_in_a_process_of_its_own_is_named_once(tmp_path):
    report = tmp_path / "ctest.xml"
    report.write_text(
        """<testsuite><testcase name="ring.BoundIsExact" time="0.1" status="fail">
        <failure message=""/><system-out>[  FAILED  ] ring.BoundIsExact (3 ms)
[  FAILED  ] 1 test, listed below:
[  FAILED  ] ring.BoundIsExact
</system-out></testcase></testsuite>""",
        encoding="utf-8",
    )
    tally = testrun.Tally()
    tally.add(report, "release")
    assert tally.failed == ["release: ring.BoundIsExact"]


def test_each_stage_says_how_long_it_took(capsys):
    with testrun.timed("build release"):
        pass
    assert capsys.readouterr().out == "build release: took 0:00\n"
