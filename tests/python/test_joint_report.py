"""bqb.report.html.joint_page: several runs side by side, each with its own verdicts, which are
counted."""

import pytest
import report_runs
import small_runs
from bqb.report import answers, short
from bqb.report.html import joint_page
from bqb.report.terminal import as_text
from bqb.stats.decisions import joint_decisions, read_needs
from bqb.stats.repeatability import asked_alike
from report_page import PUBLISHED, REPEATED, Page, assert_links_hold, loaded

NEEDS = (report_runs.need_of(),)
ELSEWHERE = {"cpu_model": "Other CPU"}


def joint(runs, needs=NEEDS):
    return Page(joint_page.render(runs, needs, runs[0].folder))


def printed(runs, needs=NEEDS):
    return as_text(short.of_runs(runs, needs))


def decided(runs, needs=NEEDS):
    return joint_decisions(runs, needs, asked_alike(runs))


def cells(found, need="plain"):
    """{head: text} of a need's row."""
    inside, cells = False, {}
    for tag, own, texts in found.elements:
        if tag == "tr":
            inside = own.get("id") == f"need:{need}"
        elif tag == "td" and inside:
            cells[own["data-label"]] = " ".join("".join(texts).split())
    return cells


def counts(found):
    """{queue: what taking it is, run by run}."""
    return {
        own["data-queue"]: text.partition("holds in")[2]
        for own, text in found.found("tr")
        if "data-queue" in own and "holds in" in text
    }


@pytest.fixture
def runs(tmp_path):
    """make(*verdicts) -> a run of each, in folders a, b, .."""

    def make(*verdicts):
        return [
            report_runs.with_verdicts(tmp_path / name, **each)
            for name, each in zip("abcdef", verdicts)
        ]

    return make


X_BEST, Y_BEST = dict(best=["x"], worse=["y"]), dict(best=["y"], worse=["x"])


def test_runs_that_contradict_each_other_are_named(runs):
    made = runs(X_BEST, Y_BEST)
    found = joint(made)
    row = cells(found)
    assert row["Take"] == "the runs contradict each other"
    assert (row["Holds in"], row["Contradicted in"]) == ("1 (a)", "1 (b)")
    assert row["Undecided in"] == "0" and row["On"] == "1 machine"
    assert counts(found) == {
        "x": " 1 (a), contradicted in 1 (b), undecided in 0",
        "y": " 1 (b), contradicted in 1 (a), undecided in 0",
    }
    result = "2 runs on 1 machine: for 0 of 1 needs some run shows which queue to take, and none "
    result += "contradicts it; for 1 the runs contradict each other."
    assert found.all("h1") == [result]
    text = " ".join(printed(made).split())
    assert result in text and "The need runs contradict each other 1 1 0 1" in text
    assert_links_hold(found)


def test_what_some_run_shows_and_none_contradicts_is_to_be_taken(runs):
    open_run = dict(best=[], undecided=["x", "y", "z"])
    made = runs(X_BEST, {**X_BEST, "context": ELSEWHERE}, open_run)
    row = cells(joint(made))
    assert row["Take"] == "x" and row["Holds in"] == "2 (a, b)"
    assert (row["Contradicted in"], row["Undecided in"], row["On"]) == ("0", "1 (c)", "2 machines")
    assert "The need x 2 0 1 2" in " ".join(printed(made).split())
    assert "for 1 of 1 needs some run shows" in answers.joint_result(made, decided(made))


def test_what_no_run_decides_is_not_decided(runs):
    made = runs(*[dict(best=[], undecided=["x", "y", "z"])] * 2)
    row = cells(joint(made))
    assert row["Take"] == "not decided in any run"
    assert row["Holds in"] == "no queue holds in any run"
    assert "The need not decided 0 0 2 1" in " ".join(printed(made).split())


@pytest.mark.parametrize(
    "context, machines",
    [
        ({}, 1),
        (ELSEWHERE, 2),
        ({"host_name": "other"}, 2),
        ({"cores": 64}, 2),
        ({"virtual_machine": "KVM"}, 1),  # as runs before schema 3 do not record it
    ],
)
def test_machines_are_told_apart_by_cpu_cores_and_host(runs, context, machines):
    made = runs(X_BEST, {**X_BEST, "context": context})
    words = "1 machine" if machines == 1 else "2 machines"
    assert cells(joint(made))["On"] == words
    assert joint(made).all("p", class_="kicker") == [f"Bounded queues in 2 runs on {words}"]
    assert f"The need x 2 0 0 {machines}" in " ".join(printed(made).split())


def test_a_run_that_asked_in_another_way_is_named_and_not_counted(runs):
    longer = small_runs.point("plain", window_ms=100)
    made = runs({**Y_BEST, "points": {"plain": longer}}, X_BEST, X_BEST)
    found = joint(made)
    assert cells(found)["Take"] == "x" and cells(found)["Holds in"] == "2 (b, c)"
    assert found.all("p", class_="warning") == ["Asked in another way by a: not counted."]
    assert "The need x 2 0 0 1" in " ".join(printed(made).split())


def test_a_run_without_a_verdict_is_named_with_the_reason(runs):
    made = runs(X_BEST, dict(best=["x"]))
    assert joint(made).all("p", class_="warning") == ["No verdict in b: one queue only."]


def test_runs_of_different_questions_stand_beside_each_other(runs):
    made = runs(X_BEST, {**Y_BEST, "point": "other"}, {**X_BEST, "point": "plain/capacity:1"})
    found = joint(made, ())
    assert_links_hold(found)
    rows = [own["id"] for own, _ in found.found("tr") if own.get("id", "").startswith("need:")]
    assert len(rows) == 3
    assert {own["id"] for own, _ in found.found("details", class_="point")} == {
        "point:plain",
        "point:other",
        "point:plain/capacity:1",
    }


def test_runs_with_nothing_ranked_say_so(runs):
    made = runs(*[{**X_BEST, "rank": False}] * 2)
    found = joint(made, ())
    assert "No run has a point that is ranked." in found.text
    assert found.all("h1") == [
        "2 runs on 1 machine have no need in common with the decision table."
    ]


def test_runs_are_named_by_what_tells_their_folders_apart(tmp_path):
    made = [report_runs.with_verdicts(tmp_path / name / "run", **X_BEST) for name in ("one", "two")]
    assert joint_page.run_names(made) == ["one/run", "two/run"]
    assert cells(joint(made))["Holds in"] == "2 (one/run, two/run)"


def test_the_published_runs_agree_with_their_own_verdicts():
    made = [loaded(folder) for folder in (PUBLISHED, *REPEATED)]
    assert len(made) == 4
    needs = read_needs()
    found = joint(made, needs)
    assert_links_hold(found)
    names, text = joint_page.run_names(made), " ".join(printed(made, needs).split())
    for each in decided(made, needs):
        states = {
            index: one.verdict.states.get(each.take.queue)
            for index, one in each.decisions.items()
            if each.take and one.verdict and not one.no_verdict
        }
        row = cells(found, each.need.id)
        if each.take:
            assert "worse" not in states.values() and row["Take"] == each.take.queue
            for index, state in states.items():
                held = names[index] in row["Holds in"]
                assert held == (state == "equivalent" or made_sole(each, index)), each.need.id
            assert f"{each.need.name} {each.take.queue} {len(each.take.holds)} 0 " in text
    assert len(printed(made, needs).splitlines()) <= 40


def made_sole(joint_decision, index):
    """Whether a run takes the queue because all others are worse."""
    return joint_decision.decisions[index].take == joint_decision.take.queue
