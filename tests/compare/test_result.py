"""Results as plain frozen data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shadow.compare.result import Agreement, Comparison, Outcome, Result, digest_of, shortened
from shadow.contract.model import Severity
from shadow.observation import Effect, Ending, Observation
from tests.compare.desk import refund, side

RESULT = Result(
    case_id="c1",
    agreement=Agreement.DISCREPANCY,
    severity=Severity.MAJOR,
    comparisons=(
        Comparison(place="decision", outcome=Outcome.MATCH, control="deny", candidate="deny"),
        Comparison(
            place="amount",
            outcome=Outcome.MISMATCH,
            severity=Severity.MAJOR,
            direction="higher",
            control=1,
            candidate=2,
        ),
    ),
    money={"EUR": Decimal("1.00")},
)


def test_a_result_goes_through_json_and_back() -> None:
    """Amounts keep their digits."""
    assert Result.from_json(json.loads(json.dumps(RESULT.to_json()))) == RESULT
    assert RESULT.to_json()["money"] == {"EUR": "1.00"}


def test_mismatches_and_staleness_are_read_off() -> None:
    """The first difference first."""
    assert [c.place for c in RESULT.mismatches] == ["amount"]
    assert not RESULT.stale
    assert Result(case_id="c", agreement=Agreement.INCOMPARABLE, reason="stale read: orders.get").stale


NINE = datetime(2026, 11, 1, 9, tzinfo=UTC)


def test_a_digest_belongs_to_what_both_did_and_not_to_when() -> None:
    """Moments, durations, costs, reads and the order of effects do not count."""
    one = side(None, refund("5"), refund("6", order="o2"), duration_s=1.0, cost_usd=0.1)
    same = side(None, refund("6", order="o2", at=NINE), refund("5", at=NINE), duration_s=2.0, tokens=7)
    assert digest_of(one, side()) == digest_of(same, side())
    assert len(digest_of(one, side())) == 64


@pytest.mark.parametrize(
    "other",
    [
        side({"decision": "approve", "amount": None}, refund("5")),
        side(None, refund("5.01")),
        side(None, refund("5"), refund("5")),
        side(None),
        side(None, Effect(tool="mail.send", args=refund("5").args)),
        Observation(ending=Ending.ERROR, effects=(refund("5"),)),
    ],
)
def test_a_digest_changes_with_anything_that_either_did(other: Observation) -> None:
    """Value, ending, tool, arguments, how often; and it matters which side did it."""
    one = side(None, refund("5"))
    assert digest_of(one, one) != digest_of(one, other)
    assert digest_of(one, other) != digest_of(other, one)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("x" * 300, "x" * 199 + "…"),
        ([1] * 12, [1] * 10 + ["… 2 more"]),
        ([[[[[1]]]]], [[[["…"]]]]),
        (None, None),
        (10**4000, "a number of more than 240 digits"),
        ({"a": "b"}, {"a": "b"}),
    ],
)
def test_a_result_keeps_little_of_a_large_value(value: Any, kept: Any) -> None:
    """Long texts, long lists, deep nesting, endless numbers."""
    assert shortened(value) == kept


def test_a_large_object_keeps_ten_fields() -> None:
    """And says how many more there were."""
    assert shortened({str(n): n for n in range(15)}) == {**{str(n): n for n in range(10)}, "…": "5 more"}
