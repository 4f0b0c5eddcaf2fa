"""./scripts/publish: only a complete run goes in, whole, to its own place, and nothing published is
lost."""

from __future__ import annotations

import json
import lzma
import os
import shutil
from pathlib import Path

import killed
import pytest
import synthetic
from bqb import commands
from bqb.data.load import load_run
from bqb.data.model import Run
from bqb.data.rows import ResultError
from bqb.data import published as published_runs
from bqb.running import publishing
from bqb.running.process import lock_folder

NAME = "2026-11-23T0100.toy-cpu-9000-2-0-ghz-2-cores"
ARGUMENTS = {"scenario": [], "queue": None, "rounds": None, "budget_s": None}


@pytest.fixture(autouse=True)
def tree(tmp_path, monkeypatch):
    """A place to publish to, and quick figures that say which run they are of."""
    monkeypatch.setattr(publishing, "PUBLISHED", tmp_path / "published")
    monkeypatch.setattr(publishing, "FIGURES", tmp_path / "plots")
    monkeypatch.setattr(publishing, "draw_figures", quick_draw)


def quick_draw(run: Run, folder: Path) -> list[Path]:
    names = ("summary.png", "overview.png", "waiting.lost.png", "nobody_shows_this.png")
    paths = [Path(folder) / name for name in names]
    for path in paths:
        path.write_text(f"{path.name} of {run.context['seed']}", encoding="utf-8")
    return paths


def make_run(
    folder: Path, seed: int = 1, rounds: int = 3, rounds_due: int = 3, **context: object
) -> Path:
    synthetic.make(
        folder,
        scenarios=["capacity_knee"],
        queues=["reference", "two_condvar"],
        rounds=rounds,
        seed=seed,
    )
    return edit(folder, default_rounds=rounds_due, seed=seed, **{"arguments": ARGUMENTS, **context})


def edit(folder: Path, **context: object) -> Path:
    """Changes the context of a run; None takes a key out."""
    header, *rest = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    row = json.loads(header)
    row["context"] = {
        key: value for key, value in {**row["context"], **context}.items() if value is not None
    }
    (folder / "trials.jsonl").write_text("".join([json.dumps(row) + "\n", *rest]), encoding="utf-8")
    return folder


