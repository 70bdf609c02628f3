"""Where we are blind: the rows that follow from the totals alone."""

from __future__ import annotations

from collections.abc import Mapping

from shadow.reports.parts import BlindRow, Totals


def blind_spots(totals: Totals) -> tuple[BlindRow, ...]:
    """One row a kind of blindness with at least one case, in a fixed order; shares are of all that arrived.

    Unlabelled is the exception: its share is of the major and critical discrepancies.
    """
    harmful = sum(count for severity, count in totals.discrepancies.items() if severity.harmful)
    others = {why: count for why, count in totals.incomparable.items() if not why.startswith("stale")}
    other = sum(totals.incomparable.values()) - totals.stale
    aside = sum(totals.set_aside.values())
    rows = (
        ("stale", totals.stale, totals.arrived, STALE),
        ("incomparable", other, totals.arrived, _why(INCOMPARABLE, others)),
        ("set aside", aside, totals.arrived, _why(SET_ASIDE, totals.set_aside)),
        ("waiting", totals.waiting, totals.arrived, WAITING),
        ("dead letters", totals.dead_letters, totals.arrived, DEAD),
        ("not taken", totals.not_taken, totals.arrived, NOT_TAKEN),
        ("unlabelled", totals.unlabelled, harmful, UNLABELLED),
    )
    return tuple(BlindRow(what=w, count=n, possible=p, sentence=s) for w, n, p, s in rows if n > 0)


STALE = (
    "What the candidate read had already been changed by the control: it may have seen the answer, "
    "so nothing is concluded from these cases."
)
INCOMPARABLE = "Both sides acted, but the outcomes cannot be compared"
SET_ASIDE = "Never compared, for reasons in the world and not in the candidate"
WAITING = "The control has not finished these cases, or the candidate has not been taken through them yet."
DEAD = "Could not be processed; kept with everything that is needed to take them up again."
NOT_TAKEN = "Left out by the limit of a run; such a run adds no evidence."
UNLABELLED = "Nobody has said yet which side was right. They count as harmful for ready, and not at all for not ready."


def _why(sentence: str, reasons: Mapping[str, int]) -> str:
    held = sorted(reasons.items(), key=lambda item: -item[1])
    named = ", ".join(f"{reason} ({count:,})" for reason, count in held[:8])
    rest = f" and {len(held) - 8} more reasons" if len(held) > 8 else ""
    return f"{sentence}: {named}{rest}." if named else f"{sentence}."
