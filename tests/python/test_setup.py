"""Set-up names all that the commands start; the PATH with which .ci/run proves it; the names of
.ci/lint's checks; the commit in the results."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATH_OF_PACKAGES = ROOT / ".ci" / "path_of_packages.py"


def programs(folder: Path, *names: str) -> Path:
    """A folder with links to these programs and no others, for PATH."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return folder


# ---------------------------------------------------------------------------------- set-up names it


def packages_of(command: str) -> list[str]:
    script = f"source {ROOT}/scripts/setup.sh; packages_of {command}"
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.parametrize(
    "command, packages",
    [
        (
            "test",
            {
                "git",
                "valgrind",
                "strace",
                "spin",
                "mount",
                "libbenchmark-tools",
                "python3-pytest",
                "python3-pytest-xdist",
                "python3-yaml",
            },
        ),
        ("gate", {"git", "valgrind", "strace", "python3-numpy"}),
        ("bench", {"g++", "cmake", "ninja-build", "libre2-dev", "python3", "python3-matplotlib"}),
        ("lint", {"clang", "clang-format", "clang-tidy", "shellcheck", "black", "flake8", "mypy"}),
    ],
)
def test_set_up_names_every_package_of_a_command_whatever_is_here(command, packages):
    assert packages <= set(packages_of(command))


def test_packages_of_wrapped_libraries_are_named_too():
    assert {"libtbb-dev", "libboost-dev", "libxenium-dev"} <= set(packages_of("bench")) & set(
        packages_of("test")
    )


@pytest.mark.parametrize(
    "command", ["bench", "explore", "gate", "plot", "publish", "repeat", "validate"]
)
def test_the_tests_start_the_other_commands_and_install_nothing_more_for_them(command):
    assert set(packages_of(command)) <= set(packages_of("test"))


def test_scipy_is_installed_only_where_it_is_imported():
    commands = (
        "bench",
        "explore",
        "gate",
        "plot",
        "plot_validation",
        "publish",
        "test",
        "validate",
    )
    assert {command for command in commands if "python3-scipy" in packages_of(command)} == {
        "gate",
        "plot_validation",
        "test",
        "validate",
    }


@pytest.mark.parametrize(
    "file, needs", [("validation.json", "plot_validation"), ("trials.jsonl", "plot")]
)
def test_the_plots_of_a_validation_take_what_the_validation_took(tmp_path, file, needs):
    (tmp_path / file).touch()
    script = (
        f"source {ROOT}/scripts/setup.sh; set_up() {{ echo $1; exit; }}; run_command plot "
        f"{tmp_path}"
    )
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == f"{needs}\n"


def test_a_run_needs_no_git():
    assert "git" not in packages_of("bench")


# The gate's 3 is "inconclusive".
@pytest.mark.parametrize("command, status", [("test", 3), ("gate", 4)])
def test_a_machine_without_git_is_told_what_to_install(tmp_path, monkeypatch, command, status):
    monkeypatch.setenv(
        "PATH", str(programs(tmp_path / "bin", "bash", "env", "dirname", "readlink", "python3"))
    )
    run = subprocess.run(
        [ROOT / "scripts" / command, "--no-setup"], capture_output=True, text=True, check=False
    )
    assert run.returncode == status, run.stderr
    assert "  git                      finds base and head\n" in run.stderr
    assert (
        " git " in run.stderr.splitlines()[-1] and "apt-get install" in run.stderr.splitlines()[-1]
    )


# ------------------------------------------------------------------------- a PATH of packages alone


