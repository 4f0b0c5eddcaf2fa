"""python -m fuzz: runs many inputs and prints a table; or one again, with all that it printed."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from fuzz import campaign, sandbox
from fuzz.sandbox import Sandbox
from fuzz.targets import TARGETS
from fuzz.worker import Worker

SHOWN_CHARACTERS = 4_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument(
        "--inputs",
        type=int,
        default=5000,
        metavar="N",
        help="in all, or of --target (default: 5000)",
    )
    parser.add_argument("--seed", type=int, default=campaign.DEFAULT_SEED, metavar="S")
    parser.add_argument(
        "--target", choices=list(TARGETS), action="append", help="only this; may be repeated"
    )
    parser.add_argument(
        "--replay", type=int, metavar="NUMBER", help="run this input of --target again"
    )
    parser.add_argument("--deadline", type=float, default=campaign.DEADLINE_S, metavar="SECONDS")
    parser.add_argument("--workers", type=int, default=campaign.default_workers(), metavar="N")
    arguments = parser.parse_args()
    if missing := sandbox.missing_programs():
        parser.error(f"{sandbox.BUILD} lacks {', '.join(missing)}: build them first")
    if arguments.replay is not None and len(arguments.target or []) != 1:
        parser.error("--replay takes one --target")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    box = sandbox.make(folder / "sandbox")
    return (
        replay(arguments, box, folder)
        if arguments.replay is not None
        else explore(arguments, box, folder / "failed")
    )


def explore(arguments: argparse.Namespace, box: Sandbox, keep: Path) -> int:
    summaries = []
    for name in arguments.target or TARGETS:
        inputs = round(arguments.inputs * (1 if arguments.target else TARGETS[name].share))
        summaries.append(
            campaign.run(
                box, name, inputs, arguments.seed, keep, arguments.workers, arguments.deadline
            )
        )
        print(f"{name}: {inputs} inputs done", file=sys.stderr, flush=True)
    print("\n".join(campaign.table(summaries)), end="\n\n")
    print("\n".join(line for summary in summaries for line in summary.lines()))
    failed = any(summary.failures for summary in summaries)
    shutil.rmtree(keep.parent if not failed else box.folder)
    print(f"\nThe first input of each failure is in {keep}" if failed else "No failure.")
    return int(failed)


def replay(arguments: argparse.Namespace, box: Sandbox, folder: Path) -> int:
    os.environ.clear()
    os.environ.update(box.environment())
    sys.path[:0] = box.environment()["PYTHONPATH"].split(":")
    (target,) = arguments.target
    worker = Worker(box, target, arguments.seed, arguments.deadline)
    case, ended, failure = worker.run(arguments.replay, folder / "input")
    print(f"{case.describe()}\n  in {folder / 'input' / 'work'}")
    end = "no end" if ended.timed_out else f"status {ended.status}"
    print(
        f"{end} after {ended.wall_s:.2f} s\n--- stdout\n{ascii_lines(ended.out)}\n"
        f"--- stderr\n{ascii_lines(ended.err)}"
    )
    print(f"--- {failure.kind}: {failure.detail}" if failure else "--- no failure")
    return int(failure is not None)


def ascii_lines(text: str) -> str:
    """Shortened, and without what a terminal would obey."""
    shown = (
        text
        if len(text) <= SHOWN_CHARACTERS
        else text[: SHOWN_CHARACTERS // 2] + "\n...\n" + text[-SHOWN_CHARACTERS // 2 :]
    )
    return "\n".join(ascii(line)[1:-1] for line in shown.splitlines())


if __name__ == "__main__":
    sys.exit(main())
