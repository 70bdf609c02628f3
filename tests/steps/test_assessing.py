"""Assessing: what a verdict is bound to, and what moves its digests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from shadow.contract import Severity
from shadow.review.judging import judge
from shadow.steps import assess_at
from shadow.steps.assessing import Fingerprints
from shadow.store import Store
from shadow.store.labels import Label, Side, save_labels
from shadow.store.registry import experiment, register, save_validation
from shadow.store.standings import StandingRow
from shadow.store.tables import observations
from shadow.store.verdicts import verdict_of
from tests.steps.desk import CONTRACT, Desk, at, judged_by, run_day, started
from tests.steps.test_whole_way import stands


def word(store: Store, run: str, key: str, day: float, side: Side) -> None:
    """Somebody's word on a discrepancy."""
    row = stands(store, run)[key]
    one = verdict_of(store, run)
    assert one is not None
    label = Label(
        experiment=one.experiment, case_id=key, discrepancy=row.discrepancy, side=side, grade=None, comment="",
        who="ann", at=at(day),
    )  # fmt: skip
    save_labels(store, [label])


def test_a_label_moves_the_decision_from_its_date_on(store: Store, desk: Desk) -> None:
    """Dated after the look it changes nothing, whenever it is imported; another look hears it."""
    desk.case("big", claim=500)
    given = desk.setup()
    first, second = run_day(store, given), run_day(store, given, 1)
    word(store, first["run"], "big", 1.5, Side.CANDIDATE)
    assert run_day(store, given)["decision_digest"] == first["decision_digest"]
    assert run_day(store, given, 1)["decision_digest"] != second["decision_digest"]


def test_measures_move_only_the_measurement(store: Store, desk: Desk, fresh: object) -> None:
    """Two runs of the same cases never last equally long: the decision is the same."""
    desk.case("a")
    given = desk.setup()
    one = verdict_of(store, run_day(store, given)["run"])
    other = fresh()  # type: ignore[operator]
    two = verdict_of(other, run_day(other, given)["run"])
    assert one is not None
    assert two is not None
    assert one.decision_digest == two.decision_digest
    assert one.measurement_digest != two.measurement_digest
    assert len({one.decision_digest, one.measurement_digest, one.counts_digest}) == 3


def test_the_decision_is_bound_to_the_rules(store: Store, desk: Desk) -> None:
    """Other gates or another judgement: another digest, over the very same cases."""
    desk.case("a")
    found = run_day(store, desk.setup())
    held = experiment(store, found["experiment"])
    digests = {
        assess_at(store, held, contract=contract, look=at(1)).decision_digest
        for contract in (
            CONTRACT,
            judged_by(gates=CONTRACT.gates[:1]),
            judged_by(labels_within=CONTRACT.labels_within * 2),
        )
    }
    assert len(digests) == 3
    assert found["decision_digest"] in digests


ROW = StandingRow(
    case_id="c1", unit="u1", arrived_at=at(0, 9), slices={"country": "DE"}, input_digest="i", doubled=0, aside="",
    revision=1, first_settled_at=at(0, 12), settled_at=at(0, 12), ending="finished", duration_s=0.5, cost_usd=0.01,
    agreement="discrepancy", severity="major", stale=False, reason="", discrepancy="d",
)  # fmt: skip
WORD = Label(
    experiment="e", case_id="c1", discrepancy="d", side=Side.CONTROL, grade=None, comment="", who="ann", at=at(1)
)  # fmt: skip


def prints(row: StandingRow, label: Label | None, look: float = 1) -> tuple[str, str]:
    """Both digests over this one case."""
    found = Fingerprints()
    found.add(row, judge(row, label, contract=CONTRACT, look=at(look)), label)
    return found.decision.hexdigest(), found.measurement.hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        {"case_id": "c2"},
        {"input_digest": "j"},
        {"revision": 2},
        {"agreement": "incomparable"},
        {"severity": "critical"},
        {"reason": "stale read: orders.get"},
        {"discrepancy": "e"},
        {"aside": "no id"},
        {"first_settled_at": None, "settled_at": None},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_each_thing_decided_on_moves_the_decision(changed: dict[str, Any]) -> None:
    """And the measurement only where the case is another one."""
    (before, measured), (after, again) = prints(ROW, None), prints(replace(ROW, **changed), None)
    assert before != after
    assert (measured == again) is ("case_id" not in changed)


def test_words_and_their_time_move_the_decision() -> None:
    """Nobody's word yet, nobody's word in time, each side, each grade; who said it and when does not matter."""
    words = [None, WORD, replace(WORD, side=Side.CANDIDATE), replace(WORD, grade=Severity.MINOR)]
    found = [prints(ROW, word)[0] for word in words] + [prints(ROW, None, look=9)[0]]
    assert len(set(found)) == 5
    assert prints(ROW, replace(WORD, who="bob", at=at(0.5), comment="hm"))[0] == found[1]


@pytest.mark.parametrize("changed", [{"duration_s": 0.6}, {"cost_usd": None}])
def test_each_thing_measured_moves_the_measurement_alone(changed: dict[str, Any]) -> None:
    """The decision is the same, however long it took."""
    (before, measured), (after, again) = prints(ROW, WORD), prints(replace(ROW, **changed), WORD)
    assert before == after
    assert measured != again


def test_a_look_at_nothing_decides_nothing(store: Store) -> None:
    """Assessed without a single case: inconclusive, and nothing is written."""
    held = register(store, CONTRACT, label="v1", pin="a" * 64, now=at())
    found = assess_at(store, held, look=at(1))
    assert found.verdict.word == "inconclusive"
    assert verdict_of(store, "anything") is None


def test_a_stopped_windows_problems_are_told(store: Store, desk: Desk) -> None:
    """By span and column; its cases are not taken."""
    desk.case("a")
    given = desk.setup()
    day = started(store, given)
    problem = {"column": "claim", "what": "100 times as large", "count": 7, "expectation": "unit"}
    save_validation(store, day, {"ok": False, "problems": [problem], "profile": {}, "notes": []})
    found = run_day(store, given)
    assert stands(store, day) == {}
    held = experiment(store, found["experiment"])
    (told,) = assess_at(store, held, look=at(1)).evidence.problems
    assert tuple(told)[1::2] == ("claim", 7)
    assert "2026-11-01 00:00 to 2026-11-02 00:00" in str(told)


@pytest.mark.parametrize(
    ("held", "status"),
    [
        (("kernel: Landlock", "kernel: Landlock"), "pass"),
        (("kernel: Landlock", "cooperative, not enforced"), "inconclusive"),
        (("kernel: Landlock", None), "inconclusive"),
        ((None, None), "inconclusive"),
    ],
)
def test_a_verdict_is_as_contained_as_its_weakest_replay(
    store: Store, desk: Desk, held: tuple[str | None, str | None], status: str
) -> None:
    """One replay that nothing held is enough; so is one of which nobody wrote down how it was held."""
    desk.case("a")
    desk.case("b")
    run = run_day(store, desk.setup())["run"]
    one = verdict_of(store, run)
    assert one is not None
    with store.write() as connection:
        for key, how in zip("ab", held, strict=True):
            same = observations.c.case_id == key
            connection.execute(update(observations).where(same).values(isolation=how))
    found = assess_at(store, experiment(store, one.experiment), look=one.look)
    assert [finding.status for finding in found.verdict.findings if finding.gate == "isolation"] == [status]
