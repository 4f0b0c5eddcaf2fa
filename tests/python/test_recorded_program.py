"""The recording of a real program that is kept beside its scenario: the scenario's times, and each
number that docs/recording.md tells of it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache

import numpy as np
import pytest
from advised import needs_build
from bqb import ROOT
from bqb.advice.recorded import recorded_parts
from bqb.advice.traces import read_trace, trace_text
from bqb.advice.wishes import from_words
from bqb.data.recorded_streams import Recording
from bqb.data.recording import read_recording
from bqb.stats.recorded import RecordedPipeline, pipeline_of

FOLDER = ROOT / "scenarios" / "recorded"
KEPT = FOLDER / "compressor.bqrec"
MOST_BYTES = 200_000
SIDES = ("producer", "consumer")


@cache
def recording() -> Recording:
    return read_recording(KEPT)


@cache
def pipeline() -> RecordedPipeline:
    return pipeline_of(recording())


@cache
def section() -> str:
    page = (ROOT / "docs" / "recording.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"(?ms)^## A real program\n(.*?)^## ", page)
    return found


def said(pattern: str) -> tuple[float, ...]:
    """The numbers that the groups of a pattern find in the section."""
    match = re.search(pattern, " ".join(section().split()))
    assert match, f"the sentence is gone: {pattern}"
    return tuple(float(number.replace(",", "")) for number in match.groups())


def two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def test_what_is_kept_is_small_and_whole():
    assert KEPT.stat().st_size <= MOST_BYTES
    assert recording().notices == () and pipeline().notices == ()
    assert pipeline().matched


def test_the_scenario_has_the_times_of_the_recording():
    for side in SIDES:
        path = FOLDER / f"compressor_{side}_times.txt"
        times = getattr(pipeline(), f"{side}_ns")
        assert path.read_text(encoding="utf-8") == trace_text(times, f"times, {side}s")
        np.testing.assert_allclose(read_trace(path), times, atol=0.051)


def test_the_scenario_has_the_threads_and_the_capacity_of_the_recording():
    scenario = tomllib.loads((FOLDER / "compressor.toml").read_text(encoding="utf-8"))
    as_recorded, thousandth = scenario["case"]
    assert scenario["producers"] == pipeline().producers
    assert scenario["consumers"] == pipeline().consumers
    assert as_recorded["capacity"] == thousandth["capacity"][0] == pipeline().capacity
    for side in SIDES:
        mean = getattr(pipeline(), f"{side}_ns").mean()
        assert thousandth[side]["mean_ns"] == pytest.approx(mean / 1000, rel=1e-3)
    words = re.search(r"takes (\d+) ms a block.* takes (\d+) us to read", scenario["expect"])
    assert [int(word) for word in words.groups()] == [
        round(pipeline().consumer_ns.mean() / 1e6),
        round(pipeline().producer_ns.mean() / 1e3),
    ]


def test_the_page_tells_the_numbers_of_the_kept_file():
    one = pipeline()
    in_all, kept, windows, seconds = said(
        r"of ([\d,]+) blocks it keeps ([\d,]+), in (\d+) whole windows that are (\d+) s together"
    )
    assert (in_all, kept) == (one.messages_in_all, one.messages)
    assert windows == len(recording().window_begins)
    assert seconds == round(one.duration_ns / 1e9)
    read_us, work_ms = said(r"A block takes (\S+) us to read and (\S+) ms to compress")
    assert read_us == two_digits(one.producer_ns.mean() / 1e3)
    assert work_ms == two_digits(one.consumer_ns.mean() / 1e6)
    assert said(r"\(cv (\S+) and (\S+)\)") == tuple(
        two_digits(times.std() / times.mean()) for times in (one.producer_ns, one.consumer_ns)
    )
    assert said(r"\(rank correlation (\S+)\)") == (two_digits(one.correlation),)
    assert said(r"(\d+) messages inside in the median") == (one.occupancy.p50,)
    assert said(r"blocked for (\S+) % of its time, a worker never") == (
        round(100 * one.producers_blocked_share, 1),
    )
    assert one.consumers_blocked_share == 0
    assert said(r"A block was pushed each (\S+) ms") == (
        two_digits(one.arrival_gap_ns.mean() / 1e6),
    )
    cost_ns, share = said(r"A call of the recorder took (\d+) ns, and four of them are (\S+) %")
    assert cost_ns == round(one.call_cost_ns)
    assert share == float(f"{100 * 4 * one.call_cost_ns / one.consumer_ns.mean():.1g}")


def test_the_page_names_what_the_recording_names():
    note = recording().note
    for pattern in (r"\b1\.1\.\d+", r"Linux \S+\d", r"\b1\.\d+ GB"):
        (named,) = re.findall(pattern, note)
        assert set(re.findall(pattern, " ".join(section().split()))) == {named}, pattern


def test_what_the_program_printed_agrees_with_the_recording():
    wall_s, blocks, block_ms, cpu_s, cpu_ms = said(
        r"printed (\S+) s for ([\d,]+) blocks, which is (\S+) ms a block. It used (\S+) s of CPU "
        r"time, which is (\S+) ms"
    )
    assert blocks == pipeline().messages_in_all
    assert block_ms == two_digits(1e3 * wall_s / blocks)
    assert cpu_ms == two_digits(1e3 * cpu_s / blocks)
    assert pipeline().arrival_gap_ns.mean() / 1e6 == pytest.approx(block_ms, rel=0.05)
    assert pipeline().consumer_ns.mean() / 1e6 == pytest.approx(cpu_ms, rel=0.05)


def test_the_lines_of_the_table_are_counted():
    (count,) = re.findall(r"(\w+) lines record it", section())
    table = section().partition("| --- | --- |")[2].partition("\n\n")[0]
    lines = re.findall(r"`([^`]+[;\"*])`", table)
    assert (count, len(lines)) == ("Fourteen", 14)


def quoted() -> list[str]:
    (block,) = re.findall(r"(?ms)^```text\n\$ [^\n]+\n(.*?)^```$", section())
    return block.splitlines()


def test_the_quoted_sentences_are_those_of_the_recording():
    says = recorded_parts(from_words({"recording": str(KEPT)})).says
    assert quoted()[: len(says)] == [sentence.replace("µs", "us") for sentence in says]


@needs_build
def test_the_answer_has_the_quoted_lines(tmp_path):
    command = ["scripts/advise", "--recording", KEPT, "--measure", "none", "--no-setup"]
    done = subprocess.run(
        [*command, "--out", tmp_path / "out"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer = " ".join(done.stdout.split())
    assert [line for line in quoted() if line not in answer] == []
