"""A verdict is told when its word changes, and when it first says ready."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shadow.notices.news import is_news
from shadow.store.verdicts import StoredVerdict

FIRST = datetime(2026, 11, 2, tzinfo=UTC)


def looks(*words: str) -> list[StoredVerdict]:
    """One look a day."""
    return [
        StoredVerdict(
            run=f"r{day}",
            experiment="e",
            look=FIRST + timedelta(days=day),
            word=word,
            contract="",
            decision_digest="",
            measurement_digest="",
            counts_digest="",
            body={},
        )
        for day, word in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("words", "news"),
    [
        (["inconclusive"], False),
        (["ready"], True),
        (["not ready"], False),
        (["inconclusive", "inconclusive"], False),
        (["inconclusive", "ready"], True),
        (["inconclusive", "not ready"], True),
        (["ready", "ready"], False),
        (["ready", "inconclusive"], True),
        (["ready", "inconclusive", "ready"], True),
        (["inconclusive", "ready (demonstration)"], True),
    ],
)
def test_news(words: list[str], news: bool) -> None:
    """The newest look against the one before it."""
    held = looks(*words)
    assert is_news(held[-1], held) is news


def test_an_older_look_is_never_news() -> None:
    """A past window that is taken up again says nothing of how things stand."""
    held = looks("inconclusive", "ready", "ready")
    assert not is_news(held[1], held)


def test_a_look_that_is_taken_again_is_held_against_the_one_before() -> None:
    """Two runs that end at one moment are one look."""
    held = looks("inconclusive", "ready")
    again = [*held, held[1]]
    assert is_news(held[1], again)
