"""A shard's cases with their clear inputs.

Redacted fields are not in our store, so the input is read again from the source and held against the digest that
was taken when it was collected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from shadow.case import Case
from shadow.contract import digest
from shadow.setup import Setup
from shadow.steps.entries import case_id, entry_of
from shadow.store import Store
from shadow.store.cases import input_digests, load_cases

PLAY = timedelta(seconds=1)  # beyond the last moment read again: a source may compare whole seconds alone


def clear_cases(store: Store, setup: Setup, ids: Sequence[str]) -> tuple[list[Case], list[Case]]:
    """The cases that can be replayed, in order of arrival; and those whose input is no longer what was collected."""
    workflow = setup.contract.workflow
    kept = load_cases(store, workflow, ids)
    if not setup.contract.redact:
        return kept, []
    marks = input_digests(store, workflow, ids)
    fresh = {case.id: case for case in _read_again(setup, kept, marks)}
    return [fresh[c.id] for c in kept if c.id in fresh], [c for c in kept if c.id not in fresh]


def _read_again(setup: Setup, kept: Sequence[Case], marks: Mapping[str, str]) -> Iterator[Case]:
    """The rows that are what was collected; of a doubled case another row may come first this time."""
    if not kept:
        return
    wanted = {case.id for case in kept}
    for arrival in setup.source.arrivals(kept[0].arrived_at, kept[-1].arrived_at + PLAY):
        mark = digest([dict(arrival.input)])
        key = case_id(arrival, mark)
        if key in wanted and marks[key] == mark:
            wanted.discard(key)
            yield entry_of(setup.contract, arrival).case
