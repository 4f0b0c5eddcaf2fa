"""Keeps a run in the repository: compressed under results/published, and the figures that README.md
and docs/ show, in plots/.

Everything is checked before anything is written. The folder is written under a temporary name
beside its place and renamed into it as a whole; what a killed publish leaves there, the next one
clears up. A published folder is never written again: a run that is published already is only drawn
again.
"""

from __future__ import annotations

import lzma
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bqb import ROOT, short_path, shown
from bqb.data import files, published
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.data.rows import SIDE_FILES, TRIALS_FILE, ResultError, Row, RowReader
from bqb.report.figures.draw import draw_figures
from bqb.running.journal import Journal
from bqb.running.process import lock_folder
from bqb.running.selection import Selection, wrong_context

PUBLISHED = published.PUBLISHED
FIGURES = ROOT / "plots"
OF_THE_CURATED = {"summary.png", "overview.png", "properties.png"}  # over all scenarios of a run
FILES = (TRIALS_FILE, *SIDE_FILES)
MOST_NAME_CHARACTERS = 200  # of a folder; the system takes 255, for temporary names too
# What the figures use: the others would double the size.
KEPT_HISTOGRAMS = ("sojourn_ns", "ideal_sojourn_ns", "floor_sojourn_ns")
NEW = "new"

Say = Callable[[str], None]


def publish(folder: Path, say: Say) -> tuple[Path, list[Path]]:
    """Returns the folder the run is kept in, and the figures drawn from it. `say` takes what the
    user should know on the way. Raises ResultError and CommandError."""
    check_present(folder)
    with _locked(folder, "./scripts/bench"):
        run = read(folder)
    for remark in run.remarks:
        say(remark)
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    with _locked(PUBLISHED, "./scripts/publish"):
        for remark in clear_up():
            say(remark)
        kept = PUBLISHED / run.name
        if is_published(kept, run):
            say(f"{short_path(kept)}: holds this run already; only its figures are drawn again")
        return kept, _put(run, kept)


# ------------------------------------------------------------------------------------------- checks


@dataclass(frozen=True)
class Source:
    """A complete run as it will be kept."""

    name: str  # of the published folder
    has_whole_scenarios: bool  # else the figures of the pages would lose points
    lines: dict[str, list[bytes]]  # by file
    remarks: list[str]


def check_present(folder: Path) -> None:
    if not folder.is_dir():
        raise ResultError(f"{folder}: no such folder; name the folder of a run")
    if files.compressed(folder / FILES[0]).is_file():
        raise ResultError(
            f"{folder}: is published already; name the folder of a run as ./scripts/bench left it"
        )
    if not (folder / FILES[0]).is_file():
        raise ResultError(f"{folder}: no {FILES[0]}: not the folder of a run")
    for name in FILES[1:]:
        if not files.parts(folder / name):
            raise ResultError(
                f"{folder / name}: missing; publish the whole folder as ./scripts/bench left it"
            )


def read(folder: Path) -> Source:
    """The run in `folder`, if it is complete."""
    remarks: list[str] = []
    trials = list(_rows(folder / TRIALS_FILE, remarks))
    histograms, there = [], set()
    for line, row in _rows(folder / "histograms.jsonl", remarks):
        if row["name"] in KEPT_HISTOGRAMS:
            histograms.append(line)
            there.add((row["cell"], row["round"], row["level"], row["name"]))
    timelines = [line for line, _ in _rows(folder / "timelines.jsonl", remarks)]

    journal = Journal(folder / TRIALS_FILE)
    journal.refresh()
    if not journal.begun:
        raise ResultError(f"{journal.path}: no `run` row: the run never began")
    selection = Selection.of_run(journal)
    name = _published_name(journal, selection)
    _check_complete(folder, journal)
    _check_histograms(folder, [row for _, row in trials], there)
    lines = {
        TRIALS_FILE: [line for line, _ in trials],
        "histograms.jsonl": histograms,
        "timelines.jsonl": timelines,
    }
    return Source(name, not selection.point, lines, remarks)


