"""The C++ snippets of README, docs and headers compile as written and run; their commands parse,
and run if short.

A command that stands in a page for the first time fails `test_every_command_is_accounted_for` until
it has an entry in RUN or in ELSEWHERE.
"""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from bqb import ROOT, commands
from bqb.commands.options import Parser

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        ROOT / "results/README.md",
        ROOT / "scenarios/README.md",
    ]
)
HEADERS = sorted([*ROOT.glob("queues/**/*.h"), *ROOT.glob("examples/**/*.h")])
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")  # code in the text, perhaps over two lines
COMMAND = re.compile(
    r"\S*scripts/(advise|bench|explore|gate|generate|plot|publish|repeat|report|test|validate)\b|"
    r"cmake |build/\S+/\w+|"
    r"git |ctest |\.ci/\w+|python3 |black |clang-format |pre-commit "
)
LANGUAGES = {"cpp", "sh", "toml", "yaml", "cmake", "text", "python"}
RELEASE = ROOT / "build" / "release"
SECONDS = 120  # for a command that takes less than 30 s on two free cores

needs_release = pytest.mark.skipif(
    not (RELEASE / "queue_bench").exists(), reason="no release build"
)


# ------------------------------------------------------------------------------- what the docs hold


@dataclass(frozen=True)
class Block:
    """A fenced block: where its first line stands, its language, its text without indentation."""

    path: Path
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def text_of(path: Path) -> str:
    """A page, or the comments of a header with all other lines empty."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    return "".join(
        re.sub(r"^\s*///?<? ?", "", line) if line.lstrip().startswith("//") else "\n"
        for line in text.splitlines(keepends=True)
    )


def blocks(*languages: str) -> list[Block]:
    found = []
    for path in (*PAGES, *HEADERS):
        text = text_of(path)
        for fence in FENCE.finditer(text):
            lines = [line.removeprefix(fence[1]) for line in fence[3].splitlines(keepends=True)]
            found.append(
                Block(path, text.count("\n", 0, fence.start()) + 2, fence[2], "".join(lines))
            )
    return [block for block in found if not languages or block.language in languages]


def command_lines() -> dict[str, str]:
    """{command as written: where it stands first}, of shell blocks, of sessions (`$ ...`) and of
    code in the text."""
    found: dict[str, str] = {}
    for block in blocks("sh", "text", "yaml"):
        for number, line in enumerate(block.text.splitlines()):
            if block.language == "text":
                line = line[2:] if line.startswith("$ ") else ""
            if block.language == "yaml":
                line = line.partition("run: ")[2]
            if line := without_comment(line):
                found.setdefault(line, f"{block.path.relative_to(ROOT)}:{block.line + number}")
    for path in (*PAGES, *HEADERS):
        text = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text_of(path))
        for span in SPAN.finditer(text):
            if COMMAND.match(span[1]) and len(span[1].split()) > 1:  # a lone name is no command
                place = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, span.start()) + 1}"
                found.setdefault(" ".join(span[1].split()), place)
    return found


def without_comment(line: str) -> str:
    return re.sub(r"\s+#\s.*$", "", line).strip()


def simple_commands(line: str) -> list[list[str]]:
    """The words of each command of a shell line, also of a line that is given to `sh -c`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&;|")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("&;|"):
            found.append([])
        else:
            found[-1].append(word)
    found = [words for words in found if words]
    return [
        *found,
        *(
            inner
            for words in found
            for shell, option, text in zip(words, words[1:], words[2:])
            if (shell, option) == ("sh", "-c")
            for inner in simple_commands(text)
        ),
    ]


# ---------------------------------------------------------------------------------------------- C++


CPP = blocks("cpp")


def test_every_block_names_its_language():
    assert not [str(block) for block in blocks() if block.language not in LANGUAGES]


@pytest.mark.parametrize("block", CPP, ids=str)
def test_snippet_compiles_as_written_and_runs(block, tmp_path):
    # As a header: one that is a whole header has #pragma once.
    (tmp_path / "snippet.h").write_text(block.text)
    (tmp_path / "main.cpp").write_text('#include "snippet.h"\n')
    runs = re.search(r"^int main\(", block.text, re.MULTILINE) is not None
    command = [
        "c++",
        "-std=c++20",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pthread",
        f"-I{ROOT}",
        "main.cpp",
        *(["-o", "snippet"] if runs else ["-c"]),
    ]
    compiled = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    if runs:
        subprocess.run([tmp_path / "snippet"], stdout=subprocess.DEVNULL, check=True, timeout=30)


