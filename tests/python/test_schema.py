"""Everything outside of C++ that repeats the vocabulary is held to `queue_bench --schema`."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic
from bqb import ROOT, schema
from bqb.data.model import Arrivals, Block, Limits, Point, Process, Side
from bqb.data.rows import read_rows
from bqb.pages import vocabulary
from bqb.stats import counters

QUEUE_BENCH = ROOT / "build" / "release" / "queue_bench"
FAKE = Path(__file__).parent / "fake_queue_bench.py"

pytestmark = pytest.mark.skipif(not QUEUE_BENCH.exists(), reason="no release build")


@pytest.fixture(scope="module", name="words")
def words_fixture() -> dict:
    """The schema that the built queue_bench prints."""
    return json.loads(
        subprocess.run([QUEUE_BENCH, "--schema"], capture_output=True, check=True).stdout
    )


def test_generated_files_are_up_to_date(words):
    stale = [
        str(path.relative_to(ROOT))
        for path, text in vocabulary.generated_files(words).items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run ./scripts/generate"


@pytest.mark.parametrize(
    "change",
    [
        lambda words: words["counters"].pop(),
        lambda words: words["keys"][words["keys"].index(key_of(words, "payload"))].update(
            default_value="heap"
        ),
        lambda words: words["rows"][-1]["fields"].pop(),
        lambda words: words["enums"]["placement"].append("hyper"),
        lambda words: words["exit_statuses"][0].update(status=9),
        lambda words: words["rules"][1].update(value=5),
        lambda words: words["properties"][2]["parameters"].append(128),
    ],
    ids=[
        "a counter less",
        "another default",
        "a field less",
        "another name",
        "another status",
        "another rule",
        "another parameter",
    ],
)
def test_each_part_of_the_vocabulary_is_in_a_generated_file(words, change):
    changed = json.loads(json.dumps(words))
    change(changed)
    assert vocabulary.generated_files(changed) != vocabulary.generated_files(words)


def key_of(words: dict, path: str) -> dict:
    return next(key for key in words["keys"] if key["path"] == path)


def defaults(kind: type) -> dict[str, object]:
    return {
        field.name: field.default
        for field in dataclasses.fields(kind)
        if field.default is not dataclasses.MISSING
    }


def test_points_have_the_defaults_of_queue_bench(words):
    """Runs of before 2026-11-28 leave out a key with its default: another default changes their
    meaning."""
    stated = {
        key["name"]: key["default_value"]
        for key in words["keys"]
        if "default_value" in key and key["type"] != "table"
    }
    assert stated == {name: value for name, value in defaults(Point).items() if name in stated}
    tables = {
        key["name"] for key in words["keys"] if key["type"] == "table" and "default_value" in key
    }
    own = {"name", "scenario", "params", "case", "level"}
    assert {field.name for field in dataclasses.fields(Point)} == {*stated, *tables, *own}


@pytest.mark.parametrize(
    "kind, table, leaves_out",
    [
        (Side, "producer", set()),
        (Side, "stage", set()),
        (Arrivals, "arrivals", {"rate_per_s", "mean_gap_ns"}),
    ],
)
def test_processes_have_the_keys_of_their_table(words, kind, table, leaves_out):
    keys = {key["name"] for key in words["keys"] if key["table"] == table} - leaves_out
    assert {field.name for field in dataclasses.fields(kind)} == keys | {"mean_ns"}


def test_defaults_of_a_process_are_those_of_its_keys(words):
    for kind, table in ((Side, "consumer"), (Arrivals, "arrivals")):
        for key in words["keys"]:
            if key["table"] == table and key["default"].startswith("`"):
                assert defaults(kind)[key["name"]] == key["default"].strip("`"), key["path"]
    assert defaults(Process)["process"] == words["enums"]["process"][0]


@pytest.mark.parametrize("kind, row", [(Block, "block"), (Limits, "limits")])
def test_dataclasses_have_fields_of_their_row(words, kind, row):
    assert {field.name for field in dataclasses.fields(kind)} <= schema.ROWS[row].keys()


def test_counters_that_the_scripts_name_exist():
    """Texts in the package that look like a counter, by their end."""
    known = {
        *schema.COUNTERS,
        *(value for values in schema.PROPERTY_VALUES.values() for value in values),
    }
    known |= {f"{stem}_ns" for stem in schema.DISTRIBUTIONS}
    for name in ("LOST", "NOMINAL_LOST", "THROUGHPUT", "EXCESS", "CPU_BEYOND_WORK", "FLOOR_LOST"):
        assert getattr(counters, name) in known, name
    named = {
        word
        for path in sorted((ROOT / "scripts" / "bqb").rglob("*.py"))
        if path != vocabulary.MODULE
        for word in re.findall(
            r'"([a-z_0-9]+(?:_per_msg|_msgs_per_s|_p50_ns|_p99_ns))"',
            path.read_text(encoding="utf-8"),
        )
    }
    assert (
        named - known - {"_per_msg", "_ns_per_msg", "_msgs_per_s", "pilot_ns_per_msg", "ns_per_msg"}
        == set()
    )


def test_every_counter_is_written_by_the_analysis():
    """By its name, by its name without the role, or as a part of a distribution."""
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "benchmarks" / "analysis").glob("*.cpp")
    )
    for name in schema.COUNTERS:
        stem = re.sub("_(mean|p50|p99)_ns$", "", name)
        role = re.sub("^(producer|stage|consumer)_", "", name)
        assert any(f'"{word}"' in text for word in (name, stem, role)), name


def test_units_of_counters_are_those_of_queue_bench():
    texts = {
        "ns": "ns",
        "ns/msg": "ns",
        "msgs/s": "msgs/s",
        "1/msg": "events per message",
        "share": "share",
    }
    for name, (_, unit) in schema.COUNTERS.items():
        if unit:
            assert counters.unit_of(name) == texts[unit], name


def check_rows(rows: list[dict]) -> None:
    """Reading has held them to the fields of their kind."""
    assert rows
    for row in rows:
        assert set(row.get("counters", {})) <= {*schema.COUNTERS}, row["cell"]


def test_rows_of_the_fake_queue_bench(tmp_path):
    for stage in (["--pilot", "--note-arguments", "{}"], ["--properties"], ["--round", "1"]):
        subprocess.run([sys.executable, FAKE, "--out", tmp_path, *stage], check=True)
    check_rows(list(read_rows(tmp_path / "trials.jsonl")))


def test_rows_of_synthetic_runs(tmp_path):
    check_rows(list(read_rows(synthetic.make(tmp_path, rounds=2) / "trials.jsonl")))


def test_help_names_every_option_that_the_fake_takes():
    """The driver's double takes no option that queue_bench lacks."""
    text = subprocess.run(
        [QUEUE_BENCH, "--help"], capture_output=True, text=True, check=True
    ).stdout
    lists = re.findall(r"(?s)for (?:option|flag) in \((.*?)\):", FAKE.read_text(encoding="utf-8"))
    options = {f"--{name}" for names in lists for name in re.findall(r'"([a-z-]+)"', names)}
    assert options and options <= set(re.findall(r"--[a-z-]+", text))