def _rows(path: Path, remarks: list[str]) -> Iterator[tuple[bytes, Row]]:
    """Each line of a file with its row. A line in the middle that does not parse was cut short by a
    kill, and the run went on behind it: it is left out."""
    reader = RowReader(path)
    for number, line in enumerate(files.lines(path), 1):
        if not line.endswith(b"\n"):
            raise ResultError(
                f"{path}:{number}: the last line is cut short; go on with {_resume(path.parent)}"
            )
        if row := reader.take(line):
            yield line, row
        elif line.strip():
            remarks.append(f"{path}:{number}: left out, because the line is cut short")


def _check_complete(folder: Path, journal: Journal) -> None:
    """Raises with what is missing of the rounds that the run was begun with."""
    rounds = Selection.of_run(journal).rounds_due(journal.context)
    if not journal.pilot_is_complete:
        done = f"{journal.piloted} of {journal.cells} cells of the pilot"
        raise ResultError(
            f"{folder}: the run is not complete: {done}; go on with {_resume(folder)}"
        )
    begun = {number for _, number in journal.disturbed}
    done = sum(
        number in range(1, rounds + 1) and journal.round_is_complete(number) for number in begun
    )
    if done < rounds:
        raise ResultError(
            f"{folder}: the run is not complete: {done} of {rounds} rounds; go on with "
            f"{_resume(folder)}"
        )


def _check_histograms(folder: Path, rows: list[dict], there: set[tuple]) -> None:
    """A trial with the mean of a distribution has its histogram: else the files are not of one run,
    or one is cut."""
    for row in rows:
        if row["kind"] != "trial" or row["status"] != "ok":
            continue
        for name in KEPT_HISTOGRAMS:
            mean = f"{name.removesuffix('_ns')}_mean_ns"
            if (
                mean in row.get("counters", {})
                and (row["cell"], row["round"], row["level"], name) not in there
            ):
                what = f"no {name} of {row['cell']}, round {row['round']}"
                remedy = "publish the whole folder as ./scripts/bench left it"
                raise ResultError(f"{folder / 'histograms.jsonl'}: {what}; {remedy}")


def _resume(folder: Path) -> str:
    return f"./scripts/bench --resume {shlex.quote(str(folder))}"


# -------------------------------------------------------------------------------------------- names


def _published_name(journal: Journal, selection: Selection) -> str:
    """As data/published.py has it."""
    file, context = journal.path, journal.context
    try:
        began = datetime.fromisoformat(context["date"])
    except ValueError:
        what = f"'{shown(context['date'])}' is no date; the file is damaged"
        raise wrong_context(file, "date", what) from None
    began = began.astimezone(timezone.utc) if began.tzinfo else began
    words = [_word(f"{context['cpu_model']} {context['cores']} cores")]
    asked = [("scenario", each, Path(each).stem) for each in selection.scenario]
    asked += [("point", each, each) for each in selection.point]
    for member, text, word in asked:
        words.append(_word(word))
        if not words[-1]:
            what = f"'{shown(text)}' has no letter or digit; rename the scenario"
            raise wrong_context(file, f"arguments.{member}", what)
    name = ".".join([began.strftime("%Y-%m-%dT%H%M"), *words])
    if len(name) > MOST_NAME_CHARACTERS:
        raise ResultError(
            f"{file}: the folder's name would have {len(name)} characters, and at most "
            f"{MOST_NAME_CHARACTERS} are possible; run fewer scenarios or points at once, or a "
            "folder of scenarios"
        )
    return name


