"""Daily counts of simulated streams, their log E all at once, and the same counts as the gates take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from shadow.evidence.counts import Cells, Counts, Table
from shadow.evidence.eprocess import Prior, threshold
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing
from shadow.evidence.tables import Key
from shadow.gates import Status
from shadow.plug import Bound
from tests.evidence.exact import log_es

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
FIRST = date(2026, 1, 5)  # a Monday
DAYS = 28


def ready(bad: Whole, total: Whole, limit: float, prior: Prior, alpha: float) -> Flags:
    """Whether log E has reached its threshold, for arrays of any one shape."""
    of = np.broadcast_to(total, bad.shape)
    return (log_es(bad.ravel(), of.ravel(), limit, prior) >= threshold(alpha)).reshape(bad.shape)


def evidence_of(daily: Iterable[tuple[int, int]]) -> Evidence:
    """The evidence after so many whole days of (harmful, unit-days), one case a unit-day, all of them labelled."""
    days: dict[date, Cells] = {}
    for number, (bad, total) in enumerate(daily):
        pieces: dict[Key, int] = {(1, 0): total - bad, (1, 1): bad}
        compared: dict[Key, int] = {(Standing.COMPARED,): total}
        cells = {Table.CASES: compared, Table.SERVED: pieces, Table.CONFIRMED: pieces}
        days[FIRST + timedelta(days=number)] = cells
    look = datetime.combine(FIRST + timedelta(days=len(days)), time(), tzinfo=UTC)
    return Evidence(counts=Counts(days=days), look=look, price_known=True, validated=len(days))


def passed(gates: Sequence[Bound], daily: Sequence[tuple[int, int]], *, looks: Iterable[int]) -> list[bool]:
    """Whether all gates pass at once after each of these days."""
    found = (evidence_of(daily[:look]) for look in looks)
    return [all(gate(seen).status is Status.PASS for gate in gates) for seen in found]
