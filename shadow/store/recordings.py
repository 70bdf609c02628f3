"""What models had answered a replay that is not finished, kept so that a resume does not pay twice.

The answers are customer data like the cases: encrypted, and gone as soon as their case's observation is kept.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Table, and_, select
from sqlalchemy.exc import SQLAlchemyError

from shadow.contract import canonical
from shadow.doors.network.recordings import Recorded, Step
from shadow.errors import StoreError
from shadow.store.engine import Store, upsert
from shadow.store.replays import Shard
from shadow.store.tables import cases, dead_letters, observations, recordings

PURPOSE = "recordings"  # what the store's key is derived for
_NONCE = 12  # bytes


class StoreRecordings:
    """`shadow.doors.network.recordings.Recordings` over our own table, for one shard; for several threads.

    Args:
        shard: whose cases are taken; `Step.case` is a case's id.
    """

    __slots__ = ("_key", "_shard", "_store")

    def __init__(self, store: Store, shard: Shard) -> None:
        self._store, self._shard, self._key = store, shard, store.secret(PURPOSE)

    def find(self, step: Step) -> Recorded | None:
        """The answer of exactly this step, or None.

        Raises:
            StoreError: it cannot be read as what `keep` wrote.
        """
        with _told(step), self._store.read() as connection:
            sealed = connection.execute(select(recordings.c.body).where(*self._at(step))).scalar()
        return None if sealed is None else self._opened(step, bytes(sealed))

    def keep(self, step: Step, recorded: Recorded) -> None:
        """Keep it; durable when this returns. The first answer of a step stays.

        Of a case that is over nothing more is kept: what comes late would outlive what it was kept for.

        Raises:
            StoreError: the database does not take it.
        """
        nonce = os.urandom(_NONCE)
        text = json.dumps(recorded.to_json(), separators=(",", ":")).encode()
        sealed = nonce + AESGCM(self._key).encrypt(nonce, text, _named(step))
        with _told(step), self._store.write() as connection:
            if not (step.repeat == 0 and _is_done(connection, step)):
                row = {**self._row(step), "body": sealed, "keep_until": self._until(connection, step)}
                upsert(connection, recordings, [row])

    def _row(self, step: Step) -> dict[str, Any]:
        asked = hmac.digest(self._key, step.digest.encode(), "sha256").hex()
        return {
            "experiment": step.experiment,
            "case_id": step.case,
            "repeat": step.repeat,
            "step": step.step,
            "request": asked,
        }

    def _at(self, step: Step) -> list[Any]:
        return [recordings.c[name] == value for name, value in self._row(step).items()]

    def _opened(self, step: Step, sealed: bytes) -> Recorded:
        try:
            text = AESGCM(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _named(step))
            return Recorded.from_json(json.loads(text))
        except (InvalidTag, ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise StoreError(
                "a recorded answer of a model cannot be read", where=f"{step.experiment}: case {step.case}",
                seen=type(error).__name__, todo="was it written under another key? redrive the case",
            ) from error  # fmt: skip

    def _until(self, connection: Connection, step: Step) -> Any:
        case = and_(cases.c.workflow == self._shard.run.workflow, cases.c.id == step.case)
        arrived = connection.execute(select(cases.c.arrived_at).where(case)).scalar()
        return (arrived or self._shard.run.start) + self._shard.keep


@contextmanager
def _told(step: Step) -> Iterator[None]:
    """A database's error as ours: the door answers the candidate with it, and goes on."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(
            "models' answers cannot be recorded", where=f"{step.experiment}: case {step.case}",
            seen=str(error).splitlines()[0][:200], todo="check SHADOW_STORE_URL and that the database is running",
        ) from error  # fmt: skip


def _is_done(connection: Connection, step: Step) -> bool:
    found = [
        connection.execute(select(table.c.case_id).where(*_of(table, step))).first()
        for table in (observations, dead_letters)
    ]
    return any(row is not None for row in found)


def _of(table: Table, step: Step) -> list[Any]:
    return [table.c.experiment == step.experiment, table.c.case_id == step.case]


def _named(step: Step) -> bytes:
    """What a sealed answer is bound to: it cannot be read as another step's."""
    return canonical([step.experiment, step.case, step.repeat, step.step, step.digest]).encode()