def _word(text: str) -> str:
    """`AMD EPYC 2 cores` -> `amd-epyc-2-cores`."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def is_published(kept: Path, run: Source) -> bool:
    """Whether `kept` holds this very run. Raises ResultError where it holds anything else, or does
    not lie right below PUBLISHED."""
    if kept.is_symlink() or kept.resolve().parent != PUBLISHED.resolve():
        raise ResultError(f"{kept}: lies outside {PUBLISHED}; move the link away")
    if not os.path.lexists(kept):
        return False
    own = {f"{name}.xz" for name in FILES}
    others = (
        sorted(path.name for path in kept.iterdir() if path.name not in own)
        if kept.is_dir()
        else [kept.name]
    )
    if others:
        raise ResultError(
            f"{short_path(kept)}: holds what publish did not write ({', '.join(others)}); move "
            "it away"
        )
    if not all(_holds(kept / f"{name}.xz", lines) for name, lines in run.lines.items()):
        raise ResultError(
            f"{short_path(kept)}: holds another run that began in the same minute; nothing "
            "published is overwritten; move it away"
        )
    return True


def _holds(file: Path, lines: list[bytes]) -> bool:
    try:
        return lzma.decompress(file.read_bytes()) == b"".join(lines)
    except (OSError, EOFError, lzma.LZMAError):
        return False


# ------------------------------------------------------------------------------------------ writing


def _put(run: Source, kept: Path) -> list[Path]:
    """Writes, draws, and only then changes what is published. Returns the figures."""
    new = _beside(kept)
    try:
        new.mkdir()
        for name, lines in run.lines.items():
            files.write_atomically(new / f"{name}.xz", files.packed(b"".join(lines)))
        files.sync_folder(new)
        with tempfile.TemporaryDirectory() as scratch:
            drawn = _draw(run, load_run(new), Path(scratch)) if run.has_whole_scenarios else []
            if not kept.exists():
                os.rename(new, kept)
            files.sync_folder(PUBLISHED)
            return _show(drawn)
    finally:
        _remove(new)


def _beside(kept: Path) -> Path:
    return kept.with_name(f".{kept.name}.{NEW}")


def clear_up() -> list[str]:
    """Removes what a publish that was killed had begun. Returns what was done."""
    left = sorted(PUBLISHED.glob(f".*.{NEW}"))
    for path in left:
        _remove(path)
    return [f"{short_path(path)}: removed, left by a publish that was killed" for path in left]


def _remove(new: Path) -> None:
    if new.exists():
        shutil.rmtree(new)
        files.sync_folder(PUBLISHED)


@contextmanager
def _locked(folder: Path, command: str) -> Iterator[None]:
    """Keeps others out of a folder. A CommandError where `command` is at work there."""
    descriptor = lock_folder(folder, command)
    try:
        yield
    finally:
        os.close(descriptor)


def shown_figures() -> set[str]:
    """Names of the figures that README.md and the pages of docs/ show."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {
        name
        for page in pages
        for name in re.findall(r"plots/([\w.]+)", page.read_text(encoding="utf-8"))
    }


def _draw(source: Source, run: Run, scratch: Path) -> list[Path]:
    """The figures that the pages show, and no others; those of no one scenario are of the default
    run. A figure shows the newest run: an older one, drawn later, changes none."""
    match = published.NAME.fullmatch(source.name)
    selection = (match["selection"] or published.DEFAULT) if match else source.name
    newer = [path.name for path in published.runs(selection, PUBLISHED) if path.name > source.name]
    if newer:
        return []
    wanted = shown_figures() - (set() if selection == published.DEFAULT else OF_THE_CURATED)
    return [path for path in draw_figures(run, scratch) if path.name in wanted]


def _show(drawn: list[Path]) -> list[Path]:
    """Moves figures to where the pages show them."""
    try:
        FIGURES.mkdir(exist_ok=True)
        for path in drawn:
            files.write_atomically(FIGURES / path.name, path.read_bytes())
    except OSError as error:
        what = "the run is published, but not all figures are redrawn: publish it again"
        raise ResultError(f"{error.filename or FIGURES}: {error.strerror}; {what}") from None
    return [FIGURES / path.name for path in drawn]
