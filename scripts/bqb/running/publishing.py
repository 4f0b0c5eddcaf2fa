"""Keeps a run in the repository: compressed under results/published, and the figures that README.md
and docs/ show, in plots/, and the decision table in README.md.

Everything is checked before anything is written. The folder is written under a temporary name
beside its place and renamed into it as a whole; what a killed publish leaves there, the next one
clears up.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bqb import ROOT, short_path, shown
from bqb.data import files
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.data.rows import SIDE_FILES, TRIALS_FILE, ResultError, Row, RowReader
from bqb.report.figures.draw import draw_figures
from bqb.report.readme_table import with_decisions
from bqb.running.journal import Journal
from bqb.running.process import lock_folder
from bqb.running.selection import Selection, wrong_context
from bqb.stats.decisions import read_needs

PUBLISHED = ROOT / "results" / "published"
FIGURES = ROOT / "plots"
README = ROOT / "README.md"
OF_THE_CURATED = {"summary.png", "overview.png", "properties.png"}  # over all scenarios of a run
FILES = (TRIALS_FILE, *SIDE_FILES)
MOST_NAME_CHARACTERS = 200  # of a folder; the system takes 255, for temporary names too
# What the figures use: the others would double the size.
KEPT_HISTOGRAMS = ("sojourn_ns", "ideal_sojourn_ns", "floor_sojourn_ns")
NEW, OLD = "new", "old"
CURATED_NAME = re.compile(r"\d{4}-\d\d-\d\d\.[a-z0-9_-]+")  # <date>.<machine>

Say = Callable[[str], None]


def publish(folder: Path, replace: bool, say: Say) -> tuple[Path, list[Path]]:
    """Returns the folder the run is kept in, and the figures drawn from it. `replace`: a published
    run may be in its place. `say` takes what the user should know on the way. Raises ResultError
    and CommandError."""
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
        check_place(kept, run, replace)
        if kept.exists():
            rows = len(run.lines[TRIALS_FILE])
            say(f"replaces {_summary(kept)} by {rows} rows of {folder}")
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
    """`<date>.<machine>`, then the scenarios and points that were asked for; none for the curated
    ones."""
    file, context = journal.path, journal.context
    day = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9:.+Z-]+", context["date"])
    try:
        date.fromisoformat(day[1] if day else "")
    except ValueError:
        what = f"'{shown(context['date'])}' is no date; the file is damaged"
        raise wrong_context(file, "date", what) from None
    words = [_word(f"{context['cpu_model']} {context['cores']} cores")]
    asked = [("scenario", each, Path(each).stem) for each in selection.scenario]
    asked += [("point", each, each) for each in selection.point]
    for member, text, word in asked:
        words.append(_word(word))
        if not words[-1]:
            what = f"'{shown(text)}' has no letter or digit; rename the scenario"
            raise wrong_context(file, f"arguments.{member}", what)
    name = ".".join([day[1], *words])
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


def check_place(kept: Path, run: Source, replace: bool) -> None:
    """The run goes to a folder right below PUBLISHED that is free, or that holds a run which may be
    replaced."""
    if kept.is_symlink() or kept.resolve().parent != PUBLISHED.resolve():
        raise ResultError(f"{kept}: lies outside {PUBLISHED}; move the link away")
    if not os.path.lexists(kept):
        return
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
    if not replace:
        raise ResultError(
            f"{_summary(kept)} is there already, this run has {len(run.lines['trials.jsonl'])} "
            "rows; "
            "replace it with --replace"
        )


def _summary(kept: Path) -> str:
    """What is published there, in words."""
    try:
        lines = lzma.decompress((kept / f"{FILES[0]}.xz").read_bytes()).splitlines()
        begun = json.loads(lines[0])["context"]["date"]
        return f"{short_path(kept)} ({len(lines)} rows, begun {begun})"
    except (OSError, EOFError, lzma.LZMAError, ValueError, LookupError, TypeError):
        return f"{short_path(kept)} (not readable)"


# ------------------------------------------------------------------------------------------ writing


def _put(run: Source, kept: Path) -> list[Path]:
    """Writes, draws, and only then changes what is published. Returns the figures."""
    new, old = _beside(kept, NEW), _beside(kept, OLD)
    try:
        new.mkdir()
        for name, lines in run.lines.items():
            files.write_atomically(new / f"{name}.xz", lzma.compress(b"".join(lines), preset=9))
        files.sync_folder(new)
        with tempfile.TemporaryDirectory() as scratch:
            is_curated = CURATED_NAME.fullmatch(kept.name) is not None
            loaded = load_run(new)
            drawn = _draw(loaded, Path(scratch), is_curated) if run.has_whole_scenarios else []
            if kept.exists():
                os.rename(kept, old)
            os.rename(new, kept)
            files.sync_folder(PUBLISHED)
            shown = _show(drawn)
            if is_curated and kept == published_default_run():
                files.write_atomically(README, readme_with_decisions().encode())
            return shown
    finally:
        _clear_up_beside(kept)


def _beside(kept: Path, what: str) -> Path:
    return kept.with_name(f".{kept.name}.{what}")


def clear_up() -> list[str]:
    """Undoes or finishes what a publish that was killed had begun. Returns what was done."""
    left = {
        PUBLISHED / path.name[1:].rpartition(".")[0]
        for what in (NEW, OLD)
        for path in PUBLISHED.glob(f".*.{what}")
    }
    return [
        f"{short_path(kept)}: {_clear_up_beside(kept)} after a publish that was killed"
        for kept in sorted(left)
    ]


def _clear_up_beside(kept: Path) -> str:
    """The old folder goes back where no new one has come; every other leftover is removed."""
    new, old = _beside(kept, NEW), _beside(kept, OLD)
    put_back = old.exists() and not kept.exists()
    if put_back:
        os.rename(old, kept)
    for left in (new, old):
        if left.exists():
            shutil.rmtree(left)
    files.sync_folder(PUBLISHED)
    return "put back" if put_back else "cleared up"


@contextmanager
def _locked(folder: Path, command: str) -> Iterator[None]:
    """Keeps others out of a folder. A CommandError where `command` is at work there."""
    descriptor = lock_folder(folder, command)
    try:
        yield
    finally:
        os.close(descriptor)


def published_default_run() -> Path:
    """The folder of the newest published run of the curated scenarios."""
    curated = [folder for folder in PUBLISHED.iterdir() if CURATED_NAME.fullmatch(folder.name)]
    if not curated:
        raise ResultError(f"{PUBLISHED}: holds no run of the curated scenarios; restore it")
    return max(curated)


def readme_with_decisions() -> str:
    """README.md with the decision table of the published default run."""
    text = README.read_text(encoding="utf-8")
    try:
        return with_decisions(text, load_run(published_default_run()), read_needs())
    except ValueError as error:
        raise ResultError(f"{error}, then run ./scripts/generate") from None


def shown_figures() -> set[str]:
    """Names of the figures that README.md and the pages of docs/ show."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {
        name
        for page in pages
        for name in re.findall(r"plots/([\w.]+)", page.read_text(encoding="utf-8"))
    }


def _draw(run: Run, scratch: Path, is_curated: bool) -> list[Path]:
    """The figures that the pages show, and no others; those of no one scenario are of the curated
    ones."""
    wanted = shown_figures() - (set() if is_curated else OF_THE_CURATED)
    return [path for path in draw_figures(run, scratch) if path.name in wanted]


def _show(drawn: list[Path]) -> list[Path]:
    """Moves figures to where the pages show them."""
    try:
        FIGURES.mkdir(exist_ok=True)
        for path in drawn:
            files.write_atomically(FIGURES / path.name, path.read_bytes())
    except OSError as error:
        what = "the run is published, but not all figures are redrawn: publish again with --replace"
        raise ResultError(f"{error.filename or FIGURES}: {error.strerror}; {what}") from None
    return [FIGURES / path.name for path in drawn]
