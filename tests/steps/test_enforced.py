"""Ready needs the kernel's word: the same evidence, held by nothing, is never ready."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shadow.replay.isolation import COOPERATIVE, KERNEL, why_not
from shadow.store import Store
from shadow.store.accounts import accounts_of
from tests.steps.desk import CONTRACT, Desk, run_day

REAL = replace(CONTRACT, demonstration=False)


def words(store: Store, folder: Path) -> list[str]:
    """The verdicts of some quiet days, of a contract that is no demonstration."""
    desk = Desk(folder=folder)
    for day in range(8):
        for n in range(4):
            desk.case(f"d{day}n{n}", day)
    given = desk.setup(of=REAL)
    return [run_day(store, given, day)["verdict"] for day in range(8)]


@pytest.mark.skipif(bool(why_not()), reason=f"the kernel's cage cannot be had here: {why_not()}")
def test_a_contract_that_is_no_demonstration_becomes_ready_under_the_cage(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every gate passes, and every replay was held: ready. Each attempt says how, and what had shown that it holds."""
    monkeypatch.setenv("SHADOW_ISOLATION", KERNEL)
    found = words(store, tmp_path)
    assert (found[0], found[-1]) == ("inconclusive", "ready")
    with store.read() as connection:
        runs = [row.run for row in connection.execute(accounts_table().select())]
    told = [one for run in dict.fromkeys(runs) for one in accounts_of(store, run)]
    assert told and all(one.closed for one in told)
    for one in told:
        (shown,) = one.account.preflights
        assert (shown.landed_inside, shown.proven > 60) == (0, True)
        assert all(seen.held for seen in one.account.processes) and one.account.attested > 0


def test_the_same_is_never_ready_where_nothing_holds_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gates pass and the isolation does not (`gates.verdict._isolation`)."""
    monkeypatch.setenv("SHADOW_ISOLATION", COOPERATIVE)
    assert set(words(store, tmp_path)) == {"inconclusive"}


def accounts_table():  # type: ignore[no-untyped-def]
    """Our table of accounts."""
    from shadow.store.tables import accounts

    return accounts
