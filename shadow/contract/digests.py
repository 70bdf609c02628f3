"""Canonical JSON, and the three digests of a contract.

Conduct says what an agent may do, judgement how it is judged, governance who decides. A change of
conduct starts a new experiment; of judgement compares again and voids the verdict; of governance
voids open approvals only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shadow.contract.model import Contract

CONDUCT = ("workflow", "unit", "accepts", "produces", "tools", "stops", "demonstration")
JUDGEMENT = (
    "compare",
    "failure",
    "violation",
    "slices",
    "gates",
    "settles_within",
    "labels_within",
    "horizon_days",
    "family",
)
GOVERNANCE = ("owner", "approval", "stages", "keep", "redact", "cases_per_day", "verdict_holds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """SHA-256 in hex of each of the contract's three parts."""

    conduct: str
    judgement: str
    governance: str


def canonical(data: Any) -> str:
    """One text for equal data: sorted keys, no spaces, `1.0` written as `1`; NaN is refused."""
    return json.dumps(_plain(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(data: Any) -> str:
    """SHA-256 in hex of the canonical text.

    Example:
        >>> digest({"a": 1, "b": 2.0}) == digest({"b": 2, "a": 1})
        True
    """
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def digests(contract: Contract) -> Digests:
    """The three digests; equal for a contract from Python, JSON and YAML."""
    from shadow.contract.codec import to_data

    data = to_data(contract)
    parts = {
        name: digest({"part": name, **{k: data[k] for k in keys if k in data}})
        for name, keys in (("conduct", CONDUCT), ("judgement", JUDGEMENT), ("governance", GOVERNANCE))
    }
    return Digests(**parts)


def _plain(data: Any) -> Any:
    if data is None or type(data) is str:  # most of what there is
        return data
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float) and data.is_integer() and abs(data) < 2**53:
        return int(data)
    return data
