"""Every slice: the weakest decides, the small ones stay in sight, harm in one is enough."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Judged, Standing
from shadow.gates import Status, every_slice
from tests.evidence.rows import days_of, discrepancy, evidence, ordered, row

GATE = every_slice(at_most=0.06)


def desk(sizes: dict[str, int], harmful: dict[str, int] | None = None, **how: Any) -> Evidence:
    """One closed day with so many unit-days a country, so many of them a major discrepancy."""
    rows: list[Judged] = []
    bad = harmful or {}
    for country, size in sizes.items():
        for n in range(size):
            what = discrepancy(Severity.MAJOR, **how) if n < bad.get(country, 0) else {}
            rows.append(row(len(rows), slices={"country": country}, **what))
    return evidence(ordered(rows), days=1)


def test_the_weakest_slice_decides_at_the_full_error_rate() -> None:
    """FR alone at its limit keeps it open and is named, however good the others; without it, a pass."""
    seen = desk({"DE": 5000, "FR": 400, "NL": 400}, {"FR": 24})
    found = GATE(seen)
    assert found.status is Status.INCONCLUSIVE and not found.rejects
    assert "country FR: 6 % of 400 unit-days harmful" in found.reason
    assert GATE(desk({"DE": 5000, "NL": 400})).status is Status.PASS


@pytest.mark.parametrize(("size", "status"), [(61, Status.PASS), (60, Status.INCONCLUSIVE)])
def test_a_slice_passes_with_as_many_as_one_test_needs(size: int, status: Status) -> None:
    """The number of slices costs nothing: 61 clean unit-days at 6 %, in one or in each of four."""
    gate = every_slice(at_most=0.06, floor=50)
    for values in ("D", "DFNL"):
        assert gate(desk(dict.fromkeys(values, size))).status is status


def test_a_small_slice_is_not_left_out() -> None:
    """Harm in what is merged keeps it open, and the merged values are named."""
    found = GATE(desk({"DE": 5000, "LU": 60, "MT": 50, "SM": 90}, {"LU": 6, "MT": 5, "SM": 9}))
    assert found.status is Status.INCONCLUSIVE
    assert "country other (LU, MT, 1 more)" in found.reason
    assert found.numbers["merged"] == 3 and found.numbers["slices"] == 2


def test_a_value_that_has_grown_is_judged_by_itself() -> None:
    """At the floor, 187 unit-days at 6 %, it leaves the others, whose good record no longer hides it."""
    assert GATE(desk({"DE": 5000, "LU": 186, "MT": 180}, {"LU": 6})).numbers["slices"] == 2
    grown = GATE(desk({"DE": 5000, "LU": 187, "MT": 187}, {"LU": 12}))
    assert grown.numbers["slices"] == 3 and "country LU" in grown.reason


def test_confirmed_harm_in_one_slice_rejects() -> None:
    """60 of 400 confirmed in FR; unlabelled, or at the limit, they do not; it is said where."""
    sizes = {"DE": 5000, "FR": 400, "NL": 400}
    found = GATE(desk(sizes, {"FR": 60}, confirmed=True))
    assert found.rejects and "country FR: 15 % of 400 unit-days harmful" in found.reason
    assert not GATE(desk(sizes, {"FR": 60})).rejects
    assert not GATE(desk(sizes, {"FR": 24}, confirmed=True)).rejects


def test_harm_before_its_day_is_closed_rejects_too() -> None:
    """One waiting case keeps the day open; the labels hold all the same."""
    rows = [row(n, slices={"country": "FR"}, **discrepancy(Severity.MAJOR, confirmed=True)) for n in range(40)]
    waits = row(99, slices={"country": "FR"}, standing=Standing.WAITING)
    assert GATE(evidence(ordered([*rows, waits]), days=1)).rejects


def test_the_error_rate_of_rejecting_is_its_own() -> None:
    """Harm that is sure at 5 % is not at one in a million; ready stays as it was."""
    seen = desk({"DE": 1000, "FR": 400}, {"FR": 50}, confirmed=True)
    assert GATE(seen).rejects
    careful = every_slice(at_most=0.06, alpha_harm=1e-6)(seen)
    assert not careful.rejects and careful.status is Status.INCONCLUSIVE
    good = desk({"DE": 1000})
    assert every_slice(at_most=0.06, alpha_harm=1e-6)(good).status is Status.PASS


def test_without_slices_it_is_never_a_pass() -> None:
    """A contract that declares none and asks for this gate."""
    found = GATE(evidence(days_of(4000, days=4), days=4))
    assert found.status is Status.INCONCLUSIVE and "declares no slices" in found.reason


def test_the_share_is_that_within_the_slice() -> None:
    """A unit with nine good DE cases and a bad FR one is a whole bad piece in FR, none in DE."""
    rows = []
    for unit in range(200):
        bad = discrepancy(Severity.MAJOR) if unit < 40 else {}
        rows += [row(unit * 10 + n, unit=f"u{unit:03d}", slices={"country": "DE"}) for n in range(9)]
        rows.append(row(unit * 10 + 9, unit=f"u{unit:03d}", slices={"country": "FR"}, **bad))
    found = GATE(evidence(ordered(rows), days=1))
    assert "country FR: 20 % of 200 unit-days harmful" in found.reason


def test_harm_forecast_counts_the_slices_own_volume() -> None:
    """30 unit-days a day of FR, 61 needed: two more days, whatever DE brings."""
    rows = [row(n, slices={"country": "FR" if n < 30 else "DE"}) for n in range(500)]
    found = every_slice(at_most=0.06, floor=20)(evidence(ordered(rows), days=1))
    assert found.needs == "31 more unit-days of country FR" and found.days == 2


def test_an_open_day_is_no_evidence_for_ready() -> None:
    """500 good unit-days of a day that one waiting case keeps open do not help; closed, they do."""
    rows = [row(n, slices={"country": "FR"}) for n in range(500)]
    waits = row(999, slices={"country": "FR"}, standing=Standing.WAITING)
    first = [row(2000 + n, day=-1, slices={"country": "FR"}) for n in range(30)]
    assert GATE(evidence(ordered([*first, *rows]), days=1)).status is Status.PASS
    found = GATE(evidence(ordered([*first, *rows, waits]), days=1))
    assert found.status is Status.INCONCLUSIVE and found.numbers["unit_days"] == 30


def test_it_says_which_slices_could_go_alone() -> None:
    """Two of four are below the limit by themselves; the others are named, the worst first."""
    found = GATE(desk({"DE": 5000, "FR": 400, "NL": 400, "SE": 400}, {"FR": 30, "SE": 20}))
    assert found.status is Status.INCONCLUSIVE
    assert found.numbers["alone"] == 2
    assert found.numbers["not_alone"] == "country FR, country SE"
    assert found.reason.endswith("not yet surely below the limit of 6 %; 2 of 4 are by themselves.")


def test_where_it_passes_all_of_them_could_go_alone() -> None:
    """None is left to name."""
    found = GATE(desk({"DE": 5000, "NL": 400}))
    assert found.status is Status.PASS
    assert (found.numbers["alone"], found.numbers["not_alone"]) == (2, "")


def test_that_one_slice_could_go_alone_does_not_make_it_pass() -> None:
    """Ready asks for the weakest too, and going alone takes more than the weakest needs."""
    seen = desk({"DE": 190, "FR": 190, "NL": 190}, {"FR": 12, "NL": 12, "DE": 3})
    assert GATE(seen).status is Status.INCONCLUSIVE and GATE(seen).numbers["alone"] == 0
    assert GATE(desk({"DE": 190}, {"DE": 3})).status is Status.PASS


def test_only_a_few_slices_are_named() -> None:
    """Of nine that are open, five; a single slice is not told against itself."""
    many = GATE(desk({f"c{n}": 200 for n in range(9)}, {f"c{n}": 12 for n in range(9)}))
    assert str(many.numbers["not_alone"]).endswith("and 4 more") and many.numbers["alone"] == 0
    assert "by themselves" not in GATE(desk({"DE": 200}, {"DE": 12})).reason
