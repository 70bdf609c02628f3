"""Where this machine keeps what is its own, found without loading a database."""

from __future__ import annotations

import os

_SQLITE = "sqlite:///"
_BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite keeps beside a database's file


def home() -> str:
    """Where the embedded store and everything beside it lives: `SHADOW_HOME`, else `.shadow` here; absolute.

    Raises:
        OSError: `SHADOW_HOME` is relative or absent, and the working directory is gone.
    """
    return os.path.realpath(os.environ.get("SHADOW_HOME", ".shadow"))


def private() -> tuple[str, ...]:
    """What no candidate may read, wherever it lies: `home()`, and the SQLite files that our variables name.

    A store beside the candidate's code would show it what the control did; so would the live system.
    """
    named = [value for name, value in os.environ.items() if name.startswith("SHADOW_") and value.startswith(_SQLITE)]
    files = [os.path.realpath(value.removeprefix(_SQLITE).partition("?")[0]) for value in named]
    return (home(), *(file + more for file in sorted(set(files)) for more in _BESIDE))
