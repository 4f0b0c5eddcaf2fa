"""bqb.stats.decisions: which queue to take follows from the verdicts of one point, and needs.toml
names points that exist."""

import math

import pytest
import report_runs
import small_runs
from bqb import CommandError, exit_status
from bqb.data.queue_list import listed
from bqb.stats import decisions
from bqb.stats.counters import CPU_BEYOND_WORK, LOST
from bqb.stats.decisions import (
    CONTRADICTED,
    HOLDS,
    UNDECIDED,
    Decision,
    best_of,
    decisions_of,
    preference,
    read_needs,
)
from bqb.stats.margin import Margin
from bqb.stats.verdicts import Key, PointVerdicts, verdicts_of
from report_page import PUBLISHED, loaded

NEED = """
[[need]]
id = "one"
name = "One"
says = "The situation."
point = "plain"
"""
NEEDS = (report_runs.need_of(),)


# -------------------------------------------------------------------------------------- needs.toml


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("need = [", "not TOML: "),
        ("more = 1" + NEED, "write nothing but [[need]] tables"),
        ("[need]\nid = 'a'", "write nothing but [[need]] tables"),
        ("need = [1]", "need 1: give it id, name, says, point, and nothing else"),
        (NEED + "\n[[need]]\nid = 'b'", "need 2: give it id, name, says, point, and nothing else"),
        (NEED + "more = 1", "need 1: give it id, name, says, point, and nothing else"),
        (NEED.replace('"One"', '""'), "need 1: key 'name': a text of 1 to 300 letters"),
        (NEED.replace('"One"', "1"), "need 1: key 'name': a text of 1 to 300 letters"),
        (NEED.replace("The sit", "x" * 300), "need 1: key 'says': a text of 1 to 300 letters"),
        (NEED.replace('"one"', '"One"'), "need 1: key 'id': a-z, 0-9 and _, each name once"),
        (NEED.replace('"one"', '"1"'), "need 1: key 'id': a-z, 0-9 and _, each name once"),
        (NEED + NEED, "need 2: key 'id': a-z, 0-9 and _, each name once"),
        ("# " + "x" * 100_000, "restore it"),
    ],
)
def test_what_is_wrong_in_needs_is_named_with_file_need_key_and_remedy(tmp_path, text, complaint):
    path = tmp_path / "needs.toml"
    path.write_text(text)
    with pytest.raises(CommandError) as error:
        read_needs(path)
    assert error.value.status == exit_status.USAGE
    said = str(error.value)
    assert said.startswith(f"{path}: ") and complaint in said and len(said.splitlines()) == 1


