"""Accounts: one row an attempt, told under the lease, and an attempt that never closed stays so."""

from __future__ import annotations

import pytest

from shadow.errors import LeaseLost, StoreError
from shadow.store import Store
from shadow.store.accounts import accounts_of, begin_account, note_account
from tests.certificate.desk import account, tried
from tests.store.desk import at, everything, experiment, shard, window


def test_an_attempt_is_told_as_it_goes(store: Store) -> None:
    """It begins with what is known, each word replaces the one before, and the last word closes it."""
    run = window(store, experiment(store))
    mine = shard(store, run)
    number = begin_account(store, mine, account(processes=()), at(0))
    note_account(store, mine, number, account(unseen=1), at(0, 1))
    (open_one,) = accounts_of(store, run.id)
    assert (open_one.number, open_one.closed, open_one.account.unseen) == (1, False, 1)
    note_account(store, mine, number, account(unseen=2), at(0, 2), closed=True)
    (told,) = accounts_of(store, run.id)
    assert (told.closed, told.account, told.begun_at) == (True, account(unseen=2), at(0))
    assert told.shard == mine.lease.shard


def test_a_second_attempt_stands_beside_the_first(store: Store) -> None:
    """The first one, which was killed, is never closed by anybody; the numbers rise by shard."""
    run = window(store, experiment(store))
    begin_account(store, shard(store, run), account(), at(0))
    mine = shard(store, run)
    assert begin_account(store, mine, account(restarts=1), at(1)) == 2
    note_account(store, mine, 2, account(restarts=1), at(1), closed=True)
    assert [(one.number, one.closed) for one in accounts_of(store, run.id)] == [(1, False), (2, True)]


def test_whoever_has_lost_the_lease_tells_nothing_more(store: Store) -> None:
    """`guard` in both: what an older attempt says after the younger began is not written."""
    run = window(store, experiment(store))
    old = shard(store, run)
    number = begin_account(store, old, account(), at(0))
    shard(store, run)  # a younger attempt takes the lease
    with pytest.raises(LeaseLost):
        note_account(store, old, number, account(canaries=9), at(1), closed=True)
    with pytest.raises(LeaseLost):
        begin_account(store, old, account(), at(1))
    assert [(one.closed, one.account) for one in accounts_of(store, run.id)] == [(False, account())]


def test_the_last_word_is_the_last(store: Store) -> None:
    """A closed account cannot be told differently (`accounts.c.closed.is_(False)`), nor one that never began."""
    run = window(store, experiment(store))
    mine = shard(store, run)
    number = begin_account(store, mine, account(), at(0))
    note_account(store, mine, number, account(), at(0), closed=True)
    for one in (number, number + 1):
        with pytest.raises(StoreError, match="no such attempt is open"):
            note_account(store, mine, one, account(canaries=9), at(1))
    assert [one.account for one in accounts_of(store, run.id)] == [account()]


def test_runs_do_not_mix(store: Store) -> None:
    """Each run has its own attempts."""
    one = experiment(store)
    first, second = window(store, one), window(store, one, 1)
    begin_account(store, shard(store, first), account(), at(0))
    assert accounts_of(store, second.id) == []


def test_what_no_case_aimed_at_is_not_kept(store: Store) -> None:
    """It may name a customer, and an account is kept for longer than a case (`_stored`); that it was tried is."""
    run = window(store, experiment(store))
    mine = shard(store, run)
    told = account(nobodys=(tried("openat", "/data/jane"), tried("openat", "/data/john", times=2)))
    number = begin_account(store, mine, told, at(0))
    note_account(store, mine, number, told, at(0))
    assert "/data/" not in everything(store)
    (refused,) = accounts_of(store, run.id)[0].account.nobodys
    assert (refused.tool, dict(refused.args)) == ("openat", {"times": 3})
