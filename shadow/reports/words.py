"""Plain words and numbers for people: one wording for HTML, text and Slack."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from shadow.gates.verdict import enforced
from shadow.reports.parts import CauseRow, Totals, Window
from shadow.reports.report import Report

READY = ("ready", "ready (demonstration)")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

MEANING = {
    "ready": (
        "Every gate passes at this look. The candidate may be put up for approval; nothing is switched by this page."
    ),
    "ready (demonstration)": (
        "Every gate passes at this look, in a demonstration: this verdict can move a demonstration's stage and "
        "never routes real work."
    ),
    "not ready": "Confirmed harm is beyond what the contract allows, or a critical event was confirmed.",
    "inconclusive": "The evidence does not carry a decision either way. This is not a no, and not a yes.",
}
VOID = "Nothing may be decided on a void verdict: a new look is needed."
NO_ANSWER = "it reached its horizon without an answer"
UNKNOWN = "This verdict is not one that is known here; take it as not ready."
TONES = {"ready": "good", "ready (demonstration)": "good", "not ready": "bad", "inconclusive": "open"}

ISOLATION = {
    "kernel": "Isolation: kernel. The kernel kept the candidate from reaching anything but the doors.",
    "external": "Isolation: external. Containment outside this machine kept the candidate to the doors.",
}
COOPERATIVE = (
    "Isolation: {word}. Every change that the candidate asked for through its tools was held, and none of "
    "them was made; nothing kept it from reaching out by another way."
)


def word(report: Report) -> str:
    """The verdict's word as people read it: `ready, void`; `ready, unsigned` where nobody has signed the contract."""
    marks = (("void", bool(report.void)), ("unsigned", report.unsigned))
    return ", ".join((report.verdict, *(mark for mark, stands in marks if stands)))


def number(count: int) -> str:
    """`1,234`."""
    return f"{count:,}"


def counted(count: int, noun: str, many: str = "") -> str:
    """`1 case`, `1,234 cases`.

    Example:
        >>> counted(2, "discrepancy", "discrepancies")
        '2 discrepancies'
    """
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def percent(share: float | None) -> str:
    """A share (0 to 1) in percent; two digits that mean something, "unknown" where there is none.

    Example:
        >>> percent(0.00213), percent(0.52), percent(None)
        ('0.21 %', '52.0 %', 'unknown')
    """
    if share is None or not math.isfinite(share):
        return "unknown"
    hundred = 100 * share
    if hundred != 0 and abs(hundred) < 0.1:
        return f"{hundred:.3f} %"
    return f"{hundred:.2f} %" if abs(hundred) < 10 else f"{hundred:.1f} %"


def ratio(part: int, whole: int) -> str:
    """`percent(part / whole)`, "unknown" for an empty whole."""
    return percent(part / whole if whole else None)


def money(amounts: Mapping[str, Decimal]) -> str:
    """`1,240.00 EUR, 20.00 USD`; empty where nothing is at stake."""
    held = [(currency, value) for currency, value in sorted(amounts.items()) if value]
    rest = f" and {len(held) - 6:,} more currencies" if len(held) > 6 else ""
    return ", ".join(f"{amount(value)} {currency}" for currency, value in held[:6]) + rest


def amount(value: Decimal) -> str:
    """A decimal with all its places, two at least where it has any; what is too large or no number in short form."""
    if not value.is_finite() or abs(value.adjusted()) > 15 or len(value.as_tuple().digits) > 30:
        return f"{value:.6E}" if value.is_finite() else str(value)
    places = value.as_tuple().exponent
    return f"{value:,.2f}" if places == -1 else f"{value:,f}"


def usd(value: Decimal | None) -> str:
    """`0.0123 USD`, "unknown" for None."""
    return "unknown" if value is None else f"{amount(value)} USD"


def seconds(value: float | None) -> str:
    """`35 ms`, `1.24 s`, "unknown" for None or what is no number."""
    if value is None or not math.isfinite(value):
        return "unknown"
    return f"{1000 * value:,.0f} ms" if value < 1 else f"{value:,.2f} s"


def figure(value: float | int | str) -> str:
    """A measured number of a gate, four significant digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def day(value: date) -> str:
    """`14 Nov 2026`."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """`14 Nov 2026, 06:00 UTC`; the zone as given."""
    zone = value.tzname() or "no zone given"
    return f"{day(value)}, {value:%H:%M} {zone}"


def window(value: Window) -> str:
    """`1 Nov 2026, 00:00 UTC up to 29 Nov 2026, 00:00 UTC`."""
    return f"{moment(value.start)} up to {moment(value.end)}"


def headline(report: Report) -> str:
    """One sentence that says which candidate is what."""
    if report.void:
        return f"Candidate {report.candidate.label} was “{report.verdict}” at this look; that no longer holds"
    if report.ended:
        return f"Candidate {report.candidate.label}: the trial is over without an answer"
    if report.verdict == "inconclusive":
        return f"Candidate {report.candidate.label}: it cannot be said yet whether it is ready"
    return f"Candidate {report.candidate.label} is {report.verdict}"


def meaning(word: str) -> str:
    """What a verdict's word means for the owner."""
    return MEANING.get(word, UNKNOWN)


