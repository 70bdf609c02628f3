"""The plain words say what the numbers say, and an unknown verdict never looks good."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from shadow.reports import words
from shadow.reports.blind import blind_spots
from shadow.reports.report import Report


def test_an_unknown_verdict_is_not_good(sample: Report) -> None:
    """A word that is not known is shown as bad and said to be taken as not ready."""
    assert words.tone("READY!") == "bad"
    assert words.meaning("READY!") == words.UNKNOWN


def test_standing_tells_first_and_now(sample: Report) -> None:
    """The first day of ready, its loss, and the first day of not ready are each said."""
    assert "17 Nov 2026 (day 16), and it holds now" in words.standing(sample)
    assert "was lost again" in words.standing(replace(sample, holds_now=False))
    never = replace(sample, first_ready=None, holds_now=False)
    assert "not been reached" in words.standing(never)
    assert "day 8" in words.standing(replace(never, first_not_ready=date(2026, 11, 9)))


def test_cases_add_up_or_are_missed(sample: Report) -> None:
    """Each case is in one account; a lost one is named with its count."""
    assert words.unaccounted(sample.totals) == 0
    lost = replace(sample.totals, arrived=sample.totals.arrived + 37)
    assert words.accounting(lost).startswith("37 cases of")


def test_isolation_never_claims_more() -> None:
    """A word that is not known to be enforced reads as cooperative does."""
    assert "cooperative, not enforced" in words.isolation("cooperative, not enforced")
    assert "by another way" in words.isolation("something new")
    assert "by another way" not in words.isolation("kernel")


def test_money_is_exact_and_short() -> None:
    """Amounts keep their places; zero is left out; an absurd exponent does not fill the page."""
    assert words.money({"EUR": Decimal("1240.00"), "USD": Decimal(0)}) == "1,240.00 EUR"
    assert len(words.amount(Decimal("1E+999999"))) < 40
    assert words.amount(Decimal("NaN")) == "NaN"
    assert "more currencies" in words.money({f"C{n}": Decimal(1) for n in range(5000)})


def test_what_is_no_number_is_unknown() -> None:
    """None, NaN and infinity read as unknown, never as zero."""
    assert words.percent(float("nan")) == words.seconds(None) == words.ratio(1, 0) == words.usd(None) == "unknown"


def test_blind_spots_follow_from_totals(sample: Report) -> None:
    """A row for each kind of blindness that has cases; stale is not told twice."""
    rows = {row.what: row for row in blind_spots(sample.totals)}
    assert rows["stale"].count == 41
    assert rows["incomparable"].count == 22
    assert "stale" not in rows["incomparable"].sentence
    assert rows["unlabelled"].possible == words.harmful(sample.totals)
    assert (
        blind_spots(
            replace(sample.totals, stale=0, incomparable={}, set_aside={}, waiting=0, dead_letters=0, unlabelled=0)
        )
        == ()
    )


def test_a_void_verdict_never_looks_ready(known: Report) -> None:
    """Its word says void, its colour is open, its sentences claim nothing; an unknown word stays bad."""
    assert words.word(known) == "ready (demonstration), void"
    assert words.word(replace(known, unsigned=True)) == "ready (demonstration), void, unsigned"
    assert (words.tone_of(known), words.tone_of(replace(known, void=()))) == ("open", "good")
    assert words.tone_of(replace(known, verdict="READY!")) == "bad"
    assert words.standing(known).endswith("the verdict is void now.")
    assert words.meaning_of(known) == words.VOID
    assert words.headline(known) == "Candidate 2026-11-b was “ready (demonstration)” at this look; that no longer holds"


def test_versions_are_told_with_their_error_rates() -> None:
    """One rate for all where it is shared, with which version this is; else that each has its own; nothing unknown."""
    assert words.tried(0, 0) == ""
    assert words.tried(1, 0) == "1 candidate version was tried on this contract, at its own error rate."
    assert words.tried(3, 0) == "3 candidate versions were tried on this contract: each has its own error rate."
    assert words.tried(1, 1).endswith("one error rate holds for it and all that will follow it, this is version 1.")
    assert words.tried(2, 3).startswith("3 candidate versions")


def test_the_end_is_no_forecast() -> None:
    """What is over is headed so, even without a sentence; nothing is headed where nothing is said."""
    assert words.outlook("3 days", ended=False) == ("Forecast", "3 days")
    assert words.outlook("", ended=False) == ("", "")
    assert words.outlook("", ended=True) == ("The trial is over", words.NO_ANSWER)
