"""./scripts/validate on runs made of theory itself: what agrees passes, what does not fails by
name; exit statuses."""

import dataclasses
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import theoretical
from bqb.report import terminal
from bqb.report.figures.page import figure_text, plot_style
from bqb.validation import comparison, figure, report, result, run
from bqb.validation.parts import PARTS
from theoretical import point, run_row, trial

HERE = Path(__file__).resolve().parent
POINTS = {
    "tandem_spin": [
        point("tandem_spin", f"case:1p1c/capacity:{capacity}/rho:{rho}", capacity=capacity, rho=rho)
        for capacity in (1, 8)
        for rho in (0.5, 1.25)
    ],
    "tandem_work_kinds": [
        point("tandem_work_kinds", f"case:{work}", capacity=2, rho=1.0, work=work)
        for work in ("wide", "memory")
    ],
    "tandem_short": [
        point("tandem_short", f"capacity:{capacity}/rho:1", capacity=capacity, service_ns=1_000)
        for capacity in (1, 8)
    ],
    "mm1": [
        point("mm1", f"case:rho_{rho}", capacity=256, rho=rho, open_loop=True)
        for rho in (0.5, 0.8, 0.9)
    ],
    "mm1_sleep": [
        point("mm1_sleep", "case:rho_0.3", capacity=64, rho=0.3, open_loop=True, work="sleep")
    ],
    "coordinated_omission": [
        point(
            "coordinated_omission",
            f"case:{case}/rho:0.8",
            capacity=4,
            rho=0.8,
            case=case,
            open_loop=case == "open",
            work="sleep",
        )
        for case in ("open", "closed")
    ],
    "md1": [
        point(
            "md1",
            "rho:0.7",
            capacity=256,
            rho=0.7,
            open_loop=True,
            process="constant",
            work="sleep",
        )
    ],
    "tandem_sleep": [
        point("tandem_sleep", f"case:{p}p{c}c/capacity:1/rho:1", p, c, work="sleep", rho=1.0)
        for p, c in ((1, 2), (2, 1), (2, 2))
    ],
    "mm2": [point("mm2", "rho:0.7", 1, 2, 32, rho=0.7, open_loop=True, work="sleep")],
}


def write_all(folder, rounds=12, disturbed=(), leave_out=(), **changes):
    for scenario, points in POINTS.items():
        if scenario not in leave_out:
            theoretical.write(
                folder / scenario,
                run_row(scenario, points),
                [trial(each, **changes) for each in points],
                rounds,
                disturbed,
            )
    return folder


def compared(folder):
    cells, faults = comparison.collect(folder, deep=False)
    return comparison.compare(cells), faults


def by_part(comparisons, part, figure=None):
    return [each for each in comparisons if each.part == part and figure in (None, each.figure)]


# ------------------------------------------------------------------------------------- the verdicts


def test_what_theory_says_passes(tmp_path):
    comparisons, faults = compared(write_all(tmp_path))
    assert not faults and result.passed(comparisons, faults), [
        each for each in comparisons if not each.passed
    ]
    assert len(comparisons) == 4 + 2 + 2 * 2 + 3 * 3 + 3 + 2 + 1 + 3 + 1
    assert all(
        each.off["realised"] == pytest.approx(0, abs=0.002 * max(each.theory, 1))
        for each in comparisons
    )
    assert all(each.blocks == 12 and not each.disturbed for each in comparisons)


@pytest.mark.parametrize("factor, fails", [(0.985, False), (0.975, True), (1.025, True)])
def test_a_throughput_may_be_two_percent_off(tmp_path, factor, fails):
    comparisons, _ = compared(write_all(tmp_path, throughput=factor))
    mine = by_part(comparisons, "tandem_spin")
    assert [each.passed for each in mine] == [not fails] * len(mine)
    assert all(each.off["realised"] / each.theory == pytest.approx(factor - 1) for each in mine)
    assert all(("realised" in each.beyond) == fails for each in mine)


def test_sleeping_work_may_be_three_percent_off(tmp_path):
    comparisons, _ = compared(write_all(tmp_path, throughput=0.975))
    assert all(each.passed for each in by_part(comparisons, "tandem_sleep"))


