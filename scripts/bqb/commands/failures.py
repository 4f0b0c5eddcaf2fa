"""How a command that cannot go on ends: one line that names the cause and a remedy, and an exit
status. No traceback reaches the user; that of an internal error is kept in a file.

Also what surrounds a command: its standard streams and its signals.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence

from bqb import CommandError, exit_status, shown
from bqb.running.process import STOP_SIGNALS, Interrupted

MOST_CHARACTERS = 1000  # of a message
REMEDIES = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some space: your quota is used up",
    errno.EROFS: "name a folder that can be written",
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions",
    errno.ENOENT: "was it moved or removed meanwhile?",
    errno.EEXIST: "something else has this name: move it away",
    errno.ENOTDIR: "a file is where a folder must be: move it away",
    errno.EISDIR: "a folder is where a file must be: move it away",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "its symbolic links form a loop",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.EAGAIN: "the system refuses another process (ulimit -u)",
    errno.ENOMEM: "free some memory",
}
RESOURCE_ERRORS = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)


class OutputError(CommandError):
    """Standard output takes no more. Nobody reads a closed pipe: that needs no message."""

    def __init__(self, error: OSError):
        self.is_closed_pipe = error.errno == errno.EPIPE
        super().__init__(
            f"standard output: {error.strerror}; send it elsewhere",
            exit_status.SIGNAL + signal.SIGPIPE if self.is_closed_pipe else exit_status.IO_ERROR,
        )


def run(command: str, main: Callable[[list[str]], int], words: list[str]) -> int:
    """Runs `main` on the words behind the command's name and returns the command's exit status."""
    try:
        open_standard_streams()
        stop_on_signals()
        check_surroundings(words)
        try:
            status = main(words)
        except SystemExit as ended:  # argparse has said it all
            status = int(ended.code or exit_status.OK)
        sys.stdout.flush()
    except Interrupted as interrupted:
        return interrupted.status
    except Exception as error:
        return report(command, as_command_error(error))
    return status


def report(command: str, error: CommandError) -> int:
    """Says why a command ends. Returns its exit status."""
    if isinstance(error, OutputError):
        drop_output()
        if error.is_closed_pipe:
            return error.status
    from_queue_bench = str(error).startswith("queue_bench: ")
    print_error(str(error) if from_queue_bench else f"{command}: {error}")
    return error.status


def as_command_error(error: Exception) -> CommandError:
    """Any failure as one line and an exit status."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename is not None else ""
        remedy = f"; {REMEDIES[error.errno]}" if error.errno in REMEDIES else ""
        status = exit_status.IO_ERROR
        if error.errno in RESOURCE_ERRORS:
            status = exit_status.RESOURCE_LIMIT
        return CommandError(f"{named}{error.strerror or error}{remedy}", status)
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):  # pathlib's
        return CommandError(f"{error}; name another path", exit_status.USAGE)
    if isinstance(error, MemoryError):
        return CommandError("out of memory; free some", exit_status.RESOURCE_LIMIT)
    return CommandError(
        f"internal error: {type(error).__name__}: {shown(str(error), 300)}; please report it"
        f"{kept_traceback(error)}",
        exit_status.INTERNAL_ERROR,
    )


def kept_traceback(error: Exception) -> str:
    """Writes down where an internal error comes from; says where that is."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="bqb-error-", suffix=".txt", delete=False, errors="backslashreplace"
        ) as file:
            file.writelines(traceback.format_exception(error))
        return f" with {file.name}"
    except OSError:
        return ""


def print_error(line: str) -> None:
    print(shown(line, MOST_CHARACTERS), file=sys.stderr)


# -------------------------------------------------------------------------------- surroundings


def check_surroundings(words: Sequence[str]) -> None:
    """Raises CommandError (USAGE) for what no command can work with."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise CommandError(
                f"'{shown(word)}': an argument must be UTF-8; rename the file or folder",
                exit_status.USAGE,
            ) from None
    try:
        os.getcwd()
    except FileNotFoundError:
        raise CommandError(
            "the current folder was removed; change to another one", exit_status.USAGE
        ) from None


def stop_on_signals() -> None:
    """Makes each signal that stops a run raise Interrupted in the main thread. scripts/setup.sh
    blocks them until here."""

    def interrupt(number, _frame):
        raise Interrupted(number)

    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


# ----------------------------------------------------------------------------- standard streams


class StandardOutput(io.FileIO):
    def write(self, data) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(error) from None


class StandardError(io.FileIO):
    def write(self, data) -> int | None:
        try:
            return super().write(data)
        except OSError:  # there is nobody to tell
            return len(data)


def open_standard_streams() -> None:
    """Opens those that are closed, so that no file of ours takes their place. Standard output says
    whose fault it is where it cannot be written; a name that is not UTF-8 can be written to both.
    Leaves alone what a test has put in their place."""
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest free number; writing to 1 fails
    if sys.stdout is sys.__stdout__:
        raw = StandardOutput(1, "w", closefd=False)
        sys.stdout = sys.__stdout__ = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=sys.stdout.encoding if sys.stdout else None,
            errors="surrogateescape",
            line_buffering=raw.isatty(),
        )
    if sys.stderr is sys.__stderr__:
        sys.stderr = sys.__stderr__ = io.TextIOWrapper(
            io.BufferedWriter(StandardError(2, "w", closefd=False)),
            encoding=sys.stderr.encoding if sys.stderr else None,
            errors="backslashreplace",
            line_buffering=True,
        )


def drop_output() -> None:
    """What is left in the buffer cannot be written, and Python would try again at its end."""
    if sys.stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