def compiles(text: str) -> subprocess.CompletedProcess[str]:
    """Whether g++ takes a source that includes the harness's headers, and what it says."""
    command = [
        "g++",
        "-std=c++20",
        "-Werror=switch",
        "-fsyntax-only",
        f"-I{ROOT}",
        "-x",
        "c++",
        "-",
    ]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


ENUMERATION = """
#include "benchmarks/util/enum_names.h"
enum class Colour {{ red, green }};
constexpr std::string_view name_of(Colour value) {{
  switch (value) {{
    case Colour::red: return "red";
    {more}
  }}
  return {{}};
}}
static_assert(bq::bench::enumerator_of<Colour>("red") == Colour::red);
"""


def test_a_forgotten_enumerator_does_not_compile():
    assert compiles(ENUMERATION.format(more='case Colour::green: return "green";')).returncode == 0
    forgotten = compiles(ENUMERATION.format(more=""))
    assert forgotten.returncode != 0 and "'green' not handled" in forgotten.stderr.replace(
        "‘", "'"
    ).replace("’", "'")


COUNTER = """
#include "benchmarks/analysis/metric_writer.h"
void write(bq::bench::MetricWriter& metrics) {{ metrics.add("{name}", 1.0); }}
"""


def test_a_counter_that_is_not_listed_does_not_compile():
    assert compiles(COUNTER.format(name="efficiency")).returncode == 0
    assert "counters.h has no such counter" in compiles(COUNTER.format(name="eficiency")).stderr
