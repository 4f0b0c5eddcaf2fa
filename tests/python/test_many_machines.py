"""The recipes of examples/many_machines: what they start, with programs in the places of Slurm, GNU
parallel and the commands that print their words."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bqb import ROOT

RECIPES = ROOT / "examples" / "many_machines"
SHELL = sorted(RECIPES.glob("*.sh"))
WORKFLOW = RECIPES / "ci_matrix.yml"
PAGE = ROOT / "docs" / "many_machines.md"
PRINT_WORDS = '#!/bin/sh\nprintf "%s|" "$(basename "$0")" "$@"\necho\n'


def bench_options(text: str) -> set[str]:
    """The options that stand behind `./scripts/bench` on a line; a name in quotes or a comment ends
    them."""
    return {
        option
        for line in text.replace("\\\n", " ").splitlines()
        for call in re.findall(r"\./scripts/bench\b([^;|&#`)]*)", line)
        for option in re.findall(r"(?<![\w-])--[a-z-]+", call)
    }


@pytest.fixture
def project(tmp_path):
    """A folder with the recipes, where the commands print their words."""
    folder = tmp_path / "project"
    shutil.copytree(RECIPES, folder / "examples" / "many_machines")
    (folder / "scripts").mkdir()
    for name in ("bench", "report"):
        put_program(folder / "scripts" / name, PRINT_WORDS)
    return folder


def put_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def run(script: Path, *words: str, folder: Path, **environment: str):
    return subprocess.run(
        ["bash", script, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


# ------------------------------------------------------------------------------ all of them


def test_the_page_links_each_recipe():
    linked = set(re.findall(r"\(\.\./examples/many_machines/([\w.]+)\)", PAGE.read_text("utf-8")))
    assert linked == {path.name for path in RECIPES.iterdir()} and len(linked) == 3


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_a_script_has_no_error_of_syntax(path):
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("path", [*SHELL, WORKFLOW, PAGE], ids=lambda path: path.name)
def test_the_options_of_bench_exist_and_a_report_comes_last(path):
    text = path.read_text(encoding="utf-8")
    used = bench_options(text)
    done = subprocess.run(
        [ROOT / "scripts/bench", "--help"], capture_output=True, text=True, check=True
    )
    known = set(re.findall(r"(?<![\w-])--[a-z-]+", done.stdout))
    assert used and used <= known, used - known
    assert "./scripts/report " in text


def test_an_option_that_does_not_exist_is_seen():
    assert bench_options("run: ./scripts/bench --sceanrio x \\\n --out DIR; other --word") == {
        "--sceanrio",
        "--out",
    }


def test_the_scenarios_exist():
    known = {path.stem for path in (ROOT / "scenarios").rglob("*.toml")}
    known |= {path.name for path in (ROOT / "scenarios").iterdir() if path.is_dir()}
    texts = [path.read_text(encoding="utf-8") for path in (*SHELL, PAGE)]
    named = {
        name
        for text in texts
        for names in re.findall(r'SCENARIOS="([a-z_ ]+)"', text)
        for name in names.split()
    }
    matrix = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    named |= set(matrix["jobs"]["measure"]["strategy"]["matrix"]["scenario"])
    assert len(named) >= 2 and named <= known, named - known


# ------------------------------------------------------------------------------------ Slurm


def run_task(project, *words, **environment):
    """A task of an array, as sbatch starts it: a copy of the script, elsewhere."""
    spooled = project.parent / "slurm_script"
    shutil.copy(project / "examples/many_machines/slurm_array.sh", spooled)
    given = {"SLURM_SUBMIT_DIR": str(project), "SLURM_ARRAY_JOB_ID": "7", "SLURMD_NODENAME": "n1"}
    return run(spooled, *words, folder=project.parent, **given, **environment)


def test_each_task_of_an_array_measures_a_scenario_of_its_own(project):
    scenarios = "ping_pong my/own.toml"
    for task, (scenario, folder) in enumerate(
        [("ping_pong", "ping_pong.n1"), ("my/own.toml", "my_own.toml.n1")]
    ):
        done = run_task(
            project, "--rounds", "24", SCENARIOS=scenarios, SLURM_ARRAY_TASK_ID=str(task)
        )
        out = project / "results" / "slurm-7" / folder
        expected = f"bench|--no-setup|--scenario|{scenario}|--out|{out}|--rounds|24|\n"
        assert done.stdout == expected, done.stderr
    beyond = run_task(project, SCENARIOS=scenarios, SLURM_ARRAY_TASK_ID="2")
    assert beyond.returncode != 0 and beyond.stdout == ""


def test_an_array_without_scenarios_is_a_default_run(project):
    done = run_task(project, SLURM_ARRAY_TASK_ID="0", SCENARIOS="")
    assert "|--scenario|curated|" in done.stdout, done.stderr


def test_a_task_with_a_clone_builds_elsewhere_and_leaves_nothing(project, tmp_path):
    put_program(project / "scripts" / "bench", '#!/bin/sh\npwd; printf "%s|" "$@"\n')
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *identity, *words], cwd=project, check=True)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    done = run_task(
        project, SLURM_ARRAY_TASK_ID="0", SCENARIOS="race", CLONE="yes", TMPDIR=str(temporary)
    )
    where, words = done.stdout.split("\n")
    assert Path(where).parent == temporary, done.stderr
    assert f"|--out|{project}/results/slurm-7/race.n1|" in words
    assert list(temporary.iterdir()) == []


def test_each_task_has_a_machine_for_itself():
    text = (RECIPES / "slurm_array.sh").read_text(encoding="utf-8")
    assert "--exclusive" in re.findall(r"^#SBATCH (.*)$", text, re.MULTILINE)


# ----------------------------------------------------------------------------- GNU parallel


def run_parallel(project, *words, status=0, **environment):
    """What the script gives to `parallel`, and to the report behind it."""
    programs = project.parent / "programs"
    programs.mkdir()
    # It leaves a run, as --return does.
    leave = 'mkdir "$(echo results/*)/a_run"\n'
    put_program(programs / "parallel", PRINT_WORDS + leave + f"exit {status}\n")
    (project.parent / "hosts").write_text("# ours\none\ntwo\n", encoding="utf-8")
    done = run(
        project / "examples/many_machines/gnu_parallel.sh",
        str(project.parent / "hosts"),
        *words,
        folder=project.parent,
        **{"PATH": f"{programs}:{os.environ['PATH']}", "SCENARIOS": "", **environment},
    )
    (out,) = (project / "results").iterdir()
    return done, done.stdout.replace(out.name, "OUT").splitlines()


def test_each_host_makes_a_run_of_its_own(project):
    done, (parallel, report) = run_parallel(project, "--queue", "^(tbb|two_lock)$")
    assert done.returncode == 0, done.stderr
    assert parallel.endswith("|:::|one@one|two@two|") and "|--hostgroups|" in parallel
    bench = "./scripts/bench --no-setup '--queue' '^(tbb|two_lock)$' --out results/OUT/{/}"
    assert f"|{bench}|" in parallel
    assert "|--sshlogin|one,two|" in parallel and "|-j1|" in parallel
    assert "|--return|results/OUT/{/}|" in parallel
    assert report == "report|results/OUT/a_run/|"


def test_scenarios_are_spread_over_the_hosts(project):
    _, (parallel, _) = run_parallel(project, SCENARIOS="ping_pong race", FOLDER="/tmp/bqb")
    assert parallel.endswith("|:::|ping_pong|race|") and "|--workdir|/tmp/bqb|" in parallel
    bench = "./scripts/bench --no-setup  --out results/OUT/{/} --scenario {}"
    assert f"|{bench}|" in parallel and "|-j1|" in parallel


def test_a_job_that_failed_leaves_a_report_of_the_others(project):
    done, (_, report) = run_parallel(project, status=3)
    assert done.returncode == 3 and report.startswith("report|")


# --------------------------------------------------------------------------------------- CI


def test_each_job_of_the_matrix_uploads_what_the_report_downloads():
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    steps = {
        name: {
            step["uses"].partition("@")[0]: step["with"] for step in job["steps"] if "with" in step
        }
        for name, job in jobs.items()
    }
    uploaded = steps["measure"]["actions/upload-artifact"]
    downloaded = steps["report"]["actions/download-artifact"]
    for key in jobs["measure"]["strategy"]["matrix"]:  # else two jobs have one name
        assert f"${{{{ matrix.{key} }}}}" in uploaded["name"]
    assert uploaded["name"].startswith(downloaded["pattern"].removesuffix("*"))
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert any(f"--out {uploaded['path']}" in command for command in commands)
    assert f"./scripts/report {downloaded['path']}/*" in commands
    assert jobs["report"]["needs"] == "measure"
