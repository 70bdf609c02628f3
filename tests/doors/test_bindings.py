"""How tools are bound: what is refused when a DAG is built, and what a query answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from shadow.connections import engine
from shadow.contract.model import Contract
from shadow.contract.parts import read, write
from shadow.doors.bindings import AsOf, Binding, check_bindings, open_bindings, python, query, template
from shadow.doors.query import _connection
from shadow.errors import BindingError, SourceError, ToolFailed
from shadow.observation import AnswerKind

OBJECT: dict[str, Any] = {"type": "object", "properties": {"n": {}}}
ARGS = {"type": "object", "properties": {"order_id": {"type": "string"}}}
CONTRACT = Contract(
    workflow="desk",
    owner="ops",
    unit="n",
    accepts=OBJECT,
    produces=OBJECT,
    tools=(
        read("orders.get", args=ARGS),
        write("refund.issue", entity="order", key="order_id", reversible=False, args=ARGS),
    ),
    compare={},
    gates=(),
)
GOOD: dict[str, Binding] = {
    "orders.get": python(lambda args, moment: None),
    "refund.issue": template({"id": "{held_id}"}),
}
MOMENT = AsOf(case_id="c1", as_of=datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A live system of one table with its history, as connection `desk`."""
    path = tmp_path / "desk.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table orders (order_id text, status text, valid_from text)")
        for status, day in (("open", 1), ("paid", 2), ("refunded", 3)):
            moment = datetime(2026, 3, day, 9, tzinfo=UTC).isoformat(timespec="microseconds")
            connection.execute("insert into orders values ('o1', ?, ?)", (status, moment))
        connection.commit()
        monkeypatch.setenv("SHADOW_CONN_DESK", f"sqlite:///{path}")
        yield connection


def test_every_tool_needs_a_binding_that_can_serve_it() -> None:
    """All that is wrong is named at once: lacking, unknown, of the wrong sort, of an unknown argument."""
    check_bindings(CONTRACT, GOOD)
    wrong: dict[str, Binding] = {
        "refund.issue": python(lambda args, moment: None),
        "orders.gett": template({}),
    }
    with pytest.raises(BindingError) as caught:
        check_bindings(CONTRACT, wrong)
    text = str(caught.value)
    assert "orders.get has no binding" in text
    assert "orders.gett is no tool of the contract did you mean 'orders.get'?" in text
    assert "refund.issue is a write and bound to what answers reads" in text
    with pytest.raises(BindingError, match=r"orders\.get is a read and bound to a template"):
        check_bindings(CONTRACT, {**GOOD, "orders.get": template({})})
    with pytest.raises(BindingError, match="bound to a str"):
        check_bindings(CONTRACT, {**GOOD, "orders.get": "select 1"})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "binding",
    [
        template({"a": ["{oder_id}"]}),
        template({}, changes={"x": "{oder_id}"}),
    ],
)
def test_a_slot_that_is_no_argument_is_refused_with_the_nearest(binding: Any) -> None:
    """A misspelt argument is found when the DAG is built, not in the night."""
    with pytest.raises(BindingError, match="no argument oder_id did you mean 'order_id'"):
        check_bindings(CONTRACT, {**GOOD, "refund.issue": binding})


def test_a_query_parameter_that_is_no_argument_is_refused() -> None:
    """So is one of a query; :as_of is always there."""
    check_bindings(CONTRACT, {**GOOD, "orders.get": query("desk", "select :as_of, :order_id")})
    with pytest.raises(BindingError, match="no argument id"):
        check_bindings(CONTRACT, {**GOOD, "orders.get": query("desk", "select :id")})


@pytest.mark.parametrize(
    "sql",
    [
        "delete from orders",
        "select 1; delete from orders",
        "with gone as (delete from orders returning *) select * from gone",
        "select * into copy from orders",
        "select * from orders for update",
        "pragma journal_mode = wal",
        "/* select */ update orders set status = 'x'",
        "",
    ],
)
def test_only_one_reading_statement_is_a_query(sql: str) -> None:
    """What could change or lock the live system is refused before it is ever sent."""
    with pytest.raises(BindingError, match="one statement that only reads"):
        query("desk", sql)


def test_words_inside_quotes_and_comments_are_no_statements() -> None:
    """A text that speaks of deleting is still read."""
    query("desk", "-- we never update this\nselect 'delete; into' as a, \"update\" from orders;")


def test_as_of_reads_the_world_of_the_moment(desk: sqlite3.Connection) -> None:
    """The same question gives another answer at another moment, also where the moment is in another zone."""
    binding = query(
        "desk",
        "select status from orders where order_id = :order_id and valid_from <= :as_of"
        " order by valid_from desc limit 1",
    )
    assert binding.kind is AnswerKind.AS_OF
    for day, status in ((1, "open"), (2, "paid"), (3, "refunded")):
        moment = datetime(2026, 3, day, 11, tzinfo=timezone(timedelta(hours=2)))
        assert binding.answer({"order_id": "o1"}, AsOf(case_id="c", as_of=moment)) == {"status": status}
    before = AsOf(case_id="c", as_of=datetime(2026, 3, 1, 8, 59, 59, 999999, tzinfo=UTC))
    assert binding.answer({"order_id": "o1"}, before) is None


