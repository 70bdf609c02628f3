"""The lines of a task's log: each says what was done, with its counts."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.adapters.airflow import lines

NAMES = ("cases", "known", "doubled", "changed", "aside", "settled", "revised", "unknown")


def test_what_came_in() -> None:
    """Ordinary counts always; odd ones only where there are any."""
    counts = dict.fromkeys(NAMES, 0) | {"cases": 20, "known": 1, "settled": 9}
    assert lines.collected(counts) == "21 cases arrived, 1 known before, 0 set aside; 9 settled, 0 revised"
    assert lines.collected({**counts, "doubled": 2}).endswith("; 2 rows were doubled")


@pytest.mark.parametrize(
    ("shards", "counts", "said"),
    [
        (
            [0],
            {"taken": 5, "not_taken": 16},
            "5 cases in this run, 1 shard of up to 400 to replay; 16 more are not taken",
        ),
        ([0, 1], {"taken": 401}, "401 cases in this run, 2 shards of up to 400 to replay"),
        ([], {"taken": 7}, "nothing is left to replay; 7 cases were taken before"),
        ([], {}, "nothing is left to replay; 0 cases were taken before"),
    ],
)
def test_what_is_to_be_replayed(shards: list[int], counts: dict[str, int], said: str) -> None:
    """Cases and shards, or that there are none."""
    assert lines.planned(shards, counts, 400) == said


def test_how_a_shard_ended() -> None:
    """What was replayed, buried and left; what was compared."""
    assert lines.replayed(3, {"replayed": 1, "dead": 0, "left": 2}) == (
        "shard 3: 1 case replayed, 0 dead letters, 2 left for another try"
    )
    assert lines.compared(3, {"compared": 2}) == "shard 3: 2 cases compared with what the control did"
    assert lines.to_compare([0]) == "1 shard to compare" and "nothing" in lines.to_compare([])


def test_the_verdict_and_why() -> None:
    """The word, each reason, and the gates that are open."""
    found: dict[str, Any] = {
        "verdict": "inconclusive",
        "look": "2026-10-05T00:00:00+00:00",
        "reasons": ["too few days"],
    }
    assert lines.assessed("desk", {**found, "open": ["calendar"]}) == [
        "desk: inconclusive at the look of 2026-10-05T00:00:00+00:00",
        "because too few days",
        "gates that do not pass: calendar",
    ]
    assert lines.assessed("desk", {**found, "open": []})[-1] == "every gate passes"
