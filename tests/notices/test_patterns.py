"""A pattern is ten new ones of a cause, or ten errors within thirty minutes; one fewer or a second more is none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from shadow.compare.causes import Cause, causes
from shadow.compare.seen import Difference, Seen
from shadow.contract.model import Severity
from shadow.notices.patterns import Hit, Recurring, Told, bursts, family_of, kind_of, most_within, part_of, recurring
from shadow.store.said import Failed

DAY = datetime(2026, 11, 2, tzinfo=UTC)  # the look of the first day
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLACE, DIRECTION = "decision", "approve -> deny"


def seen(number: int, *, country: str = "DE", place: str = PLACE, right: bool = False) -> Seen:
    """One case in which the candidate denies."""
    return Seen(
        case_id=f"c{number:04d}",
        slices={"country": country},
        states=((place, "approve"),),
        differences=(Difference(place=place, direction=DIRECTION, severity=Severity.MAJOR),),
        candidate_right=right,
    )


def quiet(many: int, country: str = "DE") -> list[Seen]:
    """Cases that agree."""
    return [
        Seen(case_id=f"q{country}{n}", slices={"country": country}, states=((PLACE, "approve"),)) for n in range(many)
    ]


def hit(case: Seen, *, at: datetime = DAY + HOUR, end: datetime = DAY, settled: datetime = DAY - HOUR) -> Hit:
    """Replayed an hour after the look, settled an hour before it."""
    return Hit(slices=tuple(sorted(case.slices.items())), replayed_at=at, run_end=end, settled_at=settled)


def hits(cases: Iterable[Seen], **more: datetime) -> dict[str, Hit]:
    """A hit a case."""
    return {case.case_id: hit(case, **more) for case in cases}


def told(at: datetime = DAY + 2 * HOUR, look: datetime = DAY, part: str = "", place: str = PLACE) -> Told:
    """A notice two hours after the look."""
    return Told(family=family_of(place, DIRECTION), part=part, at=at, look=look)


def found(cases: list[Seen], when: dict[str, Hit], *spoken: Told, look: datetime = DAY) -> list[Recurring]:
    """Patterns among these cases."""
    return recurring(causes(cases), when, told=spoken, look=look)


@pytest.mark.parametrize(("many", "notices"), [(0, 0), (1, 0), (9, 0), (10, 1), (25, 1)])
def test_nine_are_none_and_ten_are_one(many: int, notices: int) -> None:
    """One discrepancy is never a pattern, nine are not, ten are."""
    cases = [seen(n) for n in range(many)]
    patterns = found(cases + quiet(90), hits(cases))
    assert [one.new for one in patterns] == [many] * notices


def test_what_was_told_is_not_new() -> None:
    """The same cases after a notice: nothing; nine further ones: nothing; a tenth: ten new."""
    old = [seen(n) for n in range(12)]
    assert found(old, hits(old), told()) == []
    later = DAY + timedelta(days=1)
    for many in (9, 10):
        new = [seen(100 + n) for n in range(many)]
        when = hits(old) | hits(new, at=later + HOUR, end=later, settled=later - HOUR)
        patterns = found(old + new, when, told(), look=later)
        assert [(one.new, one.count) for one in patterns] == ([(10, 22)] if many == 10 else [])


def test_few_a_day_add_up() -> None:
    """Four a day: on the third day they are ten and more, and are told."""
    cases: list[Seen] = []
    when: dict[str, Hit] = {}
    patterns = []
    for day in range(4):
        look = DAY + timedelta(days=day)
        fresh = [seen(100 * day + n) for n in range(4)]
        cases += fresh
        when |= hits(fresh, at=look + HOUR, end=look, settled=look - HOUR)
        patterns.append([one.new for one in found(cases, when, look=look)])
    assert patterns == [[], [], [12], [16]]


@pytest.mark.parametrize(
    "unseen",
    [
        {"at": DAY + 2 * HOUR + timedelta(seconds=1)},  # replayed after the notice: an older window taken up late
        {"end": DAY + HOUR},  # taken by a run whose window ends later
        {"settled": DAY},  # settled at the look, which is not before it
    ],
)
def test_what_could_not_be_seen_then_is_new(unseen: dict[str, datetime]) -> None:
    """A notice speaks of what was replayed, taken and settled by then; of nothing that came later."""
    cases = [seen(n) for n in range(10)]
    assert found(cases, hits(cases), told()) == []
    (one,) = found(cases, hits(cases, **unseen), told())
    assert one.new == 10


def test_another_cause_was_not_told() -> None:
    """A notice about one place says nothing of another; two causes at once are two patterns."""
    cases = [seen(n) for n in range(10)] + [seen(100 + n, place="amount") for n in range(10)]
    both = found(cases, hits(cases))
    assert len({one.cause for one in both}) == 2
    (one,) = found(cases, hits(cases), told())
    assert one.family == family_of("amount", DIRECTION)


def test_a_slice_is_a_cause_of_its_own() -> None:
    """What is told of one country does not silence another; what is told of all silences each of them."""
    french = [seen(n, country="FR") for n in range(30)]
    german = [seen(100 + n) for n in range(10)]
    cases = [*french, *german, *quiet(900), *quiet(5, "FR")]
    both = found(cases, hits([*french, *german]))
    assert {(one.part, one.new) for one in both} == {(part_of(("country", "FR")), 30), ("", 10)}
    (rest,) = found(cases, hits([*french, *german]), told(part=part_of(("country", "FR"))))
    assert (rest.part, rest.new) == ("", 10)
    assert found(cases, hits([*french, *german]), told()) == []


def test_a_cause_that_changes_its_slice_is_not_told_again() -> None:
    """Told of one country, and no longer apart at the next look: its old cases are not new."""
    french = [seen(n, country="FR") for n in range(12)]
    one_more = [seen(100)]
    (cause,) = causes(french + one_more)
    assert cause.slice is None and cause.count == 13
    assert found(french + one_more, hits(french + one_more), told(part=part_of(("country", "FR")))) == []


def test_where_the_control_was_wrong_nobody_is_told() -> None:
    """Labels have said so; it is no pattern of the candidate's."""
    cases = [seen(n, right=True) for n in range(20)]
    assert found(cases, hits(cases)) == []


