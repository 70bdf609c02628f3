"""Which window a run takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shadow.adapters.airflow.window import window_of
from shadow.errors import UsageError

DAY = datetime(2026, 10, 5, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)
EMPTY = {"window_start": None, "window_end": None}


def test_the_form_wins() -> None:
    """Both moments of the form are taken, in UTC, whatever the data interval is."""
    form = {"window_start": "2026-10-05T02:00:00+02:00", "window_end": "2026-10-06T00:00:00Z"}
    context = {"params": form, "data_interval_start": NEXT, "data_interval_end": NEXT + timedelta(days=1)}
    assert window_of(context) == (DAY, NEXT)


def test_else_the_data_interval() -> None:
    """An empty form leaves it to the schedule; another zone is turned into UTC."""
    paris = timezone(timedelta(hours=2))
    context = {"params": EMPTY, "data_interval_start": DAY.astimezone(paris), "data_interval_end": NEXT}
    start, end = window_of(context)
    assert (start, end) == (DAY, NEXT) and start.tzinfo is UTC


@pytest.mark.parametrize(
    "context",
    [
        {"params": EMPTY},
        {"params": EMPTY, "data_interval_start": DAY, "data_interval_end": DAY},
        {"params": {"window_start": DAY.isoformat(), "window_end": None}},
        {"params": {"window_start": None, "window_end": NEXT.isoformat()}},
        {"params": {"window_start": NEXT.isoformat(), "window_end": DAY.isoformat()}},
        {"params": {"window_start": "2026-10-05T00:00:00", "window_end": NEXT.isoformat()}},
        {"params": {"window_start": "yesterday", "window_end": NEXT.isoformat()}},
        {"params": EMPTY, "logical_date": DAY, "run_id": "scheduled__2026-10-05T00:00:00+00:00"},
    ],
    ids=["none", "zero length", "no end", "no start", "backwards", "no offset", "no moment", "only a logical date"],
)
def test_anything_else_is_refused(context: dict[str, Any]) -> None:
    """Half a window, a naive one, an empty one or none: never a guess."""
    with pytest.raises(UsageError, match=r"window|offset"):
        window_of(context)
