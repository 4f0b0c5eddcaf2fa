"""./scripts/generate: writes the files that follow from the vocabulary in C++, and the parts of
the pages that follow from the published runs."""

from __future__ import annotations

import json
import subprocess

from bqb import ROOT, CommandError, exit_status, short_path
from bqb.commands.options import Parser, add_no_setup
from bqb.data import files
from bqb.running.build import build


def main(words: list[str]) -> int:
    parser = Parser(
        prog="generate",
        description="Writes the files that follow from `queue_bench --schema`:"
        " scripts/bqb/schema.py, the tables of keys, counters and rows in the pages; and the tables"
        " and numbers in the pages that follow from the runs in results/published."
        " Builds queue_bench first.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a file would change"
    )
    add_no_setup(parser)
    options = parser.parse_args(words)
    from bqb.pages import error_rates, marks, write

    build("release", "queue_bench")
    schema = subprocess.run(
        [ROOT / "build" / "release" / "queue_bench", "--schema"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if not error_rates.is_current():
        if options.check:
            print(f"would change {short_path(error_rates.FILE)}")
            return exit_status.FAILED
        error_rates.renew()
        print(f"wrote {short_path(error_rates.FILE)}")
    try:
        generated = write.generated_files(json.loads(schema))
    except marks.PageError as error:
        raise CommandError(str(error), exit_status.USAGE) from None
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
