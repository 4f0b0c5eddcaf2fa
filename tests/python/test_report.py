"""bqb.report.html: the page of a run has its numbers and its words, whatever they are, and loads
nothing."""

import csv
import dataclasses
import io
import json
import re
from collections import Counter
from urllib.parse import unquote

import pytest
import report_runs
import synthetic
from bqb.data.load import load_run
from bqb.report.html import cards, page
from bqb.schema import LABELS
from bqb.stats import summaries
from bqb.stats.counters import LOST, THROUGHPUT
from bqb.stats.decisions import read_needs
from bqb.stats.verdicts import Key, verdicts_of
from report_page import ABLATION, PUBLISHED, assert_links_hold, loaded, rendered


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return report_runs.everything(tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def published():
    """The page of the published run; drawing it takes seconds."""
    return rendered(loaded(PUBLISHED), read_needs())


# ------------------------------------------------------------------------------------ hostile texts

HOSTILE = {
    "element": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "single quote": "' onmouseover='alert(1)",
    "entity": "&lt;b&gt; &amp;amp;",
    "mathematics": "$\\frac{1}{2}$",
    "template": "{{ 7*7 }}{% raw %}",
    "other letters": "größe 队列 \u202e\U0001f600",
    "comment": "<!-- --> ]]> -->",
    "style": "</style></script></title>",
    "percent": "100% %s %00 #?&",
    "long": "x" * 300,
}


def hostile(kind):
    def replaced(text):
        added = HOSTILE[kind]
        # A slash ends the name of a scenario.
        return text + (added.replace("/", "-") if text == "sleeping_peers" else added)

    return replaced


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return report_runs.with_texts(tmp_path_factory.mktemp("plain"))


def structure(found):
    # Not the dashes of a line, which are drawn from the name of a queue.
    return Counter(
        (tag, *sorted({*attributes} - {"stroke-dasharray"}))
        for tag, attributes, _ in found.elements
    )


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_text_of_a_run_becomes_an_element_or_an_attribute(tmp_path, plain, kind):
    run, needs = report_runs.with_texts(tmp_path, hostile(kind))
    found = rendered(run, needs)
    assert structure(found) == structure(rendered(*plain))
    assert_links_hold(found)
    # Each text is read as it is; some pages cut a commit and a date.
    cut = ("plain_commit", "plain_date", "plain_host")
    for text in report_runs.TEXTS:
        if text not in cut and text not in ("sleeping_peers", "producer_sleeps_1ms"):
            assert " ".join(hostile(kind)(text).split()) in found.text, text


def test_ids_are_unique_and_each_link_within_a_page_has_a_target(everything, published):
    assert_links_hold(rendered(everything))
    assert_links_hold(published)


# ----------------------------------------------------------------------------------------- the file


def test_the_same_run_gives_the_same_bytes(everything, tmp_path):
    again = load_run(everything.folder)
    paths = [
        page.write_report(run, report_runs.NEEDS, tmp_path / f"{number}.html")
        for number, run in enumerate([everything, again])
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_page_of_the_published_run_is_small_and_loads_nothing(published):
    assert published.size_bytes < 2_000_000
    loads = [
        own[name]
        for tag, own, _ in published.elements
        for name in ("src", "srcset", "data", "poster", "action", "background", "xlink:href")
        if name in own
    ]
    loads += [own["href"] for tag, own, _ in published.elements if tag in ("link", "use", "image")]
    assert {each for each in loads if not each.startswith("#")} == {"data:,"}
    (style,) = published.all("style")
    assert "url(" not in style and "@import" not in style
    (script,) = published.all("script")
    assert not re.search(r"fetch\(|XMLHttpRequest|import[ (]|https?:", script)
    assert not [own for _, own, _ in published.elements if "url(" in own.get("style", "")]


# ---------------------------------------------------------------------------------------------- CSV


def csv_rows(found, name):
    (own,) = [own for own, _ in found.found("a", class_="csv") if own["download"] == f"{name}.csv"]
    kind, _, data = own["href"].partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    return list(csv.DictReader(io.StringIO(unquote(data, errors="strict"), newline="")))


def test_the_csv_has_the_numbers_of_the_run(everything):
    rows = csv_rows(rendered(everything), "capacity_knee")
    points = everything.scenarios["capacity_knee"].points
    assert len(rows) == len(points) * len(synthetic.MODEL)
    for row in rows:
        point, queue = everything.points[row["point"]], row["queue"]
        estimate = summaries.summarise(everything, point, queue, LOST).estimate
        numbers = [float(row[name]) for name in ("median", "low", "high")]
        assert numbers == pytest.approx([estimate.median, estimate.low, estimate.high], rel=1e-5)
        verdict = verdicts_of(everything)[Key(point.name, LOST)]
        assert row["verdict"] == verdict.states[queue] and row["counter"] == LOST


@pytest.mark.parametrize("name", ["=1+1", "@x", "+1", "-1", '=HYPERLINK("http://x")'])
def test_a_spreadsheet_takes_no_name_for_a_formula(tmp_path, name):
    run = report_runs.with_verdicts(tmp_path, best=[name, "two_condvar"])
    names = [row["queue"] for row in csv_rows(rendered(run), "plain")]
    assert names == [f"'{name}", "two_condvar"]


def test_the_csv_has_hostile_names_as_they_are(tmp_path):
    names = ['a,"b";c', "a'b", "größe"]
    run = report_runs.with_verdicts(tmp_path, best=names)
    assert [row["queue"] for row in csv_rows(rendered(run), "plain")] == names


# ------------------------------------------------------------------------------------------ numbers

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w.])")


