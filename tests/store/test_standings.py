"""How every case stood at one look: order, revisions by the clock of the look, what was measured."""

from __future__ import annotations

import string
from random import Random

import pytest

from shadow.store import Store
from shadow.store.standings import StandingRow, earlier, standings
from tests.store.desk import (
    JUDGEMENT,
    at,
    bring,
    compared,
    entry,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    window,
)


def rows(store: Store, look: float) -> list[StandingRow]:
    """All of them at a look."""
    return list(standings(store, experiment(store), look=at(look), judgement=JUDGEMENT))


def test_the_order_is_pythons(store: Store) -> None:
    """By day, unit and id, each by code point, on both databases: the digests follow it."""
    rng = Random(4)
    signs = string.ascii_letters + string.digits + "-_. ~äÄßéΩ漢😀"
    names = ["".join(rng.choices(signs, k=rng.randint(1, 4))) for _ in range(120)]
    units = ["a", "B", "b", "ä", "Z", "z-1", "z1", "_", "10", "9", "é", "e"]
    entries = [
        entry(name, rng.randint(0, 2), hour=rng.randint(0, 23), unit=rng.choice(units)) for name in sorted(set(names))
    ]
    bring(store, *entries)
    plan(store, window(store, experiment(store), days=3))
    found = [(row.arrived_at.date(), row.unit, row.case_id) for row in rows(store, 3)]
    assert len(found) == len(entries)
    assert found == sorted(found)


def test_a_look_sees_what_had_happened_by_then(store: Store) -> None:
    """Outcomes that settled before it, runs that had ended; the first outcome's moment stays."""
    one = entry("c0")
    bring(store, one)
    run = window(store, experiment(store))
    plan(store, run)
    settle(store, outcome("c0", 1), outcome("c0", 3, "decline"))
    replayed(store, run, (one, seen()))
    compared(store, run, one, seen(), seen(), revision=1)
    compared(store, run, one, seen("decline"), seen(), revision=2)
    assert rows(store, 0.5) == []
    looks = {look: rows(store, look)[0] for look in (1, 2, 4)}
    assert [(row.revision, row.agreement, row.severity) for row in looks.values()] == [
        (0, "", ""),
        (1, "agree", ""),
        (2, "discrepancy", "major"),
    ]
    assert looks[4].first_settled_at == at(1, 12)
    assert looks[4].settled_at == at(3, 12)
    assert looks[1].settled_at is None


def test_the_outcome_before(store: Store) -> None:
    """What the case was like with it; there is none before the first, and none that was not compared."""
    one = entry("c0")
    bring(store, one)
    run = window(store, experiment(store))
    plan(store, run)
    settle(store, outcome("c0", 1), outcome("c0", 3, "decline"))
    replayed(store, run, (one, seen()))
    compared(store, run, one, seen("decline"), seen(), revision=2)
    (newest,) = rows(store, 4)
    assert earlier(store, experiment(store), newest, judgement=JUDGEMENT) is None
    compared(store, run, one, seen(), seen(), revision=1)
    before = earlier(store, experiment(store), newest, judgement=JUDGEMENT)
    assert before is not None
    assert (before.revision, before.agreement, before.settled_at) == (1, "agree", at(1, 12))
    assert before.first_settled_at == newest.first_settled_at
    assert earlier(store, experiment(store), before, judgement=JUDGEMENT) is None


@pytest.mark.parametrize("hour", [0, 23.999])
def test_a_day_is_a_utc_day(store: Store, hour: float) -> None:
    """From midnight to midnight, whatever the session's zone."""
    bring(store, entry("c0", hour=hour), entry("c1", 1, hour=0, unit="a"))
    plan(store, window(store, experiment(store), days=2))
    assert [row.case_id for row in rows(store, 2)] == ["c0", "c1"]
