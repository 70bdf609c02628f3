"""An observation is stored as JSON and comes back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from shadow.observation import AnswerKind, Effect, Ending, Observation, Read, Refusal, Span

TEXT = some.text(max_size=8)
PLAIN = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | TEXT
OBJECT = some.dictionaries(TEXT, PLAIN | some.lists(PLAIN, max_size=2), max_size=3)
MOMENT = some.datetimes(timezones=some.just(UTC))
SECONDS = some.floats(min_value=0, max_value=1e6)
NUMBERS = some.none() | SECONDS

OBSERVATIONS = some.builds(
    Observation,
    ending=some.sampled_from(Ending),
    value=some.none() | OBJECT,
    error=TEXT,
    detail=TEXT,
    effects=some.tuples(some.builds(Effect, tool=TEXT, args=OBJECT, at=some.none() | MOMENT, held=TEXT)),
    reads=some.tuples(
        some.builds(Read, tool=TEXT, args=OBJECT, kind=some.sampled_from(AnswerKind), at=MOMENT, own=some.booleans())
    ),
    refusals=some.tuples(some.builds(Refusal, tool=TEXT, args=OBJECT, why=TEXT)),
    spans=some.tuples(some.builds(Span, name=TEXT, start_s=SECONDS, duration_s=SECONDS, attributes=OBJECT)),
    duration_s=NUMBERS,
    tokens=some.none() | some.integers(0, 10**9),
    cost_usd=NUMBERS,
)


@given(OBSERVATIONS)
def test_it_comes_back_as_it_was(one: Observation) -> None:
    """Through JSON text, every part of it: endings, kinds and moments are again what they were."""
    again = Observation.from_json(json.loads(json.dumps(one.to_json(), allow_nan=False)))
    assert again == one
    assert isinstance(again.ending, Ending)
    assert all(isinstance(read.kind, AnswerKind) and read.at.tzinfo for read in again.reads)


def test_a_bare_one_has_only_an_ending() -> None:
    """The rest is empty, not missing."""
    one = Observation(ending=Ending.TIMEOUT)
    data: dict[str, Any] = one.to_json()
    assert data["ending"] == "timeout"
    assert Observation.from_json(data) == one


def test_moments_are_text_with_a_zone() -> None:
    """So that nobody has to guess."""
    at = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    data = Observation(ending=Ending.FINISHED, effects=(Effect(tool="a", args={}, at=at), Effect(tool="b", args={})))
    assert [effect["at"] for effect in data.to_json()["effects"]] == ["2026-11-01T09:30:00+00:00", None]
