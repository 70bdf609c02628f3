"""Harmful and critical rate: what passes, what rejects, and nothing in between."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing
from shadow.gates import Status, critical_rate, harmful_rate
from tests.evidence.rows import days_of, discrepancy, evidence

HARMFUL, CRITICAL = harmful_rate(at_most=0.02), critical_rate(below=0.001)


def bad(often: int, grade: Severity = Severity.MAJOR, **how: Any) -> dict[int, dict[str, Any]]:
    """The first so many cases are discrepancies."""
    return {n: discrepancy(grade, **how) for n in range(often)}


@pytest.mark.parametrize(("harmful", "total"), [(0, 187), (3, 528), (10, 1078)])
def test_ready_at_the_number_that_was_worked_out(harmful: int, total: int) -> None:
    """Passes with so many unit-days, and not with one fewer; then it says how many are missing."""
    enough = HARMFUL(evidence(days_of(total, days=1, special=bad(harmful)), days=1))
    assert enough.status is Status.PASS
    short = HARMFUL(evidence(days_of(total - 1, days=1, special=bad(harmful)), days=1))
    assert short.status is Status.INCONCLUSIVE
    assert "more unit-day" in short.needs
    assert short.days == 1


def test_one_more_harmful_is_one_too_many() -> None:
    """At 528 unit-days three harmful pass and four do not."""
    assert HARMFUL(evidence(days_of(528, days=1, special=bad(4)), days=1)).status is Status.INCONCLUSIVE


def test_unlabelled_harm_keeps_from_ready_and_never_rejects() -> None:
    """20 % unlabelled majors: inconclusive, said so, no forecast; labelled as right: a pass; confirmed: rejected."""
    unlabelled = HARMFUL(evidence(days_of(1000, days=1, special=bad(200)), days=1))
    assert unlabelled.status is Status.INCONCLUSIVE and not unlabelled.rejects
    assert "200 cases counted so for want of a label" in unlabelled.reason
    assert unlabelled.days is None and "labels" in unlabelled.needs
    right = {n: {"agreement": False, "labelled": True} for n in range(200)}
    assert HARMFUL(evidence(days_of(1000, days=1, special=right), days=1)).status is Status.PASS
    confirmed = HARMFUL(evidence(days_of(1000, days=1, special=bad(200, confirmed=True)), days=1))
    assert confirmed.status is Status.FAIL and confirmed.rejects


def test_harm_at_the_limit_is_not_beyond_it() -> None:
    """2 % confirmed of 5,000 is neither ready nor not ready; 4 % is not ready."""
    at = HARMFUL(evidence(days_of(5000, days=5, special=bad(100, confirmed=True)), days=5))
    assert at.status is Status.INCONCLUSIVE and not at.rejects
    over = HARMFUL(evidence(days_of(5000, days=5, special=bad(200, confirmed=True)), days=5))
    assert over.rejects


def test_suspicion_of_harm_is_not_harm() -> None:
    """8 of 200 confirmed at a limit of 2 % speak for harm, not surely; 13 do."""
    seen = HARMFUL(evidence(days_of(200, days=1, special=bad(8, confirmed=True)), days=1))
    assert 0 < float(seen.numbers["harm_log_e"]) < float(seen.numbers["threshold"])
    assert not seen.rejects
    assert HARMFUL(evidence(days_of(200, days=1, special=bad(13, confirmed=True)), days=1)).rejects


def test_before_a_day_is_closed_it_says_so() -> None:
    """No share of nothing, but what is waited for and how long."""
    waiting = {0: {"standing": Standing.WAITING}}
    for gate in (HARMFUL, CRITICAL):
        found = gate(evidence(days_of(300, days=1, special=waiting), days=1))
        assert found.reason.startswith("No arrival day")
        assert found.days is not None and found.days >= 6


def test_confirmed_harm_counts_before_its_day_is_closed() -> None:
    """A day that one waiting case keeps open is evidence of harm all the same."""
    special = {**bad(40, confirmed=True), 399: {"standing": Standing.WAITING}}
    found = HARMFUL(evidence(days_of(400, days=1, special=special), days=1))
    assert found.rejects
    assert found.numbers["unit_days"] == 0


def test_a_cautious_error_rate_needs_more() -> None:
    """187 pass at 5 % and not at 1 %."""
    seen = evidence(days_of(187, days=1), days=1)
    assert harmful_rate(at_most=0.02, alpha=0.01)(seen).status is Status.INCONCLUSIVE
    assert HARMFUL(seen).status is Status.PASS


def test_critical_needs_3057_without_any() -> None:
    """Passes with 3,057 unit-days without a critical case, and not with one fewer."""
    assert CRITICAL(evidence(days_of(3057, days=1), days=1)).status is Status.PASS
    short = CRITICAL(evidence(days_of(3056, days=1), days=1))
    assert short.status is Status.INCONCLUSIVE
    assert short.needs == "1 more unit-day without a critical case"


def test_one_unlabelled_critical_needs_9284_and_does_not_reject() -> None:
    """What nobody confirmed counts against ready alone."""
    one = bad(1, Severity.CRITICAL)
    assert CRITICAL(evidence(days_of(9284, days=1, special=one), days=1)).status is Status.PASS
    short = CRITICAL(evidence(days_of(9283, days=1, special=one), days=1))
    assert short.status is Status.INCONCLUSIVE and not short.rejects
    assert "labels that clear" in short.needs


def test_one_confirmed_critical_rejects() -> None:
    """At once, on an open day too, and named by case; a major one does not."""
    special = {7: discrepancy(Severity.CRITICAL, confirmed=True), 9: {"standing": Standing.WAITING}}
    found = CRITICAL(evidence(days_of(10, days=1, special=special), days=1))
    assert found.rejects and "c000007" in found.reason
    major = CRITICAL(evidence(days_of(10, days=1, special=bad(3, confirmed=True)), days=1))
    assert not major.rejects


def test_the_error_rate_of_rejecting_is_its_own() -> None:
    """13 confirmed of 200 reject at 5 %, not at one in a million; where none is given it is that of ready."""
    seen = evidence(days_of(200, days=1, special=bad(13, confirmed=True)), days=1)
    assert HARMFUL(seen).rejects
    assert not harmful_rate(at_most=0.02, alpha_harm=1e-6)(seen).rejects
    assert not harmful_rate(at_most=0.02, alpha=1e-6)(seen).rejects
    assert harmful_rate(at_most=0.02, alpha=1e-6, alpha_harm=0.05)(seen).rejects
    clean = evidence(days_of(187, days=1), days=1)
    assert harmful_rate(at_most=0.02, alpha_harm=1e-6)(clean).status is Status.PASS


def by_day(*harmful: int, total: int = 500) -> Evidence:
    """Days of so many unit-days, so many of each day's harmful."""
    special = {day * total + n: discrepancy(Severity.MAJOR) for day, bad in enumerate(harmful) for n in range(bad)}
    days = len(harmful)
    return evidence(days_of(total * days, days=days, special=special), days=days)


