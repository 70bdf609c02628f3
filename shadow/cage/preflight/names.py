"""Sockets by path, however deep the path lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SUN_PATH = 107  # bytes, by unix(7); the last of the 108 ends the name


@contextmanager
def named(path: Any) -> Iterator[Any]:
    """What a socket takes as this path's name: 107 bytes hold few rooms, so by its directory where it is longer.

    Anything but the path of a file is given back as it is.
    """
    if not isinstance(path, str) or path.startswith("\0") or len(os.fsencode(path)) <= SUN_PATH:
        yield path
        return
    directory, _, name = path.rpartition("/")
    number = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{number}/{name}"
    finally:
        os.close(number)
