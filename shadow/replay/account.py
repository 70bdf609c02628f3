"""What a replay's supervisor knows of how it held its candidate, for the certificate."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shadow.cage.attest import Attestation, attest
from shadow.cage.notes import Blocked
from shadow.certificate.model import Account, Passed, Seen
from shadow.replay.denied import refusals

if TYPE_CHECKING:
    from shadow.doors.network.traffic import Tally, Traffic

_NO_DECISION = frozenset(
    {"requests", "violations", "canaries", "partial", "bytes_out", "bytes_in", "tokens_in", "tokens_out", "unmetered",
     "unpriced", "cost_usd"}
)  # fmt: skip


@dataclass(slots=True, kw_only=True, eq=False)
class Gathered:
    """What has been gathered of every process of a replay so far.

    Attributes:
        processes: what the kernel said of them, alike ones counted together; `unseen`: gone before it was asked.
        at_import: what the imports were denied; `nobodys`: what was denied to processes of no case.
        policies, filters: digests of what the cage lets through.
    """

    processes: Counter[Seen] = field(default_factory=Counter)
    unseen: int = 0
    at_import: list[Blocked] = field(default_factory=list)
    nobodys: list[Blocked] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)
    filters: set[str] = field(default_factory=set)

    def attested(self, found: Iterable[Attestation | None]) -> None:
        """Take in what the kernel said of some processes."""
        ours = attest(os.getpid()).namespaces
        for one in found:
            if one is None:
                self.unseen += 1
                continue
            apart = sorted(kind for kind, inode in one.namespaces.items() if ours.get(kind) not in (None, inode))
            self.processes[
                Seen(
                    no_new_privs=one.no_new_privs, seccomp=one.seccomp, filters=one.filters,
                    capabilities=one.capabilities, user=one.user, apart=tuple(apart),
                )
            ] += 1  # fmt: skip

    def account(self, *, isolation: str, mode: str, restarts: int, traffic: Traffic | None) -> Account:
        """All of it, with what the network door has counted."""
        total = None if traffic is None else traffic.total
        return Account(
            isolations=(isolation,) if isolation else (),
            policies=tuple(sorted(self.policies)),
            filters=tuple(sorted(self.filters)),
            processes=tuple(sorted((replace(one, count=n) for one, n in self.processes.items()), key=repr)),
            unseen=self.unseen,
            at_import=refusals(self.at_import),
            nobodys=refusals(self.nobodys),
            routes=() if traffic is None else tuple(_passed(traffic)),
            canaries=0 if total is None else total.canaries,
            modes=(mode,) if mode else (),
            restarts=restarts,
        )


def _passed(traffic: Traffic) -> Iterable[Passed]:
    kinds = {line.route: line.kind for line in traffic.lines}
    for name, tally in traffic.routes.items():
        yield Passed(
            name=name, kind=kinds[name], decisions=_decisions(tally), bytes_out=tally.bytes_out,
            bytes_in=tally.bytes_in, violations=tally.violations,
        )  # fmt: skip


def _decisions(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in tally.__dataclass_fields__ if name not in _NO_DECISION}
