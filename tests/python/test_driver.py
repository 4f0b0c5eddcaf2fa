"""The driver against a fake queue_bench that speaks the contract and fails on demand."""

import json
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from bqb import CommandError, exit_status
from bqb.data import files
from bqb.exit_status import QueueBenchStatus
from bqb.running.driver import Driver, OneMoreBlock
from bqb.running.process import cause_of_death
from bqb.running.selection import Selection

CELLS = [
    f"s/{queue}/capacity:{capacity}" for capacity in (1, 16) for queue in ("one", "two", "three")
]


def rows(folder: Path, kind: str) -> list[dict]:
    found = []
    for line in (folder / "trials.jsonl").read_text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return [row for row in found if row["kind"] == kind]


def processes(folder: Path) -> list[str]:
    return (folder / "processes").read_text().splitlines()


def complete_trials(folder: Path) -> Counter:
    """(cell, round) of the trials that have the row of their block."""
    blocks = {(row["point"], row["round"]) for row in rows(folder, "block")}
    return Counter(
        (row["cell"], row["round"])
        for row in rows(folder, "trial")
        if (row["point"], row["round"]) in blocks and row["status"] == "ok"
    )


def wait_for(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def wait_for_trials(folder: Path, count: int) -> None:
    wait_for(lambda: (folder / "trials.jsonl").exists() and len(rows(folder, "trial")) >= count)


def test_every_cell_once_a_round_each_round_in_a_fresh_process(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "3").end()
    assert run.status == 0, run.err
    assert run.out.splitlines()[-1] == "run"
    assert complete_trials(tmp_path / "run") == Counter(
        (cell, number) for cell in CELLS for number in (1, 2, 3)
    )
    pids = [line.split()[0] for line in processes(tmp_path / "run")]
    assert len(set(pids)) == len(pids) == 5  # the pilot and the properties, too


def test_rounds_go_through_the_layouts_two_each(bench, tmp_path, monkeypatch):
    for name in ("queue_bench", "queue_bench.layout_1", "queue_bench.layout_10"):
        (tmp_path / name).symlink_to(Path(os.environ["BQB_QUEUE_BENCH"]))
    monkeypatch.setenv("BQB_QUEUE_BENCH", str(tmp_path / "queue_bench"))
    assert bench("--out", "run", "--rounds", "8").end().status == 0
    programs = [line.split()[1].removeprefix("queue_bench") for line in processes(tmp_path / "run")]
    rounds = [*[""] * 2, *[".layout_1"] * 2, *[".layout_10"] * 2, *[""] * 2]
    assert programs == ["", "", *rounds], "the pilot and the properties first"


@pytest.mark.parametrize("default, expected", [({}, 12), ({"rounds": 2}, 2)])
def test_number_of_rounds_without_an_option(bench, tmp_path, default, expected):
    assert bench("--out", "run", **default).end().status == 0
    assert max(row["round"] for row in rows(tmp_path / "run", "block")) == expected


def test_progress_where_there_is_no_terminal(bench):
    assert "round 2/2: 12/12 trials (100%)" in bench("--out", "run", "--rounds", "2").end().err


# ------------------------------------------------------------------------------- a queue that fails


def test_hung_queue_loses_its_cell_and_no_other(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "2", hang=[CELLS[1]]).end()
    assert run.status == 1
    assert complete_trials(tmp_path / "run").keys() == {
        (c, n) for c in CELLS if c != CELLS[1] for n in (1, 2)
    }


def test_crashed_queue_is_blamed(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "2", crash=[CELLS[0], CELLS[4]]).end()
    assert run.status == 1
    errors = {
        row["cell"]: row["message"]
        for row in rows(tmp_path / "run", "trial")
        if row["status"] == "error"
    }
    assert errors == {CELLS[0]: "died of SIGSEGV", CELLS[4]: "died of SIGSEGV"}
    assert len(complete_trials(tmp_path / "run")) == 2 * (len(CELLS) - 2)


def test_hung_queue_is_not_blamed_a_second_time(bench, tmp_path):
    bench("--out", "run", "--rounds", "1", hang=[CELLS[0]]).end()
    assert not any("--crash-reason" in line for line in processes(tmp_path / "run"))


@pytest.mark.parametrize(
    "code, said, message, status",
    [
        (
            QueueBenchStatus.USAGE,
            "queue_bench: a.toml:3: wrong",
            "queue_bench: a.toml:3: wrong",
            exit_status.USAGE,
        ),
        (
            QueueBenchStatus.IO_ERROR,
            "",
            "queue_bench: the results cannot be written; is the disk full?",
            exit_status.IO_ERROR,
        ),
        (
            QueueBenchStatus.RESOURCE_LIMIT,
            "",
            "queue_bench: not enough threads or memory",
            exit_status.RESOURCE_LIMIT,
        ),
        (
            QueueBenchStatus.INTERNAL_ERROR,
            "",
            "queue_bench: internal error",
            exit_status.INTERNAL_ERROR,
        ),
        (
            -signal.SIGKILL,
            "",
            "queue_bench was killed by SIGKILL (out of memory?)",
            exit_status.FAILED,
        ),
    ],
)
def test_what_is_no_fault_of_a_queue_ends_the_run_and_says_why(code, said, message, status):
    with pytest.raises(CommandError, match=re.escape(message)) as error:
        cause_of_death(code, said)
    assert error.value.status == status


@pytest.mark.parametrize(
    "code, cause", [(99, "ended with status 99"), (-signal.SIGSEGV, "died of SIGSEGV")]
)
def test_any_other_end_is_blamed_on_the_queue(code, cause):
    assert cause_of_death(code, "") == cause


@pytest.mark.parametrize(
    "fault", [{"silent_crash": True}, {"crash": CELLS[:1], "unblamable": True}]
)
def test_gives_up_when_starting_again_leads_nowhere(bench, fault):
    run = bench("--out", "run", "--rounds", "2", **fault).end()
    assert run.status == 1
    assert "keeps failing without making progress (died of SIGSEGV)" in run.err.splitlines()[-1]


# --------------------------------------------------------------------------------------- properties


def properties(folder: Path) -> dict[str, str]:
    """What each queue got: a value, or an error."""
    return {row["queue"]: row.get("error", "values") for row in rows(folder, "property")}


def test_properties_are_measured_once_a_run(bench, tmp_path):
    assert bench("--out", "run", "--rounds", "2").end().status == 0
    assert bench("--resume", "run").end().status == 0
    assert Counter(row["queue"] for row in rows(tmp_path / "run", "property")) == {
        "one": 1,
        "two": 1,
        "three": 1,
    }


@pytest.mark.parametrize(
    "fault, error",
    [
        ("crash_properties", "crashed: died of SIGSEGV"),
        ("hang_properties", "hung: no end after 10 s"),
    ],
)
def test_a_queue_that_fails_its_properties_costs_no_trial(bench, tmp_path, fault, error):
    run = bench("--out", "run", "--rounds", "2", **{fault: ["two"]}).end()
    assert run.status == 1
    assert properties(tmp_path / "run") == {"one": "values", "two": error, "three": "values"}
    assert complete_trials(tmp_path / "run").keys() == {
        (cell, number) for cell in CELLS for number in (1, 2)
    }


def test_properties_that_get_nowhere_are_given_up_and_the_run_goes_on(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "2", crash_properties=["two"], unblamable=True).end()
    assert (
        run.status == 0
        and "bench: not all properties were measured: queue_bench keeps failing" in run.err
    )
    assert complete_trials(tmp_path / "run").keys() == {
        (cell, number) for cell in CELLS for number in (1, 2)
    }


def test_compile_times_of_unknown_queues_are_remarks(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "1", "--compile-times").end()
    assert (
        run.status == 0
        and "no compile time of one: it is neither in queues/queues.list nor" in run.err
    )
    assert not [row for row in rows(tmp_path / "run", "property") if row["name"] == "compile"]


# ----------------------------------------------------------------------------- stopped from outside


def test_out_of_memory_kill_is_no_fault_of_a_queue(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "2", crash=CELLS[:1], signal="SIGKILL").end()
    assert run.status == 1
    assert "queue_bench was killed by SIGKILL (out of memory?)" in run.err
    assert not [row for row in rows(tmp_path / "run", "trial") if row["status"] == "error"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_keeps_what_is_there_and_says_how_to_go_on(bench, tmp_path, number):
    run = bench("--out", "run", "--rounds", "2", slow=0.05)
    wait_for_trials(tmp_path / "run", 4)
    run.process.send_signal(number)
    run.end()
    assert run.status == 128 + number
    assert run.err.splitlines()[-1] == "Go on with: ./scripts/bench --resume run"
    assert (tmp_path / "run" / "results.json").exists()


def test_signal_that_a_user_sends_to_queue_bench_stops_the_run(bench):
    assert (
        bench("--out", "run", "--rounds", "2", crash=CELLS[:1], signal="SIGINT").end().status == 130
    )


@pytest.mark.parametrize("trials_before", [1, 3, 8])
def test_resume_after_kill_9_gives_what_an_undisturbed_run_gives(bench, tmp_path, trials_before):
    folder = tmp_path / "run"
    run = bench("--out", "run", "--rounds", "3", slow=0.1)
    wait_for_trials(folder, trials_before)
    before = len(rows(folder, "trial"))
    run.process.kill()
    run.end()
    child = int(processes(folder)[-1].split()[0])
    wait_for(lambda: not alive(child))
    # Else two processes would soon write to one run.
    assert len(rows(folder, "trial")) <= before + 1
    cut_last_line(folder / "trials.jsonl")
    recorded = histograms(folder)
    assert len(recorded) >= trials_before

    assert bench("--resume", "run").end().status == 0
    assert (
        recorded <= histograms(folder) == {(cell, number) for cell in CELLS for number in (1, 2, 3)}
    )
    assert set(complete_trials(folder)) == {
        (cell, number) for cell in CELLS for number in (1, 2, 3)
    }
    assert (
        len({(row["point"], row["round"]) for row in rows(folder, "block")})
        == len(rows(folder, "block"))
        == 6
    )


def histograms(folder: Path) -> set[tuple[str, int]]:
    return {
        (row["cell"], row["round"])
        for row in map(json.loads, files.lines(folder / "histograms.jsonl"))
    }


def test_histograms_are_compressed_after_each_round(bench, tmp_path):
    assert bench("--out", "run", "--rounds", "3", refuse_round=3).end().status == 5
    assert files.parts(tmp_path / "run" / "histograms.jsonl") == [
        tmp_path / "run" / "histograms.jsonl.xz"
    ]
    assert histograms(tmp_path / "run") == {(cell, number) for cell in CELLS for number in (1, 2)}


def test_resume_compresses_what_a_kill_after_the_last_round_left(bench, tmp_path):
    bench("--out", "run", "--rounds", "1").end()
    path = tmp_path / "run" / "histograms.jsonl"
    path.write_bytes(b"".join(files.lines(path)))
    files.compressed(path).unlink()
    assert bench("--resume", "run").end().status == 0
    assert files.parts(path) == [files.compressed(path)] and len(
        histograms(tmp_path / "run")
    ) == len(CELLS)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return False


def cut_last_line(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 10)


def test_resume_of_a_run_that_is_complete_measures_nothing(bench, tmp_path):
    bench("--out", "run", "--rounds", "3").end()
    before = (tmp_path / "run" / "trials.jsonl").read_bytes()
    assert bench("--resume", "run").end().status == 0
    assert (tmp_path / "run" / "trials.jsonl").read_bytes() == before


def test_resume_measures_the_same_selection(bench, tmp_path):
    bench(
        "--out",
        "run",
        "--rounds",
        "2",
        "--scenario",
        "s",
        "--queue",
        "o|t",
        "--all",
        "--seed",
        "7",
        refuse_round=2,
    ).end()
    assert bench("--resume", "run").end().status == 0
    first, *others = [
        line.split(" --out ")[0].partition(" ")[2] for line in processes(tmp_path / "run")
    ]
    assert "--scenario s --queue o|t --all --seed 7" in first
    assert set(others) == {first}


def test_single_points_are_measured_to_the_end_and_resumed(bench, tmp_path):
    options = ("--out", "run", "--rounds", "3", "--point", "s/capacity:16")
    assert bench(*options, refuse_round=2).end().status == 5
    run = bench("--resume", "run").end()
    assert run.status == 0, run.err
    assert "round 3/3: 9/9 trials (100%)" in run.err
    assert complete_trials(tmp_path / "run") == Counter(
        (cell, number) for cell in CELLS[3:] for number in (1, 2, 3)
    )
    assert {row["point"] for row in rows(tmp_path / "run", "plan")} == {"s/capacity:16"}
    assert all("--point s/capacity:16 " in line for line in processes(tmp_path / "run"))


def test_two_runs_do_not_share_a_folder(bench, tmp_path):
    first = bench("--out", "run", "--rounds", "2", slow=0.1)
    wait_for_trials(tmp_path / "run", 1)
    second = bench("--resume", "run").end()
    assert (second.status, "is writing to it" in second.err) == (2, True)
    assert first.end().status == 0


# ----------------------------------------------------------------------------------- make-up rounds


def undisturbed(folder: Path, point: str) -> int:
    return sum(row["point"] == point and not row["disturbed"] for row in rows(folder, "block"))


def test_make_up_rounds_measure_just_what_was_disturbed(bench, tmp_path):
    bench("--out", "run", "--rounds", "12", disturbed={"s/capacity:1": 2}).end()
    made_up = [
        (row["point"], row["round"]) for row in rows(tmp_path / "run", "block") if row["round"] > 12
    ]
    assert made_up == [("s/capacity:1", number) for number in (13, 14)]
    assert undisturbed(tmp_path / "run", "s/capacity:1") == 12


def test_make_up_rounds_keep_to_a_tenth_of_the_time(bench, tmp_path):
    bench(
        "--out", "run", "--rounds", "12", disturbed={"s/capacity:1": 999, "s/capacity:16": 999}
    ).end()
    made_up = [row for row in rows(tmp_path / "run", "block") if row["round"] > 12]
    assert len(made_up) == 2  # of 24


def test_no_make_up_rounds_in_a_short_run(bench, tmp_path):
    bench("--out", "run", "--rounds", "4", disturbed={"s/capacity:1": 4}).end()
    assert max(row["round"] for row in rows(tmp_path / "run", "block")) == 4


def test_resume_goes_on_with_make_up_rounds(bench, tmp_path):
    faults = {"disturbed": {"s/capacity:1": 2}}
    assert bench("--out", "run", "--rounds", "12", refuse_round=14, **faults).end().status == 5
    assert bench("--resume", "run", **faults).end().status == 0
    made_up = [row["round"] for row in rows(tmp_path / "run", "block") if row["round"] > 12]
    assert made_up == [13, 14]


# ------------------------------------------------------------------------------------------- budget

SHORT, LONG = "s/capacity:1", "s/capacity:16"


def blocks(folder: Path, point: str) -> list[int]:
    """Rounds of a point, in the order of measuring."""
    return [row["round"] for row in rows(folder, "block") if row["point"] == point]


def looks(folder: Path) -> list[list[int]]:
    return [row["rounds"] for row in rows(folder, "looks")]


def test_budget_goes_to_the_points_that_are_undecided_until_they_are_decided(bench, tmp_path):
    run = bench(
        "--out", "run", "--budget", "1h", noisy={SHORT: 4}, block_s={SHORT: 1, LONG: 1}
    ).end()
    assert run.status == 0, run.err
    assert looks(tmp_path / "run") == [[12 * 2**k for k in range(10)]], "of 1,800 rounds"
    assert blocks(tmp_path / "run", LONG) == list(range(1, 13))
    assert len(blocks(tmp_path / "run", SHORT)) == 24, "it ends long before the budget is spent"


def test_budget_too_small_for_a_verdict_buys_six_rounds_all_the_same(bench, tmp_path):
    noisy = {SHORT: 99, LONG: 99}
    bench("--out", "run", "--budget", "1s", noisy=noisy, block_s={SHORT: 10, LONG: 10}).end()
    assert blocks(tmp_path / "run", SHORT) == blocks(tmp_path / "run", LONG) == [1, 2, 3, 4, 5, 6]


def test_a_brief_run_ends_with_its_budget_and_has_no_properties(tmp_path, monkeypatch):
    noisy = {SHORT: 99, LONG: 99}
    monkeypatch.setenv("FAKE", json.dumps({"noisy": noisy, "block_s": {SHORT: 10, LONG: 10}}))
    folder = tmp_path / "run"
    folder.mkdir()
    fake = Path(__file__).with_name("fake_queue_bench.py")
    monkeypatch.chdir(tmp_path)
    Driver(fake, folder, Selection(budget_s=35.0), is_brief=True).run()
    counts = {len(blocks(folder, SHORT)), len(blocks(folder, LONG))}
    assert counts <= {1, 2} and rows(folder, "property") == []


def test_a_function_that_names_points_is_asked_after_the_first_rounds_and_at_each_look(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("FAKE", json.dumps({"block_s": {SHORT: 1, LONG: 1}}))
    folder = tmp_path / "run"
    folder.mkdir()
    fake = Path(__file__).with_name("fake_queue_bench.py")
    monkeypatch.chdir(tmp_path)
    answers = iter([[SHORT], [LONG], []])
    asked_after = []

    def undecided(where: Path) -> list[str]:
        asked_after.append((len(blocks(where, SHORT)), len(blocks(where, LONG))))
        return next(answers)

    selection = Selection(rounds=3, budget_s=3600.0)
    Driver(fake, folder, selection, undecided=undecided, is_brief=True).run()
    assert asked_after == [(3, 3), (12, 3), (12, 24)]


def test_budget_is_not_overdrawn(bench, tmp_path):
    noisy = {SHORT: 99, LONG: 99}
    bench("--out", "run", "--budget", "10m", noisy=noisy, block_s={SHORT: 10, LONG: 30}).end()
    # Six rounds take 240 s, nine more 360 s: after them nothing more is paid.
    assert len(blocks(tmp_path / "run", SHORT)) == len(blocks(tmp_path / "run", LONG)) == 15
    assert looks(tmp_path / "run") == [[12, 24, 48]]
    bench("--out", "rest", "--budget", "250s", noisy=noisy, block_s={SHORT: 10, LONG: 30}).end()
    assert looks(tmp_path / "rest") == [[6]]
    assert len(blocks(tmp_path / "rest", SHORT)) == len(blocks(tmp_path / "rest", LONG)) == 6


def test_a_point_with_disturbed_blocks_only_is_undecided(bench, tmp_path):
    disturbed = {SHORT: 12}
    bench("--out", "run", "--budget", "1h", disturbed=disturbed, block_s={SHORT: 1, LONG: 1}).end()
    assert len(blocks(tmp_path / "run", SHORT)) == 24 and len(blocks(tmp_path / "run", LONG)) == 12


def test_resume_goes_on_with_the_budget_and_counts_what_was_measured(bench, tmp_path):
    faults = {"noisy": {SHORT: 99, LONG: 99}, "block_s": {SHORT: 10, LONG: 10}}
    assert bench("--out", "run", "--budget", "200s", refuse_round=8, **faults).end().status == 5
    assert bench("--resume", "run", **faults).end().status == 0
    assert len(blocks(tmp_path / "run", SHORT)) == len(blocks(tmp_path / "run", LONG)) == 10
    assert looks(tmp_path / "run") == [[10]]
    size = (tmp_path / "run" / "trials.jsonl").stat().st_size
    assert bench("--resume", "run", **faults).end().status == 0
    assert (tmp_path / "run" / "trials.jsonl").stat().st_size == size, "it is spent"


class Clockwork:
    """As much of a driver as OneMoreBlock looks at."""

    def __init__(self):
        self.budget_is_spent = False
        self.journal = SimpleNamespace(disturbed={})


def test_what_runs_over_the_budget_is_stopped_with_the_first_block_that_ends():
    driver = Clockwork()
    enough = OneMoreBlock(driver)
    driver.journal.disturbed["s/a", 1] = False
    assert not enough()
    driver.budget_is_spent = True
    assert not enough(), "a block is in progress"
    driver.journal.disturbed["s/a", 2] = False
    assert enough()


# -------------------------------------------------------------------------------------- a full disk


def test_what_queue_bench_refuses_is_passed_on(bench, tmp_path):
    run = bench("--out", "run", "--rounds", "2", refuse_round=2).end()
    assert run.status == 5
    assert run.err.splitlines()[-1] == "queue_bench: trials.jsonl: no space left on device"
    assert "no space left" in (tmp_path / "run" / "queue_bench.log").read_text()
