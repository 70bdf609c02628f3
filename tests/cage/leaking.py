"""One candidate twice through a replay: with nothing enforced, where its leak must land, then in the kernel's cage."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shadow.observation import Observation, RefusalKind
from shadow.replay.isolation import COOPERATIVE, KERNEL
from tests.replay.desk import candidate, case, one

BARE = "import json, sys; sys.path.insert(0, sys.argv[1]); import agent; agent.handle(json.loads(sys.argv[2]), None)"


def leaks(
    folder: Path, source: str, landed: Callable[[], bool], *, told: Callable[[Any], Any] = lambda _: None, **given: Any
) -> Observation:
    """What the caged candidate did, whose leak did not land; without the cage it did.

    Args:
        folder: the candidate's; the cage lets it be read, and what lies there.
        source: its module `agent`, with the function `handle`.
        landed: looks at the target, from outside; a landing is undone by it.
        told: the tool by which the candidate says that now is the time to look.
        given: what it finds in its case.
    """
    agent = candidate(folder, source)
    free = one(agent, case(**given), isolation=COOPERATIVE, told=told)
    if not landed():
        pytest.skip(f"proves nothing here: it does not land without the cage either ({free.error or free.value})")
    caged = one(agent, case(**given), isolation=KERNEL, told=told)
    assert not landed(), caged
    return caged


def refused(seen: Observation) -> dict[str, str]:
    """The system calls of a case that were refused and written down, with what they were about."""
    return {one.tool: str(one.args.get("about", "")) for one in seen.refusals if one.kind is RefusalKind.SYSTEM}


def bare(folder: Path, given: dict[str, Any], **more: Any) -> subprocess.CompletedProcess[bytes]:
    """The candidate as any program might start it: with what the starter has open."""
    import json

    command = [sys.executable, "-c", BARE, str(folder), json.dumps(given)]
    return subprocess.run(command, check=False, close_fds=False, **more)


def listening(family: int = socket.AF_INET, at: Any = ("127.0.0.1", 0)) -> socket.socket:
    """Somebody who waits to be connected to."""
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind(at)
    made.listen(8)
    made.setblocking(False)
    return made


def accepted(listener: socket.socket) -> bool:
    """Whether somebody has connected since this was last asked."""
    if not select.select([listener], [], [], 0.1)[0]:
        return False
    listener.accept()[0].close()
    return True


def heard(target: socket.socket) -> bool:
    """Whether a datagram has come in since this was last asked."""
    return bool(select.select([target], [], [], 0.1)[0] and target.recv(100))


def file(folder: Path, name: str) -> Path:
    """A file of ours that the candidate may read, and owns where it runs as we do."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"as it was")
    path.chmod(0o600)
    os.utime(path, (1, 1))
    return path
