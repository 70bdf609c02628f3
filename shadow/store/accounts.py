"""Accounts: what each attempt at a shard has told about how it held its candidate; one row an attempt.

A row that was never closed is an attempt which ended without its last word, as a killed one does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, func, insert, select, update

from shadow.certificate.model import Account, how_often, refusals_of
from shadow.errors import StoreError
from shadow.store.engine import Store
from shadow.store.leases import guard
from shadow.store.replays import Shard
from shadow.store.tables import accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One attempt's account.

    Attributes:
        shard: as its lease names it, `replay:<run>:<number>`; `number`: attempts at a shard are numbered from 1.
        closed: whether this was its last word.
        begun_at: aware UTC.
    """

    shard: str
    number: int
    closed: bool
    begun_at: datetime
    account: Account


def begin_account(store: Store, shard: Shard, account: Account, now: datetime) -> int:
    """Write down, under the lease, that an attempt begins and what is known before its first case; its number.

    Args:
        shard: whose cases are taken; its lease names the shard.
        account: what is known now (isolation, policy, preflight); the rest is noted as it comes.
        now: aware.

    Raises:
        LeaseLost: a younger attempt has taken the shard.
    """
    with store.write() as connection:
        guard(connection, shard.lease)
        mine = and_(accounts.c.run == shard.run.id, accounts.c.shard == shard.lease.shard)
        last = connection.execute(select(func.max(accounts.c.number)).where(mine)).scalar()
        number = (last or 0) + 1
        row = {
            "run": shard.run.id,
            "shard": shard.lease.shard,
            "number": number,
            "experiment": shard.run.experiment,
            "closed": False,
            "account": _stored(account),
            "begun_at": now,
            "told_at": now,
        }
        connection.execute(insert(accounts).values(row))
    return number


def note_account(
    store: Store, shard: Shard, number: int, account: Account, now: datetime, closed: bool = False
) -> None:
    """Write down, under the lease, what an attempt knows by now; with `closed`, its last word.

    Args:
        number: as `begin_account` gave it.
        account: all that it knows, what it has told before included.

    Raises:
        LeaseLost: a younger attempt has taken the shard; what was told before stands.
        StoreError: there is no such attempt, or it has said its last word.
    """
    mine = and_(
        accounts.c.run == shard.run.id, accounts.c.shard == shard.lease.shard, accounts.c.number == number
    )  # fmt: skip
    told = {"account": _stored(account), "told_at": now, "closed": closed}
    with store.write() as connection:
        guard(connection, shard.lease)
        changed = connection.execute(update(accounts).where(mine, accounts.c.closed.is_(False)).values(told)).rowcount
    if not changed:
        raise StoreError(
            "no such attempt is open", where=f"{shard.run.workflow}: run {shard.run.id}, {shard.lease.shard}",
            seen=f"number {number}", todo="begin one",
        )  # fmt: skip


def _stored(account: Account) -> dict[str, Any]:
    """Without what a call aimed at that was denied to no known case: a path may name a customer, and this is kept."""
    nobodys = refusals_of(tuple(replace(one, args={"times": how_often(one)}) for one in account.nobodys))
    return replace(account, nobodys=nobodys).to_json()


def accounts_of(store: Store, run: str) -> list[Told]:
    """What every attempt at a run's shards has told, in order of shard and number.

    Raises:
        StoreError: an account is of another version.
    """
    wanted = select(accounts).where(accounts.c.run == run).order_by(accounts.c.shard, accounts.c.number)
    with store.read() as connection:
        return [_told(row) for row in connection.execute(wanted).mappings()]


def _told(row: RowMapping) -> Told:
    return Told(
        shard=row["shard"],
        number=row["number"],
        closed=row["closed"],
        begun_at=row["begun_at"],
        account=Account.from_json(row["account"]),
    )
