"""Facts that prose repeats from code, scenarios or published results: each sentence is held against
its source."""

import re
import tomllib
from collections import Counter
from functools import cache

import pytest
from bqb import ROOT
from bqb.data.expectations import Claim
from bqb.data import published
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.pages import error_rates
from bqb.pages import repeated as pages
from bqb.stats import claims, judging, summaries
from bqb.stats.verdicts import WORSE, Key, verdicts_of
from bqb.stats.counters import EXCESS, LOST
from bqb.stats.repeatability import finds_enough
from bqb.validation import result, theory
from bqb.validation.simulated_runs import noises_of
from bqb.validation.verdict_errors import figures_of
from test_overhead import LOOPS, MOST_INSTRUCTIONS

# The runs that earlier words of scenarios tell of, the one of the figures of that day first.
EARLIER_RUNS = [
    "2026-11-29.amd-epyc-2-cores",
    "repeat/2026-11-29.0049",
    "repeat/2026-11-29.0217",
    "repeat/2026-11-29.0257",
]


@cache
def text(path: str) -> str:
    """A file with its lines joined, and the marks of comments between them left out."""
    return " ".join(re.sub(r"(?m)^\s*//+ ?", "", (ROOT / path).read_text(encoding="utf-8")).split())


def found(pattern: str, path: str) -> tuple[str, ...]:
    match = re.search(pattern, text(path))
    assert match, f"{path}: the sentence is gone: {pattern}"
    return match.groups()


@cache
def scenario(path: str) -> dict:
    return tomllib.loads((ROOT / "scenarios" / path).read_text(encoding="utf-8"))


def expected(path: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, scenario(path)["expect"])
    assert match, f"scenarios/{path}: `expect` lost its sentence: {pattern}"
    return match.groups()


@pytest.fixture(scope="module")
def comparisons() -> list[dict]:
    return result.read(published.latest(published.VALIDATE))["comparisons"]


@pytest.fixture(scope="module")
def run() -> Run:
    return load_run(published.latest())


def medians(run: Run, name: str, counter: str, queues=None, **axes) -> dict[tuple[str, str], float]:
    """Medians of a counter by (point, queue), over the points that have these values of swept
    keys."""
    return {
        (point.name, queue): summary.median
        for point in run.scenarios[name].points
        if all(point.axes.get(key) == value for key, value in axes.items())
        for queue in queues or run.queue_names(name)
        if (summary := summaries.summarise(run, point, queue, counter))
    }


# --------------------------------------------------------------------------------- lists and counts


def test_every_default_question_has_the_default_line_up():
    found(r"Every scenario takes a queue of `--with` if it can enter it", "docs/your_own_queue.md")
    for path in (ROOT / "scenarios/curated").glob("*.toml"):
        assert "default" in scenario(f"curated/{path.name}").get("queues", ["default"]), path


def test_costs_of_the_mutants_are_those_of_the_table():
    page = (ROOT / "docs/explorer.md").read_text(encoding="utf-8")
    table = re.findall(r"(?m)^\| `\w+` \|(?:[^|]*\|){2} (\d+) \|", page)
    number, *by_cost = map(
        int,
        found(
            r"of the (\d+) mutants below, (\d+) are found at cost 0, (\d+) at 1 and (\d+) at 2",
            "docs/explorer.md",
        ),
    )
    assert number == len(table) and dict(enumerate(by_cost)) == dict(Counter(map(int, table)))


@pytest.mark.parametrize(
    "folder, pattern",
    [
        ("appendix", r"`appendix/` has more questions \(([^)]+)\)"),
        ("recorded", r"`recorded/` uses times .*? not ours \(((?:`\w+`, )+)\[how"),
    ],
)
def test_scenarios_of_these_folders_are_all_named(folder, pattern):
    (said,) = found(pattern, "scenarios/README.md")
    assert set(re.findall(r"`(\w+)`", said)) == {
        path.stem for path in (ROOT / "scenarios" / folder).glob("*.toml")
    }


def test_folders_of_scenarios_are_all_named():
    top = text("scenarios/README.md").partition("<!-- generated")[0]
    assert set(re.findall(r"`(\w+)/`", top)) == {
        path.name for path in (ROOT / "scenarios").iterdir() if path.is_dir()
    }


