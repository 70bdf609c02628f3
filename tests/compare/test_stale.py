"""Stale reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shadow.compare.stale import stale_reads
from shadow.observation import AnswerKind, Effect, Read
from tests.compare.desk import CONTRACT, NOW, case, refund, side

HOUR = timedelta(hours=1)


def stale(effect: Effect | None, tool: str = "orders.get", **changed: Any) -> bool:
    """Whether a live read of order o1, two hours after the case began, is stale after this effect."""
    given: dict[str, Any] = {"tool": tool, "args": {"order": "o1"}, "kind": AnswerKind.LIVE, "at": NOW + 2 * HOUR}
    control = side(None, *([effect] if effect else []))
    candidate = side(None, reads=(Read(**{**given, **changed}),))
    found = stale_reads(CONTRACT, case(), control=control, candidate=candidate)
    assert found in ([], [tool])
    return bool(found)


def close(order: str, hours: float) -> Effect:
    """The control refunds an order some hours after the case began."""
    return refund(order=order, at=NOW + hours * HOUR)


@pytest.mark.parametrize(("hours", "expected"), [(-1, False), (0, True), (1, True), (2, True), (3, False)])
def test_an_effect_between_the_cases_beginning_and_the_read_makes_it_stale(hours: float, expected: bool) -> None:
    """Both ends included."""
    assert stale(close("o1", hours)) is expected


def test_only_the_same_entity_and_key_count() -> None:
    """Another order, or a mail, leaves the read alone; no effect at all does too."""
    assert not stale(close("o2", 1))
    assert not stale(Effect(tool="mail.send", args={"to": "o1", "template": "x"}, at=NOW + HOUR))
    assert not stale(None)


def test_a_key_reads_the_same_as_a_number_and_as_text() -> None:
    """The control's comes from its database, the candidate's from its arguments."""
    assert stale(refund(order=17, at=NOW + HOUR), args={"order": "17"})


def test_what_is_not_known_counts_as_touching() -> None:
    """An effect without a moment, a key that one side lacks, a tool that the contract does not list."""
    assert stale(refund(order="o1"))
    assert stale(Effect(tool="refund.issue", args={"amount": "5"}, at=NOW + HOUR))
    assert stale(close("o1", 1), args={"customer": "u"})
    assert stale(Effect(tool="unlisted", args={}, at=NOW + HOUR))
    assert not stale(refund(order="o2"))


def test_a_read_without_an_entity_is_stale_after_any_effect() -> None:
    """It cannot be told what it reads."""
    assert stale(close("o2", 1), tool="policy.get")
    assert not stale(close("o2", 3), tool="policy.get")


def test_other_kinds_of_answer_are_not_stale() -> None:
    """Recorded and as-of answers show the world as it was; one already called stale is."""
    assert not stale(close("o1", 1), kind=AnswerKind.AS_OF)
    assert not stale(close("o1", 1), kind=AnswerKind.RECORDED)
    assert stale(None, kind=AnswerKind.STALE)
