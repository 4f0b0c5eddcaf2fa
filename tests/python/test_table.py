"""bqb.report.table: one line a question, and nothing hidden."""

import io
import json
import re

import pytest
import synthetic
from bqb.data.load import load_run
from bqb.report import table
from bqb.report.units import format_ns
from bqb.stats.counters import LOST
from bqb.stats.scores import scores
from bqb.stats.verdicts import Key, verdicts_of


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The plain summary of a run with a failed queue, skipped cells and disturbed blocks."""
    folder = synthetic.make(tmp_path_factory.mktemp("run"), histograms=False)
    return table.plain(load_run(folder))


def test_every_question_has_its_line(printed):
    for name in synthetic.PLANS:
        assert name in printed
    assert "How much capacity do" in printed and "What happens with" in printed


def test_it_says_at_how_many_points_a_queue_is_what(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["capacity_knee"], faults=False, disturbed_share=0, histograms=False
    )
    run = load_run(folder)
    text = table.plain(run)
    row = " ".join(text[: text.index("Verdicts, point by point")].split())
    score = scores(run)["boost_lockfree"]
    counts = f"{score.equivalent}, {score.undecided}, {score.worse}"
    assert score.entered == 5 and f"boost_lockfree {counts}" in row and " ns" in row


def test_each_point_says_how_small_a_difference_it_tells_apart(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["capacity_knee", "race", "speed_map"], faults=False, histograms=False
    )
    run = load_run(folder)
    text = table.plain(run)
    section = text[text.index("Verdicts, point by point") : text.index("Against the best")]
    for point in run.scenarios["capacity_knee"].points:
        verdict = verdicts_of(run)[Key(point.name, LOST)]
        (line,) = [each for each in section.splitlines() if f" {point.name} " in f" {each}"]
        assert format_ns(verdict.resolution) in line and verdict.order[0] in line
    assert "…" not in section and "race" not in section, "it is not ranked"


def test_bounds_are_marked(printed):
    row = printed[printed.index("overcommit") : printed.index("sleeping_peers")]
    assert "≤" in row


def test_a_failed_queue_is_named_with_the_reason(printed):
    failures = printed[printed.index("FAILED") :]
    assert "overcommit/semaphore" in failures and "hung: consumer 2 in pop" in failures


def test_skipped_cells_are_named_with_the_reason(printed):
    skipped = printed[printed.index("SKIPPED") :]
    assert "speed_map/boost_lockfree/capacity:1/mean_ns:1000/rho:0.5" in skipped
    assert "below the queue's least capacity" in skipped


def test_a_scenario_that_cannot_run_here_says_why_in_its_line(tmp_path):
    folder = synthetic.make(
        tmp_path,
        scenarios=["overcommit", "sleeping_peers"],
        queues=["reference", "two_condvar"],
        rounds=6,
        faults=False,
        cannot_run={"sleeping_peers": "no quota"},
    )
    text = table.plain(load_run(folder))
    row = " ".join(text[text.index("sleeping_peers") : text.index("SKIPPED")].split())
    assert "cannot run here:" in row and "no quota" in row
    assert "cannot run here" not in text[: text.index("sleeping_peers")]
    assert "no verdict" not in text, "the line says it already"
    assert (
        "sleeping_peers: 4 cells" in text[text.index("SKIPPED") :] and "sleeping_peers/" not in text
    )


def test_races_are_not_ranked(printed):
    row = printed[printed.index("race") : printed.index("memory")]
    assert "no verdict: shown, not" in row and "ranked" in row


def test_the_machine_is_described_in_one_line(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["race"], rounds=3, disturbed_share=0, histograms=False
    )
    rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    for row, spsc in zip((row for row in rows if row["kind"] == "limits"), (100e6, 240e6, 300e6)):
        row |= {"park_round_trip_ns": 50_000, "spsc_msgs_per_s": spsc}
    for row in rows:
        if row["kind"] == "trial" and row["status"] == "ok":
            row["counters"]["throughput_msgs_per_s"] = 60e6
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = table.plain(load_run(folder))
    assert (
        "This machine: a cache line crosses in 45 ns; a parked thread wakes in 25 µs; the "
        "fastest ring passes "
        "240 M/s." in text
    )
    assert "60 M/s" in text and "(25% of ring)" in text and "Of ring:" in text


def test_runs_without_properties_and_limits_have_neither_line(tmp_path):
    folder = synthetic.make(tmp_path, scenarios=["race"], rounds=3, histograms=False)
    lines = [
        line
        for line in (folder / "trials.jsonl").read_text().splitlines()
        if json.loads(line)["kind"] not in ("property", "limits")
    ]
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n")
    text = table.plain(load_run(folder))
    assert "Properties" not in text and "of ring" not in text and "ring passes" not in text


def test_properties_have_a_line_a_queue(printed):
    lines = printed[printed.index("Properties") :].splitlines()
    row = next(line.split() for line in lines if line.strip().startswith("boost_lockfree"))
    assert row[1:5] == ["99%", "99%", "900", "ns"] and row[-2:] == ["1.9", "s"]
    unbounded = next(line.split() for line in lines if line.strip().startswith("unbounded"))
    assert unbounded[1:3] == ["0%", "-"]
    assert "semaphore (close, waiters 8): hung: no end after 10 s" in printed


def test_plain_text_is_at_most_110_columns_wide(printed):
    assert max(map(len, printed.splitlines())) <= 110
    assert "\x1b" not in printed


def test_disturbed_blocks_are_counted(tmp_path):
    run = load_run(synthetic.make(tmp_path, scenarios=["overcommit"], disturbed_share=1, rounds=4))
    text = table.plain(run)
    assert "4 of 4" in text and "(100%)" in text
    assert re.search(r"\d [nµm]s†", text) and "fewer than 3 undisturbed" in text


def test_without_enough_blocks_no_verdict_is_given(tmp_path):
    run = load_run(synthetic.make(tmp_path, scenarios=["overcommit"], disturbed_share=0, rounds=3))
    text = table.plain(run)
    text = " ".join(text[: text.index("Overhead:")].split())
    assert "undecided: " in text and "equivalent: " not in text and "worse: " not in text
    assert "too few blocks" in text


def claim(**members):
    return {
        "says": "Sleeping is dear",
        "counter": "lost_ns_per_msg",
        "queues": ["reference"],
        "points": ["overcommit"],
        **members,
    }


def test_claims_are_scored_by_name_with_what_was_measured(tmp_path):
    asked = [
        claim(above=1_000),
        claim(says="It is cheap", below=1_000),
        claim(than="two_condvar", above=1.05),
    ]
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["overcommit", "race"],
            disturbed_share=0,
            faults=False,
            more={"overcommit": {"claims": asked}},
        )
    )
    text = table.plain(run)
    section = " ".join(text[text.index("Expected answers") :].split())
    assert section.startswith(
        "Expected answers: 2 of 3 right overcommit right Sleeping is dear overhead per message"
    )
    assert "wrong It is cheap overhead per message below 1 µs; reference: " in section
    assert re.search(r"above 1\.05×; reference: [\d.]+× \[[\d.]+×, [\d.]+×\]", section)
    assert max(map(len, text.splitlines())) <= 110


def test_a_claim_without_a_verdict_says_why(tmp_path):
    asked = [
        claim(above=1_000),
        claim(queues=["semaphore"], above=1),
        claim(queues=["nobody"], above=1),
    ]
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["overcommit"],
            disturbed_share=0,
            rounds=4,
            more={"overcommit": {"claims": asked}},
        )
    )
    text = " ".join(table.plain(run).split())
    assert "Expected answers: 0 of 3 right" in text
    assert (
        "undecided Sleeping is dear" in text and "4 undisturbed blocks, a verdict needs 6" in text
    )
    assert "no numbers" in text and "semaphore failed" in text and "nobody did not run" in text


def test_claims_say_since_when_they_stand(tmp_path):
    earlier = {"until": "2026-11-22", "says": "t", "bound": "b", "why": "w"}
    asked = [
        claim(above=1_000, since="2026-11-22", replaces=[earlier]),
        claim(above=1_000, since="2026-11-22", replaces=[earlier, earlier]),
        claim(above=1_000, since="2099-01-01"),
        claim(above=1_000),
    ]
    more = {"overcommit": {"claims": asked}}
    folder = synthetic.make(tmp_path, scenarios=["overcommit"], faults=False, more=more)
    text = table.plain(load_run(folder))
    section = " ".join(text[text.index("Expected answers") :].split())
    assert section.startswith("Expected answers: 3 of 3 right")
    assert re.search(r"\]; stated 2026-11-22, 1 earlier form right", section)
    assert re.search(r"\]; stated 2026-11-22, 2 earlier forms stated after this run", section)
    assert re.search(r"; the run began \S+; stated 2099-01-01 right", section)
    assert section.count("; stated ") == 3, "a claim of an older run has no date"


def test_without_claims_there_is_no_such_section(printed):
    assert "Expected answers" not in printed


def test_another_judge_is_named_beside_its_number(tmp_path):
    judge = {"judged_by": {"counter": "sojourn_p50_ns", "better": "lower"}}
    run = load_run(
        synthetic.make(tmp_path, scenarios=["overcommit"], faults=False, more={"overcommit": judge})
    )
    text = " ".join(table.plain(run).split())
    assert "disturbed blocks" in text and "(sojourn p50)" in text
    assert "Judged by another counter than the overhead, the one in brackets: overcommit" in text


def test_a_quota_that_the_whole_run_had_is_said(tmp_path):
    folder = synthetic.make(tmp_path, scenarios=["overcommit"], rounds=2)
    assert "CPU quota of" not in table.plain(load_run(folder))
    rows = (folder / "trials.jsonl").read_text()
    (folder / "trials.jsonl").write_text(
        rows.replace('"context": {', '"context": {"cpu_quota_cores": 1.5, ', 1)
    )
    assert "All of it ran under a CPU quota of 1.5 cores on 2:" in table.plain(load_run(folder))


def test_a_run_in_which_everything_failed_prints(tmp_path):
    run = load_run(
        synthetic.make(tmp_path, scenarios=["overcommit"], queues=["semaphore"], rounds=2)
    )
    text = table.plain(run)
    assert "no numbers" in text and "overcommit/semaphore" in text


def test_counted_numbers_without_a_traced_trial_are_named(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["race"], queues=["reference"], rounds=2, faults=False
    )
    lines = [
        line
        for line in (folder / "trials.jsonl").read_text().splitlines()
        if '"level": "traced"' not in line
    ]
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n")
    assert "unverified: no traced trial of it passed in this run" in table.plain(load_run(folder))


def test_print_summary_writes_plain_text_where_there_is_no_terminal(tmp_path):
    run = load_run(synthetic.make(tmp_path, scenarios=["overcommit"], rounds=2))
    raw = io.BytesIO()
    ascii_only = io.TextIOWrapper(raw, encoding="ascii")
    table.print_summary(run, ascii_only)
    ascii_only.flush()
    assert b"overcommit" in raw.getvalue() and b" us" in raw.getvalue()


def test_print_summary_uses_colour_on_a_terminal(tmp_path):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    run = load_run(synthetic.make(tmp_path, scenarios=["overcommit"], rounds=2))
    terminal = Terminal()
    table.print_summary(run, terminal)
    assert "overcommit" in terminal.getvalue()


@pytest.mark.parametrize(
    "counters, said",
    [
        ({"generator_is_late": 1}, "overcommit: late generator at 1 of 1 point: the thread"),
        (
            {"overloaded": 1, "backlog_growth_msgs_per_s": 21_000},
            "overcommit: overloaded at 1 of 1 point: more comes than can be done, the backlog "
            "grows by 21 k/s to 21 k/s",
        ),
        ({"generator_is_late": 0, "overloaded": 0, "backlog_growth_msgs_per_s": 3}, None),
        # What finds no room goes away.
        ({"overloaded": 1, "backlog_growth_msgs_per_s": 3, "dropped_share": 0.3}, None),
    ],
)
def test_what_to_know_of_an_open_loop_is_said(tmp_path, counters, said):
    folder = synthetic.make(tmp_path, scenarios=["overcommit"], rounds=2)
    rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    for row in rows:
        row.get("counters", {}).update(counters)
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = " ".join(table.plain(load_run(folder)).split())
    assert said in text if said else "late generator" not in text and "backlog grows" not in text
