"""bqb.report.figures: every figure is drawn, says what the data say, and nothing overlaps or is cut
off."""

import dataclasses
import hashlib
import itertools
import json
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import small_runs
import synthetic
from bqb import ROOT
from bqb.data.load import load_run
from bqb.report.figures.axes import apply
from bqb.report.figures.capacity import against_capacity
from bqb.report.figures.draw import all_figures, draw_figures
from bqb.report.figures.labels import spread_apart
from bqb.report.figures.layout import PAGE, grid
from bqb.report.figures.lost import dots, title
from bqb.report.figures.occupancy import occupancy
from bqb.report.figures.overview import overview
from bqb.report.figures.page import figure_text, make_page, plot_style
from bqb.report.figures.properties import properties
from bqb.report.figures.style import DPI, queue_styles
from bqb.report.figures.summary import COLUMNS, summary
from bqb.report.figures.view import View
from bqb.report.scales import make_scale
from bqb.report.titles import Fact, Title
from bqb.report.units import format_interval, format_ns, format_share
from bqb.report.wording import asked_and_measured, in_words
from bqb.stats import summaries
from bqb.stats.counters import LOST
from bqb.stats.scores import scores
from bqb.stats.verdicts import Key
from matplotlib.text import Text

MANY = [*synthetic.MODEL, *(f"queue_number_{index}" for index in range(18))]
RUNS = {
    "faulty": dict(scenarios=["capacity_knee", "overcommit", "race", "memory"], rounds=12),
    "one_round": dict(scenarios=["speed_map", "race", "memory", "sleeping_peers"], rounds=1),
    "one_queue": dict(
        scenarios=["capacity_knee", "overcommit", "memory", "race"],
        queues=["two_condvar"],
        rounds=3,
    ),
    "all_failed": dict(scenarios=["overcommit"], queues=["semaphore"], rounds=2),
    "disturbed": dict(scenarios=["capacity_knee", "race"], rounds=4, disturbed_share=1.0),
    "judged": dict(
        scenarios=["capacity_knee", "sleeping_peers", "overcommit", "race", "speed_map"],
        rounds=6,
        more={
            scenario: {"judged_by": {"counter": counter, "better": better}}
            for scenario, counter, better in [
                ("capacity_knee", "switches_per_msg", "lower"),
                ("sleeping_peers", "efficiency", "higher"),
                ("overcommit", "sojourn_p50_ns", "lower"),
                ("race", "cpu_ns_per_msg", "lower"),
            ]
        },
    ),
    "many": dict(scenarios=["capacity_knee", "sleeping_peers"], queues=MANY, rounds=2),
}


@pytest.fixture(scope="module", params=RUNS)
def pages(request, tmp_path_factory):
    """(name of the run, {file stem: page}) of each kind of run; a warning of matplotlib is an
    error."""
    folder = synthetic.make(tmp_path_factory.mktemp(request.param), **RUNS[request.param])
    run = load_run(folder)
    view = View(run, queue_styles([*run.queues, *(queue for _, queue in run.cells())]))
    with plot_style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        made = {stem: make() for stem, make in all_figures(view)}
        for page in made.values():
            if page:
                page.figure.canvas.draw()
    return request.param, {stem: page for stem, page in made.items() if page}


