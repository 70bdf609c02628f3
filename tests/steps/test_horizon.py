"""The end of a trial, the family of its versions, and what its verdicts stand on; through the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shadow.candidates.python import python
from shadow.gates.calendar import calendar
from shadow.gates.grounds import Grounds, voided
from shadow.gates.harmful_rate import harmful_rate
from shadow.setup import Setup
from shadow.steps import assess, plan
from shadow.steps.planning import over
from shadow.store import Store
from shadow.store.registry import experiment
from shadow.store.verdicts import verdict_of
from tests.steps.desk import CONTRACT, START, Desk, at, judged_by, run_day, started


@pytest.mark.parametrize(("days", "beyond"), [(0, False), (6.999, False), (7, True), (8, True)])
def test_the_window_at_the_horizon_is_beyond_it(days: float, beyond: bool) -> None:
    """By its start, half-open; without a horizon none is. Dies where the edge moves."""
    start = START + timedelta(days=days)
    assert over(replace(CONTRACT, horizon_days=7), START, start) is beyond
    assert not over(CONTRACT, START, start)


def test_beyond_the_horizon_nothing_is_replayed(store: Store, desk: Desk) -> None:
    """What arrived before still settles and is judged; the verdict says that the trial is over."""
    for day in (0, 1):
        desk.case(f"c{day}", day)
    given = desk.setup(of=judged_by(horizon_days=1, gates=(calendar(days=9),)))
    first = run_day(store, given)
    late = started(store, given, 1)
    assert plan(store, given, late) == []
    assess(store, given, late)
    said = verdict_of(store, late)
    assert said is not None and said.word == "inconclusive" and said.body["ended"]
    assert "no further run is planned: calendar lacks" in said.body["forecast"]
    before = verdict_of(store, first["run"])
    assert before is not None and before.body["ended"]


def test_a_verdict_stands_on_what_it_was_taken_on(store: Store, desk: Desk) -> None:
    """Counts, pin, parts, versions, and until when: a changed prompt is named, and so is a changed gate."""
    desk.case("a")
    given = desk.setup()
    (desk.folder / "v1" / "prompt.md").write_text("be kind", encoding="utf-8")
    root = str(desk.folder / "v1")
    candidate = python("agent:handle", label="v1", root=root, files=["prompt.md"], models=["small-1"])
    given = replace(given, candidates=(candidate,))
    run = run_day_at(store, given, at(1.5))
    said = verdict_of(store, run)
    assert said is not None
    stands = Grounds.from_json(said.body["grounds"])
    assert (stands.counts, stands.pin) == (said.counts_digest, candidate.pin)
    assert stands.until == at(1.5) + timedelta(days=7)
    assert stands.candidate["models"] == "small-1" and "file prompt.md" in stands.candidate
    assert "gate harmful_rate" in stands.versions and "comparator exact" in stands.versions
    newer = {**stands.candidate, "file prompt.md": "another"}
    assert voided(stands, contract=CONTRACT, pin="q" * 64, at=at(2), candidate=newer) == (
        "the candidate's file prompt.md changed",
    )
    assert voided(stands, contract=judged_by(gates=(calendar(days=2), harmful_rate(at_most=0.4))), pin=stands.pin,
                  at=at(2)) == ("the contract's gate harmful_rate changed",)  # fmt: skip


def run_day_at(store: Store, given: Setup, now: datetime) -> str:
    """A whole day's run, assessed at that moment; its id."""
    run = str(run_day(store, given)["run"])
    assess(store, given, run, clock=lambda: now)
    return run


def test_when_it_was_taken_moves_no_digest(store: Store, desk: Desk) -> None:
    """The moment of taking and the expiry are no part of what was decided on."""
    desk.case("a")
    given = desk.setup()
    run = run_day(store, given)["run"]
    before = verdict_of(store, run)
    assess(store, given, run, clock=lambda: at(9))
    after = verdict_of(store, run)
    assert before is not None and after is not None
    assert before.decision_digest == after.decision_digest
    assert before.body["grounds"]["until"] != after.body["grounds"]["until"]


def test_each_version_of_a_family_has_its_own_rate(store: Store, desk: Desk) -> None:
    """The two candidates on one contract are judged as versions 1 and 2, whenever they are looked at."""
    desk.case("a")
    asked = judged_by(family=True)
    numbers = []
    for label, limit in (("v1", 100), ("v2", 1000), ("v1", 100)):
        run = run_day(store, desk.setup(of=asked, label=label, limit=limit))
        said = verdict_of(store, run["run"])
        assert said is not None
        assert said.body["family"] == experiment(store, said.experiment).number
        numbers.append((said.body["family"], said.body["findings"][1]["numbers"]["threshold"]))
    assert [family for family, _ in numbers] == [1, 2, 1]
    assert numbers[0][1] == numbers[2][1] < numbers[1][1]
