"""The door judges, writes down, and only then answers; it needs no process to be tried."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from shadow.case import Case
from shadow.contract.model import Contract
from shadow.contract.parts import read, stop, write
from shadow.doors.bindings import Binding, python, query, template
from shadow.doors.checks import compile_checks
from shadow.doors.tools import Answer, ToolsDoor, unanswered
from shadow.errors import ToolFailed
from shadow.observation import AnswerKind, Ending, Observation

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 3, 9, tzinfo=UTC)
TEXT = {"type": "string"}
OBJECT: dict[str, Any] = {"type": "object", "properties": {"n": {}}}


def schema(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


CONTRACT = Contract(
    workflow="desk",
    owner="ops",
    unit="n",
    accepts=OBJECT,
    produces=OBJECT,
    tools=(
        read("orders.get", entity="order", key="order_id", args=schema(order_id=TEXT)),
        read("mails.list", entity="mail", key="to"),
        write(
            "refund.issue", entity="order", key="order_id", reversible=False, args=schema(order_id=TEXT, amount=TEXT)
        ),
        write("mail.send", entity="mail", key=("to", "template"), reversible=False),
    ),
    stops=(
        stop("out of scope", on="input", when={"required": ["blocked"]}, escalate_to="#leads"),
        stop("too much", on="refund.issue", when={"properties": {"amount": {"const": "900"}}}, escalate_to="#leads"),
    ),
    compare={},
    gates=(),
)


def orders(args: dict[str, Any], moment: Any) -> dict[str, Any]:
    return {"id": args["order_id"], "status": "open", "total": Decimal("12.50"), "asked": moment.as_of}


def a_door(orders_get: Callable[..., Any] = orders, *, calls: int = 99, size: int = 10_000, **given: Any) -> ToolsDoor:
    bindings: dict[str, Binding] = {
        "orders.get": python(orders_get, kind="as-of"),
        "mails.list": python(lambda args, moment: [{"to": args.get("to")}], kind="live"),
        "refund.issue": template(
            {"id": "{held_id}", "note": "paid {amount} for {order_id}"},
            changes={"status": "refunded", "refunded": "{amount}"},
        ),
        "mail.send": template({"queued": True}),
    }
    ticks = count(100)
    return ToolsDoor(
        case=Case(id="c7", unit="u", arrived_at=BEGAN, began_at=BEGAN, input={"n": 1, **given}),
        experiment="0123456789",
        checks=compile_checks(CONTRACT),
        bindings=bindings,
        calls_most=calls,
        bytes_most=size,
        clock=lambda: NOW,
        ticks=lambda: float(next(ticks)),
        began=100.0,
    )


def refund(door: ToolsDoor, amount: str = "5", order: str = "o1") -> Answer:
    return door.answer("refund.issue", {"order_id": order, "amount": amount})


def test_a_read_is_answered_as_of_the_case_and_written_down() -> None:
    """Decimal and moments become text; the note holds the real moment and the kind."""
    door = a_door()
    answer = door.answer("orders.get", {"order_id": "o1"})
    assert answer == Answer(
        word="answer",
        value={"id": "o1", "status": "open", "total": "12.50", "asked": "2026-03-02T09:30:00+00:00"},
    )
    (noted,) = door.reads
    assert (noted.tool, noted.kind, noted.at, noted.own) == ("orders.get", AnswerKind.AS_OF, NOW, False)


def test_a_write_is_held_and_answered_by_its_template() -> None:
    """Nothing is performed; the id is made of experiment, case and number alone."""
    door = a_door()
    assert refund(door).value == {"id": "01234567-c7-1", "note": "paid 5 for o1"}
    (held,) = door.effects
    assert (held.tool, held.args, held.at) == ("refund.issue", {"order_id": "o1", "amount": "5"}, BEGAN)


def test_a_doubled_call_is_two_effects() -> None:
    """A refund that is asked for twice must be seen twice."""
    door = a_door()
    assert [refund(door).value["id"] for _ in range(2)] == ["01234567-c7-1", "01234567-c7-2"]
    assert len(door.effects) == 2


def test_later_reads_of_the_same_key_see_own_effects() -> None:
    """The declared changes lie over the answer; another order, and a list, are as the world has them."""
    door = a_door()
    refund(door)
    mine, other = (door.answer("orders.get", {"order_id": order}).value for order in ("o1", "o2"))
    assert (mine["status"], mine["refunded"], mine["total"]) == ("refunded", "5", "12.50")
    assert other["status"] == "open" and "refunded" not in other
    door.answer("mail.send", {"to": "a@b", "template": "t"})
    assert door.answer("mails.list", {"to": "a@b"}).value == [{"to": "a@b"}]
    assert [noted.own for noted in door.reads] == [True, False, False]


@pytest.mark.parametrize(
    ("name", "args", "why"),
    [
        ("db.drop", {}, "the contract lists no such tool"),
        ("orders.get", {}, "args: 'order_id' is a required property"),
        ("orders.get", {"order_id": "1", "x": 2}, "args: Additional properties are not allowed ('x' was unexpected)"),
        ("orders.get", {"order_id": "secret@mail" * 0 or 7}, 'args.order_id: does not fit type "string"'),
        ("refund.issue", {"order_id": "o1", "amount": "900"}, "stop: too much"),
        ("escalate", {}, "args.reason is no text"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused_and_written_down(
    name: str, args: dict[str, Any], why: str
) -> None:
    """The refusal is in the record, no effect and no read is, and the reason quotes no value."""
    door = a_door()
    assert door.answer(name, args) == Answer(word="refused", value=why)
    assert [(refusal.tool, refusal.args, refusal.why) for refusal in door.refusals] == [(name, args, why)]
    assert not door.effects and not door.reads


def test_a_stop_on_the_input_refuses_every_write_but_not_to_escalate() -> None:
    """Reads go on; writes do not; people can be asked."""
    door = a_door(blocked=True)
    assert door.answer("orders.get", {"order_id": "o1"}).word == "answer"
    assert refund(door).value == "stop: out of scope"
    assert door.answer("mail.send", {"to": "a", "template": "t"}).word == "refused"
    assert door.answer("escalate", {"reason": "out of scope"}) == Answer(word="answer", value=None)
    assert [effect.tool for effect in door.effects] == ["escalate"]


def test_calls_beyond_the_limit_are_refused() -> None:
    """The count is of all calls, whatever came of them."""
    door = a_door(calls=2)
    for _ in range(2):
        door.answer("orders.get", {"order_id": "o1"})
    assert door.answer("escalate", {"reason": "x"}).value == "more than 2 calls in one case"
    assert (door.calls, door.effects) == (3, [])


def broken(args: Any, moment: Any) -> Any:
    raise KeyError("orders_v2")


def unknown(args: Any, moment: Any) -> Any:
    raise ToolFailed("the argument page is missing")


@pytest.mark.parametrize(
    ("function", "why", "whose"),
    [
        (broken, "KeyError: 'orders_v2'", ("orders.get",)),
        (lambda args, moment: {"x": {1}}, "TypeError: answer.x is a set, which JSON lacks", ("orders.get",)),
        (lambda args, moment: {"x": float("nan")}, "TypeError: answer.x is NaN", ("orders.get",)),
        (lambda args, moment: "x" * 20_000, "the answer is 20002 bytes long; allowed: 10000 bytes", ("orders.get",)),
        (unknown, "the argument page is missing", ()),
    ],
)
def test_a_read_that_cannot_be_answered_says_so_and_whose_failure_it_is(
    function: Callable[..., Any], why: str, whose: tuple[str, ...]
) -> None:
    """No read is written down that was not answered; a binding's failure can be told from the call's."""
    door = a_door(function)
    assert door.answer("orders.get", {"order_id": "o1"}) == Answer(word="failed", value=why)
    assert not door.reads and not door.refusals
    assert unanswered(Observation(ending=Ending.ERROR, spans=tuple(door.spans))) == whose


def test_a_binding_cannot_change_what_is_written_down() -> None:
    """What a callable does to its arguments stays with it."""
    door = a_door(lambda args, moment: args.clear())
    door.answer("orders.get", {"order_id": "o1"})
    assert door.reads[0].args == {"order_id": "o1"}


def test_every_call_is_a_span_with_genai_names() -> None:
    """Times are seconds since the observation began, by the monotonic clock that was given."""
    door = a_door()
    refund(door)
    door.answer("db.drop", {})
    held, refused = door.spans
    assert (held.name, held.start_s, held.duration_s) == ("execute_tool refund.issue", 0.0, 1.0)
    assert held.attributes["gen_ai.tool.name"] == "refund.issue"
    assert held.attributes["gen_ai.operation.name"] == "execute_tool"
    assert held.attributes["shadow.held"] == "01234567-c7-1"
    assert (refused.attributes["error.type"], refused.start_s) == ("ToolRefused", 2.0)


def test_a_schema_never_sends_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `$ref` to an address is a failure of the check, not a request."""
    import urllib.request
    from dataclasses import replace

    asked: list[Any] = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda *args, **more: asked.append(args))
    tool = read("far", args={"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}})
    checks = compile_checks(replace(CONTRACT, tools=(tool,)))
    with pytest.raises(Exception, match="schema"):
        list(checks.args["far"].iter_errors({"a": 1}))
    assert asked == []


def test_query_is_told_from_python_by_its_spec() -> None:
    """A run's record holds how each tool was served, as plain data."""
    assert query("desk_ro", "select 1 as a").spec["query"] == "select 1 as a"
    assert python(orders).spec["python"].endswith(":orders")
