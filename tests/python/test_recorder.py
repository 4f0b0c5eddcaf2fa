"""The recorder of queues/record.h: what it keeps is whole, and what the harness itself measures is
what its recording says."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import recordings
from bqb import CommandError
from bqb.data.recorded_streams import BEGIN, CONSUMER, END, PRODUCER, Recording
from bqb.data.recording import read_recording
from bqb.stats.recorded import pipeline_of
from bqb.stats.recorded_order import Order, order_of

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build" / "release" / "tests" / "harness"
OVERHEAD = ROOT / "build" / "release" / "benchmarks" / "overhead" / "recorder_overhead"

needs_build = pytest.mark.skipif(
    not (PROGRAMS / "replay_recording").exists() or not OVERHEAD.exists(), reason="no release build"
)
KEPT_EVENTS = 1_024  # of a side of a thread, where memory is short
MESSAGES = 24_000
ORIGIN = 1 << 40  # of the clock: windows are cut by its absolute value


def replayed(tmp_path: Path, events, *words: object) -> Path:
    path = recordings.write_text(tmp_path / "replayed.txt", events)
    out = tmp_path / "replayed.bqrec"
    subprocess.run(
        [PROGRAMS / "replay_recording", path, out, *map(str, words)], check=True, timeout=60
    )
    return out


def short_of_memory(tmp_path: Path, events) -> Path:
    return replayed(
        tmp_path,
        events,
        "--memory-bytes",
        16 * 6 * KEPT_EVENTS,
        "--most-threads",
        6,
        "--capacity",
        4,
    )


def by_stream(events) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """(ns, kind) of each role of each thread."""
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for ns, thread, what in events:
        role, kind = what.split("_")
        key = (thread, CONSUMER if role == "pop" else PRODUCER)
        found.setdefault(key, []).append((ns, recordings.KINDS[kind]))
    return found


# ---------------------------------------------------------------- what is kept of a long recording


class Thinned:
    """A simulated pipeline, all of it and what a recorder of little memory kept of it."""

    def __init__(self, name: str, tmp_path: Path, events) -> None:
        self.name = name
        self.events = [(ORIGIN + ns, thread, what) for ns, thread, what in events]
        self.all = by_stream(self.events)
        self.recording: Recording = read_recording(short_of_memory(tmp_path, self.events))
        self.order: Order = order_of(self.recording)
        self.first = min(ns for ns, _, _ in self.events)
        # The names of the threads in the order in which they were started.
        self.names = sorted({thread for _, thread, _ in self.events})
        self.windows = list(
            zip(self.recording.window_begins.tolist(), self.recording.window_ends.tolist())
        )

    def events_of(self, stream) -> list[tuple[int, int]]:
        return self.all[self.names[int(stream.thread)], stream.role]


@pytest.fixture(scope="module", params=["even", "faster", "slower", "blocked"])
def thinned(request, tmp_path_factory) -> Thinned:
    one = recordings.simulated(MESSAGES, 2_000, 1_900, producers=2, consumers=2, capacity=4)
    end = max(ns for ns, _, _ in one) + 10_000
    if request.param == "faster":
        # The first part has a hundredth of the speed. Of the second a kept window holds too much.
        slow = recordings.simulated(200, 2e5, 1.9e5, producers=2, consumers=2, capacity=4, seed=2)
        end = max(ns for ns, _, _ in slow) + 10_000
        one = slow + [(ns + end, thread, what) for ns, thread, what in one]
    elif request.param == "slower":
        slow = recordings.simulated(600, 2e5, 1.9e5, producers=2, consumers=2, capacity=4, seed=2)
        one = one + [(ns + end, thread, what) for ns, thread, what in slow]
    elif request.param == "blocked":
        # Now and then the consumer works for longer than a window, and blocks the producers.
        one = recordings.simulated(MESSAGES, 2_000, 900, producers=2, capacity=4, stall_every=1_000)
    one = [e for thread in sorted({e[1] for e in one}) for e in one if e[1] == thread]
    return Thinned(request.param, tmp_path_factory.mktemp("thinned"), polled_away(one))


def polled_away(events):
    """Without the last pop of a consumer, which never returns, where another begin follows it."""
    kept = []
    for event, following in zip(events, [*events[1:], (0, "", "")]):
        if event[2].endswith("_begin") and following[1:] == event[1:]:
            continue
        kept.append(event)
    return kept


@needs_build
def test_a_recorder_keeps_to_its_memory_and_spreads_its_windows(thinned):
    assert all(len(stream.ticks) <= KEPT_EVENTS for stream in thinned.recording.streams)
    assert any(stream.level >= 3 for stream in thinned.recording.streams)
    begins = np.array([begin for begin, _ in thinned.windows])
    assert len(begins) >= 4
    length = max(ns for ns, _, _ in thinned.events) - thinned.first
    assert begins[0] < 0.15 * length and begins[-1] > 0.85 * length
    assert np.diff(begins).max() <= 4 * np.median(np.diff(begins)), "but those with a thinning"


@needs_build
def test_a_window_in_which_a_thread_thinned_its_events_is_left_out(thinned):
    """The others waited for it."""
    if thinned.name not in ("even", "slower"):
        pytest.skip("no such call is among the kept ones")
    calls = [
        (stream.ticks[index - 1], stream.ticks[index])
        for stream in thinned.recording.streams
        for index in np.flatnonzero(stream.thinned)
    ]
    assert calls
    for begin, end in thinned.windows:
        assert not any(since < end and until >= begin for since, until in calls)
    begins = [begin for begin, _ in thinned.windows]
    period = min(np.diff(begins))
    assert any(step >= 2 * period for step in np.diff(begins))


@needs_build
def test_each_kept_window_is_whole(thinned):
    for stream in thinned.recording.streams:
        everything = thinned.events_of(stream)
        kept = list(zip((stream.ticks + thinned.first).tolist(), stream.kinds.tolist()))
        assert set(kept) <= set(everything)
        for begin, end in thinned.windows:
            begin, end = begin + thinned.first, end + thinned.first
            inside = [event for event in everything if begin <= event[0] < end]
            assert [event for event in kept if begin <= event[0] < end] == inside
            before = [event for event in everything if event[0] < begin]
            after = [event for event in everything if event[0] >= end]
            assert not before or before[-1] in kept, "the last before it"
            assert not after or after[0] in kept, "the first after it"


@needs_build
def test_occupancy_and_numbers_of_messages_are_right_where_events_are_missing(thinned):
    ends = {
        role: sorted(
            ns
            for (_, r), found in thinned.all.items()
            if r == role
            for ns, kind in found
            if kind == END
        )
        for role in (PRODUCER, CONSUMER)
    }
    for role, times in ends.items():
        expected = [sum(ns < begin + thinned.first for ns in times) for begin, _ in thinned.windows]
        assert thinned.order.ended_before[role].tolist() == expected
    inside, duration = thinned.order.occupancy(
        thinned.recording.window_begins, thinned.recording.window_ends
    )
    mean = sum(inside * duration) / sum(duration)
    area = 0.0  # by another way: the time that each message spends in a kept window
    for pushed, popped in zip(ends[PRODUCER], [*ends[CONSUMER], *[2**62] * len(ends[PRODUCER])]):
        area += kept_time(thinned, pushed, popped)
    assert mean == pytest.approx(area / sum(end - begin for begin, end in thinned.windows))


def kept_time(thinned: Thinned, since: int, until: int) -> int:
    since, until = since - thinned.first, until - thinned.first
    return sum(max(0, min(end, until) - max(begin, since)) for begin, end in thinned.windows)


@needs_build
def test_service_times_are_those_of_their_messages(thinned):
    """Of all events, each message's number is its rank: the same as of the kept ones."""
    for role, (numbers, services) in (
        (PRODUCER, thinned.order.producer_services()),
        (CONSUMER, thinned.order.consumer_services()),
    ):
        expected = {}
        ends = []
        for (name, its_role), found in thinned.all.items():
            if its_role != role:
                continue
            for i, (ns, kind) in enumerate(found):
                if kind != END:
                    continue
                ends.append((ns, name))
                if role == PRODUCER and i >= 2:
                    expected[ns, name] = found[i - 1][0] - found[i - 2][0]
                if role == CONSUMER and i + 1 < len(found):
                    expected[ns, name] = found[i + 1][0] - ns
        ends.sort()
        # Calls that end at the same instant may have either number.
        times = Counter(ns for ns, _ in ends)
        checked = 0
        for number, service in zip(numbers.tolist(), services.tolist()):
            ns, name = ends[number]
            if times[ns] == 1:
                assert expected[ns, name] == service
                checked += 1
        assert checked > 30


