"""What a candidate reads after its own held effects: laid over one instance and over lists, or marked as partial."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.contract.parts import read, write
from shadow.doors.bindings import Binding, forwarded, python, query, route, template
from shadow.doors.served import Serves
from shadow.doors.tools import ToolsDoor
from shadow.observation import AnswerKind
from tests.doors.desk import a_door, last_read, says

ONE = {"order_id": "o1", "status": "open", "customer_id": "c1"}
TWO = {"order_id": "o2", "status": "open", "customer_id": "c1"}
TOOLS = (
    read("orders.get", entity="order", key="order_id"),
    read("orders.list", entity="order"),
    read("rates.get", entity="rate", key="base"),
    read("policy.get"),
    write("order.mark", entity="order", key="order_id", reversible=True),
    write("order.open", entity="order", key="ref", reversible=True),
    write("order.drop", entity="order", key="order_id", reversible=True),
    write("order.poke", entity="order", key="order_id", reversible=True),
    write("order.note", entity="order", key="order_id", reversible=True),
    write("order.split", entity="order", key=("order_id", "line"), reversible=True),
)
NEW = {"order_id": "{held_id}", "status": "open", "customer_id": "{customer_id}"}
NEW_ID = "01234567-c7-1"


def shop(orders_list: Any = None, orders_get: Any = ONE, **bindings: Binding) -> ToolsDoor:
    """A shop whose world has two open orders."""
    served: dict[str, Binding] = {
        "orders.get": says(orders_get),
        "orders.list": says([ONE, TWO] if orders_list is None else orders_list),
        "rates.get": says({"rate": "1.1"}),
        "policy.get": says({"limit": "500"}),
        "order.mark": template({"ok": True}, changes={"status": "{status}"}),
        "order.open": template({"id": "{held_id}"}, creates=NEW),
        "order.drop": template({"ok": True}, deletes=True),
        "order.poke": template({"ok": True}),
        "order.note": template({"ok": True}, changes={}),
        "order.split": template({"ok": True}, changes={"lines": 2}),
    }
    return a_door(TOOLS, {**served, **{name.replace("_", "."): one for name, one in bindings.items()}})


def ask(door: ToolsDoor, tool: str, **args: Any) -> tuple[Any, bool, bool]:
    """The answer of a read, whether own effects are in it, and whether it is partial."""
    answer = door.answer(tool, args)
    assert answer.word == "answer", answer
    noted = last_read(door)
    notes = door.spans[-1].attributes
    assert (notes["shadow.own"], notes["shadow.partial"]) == (noted.own, noted.partial)
    return answer.value, noted.own, noted.partial


def does(door: ToolsDoor, tool: str, **args: Any) -> None:
    assert door.answer(tool, args).word == "answer"


def mark(door: ToolsDoor, order: str = "o1", status: str = "refunded") -> None:
    does(door, "order.mark", order_id=order, status=status)


def test_before_any_write_the_world_is_as_it_is() -> None:
    """Nothing is own, nothing partial, whatever is read."""
    door = shop()
    assert ask(door, "orders.get", order_id="o1") == (ONE, False, False)
    assert ask(door, "orders.list", status="open") == ([ONE, TWO], False, False)
    assert ask(door, "policy.get") == ({"limit": "500"}, False, False)


def test_an_item_of_a_list_is_patched() -> None:
    """The item whose key is the write's; the others, and other entities, are as the world has them."""
    door = shop()
    mark(door)
    assert ask(door, "orders.list") == ([{**ONE, "status": "refunded"}, TWO], True, False)
    assert ask(door, "orders.list", customer_id="c1") == ([{**ONE, "status": "refunded"}, TWO], True, False)
    assert ask(door, "rates.get", base="EUR") == ({"rate": "1.1"}, False, False)


def test_a_list_inside_an_object_is_one_too() -> None:
    """Where the object holds one list of objects; a number beside it may have moved, so it is partial then."""
    door = shop({"orders": [ONE, TWO], "more": False})
    mark(door)
    assert ask(door, "orders.list") == ({"orders": [{**ONE, "status": "refunded"}, TWO], "more": False}, True, False)
    door = shop({"orders": [ONE, TWO], "total": 2})
    does(door, "order.drop", order_id="o2")
    assert ask(door, "orders.list") == ({"orders": [ONE], "total": 2}, True, True)


