"""What a write requires of the world is asked as of the case, own effects over it; and how true its answer then is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shadow.case import Case
from shadow.compare.stale import stale_reads
from shadow.contract.parts import read, stop, write
from shadow.doors.bindings import Binding, check_bindings, forwarded, python, requires, route, template
from shadow.doors.tools import ToolsDoor, unanswered
from shadow.errors import BindingError, ToolFailed
from shadow.observation import Answered, AnswerKind, Effect, Ending, Observation
from shadow.review.story import Deed, story
from tests.doors.desk import BEGAN, TEXT, a_contract, a_door, effect, schema

OPEN = {"type": "object", "properties": {"status": {"const": "open"}}, "required": ["status"]}
NEEDS = requires("orders.get", {"order_id": "{order_id}"}, when=OPEN, otherwise="order_already_refunded")
TOOLS = (
    read("orders.get", entity="order", key="order_id", args=schema("order_id", order_id=TEXT)),
    write("refund.issue", entity="order", key="order_id", reversible=False),
)
ISSUE = template({"id": "{held_id}"}, changes={"status": "refunded"}, requires=[NEEDS])
Answers = Callable[[dict[str, Any], Any], Any]


def shop(world: Answers = lambda args, moment: {"status": "open"}, issue: Binding = ISSUE) -> ToolsDoor:
    return a_door(TOOLS, {"orders.get": python(world, kind="live"), "refund.issue": issue})


def seen_of(door: ToolsDoor) -> Observation:
    """What the door has written down, as an observation."""
    return Observation(
        ending=Ending.FINISHED, value={}, effects=tuple(door.effects), reads=tuple(door.reads), spans=tuple(door.spans),
        refusals=tuple(door.refusals),
    )  # fmt: skip


def test_where_it_holds_the_write_is_held_as_checked() -> None:
    """The world is asked with the write's argument as of the case; the read is written down as the door's own."""
    asked: list[Any] = []

    def world(args: dict[str, Any], moment: Any) -> Any:
        asked.append((args, moment.as_of))
        return {"status": "open"}

    door = shop(world)
    assert door.answer("refund.issue", {"order_id": "o1"}).value == {"id": "01234567-c7-1"}
    assert asked == [({"order_id": "o1"}, BEGAN)]
    assert effect(door).answered is Answered.CHECKED
    (noted,) = door.reads
    assert (noted.tool, noted.by, noted.kind, noted.args) == (
        "orders.get", "refund.issue", AnswerKind.LIVE, {"order_id": "o1"},
    )  # fmt: skip
    assert door.calls == 1


@pytest.mark.parametrize("world", [{"status": "refunded"}, None, {}, []])
def test_where_it_does_not_hold_the_call_fails_as_it_would_live(world: Any) -> None:
    """Nothing is held, no refusal is written, the declared error is given, and what was asked is in the record."""
    door = shop(lambda args, moment: world)
    answer = door.answer("refund.issue", {"order_id": "o1"})
    assert (answer.word, answer.value, answer.unmet) == ("failed", "order_already_refunded", True)
    assert not door.effects and not door.refusals
    assert unanswered(seen_of(door)) == ()  # the world's no is an answer, not a tool that is away
    notes = door.spans[-1].attributes
    assert (notes["shadow.required"], notes["shadow.asked"], notes["shadow.whose"]) == (
        "orders.get", {"order_id": "o1"}, "world",
    )  # fmt: skip


def test_the_cases_own_effects_count() -> None:
    """A second refund of one order fails, though the world knows of neither."""
    door = shop()
    assert door.answer("refund.issue", {"order_id": "o1"}).word == "answer"
    assert door.answer("refund.issue", {"order_id": "o1"}).value == "order_already_refunded"
    assert door.answer("refund.issue", {"order_id": "o2"}).word == "answer"
    assert len(door.effects) == 2 and [one.own for one in door.reads] == [False, True, False]


def away(args: dict[str, Any], moment: Any) -> Any:
    raise KeyError("orders")


def missing(args: dict[str, Any], moment: Any) -> Any:
    raise ToolFailed("the argument page is missing")


@pytest.mark.parametrize("world", [away, missing])
def test_what_cannot_be_asked_is_nobodys_no(world: Answers) -> None:
    """Nothing is held, and the tool is one that could not answer through no fault of the call."""
    door = shop(world)
    answer = door.answer("refund.issue", {"order_id": "o1"})
    assert answer.word == "failed" and answer.value.startswith("the check by orders.get: ") and not answer.unmet
    assert not door.effects and not door.reads
    assert unanswered(seen_of(door)) == ("orders.get", "refund.issue")


def test_arguments_that_the_read_does_not_take_are_the_declarations_fault() -> None:
    """An argument that was not given makes no question; that is not held against the candidate."""
    door = shop()
    answer = door.answer("refund.issue", {"order": "o1"})
    assert answer.value == 'the check by orders.get: args.order_id: does not fit type "string"'
    assert unanswered(seen_of(door)) == ("refund.issue",) and not door.effects


def test_a_stop_is_asked_first() -> None:
    """What the contract forbids is refused without asking the world."""
    from dataclasses import replace

    from shadow.doors.checks import compile_checks

    door, asked = shop(), []
    never = stop("never", on="refund.issue", when={"required": ["order_id"]}, escalate_to="#leads")
    door.checks = compile_checks(replace(a_contract(*TOOLS), stops=(never,)))
    door.bindings = {**door.bindings, "orders.get": python(lambda args, moment: asked.append(1))}
    assert door.answer("refund.issue", {"order_id": "o1"}).word == "refused" and asked == []


def test_a_stale_check_makes_the_case_incomparable() -> None:
    """The door's own read counts as the candidate's: the control had already changed what was asked."""
    door = shop()
    door.answer("refund.issue", {"order_id": "o1"})
    control = Observation(
        ending=Ending.FINISHED, effects=(Effect(tool="refund.issue", args={"order_id": "o1"}, at=BEGAN),)
    )
    case = Case(id="c7", unit="u", arrived_at=BEGAN, began_at=BEGAN, input={"n": 1})
    assert stale_reads(a_contract(*TOOLS), case, control=control, candidate=seen_of(door)) == ["orders.get"]


def test_its_story_is_told_in_order() -> None:
    """A reviewer sees the check before the write, and the error where it failed."""
    door = shop()
    for _ in range(2):
        door.answer("refund.issue", {"order_id": "o1"})
    told = [(step.deed, step.what) for step in story(seen_of(door))]
    assert told == [
        (Deed.READ, "orders.get"), (Deed.HELD, "refund.issue"), (Deed.READ, "orders.get"),
        (Deed.FAILED, "refund.issue"), (Deed.ENDED, "finished"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("binding", "answered"),
    [
        (template({"order": "{order_id}", "all": ["{amount}"]}), Answered.ECHO),
        (template({"order": "{order_id}", "id": "{held_id}"}), Answered.TEMPLATE),
        (template({"order": "for {order_id}"}), Answered.TEMPLATE),
        (template({"ok": True}), Answered.TEMPLATE),
        (template({}), Answered.TEMPLATE),
        (template({"order": "{order_id}"}, changes={}), Answered.ECHO),
        (template({"order": "{order_id}"}, changes={"status": "x"}), Answered.OVERLAY),
        (template({"ok": True}, creates={"status": "x"}), Answered.OVERLAY),
        (template({"ok": True}, deletes=True), Answered.OVERLAY),
        (ISSUE, Answered.CHECKED),
    ],
)
def test_how_true_an_answer_was_is_kept(binding: Binding, answered: Answered) -> None:
    """The strongest that holds, and none that does not."""
    door = shop(issue=binding)
    door.answer("refund.issue", {"order_id": "o1", "amount": 5})
    assert effect(door).answered is answered


def test_changes_that_no_read_can_meet_are_no_overlay() -> None:
    """Without its key nobody knows whose field was set."""
    door = shop(issue=template({"ok": True}, changes={"status": "x"}))
    door.answer("refund.issue", {"amount": 5})
    assert effect(door).answered is Answered.TEMPLATE


BY_ID = {"order_id": "{held_id}"}
GOOD: dict[str, Binding] = {"orders.get": python(lambda args, moment: None), "refund.issue": ISSUE}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"refund.issue": template({}, requires=[requires("order.get", {}, when=OPEN, otherwise="x")])},
         "requires order.get, which is no read of the contract did you mean 'orders.get'"),
        ({"refund.issue": template({}, requires=[requires("refund.issue", {}, when=OPEN, otherwise="x")])},
         "requires refund.issue, which is no read"),
        ({"refund.issue": template({}, requires=[requires("orders.get", {"id": "1"}, when=OPEN, otherwise="x")])},
         "requires orders.get, which has no argument id"),
        ({"refund.issue": template({}, requires=[requires("orders.get", BY_ID, when=OPEN, otherwise="x")])},
         "by its own id, before there is one"),
        ({"orders.get": route("GET", "https://desk.internal/v1/orders/{order_id}", answer=forwarded())},
         "requires orders.get, which is forwarded and so cannot be asked here"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_here_is_refused_when_the_dag_is_built(changed: dict[str, Binding], why: str) -> None:
    """A forwarded read most of all: its answer is not seen here, and an empty one would be taken for the world's."""
    check_bindings(a_contract(*TOOLS), GOOD)
    with pytest.raises(BindingError, match=why):
        check_bindings(a_contract(*TOOLS), {**GOOD, **changed})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"when": {"type": "objekt"}}, "not a JSON Schema"),
        ({"when": {}}, "are not said"),
        ({"otherwise": " "}, "are not said"),
        ({"args": {"x": {1}}}, "is a set"),
    ],
)
def test_a_requirement_is_checked_where_it_is_written(given: dict[str, Any], why: str) -> None:
    """No schema, no condition, no error, no JSON: refused at once; so is what is no requirement."""
    whole: dict[str, Any] = {"args": {}, "when": OPEN, "otherwise": "x", **given}
    with pytest.raises(BindingError, match=why):
        requires("orders.get", whole.pop("args"), **whole)
    with pytest.raises(BindingError, match=r"requires\(…\)"):
        template({}, requires=["orders.get"])  # type: ignore[list-item]


def test_a_runs_record_says_what_is_required() -> None:
    """As plain data, beside what the write is answered with."""
    assert ISSUE.spec["requires"] == [
        {"read": "orders.get", "args": {"order_id": "{order_id}"}, "when": OPEN, "otherwise": "order_already_refunded"}
    ]
