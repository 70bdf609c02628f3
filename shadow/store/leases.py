"""A fenced lease per experiment and shard: the younger holder wins, the older one's next commit is refused.

Airflow's own limits do not hold for backfills, and after its executor dies a task runs on beside its retry;
so who may write for a shard is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from shadow.errors import LeaseLost
from shadow.store.engine import Store, upsert
from shadow.store.tables import leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to commit for one shard, until somebody takes it with a higher epoch."""

    experiment: str
    shard: str
    epoch: int


def take(store: Store, experiment: str, shard: str, *, holder: str, now: datetime) -> Lease:
    """Take the shard; whoever held it before is fenced off from now on."""
    row = {"experiment": experiment, "shard": shard, "epoch": 0, "holder": holder, "taken_at": now}
    mine = and_(leases.c.experiment == experiment, leases.c.shard == shard)
    with store.write() as connection:
        upsert(connection, leases, [row])  # of two first holders one makes the row, and both then raise its epoch
        connection.execute(update(leases).where(mine).values(epoch=leases.c.epoch + 1, holder=holder, taken_at=now))
        epoch = connection.execute(select(leases.c.epoch).where(mine)).scalar_one()
    return Lease(experiment=experiment, shard=shard, epoch=epoch)


def guard(connection: Connection, lease: Lease) -> None:
    """Inside a writing transaction: go on only as the shard's youngest holder.

    Raises:
        LeaseLost: somebody has taken the shard since.
    """
    epoch = _epoch(connection, lease.experiment, lease.shard)
    if epoch != lease.epoch:
        raise LeaseLost(
            "another attempt has taken this shard",
            where=f"{lease.experiment} {lease.shard}",
            seen=f"epoch {lease.epoch}, now {epoch}",
            todo="nothing: the younger attempt goes on",
        )


def _epoch(connection: Connection, experiment: str, shard: str) -> int | None:
    mine = and_(leases.c.experiment == experiment, leases.c.shard == shard)
    found = select(leases.c.epoch).where(mine)
    if connection.dialect.name == "postgresql":
        found = found.with_for_update()  # SQLite's writing transactions are alone anyway
    return connection.execute(found).scalar()
