"""The outbox: each key once, one sender at a time, nothing lost where a sender dies."""

from __future__ import annotations

from datetime import timedelta

from shadow.store import Store
from shadow.store.outbox import MESSAGE, WAKE, claim, dead, due, later, queue, sent, waiting
from tests.store.desk import at

NOW = at(1)


def test_a_key_is_said_once(store: Store) -> None:
    """Said again, also after it was sent, it changes nothing."""
    assert queue(store, key="k", kind=MESSAGE, now=NOW, payload={"text": "one"}, channel="C1")
    assert not queue(store, key="k", kind=MESSAGE, now=NOW, payload={"text": "two"})
    (one,) = due(store, now=NOW)
    assert (one.payload, one.channel, one.tries) == ({"text": "one"}, "C1", 0)
    sent(store, one, now=NOW, ts="1.1")
    assert not queue(store, key="k", kind=MESSAGE, now=NOW)
    assert due(store, now=NOW) == [] and waiting(store) == {"sent": 1}


def test_one_sender_has_it(store: Store) -> None:
    """Of two who saw it, one; after the lease, the other may."""
    queue(store, key="k", kind=MESSAGE, now=NOW)
    (one,) = due(store, now=NOW)
    assert claim(store, one, now=NOW, lease_s=30)
    assert not claim(store, one, now=NOW) and due(store, now=NOW + timedelta(seconds=29)) == []
    (again,) = due(store, now=NOW + timedelta(seconds=30))
    assert claim(store, again, now=NOW + timedelta(seconds=30))
    sent(store, again, now=NOW)
    assert not claim(store, again, now=NOW + timedelta(hours=1))


def test_not_before_its_time(store: Store) -> None:
    """And of the kinds that are asked for, oldest first."""
    queue(store, key="w", kind=WAKE, now=NOW, not_before=NOW + timedelta(seconds=15))
    queue(store, key="m", kind=MESSAGE, now=NOW)
    assert [one.key for one in due(store, now=NOW)] == ["m"]
    late = NOW + timedelta(seconds=15)
    assert [one.key for one in due(store, now=late)] == ["w", "m"]
    assert [one.key for one in due(store, now=late, kinds=[MESSAGE])] == ["m"]


def test_what_fails_waits_and_what_can_never_be_sent_stays_to_be_seen(store: Store) -> None:
    """Counted, with the error's beginning."""
    queue(store, key="k", kind=MESSAGE, now=NOW)
    (one,) = due(store, now=NOW)
    later(store, one, at=NOW + timedelta(minutes=1), error="x" * 9999)
    assert due(store, now=NOW) == []
    (again,) = due(store, now=NOW + timedelta(minutes=1))
    assert again.tries == 1
    dead(store, again, now=NOW, error="channel_not_found")
    assert due(store, now=NOW + timedelta(days=9)) == [] and waiting(store) == {"dead": 1}
