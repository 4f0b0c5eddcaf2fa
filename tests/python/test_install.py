"""What the build asks of a machine and leaves on it: the installed package, and builds that do
without."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(not shutil.which("cmake"), reason="no CMake")


def cmake(*words) -> subprocess.CompletedProcess:
    return subprocess.run(["cmake", *map(str, words)], capture_output=True, text=True, check=False)


def done(*words) -> str:
    run = cmake(*words)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def headers(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.h")}


def test_installed_queues_are_used_from_elsewhere_and_need_only_a_compiler(tmp_path):
    build, prefix, consumer = tmp_path / "build", tmp_path / "prefix", tmp_path / "consumer"
    done("-S", ROOT, "-B", build, "-G", "Ninja", "-DBQ_BENCHMARKS=OFF", "-DBQ_TESTS=OFF")
    packages = re.findall(
        r"^(?!CMAKE_)(\w+)_DIR:PATH", (build / "CMakeCache.txt").read_text(), re.MULTILINE
    )
    assert packages == [], "looked for"
    done("--install", build, "--prefix", prefix)
    assert headers(prefix / "include" / "bounded_queues" / "queues") == headers(ROOT / "queues")

    done(
        "-S",
        ROOT / "tests" / "install",
        "-B",
        consumer,
        "-G",
        "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}",
    )
    done("--build", consumer)
    run = subprocess.run([consumer / "consumer"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("all there")


def test_installed_version_is_checked(tmp_path):
    build, prefix = tmp_path / "build", tmp_path / "prefix"
    done("-S", ROOT, "-B", build, "-G", "Ninja", "-DBQ_BENCHMARKS=OFF")
    done("--install", build, "--prefix", prefix)
    consumer = tmp_path / "source" / "CMakeLists.txt"
    consumer.parent.mkdir()
    consumer.write_text(
        (ROOT / "tests" / "install" / "CMakeLists.txt").read_text().replace(" 0.1 ", " 0.2 ")
    )
    run = cmake(
        "-S",
        consumer.parent,
        "-B",
        tmp_path / "consumer",
        "-G",
        "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}",
    )
    assert run.returncode != 0 and "0.1.0" in run.stderr


# ------------------------------------------------------------------------------- libraries of peers


def queues_of(library: str) -> list[str]:
    lines = [line.split() for line in (ROOT / "queues" / "queues.list").read_text().splitlines()]
    return [words[2] for words in lines if words[4:5] == [library]]


def listed(build: Path) -> set[str]:
    return {path.stem for path in (build / "benchmarks" / "bq_listed_queues").glob("*.cpp")}


@pytest.mark.parametrize(
    "options, notice",
    [
        (["-DBQ_WITHOUT=boost"], "Without {queues}: BQ_WITHOUT leaves out the library boost."),
        # The tests need Boost: the explorer's fibers.
        (
            ["-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON", "-DBQ_TESTS=OFF"],
            "Without {queues}: the library boost is not here (Debian package libboost-dev).",
        ),
    ],
)
def test_library_that_is_not_here_costs_its_queues_and_no_more(tmp_path, options, notice):
    said = done("-S", ROOT, "-B", tmp_path, "-G", "Ninja", *options)
    wrapped = queues_of("boost")
    assert wrapped and said.count(notice.format(queues=", ".join(wrapped))) == 1
    assert "two_condvar" in listed(tmp_path) and not listed(tmp_path) & set(wrapped)
    assert (
        '"boost"' not in (tmp_path / "build.ninja").read_text()
    ), "the results name the libraries that are here"


def test_unknown_library_is_named_with_the_known_ones(tmp_path):
    run = cmake("-S", ROOT, "-B", tmp_path, "-G", "Ninja", "-DBQ_WITHOUT=bost")
    assert run.returncode != 0
    said = " ".join(run.stderr.split())
    assert "BQ_WITHOUT: 'bost' is no library of cmake/Peers.cmake; there are: boost, " in said


VERSIONS = """\
cmake_minimum_required(VERSION 3.25)
project(versions LANGUAGES CXX)
include({root}/cmake/Peers.cmake)
bq_peer(found cmake found.h FROM Found)
bq_peer(part no-such-package part.h FROM Found COMPONENTS part)
bq_peer(header no-such-package header.h)
bq_peer_versions(versions)
message(STATUS "versions: ${{versions}}")
"""


def test_the_version_of_a_library_is_that_of_what_cmake_found_and_else_of_its_package(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(VERSIONS.format(root=ROOT))
    (tmp_path / "header.h").touch()
    (tmp_path / "FoundConfig.cmake").touch()
    (tmp_path / "FoundConfigVersion.cmake").write_text(
        "set(PACKAGE_VERSION 3.4.5)\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n"
    )
    folders = [f"-DFound_DIR={tmp_path}", f"-DCMAKE_INCLUDE_PATH={tmp_path}"]
    said = done("-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", *folders)
    assert '"found": "3.4.5"' in said and '"part": "3.4.5"' in said, "not that of package cmake"
    assert '"header": "unknown"' in said


PEERS = """\
# bq_peer(<key> <Debian package> <file>)
bq_peer(here libhere-dev {here})
bq_peer(gone libgone-dev gone/gone.h FROM Gone LINK Gone::gone)
bq_peer(lost liblost-dev lost.h)
"""
GOING_ON = (
    "Going on without the queues of libraries that are not here; these packages bring them: "
    "libgone-dev "
    "liblost-dev\n"
)


def set_up(tmp_path, may_install: str, install: str) -> subprocess.CompletedProcess:
    (tmp_path / "here.h").touch()
    (tmp_path / "Peers.cmake").write_text(PEERS.format(here="here.h"))
    script = "\n".join(
        [
            f"source {ROOT}/scripts/setup.sh",
            f"CPATH={tmp_path}",
            f"PEERS={tmp_path}/Peers.cmake",
            "need_program() { :; }",
            "need_header() { :; }",
            "need_python() { :; }",
            f"install() {{ {install}; }}",
            f"set_up bench {may_install}",
            "echo set up",
        ]
    )
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


def test_missing_peers_are_installed(tmp_path):
    arrive = f"mkdir {tmp_path}/gone; touch {tmp_path}/{{gone/gone,lost}}.h"
    run = set_up(tmp_path, "yes", f'echo "$*" >>{tmp_path}/asked; {arrive}')
    assert (run.returncode, run.stdout, run.stderr) == (0, "set up\n", "")
    assert (tmp_path / "asked").read_text() == "libgone-dev liblost-dev\n"


@pytest.mark.parametrize(
    "may_install, said", [("no", GOING_ON), ("yes", f"no network.\n{GOING_ON}")]
)
def test_peers_that_stay_missing_are_a_notice_and_no_error(tmp_path, may_install, said):
    run = set_up(tmp_path, may_install, "WHY_NOT='no network'; return 1")
    assert (run.returncode, run.stdout, run.stderr) == (0, "set up\n", said)
