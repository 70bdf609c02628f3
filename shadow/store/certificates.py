"""Certificates as they were told: a run's are only ever added to, so that none can be told differently later."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from shadow.certificate.certificate import Certificate
from shadow.contract import canonical
from shadow.errors import StoreError
from shadow.store.engine import Store
from shadow.store.registry import Run
from shadow.store.tables import certificates, runs

PURPOSE = "certificate"  # what the store's key is derived for


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate as it was told.

    Attributes:
        number: of those of its run, from 1.
        digest: SHA-256 of the certificate.
        at: aware UTC, when it was first told.
    """

    number: int
    digest: str
    at: datetime
    certificate: Certificate


def keep_certificate(store: Store, run: Run, certificate: Certificate, *, now: datetime) -> Issued:
    """Keep a run's certificate, unless the last one says the same; the one that is kept.

    Raises:
        StoreError: what is kept of this run was changed since.
    """
    with store.write() as connection:
        _alone(connection, run)
        kept = _issued(store, connection, run.id)
        if kept and kept[-1].digest == certificate.digest:
            return kept[-1]
        number = kept[-1].number + 1 if kept else 1
        row = {"run": run.id, "number": number, "digest": certificate.digest, "told_at": now}
        text = canonical(certificate.to_json())
        row |= {"experiment": run.experiment, "text": text, "seal": _seal(store, run.id, number, text, now)}
        connection.execute(insert(certificates).values(row))
    return Issued(number=number, digest=certificate.digest, at=now, certificate=certificate)


def certificates_of(store: Store, run: str) -> list[Issued]:
    """Every certificate that was told of a run, the oldest first.

    Raises:
        StoreError: one of them is not what was kept: its seal does not hold.
    """
    with store.read() as connection:
        return _issued(store, connection, run)


def ended_runs(store: Store, experiment: str, *, look: datetime | None = None) -> list[str]:
    """Ids of an experiment's runs whose windows have ended by `look` (by any moment), in order of their ends."""
    wanted = select(runs.c.id).where(runs.c.experiment == experiment).order_by(runs.c.end, runs.c.id)
    with store.read() as connection:
        return list(connection.execute(wanted if look is None else wanted.where(runs.c.end <= look)).scalars())


def _alone(connection: Connection, run: Run) -> None:
    """Two do not keep a run's certificate at once; SQLite's writing transactions are alone anyway."""
    connection.execute(select(runs.c.id).where(runs.c.id == run.id).with_for_update()).all()


def _issued(store: Store, connection: Connection, run: str) -> list[Issued]:
    wanted = select(certificates).where(certificates.c.run == run).order_by(certificates.c.number)
    rows = connection.execute(wanted).mappings().all()
    for row in rows:
        seal = _seal(store, run, row["number"], row["text"], row["told_at"])
        if not hmac.compare_digest(seal, row["seal"]):
            raise StoreError(
                "a certificate was changed after it was told", where=f"run {run}, number {row['number']}",
                seen=f"its seal does not hold, of digest {row['digest'][:12]}", todo="do not rely on this store",
            )  # fmt: skip
    made = [Certificate.from_json(json.loads(row["text"])) for row in rows]
    return [
        Issued(number=row["number"], digest=one.digest, at=row["told_at"], certificate=one)
        for row, one in zip(rows, made, strict=True)
    ]


def _seal(store: Store, run: str, number: int, text: str, at: datetime) -> str:
    said = canonical([run, number, text, at.astimezone(UTC).isoformat()])
    return hmac.digest(store.secret(PURPOSE), said.encode(), "sha256").hex()