def texts(page):
    """Visible texts of a page with their boxes in pixels."""
    renderer = page.figure.canvas.get_renderer()
    found = [
        text for text in page.figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    shown = [text for text in found if text.figure is not None and _is_drawn(text)]
    return [(text, text.get_window_extent(renderer)) for text in shown]


def _is_drawn(text):
    """Tick labels that are switched off exist but are never drawn."""
    axes = text.axes
    if axes is None or not hasattr(axes, "xaxis"):
        return True
    for axis in (axes.xaxis, axes.yaxis):
        for tick in axis.majorTicks:
            if text in (tick.label1, tick.label2):
                low, high = sorted(axis.get_view_interval())
                return axes.axison and text.get_visible() and low <= tick.get_loc() <= high
    return axes.axison or text in axes.texts


EXPECTED = {
    "faulty": {
        "overview",
        "properties",
        "capacity_knee.lost",
        "capacity_knee.capacity",
        "capacity_knee.sojourn",
        "capacity_knee.cpu_cost",
        "overcommit.lost",
        "overcommit.sojourn",
        "overcommit.cpu_cost",
        "race.throughput",
        "memory.lost",
        "memory.sojourn",
        "memory.cpu_cost",
        "memory.occupancy",
    },
    "all_failed": {"overcommit.lost", "properties"},
    "judged": {
        "overview",
        "properties",
        *(
            f"{name}.{kind}"
            for name in ("capacity_knee", "sleeping_peers", "overcommit", "speed_map")
            for kind in ("sojourn", "cpu_cost")
        ),
        "capacity_knee.capacity",
        "speed_map.capacity",
        "capacity_knee.switches_per_msg",
        "sleeping_peers.efficiency",
        "overcommit.sojourn_p50_ns",
        "speed_map.lost",
        "race.cpu_ns_per_msg",
    },
}


def test_the_expected_figures_are_drawn(pages):
    name, made = pages
    if name in EXPECTED:
        assert set(made) == EXPECTED[name]
    assert made


def test_no_text_is_cut_off(pages):
    for stem, page in pages[1].items():
        width, height = page.figure.get_size_inches() * page.figure.dpi
        for text, box in texts(page):
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, f"{stem}: {text.get_text()!r} leaves the page: {box}"


def test_no_texts_overlap(pages):
    for stem, page in pages[1].items():
        for (first, a), (second, b) in itertools.combinations(texts(page), 2):
            across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            assert (
                across <= 2 or down <= 3
            ), f"{stem}: {first.get_text()!r} covers {second.get_text()!r}"


def test_no_text_is_smaller_than_8_points(pages):
    for stem, page in pages[1].items():
        for text, _ in texts(page):
            assert text.get_fontsize() >= 8, f"{stem}: {text.get_text()!r}"


def test_figures_are_legible_where_readme_shows_them(pages):
    for stem, page in pages[1].items():
        if stem != "overview":
            assert page.figure.get_size_inches()[0] <= PAGE, stem
    assert 8 * DPI / 72 * 850 / (PAGE * DPI) > 10  # pixels of the smallest text


def test_no_panel_of_dots_is_too_narrow_to_read(pages):
    for stem, page in pages[1].items():
        if stem.endswith((".lost", ".throughput", "_msg", "_ns", ".efficiency")):
            widths = [axes.get_position().width * page.width for axes in page.figure.axes]
            assert min(widths) >= 2.0, stem


def all_text(page):
    return " ".join(" ".join(text.get_text() for text, _ in texts(page)).split())


def test_titles_questions_and_methods_stand_on_the_page(pages):
    name, made = pages
    if name != "faulty":
        return
    said = all_text(made["capacity_knee.lost"])
    assert "Capacity 1: the textbook queue (reference) costs" in said
    assert (
        "How much capacity do bursts need?" in said and "12 rounds" in said and "disturbed" in said
    )
    where = (
        r"virtual machine \(Toy Cloud\) · \d{4}-\d\d-\d\d · "
        r"waking a parked thread takes \d+ µs · 12 rounds"
    )
    assert re.search(where, said)
    assert "failed" in all_text(made["overcommit.lost"]) and "hung: consumer 2" in all_text(
        made["overcommit.lost"]
    )
    assert "upper bound, not advice" in all_text(made["race.throughput"])
    assert "kB" in all_text(made["memory.occupancy"]) and "Without a bound" in all_text(
        made["memory.occupancy"]
    )
    assert "≤" in all_text(made["overcommit.lost"]) and "≥" in all_text(made["overcommit.lost"])


def test_the_method_names_the_kinds_of_work_and_their_working_sets(tmp_path):
    def method_of(folder, *sides):
        names = [f"work/case:{index}" for index in range(len(sides))]
        points = {
            name: small_runs.point(name, producer=side, consumer=side)
            for name, side in zip(names, sides)
        }
        values = {name: {"reference": {"lost_ns_per_msg": [5.0]}} for name in names}
        run = small_runs.make(tmp_path / folder, values, points)
        return asked_and_measured(View(run, queue_styles(run.queues)), run.scenarios["work"])

    def side(work, **more):
        return {"work": work, "process": "constant", "mean_ns": 1000, **more}

    small = side("memory", working_set_bytes=16_384)
    large = side("memory", working_set_bytes=8_388_608)
    assert "spin work, constant" in method_of("spin", side("spin"))
    assert "memory work (working set of 8 MiB), constant" in method_of("one", large)
    said = method_of("three", side("wide"), small, large)
    assert "wide or memory work (working sets of 16 KiB to 8 MiB), constant" in said
    assert in_words("consumer_working_set_bytes", 16_384) == "consumer working set 16 KiB"


def test_a_judge_of_its_own_stands_on_the_page_in_its_unit(pages):
    name, made = pages
    if name != "judged":
        return
    said = all_text(made["overcommit.sojourn_p50_ns"])
    assert "sojourn p50 (less is better)" in said and "µs" in said and "overhead" not in said
    said = all_text(made["sleeping_peers.efficiency"])
    assert "efficiency (more is better)" in said and "%" in said and "× ref." in said
    assert "Switches per message" in all_text(made["capacity_knee.capacity"])
    said = all_text(made["overview"])
    assert "by sojourn p50" in said and 'Columns headed "by" show that counter' in said


def test_the_overview_has_every_ranked_question_and_leaves_the_others_out(pages):
    name, made = pages
    if name != "faulty":
        return
    said = all_text(made["overview"])
    assert "capacity knee 1P1C" in said and "overcommit 4P4C" in said
    assert "race 1P1C" not in said and "memory 1P1C" not in said


def test_the_overview_counts_the_points_without_a_column_too(tmp_path):
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["capacity_knee"],
            queues=["reference", "two_condvar"],
            rounds=12,
            faults=False,
            disturbed_share=0,
        )
    )
    with plot_style():
        said = all_text(overview(View(run, queue_styles(run.queues))))
    assert len(run.scenarios["capacity_knee"].points) == 5 and "capacity 4 " not in said
    for queue, score in scores(run).items():
        numbers = (score.equivalent, score.undecided, score.worse, score.entered)
        assert f"{queue} {' '.join(map(str, numbers))}" in said and score.entered == 5


