"""The contract: a workflow's frozen declaration, its digests, its plain words, its JSON and YAML."""

from __future__ import annotations

from shadow.contract.check import check
from shadow.contract.codec import from_json, from_yaml, load, to_json, to_yaml
from shadow.contract.digests import Digests, canonical, digest, digests
from shadow.contract.make import contract
from shadow.contract.model import (
    ESCALATE,
    Approval,
    Contract,
    EffectRule,
    Rule,
    Severity,
    Stop,
    Tool,
)
from shadow.contract.parts import cosmetic, critical, effect, major, minor, read, stop, write
from shadow.contract.words import plain_words

__all__ = [
    "ESCALATE",
    "Approval",
    "Contract",
    "Digests",
    "EffectRule",
    "Rule",
    "Severity",
    "Stop",
    "Tool",
    "canonical",
    "check",
    "contract",
    "cosmetic",
    "critical",
    "digest",
    "digests",
    "effect",
    "from_json",
    "from_yaml",
    "load",
    "major",
    "minor",
    "plain_words",
    "read",
    "stop",
    "to_json",
    "to_yaml",
    "write",
]
