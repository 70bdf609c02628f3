"""`shadow audit verify` and `shadow audit show`: whether the record holds, and what it says."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict

from shadow.cli.terminal import complain, say
from shadow.errors import StoreError, UsageError
from shadow.reports.safe import visible
from shadow.rollout.auditing import differences
from shadow.store import Store, open_store
from shadow.store.engine import exists
from shadow.store.ledger import Entry, entries, verify

_HEX = set("0123456789abcdef")


def verify_ledger(given: Namespace) -> int:
    """Exit code 0 where the chain and the tables hold, 1 where anything is broken."""
    anchor = anchor_of(given.anchor) if given.anchor is not None else None
    store = _there(given.store)
    chain = verify(store, anchor=anchor)
    wrong = differences(store)
    ok = chain.ok and not wrong
    if given.json:
        found = {"ok": ok, "rows": chain.count, "hash": chain.hash, "problem": chain.problem, "differences": wrong}
        say(json.dumps(found, indent=2, ensure_ascii=False))
        return 0 if ok else 1
    if chain.ok:
        say(f"ledger: {chain.count} rows hold together; the last is {chain.seq}:{chain.hash}")
        if anchor is None:
            say("whether rows were cut off at its end shows only with --anchor, from a settled message in Slack")
    else:
        complain(f"ledger: BROKEN: {chain.problem} ({chain.count} rows before that hold)")
    for one in wrong:
        complain(visible(f"tables: BROKEN: {one}", lines=False))
    if not wrong:
        say("tables: requests, votes and stages say what the ledger says")
    return 0 if ok else 1


def show(given: Namespace) -> int:
    """The ledger's rows, oldest first."""
    store = _there(given.store)
    try:
        rows = list(entries(store, subject=given.request, workflow=given.workflow))
    except ValueError as error:
        raise StoreError("the ledger cannot be read", seen=str(error)[:120], todo="shadow audit verify") from error
    if given.json:
        say(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
        return 0
    for row in rows:
        say(_line(row))
    if not rows:
        say("the ledger holds no such row")
    return 0


def anchor_of(text: str) -> tuple[int, str]:
    """The row and the first digits of its hash out of `SEQ:HASH`."""
    seq, _, start = text.strip().lower().partition(":")
    if not (seq.isascii() and seq.isdigit()) or not 12 <= len(start) <= 64 or not set(start) <= _HEX:
        allowed = "a row's number, ':' and 12 to 64 digits of its hash"
        raise UsageError("no anchor", where="--anchor", seen=repr(text[:80]), allowed=allowed)
    return int(seq), start


def _there(url: str | None) -> Store:
    if not exists(url):
        raise StoreError("there is no store", todo="set SHADOW_HOME or SHADOW_STORE_URL, or give --store")
    return open_store(url)


def _line(row: Entry) -> str:
    told = {name: value for name, value in row.body.items() if name not in ("at", "evidence")}
    said = ", ".join(f"{name} {value}" for name, value in told.items() if value not in ("", None))
    about = " ".join(one for one in (row.workflow, row.subject) if one)
    return visible(
        f"{row.seq:>5}  {row.body.get('at', '')[:19]}  {row.event}  {about}: {said}  [{row.hash[:12]}]", lines=False
    )