@needs_build
def test_blocked_time_is_that_inside_the_windows(thinned):
    pipeline = pipeline_of(thinned.recording)
    for thread in pipeline.threads:
        role = PRODUCER if thread.role == "producer" else CONSUMER
        found = thinned.all[thinned.names[int(thread.name)], role]
        inside = sum(
            kept_time(thinned, ns, following)
            for (ns, kind), (following, _) in zip(found, found[1:])
            if kind == BEGIN
        )
        # All that a call takes but for the 80 ns of one that does not wait, and those of calls at
        # the edges of windows.
        assert thread.blocked_ns <= inside + 1
        longest = max(
            following - ns
            for (ns, kind), (following, _) in zip(found, found[1:])
            if kind == BEGIN and kept_time(thinned, ns, following)
        )
        assert thread.longest_call_ns == longest


@needs_build
def test_long_services_are_not_missed_more_often_than_short_ones(tmp_path):
    """Service times longer than a window by far: the mean of all events and that of the kept ones
    agree within what the number of them allows."""
    events = recordings.simulated(80_000, 3_000, 2_900, capacity=4, seed=3)
    events = [(ORIGIN + ns, thread, what) for ns, thread, what in events]
    full = pipeline_of(read_recording(replayed(tmp_path, events)))
    kept = pipeline_of(read_recording(short_of_memory(tmp_path, events)))
    assert kept.messages < full.messages / 100
    for name in ("producer_ns", "consumer_ns"):
        some, every = getattr(kept, name), getattr(full, name)
        assert abs(some.mean() - every.mean()) < 4 * every.std() / len(some) ** 0.5