@pytest.mark.parametrize("args", [{"status": "open"}, {"customer_id": "c1", "status": "open"}])
def test_a_list_sifted_by_what_has_changed_is_as_the_world_has_it(args: dict[str, Any]) -> None:
    """Who would be in it is not known."""
    door = shop()
    mark(door)
    assert ask(door, "orders.list", **args) == ([ONE, TWO], False, True)


def test_a_filter_that_no_item_shows_may_be_of_what_has_changed() -> None:
    """The item is patched, and the list is marked: `state` may well be the status."""
    door = shop()
    mark(door)
    assert ask(door, "orders.list", state="open") == ([{**ONE, "status": "refunded"}, TWO], True, True)
    door = shop([])
    mark(door)
    assert ask(door, "orders.list", state="refunded") == ([], False, True)


def test_items_without_a_key_are_as_the_world_has_them() -> None:
    """Which of them is the changed one cannot be told."""
    door = shop([{"status": "open"}, {"status": "open"}])
    mark(door)
    assert ask(door, "orders.list") == ([{"status": "open"}, {"status": "open"}], False, True)


@pytest.mark.parametrize("answer", [3, {"n": 3}, "three", [1, 2], {"a": [ONE], "b": [TWO]}])
def test_a_total_is_as_the_world_has_it(answer: Any) -> None:
    """A count, a text, two lists: what of it the candidate has changed nobody declared."""
    door = shop(answer)
    mark(door, "o9")
    assert ask(door, "orders.list") == (answer, False, True)


def test_a_created_instance_is_found() -> None:
    """In a list that nothing could keep it out of, alone by its id, and as it is changed later."""
    door = shop(orders_get=None)
    does(door, "order.open", ref="r", customer_id="c1")
    new = {"order_id": NEW_ID, "status": "open", "customer_id": "c1"}
    assert ask(door, "orders.list") == ([ONE, TWO, new], True, False)
    assert ask(door, "orders.list", customer_id="c1") == ([ONE, TWO, new], True, False)
    assert ask(door, "orders.get", order_id=NEW_ID) == (new, True, False)
    assert ask(door, "orders.get", order_id="o7") == (None, False, False)
    mark(door, NEW_ID, "paid")
    assert ask(door, "orders.get", order_id=NEW_ID) == ({**new, "status": "paid"}, True, False)
    does(door, "order.drop", order_id=NEW_ID)
    assert ask(door, "orders.list") == ([ONE, TWO], False, False)


@pytest.mark.parametrize("args", [{"customer_id": "c2"}, {"limit": 10}, {"status": "closed"}])
def test_a_created_instance_stays_out_where_a_filter_could_exclude_it(args: dict[str, Any]) -> None:
    """The list is as the world has it, and says that something may be missing."""
    door = shop()
    does(door, "order.open", ref="r", customer_id="c1")
    assert ask(door, "orders.list", **args) == ([ONE, TWO], False, True)


def test_a_created_instance_without_an_id_may_be_the_one_that_is_not_found() -> None:
    """Its fields do not say which it is, so that None may be wrong."""
    door = shop(orders_get=None, order_open=template({}, creates={"status": "open"}))
    does(door, "order.open", ref="r")
    assert ask(door, "orders.get", order_id="o7") == (None, False, True)


def test_a_deleted_instance_is_gone() -> None:
    """From a list, and alone; another one is not."""
    door = shop()
    does(door, "order.drop", order_id="o1")
    assert ask(door, "orders.get", order_id="o1") == (None, True, False)
    assert ask(door, "orders.get", order_id="o2") == (ONE, False, False)
    assert ask(door, "orders.list") == ([TWO], True, False)


@pytest.mark.parametrize("key", [17, 17.0, "17"])
def test_a_number_and_its_text_name_the_same(key: Any) -> None:
    """As where effects are aligned."""
    door = shop([{**ONE, "order_id": 17}])
    mark(door, key)
    assert ask(door, "orders.list")[1] and ask(door, "orders.get", order_id="17")[1]


def test_a_change_of_what_the_world_does_not_have_is_not_made_up() -> None:
    """The live system would have said no; what it would show instead is not known."""
    door = shop(orders_get=None)
    mark(door)
    assert ask(door, "orders.get", order_id="o1") == (None, False, True)


def test_a_write_that_does_not_say_what_it_does_marks_later_reads() -> None:
    """Of its entity, whichever instance; `changes={}` says that reads show nothing of it."""
    door = shop()
    does(door, "order.note", order_id="o1")
    assert ask(door, "orders.get", order_id="o1") == (ONE, False, False)
    does(door, "order.poke", order_id="o1")
    assert ask(door, "orders.get", order_id="o1") == (ONE, False, True)
    assert ask(door, "orders.list") == ([ONE, TWO], False, True)
    mark(door)
    assert ask(door, "orders.get", order_id="o1") == ({**ONE, "status": "refunded"}, True, True)
    assert ask(door, "rates.get", base="EUR") == ({"rate": "1.1"}, False, False)