def significant(number):
    return len(number.replace(",", "").replace(".", "").strip("0") or "0")


def numbers_of(found):
    """The numbers in the cells of tables: (text of the cell, number). Names have digits, too."""
    cells = found.all("td", class_="num") + found.all("span", class_="numbers")
    cells += [text for own, text in found.found("a") if "title" in own]  # of heat maps
    return [(cell, number) for cell in cells for number in NUMBER.findall(cell)]


def assert_two_digits(found):
    numbers = numbers_of(found)
    assert len(numbers) > 5
    for cell, number in numbers:
        # A share near 1 is told by what it lacks; a capacity is a whole number as configured.
        if not re.fullmatch(r"[≥>]? ?99\.\d%.*|\d+", cell):
            assert significant(number) <= 2, cell


def test_no_number_of_a_table_has_more_than_two_digits(everything, published):
    assert_two_digits(rendered(everything))
    assert_two_digits(published)


@pytest.mark.parametrize(
    "judge", ["switches_per_msg", "efficiency", "sojourn_p50_ns", THROUGHPUT, "messages"]
)
def test_whatever_judges_has_two_digits_a_unit_and_a_direction(tmp_path, judge):
    more = {"judged_by": {"counter": judge, "better": "lower"}}
    if judge in ("efficiency", THROUGHPUT):
        more["judged_by"]["better"] = "higher"
    folder = synthetic.make(
        tmp_path,
        scenarios=["overcommit"],
        queues=["two_condvar", "reference"],
        faults=False,
        more={"overcommit": more},
    )
    rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    for row in rows:
        if row["kind"] == "trial":
            row["counters"]["messages"] = 51234.5 + row["round"]
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = rendered(load_run(folder))
    assert_two_digits(found)
    heads = [text for text in found.all("th") if text.endswith("is better")]
    direction = "more is better" if more["judged_by"]["better"] == "higher" else "less is better"
    assert len(heads) > 1, "of the point, and of the need on each queue's card"
    assert all(head.endswith(direction) for head in heads)


# ----------------------------------------------------------------------------------- runs that lack


def test_claims_say_since_when_they_stand_and_what_they_were(everything):
    html = rendered(everything)
    verdicts = ["right", "wrong", "right", "stated after this run"]
    assert html.all("span", class_="claim") == verdicts
    late = html.found("span", class_="stated-after-this-run")
    assert [text for _, text in late] == verdicts[-1:]
    assert "What its author expected: 2 right, 1 stated after this run, 1 wrong" in html.text
    claims = [text for text in html.all("li") if text.startswith(tuple(verdicts))]
    stated = [re.findall(r"; stated ([\d-]+(?:, \d earlier forms?)?)", each) for each in claims]
    assert stated == [[], [], ["2026-11-21, 1 earlier form"], ["2099-01-01"]]
    earlier = html.all("small", class_="earlier")
    assert earlier == ["Until 2026-11-20: It was clear. (above 2 µs). No."]
    assert earlier[0] in claims[2]


def test_a_queue_that_failed_says_why_wherever_it_has_no_number(everything):
    found = rendered(everything)
    (row,) = [
        text
        for own, text in found.found("td", class_="none")
        if "hung: consumer 2 in pop" in text and text.startswith("failed: ")
    ]
    assert "Failed: hung: consumer 2 in pop of message 811 for 10 s" in found.text
    assert "cannot run: capacity 1 is below the queue's least capacity, 2" in found.text
    assert "semaphore: close" in found.text and "hung: no end after 10 s" in found.text