@pytest.mark.parametrize("column", range(2))
def test_a_column_of_the_overview_is_one_point_with_its_interval(tmp_path, column):
    run = load_run(
        synthetic.make(tmp_path, scenarios=["capacity_knee"], queues=["two_condvar"], faults=False)
    )
    points = run.scenarios["capacity_knee"].points
    with plot_style():
        said = all_text(overview(View(run, queue_styles(run.queues))))
    point = (points[0], points[-1])[column]
    estimate = summaries.summarise(run, point, "two_condvar", LOST).estimate
    interval = format_interval(LOST, estimate.low, estimate.high)
    assert f"{format_ns(estimate.median)} [{interval}]" in said


@pytest.fixture(scope="module")
def published():
    """The run whose figures README.md shows."""
    run = load_run(ROOT / "results/published/2026-11-29.amd-epyc-2-cores")
    return View(run, queue_styles([*run.queues, *(queue for _, queue in run.cells())]))


@pytest.fixture(scope="module")
def drawn(published):
    """{file stem: page}; all of them take half a minute."""
    with plot_style():
        made = {stem: make() for stem, make in all_figures(published)}
    return {stem: page for stem, page in made.items() if page}


def test_the_summary_is_readable_in_a_readme(published):
    with plot_style():
        page = summary(published)
        page.figure.canvas.draw()
    assert page.figure.get_size_inches()[0] * page.figure.dpi == 850
    found = texts(page)
    assert min(text.get_fontsize() for text, _ in found) >= 8
    for (first, a), (second, b) in itertools.combinations(found, 2):
        across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 2 or down <= 3, f"{first.get_text()!r} covers {second.get_text()!r}"


