"""`shadow store show|prune`."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime

from shadow.cli.terminal import say
from shadow.errors import UsageError
from shadow.store import open_store
from shadow.store.prune import prune, sizes
from shadow.store.registry import find_experiment
from shadow.store.replays import redrive


def show(given: Namespace) -> int:
    """Where the store is and how many rows each table holds."""
    store = open_store(given.store)
    where = store.engine.url.render_as_string(hide_password=True)
    rows = sizes(store)
    if given.json:
        say(json.dumps({"store": where, "rows": rows}, indent=2))
        return 0
    say(where)
    for name, count in rows.items():
        say(f"{count:>10,}  {name}")
    return 0


def prune_now(given: Namespace) -> int:
    """Empty the bodies past their date."""
    now = datetime.now(UTC) if given.at is None else moment(given.at, name="--at")
    counts = prune(open_store(given.store), now=now)
    say(f"{sum(counts.values())} bodies emptied: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    return 0


def redrive_letters(given: Namespace) -> int:
    """Open dead letters again."""
    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    say(f"{redrive(store, held.id)} dead letters of {held.workflow} {held.label} are open again")
    return 0


def moment(text: str, *, name: str) -> datetime:
    """An aware moment from ISO 8601 text; a date alone is midnight UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "no moment", where=name, seen=repr(text), allowed="2026-11-21 or 2026-11-21T09:30+00:00"
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
