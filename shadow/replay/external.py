"""External isolation: a sandbox that is not ours, counted on only while a signed paper says that it held here.

SHADOW_ISOLATION=external
SHADOW_LAUNCHER="bwrap --unshare-all … --"      puts a program into the sandbox
SHADOW_ATTESTATION=paper.json                   what `shadow preflight --launcher … --attest` has written
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shadow.cage.preflight import launcher as launchers
from shadow.cage.preflight.attestation import Attested, verify
from shadow.cage.preflight.model import Result
from shadow.errors import ContainmentUnavailable, UsageError
from shadow.replay.isolation import EXTERNAL

LAUNCHER, ATTESTATION = "SHADOW_LAUNCHER", "SHADOW_ATTESTATION"
_NEXT_STEP = "shadow preflight --launcher '…' --attest FILE, on this machine, as the user that replays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox that may be counted on now.

    Attributes:
        launcher: what is put before a program's words to start it there.
        words: what every record says of who is held there; at most 60 characters.
        at, expires: aware; the paper counts from the one to before the other.
        signer: what the key that signed it is known by: 16 hexadecimal digits.
        paper: digest of its text: 64 hexadecimal digits.
        result: the preflight that it attests; `battery`: digest of the attacks' own code.
    """

    launcher: tuple[str, ...]
    words: str
    at: datetime
    expires: datetime
    signer: str
    paper: str
    result: Result
    battery: str


def admitted(key: bytes, now: datetime) -> Sandbox:
    """The sandbox that `SHADOW_LAUNCHER` starts programs in, where `SHADOW_ATTESTATION` counts for it now.

    Args:
        key: `Store.secret(attestation.PURPOSE)`.
        now: aware.

    Raises:
        ContainmentUnavailable: either is missing; or the paper is not this store's, was changed, is out of its
            time, is of another launcher, kernel, machine, user, filter or battery, or its preflight did not pass.
    """
    text = _asked(LAUNCHER, "a command that starts a program in your sandbox")
    place = _asked(ATTESTATION, "the paper that a preflight through the launcher has written")
    try:
        launcher = launchers.words(text)
        paper = Path(place).read_text(encoding="utf-8")
        found = verify(paper, key=key, now=now, subject=launchers.subject(launcher))
    except (OSError, UnicodeError, UsageError) as error:
        raise _refused(str(error)) from error
    if not found.ok or found.result is None or found.at is None or found.expires is None:
        raise _refused(found.problem)
    return Sandbox(
        launcher=launcher, words=_words(found, found.result), at=found.at, expires=found.expires,
        signer=hashlib.sha256(key).hexdigest()[:16], paper=hashlib.sha256(paper.encode()).hexdigest(),
        result=found.result, battery=found.subject["battery"],
    )  # fmt: skip


def asked_for(isolation: str, sandbox: Sandbox | None) -> Sandbox | None:
    """Where a candidate's processes are to be started: in the sandbox for external isolation, else in none.

    Raises:
        ContainmentUnavailable: external isolation, and nobody has admitted a sandbox.
    """
    if isolation != EXTERNAL:
        return None
    if sandbox is None:
        raise ContainmentUnavailable(
            "no sandbox was admitted, so nothing is run", where="isolation", seen=EXTERNAL, todo=_NEXT_STEP
        )
    return sandbox


def _words(found: Attested, result: Result) -> str:
    until = f"{found.expires:%Y-%m-%d}" if found.expires else ""
    return f"{EXTERNAL}: attested until {until}, {len(result.inside)} of {len(result.rows)} landed inside"


def _asked(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ContainmentUnavailable(f"external isolation needs {what}", where=name, seen="nothing", todo=_NEXT_STEP)
    return value


def _refused(problem: str) -> ContainmentUnavailable:
    return ContainmentUnavailable(
        "the attestation does not count here and now, so nothing is run", where=ATTESTATION, seen=problem,
        allowed="signed by this store, in its time, of this launcher and machine, with no attack landed inside",
        todo=_NEXT_STEP,
    )  # fmt: skip