def test_a_cell_without_a_window_says_so(tmp_path):
    folder = tmp_path / "run"
    report_runs.with_verdicts(folder, best=["two_condvar", "tbb"], worse=["reference"])
    rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    for row in rows:
        if row["kind"] == "trial" and row["queue"] == "tbb":
            row |= {"status": "void", "message": "no steady window", "counters": {}}
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = rendered(load_run(folder))
    assert "no measurable window: no steady window" in found.all("td", class_="none")
    assert "No measurable window: no steady window:" in found.text


WITHOUT = {
    "one round": (dict(rounds=1), "too few blocks", "This run decides nothing|not decided"),
    "disturbed": (dict(disturbed_share=1.0), "100%", "every block was disturbed"),
    "one queue": (dict(queues=["two_condvar"]), "no verdict: one queue only", "one queue only"),
    "all failed": (dict(queues=["semaphore"]), "hung: consumer 2", "no queue has a number"),
}


@pytest.mark.parametrize("kind", WITHOUT)
def test_a_run_that_decides_nothing_says_why(tmp_path, kind):
    options, *said = WITHOUT[kind]
    folder = synthetic.make(tmp_path, scenarios=["overcommit"], **options)
    found = rendered(load_run(folder))
    for words in said:
        assert re.search(words, found.text), words
    (result,) = found.all("h1")
    assert "decides nothing" in result or "No queue is shown to be worse" in result
    assert_links_hold(found)


def test_a_run_without_a_trial_says_so(tmp_path):
    folder = synthetic.make(tmp_path, scenarios=["overcommit", "race"], rounds=1)
    header = (folder / "trials.jsonl").read_text().splitlines()[0]
    (folder / "trials.jsonl").write_text(header + "\n")
    found = rendered(load_run(folder))
    assert found.all("h1") == ["This run decides nothing: no queue has a number."]
    assert "No verdict: no queue has a number." in found.text
    assert_links_hold(found)


def test_a_question_that_cannot_be_asked_here_says_why_and_links_hold(tmp_path):
    folder = synthetic.make(
        tmp_path,
        scenarios=["overcommit", "capacity_knee"],
        faults=False,
        cannot_run={"capacity_knee": "no quota here"},
    )
    found = rendered(load_run(folder))
    assert "No verdict: cannot run here: no quota here." in found.text
    assert "Cannot run here: no quota here." in found.text
    assert_links_hold(found)


def test_without_the_points_of_the_needs_each_ranked_point_decides(tmp_path):
    folder = synthetic.make(tmp_path, scenarios=["sleeping_peers", "race"], faults=False)
    found = rendered(load_run(folder))
    rows = [own["id"] for own, _ in found.found("tr") if own.get("id", "").startswith("need:")]
    sleeping = "need:sleeping_peers/case:"
    assert rows == [f"{sleeping}producer_sleeps_1ms", f"{sleeping}consumer_sleeps_1ms"]
    assert_links_hold(found)


def test_a_run_in_which_nothing_is_ranked_says_so(tmp_path):
    found = rendered(load_run(synthetic.make(tmp_path, scenarios=["race"], rounds=3)))
    assert "No point of this run is ranked, so there is nothing to decide." in found.text
    assert found.all("h1") == ["This run decides nothing: none of its points is ranked."]


def test_a_need_whose_point_is_not_ranked_has_no_verdict(tmp_path):
    run = report_runs.with_verdicts(tmp_path, best=["a"], worse=["b"], rank=False)
    found = rendered(run, (report_runs.need_of(),))
    assert "No verdict: shown, not ranked." in found.text
    assert found.all("h1") == ["This run decides nothing: shown, not ranked."]


@pytest.mark.parametrize("folder", [PUBLISHED, ABLATION])
def test_runs_without_figures_and_of_older_formats_have_a_page(folder):
    run = loaded(folder)
    found = rendered(run, read_needs())
    assert_links_hold(found)
    assert len(found.found("table", class_="cells")) > 5


@pytest.mark.parametrize(
    "before, after, moved", [(32, 39, False), (32, 41, True), (160, 32, True), (32, None, False)]
)
def test_the_page_says_during_how_many_blocks_the_host_exchanged_the_cores(
    everything, before, after, moved
):
    key, block = next(iter(everything.blocks.items()))
    changed = dataclasses.replace(block, handoff_ns=before, handoff_after_ns=after)
    run = dataclasses.replace(everything, blocks={**everything.blocks, key: changed})
    said = page.cores_moved(run)
    assert said.startswith(f"during 1 of {len(run.blocks)} blocks") if moved else said == ""


def test_a_card_has_a_head_for_every_label():
    shown_apart = {"line_up", "note", "defect"}
    assert set(cards.LABEL_HEADS) == set(LABELS) - shown_apart
    for name, value in cards.LABEL_VALUES:
        assert value in LABELS[name], (name, value)
