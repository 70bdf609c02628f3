"""The first steps of a run: is everything there, which experiment is it, which window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from shadow.approval import ask_signature, withdraw_others
from shadow.doors.bindings import open_bindings
from shadow.setup import Setup
from shadow.store import Store
from shadow.store.registry import begin_run, register

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware; the only clock that steps read, and only to date what they write."""
    return datetime.now(UTC)


def preflight(store: Store, setup: Setup, *, candidate: str, clock: Clock = utc_now) -> str:
    """Refuse what could only fail later; register contract and candidate; the experiment's id.

    A contract that nobody has signed yet runs all the same; its approvers are asked to sign it. What people were asked
    under another contract of the workflow is withdrawn.

    Raises:
        UsageError: no candidate has this label.
        CandidateError: its code has changed under an old label, or cannot be found.
        BindingError: a callable that a binding names is not there.
        SourceError: a connection that a binding uses does not answer.
    """
    open_bindings(setup.bindings)
    one = setup.candidate(candidate)
    held = register(store, setup.contract, label=one.label, pin=one.pin, now=clock())
    withdraw_others(store, held.workflow, held.contract, now=clock())
    ask_signature(store, held.contract, now=clock())
    return held.id


def begin(
    store: Store, setup: Setup, *, experiment: str, start: datetime, end: datetime, at_most: int | None = None
) -> str:
    """The run of the window `[start, end)`; the same arguments give the same run."""
    return begin_run(store, experiment_id=experiment, start=start, end=end, at_most=at_most).id
