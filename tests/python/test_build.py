"""What happens around CMake."""

import fcntl

import pytest
from bqb import CommandError
from bqb.running import build
from bqb.running.build import run_cmake


@pytest.fixture
def project(tmp_path):
    """configure(): configures and builds a project of one file, configure.lists, in the folder
    configure.folder."""
    sources = tmp_path / "sources"
    sources.mkdir()

    def configure():
        command = ["cmake", "-S", str(sources), "-B", str(configure.folder), "-G", "Ninja"]
        run_cmake(command, configure.folder, None, "build")

    configure.lists, configure.folder = sources / "CMakeLists.txt", tmp_path / "build"
    configure.lists.write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES NONE)\n"
        "add_custom_target(all_of_it ALL COMMAND ${CMAKE_COMMAND} -E touch done)\n",
        encoding="utf-8",
    )
    return configure


def test_a_tool_that_has_moved_since_does_not_stop_the_build(project):
    project()
    cache = project.folder / "CMakeCache.txt"
    kept = cache.read_text(encoding="utf-8")
    ninja = next(line for line in kept.splitlines() if line.startswith("CMAKE_MAKE_PROGRAM:"))
    cache.write_text(
        kept.replace(ninja, "CMAKE_MAKE_PROGRAM:FILEPATH=/no/such/folder/ninja"), encoding="utf-8"
    )
    (project.folder / "done").unlink()
    project()
    assert (project.folder / "done").exists()


def test_what_the_user_set_outlives_a_configuration_that_fails(project):
    project()
    cache = project.folder / "CMakeCache.txt"
    cache.write_text(
        cache.read_text(encoding="utf-8") + "OF_THE_USER:STRING=kept\n", encoding="utf-8"
    )
    right = project.lists.read_text(encoding="utf-8")
    project.lists.write_text("no list at all", encoding="utf-8")
    with pytest.raises(CommandError):
        project()
    project.lists.write_text(right, encoding="utf-8")
    project()
    assert "OF_THE_USER:STRING=kept" in cache.read_text(encoding="utf-8")


def test_what_cmake_says_is_shown_and_the_log_named(project, capsys):
    project.lists.write_text("no list at all", encoding="utf-8")
    with pytest.raises(CommandError, match="failed; the whole log is .*build.log") as told:
        project()
    assert told.value.status == 3 and "CMake Error" in capsys.readouterr().err


def test_nobody_else_builds_in_a_folder_meanwhile(project, monkeypatch):
    """Configuration and build hold a lock, and give it back."""

    def is_free():
        with open(project.folder / "build.lock", "w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    seen = []

    def follow(*_):
        seen.append(is_free())
        return 0

    monkeypatch.setattr(build, "follow", follow)
    project()
    assert seen == [False, False] and is_free()
