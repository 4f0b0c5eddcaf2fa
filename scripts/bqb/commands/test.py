"""./scripts/test: builds everything and runs every test."""

from __future__ import annotations

from bqb.commands.options import Parser, add_no_setup, add_with
from bqb.running import external_queues, testrun


def main(words: list[str]) -> int:
    parser = Parser(
        prog="test",
        description="Builds everything, runs every test and sums up: all "
        "of them in a release build, then the contract of the queues again under the "
        "sanitizers.",
    )
    parser.add_argument(
        "--preset",
        action="append",
        choices=["release", "asan", "tsan"],
        help="run all tests in this build instead; may be repeated",
    )
    parser.add_argument(
        "--deep",
        action="store_true",
        help="also tests that repeat others in another build or in larger searches",
    )
    add_with(
        parser,
        "test only the queue of this header, against the contract (default: in the "
        "release build)",
    )
    add_no_setup(parser)
    arguments = parser.parse_args(words)
    if arguments.headers:
        return testrun.run_outside(
            external_queues.check(tuple(arguments.headers)), arguments.preset or ["release"]
        )
    return testrun.run(arguments.preset or [], arguments.deep)
