"""The heartbeat of a listener: a small file in the home, written every few seconds, read by `shadow slack status`."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

EVERY_S = 5.0
SILENT = timedelta(seconds=20)  # a listener that was not heard for so long is taken for gone
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a listener says of itself.

    Attributes:
        at, started: aware UTC.
        socket: "connected", "not connected" or "off" (there is no app token).
        why: why it is not connected, or what is wrong with the store; empty where all is well.
        passed: when the courier last went through the outbox; None before its first pass.
    """

    host: str
    pid: int
    at: datetime
    started: datetime
    socket: str
    why: str = ""
    passed: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Whether it was heard of lately."""
        return now - self.at < SILENT


def folder(home: Path) -> Path:
    """Where the heartbeats of a home lie, one file for each listener."""
    return home / "slack"


def me() -> tuple[str, int]:
    """This machine and this process."""
    return socket.gethostname(), os.getpid()


def write(home: Path, beat: Beat) -> None:
    """Leave a sign of life; a reader sees the old one or the new one, never half of one."""
    path = _path(home, beat.host, beat.pid)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(beat).items()}
    half = path.with_suffix(".half")
    half.write_text(json.dumps(data), encoding="utf-8")
    half.replace(path)


def remove(home: Path, *, host: str, pid: int) -> None:
    """The listener ends in good order."""
    _path(home, host, pid).unlink(missing_ok=True)


def beats(home: Path) -> list[Beat]:
    """Every listener that has left a sign, by machine and process; what cannot be read is none."""
    found = [_read(path) for path in sorted(folder(home).glob("*.json"))]
    return [beat for beat in found if beat is not None]


def forget(home: Path, *, now: datetime) -> None:
    """Take away what listeners that were killed long ago have left."""
    for beat in beats(home):
        if now - beat.at > FORGOTTEN:
            remove(home, host=beat.host, pid=beat.pid)


def _path(home: Path, host: str, pid: int) -> Path:
    name = "".join(one if one.isalnum() or one in "-." else "_" for one in host)
    return folder(home) / f"{name}-{pid}.json"


def _read(path: Path) -> Beat | None:
    try:
        data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        moments = {name: datetime.fromisoformat(data[name]) for name in ("at", "started")}
        passed = datetime.fromisoformat(data["passed"]) if data["passed"] else None
        return Beat(
            host=str(data["host"]),
            pid=int(data["pid"]),
            socket=str(data["socket"]),
            why=str(data["why"]),
            passed=passed,
            **moments,
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
