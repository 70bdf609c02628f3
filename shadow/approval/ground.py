"""Whether what people were asked about still holds, judged by what the store says now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shadow.approval.evidence import GROUND, cutover_evidence, ground_of, next_step
from shadow.contract import digest, plain_words
from shadow.errors import ContractError, ShadowError
from shadow.gates.grounds import Grounds, voided
from shadow.store import Store
from shadow.store.ledger import Event, entries_in
from shadow.store.registry import Experiment, contract_of, experiment
from shadow.store.requests import Request, Subject
from shadow.store.verdicts import StoredVerdict, verdicts_of

_WORDS = {"pin": "the candidate's pin", "findings": "a gate's finding", "from_number": "the stage"}


def still_holds(store: Store, one: Request, *, now: datetime) -> str:
    """What has changed since people were asked, in a few words; empty where it still holds."""
    if one.subject is Subject.CONTRACT:
        return _contract_changed(store, one)
    here = present(store, one.about, now=now)
    if here is None:
        void = void_because(store, experiment(store, one.about), now=now)
        none = "there is no verdict on this contract, or the candidate has some of the traffic already"
        return f"the verdict is void: {'; '.join(void)}" if void else none
    changed = [name for name in GROUND if here[name] != one.evidence[name]]
    return ", ".join(_WORDS.get(name, f"the {name.replace('_', ' ')}") for name in changed)


def altered(connection: Connection, one: Request) -> bool:
    """Whether the request's row says something else than the ledger's newest row about what people were asked."""
    rows = [row for row in entries_in(connection, one.id) if row.event in (Event.REQUESTED, Event.REVISED)]
    said = {name: rows[-1].body[name] for name in ("digest", "ground", "contract", "revision")} if rows else {}
    here = {"digest": one.digest, "ground": one.ground, "contract": one.contract, "revision": one.revision}
    return said != here or digest(one.evidence) != one.digest or ground_of(one.evidence, one.subject) != one.ground


def present(store: Store, experiment_id: str, *, now: datetime) -> dict[str, Any] | None:
    """The evidence as it would be asked about now; None where there is nothing that could be asked."""
    held = experiment(store, experiment_id)
    looks = verdicts_of(store, held.id)
    if not looks or looks[-1].contract != held.contract or _void(store, held, looks[-1], now):
        return None
    contract = contract_of(store, held.contract)
    step = next_step(store, contract, held.id)
    return cutover_evidence(held, looks[-1], contract, step) if step else None


def void_because(store: Store, held: Experiment, *, now: datetime) -> tuple[str, ...]:
    """Why the experiment's newest verdict no longer says anything, a sentence each; empty where it holds or is none.

    A verdict from before it was written down what it stands on is held against its contract alone.
    """
    looks = verdicts_of(store, held.id)
    return _void(store, held, looks[-1], now) if looks else ()


def _void(store: Store, held: Experiment, verdict: StoredVerdict, now: datetime) -> tuple[str, ...]:
    said = verdict.body.get("grounds")
    if said is None:
        return () if verdict.contract == held.contract else ("the contract changed",)
    try:
        contract = contract_of(store, held.contract)
    except ContractError:  # as where a gate has another version here: that is told by its version
        contract = None
    try:
        then = Grounds.from_json(said)
    except (TypeError, ValueError, KeyError):
        return ("what it stands on cannot be read: it was kept by another version, or changed by hand",)
    return voided(then, contract=contract, pin=held.pin, at=now)


def _contract_changed(store: Store, one: Request) -> str:
    try:
        words = digest(plain_words(contract_of(store, one.about)))
    except ShadowError as error:
        return f"the contract cannot be read: {error.what}"
    said: Mapping[str, Any] = one.evidence
    return "" if words == said["words_digest"] else "the contract's page"
