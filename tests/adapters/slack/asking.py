"""A ready candidate of a workflow whose approvers are alice and bob, and their accounts in the emulators' workspace."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from shadow import approval
from shadow.approval import Recorded
from shadow.contract import Contract
from shadow.contract.model import Approval
from shadow.store import Store, outbox
from shadow.store.requests import Request, request
from tests import emulators
from tests.approval.desk import ASKED, NOW, trial, verdict

LABEL = "v1"  # the candidate's, to be typed by whoever approves
REASON = "compared the month by hand"
PEOPLE = {
    "alice": ["airflow:alice", f"slack:{emulators.TEAM}/{emulators.ALICE}"],
    "bob": ["airflow:bob", f"slack:{emulators.TEAM}/{emulators.BOB}"],
    "owen": ["airflow:owen", f"slack:{emulators.TEAM}/{emulators.OWEN}"],
}


def contract(channel: str = emulators.CHANNEL) -> Contract:
    """The workflow's contract; requests are posted in `channel`."""
    decides = Approval(channel=channel, approvers=("alice", "bob"), candidate_owner="owen", quorum=2, expires_h=24)
    return replace(ASKED, approval=decides)


def people_file(folder: Path) -> Path:
    """Who is who, for SHADOW_PEOPLE."""
    path = folder / "people.json"
    path.write_text(json.dumps(PEOPLE), encoding="utf-8")
    return path


def open_cutover(store: Store, *, channel: str = emulators.CHANNEL) -> Request:
    """A cutover request that is queued and not posted; what signing its contract had to say is done."""
    held = trial(store, contract(channel))
    signature = approval.ask_signature(store, held.contract, now=NOW).request
    assert signature is not None
    for name in ("alice", "bob"):
        in_airflow(store, signature, name)
    said_and_done(store)
    verdict(store, held)
    asked = approval.ask_cutover(store, held.id, now=NOW).request
    assert asked is not None
    return request(store, asked.id)


def in_airflow(store: Store, one: Request, name: str, *, yes: bool = True) -> None:
    """A vote that does not come from Slack."""
    said = approval.vote_as(
        store, one.id, identity=f"airflow:{name}", approve=yes, reason=REASON, now=NOW,
        known=approval.People(accounts={person: tuple(held) for person, held in PEOPLE.items()}),
    )  # fmt: skip
    assert isinstance(said, Recorded)


def said_and_done(store: Store) -> None:
    """Whatever is queued counts as said."""
    for message in outbox.due(store, now=NOW + timedelta(days=999)):
        outbox.sent(store, message, now=NOW)


def notice(store: Store, key: str, *, channel: str = emulators.CHANNEL, now: Any = NOW) -> None:
    """A finished message in the outbox."""
    payload = {"text": key, "blocks": [{"type": "section", "text": {"type": "plain_text", "text": key}}]}
    outbox.queue(store, key=key, kind=outbox.MESSAGE, channel=channel, payload=payload, now=now)
