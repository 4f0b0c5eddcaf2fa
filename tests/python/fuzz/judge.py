"""What counts as a failure of the product, and how failures are told apart."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from fuzz.case import Case, Stream
from fuzz.process import Ended

CRASH_TEXTS = (
    "Traceback (most recent call last)",
    "terminate called",
    "AddressSanitizer",
    "runtime error:",
)
INTERNAL_ERROR = 70
USUAL_STATUSES = frozenset({0, 1, 2, 3, 4, 5, 6})  # of a command whose --help lists none
GATE_VERDICTS = (1, 3, 4)  # the gate's last line on standard output says why
MAX_MESSAGE_LINES = 20
MAX_MESSAGE_CHARACTERS = 4_000
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")
LISTED = re.compile(r"^ +(\d+) {2,}\S", re.MULTILINE)
FRAME = re.compile(r'File "[^"]*/([\w.]+)", line \d+, in (\S+)')


@dataclass(frozen=True)
class Failure:
    kind: str
    detail: str  # without what differs from input to input: names, numbers, folders


def listed_statuses(help_text: str) -> frozenset[int]:
    """The exit statuses that a --help lists; the usual ones where it lists none."""
    _, heading, block = help_text.partition("exit status")
    return (
        frozenset(map(int, LISTED.findall(block))) - {INTERNAL_ERROR} if heading else USUAL_STATUSES
    )


def judge(case: Case, ended: Ended, statuses: frozenset[int], folder: Path) -> Failure | None:
    """None where the case ended as it may."""
    for kind, message in _faults(case, ended, statuses):
        return Failure(kind, _anonymous(message, folder))
    return None


def _faults(case: Case, ended: Ended, statuses: frozenset[int]) -> list[tuple[str, str]]:
    """(kind, message), the worst first."""
    faults = []
    said = ended.err + ended.out
    if ended.timed_out:
        faults.append(("no end", f"{case.command} {' '.join(_option_names(case))}"))
    elif ended.status < 0:
        faults.append((f"died of {signal.Signals(-ended.status).name}", case.command))
    for text in CRASH_TEXTS:
        if text in said:
            faults.append((text.split(" (")[0].rstrip(":"), _crash(said, text)))
    if ended.status == INTERNAL_ERROR:
        faults.append(("internal error", _last_line(ended.err)))
    elif ended.status >= 0 and ended.status not in statuses | _of_streams(case):
        faults.append((f"status {ended.status} is not in --help", _last_line(said)))
    if ended.status > 0 and not _has_message(case, ended):
        faults.append((f"no message for status {ended.status}", case.command))
    if ended.status > 0 and _is_long(ended.err):
        faults.append(("message too long", _last_line(ended.err)))
    if raw := CONTROL.search(ended.err):
        faults.append(
            (
                "raw control character in the message",
                f"{raw[0]!a} in: {_line_with(ended.err, raw.start())}",
            )
        )
    return faults


def _of_streams(case: Case) -> set[int]:
    """Statuses of a command that cannot write to standard output."""
    if case.stdout is Stream.BROKEN_PIPE:
        return {128 + signal.SIGPIPE}
    return set() if case.stdout is Stream.FILE else {5}


def _option_names(case: Case) -> list[str]:
    return [word.split("=")[0] for word in case.options if re.fullmatch(r"--[a-z-]+(=.*)?", word)]


def _has_message(case: Case, ended: Ended) -> bool:
    """A command that cannot write its message, or whose reader is gone, need not have one."""
    if case.stderr is not Stream.FILE or case.stdout is Stream.BROKEN_PIPE:
        return True
    is_verdict = ended.status == 1 or (case.command == "gate" and ended.status in GATE_VERDICTS)
    return bool(ended.err.strip() or (is_verdict and ended.out.strip()))


def _is_long(message: str) -> bool:
    return len(message) > MAX_MESSAGE_CHARACTERS or len(message.splitlines()) > MAX_MESSAGE_LINES


def _crash(said: str, text: str) -> str:
    """The last line and, of a traceback, the innermost function."""
    said = said[said.rindex(text) :]
    frames = FRAME.findall(said)
    where = f"{frames[-1][0]}: {frames[-1][1]}: " if frames else ""
    return where + (_last_line(said) if frames else said.splitlines()[0])


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _line_with(text: str, position: int) -> str:
    return text[text.rfind("\n", 0, position) + 1 :].split("\n")[0]


def _anonymous(message: str, folder: Path) -> str:
    """Inputs that fail in the same way say the same."""
    message = message.replace(str(folder), "FOLDER")
    message = re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", message)
    message = re.sub(r"[^\s:;]{41,}", "LONG", message)
    message = re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "N", message)
    message = ascii(message)[1:-1]
    return message if len(message) <= 160 else f"{message[:120]} ... {message[-37:]}"
