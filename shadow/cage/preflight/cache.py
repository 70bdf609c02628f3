"""A preflight's result, kept for as long as what it was shown for is as it was."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shadow.cage.preflight.model import Result, from_json

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A result with its moment and what it was shown for."""

    result: Result
    at: datetime
    subject: dict[str, str]

    def age(self, now: datetime) -> timedelta:
        """How long ago it was shown."""
        return now - self.at


def surroundings() -> dict[str, str]:
    """What a result depends on besides filter and policy: kernel, machine, boot, user, and the battery's own code."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in status if ":" in line)
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    facts = {
        "kernel": f"{os.uname().sysname} {os.uname().release} {os.uname().machine}",
        "machine": _first("/etc/machine-id") or os.uname().nodename,
        "boot": _first("/proc/sys/kernel/random/boot_id"),
        "user": f"{os.geteuid()}:{os.getegid()}",
        "battery": code.hexdigest()[:16],
    }
    for name in ("CapEff", "NoNewPrivs", "Seccomp"):
        facts[name] = fields.get(name, "").strip()
    for name in ("user", "pid", "mnt", "net"):
        facts[f"{name} namespace"] = str(os.readlink(f"/proc/self/ns/{name}"))  # noqa: PTH115
    return facts


def kept(home: Path, subject: dict[str, str], *, now: datetime, most: timedelta = KEPT) -> Kept | None:
    """The result that was kept for exactly this; None where there is none, or it is too old or damaged."""
    try:
        data = json.loads(_place(home, subject).read_text(encoding="utf-8"))
        found = Kept(
            result=from_json(data["result"]), at=datetime.fromisoformat(data["at"]), subject=dict(data["subject"])
        )
        young = timedelta(0) <= found.age(now) < most
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if young and found.subject == subject else None


def keep(home: Path, found: Kept) -> None:
    """Write it in one step; where home cannot be written, nothing is kept."""
    place = _place(home, found.subject)
    data = {"at": found.at.isoformat(), "subject": found.subject, "result": found.result.to_json()}
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        fresh.replace(place)


def _place(home: Path, subject: dict[str, str]) -> Path:
    text = json.dumps(subject, sort_keys=True)
    return home / "preflight" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def _first(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
