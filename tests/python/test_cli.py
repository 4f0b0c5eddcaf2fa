"""The commands: options, exit statuses, faults of folders, and the set-up that runs before any
Python."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic

from bqb import commands
from bqb.commands.options import seconds
from bqb.running import testrun

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


# -------------------------------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--rounds", "0"], "--rounds: '0' is not a whole number from 1 to 10,000"),
        (["--rounds", "many"], "--rounds: 'many' is not"),
        (["--seed", "-1"], "--seed: '-1' is not"),
        (["--budget", "5"], "--budget: '5' is not a length of time: write 300s, 5m or 1h"),
        (["--budget", "0m"], "--budget: '0m' is not a length of time"),
        (["--budget", "5m", "--rounds", "3"], "leave out --rounds"),
        (["--resume", "x", "--budget", "5m"], "leave out --budget"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--resume", "x", "--seed", "1"], "leave out --seed"),
        (["--resume", "x", "--out", "y"], "leave out --out"),
        (["--resume", "x", "--point", "s/capacity:1"], "leave out --point"),
        (["--point"], "--point: expected one argument"),
        (["--resume", "x"], "--resume x: no run was begun there"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(bench, tmp_path, words, complaint):
    run = bench(*words).end()
    assert run.status == 2
    assert complaint in run.err and len(run.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word, length", [("300s", 300), ("5m", 300), ("1h", 3600), ("1.5m", 90)])
def test_lengths_of_time(word, length):
    assert seconds(word) == length


@pytest.mark.parametrize("command", sorted(commands.COMMANDS))
def test_help_needs_nothing_but_python(command):
    # -S: no installed package is in sight.
    bare = [sys.executable, "-S", "-m", "bqb", command, "--help"]
    run = subprocess.run(bare, cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "") and run.stdout.startswith(f"usage: {command} ")


WITHOUT_SCIPY = """
import sys
sys.modules["scipy"] = None  # to import it is an ImportError
from bqb.commands import main
from bqb.running import publishing
try:
    import bqb.validation.theory
    sys.exit("scipy is not blocked")
except ImportError:
    pass
