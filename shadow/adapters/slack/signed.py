"""Slack's signature on an HTTP request: over the raw bytes, within five minutes, in constant time, and taken once.

`SignatureVerifier` of the SDK computes it; asked as it is, it raises on a timestamp that is no number, a signature that
is not ASCII and a body that is not UTF-8, and takes the same request again. Here each of these is a plain answer.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qs

LARGEST = 256_000  # bytes of a body; Slack's own payloads stay far below
WITHIN = 300  # seconds that a request may be old, or ahead of us
_STAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class Signed(Enum):
    """What a request is."""

    NEW = 200
    AGAIN = 201  # the same signed request was here before: answered, and without effect
    NOT_SLACK = 401


@dataclass(slots=True, kw_only=True)
class Seen:
    """The signatures of the last ten minutes, at most `most` of them; for one process, safe between threads."""

    most: int = 10_000
    _at: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, signature: str, *, now: float) -> bool:
        """Whether this one is new; from now on it is not."""
        with self._lock:
            while self._at and (len(self._at) >= self.most or now - next(iter(self._at.values())) > 2 * WITHIN):
                self._at.popitem(last=False)
            new = signature not in self._at
            self._at.setdefault(signature, now)
            return new


def verify(raw: bytes, *, timestamp: str, signature: str, secret: str, seen: Seen, now: Callable[[], float]) -> Signed:
    """What a request of these bytes and headers is; nothing in it was looked at before.

    Args:
        timestamp, signature: the headers `X-Slack-Request-Timestamp` and `X-Slack-Signature`, empty where absent.
        secret: the app's signing secret; without one nothing is Slack's.
        now: seconds since 1970.
    """
    if not (secret.strip() and _STAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature) and _is_text(raw)):
        return Signed.NOT_SLACK
    from slack_sdk.signature import SignatureVerifier

    moment = now()
    verifier = SignatureVerifier(secret, _Clock(moment))  # type: ignore[arg-type]
    if not verifier.is_valid(raw, timestamp, signature):
        return Signed.NOT_SLACK
    return Signed.NEW if seen.first(f"{timestamp}:{signature}", now=moment) else Signed.AGAIN


def payload(raw: bytes) -> Any:
    """The payload in the body of a verified request: Slack's form with one field of JSON.

    Raises:
        ValueError: it is no such form, or its JSON is broken or nested too deep.
    """
    form = parse_qs(raw.decode("utf-8"), max_num_fields=20, strict_parsing=True)
    held = form.get("payload", [])
    if len(held) != 1:
        raise ValueError("one field named payload is wanted")
    try:
        return json.loads(held[0])
    except RecursionError as error:
        raise ValueError("nested too deep") from error


@dataclass(frozen=True, slots=True)
class _Clock:
    moment: float

    def now(self) -> float:
        return self.moment


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