def test_the_largest_message_on_the_heap_is_stated():
    (said,) = found(r"on the heap: a multiple of 8 from 16 to ([\d,]+)", "scenarios/README.md")
    power = re.search(
        r"max_heap_message_bytes = 1 << (\d+)", text("benchmarks/scenario/rules.h")
    ).group(1)
    assert int(said.replace(",", "")) == 1 << int(power)


# ------------------------------------------------------------------------------------------ headers


def test_only_our_own_storage_claims_exact_answers():
    """Full, empty and closed of our own rings are linearizable; libraries on its storage say
    quiescent."""
    found(
        r"What our own rings answer is final: full, empty and closed are linearizable",
        "queues/detail/blocking_queue.h",
    )
    on_storage = [
        path.name
        for path in (ROOT / "queues").rglob("*.h")
        if re.search(r"= (bq::)?BlockingQueue<", path.read_text(encoding="utf-8"))
    ]
    assert set(on_storage) == {"mpmc_ring.h", "spsc_ring.h"}
    assert "labels.close = Close::quiescent;" in text("queues/blocking_adapter.h")
    for ring in ("mpmc_ring.h", "spsc_ring.h"):
        assert "quiescent" not in text(f"queues/{ring}")


def test_a_ring_that_is_not_lock_free_is_not_called_so():
    found(r"Progress: neither lock-free nor blocking in the strict sense", "queues/mpmc_ring.h")
    assert not re.match(r"An? lock-free", text("queues/mpmc_ring.h"))
    assert "New here" not in text("queues/mpmc_ring.h") and "crossbeam-channel" in text(
        "queues/mpmc_ring.h"
    )


def test_what_the_standard_policy_keeps_is_stated():
    kept = len(
        re.findall(r"\bthread_local\b(?! memory)", text("queues/sync.h").split("#pragma once")[1])
    )
    assert kept == 1
    found(
        r"StdSync adds nothing to the system's primitives, which it inlines, but to one: "
        r"yield\(\) also counts "
        r"itself",
        "queues/sync.h",
    )


def test_headers_that_the_queues_include_are_those_that_the_installing_page_names():
    included = {
        name
        for path in (ROOT / "queues").rglob("*.h")
        if path.parent.name != "peers"
        for name in re.findall(r"#include <(linux/\w+\.h)>", path.read_text(encoding="utf-8"))
    }
    (said,) = found(r"headers of the kernel \(([^)]+)\)", "docs/your_own_queue.md")
    assert set(re.findall(r"`([\w/.]+)`", said)) == included


def test_advice_on_the_reference_is_what_was_measured(run):
    least, most, shortest, longest = map(
        float,
        found(
            r"this queue has ([\d.]+) to ([\d.]+) times the overhead of two_condvar\.h, and three "
            r"loggers wait ([\d.]+) to ([\d.]+) times as long",
            "queues/reference.h",
        ),
    )
    for name, counter, low, high in (
        ("overcommit", LOST, least, most),
        ("logger", "push_blocked_mean_ns", shortest, longest),
    ):
        ratio = summaries.paired_ratio(
            run, run.scenarios[name].points[0], "reference", "two_condvar", counter
        )
        assert ratio.high < 1 and low <= round(ratio.median, 1) <= high


def test_advice_on_the_short_spin_is_what_was_measured(run):
    low, high, *times = found(
        r"this queue has ([\d.]+) to ([\d.]+) times the overhead of two_condvar\.h, but (\w+) to "
        r"(\w+) times",
        "queues/spin_then_block.h",
    )
    point = run.scenarios["overcommit"].points[0]
    ratio = summaries.paired_ratio(run, point, "spin_then_block", "two_condvar", LOST)
    assert float(low) <= round(ratio.median, 1) <= float(high)
    yielding = summaries.paired_ratio(run, point, "spin_then_block", "mpmc_spin_yield_park", LOST)
    least, most = ({"five": 5, "seven": 7}[word] for word in times)
    assert least <= round(yielding.median) <= most


# ------------------------------------------------------------------------ agreement and error rates


