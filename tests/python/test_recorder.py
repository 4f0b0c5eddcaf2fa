"""The recorder of queues/record.h: its calls, the programs around it, and what the harness itself
measures beside what its recording says."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
import recordings
from bqb import CommandError
from bqb.data.recorded_streams import CONSUMER, PRODUCER
from bqb.data.recording import read_recording
from bqb.stats.recorded import pipeline_of
from recordings import OVERHEAD, PROGRAMS, ROOT, needs_build, replayed


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
