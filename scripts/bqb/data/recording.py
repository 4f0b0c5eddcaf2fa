"""A recording of a real pipeline: when the pushes and pops of its threads began and ended.

docs/recording.md documents the two forms of the file. This module hides which one is read.
"""

from __future__ import annotations

from pathlib import Path

from bqb.data import files, recording_binary, recording_text
from bqb.data.recorded_streams import Recording, refuse

__all__ = ["Recording", "read_recording"]


def read_recording(path: Path) -> Recording:
    """A binary or a text recording, told apart by how it begins. Raises CommandError (USAGE) that
    names the file, the place in it and the remedy; OSError where it cannot be read."""
    with files.open_regular(path) as file:
        begin = file.read(len(recording_text.FIRST_LINE))
        file.seek(0)
        if not begin:
            refuse(path, "an empty file", "the program that wrote it may have been killed")
        if begin.startswith(recording_binary.MAGIC[:5]):
            return recording_binary.read(path, file)
        if begin.startswith(recording_text.FIRST_LINE[:-1]):
            return recording_text.read(path, file)
    refuse(
        path,
        "no recording: it begins neither as a binary one nor with the line "
        f"'{recording_text.FIRST_LINE.decode()}'",
        "docs/recording.md says how to make one",
    )
