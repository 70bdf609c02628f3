"""Rows of evidence as columns: what a million cases are kept in at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shadow.contract.model import Severity
from shadow.evidence.judged import Judged, Standing

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STANDINGS, GRADES = tuple(Standing), tuple(Severity)
NONE = -1  # the code of "no grade", "no hour" and "no value of this slice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column of texts: `names[codes[i]]` is the text of row i."""

    codes: Whole
    names: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A column of numbers; where `known` is False the number is not there and `values` says nothing."""

    values: Floats
    known: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """One row a case, ordered by (day, unit), units in code point order; each attribute as in `Judged`.

    Attributes:
        day: as `date.toordinal` gives it.
        unit: names in code point order.
        case_id: unique.
        standing: index into STANDINGS.
        slices: name of the slice → its values, NONE where a row has none.
        grade, confirmed: index into GRADES, NONE where there is none.
        hour: 0 to 23, NONE where it is unknown.
    """

    day: Whole
    unit: Coded
    case_id: Sequence[str]
    standing: Whole
    slices: Mapping[str, Coded]
    agreement: Flags
    grade: Whole
    confirmed: Whole
    labelled: Flags
    label_due: Flags
    stale: Flags
    versus: Whole
    hour: Whole
    duration_s: Measured
    cost_usd: Measured
    similarity: Measured
    control_duration_s: Measured


def columns_of(rows: Sequence[Judged]) -> Columns:
    """Rows as columns; in the order in which they come."""
    ranks = {standing: k for k, standing in enumerate(STANDINGS)}
    names = sorted({name for row in rows for name in row.slices})
    return Columns(
        day=np.array([row.day.toordinal() for row in rows], np.int64),
        unit=_coded([row.unit for row in rows]),
        case_id=[row.case_id for row in rows],
        standing=np.array([ranks[row.standing] for row in rows], np.int64),
        slices={name: _coded([row.slices.get(name) for row in rows]) for name in names},
        agreement=np.array([row.agreement for row in rows], bool),
        grade=np.array([NONE if row.grade is None else row.grade.rank for row in rows], np.int64),
        confirmed=np.array([NONE if row.confirmed is None else row.confirmed.rank for row in rows], np.int64),
        labelled=np.array([row.labelled for row in rows], bool),
        label_due=np.array([row.label_due for row in rows], bool),
        stale=np.array([row.stale for row in rows], bool),
        versus=np.array([row.versus for row in rows], np.int64),
        hour=np.array([NONE if row.hour is None else row.hour for row in rows], np.int64),
        duration_s=_measured([row.duration_s for row in rows]),
        cost_usd=_measured([row.cost_usd for row in rows]),
        similarity=_measured([row.similarity for row in rows]),
        control_duration_s=_measured([row.control_duration_s for row in rows]),
    )


def _coded(texts: Sequence[str | None]) -> Coded:
    names = sorted({text for text in texts if text is not None})
    place: dict[str | None, int] = {name: k for k, name in enumerate(names)}
    place[None] = NONE
    return Coded(codes=np.array([place[text] for text in texts], np.int64), names=names)


def _measured(values: Sequence[float | None]) -> Measured:
    known = np.array([value is not None for value in values], bool)
    return Measured(values=np.array([np.nan if v is None else v for v in values], float), known=known)
