"""A copy of the scripts whose programs measure, build and install nothing.

Commands find their tree from where their modules lie, so what they write stays in the copy. PATH
holds stubs only. The programs of build/release list as the real ones do, or end with an error.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from fuzz import corpus
from fuzz.corpus import ROOT

BUILD = ROOT / "build" / "release"
PROGRAMS = ("queue_bench", "explore", "gate_trial_0", "gate_counts")
COPIED = (
    "scripts",
    "scenarios",
    "docs",
    "queues",
    "README.md",
    "METHODOLOGY.md",
    "results/README.md",
)
QUEUE_BENCH_IO_ERROR = 5

# Lists as the real program does; whatever would measure ends the command without blaming a queue.
QUEUE_BENCH = f"""#!/bin/sh
for word in "$@"; do
  case $word in
    --list | --schema | --machine | --queues | --counters | --help) exec {BUILD}/queue_bench "$@" ;;
  esac
done
echo "queue_bench: a stub, which measures nothing" >&2
exit {QUEUE_BENCH_IO_ERROR}
"""
EXPLORE = f"""#!/bin/sh
for word in "$@"; do
  case $word in --replay*) exec {BUILD}/explore "$@" ;; esac
done
exec {BUILD}/explore "$@" --list
"""
GATE_TRIAL = """#!/bin/sh
exec /bin/cat "${0%/*}/../../corpus/listing.json"
"""
PLACES = {  # folders of a sandbox, and what is in them: commands add nothing
    ".": {"home", "bin", "arms", "tree", "corpus"},
    "tree": {name.partition("/")[0] for name in COPIED} | {"build", "results", "plots"},
    "tree/results": {"published", "README.md"},
}
TOOLS = {  # name: what the stub does
    "cmake": 'case "$*" in */with*) echo "CMake Error: a stub"; exit 1 ;; esac',
    "git": 'echo "fatal: not a git repository" >&2; exit 128',
    **dict.fromkeys(
        ("ninja", "ctest", "c++", "readelf", "valgrind", "strace", "sudo", "apt-get"), "exit 1"
    ),
}


@dataclass(frozen=True)
class Sandbox:
    folder: Path

    @property
    def root(self) -> Path:
        """The copy of the tree."""
        return self.folder / "tree"

    @property
    def corpus(self) -> Path:
        """The files that are mutated: see corpus.py."""
        return self.folder / "corpus"

    def program(self, name: str) -> Path:
        """A stub, or a program that starts no measurement by itself."""
        return self.root / "build" / "release" / name

    def copy(self, folder: Path) -> Sandbox:
        """Another one, for a worker alone: commands write to it."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Sandbox(folder)

    def clear(self) -> list[str]:
        """Empties the folders that commands write to. Removes and returns what is elsewhere."""
        for folder in (self.root / "results" / "published", self.root / "plots"):
            for path in folder.iterdir():
                _remove(path)
        strangers = []
        for place, names in PLACES.items():
            for path in (self.folder / place).iterdir():
                if path.name not in names:
                    strangers.append(f"{place}/{ascii(path.name)}")
                    _remove(path)
        return strangers

    def environment(self) -> dict[str, str]:
        """Of the workers, for all that they start."""
        python_path = f"{self.root / 'scripts'}:{Path(__file__).resolve().parents[1]}"
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        return {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": python_path,
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "Agg",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "BQB_GATE_PROGRAMS": str(self.folder / "arms"),
            "BQB_GATE_BUILDS": str(self.folder / "arms" / "builds"),
            "BQB_QUEUE_BENCH": str(self.program("queue_bench")),
            **kept,
        }


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if not (BUILD / name).exists()]


def make(folder: Path) -> Sandbox:
    """Makes the copy and the corpus in `folder`."""
    box = Sandbox(folder)
    for name in (
        "home",
        "bin",
        "arms/head",
        "tree/build/release",
        "tree/results/published",
        "tree/plots",
    ):
        (folder / name).mkdir(parents=True)
    for name in COPIED:
        _copy(ROOT / name, box.root / name)
    for name, text in TOOLS.items():
        _write_program(folder / "bin" / name, f"#!/bin/sh\n{text}\n")
    _write_program(box.program("queue_bench"), QUEUE_BENCH)
    _write_program(box.program("explore"), EXPLORE)
    _write_program(folder / "arms" / "head" / "gate_trial_0", GATE_TRIAL)
    corpus.make(box.corpus)
    return box


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
