"""bqb.report: what the report says of queues is what the verdicts of its run say."""

import re

import pytest
import report_runs
import small_runs
import synthetic
from bqb.data.load import load_run
from bqb.report import answers, short
from bqb.report.figures import lost
from bqb.report.figures.style import queue_styles
from bqb.report.figures.view import View
from bqb.report.html import cards
from bqb.stats import judging
from bqb.stats.decisions import CONTRADICTED, HOLDS, Need, decisions_of, read_needs
from bqb.stats.decisions import UNDECIDED as OPEN
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key, verdicts_of
from report_page import ABLATION, PUBLISHED, loaded, rendered

REFERENCE = "the textbook queue (reference)"


def listed(text, every):
    """The queues of a list, and how many there are: "a, b and 3 more" -> ([a, b], 5)."""
    text, _, more = text.partition(" and ")
    names = text.split(", ")
    assert set(names) <= set(every)
    return names, len(names) + (int(more.removesuffix(" more")) if more else 0)


def assert_list(text, verdict, state):
    names, count = listed(text, verdict.order)
    found = [queue for queue in verdict.order if verdict.states[queue] == state]
    assert names == found[: len(names)] and count == len(found)


def assert_answer_holds(run, scenario, text):
    """Each sentence of an answer against the verdicts; an unknown sentence fails."""
    view = View(run, queue_styles([*run.queues, *(queue for _, queue in run.cells())]))
    verdicts = [
        verdicts_of(run).get(Key(point.name, judging.headline(run, point)))
        for point in scenario.points
    ]
    judged = [each for each in verdicts if each and not each.no_verdict]
    contrast = lost.title(view, scenario)
    if contrast.facts:
        assert text.endswith(contrast.text + "." * (not contrast.text.endswith(".")))
        assert all(fact.holds_in(run) for fact in contrast.facts)
        text = text[: text.rindex(contrast.text)].strip()
    if match := re.match(r"Cannot run here: (.*)\.$", text):
        assert match[1] == run.why_skipped(scenario.name)
    elif not judged:
        claimed = re.match(r"(Right|Wrong|Undecided|No numbers|Stated after this run): ", text)
        assert text.startswith("No verdict: ") or claimed and scenario.claims
    elif len(judged) == 1:
        states = {"Equivalent to the best": EQUIVALENT, "Undecided": UNDECIDED, "Worse": WORSE}
        sentences = [each.partition(": ") for each in text.rstrip(".").split(". ")]
        assert {states[head] for head, _, _ in sentences} == {*judged[0].states.values()}
        for head, _, names in sentences:
            assert_list(names, judged[0], states[head])
    elif match := re.fullmatch(r"At none of the (\d+) points is a queue shown .*another\.", text):
        assert int(match[1]) == len(judged)
        assert not any(each.having(WORSE) for each in judged)
    elif len(judged) <= answers.MOST_POINTS:
        assert_each_point(judged, text)
    else:
        assert_worse_at_fewest(judged, text)


def assert_each_point(judged, text):
    words = r".*: (?:not decided|equivalent to the best: ([^;]+))(?:; worse: (\d+) queues?)?"
    sentences = [
        re.fullmatch(words, each) for each in re.split(r"\. (?=[A-Z])", text.removesuffix("."))
    ]
    assert all(sentences) and len(sentences) == len(judged), text
    for match, verdict in zip(sentences, judged):
        if match[1]:
            assert_list(match[1], verdict, EQUIVALENT)
        else:
            assert not verdict.having(EQUIVALENT)
        assert int(match[2] or 0) == len(verdict.having(WORSE))


def assert_worse_at_fewest(judged, text):
    words = (
        r"(.+) (?:is|are) shown to be worse than the best at (?:(none) of the|(\d+) of) (\d+) "
        rf"points(?:, {re.escape(REFERENCE)} at (\d+))?\."
    )
    match = re.fullmatch(words, text)
    assert match, text
    every = {queue for each in judged for queue in each.order}
    worse = {queue: sum(queue in each.having(WORSE) for each in judged) for queue in every}
    at_all = [queue for queue in every if all(queue in each.states for each in judged)] or every
    fewest = min(worse[queue] for queue in at_all)
    assert fewest == int(match[3] or 0) and int(match[4]) == len(judged)
    names, count = listed(match[1], every)
    assert all(worse[queue] == fewest for queue in names)
    assert count == sum(worse[queue] == fewest for queue in at_all)
    assert match[5] is None or int(match[5]) == worse["reference"]


def assert_result_holds(run, needs):
    """The sentence on top of the page and of the summary."""
    text, decisions = answers.result(decisions_of(run, needs)), decisions_of(run, needs)
    said = {}
    for each in decisions:
        for queue in each.verdict.order if each.verdict and not each.no_verdict else ():
            said.setdefault(queue, []).append(each.on(queue))
    if text.startswith("This run decides nothing: "):
        assert not any({HOLDS, CONTRADICTED} & set(each) for each in said.values())
        return
    noun = "(?:need|point)s?"
    words = (
        rf"(?:(.+) is not shown to be worse than the best queue for any of (\d+) {noun}|No queue "
        rf"is right for everything: (.+) is worse than the best for (\d+) of (\d+) {noun}, the "
        r"fewest of the queues that have a verdict for all of them) \(equivalent for (\d+), "
        rf"undecided for (\d+)\)(?:; {re.escape(REFERENCE)} is worse for (\d+))?\."
    )
    match = re.fullmatch(words, text)
    if not match:
        assert re.fullmatch(
            rf"No queue is shown to be worse than another for any of .+ {noun}\.", text
        )
        assert not any(CONTRADICTED in each for each in said.values())
        return
    best, count = match[1] or match[3], int(match[2] or match[5])
    assert len(said[best]) == count == max(map(len, said.values()))
    worse = {queue: each.count(CONTRADICTED) for queue, each in said.items()}
    assert worse[best] == int(match[4] or 0)
    assert worse[best] == min(worse[queue] for queue, each in said.items() if len(each) == count)
    assert said[best].count(HOLDS) == int(match[6]) and said[best].count(OPEN) == int(match[7])
    assert match[8] is None or int(match[8]) == worse["reference"]


