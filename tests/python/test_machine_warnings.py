"""What is said, before a run, of a machine that makes the results worse."""

import json
import subprocess
from pathlib import Path

import pytest
from bqb import ROOT
from bqb.data.fields import error_in_fields
from bqb.report.machine import described, description_parts, warnings_of
from bqb.running.machine_facts import FIELDS, machine_facts

QUEUE_BENCH = ROOT / "build" / "release" / "queue_bench"

# A machine without a hypervisor, where nothing else runs.
QUIET = {
    "host_name": "toy",
    "cpu_model": "Toy CPU 9000",
    "cores": 4,
    "kernel": "Linux 6.1.0",
    "physical_cores": [[0], [1], [2], [3]],
    "governor": "performance",
    "frequency_driver": "intel_pstate",
    "turbo": "off",
    "busy_cores": 0.04,
    "load_average": 3.5,  # of the build
    "steal_pct": 0.0,
}


def warning(**facts: object) -> str:
    """The only warning on a machine that is quiet but for these facts."""
    assert error_in_fields(QUIET | facts, FIELDS) is None
    (only,) = warnings_of(QUIET | facts)
    return only


def test_nothing_is_said_of_a_quiet_machine() -> None:
    assert error_in_fields(QUIET, FIELDS) is None
    assert warnings_of(QUIET) == []


def test_nothing_is_said_of_what_is_unknown() -> None:
    assert warnings_of({}) == []
    assert warnings_of({"cpu_model": "Toy", "cores": 2}) == []  # as in runs before schema 3


def test_frequency_scaling() -> None:
    assert warning(governor="powersave") == (
        "CPU frequency: the governor is 'powersave', so clock rates change during a run; set it: "
        "sudo cpupower frequency-set -g performance"
    )
    assert "the governor of some CPUs is 'ondemand', so" in warning(
        governor="performance, ondemand"
    )
    assert "is 'ondemand' and 'powersave', so" in warning(governor="ondemand, powersave")


@pytest.mark.parametrize(
    "driver, remedy",
    [
        ("intel_pstate", "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"),
        ("intel_cpufreq", "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"),
        ("amd-pstate-epp", "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"),
        ("acpi-cpufreq", "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"),
    ],
)
def test_turbo(driver: str, remedy: str) -> None:
    text = warning(turbo="on", frequency_driver=driver)
    assert text.startswith("Turbo: clock rates depend on") and text.endswith(f": {remedy}")


@pytest.mark.parametrize(
    "cores, what, remedy",
    [
        ([[0, 1], [2, 3]], "CPUs 0 and 1 share a core, and so do those of 1 more core,", "0,2"),
        ([[0], [1, 5]], "CPUs 1 and 5 share a core, so", "0-1"),
        ([[0, 4], [1, 5], [2, 6], [8]], "CPUs 0 and 4 share a core, and so do those of 2 more", 0),
        ([[0, 1, 2, 3], [4]], "CPUs 0, 1, 2 and 3 share a core, so", "0,4"),
    ],
)
def test_shared_cores(cores: list, what: str, remedy: str) -> None:
    text = warning(physical_cores=cores)
    assert text.startswith(f"SMT: {what}")
    assert text.endswith(
        f"use one CPU of each core: taskset -c {remedy or '0-2,8'} ./scripts/bench"
    )


def test_a_single_core_with_two_cpus_cannot_be_divided() -> None:
    text = warning(physical_cores=[[0, 1]])
    assert text.startswith("SMT: CPUs 0 and 1 share a core, so") and "taskset" not in text
    assert text.endswith("; use a machine with two cores")


def test_virtual_machine() -> None:
    assert warning(virtual_machine="KVM") == (
        "Virtual machine (KVM): waking a sleeping thread takes longer than on a machine without a "
        "hypervisor, and varies; compare only within this run, and use a machine of your own for "
        "numbers that you publish"
    )


@pytest.mark.parametrize(
    "cores, quiet, busy", [(1, 0.09, 0.11), (2, 0.09, 0.11), (4, 0.19, 0.21), (64, 0.49, 0.51)]
)
def test_load(cores: int, quiet: float, busy: float) -> None:
    assert warnings_of(QUIET | {"cores": cores, "busy_cores": quiet}) == []
    text = warning(cores=cores, busy_cores=busy)
    assert text.startswith(f"Load: other processes use {busy} of {cores} core")
    assert text.endswith("; find them with top, and stop them")


