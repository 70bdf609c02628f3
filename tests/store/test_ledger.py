"""The ledger: only added to, each row bound to the one before; an edit, a deletion, a swap and a cut are found."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.exc import DBAPIError

from shadow.store import Store, open_store
from shadow.store.ledger import Event, append, entries, entries_in, last, verify
from tests.approval.desk import edit
from tests.store.desk import at


def log(store: Store, *subjects: str) -> None:
    """One row for each subject."""
    for number, subject in enumerate(subjects):
        with store.write() as connection:
            append(
                store, connection, event=Event.VOTED, workflow="desk", subject=subject, body={"n": number}, now=at(1)
            )


def test_rows_come_back_in_order_with_their_moment(store: Store) -> None:
    """Numbered from 1, each with the hash of the one before; by request, by workflow, in a transaction."""
    log(store, "a", "b", "a")
    rows = list(entries(store))
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.prev for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert rows[0].body == {"n": 0, "at": at(1).isoformat()} and rows[0].prev == "0" * 64
    assert [row.seq for row in entries(store, subject="a")] == [1, 3] and last(store, subject="a") == rows[2]
    assert last(store, subject="nobody") is None and list(entries(store, workflow="other")) == []
    with store.read() as connection:
        assert entries_in(connection, "b") == [rows[1]]
    found = verify(store)
    assert (found.ok, found.count, found.seq, found.hash) == (True, 3, 3, rows[2].hash)


def test_an_empty_ledger_holds(store: Store) -> None:
    """Nothing was decided yet; an anchor that people hold says otherwise."""
    assert verify(store).ok and verify(store).count == 0
    assert "missing" in verify(store, anchor=(1, "a" * 64)).problem


@pytest.mark.parametrize(
    ("deed", "problem"),
    [
        ("update shadow_ledger set body = replace(body, '1', '7') where seq = 2", "row 2 was edited"),
        ("update shadow_ledger set event = 'decided' where seq = 2", "row 2 was edited"),
        ("update shadow_ledger set subject = 'z' where seq = 2", "row 2 was edited"),
        ("update shadow_ledger set workflow = 'z' where seq = 4", "row 4 was edited"),
        ("delete from shadow_ledger where seq = 2", "row 2 is missing"),
        ("delete from shadow_ledger where seq = 1", "row 1 is missing"),
        (
            "update shadow_ledger set seq = case seq when 2 then 103 else 102 end where seq in (2, 3)",
            "row 2 is missing",
        ),
        ("update shadow_ledger set prev = hash where seq = 3", "row 3 does not follow"),
    ],
)
def test_what_is_wrong_is_found_and_named(store: Store, deed: str, problem: str) -> None:
    """By somebody who can write to the database and does not hold the key."""
    log(store, "a", "b", "c", "d")
    edit(store, deed)
    found = verify(store)
    assert not found.ok and problem in found.problem


def test_two_rows_that_changed_places(store: Store) -> None:
    """Whole rows, with everything they hold but their number."""
    log(store, "a", "b", "c")
    for first, second in ((2, 99), (3, 2), (99, 3)):
        edit(store, f"update shadow_ledger set seq = {second} where seq = {first}")
    assert not verify(store).ok


def test_a_cut_tail_is_found_by_what_people_were_told(store: Store) -> None:
    """A chain alone cannot miss its own end; the number and hash in a settled message can."""
    log(store, "a", "b", "c")
    told = verify(store)
    edit(store, "delete from shadow_ledger where seq = 3")
    assert verify(store).ok
    found = verify(store, anchor=(told.seq, told.hash[:12]))
    assert not found.ok and "row 3" in found.problem
    assert verify(store, anchor=(1, next(iter(entries(store))).hash)).ok
    assert not verify(store, anchor=(1, "")).ok, "too few digits prove nothing"


def test_a_chain_that_was_made_without_the_key(store: Store) -> None:
    """Rewritten from the first row on, hashes and all, with another key."""
    log(store, "a", "b")
    other = Store(engine=store.engine, key=b"k" * 32)
    assert verify(store).ok and "without the store's key" in verify(other).problem


def test_the_database_itself_refuses(store: Store) -> None:
    """An update or a deletion, before anybody has taken the triggers away."""
    log(store, "a")
    for deed in ("update shadow_ledger set body = '{}'", "delete from shadow_ledger"):
        with pytest.raises(DBAPIError, match="only added to"), store.write() as connection:
            connection.exec_driver_sql(deed)
    assert verify(store).count == 1


def test_a_row_of_a_failed_transaction_is_not_there(store: Store) -> None:
    """What it records and the row are there together, or neither."""
    with pytest.raises(RuntimeError), store.write() as connection:
        append(store, connection, event=Event.VOTED, workflow="desk", body={}, now=at(1))
        raise RuntimeError
    log(store, "a")
    assert [row.seq for row in entries(store)] == [1] and verify(store).ok


def test_many_writers_make_one_chain(store: Store) -> None:
    """No number twice, no gap."""
    url = store.engine.url.render_as_string(hide_password=False)

    def write() -> None:
        mine = open_store(url)
        log(mine, *("x" * 5))
        mine.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(store).ok and verify(store).count == 30