def test_needs_that_cannot_be_read(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin").write_bytes(b"# \xe9")
    faults = {"none": "restore it", "folder": "restore it", "latin": "not TOML"}
    for name, complaint in faults.items():
        with pytest.raises(CommandError, match=f"{name}: .*{complaint}"):
            read_needs(tmp_path / name)


def test_needs_are_read_in_their_order(tmp_path):
    path = tmp_path / "needs.toml"
    path.write_text(NEED + NEED.replace('"one"', '"two"'))
    assert [need.id for need in read_needs(path)] == ["one", "two"]
    assert read_needs(path)[0] == decisions.Need("one", "One", "The situation.", "plain")
    path.write_text("")
    assert read_needs(path) == ()


def test_each_point_of_the_needs_is_measured_and_judged_by_the_default_run():
    run = loaded(PUBLISHED)
    needs = read_needs()
    assert len(needs) >= 10 and len({need.point for need in needs}) == len(needs)
    for need in needs:
        assert need.point in run.points, f"{need.id}: no point {need.point}"
        scenario = run.scenarios[run.points[need.point].scenario]
        assert scenario.rank and scenario.file.startswith("curated/"), need.id


# ----------------------------------------------------------------------------------- what is taken


def decision_of(run, needs=NEEDS):
    (decision,) = decisions_of(run, needs)
    return decision


def test_of_equivalent_queues_the_first_of_the_list_is_taken(tmp_path):
    """Not the one with the lowest median."""
    later, first = "tbb", "two_condvar"
    assert list(listed()).index(first) < list(listed()).index(later)
    values = report_runs.values_of(best=["from_elsewhere", later, first], worse=["reference"])
    values["from_elsewhere"][LOST] = [990.0] * report_runs.ROUNDS
    decision = decision_of(small_runs.make(tmp_path, {"plain": values}))
    assert decision.verdict.order[0] == "from_elsewhere" and decision.take == first
    assert set(decision.equivalent) == {"from_elsewhere", later, first}
    assert decision.avoid == ("reference",) and decision.undecided == ()


def test_of_equivalent_queues_one_that_burns_no_more_cpu_is_taken(tmp_path):
    cpu = {"two_condvar": 9000.0, "tbb": 100.0, "reference": 1.0}
    run = report_runs.with_verdicts(
        tmp_path, best=["two_condvar", "tbb"], worse=["reference"], cpu=cpu
    )
    decision = decision_of(run)
    states = verdicts_of(run)[Key("plain", CPU_BEYOND_WORK)].states
    assert states["two_condvar"] == "worse" == states["tbb"], "the reference burns least"
    assert decision.take == "two_condvar", "where each burns more than some queue, the list decides"
    run = report_runs.with_verdicts(
        tmp_path / "b", best=["two_condvar", "tbb"], worse=["reference"], cpu={**cpu, "tbb": 1.0}
    )
    assert decision_of(run).take == "tbb"


def test_where_no_queue_is_equivalent_nothing_is_decided(tmp_path):
    run = report_runs.with_verdicts(tmp_path, best=[], undecided=["a", "b", "c"])
    decision = decision_of(run)
    assert decision.take is None and len(decision.undecided) == 3 and decision.no_verdict == ""
    assert [decision.on(queue) for queue in ("a", "none")] == [UNDECIDED, ""]


def verdict_of(**states):
    medians = {queue: 1000.0 + number for number, queue in enumerate(states)}
    return PointVerdicts(LOST, tuple(states), medians, states, math.inf, Margin(0.1, 20.0), 12)


@pytest.mark.parametrize(
    "states, take",
    [
        (dict(a="undecided", b="worse", c="worse"), "a"),
        (dict(a="undecided", b="undecided", c="worse"), None),
        (dict(a="equivalent", b="undecided", c="worse"), "a"),
        (dict(a="undecided", b="equivalent"), "b"),
        (dict(a="worse", b="worse"), None),
        (dict(a="undecided"), None),
    ],
)
def test_the_one_queue_that_is_left_is_taken(tmp_path, states, take):
    run = report_runs.with_verdicts(tmp_path, best=["a"])
    assert best_of(run, run.points["plain"], verdict_of(**states)) == take


def test_taking_the_one_that_is_left_holds(tmp_path):
    run = report_runs.with_verdicts(tmp_path, best=["a"])
    verdict = verdict_of(a="undecided", b="worse")
    decision = Decision(NEEDS[0], run.points["plain"], LOST, verdict, "a", "")
    assert (decision.on("a"), decision.on("b")) == (HOLDS, CONTRADICTED)


# ---------------------------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    "options, reason",
    [
        (dict(rank=False), "shown, not ranked"),
        (dict(disturbed={"plain": range(1, 13)}), "every block was disturbed"),
    ],
)
def test_why_there_is_no_verdict(tmp_path, options, reason):
    decision = decision_of(report_runs.with_verdicts(tmp_path, ["a"], ["b"], **options))
    assert decision.no_verdict == reason and decision.take is None
    assert decision.equivalent == decision.undecided == decision.avoid == ()
    assert decision.on("a") == ""


def test_a_run_with_none_of_the_points_has_a_decision_for_each_that_is_ranked(tmp_path):
    run = report_runs.with_verdicts(tmp_path, ["a"], ["b"], point="other/capacity:1")
    (decision,) = decisions_of(run, NEEDS)
    need = decision.need
    assert need.point == need.name == need.id == "other/capacity:1" and decision.take == "a"
    assert need.says == run.scenarios["other"].question
    unranked = report_runs.with_verdicts(tmp_path / "b", ["a"], ["b"], point="other", rank=False)
    assert decisions_of(unranked, NEEDS) == []


def test_a_run_with_some_of_the_points_has_decisions_for_these(tmp_path):
    points = {name: report_runs.values_of(["a"], ["b"]) for name in ("plain", "more")}
    run = small_runs.make(tmp_path, points)
    needs = (report_runs.need_of("missing"), *NEEDS)
    assert [each.need.point for each in decisions_of(run, needs)] == ["plain"]


def test_queues_from_elsewhere_come_last():
    names = ["z_elsewhere", "a_elsewhere", *reversed(listed())]
    assert sorted(names, key=preference) == [*listed(), "a_elsewhere", "z_elsewhere"]