def test_a_case_of_which_nothing_is_known_is_not_new() -> None:
    """Its replay is not kept any more: it is left out, and the others are counted."""
    cases = [seen(n) for n in range(10)]
    assert found(cases, hits(cases[:9])) == []


def errors(*seconds: float, error: str = "ValueError: no", ending: str = "error") -> list[Failed]:
    """Errors of one kind, so many seconds after the day's begin."""
    return [Failed(ending=ending, error=error, at=DAY + timedelta(seconds=s)) for s in seconds]


@pytest.mark.parametrize(
    ("last", "many", "notices"),
    [(1800, 10, 1), (1801, 10, 0), (1800, 9, 0), (0, 10, 1), (0, 1, 0)],
    ids=["thirty minutes", "a second more", "nine", "at once", "a single one"],
)
def test_ten_errors_within_thirty_minutes(last: float, many: int, notices: int) -> None:
    """From the first to the tenth at most thirty minutes; a second more is none; a single error is never one."""
    moments = [last * n / max(many - 1, 1) for n in range(many)]
    assert len(bursts(errors(*moments), told=(), look=DAY)) == notices


def test_any_ten_of_many_may_be_close() -> None:
    """Errors an hour apart are none, however many; ten close ones among them are a pattern, and all are counted."""
    hourly = [3600.0 * n for n in range(40)]
    assert bursts(errors(*hourly), told=(), look=DAY) == []
    close = [36_000.0 + 60 * n for n in range(1, 10)]
    (one,) = bursts(errors(*hourly, *close), told=(), look=DAY)
    assert (one.most, one.new) == (10, 49)
    assert (one.first, one.last) == (DAY, DAY + 39 * HOUR)


def test_errors_of_two_kinds_do_not_add_up() -> None:
    """Five of one and five of another are no pattern; ten of each are two."""
    for many, notices in ((5, 0), (10, 2)):
        mixed = errors(*range(many)) + errors(*range(many), error="KeyError: 'x'")
        assert len(bursts(mixed, told=(), look=DAY)) == notices


def test_errors_that_were_told_are_not_new() -> None:
    """Those kept up to the last notice of their kind are old; ten later ones are new; another kind's notice is not."""
    (one,) = bursts(errors(*range(10)), told=(), look=DAY)
    spoken = Told(family=one.family, part="", at=DAY + timedelta(seconds=9), look=DAY)
    assert bursts(errors(*range(10)), told=[spoken], look=DAY) == []
    assert bursts(errors(*range(19)), told=[spoken], look=DAY) == []
    assert [b.new for b in bursts(errors(*range(20)), told=[spoken], look=DAY)] == [10]
    other = errors(*range(10), error="KeyError: 'x'")
    assert len(bursts(other, told=[spoken], look=DAY)) == 1


@pytest.mark.parametrize(
    ("ending", "error", "kind"),
    [
        ("error", "ValueError: ann@example.org is no order", "error ValueError"),
        ("error", "openai.RateLimitError: slow down", "error openai.RateLimitError"),
        ("error", "KeyError", "error KeyError"),
        ("error", "its process was killed by SIGKILL before it answered", "error"),
        ("timeout", "no answer within 20 s", "timeout"),
        ("flood", "more than 9 bytes printed", "flood"),
        ("error", "ann smith: has complained", "error"),
        ("error", "<!here>: x", "error"),
        ("error", "", "error"),
        ("error", "A" * 500 + ": x", "error"),
    ],
)
def test_a_kind_holds_nothing_that_a_customer_said(ending: str, error: str, kind: str) -> None:
    """How it ended and the error's class; never the words after it."""
    assert kind_of(Failed(ending=ending, error=error, at=DAY)) == kind


def test_most_within() -> None:
    """The most that lie so close, wherever they lie; of nothing none."""
    assert most_within([], HOUR) == 0
    assert most_within([DAY, DAY + HOUR, DAY + 2 * HOUR], HOUR) == 2
    assert most_within([DAY, DAY + MINUTE, DAY + HOUR + MINUTE, DAY + HOUR + 2 * MINUTE], HOUR) == 2


def test_a_cause_names_its_cases() -> None:
    """What is told of a cause rests on the cases that it names."""
    cases = [seen(n) for n in (3, 1, 2)]
    (cause,) = causes(cases)
    assert isinstance(cause, Cause) and cause.cases == ("c0001", "c0002", "c0003")
