"""Recordings that the reader refuses, each with one message, and those that were cut."""

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
from bqb.data.recording import read_recording
from recordings import BY_HAND, file, read, text


@pytest.fixture(scope="module")
def events() -> list[recordings.Event]:
    return recordings.simulated(3_000, 900, 1_000, producers=2, consumers=2, capacity=8)


# --------------------------------------------------------------------------------------------- text


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


# ------------------------------------------------------------------------------------------- binary


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
