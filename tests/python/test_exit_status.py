"""Exit statuses are those of exit_status.py, in Python and in set-up."""

import ast
import re
from pathlib import Path

import bqb
import pytest
from bqb.exit_status import SETUP, GateCountsStatus, GateStatus

PACKAGE = Path(bqb.__file__).parent
SETUP_SH = (bqb.ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")


def literal_statuses(text: str) -> list[int]:
    """Lines that give a number where a CommandError takes its status, or that define a status of
    their own."""
    lines = []
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "CommandError"
        ):
            lines += [word.lineno for word in node.args[1:] if isinstance(word, ast.Constant)]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [name.id for name in node.targets if isinstance(name, ast.Name)]
            lines += [node.lineno for name in names if name.startswith("EXIT_")]
    return lines


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_module_has_a_status_of_its_own(path):
    assert literal_statuses(path.read_text(encoding="utf-8")) == []


def test_a_status_of_its_own_is_seen():
    assert literal_statuses(
        'EXIT_USAGE = 2\nraise CommandError("wrong", 2)\nCommandError("wrong", USAGE)\n'
    ) == [1, 2]


def test_set_up_ends_with_the_same_statuses():
    assert re.findall(r"EXIT_SETUP=(\d)", SETUP_SH) == [str(SETUP), str(int(GateStatus.INVALID))]


def test_the_gate_s_programs_end_with_the_same_statuses():
    header = (bqb.ROOT / "benchmarks" / "gate" / "exit_status.h").read_text(encoding="utf-8")
    statuses = {name.upper(): int(number) for name, number in re.findall(r"(\w+) = (\d+),", header)}
    assert statuses["USAGE"] == GateStatus.USAGE
    assert {status.name: int(status) for status in GateCountsStatus}.items() <= statuses.items()
