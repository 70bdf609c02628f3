"""Which window a DAG run takes: its form's, else its data interval's; never now and never a run id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shadow.errors import UsageError


def window_of(context: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """The half-open window `[start, end)` in UTC that this run takes.

    The form wins where it gives both moments. A run that was started by hand or by an asset has no
    data interval, and a plain cron string gives one of length zero: both fail here instead of
    guessing.

    Args:
        context: the task's context: `params`, and `data_interval_start` and `_end` where there are any.

    Raises:
        UsageError: half a window, one without an offset from UTC, an empty one, or none at all.
    """
    form = context["params"]
    if form.get("window_start") or form.get("window_end"):
        start, end = (_moment(form.get(name), name) for name in ("window_start", "window_end"))
    else:
        start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None or not start < end:
        raise UsageError(
            "the run has no window",
            where="the run's form",
            seen=f"[{start}, {end})",
            allowed="a start before its end, each with its offset from UTC",
            todo="give window_start and window_end, or schedule the DAG by a cron string",
        )
    return start.astimezone(UTC), end.astimezone(UTC)


def _moment(text: Any, name: str) -> datetime | None:
    """One moment of the form; without an offset it could be any of 24 hours, so it is refused."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            "not a moment with its offset from UTC",
            where=f"the run's form, {name}",
            seen=str(text),
            allowed="2026-10-01T00:00:00+00:00",
        )
    return moment