def test_short_work_is_judged_by_the_ideal_not_by_the_throughput(tmp_path):
    comparisons, _ = compared(write_all(tmp_path / "a", throughput=0.93, efficiency=0.93))
    assert all(each.passed for each in by_part(comparisons, "tandem_short", "ideal"))
    shown_only = by_part(comparisons, "tandem_short", "throughput")
    assert not any(each.judged for each in shown_only)
    assert all(each.off["realised"] / each.theory == pytest.approx(-0.07) for each in shown_only)
    comparisons, _ = compared(write_all(tmp_path / "b", efficiency=0.97))
    wrong = by_part(comparisons, "tandem_short", "ideal")
    assert [each.beyond for each in wrong] == [["realised"]] * 2


def test_work_that_takes_longer_is_no_fault_of_the_queue_but_is_told(tmp_path):
    comparisons, _ = compared(write_all(tmp_path / "a", slow_work=1.04))
    throughputs = by_part(comparisons, "tandem_spin")
    assert all(each.passed and each.off["realised"] == pytest.approx(0) for each in throughputs)
    assert all(
        each.off["drawn"] / each.theory == pytest.approx(1 / 1.04 - 1) for each in throughputs
    )
    mean = next(each for each in by_part(comparisons, "mm1", "mean") if each.drawn_rho == 0.8)
    assert mean.rho == pytest.approx(0.832) and mean.passed and mean.off["drawn"] > 0.5
    comparisons, _ = compared(write_all(tmp_path / "b", slow_work=1.09))
    assert all(each.passed for each in by_part(comparisons, "tandem_spin"))
    assert all(each.beyond == ["drawn"] for each in by_part(comparisons, "tandem_sleep"))


def test_a_queue_slower_than_the_ideal_one_fails_the_replay(tmp_path):
    comparisons, _ = compared(write_all(tmp_path, efficiency=0.975))
    assert all(each.beyond == ["replay"] for each in by_part(comparisons, "tandem_spin"))


@pytest.mark.parametrize("factor, heavy_fails", [(1.08, False), (1.15, False), (1.3, True)])
def test_a_wait_may_be_ten_percent_off_and_more_under_heavy_load(tmp_path, factor, heavy_fails):
    comparisons, _ = compared(write_all(tmp_path, wait=factor))
    for name in ("mean", "p99"):
        passed = {each.drawn_rho: each.passed for each in by_part(comparisons, "mm1", name)}
        assert passed == {0.5: factor < 1.1, 0.8: factor < 1.1, 0.9: not heavy_fails}
        assert all(
            each.beyond in ([], ["realised", "replay"])
            for each in by_part(comparisons, "mm1", name)
        )
    assert all(
        each.passed == (factor < 1.1) for each in by_part(comparisons, "coordinated_omission")
    )


@pytest.mark.parametrize("name, part", [("mean", "mm1_sleep"), ("mean", "md1")])
def test_a_wake_up_is_allowed_where_the_wait_is_short(tmp_path, name, part):
    floor = (
        next(each.tolerances for each in PARTS if each.scenario == part)[name].floor_ns / 10_000.0
    )
    for number, (beyond, passes) in enumerate(((-0.01, True), (0.01, False))):
        theory_of_it = by_part(compared(write_all(tmp_path / f"theory{number}"))[0], part, name)[
            0
        ].theory
        factor = 1.1 + (floor + beyond) / theory_of_it
        assert (
            by_part(compared(write_all(tmp_path / str(number), wait=factor))[0], part, name)[
                0
            ].passed
            == passes
        )


def test_a_figure_that_is_only_shown_has_no_verdict(tmp_path):
    comparisons, faults = compared(write_all(tmp_path, wait=1.05))
    line = next(
        line
        for line in shown(by_part(comparisons, "mm1_sleep"), faults).splitlines()
        if "p50" in line
    )
    assert "ok" not in line and "FAIL" not in line
    assert result.score(comparisons) == (len(comparisons) - 3,) * 2


def test_the_closed_loop_understates_the_wait(tmp_path):
    comparisons, _ = compared(write_all(tmp_path))
    opened, closed = sorted(
        by_part(comparisons, "coordinated_omission"), key=lambda each: not each.open_loop
    )
    assert opened.measured == pytest.approx(21.9, abs=0.1) and closed.measured < opened.measured / 2


