"""The kill switch: a variable of the process or a file of the machine that sends every key to the control.

It needs no database. A value that is not understood kills too: somebody wanted to stop something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from shadow.rollout.places import is_name, kill_files

VARIABLE: Final = "SHADOW_KILL"
_OFF: Final = frozenset({"0", "false", "no", "off", "none"})
_ALL: Final = frozenset({"1", "true", "yes", "on", "all"})


class _Everything:
    """Holds every name."""

    def __contains__(self, _: object) -> bool:
        return True


@lru_cache(maxsize=16)
def killed_by(value: str) -> Container[str]:
    """The workflows that a value of `SHADOW_KILL` stops.

    Example:
        >>> "desk" in killed_by("1"), "desk" in killed_by("desk,mail"), "desk" in killed_by("mail")
        (True, True, False)
    """
    words = [word for word in re.split(r"[\s,;]+", value) if word]
    if not words or (len(words) == 1 and words[0].lower() in _OFF):
        return frozenset()
    everything = any(word.lower() in _ALL or not is_name(word) for word in words)
    return _Everything() if everything else frozenset(words)


def throw(where: str, workflow: str, *, who: str, why: str, now: datetime) -> str:
    """Throw one workflow's kill switch on this machine; the file's path. Taking the file away takes it back.

    Raises:
        OSError: the home cannot be written; where the file is there already, nothing is lost.
    """
    path = Path(kill_files(where, workflow)[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="replace") as file:
        file.write(json.dumps({"who": who, "why": why, "at": now.isoformat()}, ensure_ascii=False) + "\n")
    return str(path)
