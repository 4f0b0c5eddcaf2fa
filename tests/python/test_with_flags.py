"""What a header from outside the tree is compiled and linked with, and what a run keeps of it."""

import json
import re

import pytest

from outside import edit, real, start


@real
def test_flags_of_a_header(header, tmp_path):
    library = tmp_path / "a library" / "include"
    library.mkdir(parents=True)
    (library / "sum.h").write_text("#pragma once\nint sum(int, int);\n")
    (library.parent / "sum.cpp").write_text(
        '#include "sum.h"\nint sum(int a, int b) { return a + b; }\n'
    )
    edit(header, "#pragma once", '#pragma once\n#include <expected>\n#include "sum.h"')
    edit(header, "return capacity_;", "return capacity_ + sum(1, -1);")
    flags = f"-I'{library}' '{library.parent}/sum.cpp' -std=c++23"
    listed = start("bench", "--with", header, "--with-flags", flags, "--list")
    assert listed.returncode == 0 and " my_queue" in listed.stdout, listed.stderr
    tested = start("test", "--with", header, "--with-flags", flags)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize(
    "words, complaint",
    [
        (("--with-flags", "-O2"), "--with-flags comes after the --with HEADER that it belongs to"),
        (("--with", "a.h", "--with-flags", "-Ithere"), "-I there: no such folder"),
        (("--with", "a.h", "--with-flags", "-isystem"), "-isystem without its path"),
        (("--with", "a.h", "--with-flags", "'-I"), "No closing quotation; quote it as for a shell"),
        (("--with", "a.h", "--with-flags", "foo.cpp"), "'foo.cpp' is neither an option nor a file"),
        (("--with", "a.h", "--with-flags", "a.h"), "'a.h' is no source"),
    ],
)
def test_wrong_flags_are_one_line_and_status_2(bench, tmp_path, words, complaint):
    (tmp_path / "a.h").write_text("BQ_QUEUE(my::Queue, mine);")
    run = bench(*words).end()
    assert run.status == 2 and len(run.err.splitlines()) == 1 and complaint in run.err


def test_a_run_knows_what_was_brought(bench, tmp_path):
    (tmp_path / "a.h").write_text("BQ_QUEUE(my::Queue, mine);")
    (tmp_path / "include").mkdir()
    bench("--with", "a.h", "--with-flags", "-Iinclude -lm", "--out", "run", refuse_round=1).end()
    begun = json.loads((tmp_path / "run" / "trials.jsonl").read_text().splitlines()[0])
    arguments = begun["context"]["arguments"]
    assert arguments["header_flags"] == [f"-I{tmp_path}/include -lm"]
    assert arguments["brought"][0]["header"] == "a.h"
    assert re.fullmatch("[0-9a-f]{12}", arguments["brought"][0]["sha256"])
    assert re.search(r"libm\.so", arguments["brought"][0]["versions"])
