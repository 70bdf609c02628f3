"""The launcher of a sandbox that is not ours: the words that start a program in it, and what they are known by."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
from pathlib import Path

from shadow.cage import sandboxed
from shadow.cage.preflight.cache import surroundings
from shadow.errors import UsageError

_DEPENDS_ON = ("kernel", "machine", "user", "battery")  # of the surroundings; a restart changes nothing in a sandbox


def words(text: str) -> tuple[str, ...]:
    """A launcher's words, the program by its whole path.

    Args:
        text: as a shell would read it, without expanding anything.

    Raises:
        UsageError: there is none, it is not closed, or there is no such program.
    """
    try:
        given = shlex.split(text)
    except ValueError as error:
        raise UsageError("the launcher's words cannot be told apart", where="launcher", seen=str(error)) from error
    found = shutil.which(given[0]) if given else None
    if found is None:
        raise UsageError(
            "there is no such launcher", where="launcher", seen=text, allowed="a program with its words",
            todo='name what starts a program in your sandbox, as "bwrap --unshare-all … --"',
        )  # fmt: skip
    return str(Path(found).absolute()), *given[1:]


def digest(launcher: tuple[str, ...]) -> str:
    """What a launcher is known by: its words, and what is in each file that one of them names.

    Raises:
        UsageError: such a file cannot be read.
    """
    known = hashlib.sha256()
    for word in launcher:
        known.update(word.encode() + b"\0" + _content(Path(word)) + b"\0")
    return known.hexdigest()


def _content(path: Path) -> bytes:
    """Of the program itself, of a script, of a profile: a change of any is another sandbox."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except OSError as error:
        raise UsageError(
            "a file of the launcher cannot be read", where="launcher", seen=str(error),
            todo="what it does must be known to be signed",
        ) from error  # fmt: skip


def subject(launcher: tuple[str, ...]) -> dict[str, str]:
    """What a result through a launcher is shown for; each word of it must be the same where a paper is to count.

    Raises:
        UsageError: a file of the launcher cannot be read.
    """
    here = surroundings()
    return {
        "isolation": "external",
        "launcher": digest(launcher),
        "filter": sandboxed.filters(),
        "python": f"{os.path.realpath(sys.executable)} {sys.version.split()[0]}",
        **{name: here[name] for name in _DEPENDS_ON},
    }
