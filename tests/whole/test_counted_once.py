"""Corrected, late, never settled, run twice: each case counts once, as if all had been known from the beginning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.trial import Trial, label_day, take, trial
from shadow import steps
from shadow.evidence.judged import Standing
from shadow.examples.refund_desk import world
from shadow.review.judging import judged
from shadow.store.registry import experiment as held
from shadow.store.registry import run, run_notes
from tests.whole.desk import SMALL, Place, chosen, window

LABEL = "version 1"
LAST = 9  # windows: by then every case of the three days has settled or is past the five days that it may take
WAITING, SET_ASIDE = Standing.WAITING, Standing.SET_ASIDE
Between = Callable[[int], None]


def _nothing(day: int) -> None:
    """The world stays as it is."""


def _through(one: Trial, *, after: Between = _nothing, twice: bool = False) -> tuple[str, list[dict[str, Any]]]:
    """Every daily window with people's labels in between, each once or twice; the experiment and what looks said."""
    looks = []
    for day in range(LAST):
        experiment, found = take(one, LABEL, *window(day))
        if twice:
            assert take(one, LABEL, *window(day)) == (experiment, found)
        label_day(one, experiment, window(day)[1], window(day)[1] + timedelta(hours=10))
        after(day)
        looks.append(found)
    return experiment, looks


def _write(place: Place, statement: str, *values: Any) -> None:
    desk = world.connect(place.files.world, writer="live desk")
    desk.execute(statement, values)
    desk.close()


def _settled_on(place: Place, day: int, decision: str) -> str:
    """A case that arrived and settled on that day with that decision, and was not corrected by the desk itself."""
    start, end = (world.text(moment) for moment in window(day))
    with world.reading(place.files.world) as connection:
        return str(
            connection.execute(
                "select o.case_id from outcomes o join intake i on i.ticket_id = o.case_id where i.arrived_at >= ? "
                "and o.settled_at < ? and o.decision = ? group by o.case_id having count(*) = 1 order by 1 limit 1",
                (start, end, decision),
            ).fetchone()[0]
        )


def _correct(place: Place, case: str, day: int) -> None:
    """On that day a lead turns a refusal into a partial refund."""
    at = world.text(window(day)[0] + timedelta(hours=11))
    _write(
        place,
        "insert into outcomes (case_id, settled_at, decision, amount_minor, currency, reason) "
        "values (?, ?, 'partial', 1234, 'EUR', 'looked at again by a lead')",
        case,
        at,
    )


def _arrive_late(place: Place, like: str, case: str, *, outcome: bool) -> None:
    """A row of day 0 that reaches the intake only now; it has its outcome of then, or never gets one."""
    _write(
        place,
        "insert into intake (ticket_id, arrived_at, began_at, customer_id, order_id, channel, country, claim_minor, "
        "currency, subject, message, customer_name, customer_email) select ?, arrived_at, began_at, customer_id, "
        "order_id, channel, country, claim_minor, currency, subject, message, customer_name, customer_email "
        "from intake where ticket_id = ?",
        case,
        like,
    )
    if outcome:
        _write(
            place,
            "insert into outcomes (case_id, settled_at, decision, amount_minor, currency, reason) "
            "select ?, settled_at, decision, amount_minor, currency, reason from outcomes where case_id = ?",
            case,
            like,
        )


def _standing(place: Place, case: str) -> tuple[int, int, int, int]:
    """How often a case was taken and replayed, how many of its outcomes are kept, and how many were compared."""
    return (
        place.ask("select count(*) from shadow_taken where case_id = ?", case)[0][0],
        place.ask("select count(*) from shadow_observation where case_id = ?", case)[0][0],
        place.ask("select count(*) from shadow_settlement where case_id = ?", case)[0][0],
        place.ask("select count(*) from shadow_result where case_id = ?", case)[0][0],
    )


