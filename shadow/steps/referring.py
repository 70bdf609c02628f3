"""What arrived in the weeks before the experiment: asked of the source once, kept as counts alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from shadow.contract import Contract
from shadow.evidence.reference import WEEKS, Arrived, Reference, refer
from shadow.setup import Setup
from shadow.steps.entries import entry_of
from shadow.store import Store
from shadow.store.references import reference_of, save_reference
from shadow.store.registry import first_start

NEEDED_BY = ("coverage", "input_drift")  # the gates that read it; without one of them the source is not asked


def keep_reference(store: Store, setup: Setup, experiment: str) -> bool:
    """Ask the source for the eight weeks before the experiment's first window, unless it was asked; whether it was now.

    What the contract does not accept is not counted: it is set aside in the trial too. Of each arrival there remains
    when it came, whose it is for the length of its day, and its slices.

    Raises:
        SourceError: the source cannot be read.
    """
    needed = any(bound.name in NEEDED_BY for bound in setup.contract.gates)
    if not needed or reference_of(store, experiment) is not None:
        return False
    save_reference(store, experiment, reference_before(setup, first_start(store, experiment)))
    return True


def reference_before(setup: Setup, moment: datetime) -> Reference:
    """The counts of up to eight whole weeks of UTC days before the day of this moment."""
    until = datetime.combine(moment.astimezone(UTC).date(), time(), tzinfo=UTC)
    since = until - timedelta(weeks=WEEKS)
    return refer(_arrived(setup, since, until), since=since.date(), until=until.date())


def _arrived(setup: Setup, since: datetime, until: datetime) -> Iterator[Arrived]:
    contract: Contract = setup.contract
    for arrival in setup.source.arrivals(since, until):
        entry = entry_of(contract, arrival)
        if not entry.aside:
            case = entry.case
            moment = case.arrived_at.astimezone(UTC)
            yield Arrived(moment.date(), moment.hour, case.unit, case.slices)
