"""The tables and numbers of the pages are those of the published data; runs are found by rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bqb import ROOT
from bqb.data import published
from bqb.data.rows import ResultError
from bqb.pages import error_rates, marks, words, write
from bqb.pages.marks import PageError

PAGES = write.pages()
PARTS = [
    (page, part)
    for page, text in PAGES.items()
    for part in marks.parts_of(page, text)
    if part.name in marks.WRITTEN
]
PAGE = ROOT / "docs" / "page.md"
TABLE = "<!-- generated: some table -->\n\n| 1 |\n\n<!-- end of some table -->\n"
NUMBER = "It takes <!--n:some number-->12<!--/n--> ns."


def some_table() -> str:
    return "| 2 |"


WRITERS = {"some table": some_table, "some number": lambda: "34"}


# ---------------------------------------------------------------------------------- today's pages


@pytest.fixture(scope="module", name="current")
def current_fixture() -> dict[Path, str]:
    """The pages as they should be."""
    return write.published_pages(PAGES)


def test_pages_are_what_the_published_data_say(current):
    stale = [page for page, text in current.items() if text != PAGES[page]]
    assert stale == [], "run ./scripts/generate"


@pytest.mark.parametrize("page, part", PARTS, ids=[part.name for _, part in PARTS])
def test_an_altered_digit_is_seen(current, page, part):
    """Or a letter, in a part without digits."""
    text, number = current[page], [each for where, each in PARTS if where == page].index(part)
    known = [each for each in marks.parts_of(page, text) if each.name in marks.WRITTEN]
    part = known[number]
    found = re.search(r"\d", text[part.begin : part.end])
    at = part.begin + (found.start() if found else 0)
    other = str((int(text[at]) + 1) % 10) if found else "x"
    altered = {**current, page: f"{text[:at]}{other}{text[at + 1 :]}"}
    assert write.published_pages(altered)[page] == text != altered[page]


def test_tables_of_measured_data_are_among_the_parts():
    assert {page.name for page, _ in PARTS} == {
        "README.md",
        "METHODOLOGY.md",
        "advise.md",
        "capacity_rules.md",
        "peers.md",
        "published_results.md",
    }
    assert {page.parent.name for page, _ in PARTS} == {ROOT.name, "results", "docs"}
    assert len(PARTS) > 25


def test_a_number_that_stands_on_two_pages_is_one():
    by_name: dict[str, set[str]] = {}
    for page, part in PARTS:
        by_name.setdefault(part.name, set()).add(PAGES[page][part.begin : part.end].strip())
    assert all(len(texts) == 1 for texts in by_name.values())


def test_no_function_names_a_run():
    for path in (ROOT / "scripts" / "bqb" / "pages").glob("*.py"):
        assert not re.search(r"\b20\d\d-\d\d", path.read_text(encoding="utf-8")), path


# ------------------------------------------------------------------------------------------ marks


def test_parts_are_written_and_the_rest_stays():
    text = f"before\n\n{TABLE}\n{NUMBER} After.\n"
    told = text.replace("| 1 |", "| 2 |").replace("12", "34")
    assert marks.filled(PAGE, text, WRITERS) == told
    assert marks.filled(PAGE, told, WRITERS) == told
    assert marks.filled(PAGE, text, {}) == text


def test_a_part_without_empty_lines_keeps_none():
    text = "<!-- generated: some table -->\n| 1 |\n<!-- end of some table -->\n"
    assert marks.filled(PAGE, text, WRITERS) == text.replace("1", "2")


@pytest.mark.parametrize(
    "text, line",
    [
        ("a\n<!-- generated: some table -->\n| 1 |\n", 2),
        ("a\n\n| 1 |\n<!-- end of some table -->\n", 4),
        (TABLE.replace("end of some", "end of another"), 5),
        (TABLE.replace("| 1 |", "<!-- generated: some number -->"), 3),
        ("a <!--n:some number-->12 ns\n", 1),
        ("a 12<!--/n--> ns\n", 1),
        ("a <!--n:some number-->12 <!--n:some number-->3<!--/n-->\n", 1),
        (TABLE.replace("| 1 |", NUMBER), 3),
        ("<!--n:some number-->12\n<!-- end of some number -->\n", 2),
    ],
)
def test_a_mark_that_lacks_its_other_one_is_named(text, line):
    with pytest.raises(PageError, match=rf"^docs/page\.md:{line}: .* stands alone$"):
        marks.filled(PAGE, text, WRITERS)


@pytest.mark.parametrize("text", [TABLE, NUMBER])
def test_a_part_that_nothing_writes_is_named(text):
    with pytest.raises(PageError, match=r"^docs/page\.md:2: nothing writes the part 'some \w+'$"):
        marks.check_names({PAGE: f"\n{text}"}, {})
    pages = {**PAGES, PAGE: f"\n{text}"}
    with pytest.raises(PageError, match=r"^docs/page\.md:2: nothing writes"):
        write.published_pages(pages)


def test_a_function_whose_part_no_page_has_is_named():
    marks.check_names({PAGE: f"{TABLE}{NUMBER}"}, WRITERS)
    line = some_table.__code__.co_firstlineno
    place = rf"^tests/python/test_published_pages\.py:{line}: no page has a part 'some table'$"
    with pytest.raises(PageError, match=place):
        marks.check_names({PAGE: NUMBER}, WRITERS)
    less = {page: text.replace("gate rivals", "gate named") for page, text in PAGES.items()}
    with pytest.raises(PageError, match=r"^scripts/bqb/pages/gates\.py:\d+: .* 'gate rivals'$"):
        write.published_pages(less)


# ---------------------------------------------------------------------------------- finding runs


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    for name in (
        "2026-11-29.some-cpu-2-cores",
        "2026-11-29T0955.some-cpu-2-cores",
        "2026-11-29T1330.some-cpu-2-cores",
        "2026-11-28T2359.other-cpu-64-cores",
        "2026-12-01T0000.some-cpu-2-cores.ablation",
        "2026-11-23.some-cpu-2-cores.ablation",
        "2026-12-02.some-cpu-2-cores.validate",
        "2026-12-03T0100.some-cpu-2-cores.a.ablation",
        ".2026-12-03T0100.some-cpu-2-cores.new",
        "gate/aa",
        "repeat/2026-11-29.0049",
        "repeat/2026-12-09.0049",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "verdict_errors.json").touch()
    return tmp_path


def test_runs_are_found_by_their_names(folder):
    assert [path.name for path in published.runs(folder=folder)] == [
        "2026-11-28T2359.other-cpu-64-cores",
        "2026-11-29.some-cpu-2-cores",
        "2026-11-29T0955.some-cpu-2-cores",
        "2026-11-29T1330.some-cpu-2-cores",
    ]
    for selection, name in (
        (published.DEFAULT, "2026-11-29T1330.some-cpu-2-cores"),
        (published.ABLATION, "2026-12-01T0000.some-cpu-2-cores.ablation"),
        (published.VALIDATE, "2026-12-02.some-cpu-2-cores.validate"),
    ):
        assert published.latest(selection, folder).name == name
    everything = published.default_runs(folder)
    assert len(everything) == 6 and everything[-1] == published.latest(folder=folder)
    with pytest.raises(ResultError, match="holds no run of 'appendix'"):
        published.latest("appendix", folder)


# ----------------------------------------------------------------------------------- error rates


def test_error_rates_of_other_trials_are_not_shown(monkeypatch):
    assert error_rates.is_current()
    newest, *others = error_rates.trials_now().items()
    for trials in ({newest[0]: "0" * 64, **dict(others)}, dict([*others, newest]), dict(others)):
        monkeypatch.setattr(error_rates, "trials_now", lambda trials=trials: trials)
        assert not error_rates.is_current()
        with pytest.raises(ResultError, match=r"verdict_errors\.json: .*run \./scripts/generate"):
            error_rates.error_rates.__wrapped__()


@pytest.mark.deep
def test_error_rates_are_those_of_the_simulation():
    assert error_rates.read() == error_rates.simulate()


# ------------------------------------------------------------------------------------------ words


def test_numbers_in_words():
    assert [words.percent(share) for share in (0, 0.0876, 1, 0.996)] == ["0", "9", "100", "100"]
    assert [words.percent(share, 1) for share in (0, 0.0037, 1, -0.0122)] == [
        "0",
        "0.4",
        "100",
        "-1.2",
    ]
    assert words.percent(0.15, 1, signed=True) == "+15.0"
    assert words.with_interval(0, 40) == "0 (0 to 9 %)"
    assert [words.count(each) for each in (0, 1, 12, 13, 1839)] == [
        "none",
        "one",
        "twelve",
        "13",
        "1,839",
    ]
    assert words.listed(["a", "b", "c"]) == "a, b and c" and words.listed(["a"]) == "a"