# ---------------------------------------------------------------------------- the calls themselves


@needs_build
def test_with_enough_memory_every_event_is_there(tmp_path):
    events = recordings.simulated(500, 1_000, 900, producers=2, consumers=2)
    recording = read_recording(replayed(tmp_path, events, "--capacity", 8, "--note", "two by two"))
    assert (recording.capacity, recording.note) == (8, "two by two")
    assert sum(len(stream.ticks) for stream in recording.streams) == len(events)
    expected = pipeline_of(read_recording(tmp_path / "replayed.txt"))
    pipeline = pipeline_of(recording)
    np.testing.assert_array_equal(pipeline.producer_ns, expected.producer_ns)
    np.testing.assert_array_equal(pipeline.consumer_ns, expected.consumer_ns)


ATTEMPTS = [
    event
    for i in range(1, 1001)
    for event in (
        (i * 10, "c", "pop_begin"),
        (i * 10 + 5, "c", "pop_end" if i % 500 == 0 else "pop_empty"),
        (i * 10, "p", "push_begin"),
        (i * 10 + 4, "p", "push_end" if i % 250 == 0 else "push_refused"),
    )
]


@needs_build
@pytest.mark.parametrize("retries", [False, True])
def test_polls_fill_no_memory_and_retries_do_not_if_the_program_says_so(tmp_path, retries):
    path = replayed(tmp_path, ATTEMPTS, *(["--retries"] if retries else []))
    streams = {stream.role: stream for stream in read_recording(path).streams}
    assert streams[CONSUMER].ticks.tolist() == [0, 4995, 5000, 9995]
    if retries:
        assert streams[PRODUCER].ticks[:2].tolist() == [0, 2494]
    assert len(streams[PRODUCER].ticks) == (8 if retries else 2_000)
    assert pipeline_of(read_recording(path)).refused == (0 if retries else 996)


@needs_build
def test_what_is_pending_at_the_end_is_written(tmp_path):
    """A poll that no pop follows."""
    events = [*ATTEMPTS, (10_100, "c", "pop_begin"), (10_105, "c", "pop_empty")]
    events += [(10_110, "c", "pop_begin"), (10_115, "c", "pop_empty")]
    streams = {s.role: s for s in read_recording(replayed(tmp_path, events)).streams}
    assert streams[CONSUMER].ticks[-2:].tolist() == [10_090, 10_105]


