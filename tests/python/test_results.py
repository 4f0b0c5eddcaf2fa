"""bqb.data: what is read from a run folder, and what counts."""

import json
import os

import pytest
import synthetic
import whole_rows
from bqb.data.expectations import EarlierExpect
from bqb.data.load import load_run
from bqb.data.model import Point, Side
from bqb.data.rows import ResultError

CELL, POINT = "race/reference", "race"


def rows_of(folder):
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


def write_rows(folder, rows):
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def race(tmp_path):
    """A small run: no work, counted, two queues, three rounds, nothing wrong and nothing
    disturbed."""
    return synthetic.make(
        tmp_path / "run",
        scenarios=["race"],
        queues=["reference", "semaphore"],
        rounds=3,
        faults=False,
        disturbed_share=0,
    )


def append_trial(folder, round_number, throughput, complete=True, disturbed=False):
    """One more trial of race/reference, with or without the block row that completes it."""
    trial = next(row for row in rows_of(folder) if row["kind"] == "trial" and row["cell"] == CELL)
    rows = [
        trial
        | {
            "round": round_number,
            "level": "counted",
            "counters": trial["counters"] | {"throughput_msgs_per_s": throughput},
        }
    ]
    if complete:
        rows.append(whole_rows.block(POINT, round_number, disturbed))
    write_rows(folder, rows_of(folder) + rows)


def throughputs(folder):
    run = load_run(folder)
    return {
        trial.round: trial.get("throughput_msgs_per_s")
        for trial in run.trials_of(run.points[POINT], "reference")
    }


def test_every_trial_of_a_complete_block_counts(race):
    run = load_run(race)
    point = run.points[POINT]
    assert [trial.round for trial in run.trials_of(point, "reference")] == [1, 2, 3]
    assert all(trial.level == "counted" for trial in run.trials_of(point, "reference"))
    assert [trial.level for trial in run.trials_of(point, "reference", "traced")] == ["traced"]
    assert run.problems == ()


def test_properties_are_read_by_name_and_parameter(race):
    run = load_run(race)
    assert run.property_of("reference", "idle_pop_cpu_share") == 0.0
    assert run.property_of("reference", "close_to_last_return_ns", 64) == pytest.approx(900_000)
    assert (
        run.property_of("reference", "bytes", 4096) == 400
        and run.property_of("reference", "bytes", 5) is None
    )
    assert run.property_of("nobody", "bytes", 64) is None
    assert run.property_failures == ()


def test_a_property_that_was_written_twice_counts_once_and_a_failure_has_no_value(race):
    row = {"kind": "property", "queue": "reference", "name": "idle_pop", "params": {}}
    write_rows(
        race,
        [
            *rows_of(race),
            row | {"values": {"idle_pop_cpu_share": 0.5}},
            row | {"name": "close", "params": {"waiters": 9}, "error": "hung"},
        ],
    )
    run = load_run(race)
    assert run.property_of("reference", "idle_pop_cpu_share") == 0.5
    assert run.property_of("reference", "close_to_last_return_ns", 9) is None
    (failure,) = run.property_failures
    assert (failure.queue, failure.name, failure.params) == ("reference", "close", {"waiters": 9})
    assert failure.reason == "hung"


def test_limits_are_one_a_round_and_may_lack_the_ring(race):
    write_rows(
        race,
        [row for row in rows_of(race) if row["kind"] != "limits"]
        + [
            {"kind": "limits", "round": number, "park_round_trip_ns": 1000.0 * number}
            for number in (1, 2, 3)
        ],
    )
    run = load_run(race)
    assert [(limits.round, limits.spsc_msgs_per_s) for limits in run.limits] == [
        (1, None),
        (2, None),
        (3, None),
    ]


def test_a_cut_last_line_is_skipped(race):
    before = throughputs(race)
    text = (race / "trials.jsonl").read_text()
    (race / "trials.jsonl").write_text(text + '{"kind":"trial","cell":"race/ref')
    assert throughputs(race) == before


def test_a_cut_line_in_the_middle_costs_only_itself(race):
    lines = (race / "trials.jsonl").read_text().splitlines()
    last_block = max(index for index, line in enumerate(lines) if '"kind": "block"' in line)
    lines[last_block] = lines[last_block][:20]
    (race / "trials.jsonl").write_text("\n".join(lines) + "\n")
    assert sorted(throughputs(race)) == [1, 2]


def test_a_trial_without_a_block_row_does_not_count(race):
    append_trial(race, 4, 111.0, complete=False)
    assert sorted(throughputs(race)) == [1, 2, 3]


def test_the_last_complete_block_of_a_point_and_round_counts(race):
    append_trial(race, 2, 222.0)
    assert throughputs(race)[2] == 222.0
    assert len(throughputs(race)) == 3
    run = load_run(race)  # the new block has no trial of the other queue, and the old one's is gone
    assert [trial.round for trial in run.trials_of(run.points[POINT], "semaphore")] == [1, 3]


