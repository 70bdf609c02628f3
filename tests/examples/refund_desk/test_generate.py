"""A world is drawn from its seed alone, with the volumes and the mess that were asked for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from shadow.examples.refund_desk import arrivals, reads, world
from shadow.examples.refund_desk.generate import AFTER_DAYS, build
from tests.examples.refund_desk.desk_tools import cases
from tests.examples.refund_desk.worlds import Made

EVER = {"start": "2026-01-01", "end": "2027-01-01"}


def _dump(path: Path) -> list[str]:
    with world.reading(path) as connection:
        return [line for line in connection.iterdump() if "sqlite_stat" not in line]


def test_equal_seeds_make_equal_worlds_and_other_seeds_others(tmp_path: Path) -> None:
    """Every row is the same under the same seed; under another one the arrivals differ."""
    truths = [build(tmp_path / name, seed=seed, days=2, scale=0.1) for name, seed in (("a", 5), ("b", 5), ("c", 6))]
    a, b, c = (_dump(tmp_path / name) for name in "abc")
    assert a == b and truths[0] == truths[1]
    assert a != c


def test_the_volumes_of_four_weeks(full: Made) -> None:
    """About 10,000 cases of about 5,500 customers; Sundays are thinner and come by mail."""
    with world.reading(full.path) as connection:
        rows = world.many(connection, reads.CASES, EVER)
    ids, days = {row["id"] for row in rows}, Counter(row["arrived_at"][:10] for row in rows)
    assert 9_700 <= len(ids) <= 10_300
    assert 5_200 <= len({row["customer_id"] for row in rows}) <= 5_800
    assert len(days) == 28
    sundays = {(arrivals.START + timedelta(days=n)).strftime("%Y-%m-%d") for n in (6, 13, 20, 27)}
    assert max(days[day] for day in sundays) < min(n for day, n in days.items() if day not in sundays)
    mail = {day in sundays: Counter() for day in days}  # type: dict[bool, Counter[str]]
    for row in rows:
        mail[row["arrived_at"][:10] in sundays][row["channel"]] += 1
    share = {sunday: count["mail"] / count.total() for sunday, count in mail.items()}
    assert share[True] > 0.5 > 0.35 > share[False]
    assert {row["currency"] for row in rows} >= {"EUR", "GBP", "USD"}


def test_at_most_four_in_a_hundred_are_set_aside(full: Made) -> None:
    """Malformed, doubled and never settled cases together stay below 4 %, and there are some of each."""
    truth = full.truth
    aside = {*truth.malformed, *truth.doubled, *truth.never}
    assert 0.01 < len(aside) / len(truth.right) <= 0.04
    assert min(len(truth.malformed), len(truth.doubled), len(truth.never), len(truth.injected)) > 5
    with world.reading(full.path) as connection:
        usable = sum(1 for _ in cases(connection))
        rows = world.many(connection, reads.CASES, EVER)
    assert usable == len(truth.right) - len(truth.malformed)
    assert len(rows) - len({row["id"] for row in rows}) == len(truth.doubled)
    assert any(row["subject"] is None for row in rows) and any(row["country"] is None for row in rows)


def test_most_settle_on_the_day_the_rest_within_five_and_some_are_corrected(full: Made) -> None:
    """About 60 % settle on the day they came, all others in under five days, 0.5 % have a second outcome."""
    with world.reading(full.path) as connection:
        rows = world.many(connection, reads.CASES, EVER)
        settled = world.many(connection, reads.SETTLED, EVER)
    came = {row["id"]: row for row in reversed(rows)}
    first: dict[str, str] = {}
    for row in settled:
        first.setdefault(row["id"], row["settled_at"])
    waits = {case: world.moment(at) - world.moment(came[case]["arrived_at"]) for case, at in first.items()}
    assert max(waits.values()) < timedelta(days=5) and min(waits.values()) > timedelta(0)
    assert all(at > came[case]["began_at"] for case, at in first.items())
    same_day = sum(at[:10] == came[case]["arrived_at"][:10] for case, at in first.items()) / len(first)
    assert 0.55 <= same_day <= 0.65
    assert len(first) == len(full.truth.right) - len(full.truth.never)
    assert 0.003 <= (len(settled) - len(first)) / len(first) <= 0.008
    assert max(row["settled_at"] for row in settled) < world.text(arrivals.START + timedelta(days=28 + AFTER_DAYS))


def test_effects_come_after_the_beginning_and_before_the_outcome(short: Made) -> None:
    """Every effect of a case lies strictly after the control began it and not after its last outcome."""
    with world.reading(short.path) as connection:
        began = {row["id"]: row["began_at"] for row in world.many(connection, reads.CASES, EVER)}
        last = {row["id"]: row["settled_at"] for row in world.many(connection, reads.SETTLED, EVER)}
        for statement in reads.EFFECTS.values():
            rows = world.many(connection, statement.replace("where case_id in :ids", ""), {})
            assert rows
            assert all(began[row["case_id"]] < row["at"] <= last[row["case_id"]] for row in rows)


def test_the_control_is_wrong_in_about_two_in_a_hundred_half_of_them_critically(full: Made) -> None:
    """1.5 to 2.5 % of the cases, between a third and two thirds of them critical."""
    mistakes = full.truth.mistakes
    assert 0.015 <= len(mistakes) / len(full.truth.right) <= 0.025
    critical = sum(one["severity"] == "critical" for one in mistakes.values()) / len(mistakes)
    assert 1 / 3 <= critical <= 2 / 3
    assert len({one["kind"] for one in mistakes.values()}) == 6


@pytest.mark.parametrize(("days", "scale"), [(1, 0.05), (5, 0.1)])
def test_a_shorter_and_thinner_world(tmp_path: Path, days: int, scale: float) -> None:
    """Days and volume shrink as asked, and nothing is left beside the database."""
    truth = build(tmp_path / "world.db", seed=1, days=days, scale=scale)
    assert 0.7 <= len(truth.right) / (10_000 / 28 * days * scale) <= 1.5
    assert [path.name for path in tmp_path.iterdir()] == ["world.db"]