def published(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Exit status and what it said on its standard error."""
    capsys.readouterr()
    status = commands.main(["publish", *map(str, words)])
    return status, capsys.readouterr().err.splitlines()


def refusal(*words: object, capsys: pytest.CaptureFixture[str]) -> str:
    status, (line,) = published(*words, capsys=capsys)
    assert status == 2
    return line


def tree_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_complete_run_is_kept_and_the_figures_of_the_pages_are_drawn(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    assert published(folder, capsys=capsys) == (0, [])
    kept = tmp_path / "published" / NAME
    assert sorted(tree_of(tmp_path / "published")) == [
        f"{NAME}/{name}.xz" for name in sorted(publishing.FILES)
    ]
    assert (
        lzma.decompress((kept / "trials.jsonl.xz").read_bytes())
        == (folder / "trials.jsonl").read_bytes()
    )
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {
        "summary.png",
        "overview.png",
        "waiting.lost.png",
    }
    histograms = lzma.decompress((kept / "histograms.jsonl.xz").read_bytes()).splitlines()
    assert {json.loads(line)["name"] for line in histograms} == {"sojourn_ns", "ideal_sojourn_ns"}


def test_two_runs_of_one_day_lie_side_by_side_and_the_figures_are_of_the_later(
    tmp_path, capsys
) -> None:
    morning = make_run(tmp_path / "morning", 1, date="2026-11-23T01:00:59+0000")
    evening = make_run(tmp_path / "evening", 2, date="2026-11-23T20:30:00+0200")
    for folder in (evening, morning):
        assert published(folder, capsys=capsys) == (0, [])
    later = NAME.replace("T0100", "T1830")
    kept = published_runs.runs(folder=tmp_path / "published")
    assert [path.name for path in kept] == [NAME, later]
    assert published_runs.latest(folder=tmp_path / "published").name == later
    assert [load_run(path).context["seed"] for path in kept] == [1, 2]
    assert (tmp_path / "plots" / "overview.png").read_text(encoding="utf-8") == "overview.png of 2"


def test_nothing_published_is_overwritten(tmp_path, capsys) -> None:
    first, second = make_run(tmp_path / "first", 1), make_run(tmp_path / "second", 2)
    assert published(first, capsys=capsys)[0] == 0
    before = tree_of(tmp_path / "published"), tree_of(tmp_path / "plots")
    line = refusal(second, capsys=capsys)
    assert f"{NAME}: holds another run that began in the same minute" in line
    assert (tree_of(tmp_path / "published"), tree_of(tmp_path / "plots")) == before
    assert published("--replace", second, capsys=capsys)[0] == 2
    assert tree_of(tmp_path / "published") == before[0]


def test_a_published_run_is_drawn_again(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    assert published(folder, capsys=capsys)[0] == 0
    before = tree_of(tmp_path / "published"), tree_of(tmp_path / "plots")
    shutil.rmtree(tmp_path / "plots")
    status, (line,) = published(folder, capsys=capsys)
    assert status == 0 and line.endswith(
        f"{NAME}: holds this run already; only its figures are drawn again"
    )
    assert (tree_of(tmp_path / "published"), tree_of(tmp_path / "plots")) == before


@pytest.mark.parametrize("arguments, due", [({}, 12), ({"rounds": 5}, 5), ({"budget_s": 60.0}, 6)])
def test_an_incomplete_run_is_refused(tmp_path, capsys, arguments, due) -> None:
    folder = make_run(
        tmp_path / "run", rounds=4, rounds_due=12, arguments={**ARGUMENTS, **arguments}
    )
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    # The last block of round 4.
    (folder / "trials.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    line = refusal(folder, capsys=capsys)
    remedy = f"go on with ./scripts/bench --resume {folder}"
    assert line.endswith(f"{folder}: the run is not complete: 3 of {due} rounds; {remedy}")
    assert not tree_of(tmp_path / "published")


def test_a_run_that_stopped_in_its_pilot_is_refused(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "trials.jsonl").write_text("".join(lines[:4]), encoding="utf-8")
    assert "3 of 10 cells of the pilot; go on with ./scripts/bench --resume" in refusal(
        folder, capsys=capsys
    )


@pytest.mark.parametrize("missing", publishing.FILES)
def test_a_missing_file_is_named_and_nothing_is_touched(tmp_path, capsys, missing) -> None:
    assert published(make_run(tmp_path / "first"), capsys=capsys)[0] == 0
    before = tree_of(tmp_path / "published")
    folder = make_run(tmp_path / "second", 2)
    (folder / missing).unlink()
    line = refusal(folder, capsys=capsys)
    assert str(folder) in line and missing in line
    assert tree_of(tmp_path / "published") == before


def test_histograms_that_lack_a_trial_are_refused(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    rows = [
        json.loads(line)
        for line in (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for row in rows:
        if row["kind"] == "trial":
            row["counters"]["sojourn_mean_ns"] = 1.0
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    assert published(folder, capsys=capsys)[0] == 0
    lines = (folder / "histograms.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "histograms.jsonl").write_text("".join(lines[:-4]), encoding="utf-8")
    line = refusal(folder, capsys=capsys)
    assert "histograms.jsonl: no sojourn_ns of capacity_knee/" in line and ", round 3;" in line


@pytest.mark.parametrize("name", ["trials.jsonl", "histograms.jsonl", "timelines.jsonl"])
def test_a_last_line_that_is_cut_short_is_refused(tmp_path, capsys, name) -> None:
    folder = make_run(tmp_path / "run")
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write('{"cell": "capacity_kn')
    line = refusal(folder, capsys=capsys)
    assert f"{folder / name}:" in line and "cut short" in line and f"--resume {folder}" in line


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    whole = (folder / "histograms.jsonl").read_text(encoding="utf-8")
    (folder / "histograms.jsonl").write_text('{"cell": "capacity_kn\n' + whole, encoding="utf-8")
    status, lines = published(folder, capsys=capsys)
    told = f"publish: {folder / 'histograms.jsonl'}:1: left out, because the line is cut short"
    assert (status, lines) == (0, [told])
    kept = lzma.decompress(
        (tmp_path / "published" / NAME / "histograms.jsonl.xz").read_bytes()
    ).decode()
    assert kept == "".join(
        line for line in whole.splitlines(keepends=True) if "push_blocked" not in line
    )


@pytest.mark.parametrize(
    "line", ["[]", "5", "null", '{"kind": "trial"}', '{"kind": "plan"}', '{"kind": "run"}']
)
def test_odd_rows_are_refused(tmp_path, capsys, line) -> None:
    folder = make_run(tmp_path / "run")
    with (folder / "trials.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert f"{folder / 'trials.jsonl'}:" in refusal(folder, capsys=capsys)


def test_folders_that_are_no_runs_are_refused(tmp_path, capsys) -> None:
    assert published(make_run(tmp_path / "run"), capsys=capsys)[0] == 0
    before = tree_of(tmp_path / "published")
    assert "is published already" in refusal(tmp_path / "published" / NAME, capsys=capsys)
    assert "no such folder" in refusal(tmp_path / "nowhere", capsys=capsys)
    assert "not the folder of a run" in refusal(tmp_path, capsys=capsys)
    assert tree_of(tmp_path / "published") == before


@pytest.mark.parametrize(
    "context, key",
    [
        ({"date": "../../../x"}, "context.date"),
        ({"date": "2026-13-01T00:00:00+0000"}, "context.date"),
        ({"date": 5}, "context.date"),
        ({"date": None}, "context.date"),
        ({"arguments": None}, "context.arguments"),
        ({"arguments": [1]}, "context.arguments"),
        ({"arguments": {"scenario": "x"}}, "context.arguments.scenario"),
        ({"arguments": {"scenario": [".."]}}, "context.arguments.scenario"),
        ({"arguments": {**ARGUMENTS, "point": [".."]}}, "context.arguments.point"),
        ({"arguments": {**ARGUMENTS, "point": "x"}}, "context.arguments.point"),
        ({"arguments": {**ARGUMENTS, "unknown": 1}}, "context.arguments"),
        ({"arguments": {**ARGUMENTS, "rounds": "many"}}, "context.arguments"),
        ({"cpu_model": None}, "context.cpu_model"),
        ({"cores": "../x"}, "context.cores"),
    ],
)
def test_what_becomes_a_path_is_checked(tmp_path, capsys, context, key) -> None:
    folder = make_run(tmp_path / "run")
    before = tree_of(tmp_path)
    line = refusal(edit(folder, **context), capsys=capsys)
    assert str(folder / "trials.jsonl") in line and f"'run' row: key '{key}" in line
    assert tree_of(tmp_path).keys() == before.keys()


def test_names_are_reduced_to_letters_digits_and_dashes(tmp_path, capsys) -> None:
    scenarios = ["../../a b.toml", "/tmp/x/Über/..X é.toml", "ablation"]
    folder = make_run(
        tmp_path / "run",
        cpu_model="../../../AMD/EPYC",
        arguments={**ARGUMENTS, "scenario": scenarios},
    )
    assert published(folder, capsys=capsys)[0] == 0
    assert [path.name for path in (tmp_path / "published").iterdir()] == [
        "2026-11-23T0100.amd-epyc-2-cores.a-b.x.ablation"
    ]
    assert [path.name for path in (tmp_path / "plots").iterdir()] == [
        "waiting.lost.png"
    ], "no curated scenarios"


def test_a_run_of_single_points_has_a_place_of_its_own_and_changes_no_figure(
    tmp_path, capsys
) -> None:
    points = ["capacity_knee/capacity:1", "a/rho:0.5/case:x y"]
    folder = make_run(tmp_path / "run", arguments={**ARGUMENTS, "point": points})
    assert published(folder, capsys=capsys) == (0, [])
    assert [path.name for path in (tmp_path / "published").iterdir()] == [
        f"{NAME}.capacity_knee-capacity-1.a-rho-0-5-case-x-y"
    ]
    assert not list((tmp_path / "plots").iterdir())


def test_a_link_and_files_of_others_are_left_alone(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / NAME).symlink_to(tmp_path / "elsewhere")
    assert "move the link away" in refusal(folder, capsys=capsys)
    (tmp_path / "published" / NAME).unlink()
    (tmp_path / "published" / NAME).mkdir()
    (tmp_path / "published" / NAME / "validation.json").write_text("{}", encoding="utf-8")
    assert "validation.json); move it away" in refusal(folder, capsys=capsys)
    assert not tree_of(tmp_path / "elsewhere") and len(tree_of(tmp_path / "published")) == 1


def test_a_failure_in_drawing_changes_nothing(tmp_path, capsys, monkeypatch) -> None:
    assert published(make_run(tmp_path / "first"), capsys=capsys)[0] == 0
    before = tree_of(tmp_path / "published"), tree_of(tmp_path / "plots")

    def broken(run, folder):
        quick_draw(run, folder)
        raise ResultError("cannot be drawn")

    monkeypatch.setattr(publishing, "draw_figures", broken)
    later = make_run(tmp_path / "second", 2, date="2026-11-24T09:00:00+0000")
    status, lines = published(later, capsys=capsys)
    assert status == 2 and lines[-1] == "publish: cannot be drawn"
    assert (tree_of(tmp_path / "published"), tree_of(tmp_path / "plots")) == before


def test_one_at_a_time(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run")
    (tmp_path / "published").mkdir()
    for busy, command in ((folder, "bench"), (tmp_path / "published", "publish")):
        held = lock_folder(busy)
        assert f"another ./scripts/{command} is writing to it" in refusal(folder, capsys=capsys)
        os.close(held)
    assert published(folder, capsys=capsys)[0] == 0


def test_a_kill_at_any_instant_leaves_no_run_or_the_whole_one(tmp_path, capsys) -> None:
    folder = make_run(tmp_path / "run", 2)
    assert published(folder, capsys=capsys)[0] == 0
    whole = tree_of(tmp_path / "published" / NAME)
    shutil.rmtree(tmp_path / "published")
    shutil.rmtree(tmp_path / "plots")

    number, seen = 1, set()
    while killed.before_step(number, lambda: commands.main(["publish", str(folder)])):
        kept = tmp_path / "published" / NAME
        seen.add(kept.exists())
        assert not kept.exists() or tree_of(kept) == whole, f"step {number}"
        left = list((tmp_path / "published").glob(".*.new"))
        status, remarks = published(folder, capsys=capsys)
        assert status == 0
        assert any("left by a publish that was killed" in each for each in remarks) == bool(left)
        assert [path.name for path in (tmp_path / "published").iterdir()] == [NAME]
        assert tree_of(kept) == whole
        shutil.rmtree(tmp_path / "published")
        shutil.rmtree(tmp_path / "plots")
        number += 1
    assert seen == {False, True} and number > 10
