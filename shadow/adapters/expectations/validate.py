"""Is one window's arrivals what this workflow's sound windows look like? Asked before anything is spent.

What a schema of one case cannot see: volume against the same weekday, shifts of nulls and categories, doubled
keys, silence, changed units. Importing this module imports neither Great Expectations nor pandas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from shadow.adapters.expectations import checks, shifts, suite
from shadow.adapters.expectations.past import Past, past
from shadow.adapters.expectations.profile import Profile, Spread, profile_of
from shadow.adapters.expectations.result import Problem, Validation
from shadow.adapters.expectations.table import Table, table
from shadow.case import Arrival
from shadow.contract.model import Contract

__all__ = ["Problem", "Profile", "Spread", "Validation", "validate"]


def validate(
    arrivals: Iterable[Arrival],
    *,
    contract: Contract,
    window: tuple[datetime, datetime],
    reference: Sequence[Profile],
) -> Validation:
    """Hold one window's arrivals to the contract and to earlier sound windows.

    Args:
        arrivals: all rows of the window as the source gave them.
        contract: its `accepts`, `unit`, `slices`, `redact` and declared money are used.
        window: `[start, end)`, aware.
        reference: profiles of earlier sound windows of this workflow; those that did not begin before this
            one, and all but the last 56, are left out. A stopped window's profile must not be among them.

    Returns:
        What was found; a window without rows is not ok.

    Raises:
        UsageError: the window is empty or its moments have no timezone.
        SourceError: an arrival's moment has no timezone.
    """
    data = table(arrivals, contract=contract, window=window)
    found = past(reference, data)
    asked = tuple(_asked(data, found)) if data.rows else ()
    problems = suite.problems(asked, rows=data.rows)
    return Validation(
        ok=not problems,
        rows=data.rows,
        problems=problems,
        checked=len(asked),
        notes=tuple(_notes(data, found)) if data.rows else (),
        profile=profile_of(data),
    )


def _asked(data: Table, found: Past) -> Iterator[checks.Check]:
    yield from checks.keys(data, found)
    yield from checks.moments(data, found)
    yield from checks.absent(data)
    yield from checks.nulls(data, found)
    yield from shifts.words(data, found)
    yield from shifts.bounds(data, found)
    yield from shifts.units(data, found)
    yield from shifts.shares(data, found)
    yield from checks.rows(data, found)


def _notes(data: Table, found: Past) -> Iterator[str]:
    day = Profile(start=data.start, end=data.end, rows=data.rows).weekday
    if not found.all:
        yield "no earlier window to compare with: keys, nulls and units only"
    elif not found.peers:
        yield "no earlier window of this length: volume and silences are not compared"
    elif not found.same:
        yield f"no earlier {day} to compare with: volume against other days, category shares not at all"
    for name in shifts.unchecked(data, found):
        yield f"the unit of {name} is not checked: no earlier window has it and the contract gives no bounds"
    for field in data.fields:
        if field.name in data.absent and not field.needed:
            yield f"{field.name} is in no row; the contract does not require it"
