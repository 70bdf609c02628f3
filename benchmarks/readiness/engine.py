"""A million pairs in twenty slices: how long it takes to count them and to ask every gate, on one core."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.readiness.desk import contract_of
from benchmarks.readiness.rows import Row, Run, below, shown
from benchmarks.readiness.stored import stored
from benchmarks.readiness.truths import flat
from benchmarks.readiness.world import FIRST, Desk, drawn
from shadow.evidence.bulk import tally_columns
from shadow.evidence.columns import NONE, Coded, Columns, Measured
from shadow.evidence.counts import Counts
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tally import tally
from shadow.gates import (
    calendar,
    cost,
    coverage,
    critical_rate,
    decide,
    every_slice,
    harmful_rate,
    latency,
    latency_against_control,
    non_inferior,
    recency,
    set_aside,
    similarity,
    stale,
    whole_weeks,
)
from shadow.plug import Bound
from shadow.steps import assess_at
from tests.evidence.one_by_one import one_by_one

PAIRS, SLICES, DAYS, UNITS = 1_000_000, 20, 28, 200_000
STORED = 28_000  # cases
BOUNDS: tuple[Bound, ...] = (
    harmful_rate(at_most=0.01),
    every_slice(at_most=0.03),
    critical_rate(below=0.001),
    non_inferior(by=0.01),
    similarity(at_least=0.9),
    recency(at_most=0.01),
    whole_weeks(at_most=0.01),
    coverage(),
    latency(p95_s=20),
    latency_against_control(ratio=1.5),
    cost(per_case_usd=0.05),
    calendar(days=14),
    set_aside(at_most=0.05),
    stale(at_most=0.02),
)


def rows(how: Run) -> Iterator[Row]:
    """Ingest, evaluate, and one and the same digest however the pairs come in."""
    given = _columns(how.seed)
    began = time.process_time()
    counts = tally_columns(given)
    yield below(
        f"seconds of one core to count {PAIRS:,} pairs × {SLICES} slices", time.process_time() - began, 3.0, ".2f"
    )
    look = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=DAYS)
    evidence = Evidence(counts=counts, look=look, price_known=True, validated=DAYS)
    yield from _asked(evidence)
    yield shown(
        "cells of the counts", f"{sum(len(found) for cells in counts.days.values() for found in cells.values()):,}"
    )
    yield from _however(how.seed, look)
    yield _from_store(how.seed)


def _from_store(seed: int) -> Row:
    """A whole look out of a real store: rows, labels, standings, digests, counts, gates, verdict."""
    contract = contract_of(0.02, settles=1)
    desk = Desk(harm=flat(0.004), per_day=STORED // DAYS, burst=0.0)
    with tempfile.TemporaryDirectory() as place:
        store, one = stored(drawn(desk, seed), contract, Path(place), days=DAYS)
        look = datetime.combine(FIRST, clock(), tzinfo=UTC) + timedelta(days=DAYS)
        began = time.process_time()
        counts = assess_at(store, one, contract=contract, look=look).evidence.counts
        took = time.process_time() - began
    return shown(
        "microseconds a case of one core for a whole look out of a store", f"{1e6 * took / counts.cases():.0f}"
    )


def _asked(evidence: Evidence) -> Iterator[Row]:
    """The first time sums of tables are made, which are kept; then the quickest of three."""
    took = []
    for _ in range(4):
        began = time.process_time()
        decide(evidence, BOUNDS, demonstration=False, isolation="kernel")
        took.append(1000 * (time.process_time() - began))
    yield below("milliseconds of one core, counts read for the first time", took[0], 100, ".0f")
    yield below(f"milliseconds of one core for all {len(BOUNDS)} gates and the verdict", min(took[1:]), 100, ".0f")


def _columns(seed: int) -> Columns:
    """A desk's million, ordered by day and unit: 0.2 % harmful, 2 % of the control's errors cleared by labels."""
    draw = np.random.default_rng(seed)
    day = np.sort(draw.integers(0, DAYS, PAIRS))
    unit = draw.integers(0, UNITS, PAIRS)
    order = np.lexsort((unit, day))
    day, unit = day[order] + FIRST.toordinal(), unit[order]
    harmful, cleared = draw.random(PAIRS) < 0.002, draw.random(PAIRS) < 0.02
    grade = np.where(harmful, 2, NONE)
    every = np.ones(PAIRS, bool)
    return Columns(
        day=day,
        unit=Coded(codes=unit, names=[f"u{k:06d}" for k in range(UNITS)]),
        case_id=[f"c{k:07d}" for k in range(PAIRS)],
        standing=np.zeros(PAIRS, np.int64),
        slices={"country": Coded(codes=draw.zipf(1.5, PAIRS) % SLICES, names=[f"k{k:02d}" for k in range(SLICES)])},
        agreement=~(harmful | cleared),
        grade=grade,
        confirmed=grade,
        labelled=harmful | cleared,
        label_due=~every,
        stale=~every,
        versus=harmful.astype(np.int64) - (cleared & ~harmful),
        hour=draw.integers(6, 22, PAIRS),
        duration_s=Measured(values=draw.lognormal(0, 0.5, PAIRS), known=every),
        cost_usd=Measured(values=draw.lognormal(-4.5, 0.3, PAIRS), known=every),
        similarity=Measured(values=1 - draw.choice([0.0, 0.2, 0.4], PAIRS, p=[0.9, 0.07, 0.03]), known=every),
        control_duration_s=Measured(values=draw.lognormal(4, 1, PAIRS), known=every),
    )


def _however(seed: int, look: datetime) -> Iterator[Row]:
    """By columns, unit-day by unit-day, by day and in shards of units: one digest."""
    draw = Random(seed)
    cases = [_case(draw, number) for number in range(20_000)]
    whole = tally(_ordered(cases), look)
    by_day = [tally(_ordered(case for case in cases if case.day == day), look) for day in {case.day for case in cases}]
    shards = [tally(_ordered(case for case in cases if int(case.unit[1:]) % 7 == k), look) for k in range(7)]
    draw.shuffle(by_day)
    again = [
        ("one unit-day after the other, in plain Python", one_by_one(_ordered(cases))),
        ("day by day, in any order", _merged(by_day)),
        ("in seven shards", _merged(shards)),
    ]
    for name, counts in again:
        same = counts.digest() == whole.digest()
        yield Row(what=f"20,000 cases {name}: the same digest", seen="yes" if same else "no", good=same)


def _merged(parts: list[Counts]) -> Counts:
    found = Counts()
    for part in parts:
        found = found.merge(part)
    return found


def _case(draw: Random, number: int) -> Judged:
    return Judged(
        case_id=f"c{number:06d}",
        unit=f"u{draw.randrange(4000):04d}",
        day=FIRST + timedelta(days=draw.randrange(DAYS)),
        standing=Standing.COMPARED,
        slices={"country": f"k{draw.randrange(SLICES):02d}"},
        hour=draw.randrange(24),
        duration_s=draw.lognormvariate(0, 1),
        cost_usd=draw.random() / 50,
        similarity=draw.random(),
    )


def _ordered(cases: object) -> list[Judged]:
    return sorted(cases, key=lambda case: (case.day, case.unit, case.case_id))  # type: ignore[call-overload,no-any-return]
