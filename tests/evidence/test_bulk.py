"""Counts from columns are the counts from rows, to the last one."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from random import Random

import numpy as np
import pytest

from shadow.contract.model import Severity
from shadow.errors import UsageError
from shadow.evidence.bulk import tally_columns
from shadow.evidence.columns import columns_of
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tally import tally
from tests.evidence.one_by_one import one_by_one
from tests.evidence.rows import midnight, ordered, row

GRADES = (None, None, None, *Severity)


def wild(draw: Random, number: int) -> Judged:
    """A case in which anything may be."""
    grade = draw.choice(GRADES)
    labelled = draw.random() < 0.5
    return row(
        number,
        day=draw.randrange(5),
        unit=f"u{draw.randrange(300)}",
        standing=draw.choice((Standing.COMPARED, Standing.COMPARED, *Standing)),
        slices=draw.choice(
            (
                {"country": draw.choice(("DE", "FR", "Österreich")), "channel": draw.choice(("web", "mail"))},
                {"channel": draw.choice(("web", "mail"))},  # taken in before the contract named the other
            )
        ),
        agreement=draw.random() < 0.9,
        grade=grade,
        confirmed=grade if labelled else None,
        labelled=labelled,
        label_due=draw.random() < 0.1,
        stale=draw.random() < 0.3,
        versus=draw.choice((-1, 0, 0, 0, 1)),
        hour=draw.choice((None, 0, 7, 23)),
        duration_s=draw.choice((None, nan, inf, -1.0, 0.0, draw.lognormvariate(0, 1), 1e12)),
        cost_usd=draw.choice((None, -0.1, nan, 1e30, draw.random() / 100, draw.random() / 100, draw.random() / 100)),
        similarity=draw.choice((None, nan, 1.2, 0.9, 1.0, draw.random(), draw.random())),
        control_duration_s=draw.choice((None, nan, draw.random() * 100)),
    )


@pytest.mark.parametrize("seed", range(6))
def test_columns_count_what_rows_count(seed: int) -> None:
    """Equal digests for 1,500 cases of every standing, with all that can be unknown or unsound."""
    draw = Random(seed)
    rows = ordered(wild(draw, number) for number in range(1500))
    assert tally_columns(columns_of(rows)).digest() == one_by_one(rows).digest()


def test_nothing_is_nothing() -> None:
    """No rows, no counts."""
    assert tally_columns(columns_of([])).digest() == one_by_one([]).digest()


def test_rows_without_slices() -> None:
    """A workflow that declares no slice has one kind of case."""
    rows = ordered(row(number, day=number % 3, unit=f"u{number % 40}") for number in range(200))
    assert tally_columns(columns_of(rows)).digest() == one_by_one(rows).digest()


def test_columns_out_of_order_are_refused() -> None:
    """A unit-day in two pieces would count twice; so would a case."""
    rows = [row(1, unit="b"), row(2, unit="a")]
    with pytest.raises(UsageError, match="not ordered"):
        tally_columns(columns_of(rows))
    with pytest.raises(UsageError, match="twice"):
        tally_columns(columns_of([row(1, unit="a"), row(1, unit="a")]))
    later = columns_of([row(1, day=1), row(2, day=1)])
    with pytest.raises(UsageError, match="not ordered"):
        tally_columns(replace(later, day=np.array([2, 1])))


@pytest.mark.parametrize("batch", [1, 2, 7, 100, 1500])
def test_batches_change_nothing(batch: int) -> None:
    """A batch ends with a unit-day: split in two it would weigh twice (`tally._batches`)."""
    draw = Random(batch)
    rows = ordered(replace(wild(draw, number), unit=f"u{draw.randrange(40)}") for number in range(1500))
    assert tally(rows, midnight(5), batch=batch).digest() == one_by_one(rows).digest()


def test_many_large_slices_are_told_apart() -> None:
    """Ten slices of 200 values have more combinations than a number holds (`bulk._add_kinds`)."""
    draw = Random(1)
    rows = ordered(
        row(number, unit=f"u{number % 90}", slices={f"s{k}": f"v{draw.randrange(200)}" for k in range(10)})
        for number in range(600)
    )
    assert tally(rows, midnight(1)).digest() == one_by_one(rows).digest()


def test_what_cannot_be_counted_says_where() -> None:
    """The case and the day are named."""
    with pytest.raises(UsageError, match=r"a case is there twice.*c000001"):
        tally([row(1, unit="a"), row(1, unit="a")], midnight(1))
