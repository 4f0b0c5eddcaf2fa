"""What the tests of the Python side share."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))


# Files that take longest, which stay on one core each: they begin first, so that no core waits for
# them at the end.
LONGEST = [
    "test_fuzz",
    "test_with",
    "test_gate",
    "test_figures",
    "test_docs",
    "test_queue_bench",
    "test_driver",
    "test_promela",
    "test_advise",
]


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "deep: repeats another test, with more; runs with `./scripts/test --deep`"
    )


def pytest_collection_modifyitems(items):
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Starts the command `bench` over the fake queue_bench: bench(arguments, **what_goes_wrong) ->
    Started."""
    monkeypatch.setenv("BQB_QUEUE_BENCH", str(HERE / "fake_queue_bench.py"))
    return lambda *words, **faults: Started(tmp_path, words, faults)


class Started:
    """A `bench` in progress, in a folder of its own."""

    # Without what needs real trials: plots and table.
    CODE = (
        "import sys; from bqb.commands import bench, main; "
        "bench.show_run = lambda folder, details: None; "
        "sys.exit(main(sys.argv[1:]))"
    )

    def __init__(self, folder, words, faults):
        environment = {
            **os.environ,
            "PYTHONPATH": str(HERE.parents[1] / "scripts"),
            "FAKE": json.dumps(faults),
        }
        # A shell starts what runs in the background with SIGINT ignored, and that is inherited: not
        # by this child.
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.CODE, "bench", *words],
            cwd=folder,
            text=True,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def end(self):
        """Waits; then `status`, `out` (text) and `err` (text) are known."""
        self.out, self.err = self.process.communicate(timeout=60)
        self.status = self.process.returncode
        return self


@pytest.fixture
def header(tmp_path, monkeypatch):
    """The example under a path with spaces. What is built for it goes with the test."""
    monkeypatch.delenv("BQB_QUEUE_BENCH", raising=False)
    from outside import EXAMPLE, forget  # which imports bqb

    path = tmp_path / "my queues" / "my queue.h"
    path.parent.mkdir()
    shutil.copy(EXAMPLE, path)
    yield path
    forget(path)
