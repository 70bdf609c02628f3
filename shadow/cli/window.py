"""`shadow window accept`."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

from shadow.cli.store import moment
from shadow.cli.terminal import say
from shadow.store import open_store
from shadow.store.registry import accept_window, find_experiment


def accept(given: Namespace) -> int:
    """Write down who takes a stopped window as sound, and why."""
    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    run = accept_window(
        store,
        held.id,
        start=moment(given.start, name="--from"),
        end=moment(given.end, name="--to"),
        who=given.who,
        why=given.why,
        now=datetime.now(UTC),
    )
    say(f"the window of run {run} is taken as sound on the word of {given.who}; run it again to go on")
    return 0
