"""The review queue: the order and contents of the sheet, one at a time, by the index; words, and taking them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from shadow.contract import Severity
from shadow.errors import UsageError
from shadow.review.labels import export_rows
from shadow.review.queue import LONGEST_COMMENT, label, last_word, next_open, progress, undo
from shadow.steps.assessing import assess_at
from shadow.store import Store
from shadow.store.labels import EVER, labels_at, words_on
from shadow.store.prune import prune
from shadow.store.registry import Experiment
from shadow.store.tables import cases, dead_letters, observations, results, runs, settlements, taken
from shadow.store.verdicts import StoredVerdict, save_verdict
from tests.store.desk import (
    JUDGEMENT,
    KEEP,
    at,
    bring,
    compared,
    entry,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    window,
)

LOOK = at(20)
NOW = at(21, 10)


@pytest.fixture
def store(both: Store) -> Store:
    """Both databases take the same statements to mean the same."""
    return both


def looked(store: Store, held: Experiment, look: datetime = LOOK, run: str = "a-look") -> None:
    """A verdict of this look, whatever it says."""
    save_verdict(
        store,
        StoredVerdict(
            run=run, experiment=held.id, look=look, word="inconclusive", contract=held.contract,
            decision_digest="d", measurement_digest="m", counts_digest="c", body={"findings": []},
        ),
    )  # fmt: skip


def differing(store: Store, *keys: str, **severities: str) -> Experiment:
    """An assessed experiment in which these cases differ, majorly unless said otherwise."""
    held = experiment(store)
    run = window(store, held)
    entries = [entry(key, hour=number) for number, key in enumerate(keys)]
    bring(store, *entries)
    plan(store, run)
    for one in entries:
        settle(store, outcome(one.case.id))
        replayed(store, run, (one, seen("decline")))
        compared(store, run, one, seen(), seen("decline"))
    grade(store, severities)
    looked(store, held)
    return held


def grade(store: Store, severities: dict[str, str]) -> None:
    """Have results of another severity."""
    with store.write() as connection:
        for key, severity in severities.items():
            connection.execute(update(results).where(results.c.case_id == key).values(severity=severity))


def word(held: Experiment, key: str, mark: str, side: str = "control", **more: str) -> dict[str, str]:
    """What a form says."""
    return {"experiment": held.id, "case": key, "discrepancy": mark, "side": side, **more}


def walked(store: Store, held: Experiment, *, every: bool = False) -> list[tuple[str, str, str]]:
    """The whole queue by skipping."""
    found = []
    one = next_open(store, held.id, every=every)
    while one is not None:
        found.append((one.case_id, one.discrepancy, str(one.severity)))
        one = next_open(store, held.id, after=one.case_id, every=every)
    return found


def exported(store: Store, held: Experiment, *, every: bool = False) -> list[tuple[str, str, str]]:
    """The sheet's rows."""
    return [(r["case"], r["discrepancy"], r["severity"]) for r in export_rows(store, held.id, every=every)]


def anything(store: Store, seed: int) -> Experiment:
    """An experiment with cases of every standing: late, aside, dead, corrected, not counted, pruned, labelled, …"""
    random = Random(seed)
    held = experiment(store)
    whole, part, future = window(store, held, days=10), window(store, held, 10, at_most=3), window(store, held, 30)
    entries = [entry(f"c{n}", random.randrange(10), hour=random.choice((9, 9, 17))) for n in range(30)]
    entries += [entry(f"p{n}", 10) for n in range(5)] + [entry(f"f{n}", 30) for n in range(4)]
    bring(store, *(replace(one, aside="no input") if random.random() < 0.05 else one for one in entries))
    for run in (whole, part, future):
        plan(store, run)
    for one in entries:
        _take(store, random, one, {"c": whole, "p": part, "f": future}[one.case.id[0]])
    with store.write() as connection:
        gone = [{"experiment": held.id, "case_id": f"c{n}", "run": whole.id, "reason": "no", "body": {},
                 "at": NOW, "keep_until": EVER} for n in random.sample(range(30), 2)]  # fmt: skip
        connection.execute(insert(dead_letters), gone)
        bare = [f"c{n}" for n in random.sample(range(30), 4)]
        connection.execute(update(observations).where(observations.c.case_id.in_(bare[:2])).values(body=None))
        connection.execute(update(settlements).where(settlements.c.case_id.in_(bare[2:])).values(body=None))
    looked(store, held)
    for number, (key, mark, _) in enumerate(exported(store, held, every=True)[::3]):
        label(store, word(held, key, mark), who="ann", at=NOW + timedelta(minutes=number))
        if number % 2:
            undo(store, held.id, key, mark, who="ann", at=NOW + timedelta(days=1))
    return held


