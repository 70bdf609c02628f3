"""A preflight's result as a signed paper: what was enforced where, when it was shown, and until when that counts.

Signed with a key that the store derives for this purpose alone, so whoever holds the store can make and check
one, and a candidate can do neither.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shadow.cage.preflight.model import Result, from_json

PURPOSE = "attestation"  # what the store's key is derived for
FORMAT = 1
LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What a paper says, and whether that counts.

    Attributes:
        ok: signed by us, in time, and its preflight passed.
        problem: why not; empty where `ok`.
        subject: what it was shown for (kernel, filter, policy, machine …).
        result: its preflight, None where the paper is not ours.
        at, expires: aware; it counts from the one to before the other. None where the paper is not ours.
    """

    ok: bool
    problem: str
    subject: dict[str, str]
    result: Result | None
    at: datetime | None = None
    expires: datetime | None = None


def attest(result: Result, subject: dict[str, str], *, key: bytes, now: datetime, lasts: timedelta = LASTS) -> str:
    """The paper, as JSON.

    Args:
        result: any result; one that did not pass is attested as such.
        subject: what it was shown for, names to words.
        key: `Store.secret(PURPOSE)`.
        now: aware; from now on it counts, for `lasts`.
    """
    body = {
        "format": FORMAT,
        "at": now.isoformat(),
        "expires": (now + lasts).isoformat(),
        "subject": subject,
        "preflight": result.to_json(),
    }
    return json.dumps({**body, "signature": _sign(body, key)}, indent=2, ensure_ascii=False) + "\n"


def verify(text: str, *, key: bytes, now: datetime, subject: dict[str, str] | None = None) -> Attested:
    """Whether a paper counts now.

    Args:
        text: the paper.
        key: `Store.secret(PURPOSE)` of the store that signed it.
        now: aware.
        subject: where given, each of these must be what the paper says.
    """
    try:
        paper = json.loads(text)
        signature, body = paper["signature"], {name: paper[name] for name in paper if name != "signature"}
        if not hmac.compare_digest(str(signature), _sign(body, key)):
            return _not("its signature is not of this store")
        at, expires = datetime.fromisoformat(body["at"]), datetime.fromisoformat(body["expires"])
        if body["format"] != FORMAT:
            return _not(f"its format is {body['format']}, known is {FORMAT}")
        result, told = from_json(body["preflight"]), dict(body["subject"])
        out_of_time = not at <= now < expires
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return _not(f"it is no attestation: {type(error).__name__}")
    problem = ""
    if out_of_time:
        problem = f"it counts from {at.isoformat()} to {expires.isoformat()}"
    elif not result.ok:
        problem = f"its preflight did not pass: {result.words}"
    else:
        other = [name for name, word in (subject or {}).items() if told.get(name) != word]
        problem = f"it is of another {', '.join(other)}" if other else ""
    return Attested(ok=not problem, problem=problem, subject=told, result=result, at=at, expires=expires)


def _not(problem: str) -> Attested:
    return Attested(ok=False, problem=problem, subject={}, result=None)


def _sign(body: dict[str, Any], key: bytes) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(key, text.encode(), "sha256").hex()
