"""The gate's programs, built for real: a trial, its faults, a slow-down on purpose, counts that no
noise reaches."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bqb.gate import counts
from bqb.gate.arms import Arm

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
FAULTY = BUILD / "tests" / "harness" / "faulty_gate_trial"
POINT = "gate/case:two_cores"

pytestmark = pytest.mark.skipif(
    not (BUILD / "gate_trial_0").exists(), reason="no release build of the gate's programs"
)


def ask(*words, program=BUILD / "gate_trial_0", rounds="1\n"):
    command = [program, "--scenario", ROOT / "scenarios" / "gate.toml", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, input=rounds
    )
    return done, json.loads(done.stdout.splitlines()[-1]) if done.stdout else None


def trial(queue, *words, messages=3_000, program=BUILD / "gate_trial_0", rounds="1\n"):
    return ask(
        "--point",
        POINT,
        "--queue",
        queue,
        "--messages",
        str(messages),
        "--warmup",
        "300",
        "--ns-per-step",
        "1",
        *words,
        program=program,
        rounds=rounds,
    )


def test_lists_what_can_be_measured_and_what_not():
    done, known = ask(
        "--list", "--queue", "two_condvar", "--queue", "control", "--queue", "nothing"
    )
    assert done.returncode == 0
    assert {(cell["queue"], cell.get("why_not")) for cell in known["cells"]} == {
        ("two_condvar", None),
        ("control", None),
        ("nothing", "no such queue"),
    }
    assert {cell["point"] for cell in known["cells"]} == {
        "gate/case:two_cores",
        "gate/case:one_core",
    }
    assert {"cpu_model", "cores", "kernel", "compiler", "flags", "host_name"} <= known[
        "context"
    ].keys()


@pytest.mark.parametrize("program", ["gate_trial_0", "gate_trial_1"])
@pytest.mark.parametrize("queue", ["two_condvar", "control"])
def test_a_pilot_and_a_trial(program, queue):
    done, plan = ask("--point", POINT, "--queue", queue, "--pilot", program=BUILD / program)
    assert (
        done.returncode == 0 and plan["messages"] > plan["warmup"] > 0 and plan["ns_per_step"] > 0
    )
    done, found = trial(queue, messages=30_000, program=BUILD / program)
    # Without a window where the machine is busy.
    assert done.returncode == 0 and found["status"] in ("ok", "void")


def test_each_round_has_a_trial_of_its_own():
    done, _ = trial("two_condvar", rounds="1\n2\n3\n")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3


def test_extra_work_is_done_on_both_sides():
    """3,000 messages of 200,000 steps more, whatever a step takes: the trial's CPU tells, not its
    wall time."""
    import resource

    def cpu(*words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert trial("two_condvar", *words)[0].returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime

    assert cpu("--extra-ns", "200000") > 5 * cpu()


def test_each_layout_has_the_same_code_at_other_places():
    def places(program):
        listed = subprocess.run(
            ["nm", "-C", BUILD / program], capture_output=True, text=True, check=True
        ).stdout
        return {
            line[19:]: line[:16]
            for line in listed.splitlines()
            if "run_trial<" in line and line[17] in "TWt"
        }

    one, other = places("gate_trial_0"), places("gate_trial_1")
    assert one.keys() == other.keys() and len(one) > 20
    order = sorted(one, key=one.get)
    assert sorted(other, key=other.get) != order  # of the objects
    # Against the pages, too.
    moved = sum(int(one[name], 16) % 4096 != int(other[name], 16) % 4096 for name in order)
    assert moved > len(order) / 2


@pytest.mark.parametrize(
    "queue, told",
    [
        ("dropping", "never arrived"),
        ("duplicating", "twice"),
        ("reordering", "order"),
        ("hanging", "stuck"),
    ],
)
def test_a_wrong_queue_has_no_number(queue, told):
    done, found = trial(queue, "--hang-after", "1", program=FAULTY)
    assert done.returncode == 4 and found["status"] == "failed" and told in found["why"], found


def test_a_crash_is_a_signal():
    assert trial("crashing", program=FAULTY)[0].returncode < 0


@pytest.mark.parametrize(
    "words, told",
    [
        (["--point", "gate/case:x", "--queue", "two_condvar"], "--point gate/case:x: not in"),
        (["--point", POINT, "--queue", "x"], "--queue x: no such queue"),
        (
            ["--point", POINT, "--queue", "two_condvar", "--messages", "10", "--warmup", "10"],
            "--messages above --warmup",
        ),
        (["--colour"], "--colour"),
    ],
)
def test_wrong_usage_is_one_line(words, told):
    done, _ = ask(*words)
    assert done.returncode == 2 and told in done.stderr and len(done.stderr.splitlines()) == 1


# ------------------------------------------------------------------------------------------- counts

needs_valgrind = pytest.mark.skipif(not shutil.which("valgrind"), reason="needs valgrind")
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


def arm(name):
    return Arm(name, ".", "", False, "", BUILD)


@needs_valgrind
# Not one that yields: strace stops at each.
@pytest.mark.parametrize("queue", ["two_condvar", "mpmc_park"])
def test_one_per_cent_more_instructions_is_always_seen(queue):
    """A step of work is 4 instructions, with what calls it 1 to 4 % of these queues' push and
    pop."""
    same, missing = counts.measure(arm("base"), arm("head"), [queue], 0.5, 1)
    of = {each.what: each for each in same}
    assert of["instructions"].change == 0 and not of["instructions"].is_regression, (same, missing)
    more, _ = counts.measure(arm("base"), arm("head"), [queue], 0.5, 1, extra_steps=1)
    slower = next(each for each in more if each.what == "instructions")
    assert 0.01 <= slower.change <= 0.08 and slower.is_regression


@needs_strace
def test_system_calls_of_a_hand_off():
    traced = subprocess.run(
        ["strace", "-f", "-o", os.devnull, "true"], capture_output=True, text=True, check=False
    )
    if traced.returncode:
        pytest.skip(f"tracing is not allowed here: {' '.join(traced.stderr.split())}")
    found, missing = counts.measure(arm("base"), arm("head"), ["two_condvar", "mpmc_spin"], 0.5, 1)
    calls = {each.queue: each.base for each in found if each.what == "system calls"}
    assert calls == {"two_condvar": pytest.approx(3, rel=0.05)}
    assert any(
        why.startswith("mpmc_spin: system calls not counted: a blocked pop does not sleep")
        for why in missing
    )


def test_a_call_where_there_was_none_is_a_regression():
    assert counts.Count("q", counts.SYSCALLS, 0.0, 0.5, 1).is_regression
    assert not counts.Count("q", counts.SYSCALLS, 0.0, 0.0, 1).is_regression
    assert not counts.Count("q", counts.INSTRUCTIONS, 200.0, 201.0, 0.5).is_regression
    assert counts.Count("q", counts.INSTRUCTIONS, 200.0, 201.1, 0.5).is_regression
