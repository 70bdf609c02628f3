"""Patterns of an experiment as the store holds it, and the memory of what was told: the outbox itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shadow.compare.causes import causes
from shadow.contract import digest
from shadow.notices.patterns import TEN, Burst, Hit, Pattern, Recurring, Told, bursts, recurring
from shadow.steps.telling.walk import seen_cases, walk
from shadow.store import Store
from shadow.store.outbox import MESSAGE, queue
from shadow.store.registry import contract_of, experiment
from shadow.store.said import failed_replays, replayed, said_under
from shadow.store.verdicts import StoredVerdict

_LONGEST = 200  # characters of an outbox key


def recurring_causes(store: Store, verdict: StoredVerdict) -> list[Recurring]:
    """Causes of discrepancies that have become a pattern at this verdict's look."""
    one = experiment(store, verdict.experiment)
    met = walk(store, one, contract=contract_of(store, verdict.contract), look=verdict.look)
    found = [cause for cause in causes(seen_cases(store, one, met)) if cause.count >= TEN]
    when = replayed(store, one, sorted({key for cause in found for key in cause.cases}))
    hits = {
        row.case_id: Hit(
            slices=tuple(sorted(row.slices.items())),
            replayed_at=when[row.case_id].at,
            run_end=when[row.case_id].run_end,
            settled_at=row.first_settled_at,
        )
        for row, _ in met.compared
        if row.case_id in when and row.first_settled_at is not None
    }
    return recurring(found, hits, told=told(store, one.id), look=verdict.look)


def error_bursts(store: Store, experiment_id: str, *, look: datetime) -> list[Burst]:
    """Errors of the candidate that have become a pattern; they need no verdict."""
    one = experiment(store, experiment_id)
    return bursts(failed_replays(store, one), told=told(store, one.id), look=look)


def queue_notice(
    store: Store, pattern: Pattern, *, experiment: str, channel: str, payload: Mapping[str, Any], now: datetime
) -> bool:
    """Have a notice said, unless this cause had one on this UTC day; True where it is going to be.

    The outbox remembers it: what it spoke of is not new any more, once it is queued.
    """
    day = now.astimezone(UTC).date().isoformat()
    about = f"{pattern.family} {pattern.part or '-'} {pattern.look.astimezone(UTC).isoformat()}"
    key = f"{_prefix(experiment)}{pattern.cause}:{day}"
    return queue(store, key=key, kind=MESSAGE, about=about, channel=channel, payload=payload, now=now)


def told(store: Store, experiment: str) -> list[Told]:
    """The notices that this experiment has had."""
    found = []
    for one in said_under(store, _prefix(experiment)):
        family, part, look = one.about.split(" ")
        found.append(
            Told(family=family, part="" if part == "-" else part, at=one.at, look=datetime.fromisoformat(look))
        )
    return found


def _prefix(experiment: str) -> str:
    """`notice:<experiment>:`; a name that is too long for a key gives its digest."""
    whole = f"notice:{experiment}:"
    return whole if len(whole) <= _LONGEST - 24 else f"notice:{digest(experiment)[:24]}:"
