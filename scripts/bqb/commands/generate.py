"""./scripts/generate: writes the files that follow from the vocabulary in C++."""

from __future__ import annotations

import json
import subprocess

from bqb import ROOT, exit_status, short_path
from bqb.commands.options import Parser, add_no_setup
from bqb.data import files
from bqb.report.generated import generated_files
from bqb.running.build import build


def main(words: list[str]) -> int:
    parser = Parser(
        prog="generate",
        description="Writes the files that follow from `queue_bench --schema`:"
        " scripts/bqb/schema.py, the tables of keys, counters and rows in the pages; and the"
        " decision table of the published run in README.md. Builds queue_bench first.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a file would change"
    )
    add_no_setup(parser)
    options = parser.parse_args(words)
    from bqb.running import publishing

    build("release", "queue_bench")
    schema = subprocess.run(
        [ROOT / "build" / "release" / "queue_bench", "--schema"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    generated = generated_files(json.loads(schema))
    generated[publishing.README] = publishing.readme_with_decisions()
    stale = {
        path: text
        for path, text in generated.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if not options.check:
            files.write_atomically(path, text.encode())
        print(f"{'would change' if options.check else 'wrote'} {short_path(path)}")
    return exit_status.FAILED if options.check and stale else exit_status.OK
