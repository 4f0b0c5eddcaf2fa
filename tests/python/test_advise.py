"""./scripts/advise, over the real queue_bench: what it prints and writes, its exit statuses, a
measurement that is stopped and resumed."""

import os
import shutil
import signal
import subprocess
import sys
import tomllib

import pytest
import report_runs
from advised import QUEUE_BENCH, ROOT, needs_build, pipeline
from bqb import exit_status
from bqb.advice import answer, wishes
from bqb.commands import main
from PIL import Image

pytestmark = needs_build

WRITTEN = {"pipeline.toml", "scenario", "capacity.png", "capacity.svg"}
# For which only one queue fits.
ONE_QUEUE = ["--needs", "close,timeouts", "--must-not-block", "consumer"]
FAST = ["--producer-mean", "2us", "--consumer-mean", "2us", *ONE_QUEUE, "--measure", "1s"]


@pytest.fixture
def advise(capsys, monkeypatch, tmp_path):
    """advise(words..) -> (exit status, standard output, standard error)."""
    monkeypatch.setenv("BQB_QUEUE_BENCH", str(QUEUE_BENCH))
    monkeypatch.chdir(tmp_path)

    def started(*words):
        status = main(["advise", *map(str, words)])
        out, err = capsys.readouterr()
        return status, out, err

    return started


@pytest.fixture
def unmeasured(advise, tmp_path):
    """unmeasured(words..) -> (exit status, output): the answer without measuring, in `out`."""

    def started(*words, out="out"):
        status, said, err = advise(*words, "--measure", "none", "--out", tmp_path / out)
        assert err == ""
        return status, said

    return started


def capacity_line(said):
    return next(line for line in said.splitlines() if line.startswith("Capacity: "))


# ------------------------------------------------------------------------------ without measuring


@pytest.mark.parametrize(
    "words",
    [
        ["--consumer-mean", "5us", "--burst", "50"],
        ["--producer-mean", "5k/s", "--consumer-mean", "50us", "--cores", "0.5"],
        ["--producer-mean", "4us", "--consumer-mean", "5us", "--order", "global", "--all"],
        ["--consumer-mean", "5us", "--when-full", "drop", "--idle-cpu", "none"],
        ["--consumer-mean", "900ns", "--producers", "16", "--consumers", "16", "--cores", "32"],
    ],
)
def test_the_answer_fits_on_a_screen_and_is_written(unmeasured, tmp_path, words):
    status, said = unmeasured(*words)
    assert status in (exit_status.OK, exit_status.UNDECIDED)
    lines = said.splitlines()
    assert len(lines) <= 45 and max(map(len, lines)) <= 110
    order = ["Assumed: ", "Capacity: ", "Queue: ", "out: pipeline.toml (to ask again), scenario/"]
    places = [said.index(f"\n{words}") for words in order]
    assert places == sorted(places) and "nearest published point" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == WRITTEN
    with Image.open(tmp_path / "out" / "capacity.png") as figure:
        assert min(figure.size) > 300


def test_an_answer_says_where_it_comes_from(unmeasured):
    status, said = unmeasured("--consumer-mean", "5us", "--memory", "1KiB", "--burst", "50")
    assert "Messages arrive 50 at a time, 160 k/s" in said
    assert "a load of 80% of what the consumers can take" in said
    assert capacity_line(said) == "Capacity: 64"
    assert "Wanted: at least 50 (a burst fits), at most 64 (16 B a slot)." in " ".join(said.split())
    assert "Left out: boost_lockfree (takes trivially copyable messages only)." in said


def test_where_one_queue_fits_the_answer_is_decided(unmeasured):
    status, said = unmeasured("--producer-mean", "100k/s", "--consumer-mean", "5us", *ONE_QUEUE)
    assert "\nQueue: spsc_spin_yield_park, the only one that fits\n" in said
    assert status == exit_status.OK


