"""Contracts, experiments and runs: what the same arguments give, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from shadow.contract import Contract, Severity
from shadow.errors import CandidateError, StoreError, UsageError
from shadow.store import Store
from shadow.store.registry import (
    begin_run,
    contract_of,
    experiment,
    find_experiment,
    first_start,
    note_run,
    profiles,
    register,
    run,
    run_notes,
    save_validation,
    tried,
    unsound,
    validated,
    windows,
)
from tests.store.desk import CONTRACT, START, at, window
from tests.store.desk import experiment as made


def of(store: Store, contract: Contract, label: str, pin: str, day: float = 0) -> str:
    """The id of an experiment."""
    return register(store, contract, label=label, pin=pin * 64, now=at(day)).id


def test_an_experiment_is_a_conduct_and_a_pin(store: Store) -> None:
    """Registered again it is the same one; a change of judgement keeps it, one of conduct does not."""
    first = of(store, CONTRACT, "v1", "a")
    assert of(store, CONTRACT, "v1", "a") == first
    judged = replace(CONTRACT, failure=Severity.CRITICAL)
    assert of(store, judged, "v1", "a") == first
    assert contract_of(store, experiment(store, first).contract) == judged
    other = of(store, replace(CONTRACT, produces={**CONTRACT.produces, "required": []}), "v1", "a")
    assert other != first
    assert of(store, CONTRACT, "v2", "b") not in (first, other)
    assert tried(store, experiment(store, first)) == 2
    assert experiment(store, first).number == 1


def test_a_changed_candidate_under_an_old_label_is_refused(store: Store) -> None:
    """With both pins and what to do; nothing is registered, another workflow may use the label."""
    of(store, CONTRACT, "v1", "a")
    with pytest.raises(CandidateError, match="changed under an old label") as caught:
        of(store, CONTRACT, "v1", "b")
    assert caught.value.seen == f"pin {'b' * 12}, recorded {'a' * 12}"
    assert "a new label" in caught.value.todo
    assert tried(store, find_experiment(store, "desk")) == 1
    of(store, replace(CONTRACT, workflow="other"), "v1", "b")


def test_a_run_is_its_window(store: Store) -> None:
    """The same arguments, in whatever zone, give the same run; another window or limit another one."""
    one = made(store)
    first = window(store, one)
    assert run(store, first.id) == first
    paris = timezone(timedelta(hours=1))
    ends = {"start": at(0).astimezone(paris), "end": at(1).astimezone(paris)}
    assert begin_run(store, experiment_id=one.id, at_most=None, **ends) == first
    ids = {first.id, window(store, one, 1).id, window(store, one, days=2).id, window(store, one, at_most=5).id}
    assert len(ids) == 4
    assert first_start(store, one.id) == at(0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": at(0)},
        {"end": at(-1)},
        {"at_most": 0},
        {"start": at(0).replace(tzinfo=None)},
        {"end": at(1).replace(tzinfo=None)},
    ],
)
def test_a_window_that_is_none_is_refused(store: Store, wrong: dict[str, Any]) -> None:
    """Empty, turned round, without a zone, or of no case."""
    given: dict[str, Any] = {"start": at(0), "end": at(1), "at_most": None, **wrong}
    with pytest.raises(UsageError):
        begin_run(store, experiment_id=made(store).id, **given)


def test_what_is_not_there_is_named(store: Store) -> None:
    """Unknown ids are errors of the store; an unknown workflow or label names the known ones, the nearest first."""
    for ask in (contract_of, experiment, run, run_notes, first_start):
        with pytest.raises(StoreError):
            ask(store, "nothing")
    with pytest.raises(UsageError, match=r"allowed: \(none\)"):
        find_experiment(store, "desk")
    made(store)
    with pytest.raises(UsageError, match="did you mean 'desk v1'"):
        find_experiment(store, "desc", label="v1")
    with pytest.raises(UsageError, match="allowed: desk v1"):
        find_experiment(store, "desk", label="v7")


def test_the_newest_experiment_is_found(store: Store) -> None:
    """Or the one of a label."""
    first = of(store, CONTRACT, "v1", "a", day=1)
    second = of(store, CONTRACT, "v2", "b", day=2)
    assert find_experiment(store, "desk").id == second
    assert find_experiment(store, "desk", label="v1").id == first


def test_notes_of_a_run(store: Store) -> None:
    """Written one by one; the others stay."""
    one = window(store, made(store))
    note_run(store, one.id, counts={"cases": 1}, isolation="cooperative")
    note_run(store, one.id, mode="forked")
    found = run_notes(store, one.id)
    assert (found["counts"], found["isolation"], found["mode"], found["sound"]) == (
        {"cases": 1}, "cooperative", "forked", None,
    )  # fmt: skip


def test_validations(store: Store) -> None:
    """Sound windows give their profiles to later ones; unsound ones their problems; a part-run counts for neither."""
    one = made(store)
    for day, ok in enumerate((True, False, True)):
        found = {"ok": ok, "problems": [{"column": "a"}] * (not ok), "profile": {"day": day}, "notes": [f"n{day}"]}
        save_validation(store, window(store, one, day).id, found)
    part = window(store, one, 3, at_most=5)
    save_validation(store, part.id, {"ok": False, "problems": [], "profile": {}, "notes": []})
    window(store, one, 4)
    assert [profile["day"] for profile in profiles(store, "desk", before=at(9))] == [0, 2]
    assert [profile["day"] for profile in profiles(store, "desk", before=at(2.5))] == [0]
    stopped = unsound(store, one.id, look=at(9))
    assert [(window["start"], window["problems"]) for window in stopped] == [(at(1), [{"column": "a"}])]
    assert unsound(store, one.id, look=at(1.5)) == []
    assert validated(store, one.id, look=at(9)) == (3, 1)
    assert validated(store, one.id, look=at(2)) == (2, 0)
    assert windows(store, one.id, look=at(2)) == [["n0"], ["n1"]]
    assert at(0) == START