def _take(store: Store, random: Random, one: Any, run: Any) -> None:
    day = (one.case.arrived_at - at()).total_seconds() / 86400
    late = random.choice((0.1, 0.1, 0.1, 4.999, 5, 5.00001, 8))
    if random.random() < 0.08:
        return
    settle(store, outcome(one.case.id, day + late, hour=0))
    decision = random.choice(("approve", "decline", "decline"))
    replayed(store, run, (one, seen(decision)))
    compared(store, run, one, seen(), seen(decision))
    if decision == "decline":
        grade(store, {one.case.id: random.choice(list(Severity))})
    if random.random() < 0.25:
        settle(store, outcome(one.case.id, random.choice((15, 19.9, 25)), "decline", hour=0))
        compared(store, run, one, seen("decline"), seen(decision), revision=2)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_sheet_one_at_a_time(store: Store, seed: int) -> None:
    """Walked from its beginning to its end, the queue is what would be exported, in that order; progress counts it."""
    held = anything(store, seed)
    for every in (False, True):
        rows = exported(store, held, every=every)
        assert rows
        assert walked(store, held, every=every) == rows
        told = progress(store, held.id, every=every)
        shown = [one for one in Severity if every or one.harmful]
        assert dict(told.by_severity) == {one: sum(row[2] == one for row in rows) for one in shown}
        assert told.open == len(rows)


def test_pruned_cases_leave_the_queue(store: Store) -> None:
    """What is no longer kept cannot be judged: neither the sheet nor the queue asks for it."""
    held = differing(store, "c1", "c2")
    prune(store, now=at(0, 0.5) + KEEP)
    assert walked(store, held) == exported(store, held) != []
    prune(store, now=at(3) + KEEP)
    assert walked(store, held) == exported(store, held) == []


def test_what_a_part_of_a_window_took_is_no_evidence(store: Store) -> None:
    """Nor is it asked about."""
    held = differing(store, "c1", "c2")
    with store.write() as connection:
        connection.execute(update(taken).where(taken.c.case_id == "c1").values(counted=False))
    assert [key for key, _, _ in walked(store, held)] == [key for key, _, _ in exported(store, held)] == ["c2"]


def test_what_was_set_aside_or_is_of_a_later_run_is_not_asked_about(store: Store) -> None:
    """A case that came in unfit, and one of a run that had not ended at the look, count for nothing there."""
    held = differing(store, "c1", "c2")
    with store.write() as connection:
        connection.execute(update(cases).where(cases.c.id == "c1").values(aside="no input"))
    assert [key for key, _, _ in walked(store, held)] == [key for key, _, _ in exported(store, held)] == ["c2"]
    with store.write() as connection:
        connection.execute(update(runs).values(end=LOOK + timedelta(microseconds=1)))
    assert walked(store, held) == exported(store, held) == []


def test_the_worst_first_then_the_oldest_then_by_id(store: Store) -> None:
    """Critical before major however young; minor and cosmetic only where every one is asked for."""
    held = differing(store, "b", "a", "d", "c", "e", d="critical", c="minor", e="cosmetic")
    assert [key for key, _, _ in walked(store, held)] == ["d", "b", "a"]
    assert [key for key, _, _ in walked(store, held, every=True)] == ["d", "b", "a", "c", "e"]
    told = progress(store, held.id, every=True)
    assert list(told.by_severity.items()) == [("critical", 1), ("major", 2), ("minor", 1), ("cosmetic", 1)]


