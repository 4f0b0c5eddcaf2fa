"""Which definitions the linker would take for one, though they differ."""

import subprocess

import pytest

from bqb.running import debug_info

COMPILE = ["g++", "-std=c++20", "-O0", "-gdwarf-5", "-w", "-c"]


@pytest.fixture
def clash(tmp_path):
    """What two sources clash in: (name, name of the file) twice. Each is its header, included, and
    a use of it."""

    def run(one: str, other: str, use: str, **shared: str) -> tuple | None:
        for name, text in shared.items():
            (tmp_path / f"{name}.h").write_text(text)
        found = []
        for folder, text in (("one", one), ("other", other)):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / f"{folder}.h").write_text(text)
            source = tmp_path / folder / "source.cpp"
            source.write_text(
                f'#include <utility>\n#include "{folder}.h"\nstatic auto used = {use};\n'
            )
            subprocess.run(
                [*COMPILE, "-I", tmp_path, source, "-o", source.with_suffix(".o")], check=True
            )
            found.append(debug_info.of_object(source.with_suffix(".o")))
        pair = debug_info.clash(*found)
        return pair and tuple((each.name, each.file.rpartition("/")[2]) for each in pair)

    return run


def in_both(name: str) -> tuple:
    return (name, "one.h"), (name, "other.h")


@pytest.mark.parametrize(
    "one, other, use, name",
    [
        (
            "namespace my { struct Slot { int a; }; }",
            "namespace my { struct Slot { int b, a; }; }",
            "my::Slot{}",
            "my::Slot",
        ),
        (
            "namespace my { template <class T> struct Slot { T a; }; }",
            "namespace my { template <class T> struct Slot { T b, a; }; }",
            "my::Slot<int>{}",
            "my::Slot",
        ),
        (
            "namespace my { inline int wait(int) { return 1; } }",
            "namespace my { inline int wait(int) { return 2; } }",
            "my::wait(1)",
            "my::wait",
        ),
        (
            "namespace my { template <class T> T wait(T) { return 1; } }",
            "namespace my { template <class T> T wait(T) { return 2; } }",
            "my::wait(1)",
            "my::wait",
        ),
        (
            "namespace my { inline int limit = 1; }",
            "namespace my { inline int limit = 2; }",
            "my::limit",
            "my::limit",
        ),
        (
            "namespace my { enum class How { a, b }; }",
            "namespace my { enum class How { b, a }; }",
            "my::How::a",
            "my::How",
        ),
        ("inline int wait() { return 1; }", "inline int wait() { return 2; }", "wait()", "wait"),
        (
            "namespace a::b::inline c { struct D { int x; }; }",
            "namespace a::b::inline c { struct D { long x; }; }",
            "a::b::D{}",
            "a::b::c::D",
        ),
    ],
)
def test_same_name_in_two_files_clashes(clash, one, other, use, name):
    assert clash(one, other, use) == in_both(name)


@pytest.mark.parametrize(
    "one, other, use",
    [
        (
            "namespace my { struct Slot { int a; }; }",
            "namespace your { struct Slot { long a; }; } namespace my = your;",
            "my::Slot{}",
        ),
        (
            "namespace { struct Slot { int a; }; int wait() { return 1; } }",
            "namespace { struct Slot { int b, a; }; int wait() { return 2; } }",
            "std::pair(Slot{}, wait())",
        ),
        ("static int wait() { return 1; }", "static int wait() { return 2; }", "wait()"),
        ("constexpr int limit = 1;", "constexpr int limit = 2;", "*&limit"),
        # Overloads.
        ("inline int wait(int) { return 1; }", "inline int wait(long) { return 2; }", "wait(1)"),
        ("using Word = int;", "using Word = long;", "int(Word(1))"),
        ("struct Slot;\ninline int size(Slot*) { return 1; }", "struct Slot;\n", "1"),
        ('extern "C" int puts(const char*);', '\nextern "C" int puts(const char*);', 'puts("")'),
        (
            "static auto f = [](int x) { return x; };",
            "static auto f = [](int x) { return -x; };",
            "f(1)",
        ),
        ("#include <vector>\n", "#include <deque>\n#include <vector>\n", "std::vector<int>(3)"),
        (
            '#include "shared.h"\n',
            '#include "shared.h"\n#define more\n',
            "std::pair(my::Slot<int>{}, my::wait())",
        ),
    ],
)
def test_what_is_apart_or_the_same_does_not(clash, one, other, use):
    shared = (
        "#pragma once\nnamespace my { template <class T> struct Slot { T a; }; inline int "
        "wait() { return 1; } }\n"
    )
    assert clash(one, other, use, shared=shared) is None


def test_two_files_with_the_same_text_do_not(clash):
    text = "namespace my { struct Slot { int a; }; }\n"
    assert clash(text, text, "my::Slot{}") is None


def test_definitions_are_read_again_when_the_object_has_changed(tmp_path):
    source, compiled = tmp_path / "source.cpp", tmp_path / "source.o"
    for name in ("first", "second"):
        source.write_text(f"int {name}() {{ return 1; }}")
        subprocess.run([*COMPILE, source, "-o", compiled], check=True)
        for _ in range(2):
            assert [each.name for each in debug_info.of_object(compiled).values()] == [name]
