"""A few sentences that a request carries for whoever is asked, beside the evidence that it is bound to."""

from __future__ import annotations

from collections.abc import Sequence

from shadow.adapters.slack.known import void_sentence
from shadow.contract import Contract
from shadow.planning import impossible
from shadow.reports.words import VOID, counted


def contract_brief(contract: Contract) -> list[str]:
    """What a contract says, in a few sentences for somebody who is asked to sign; its page says the rest."""
    writes = contract.writes
    lasting = sum(not tool.reversible for tool in writes)
    limits = ", ".join(bound.name for bound in contract.gates) or "none"
    shares = ", ".join(f"{share:g} %" for share in contract.stages)
    return [
        f"{counted(len(contract.tools), 'tool')}, of which {len(writes)} change something and {lasting} for good.",
        f"{counted(len(contract.compare), 'place')} compared; {counted(len(contract.stops), 'stop condition')}.",
        f"Gates: {limits}.",
        f"Traffic, step by step: {shares}.",
        *(f"No candidate can become ready under it: {reason}" for reason in impossible(contract)),
    ]


def cutover_brief(void: Sequence[str], known: Sequence[str]) -> list[str]:
    """What is known of the verdict that a cutover is decided on: that it is void and why, then all else."""
    return [*([void_sentence(void), VOID] if void else []), *known]
