"""Data quality of a run's window: asked of Great Expectations before anything is spent, kept with the run."""

from __future__ import annotations

from shadow.adapters.expectations.profile import Profile
from shadow.adapters.expectations.validate import Validation, validate
from shadow.setup import Setup
from shadow.store import Store
from shadow.store.registry import profiles, run, run_notes, save_validation


def examine(store: Store, setup: Setup, run_id: str) -> Validation:
    """Hold the run's arrivals to the workflow's earlier sound windows, and keep what was found.

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
    save_validation(store, run_id, found.to_json())
    return found


def was_stopped(store: Store, run_id: str) -> bool:
    """Whether the run's data was found unsound; no, where it was not examined at all."""
    return run_notes(store, run_id)["sound"] is False
