"""Set aside and stale: how much we could not see."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.evidence.judged import Standing
from shadow.gates import Status, set_aside, stale
from tests.evidence.rows import days_of, evidence

ASIDE: dict[str, Any] = {"standing": Standing.SET_ASIDE}
BLIND: dict[str, Any] = {"standing": Standing.INCOMPARABLE}
STALE: dict[str, Any] = {"standing": Standing.INCOMPARABLE, "stale": True}


def of_a_hundred(**kinds: int) -> Any:
    """A hundred cases of one closed day; so many of each kind."""
    special: dict[int, dict[str, Any]] = {}
    for name, often in kinds.items():
        kind = {"aside": ASIDE, "blind": BLIND, "stale": STALE}[name]
        special |= dict.fromkeys(range(len(special), len(special) + often), kind)
    return evidence(days_of(100, days=1, special=special), days=1)


@pytest.mark.parametrize(("kinds", "passes"), [({"aside": 5}, True), ({"aside": 6}, False), ({}, True)])
def test_the_limit_itself_is_within_it(kinds: dict[str, int], passes: bool) -> None:
    """5 of 100 pass at 5 %, 6 do not."""
    found = set_aside(at_most=0.05)(of_a_hundred(**kinds))
    assert (found.status is Status.PASS) is passes
    assert not found.rejects


def test_incomparable_counts_with_the_set_aside_stale_too() -> None:
    """Two of each are six together; of these stale counts two by itself."""
    seen = of_a_hundred(aside=2, blind=2, stale=2)
    found = set_aside(at_most=0.05)(seen)
    assert found.status is Status.FAIL
    assert "2 set aside, 4 incomparable" in found.reason
    assert stale(at_most=0.02)(seen).status is Status.PASS
    assert stale(at_most=0.02)(seen).numbers["part"] == 2
    assert stale(at_most=0.01)(seen).status is Status.FAIL


def test_open_days_do_not_count_yet() -> None:
    """What was set aside on a day that is still open is not judged before it closes."""
    special = dict.fromkeys(range(50, 60), ASIDE) | {99: {"standing": Standing.WAITING}}
    seen = evidence(days_of(100, days=2, special=special), days=2)
    assert set_aside(at_most=0.05)(seen).status is Status.PASS
    closed = dict.fromkeys(range(50, 60), ASIDE)
    assert set_aside(at_most=0.05)(evidence(days_of(100, days=2, special=closed), days=2)).status is Status.FAIL


def test_a_blind_desk_fails_in_so_many_words() -> None:
    """Nothing compared on closed days: a failure that says so."""
    found = stale(at_most=0.02)(of_a_hundred(stale=100))
    assert found.status is Status.FAIL
    assert "Not one of 100 cases" in found.reason
