"""The command `test`: which builds it tests, and how it sums up what was skipped."""

import json
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest

from bqb import ROOT
from bqb.data import tested
from bqb.running import testrun
from bqb.running.test_outcomes import Sources, by_queue, endings_in_share, record, sources_now
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


CLEAN = Sources("0123abcd", False)
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
    builds = []
    monkeypatch.setattr(
        testrun, "build", lambda preset, target, options: builds.append([preset, target])
    )
    monkeypatch.setattr(
        testrun, "run_ctest", lambda folder, suite, tally, which: builds[-1].append(which)
    )
    monkeypatch.setattr(testrun, "sources_now", lambda: CLEAN)
    monkeypatch.setattr(testrun, "test_python", lambda tally, deep: setattr(tally, "passed", 1))
    assert testrun.run(presets, deep) == 0
    assert builds == [list(each) for each in expected]


@pytest.mark.parametrize(
    "preset, kinds", [("asan", ["HISTORY", "RACE"]), ("tsan", ["HISTORY", "RACE", "ONE_THREAD"])]
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


# ------------------------------------------------------------- what a report reads of the tests


QUEUES = ["ring", "spsc"]


def share(*lines, end="[==========] 9 tests from 2 test suites ran. (7 ms total)"):
    """What a process of many tests prints."""
    return "\n".join(["[==========] Running 9 tests from 2 test suites.", *lines, end, ""])


def test_endings_in_a_share():
    text = share(
        "[ RUN      ] ring.Works",
        "[       OK ] ring.Works (0 ms)",
        "[ RUN      ] ring.Waits",
        "../../tests/contract/main.cpp:70: Skipped",
        "ring: has no timed calls",
        "[  SKIPPED ] ring.Waits (0 ms)",
        "[ RUN      ] spsc.Bound",
        "tests/contract/basic_cases.cpp:9: Failure",
        "[  FAILED  ] spsc.Bound (1 ms)",
        "[ RUN      ] spsc.Races",
        "WARNING: ThreadSanitizer: data race (pid=7)",
        "SUMMARY: ThreadSanitizer: data race queues/spsc_ring.h:9",
        "[       OK ] spsc.Races (1 ms)",
    )
    text += "[  SKIPPED ] ring.Waits\n[  FAILED  ] spsc.Bound\n"
    assert endings_in_share(text) == {
        "ring.Works": "passed",
        "ring.Waits": "skipped",
        "spsc.Bound": "failed",
        "spsc.Races": "failed",
    }


CRASH = share("[ RUN      ] ring.Crashes", end="==7==ERROR: AddressSanitizer: SEGV")
HANG = share("[ RUN      ] ring.Hangs", end="[  FAILED  ] ring.Hangs: hangs; no end after 50 s")
FAILURE = share("[ RUN      ] ring.Fails", "[  FAILED  ] ring.Fails (1 ms)")
LEAK = share("[ RUN      ] ring.Works", "[       OK ] ring.Works (1 ms)") + "ERROR: LeakSanitizer\n"


@pytest.mark.parametrize(
    "output, failed, is_whole",
    [
        (CRASH, ["ring.Crashes"], False),
        (HANG, ["ring.Hangs"], False),
        (FAILURE, ["ring.Fails"], True),
        (LEAK, [], False),
    ],
)
def test_a_share_that_failed(tmp_path, output, failed, is_whole):
    report = tmp_path / "ctest.xml"
    suite = xml.Element("testsuite")
    case = xml.SubElement(suite, "testcase", name="contract.3_of_32", status="fail")
    xml.SubElement(case, "failure", message="")
    xml.SubElement(case, "system-out").text = output
    xml.ElementTree(suite).write(report)
    outcomes = by_queue(report, QUEUES)
    assert outcomes.queues["ring"]["contract"].failed == failed and outcomes.is_whole == is_whole


RELEASE_REPORT = """<testsuite>
<testcase name="ring.Works" status="run"/>
<testcase name="ring.Waits" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
</testcase>
<testcase name="ring.Gone" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="explore.ring" status="fail"><failure message=""/></testcase>
<testcase name="harness.Works" status="run"/>
<testcase name="explore.other" status="run"/>
<testcase name="mutants.ring_passes" status="run"/></testsuite>"""


def test_each_test_counts_for_its_queue(tmp_path):
    report, path = tmp_path / "ctest.xml", tmp_path / "tested.json"
    report.write_text(RELEASE_REPORT, encoding="utf-8")
    record("release", report, QUEUES, CLEAN, CLEAN, path)
    queues = tested.tested_of("0123abcd", False, path)
    assert list(queues) == ["ring"]
    ring = queues["ring"]
    assert (ring.contract_passed, ring.contract_failed, ring.contract_skipped) == (1, 1, 1)
    assert (ring.explorer_passed, ring.explorer_failed) == (0, 1)
    assert ring.failed == ("release: ring.Gone", "release: explore.ring")
    assert ring.builds == ("release",)


@pytest.mark.parametrize(
    "before, after",
    [
        (Sources("0123abcd", True), Sources("0123abcd", True)),
        (CLEAN, Sources("0123abcd", True)),  # edited while the tests ran
        (CLEAN, Sources("4567", False)),
        (Sources("unknown", False), Sources("unknown", False)),
    ],
)
def test_what_no_commit_holds_has_no_status(tmp_path, before, after):
    report, path = tmp_path / "ctest.xml", tmp_path / "tested.json"
    report.write_text(RELEASE_REPORT, encoding="utf-8")
    record("release", report, QUEUES, before, after, path)
    for sources in (before, after):
        assert tested.tested_of(sources.commit, False, path) is None


def test_only_a_build_that_was_tested_to_its_end_is_recorded(monkeypatch, tmp_path):
    recorded = []
    monkeypatch.setattr(testrun, "build", lambda *_: None)
    monkeypatch.setattr(testrun, "sources_now", lambda: CLEAN)
    monkeypatch.setattr(testrun, "record", lambda preset, *_: recorded.append(preset))
    monkeypatch.setattr(testrun, "test_python", lambda tally, deep: None)
    reports = {"release": tmp_path / "ctest.xml"}  # CTest leaves none in the other builds
    monkeypatch.setattr(testrun, "run_ctest", lambda folder, suite, *_: reports.get(suite))
    testrun.run([], False)
    assert recorded == ["release"]


def test_the_sources_are_named_as_the_build_names_them():
    header = ROOT / "build/release/benchmarks/include/benchmarks/build_info.h"
    if not header.exists():
        pytest.skip("no release build")
    assert re.search(r'^#define BQ_COMMIT "\w+"$', header.read_text(encoding="utf-8"), re.MULTILINE)
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", ROOT]
    lines = [
        subprocess.run([*git, *words], capture_output=True, text=True, check=False)
        for words in (["ls-files", "--error-unmatch", "CMakeLists.txt"], ["rev-parse", "HEAD"])
    ]
    is_checkout = all(line.returncode == 0 for line in lines)
    assert sources_now().commit == (lines[1].stdout.strip() if is_checkout else "unknown")


def test_a_failed_share_prints_no_test_that_passed_or_was_skipped(tmp_path, capsys):
    report = tmp_path / "ctest.xml"
    output = share(
        "[----------] 3 tests from ring",
        "[ RUN      ] ring.Works",
        "[       OK ] ring.Works (0 ms)",
        "[ RUN      ] ring.Waits",
        "../../tests/contract/main.cpp:70: Skipped",
        "ring: has no timed calls",
        "[  SKIPPED ] ring.Waits (0 ms)",
        "[ RUN      ] ring.Bound",
        "basic_cases.cpp:9: Failure",
        "[  FAILED  ] ring.Bound (1 ms)",
    )
    report.write_text(
        '<testsuite><testcase name="contract.3_of_32" status="fail"><failure message=""/>'
        f"<system-out>{output}</system-out></testcase></testsuite>",
        encoding="utf-8",
    )
    testrun.Tally().add(report, "asan")
    assert capsys.readouterr().out == share(
        "[ RUN      ] ring.Bound", "basic_cases.cpp:9: Failure", "[  FAILED  ] ring.Bound (1 ms)"
    )