def test_the_written_pipeline_gives_the_same_answer(unmeasured, tmp_path):
    (tmp_path / "times").write_text("1000\n4000\n" * 100)
    words = ["--consumer-trace", "times", "--producer-mean", "300k/s", "--cv", ".5"]
    first = unmeasured(*words, "--message-bytes", "64B", "--needs", "close")
    (tmp_path / "times").unlink()  # a copy of it is beside the scenario
    shutil.move(tmp_path / "out", tmp_path / "kept")
    again = unmeasured(tmp_path / "kept" / "pipeline.toml", out="again")
    assert again == (first[0], first[1].replace("out: pipe", "again: pipe"))
    third = unmeasured("kept/pipeline.toml", "--producer-mean", "350k/s", out="third")
    assert "350 k/s" in third[1] and "cv 0.5" in third[1]
    scenario = tomllib.loads((tmp_path / "kept/scenario/my_pipeline.toml").read_text())
    assert scenario["message_bytes"] == 64 and scenario["consumer"]["process"] == "trace"
    listing = subprocess.run(
        [QUEUE_BENCH, "--scenario", tmp_path / "kept/scenario/my_pipeline.toml", "--list"],
        capture_output=True,
        check=False,
    )
    assert listing.returncode == 0, listing.stderr


def test_a_folder_may_have_any_name(unmeasured, tmp_path):
    unmeasured("--consumer-mean", "5us", out="a 'b'\n# c")
    assert wishes.from_file(tmp_path / "a 'b'\n# c" / "pipeline.toml").consumer_mean.ns == 5000


def test_the_same_seed_gives_the_same_capacity(unmeasured):
    words = ["--consumer-mean", "5us", "--producer-mean", "180k/s", "--seed"]
    same = [unmeasured(*words, 7, out=f"out{number}")[1] for number in (1, 2)]
    assert capacity_line(same[0]) == capacity_line(same[1])


# ---------------------------------------------------------------------------------- what is refused


def refused(advise, *words):
    """(status, message) of a call that prints one line and writes nothing."""
    status, out, err = advise(*words, "--measure", "none", "--out", "out")
    assert out == "" and len(err.splitlines()) == 1 and not os.path.exists("out")
    return status, err


