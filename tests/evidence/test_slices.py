"""Slices: the small ones together, and harm in any of them at the price of one test."""

from __future__ import annotations

from math import exp, fsum, log

import pytest

from shadow.contract.model import Severity
from shadow.evidence.counts import Counts
from shadow.evidence.eprocess import harm, log_e, reached
from shadow.evidence.slices import OTHER, mean_harm_log_e, merged
from shadow.evidence.tally import tally
from tests.evidence.rows import discrepancy, midnight, ordered, row

HARM = discrepancy(Severity.MAJOR, confirmed=True)


def sizes(**unit_days: int) -> dict[tuple[str, str], list[tuple[float, int]]]:
    """One slice with so many good unit-days a value."""
    return {("country", value): [(0.0, n)] for value, n in unit_days.items()}


def names(floor: int, **unit_days: int) -> dict[str, tuple[tuple[str, ...], int]]:
    """What is judged, by what it is called: the values in it and its unit-days."""
    return {part.value: (part.values, part.unit_days) for part in merged(sizes(**unit_days), floor)}


def test_small_values_are_judged_together() -> None:
    """Below the floor together as other, at the floor alone."""
    assert names(100, DE=500, FR=100, LU=60, MT=50) == {
        "DE": (("DE",), 500),
        "FR": (("FR",), 100),
        OTHER: (("LU", "MT"), 110),
    }


def test_what_is_too_small_together_takes_the_next() -> None:
    """So that nothing is left unjudged, and nothing is judged that cannot hold evidence enough."""
    assert names(100, DE=500, FR=120, LU=6) == {"DE": (("DE",), 500), OTHER: (("FR", "LU"), 126)}
    assert names(100, DE=50, FR=12) == {OTHER: (("DE", "FR"), 62)}
    assert names(100, DE=50) == {"DE": (("DE",), 50)}


def test_every_unit_day_is_judged_once_in_each_slice() -> None:
    """Whatever the floor; slices are kept apart."""
    seen = {**sizes(DE=50, FR=12), ("channel", "web"): [(0.0, 40)], ("channel", "mail"): [(0.5, 22)]}
    for floor in (1, 13, 30, 45, 70):
        parts = merged(seen, floor)
        for name in ("country", "channel"):
            assert sum(part.unit_days for part in parts if part.name == name) == 62
            values = [value for part in parts if part.name == name for value in part.values]
            assert sorted(values) == sorted(value for one, value in seen if one == name)


def test_pieces_are_kept_when_merged() -> None:
    """Harm in a small value is harm in other."""
    seen = {("country", "LU"): [(0.0, 5), (1.0, 2)], ("country", "MT"): [(0.0, 7), (0.5, 1), (1.0, 1)]}
    (part,) = merged(seen, 100)
    assert part.pieces == [(0.0, 12), (0.5, 1), (1.0, 3)]


def counts(*, harmful: int, of: int, slices: int = 5, days: int = 1) -> Counts:
    """`of` unit-days in each slice; so many of the first one are confirmed harmful."""
    rows = [
        row(k * of + n, day=n * days // of, slices={"country": f"c{k}"}, **(HARM if k == 0 and n < harmful else {}))
        for k in range(slices)
        for n in range(of)
    ]
    return tally(ordered(rows), midnight(days))


def test_harm_in_one_slice_is_seen_at_the_price_of_their_number() -> None:
    """The mean of five: what the one says, less log 5 and a little for what may still come."""
    alone = log_e([(0.0, 470), (1.0, 30)], 0.02, harm(0.02))
    found = mean_harm_log_e(counts(harmful=30, of=500), 0.02)
    assert alone - log(5) - 0.2 < found < alone - log(5)
    assert reached(found, 0.05)
    assert not reached(mean_harm_log_e(counts(harmful=10, of=500), 0.02), 0.05)


def test_it_is_a_weighted_mean() -> None:
    """Nine tenths on the first day's values; half of the rest on the next day's; what is left counts as one."""
    first = [row(n, slices={"country": "DE"}, **(HARM if n < 3 else {})) for n in range(20)]
    second = [row(100 + n, day=1, slices={"country": "FR"}, **(HARM if n < 5 else {})) for n in range(30)]
    found = mean_harm_log_e(tally(ordered([*first, *second]), midnight(2)), 0.02)
    de = exp(log_e([(0.0, 17), (1.0, 3)], 0.02, harm(0.02)))
    fr = exp(log_e([(0.0, 25), (1.0, 5)], 0.02, harm(0.02)))
    assert found == pytest.approx(log(fsum((0.9 * de, 0.05 * fr, 0.05))))


def test_a_thousand_values_that_come_late_cannot_lift_it() -> None:
    """Each new value begins at one: they do not dilute into evidence what the first ones do not show."""
    rows = [row(n, slices={"country": "DE"}) for n in range(500)]
    late = [row(1000 + n, day=1 + n % 5, slices={"country": f"x{n}"}) for n in range(1000)]
    assert mean_harm_log_e(tally(ordered([*rows, *late]), midnight(6)), 0.02) < 0


def test_without_slices_there_is_no_evidence() -> None:
    """log 1."""
    assert mean_harm_log_e(tally([row(1, **HARM)], midnight(1)), 0.02) == 0.0
    assert mean_harm_log_e(Counts(), 0.02) == 0.0


def test_only_confirmed_harm_speaks() -> None:
    """Unlabelled harm in every case of a slice is no evidence of harm."""
    rows = [row(n, slices={"country": "DE"}, **discrepancy(Severity.CRITICAL)) for n in range(200)]
    assert mean_harm_log_e(tally(ordered(rows), midnight(1)), 0.02) < 0