def test_steal() -> None:
    assert warnings_of(QUIET | {"steal_pct": 0.9}) == []
    text = warning(steal_pct=12.34)
    assert text.startswith("Steal: the hypervisor gave 12 % of the CPU time")
    assert "; use a virtual machine with CPUs of its own" in text


def test_quota() -> None:
    text = warning(cpu_quota_cores=1.5)
    assert text.startswith("CPU quota: the run may use the time of 1.5 cores on 4 cores,")
    assert "; run without a quota (docker: no --cpus;" in text


def test_all_at_once_are_a_line_each_and_the_easiest_to_remove_come_first() -> None:
    noisy = {
        "busy_cores": 1.5,
        "governor": "powersave",
        "turbo": "on",
        "physical_cores": [[0, 1], [2, 3]],
        "cpu_quota_cores": 2.5,
        "steal_pct": 3.0,
        "virtual_machine": "Amazon EC2",
    }
    warnings = warnings_of(QUIET | noisy)
    assert [text.split(":")[0] for text in warnings] == [
        "Load",
        "CPU frequency",
        "Turbo",
        "SMT",
        "CPU quota",
        "Steal",
        "Virtual machine (Amazon EC2)",
    ]
    assert all("; " in text and "\n" not in text for text in warnings)


def test_a_machine_in_a_few_words() -> None:
    assert described({"cpu_model": "AMD  EPYC ", "cores": 2, "virtual_machine": "KVM"}) == (
        "AMD EPYC, 2 cores, virtual machine (KVM)"
    )
    assert described({"cpu_model": "Toy", "cores": 1}) == "Toy, 1 core"
    assert description_parts({}) == ["unknown CPU", "? cores"]


# -------------------------------------------------------------------------------- by the command


def test_bench_says_it_before_the_run_and_goes_on(bench, tmp_path: Path) -> None:
    run = bench("--out", "run", "--rounds", "1", machine=QUIET | {"governor": "powersave"}).end()
    assert run.status == 0
    first, *others = run.err.splitlines()
    assert first.startswith("bench: CPU frequency: the governor is 'powersave'")
    assert others and not any("CPU frequency" in line for line in others)
    assert run.out == "run\n"


def test_bench_says_nothing_of_a_quiet_machine(bench) -> None:
    run = bench("--out", "run", "--rounds", "1", machine=QUIET).end()
    assert run.status == 0 and "bench: " not in run.err


def test_bench_says_it_of_a_resumed_run(bench, tmp_path: Path) -> None:
    stopped = bench("--out", "run", "--rounds", "2", refuse_round=2, machine=QUIET).end()
    assert stopped.status != 0 and "Load" not in stopped.err
    run = bench("--resume", "run", machine=QUIET | {"busy_cores": 1.0}).end()
    assert run.status == 0
    assert run.err.startswith("bench: Load: other processes use 1 of 4 cores, ")


def test_list_says_nothing_of_the_machine(bench) -> None:
    run = bench("--list", machine=QUIET | {"virtual_machine": "KVM"}).end()
    assert (run.status, run.err) == (0, "")


@pytest.mark.parametrize("machine", [None, [], "text", {"cores": "two"}, {"novelty": 1}])
def test_a_program_that_says_nothing_readable_does_not_stop_a_run(bench, machine) -> None:
    run = bench("--out", "run", "--rounds", "1", machine=machine).end()
    assert run.status == 0 and "bench: " not in run.err


def test_a_program_that_does_not_start_has_no_facts(tmp_path: Path) -> None:
    assert machine_facts(tmp_path / "nothing") == {}


@pytest.mark.skipif(not QUEUE_BENCH.exists(), reason="no release build")
def test_the_real_program_says_what_the_context_holds() -> None:
    facts = machine_facts(QUEUE_BENCH)
    assert facts["cores"] >= 1 and facts["busy_cores"] >= 0
    taskset = ["taskset", "-c", "0", QUEUE_BENCH, "--machine"]
    bound = subprocess.run(taskset, capture_output=True, check=False)
    if bound.returncode:
        pytest.skip("CPU 0 is not for this process")
    assert json.loads(bound.stdout)["cores"] == 1