@pytest.fixture
def paths():
    spec = importlib.util.spec_from_file_location("path_of_packages", PATH_OF_PACKAGES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(
    not shutil.which("dpkg-query"), reason="no dpkg: the packages of this system are not Debian's"
)
def test_the_path_holds_the_programs_of_the_packages_and_of_no_other(paths, tmp_path):
    paths.main(tmp_path / "with", "git")
    paths.main(tmp_path / "without")
    for folder in (tmp_path / "with", tmp_path / "without"):
        assert {"sh", "bash", "env", "awk", "tar", "dpkg-query"} <= set(
            os.listdir(folder)
        ), "essential"
        assert not {"c++", "cmake", "apt-get", "git-lfs"} & set(os.listdir(folder))
    assert (tmp_path / "with" / "git").resolve() == Path("/usr/bin/git").resolve()
    assert not (tmp_path / "without" / "git").exists()


@pytest.mark.skipif(
    not shutil.which("dpkg-query"), reason="no dpkg: the packages of this system are not Debian's"
)
def test_a_compiler_found_by_that_path_works(paths, tmp_path):
    paths.main(tmp_path / "bin", "g++")
    (tmp_path / "one.cpp").write_text("int main() {}\n", encoding="utf-8")
    subprocess.run(
        ["c++", "one.cpp", "-o", "one"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin")},
        check=True,
    )
    subprocess.run([tmp_path / "one"], check=True)


def test_alternatives_and_diversions_are_followed(paths, tmp_path, monkeypatch):
    """On an invented system. `cc` is an alternative, and the best of its programs is not wanted.
    `grep` is diverted by a package that is not wanted, `view` by one that is. Of `this | that` only
    the second is installed. `mailer` is a virtual package."""
    folder = tmp_path / "usr" / "bin"
    folder.mkdir(parents=True)
    for name in ("gcc", "clang", "grep", "grep.real", "view", "view.real", "that", "mail", "basic"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    (folder / "notes").touch(mode=0o644)
    status = [
        "gcc\tinstalled\tno\t,this (>= 1) | that:any, mailer\t",
        "postfix\tinstalled\tno\t,\tmailer (= 1), other",
        "base\tinstalled\tyes\tgrep,\t",
        "gone\tconfig-files\tno\t,clang\t",
        *(
            f"{name}\tinstalled\tno\t,\t"
            for name in ("that", "clang", "grep", "fake-grep", "vim", "my-view")
        ),
    ]
    files = {
        "gcc": ["gcc", "notes"],
        "that": ["that"],
        "clang": ["clang"],
        "postfix": ["mail"],
        "base": ["basic"],
        "grep": ["grep"],
        "fake-grep": ["grep"],
        "vim": ["view"],
        "my-view": ["view"],
    }
    query = (
        f"Name: cc\nLink: {folder}/cc\nSlaves:\n cc.1.gz {tmp_path}/man/cc.1.gz\n c89 "
        f"{folder}/c89\n"
        f"Status: auto\n\nAlternative: {folder}/clang\nPriority: 30\n\nAlternative: "
        f"{folder}/gcc\nPriority: 20\n"
        f"Slaves:\n cc.1.gz {tmp_path}/man/gcc.1.gz\n c89 {folder}/gcc\n"
    )

    def lines_of(*command):
        if command[0] == "update-alternatives":
            return ["cc   auto   clang"] if command[1] == "--get-selections" else query.splitlines()
        if command[0] == "dpkg-divert":
            return [
                f"diversion of {folder}/grep to {folder}/grep.real by fake-grep",
                f"diversion of {folder}/view to {folder}/view.real by my-view",
                f"local diversion of {folder}/other to {folder}/other.real",
            ]
        return (
            status if command[1] == "--show" else [f"{folder}/{name}" for name in files[command[2]]]
        )

    monkeypatch.setattr(paths, "lines_of", lines_of)
    monkeypatch.setattr(paths, "FOLDERS", (str(folder),))
    paths.main(tmp_path / "made", "gcc", "vim", "my-view", "gone")
    assert {path.name: path.readlink().name for path in (tmp_path / "made").iterdir()} == {
        "gcc": "gcc",
        "cc": "gcc",
        "c89": "gcc",
        "that": "that",
        "mail": "mail",
        "basic": "basic",
        "grep": "grep.real",
        "view": "view",
        "view.real": "view.real",
    }


# --------------------------------------------------------------------------- the checks of .ci/lint


def test_an_unknown_check_is_one_line_that_names_the_known_ones_and_nothing_runs():
    run = subprocess.run(
        [ROOT / ".ci" / "lint", "format", "spelling"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    said, known = run.stderr.split("; there are: ")
    assert "'spelling'" in said and {"format", "shell", "python", "types"} <= set(known.split())


@pytest.mark.parametrize(
    "name, text, status",
    [
        ("CMakeLists.txt", "x" * 100, 0),
        ("CMakeLists.txt", "x" * 101, 1),
        ("new.py", "short\n" + "x" * 101, 1),
        (".github/workflows/new.yml", "x" * 101, 1),
        ("queues/new.h", "µ" * 100, 0),
        ("queues/new.h", "µ" * 101, 1),
        ("docs/new.md", "x" * 101, 0),
        ("results/published/new.jsonl", "x" * 101, 0),
        ("build/new.py", "x" * 101, 0),
    ],
)
def test_a_line_of_more_than_100_characters_is_found(tmp_path, name, text, status):
    folder = tmp_path / "checkout"
    for source in (".ci/lint", ".gitignore"):
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, folder / source)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text + "\n", encoding="utf-8")
    git("init", "-q", at=folder)
    run = subprocess.run(
        [folder / ".ci/lint", "lines"],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    line = text.count("\n") + 1
    found = f"{name}:{line}:{text.splitlines()[-1]}\n" if status else ""
    assert (run.returncode, run.stdout) == (status, f"== lines\n{found}"), run.stderr


# ------------------------------------------------------------------------ the commit in the results


def git(*words, at: Path) -> str:
    return subprocess.run(
        ["git", "-C", at, "-c", "user.name=t", "-c", "user.email=t@t", *words],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def build_info(source: Path) -> tuple[str, str]:
    """(commit, dirty) as a build would put them into the results."""
    header = source / "build" / "build_info.h"
    subprocess.run(
        [
            "cmake",
            f"-DSOURCE_DIR={source}",
            f"-DOUTPUT={header}",
            "-P",
            ROOT / "cmake" / "build_info.cmake",
        ],
        check=True,
    )
    words = dict(
        line.split()[1:]
        for line in header.read_text(encoding="utf-8").splitlines()
        if line.startswith(("#define BQ_COMMIT ", "#define BQ_DIRTY "))
    )
    return words["BQ_COMMIT"].strip('"'), words["BQ_DIRTY"]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "CMakeLists.txt").touch()
    git("init", "-q", at=folder)
    git("add", "-A", at=folder)
    git("commit", "-qm", "x", at=folder)
    return folder


def test_the_commit_is_that_of_the_checkout_and_changes_are_told(checkout):
    assert build_info(checkout) == (git("rev-parse", "HEAD", at=checkout), "0")
    (checkout / "CMakeLists.txt").write_text("# changed\n", encoding="utf-8")
    assert build_info(checkout) == (git("rev-parse", "HEAD", at=checkout), "1")


def test_without_git_the_commit_is_unknown(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(programs(tmp_path / "bin", "cmake")))
    assert build_info(checkout) == ("unknown", "0")


def test_of_an_archive_the_commit_is_unknown_also_inside_another_checkout(checkout, tmp_path):
    for archive in (tmp_path / "archive", checkout / "archive"):
        archive.mkdir()
        (archive / "CMakeLists.txt").touch()
        assert build_info(archive) == ("unknown", "0")


def test_before_the_first_commit_the_commit_is_unknown(tmp_path):
    (tmp_path / "CMakeLists.txt").touch()
    git("init", "-q", at=tmp_path)
    git("add", "-A", at=tmp_path)
    assert build_info(tmp_path) == ("unknown", "0")


@pytest.mark.skipif(os.geteuid() != 0, reason="to give a file away takes root")
def test_the_commit_is_known_where_the_checkout_belongs_to_somebody_else(checkout):
    commit = git("rev-parse", "HEAD", at=checkout)
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 12345, 12345)
    assert build_info(checkout) == (commit, "0")