@needs_build
def test_threads_without_room_are_counted_and_the_reader_refuses(tmp_path):
    events = recordings.simulated(100, 1_000, 900, producers=2, consumers=2)
    path = replayed(tmp_path, events, "--most-threads", 3)
    with pytest.raises(
        CommandError,
        match="calls of 1 more threads are missing; record again with "
        "most_threads of at least 4",
    ):
        read_recording(path)


@needs_build
@pytest.mark.parametrize(
    "words, said",
    [
        (["--memory-bytes", "1000"], "memory_bytes 1000: a recorder needs 4096 for each of"),
        ([], "recording {out}: cannot create"),
    ],
)
def test_what_cannot_be_recorded_is_said(tmp_path, words, said):
    out = tmp_path / "no_such_folder" / "out.bqrec"
    text = recordings.write_text(tmp_path / "in.txt", ATTEMPTS)
    done = subprocess.run(
        [PROGRAMS / "replay_recording", text, out, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0 and said.format(out=out) in done.stderr


@needs_build
def test_an_old_file_is_replaced_as_a_whole_or_stays(tmp_path):
    """A file size limit, as a full disk: the old recording stays, and no part of the new one."""
    events = recordings.simulated(500, 1_000, 900)
    path = replayed(tmp_path, events[:0] + recordings.simulated(20, 1_000, 900))
    old = path.read_bytes()
    text = recordings.write_text(tmp_path / "replayed.txt", events)
    words = [PROGRAMS / "replay_recording", text, path]
    limited = 'ulimit -f 8; trap \'\' XFSZ; exec "$0" "$@"'
    done = subprocess.run(
        ["bash", "-c", limited, *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0 and f"recording {path}: cannot write" in done.stderr
    assert path.read_bytes() == old
    assert sorted(p.name for p in tmp_path.iterdir()) == ["replayed.bqrec", "replayed.txt"]
    subprocess.run(words, check=True, timeout=60)
    assert read_recording(path).streams[0].messages == 500


# ------------------------------------------------------------------------------ programs of a user


def compiled(tmp_path: Path, standard: str, **sources: str) -> Path:
    names = []
    for name, source in sources.items():
        (tmp_path / f"{name}.cpp").write_text(source)
        names.append(f"{name}.cpp")
    subprocess.run(
        [
            "c++",
            f"-std={standard}",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-pthread",
            f"-I{ROOT}",
            *names,
            "-o",
            "program",
        ],
        cwd=tmp_path,
        check=True,
    )
    return tmp_path / "program"


@pytest.mark.skipif(not shutil.which("c++"), reason="no compiler")
def test_the_example_is_cpp17_in_two_sources(tmp_path):
    header = (ROOT / "queues" / "record.h").read_text()
    example = re.search(r"^// ```cpp\n(.*?)^// ```", header, re.MULTILINE | re.DOTALL)[1]
    example = re.sub(r"^// ?", "", example, flags=re.MULTILINE)
    path = tmp_path / "example.bqrec"
    assert "/tmp/example.bqrec" in example
    program = compiled(
        tmp_path,
        "c++17",
        main=example.replace("/tmp/example.bqrec", str(path)),
        other='#include "queues/record.h"\nvoid record(bq::Recorder& r) { r.push_begins(); }\n',
    )
    subprocess.run([program], check=True, timeout=30)
    pipeline = pipeline_of(read_recording(path))
    assert (pipeline.messages, pipeline.capacity) == (1_001, 64)
    assert (pipeline.producers, pipeline.consumers) == (1, 1)
    assert pipeline.call_cost_ns > 0


ENDS = """
#include <cstdlib>
#include <string>
#include "queues/recorded_queue.h"
#include "queues/two_condvar.h"
using Queue = bq::RecordedQueue<bq::TwoCondvarQueue<int>>;
void pass(Queue& queue) {
  for (int i = 0; i < 3; ++i) { queue.push(1); queue.pop(); }
}
int main(int argc, char** argv) {
  const std::string way = argv[argc - 1];
  if (way == "static") {
    static Queue queue(4);
    pass(queue);
    std::exit(0);
  }
  Queue queue(4), second(5);
  pass(queue);
  pass(second);
  if (way == "exit") std::exit(0);
  if (way == "abort") std::abort();
}
"""


@pytest.fixture(scope="module")
def ending(tmp_path_factory) -> Path:
    if not shutil.which("c++"):
        pytest.skip("no compiler")
    return compiled(tmp_path_factory.mktemp("ends"), "c++20", main=ENDS)


@pytest.mark.parametrize(
    "way, files",
    [("return", ["a", "a.2"]), ("static", ["a"]), ("exit", []), ("abort", []), ("unset", [])],
)
def test_when_a_program_leaves_a_file(ending, tmp_path, way, files):
    environment = {**os.environ, "BQ_RECORDING": "" if way == "unset" else str(tmp_path / "a")}
    subprocess.run([ending, way], env=environment, check=False, timeout=30)
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    for path, capacity in zip(files, (4, 5)):
        pipeline = pipeline_of(read_recording(tmp_path / path))
        assert (pipeline.messages, pipeline.capacity) == (3, capacity)


def test_the_recipe_for_python_records_a_queue(tmp_path):
    page = (ROOT / "docs" / "recording.md").read_text()
    recipe = re.search(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    names: dict = {}
    exec(compile(recipe, "recording.md", "exec"), names)  # noqa: S102: the page's own code
    pipe = names["RecordedQueue"](4)

    def consume() -> None:
        while pipe.get() is not None:
            pass

    consumer = threading.Thread(target=consume)
    consumer.start()
    for message in [*range(200), None]:
        pipe.put(message)
    consumer.join()
    with pytest.raises(queue.Empty):
        pipe.get(block=False)
    pipe.save(tmp_path / "a.txt")
    pipeline = pipeline_of(read_recording(tmp_path / "a.txt"))
    assert (pipeline.messages, pipeline.capacity, pipeline.refused) == (201, 4, 0)
    assert (pipeline.producers, pipeline.consumers) == (1, 2), "the last get is this thread's"


@needs_build
def test_the_overhead_program_has_a_figure_for_each_round(tmp_path):
    file = tmp_path / "recorder.json"
    done = subprocess.run(
        [OVERHEAD, "--rounds", "3", "--json", file],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=60,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["recorder.json"], "a recording is left"
    results = json.loads(file.read_text())
    assert results["rounds"] == 3 and {"cpu_model", "commit"} <= set(results["context"])
    arms = {arm["arm"]: arm for arm in results["arms"]}
    assert list(arms) == ["timestamp", "alone", "two_threads", "thinning"]
    for name, arm in arms.items():
        assert len(arm["ns_per_call"]) == 3
        assert 0 < arm["interval_ns"][0] <= arm["median_ns"] <= arm["interval_ns"][1]
        assert f"{name} " in done.stdout


# ------------------------------------------------------------------------------ the harness itself


@needs_build
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="both sides need a core each")
@pytest.mark.parametrize("producer_ns, consumer_ns", [(5_000, 10_000), (10_000, 5_000)])
def test_a_recorded_trial_has_the_service_times_of_the_trial(tmp_path, producer_ns, consumer_ns):
    path = tmp_path / "trial.bqrec"
    done = subprocess.run(
        [
            PROGRAMS / "recorded_trial",
            path,
            "--producer-ns",
            str(producer_ns),
            "--consumer-ns",
            str(consumer_ns),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    stamps = {name: np.array(times) for name, times in json.loads(done.stdout).items()}
    pipeline = pipeline_of(read_recording(path))
    assert (pipeline.producers, pipeline.consumers, pipeline.messages) == (1, 1, 20_000)
    assert pipeline.matched and len(pipeline.producer_ns) == 19_999
    # The first message has no service time of the producer, and so is not among the matched ones.
    for recorded, measured in (
        (pipeline.producer_ns, stamps["producer_ns"]),
        (pipeline.consumer_ns, stamps["consumer_ns"][1:]),
    ):
        assert len(recorded) == len(measured)
        difference = recorded - measured
        # Index by index, but where the thread lost its core between two stamps.
        undisturbed = np.abs(difference) < 1_000
        assert undisturbed.mean() > 0.98
        assert abs(np.median(difference)) < 0.02 * measured.mean()
        recorded, measured = recorded[undisturbed], measured[undisturbed]
        assert recorded.mean() == pytest.approx(measured.mean(), rel=0.02)
        assert recorded.std() / recorded.mean() == pytest.approx(
            measured.std() / measured.mean(), rel=0.02
        )