def test_disturbed_blocks_count_only_for_want_of_others(tmp_path):
    comparisons, _ = compared(write_all(tmp_path / "a", disturbed=(1, 2, 3)))
    assert {(each.blocks, each.disturbed) for each in by_part(comparisons, "tandem_spin")} == {
        (9, 0)
    }
    assert {each.blocks for each in by_part(comparisons, "tandem_sleep")} == {12}
    comparisons, _ = compared(write_all(tmp_path / "b", disturbed=(1, 2, 3, 4)))
    assert {(each.blocks, each.disturbed) for each in by_part(comparisons, "tandem_spin")} == {
        (12, 4)
    }
    assert "†: fewer than 9" in shown(comparisons, [])


def test_trials_that_lost_their_cores_are_no_evidence_of_a_wait(tmp_path):
    def robbed(folder, rounds):
        """The later rounds of twelve are left whole."""
        write_all(folder)
        path = folder / "mm1" / "trials.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for row in rows:
            if row["kind"] == "trial" and row["round"] <= rounds:
                row["counters"]["consumer_cpu_ns_per_msg"] *= 0.997
                row["counters"] |= {
                    f"sojourn_{figure}_ns": 9e9 for figure in ("mean", "p50", "p99")
                }
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return by_part(compared(folder)[0], "mm1")

    kept = robbed(tmp_path / "a", 6)
    assert {(each.blocks, each.passed, each.robbed) for each in kept} == {(6, True, False)}
    lost = robbed(tmp_path / "b", 7)
    assert {(each.blocks, each.robbed) for each in lost} == {(6, True)} and result.score(lost) == (
        0,
        0,
    )
    text = " ".join(shown(lost, []).split())
    assert "6‡" in text and "‡: not judged, for fewer than 6 trials" in text
    assert text.endswith(f"0 of 0 figures agree, {len(lost)} not judged.")


def test_a_wait_is_that_of_the_median_trial(tmp_path):
    write_all(tmp_path)
    path = tmp_path / "mm1" / "trials.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if row["kind"] == "trial" and row["round"] <= 5:
            row["counters"] |= {f"sojourn_{figure}_ns": 9e9 for figure in ("mean", "p50", "p99")}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert all(each.passed for each in by_part(compared(tmp_path)[0], "mm1"))


def test_too_few_blocks_prove_nothing(tmp_path):
    comparisons, _ = compared(write_all(tmp_path, rounds=8))
    assert all(each.trouble == "8 blocks, 9 are needed" and not each.passed for each in comparisons)


def test_a_load_beyond_saturation_is_named(tmp_path):
    comparisons, _ = compared(write_all(tmp_path))
    cells, _ = comparison.collect(tmp_path, deep=False)
    cell = next(each for each in cells if each.point.name == "mm1/case:rho_0.9")
    slow = [
        dataclasses.replace(each, counters={**each.counters, "consumer_work_mean_ns": 12_000.0})
        for each in cell.trials
    ]
    assert (
        "steady state" in comparison.compare_cell(dataclasses.replace(cell, trials=slow))[0].trouble
    )


def test_a_part_that_is_missing_and_a_queue_that_failed_are_faults(tmp_path):
    comparisons, faults = compared(write_all(tmp_path / "a", leave_out=["md1"]))
    assert faults == ["md1: nothing was measured"]
    assert all(each.passed for each in comparisons) and not result.passed(comparisons, faults)
    write_all(tmp_path / "b")
    with open(tmp_path / "b" / "md1" / "trials.jsonl", "a", encoding="utf-8") as file:
        row = trial(POINTS["md1"][0])
        file.write(json.dumps({**row, "round": 13, "status": "error", "message": "hung"}) + "\n")
    comparisons, faults = compared(tmp_path / "b")
    assert faults == ["md1/mpmc_spin/rho:0.7: failed: hung"] and not result.passed(
        comparisons, faults
    )


