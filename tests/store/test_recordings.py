"""Models' answers for a resume: once each, only for their own step, unreadable to others, gone with the case."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from shadow.doors.network.recordings import Recorded, Step
from shadow.doors.network.usage import Usage
from shadow.errors import StoreError
from shadow.store import Store
from shadow.store.prune import prune
from shadow.store.recordings import StoreRecordings
from shadow.store.registry import Run
from shadow.store.replays import save_dead_letter, save_observations
from shadow.store.tables import recordings
from tests.store.desk import at, bring, entry, everything, experiment, in_a_process, plan, seen, shard, window

SECRET = b"the customer's very own words"
CASES = [entry("c1"), entry("c2")]


def step(case: str = "c1", **changed: Any) -> Step:
    """The first call of a case."""
    return replace(Step(experiment="", case=case, repeat=0, step=1, digest="d" * 64), **changed)


def answer(body: bytes = SECRET) -> Recorded:
    """An answer that was paid for."""
    usage = Usage(model="m", tokens_in=3, tokens_out=4, cost_usd=Decimal("0.001"))
    return Recorded(status=200, headers=(("content-type", "text/plain"),), body=body, duration_s=0.5, usage=usage)


@pytest.fixture
def run(store: Store) -> Run:
    """A run of two cases."""
    bring(store, *CASES)
    made = window(store, experiment(store))
    plan(store, made)
    return made


@pytest.fixture
def kept(store: Store, run: Run) -> StoreRecordings:
    """Its recordings."""
    return StoreRecordings(store, shard(store, run))


def rows(store: Store) -> list[Any]:
    """All that is kept."""
    with store.read() as connection:
        return list(connection.execute(select(recordings)).mappings())


def test_only_the_same_step_finds_its_answer(run: Run, kept: StoreRecordings) -> None:
    """Another repeat, case, step, request or experiment asks anew."""
    mine = step(experiment=run.experiment)
    assert kept.find(mine) is None
    kept.keep(mine, answer())
    assert kept.find(mine) == answer()
    others = ({"repeat": 1}, {"case": "c2"}, {"step": 2}, {"digest": "e" * 64}, {"experiment": "other"})
    assert [kept.find(replace(mine, **other)) for other in others] == [None] * len(others)


def test_the_first_answer_stays(run: Run, kept: StoreRecordings) -> None:
    """Both were paid for; the replay went on with the first."""
    mine = step(experiment=run.experiment)
    kept.keep(mine, answer())
    kept.keep(mine, answer(b"another"))
    assert kept.find(mine) == answer()


def test_threads_and_attempts_share_it(store: Store, run: Run, kept: StoreRecordings) -> None:
    """Several at once, each its own; and a later attempt at the shard, under another lease, reads them back."""
    steps = [step(experiment=run.experiment, step=number) for number in range(1, 21)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: kept.keep(one, answer(str(one.step).encode())), [*steps, *steps]))
        younger = StoreRecordings(store, shard(store, run))
        found = list(pool.map(younger.find, steps))
    assert [one.body for one in found if one] == [str(one.step).encode() for one in steps]
    assert len(rows(store)) == len(steps)


def test_what_was_kept_survives_the_process(store: Store, run: Run) -> None:
    """Killed right after `keep` returned, as by SIGKILL: a resume finds it, and pays once."""
    mine = step(experiment=run.experiment)

    def work() -> int:
        StoreRecordings(store, shard(store, run)).keep(mine, answer())
        os.kill(os.getpid(), 9)
        return 0

    assert in_a_process(work) == -9
    assert StoreRecordings(store, shard(store, run)).find(mine) == answer()


def test_nobody_else_can_read_it(store: Store, run: Run, kept: StoreRecordings, tmp_path: Path) -> None:
    """Neither the answer nor the request's digest stands anywhere in clear; two equal answers do not look alike."""
    kept.keep(step(experiment=run.experiment), answer())
    kept.keep(step(experiment=run.experiment, step=2), answer())
    said = everything(store)
    assert SECRET.decode() not in said and "d" * 64 not in said
    first, second = (bytes(row["body"])[12:] for row in rows(store))
    assert first != second
    if store.engine.dialect.name == "sqlite":
        assert SECRET not in b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))


def test_a_row_that_was_moved_or_changed_is_refused(store: Store, run: Run, kept: StoreRecordings) -> None:
    """What is sealed is bound to its step (`_named`): nobody can answer one case with another's words."""
    mine, other = step(experiment=run.experiment), step("c2", experiment=run.experiment)
    kept.keep(mine, answer())
    kept.keep(other, answer(b"another"))
    bodies = {row["case_id"]: bytes(row["body"]) for row in rows(store)}
    with store.write() as connection:
        spoilt = bytes([*bodies["c2"][:-1], bodies["c2"][-1] ^ 1])
        for case, body in (("c1", bodies["c2"]), ("c2", spoilt)):
            connection.execute(update(recordings).where(recordings.c.case_id == case).values(body=body))
    for one in (mine, other):
        with pytest.raises(StoreError, match="cannot be read"):
            kept.find(one)


def test_they_go_with_their_case(store: Store, run: Run, kept: StoreRecordings) -> None:
    """In the commit of its observation, of every repeat, and no other case's (`_forget`)."""
    for one in (step(), step(repeat=1), step("c2")):
        kept.keep(replace(one, experiment=run.experiment), answer())
    save_observations(store, shard(store, run), [(CASES[0].case, seen())], now=at(1))
    assert [row["case_id"] for row in rows(store)] == ["c2"]
    save_dead_letter(store, shard(store, run), CASES[1].case, reason="x", context={}, now=at(1))
    assert rows(store) == []


def test_what_comes_late_is_not_kept(store: Store, run: Run, kept: StoreRecordings) -> None:
    """The case is over: nothing would ever drop it (`_is_done`). A repeat for noise is not over with it."""
    save_observations(store, shard(store, run), [(CASES[0].case, seen())], now=at(1))
    save_dead_letter(store, shard(store, run), CASES[1].case, reason="x", context={}, now=at(1))
    for case in ("c1", "c2"):
        kept.keep(step(case, experiment=run.experiment), answer())
    assert rows(store) == []
    kept.keep(step(experiment=run.experiment, repeat=1), answer())
    assert len(rows(store)) == 1


def test_what_waits_too_long_is_pruned(store: Store, run: Run, kept: StoreRecordings) -> None:
    """With the case's own date, the whole row."""
    kept.keep(step(experiment=run.experiment), answer())
    assert prune(store, now=at(90, 8.99))["shadow_recording"] == 0
    assert prune(store, now=at(90, 9))["shadow_recording"] == 1
    assert rows(store) == []


def test_a_database_that_fails_is_told_as_ours(store: Store, run: Run, kept: StoreRecordings) -> None:
    """The door knows what to do with a StoreError, and with no other (`_told`)."""
    with store.write() as connection:
        connection.execute(text("alter table shadow_recording rename to away"))
    try:
        with pytest.raises(StoreError, match="cannot be recorded"):
            kept.find(step())
        with pytest.raises(StoreError, match="cannot be recorded"):
            kept.keep(step(), answer())
    finally:
        with store.write() as connection:
            connection.execute(text("alter table away rename to shadow_recording"))
