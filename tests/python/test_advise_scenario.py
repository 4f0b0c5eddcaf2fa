"""bqb.advice.scenario and traces: each kind of pipeline makes a scenario that queue_bench takes."""

import json
import subprocess
import tomllib

import numpy as np
import pytest
from advised import QUEUE_BENCH, needs_build, pipeline
from bqb import CommandError, exit_status
from bqb.advice import traces
from bqb.advice.queues import labels_of, queues_for
from bqb.advice.scenario import trace_names, write_scenario
from bqb.advice.traces import read_trace, trace_text
from bqb.schema import MOST_MEAN_NS

OPEN = {"producer_mean": "100k/s", "consumer_mean": "5us"}
CLOSED = {"producer_mean": "5us", "consumer_mean": "6us"}
# By what is asked for: the words, and what the scenario must say of them.
KINDS = {
    "open": (OPEN, {"arrivals": {"process": "poisson", "mean_gap_ns": 10_000}}),
    "closed": (CLOSED, {"producer": {"process": "exponential", "mean_ns": 5000, "work": "spin"}}),
    "constant": (OPEN | {"cv": "0"}, {"consumer": {"process": "constant", "mean_ns": 5000}}),
    "varied": (OPEN | {"cv": "2.5"}, {"consumer": {"process": "lognormal", "cv": 2.5}}),
    "quantiles": (
        {"consumer_p50": "5us", "consumer_p99": "50us"},
        {"consumer": {"process": "lognormal", "cv": 1.29, "mean_ns": 8160.26}},
    ),
    "bursts": (OPEN | {"burst": "50"}, {"arrivals": {"process": "bursty", "burst_msgs": 50}}),
    "closed bursts": (CLOSED | {"burst": "9"}, {"producer": {"process": "bursty"}}),
    "huge bursts": (
        {"consumer_mean": "100ns", "producer_mean": "9M/s", "burst": "800000"},
        {"arrivals": {"burst_msgs": 800_000}, "window_ms": 889},
    ),
    "drop": (
        OPEN | {"when_full": "drop"},
        {"when_full": "drop", "judged_by": "excess_dropped_share"},
    ),
    "overloaded drop": (
        {"producer_mean": "1M/s", "consumer_mean": "5us", "when_full": "drop"},
        {"when_full": "drop"},
    ),
    "quota": (OPEN | {"cores": "0.5"}, {"cpu_quota_pct": 25}),
    "one core": (OPEN | {"cores": "1"}, {"placement": "one_core"}),
    "all cores": (OPEN | {"cores": "8"}, {"placement": None, "cpu_quota_pct": None}),
    "8 bytes": (OPEN, {"message_bytes": 8, "payload": None}),
    "9 bytes": (OPEN | {"message_bytes": "9B"}, {"message_bytes": 64, "payload": None}),
    "heap": (OPEN | {"message_bytes": "1025B"}, {"message_bytes": 1032, "payload": "heap"}),
    "largest heap": (OPEN | {"message_bytes": "1MiB"}, {"message_bytes": 2**20}),
    "waiting": (CLOSED | {"consumer_work": "wait"}, {"consumer": {"work": "sleep"}}),
    "waiting producers": (CLOSED | {"producer_work": "wait"}, {"producer": {"work": "sleep"}}),
    "slow": (
        {"producer_mean": "100/s", "consumer_mean": "1ms"},
        {"arrivals": {"wait": "sleep"}, "window_ms": 1000},
    ),
    "crowded": (OPEN | {"consumers": "3", "cores": "2"}, {"arrivals": {"wait": "sleep"}}),
    "fastest": ({"producer_mean": "1ns", "consumer_mean": "1ns"}, {"producer": {"mean_ns": 1}}),
    "slowest": ({"producer_mean": "100ms", "consumer_mean": "100ms"}, {"window_ms": 1000}),
    "most threads": (
        {"producer_mean": "1ms", "consumer_mean": "1ms", "producers": "32", "consumers": "32"},
        {"producers": 32, "consumers": 32},
    ),
    "trivial": (OPEN | {"element": "trivial"}, {"message_bytes": 8}),
}


def queue_bench(*words):
    return subprocess.run(
        [QUEUE_BENCH, *map(str, words)], capture_output=True, text=True, check=False, timeout=60
    )


def is_taken(file):
    """Whether queue_bench reads the scenario, finds something to measure, and replays it."""
    listed, replayed = (queue_bench("--scenario", file, *w) for w in (["--list"], ["--ideal", 1]))
    assert (listed.returncode, listed.stderr) == (0, ""), listed.stderr
    assert replayed.returncode == 0, replayed.stderr
    rows = [json.loads(line) for line in replayed.stdout.splitlines()]
    assert [outcome["capacity"] for outcome in rows[0]["ideal"]] == [1, None]
    return rows


def says(table, wanted):
    for key, value in wanted.items():
        if isinstance(value, dict):
            says(table[key], value)
        else:
            assert table.get(key) == value, key


