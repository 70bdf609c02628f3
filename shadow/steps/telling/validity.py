"""Whether the verdict that a report tells of still holds, and until when; which looks are drawn together with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shadow.approval import void_because
from shadow.contract import digests
from shadow.errors import ShadowError
from shadow.reports.words import moment, tried
from shadow.store import Store
from shadow.store.registry import Experiment, contract_of, experiment
from shadow.store.requests import Request, Subject
from shadow.store.verdicts import StoredVerdict, verdict_of, verdicts_of


def void_at(store: Store, one: Experiment, look: datetime, *, now: datetime) -> tuple[str, ...]:
    """Why the verdict of this look no longer says anything, a sentence each; empty where it holds.

    Decisions rest on the newest look alone, so an earlier one is void for that, whatever else has changed since.
    """
    looks = verdicts_of(store, one.id)
    if looks and looks[-1].look > look:
        return (f"a later look was taken, of {moment(looks[-1].look)}",)
    return void_because(store, one, now=now)


def expires(body: Mapping[str, Any]) -> datetime | None:
    """From when on the verdict may not be acted on; None where it was kept before that was written down."""
    try:
        return datetime.fromisoformat(body["grounds"]["until"])
    except (KeyError, TypeError, ValueError):
        return None


def asked_on(store: Store, one: Request, *, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the verdict that a cutover is decided on: why it is void, and what else people should know of it.

    Both are sentences; empty where it holds and this version is the only one, and for a contract's signature.
    """
    if one.subject is not Subject.CUTOVER:
        return (), ()
    on = verdict_of(store, str(one.evidence.get("run", "")))
    body: Mapping[str, Any] = on.body if on else {}
    versions, family = int(body.get("versions_tried", 0)), int(body.get("family", 0))
    known = (tried(versions, family),) if max(versions, family) > 1 else ()
    return void_because(store, experiment(store, one.about), now=now), known


def alike(store: Store, looks: Sequence[StoredVerdict]) -> list[StoredVerdict]:
    """The looks under the newest one's judgement: what others measured was of something else, at other error rates."""
    judgements: dict[str, str] = {key: _judgement(store, key) for key in {one.contract for one in looks}}
    newest = judgements[looks[-1].contract]
    return [one for one in looks if one.contract == looks[-1].contract or judgements[one.contract] == newest != ""]


def _judgement(store: Store, contract: str) -> str:
    try:
        return digests(contract_of(store, contract)).judgement
    except ShadowError:  # it cannot be read with what is installed here, so nothing says that it is the same
        return ""
