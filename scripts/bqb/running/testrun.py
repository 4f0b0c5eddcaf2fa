"""Runs the C++ tests (CTest) and the Python tests (pytest) and sums up what their JUnit reports
say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bqb import ROOT, CommandError, short_path
from bqb.data.queue_list import listed
from bqb.report.units import format_clock
from bqb.running import external_queues
from bqb.running.build import build, follow
from bqb.running.header_flags import Header
from bqb.running.test_outcomes import has_failed, is_deliberate, record, sources_now

SECONDS_FOR_ONE_TEST = 300  # where a test does not set its own limit
SECONDS_WORTH_A_WORD = 30
MOST_OUTPUT_BYTES = 1_000_000  # of one test in a report; CTest cuts off the rest of what it printed
SANITIZERS = ("asan", "tsan")
# In a process that runs many tests.
PASSED_INSIDE = re.compile(
    r"^\[ RUN      \] (\S+)\n(?:.*: Skipped\n.*\n\[  SKIPPED|\[       OK) \] \1 .*\n|"
    r"^\[-{10}\].*\n|^\n",
    re.MULTILINE,
)
FAILED_INSIDE = re.compile(r"^\[  FAILED  \] (\w+\.\w+)", re.MULTILINE)
# How the contract suite words a skip: whose, and why.
BY_QUEUE = re.compile(r"([a-z][a-z0-9_]*): (.+)")


@dataclass(frozen=True)
class Skip:
    suite: str
    test: str
    reason: str


@dataclass
class Tally:
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)

    def add(self, report: Path, suite: str) -> None:
        """Counts what a JUnit report holds."""
        if not report.exists():
            self.failed.append(f"{suite}: left no report ({short_path(report)})")
            return
        for case in xml.parse(report).iter("testcase"):
            name = full_name(case)
            skip = case.find("skipped")
            if has_failed(case):
                output = case.findtext("system-out") or ""
                inside = ", ".join(
                    each
                    for each in dict.fromkeys(FAILED_INSIDE.findall(output))
                    if each not in name
                )
                self.failed.append(f"{suite}: {name}{inside and ': ' + inside}{how_long(case)}")
                print(PASSED_INSIDE.sub("", output), end="")
            elif skip is None:
                self.passed += 1
            elif suite == "pytest" or is_deliberate(skip):
                self.skipped.append(Skip(suite, name, skip_reason(case)))
            else:  # CTest wanted to run it and could not
                self.failed.append(f"{suite}: {name}: {skip.get('message')}")


def full_name(case: xml.Element) -> str:
    group, name = case.get("classname", ""), case.get("name", "")
    return name if group in ("", name) else f"{group}.{name}"


def how_long(case: xml.Element) -> str:
    """For a test that took strangely long: it may have hung, which CTest's report does not tell."""
    seconds = float(case.get("time") or 0)
    return f" (after {seconds:.0f} s)" if seconds >= SECONDS_WORTH_A_WORD else ""


def skip_reason(case: xml.Element) -> str:
    """GoogleTest prints `file:line: Skipped` and the reason below; pytest puts it into the
    message."""
    lines = [line.strip() for line in (case.findtext("system-out") or "").splitlines()]
    for line, following in zip(lines, lines[1:]):
        if line.endswith(": Skipped") and following:
            return following
    return case.find("skipped").get("message", "no reason given")


@contextmanager
def timed(stage: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"{stage}: took {format_clock(time.monotonic() - begun)}", flush=True)


def run(presets: list[str], deep: bool) -> int:
    """All tests in the builds of `presets`; by default in release, and the contract alone under the
    sanitizers. `deep`: also those that repeat others."""
    tally = Tally()
    for preset in presets or ["release"]:
        test_preset(preset, tally, deep)
    for preset in () if presets else SANITIZERS:
        test_preset(preset, tally, deep, contract_only=True)
    with timed("pytest"):
        test_python(tally, deep)
    return sum_up(tally)


def run_outside(headers: tuple[Header, ...], presets: list[str]) -> int:
    """The contract suite on queues from outside the tree."""
    tally = Tally()
    for preset in presets:
        with timed(f"build --with {preset}"):
            folder = external_queues.build_with(headers, preset, "contract_test")
        run_ctest(folder, f"{preset} --with", tally)
    return sum_up(tally)


