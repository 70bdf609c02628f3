"""Each workflow's newest contract: what holds for it now, by the experiment that was last taken up."""

from __future__ import annotations

from sqlalchemy import select

from shadow.store.engine import Store
from shadow.store.tables import experiments


def newest_contracts(store: Store) -> dict[str, str]:
    """Workflow → id of the contract of its newest experiment, by name."""
    wanted = select(experiments.c.workflow, experiments.c.contract).order_by(experiments.c.recorded_at)
    with store.read() as connection:
        found = {str(workflow): str(contract) for workflow, contract in connection.execute(wanted)}
    return dict(sorted(found.items()))