sys.exit(main(sys.argv[1:]))
"""


def test_runs_are_reported_and_published_without_scipy(tmp_path):
    run = synthetic.make(
        tmp_path / "run", scenarios=["overcommit"], queues=["reference", "two_condvar"], rounds=6
    )

    def started(*words):
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_SCIPY, *map(str, words)],
            cwd=tmp_path,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
            capture_output=True,
            check=False,
        )

    plotted = started("plot", run)
    assert (plotted.returncode, plotted.stderr) == (0, "")
    assert (run / "plots" / "overcommit.lost.svg").is_file()
    reported = started("report", run)
    assert (reported.returncode, reported.stderr) == (0, "")
    assert (run / "report.html").is_file() and (run / "results.json").is_file()
    published = started("publish", run)
    assert (
        published.returncode == 2 and "key 'context.arguments'" in published.stderr
    ), "synthetic: checked, no more"


def test_a_budget_is_spent_without_scipy(bench, tmp_path, monkeypatch):
    monkeypatch.setattr("conftest.Started.CODE", WITHOUT_SCIPY)
    assert bench("--out", "run", "--budget", "1s").end().status == 0


def test_wrong_scenario_leaves_nothing_behind(bench, tmp_path):
    run = bench("--scenario", "wrong", "--out", "run").end()
    assert run.status == 2
    assert run.err == "queue_bench: wrong.toml:3: capacity: 0 is not a capacity\n"
    assert not list(tmp_path.iterdir())


def test_an_unknown_point_leaves_nothing_behind(bench, tmp_path):
    run = bench("--point", "s/capacity:16", "--point", "s/capacity:2", "--out", "run").end()
    assert run.status == 2
    assert run.err == "queue_bench: --point s/capacity:2: there is no such point\n"
    assert not list(tmp_path.iterdir())


def test_list_measures_nothing(bench, tmp_path):
    run = bench("--list").end()
    assert (run.status, run.out) == (0, "s: what is faster?\n")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------------------- folder of the results


def test_out_that_holds_something_is_left_alone(bench, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "precious").touch()
    run = bench("--out", "run").end()
    assert (
        run.status == 2
        and "--out run: exists already" in run.err
        and len(run.err.splitlines()) == 1
    )
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["precious"]


def test_out_that_is_a_file(bench, tmp_path):
    (tmp_path / "run").touch()
    assert bench("--out", "run").end().status == 2


@pytest.mark.parametrize("place", ["file/run", "/proc/run"])
def test_out_that_cannot_be_made(bench, tmp_path, place):
    (tmp_path / "file").touch()
    run = bench("--out", place).end()
    assert run.status == 2 and f"--out {place}: " in run.err and len(run.err.splitlines()) == 1


def test_out_that_is_an_empty_folder(bench, tmp_path):
    (tmp_path / "run").mkdir()
    assert bench("--out", "run", "--rounds", "1").end().status == 0


def test_nothing_is_left_where_nothing_was_begun(bench, tmp_path):
    assert bench("--out", "run", silent_crash=True).end().status == 1
    assert not (tmp_path / "run").exists()


# ------------------------------------------------------------------------------------- progress bar


def test_bar_on_a_terminal(bench, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal to be had: {error}")
    with monkeypatch.context() as patch:
        popen = subprocess.Popen
        patch.setattr(
            subprocess,
            "Popen",
            lambda *words, **options: popen(*words, **{**options, "stderr": theirs}),
        )
        run = bench("--out", "run", "--rounds", "2")
    os.close(theirs)
    text = read_all(ours)
    assert run.end().status == 0
    assert "round 2/2" in text and "12/12" in text and "100%" in text and "left" in text
    assert "\x1b[2K" in text  # the line is drawn over, not added to


def read_all(terminal: int) -> str:
    text = b""
    try:
        while chunk := os.read(terminal, 65536):
            text += chunk
    except OSError:  # the other side is closed
        pass
    return text.decode()


# ------------------------------------------------------------------------------------------- set-up


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A PATH with nothing but what a bare Debian has, and an apt-get that writes down what it is
    asked for."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for program in ("bash", "env", "dirname", "readlink", "mkdir", "tail", "python3"):
        source = sys.executable if program == "python3" else shutil.which(program)
        (bin_folder / program).symlink_to(source)
    monkeypatch.setenv("PATH", str(bin_folder))
    for variable in ("CXX", "CPATH", "CPLUS_INCLUDE_PATH", "CMAKE_PREFIX_PATH"):
        monkeypatch.delenv(variable, raising=False)
    return bin_folder


def make_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def set_up(command: str, may_install: str, *before: str) -> subprocess.CompletedProcess:
    script = "\n".join(
        [f"source {SCRIPTS}/setup.sh", *before, f"set_up {command} {may_install}", "echo $PYTHON"]
    )
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


def test_no_setup_names_what_is_missing_and_installs_nothing(machine, tmp_path):
    make_program(machine / "apt-get", f": >{tmp_path}/called")
    run = subprocess.run(
        [SCRIPTS / "bench", "--no-setup"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 3
    assert "cmake                    configures the build" in run.stderr
    assert run.stderr.splitlines()[-1].startswith(
        "  apt-get update && apt-get install --no-install-recommends -y g++"
    )
    assert not (tmp_path / "called").exists()


def test_missing_packages_are_installed(machine, tmp_path):
    installs = f"for name in c++ cmake ninja; do ln -sf /bin/true {machine}/$name; done"
    make_program(
        machine / "apt-get",
        f'echo "$@" >>{tmp_path}/asked; [[ $* == *install* ]] && {installs}; true',
    )
    (machine / "ln").symlink_to("/bin/ln")
    run = set_up("bench", "yes", f'as_root() {{ "$@"; }}; SETUP_LOG={tmp_path}/log')
    assert run.returncode == 0, run.stderr
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.endswith(" update")
    assert install.endswith(" install --no-install-recommends -y g++ cmake ninja-build")


@pytest.mark.parametrize(
    "apt, complaint",
    [
        ("echo no network; exit 100", "apt could not install them"),
        ("exit 0", "Still missing after the installation"),
    ],
)
def test_failed_installation_is_status_3_with_the_one_command(machine, tmp_path, apt, complaint):
    make_program(machine / "apt-get", apt)
    run = set_up("bench", "yes", f'as_root() {{ "$@"; }}; SETUP_LOG={tmp_path}/log')
    assert run.returncode == 3
    assert complaint in run.stderr
    assert (
        "apt-get install --no-install-recommends -y g++ cmake ninja-build"
        in run.stderr.splitlines()[-1]
    )


def test_system_without_apt_is_status_3(machine):
    run = set_up("bench", "yes")
    assert run.returncode == 3 and "Only apt is known" in run.stderr


def test_header_that_came_another_way_counts(machine, tmp_path, monkeypatch):
    (tmp_path / "own" / "include" / "one").mkdir(parents=True)
    (tmp_path / "own" / "include" / "one" / "two.h").touch()
    script = f"source {SCRIPTS}/setup.sh; need_header one/two.h one-dev x; echo ${{#MISSING[@]}}"

    def missing():
        return subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=True
        ).stdout

    assert missing() == "1\n"
    monkeypatch.setenv("CMAKE_PREFIX_PATH", f"/nowhere:{tmp_path}/own")
    assert missing() == "0\n"


@pytest.mark.skipif(
    subprocess.run(
        ["/usr/bin/python3", "-c", "import matplotlib, numpy, rich"],
        check=False,
        capture_output=True,
    ).returncode
    != 0,
    reason="/usr/bin/python3 lacks matplotlib",
)
def test_python_that_lacks_modules_is_passed_over_and_said_so(machine):
    (machine / "python3").unlink()
    make_program(machine / "python3", "exec /usr/bin/python3 -c \"print(*['matplotlib'])\"")
    run = set_up("plot", "no")
    assert run.stdout == "/usr/bin/python3\n"
    assert (
        f"Using /usr/bin/python3: {machine}/python3 lacks some of: matplotlib numpy rich."
        in run.stderr
    )


# --------------------------------------------------------------------------------- sum of the tests

REPORT = """<testsuite>
  <testcase name="Queue.pushes" classname="Queue.pushes" status="run"/>
  <testcase name="Queue.pops" classname="Queue.pops" status="fail">
    <failure message="Failed"/>
  </testcase>
  <testcase name="Queue.times" classname="Queue.times" status="notrun">
    <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>tests/a.cpp:3: Skipped
two_condvar has no timed form
</system-out></testcase>
  <testcase name="Queue.lost" classname="Queue.lost" status="notrun">
    <skipped message="Unable to find executable"/></testcase>
</testsuite>"""


def test_report_is_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(testrun, "ROOT", tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "ctest.xml").write_text(REPORT)
    tally = testrun.Tally()
    tally.add(tmp_path / "ctest.xml", "release")
    assert testrun.sum_up(tally) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 2 failed"
    assert (
        "FAILED release: Queue.pops" in lines
        and "FAILED release: Queue.lost: Unable to find executable" in lines
    )
    assert (
        tmp_path / "build" / "skipped.txt"
    ).read_text() == "release: Queue.times: two_condvar has no timed form\n"


def test_no_report_is_a_failure_and_nothing_run_is_no_success(tmp_path):
    tally = testrun.Tally()
    assert testrun.sum_up(tally) == 1
    tally.add(tmp_path / "none.xml", "release")
    assert len(tally.failed) == 1
