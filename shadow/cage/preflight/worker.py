"""The preflight of this machine, or of a sandbox on it: run in an interpreter of its own, and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import shadow
from shadow.cage.policy import Policy
from shadow.cage.preflight.battery import battery, failed, parts_of
from shadow.cage.preflight.cache import KEPT, Kept, keep, kept
from shadow.cage.preflight.caged import cage, subject
from shadow.cage.preflight.model import Result, from_json
from shadow.errors import ContainmentUnavailable

Progress = Callable[[int, int], object]
_CODE = str(Path(shadow.__file__).resolve().parent.parent)
_BOOT = "import sys; sys.path.append(sys.argv[1]); from shadow.cage.preflight.worker import main; main(sys.argv[2])"
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


def preflight(
    home: Path,
    policy: Policy,
    *,
    now: datetime,
    most: timedelta = KEPT,
    progress: Progress | None = None,
) -> Kept:
    """What the battery shows of this policy here: kept, where nothing has changed and it is young, else found anew.

    Args:
        home: where it is kept.
        policy: what a candidate may read.
        now: aware.
        most: how old a kept result may be; nothing for a new one in any case.
        progress: told how many attacks are done and of how many.

    Raises:
        ContainmentUnavailable: the battery could not be carried to its end, so nothing is known.
    """
    about = subject(policy)
    found = kept(home, about, now=now, most=most)
    if found is None:
        found = Kept(result=from_json(_run({"policy": asdict(policy)}, progress)), at=now, subject=about)
        keep(home, found)
    return found


def preflight_through(
    launcher: Sequence[str], *, home: Path, room: Path | None = None, progress: Progress | None = None
) -> Result:
    """What the battery shows of the sandbox that a launcher starts programs in; never kept.

    Args:
        launcher: what is put before a program's words.
        home: the store's directory, which the sandbox must not show.
        room: a directory that it shows, for the targets; the temporary directory by default.
        progress: told how many attacks are done and of how many.

    Raises:
        ContainmentUnavailable: the battery could not be carried to its end, so nothing is known.
    """
    given = {"launcher": list(launcher), "home": str(home), "room": None if room is None else str(room)}
    return from_json(_run(given, progress))


def _run(given: dict[str, Any], progress: Progress | None) -> Any:
    """The battery in a fresh interpreter: without threads, and with an environment that is no secret."""
    command = [sys.executable, "-I", "-c", _BOOT, _CODE, json.dumps(given)]
    with subprocess.Popen(
        command, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        last: dict[str, Any] = {}
        for line in process.stdout or ():
            last = json.loads(line)
            if "done" in last and progress is not None:
                progress(last["done"], last["of"])
        said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if process.returncode or "rows" not in last:
        raise failed(last.get("failed", said.strip().splitlines()[-1:] or [f"it ended with {process.returncode}"]))
    return last


def main(text: str) -> None:
    """The other end: run the battery and say on standard output, a line each, how far it is and what it showed."""
    given: dict[str, Any] = json.loads(text)

    def tell(done: int, of: int) -> None:
        os.write(1, json.dumps({"done": done, "of": of}).encode() + b"\n")

    try:
        shown = _shown(given, tell).to_json()
    except ContainmentUnavailable as error:
        shown = {"failed": parts_of(error)}
    sys.stdout.write(json.dumps(shown) + "\n")
    sys.stdout.flush()


def _shown(given: dict[str, Any], tell: Progress) -> Result:
    if "policy" in given:
        return battery(cage(Policy.from_json(given["policy"])), progress=tell)
    from shadow.cage.preflight.launched import launched

    room = None if given["room"] is None else Path(given["room"])
    return launched(given["launcher"], home=Path(given["home"]), within=room, progress=tell)
