"""One idempotency key is one held effect; without one, two calls are two effects."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.contract.parts import read, write
from shadow.doors.bindings import requires, template
from shadow.doors.tools import ToolsDoor
from shadow.observation import Ending, Observation
from tests.doors.desk import TEXT, a_door, effect, says, schema

PAY = {"order_id": "o1", "amount": 5}
TOOLS = (
    read("orders.get", entity="order", key="order_id", args=schema(order_id=TEXT)),
    write("refund.issue", entity="order", key="order_id", reversible=False),
    write("ticket.close", entity="ticket", key="ticket_id", reversible=True, idempotent_by="ticket_id"),
)


@pytest.fixture
def door() -> ToolsDoor:
    """A door whose refund takes a caller's key, and whose closing is known by its ticket."""
    issued = template(
        {"id": "{held_id}"}, changes={"refunded": True},
        requires=[requires("orders.get", {"order_id": "{order_id}"}, when={"not": {"required": ["refunded"]}},
                           otherwise="already_refunded")],
    )  # fmt: skip
    bindings = {"orders.get": says({}), "refund.issue": issued, "ticket.close": template({"id": "{held_id}"})}
    return a_door(TOOLS, bindings)


def test_the_same_call_under_its_key_is_one_effect(door: ToolsDoor) -> None:
    """It gets the first one's answer, is counted, and is not checked against its own effect."""
    answers = [door.answer("refund.issue", PAY, "k1") for _ in range(3)]
    assert [one.value for one in answers] == [{"id": "01234567-c7-1"}] * 3
    assert [one.repeated for one in answers] == [False, True, True]
    assert (effect(door).key, effect(door).repeated) == ("k1", 2)
    assert [span.attributes.get("shadow.repeats") for span in door.spans[-2:]] == ["01234567-c7-1"] * 2


def test_members_in_another_order_are_the_same_arguments(door: ToolsDoor) -> None:
    """A retry is written by the same code, not by the same bytes."""
    door.answer("refund.issue", {"order_id": "o1", "amount": 5}, "k1")
    assert door.answer("refund.issue", {"amount": 5.0, "order_id": "o1"}, "k1").repeated


def test_other_arguments_under_a_used_key_are_refused(door: ToolsDoor) -> None:
    """Which of the two was meant is not guessed, and the refusal is written down."""
    door.answer("refund.issue", PAY, "k1")
    answer = door.answer("refund.issue", {**PAY, "amount": 6}, "k1")
    assert (answer.word, answer.value) == ("refused", "the idempotency key was used before with other arguments")
    assert [one.why for one in door.refusals] == [answer.value] and effect(door).repeated == 0


def test_without_a_key_a_doubled_call_is_two_effects(door: ToolsDoor) -> None:
    """So it is under two keys; a second refund must be seen."""
    door = a_door(TOOLS, {**door.bindings, "refund.issue": template({"id": "{held_id}"})})
    for key in ("", "", "k1", "k2"):
        assert not door.answer("refund.issue", PAY, key).repeated
    assert [one.held[-2:] for one in door.effects] == ["-1", "-2", "-3", "-4"]
    assert [one.repeated for one in door.effects] == [0, 0, 0, 0]


def test_a_key_belongs_to_one_tool(door: ToolsDoor) -> None:
    """Another write under the same key is another effect; a read takes no notice of it."""
    door.answer("refund.issue", PAY, "k1")
    assert door.answer("ticket.close", {"ticket_id": "t1"}, "k1").value == {"id": "01234567-c7-2"}
    assert door.answer("orders.get", {"order_id": "o1"}, "k1").word == "answer"


def test_the_contract_may_name_the_key(door: ToolsDoor) -> None:
    """The same values are the same effect, whatever key the caller gives; where they are missing there is none."""
    first = door.answer("ticket.close", {"ticket_id": "t1"})
    assert door.answer("ticket.close", {"ticket_id": "t1"}, "k9").value == first.value
    assert (effect(door).key, effect(door).repeated) == ("(ticket_id)", 1)
    answer = door.answer("ticket.close", {"ticket_id": "t1", "note": "x"})
    assert answer.value == "the same ticket_id was used before with other arguments"
    door.answer("ticket.close", {})
    door.answer("ticket.close", {})
    assert [one.key for one in door.effects] == ["(ticket_id)", "", ""]


def test_a_call_that_was_not_held_leaves_its_key_free(door: ToolsDoor) -> None:
    """What was refused or failed has had no effect that could be repeated."""
    door.answer("refund.issue", {"order_id": "a"}, "k0")
    assert door.answer("refund.issue", {"order_id": "a", "n": 2}, "k1").value == "already_refunded"
    assert door.answer("refund.issue", PAY, "k1").word == "answer"


@pytest.mark.parametrize("key", ["k" * 256, "a\nb", "\u202ek", "\x00"])
def test_a_key_is_short_and_shows(door: ToolsDoor, key: str) -> None:
    """Anything else is refused, and written down."""
    answer = door.answer("refund.issue", PAY, key)
    assert answer.word == "refused" and "255 characters" in answer.value and not door.effects


def test_an_escalation_may_have_a_key(door: ToolsDoor) -> None:
    """People are not called twice for one retry."""
    given: dict[str, Any] = {"reason": "too much"}
    assert [door.answer("escalate", given, "e").repeated for _ in range(2)] == [False, True]
    assert (effect(door).answered, effect(door).repeated) == (None, 1)


def test_what_was_repeated_is_kept(door: ToolsDoor) -> None:
    """An observation gives it back from its JSON; a row from before there were keys is read as it was."""
    door.answer("refund.issue", PAY, "k1")
    door.answer("refund.issue", PAY, "k1")
    seen = Observation(ending=Ending.FINISHED, value={}, effects=tuple(door.effects), reads=tuple(door.reads))
    assert Observation.from_json(seen.to_json()) == seen
    old = seen.to_json()
    for name in ("answered", "key", "repeated"):
        del old["effects"][0][name]
    for name in ("partial", "by"):
        del old["reads"][0][name]
    before = Observation.from_json(old)
    assert (before.effects[0].answered, before.effects[0].key, before.effects[0].repeated) == (None, "", 0)
    assert (before.reads[0].partial, before.reads[0].by) == (False, "")
