"""A workflow with approvers, a candidate whose verdict is ready, and people with accounts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shadow import approval
from shadow.approval import Click, People, Place, Recorded, Refusal
from shadow.contract import Contract
from shadow.contract.model import Approval
from shadow.store import Store
from shadow.store.registry import Experiment, register
from shadow.store.requests import Request, note_posted, request
from shadow.store.verdicts import StoredVerdict, save_verdict
from tests.store.desk import CONTRACT, at

NOW = at(30)
TEAM, CHANNEL, TS = "T1", "C1", "1795300000.000100"
LIVE = Place(team=TEAM, channel=CHANNEL, ts=TS)
NAMES = ("ines", "tom", "sara")
PEOPLE = People(accounts={name: (f"airflow:{name}", f"slack:{TEAM}/U{name}") for name in (*NAMES, "lee", "eve")})
DECIDES = Approval(channel="C1", approvers=NAMES, candidate_owner="lee", quorum=2, expires_h=24)
ASKED: Contract = replace(CONTRACT, approval=DECIDES, stages=(1, 5, 100), demonstration=True)


def trial(store: Store, contract: Contract = ASKED, *, label: str = "v1", pin: str = "p" * 64) -> Experiment:
    """The experiment of a candidate, as a run's first step makes it."""
    held = register(store, contract, label=label, pin=pin, now=NOW)
    approval.withdraw_others(store, contract.workflow, held.contract, now=NOW)
    return held


def verdict(store: Store, held: Experiment, word: str = "ready (demonstration)", *, day: int = 20, **more: Any) -> None:
    """A look's verdict; `gate` says how its one gate stands, `note` changes a number without changing what it says."""
    findings = [
        {"gate": "calendar", "status": more.get("gate", "pass"), "reason": "", "numbers": {"n": more.get("note", 0)}},
        {"gate": "isolation", "status": "inconclusive", "reason": "cooperative, not enforced", "numbers": {}},
    ]
    body = {"word": word, "findings": findings, "reasons": ["calendar: enough"], "forecast": "", "numbers": {}}
    said = StoredVerdict(
        run=f"r{day}", experiment=held.id, look=at(day), word=word, contract=held.contract,
        decision_digest=f"{day:064d}", measurement_digest="m" * 64, counts_digest="n" * 64, body=body,
    )  # fmt: skip
    save_verdict(store, said)
    approval.withdraw_stale(store, held.id, now=NOW)


def signed(store: Store, held: Experiment) -> Request:
    """The contract signed by two of its approvers, in Slack."""
    asked = approval.ask_signature(store, held.contract, now=NOW).request
    assert asked is not None
    note_posted(store, asked.id, team=TEAM, channel=CHANNEL, ts="1.1")
    for name in NAMES[:2]:
        assert isinstance(say(store, asked, name, place=replace(LIVE, ts="1.1")), Recorded)
    return request(store, asked.id)


def asked(store: Store, contract: Contract = ASKED) -> Request:
    """An open cutover request on a ready verdict under a signed contract, posted in Slack."""
    held = trial(store, contract)
    signed(store, held)
    verdict(store, held)
    return ask(store, held)


def ask(store: Store, held: Experiment) -> Request:
    """Ask about the newest verdict, and post it where it was not."""
    one = approval.ask_cutover(store, held.id, now=NOW).request
    assert one is not None
    note_posted(store, one.id, team=TEAM, channel=CHANNEL, ts=TS)
    return request(store, one.id)


def click(store: Store, one: Request, name: str, *, place: Place = LIVE, **more: Any) -> Click:
    """A press of the request's button as it is now by a person's account."""
    who = more.get("identity", f"slack:{TEAM}/U{name}")
    return Click(token=more.get("token", approval.token(store, one)), identity=who, via="socket", place=place)


def say(store: Store, one: Request, name: str, *, yes: bool = True, **more: Any) -> Recorded | Refusal:
    """A person's vote in Slack."""
    reason, now = more.pop("reason", "looked at all of it"), more.pop("now", NOW + timedelta(minutes=5))
    return approval.vote(store, click(store, one, name, **more), approve=yes, reason=reason, now=now, known=PEOPLE)


def say_in_airflow(store: Store, one: Request, name: str, *, yes: bool = True, reason: str = "") -> Recorded | Refusal:
    """A person's vote on Airflow's page."""
    now = NOW + timedelta(minutes=6)
    return approval.vote_as(
        store, one.id, identity=f"airflow:{name}", approve=yes, reason=reason, now=now, known=PEOPLE
    )


def edit(store: Store, sql: str) -> None:
    """What somebody does who can write to the database and knows how to take the ledger's triggers away."""
    if store.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(store.engine.url.database))) as connection, connection:
            connection.execute("drop trigger if exists shadow_ledger_no_update")
            connection.execute("drop trigger if exists shadow_ledger_no_delete")
            connection.execute(sql)
        return
    with store.write() as connection:
        for statement in (
            "alter table shadow_ledger disable trigger user",
            sql,
            "alter table shadow_ledger enable trigger user",
        ):
            connection.exec_driver_sql(statement)
