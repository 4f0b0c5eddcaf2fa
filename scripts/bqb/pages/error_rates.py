"""The table of error rates in METHODOLOGY.md. The simulations behind it take most of a minute:
results/published/verdict_errors.json keeps what they found, and of which trials."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from bqb.data import published
from bqb.data.files import write_atomically
from bqb.data.model import Run
from bqb.data.rows import ResultError, Row, read_document
from bqb.pages.marks import generated
from bqb.pages.sources import default_run, default_runs
from bqb.pages.words import table
from bqb.schema import Fields
from bqb.validation.simulated_runs import noises_of
from bqb.validation.verdict_errors import BLOCKS_OF_INTERVALS, LOOKS, Figure, error_rates_of

FILE = published.PUBLISHED / "verdict_errors.json"
COUNT, SEED = 1000, 1
DOCUMENT: Fields = {
    "count": ("count", True),
    "seed": ("count", True),
    "trials": ("{text}", True),
    "figures": ("{figure}", True),
}
FIGURE: Fields = {
    "share": ("number", True),
    **{name: ("number?", True) for name in ("low", "high", "most", "least")},
}
LINES = {
    "identical, 12 blocks: runs with any worse": "the same queues: any is declared worse",
    "identical, 12, 24, 48 blocks: runs with any worse": "the same, with looks at "
    f"{', '.join(map(str, LOOKS[:-1]))} and {LOOKS[-1]} rounds",
    "real line-up: false, of all verdicts, per run": "the real line-up: false verdicts, of all",
    "real line-up: false, of worse, per run": "false ones, of *worse*",
    "real line-up: false, of equivalent, per run": "false ones, of *equivalent*",
    "real line-up: worse, of those far off": "declared worse, of those far off the best",
    "real line-up: worse, of the others that are": "declared worse, of the others that are",
    "real line-up: equivalent, of those that are": "declared equivalent, of those that are",
    **{
        f"intervals of {blocks} blocks: hold the median": f"intervals of {blocks} blocks that hold "
        "the median"
        for blocks in BLOCKS_OF_INTERVALS
    },
}


def simulate() -> Row:
    """What the file must hold."""
    rates = error_rates_of(noises_of(newest_first()), COUNT, np.random.default_rng(SEED))
    figures = {name: asdict(rates[name]) for name in LINES}
    return {"count": COUNT, "seed": SEED, "trials": trials_now(), "figures": figures}


def newest_first() -> list[Run]:
    """The default runs: the newest says which points and margins count."""
    newest = default_run()
    return [newest, *(run for run in default_runs() if run is not newest)]


@cache
def trials_now() -> dict[str, str]:
    """SHA-256 of the trials of each run."""
    return {
        run.folder.relative_to(published.PUBLISHED)
        .as_posix(): hashlib.sha256((run.folder / "trials.jsonl.xz").read_bytes())
        .hexdigest()
        for run in newest_first()
    }


def read(path: Path = FILE) -> Row:
    return read_document(path, DOCUMENT, "run ./scripts/generate", {"figure": FIGURE})


def is_current() -> bool:
    """Whether the file is of the default runs that are published."""
    if not FILE.exists():
        return False
    kept = read()
    same_trials = list(kept["trials"].items()) == list(trials_now().items())  # in this order
    return same_trials and (kept["count"], kept["seed"]) == (COUNT, SEED)


def renew() -> None:
    """Simulates again, and writes the file."""
    write_atomically(FILE, (json.dumps(simulate(), indent=1) + "\n").encode())
    error_rates.cache_clear()  # type: ignore[attr-defined]


@generated
def error_rates() -> str:
    if not is_current():
        raise ResultError(f"{FILE}: is of other runs than those published; run ./scripts/generate")
    figures = {name: Figure(**each) for name, each in read()["figures"].items()}
    rows = [
        (line, _percent(figures[name].share), _interval(figures[name]), _limit(figures[name]))
        for name, line in LINES.items()
    ]
    return table(("of simulated runs", "share", "95 % interval", "limit"), rows)


@generated
def error_rates_count() -> str:
    return f"{COUNT:,}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _interval(figure: Figure) -> str:
    ends = (f"{100 * end:.2f}" for end in (figure.low, figure.high) if end is not None)
    return " to ".join(ends) + " %"


def _limit(figure: Figure) -> str:
    if figure.most is not None:
        return f"at most {100 * figure.most:.0f} %"
    return "" if figure.least is None else f"at least {100 * figure.least:.0f} %"