def test_the_heads_of_the_summary_say_how_it_was_measured(published):
    for column in COLUMNS:
        head = " ".join(column.head)
        points = [
            point
            for point in published.run.scenarios[column.scenario].points
            if all(point.axes.get(key) == value for key, value in column.axes.items())
        ]
        assert [f"capacity {point.capacity}" for point in points] == re.findall(
            r"capacity \d+", head
        )
        for count, role in re.findall(r"(\d+) (producer|consumer|worker)", head):
            assert (
                points[0].producers == int(count)
                if role == "producer"
                else points[0].consumers == int(count)
            )


def test_the_summary_sets_our_own_queues_apart(published):
    with plot_style():
        page = summary(published)
        page.figure.canvas.draw()
    at = {text.get_text(): box.y0 for text, box in texts(page)}
    ours, theirs = at["Written for this suite"], at["Third-party libraries"]
    for queue, labels in published.run.queues.items():
        if queue in at:
            assert at[queue] < ours and (at[queue] < theirs) == (labels["origin"] == "peer"), queue


def test_every_title_is_a_verdict_of_its_run(published, drawn):
    """A title names a queue only with a verdict on it, and the verdict is that of the run."""
    named = 0
    for stem, page in drawn.items():
        title = page.title
        shown = " ".join(page.figure.texts[0].get_text().split())
        assert shown == " ".join(title.text.split()), stem
        assert all(fact.holds_in(published.run) for fact in title.facts), stem
        words = title.text.replace("the textbook queue (reference)", "reference")
        queues = {name for name in published.run.queues if re.search(rf"\b{name}\b", words)}
        assert queues == {fact.queue for fact in title.facts}, f"{stem}: {title.text}"
        named += bool(queues)
    assert named > 10


def test_a_fact_that_the_run_contradicts_does_not_hold(published):
    key = Key("overcommit", LOST)
    assert Fact(key, "tbb", True).holds_in(published.run)
    assert not Fact(key, "tbb", False).holds_in(published.run)
    unranked = Key("race", "throughput_msgs_per_s")
    assert not Fact(unranked, "tbb", False).holds_in(published.run)


def test_tails_stand_in_no_title(drawn):
    for stem, page in drawn.items():
        assert ".sojourn" not in stem or not re.search(r"\d", page.title.text), stem


# ------------------------------------------------------------------------------------------- values


def test_the_title_tells_the_medians(tmp_path):
    folder = synthetic.make(
        tmp_path,
        scenarios=["overcommit"],
        queues=["reference", "two_condvar"],
        faults=False,
        histograms=False,
    )
    run = load_run(folder)
    view = View(run, queue_styles(run.queues))
    lost = {
        queue: summaries.summarise(run, run.points["overcommit"], queue, LOST).median
        for queue in ("reference", "two_condvar")
    }
    assert title(view, run.scenarios["overcommit"]).text == (
        f"The textbook queue (reference) costs at most {format_ns(lost['reference'])} per message, "
        f"two_condvar at most {format_ns(lost['two_condvar'])}"
    )


def test_losses_of_nothing_and_less_go_to_a_marked_band():
    scale = make_scale([-40.0, 0.0, 5.0, 300.0, 4000.0])
    places = [scale.place(value) for value in (-40.0, 0.0, 5.0)]
    assert len(set(places)) == 1 and scale.low < places[0] < scale.smallest == 10
    assert scale.place(300.0) == 300.0
    assert make_scale([20.0, 300.0]).smallest is None


def test_a_scale_holds_all_its_values_and_has_ticks():
    for values in ([1.0], [25.0, 26.0], [20.0, 40_000.0], [-5.0], [], [1e6, 2e6]):
        scale = make_scale(values)
        assert all(scale.low <= scale.place(value) <= scale.high for value in values)
        assert len(scale.ticks(room=9)) >= 1


