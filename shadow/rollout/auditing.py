"""Whether the tables of requests, votes and stages say what the ledger says; the ledger is right where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from shadow.approval.proof import policy
from shadow.contract import Approval, canonical
from shadow.store import Store
from shadow.store.decisions import Row, request_rows, stage_rows, vote_rows
from shadow.store.ledger import Entry, Event, entries

_ENDS = (Event.DECIDED, Event.EXPIRED, Event.SUPERSEDED)
_MOVES = (Event.PROMOTED, Event.ROLLED_BACK)
_ASKED = ("workflow", "subject", "about", "contract", "revision", "ground", "digest", "expires_at", "evidence")
_VOTED = ("identity", "via", "approve", "reason", "digest", "at", "seq")
_MOVED = ("stage", "share", "experiment", "contract", "request", "demonstration", "who", "why", "at", "seq")


def differences(store: Store, *, workflow: str | None = None) -> list[str]:
    """What the tables say and the ledger does not, or the other way round, one sentence each; empty where they agree.

    The ledger itself is not verified here. Slack's whereabouts of a message are no decision and are left out.
    """
    try:
        return list(_differences(store, workflow))
    except (ValueError, KeyError, TypeError) as error:  # a text that is no moment, no word of ours, no JSON any more
        return [f"a record cannot be read: {str(error)[:120]}"]


def _differences(store: Store, workflow: str | None) -> Iterator[str]:
    log = list(entries(store, workflow=workflow))
    asked = request_rows(store, workflow)
    ours = {row.subject for row in log} | {str(row["id"]) for row in asked}
    given = [row for row in vote_rows(store) if workflow is None or row["request"] in ours]
    yield from _requests(store, log, asked)
    yield from _votes(log, given)
    yield from _stages(log, stage_rows(store, workflow))


def _requests(store: Store, log: list[Entry], rows: Iterable[Row]) -> Iterator[str]:
    said: dict[str, dict[str, Any]] = {}
    for entry in log:
        if entry.event in (Event.REQUESTED, Event.REVISED):
            said[entry.subject] = _asked(store, entry)
        elif entry.event in _ENDS and entry.subject in said:
            end = {"status": entry.body["outcome"], "settled_seq": entry.seq, "settled_at": entry.body["at"]}
            said[entry.subject] |= end
    here = {str(row["id"]): _plain(row) for row in rows}
    yield from _compared("request {}", said, here)


def _asked(store: Store, entry: Entry) -> dict[str, Any]:
    expires = datetime.fromisoformat(entry.body["expires_at"]).astimezone(UTC).isoformat()
    body = {**entry.body, "workflow": entry.workflow, "expires_at": expires}
    body["evidence"] = canonical(entry.body["evidence"])
    open_still = {"status": "open", "settled_seq": None, "settled_at": None}
    return {**{name: body[name] for name in _ASKED}, **_policy(store, str(body["contract"])), **open_still}


def _policy(store: Store, contract: str) -> dict[str, Any]:
    """What a request copies from its contract; nothing where that cannot be read, which `proof` refuses."""
    held = policy(store, contract)
    if not isinstance(held, Approval):
        return {}
    return {
        "quorum": held.quorum,
        "approvers": list(held.approvers),
        "candidate_owner": held.candidate_owner,
        "channel": held.channel,
    }


def _votes(log: list[Entry], rows: Iterable[Row]) -> Iterator[str]:
    said = {
        (entry.subject, str(entry.body["person"])): {**entry.body, "seq": entry.seq}
        for entry in log
        if entry.event is Event.VOTED
    }
    wanted = {key: {name: body[name] for name in _VOTED} for key, body in said.items()}
    here = {(str(row["request"]), str(row["person"])): _plain(row) for row in rows}
    yield from _compared("vote of {0[1]} on request {0[0]}", wanted, here)


def _stages(log: list[Entry], rows: Iterable[Row]) -> Iterator[str]:
    said = {
        (entry.workflow, int(entry.body["number"])): {**entry.body, "stage": entry.body["to"], "seq": entry.seq}
        for entry in log
        if entry.event in _MOVES
    }
    wanted = {key: {name: body[name] for name in _MOVED} for key, body in said.items()}
    here = {(str(row["workflow"]), int(row["number"])): _plain(row) for row in rows}
    yield from _compared("stage {0[1]} of {0[0]}", wanted, here)


def _compared(name: str, said: Mapping[Any, Row], here: Mapping[Any, Row]) -> Iterator[str]:
    for key in sorted({*said, *here}, key=str):
        what = name.format(key)
        if key not in here:
            yield f"{what} is in the ledger and not in its table"
        elif key not in said:
            yield f"{what} is in its table and not in the ledger"
        else:
            wrong = [part for part, value in said[key].items() if here[key][part] != value]
            if wrong:
                yield f"{what} was edited: {', '.join(wrong)}"


def _plain(row: Row) -> dict[str, Any]:
    """Moments as the ledger writes them."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