def test_a_read_that_names_no_entity_may_show_any_change() -> None:
    """As a live one of it is stale after any effect of the control."""
    door = shop()
    mark(door)
    assert ask(door, "policy.get") == ({"limit": "500"}, False, True)


def test_keys_of_another_length_are_not_compared() -> None:
    """A change of one line is a change of its order in a way that nobody declared."""
    door = shop()
    does(door, "order.split", order_id="o1", line=1)
    assert ask(door, "orders.get", order_id="o1") == (ONE, False, True)
    assert ask(door, "orders.list") == ([ONE, TWO], False, True)


def test_a_write_whose_key_is_missing_marks_later_reads() -> None:
    """Which instance it would have changed is not known."""
    door = shop()
    does(door, "order.mark", status="refunded")
    assert ask(door, "orders.get", order_id="o1") == (ONE, False, True)


def sifted(sql: str) -> Binding:
    """A list over which the binding's own statement has said how it is sifted."""
    made = query("shop", sql, many=True)
    return Serves(kind=AnswerKind.LIVE, answer=lambda args, moment: [ONE, TWO], spec={}, sifts=made.sifts)


@pytest.mark.parametrize(
    ("sql", "marked", "opened", "dropped"),
    [
        ("select * from orders", (True, False), (True, False), (True, False)),
        ("select status from orders order by status", (True, False), (True, False), (True, False)),
        ("select * from orders -- where status\n", (True, False), (True, False), (True, False)),
        ("select * from orders where status = 'open'", (False, True), (False, True), (True, False)),
        ('select * from orders where "status" = 1 order by x', (False, True), (False, True), (True, False)),
        ("select * from orders o join x on x.status = 1", (False, True), (False, True), (True, False)),
        ("select * from orders order by x limit 10", (True, False), (False, True), (True, True)),
        ("select distinct * from orders", (True, False), (False, True), (True, True)),
    ],
)
def test_a_query_says_itself_how_it_sifts(
    sql: str, marked: tuple[bool, bool], opened: tuple[bool, bool], dropped: tuple[bool, bool]
) -> None:
    """A condition on what has changed, or a limit, is a filter as well, though no argument names it."""
    for tool, args, found in (
        ("order.mark", {"order_id": "o1", "status": "x"}, marked),
        ("order.open", {"ref": "r", "customer_id": "c1"}, opened),
        ("order.drop", {"order_id": "o1"}, dropped),
    ):
        door = listing(sql)
        does(door, tool, **args)
        assert ask(door, "orders.list")[1:] == found, tool


def listing(sql: str) -> ToolsDoor:
    """The shop, with its list answered by this statement."""
    door = shop()
    door.bindings = {**door.bindings, "orders.list": sifted(sql)}
    return door


def test_what_the_network_door_fetches_gets_fields_alone() -> None:
    """The answer is not seen here: fields of the instance are laid over it there, all else is partial."""
    door = shop()
    door.bindings = {
        **door.bindings,
        "orders.get": route("GET", "https://desk.internal/v1/orders/{order_id}", answer=unseen()),
    }
    mark(door)
    assert ask(door, "orders.get", order_id="o1") == ({"status": "refunded"}, True, False)
    assert ask(door, "orders.get", order_id="o2") == ({}, False, False)
    does(door, "order.drop", order_id="o2")
    assert ask(door, "orders.get", order_id="o2") == ({}, False, True)
    does(door, "order.open", ref="r", customer_id="c1")
    assert ask(door, "orders.get", order_id="o3") == ({}, False, True)


def unseen() -> Serves:
    """A forwarded read as the network door asks for it."""
    return Serves(kind=AnswerKind.LIVE, answer=lambda args, moment: {}, spec={**forwarded().spec})


def test_the_worlds_own_answer_is_never_changed_in_place() -> None:
    """What a binding keeps for the next case stays what it was."""
    kept = [dict(ONE), dict(TWO)]
    door = shop()
    door.bindings = {**door.bindings, "orders.list": python(lambda args, moment: kept, kind="live")}
    mark(door)
    does(door, "order.drop", order_id="o2")
    ask(door, "orders.list")
    assert kept == [ONE, TWO]