def test_each_case_is_counted_once(place: Place, tmp_path: Path) -> None:
    """The world changes between looks and every window is run twice; a fresh store over the same windows agrees."""
    corrected, copied = _settled_on(place, 0, "decline"), _settled_on(place, 0, "approve")

    def after(day: int) -> None:
        if day == 0:
            _correct(place, corrected, 2)
            _arrive_late(place, copied, "T90001-late", outcome=True)
            _arrive_late(place, copied, "T90002-never", outcome=False)

    one = trial(tmp_path, SMALL)
    experiment, looks = _through(one, after=after, twice=True)
    assert _standing(place, corrected) == (1, 1, 2, 2)
    assert _standing(place, "T90001-late") == (1, 1, 1, 1)
    assert _standing(place, "T90002-never") == (1, 1, 0, 0)
    late = place.ask("select run from shadow_taken where case_id = 'T90001-late'")[0][0]
    assert run(one.store, late).start == window(1)[0] and run_notes(one.store, late)["counts"]["taken"] > 1

    first = _assessed(one, experiment, 1)
    fresh = trial(_again(tmp_path), SMALL)
    again, others = _through(fresh)
    assert again == experiment
    assert looks[-1]["decision_digest"] == others[-1]["decision_digest"]
    assert looks[-1]["verdict"] == others[-1]["verdict"] and looks[-1]["reasons"] == others[-1]["reasons"]
    assert first != looks[-1]["decision_digest"]  # the digest moves with what it stands for
    assert _numbers(one, experiment) == _numbers(fresh, experiment)


def _again(tmp_path: Path) -> Path:
    """A folder with the same desk, as it is by now, and no store."""
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "desk").symlink_to(tmp_path / "desk")
    return folder


def _assessed(one: Trial, experiment: str, days: int) -> str:
    return str(_look(one, experiment, days).decision_digest)


def _look(one: Trial, experiment: str, days: int) -> Any:
    return steps.assess_at(one.store, held(one.store, experiment), look=window(0, days)[1])


def _numbers(one: Trial, experiment: str) -> dict[str, Any]:
    """What the evidence counts at the last look, and each gate's figures but those of time."""
    found = _look(one, experiment, LAST)
    return {
        finding.gate: dict(finding.numbers)
        for finding in found.verdict.findings
        if finding.gate not in ("latency", "cost")
    }


def test_a_correction_moves_its_case_from_one_count_to_the_other(place: Place, tmp_path: Path) -> None:
    """Before it the case agrees, after it it differs; the old look stays what it was, and no case is there twice."""
    corrected = _settled_on(place, 0, "decline")

    def after(day: int) -> None:
        if day == 0:
            _correct(place, corrected, 2)

    one = trial(tmp_path, SMALL)
    experiment, looks = _through(one, after=after)
    words = place.ask("select revision, agreement from shadow_result where case_id = ? order by revision", corrected)
    assert words == [(1, "agree"), (2, "discrepancy")]
    assert _assessed(one, experiment, 2) == looks[1]["decision_digest"]  # what was known then is still what it was
    compared = [_look(one, experiment, days).evidence.compared for days in (1, 2, LAST)]
    assert compared == sorted(compared) and compared[-1] <= len(place.committed())


def test_a_case_that_never_settles_is_set_aside_at_its_limit(place: Place, tmp_path: Path) -> None:
    """It waits for the five days that the contract grants, then counts as set aside, in one place."""
    like = _settled_on(place, 0, "approve")
    _arrive_late(place, like, "T90002-never", outcome=False)
    one = trial(tmp_path, SMALL)
    experiment, _ = _through(one)
    stood = {days: _stands(one, experiment, "T90002-never", days) for days in (1, 5, 6, LAST)}
    assert stood == {1: [WAITING], 5: [WAITING], 6: [SET_ASIDE], LAST: [SET_ASIDE]}
    closed = [_look(one, experiment, days).evidence.closed for days in (5, 6)]
    assert not closed[0] and closed[1]  # the day waits for it, and closes without it


def _stands(one: Trial, experiment: str, case: str, days: int) -> list[Standing]:
    """How the case stands after so many days, as often as it is there."""
    rows = judged(one.store, held(one.store, experiment), contract=one.setup.contract, look=window(0, days)[1])
    return [seen.standing for row, _, seen in rows if row.case_id == case]


def test_windows_that_overlap_count_nothing_twice(place: Place, tmp_path: Path) -> None:
    """Three days one by one, then all of them in one window: no case is replayed again, and the counts stay."""
    one = trial(tmp_path, SMALL)
    experiment, looks = _through(one)
    calls = place.calls()
    _, found = take(one, LABEL, *window(0, LAST))
    assert found["decision_digest"] == looks[-1]["decision_digest"] and found["reasons"] == looks[-1]["reasons"]
    assert place.calls() == calls and set(place.committed().values()) == {1}
    taken = chosen(place.ask("select case_id from shadow_taken where experiment = ?", experiment))
    assert len(taken) == len(set(taken)) > 50