def test_days_that_differ_more_than_chance_need_more() -> None:
    """84 of 7,000: evenly over fourteen days a pass; all on every other day not, and it is said why."""
    even, odd = HARMFUL(by_day(*[6] * 14)), HARMFUL(by_day(*[0, 12] * 7))
    assert even.status is Status.PASS and "Days differ" not in even.reason
    assert float(even.numbers["phi"]) == 1.0
    assert odd.status is Status.INCONCLUSIVE and not odd.rejects
    assert odd.numbers["whole_log_e"] == even.numbers["log_e"]
    assert float(odd.numbers["log_e"]) < float(odd.numbers["threshold"]) < float(odd.numbers["whole_log_e"])
    assert "Days differ more than chance: 6.5 times the variance of equal days; of equal days it would be" in odd.reason


def test_of_fewer_days_nothing_is_said_about_how_they_differ() -> None:
    """Thirteen days are judged by all of their evidence."""
    found = HARMFUL(by_day(*[12, *[0, 12] * 6]))
    assert found.status is Status.PASS
    assert "phi" not in found.numbers and "Days differ" not in found.reason


def test_evidence_that_does_even_thinned_passes_and_it_is_said() -> None:
    """Few enough harmful for a sixth of it to do."""
    found = HARMFUL(by_day(*[0, 6] * 14))
    assert found.status is Status.PASS
    assert float(found.numbers["log_e"]) < float(found.numbers["whole_log_e"])
    assert "enough even with each day's evidence thinned by that" in found.reason


def test_days_that_differ_by_chance_are_no_matter() -> None:
    """phi is 1.9 of fourteen days, above 1.5 and below what one in a hundred has."""
    found = HARMFUL(by_day(*[1, 6] * 7, total=300))
    assert float(found.numbers["log_e"]) > 0
    assert 1.5 < float(found.numbers["phi"]) < float(found.numbers["phi_by_chance"])
    assert found.numbers["log_e"] == found.numbers["whole_log_e"] and "Days differ" not in found.reason


def test_what_is_needed_counts_the_thinning() -> None:
    """Twenty more days alike bring what it asked for, and it passes; half of them do not."""
    found = HARMFUL(by_day(*[0, 14] * 8))
    assert found.status is Status.INCONCLUSIVE and found.days is not None and found.days > 4
    more = 2 * int(found.days / 2 + 1)
    assert HARMFUL(by_day(*[0, 14] * (8 + more // 2))).status is Status.PASS
    assert HARMFUL(by_day(*[0, 14] * (8 + more // 4))).status is Status.INCONCLUSIVE


def test_thinning_never_helps() -> None:
    """Evidence against ready is not made less by days that differ; confirmed harm rejects as before."""
    found = HARMFUL(by_day(*[0, 30] * 7))
    assert found.numbers["log_e"] == found.numbers["whole_log_e"]
    assert float(found.numbers["log_e"]) < 0
    assert found.reason.endswith("times the variance of equal days.")
