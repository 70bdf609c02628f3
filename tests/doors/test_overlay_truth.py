"""An answer that is not marked as partial is what the live system would have said, whatever was written before."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from shadow.contract.parts import read, write
from shadow.doors.bindings import Binding, python, template
from shadow.doors.tools import ToolsDoor
from tests.doors.desk import a_door

Order = dict[str, Any]
WORLD = [
    {"order_id": "o1", "status": "open", "customer_id": "c1"},
    {"order_id": "o2", "status": "paid", "customer_id": "c1"},
    {"order_id": "o3", "status": "open", "customer_id": "c2"},
]
STATUS, CUSTOMER = some.sampled_from(["open", "paid", "gone"]), some.sampled_from(["c1", "c2"])
ORDER = some.sampled_from(["o1", "o2", "o3", "o9", "the last one"])
WRITES = some.one_of(
    some.tuples(some.just("order.mark"), some.fixed_dictionaries({"order_id": ORDER, "status": STATUS})),
    some.tuples(some.just("order.drop"), some.fixed_dictionaries({"order_id": ORDER})),
    some.tuples(some.just("order.open"), some.fixed_dictionaries({"customer_id": CUSTOMER})),
)
READS = some.one_of(
    some.tuples(some.just("orders.get"), some.fixed_dictionaries({"order_id": ORDER})),
    some.tuples(
        some.sampled_from(["orders.list", "orders.page"]),
        some.fixed_dictionaries({}, optional={"customer_id": CUSTOMER, "status": STATUS, "limit": some.just(2)}),
    ),
)
TOOLS = (
    read("orders.get", entity="order", key="order_id"),
    read("orders.list", entity="order"),
    read("orders.page", entity="order"),
    write("order.mark", entity="order", key="order_id", reversible=True),
    write("order.drop", entity="order", key="order_id", reversible=True),
    write("order.open", entity="order", key="customer_id", reversible=True),
)


def look(world: list[Order], tool: str, args: dict[str, Any]) -> Any:
    """What a world says to a read."""
    if tool == "orders.get":
        return next((dict(one) for one in world if one["order_id"] == args["order_id"]), None)
    wanted = {name: value for name, value in args.items() if name != "limit"}
    found = [dict(one) for one in world if all(one[name] == value for name, value in wanted.items())]
    found = found[: args.get("limit")]
    return found if tool == "orders.list" else {"orders": found, "total": len(found)}


def do(world: list[Order], tool: str, args: dict[str, Any], made: str) -> list[Order]:
    """A world after a write."""
    if tool == "order.open":
        return [*world, {"order_id": made, "status": "open", **args}]
    if tool == "order.drop":
        return [one for one in world if one["order_id"] != args["order_id"]]
    return [{**one, **args} if one["order_id"] == args["order_id"] else one for one in world]


def served(tool: str) -> Binding:
    """A read of the world as it was."""
    return python(lambda args, moment: look(WORLD, tool, args), kind="live")


def the_door() -> ToolsDoor:
    """A door before the world as it was, which no write changes."""
    reads = {name: served(name) for name in ("orders.get", "orders.list", "orders.page")}
    new = {"order_id": "{held_id}", "status": "open", "customer_id": "{customer_id}"}
    return a_door(
        TOOLS,
        {
            **reads,
            "order.mark": template({}, changes={"status": "{status}"}),
            "order.drop": template({}, deletes=True),
            "order.open": template({"id": "{held_id}"}, creates=new),
        },
    )


@settings(max_examples=400, deadline=None)
@given(some.lists(WRITES, max_size=5), some.lists(READS, min_size=1, max_size=4))
def test_what_is_not_partial_is_true(writes: list[Any], reads: list[Any]) -> None:
    """The same writes are done to a world of our own; each read that is not partial agrees with it."""
    door, truth, made = the_door(), WORLD, "o9"
    for tool, args in writes:
        given = {name: made if value == "the last one" else value for name, value in args.items()}
        answer = door.answer(tool, given)
        made = answer.value.get("id", made)
        truth = do(truth, tool, given, made)
    for tool, args in reads:
        given = {name: made if value == "the last one" else value for name, value in args.items()}
        answer = door.answer(tool, given)
        if not door.reads[-1].partial:
            assert answer.value == look(truth, tool, given)
