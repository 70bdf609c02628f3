"""One plain sentence for a cause."""

from __future__ import annotations

from shadow.compare.result import CONTAINMENT, FAILURE, STOP

Slice = tuple[str, str] | None

_FAILURES = {
    "error": "the candidate raised an error",
    "timeout": "the candidate took longer than it may",
    "flood": "the candidate wrote more than it may",
    "invalid": "the candidate answered with something that the contract does not allow",
}
_WRITES = {
    "missing": ("where the control did {place}", "the candidate did not ask for it"),
    "extra": ("where the control did not do {place}", "the candidate asked for it"),
    "changed": ("where the control did {place}", "the candidate asked for a different one"),
}
_VALUES = {
    "missing": ("", "the candidate gave no {place}"),
    "invalid": ("", "the candidate's {place} cannot be read"),
    "different": ("", "the candidate's {place} differed from the control's"),
    "higher": ("", "the candidate's {place} was higher than the control's"),
    "lower": ("", "the candidate's {place} was lower than the control's"),
}


def sentence(place: str, direction: str, *, slice_: Slice, count: int, possible: int, write: bool) -> str:
    """What happened, in how many of the cases in which it could.

    Example:
        >>> sentence("amount", "missing", slice_=("country", "DE"), count=46, possible=1480, write=False)
        'In 3.1 % of cases with country DE (46 of 1,480) the candidate gave no amount.'
    """
    condition, what = _told(place, direction, write)
    share = 100 * count / possible if possible else 100.0
    among = f" with {slice_[0]} {slice_[1]}" if slice_ else ""
    where = f" {condition}" if condition else ""
    percent = f"{share:.1f}" if share >= 1 else f"{share:.2g}"
    return f"In {percent} % of cases{among}{where} ({count:,} of {possible:,}) {what}."


def consequence(place: str, direction: str, *, count: int, possible: int, write: bool) -> str:
    """What a cause brings along.

    Example:
        >>> consequence("mail.send", "missing", count=44, possible=46, write=True)
        'In 44 of these 46 cases the candidate did not ask for mail.send either.'
    """
    where = f"In {count:,} of these {possible:,} cases"
    if write:
        ends = {
            "missing": "did not ask for {} either",
            "extra": "asked for {} too",
            "changed": "asked for another {}",
        }
        return f"{where} the candidate {ends[direction].format(place)}."
    left, arrow, right = direction.partition(" -> ")
    told = f"the candidate's {place} was {right} instead of {left}" if arrow else _told(place, direction, write)[1]
    return f"{where} {told}."


def in_this_case(place: str, direction: str, *, write: bool) -> str:
    """What happened in one case.

    Example:
        >>> in_this_case("decision", "approve -> deny", write=False)
        "Where the control's decision was approve, the candidate's was deny."
    """
    condition, what = _told(place, direction, write)
    said = f"{condition}, {what}." if condition else f"{what}."
    return said[0].upper() + said[1:]


def _told(place: str, direction: str, write: bool) -> tuple[str, str]:
    """In which cases it could happen, and what did."""
    if place == FAILURE:
        return "", _FAILURES.get(direction, f"the candidate failed ({direction})")
    if place == CONTAINMENT:
        return "", _past_its_doors(direction)
    if place.startswith(STOP):
        name = place.removeprefix(STOP)
        return f"in which {name!r} holds", "the candidate acted instead of escalating"
    known = (_WRITES if write else _VALUES).get(direction)
    if known:
        return known[0].format(place=place), known[1].format(place=place)
    left, _, right = direction.partition(" -> ")
    return f"where the control's {place} was {left}", f"the candidate's was {right}"


def _past_its_doors(direction: str) -> str:
    if direction.startswith("over "):  # a door's own finding: a canary on its way out, a secret on its way back
        return f"what must not pass was on its way {direction}"
    return f"the candidate tried to get past its doors ({direction}), which was refused"
