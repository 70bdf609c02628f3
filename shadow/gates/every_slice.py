"""Gate: the harmful share stays below a limit in each slice, at a stated error rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, fsum

from shadow.evidence.counts import Table
from shadow.evidence.discovery import Alone, ready_alone
from shadow.evidence.eprocess import READY, more_needed, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, until_first_close
from shadow.evidence.slices import OTHER, Part, mean_harm_log_e
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "every_slice"
_ENOUGH = 11.2  # unit-days times the limit that a candidate at 0.35 of it needs in the mean
_NAMED = 5  # slices that are named where it says which are not below the limit by themselves


def _check(at_most: float, alpha: float, alpha_harm: float | None, floor: int | None) -> None:
    check_share("at_most", at_most)
    check_share("alpha", alpha)
    check_share("alpha_harm", alpha if alpha_harm is None else alpha_harm)
    if floor is not None and (isinstance(floor, bool) or not isinstance(floor, int) or floor < 1):
        raise ValueError(f"floor must be a whole number of unit-days from 1 on, not {floor!r}")


def _words(at_most: float, alpha: float, alpha_harm: float | None, floor: int | None) -> str:
    harm = "" if alpha_harm is None else f", of rejecting it {100 * alpha_harm:g} %"
    small = f"under {_floor(at_most, floor):,} pieces are judged together"
    said = f"in each slice fewer than {100 * at_most:g} % of the pieces of evidence are harmful (values of {small})"
    return f"{said}; error rate {100 * alpha:g} %{harm}"


@gate(version=1, check=_check, words=_words, needs=("slices",))
def every_slice(
    evidence: Evidence,
    *,
    at_most: float,
    alpha: float = 0.05,
    alpha_harm: float | None = None,
    floor: int | None = None,
) -> Finding:
    """Passes once "the harmful share is `at_most` or more" is rejected in every slice; rejects on harm in any.

    It is the weakest slice that decides, so their number costs nothing. A value with few unit-days is judged
    together with the other small ones of its slice, as "other", until it has enough: of what is merged the claim is
    about all of it together. Confirmed harm rejects by the mean of the slices' evidence of harm. It also says which
    slices could go alone (`shadow.evidence.discovery`); *ready* does not rest on that.

    Args:
        at_most: the limit within a slice, a share in (0, 1); about three times that of `harmful_rate`.
        alpha: the chance, in (0, 1), of ever passing though one of the slices is at the limit.
        alpha_harm: the chance, in (0, 1), of ever rejecting though none is beyond it; `alpha` where it is not given.
        floor: unit-days from which a value is judged by itself, ≥ 1; where it is not given, as many as a candidate at
            0.35 of the limit needs in the mean, 11.2 / at_most.

    Example:
        >>> every_slice(at_most=0.03)
        every_slice(at_most=0.03, alpha=0.05, alpha_harm=None, floor=None)

    Source: readiness 2f; the smallest of e-processes is one for "some slice is at the limit"; Vovk & Wang (2021) for
    the mean.
    """
    error = alpha if alpha_harm is None else alpha_harm
    harmed = {"harm_log_e": mean_harm_log_e(evidence.counts, at_most), "harm_threshold": threshold(error)}
    if reached(harmed["harm_log_e"], error):
        return _rejected(evidence, harmed, at_most)
    if not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None, harmed)
    slices = alone(evidence, at_most=at_most, alpha=alpha, floor=floor)
    if not slices:
        return _no_slices()
    weakest = min(slices, key=lambda one: one.log_e)
    numbers = {**_numbers(weakest, slices, at_most, alpha), "threshold": threshold(alpha), **harmed}
    seen = f"The weakest of {many(len(slices), 'slice')}, {named(weakest.part)}: {_share(weakest.part)}"
    if reached(weakest.log_e, alpha):
        reason = f"{seen}, below the limit of {percent(at_most)}, surely enough (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    part = weakest.part
    more = more_needed(part.pieces, at_most, READY, alpha=alpha)
    by_itself = f"; {numbers['alone']} of {len(slices)} are by themselves" if len(slices) > 1 else ""
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{seen}, not yet surely below the limit of {percent(at_most)}{by_itself}.",
        numbers=numbers,
        needs=f"{many(more, 'more unit-day')} of {named(part)}" if more is not None else f"less harm in {named(part)}",
        days=days_for(evidence, more, part.unit_days / max(1, len(evidence.closed))),
    )


def alone(evidence: Evidence, *, at_most: float, alpha: float, floor: int | None) -> tuple[Alone, ...]:
    """Each slice over closed days, as this gate with these parameters cuts them, and whether it could go alone."""
    counts, days = evidence.counts, evidence.closed
    return ready_alone(counts, days, limit=at_most, alpha=alpha, floor=_floor(at_most, floor))


def named(part: Part) -> str:
    """`country DE`, or `country other (LU, MT, 3 more)`."""
    if part.value != OTHER or part.values == (OTHER,):
        return f"{part.name} {part.value}"
    more = f", {len(part.values) - 2} more" if len(part.values) > 2 else ""
    return f"{part.name} {OTHER} ({', '.join(part.values[:2])}{more})"


def _floor(at_most: float, floor: int | None) -> int:
    return ceil(_ENOUGH / at_most) if floor is None else floor


def _share(part: Part) -> str:
    harmful = fsum(share * often for share, often in part.pieces)
    return f"{percent(harmful / part.unit_days)} of {many(part.unit_days, 'unit-day')} harmful"


def _numbers(weakest: Alone, slices: Sequence[Alone], at_most: float, alpha: float) -> dict[str, Number]:
    part = weakest.part
    harmful = fsum(share * often for share, often in part.pieces)
    open_still = [named(one.part) for one in sorted(slices, key=lambda one: one.log_e) if not one.ready_alone]
    more = f", and {len(open_still) - _NAMED} more" if len(open_still) > _NAMED else ""
    return {
        "log_e": weakest.log_e,
        "slices": len(slices),
        "merged": sum(len(one.part.values) for one in slices if len(one.part.values) > 1),
        "alone": len(slices) - len(open_still),
        "not_alone": ", ".join(open_still[:_NAMED]) + more,
        "weakest": named(part),
        "unit_days": part.unit_days,
        "harmful": harmful,
        "rate": harmful / part.unit_days,
        "upper": upper_limit(part.pieces, alpha),
    }


def _rejected(evidence: Evidence, harmed: Mapping[str, float], at_most: float) -> Finding:
    found = evidence.counts.slices(Table.SLICES_CONFIRMED)
    worst = max(
        (Part(name, value, (value,), pieces) for (name, value), pieces in found.items()),
        key=lambda part: fsum((share - at_most) * often for share, often in part.pieces),
    )
    return Finding(
        gate=NAME,
        status=Status.FAIL,
        reason=f"Labels confirm harm beyond the limit of {percent(at_most)} in a slice, most in {named(worst)}: "
        f"{_share(worst)}.",
        numbers={**harmed, "worst": named(worst), "unit_days": worst.unit_days},
        needs="a better version",
        rejects=True,
    )


def _no_slices() -> Finding:
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason="The contract declares no slices, so there is none to judge.",
        needs="slices in the contract, or a contract without this gate",
    )
