"""Reads of today's world would show a candidate the answer: such cases are named, and never count as agreeing."""

from __future__ import annotations

from pathlib import Path

from benchmarks.trial import take, trial
from shadow.examples.refund_desk import bindings
from tests.whole.desk import SMALL, Place, window

LABEL = "version 2"


def _compared(place: Place) -> dict[str, tuple[str, str]]:
    """Agreement and reason of each case that the control has refunded."""
    rows = place.ask(
        "select r.case_id, r.agreement, r.reason from shadow_result r join shadow_settlement s "
        'on s.case_id = r.case_id and s.revision = r.revision where s.body like \'%"tool":"refund.issue"%\''
    )
    return {case: (agreement, reason) for case, agreement, reason in rows}


def test_with_reads_of_today_refunds_are_incomparable(place: Place, tmp_path: Path) -> None:
    """Of the refund cases at least 90 % are incomparable as a stale read, by tool; none agrees; inconclusive."""
    one = trial(tmp_path, SMALL, served=bindings.live_bindings())
    _, found = take(one, LABEL, *window(0, 9))  # all of them have settled by then
    seen = _compared(place)
    stale = {case for case, (word, reason) in seen.items() if word == "incomparable" and _names_a_read(reason)}
    print(f"{len(stale)} of {len(seen)} refund cases are incomparable as stale reads")
    assert len(seen) > 20
    assert len(stale) >= 0.9 * len(seen)
    assert not [case for case, (word, _) in seen.items() if word == "agree"]
    assert found["verdict"] == "inconclusive" and "stale" in found["open"]


def _names_a_read(reason: str) -> bool:
    return reason.startswith("stale read: ") and any(tool in reason for tool in ("orders.get", "refunds.list"))


def test_with_reads_as_of_then_the_same_cases_are_compared(place: Place, tmp_path: Path) -> None:
    """No stale read among them, and a good candidate agrees with most."""
    one = trial(tmp_path, SMALL)
    _, found = take(one, LABEL, *window(0, 9))
    seen = _compared(place)
    words = [word for word, _ in seen.values()]
    print(f"{words.count('agree')} of {len(words)} refund cases agree")
    assert "incomparable" not in words and words.count("agree") >= 0.9 * len(words)
    assert not any("stale read" in reason for reason in found["reasons"])
