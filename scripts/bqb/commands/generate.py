"""./scripts/generate: writes the files that follow from the vocabulary in C++, and the parts of
the pages that follow from the published runs and from replays of drawn work."""

from __future__ import annotations

import json
import subprocess
from functools import partial

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
    from bqb.pages import capacity_rules, error_rates, marks, write

    build("release", "queue_bench")
    program = ROOT / "build" / "release" / "queue_bench"
    schema = subprocess.run(
        [program, "--schema"], check=True, capture_output=True, text=True
    ).stdout
    for file, is_current, renew in (
        (error_rates.FILE, error_rates.is_current, error_rates.renew),
        (capacity_rules.FILE, capacity_rules.is_current, partial(capacity_rules.renew, program)),
    ):
        if is_current():
            continue
        if options.check:
            print(f"would change {short_path(file)}")
            return exit_status.FAILED
        renew()
        print(f"wrote {short_path(file)}")
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
