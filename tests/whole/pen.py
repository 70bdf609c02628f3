"""A process around others, so that all of them can be killed at once and none is left: python -m tests.whole.pen …

    python -m tests.whole.pen [--descriptor N] COMMAND …

It adopts whatever its command leaves behind. On its input, `all` kills the command and everything below it;
`one` kills the command alone, and waits for the rest to end by itself. Its exit code says what happened.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

KILLED, STAYED = 109, 103  # exit codes: killed and all gone; something stayed though the command was gone
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 60  # what the rest may take to end once the command has ended


class _TooLong(Exception):
    """The rest did not end."""


def main(words: list[str]) -> int:
    """Run the command in the pen; its exit code, or KILLED, or STAYED."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    kept = []
    if words[0] == "--descriptor":
        kept, words = [int(words[1])], words[2:]
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=kept)
    for number in kept:
        os.close(number)
    asked = _until_asked(child.pid)
    if asked == "one":
        os.kill(child.pid, signal.SIGKILL)
    codes, stayed = _gone(kill=asked == "all")
    if stayed:
        return STAYED
    return codes[child.pid] if codes[child.pid] >= 0 else KILLED


def _until_asked(pid: int) -> str:
    """The word that came in; "" where the command ended first, "all" where whoever asks is gone."""
    poll = select.poll()
    ended = os.pidfd_open(pid)
    poll.register(ended, select.POLLIN)
    poll.register(0, select.POLLIN)
    numbers = {number for number, _ in poll.poll()}
    os.close(ended)
    return "" if ended in numbers else (os.read(0, 16).decode().strip() or "all")


def _gone(*, kill: bool) -> tuple[dict[int, int], bool]:
    """Exit codes of all that ended here, once nothing is left; and whether that had to be helped."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    codes: dict[int, int] = {}
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE_S)
    stayed = False
    while True:
        try:
            for below in _below(os.getpid()) if kill else ():
                _kill(below)
            pid, status = os.waitpid(-1, 0)
            codes[pid] = os.waitstatus_to_exitcode(status)
        except _TooLong:
            kill = stayed = True
        except ChildProcessError:
            signal.alarm(0)
            return codes, stayed


def _below(pid: int) -> Iterator[int]:
    """Every process below this one."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield child
        yield from _below(child)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
