"""Data quality of a run's window: asked of Great Expectations before anything is spent, kept with the run."""

from __future__ import annotations

from dataclasses import replace

from shadow.adapters.expectations.profile import Profile
from shadow.adapters.expectations.validate import Validation, validate
from shadow.contract import digest
from shadow.setup import Setup
from shadow.store import Store
from shadow.store.registry import accepted, profiles, run, run_notes, save_validation


def examine(store: Store, setup: Setup, run_id: str) -> Validation:
    """Hold the run's arrivals to the workflow's earlier sound windows, and keep what was found.

    Problems that somebody has accepted, exactly as they are found again, no longer stop the window.

    Raises:
        SourceError: the live system cannot be read.
    """
    one = run(store, run_id)
    earlier = profiles(store, one.workflow, before=one.start)
    found = validate(
        setup.source.arrivals(one.start, one.end),
        contract=setup.contract,
        window=(one.start, one.end),
        reference=[Profile.from_json(profile) for profile in earlier],
    )
    word = accepted(store, run_id)
    data = found.to_json()
    if word is None or word["of"] != digest(data["problems"]):
        save_validation(store, run_id, data)
        return found
    told = replace(found, ok=True, notes=(*found.notes, f"accepted by {word['who']}: {word['why']}"))
    save_validation(store, run_id, {**told.to_json(), "accepted": dict(word)})
    return told


def was_stopped(store: Store, run_id: str) -> bool:
    """Whether the run's data was found unsound; no, where it was not examined at all."""
    return run_notes(store, run_id)["sound"] is False
