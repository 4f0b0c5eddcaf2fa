"""What README.md says of the published run is what the run says."""

import re
from datetime import date

import pytest
from bqb import ROOT
from bqb.data.load import load_run
from bqb.report.figures.summary import COLUMNS
from bqb.report.units import format_ns
from bqb.stats import judging, summaries
from bqb.stats.verdicts import WORSE, Key, verdicts_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = ROOT / "results/published/2026-11-29.amd-epyc-2-cores"
POINTS = (  # behind the rows of the table
    "capacity_knee/capacity:1",
    "capacity_knee/capacity:64",
    "overcommit",
    "ping_pong/placement:spread",
    "ping_pong/placement:one_core",
    "worker_pool",
)
ROW = re.compile(
    r"^\| ([^|`]+) \| ([^|]+) \| (?:≤ )?([\d.]+) to ([\d.]+) µs "
    r"\| (?:≤ )?(?:([\d.]+) to ([\d.]+) µs )?\|$",
    re.MULTILINE,
)
ROWS = [row.groups() for row in ROW.finditer(README)]


@pytest.fixture(scope="module")
def run():
    return load_run(RUN)


def test_the_table_and_the_figure_have_the_same_situations(run):
    assert len(ROWS) == len(POINTS) == len(COLUMNS)
    for point, column in zip(POINTS, COLUMNS):
        place = run.points[point]
        assert place.scenario == column.scenario and dict(place.axes) == dict(column.axes)


def overheads_us(run, point: str) -> dict[str, float]:
    """{queue: overhead in µs, to two digits as the figure shows it}."""
    place = run.points[point]
    counter = judging.headline(run, place)
    by_queue = {
        queue: summaries.summarise(run, place, queue, counter)
        for queue in run.queue_names(place.scenario)
    }
    return {
        queue: float(f"{summary.median / 1000:.2g}")
        for queue, summary in by_queue.items()
        if summary
    }


def named(row: int, every: set[str]) -> set[str]:
    """The queues that a row says to use."""
    text = ROWS[row][1]
    if text.startswith("any that fits;"):
        return every
    return set(re.findall(r"`(\w+)`", text)) | (
        named(row - 1, every) if text.startswith("the same") else set()
    )


def extent(values: list[float]) -> tuple[str | None, str | None]:
    return (f"{min(values):g}", f"{max(values):g}") if values else (None, None)


@pytest.mark.parametrize("row", range(len(POINTS)), ids=POINTS)
def test_the_table_says_what_was_measured(run, row):
    measured = overheads_us(run, POINTS[row])
    place = run.points[POINTS[row]]
    verdict = verdicts_of(run)[Key(place.name, judging.headline(run, place))]
    near = {queue for queue, state in verdict.states.items() if state != WORSE}
    assert named(row, set(measured)) == near
    used = extent([measured[queue] for queue in near])
    rest = extent([value for queue, value in measured.items() if queue not in near])
    assert (*used, *rest) == ROWS[row][2:]


def test_one_queue_is_advised_everywhere_but_on_one_core(run):
    without = [
        POINTS[row]
        for row in range(len(POINTS))
        if "mpmc_spin_yield_park" not in named(row, set(run.queues))
    ]
    assert without == ["ping_pong/placement:one_core"]
    assert "Every row but the one-core round trip lists `mpmc_spin_yield_park`." in README


def test_the_machine_is_that_of_the_run(run):
    assert date.fromisoformat(run.context["date"][:10]).isoformat() in README
    assert f"{run.context['cores']} cores ({run.context['cpu_model']})" in README
    wake = format_ns(summaries.machine_baselines(run).wake_ns)
    assert f"Waking a parked thread on another core takes {wake} there" in README


def test_every_queue_of_the_figure_is_in_the_table_as_ours_or_theirs(run):
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", README, re.MULTILINE))
    assert set(rows) == {queue for queue in run.queues if run.queues[queue]["line_up"] == "default"}
    for queue, author in rows.items():
        assert (author == "us") == (run.queues[queue]["origin"] == "house"), queue


def test_it_is_short():
    assert len(README.splitlines()) <= 140
