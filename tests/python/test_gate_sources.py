"""Where ./scripts/gate takes base and head from: folders, revisions, and what it says where there
are none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bqb.gate import arms

ROOT = Path(__file__).resolve().parents[2]


def git(*words, at: Path) -> str:
    return subprocess.run(
        ["git", "-C", at, "-c", "user.name=t", "-c", "user.email=t@t", *words],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.fixture
def archive(tmp_path) -> Path:
    """The project, unpacked from an archive: what a gate takes to begin."""
    for folder in ("scripts", "queues", "scenarios", "benchmarks"):
        shutil.copytree(
            ROOT / folder,
            tmp_path / "archive" / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    return tmp_path / "archive"


@pytest.fixture
def checkout(archive) -> Path:
    git("init", "-q", "-b", "main", at=archive)
    git("add", "-A", at=archive)
    git("commit", "-qm", "x", at=archive)
    return archive


@pytest.fixture
def no_git(tmp_path, monkeypatch) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def gate(project: Path, *words: str, at: Path | None = None) -> subprocess.CompletedProcess:
    """Of `project`, started in the folder `at`, by default its own."""
    return subprocess.run(
        [sys.executable, "-m", "bqb", "gate", *words],
        cwd=at or project,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(project / "scripts")},
    )


def in_one_line(done: subprocess.CompletedProcess) -> str:
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 1, done.stdout + done.stderr
    return lines[0]


def give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 12345, 12345)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="to give a file away takes root")


@pytest.mark.usefixtures("no_git")
def test_a_revision_without_git_is_invalid_and_says_what_to_install(archive):
    done = gate(archive, "run", "--base", "main", "--head", ".")
    assert done.returncode == 4, done.stderr
    assert in_one_line(done) == (
        "invalid: 'main' is no folder, and finding a revision takes git, which is not "
        "installed; name a folder, or install git (Debian: apt-get install git)"
    )


@pytest.mark.usefixtures("no_git")
def test_folders_need_no_git(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(arms, "BUILDS", tmp_path / "builds")
    sources = arms.stage("head", str(archive), None)
    assert (sources.commit, sources.dirty) == ("", False)
    assert (tmp_path / "builds" / "head" / "source" / "queues" / "queues.list").is_file()


def test_a_revision_where_there_is_no_checkout_says_how_to_get_one(archive):
    done = gate(archive, "run", "--base", "main", "--head", ".")
    assert done.returncode == 2
    assert in_one_line(done) == (
        f"gate: 'main' is no folder, and {archive} is no git checkout, so it has no "
        "revisions; name a folder, or clone the project with git"
    )
    assert not (
        archive / "build" / "gate" / "head" / "build"
    ).exists(), "both arms are looked for before one is built"


def test_a_revision_that_is_none(checkout):
    done = gate(checkout, "run", "--base", "no-such", "--head", ".")
    assert done.returncode == 2
    assert in_one_line(done) == f"gate: 'no-such' is neither a folder nor a revision of {checkout}"


@pytest.fixture
def staged(tmp_path, monkeypatch):
    """staged(source) -> (commit, dirty), from the folder that the test is in."""
    monkeypatch.setattr(arms, "BUILDS", tmp_path / "builds")

    def stage(source, header=None):
        sources = arms.stage("head", str(source), header)
        return sources.commit, sources.dirty

    return stage


def test_a_folder_has_the_commit_that_holds_its_files(checkout, staged, monkeypatch):
    commit = git("rev-parse", "HEAD", at=checkout)
    monkeypatch.chdir(checkout)
    assert staged(checkout) == staged("main") == (commit, False)
    (checkout / "queues" / "two_condvar.h").write_text("// changed\n", encoding="utf-8")
    assert staged(checkout) == (commit, True)
    (checkout / "mine.h").write_text("// new\n", encoding="utf-8")
    assert staged(checkout, "mine.h") == ("", True)


def test_an_archive_inside_another_checkout_has_no_commit(archive, staged):
    git("init", "-q", at=archive.parent)
    (archive.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    git("add", "-f", ".gitignore", at=archive.parent)
    git("commit", "-qm", "x", at=archive.parent)
    assert staged(archive) == ("", False)


@needs_root
def test_a_checkout_of_somebody_else_is_as_good(checkout, staged, monkeypatch):
    commit = git("rev-parse", "HEAD", at=checkout)
    give_away(checkout)
    monkeypatch.chdir(checkout)
    assert staged(checkout) == staged("main") == (commit, False)


@needs_root
def test_what_git_refuses_is_told_with_its_remedy(checkout):
    give_away(checkout)
    done = gate(checkout, "run", "--base", "main", "--head", "..", at=checkout / "scripts")
    assert done.returncode == 2
    told = in_one_line(done)
    assert told.startswith(f"gate: {checkout}/scripts: git: fatal: detected dubious ownership")
    assert told.endswith(f"git config --global --add safe.directory {checkout}")


# --------------------------------------------------------------- an earlier commit, today's harness

EARLIER = "12669fc27c578ac405830603f3b6817bf2360c39"


def why_earlier_commit_is_missing() -> str:
    """Empty where this clone has the commit."""
    if not shutil.which("git"):
        return "needs git"
    if arms.git("cat-file", "-e", EARLIER + "^{commit}", at=ROOT).returncode != 0:
        return f"commit {EARLIER[:7]} is not in this clone (an archive, or a shallow clone)"
    return ""


@pytest.mark.skipif(
    not shutil.which("cmake") or not shutil.which("ninja"), reason="needs CMake and Ninja"
)
@pytest.mark.deep  # it compiles the whole harness; the gate of a pull request does, too
@pytest.mark.skipif(why_earlier_commit_is_missing() != "", reason=why_earlier_commit_is_missing())
def test_queues_of_an_earlier_commit_build_under_this_harness(tmp_path, monkeypatch):
    """The harness includes headers of queues/ by path, and the gate compiles it against those of
    any commit. Without optimisation, which takes half of the time."""
    monkeypatch.setattr(arms, "BUILDS", tmp_path)
    monkeypatch.chdir(ROOT)
    assert arms.stage("base", EARLIER, None).commit == EARLIER
    folder = tmp_path / "build"
    for command in (
        [
            "cmake",
            "-S",
            ROOT,
            "-B",
            folder,
            "-G",
            "Ninja",
            "-DBQ_TESTS=OFF",
            "-DBQ_GATE_LAYOUTS=1",
            "-DCMAKE_BUILD_TYPE=Debug",
            "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
            "-DBQ_ONLY=spsc_spin",
            f"-DBQ_QUEUES_FROM={arms.staged_sources('base')}",
        ],
        ["cmake", "--build", folder, "--target", "gate_trial_0"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    done = subprocess.run(
        [
            folder / "gate_trial_0",
            "--scenario",
            ROOT / "scenarios" / "gate.toml",
            "--list",
            "--queue",
            "spsc_spin",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [cell.get("why_not") for cell in json.loads(done.stdout)["cells"]] == [None, None]
