"""`shadow rollback`, `shadow stage show` and `shadow route`: where a workflow stands, and how it goes back."""

from __future__ import annotations

import json
import os
import socket
from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, datetime

from shadow.cli.terminal import complain, say
from shadow.errors import ShadowError, StoreError, UsageError

RULE = "=" * 78


def rollback(given: Namespace) -> int:
    """Give everything to the control; where the store cannot be reached, at least on this machine."""
    from shadow.rollout.places import is_name

    if not is_name(given.workflow) or not given.why.strip():
        raise UsageError("a workflow's name and a reason are needed", where=given.workflow[:60], todo='--why "…"')
    who, now = given.who or operator(), datetime.now(UTC)
    try:
        return _recorded(given, who, now)
    except UsageError:
        raise
    except ShadowError as error:
        return _on_this_machine(given, who, now, str(error))


def _recorded(given: Namespace, who: str, now: datetime) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from shadow.rollout import roll_back
    from shadow.store import open_store
    from shadow.store.engine import exists
    from shadow.store.ledger import verify

    if not exists(given.store):
        raise StoreError("there is no store", todo="set SHADOW_HOME or SHADOW_STORE_URL, or give --store")
    try:
        store = open_store(given.store)
        row = roll_back(store, given.workflow, who=who, why=given.why, now=now)
        chain = verify(store)
    except SQLAlchemyError as error:
        raise StoreError("the store failed", seen=str(error).splitlines()[0][:200]) from error
    say(f"{row.workflow}: rolled back by {row.who}; the control gets everything, and every open approval is void")
    say("this machine knows it now, others within about three seconds, one that cannot reach the store within a minute")
    say(f"recorded as row {row.seq} of the ledger ({chain.hash[:12]})")
    if not chain.ok:
        complain(f"shadow: the rollback counts, but the ledger does not verify: {chain.problem}")
    return 0


def _on_this_machine(given: Namespace, who: str, now: datetime, seen: str) -> int:
    """Loud, because it is not what was asked for."""
    from shadow.places import home
    from shadow.rollout.kill import throw

    complain(f"{RULE}\nNOT ROLLED BACK IN THE STORE: {seen}")
    try:
        path = throw(home(), given.workflow, who=who, why=given.why, now=now)
    except OSError as error:
        complain(f"NOTHING WAS STOPPED on this machine either: {error}")
        complain(f"Set SHADOW_KILL={given.workflow} in the processes that ask for routes, and restart them.\n{RULE}")
        return 1
    complain(f"STOPPED ON THIS MACHINE ONLY: {path} sends every key of {given.workflow} to the control at once.")
    complain("Other machines go on until what they know is 60 seconds old, longer where they can reach the store.")
    complain("To do: the same on each of them, or SHADOW_KILL there; `shadow rollback` again once the store is back;")
    complain(f"then take the file away.\n{RULE}")
    return 1


def stages(given: Namespace) -> int:
    """Every change of a workflow's stage."""
    from shadow.reports.safe import visible
    from shadow.store import open_store
    from shadow.store.registry import find_experiment
    from shadow.store.stages import stages_of

    store = open_store(given.store)
    rows = stages_of(store, given.workflow)
    if not rows:
        find_experiment(store, given.workflow)  # an unknown name is said to be one
    if given.json:
        say(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False, default=str))
        return 0
    last = rows[-1] if rows else None
    marked = " (demonstration: no real key)" if last and last.demonstration else ""
    say(f"{given.workflow}: {last.stage} {last.share:g} %{marked}" if last else f"{given.workflow}: shadow 0 %")
    for row in rows:
        said = f"{row.stage} {row.share:g} %  {row.who}: {row.why}"
        say(visible(f"  {row.number:>3}  {row.at:%Y-%m-%d %H:%M:%S} UTC  {said}", lines=False))
    return 0


def route(given: Namespace) -> int:
    """What a production process on this machine would be told about a key, after its refresher has looked."""
    from shadow.rollout.refreshing import refresh_one
    from shadow.rollout.routing import explain, this_process

    router = this_process()
    if router is None:
        raise UsageError(
            "no route can be found",
            where="SHADOW_HOME, SHADOW_ROUTE_MAX_AGE_S",
            allowed="a directory, and seconds from 0 to 3600",
        )
    explain(given.workflow, given.key)  # names the workflow to the router, or refuses it
    if given.workflow in router.watched:
        try:
            refresh_one(router.where, given.workflow, None, wait=True)
        except OSError as error:
            complain(f"shadow: the route file cannot be written: {error}")
    found = explain(given.workflow, given.key, demonstration=given.demonstration)
    if given.json:
        known = asdict(found.known) if found.known else None
        say(json.dumps({"side": found.side, "reason": str(found.reason), "known": known}, indent=2))
        return 0
    say(found.side)
    say(f"  {found.reason}")
    if found.known:
        failed = f"; the store: {found.known.why}" if found.known.why else ""
        say(f"  stage {found.known.stage or 'unknown'} {found.known.share:g} %, change {found.known.number}{failed}")
    return 0


def operator() -> str:
    """Who is at the keyboard: `os:<name>@<host>`, by the user id and not by a variable that anybody sets."""
    import pwd

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"os:{name}@{socket.gethostname()}"