def test_labelled_is_not_asked_again_and_counts_as_done(store: Store) -> None:
    """The next one comes; what was skipped comes again in the next round."""
    held = differing(store, "a", "b", "c")
    first = next_open(store, held.id)
    assert first is not None and first.case_id == "a"
    label(store, word(held, "a", first.discrepancy, grade="minor", comment="no harm"), who="ann", at=NOW)
    assert [key for key, _, _ in walked(store, held)] == ["b", "c"]
    assert next_open(store, held.id, after="b").case_id == "c"  # type: ignore[union-attr]
    told = progress(store, held.id)
    assert (told.labelled, told.open) == (1, 2)


def test_a_word_counts_at_the_next_look(store: Store) -> None:
    """The look before it says what it said; the one after it says what the label makes of it."""
    held = differing(store, "a")
    first = next_open(store, held.id)
    assert first is not None

    def harmful(look: datetime) -> tuple[int, int]:
        found = {one.gate: one for one in assess_at(store, held, look=look).verdict.findings}
        counts = assess_at(store, held, look=look).evidence.counts
        return len(found), sum(number for key, number in _grades(counts).items() if key.harmful)

    before = harmful(at(9))
    label(store, word(held, "a", first.discrepancy, side="candidate"), who="ann", at=at(9.5))
    assert harmful(at(9)) == before == (before[0], 1)
    assert harmful(at(10))[1] == 0
    undo(store, held.id, "a", first.discrepancy, who="ann", at=at(11))
    assert harmful(at(10))[1] == 0, "a look that was taken stays as it was"
    assert harmful(at(11))[1] == 1


def _grades(counts: Any) -> dict[Severity, int]:
    from shadow.evidence.counts import Table

    return {one: counts.number(Table.GRADES, one) for one in Severity}


