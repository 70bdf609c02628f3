"""Certificates as they were told: added to, never changed, and a change shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from shadow.certificate.certificate import Certificate
from shadow.contract import canonical
from shadow.errors import StoreError
from shadow.store import Store
from shadow.store.certificates import certificates_of, ended_runs, keep_certificate
from shadow.store.registry import Run
from shadow.store.tables import certificates
from tests.certificate.desk import account, certificate, count, seen, tried
from tests.store.desk import at, experiment, window


def of(run: Run, **changed: Any) -> Certificate:
    """A certificate of this run."""
    return replace(certificate(), runs=(run.id,), **changed)


def test_a_certificate_is_kept_once(store: Store) -> None:
    """Told again, word for word: one row, with the first moment."""
    run = window(store, experiment(store))
    first = keep_certificate(store, run, of(run), now=at(1))
    assert keep_certificate(store, run, of(run), now=at(2)) == first
    assert certificates_of(store, run.id) == [first]
    assert (first.number, first.at, first.certificate) == (1, at(1), of(run))


def test_another_certificate_stands_beside_the_first(store: Store) -> None:
    """What was told stays, whatever is told later: a row each, in order."""
    run = window(store, experiment(store))
    violated = of(run, counted=count(seen(tried())))
    for day, one in enumerate((of(run), violated, of(run)), start=1):
        keep_certificate(store, run, one, now=at(day))
    found = certificates_of(store, run.id)
    assert [(one.number, one.at) for one in found] == [(1, at(1)), (2, at(2)), (3, at(3))]
    assert [str(one.certificate.standing) for one in found] == ["held", "tried to get out", "held"]


@pytest.mark.parametrize("column", ["text", "told_at", "number"])
def test_a_changed_certificate_is_found(store: Store, column: str) -> None:
    """Whoever writes to the database but lacks the store's key can change no part of it unseen (`_seal`)."""
    run = window(store, experiment(store))
    told = keep_certificate(store, run, of(run, account=account(canaries=1)), now=at(1))
    better = of(run)
    others = {"text": canonical(better.to_json()), "told_at": at(0), "number": 7}
    with store.write() as connection:
        connection.execute(update(certificates).values({column: others[column], "digest": better.digest}))
    with pytest.raises(StoreError, match="changed after it was told"):
        certificates_of(store, run.id)
    with pytest.raises(StoreError, match="changed after it was told"):
        keep_certificate(store, run, better, now=at(2))
    assert told.number == 1


def test_its_digest_is_worked_out_anew(store: Store) -> None:
    """The column is for looking it up; a changed one is not told."""
    run = window(store, experiment(store))
    told = keep_certificate(store, run, of(run), now=at(1))
    with store.write() as connection:
        connection.execute(update(certificates).values(digest="0" * 64))
    assert certificates_of(store, run.id) == [told]


def test_runs_in_the_order_of_their_ends(store: Store) -> None:
    """Those whose windows have ended by a look; those of another experiment are not among them."""
    one = experiment(store)
    late, early = window(store, one, 3), window(store, one, 1)
    window(store, experiment(store, "v2"), 0)
    assert ended_runs(store, one.id) == [early.id, late.id]
    assert ended_runs(store, one.id, look=at(2)) == [early.id]
    assert ended_runs(store, one.id, look=at(1.5)) == []
