"""From a source's row to a case: what the contract makes of it, or why it is set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from shadow.case import Arrival, Case
from shadow.contract import Contract, canonical, digest
from shadow.store.cases import Entry

NO_SLICE = "(none)"
LONGEST = 200  # characters of an id or a unit, in every database


def entry_of(contract: Contract, arrival: Arrival) -> Entry:
    """The case of one row; a row that the contract does not accept is an entry that is set aside, by reason."""
    mark = digest([dict(arrival.input)])
    unit = arrival.input.get(contract.unit)
    case = Case(
        id=case_id(arrival, mark),
        unit=NO_SLICE if unit is None else str(unit)[:LONGEST],
        arrived_at=arrival.arrived_at,
        began_at=arrival.began_at,
        input=dict(arrival.input),
        slices={name: _slice(arrival.input.get(name)) for name in contract.slices},
    )
    return Entry(case=case, digest=mark, aside=_why_aside(contract, arrival))


def case_id(arrival: Arrival, mark: str) -> str:
    """The row's id, or a made-up one for a row that has none that can be kept; `mark` is the digest of its input."""
    if arrival.id and len(arrival.id) <= LONGEST:
        return arrival.id
    return f"row-{digest([arrival.id, arrival.arrived_at.isoformat(), mark])[:16]}"


def _why_aside(contract: Contract, arrival: Arrival) -> str:
    if arrival.id is None:
        return "the row has no id"
    if len(arrival.id) > LONGEST:
        return f"the id is longer than {LONGEST} characters"
    if arrival.input.get(contract.unit) is None:
        return f"{contract.unit} is missing"
    if len(str(arrival.input[contract.unit])) > LONGEST:
        return f"{contract.unit} is longer than {LONGEST} characters"
    # the message of a failed check may quote the value, so only its place and its rule are kept
    for error in _validator(canonical(contract.accepts)).iter_errors(dict(arrival.input)):
        place = ".".join(str(step) for step in error.absolute_path)
        if error.validator == "required":
            return str(error.message)
        return f"{place or 'input'} breaks '{error.validator}'"
    return ""


def _slice(value: Any) -> str:
    return NO_SLICE if value is None or isinstance(value, Mapping | list) else str(value)


@lru_cache(maxsize=32)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