def test_a_narrow_axis_has_fewer_ticks():
    with plot_style():
        page = make_page(8, 2, Title("title"), "subtitle")
        narrow, wide = page.axes(1, 0.2, 1.5, 1), page.axes(3.5, 0.2, 4, 1)
        for axes in (narrow, wide):
            apply(make_scale([20.0, 1e6]), axes, "x")
        page.figure.canvas.draw()
        counts = [len(axes.get_xticks()) for axes in (narrow, wide)]
    assert 1 <= counts[0] <= 3 < counts[1]


def test_properties_stand_where_the_values_are(tmp_path):
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["overcommit"],
            queues=["two_condvar", "boost_lockfree"],
            rounds=1,
            histograms=False,
            faults=False,
        )
    )
    with plot_style():
        page = properties(View(run, queue_styles(run.queues)))
        page.figure.canvas.draw()
    said = all_text(page)
    assert "1 of 2 queues sleep while they wait" in said
    panels = [axes for axes in page.figure.axes if axes.axison]
    drawn = [
        sorted(
            (float(line.get_ydata()[0]), float(line.get_xdata()[0]))
            for line in axes.lines
            if line.get_marker() == "o"
        )
        for axes in panels
    ]
    # two_condvar sleeps: it is on top.
    assert drawn[0] == [(0, 0.0), (0, 0.0), (1, 0.99), (1, 0.99)]
    closes = (55e3, run.property_of("two_condvar", "close_to_last_return_ns", 8), 1.1e6)
    assert drawn[1] == [(0, pytest.approx(ns)) for ns in closes] + drawn[1][3:]
    assert drawn[4] == [(0, 0.8), (1, 1.9)]


def test_the_title_of_the_properties_names_no_time(tmp_path):
    """Each was measured once."""
    run = load_run(
        synthetic.make(
            tmp_path,
            scenarios=["overcommit"],
            rounds=1,
            histograms=False,
            faults=False,
            queues=["two_condvar", "reference", "boost_lockfree"],
        )
    )
    with plot_style():
        page = properties(View(run, queue_styles(run.queues)))
    assert page.title.text == "2 of 3 queues sleep while they wait"


def test_a_property_that_nobody_has_takes_no_panel(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["overcommit"], queues=["two_condvar"], rounds=1, histograms=False
    )
    lines = [
        line
        for line in (folder / "trials.jsonl").read_text().splitlines()
        if '"compile"' not in line
    ]
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n")
    run = load_run(folder)
    with plot_style():
        page = properties(View(run, queue_styles(run.queues)))
        page.figure.canvas.draw()
    assert sum(axes.axison for axes in page.figure.axes) == 4 and "ompiling" not in all_text(page)


def texts_of(page):
    return " ".join(figure_text(page.figure).split())


def test_occupancy_tells_pushed_from_popped_where_they_differ(tmp_path):
    run = load_run(
        synthetic.make(tmp_path, scenarios=["memory"], queues=["reference"], rounds=2, faults=False)
    )
    with plot_style():
        said = texts_of(occupancy(View(run, queue_styles(run.queues)), run.scenarios["memory"]))
    label = said.split("unbounded: ")[1].split("reference: ")
    assert (
        "pushed 480 k/s, popped 240 k/s" in label[0]
        and "270 k/s" in label[1]
        and "popped" not in label[1]
    )


def test_cpu_cost_says_which_side_of_the_line_is_which_and_nothing_of_how_queues_wait(pages):
    for stem, page in pages[1].items():
        if stem.endswith(".cpu_cost"):
            said = all_text(page)
            assert (
                "below it more CPU is burnt than time is lost" in said
                and "both sides spin" not in said
            )