def test_a_live_read_sees_what_was_written_since(desk: sqlite3.Connection) -> None:
    """The long-lived connection holds no old snapshot, and locks nothing."""
    binding = query("desk", "select count(*) as n from orders")
    assert binding.kind is AnswerKind.LIVE
    assert binding.answer({}, MOMENT) == {"n": 3}
    desk.execute("insert into orders values ('o2', 'open', '2026')")
    desk.commit()
    assert binding.answer({}, MOMENT) == {"n": 4}


def test_many_gives_all_rows_and_one_refuses_two(desk: sqlite3.Connection) -> None:
    """Which of several rows was meant is never guessed."""
    sql = "select status from orders order by valid_from"
    assert [row["status"] for row in query("desk", sql, many=True).answer({}, MOMENT)] == ["open", "paid", "refunded"]
    with pytest.raises(SourceError, match="more than 1 row"):
        query("desk", sql).answer({}, MOMENT)


def test_an_answer_of_too_many_rows_is_refused_not_cut(desk: sqlite3.Connection) -> None:
    """Half an answer would look like a whole one."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"
    with pytest.raises(SourceError, match="more than 10000 rows"):
        query("desk", endless, many=True).answer({}, MOMENT)


def test_a_read_leaves_no_lock_and_no_transaction_behind(desk: sqlite3.Connection) -> None:
    """The live system's next write does not wait, also where an answer was refused half way."""
    desk.execute("pragma busy_timeout = 0")
    with pytest.raises(SourceError):
        query("desk", "select * from orders").answer({}, MOMENT)
    desk.execute("delete from orders")
    desk.commit()
    query("desk", "select count(*) as n from orders").answer({}, MOMENT)
    assert not _connection(engine("desk")).in_transaction()


def test_only_named_arguments_are_bound_and_a_missing_one_is_named(desk: sqlite3.Connection) -> None:
    """Extra arguments do no harm; a value that is a list cannot be bound."""
    binding = query("desk", "select status from orders where order_id = :order_id limit 1")
    assert binding.answer({"order_id": "o1", "other": "x"}, MOMENT) == {"status": "open"}
    with pytest.raises(ToolFailed, match="the argument order_id is missing"):
        binding.answer({}, MOMENT)
    with pytest.raises(ToolFailed, match="no single value"):
        binding.answer({"order_id": ["o1"]}, MOMENT)


def test_an_argument_is_a_value_never_a_piece_of_the_statement(desk: sqlite3.Connection) -> None:
    """What a candidate sends is bound."""
    binding = query("desk", "select status from orders where order_id = :order_id limit 1")
    assert binding.answer({"order_id": "' or 1=1 --"}, MOMENT) is None


def test_a_connection_that_is_not_there_is_named_before_any_case() -> None:
    """Opening the bindings is where it shows."""
    with pytest.raises(SourceError, match="SHADOW_CONN_NOWHERE"):
        open_bindings({"a": query("nowhere", "select 1")})


@pytest.mark.parametrize(("function", "kind"), [(3, "live"), ("os.path", "live"), (print, "stale"), (print, "x")])
def test_a_python_binding_is_checked_where_it_is_written(function: Any, kind: str) -> None:
    """No callable, no place, no kind: refused at once."""
    with pytest.raises(BindingError):
        python(function, kind=kind)


def test_a_callable_by_its_place_is_loaded_on_opening() -> None:
    """Not before: a DAG file that names it imports nothing."""
    binding = python("json:dumps_")
    with pytest.raises(BindingError, match="dumps_"):
        open_bindings({"a": binding})
    assert python("tests.doors.test_bindings:place").answer({"a": 1}, MOMENT) == [{"a": 1}, "c1"]


def place(args: dict[str, Any], moment: AsOf) -> Any:
    return [args, moment.case_id]


def test_templates_fill_their_slots_once() -> None:
    """A slot alone gives the value itself; inside a text its text; a value that looks like a slot stays."""
    binding = template({"id": "{held_id}", "n": "{n}", "all": ["paid {n} to {who}"], "none": "{gone}", "t": "<{gone}>"})
    answer, _ = binding.fill({"n": 3, "who": "{held_id}"}, "h-1")
    assert answer == {"id": "h-1", "n": 3, "all": ["paid 3 to {held_id}"], "none": None, "t": "<>"}
    with pytest.raises(BindingError, match=r"answer\.x is a set"):
        template({"x": {1}})
