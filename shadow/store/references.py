"""What arrived in the weeks before an experiment: asked of the source once, kept with the experiment."""

from __future__ import annotations

from sqlalchemy import select, update

from shadow.evidence.reference import Reference
from shadow.store.engine import Store
from shadow.store.tables import experiments


def save_reference(store: Store, experiment: str, reference: Reference) -> None:
    """Keep it with the experiment; what was kept first stays."""
    mine = (experiments.c.id == experiment, experiments.c.reference.is_(None))
    with store.write() as connection:
        connection.execute(update(experiments).where(*mine).values(reference=reference.to_json()))


def reference_of(store: Store, experiment: str) -> Reference | None:
    """What was kept; None where the source was not asked."""
    with store.read() as connection:
        found = connection.execute(select(experiments.c.reference).where(experiments.c.id == experiment)).scalar()
    return Reference.from_json(found) if found else None
