"""What the network door needs of those around it: whose a connection is, who judges a call, what it may use."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shadow.doors.listed import OVER_NETWORK
from shadow.doors.network.recordings import MemoryRecordings, Recordings
from shadow.doors.network.traffic import Passage
from shadow.doors.network.upstream import Resolve, resolve
from shadow.doors.tools import Answer, ToolsDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Whose a connection is.

    Attributes:
        case: the case's id.
        repeat: 0 for the replay that is compared; n for the nth taken again for noise.
        attempt: which try at this replay, from 0. What models had answered an earlier one is read back;
            nothing else of it counts.
    """

    case: str
    repeat: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as the tools door is asked about it.

    Attributes:
        visit: whose it is.
        tool, args: the call; for what met no route the tool is the request line, shortened.
        why: why the network door has refused it already; empty where it is to be judged.
        key: the idempotency key that came with it; empty where there was none.
    """

    visit: Visit
    tool: str
    args: dict[str, Any]
    why: str = ""
    key: str = ""


Deeds = Callable[[Call], Awaitable[Answer]]
CaseOf = Callable[[tuple[str, int]], Visit | None]  # (address, port) of the connection's other end
Secrets = Callable[[str], str | None]


def answer_call(door: ToolsDoor, call: Call) -> Answer:
    """What the case's tools door says to a request; it has written it down when this returns."""
    if call.why:
        return door.refuse(call.tool, call.args, call.why)
    token = OVER_NETWORK.set(True)
    try:
        return door.answer(call.tool, call.args, call.key)
    finally:
        OVER_NETWORK.reset(token)


def secret_variable(secret_id: str) -> str:
    """The environment variable that holds a secret.

    Example:
        >>> secret_variable("pay-ro")
        'SHADOW_SECRET_PAY_RO'
    """
    return "SHADOW_SECRET_" + re.sub(r"\W", "_", secret_id).upper()


def secrets_of_environment(secret_id: str) -> str | None:
    """A secret from the environment of the door's own process; None where it is not set."""
    return os.environ.get(secret_variable(secret_id)) or None


def _unseen(_: Passage) -> None:
    """Where nobody wants to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the door allows.

    Attributes:
        requests: that one replay may make, CONNECT included; later ones are refused.
        connections: that may be open at once, all cases together; later ones are refused.
        head_bytes, body_bytes: of one request.
        reply_bytes: of one upstream's answer.
        idle_s: seconds within which a whole request has to come in.
        connect_s, read_s: seconds for connecting to an upstream, and between two parts of its answer.
    """

    requests: int = 1_000
    connections: int = 1_000
    head_bytes: int = 65_536
    body_bytes: int = 8 * 2**20
    reply_bytes: int = 32 * 2**20
    idle_s: float = 300.0
    connect_s: float = 10.0
    read_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a door works with.

    Attributes:
        experiment: its id; part of what a model's answer is recorded under.
        recordings: where answers of models are kept.
        secrets: gives the value of a secret's id; the candidate never sees one.
        canaries: name to token; a token that goes out is a violation, and does not go out.
        resolve: gives a listed host's address.
        trust: what upstreams' certificates are judged by; else the system's authorities.
        seen: told of each request once it is decided, in the door's thread.
        limits: what it allows.
    """

    experiment: str = ""
    recordings: Recordings = field(default_factory=MemoryRecordings)
    secrets: Secrets = secrets_of_environment
    canaries: Mapping[str, str] = field(default_factory=dict)
    resolve: Resolve = resolve
    trust: ssl.SSLContext | None = None
    seen: Callable[[Passage], None] = _unseen
    limits: Limits = field(default_factory=Limits)