def test_a_trial_without_a_window_is_no_fault_but_a_block_less(tmp_path):
    row = trial(POINTS["md1"][0])
    for rounds, passes in ((10, True), (9, False)):
        folder = write_all(tmp_path / str(rounds), leave_out=["md1"])
        theoretical.write(folder / "md1", run_row("md1", POINTS["md1"]), [row], rounds)
        lines = (folder / "md1" / "trials.jsonl").read_text(encoding="utf-8").splitlines()
        void = {key: value for key, value in json.loads(lines[1]).items() if key != "counters"} | {
            "status": "void"
        }
        lines[1] = json.dumps(void)
        (folder / "md1" / "trials.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        comparisons, faults = compared(folder)
        assert not faults and result.passed(comparisons, faults) == passes
        assert [each.blocks for each in by_part(comparisons, "md1")] == [rounds - 1]


def test_copies_of_a_run_are_one_cell(tmp_path):
    write_all(tmp_path, leave_out=["mm2"])
    points = POINTS["mm2"]
    for copy in range(4):
        theoretical.write(
            tmp_path / f"mm2.{copy}.00", run_row("mm2", points), [trial(points[0])], 3
        )
    comparisons, faults = compared(tmp_path)
    assert not faults and [each.blocks for each in by_part(comparisons, "mm2")] == [12]


# ------------------------------------------------------------------------ what a reader gets to see


def shown(comparisons, faults):
    return terminal.as_text(report.summary(comparisons, faults))


def test_table_names_what_failed(tmp_path):
    comparisons, faults = compared(write_all(tmp_path, throughput=0.96))
    text = shown(comparisons, faults)
    assert max(map(len, text.splitlines())) <= terminal.WIDTH and "…" not in text
    flat = " ".join(text.split())
    assert (
        "FAILED tandem_spin/case:1p1c/capacity:1/rho:0.5 throughput: -4.0% off theory (allowed: "
        "2.0%)" in flat
    )
    assert text.splitlines()[-1].startswith(
        "Against queueing theory: 15 of 26 figures agree, 3 not judged; the throughput "
    )


@pytest.mark.parametrize("changes", [{}, {"throughput": 0.9, "wait": 20.0}, {"rounds": 2}])
def test_figure_is_drawn(tmp_path, changes):
    comparisons, _ = compared(write_all(tmp_path, **changes))
    with plot_style():
        page = figure.page(comparisons, run.machine(tmp_path))
        page.figure.canvas.draw()
    heads = [text.get_text() for text in page.figure.texts]
    assert "2 producers, 1 consumer" in heads and any("figures agree" in head for head in heads)


def test_figure_marks_and_counts_what_is_not_judged(tmp_path):
    """Whatever the reason: robbed of their cores, or without a tolerance."""
    comparisons, _ = compared(write_all(tmp_path))
    shown_only = [each for each in comparisons if not each.allowed and not each.robbed]
    robbed = dataclasses.replace(comparisons[0], robbed=True, allowed={})
    low = dataclasses.replace(
        next(each for each in comparisons if each.part == "mm1"), measured=0.01
    )
    assert shown_only
    with plot_style():
        page = figure.page([*comparisons, robbed, low], [])
    said = " ".join(figure_text(page.figure).split())
    assert f"{len(shown_only) + 1} not judged" in said
    assert "not judged, 1 because the machine took cores away" in said
    assert f"{len(shown_only)} because no tolerance is set" in said
    below = [
        each for each in (*comparisons, low) if each.part in figure.MM1 and each.measured <= 0.05
    ]
    judged = sum(bool(each.allowed) for each in below)
    assert (
        f"Not drawn: {len(below)} waits of at most 0.05 mean services ({judged} of them judged)."
        in said
    )
    diamonds = [
        line for axes in page.figure.axes for line in axes.lines if line.get_marker() == "d"
    ]
    drawn = 1 + sum(
        each.measured > 0.05 and each.part not in figure.ONLY_IN_TABLE for each in shown_only
    )
    assert len(diamonds) == drawn and all(line.get_alpha() < 0.5 for line in diamonds)


def test_the_figure_needs_nothing_but_the_json(tmp_path):
    comparisons, faults = compared(write_all(tmp_path, wait=20.0))
    trouble = comparison.with_values(
        comparisons[0], trouble="nothing to compare", theory=math.nan, measured=math.nan
    )
    machine = run.machine(tmp_path)
    document = json.loads(
        json.dumps(result.as_json([*comparisons, trouble], faults, machine), allow_nan=False)
    )
    assert document["machine"] == machine and machine
    read = result.from_json(document)
    assert [repr(each) for each in read] == [repr(each) for each in [*comparisons, trouble]]


def test_spinning_shapes_are_those_that_fit_the_cores():
    assert run.spinning_threads("tandem_spin/case:2p2c/capacity:1/rho:1") == 4
    assert run.spinning_threads("mm1/case:rho_0_3") == 2


# -------------------------------------------------------------------------------------- the command


def test_cores_are_kept_awake_while_it_lasts_and_where_it_is_allowed(tmp_path, monkeypatch):
    asked = tmp_path / "cpu_dma_latency"
    os.mkfifo(asked)
    monkeypatch.setattr(run, "LATENCY_REQUEST", str(asked))
    reader = os.open(asked, os.O_RDONLY | os.O_NONBLOCK)
    with run.cores_awake():
        assert os.read(reader, 9) == bytes(4)
        with pytest.raises(BlockingIOError):  # somebody holds it open
            os.read(reader, 9)
    assert os.read(reader, 9) == b""
    os.close(reader)
    monkeypatch.setattr(run, "LATENCY_REQUEST", str(tmp_path / "none" / "such"))
    with run.cores_awake():
        pass


IN_FEWER_ROUNDS = """
import dataclasses, sys
from bqb.commands import main
from bqb.validation import comparison, parts
least = comparison.FEWEST_BLOCKS
parts.PARTS = [
    dataclasses.replace(part, rounds=min(part.rounds, -(-least // (part.copies or 1))),
                        copies=part.copies and min(part.copies, least))
    for part in parts.PARTS
]
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Starts `validate` over a queue_bench that writes down theory: command(words, **changes) ->
    CompletedProcess."""

    def start(*words, **changes):
        known = {}
        for scenario, points in POINTS.items():
            known[scenario] = {
                "run": run_row(scenario, points[:1]),
                "trials": [trial(each, **changes) for each in points[:1]],
            }
        (tmp_path / "rows.json").write_text(json.dumps(known), encoding="utf-8")
        monkeypatch.setenv("FAKE_ROWS", str(tmp_path / "rows.json"))
        monkeypatch.setenv("BQB_QUEUE_BENCH", str(HERE / "theoretical.py"))
        monkeypatch.setenv("PYTHONPATH", str(HERE.parents[1] / "scripts"))
        return subprocess.run(
            [sys.executable, "-c", IN_FEWER_ROUNDS, "validate", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return start


def plotted(folder):
    return subprocess.run(
        [sys.executable, "-m", "bqb", "plot", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_plot_names_a_validation_json_that_is_none(command, tmp_path):
    (tmp_path / "validation.json").write_text('{"comparisons": [{"part": "mm1"}]}')
    run = plotted(tmp_path)
    assert (
        run.returncode == 2
        and str(tmp_path / "validation.json") in run.stderr
        and "Traceback" not in run.stderr
    )
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize("changes, status", [({}, 0), ({"throughput": 0.9}, 1)])
def test_status_is_the_verdict(command, tmp_path, changes, status):
    run = command("--out", "run", **changes)
    assert run.returncode == status, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "run"
    assert ("FAILED tandem_spin" in run.stdout) == (status == 1)
    document = json.loads((tmp_path / "run" / "validation.json").read_text(encoding="utf-8"))
    assert document["passed"] == (status == 0) and len(document["comparisons"]) == 14
    drawn = (tmp_path / "run" / "validation.png").read_bytes()
    (tmp_path / "run" / "validation.png").unlink()
    assert plotted(tmp_path / "run").returncode == 0
    assert (tmp_path / "run" / "validation.png").read_bytes() == drawn
    assert {
        "validation.png",
        "validation.svg",
        "mm2.0.00",
        "mm1_sleep.8.00",
        "tandem_sleep.0.00",
    } <= {path.name for path in (tmp_path / "run").iterdir()}


@pytest.mark.parametrize("words", [["--rounds", "3"], ["--seed", "-1"], ["--out", "rows.json"]])
def test_wrong_usage_is_status_2(command, words):
    run = command(*words)
    assert (
        run.returncode == 2
        and run.stderr.startswith("validate: ")
        and len(run.stderr.splitlines()) == 1
    )
