"""The declared source and bindings read the real database as the example's own SQL does."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest

from shadow.doors.served import AsOf, Serves
from shadow.examples.refund_desk import reads, world
from shadow.examples.refund_desk.bindings import BINDINGS, live_bindings, source
from tests.examples.refund_desk.desk_tools import DeskTools, cases, control_side
from tests.examples.refund_desk.worlds import Made

WINDOW = (datetime(2026, 9, 7, tzinfo=UTC), datetime(2026, 9, 22, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _connected(short: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHADOW_CONN_DESK_RO", f"sqlite:///{short.path}")


def test_the_source_gives_every_row_and_every_outcome_with_its_effects(short: Made) -> None:
    """Arrivals come as often as the intake has them, and each case's first outcome is the control's."""
    arrivals = list(source().arrivals(*WINDOW))
    settled = list(source().settled(*WINDOW))
    with world.reading(short.path) as connection:
        rows = world.many(connection, reads.CASES, {"start": "2026-01-01", "end": "2027-01-01"})
        control = control_side(connection)
    assert [(a.id, a.arrived_at) for a in arrivals] == sorted(
        [(row["id"], world.moment(row["arrived_at"])) for row in rows], key=lambda pair: (pair[1], pair[0])
    )
    first = {one.case_id: one.observation for one in reversed(settled)}
    assert set(first) == set(control)
    for case, seen in first.items():
        assert seen.value == control[case].value
        assert _plain(seen.effects) == _plain(control[case].effects)


def _plain(effects: object) -> list[tuple[str, str]]:
    return sorted((effect.tool, str(sorted(effect.args.items()))) for effect in effects)  # type: ignore[attr-defined]


def test_windows_that_meet_share_no_row_and_lose_none() -> None:
    """Eight days one by one give what one window of eight days gives."""
    whole = list(source().arrivals(*WINDOW))
    days = [datetime(2026, 9, day, tzinfo=UTC) for day in range(7, 23)]
    parts = [a for start, end in pairwise(days) for a in source().arrivals(start, end)]
    assert parts == whole


def test_a_binding_answers_as_the_desks_own_sql(short: Made) -> None:
    """For cases of the world, each read of both sets of bindings gives the same rows as the plain SQL."""
    asked = 0
    with world.reading(short.path) as connection:
        for case in islice(cases(connection), 40):
            if not case.input["order_id"]:
                continue
            for bindings, statements in ((BINDINGS, reads.AS_OF), (live_bindings(), reads.LIVE)):
                tools = DeskTools(world=connection, case_id=case.id, now=case.began_at, statements=statements)
                for name in reads.AS_OF:
                    args = {"customer_id": case.unit, "order_id": case.input["order_id"], "ticket_id": case.id}
                    serves = bindings[name]
                    assert isinstance(serves, Serves)
                    given = {key: args[key] for key in serves.needs}
                    assert serves.answer(given, AsOf(case_id=case.id, as_of=case.began_at)) == tools.call(name, **given)
                    asked += 1
    assert asked > 200
