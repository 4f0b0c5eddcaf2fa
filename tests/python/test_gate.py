"""./scripts/gate through the shell: each verdict and exit status, over programs that only pretend
to measure."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bqb.gate.arms import LAYOUTS
from bqb.gate.pairs import SAME_LAYOUTS, chosen_layouts

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "tests" / "harness" / "fake_gate_trial"
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="no release build")
QUEUES = ("alpha", "beta", "control")


def behaviour(**changed):
    """All queues at 1000 ns; `changed` by queue."""
    return {
        "cells": {
            queue: {"ns": 1000.0, **changed.get(queue, {})}
            for queue in QUEUES
            if changed.get(queue, {}) is not None
        }
    }


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """gate(*words, base=..., head=..., policy=...) -> the finished process, in tmp_path. By
    default: a run of `.`s."""
    monkeypatch.setenv("BQB_GATE_PROGRAMS", str(tmp_path / "arms"))
    monkeypatch.setenv("BQB_GATE_BUILDS", str(tmp_path / "builds"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    # No valgrind and no strace: what they count is test_gate_programs.py's.
    (tmp_path / "bin").mkdir()
    for name in ("git", "env", "python3", "cmake", "ninja", "c++", "sh"):
        if found := shutil.which(name):
            (tmp_path / "bin" / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def start(*words, base=None, head=None, policy="", policy_file="policy.toml"):
        for arm, acts in (("base", base or behaviour()), ("head", head or behaviour())):
            folder = tmp_path / "arms" / arm
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "behaviour.json").write_text(json.dumps(acts), encoding="utf-8")
            for program in (f"gate_trial_{layout}" for layout in range(LAYOUTS)):
                shutil.copy(PROGRAM, folder / program)
        (tmp_path / "policy.toml").write_text(
            'queues = ["alpha", "beta"]\nlooks = [6, 9]\nalpha_pct = 20\nmiss_pct = 20\n'
            + ("" if "calibration" in policy else "calibration = 0\n")
            + policy,
            encoding="utf-8",
        )
        words = words or ("run", "--base", str(ROOT), "--head", str(ROOT))
        if words[0] in ("run", "compare"):
            words = (*words, "--policy", policy_file, "--seed", "1")
        return subprocess.run(
            [sys.executable, "-m", "bqb", "gate", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return start


def verdict(done):
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr


def flat(done):
    return " ".join(done.stdout.split())


# ------------------------------------------------------------------------------------ exit statuses


def test_nothing_changed_is_a_pass(gate):
    done = gate()
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stderr


def test_a_speed_up_is_a_pass(gate):
    done = gate(head=behaviour(alpha={"ns": 500.0}))
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stderr


def test_a_slow_down_is_a_regression_and_names_the_cells(gate):
    done = gate(head=behaviour(beta={"ns": 1150.0}))
    assert done.returncode == 1 and "regression: gate/beta/case:" in flat(done), done.stderr
    told = flat(done).split("regression: ")[-1]
    assert "gate/beta/case:a +1" in told and "gate/beta/case:b +1" in told and "alpha" not in told


def test_a_slow_down_within_the_threshold_is_a_pass(gate):
    done = gate(head=behaviour(beta={"ns": 1150.0}), policy="threshold_pct = 25\n")
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stderr


def test_at_the_threshold_it_is_inconclusive_unless_the_policy_says_otherwise(gate):
    at = behaviour(beta={"ns": 1050.0, "swing": 0.05})
    done = gate(head=at)
    assert done.returncode == 3 and "inconclusive: gate/beta/case:" in flat(done), done.stdout
    done = gate(head=at, policy='inconclusive = "pass"\n')
    assert done.returncode == 0 and "inconclusive: gate/beta/case:" in flat(done)
    assert "allowed by the policy" in flat(done)


@pytest.mark.parametrize(
    "act, told",
    [
        (
            {"fault": "message 7 of producer 0 never arrived"},
            "message 7 of producer 0 never arrived",
        ),
        ({"signal": 11}, "crashed: SIGSEGV"),
        ({"fault": "hung: consumer 0 is stuck in pop"}, "hung: consumer 0"),
    ],
)
def test_a_head_that_does_wrong_is_red_whatever_its_speed(gate, act, told):
    done = gate(head=behaviour(beta={"ns": 100.0, **act}))
    assert (
        done.returncode == 1 and "regression: gate/beta/case:" in flat(done) and told in flat(done)
    ), done.stderr
    assert "(in the head)" in flat(done)


def test_a_base_that_does_wrong_leaves_nothing_to_compare_with(gate):
    done = gate(base=behaviour(beta={"fault": "lost"}))
    assert done.returncode == 4 and "invalid: the base's queue fails: gate/beta/case:" in flat(done)


def test_a_trial_that_never_ends_is_red_too(gate, monkeypatch):
    monkeypatch.setenv("BQB_GATE_TRIAL_SECONDS", "1")
    done = gate(head=behaviour(beta={"hang": True}))
    assert done.returncode == 1 and "no end after 1 s" in flat(done), done.stderr


def test_a_cell_that_one_arm_lacks_is_missing(gate):
    done = gate(head=behaviour(beta=None))
    assert done.returncode == 4
    assert (
        "invalid: missing cell: gate/beta/case:a is not in the head: it has no queue 'beta'"
        in flat(done)
    )
    done = gate(base=behaviour(beta=None))
    assert done.returncode == 4 and "is not in the base" in flat(done)


def test_a_control_that_moves_makes_it_invalid_and_not_red(gate):
    done = gate(head=behaviour(control={"ns": 1200.0}, beta={"ns": 1200.0}))
    assert (
        done.returncode == 4
        and "invalid: the control, the same in both arms, differs by +" in flat(done)
    )


def test_trials_without_a_window_make_it_invalid(gate):
    done = gate(base=behaviour(beta={"void": True}))
    assert done.returncode == 4 and "found no window" in flat(done)


def test_a_program_that_says_something_odd_makes_it_invalid(gate):
    done = gate(head=behaviour(beta={"garbage": True}))
    assert done.returncode == 4 and "something odd" in flat(done)


def test_an_arm_that_does_not_compile_is_invalid(gate, tmp_path, monkeypatch):
    monkeypatch.delenv("BQB_GATE_PROGRAMS")
    broken = tmp_path / "broken" / "queues"
    shutil.copytree(ROOT / "queues", broken)
    (broken / "queues.list").write_text(
        "no list at all, just words and more words\n", encoding="utf-8"
    )
    done = gate("run", "--base", str(ROOT), "--head", str(broken.parent))
    assert done.returncode == 4, done.stderr
    assert "invalid: the head (" in flat(done) and "does not compile" in flat(done), done.stderr


@pytest.mark.parametrize(
    "words, told",
    [
        ((), "required"),
        (("run", "--base", "."), "--head"),
        (("run", "--base", "no-such-revision", "--head", str(ROOT)), "'no-such-revision' is "),
        (("run", "--base", "--upload-pack=x", "--head", "."), "--base"),
        (("run", "--base", str(ROOT / "tests"), "--head", str(ROOT)), "has no queues/queues.list"),
        (
            ("run", "--base", str(ROOT), "--head", str(ROOT), "--budget", "soon"),
            "not a length of time",
        ),
        (
            ("run", "--base", str(ROOT), "--head", str(ROOT), "--json", "no/such/folder/x.json"),
            "its folder does not exist",
        ),
        (("inject", "--folder", "f", "--pct", "15", "--cell", "nonsense"), "is no cell"),
    ],
)
def test_wrong_usage_is_status_2(gate, words, told):
    done = gate(*(words or ("nothing",)))
    assert done.returncode == 2 and (told in done.stderr or not words), done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and done.stderr.startswith("gate")


@pytest.mark.parametrize(
    "line, told",
    [
        ("threshold_pct = 0", "key 'threshold_pct': must be a number from"),
        ("looks = [14, 10]", "key 'looks'"),
        ("looks = [3]", "key 'looks'"),
        ("budget = 8", "key 'budget'"),
        ("colour = 1", "key 'colour': unknown; the keys are scenario, queues"),
        (
            "[counts]\nsyscall_pct = 1",
            "key 'syscall_pct': unknown; the keys are instructions_pct, syscalls_pct",
        ),
        ('scenario = "nowhere"', "key 'scenario': there is no"),
        ('inconclusive = "maybe"', 'key \'inconclusive\': must be "fail" or "pass"'),
        ('advisory = ["gate/gamma/case:a"]', "there is no cell 'gate/gamma/case:a'"),
        ("calibration = 2", "key 'calibration'"),
        ("this is no toml", "no TOML"),
    ],
)
def test_a_wrong_policy_names_file_and_key(gate, tmp_path, line, told):
    (tmp_path / "wrong.toml").write_text(line + "\n", encoding="utf-8")
    done = gate(
        "run",
        "--base",
        str(ROOT),
        "--head",
        str(ROOT),
        "--queue",
        "alpha",
        policy_file="wrong.toml",
    )
    assert done.returncode == 2 and told in done.stderr, done.stdout + done.stderr


# ---------------------------------------------------------------------------------- how it measures


def stored(tmp_path, gate, **acts):
    done = gate("run", "--base", str(ROOT), "--head", str(ROOT), "--json", "stored.json", **acts)
    return done, json.loads((tmp_path / "stored.json").read_text(encoding="utf-8"))


def test_every_raw_pair_is_kept_and_only_the_first_is_discarded(gate, tmp_path):
    done, document = stored(tmp_path, gate, policy="calibration = 4\n")
    assert done.returncode == document["exit_status"] == 0 and document["verdict"] == "pass"
    for cell in document["cells"]:
        numbers = [pair["number"] for pair in cell["pairs"]]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) in (6, 9)
    pairs = [pair for cell in document["cells"] for pair in cell["pairs"]]
    assert all(
        (pair["base_layout"], pair["head_layout"]) == chosen_layouts(pair["number"], *SAME_LAYOUTS)
        for pair in pairs
    )
    assert {pair["head_first"] for pair in pairs} == {True, False}
    assert len(document["calibration"]) == 4 * 6


def test_only_undecided_cells_and_the_control_go_on(gate, tmp_path):
    _, document = stored(tmp_path, gate, head=behaviour(beta={"ns": 1050.0, "swing": 0.05}))
    taken = {cell["cell"]: len(cell["pairs"]) for cell in document["cells"]}
    assert taken["gate/alpha/case:a"] == 6 and taken["gate/control/case:a"] == 9
    assert max(taken["gate/beta/case:a"], taken["gate/beta/case:b"]) == 9


def test_a_noisy_cell_is_advisory_and_never_red(gate):
    noisy = {"spread": 0.55}
    done = gate(
        base=behaviour(beta=noisy),
        head=behaviour(beta={"ns": 2000.0, **noisy}),
        policy="calibration = 12\n",
    )
    assert (done.returncode, verdict(done)) == (0, "pass (2 of 4 cells not judged)")
    assert "gate/beta/case:a is advisory: its noise is" in flat(done)


def test_a_policy_can_make_a_cell_advisory(gate):
    done = gate(
        head=behaviour(beta={"ns": 2000.0}),
        policy='advisory = ["gate/beta/case:a", "gate/beta/case:b"]\n',
    )
    assert (done.returncode, verdict(done)) == (0, "pass (2 of 4 cells not judged)"), done.stderr
    assert "gate/beta/case:b is advisory: by the policy" in flat(done)


def test_a_spent_budget_leaves_cells_undecided(gate):
    done = gate(policy='budget = "0.1s"\n')
    assert done.returncode == 3 and "inconclusive:" in flat(done), done.stdout


def test_outputs_for_people_and_github(gate, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    done = gate(
        "run",
        "--base",
        str(ROOT),
        "--head",
        str(ROOT),
        "--github",
        "--markdown",
        "gate.md",
        head=behaviour(beta={"ns": 1300.0}),
    )
    notes = [line for line in done.stdout.splitlines() if line.startswith("::")]
    error = "::error title=A queue got slower::gate/beta/case:"
    assert len(notes) == 2 and all(line.startswith(error) and "%25" in line for line in notes)
    text = (tmp_path / "gate.md").read_text(encoding="utf-8")
    assert text == (tmp_path / "step.md").read_text(encoding="utf-8")
    assert text.startswith("## ❌ Queues: regression: gate/beta/case:")
    assert "| gate/beta/case:a | " in text and "| REGRESSION |" in text


# -------------------------------------------------------------------------------- a stored baseline


BASELINE = {}  # what one gate wrote, for all tests of this module


@pytest.fixture
def compare(gate, tmp_path):
    """compare(change, head=...): a baseline that passed, changed by `change(document)`, against a
    head."""
    clone = tmp_path / "clean"
    subprocess.run(["git", "init", "-q", str(clone)], check=True)
    shutil.copytree(ROOT / "queues", clone / "queues")
    for words in (
        ["add", "-A"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", "-C", str(clone), *words], check=True)

    def start(change=lambda document: None, head=None, dirty=False, text=None):
        path = tmp_path / "stored.json"
        if not BASELINE:
            gate("run", "--base", str(clone), "--head", str(clone), "--json", "stored.json")
            BASELINE["text"] = path.read_text(encoding="utf-8")
        document = json.loads(BASELINE["text"])
        change(document)
        path.write_text(json.dumps(document) if text is None else text, encoding="utf-8")
        if dirty:
            (clone / "queues" / "two_condvar.h").write_text("// changed\n", encoding="utf-8")
        return gate(
            "compare", "stored.json", "--head", str(clone), "--json", "compared.json", head=head
        )

    return start


def test_the_same_as_stored_passes_and_slower_is_red(compare):
    done = compare()
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stdout + done.stderr
    done = compare(head=behaviour(beta={"ns": 1300.0}))
    assert done.returncode == 1 and "regression: gate/beta/case:" in flat(done), (
        done.stdout + done.stderr
    )


def test_counted_instructions_are_compared_with_the_stored_ones(compare, tmp_path):
    valgrind = tmp_path / "bin" / "valgrind"
    valgrind.write_text(
        "#!/bin/sh\nfor word; do :; done\neval messages=\\${$(($# - 1))}\n"
        'echo "Collected : $((messages * 200))" >&2\n',
        encoding="utf-8",
    )
    valgrind.chmod(0o755)

    def counted(instructions):
        return lambda document: document.update(
            counts=[
                {"queue": queue, "what": "instructions", "base": 1.0, "head": instructions}
                for queue in ("alpha", "beta")
            ]
        )

    done = compare(counted(200.0))
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stdout
    assert "beta: instructions 200.00 200.00" in flat(done), done.stdout
    done = compare(counted(198.0))
    assert done.returncode == 1 and "beta: instructions a message 198.00 -> 200.00" in flat(
        done
    ), done.stdout
    done = compare(lambda document: document.update(counts=[]))
    assert (
        done.returncode == 0
        and "beta: instructions not counted: the stored gate has no count of it" in flat(done)
    )


def test_instructions_are_counted_where_addresses_cannot_be_fixed(gate, tmp_path):
    """As under the system call filter of many containers."""
    refuses = (
        'echo "setarch: failed to set personality to x86_64: Operation not permitted" >&2\nexit 1\n'
    )
    counts = (
        'for word; do :; done\neval messages=\\${$(($# - 1))}\necho "Collected : '
        '$((messages * 200))" >&2\n'
    )
    for name, text in (("setarch", refuses), ("valgrind", counts)):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    done = gate()
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stdout + done.stderr
    assert "beta: instructions 200.00 200.00" in flat(done), done.stdout


def test_each_trial_has_the_layout_that_the_stored_one_had(compare, tmp_path):
    compare()

    def layouts(name):
        cells = json.loads((tmp_path / name).read_text(encoding="utf-8"))["cells"]
        return {
            (cell["cell"], pair["number"]): pair["head_layout"]
            for cell in cells
            for pair in cell["pairs"]
        }

    then, now = layouts("stored.json"), layouts("compared.json")
    assert now and len(set(now.values())) > 2
    assert all(then[trial] == layout for trial, layout in now.items() if trial in then)


@pytest.mark.parametrize(
    "key, value",
    [
        ("cpu_model", "Another"),
        ("cores", 64),
        ("kernel", "Linux 7"),
        ("compiler", "g++ 13"),
        ("flags", "-O2"),
        ("host_name", "there"),
    ],
)
def test_a_baseline_of_another_machine_or_build_is_refused(compare, key, value):
    done = compare(lambda document: document["context"].update({key: value}))
    assert (
        done.returncode == 4
        and f"measured with another {key.replace('_', ' ')}: {value}" in flat(done)
    ), (done.stdout)


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda document: document.update(harness_id="x"), "another harness"),
        (lambda document: document["policy"].update(threshold_pct=6.0), "another policy"),
        (lambda document: document.update(schema=0), "of schema 0"),
        (lambda document: document["cells"].pop(0), "missing cell: it has no gate/alpha/case:a"),
        (lambda document: document["head"].update(dirty=True), "dirty tree"),
        (lambda document: document.pop("plans"), "key 'plans': missing"),
        (lambda document: document.pop("counts"), "key 'counts': missing"),
    ],
)
def test_a_baseline_that_is_none_is_refused(compare, change, told):
    done = compare(change)
    assert done.returncode == 4 and told in flat(done), done.stdout + done.stderr


def test_a_corrupt_baseline_a_missing_one_and_a_dirty_head(compare, gate):
    done = compare(text='{"schema": 1, "cells": [')
    assert done.returncode == 4 and "not JSON" in flat(done)
    done = compare(dirty=True)
    assert done.returncode == 4 and "has uncommitted changes" in flat(done)
    done = gate("compare", "nowhere.json", "--head", str(ROOT))
    assert done.returncode == 2 and "nowhere.json: No such file" in done.stderr


# ----------------------------------------------------------------------------- a queue of one's own


def test_a_header_brings_its_own_queues(gate):
    mine = {"cells": {**behaviour()["cells"], "my_queue": {"ns": 1000.0}}}
    slower = {"cells": {**mine["cells"], "my_queue": {"ns": 1300.0}}}
    words = ("run", "--with", "examples/my_queue.h", "--base", str(ROOT), "--head", str(ROOT))
    done = gate(*words, base=mine, head=mine)
    assert (done.returncode, verdict(done)) == (0, "pass"), done.stdout + done.stderr
    assert "gate/my_queue/case:a" in flat(done) and "gate/alpha" not in flat(done)
    done = gate(*words, base=mine, head=slower)
    assert done.returncode == 1 and "regression: gate/my_queue/case:" in flat(done)


# ---------------------------------------------------------------------------------------- campaigns


def test_a_campaign_goes_on_and_ends_with_its_rates(gate, tmp_path):
    words = ("aa", "--folder", "aa", "--policy", "policy.toml", "--arm", str(ROOT))
    done = gate(*words, "--runs", "2")
    assert (
        done.returncode == 0 and "red: 0 of 2" in done.stdout and "pass: 2 of 2" in done.stdout
    ), done.stderr
    first = (tmp_path / "aa" / "gate-0001.json.xz").stat().st_mtime_ns
    done = gate(*words, "--runs", "3")
    assert (
        "red: 0 of 3" in done.stdout
        and (tmp_path / "aa" / "gate-0001.json.xz").stat().st_mtime_ns == first
    )
    assert "red, resampled from" in done.stdout and "compare.py's test" in done.stdout
    done = gate(*words, "--runs", "3", policy="threshold_pct = 6\n")
    assert done.returncode == 2 and "of another kind or policy" in done.stderr


def test_what_is_injected_is_found_and_its_real_dose_told(gate, tmp_path):
    done = gate(
        "inject",
        "--folder",
        "plus",
        "--policy",
        "policy.toml",
        "--arm",
        str(ROOT),
        "--runs",
        "2",
        "--pct",
        "15",
        "--cell",
        "gate/beta/case:b",
    )
    assert done.returncode == 0 and "red, that cell and no other: 2 of 2" in done.stdout, (
        done.stdout + done.stderr
    )
    settings = json.loads((tmp_path / "plus" / "campaign.json").read_text(encoding="utf-8"))
    assert settings["real_change"] == pytest.approx(0.15, abs=0.02)
    assert settings["dose_ns"] == pytest.approx(150, rel=0.15)