def test_undo_takes_back_the_newest_word_of_that_person(store: Store) -> None:
    """The word before it holds again; the label's row stays; a look taken in between still sees it."""
    held = differing(store, "a")
    mark = next_open(store, held.id).discrepancy  # type: ignore[union-attr]
    label(store, word(held, "a", mark), who="ann", at=at(21))
    label(store, word(held, "a", mark, side="both"), who="bob", at=at(22))
    label(store, word(held, "a", mark, side="candidate"), who="ann", at=at(23))
    assert undo(store, held.id, "a", mark, who="ann", at=at(24)).side == "candidate"
    assert [str(labels_at(store, held.id, look=at(day))["a", mark].side) for day in (21, 22, 23, 24)] == [
        "control", "both", "candidate", "both",
    ]  # fmt: skip
    assert undo(store, held.id, "a", mark, who="ann", at=at(25)).side == "control"
    assert [(str(one.side), back) for one, back in words_on(store, held.id, "a")] == [
        ("control", at(25)), ("both", None), ("candidate", at(24)),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no word of yours"):
        undo(store, held.id, "a", mark, who="ann", at=at(26))
    assert labels_at(store, held.id, look=EVER)["a", mark].who == "bob"


def test_nobody_takes_back_anothers_word(store: Store) -> None:
    """Nor a word on another discrepancy."""
    held = differing(store, "a", "b")
    mark = next_open(store, held.id).discrepancy  # type: ignore[union-attr]
    label(store, word(held, "a", mark), who="ann", at=NOW)
    for who, key in (("bob", "a"), ("ann", "b")):
        with pytest.raises(UsageError, match="no word of yours"):
            undo(store, held.id, key, mark, who=who, at=NOW)
    with pytest.raises(UsageError, match="no word of yours"):
        undo(store, held.id, "a", "0" * 64, who="ann", at=NOW)
    assert ("a", mark) in labels_at(store, held.id, look=EVER)


def test_taken_back_it_is_open_again(store: Store) -> None:
    """In the queue and in the sheet."""
    held = differing(store, "a")
    mark = next_open(store, held.id).discrepancy  # type: ignore[union-attr]
    label(store, word(held, "a", mark), who="ann", at=NOW)
    assert walked(store, held) == exported(store, held) == []
    undo(store, held.id, "a", mark, who="ann", at=NOW)
    assert walked(store, held) == exported(store, held) == [("a", mark, "major")]


def test_the_last_word_is_ones_own_and_stands(store: Store) -> None:
    """What `undo` of a page offers: the newest, of this person, not taken back."""
    held = differing(store, "a", "b")
    mark = next_open(store, held.id).discrepancy  # type: ignore[union-attr]
    assert last_word(store, held.id, "ann") is None
    label(store, word(held, "a", mark), who="ann", at=at(21))
    label(store, word(held, "b", mark), who="ann", at=at(22))
    label(store, word(held, "a", mark), who="bob", at=at(23))
    assert last_word(store, held.id, "ann").case_id == "b"  # type: ignore[union-attr]
    undo(store, held.id, "b", mark, who="ann", at=at(24))
    assert last_word(store, held.id, "ann").case_id == "a"  # type: ignore[union-attr]


WRONG: list[tuple[dict[str, str], str]] = [
    ({"side": "contrl"}, "did you mean 'control'?"),
    ({"side": ""}, "no side"),
    ({"grade": "terrible"}, "allowed: cosmetic, minor, major, critical"),
    ({"side": "candidate", "grade": "major"}, "a candidate that was right has no grade"),
    ({"case": "c9"}, "no such discrepancy"),
    ({"discrepancy": "0" * 64}, "no such discrepancy"),
    ({"experiment": "other"}, "no such experiment"),
    ({"comment": "x" * (LONGEST_COMMENT + 1)}, "the comment is too long"),
    ({"comment": "a\0b"}, "U\\+0000"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_word_is_refused(store: Store, wrong: dict[str, str], said: str) -> None:
    """By the same checks as a row of the sheet; nothing is kept."""
    held = differing(store, "a")
    mark = next_open(store, held.id).discrepancy  # type: ignore[union-attr]
    with pytest.raises(UsageError, match=said):
        label(store, {**word(held, "a", mark), **wrong}, who="ann", at=NOW)
    assert words_on(store, held.id, "a") == []


def test_somebody_says_it_and_once_a_moment(store: Store) -> None:
    """A word without a person is none; another word of the same person at the same moment would be lost."""
    held = differing(store, "a")
    mark = next_open(store, held.id).discrepancy  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="nobody is named"):
        label(store, word(held, "a", mark), who=" ", at=NOW)
    label(store, word(held, "a", mark), who="ann", at=NOW)
    with pytest.raises(UsageError, match="said otherwise at that very moment"):
        label(store, word(held, "a", mark, side="both"), who="ann", at=NOW)


def test_before_a_first_look_there_is_no_queue(store: Store) -> None:
    """And an unknown place to go on from is named."""
    held = differing(store, "a")
    with pytest.raises(UsageError, match="no such discrepancy to go on from"):
        next_open(store, held.id, after="nowhere")
    with pytest.raises(UsageError, match="no run was assessed yet"):
        next_open(store, experiment(store, "v2").id)


def test_no_case_that_agrees_is_looked_at(tmp_path: Any) -> None:
    """SQLite walks the index of open results and looks rows up by their keys; no table is scanned, no body is read."""
    from shadow.store import open_store

    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    held = differing(opened, "a", "b")
    said: list[tuple[str, Any]] = []
    event.listen(opened.engine, "before_cursor_execute", lambda *a: said.append((a[2], a[3])))
    next_open(opened, held.id)
    progress(opened, held.id)
    asked = [(text, given) for text, given in said if "shadow_result" in text]
    assert len(asked) == 4  # two severities in order, a closer look at those found, the counts
    with opened.read() as connection:
        for text, given in asked:
            shown = text.partition("FROM")[0]
            assert "body" not in shown and "input" not in shown
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
            assert not [line for line in plan if line.startswith("SCAN") and "held" not in line], plan
            assert any("COVERING INDEX ix_shadow_result_open (experiment=? AND judgement=?" in line for line in plan)
    opened.close()


def test_old_judgements_are_not_asked_about(store: Store) -> None:
    """Results of a judgement that the contract has left behind are history."""
    held = differing(store, "a")
    with store.write() as connection:
        connection.execute(update(results).values(judgement=JUDGEMENT[::-1]))
    assert walked(store, held) == exported(store, held) == []
