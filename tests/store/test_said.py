"""What notices are made of, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from shadow.store import Store
from shadow.store.outbox import MESSAGE, queue
from shadow.store.registry import experiment
from shadow.store.said import failed_replays, replayed, said_under
from shadow.store.tables import observations
from tests.notices.days import broken, day_of, denials
from tests.store.desk import at


def test_what_was_said_under_a_prefix(store: Store) -> None:
    """In order, with what it was about; a prefix's percent sign or underscore is that sign and no pattern."""
    for number, key in enumerate(("notice:a_b:1", "notice:axb:2", "notice:a_b:3", "digest:a")):
        queue(store, key=key, kind=MESSAGE, about=f"n{number}", now=at(number))
    assert [(one.key, one.about, one.at) for one in said_under(store, "notice:a_b:")] == [
        ("notice:a_b:1", "n0", at(0)),
        ("notice:a_b:3", "n2", at(2)),
    ]
    assert said_under(store, "%") == []


def test_when_a_case_was_replayed(store: Store) -> None:
    """The moment at which it was kept, and the end of its run's window; a case that was not is left out."""
    run = day_of(store, 0, denials(2), replayed_at=at(3))
    found = replayed(store, experiment(store, run.experiment), ["d0-000", "d0-001", "other"])
    assert {key: (one.at, one.run_end) for key, one in found.items()} == {
        "d0-000": (at(3), run.end),
        "d0-001": (at(3), run.end),
    }


def test_failed_replays(store: Store) -> None:
    """Those that did not finish, with the start of their error, oldest first; what was pruned is left out."""
    late = day_of(store, 1, [broken("KeyError: " + "x" * 1000), *denials(3)], replayed_at=at(5))
    day_of(store, 0, [broken("ValueError: no")], replayed_at=at(5) - timedelta(hours=1))
    one = experiment(store, late.experiment)
    found = failed_replays(store, one)
    assert [(f.ending, f.error[:8], len(f.error), f.at) for f in found] == [
        ("error", "ValueErr", 14, at(5) - timedelta(hours=1)),
        ("error", "KeyError", 300, at(5)),
    ]
    with store.write() as connection:
        connection.execute(update(observations).values(body=None))
    assert failed_replays(store, one) == []