def test_readme_and_the_handles_show_a_program():
    programs = {block.path.name for block in CPP if "int main(" in block.text}
    assert {"README.md", "handles.h"} <= programs


# --------------------------------------------------------------------------------------------- TOML


@needs_release
@pytest.mark.parametrize(
    "block", [block for block in blocks("toml") if "question" in block.text], ids=str
)
def test_scenario_is_accepted(block, tmp_path):
    (tmp_path / "documented.toml").write_text(block.text)
    listed = subprocess.run(
        [RELEASE / "queue_bench", "--list", "--scenario", tmp_path / "documented.toml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr


# ----------------------------------------------------------------------------------------- commands


SINGLE_POINT = "./scripts/bench --point speed_map/capacity:16/rho:1/consumer_mean_ns:1000"
QUICK = "--scenario quick --queue ^two_condvar$ --rounds 1 --no-setup"
# A command as written: what runs in its place, where that would take more than 30 s. {out}: a
# folder that does not exist yet. {run}: the folder of a short run. my_queue.h is the example of
# docs/your_own_queue.md.
CONTAINER = "--producer-mean 5k/s --consumer-mean 50us --cores 0.5 --idle-cpu none"
SMALL = "--producer-mean 4us --consumer-mean 5us --memory 1KiB"
ADVISE = "./scripts/advise --measure none --no-setup --out {out}"
REPEATED = sorted(str(path) for path in (ROOT / "results/published/repeat").iterdir())[1:]
RUN = {
    "./scripts/bench --scenario quick": f"./scripts/bench {QUICK} --out {{out}}",
    "./scripts/bench --queue 'two_condvar|tbb'": "./scripts/bench --queue 'two_condvar|tbb' --list",
    "./scripts/bench --all --budget 30m": "./scripts/bench --all --budget 30m --list",
    "build/release/queue_bench --machine": None,
    "./scripts/bench --list": None,
    # 8: no queue is decided by the published point.
    "./scripts/advise --consumer-mean 5us --burst 50": f"{ADVISE} --consumer-mean 5us --burst 50 "
    "|| test $? = 8",
    f"./scripts/advise {CONTAINER}": f"{ADVISE} {CONTAINER} || test $? = 8",
    f"./scripts/advise {SMALL} --measure none": f"{ADVISE} {SMALL} || test $? = 8",
    "./scripts/bench --point NAME": "./scripts/bench --point race --list",
    "./scripts/bench --scenario recorded": "./scripts/bench --scenario recorded --list",
    f"{SINGLE_POINT} --queue '^(two_condvar|tbb)$'": f"{SINGLE_POINT} "
    "--queue '^(two_condvar|tbb)$' --rounds 1 --no-setup --out {out}",
    "./scripts/bench --all --list": None,
    "./scripts/bench --rounds 24": "./scripts/bench --rounds 24 --list",
    "./scripts/bench --scenario work_kinds": "./scripts/bench --scenario work_kinds --list",
    "./scripts/bench --scenario NAME --list": "./scripts/bench --scenario worker_pool --list",
    "./scripts/bench --scenario NAME --out results/NAME --details | tee /tmp/tables.txt": "./"
    f"scripts/bench {QUICK} --out {{out}} --details",
    "./scripts/bench --scenario NAME --out DIR": f"./scripts/bench {QUICK} --out {{out}}",
    "./scripts/bench --queue '^(NAME|two_condvar|mpmc_spin_yield_park)$'": "./scripts/bench "
    "--queue '^(two_lock|two_condvar|mpmc_spin_yield_park)$' --list",
    "./scripts/bench --scenario quick --queue '^(NAME|two_condvar)$'": "./scripts/bench --list "
    "--scenario quick --queue '^(two_lock|two_condvar)$'",
    "cmake --preset release && cmake --build --preset release": "cmake --preset release && "
    "cmake --build --preset release --target queue_bench",
    r"ctest --preset release -R '^two_condvar\.'": "ctest --preset release -N -R "
    r"'^two_condvar\.' | grep -q two_condvar.PushWaitsWhileFull",
    r"ctest --preset release -R '^harness\.'": r"ctest --preset release -N -R '^harness\.' | "
    "grep -q harness.Watchdog",
    r"ctest --preset release -R '^NAME\.|^explore\.NAME$'": "ctest --preset release -N -R "
    r"'^two_lock\.|^explore\.two_lock$' | grep -q explore.two_lock",
    "./scripts/bench --scenario speed_map --queue '^two_condvar$' --seed 1 "
    "--out results/chart": "./scripts/bench --scenario speed_map --queue '^two_condvar$' --seed 1 "
    "--list",
    "./scripts/plot DIR": "./scripts/plot {run}",
    "./scripts/report DIR": "./scripts/report {run}",
    "./scripts/report DIR --details": "./scripts/report {run} --details",
    "./scripts/report DIR --out FILE": "./scripts/report {run} --out {out}.html",
    "./scripts/report DIR...": f"./scripts/report {{run}} {REPEATED[0]} --out {{out}}.html",
    "./scripts/report DIR DIR...": f"./scripts/report {' '.join(REPEATED)} --out {{out}}.html",
    "./scripts/repeat RUN RUN...": f"./scripts/repeat {' '.join(REPEATED)}",
    "./scripts/explore": "./scripts/explore --queue '^two_condvar$'",
    "./scripts/explore --queue mpmc_park --bound 1": None,
    "./scripts/explore --queue two_lock --producers 2 --consumers 2 --capacity 1 --messages 4 "
    "--delays 4": None,
    "./scripts/explore --queue spsc_park --ending race --weak --bound 3": None,
    "./scripts/explore --queue two_lock --consumers 2 --ending quiet --pushes push,try_push "
    "--pops pop_into,try_pop_until": None,
    "./scripts/gate selftest": "./scripts/gate selftest --gates 10",
    "./scripts/gate aa --folder results/published/gate/aa --runs 1": None,
    "cmake --build --preset release --target pipeline_demo && build/release/pipeline_demo": None,
}
# A command that a test file runs already, or that no test can run. No entry may start the tests
# again.
ELSEWHERE = {
    "./scripts/bench": "its quick form is that of ./scripts/bench --scenario quick",
    "./scripts/test": "the command that runs this test",
    "./scripts/bench --adapt-spin-limits": "test_queue_bench.py",
    "./scripts/advise --resume DIR": "test_advise.py",
    "./scripts/advise --recording scenarios/recorded/compressor.bqrec "
    "--measure none": "test_recorded_program.py",
    "build/release/benchmarks/overhead/peer_overhead 100 --json FILE": "test_peer_overhead.py",
    "PYTHONPATH=scripts python3 -m bqb.advice.held_out --commit $(git rev-parse HEAD) "
    "--out results/held_out": "two hours; test_advise_held_out.py",
    "./scripts/test --deep": "the command that runs this test",
    ".ci/run --deep": "it starts ./scripts/test",
    ".ci/compiler clang++-19": "a workflow, .github/workflows/ci.yml",
    "clang-format -i FILE": ".ci/lint format",
    "black scripts tests .ci": ".ci/lint python",
    "pre-commit install": "needs a program that no other command needs",
    "./scripts/generate --check": "test_schema.py: what it compares",
    "python3 -m pytest -q tests/python/test_claims.py": "it starts tests",
    "python3 -m pytest -q tests/python/test_docs_facts.py": "it starts tests",
    "python3 -m pytest -q tests/python/test_release.py": "it starts tests",
    "python3 -m pytest -q tests/python/test_docs.py tests/python/test_docs_facts.py "
    "tests/python/test_readme.py": "it starts tests",
    "git status": "git's own",
    'git tag -a vX.Y.Z -m "X.Y.Z"': "git's own",
    "./scripts/bench --with my_queue.h": "test_with.py",
    "./scripts/bench --with my_queue.h --queue '^(my_queue|two_condvar)$'": "test_with.py",
    "./scripts/bench --with my_queue.h --with other_queue.h --list": "test_with.py",
    "./scripts/bench --with HEADER": "test_with.py",
    "./scripts/test --with HEADER": "test_with.py",
    "./scripts/bench --with my_queue.h --with-flags '-Ithird_party/include -std=c++23 -lfoo "
    "third_party/src/foo.cpp'": "test_with.py",
    "./scripts/test --with old.h --with-flags -Iv1 --with new.h --with-flags -Iv2": "test_with.py",
    "./scripts/test --with my_queue.h": "test_with.py",
    "./scripts/test --with my_queue.h --preset asan --preset tsan": "test_with.py, in the "
    "release build",
    "./scripts/explore --with my_queue.h": "test_with.py",
    "./scripts/explore --queue '^reference_as_posted$' --capacity 2 "
    "--messages 3": "test_explore.py",
    "./scripts/explore --queue '^reference_as_posted$' --messages 0 --ending "
    "producers": "test_explore.py",
    "./scripts/validate --deep": "test_validate.py, with synthetic runs: it has no quick form",
    "./scripts/publish DIR": "test_publish.py",
    "./scripts/gate run --base main --head .": "test_gate.py, with programs that only pretend to "
    "measure",
    "./scripts/gate compare STORED.json --head .": "test_gate.py",
    "./scripts/gate aa --folder results/gate/aa": "test_gate.py",
    "./scripts/gate aa --folder results/gate/relinked --relinked": "test_gate.py",
    "./scripts/gate inject --folder results/gate/plus15 --pct 15 --cell "
    "gate/two_condvar/case:two_cores --runs 20": "test_gate.py",
    "cmake -S . -B build/install -DBQ_BENCHMARKS=OFF": "test_install.py",
    "cmake --install build/install --prefix ~/.local": "test_install.py",
    "apt-get update && apt-get install --no-install-recommends -y git ca-certificates": "the "
    "workflows, .github/workflows/*.yml",
    "git clone https://github.com/OWNER/bounded-queue-bench ../bqb": "needs the network",
    "git -C ../bqb checkout COMMIT": "git's own",
    '../bqb/scripts/gate run --with include/my_queue.h --base "origin/$GITHUB_BASE_REF" --head . '
    "--github": "test_gate.py",
    "git worktree add ../ruler main": "git's own",
    "git bisect start BAD GOOD": "git's own",
    "git bisect run sh -c '../ruler/scripts/gate run --base GOOD --head . --queue two_condvar; "
    "s=$?; "
    "[ $s -ge 2 ] && exit 125; exit $s'": "test_gate.py: its exit statuses",
    "git bisect run": "git's own",
    'export SCENARIOS="ping_pong worker_pool"': "test_many_machines.py",
    "job=$(sbatch --parsable --array=0-1%1 --nodelist=NODE "
    "examples/many_machines/slurm_array.sh)": "test_many_machines.py, without Slurm",
    "./scripts/report results/slurm-*/*/": "needs Slurm",
    'sbatch --dependency=afterany:"$job" --output=results/slurm-%j.log '
    '--wrap="./scripts/report results/slurm-$job/*"': "needs Slurm",
    'for node in node1 node2 node3 node4; do CLONE=yes sbatch --nodelist="$node" '
    "examples/many_machines/slurm_array.sh; done": "test_many_machines.py, without Slurm",
    "parallel --nonall --sshloginfile hosts --workdir bounded-queue-bench --tag ./scripts/bench "
    "--list": "needs hosts",
    "examples/many_machines/gnu_parallel.sh hosts": "test_many_machines.py, without hosts",
    'SCENARIOS="ping_pong worker_pool" examples/many_machines/gnu_parallel.sh hosts --rounds '
    "24": "test_many_machines.py, without hosts",
}


class Parsed(Exception):
    """Raised in the place of what a command does after it has understood its words."""


def understand(words: list[str], monkeypatch) -> None:
    """Has the command's own parser read the words; a SystemExit says what it did not understand."""

    def parse(parser, arguments):
        super(Parser, parser).parse_args(arguments)
        raise Parsed

    monkeypatch.setattr(Parser, "parse_args", parse)
    with pytest.raises(Parsed):
        commands.COMMANDS[Path(words[0]).name](words[1:])


@pytest.mark.parametrize("line", command_lines())
def test_command_is_understood(line, monkeypatch):
    for words in simple_commands(line):
        if COMMAND.fullmatch(words[0]) and Path(words[0]).parent.name == "scripts":
            understand(words, monkeypatch)


def shell(text: str, folder: Path, **places: Path) -> subprocess.CompletedProcess:
    """Runs a line in the project's folder; `places` fill its braces."""
    header = folder / "my_queue.h"
    shutil.copy(ROOT / "examples/my_queue.h", header)
    text = re.sub(r"\bmy_queue\.h\b", str(header), text.format(**places) if places else text)
    return subprocess.run(
        ["bash", "-c", text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short")
    done = shell("./scripts/bench " + QUICK + " --out {out}", folder, out=folder / "run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@needs_release
@pytest.mark.parametrize("line", RUN)
def test_command_runs(line, tmp_path, run_folder):
    quick = RUN[line]
    done = (
        shell(quick, tmp_path, out=tmp_path / "out", run=run_folder)
        if quick
        else shell(line, tmp_path)
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_is_accounted_for():
    documented = command_lines()
    new = {
        line: place
        for line, place in documented.items()
        if line not in RUN and line not in ELSEWHERE
    }
    assert not new, "add each to RUN (or to ELSEWHERE, with what tests it): " + json.dumps(
        new, indent=1
    )
    assert not [
        line for line in (*RUN, *ELSEWHERE) if line not in documented
    ], "no page has these any more"
