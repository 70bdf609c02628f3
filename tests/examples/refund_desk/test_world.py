"""The live system keeps history, knows who wrote, and refuses to forget."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from shadow.errors import SourceError
from shadow.examples.refund_desk import looking, reads, schema, world
from tests.examples.refund_desk.desk_tools import DeskTools, cases
from tests.examples.refund_desk.worlds import Made


def test_reads_as_of_give_every_case_the_world_that_the_control_saw(full: Made) -> None:
    """Read today as of its beginning, each of 10,000 cases has the facts that the control had then."""
    wrong, seen = [], 0
    with world.reading(full.path) as connection:
        for case in cases(connection):
            began, facts = full.views[case.id]
            tools = DeskTools(world=connection, case_id=case.id, now=case.began_at)
            seen += 1
            if looking.look(case.input, tools.call, now=began) != facts or began != case.began_at:
                wrong.append(case.id)
    assert seen > 9_000
    assert wrong == []


def test_the_newest_history_row_is_the_current_row(short: Made) -> None:
    """History ends in what stands in the table today, for every row of every table that has one."""
    with world.reading(short.path) as connection:
        for table, columns in schema.HISTORY.items():
            names, key = ", ".join(columns), columns[0]
            today = connection.execute(f"select {names} from {table} order by {key}").fetchall()
            newest = connection.execute(
                f"select {names} from {table}_history h where rowid = (select rowid from {table}_history "
                f"where {key} = h.{key} order by at desc, rowid desc limit 1) order by {key}"
            ).fetchall()
            assert [tuple(row) for row in newest] == [tuple(row) for row in today]
            assert len(today) > 50


def test_the_audit_counts_every_write_under_its_writer(own: Made) -> None:
    """Rows of append-only tables equal the generator's counted writes; a second writer is counted apart."""
    desk = world.connect(own.path, writer="somebody else")
    desk.execute("update customers set flagged = 1")
    desk.close()
    with world.reading(own.path) as connection:
        counted = world.audit(connection)
        for table in schema.APPEND_ONLY:
            rows = connection.execute(f"select count(*) from {table}").fetchone()[0]
            assert counted.get(("generator", table), 0) == rows
        customers = connection.execute("select count(*) from customers").fetchone()[0]
    assert counted["somebody else", "customers"] == customers
    assert {writer for writer, _ in counted} == {"generator", "somebody else"}


GUARDED = (*schema.AUDITED, "audit", *(f"{table}_history" for table in schema.HISTORY))


@pytest.mark.parametrize("table", GUARDED)
def test_a_connection_that_does_not_say_who_it_is_cannot_write(own: Made, table: str) -> None:
    """Without the desk's `writer()` any insert fails, and nothing is in the table that was not there."""
    bare = sqlite3.connect(own.path)
    before = bare.execute(f"select count(*) from {table}").fetchone()
    columns = [row[1] for row in bare.execute(f"pragma table_info({table})")]
    with pytest.raises(sqlite3.OperationalError, match="writer"):
        bare.execute(f"insert into {table} values ({', '.join('?' * len(columns))})", ["x"] * len(columns))
    assert bare.execute(f"select count(*) from {table}").fetchone() == before
    bare.close()


def test_nothing_is_deleted_and_outcomes_are_only_added(own: Made) -> None:
    """The desk cannot delete a row anywhere, nor change an outcome, a refund or a mail."""
    desk = world.connect(own.path, writer="desk")
    for table in schema.AUDITED:
        with pytest.raises(sqlite3.IntegrityError, match="no delete"):
            desk.execute(f"delete from {table}")
    for table in schema.APPEND_ONLY:
        column = desk.execute(f"pragma table_info({table})").fetchall()[1][1]
        if desk.execute(f"select count(*) from {table}").fetchone()[0]:
            with pytest.raises(sqlite3.IntegrityError, match="no update"):
                desk.execute(f"update {table} set {column} = 'x'")
    desk.close()


def test_a_transaction_that_fails_leaves_nothing(own: Made) -> None:
    """Either all of a piece of work is written or none of it."""
    desk = world.connect(own.path, writer="desk")
    with pytest.raises(sqlite3.IntegrityError), world.transaction(desk):
        desk.execute("update customers set flagged = 1")
        desk.execute("delete from customers")
    assert ("desk", "customers") not in world.audit(desk)
    desk.close()


def test_reading_cannot_write_and_names_a_world_that_is_not_there(own: Made, tmp_path: Path) -> None:
    """A reading connection refuses a write; a missing file is a clear error and is not made."""
    with world.reading(own.path) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("create table mine (x)")
    with pytest.raises(SourceError, match="there is no world"), world.reading(tmp_path / "none.db"):
        pass
    assert not (tmp_path / "none.db").exists()


def test_live_reads_and_reads_as_of_give_the_same_columns(short: Made) -> None:
    """A binding can be swapped for the other without the candidate noticing in the answer's shape."""
    with world.reading(short.path) as connection:
        order = connection.execute("select order_id, customer_id from orders").fetchone()
        ticket = connection.execute("select ticket_id from tickets").fetchone()
        given = {**dict(order), **dict(ticket), "as_of": "2027-01-01"}
        for tool in reads.AS_OF:
            live, then = (world.many(connection, text[tool], given) for text in (reads.LIVE, reads.AS_OF))
            assert live == then
