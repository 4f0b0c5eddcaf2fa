"""Tests of what a machine cannot do are skipped, with the reason: shown on a machine that is made
to lack it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from machine import NO_CGROUPS, NO_TERMINALS, NO_TRACEFS, in_a_mount_namespace

HERE = Path(__file__).resolve().parent
HARNESS_TEST = HERE.parents[1] / "build" / "release" / "tests" / "harness" / "harness_test"

needs_build = pytest.mark.skipif(not HARNESS_TEST.exists(), reason="no release build")


def pytest_of(test: str) -> tuple:
    return (sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", HERE / test)


@pytest.mark.parametrize(
    "lacking, test, reason",
    [
        pytest.param(
            NO_CGROUPS,
            "test_queue_bench.py::test_a_quota_holds_a_spinner_back_and_goes_away_again",
            "no CPU controller is mounted",
            marks=needs_build,
        ),
        (NO_TERMINALS, "test_cli.py::test_bar_on_a_terminal", "no pseudo-terminal to be had: "),
    ],
)
def test_skipped_with_the_reason(lacking, test, reason):
    inside = in_a_mount_namespace(lacking, *pytest_of(test))
    assert "1 skipped" in inside.stdout and reason in inside.stdout, inside.stdout


@needs_build
def test_skipped_where_nothing_may_be_traced(tmp_path):
    strace = tmp_path / "strace"
    strace.write_text(
        "#!/bin/sh\necho strace: ptrace: Operation not permitted >&2\nexit 1\n", encoding="utf-8"
    )
    strace.chmod(0o755)
    inside = subprocess.run(
        pytest_of("test_gate_programs.py::test_system_calls_of_a_hand_off"),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert "1 skipped" in inside.stdout, inside.stdout
    assert "tracing is not allowed here: strace: ptrace: Operation not permitted" in inside.stdout


@needs_build
@pytest.mark.parametrize(
    "lacking, tests, reason",
    [
        (NO_CGROUPS, "RealQuota.*", "no CPU controller is mounted"),
        (
            NO_TRACEFS,
            "SyscallCount.*",
            "system calls cannot be counted: tracefs is not mounted, or not readable",
        ),
    ],
)
def test_skipped_with_the_reason_in_cpp(lacking, tests, reason):
    inside = in_a_mount_namespace(lacking, HARNESS_TEST, f"--gtest_filter={tests}")
    assert (
        f": Skipped\n{reason}\n" in inside.stdout and "FAILED" not in inside.stdout
    ), inside.stdout