@needs_build
@pytest.mark.parametrize("kind", KINDS)
def test_queue_bench_takes_a_pipeline_of_every_kind(tmp_path, kind):
    words, wanted = KINDS[kind]
    described = pipeline(**words)
    queues = list(queues_for(described, 16, labels_of(QUEUE_BENCH)).fit)
    file = write_scenario(tmp_path, described, [4, 16], queues, 'Quoted: "\\ \n é".')
    table = tomllib.loads(file.read_text())
    says(table, wanted)
    assert table["capacity"] == [4, 16] and table["queues"] == queues
    assert table["expect"].endswith('Quoted: "\\ \n é".')
    (row, other) = is_taken(file)
    assert row["rho"] == pytest.approx(described.load, rel=1e-4)
    assert row["point"] != other["point"] and len(row["ideal"]) == 2


@needs_build
@pytest.mark.parametrize("mode", ["open", "closed"])
def test_recorded_times_are_replayed_as_they_are(tmp_path, mode):
    times = {"producer": [1000, 3000.4, 0, 4000], "consumer": [1500, 500]}
    words = {"mode": mode}
    for side, values in times.items():
        (tmp_path / side).write_text("".join(f"{ns}\n" for ns in values))
        words[f"{side}_trace"] = str(tmp_path / side)
    described = pipeline(**words)
    folder = tmp_path / "written"
    folder.mkdir()
    file = write_scenario(folder, described, [1])
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [file.name, *trace_names(described).values()]
    )
    for side, values in times.items():
        assert read_trace(folder / trace_names(described)[side]).tolist() == values
    (row,) = is_taken(file)
    assert row["rho"] == pytest.approx(1000 / 2000.1, rel=1e-4)
    if mode == "open":  # a message every 2 µs in the mean, whatever the queue
        assert row["ideal"][1]["ns_per_msg"] == pytest.approx(2000.1, rel=1e-3)


def test_limits_are_those_of_queue_bench(tmp_path):
    slow = pipeline(producer_mean="100ms", consumer_mean="1us")
    assert slow.producer.mean_ns == MOST_MEAN_NS


# ------------------------------------------------------------------------------------------ traces


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"1000\nfoo\n", ":2: 'foo' is not a number of nanoseconds; one a line"),
        (b"# head\n\n1\r\n2\r\n5us\r\n", ":5: '5us' is not a number"),
        (b"1000\nnan\n", ":2: 'nan' is not a number"),
        (b"inf\n", ":1: 'inf' is not a number"),
        (b"1 2\n", ":1: '1 2' is not a number"),
        (b"1,5\n", ":1: '1,5' is not a number"),
        (b"1_000\n", ":1: '1_000' is not a number"),
        (b"\x1b[2J\n", ":1: '\\x1b[2J' is not a number"),
        ("1\n".encode("utf-16"), ":1: "),
        (b"x" * 1000, ":1: '" + "x" * 77 + "...' is not a number"),
        (b"1\n-1\n", ":2: '-1': a time is 0 to 4,000,000,000 ns (4 s)"),
        (b"4000000001\n", ":1: '4000000001': a time is 0 to"),
        (b"", ": holds no time: write numbers of nanoseconds, one a line"),
        (b"# only\n\n", ": holds no time"),
        (b"0\n0\n", ": all its times are 0: one at least must be above 0"),
    ],
)
def test_what_is_wrong_in_a_trace_is_named_with_its_line(tmp_path, content, complaint):
    path = tmp_path / "times.txt"
    path.write_bytes(content)
    with pytest.raises(CommandError) as error:
        read_trace(path)
    said = str(error.value)
    assert error.value.status == exit_status.USAGE and len(said.splitlines()) == 1
    assert said.startswith(f"{path}{complaint}"), said


def test_a_trace_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none", tmp_path, "/dev/zero"):
        with pytest.raises(CommandError, match=f"^{path}: .*; name a file of times") as error:
            read_trace(path)
        assert error.value.status == exit_status.USAGE


def test_a_trace_that_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(traces, "MOST_TIMES", 3)
    path = tmp_path / "times.txt"
    path.write_text("1\n" * 3)
    assert len(read_trace(path)) == 3
    path.write_text("1\n" * 4)
    with pytest.raises(CommandError, match=":4: more than 3 times, the limit"):
        read_trace(path)
    monkeypatch.setattr(traces, "MOST_BYTES", 7)
    with pytest.raises(CommandError, match="larger than 7 bytes; name a file of times"):
        read_trace(path)


def test_a_trace_of_times_below_a_nanosecond_is_refused_by_its_option(tmp_path):
    (tmp_path / "tiny").write_text("0\n0.01\n")
    with pytest.raises(CommandError, match="--consumer-trace: makes a mean .*1 ns is the least"):
        pipeline(consumer_trace=str(tmp_path / "tiny"))


def test_lines_may_end_as_elsewhere_and_have_comments(tmp_path):
    path = tmp_path / "times.txt"
    path.write_bytes(b"# ns\r\n1000\r\n 2.5e3 # slow\r\n\r\n0")
    assert read_trace(path).tolist() == [1000, 2500, 0]


def test_times_are_written_to_a_tenth_of_a_nanosecond(tmp_path):
    times = np.array([0.0, 1.25, 1e9, 4e9, 1234.5])
    (tmp_path / "t").write_text(trace_text(times, "times"))
    assert read_trace(tmp_path / "t").tolist() == [0, 1.2, 1e9, 4e9, 1234.5]