@pytest.fixture(scope="module")
def repeated() -> list[Run]:
    """All default runs of the machine of the newest one, that one first."""
    return error_rates.newest_first()


@pytest.fixture(scope="module")
def earlier_runs() -> list[Run]:
    return [load_run(published.PUBLISHED / name) for name in EARLIER_RUNS]


def test_whole_runs_agree(repeated):
    """Which the tables of METHODOLOGY.md show (test_published_pages.py), and its prose says."""
    found(
        r"at most 1 % reversed, 2 % contradicted, and over all that judge 90 % found",
        "METHODOLOGY.md",
    )
    judged = [each for each in pages.agreements().values() if each.is_judged]
    assert judged and all(each.is_within_limits for each in judged) and finds_enough(judged)
    assert len({each.context["seed"] for each in repeated}) == len(repeated)


def test_verdicts_err_no_more_than_they_may(repeated):
    figures = figures_of(noises_of(repeated), count=100, seed=1)
    assert all(figure.holds for figure in figures.values())
    assert sum(figure.most is not None for figure in figures.values()) >= 5


# --------------------------------------------------------------------------------------- validation


WORDS = {"a seventh": 1 / 7, "three fifths": 3 / 5}


def test_what_a_closed_loop_understates(comparisons):
    """By theory, and as measured."""
    half, four_fifths = expected(
        "validate/coordinated_omission.toml",
        r"is (a seventh) shorter at rho = 0.5 and (three fifths) shorter at 0.8",
    )
    why = scenario("validate/coordinated_omission.toml")["earlier_expect"][0]["why"]
    percents = [int(each) / 100 for each in re.findall(r"by (\d+) %", why)]
    shorter = [
        int(each) / 100 for each in re.search(r"measured were (\d+) and (\d+) %", why).groups()
    ]
    capacity = scenario("validate/coordinated_omission.toml")["capacity"]
    for rho, words, by_theory, by_far in zip((0.5, 0.8), (half, four_fifths), percents, shorter):
        understated = 1 - theory.Tandem(1, 1, capacity, 1 / rho, 1).wait_quantile(
            0.99
        ) / theory.mm1_wait_quantile(1 / rho, 1, 0.99)
        assert (
            understated == pytest.approx(WORDS[words], abs=0.01)
            and round(understated, 2) == by_theory
        )
        measured = {
            each["open_loop"]: each["measured"]
            for each in comparisons
            if each["part"] == "coordinated_omission" and each["drawn_rho"] == rho
        }
        assert round(1 - measured[False] / measured[True], 2) == by_far


# ------------------------------------------------------ what scenarios expect, by the published run


RINGS = ["mpmc_spin_yield_park", "spsc_spin_yield_park"]


def earlier(path: str, until: str) -> tuple[str, str]:
    """What `expect` said until that day, and why it was replaced."""
    (entry,) = [
        each for each in scenario(path)["earlier_expect"] if each["until"].isoformat() == until
    ]
    return entry["text"], entry["why"]


# By scenario and index of the claim: what `expect` says of its bound.
IN_PROSE = {
    ("curated/capacity_knee", 1): ("by less than half", 1.5),
    ("curated/container", 0): ("messages wait for milliseconds", 1e6),
    ("curated/neighbour", 0): ("takes two fifths of them or more", 0.4),
    ("curated/neighbour", 1): ("takes less than a tenth of two cores", 0.1),
    ("curated/neighbour", 2): ("burns ten times the CPU of one that sleeps", 10),
    ("curated/open_loop", 1): ("adds less than a microsecond to half of the messages", 1000),
    ("curated/shed", 0): ("costs less than a microsecond everywhere", 1000),
    ("curated/shed", 1): ("drops a tenth more than one that spins first", 1.1),
    ("curated/speed_map", 0): ("more than ten times what a ring pays that spins", 10),
    ("curated/speed_map", 1): ("That ring pays less than 1 us there", 1000),
    ("curated/speed_map", 2): ("every queue reaches four fifths of its pace", 0.8),
    ("curated/wake_after_idle", 0): ("pays less than a fifth of that", 0.2),
    ("curated/worker_pool", 0): ("on average for less than a fifth of its own length", 200_000),
    ("curated/worker_pool", 1): ("at least a tenth more CPU than those of two_condvar", 1.1),
}