def meaning_of(report: Report) -> str:
    """The same of a report; of a void verdict only that nothing may be decided on it."""
    return VOID if report.void else meaning(report.verdict)


def tone(word: str) -> str:
    """`good`, `bad` or `open`; a word that is not known is bad."""
    return TONES.get(word, "bad")


def tone_of(report: Report) -> str:
    """The same of a report; a void verdict is open, whatever it said."""
    return "open" if report.void and report.verdict in TONES else tone(report.verdict)


def validity(report: Report) -> str:
    """As of when it held or was void, for a report is a file; empty in one from before that was looked up."""
    if report.as_of is None:
        return ""
    if report.void:
        return f"Void as of {moment(report.as_of)}."
    left = f" It expires on {moment(report.until)}, or sooner if what it stands on changes." if report.until else ""
    return f"It held as of {moment(report.as_of)}.{left}"


def outlook(forecast: str, *, ended: bool) -> tuple[str, str]:
    """What a forecast is headed with, and what it says; both empty where there is none."""
    if ended:
        return "The trial is over", forecast or NO_ANSWER
    return ("Forecast", forecast) if forecast else ("", "")


def tried(versions: int, family: int) -> str:
    """How many candidate versions were tried on a contract and what that does to the error rates; empty for 0.

    Args:
        versions: up to the look, ≥ 0; 0 where it is not known.
        family: which of them this is, where one error rate holds for all of them together; else 0.

    Example:
        >>> tried(3, 2)
        '3 candidate versions were tried on this contract: one error rate holds for all of them, this is version 2.'
    """
    if versions < 1 and not family:
        return ""
    held = max(versions, family)
    many = f"{held:,} candidate version{' was' if held == 1 else 's were'} tried on this contract"
    if family:
        whom = "all of them" if held > 1 else "it and all that will follow it"
        return f"{many}: one error rate holds for {whom}, this is version {family:,}."
    return f"{many}: each has its own error rate." if held > 1 else f"{many}, at its own error rate."


def standing(report: Report) -> str:
    """When ready was first reached and what holds at this look."""
    if report.first_ready is None:
        return _not_reached(report)
    first = f"Ready was first reached at the look of {nth_day(report, report.first_ready)}"
    if report.holds_now and report.void:
        return f"{first}; the verdict is void now."
    if report.holds_now:
        return f"{first}, and it holds now."
    return f"{first}, and was lost again: it does not hold now."


def _not_reached(report: Report) -> str:
    if report.first_not_ready is not None:
        return f"Not ready since the look of {nth_day(report, report.first_not_ready)}; ready was not reached."
    return "Ready has not been reached at any look so far."


def nth_day(report: Report, value: date) -> str:
    """`14 Nov 2026 (day 14)`, counted from the window's first day."""
    return f"{day(value)} (day {(value - report.window.start.date()).days + 1})"


def served(report: Report) -> str:
    """Whom the verdict speaks of."""
    s = report.served
    pieces = counted(s.unit_days, f"{s.unit}-day")
    whom = f"{counted(s.units, s.unit)} with {counted(s.cases, 'case')} on {pieces}"
    return f"The verdict speaks of {s.unit}s as served: {whom}. It says nothing about a {s.unit} who has not come yet."


def isolation(word: str) -> str:
    """How containment was enforced, and what that does not cover."""
    return ISOLATION.get(word.partition(":")[0] if enforced(word) else word, COOPERATIVE.format(word=word))


def unaccounted(totals: Totals) -> int:
    """Cases that arrived and are in none of the totals; 0 when every case is accounted for."""
    known = sum(count for _, count in accounts(totals))
    return totals.arrived - known


def accounts(totals: Totals) -> tuple[tuple[str, int], ...]:
    """The places where a case can be, each with its count; together all that arrived."""
    return (
        ("agree", totals.agree),
        ("differ", sum(totals.discrepancies.values())),
        ("incomparable", sum(totals.incomparable.values())),
        ("set aside", sum(totals.set_aside.values())),
        ("waiting", totals.waiting),
        ("dead-lettered", totals.dead_letters),
        ("not taken", totals.not_taken),
    )


def accounting(totals: Totals) -> str:
    """One sentence that adds up, or says what is missing."""
    parts = " + ".join(f"{count:,} {what}" for what, count in accounts(totals) if count)
    missing = unaccounted(totals)
    if missing:
        lost = counted(missing, "case")
        return f"{lost} of {totals.arrived:,} not accounted for: arrived is not {parts or 0}."
    return f"Every case is accounted for: {totals.arrived:,} arrived = {parts or 0}."


def harmful(totals: Totals) -> int:
    """Discrepancies graded major or critical."""
    return sum(count for severity, count in totals.discrepancies.items() if severity.harmful)


def how_often(cause: CauseRow) -> str:
    """`212 of 4,310 cases (4.92 %, 95 % interval 4.31 % to 5.60 %)`."""
    return (
        f"{cause.count:,} of {counted(cause.possible, 'case')} "
        f"({percent(cause.share)}, 95 % interval {percent(cause.low)} to {percent(cause.high)})"
    )
