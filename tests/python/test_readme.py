"""What README.md says of the published run is what the run says."""

import re
from datetime import date

import pytest
from bqb import ROOT, results, statistics

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = ROOT / "results/published/2026-11-25.amd-epyc-2-cores"
# The point behind each row of the table, and which queues its last cell compares those it names with.
SLEEP_AT_ONCE = {"reference", "two_condvar", "two_lock", "posix_semaphore"}
SPIN_FIRST = {"mpmc_spin_yield_park", "spsc_spin_yield_park", "spin_then_block", "boost_lockfree", "moodycamel_blocking"}
ROWS = {
    "a core for each thread, capacity 1": ("capacity_knee/capacity:1", SLEEP_AT_ONCE),
    "a core for each thread, capacity for a whole burst": ("capacity_knee/capacity:64", set()),
    "more threads than cores": ("overcommit", "the others"),
    "both sides on one core": ("ping_pong/placement:one_core", SPIN_FIRST),
    "workers that mostly wait": ("worker_pool", {"mpmc_spin_yield_park"}),
}
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) µs[^|]*\|$", re.MULTILINE)
RANGE = re.compile(r"([\d.]+)(?: to ([\d.]+))? (?=µs)")


@pytest.fixture(scope="module")
def run():
    return results.load(RUN)


def test_the_table_has_every_row():
    assert [situation for situation, *_ in ROW.findall(README)] == list(ROWS)


def overheads_us(run, point: str) -> dict[str, float]:
    """{queue: overhead in µs, to two digits as the figure shows it}."""
    place = run.points[point]
    counter = statistics.headline(run, place)
    summaries = {queue: statistics.summarise(run, place, queue, counter) for queue in run.queue_names(place.scenario)}
    return {queue: float(f"{summary.median / 1000:.2g}") for queue, summary in summaries.items() if summary}


@pytest.mark.parametrize("situation, advice, said", [row.groups() for row in ROW.finditer(README)])
def test_the_table_says_what_was_measured(run, situation, advice, said):
    point, others = ROWS[situation]
    measured = overheads_us(run, point)
    said_ranges = [(float(low), float(high or low)) for low, high in RANGE.findall(said + " µs")]
    taken = set(measured) if advice.startswith("any;") else set(re.findall(r"`(\w+)`", advice))
    groups = [taken, set(measured) - taken if others == "the others" else others]
    expected = [(min(values), max(values)) for group in groups if (values := [measured[queue] for queue in group])]
    assert said_ranges == expected
    if len(expected) == 2:
        assert expected[0][1] < expected[1][0], "the advice is no better than what it is compared with"


def test_the_machine_is_that_of_the_run(run):
    assert date.fromisoformat(run.context["date"][:10]).isoformat() in README
    assert f"{run.context['cores']} cores ({run.context['cpu_model']})" in README
    wake = statistics.duration(statistics.yardsticks(run).wake_ns)
    assert f"Waking a parked thread takes {wake} there" in README


def test_every_queue_of_the_figure_is_in_the_table_as_ours_or_theirs(run):
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", README, re.MULTILINE))
    assert set(rows) == {queue for queue in run.queues if run.queues[queue]["line_up"] == "default"}
    for queue, author in rows.items():
        assert (author == "us") == (run.queues[queue]["origin"] == "house"), queue


def test_it_is_short():
    assert len(README.splitlines()) <= 140