@pytest.mark.parametrize("path, index", IN_PROSE)
def test_prose_names_the_bound_of_its_claim(path, index):
    words, bound = IN_PROSE[path, index]
    asked = scenario(f"{path}.toml")
    claim = asked["claim"][index]
    assert words in asked["expect"]
    assert bound in (claim.get("above"), claim.get("below")), claim["says"]


def test_queues_that_a_claim_of_the_speed_map_names_are_those_of_its_prose():
    (names,) = expected("curated/speed_map.toml", r"sleeps at once \(([^)]+)\)")
    assert names.split(", ") == scenario("curated/speed_map.toml")["claim"][0]["queue"]


def test_a_ring_pays_microseconds_at_capacity_1_beside_10_us(run):
    expected("curated/speed_map.toml", r"and a few microseconds beside 10 us")
    losses = medians(run, "speed_map", LOST, RINGS, capacity=1, consumer_mean_ns=10_000).values()
    assert 1e3 < max(losses) < 1e4


def test_why_ten_times_as_much_was_given_up(earlier_runs):
    _, why = earlier("curated/neighbour.toml", "2026-11-29")
    shown, *undecided = map(
        int,
        re.search(
            r"Of four runs of 2026-11-29 one shows that, with (\d+) times; two leave it undecided, "
            r"with (\d+) and (\d+) times; in one the ratio means nothing",
            why,
        ).groups(),
    )
    bound = scenario("curated/neighbour.toml")["claim"][0]["replaces"][0]["bound"]
    assert bound == "spsc_spin's neighbour_lost_share above 10 times two_condvar's"
    said = Claim("", "neighbour_lost_share", ("neighbour",), ("spsc_spin",), "two_condvar", (), 10)
    scores = [claims.score(each, said) for each in earlier_runs]
    ratios = sorted((each.verdict, round(each.measured.median)) for each in scores if each.measured)
    assert ratios == [("right", shown), *(("undecided", each) for each in sorted(undecided))]
    assert [each.reason for each in scores if not each.measured] == [
        "the ratio means nothing: not everything is above 0"
    ]
    low, high = map(int, re.search(r"spin first take (\d+) to (\d+) %", why).groups())
    spin_first = [*RINGS, "boost_lockfree", "moodycamel_blocking", "spin_then_block"]
    shares = medians(earlier_runs[0], "neighbour", "neighbour_lost_share", spin_first).values()
    assert low <= round(100 * min(shares), 0) and round(100 * max(shares), 0) <= high


def test_why_tens_of_milliseconds_were_given_up(earlier_runs):
    _, why = earlier("curated/container.toml", "2026-11-29")
    numbers = re.search(r"excess is (\d+) ms \[(\d+) to (\d+)\]", why).groups()
    run = earlier_runs[0]
    score = claims.score(run, run.scenarios["container"].claims[0])
    ends = (score.measured.median, score.measured.low, score.measured.high)
    assert [round(each / 1e6) for each in ends] == list(map(int, numbers))


def test_overcommit(run):
    expected(
        "curated/overcommit.toml",
        r"It, boost_lockfree, moodycamel_blocking and posix_semaphore pay less than 1 "
        "us; every other queue more than 1.5 us",
    )
    cheap = {"mpmc_spin_yield_park", "boost_lockfree", "moodycamel_blocking", "posix_semaphore"}
    for (_, queue), lost in medians(run, "overcommit", LOST).items():
        assert lost < 1000 if queue in cheap else lost > 1500
    verdict = verdicts_of(run)[Key("overcommit", LOST)]
    assert verdict.states["mpmc_spin_yield_park"] != WORSE


