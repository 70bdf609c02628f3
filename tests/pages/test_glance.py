"""A workflow at a glance, gathered from a store: the verdict's word with what the verdict knows beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shadow.gates.grounds import grounds
from shadow.pages.glance import Trial, glance
from shadow.store import Store
from shadow.store.registry import Experiment, contract_of
from shadow.store.verdicts import StoredVerdict, save_verdict, verdicts_of
from tests.approval.desk import ASKED, NOW, trial, verdict


def now_at(store: Store, now: datetime) -> Trial:
    """The one candidate as it stands then."""
    (one,) = glance(store, ASKED.workflow, now=now).trials
    return one


def said(store: Store, held: Experiment, **body: Any) -> StoredVerdict:
    """The verdict with more in its body."""
    newest = verdicts_of(store, held.id)[-1]
    save_verdict(store, replace(newest, body={**newest.body, **body}))
    return newest


def test_a_verdict_is_void_after_its_time(store: Store) -> None:
    """The word says so, with the reason; before its time it does not."""
    held = trial(store)
    verdict(store, held)
    stands = grounds(contract_of(store, held.contract), counts="", pin=held.pin, taken=NOW)
    said(store, held, grounds=stands.to_json())
    assert now_at(store, NOW).word == "ready (demonstration), unsigned" and now_at(store, NOW).void == ()
    late = now_at(store, NOW + timedelta(days=8))
    assert late.word == "ready (demonstration), void, unsigned"
    assert len(late.void) == 1 and late.void[0].startswith("it expired on")


def test_without_a_moment_it_is_judged_now(store: Store) -> None:
    """A verdict that ran out long ago is void."""
    held = trial(store)
    verdict(store, held)
    taken = datetime(2020, 1, 1, tzinfo=UTC)
    stands = grounds(contract_of(store, held.contract), counts="", pin=held.pin, taken=taken)
    said(store, held, grounds=stands.to_json())
    assert glance(store, ASKED.workflow).trials[0].void


def test_the_end_and_the_versions_are_told(store: Store) -> None:
    """That the trial is over stands where the forecast does; versions where there are more than one."""
    held = trial(store)
    verdict(store, held, word="inconclusive")
    said(store, held, ended=True, forecast="the horizon is reached", versions_tried=3, family=2)
    one = now_at(store, NOW)
    assert one.ended and one.forecast == "The trial is over: the horizon is reached"
    assert one.tried.endswith("one error rate holds for all of them, this is version 2.")
    said(store, held, ended=False, forecast="3 days", versions_tried=1, family=0)
    one = now_at(store, NOW)
    assert (one.ended, one.forecast, one.tried) == (False, "3 days", "")


def test_a_body_from_before_is_shown(store: Store) -> None:
    """Without what was not written down then."""
    held = trial(store)
    verdict(store, held)
    one = now_at(store, NOW)
    assert (one.void, one.ended, one.tried) == ((), False, "")