@pytest.mark.parametrize(
    "words, status, said",
    [
        (["--consumer-mean", "5"], 2, "advise: --consumer-mean: '5' is not a time or a rate"),
        (["--consumer-mean", "nan"], 2, "advise: --consumer-mean: 'nan' is not a time or a rate"),
        (["--consumer-mean"], 2, "advise: argument --consumer-mean: expected one argument"),
        ([], 2, "advise: nothing is known of the pace"),
        (["none.toml"], 2, "advise: none.toml: No such file or directory"),
        (["--consumer-trace", "none"], 2, "advise: none: No such file or directory"),
        (["--consumer-trace", "."], 2, "advise: .: Is a directory"),
        (["--consumer-mean", "5us", "--threads", "3"], 2, "unrecognized arguments: --threads"),
        (["--consumer-mean", "5us", "--memory", "1B"], 7, "advise: impossible: "),
        (["--consumer-mean", "5us", "--longest-stall", "100h"], 7, "advise: impossible: --longest"),
        (["--consumer-mean", "5us", "--producer-mean", "1M/s"], 7, "advise: impossible: 1 M/s"),
        (["--consumer-mean", "5us", "--producers", "2", *ONE_QUEUE], 7, "impossible: no queue"),
        (["--consumer-mean", "1us", "--consumers", "256", "--producers", "256"], 2, "512 threads"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_writes_nothing(advise, words, status, said):
    found, err = refused(advise, *words)
    assert (found, said in err) == (status, True), err


@pytest.mark.parametrize("word", ["nonsense", "5", "0s", "-1s", "None"])
def test_a_wrong_length_of_the_measurement(advise, word):
    status, _, err = advise("--consumer-mean", "5us", f"--measure={word}", "--out", "out")
    assert status == exit_status.USAGE and f"--measure: '{word}' is not a length of time" in err
    assert not os.path.exists("out")


def test_a_folder_that_holds_something_is_left_alone(advise, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    status, _, err = advise("--consumer-mean", "5us", "--measure", "none", "--out", "full")
    assert status == exit_status.USAGE and "--out full: exists already; name a new folder" in err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


def test_nothing_half_written_is_left(advise, monkeypatch, tmp_path):
    def fail(*_):
        raise OSError(28, "No space left on device", "capacity.png")

    monkeypatch.setattr("bqb.advice.figure.draw_capacity", fail)
    status, err = refused(advise, "--consumer-mean", "5us")
    assert status == exit_status.IO_ERROR and "capacity.png: No space left on device" in err


@pytest.mark.parametrize(
    "words, said",
    [
        ([], "--resume run: no run was begun there"),
        (["--measure", "5m"], "leave out the rest"),
        (["--seed", "0"], "leave out the rest"),
        (["--with", "my.h"], "leave out the rest"),
        (["--all"], "leave out the rest"),
        (["--cv", "1"], "leave out the rest"),
        (["pipeline.toml"], "leave out the rest"),
        (["--out", "out"], "leave out the rest"),
    ],
)
def test_resume_heeds_no_other_option(advise, tmp_path, words, said):
    status, _, err = advise("--resume", "run", *words)
    assert status == exit_status.USAGE and said in err


def test_resume_of_a_run_that_is_no_answer(advise, tmp_path):
    report_runs.with_verdicts(
        tmp_path / "run", best=["tbb"], context={"arguments": {"scenario": ["plain"]}}
    )
    status, _, err = advise("--resume", "run")
    assert status == exit_status.USAGE and len(err.splitlines()) == 1
    assert "run/pipeline.toml: No such file or directory" in err


def test_help_lists_every_input_and_every_status(advise, capsys):
    status, said, _ = advise("--help")
    assert status == 0
    for each in wishes.INPUTS:
        assert f"  {wishes.option(each.key)} " in said
    for number in (0, exit_status.USAGE, exit_status.IMPOSSIBLE, exit_status.UNDECIDED):
        assert f"\n  {number}    " in said


# -------------------------------------------------------------------------------------- measured


def in_a_process(*words):
    """The command in a process of its own, which can be stopped and locks its folder."""
    code = "import sys; from bqb.commands import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, "advise", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_a_measurement_is_stopped_and_resumed(advise, tmp_path):
    """One queue only, at two capacities. What they show is left open."""
    process = in_a_process(*FAST[:-1], "20s", "--out", "run")
    assert any(line.startswith("round 2/") for line in process.stderr)  # waits for it
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + signal.SIGINT, ""), err
    assert err.splitlines()[-1] == "Go on with: ./scripts/advise --resume run"
    assert WRITTEN <= {path.name for path in (tmp_path / "run").iterdir()}

    process = in_a_process("--resume", "run")
    said, err = process.communicate(timeout=120)
    status = process.returncode
    assert status in (exit_status.OK, exit_status.UNDECIDED), err
    lines = said.splitlines()
    assert len(lines) <= 45 and max(map(len, lines)) <= 110
    assert "Queue: " in said and "\nrun: report.html, the results, pipeline.toml" in said
    assert "Time per message with spsc_spin_yield_park, measured: " in said
    written = {path.name for path in (tmp_path / "run").iterdir()}
    assert WRITTEN | {"report.html", "trials.jsonl", "plots", "results.json"} <= written
    before = (tmp_path / "run" / "trials.jsonl").read_bytes()
    # What is left of the time is measured; then the answer is shown again.
    status, again = advise("--resume", "run")[:2]
    assert status in (exit_status.OK, exit_status.UNDECIDED)
    assert capacity_line(again) == capacity_line(said)
    assert (tmp_path / "run" / "trials.jsonl").read_bytes().startswith(before)


def test_the_run_of_an_answer_is_that_of_its_scenario(advise, tmp_path):
    found = answer.without_measuring(
        pipeline(consumer_mean="5us").wishes, QUEUE_BENCH, everything=False, seed=3
    )
    answer.write_answer(tmp_path, found, "", measure_s=60)
    selection = answer.selection_of(tmp_path, found, 60, seed=3)
    assert selection.scenario == (str(tmp_path / "scenario" / "my_pipeline.toml"),)
    table = tomllib.loads((tmp_path / "scenario" / "my_pipeline.toml").read_text())
    assert found.capacity.capacity in table["capacity"]
    assert set(table["queues"]) == set(found.fitting.fit)