def test_of_a_block_that_was_cut_short_and_run_again_only_the_second_attempt_counts(race):
    append_trial(race, 4, 111.0, complete=False)
    append_trial(race, 4, 222.0)
    run = load_run(race)
    again = [trial for trial in run.trials_of(run.points[POINT], "reference") if trial.round == 4]
    assert [trial.get("throughput_msgs_per_s") for trial in again] == [222.0]


def test_disturbed_is_joined_from_the_block(race):
    append_trial(race, 4, 111.0, disturbed=True)
    run = load_run(race)
    assert {
        trial.round: trial.disturbed for trial in run.trials_of(run.points[POINT], "reference")
    } == {1: False, 2: False, 3: False, 4: True}


def test_a_wrong_queue_has_no_number(race):
    trial = next(row for row in rows_of(race) if row["kind"] == "trial" and row["cell"] == CELL)
    error = {key: value for key, value in trial.items() if key != "counters"}
    write_rows(
        race,
        rows_of(race)
        + [error | {"round": 4, "status": "error", "message": "message 3 came twice"}],
    )
    run = load_run(race)
    point = run.points[POINT]
    assert run.trials_of(point, "reference") == []
    assert run.problem_of(point, "reference").reason == "message 3 came twice"
    assert run.problem_of(point, "reference").kind == "failed"
    assert len(run.trials_of(point, "semaphore")) == 3


def test_a_void_trial_leaves_the_others(race):
    trial = next(row for row in rows_of(race) if row["kind"] == "trial" and row["cell"] == CELL)
    write_rows(
        race, rows_of(race) + [trial | {"round": 4, "status": "void", "message": "window of 0 ns"}]
    )
    run = load_run(race)
    assert [problem.kind for problem in run.problems] == ["void"]
    assert run.problem_of(run.points[POINT], "reference") is None  # it has numbers
    assert len(run.trials_of(run.points[POINT], "reference")) == 3


def test_a_counter_that_does_not_apply_is_absent(race):
    rows = rows_of(race)
    next(row for row in rows if row["kind"] == "trial")["counters"]["efficiency"] = None
    write_rows(race, rows)
    run = load_run(race)
    assert all(
        trial.get("efficiency") is None and trial.get("never_heard_of") is None
        for trial in run.trials
    )


def test_a_counted_cell_has_a_number_only_where_a_traced_trial_passed(race):
    assert len(load_run(race).trials) > 0
    write_rows(race, [row for row in rows_of(race) if row.get("level") != "traced"])
    run = load_run(race)
    assert run.trials == ()
    assert {(problem.queue, problem.reason.split(":")[0]) for problem in run.problems} >= {
        ("reference", "unverified"),
        ("semaphore", "unverified"),
    }


@pytest.mark.parametrize(
    "content, complaint",
    [
        (None, "no trials.jsonl"),
        ("", "no `run` row"),
        ('{"kind":"run","schema":99}\n', "key 'schema': is 99, and this version reads 1 to 4"),
    ],
)
def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "trials.jsonl").write_text(content)
    with pytest.raises(ResultError, match=complaint) as refused:
        load_run(tmp_path)
    assert "\n" not in str(refused.value) and str(tmp_path) in str(refused.value)


def damage(rows, index, change):
    """The rows with `change` made in row `index`, an object or what takes its place."""
    row = json.loads(json.dumps(rows[index]))
    return [*rows[:index], change(row), *rows[index + 1 :]]


def with_(**members):
    return lambda row: row | members


def without(member):
    return lambda row: {name: value for name, value in row.items() if name != member}


def renamed(old, new):
    return lambda row: {new if name == old else name: value for name, value in row.items()}


def in_point(**members):
    def change(row):
        row["scenarios"]["race"]["points"][0] |= members
        return row

    return change


def in_context(**members):
    return lambda row: row | {"context": row["context"] | members}


LAST_BLOCK = -1  # the rows that a damage is tried on: the first and the last of a run


