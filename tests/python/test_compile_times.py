"""What a header costs a compiler: that it is the right source, compiled as by the build, and that
failures say why."""

import json
import shutil

import pytest

from bqb import ROOT
from bqb.running import compile_times
from bqb.running.header_flags import Header

COMPILER = shutil.which("c++")


def build_folder(folder, command):
    """A build's folder in which the reference is compiled by `command`."""
    entry = {
        "directory": str(folder),
        "command": f"{command} -o reference.o -c reference.cpp",
        "file": str(folder / "bq_listed_queues" / "reference.cpp"),
    }
    (folder / "compile_commands.json").write_text(
        json.dumps([{**entry, "file": "main.cpp"}, entry])
    )
    return folder


@pytest.mark.skipif(not COMPILER, reason="no compiler")
@pytest.mark.parametrize("queue", ["two_condvar", "mpmc_spin_yield_park"])  # a class, and an alias
def test_a_header_costs_more_than_an_empty_source(tmp_path, queue):
    values = compile_times.measure(
        queue, build=build_folder(tmp_path, f"{COMPILER} -I{ROOT} -std=c++20")
    )
    assert values["header_compile_s"] > 0 and values["repetitions"] == 3


@pytest.mark.skipif(not COMPILER, reason="no compiler")
def test_a_queue_from_outside_is_found_by_its_name(tmp_path):
    header = tmp_path / "mine.h"
    header.write_text(
        '#include "queues/two_condvar.h"\n'
        "namespace my { template <class T> using Q = bq::TwoCondvarQueue<T>; }\n"
        "BQ_QUEUE(my::Q, mine)\n"
    )
    assert compile_times.source_of("mine", (Header(str(header)),)) == (str(header), "my::Q", ())
    build = build_folder(tmp_path, f"{COMPILER} -I{ROOT} -std=c++20")
    assert compile_times.measure("mine", (Header(str(header)),), build)["header_compile_s"] > 0


def test_the_empty_source_is_taken_off(monkeypatch):
    monkeypatch.setattr(compile_times, "command_of", lambda queue, build: ("compiler",))
    monkeypatch.setattr(
        compile_times, "_median_cpu_s", lambda command, source: 5.0 if source else 2.0
    )
    compile_times._empty.cache_clear()
    assert compile_times.measure("two_lock")["header_compile_s"] == 3.0
    compile_times._empty.cache_clear()


def test_the_source_includes_the_header_and_makes_every_call():
    header, name, _ = compile_times.source_of("two_lock", ())
    text = compile_times.SOURCE.format(header=header, name=name)
    assert '#include "queues/two_lock.h"' in text and "bq::TwoLockQueue<std::uint64_t>&" in text
    for call in (
        "push",
        "try_push",
        "pop",
        "try_pop",
        "close",
        "is_closed",
        "capacity",
        "size_approx",
        "try_push_until",
        "try_pop_until",
    ):
        assert f".{call}(" in text


@pytest.mark.skipif(not COMPILER, reason="no compiler")
def test_a_source_that_does_not_compile_is_one_line(tmp_path):
    header = tmp_path / "broken.h"
    header.write_text('#error "no such luck"\nBQ_QUEUE(my::Q, broken)\n')
    build = build_folder(tmp_path, f"{COMPILER} -I{ROOT} -std=c++20")
    with pytest.raises(
        compile_times.CannotCompile, match='broken.h:1:2: error: #error "no such luck"'
    ):
        compile_times.measure("broken", (Header(str(header)),), build)


def test_without_a_build_it_says_so(tmp_path):
    with pytest.raises(compile_times.CannotCompile, match="comes with a build by ./scripts/bench"):
        compile_times.measure("two_lock", build=tmp_path)
