"""Where a machine keeps what its routes need: one file a workflow, the kill files beside; no database is touched."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*")
_LONGEST: Final = 200  # characters of a workflow's name, as the store keeps it


def is_name(text: str) -> bool:
    """Whether a text can be a workflow's name, and so a part of a file's name."""
    return len(text) <= _LONGEST and _NAME.fullmatch(text) is not None


def route_file(where: str, workflow: str) -> str:
    """What this machine knows of the workflow's stage."""
    return f"{where}/route/{workflow}.json"


def lock_file(where: str) -> str:
    """Held by whoever brings route files up to date, so that an older look never replaces a newer one."""
    return f"{where}/route/.lock"


def kill_files(where: str, workflow: str) -> tuple[str, str]:
    """Where one of these is there, the control gets everything: of every workflow, of this one."""
    return f"{where}/kill", f"{where}/kill-{workflow}"
