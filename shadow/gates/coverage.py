"""Gate: the candidate was tried on the hours, days and kinds of cases that the workflow has."""

from __future__ import annotations

from datetime import date

from shadow.evidence.cells import TWICE, Cell, Cells, cells_of, covered, dates_seen, days_until, hours_of, lacking
from shadow.evidence.counts import Table
from shadow.evidence.eprocess import reached, threshold
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import unit_days_per_day, until_first_close
from shadow.evidence.judged import Standing
from shadow.evidence.novelty import Daily, clean_days_needed, missing_log_e, missing_upper, novelty
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, check_whole, many, nothing_yet, percent
from shadow.plug import gate

NAME = "coverage"
_HOURS = 24
_NAMED = 5  # how many cells or dates a reason names
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _check(share: float, missing: float, must_see: tuple[str, ...], parts: int, alpha: float) -> None:
    check_share("share", share)
    check_share("missing", missing)
    check_share("alpha", alpha)
    check_whole("parts", parts)
    if _HOURS % parts:
        raise ValueError(f"parts must divide a day of 24 hours, not {parts!r}")
    if isinstance(must_see, str):
        raise ValueError(f"must_see is a list of dates, not {must_see!r}")
    for day in must_see:
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError(f"must_see holds dates as 2026-11-30, not {day!r}")


def _words(share: float, missing: float, must_see: tuple[str, ...], parts: int, alpha: float) -> str:
    dates = f", {', '.join(must_see)} among the days" if must_see else ""
    return (
        f"{100 * share:g} % of the usual traffic lies in hours tried on two dates (each weekday in {parts} parts)"
        f"{dates}, and fewer than {100 * missing:g} % of the pieces of evidence bring a new kind of case; "
        f"error rate {100 * alpha:g} %"
    )


@gate(version=1, check=_check, words=_words)
def coverage(
    evidence: Evidence,
    *,
    share: float = 0.95,
    missing: float = 0.05,
    must_see: tuple[str, ...] = (),
    parts: int = 4,
    alpha: float = 0.05,
) -> Finding:
    """Passes where the trial has met what the workflow meets: its hours, its declared dates, its kinds of cases.

    Hours: the parts of the weekdays in which cases were compared on two closed dates or more hold at least `share` of
    the traffic of the weeks before the experiment. Where nothing is known of these weeks, every part of every weekday
    must have been seen on two dates; the finding says so. Kinds: "a unit-day brings a kind of case (its slices'
    values together) not met before with chance `missing` or more" is rejected.

    Args:
        share: of the reference traffic, in (0, 1).
        missing: in (0, 1).
        must_see: dates as `2026-11-30` that must be among the closed days with a compared case.
        parts: of a day, each as long as the others, in UTC; divides 24.
        alpha: the chance, in (0, 1), of ever passing though the kinds that are missing weigh `missing`.

    Example:
        >>> coverage(must_see=("2026-11-30",))
        coverage(share=0.95, missing=0.05, must_see=('2026-11-30',), parts=4, alpha=0.05)

    Source: `shadow.evidence.cells`, `shadow.evidence.novelty`.
    """
    if not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None)
    cells, seen = cells_of(evidence.reference, parts), dates_seen(evidence, parts)
    daily = novelty(evidence.counts, evidence.closed)
    numbers = _numbers(cells, seen, daily, missing, alpha)
    wanted = lacking(cells, seen, 1.0 if cells.assumed else share)
    dates = [day for day in must_see if not _compared(evidence, date.fromisoformat(day))]
    known = reached(float(numbers["log_e"]), alpha)
    told = _told(cells, numbers)
    if not (wanted or dates) and known:
        return Finding(gate=NAME, status=Status.PASS, reason=f"{told}.", numbers=numbers)
    needs = ([_hours_needed(wanted, parts)] if wanted else []) + ([f"the dates {', '.join(dates)}"] if dates else [])
    needs += [] if known else [f"more unit-days, until surely fewer than {percent(missing)} bring a new kind of case"]
    waits = [] if known else [clean_days_needed(daily, missing, alpha=alpha, per_day=unit_days_per_day(evidence))]
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{told}: not yet what the contract asks for.",
        numbers=numbers,
        needs="; ".join(needs),
        days=_longest([*waits, *_waits(evidence, wanted, seen, dates)]),
    )


def _compared(evidence: Evidence, day: date) -> bool:
    return day in evidence.closed and evidence.counts.number(Table.CASES, Standing.COMPARED, days=(day,)) > 0


def _numbers(cells: Cells, seen: dict[Cell, int], daily: Daily, missing: float, alpha: float) -> dict[str, Number]:
    return {
        "log_e": missing_log_e(daily, missing),
        "threshold": threshold(alpha),
        "missing_upper": missing_upper(daily, alpha),
        "kinds": sum(new for new, _ in daily),
        "covered": covered(cells, seen),
        "cells": len(cells.shares),
        "cells_seen": sum(seen.get(cell, 0) >= TWICE for cell in cells.shares),
        "reference": "none" if cells.assumed else "weeks before",
    }


def _told(cells: Cells, numbers: dict[str, Number]) -> str:
    held = f"{numbers['cells_seen']} of {numbers['cells']} parts of the week were seen on two dates"
    if cells.assumed:
        held += " (every one is asked for: of the weeks before nothing is known)"
    else:
        held += f", which hold {percent(float(numbers['covered']))} of the usual traffic"
    upper = percent(float(numbers["missing_upper"]))
    return f"{held}; {many(int(numbers['kinds']), 'kind')} of cases met, at most {upper} of unit-days bring a new one"


def _hours_needed(wanted: list[Cell], parts: int) -> str:
    named = [f"{_NAMES[cell[0]]} {hours_of(cell, parts)}" for cell in wanted[:_NAMED]]
    more = f" and {len(wanted) - _NAMED} more" if len(wanted) > _NAMED else ""
    return f"a second date of {', '.join(named)} (UTC){more}"


def _waits(evidence: Evidence, wanted: list[Cell], seen: dict[Cell, int], dates: list[str]) -> list[int | None]:
    """Days until the hours and dates are there; None for a date that is past."""
    through = evidence.through or evidence.look.date()
    ahead = [(date.fromisoformat(day) - through).days for day in dates]
    return [days_until(wanted, seen, through), *(days if days > 0 else None for days in ahead)]


def _longest(waits: list[int | None]) -> float | None:
    known = [days for days in waits if days is not None]
    return float(max(known)) if len(known) == len(waits) and known else None
