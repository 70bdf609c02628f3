"""What one unit-day leaves in the tables that gates beside the harmful rate read."""

from __future__ import annotations

from itertools import permutations
from math import nan
from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.evidence import distinct
from shadow.evidence.counts import Counts, Table
from shadow.evidence.histogram import MICRO, NANO, bin_of
from shadow.evidence.judged import Judged, Standing, kind_of
from shadow.evidence.tables import CANDIDATE, CONTROL
from shadow.evidence.tally import tally
from tests.evidence.rows import discrepancy, midnight, ordered, row

WEB, MAIL = {"country": "DE", "channel": "web"}, {"country": "DE", "channel": "mail"}


def of(*rows: Judged) -> Counts:
    """The counts of one or two days."""
    return tally(ordered(rows), midnight(2))


def test_better_and_worse_cancel_within_a_unit_day() -> None:
    """Worse once and better once of three cases is none; worse twice is two thirds; the others count as equal."""
    counts = of(
        *(row(n, unit="a", versus=v) for n, v in enumerate((1, -1, 0))),
        *(row(10 + n, unit="b", versus=v) for n, v in enumerate((1, 1, 0))),
        row(20, unit="c", versus=-1),
        row(21, unit="d"),
    )
    assert counts.versus() == [(-1.0, 1), (0.0, 2), (2 / 3, 1)]
    assert counts.table(Table.VERSUS) == {(3, 2): 1, (1, -1): 1}


def test_only_what_was_compared_is_held_against_anybody() -> None:
    """A case that is waiting or incomparable is neither better nor worse, nor alike."""
    counts = of(
        row(1, standing=Standing.WAITING, versus=1, similarity=0.0, hour=3, slices=WEB),
        row(2, standing=Standing.INCOMPARABLE, versus=-1, similarity=0.0, hour=3, slices=WEB),
    )
    assert counts.versus() == [(0.0, 0)]
    for table in (Table.UNLIKE, Table.HOURS, Table.KINDS, Table.SLICES):
        assert counts.table(table) == {}


@pytest.mark.parametrize(
    ("seen", "thousandths"),
    [((1.0,), 0), ((0.9,), 100), ((0.0,), 1000), ((2 / 3,), 334), ((1.0, 0.9999), 1), ((1.0, 1.0, 0.999), 1)],
)
def test_what_differs_is_rounded_up(seen: tuple[float, ...], thousandths: int) -> None:
    """Toward bad, first each case and then the mean: rounding gives no evidence away."""
    rows = [row(n, unit="a", similarity=value) for n, value in enumerate(seen)]
    assert of(*rows).table(Table.UNLIKE) == {(thousandths,): 1}
    assert of(*rows).unlike() == [(thousandths / 1000, 1)]


@pytest.mark.parametrize("value", [None, nan, -0.1, 1.1])
def test_one_unknown_similarity_leaves_the_unit_day_out(value: float | None) -> None:
    """It is missed there: the unit-days of UNLIKE are fewer than those served."""
    counts = of(row(1, unit="a", similarity=value), row(2, unit="a", similarity=1.0), row(3, similarity=1.0))
    assert counts.table(Table.UNLIKE) == {(0,): 1}
    assert sum(counts.table(Table.SERVED).values()) == 2


def test_kinds_are_slices_together() -> None:
    """Once a unit-day, whatever the order of the slices; without slices there is one kind."""
    assert kind_of(WEB) == kind_of(dict(reversed(list(WEB.items())))) == "channel=web, country=DE"
    counts = of(
        row(1, unit="a", slices=WEB), row(2, unit="a", slices=WEB), row(3, unit="a", slices=MAIL), row(4, slices=WEB)
    )
    assert counts.table(Table.KINDS) == {("channel=web, country=DE",): 2, ("channel=mail, country=DE",): 1}


def test_hours_count_cases() -> None:
    """Of compared cases; an unknown hour is none."""
    assert of(row(1, hour=0), row(2, hour=23), row(3, hour=23), row(4)).table(Table.HOURS) == {(0,): 1, (23,): 2}


def test_one_case_stands_for_its_unit_day_whatever_it_took() -> None:
    """The same one for any durations and in any order, on either side; a case alone stands for itself."""
    numbers = (1, 2, 3)
    drawn = min(numbers, key=lambda n: distinct.mark(row(n).case_id))
    for durations in permutations((1.0, 50.0, 900.0)):
        rows = [
            row(n, unit="a", duration_s=d, control_duration_s=2 * d) for n, d in zip(numbers, durations, strict=True)
        ]
        took = durations[numbers.index(drawn)]
        assert of(*rows).took(CANDIDATE) == ({bin_of(took, MICRO): 1}, 0)
        assert of(*rows).took(CONTROL) == ({bin_of(2 * took, MICRO): 1}, 0)


@pytest.mark.parametrize("value", [None, nan, -1.0])
def test_a_duration_that_is_unknown_or_cannot_be_is_said(value: float | None) -> None:
    """It is counted, so that it can count against the candidate."""
    counts = of(row(1, duration_s=value, control_duration_s=value), row(2))
    assert counts.took(CANDIDATE) == ({bin_of(1.0, MICRO): 1}, 1)
    assert counts.took(CONTROL) == ({}, 2)


def test_a_unit_day_costs_the_mean_of_its_cases() -> None:
    """Rounded up into its bin; with one unknown cost it has none."""
    counts = of(*(row(n, unit="a", cost_usd=usd) for n, usd in enumerate((0.01, 0.02, 0.06))))
    assert counts.bins(Table.COST_MEANS) == {bin_of(0.03, NANO): 1}
    assert of(row(1, unit="a"), row(2, unit="a", cost_usd=None)).bins(Table.COST_MEANS) == {}
    assert of(row(1, unit="a"), row(2, unit="a", cost_usd=nan)).bins(Table.COST_MEANS) == {}


def test_harm_in_a_slice_is_what_labels_confirmed() -> None:
    """Within the slice; a waiting case dilutes it, unlabelled harm does not count, an incomparable case is none."""
    bad: dict[str, Any] = discrepancy(Severity.MAJOR, confirmed=True)
    counts = of(
        row(1, unit="a", slices=WEB, **bad),
        row(2, unit="a", slices=WEB, standing=Standing.WAITING),
        row(3, unit="a", slices=MAIL, **discrepancy(Severity.MAJOR)),
        row(4, unit="a", slices=MAIL, standing=Standing.INCOMPARABLE),
    )
    assert counts.slices(Table.SLICES_CONFIRMED) == {
        ("channel", "mail"): [(0.0, 1)],
        ("channel", "web"): [(0.5, 1)],
        ("country", "DE"): [(1 / 3, 1)],
    }
    assert counts.slices(Table.SLICES)["channel", "web"] == [(1.0, 1)]


def test_a_label_on_what_is_not_compared_confirms_nothing() -> None:
    """The word was on an outcome that no longer stands, or on none."""
    for standing in (Standing.WAITING, Standing.INCOMPARABLE, Standing.SET_ASIDE):
        counts = of(row(1, standing=standing, slices=WEB, confirmed=Severity.CRITICAL), row(2, slices=WEB))
        assert counts.shares(Table.CONFIRMED)[-1][0] == 0.0
        assert all(pieces[-1][0] == 0.0 for pieces in counts.slices(Table.SLICES_CONFIRMED).values())
        assert counts.table(Table.CRITICAL_CASES) == {}
