"""Notices of an experiment, day by day, from the store: each pattern once, and nothing twice."""

from __future__ import annotations

from datetime import timedelta, timezone

from sqlalchemy import select

from shadow.notices.finding import told as notices
from shadow.notices.patterns import Burst, Recurring
from shadow.store import Store
from shadow.store.decision_tables import outbox
from tests.notices.days import SOON, broken, day_of, denials, told, verdict_at
from tests.store.desk import CONTRACT, at, compared, entry, outcome, seen, settle

HALF_HOUR = timedelta(minutes=30)


def keys(store: Store) -> list[str]:
    """The keys of all that was queued."""
    with store.read() as connection:
        return list(connection.execute(select(outbox.c.key).order_by(outbox.c.id)).scalars())


def test_nine_and_ten(store: Store) -> None:
    """Nine denials of a day are no notice; a tenth on the next day makes one, with all ten new."""
    assert told(store, day_of(store, 0, denials(9))) == []
    (one,) = told(store, day_of(store, 1, denials(1)))
    assert isinstance(one, Recurring)
    assert (one.new, one.count, one.look) == (10, 10, at(2))


def test_a_single_error_is_never_told(store: Store) -> None:
    """Neither as an error, nor as a discrepancy."""
    assert told(store, day_of(store, 0, [broken()])) == []


def test_the_same_window_again_says_nothing(store: Store) -> None:
    """Not in the same minute, not later that day, not on another day."""
    run = day_of(store, 0, denials(12))
    assert len(told(store, run)) == 1
    for later in (timedelta(0), timedelta(hours=5), timedelta(days=1), timedelta(days=40)):
        assert told(store, run, now=run.end + SOON + later) == []
    assert len(keys(store)) == 1


def test_at_most_one_a_cause_and_day(store: Store) -> None:
    """Two windows taken on one day: the second's discrepancies wait, and are told on the next day with its own."""
    first, second = day_of(store, 0, denials(12)), day_of(store, 1, denials(15))
    now = second.end + SOON
    assert [one.new for one in told(store, first, now=now)] == [12]
    assert told(store, second, now=now + timedelta(hours=2)) == []
    third = day_of(store, 2, denials(1))
    assert [one.new for one in told(store, third)] == [16]


def test_the_day_is_utcs(store: Store) -> None:
    """A second before midnight it is the old day, at midnight a new one; whatever zone the clock is in."""
    first = day_of(store, 0, denials(12))
    midnight = at(5)
    assert len(told(store, first, now=midnight - timedelta(seconds=2))) == 1
    second = day_of(store, 1, denials(12), replayed_at=midnight)
    east = timezone(timedelta(hours=5))
    assert told(store, second, now=(midnight - timedelta(seconds=1)).astimezone(east)) == []
    assert len(told(store, second, now=midnight)) == 1
    assert [key.rpartition(":")[2] for key in keys(store)] == ["2026-11-05", "2026-11-06"]


def test_a_correction_of_a_known_case_is_not_new(store: Store) -> None:
    """The control corrects an outcome that was told of: the case is one of the old ones still."""
    first = day_of(store, 0, denials(12))
    assert len(told(store, first)) == 1
    for number in range(12):
        key = f"d0-{number:03d}"
        settle(store, outcome(key, 1, amount=5))
        compared(store, first, entry(key, 0), seen(amount=5), seen("deny"), revision=2)
    assert told(store, day_of(store, 6, denials(9))) == []
    (one,) = told(store, day_of(store, 7, denials(1)))
    assert isinstance(one, Recurring) and (one.new, one.count) == (10, 22)


def test_two_causes_at_once(store: Store) -> None:
    """Ten that deny and ten that fail: a notice each, and for the failures their burst as well."""
    found = told(store, day_of(store, 0, [*denials(10), *[broken() for _ in range(10)]]))
    assert sorted(type(one).__name__ for one in found) == ["Burst", "Recurring", "Recurring"]
    assert len(set(keys(store))) == 3
    burst = next(one for one in found if isinstance(one, Burst))
    assert (burst.kind, burst.new) == ("error ValueError", 10)


def test_a_burst_is_told_once(store: Store) -> None:
    """Ten errors, then nothing new; nine further ones are too few, ten are told on their day."""
    first = day_of(store, 0, [broken() for _ in range(10)])
    assert [type(one) for one in told(store, first) if isinstance(one, Burst)] == [Burst]
    nine = day_of(store, 1, [broken() for _ in range(9)])
    assert not [one for one in told(store, nine) if isinstance(one, Burst)]
    again = day_of(store, 2, [broken()], replayed_at=nine.end + SOON / 2 + HALF_HOUR)
    (burst,) = [one for one in told(store, again) if isinstance(one, Burst)]
    assert (burst.new, burst.most) == (10, 10)
    late = day_of(store, 3, [broken() for _ in range(9)])
    assert not [one for one in told(store, late) if isinstance(one, Burst)]


def test_errors_too_far_apart(store: Store) -> None:
    """Nine at once and the tenth more than half an hour later: no burst."""
    nine = day_of(store, 0, [broken() for _ in range(9)])
    when = nine.end + SOON / 2 + HALF_HOUR + timedelta(seconds=1)
    far = day_of(store, 1, [broken()], replayed_at=when)
    assert not [one for one in told(store, far) if isinstance(one, Burst)]


def test_an_older_window_taken_late_is_told(store: Store) -> None:
    """A past day that nobody had replayed when the last notice was sent is new, though its days are old."""
    assert len(told(store, day_of(store, 3, denials(12)))) == 1
    old = day_of(store, 0, denials(10), replayed_at=at(6))
    assert [one.new for one in told(store, old, now=at(6) + SOON)] == [10]


def test_another_experiment_has_its_own_notices(store: Store) -> None:
    """What was told of one version says nothing of another."""
    assert len(told(store, day_of(store, 0, denials(12), label="v1"))) == 1
    assert len(told(store, day_of(store, 0, denials(12), label="v2"))) == 1
    first, second = (key.rsplit(":", 2)[0] for key in keys(store))
    assert first != second


def test_the_outbox_remembers_no_words(store: Store) -> None:
    """What was told is remembered by digests: no place, no slice, no customer's word."""
    run = day_of(store, 0, denials(12))
    told(store, run)
    with store.read() as connection:
        (about,) = connection.execute(select(outbox.c.about)).scalars()
    assert "decision" not in about and "deny" not in about and "DE" not in about.split(" ")[1]
    (one,) = notices(store, run.experiment)
    assert one.look == run.end and one.at == run.end + SOON


def test_a_notice_follows_the_judgement_of_its_look(store: Store) -> None:
    """The causes are those that the verdict's contract sees."""
    run = day_of(store, 0, denials(12))
    assert verdict_at(store, run).contract and CONTRACT.workflow == run.workflow
    (one,) = told(store, run)
    assert isinstance(one, Recurring) and one.severity == "major" and one.harmful == 12
