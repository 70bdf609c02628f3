"""A setup: a contract together with how it is served here. A DAG file makes one; the steps take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shadow.candidates import Candidate
from shadow.contract import Contract, check
from shadow.doors.bindings import Binding, check_bindings, routes_of
from shadow.doors.listed import Route
from shadow.errors import UsageError
from shadow.plug import nearest
from shadow.replay.limits import Limits
from shadow.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a run needs besides the store.

    Attributes:
        bindings: how each tool is served; every tool of the contract has one.
        candidates: the versions that may be replayed, each under a label of its own.
        passes: what may pass the network door besides the bindings' routes: models' providers, telemetry.
        canaries: name to a token that must never go out; where it would, the case has a violation.
    """

    contract: Contract
    bindings: Mapping[str, Binding]
    source: Source
    candidates: tuple[Candidate, ...]
    limits: Limits
    passes: tuple[Route, ...] = ()
    canaries: Mapping[str, str] = field(default_factory=dict)

    def candidate(self, label: str) -> Candidate:
        """The candidate of that label, or a UsageError that names the known ones."""
        for candidate in self.candidates:
            if candidate.label == label:
                return candidate
        labels = [candidate.label for candidate in self.candidates]
        raise UsageError(
            f"no candidate is labelled {label!r}",
            where=self.contract.workflow,
            allowed=", ".join(labels),
            todo=nearest(label, labels),
        )


def setup(
    contract: Contract,
    *,
    bindings: Mapping[str, Binding],
    source: Source,
    candidates: Sequence[Candidate],
    limits: Limits | None = None,
    passes: Sequence[Route] = (),
    canaries: Mapping[str, str] | None = None,
) -> Setup:
    """A checked Setup.

    Raises:
        ContractError: a part of the contract is wrong.
        BindingError: a tool has no binding, or one that cannot serve it; two routes take the same requests.
        UsageError: no candidate, or two under one label.
    """
    check(contract)
    check_bindings(contract, bindings)
    routes_of(bindings, passes)
    labels = [candidate.label for candidate in candidates]
    if not labels or len(set(labels)) != len(labels):
        raise UsageError(
            "each candidate needs a label of its own", where=contract.workflow, seen=", ".join(labels) or "no candidate"
        )
    return Setup(
        contract=contract,
        bindings=dict(bindings),
        source=source,
        candidates=tuple(candidates),
        limits=limits or Limits(),
        passes=tuple(passes),
        canaries=dict(canaries or {}),
    )
