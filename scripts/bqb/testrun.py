"""Runs the C++ tests (CTest) and the Python tests (pytest) and sums up what their JUnit reports say."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

from bqb import ROOT, Failure, shown
from bqb.build import build, follow

SECONDS_FOR_ONE_TEST = 300  # where a test does not set its own limit
DELIBERATE_SKIPS = ("SKIP_", "Disabled")  # how CTest says that a test chose not to run


@dataclass
class Tally:
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # with the reason

    def add(self, report: Path, suite: str) -> None:
        """Counts what a JUnit report holds."""
        if not report.exists():
            self.failed.append(f"{suite}: left no report ({shown(report)})")
            return
        for case in xml.parse(report).iter("testcase"):
            name = f"{suite}: {full_name(case)}"
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
                self.failed.append(name)
                print(case.findtext("system-out") or "", end="")
            elif skip is None:
                self.passed += 1
            elif suite == "pytest" or skip.get("message", "").startswith(DELIBERATE_SKIPS):
                self.skipped.append(f"{name}: {skip_reason(case)}")
            else:  # CTest wanted to run it and could not
                self.failed.append(f"{name}: {skip.get('message')}")


def full_name(case: xml.Element) -> str:
    group, name = case.get("classname", ""), case.get("name", "")
    return name if group in ("", name) else f"{group}.{name}"


def skip_reason(case: xml.Element) -> str:
    """GoogleTest prints `file:line: Skipped` and the reason below; pytest puts it into the message."""
    lines = [line.strip() for line in (case.findtext("system-out") or "").splitlines()]
    for line, following in zip(lines, lines[1:]):
        if line.endswith(": Skipped") and following:
            return following
    return case.find("skipped").get("message", "no reason given")


def run(presets: list[str]) -> int:
    tally = Tally()
    for preset in presets:
        test_preset(preset, tally)
    test_python(tally)
    return sum_up(tally)


def test_preset(preset: str, tally: Tally) -> None:
    try:
        # Only where CI is set: another compiler may know new warnings, and `bench` shares the build.
        build(preset, options=("-DBQ_TESTS=ON", *(["-DBQ_WERROR=ON"] if os.environ.get("CI") else [])))
    except Failure as failure:
        print(failure, file=sys.stderr)
        tally.failed.append(f"{preset}: the build")
        return
    folder = ROOT / "build" / preset
    report = folder / "ctest.xml"
    report.unlink(missing_ok=True)
    jobs = str(len(os.sched_getaffinity(0)))
    with open(folder / "ctest.log", "w", encoding="utf-8") as log:
        follow(["ctest", "--test-dir", folder, "--output-on-failure", "--no-tests=error", "--parallel", jobs,
                "--timeout", str(SECONDS_FOR_ONE_TEST), "--output-junit", report], log, f"ctest {preset}")
    tally.add(report, preset)


def test_python(tally: Tally) -> None:
    report = ROOT / "build" / "pytest.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", ROOT / "tests" / "python"],
                   cwd=ROOT, check=False)
    tally.add(report, "pytest")


def sum_up(tally: Tally) -> int:
    if tally.skipped:
        path = ROOT / "build" / "skipped.txt"
        path.write_text("".join(f"{line}\n" for line in tally.skipped), encoding="utf-8")
        print(f"{len(tally.skipped)} skipped, with the reasons in {shown(path)}")
    for name in tally.failed:
        print(f"FAILED {name}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 0 if tally.passed and not tally.failed else 1