@pytest.mark.parametrize(
    "index, change, complaint",
    [
        (0, in_point(colour="blue"), "'run' row: key 'scenarios.race.points.0.colour': unknown"),
        (0, in_point(capacity="x"), "key 'scenarios.race.points.0.capacity': must be a whole"),
        (0, in_point(placement="here"), "placement': must be one of spread, free, one_core"),
        (0, in_point(name=""), "points.0.name': must be a text of 1 to 1000 characters"),
        (0, in_point(name="race/a\x1b[31m"), "points.0.name': must be a text of 1 to 1000"),
        (0, in_point(name="other"), "'other' is of another scenario"),
        (0, in_context(cores=1.5), "key 'context.cores': must be a whole number"),
        (0, in_context(cores=True), "key 'context.cores': must be a whole number"),
        (0, in_context(cpu_quota_cores=1e300), "key 'context.cpu_quota_cores': must be a number"),
        (0, in_context(cpu_quota_cores=float("nan")), "key 'context.cpu_quota_cores'"),
        (0, in_context(kernel="x" * 20_000), "key 'context.kernel': must be a text of at most"),
        (0, in_context(arguments=[[[]] * 3]), None),
        (0, in_context(kernel="\ud800"), "key 'context.kernel': must be a text"),
        (0, without("queues"), "key 'queues': missing"),
        (0, with_(schema=5), "key 'schema': is 5, and this version reads 1 to 4; use the version"),
        (0, with_(schema="1"), "key 'schema': is '1'"),
        (0, with_(kind="rum"), "there is no row kind 'rum'"),
        (LAST_BLOCK, with_(kind=[]), "there is no row kind []"),
        (LAST_BLOCK, lambda row: [], "not a JSON object"),
        (LAST_BLOCK, lambda row: 5, "not a JSON object"),
        (LAST_BLOCK, lambda row: None, "not a JSON object"),
        (LAST_BLOCK, lambda row: {"kind": "trial"}, "'trial' row: key 'cell': missing"),
        (LAST_BLOCK, renamed("disturbed", "disturbee"), "'block' row: key 'disturbee': unknown"),
        (LAST_BLOCK, with_(round=-1), "'block' row: key 'round': must be a whole number"),
        (LAST_BLOCK, with_(round=None), "'block' row: key 'round': must be a whole number"),
        (LAST_BLOCK, with_(point="race/no"), "key 'point': the run has no point 'race/no'"),
        (LAST_BLOCK, with_(kind="run"), "'run' row: key 'schema': is None"),
    ],
)
def test_a_row_that_is_not_as_listed_is_refused_by_line_and_key(race, index, change, complaint):
    rows = rows_of(race)
    write_rows(race, damage(rows, index, change))
    line = index % len(rows) + 1
    if complaint is None:
        load_run(race)
        return
    with pytest.raises(ResultError) as refused:
        load_run(race)
    assert f"trials.jsonl:{line}: " in str(refused.value) and complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_lines_that_a_kill_or_a_crash_cut_short_are_skipped(race):
    whole = load_run(race)
    with open(race / "trials.jsonl", "ab") as file:
        file.write(b'{"kind":"trial","cell":"ra\n\0\0\0\0\n\n{"kind":"tr')
    assert load_run(race).trials == whole.trials


def test_a_line_nested_too_deeply_is_refused(race):
    with open(race / "trials.jsonl", "ab") as file:
        file.write(b"[" * 100_000 + b"\n")
    with pytest.raises(ResultError, match="not a JSON object; the file is damaged"):
        load_run(race)


@pytest.mark.parametrize("name", ["trials.jsonl", "histograms.jsonl", "timelines.jsonl"])
def test_a_file_that_never_ends_is_refused(race, name):
    (race / name).unlink(missing_ok=True)
    os.mkfifo(race / name)
    with pytest.raises(OSError, match="not a regular file"):
        run = load_run(race)
        list(run.histograms(["sojourn_ns"])), run.timelines()


def test_rows_beside_the_trials_are_checked_too(race):
    row = {"cell": CELL, "round": 1, "level": "traced", "name": "sojourn_ns", "count": 1, "max": 2}
    (race / "histograms.jsonl").write_text(json.dumps(row | {"buckets": [[2, 1, 1]]}) + "\n")
    with pytest.raises(ResultError, match=r"jsonl:1: .* key 'buckets.0': must be .lower, upper"):
        list(load_run(race).histograms(["sojourn_ns"]))


def test_an_expectation_that_failed_stays_with_its_scenario(race):
    header, *rest = rows_of(race)
    earlier = {"until": "2026-11-28", "text": "Nothing.", "why": "It was 3 us."}
    header["scenarios"]["race"]["earlier_expect"] = [earlier]
    write_rows(race, [header, *rest])
    assert load_run(race).scenarios["race"].earlier_expect == (EarlierExpect(**earlier),)


def test_a_point_knows_its_shape_and_stages(race):
    header, *rest = rows_of(race)
    resolved = header["scenarios"]["race"]["points"][0]
    resolved |= {
        "shape": "pipeline",
        "stages": 4,
        "stage": {"work": "sleep", "process": "constant", "mean_ns": 5.0},
    }
    write_rows(race, [header, *rest])
    point = load_run(race).points[POINT]
    assert (point.shape, point.stages, point.stage.work, point.stage.mean_ns) == (
        "pipeline",
        4,
        "sleep",
        5.0,
    )
    assert point.stage in point.sides
    assert Point("p", "s", {}).sides == (Side(), Side())


def test_histograms_and_timelines_come_with_their_trial(tmp_path):
    folder = synthetic.make(
        tmp_path / "run", scenarios=["memory"], queues=["reference"], rounds=2, faults=False
    )
    run = load_run(folder)
    found = [
        (trial.queue, trial.round, histogram.count)
        for trial, histogram in run.histograms(["sojourn_ns"])
    ]
    assert sorted(found) == [
        (queue, number, 4000) for queue in ("reference", "unbounded") for number in (1, 2)
    ]
    assert {(trial.queue, trial.round) for trial, _ in run.timelines()} == {
        (queue, number) for queue in ("reference", "unbounded") for number in (1, 2)
    }