def jobs() -> str:
    """One more than there are cores to use: many tests wait, for a sleeping thread or for a process
    to hang."""
    return str(len(os.sched_getaffinity(0)) + 1)


def test_preset(preset: str, tally: Tally, deep: bool, contract_only: bool = False) -> None:
    """Tests a build, and keeps how each queue did, if CTest came to its end."""
    # -Werror only where CI is set: another compiler may know new warnings, and `bench` shares the
    # build.
    options = ("-DBQ_TESTS=ON", *(["-DBQ_WERROR=ON"] if os.environ.get("CI") else []))
    before = sources_now()
    try:
        with timed(f"build {preset}"):
            build(preset, "contract" if contract_only else None, options)
    except CommandError as error:
        print(error, file=sys.stderr)
        tally.failed.append(f"{preset}: the build")
        return
    report = run_ctest(ROOT / "build" / preset, preset, tally, labels(deep, contract_only))
    if report is not None:
        record(preset, report, listed(), before, sources_now())


def labels(deep: bool, contract_only: bool) -> list[str]:
    """Options of CTest: see cmake/ContractTests.cmake."""
    only, without = ["--label-regex", "^contract"], ["--label-exclude", "_deep$"]
    return [*(only if contract_only else []), *([] if deep else without)]


def run_ctest(folder: Path, suite: str, tally: Tally, which: list[str] = ()) -> Path | None:
    """Its JUnit report, or None where CTest left none."""
    report = folder / "ctest.xml"
    report.unlink(missing_ok=True)
    command = [
        "ctest",
        "--test-dir",
        folder,
        *which,
        "--output-on-failure",
        "--no-tests=error",
        "--parallel",
        jobs(),
        "--timeout",
        str(SECONDS_FOR_ONE_TEST),
        "--test-output-size-passed",
        str(MOST_OUTPUT_BYTES),
        "--test-output-size-failed",
        str(MOST_OUTPUT_BYTES),
        "--output-junit",
        report,
    ]
    with timed(f"ctest {suite}"), open(folder / "ctest.log", "w", encoding="utf-8") as log:
        follow(command, log, f"ctest {suite}")
    tally.add(report, suite)
    return report if report.exists() else None


def test_python(tally: Tally, deep: bool) -> None:
    report = ROOT / "build" / "pytest.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    # A file stays on one core: its tests share what they have built.
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--numprocesses",
            jobs(),
            "--dist",
            "loadfile",
            *([] if deep else ["-m", "not deep"]),
            f"--junitxml={report}",
            ROOT / "tests" / "python",
        ],
        cwd=ROOT,
        check=False,
    )
    tally.add(report, "pytest")


def sum_up(tally: Tally) -> int:
    if tally.skipped:
        path = ROOT / "build" / "skipped.txt"
        path.write_text(
            "".join(f"{skip.suite}: {skip.test}: {skip.reason}\n" for skip in tally.skipped),
            encoding="utf-8",
        )
        print(f"{len(tally.skipped)} skipped, one by one in {short_path(path)}:")
        print("\n".join(skip_table(tally.skipped)))
    for name in tally.failed:
        print(f"FAILED {name}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 0 if tally.passed and not tally.failed else 1


def skip_table(skips: list[Skip]) -> list[str]:
    """One line a reason: how many tests (in however many builds) it concerns, and which queues."""
    tests, queues = defaultdict(set), defaultdict(set)
    for skip in skips:
        by_queue = BY_QUEUE.fullmatch(skip.reason)
        reason = by_queue[2] if by_queue else skip.reason
        tests[reason].add(skip.test)
        queues[reason].update([by_queue[1]] if by_queue else [])
    rows = [("tests", "reason", "queues")]
    rows += [
        (str(len(tests[reason])), reason, ", ".join(sorted(queues[reason])))
        for reason in sorted(tests)
    ]
    width = max(len(reason) for _, reason, _ in rows)
    return [f"{count:>7}  {reason:{width}}  {names}".rstrip() for count, reason, names in rows]
