"""What a button carries: the request, its revision and its evidence, under a MAC that only the store's key makes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from shadow.store import Store
from shadow.store.requests import Request

_SHOWN, _MAC = 16, 32  # hex digits of the evidence's digest, and of the MAC (128 bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a token says, before anybody has looked whether it is true."""

    request: str
    revision: int
    digest: str
    mac: str


def token(store: Store, one: Request) -> str:
    """`<request>.<revision>.<digest>.<mac>` for the request as it stands."""
    return f"{one.id}.{one.revision}.{one.digest[:_SHOWN]}.{_mac(store, one.id, one.revision, one.digest[:_SHOWN])}"


def read(text: str) -> Claim | None:
    """The claim in a token; None where it is not one of ours by its shape."""
    parts = str(text).split(".") if len(str(text)) <= 200 else []
    if len(parts) != 4 or not str(text).isascii() or not (parts[1].isdigit() and len(parts[1]) < 10):
        return None
    return Claim(request=parts[0], revision=int(parts[1]), digest=parts[2], mac=parts[3])


def genuine(store: Store, claim: Claim) -> bool:
    """Whether we made it; constant time."""
    return hmac.compare_digest(claim.mac, _mac(store, claim.request, claim.revision, claim.digest))


def _mac(store: Store, request: str, revision: int, digest: str) -> str:
    said = f"{request}.{revision}.{digest}".encode()
    return hmac.new(store.secret("approval button"), said, "sha256").hexdigest()[:_MAC]
