"""What the command line says to people: one place that writes to the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from shadow.errors import UsageError


def say(text: str = "") -> None:
    """One or more lines on stdout."""
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One or more lines on stderr."""
    sys.stderr.write(text.rstrip("\n") + "\n")


def progress(done: int, of: int, what: str) -> None:
    """A bar that redraws itself on a terminal, and nothing at all elsewhere."""
    if not sys.stderr.isatty():
        return
    width = 32
    filled = width * done // max(of, 1)
    end = "\n" if done >= of else ""
    sys.stderr.write(f"\r\x1b[2K{what} [{'█' * filled}{'·' * (width - filled)}] {done} of {of}{end}")
    sys.stderr.flush()


def write(path: str, text: str) -> None:
    """One file; where it cannot be written, a UsageError that names it."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("the file cannot be written", where=path, seen=str(error)) from error
