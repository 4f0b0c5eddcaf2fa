"""What a run leaves outlasts a kill, compressed or not."""

import errno
import lzma
import os

import killed
import pytest
from bqb.data import files

OLDER = [b'{"round": 1}\n', b'{"round": 2}\n']
NEWER = [b'{"round": 3}\n', b'{"round": 4}\n']


@pytest.fixture
def path(tmp_path):
    """Some lines compressed, some not yet."""
    path = tmp_path / "rows.jsonl"
    for line in OLDER:
        path.write_bytes(line)
        files.pack(path)
    path.write_bytes(b"".join(NEWER))
    return path


def test_lines_of_both_parts_are_read_in_the_order_in_which_they_were_written(path):
    assert list(files.lines(path)) == OLDER + NEWER
    files.pack(path)
    assert list(files.lines(path)) == OLDER + NEWER
    assert files.parts(path) == [files.compressed(path)]
    assert lzma.decompress(files.compressed(path).read_bytes()) == b"".join(OLDER + NEWER)


def test_a_file_that_is_not_there_has_no_lines(tmp_path):
    assert not files.parts(tmp_path / "none") and list(files.lines(tmp_path / "none")) == []
    files.pack(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_an_empty_file_stays_as_it_says_that_there_are_no_lines(tmp_path):
    (tmp_path / "rows").touch()
    files.pack(tmp_path / "rows")
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]


def test_a_line_that_a_kill_cut_short_does_not_swallow_the_next(path):
    path.write_bytes(NEWER[0] + b'{"rou')
    files.pack(path)
    path.write_bytes(NEWER[1])
    assert list(files.lines(path)) == [*OLDER, NEWER[0], b'{"rou\n', NEWER[1]]


def test_a_kill_at_any_instant_of_compressing_loses_no_line(path, tmp_path):
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    number = 1
    while killed.before_step(number, lambda: files.pack(path)):
        assert set(files.lines(path)) == {*OLDER, *NEWER}, f"step {number}"
        files.pack(path)
        assert set(files.lines(path)) == {*OLDER, *NEWER} and not path.exists(), f"step {number}"
        for left in tmp_path.iterdir():
            left.unlink()
        for name, content in before.items():
            (tmp_path / name).write_bytes(content)
        number += 1
    assert number > 4
    assert list(files.lines(path)) == OLDER + NEWER


def test_where_there_is_no_room_the_lines_stay_where_they_were(path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.pack(path)
    assert list(files.lines(path)) == OLDER + NEWER
    assert sorted(each.name for each in path.parent.iterdir()) == ["rows.jsonl", "rows.jsonl.xz"]


def test_a_reader_beside_a_compressing_process_misses_no_line(path, monkeypatch):
    """The worst instant: the reader has opened one part and not yet the other."""
    opened = files.open_regular

    def open_then_pack(part):
        monkeypatch.setattr(files, "open_regular", opened)
        try:
            return opened(part)
        finally:
            files.pack(path)

    monkeypatch.setattr(files, "open_regular", open_then_pack)
    assert {*files.lines(path)} == {*OLDER, *NEWER} and not path.exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:-9], id="cut short"),
        pytest.param(lambda content: b"\0" * len(content), id="zeros"),
        pytest.param(lambda content: content[:40] + b"\0" * 8 + content[48:], id="overwritten"),
    ],
)
def test_a_damaged_part_is_named(path, damage):
    part = files.compressed(path)
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(OSError) as error:
        list(files.lines(path))
    assert error.value.filename == str(part) and "the file is damaged" in error.value.strerror
