"""Whole weeks of a desk through counts, gates and verdict: who is ready, who is not, and when."""

from __future__ import annotations

import pytest

from shadow.contract.model import Severity
from shadow.evidence.counts import Table
from shadow.evidence.eprocess import READY, harm, log_e, reached
from shadow.evidence.judged import Standing
from shadow.gates import Status, Word, decide
from tests.evidence.rows import discrepancy, evidence, ordered, row
from tests.gates.desk import GATES, desk, evenly, look, seen, verdict

SEEDS = (1, 2, 3)


def slow(weekday: int, delay: int) -> float:
    """Harm in nothing but cases that take days to settle, 1.2 % of all."""
    return 0.03 if delay else 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_good_candidate_is_ready_by_day_21(seed: int) -> None:
    """0.2 % harm, major, all labelled: inconclusive with a forecast until day 14, ready on day 21 and at the end."""
    stories = desk(seed, evenly(0.002))
    for day in (1, 7, 14):
        early = verdict(stories, day)
        assert early.word == Word.INCONCLUSIVE
        assert "more day" in early.forecast
    assert verdict(stories, 21).word == Word.READY
    assert verdict(stories, 28).word == Word.READY


@pytest.mark.parametrize("seed", SEEDS)
def test_a_harmful_candidate_is_not_ready_by_day_21(seed: int) -> None:
    """2 % confirmed harm against a limit of 1 %."""
    found = verdict(desk(seed, evenly(0.02)), 21)
    assert found.word == Word.NOT_READY
    assert [finding.gate for finding in found.findings if finding.rejects] == ["harmful_rate"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_critical_fault_is_not_ready_once_confirmed(seed: int) -> None:
    """Five days of 2 % critical are enough; the day before any label they are not."""
    stories = desk(seed, evenly(0.02), grade=Severity.CRITICAL)
    assert verdict(stories, 1).word == Word.INCONCLUSIVE
    assert verdict(stories, 5).word == Word.NOT_READY


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minor_fault_is_ready(seed: int) -> None:
    """2 % of minor discrepancies stand in nobody's way."""
    assert verdict(desk(seed, evenly(0.02), grade=Severity.MINOR), 21).word == Word.READY


@pytest.mark.parametrize("seed", SEEDS)
def test_harm_in_slow_cases_does_not_pass_for_ready(seed: int) -> None:
    """All harm in cases that take days to settle, 1.2 % overall: the harm gate passes at none of the looks."""
    stories = desk(seed, slow)
    for day in (7, 8, 10, 12, 14, 17, 21, 25, 28):
        assert GATES[0](look(stories, day)).status is not Status.PASS


def test_evidence_in_the_order_of_settling_would_pass() -> None:
    """What closed days are for: on a larger desk what is known after the first day looks good by itself."""
    stories = [story for story in desk(1, slow, cases=40_000) if story.day == 0]
    known = [case for case in (seen(story, 1) for story in stories) if not case.label_due]
    settled = evidence(known, days=1).counts.shares(Table.SERVED)
    assert reached(log_e(settled, 0.01, READY), 0.05)
    assert GATES[0](look(stories, 1)).status is Status.INCONCLUSIVE


def test_harm_in_fast_cases_does_not_pass_for_beyond_the_limit() -> None:
    """On the first day of a large desk 50 of 3,000 fast cases are confirmed harmful, 2,000 slow ones wait.

    Overall that is the limit of 1 %; among the compared alone it would look like surely more.
    """
    waiting = {"standing": Standing.WAITING}
    harmful = discrepancy(Severity.MAJOR, confirmed=True)
    cases = [harmful] * 50 + [{}] * 2950 + [waiting] * 2000
    found = evidence(ordered(row(n, **case) for n, case in enumerate(cases)), days=1)
    assert not reached(log_e(found.confirmed(), 0.01, harm(0.01)), 0.05)
    assert reached(log_e([(0.0, 2950), (1.0, 50)], 0.01, harm(0.01)), 0.05)


def test_labels_that_never_come_keep_it_from_ready_not_more() -> None:
    """A good candidate whose discrepancies nobody labels, their time over, is inconclusive, never not ready."""
    special = {n: discrepancy(Severity.CRITICAL) for n in range(0, 6000, 100)}
    rows = ordered(row(n, day=n // 300, **special.get(n, {})) for n in range(6000))
    unsure = evidence(rows, days=20)
    assert unsure.unlabelled == 60
    found = decide(unsure, GATES, demonstration=False, isolation="kernel")
    assert found.word == Word.INCONCLUSIVE
    assert {f.gate for f in found.findings if f.status is not Status.PASS} == {"harmful_rate", "critical_rate"}
