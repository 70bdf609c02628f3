"""A try to get past its doors is a discrepancy of its own, whatever else holds of the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shadow.compare.causes import causes
from shadow.compare.compare import compare
from shadow.compare.result import CONTAINMENT, Agreement, Result, digest_of
from shadow.compare.seen import seen
from shadow.compare.sentences import in_this_case, sentence
from shadow.contract.model import Severity
from shadow.observation import AnswerKind, Ending, Observation, Read, Refusal, RefusalKind
from tests.compare.desk import CONTRACT, NOW, case, refund, side

DENIED = {"decision": "deny", "amount": None}
STALE = Read(tool="orders.get", args={"order": "o1"}, kind=AnswerKind.STALE, at=NOW + timedelta(hours=2))


def tried(tool: str = "connect", kind: RefusalKind = RefusalKind.SYSTEM, about: str = "10.0.0.1:80") -> Refusal:
    """A call that was refused."""
    return Refusal(tool=tool, args={"about": about, "times": 2}, why=f"{tool} is refused", kind=kind)


def found(control: Observation, candidate: Observation) -> Result:
    """The result of both sides."""
    return compare(CONTRACT, case(), control, candidate)


@pytest.mark.parametrize("kind", [RefusalKind.SYSTEM, RefusalKind.VIOLATION])
def test_a_try_is_a_critical_discrepancy_where_both_sides_agree(kind: RefusalKind) -> None:
    """First of all places, with what was tried and at what."""
    result = found(side(), side(refusals=(tried(kind=kind),)))
    (only,) = result.mismatches
    assert (result.agreement, result.severity) == (Agreement.DISCREPANCY, Severity.CRITICAL)
    assert result.comparisons[0] is only and only.place == CONTAINMENT
    assert only.direction == ("connect" if kind is RefusalKind.SYSTEM else "over connect")
    assert only.why == "connect is refused"
    assert only.candidate == [{"about": "10.0.0.1:80", "times": 2}]


@pytest.mark.parametrize("kind", [RefusalKind.NOISE, RefusalKind.TOOL])
def test_noise_and_a_refused_tool_are_none(kind: RefusalKind) -> None:
    """What a library does by itself, and what the tools door answered: `Observation.violations` has neither."""
    assert found(side(), side(refusals=(tried(kind=kind),))).agreement is Agreement.AGREE


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        (side(), side(reads=(STALE,))),
        (Observation(ending=Ending.ERROR), side()),
        (side({"decision": "nonsense"}), side()),
    ],
    ids=["stale read", "control failed", "control's value"],
)
def test_it_is_not_excused(control: Observation, candidate: Observation) -> None:
    """Neither by a stale read nor by the control: `tried or` before `_incomparable`."""
    assert found(control, candidate).agreement is Agreement.INCOMPARABLE
    result = found(control, replace(candidate, refusals=(tried(),)))
    assert [one.place for one in result.mismatches] == [CONTAINMENT]
    assert result.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("candidate", "place"),
    [
        (Observation(ending=Ending.TIMEOUT), "failure"),
        (side({"decision": 3}), "failure"),
        (side({"decision": "approve", "amount": None}), "decision"),
    ],
)
def test_it_stands_beside_what_else_differs(candidate: Observation, place: str) -> None:
    """`*tried` in each of the three ways out of `compare`: the candidate failed, answered nonsense, or differs."""
    result = found(side(), replace(candidate, refusals=(tried(),)))
    assert [one.place for one in result.mismatches][:2] == [CONTAINMENT, place]


def test_one_for_each_kind_of_call() -> None:
    """Equal calls with other aims are one; another call is another."""
    calls = (tried(), tried("openat"), tried(about="10.0.0.2:80"), tried("GET pay", RefusalKind.VIOLATION))
    mismatches = found(side(), side(refusals=calls)).mismatches
    assert [(one.direction, len(one.candidate)) for one in mismatches] == [
        ("connect", 2), ("openat", 1), ("over GET pay", 1),
    ]  # fmt: skip


def test_how_bad_it_is_is_the_contracts() -> None:
    """`violation` of the contract, for a team that knows what its agent's libraries try."""
    lenient = replace(CONTRACT, violation=Severity.MINOR)
    assert compare(lenient, case(), side(), side(refusals=(tried(),))).severity is Severity.MINOR


def test_a_label_belongs_to_the_try_too() -> None:
    """Who judged the answer alone has not judged the try; without one the digest is what it always was."""
    control, plain = side(None, refund("5")), side()
    assert digest_of(control, plain) == "764462e9af10df05c778af59b8faab5686c27c4ef0a30a304d1a039b7f3cd5f3"
    noise = replace(plain, refusals=(tried(kind=RefusalKind.NOISE),))
    once, elsewhere = replace(plain, refusals=(tried(),)), replace(plain, refusals=(tried(about="10.0.0.9:1"),))
    twice = replace(plain, refusals=(tried(), tried()))
    assert digest_of(control, noise) == digest_of(control, plain)
    assert len({digest_of(control, one) for one in (plain, once, elsewhere)}) == 3
    assert digest_of(control, once) == digest_of(control, twice)


def test_tries_make_a_cause_of_their_own() -> None:
    """By what was tried; every compared case might have, and what a try brings along stands under it."""
    failing = Observation(ending=Ending.ERROR, refusals=(tried(),))
    both = side(refusals=(tried(), tried("openat")))
    results = [found(side(), one) for one in (failing, failing, both, *[side()] * 7)]
    every = [
        seen(CONTRACT, replace(result, case_id=f"c{number}"), slices={"country": "DE", "channel": "mail"})
        for number, result in enumerate(results)
    ]
    found_causes = causes([one for one in every if one is not None])
    by = {one.direction: one for one in found_causes if one.place == CONTAINMENT}
    assert [(one.count, one.possible, one.severity) for one in by.values()] == [
        (3, 10, Severity.CRITICAL), (1, 10, Severity.CRITICAL),
    ]  # fmt: skip
    assert "the candidate tried to get past its doors (connect), which was refused" in by["connect"].sentence


def test_it_reads_plainly() -> None:
    """In a cause, and in one case."""
    told = sentence(CONTAINMENT, "over POST llm", slice_=None, count=1, possible=4, write=False)
    assert told == "In 25.0 % of cases (1 of 4) what must not pass was on its way over POST llm."
    assert in_this_case(CONTAINMENT, "connect", write=False) == (
        "The candidate tried to get past its doors (connect), which was refused."
    )
