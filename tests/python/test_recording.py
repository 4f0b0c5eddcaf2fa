"""The reader of recordings: the numbers of a pipeline that is known, and each kind of bad file."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
import recordings
from bqb import CommandError, exit_status
from bqb.data import recording_binary, recording_text
from bqb.data.recorded_streams import BEGIN, END, RecordedStream, kept_windows
from bqb.data.recording import read_recording
from bqb.stats.recorded import RecordedPipeline, default_mode, pipeline_of

# One producer that works 100 ns, one consumer that works 300 ns, a queue of capacity 2. The push at
# 332 finds two messages inside and waits until the pop at 620 takes one.
BY_HAND = [
    (0, "p", "push_begin"),
    (10, "p", "push_end"),
    (110, "p", "push_begin"),
    (120, "p", "push_end"),
    (220, "p", "push_begin"),
    (232, "p", "push_end"),
    (332, "p", "push_begin"),
    (630, "p", "push_end"),
    (5, "c", "pop_begin"),
    (20, "c", "pop_end"),
    (320, "c", "pop_begin"),
    (335, "c", "pop_end"),
    (620, "c", "pop_begin"),
    (628, "c", "pop_end"),
    (940, "c", "pop_begin"),
    (950, "c", "pop_end"),
    (1260, "c", "pop_begin"),
    (1270, "c", "pop_empty"),
]


def read(path: Path) -> RecordedPipeline:
    return pipeline_of(read_recording(path))


def text(tmp_path: Path, events, *remarks: str) -> Path:
    return recordings.write_text(tmp_path / "a.txt", events, *remarks)


def file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "a.bqrec"
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def events() -> list[recordings.Event]:
    return recordings.simulated(3_000, 900, 1_000, producers=2, consumers=2, capacity=8)


def same(one: RecordedPipeline, other: RecordedPipeline, *but: str) -> None:
    for name, value in vars(one).items():
        if name in but:
            continue
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(value, getattr(other, name), err_msg=name)
        else:
            assert value == getattr(other, name), name


# -------------------------------------------------------------------------------------- the numbers


def test_a_pipeline_by_hand(tmp_path):
    pipeline = read(text(tmp_path, BY_HAND, "capacity 2"))
    assert (pipeline.producers, pipeline.consumers, pipeline.messages) == (1, 1, 4)
    assert (pipeline.refused, pipeline.capacity, pipeline.notices) == (0, 2, ())
    assert pipeline.duration_ns == 1271
    assert pipeline.producer_ns.tolist() == [100, 100, 100], "before the 2nd, 3rd and 4th push"
    assert pipeline.consumer_ns.tolist() == [285, 312, 310], "after the 2nd, 3rd and 4th pop"
    assert pipeline.matched and pipeline.correlation is None, "the producer's do not vary"
    assert pipeline.arrival_gap_ns.tolist() == [110, 110, 112]
    # Messages inside: 1 from 10, 0 from 20, 1 from 120, 2 from 232, 1 from 335, 0 from 628, 1 from
    # 630, 0 from 950. That is 0 for 433 ns, 1 for 735, 2 for 103.
    assert pipeline.occupancy.p50 == 1 and pipeline.occupancy.p99 == pipeline.occupancy.max == 2
    # The push at 332 found two messages inside and took 298; those that found room took 10, 10, 12.
    assert pipeline.longest_push_ns == 298
    assert pipeline.producers_blocked_share == pytest.approx((298 - 10) / 630)
    # The pop at 5 found none and took 15, the one at 1260 was in vain and took 10; those that found
    # one took 15, 8, 10: the median is 10.
    assert pipeline.longest_pop_ns == 15
    assert pipeline.consumers_blocked_share == pytest.approx(5 / 1265)
    assert [(t.name, t.role, t.messages) for t in pipeline.threads] == [
        ("p", "producer", 4),
        ("c", "consumer", 4),
    ]
    assert pipeline.threads[0].blocked_ns == 288


def test_the_two_forms_say_the_same(tmp_path, events):
    one = read(text(tmp_path, events, "capacity 8"))
    other = read(file(tmp_path, recordings.binary(events)))
    assert one.messages == 3_000 and one.call_cost_ns is None and other.call_cost_ns == 30
    same(one, other, "threads", "call_cost_ns")


def test_ticks_become_ns_and_the_cost_of_a_stamp_is_subtracted(tmp_path, events):
    one = read(text(tmp_path, events))
    other = read(file(tmp_path, recordings.binary(events, ns_per_tick=0.5, service_cost_ns=30.0)))
    assert other.duration_ns == one.duration_ns / 2
    np.testing.assert_allclose(other.producer_ns, np.maximum(one.producer_ns / 2 - 30, 0))
    np.testing.assert_allclose(other.consumer_ns, np.maximum(one.consumer_ns / 2 - 30, 0))
    np.testing.assert_allclose(other.arrival_gap_ns, one.arrival_gap_ns / 2)


def test_the_service_times_are_those_that_were_drawn(tmp_path, events):
    pipeline = read(text(tmp_path, events))
    assert len(pipeline.producer_ns) >= 2_990
    for times, mean in ((pipeline.producer_ns, 900), (pipeline.consumer_ns, 1_000)):
        assert times.mean() == pytest.approx(mean, rel=0.05)
        assert times.std() == pytest.approx(mean, rel=0.1)
    assert abs(pipeline.correlation) < 0.06


def test_service_times_that_go_together_are_seen(tmp_path):
    """A message that takes the producer long takes the consumer long: index by index, not with the
    message before or after."""
    events, pushed, popped = [], 0, 0
    for i in range(200):
        work = 100 + 37 * i % 101
        push = pushed + work
        pop = max(popped, push + 2)
        pushed, popped = push + 1, pop + 1 + work
        events += [(push, "p", "push_begin"), (pushed, "p", "push_end")]
        events += [(pop, "c", "pop_begin"), (pop + 1, "c", "pop_end")]
    assert read(text(tmp_path, events)).correlation > 0.9


@pytest.mark.parametrize("capacity, mode", [(2, "closed"), (10_000, "open")])
def test_producers_that_are_blocked_make_a_closed_loop(tmp_path, capacity, mode):
    events = recordings.simulated(2_000, 1_000, 1_010, capacity=capacity)
    pipeline = read(text(tmp_path, events, f"capacity {capacity}"))
    found, reason = default_mode(pipeline)
    assert found == mode and reason.startswith("The producers were blocked for ")
    assert (pipeline.producers_blocked_share < 0.01) == (mode == "open")


def test_without_a_capacity_the_fullest_that_is_certain_stands_for_it(tmp_path, events):
    with_it = read(text(tmp_path, events, "capacity 8"))
    without = read(text(tmp_path, events))
    assert with_it.producers_blocked_share > 0.05
    same(without, with_it, "capacity", "occupancy")


def test_polls_are_one_call_and_retries_too_if_it_is_said(tmp_path):
    polls = []
    for i in range(50):
        polls += [(i * 100, "p", "push_begin"), (i * 100 + 1, "p", "push_refused")]
        polls += [(i * 100 + 10, "p", "push_begin"), (i * 100 + 11, "p", "push_end")]
        polls += [(i * 100 + 2, "c", "pop_begin"), (i * 100 + 3, "c", "pop_empty")]
        polls += [(i * 100 + 40, "c", "pop_begin"), (i * 100 + 41, "c", "pop_end")]
    dropped = read(text(tmp_path, polls))
    assert (dropped.messages, dropped.refused) == (50, 50)
    assert dropped.longest_pop_ns == 39, "from the first attempt to the last"
    assert dropped.longest_push_ns == 1
    assert len(dropped.arrival_gap_ns) == 99
    retried = read(text(tmp_path, polls, "refused pushes are retried"))
    assert (retried.messages, retried.refused) == (50, 0)
    assert retried.longest_push_ns == 11 and len(retried.arrival_gap_ns) == 49


def test_many_refusals_are_noticed(tmp_path):
    events = [*BY_HAND]
    for i in range(9):
        events += [(2000 + i, "p", "push_begin"), (2000 + i, "p", "push_refused")]
    (notice,) = read(text(tmp_path, events)).notices
    assert notice.startswith("9 pushes were refused and 4 delivered: ")


def test_a_stage_that_pops_and_pushes_has_both_roles(tmp_path):
    events = [(ns, "stage", what) for ns, _, what in sorted(BY_HAND)]
    pipeline = read(text(tmp_path, events))
    assert (pipeline.producers, pipeline.consumers) == (1, 1)
    assert {thread.name for thread in pipeline.threads} == {"stage"}


def test_the_note_and_comments(tmp_path):
    path = text(tmp_path, BY_HAND, "capacity 3", "note of  two words", "", "# capacity x y")
    assert (read_recording(path).note, read_recording(path).capacity) == ("of two words", 3)
    binary = recordings.binary(BY_HAND, note="größer")
    assert read_recording(file(tmp_path, binary)).note == "größer"


def test_fractions_and_large_times(tmp_path):
    """Of the clock since 1970, in which a float has no single ns."""
    origin = 1_800_000_000_000_000_001
    exact = read(text(tmp_path, [(origin + ns, name, what) for ns, name, what in BY_HAND]))
    same(exact, read(text(tmp_path, BY_HAND)))
    fraction = [(f"{ns}.25", name, what) for ns, name, what in BY_HAND]
    same(exact, read(text(tmp_path, fraction)))


def thinned(ticks: list[int], shift: int, level: int, role: int) -> RecordedStream:
    kinds = np.array([BEGIN, END] * (len(ticks) // 2), dtype=np.uint8)
    passed = np.cumsum(kinds == END) - (kinds == END)
    nothing = np.zeros(len(ticks), dtype=bool)
    return RecordedStream("t", role, np.array(ticks), kinds, passed, nothing, shift, level)


def test_the_shortest_window_and_the_longest_period_of_all_threads_are_whole():
    streams = [thinned([1000, 1400], 5, 3, 0), thinned([1000, 1400], 6, 1, 1)]
    begins, ends = kept_windows(streams, 1000, 1401)
    assert list(zip(begins, ends)) == [(1024, 1056), (1280, 1312)], "32 of 256"
    streams[0] = thinned([1000, 1400], 0, 0, 0)
    begins, ends = kept_windows(streams, 1000, 1401)
    assert list(zip(begins, ends)) == [(1024, 1088), (1152, 1216), (1280, 1344)], "64 of 128"


# ------------------------------------------------------------------------------------ refused: text


def refused(path: Path) -> str:
    with pytest.raises(CommandError) as error:
        read(path)
    assert error.value.status == exit_status.USAGE
    message = str(error.value)
    assert message.startswith(str(path)) and "\n" not in message and "; " in message
    return message


LINE = "\n1270 c pop_empty"


@pytest.mark.parametrize(
    "line, said",
    [
        ("1280 c", "line 20: 1280 c: 2 words"),
        ("1280 c pop_begin now", "line 20: 1280 c pop_begin now: 4 words"),
        ("1280 c popped", "line 20: no event 'popped'; there are: push_begin, "),
        ("soon c pop_begin", "line 20: 'soon' is no number"),
        ("nan c pop_begin", "line 20: the time is not a number"),
        ("-3 c pop_begin", "line 20: a negative time"),
        ("inf c pop_begin", "line 20: the time is above"),
        ("1e30 c pop_begin", "line 20: the time is above"),
        ("9" * 5000 + " c pop_begin", "line 20: "),
        ("4e18 p push_begin", "it spans "),
        ("1269 c pop_begin", "line 20: time goes backwards in thread c"),
        ("# capacity many", "line 20: capacity 'many'"),
        ("# capacity 0", "line 20: capacity '0'"),
        ("1280 c pop_end", "pop calls of thread c, event 11 of 11: an end without a begin"),
        ("1280 p push_end", "push calls of thread p, event 9 of 9: an end without a begin"),
        ("1280 x push_end", "push calls of thread x, event 1 of 1: an end without a begin"),
        (
            "1280 c pop_begin\n1290 c pop_begin",
            "pop calls of thread c, event 10 of 10: a begin without an end before it",
        ),
        (
            "1280 c pop_begin\n1290 c pop_end",
            "at 1,290 ns from its begin, more messages have been popped than pushed",
        ),
        ("\udcff", "line 20: no UTF-8 text"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, said):
    path = text(tmp_path, BY_HAND)
    content = path.read_text().rstrip("\n") + "\n" + line + "\n"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert said in refused(path)


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "an empty file"),
        ("time thread event\n", "no recording: it begins neither as"),
        (
            "# bounded queue recording 2\n",
            "line 1: # bounded queue recording 2: an unknown version",
        ),
        ("# bounded queue recording 1\n", "no message in it"),
        ("# bounded queue recording 1\n5 c pop_begin\n", "no message in it"),
        (
            "# bounded queue recording 1\n1 p push_begin\n2 p push_end\n",
            "no message in its pop calls, but in those of the other side",
        ),
        (
            "# bounded queue recording 1\n1 p pop_begin\n2 p pop_end\n",
            "no message in its push calls, but in those of the other side",
        ),
        (
            "# bounded queue recording 1\n1 p push_begin\n2 p push_end\n3 c pop_begin\n4 c pop_end",
            "no service time of the producers is whole in it",
        ),
    ],
)
def test_a_file_without_a_pipeline(tmp_path, content, said):
    path = tmp_path / "a.txt"
    path.write_text(content)
    assert said in refused(path)


def test_what_cannot_be_opened_is_an_error_of_the_system(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(OSError):
            read_recording(path)


def test_too_many_lines_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_text, "MOST_EVENTS", 10)
    monkeypatch.setattr(recording_text, "_time", None)
    path = text(tmp_path, BY_HAND, *["x"] * 1_010)
    assert "too large; record less, or write the binary form" in refused(path)
    monkeypatch.setattr(recording_text, "MOST_BYTES", 100)
    assert "too large" in refused(text(tmp_path, BY_HAND))


# ---------------------------------------------------------------------------------- refused: binary


def with_header(content: bytes, offset: int, form: str, value: object) -> bytes:
    """With another value in the header, and a right checksum."""
    changed = bytearray(content)
    struct.pack_into(form, changed, offset, value)
    size = struct.unpack_from("<I", changed, 16)[0]
    struct.pack_into("<I", changed, 12, zlib.crc32(changed[16:size]))
    return bytes(changed)


@pytest.mark.parametrize(
    "offset, form, value, said",
    [
        (5, "B", 10, "byte 5: the magic is damaged"),
        (8, "<I", 2, "byte 8: version 2, and this project reads 1"),
        (20, "<I", 5, "byte 16: the header is damaged"),
        (20, "<I", 1 << 31, "byte 16: the header is damaged"),
        (24, "<Q", 100_000_000, "byte 24: 100,000,000 events, and at most 20,000,000 are read"),
        (24, "<Q", 17, "more events than the header says"),
        (24, "<Q", 19, "fewer events than the header says"),
        (32, "<d", float("nan"), "byte 32: nan is no time in ns"),
        (32, "<d", 0.0, "byte 32: 0.0 is no time in ns"),
        (56, "<d", -1.0, "byte 56: -1.0 is no time in ns"),
        (72, "<I", 3, "byte 72: the calls of 3 more threads are missing; record again with "),
        (76, "<I", 9, "byte 16: the header is damaged"),
        (84, "<I", 2, "byte 80: no such role or window"),
        (88, "<I", 61, "byte 80: no such role or window"),
    ],
)
def test_a_wrong_header_is_named(tmp_path, offset, form, value, said):
    content = recordings.binary(BY_HAND)
    assert said in refused(file(tmp_path, with_header(content, offset, form, value)))


def test_every_changed_byte_is_seen(tmp_path, events):
    """But for those whose change makes the file another kind of file, all are refused by name."""
    content = recordings.binary(events[:40] + [e for e in events if e[1] == "p0"][:40])
    path = file(tmp_path, content)
    for offset in range(len(content)):
        changed = bytearray(content)
        changed[offset] ^= 0x10
        path.write_bytes(changed)
        assert "byte " in refused(path) or offset < 5, offset


def with_right_checksums(content: bytes) -> bytes:
    changed = bytearray(content)
    size = content.index(b"BQSL")
    struct.pack_into("<I", changed, 12, zlib.crc32(changed[16:size]))
    cuts = [i for i in range(len(content)) if content[i : i + 4] == b"BQSL"]
    for begin, end in zip(cuts, [*cuts[1:], len(content) - 8]):
        struct.pack_into("<I", changed, begin + 4, zlib.crc32(changed[begin + 8 : end]))
    return bytes(changed)


def outcome(path: Path) -> str:
    try:
        read(path)
    except CommandError as error:
        assert error.status == exit_status.USAGE and "\n" not in str(error)
        return "refused"
    return "read"


def test_bad_input_of_any_kind_gets_one_message(tmp_path):
    """Binary files with right checksums over wrong contents, and text with wrong bytes."""
    random = Random(1)
    events = recordings.simulated(60, 900, 1_000, producers=2, consumers=2)
    binary = recordings.binary(events, windows=(6, 2))
    plain = text(tmp_path, events, "capacity 8").read_bytes()
    seen = Counter()
    for i in range(1_500):
        content = bytearray(binary if i % 2 else plain)
        for _ in range(random.choice((1, 1, 3))):
            place = random.randrange(len(content))
            if i % 2:
                content[place] = random.choice((0, 1, 0x7F, 0xFF, random.randrange(256)))
            else:
                content[place : place + random.randrange(3)] = random.choice(
                    (b"", b"\n", b" ", b"-", b"9", b"e9", b"nan", b"\xff", b"#", b"push_end")
                )
        right = (
            content if i % 2 == 0 or content.count(b"BQSL") < 1 else with_right_checksums(content)
        )
        seen[i % 2, outcome(file(tmp_path, bytes(right)))] += 1
    assert len(seen) == 4 and min(seen.values()) > 20, seen


def test_a_wrong_checksum_of_a_later_slice_is_named(tmp_path, events):
    content = bytearray(recordings.binary(events, slices=8))
    place = content.rindex(b"BQSL")
    content[-20] ^= 1
    said = refused(file(tmp_path, bytes(content)))
    assert f"byte {place + 4:,}: the checksum of the slice is wrong" in said


def test_a_cut_file_is_read_as_far_as_its_slices_are_whole(tmp_path, events):
    content = recordings.binary(events, slices=4)
    cuts = [i for i in range(len(content)) if content[i : i + 4] == b"BQSL"]
    whole = read(file(tmp_path, content))
    (cut,) = [*cuts[3:]]
    path = file(tmp_path, content[: cut + 100])
    pipeline = read(path)
    (notice,) = pipeline.notices
    assert notice.startswith(f"cut at byte {cut + 100:,}: the file ends there; ")
    assert notice.endswith(f" of {len(events):,} events are in whole slices")
    assert 0.7 < pipeline.messages / whole.messages < 0.8
    np.testing.assert_array_equal(
        pipeline.producer_ns, whole.producer_ns[: len(pipeline.producer_ns)]
    )
    for at in (cuts[0], cuts[0] + 5, cuts[1] - 1):
        assert f"cut at byte {at:,}, before any slice is whole" in refused(
            file(tmp_path, content[:at])
        )
    for at in (7, 40, cuts[0] - 1):
        assert f"cut at byte {at:,}, inside the header" in refused(file(tmp_path, content[:at]))
    at = len(content) - 3
    assert read(file(tmp_path, content[:at])).messages == whole.messages


def test_what_follows_the_end_is_refused(tmp_path):
    content = recordings.binary(BY_HAND)
    said = refused(file(tmp_path, content + b"x"))
    assert f"byte {len(content):,}: more follows after the end mark" in said


def test_ticks_beyond_all_clocks_are_refused(tmp_path):
    late = [*BY_HAND, (1 << 63, "c", "pop_begin")]
    assert "ticks" in refused(file(tmp_path, recordings.binary(late, slices=1)))
    late = [*BY_HAND, (1 << 61, "c", "pop_begin")]
    assert "it spans" in refused(file(tmp_path, recordings.binary(late, slices=1)))


def test_the_limit_of_the_page_is_that_of_the_reader():
    page = (Path(__file__).resolve().parents[2] / "docs" / "recording.md").read_text()
    most = f"at most {recording_binary.MOST_EVENTS:,} events in binary form"
    assert f"{most} and {recording_text.MOST_EVENTS:,} lines of text" in page