def test_capacity_claims_no_end_of_growth_at_the_largest_measured(tmp_path):
    folder = synthetic.make(
        tmp_path,
        scenarios=["capacity_knee"],
        queues=["two_condvar"],
        rounds=3,
        faults=False,
        histograms=False,
    )
    rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    for row in rows:  # twice the throughput with each larger capacity
        if row["kind"] == "trial":
            capacity = int(row["point"].split("capacity:")[1])
            row["counters"] |= {
                "throughput_msgs_per_s": 1000.0 * capacity,
                "efficiency": 0.5,
                "floor_lost_ns_per_msg": 0.0,
            }
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = load_run(folder)
    below, largest = sorted({point.capacity for point in run.scenarios["capacity_knee"].points})[
        -2:
    ]
    with plot_style():
        view = View(run, queue_styles(run.queues))
        said = texts_of(against_capacity(view, run.scenarios["capacity_knee"]))
    grown = format_share(largest / below - 1)
    assert (
        f"From capacity {below} to {largest}, the largest measured, the ideal queue's throughput "
        f"still grows by {grown}" in said
    )
    assert "Floor:" not in said  # it lies below the axis


def with_first_point_disturbed(tmp_path, blocks):
    """A run of one scenario; so many of the 12 blocks of its first point are disturbed."""
    folder = synthetic.make(
        tmp_path,
        scenarios=["capacity_knee"],
        queues=["two_condvar", "reference"],
        rounds=12,
        faults=False,
        histograms=False,
    )
    rows = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    first = next(row["point"] for row in rows if row["kind"] == "trial")
    for row in rows:
        if row["kind"] == "block":
            row["disturbed"] = row["point"] == first and row["round"] <= blocks
    (folder / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_run(folder)


def test_a_column_without_a_verdict_says_that_it_has_none(tmp_path, published):
    sentence = "A column without any frame has no verdict."
    run = with_first_point_disturbed(tmp_path, 12)
    with plot_style():
        assert sentence in all_text(overview(View(run, queue_styles(run.queues))))
        assert sentence not in all_text(overview(published))
        assert sentence not in all_text(summary(published))


def test_a_disturbed_question_says_why_it_has_no_verdict(pages):
    name, made = pages
    if name != "disturbed":
        return
    said = all_text(made["capacity_knee.lost"])
    assert "capacity knee: no verdict: every block was disturbed" in said


def test_a_panel_says_how_small_a_difference_it_tells_apart_or_why_none(tmp_path):
    run = with_first_point_disturbed(tmp_path, 9)
    with plot_style():
        said = texts_of(dots(View(run, queue_styles(run.queues)), run.scenarios["capacity_knee"]))
    assert said.count("too few blocks") == 1 and said.count("tells ") == 4


def test_the_occupancy_figure_shows_bounded_and_unbounded(tmp_path):
    folder = synthetic.make(
        tmp_path, scenarios=["memory"], queues=["reference"], rounds=2, faults=False
    )
    run = load_run(folder)
    with plot_style():
        page = occupancy(View(run, queue_styles(run.queues)), run.scenarios["memory"])
        page.figure.canvas.draw()
        peaks = sorted(
            line.get_ydata().max()
            for line in page.figure.axes[0].lines
            if len(line.get_ydata()) > 100
        )
    assert peaks[0] <= 64 and peaks[-1] > 40_000


# -------------------------------------------------------------------------------------------- files


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return synthetic.make(
        tmp_path_factory.mktemp("small"),
        scenarios=["overcommit", "race"],
        queues=["reference", "semaphore"],
        rounds=2,
    )


def test_draw_writes_svg_and_png_of_each_figure_and_nothing_else(small, tmp_path):
    paths = draw_figures(load_run(small), tmp_path / "plots")
    assert {path.name for path in paths} == {path.name for path in (tmp_path / "plots").iterdir()}
    assert {path.suffix for path in paths} == {".svg", ".png"}
    assert (tmp_path / "plots/overview.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_data_give_the_same_bytes(small, tmp_path):
    digests = [
        {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in draw_figures(load_run(small), tmp_path / folder)
        }
        for folder in "ab"
    ]
    assert digests[0] == digests[1]


def test_a_run_without_a_trial_draws_nothing_and_does_not_fail(small, tmp_path):
    header = (small / "trials.jsonl").read_text().splitlines()[0]
    (tmp_path / "trials.jsonl").write_text(header + "\n")
    assert draw_figures(load_run(tmp_path), tmp_path / "plots") == []


def test_a_scenario_that_cannot_run_here_is_not_drawn(tmp_path):
    folder = synthetic.make(
        tmp_path / "run",
        scenarios=["overcommit", "race"],
        queues=["reference", "two_condvar"],
        rounds=2,
        faults=False,
        cannot_run={"race": "no CPU controller"},
    )
    run = load_run(folder)
    drawn = {path.name for path in draw_figures(run, tmp_path / "plots")}
    assert "overcommit.lost.svg" in drawn and not [
        name for name in drawn if name.startswith("race")
    ]
    one_ran = dataclasses.replace(
        run, problems=run.problems[1:], planned=(*run.planned, ("race", "reference"))
    )
    assert run.why_skipped("race") == "no CPU controller" and one_ran.why_skipped("race") == ""


def test_missing_counters_are_no_obstacle(small, tmp_path):
    rows = [json.loads(line) for line in (small / "trials.jsonl").read_text().splitlines()]
    for row in rows:
        if "counters" in row:
            row["counters"] = {
                key: row["counters"][key]
                for key in ("lost_ns_per_msg", "throughput_msgs_per_s")
                if key in row["counters"]
            }
    (tmp_path / "trials.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    drawn = {path.name for path in draw_figures(load_run(tmp_path), tmp_path / "plots")}
    assert "overcommit.lost.svg" in drawn and "overcommit.cpu_cost.svg" not in drawn


# -------------------------------------------------------------------------------------------- theme


def test_twenty_five_queues_have_as_many_looks_and_keep_them():
    looks = queue_styles(MANY)
    assert len({(style.color, style.marker) for style in looks.values()}) == len(MANY)
    assert queue_styles(reversed(MANY)) == looks
    assert queue_styles(["reference", "semaphore"])["semaphore"] == looks["semaphore"]


def test_an_unknown_queue_looks_the_same_wherever_it_appears():
    assert queue_styles(["a_new_queue"]) == {
        "a_new_queue": queue_styles(["reference", "a_new_queue"])["a_new_queue"]
    }


@pytest.mark.parametrize("wanted", [[0.5] * 5, [0, 0, 1, 1], [0.1, 0.9], [1.0], [0.99, 1.0, 0.98]])
def test_labels_are_moved_apart_and_stay_inside(wanted):
    placed = np.array(spread_apart(wanted, 0.1, 0.0, 1.0))
    ordered = placed[np.argsort(wanted, kind="stable")]
    assert (
        np.all(np.diff(ordered) >= 0.1 - 1e-9)
        and placed.min() >= -1e-9
        and placed.max() <= 1 + 1e-9
    )


def test_cases_that_sweep_different_keys_have_a_panel_each():
    points = [
        SimpleNamespace(axes=axes)
        for axes in (
            {"case": "pace", "capacity": 1},
            {"case": "pace", "capacity": 16},
            {"case": "crowd"},
        )
    ]
    scenario = SimpleNamespace(
        open_loop=False, swept=lambda: {"case": ["pace", "crowd"], "capacity": [1, 16]}
    )
    laid = grid(scenario, points)
    assert list(laid.at.values()) == points and len(laid.columns) == 3
    assert len(grid(scenario, points, without="capacity").at) == 2


def test_no_grid_is_wider_than_asked():
    """Of several sweeps one that is short enough goes across; where none is, each combination has
    its panel."""

    def swept(**values):
        points = [
            SimpleNamespace(axes=dict(zip(values, each)))
            for each in itertools.product(*values.values())
        ]
        return SimpleNamespace(open_loop=False, swept=lambda: values), points

    scenario, points = swept(rho=[0.5, 1, 2], capacity=[1, 16])
    assert (
        grid(scenario, points, widest=3).across == 3
        and grid(scenario, points, widest=2).across == 2
    )
    assert [point.axes["capacity"] for point in grid(scenario, points, widest=2).at.values()][
        :2
    ] == [1, 16]
    scenario, points = swept(rho=[0.5, 1, 2], capacity=[1, 16, 64])
    laid = grid(scenario, points, widest=2)
    assert laid.across == 2 and laid.folded and len(laid.at) == 9