def assert_decisions_hold(run, needs):
    """The table of the page and that of the summary."""
    found = rendered(run, needs)
    printed = short.plain(run, needs).splitlines()
    lines = [line for line in printed if re.search(r" \d+, \d+, \d+$", line)]
    for each in decisions_of(run, needs):
        (row,) = [
            text for own, text in found.found("tr") if own.get("id") == f"need:{each.need.id}"
        ]
        if each.no_verdict:
            assert f"No verdict: {each.no_verdict}." in row
            continue
        states = verdicts_of(run)[Key(each.point.name, each.counter)].states
        if each.take:
            left = [queue for queue, state in states.items() if state != WORSE]
            assert states[each.take] == EQUIVALENT or left == [each.take]
            assert f"counts. {each.take} " in row or f"is better. {each.take} " in row
        if not lines:
            continue  # and so many more
        line = lines.pop(0)
        assert line.startswith(f" {each.need.name[:29]}")
        counts = [
            sum(state == name for state in states.values())
            for name in (EQUIVALENT, UNDECIDED, WORSE)
        ]
        assert line.endswith(", ".join(map(str, counts)))
        left = counts[0] + counts[1]
        assert f"  {each.take or f'not decided among {left}'}  " in line
        for label, state, count in zip(LABELS, (EQUIVALENT, UNDECIDED, WORSE), counts):
            names = names_in(found, each.need.id, label)
            of_state = {queue for queue in states if states[queue] == state}
            assert set(names) == of_state - {each.take} and len(names) == len(set(names))


LABELS = ("Equivalent", "Undecided", "Avoid")  # of the table's cells, beside the queue to take


def names_in(found, need, label):
    """The names of the queues in a cell of the decision table."""
    inside, here, names = False, False, []
    for tag, own, texts in found.elements:
        if tag == "tr":
            inside = own.get("id") == f"need:{need}"
        elif tag == "td":
            here = inside and own.get("data-label") == label
        elif tag == "a" and here:
            names.append("".join(texts))
    return names


def assert_statements_hold(run, needs):
    view = View(run, queue_styles([*run.queues, *(queue for _, queue in run.cells())]))
    for scenario in run.scenarios.values():
        assert_answer_holds(run, scenario, answers.answer(view, scenario))
    assert_result_holds(run, needs)
    assert_decisions_hold(run, needs)


@pytest.mark.parametrize("folder", [PUBLISHED, ABLATION])
def test_every_statement_is_a_verdict_of_a_published_run(folder):
    assert_statements_hold(loaded(folder), read_needs())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rounds, disturbed", [(6, 0.3), (9, 0.1)])
def test_every_statement_is_a_verdict_of_undecided_runs(tmp_path, seed, rounds, disturbed):
    folder = synthetic.make(
        tmp_path,
        scenarios=report_runs.EVERYTHING,
        rounds=rounds,
        seed=seed,
        disturbed_share=disturbed,
        histograms=False,
    )
    assert_statements_hold(load_run(folder), report_runs.NEEDS)


def test_the_result_compares_queues_that_have_a_verdict_for_all_needs(tmp_path):
    """`late` is worse for nothing, and has a verdict for one need of two."""
    points = {
        "one": report_runs.values_of(best=["a", "late"], worse=["b"]),
        "two": report_runs.values_of(best=["b"], worse=["a"]),
    }
    run = small_runs.make(tmp_path, points)
    needs = tuple(Need(name, name, name, name) for name in points)
    assert_statements_hold(run, needs)
    assert answers.result(decisions_of(run, needs)).startswith(
        "No queue is right for everything: a is worse than the best for 1 of 2 points, the fewest"
    )


@pytest.mark.parametrize("rank_by, values", [("efficiency", "90% to 100%")])
def test_where_nothing_is_decided_the_summary_spans_the_medians(tmp_path, rank_by, values):
    queues = {"a": {"efficiency": [0.5, 0.9, 0.9] * 4}, "b": {"efficiency": [1.0, 1.0, 0.4] * 4}}
    judge = {"counter": rank_by, "better": "higher"}
    run = small_runs.make(tmp_path, {"plain": queues}, judged_by=judge)
    text = short.plain(run, (report_runs.need_of(),))
    assert "not decided among 2" in text and f"  {values}  " in text


def test_a_card_says_where_its_queue_is_furthest_behind():
    """Where it is worse by a verdict, and there by the largest factor."""
    run = loaded(PUBLISHED)
    view = View(run, queue_styles(run.queues))
    decisions = decisions_of(run, read_needs())
    for queue in run.queues:
        text = cards.furthest_behind(view, decisions, queue)
        worse = [each for each in decisions if queue in each.avoid]
        assert bool(text) == bool(worse), queue
        if worse:
            medians = [each.verdict.medians for each in worse]
            factors = [median[queue] / min(median.values()) for median in medians]
            need = worse[factors.index(max(factors))].need
            assert text.startswith(f"Furthest behind the best for “{need.name}”: ")
    reference = cards.furthest_behind(view, decisions, "reference")
    assert "It makes 2 context switches per message, spsc_spin_yield_park 0: a thread" in reference