def test_worker_pool(earlier_runs):
    """The earlier words with their numbers, which runs bear out; the claims ask for less."""
    run = earlier_runs[0]
    text_then, why = earlier("curated/worker_pool.toml", "2026-11-29")
    low, high = map(float, re.search(r"waits (\d+) to (\d+) us", text_then).groups())
    assert f"waits {low:.0f} to {high:.0f} us" in why
    waits = medians(run, "worker_pool", EXCESS).values()
    assert low * 1e3 <= min(waits) and max(waits) <= high * 1e3
    point = run.scenarios["worker_pool"].points[0]
    counter = "consumer_cpu_beyond_work_ns_per_msg"
    cpu = {
        queue: summaries.paired_ratio(run, point, queue, "two_condvar", counter).median
        for queue in ("mpmc_spin_yield_park", "spin_then_block", "moodycamel_blocking", "reference")
    }
    assert cpu["mpmc_spin_yield_park"] > 1.5
    assert max(cpu["spin_then_block"], cpu["moodycamel_blocking"]) < cpu["reference"]


def test_shed(run):
    (drops,) = expected("curated/shed.toml", r"ideal queue drops (\d+) %")
    ideal = int(drops) / 100
    dropped = medians(run, "shed", "ideal_dropped_share", ["two_condvar"], capacity=4)
    assert list(dropped.values()) == [pytest.approx(ideal, abs=0.015)]
    rho, room = 1.5, 5  # four in the queue and one at work
    assert (1 - rho) * rho**room / (1 - rho ** (room + 1)) == pytest.approx(ideal, abs=0.01)


def test_open_loop(run):
    expected(
        "curated/open_loop.toml",
        r"A ring that spins and yields first adds less than a microsecond to half of the messages",
    )
    added = medians(run, "open_loop", "excess_p50_ns", RINGS, rho=0.5).values()
    assert max(added) < 1000


def test_memory_for_10_s():
    """The backlog after the window, worked off one by one."""
    asked = scenario("appendix/memory_for_10_s.toml")
    window_ns, mean_ns = asked["window_ms"] * 1e6, asked["consumer"]["mean_ns"]
    backlog = window_ns / mean_ns * (asked["rho"] - 1)
    (words,) = expected(
        "appendix/memory_for_10_s.toml", r"so the last of them waits for (\w+) seconds"
    )
    assert {"ten": 10}[words] == pytest.approx(backlog * mean_ns / 1e9) and backlog == 1e6


def test_waiting():
    run = load_run(published.latest(published.ABLATION))
    expected(
        "ablation/waiting.toml",
        r"one that sleeps, at once or after a spin, burns less than a tenth of it",
    )
    burnt = medians(run, "waiting", "cpu_beyond_work_ns_per_msg", case="sleeping_producer")
    for (_, queue), cpu in burnt.items():
        sleeps = queue.endswith(("park", "atomic_wait"))
        assert cpu < 1e5 if sleeps else cpu > 1e6 * 0.95
    losses = medians(
        run, "waiting", judging.loss_counter(run.points["waiting/case:crowd"]), case="crowd"
    )
    assert max(losses, key=losses.get)[1] == "mpmc_spin"


def test_what_contradicts_is_dated_and_something_else():
    with_earlier = [
        path
        for path in sorted((ROOT / "scenarios").rglob("*.toml"))
        if "earlier_expect" in tomllib.loads(path.read_text(encoding="utf-8"))
    ]
    assert with_earlier
    for path in with_earlier:
        asked = scenario(str(path.relative_to(ROOT / "scenarios")))
        assert all(
            each["text"] != asked["expect"] and each["why"] and each["until"]
            for each in asked["earlier_expect"]
        )


# ---------------------------------------------------------------------------------------- overheads


def test_queues_whose_loops_are_counted_are_named():
    most, said = found(
        r"at most (\d+) instructions more than in loops written by hand: at most (.+?) "
        r"\(`tests/python/"
        r"test_overhead.py` counts them",
        "METHODOLOGY.md",
    )
    parts = re.findall(r"(\d+) % for ((?:`\w+`(?: and )?)+)", said)
    assert {
        name: int(percent) for percent, names in parts for name in re.findall(r"`(\w+)`", names)
    } == LOOPS
    assert int(most) == MOST_INSTRUCTIONS


def test_the_newest_default_run_is_of_a_machine_that_no_claim_was_drawn_from(run, earlier_runs):
    found(r"The newest default run is of another machine", "METHODOLOGY.md")
    assert run.machine not in {each.machine for each in earlier_runs}
