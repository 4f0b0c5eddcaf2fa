"""How commands end that cannot go on: one line, a remedy, an exit status, and no traceback."""

import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import synthetic
from test_driver import wait_for_trials

from bqb import CommandError, commands, exit_status
from bqb.commands import failures
from bqb.commands.failures import as_command_error
from bqb.running import build

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
FAKE = Path(__file__).with_name("fake_queue_bench.py")


def bqb(*words, **options):
    """A command in a process of its own, over the fake queue_bench."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "BQB_QUEUE_BENCH": str(FAKE)}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [sys.executable, "-m", "bqb", *words], env=environment, timeout=60, check=False, **options
    )


def one_line(run) -> str:
    lines = run.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def run_folder(tmp_path):
    return synthetic.make(
        tmp_path / "run", scenarios=["race"], queues=["reference"], rounds=1, faults=False
    )


# ------------------------------------------------------------------------------------ any exception


@pytest.mark.parametrize(
    "error, message, status",
    [
        (CommandError("no", 3), "no", 3),
        (OSError(errno.ENOSPC, "No space left", "/x"), "/x: No space left; free some space", 5),
        (
            OSError(errno.EROFS, "Read-only file system", "/x"),
            "name a folder that can be written",
            5,
        ),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n", 6),
        (OSError(errno.EBADMSG, "Bad message", "/x"), "/x: Bad message", 5),
        (MemoryError(), "out of memory", 6),
        (RuntimeError("Symlink loop from '/x'"), "name another path", 2),
    ],
)
def test_a_failure_is_one_line_with_a_status(error, message, status):
    failure = as_command_error(error)
    assert message in str(failure) and failure.status == status


def test_an_internal_error_keeps_its_traceback_in_a_file(capsys, monkeypatch, tmp_path):
    def fail(words):
        raise KeyError("a\x1b\nb")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert failures.run("bench", fail, []) == exit_status.INTERNAL_ERROR
    line = capsys.readouterr().err
    kept = next(tmp_path.glob("bqb-error-*.txt"))
    assert line.count("\n") == 1 and "\x1b" not in line and "Traceback" not in line
    assert line.startswith("bench: internal error: KeyError: ") and str(kept) in line
    assert "Traceback" in kept.read_text() and "in fail" in kept.read_text()


def test_a_message_is_short_whatever_was_typed(capsys):
    assert commands.main(["plot", "x" * 5000]) != 0
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and len(line) <= failures.MOST_CHARACTERS + 1


# ---------------------------------------------------------------------------- standard streams


def test_a_full_standard_output_is_not_blamed_on_the_results(run_folder):
    with open("/dev/full", "w") as full:
        run = bqb("plot", run_folder, stdout=full)
    assert run.returncode == exit_status.IO_ERROR
    assert one_line(run) == ("plot: standard output: No space left on device; send it elsewhere")


def test_nobody_is_told_that_a_pipe_was_closed():
    reader, writer = os.pipe()
    os.close(reader)
    run = bqb("bench", "--list", stdout=writer)
    os.close(writer)
    assert (run.returncode, run.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_closed_standard_output_is_an_error(run_folder):
    run = bqb("plot", run_folder, stdout=None, preexec_fn=lambda: os.close(1))
    assert run.returncode == exit_status.IO_ERROR
    assert one_line(run) == "plot: standard output: Bad file descriptor; send it elsewhere"


@pytest.mark.parametrize("close", [True, False])
def test_trouble_with_standard_error_stops_nothing(tmp_path, close):
    words = ["bench", "--out", str(tmp_path / "run"), "--rounds", "x"]
    if close:
        run = bqb(*words, stderr=None, preexec_fn=lambda: os.close(2))
    else:
        with open("/dev/full", "w") as full:
            run = bqb(*words, stderr=full)
    assert run.returncode == exit_status.USAGE


def test_a_run_is_whole_although_its_table_cannot_be_printed(tmp_path):
    with open("/dev/full", "w") as full:
        run = bqb("bench", "--out", "run", "--rounds", "1", cwd=tmp_path, stdout=full)
    lines = run.stderr.decode().splitlines()
    assert run.returncode == exit_status.IO_ERROR
    assert lines[-2:] == [
        "The run is whole. To see it: ./scripts/report run",
        "bench: standard output: No space left on device; send it elsewhere",
    ]


# ------------------------------------------------------------------------------- surroundings


def test_an_argument_that_is_not_utf8_is_refused():
    run = bqb("bench", "--queue", b"\xff", "--list")
    assert run.returncode == exit_status.USAGE
    assert one_line(run) == (
        r"bench: '\udcff': an argument must be UTF-8; rename the file or folder"
    )


def test_a_folder_whose_name_is_not_utf8_can_be_used(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    run = bqb("bench", "--out", "run", "--rounds", "1", cwd=folder)
    assert run.returncode == exit_status.OK, run.stderr
    assert os.path.isdir(folder + b"/run/plots")


def test_a_current_folder_that_was_removed_is_one_line(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    run = bqb("plot", "x", cwd=gone, preexec_fn=lambda: os.rmdir(gone))
    assert run.returncode == exit_status.USAGE
    assert one_line(run) == ("plot: the current folder was removed; change to another one")


def test_a_signal_before_the_command_is_set_up_waits_until_it_is():
    """scripts/setup.sh starts Python with the signals blocked."""

    def interrupted_at_once():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        os.kill(os.getpid(), signal.SIGINT)

    run = bqb("bench", "--list", preexec_fn=interrupted_at_once)
    assert (run.returncode, run.stderr) == (128 + signal.SIGINT, b"")


def test_setup_blocks_signals_until_python_is_ready():
    with open(SCRIPTS / "setup.sh", encoding="utf-8") as file:
        assert 'env "--block-signal=INT,TERM,HUP"' in file.read()


# ----------------------------------------------------------------------------- during a run


@pytest.mark.parametrize("what", ["removed", "cut off"])
def test_trials_that_go_during_a_run_stop_it(bench, tmp_path, what):
    run = bench("--out", "run", "--rounds", "30", slow=0.02)
    trials = tmp_path / "run" / "trials.jsonl"
    wait_for_trials(tmp_path / "run", 3)
    trials.unlink() if what == "removed" else os.truncate(trials, 10)
    run.end()
    assert run.status == exit_status.USAGE
    # The fake opens the file for each row, and so makes a new one.
    assert re.search(r"trials.jsonl: was (removed|cut off) during the run; restore it", run.err)
    assert "Traceback" not in run.err and "--resume" not in run.err


# ------------------------------------------------------------------------------------ builds


def test_a_tree_that_cannot_be_written_is_a_matter_of_setup(tmp_path):
    (tmp_path / "build").write_text("a file where a folder must be")
    with pytest.raises(CommandError, match="copy this project to a folder") as refused:
        build.run_cmake(["cmake"], tmp_path / "build" / "release", None, "build")
    assert refused.value.status == exit_status.SETUP


def test_a_build_folder_that_was_moved_is_configured_afresh(tmp_path):
    here, before = tmp_path / "here", tmp_path / "before"
    for folder in (here, before):
        (folder / "release").mkdir(parents=True)
        cache = f"CMAKE_CACHEFILE_DIR:INTERNAL={folder / 'release'}\n"
        (folder / "release" / "CMakeCache.txt").write_text(cache)
    assert not build.is_stale(here / "release")
    (tmp_path / "link").symlink_to(here)
    assert not build.is_stale(tmp_path / "link" / "release")
    (before / "release").rename(tmp_path / "moved")
    assert build.is_stale(tmp_path / "moved")
