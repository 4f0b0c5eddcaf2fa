"""./scripts/report: what it writes and prints, and its exit statuses."""

import os
import shutil
import stat

import pytest
import report_runs
from bqb import exit_status
from bqb.commands import main
from report_page import ABLATION, PUBLISHED, REPEATED, Page

BEST = dict(best=["two_condvar"], worse=["reference"])


@pytest.fixture
def run(tmp_path):
    report_runs.with_verdicts(tmp_path / "run", **BEST)
    return tmp_path / "run"


@pytest.fixture
def report(capsys):
    """report(words..) -> (exit status, standard output, standard error)."""

    def started(*words):
        try:
            status = main(["report", *map(str, words)])
        except SystemExit as end:  # wrong usage
            status = end.code
        out, err = capsys.readouterr()
        return status, out, err

    return started


def test_the_page_of_a_run_goes_into_its_folder(report, run):
    status, out, err = report(run)
    assert (status, err) == (0, "")
    assert "two_condvar" in Page((run / "report.html").read_text()).text
    assert out.splitlines()[-1].endswith("run/report.html") and "two_condvar" in out


def test_out_names_the_page(report, run, tmp_path):
    assert report(run, "--out", tmp_path / "a.html")[0] == 0
    assert (tmp_path / "a.html").is_file() and not (run / "report.html").exists()


def test_the_page_of_several_runs_links_to_those_of_each(report, run, tmp_path):
    report_runs.with_verdicts(tmp_path / "other #1", **BEST)
    report(run)
    assert report(tmp_path / "other #1")[0] == 0
    status, out, err = report(run, tmp_path / "other #1", "--out", tmp_path / "both.html")
    assert (status, err) == (0, "") and "plain" in out and "both.html" in out
    page = Page((tmp_path / "both.html").read_text())
    links = {own["href"] for own, _ in page.found("a") if not own["href"].startswith("#")}
    assert links == {"run/report.html", "other%20%231/report.html"}


def test_without_out_several_runs_go_to_a_file_of_the_date(report, run, tmp_path, monkeypatch):
    report_runs.with_verdicts(tmp_path / "other", **BEST)
    monkeypatch.setattr("bqb.commands.report.ROOT", tmp_path / "root")
    (tmp_path / "root").mkdir()
    assert report(run, tmp_path / "other")[0] == 0
    (written,) = (tmp_path / "root/results").iterdir()
    assert written.match("report-????????-??????.html")


@pytest.mark.parametrize(
    "words, complaint",
    [
        ([], "the following arguments are required: DIR"),
        (["{run}", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["{run}", "--out", "{run}"], "--out {run}: a folder; name a file"),
        (["{run}", "--out", "{run}/none/a.html"], "the folder does not exist; create it"),
        (["{run}", "{run}"], "{run}: named twice; name each run once"),
        (["{run}", "{run}/../run/"], "named twice; name each run once"),
        (["{run}", "{none}", "--details"], "--details prints the tables of one run"),
        (["{none}"], "{none}: no trials.jsonl: not the folder of a run"),
        (["{run}", "{none}"], "{none}: no trials.jsonl: not the folder of a run"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(report, run, tmp_path, words, complaint):
    places = {"run": run, "none": tmp_path / "none"}
    status, out, err = report(*(word.format(**places) for word in words))
    assert status == exit_status.USAGE and out == ""
    assert complaint.format(**places) in err and len(err.splitlines()) == 1
    assert not [*tmp_path.rglob("*.html")]


def test_a_page_that_cannot_be_written_is_status_5(report, run):
    status, _, err = report(run, "--out", "/proc/report.html")
    assert status == exit_status.IO_ERROR and "/proc/" in err
    assert len(err.splitlines()) == 1


def test_the_summary_fits_on_a_screen_and_is_plain_text(report, tmp_path):
    for folder in (PUBLISHED, ABLATION):
        status, out, err = report(folder, "--out", tmp_path / "a.html")
        assert (status, err) == (0, "")
        lines = out.splitlines()
        assert 10 < len(lines) <= 40
        assert max(map(len, lines[:-1])) <= 110, "the last line names a file"
        assert "\x1b" not in out
        assert all(line.isprintable() for line in lines)


def test_the_summary_of_several_runs_fits_on_a_screen(report, tmp_path):
    words = (PUBLISHED, *REPEATED, "--out", tmp_path / "a.html")
    status, out, err = report(*words)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert 10 < len(lines) <= 40
    assert max(map(len, lines[:-1])) <= 110, "the last line names a file"
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("4 runs on 1 machine: ")


def test_details_prints_every_table(report, run):
    short, long = report(run)[1], report(run, "--details")[1]
    assert "Verdicts, point by point" in long and "Verdicts, point by point" not in short
    assert "run/report.html" in long


def test_a_page_is_replaced_as_a_whole(report, run):
    (run / "report.html").write_text("old")
    os.chmod(run / "report.html", stat.S_IRUSR | stat.S_IWUSR)
    assert report(run)[0] == 0
    assert (run / "report.html").read_text().startswith("<!doctype html>")
    assert [path.name for path in run.glob("*report*")] == ["report.html"]


def test_many_failures_leave_the_summary_short(report, run, tmp_path):
    """Long reasons of many failed cells are cut."""
    folder = tmp_path / "failed"
    shutil.copytree(run, folder)
    trials = folder / "trials.jsonl"
    rows = trials.read_text()
    failed = rows.replace('"queue": "reference"', '"queue": "reference", "message": "' + "x" * 999)
    failed = failed.replace("x" * 999, "x" * 999 + '"').replace('"ok"', '"error"')
    trials.write_text(failed)
    status, out, _ = report(folder)
    assert status == 0 and "FAILED: 2; a wrong or hung queue has no numbers" in out
    *lines, _ = out.splitlines()  # the last line names a file
    assert len(lines) <= 40 and max(map(len, lines)) <= 110
