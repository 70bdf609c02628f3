"""A run's certificate from its record: counted once, the weakest of its attempts, kept as it was told."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from shadow.certificate import words
from shadow.certificate.certificate import Standing
from shadow.certificate.model import Account, Shown
from shadow.observation import Observation
from shadow.replay.isolation import COOPERATIVE, KERNEL, why_not
from shadow.steps import plan, replay, report
from shadow.steps.assessing import assess_at
from shadow.steps.certifying import certificate, certify, standing_certificate, up_to
from shadow.steps.reporting import build_report
from shadow.store import Store
from shadow.store.accounts import accounts_of, begin_account, note_account
from shadow.store.certificates import certificates_of
from shadow.store.prune import prune
from shadow.store.registry import Run, experiment
from shadow.store.replays import save_observations
from shadow.store.tables import accounts, results
from shadow.store.verdicts import verdict_of
from tests.certificate.desk import COOPERATIVE as UNENFORCED
from tests.certificate.desk import KERNEL as CAGED
from tests.certificate.desk import LEAKING, account, refund, seen, tried
from tests.steps.desk import Desk, at, finished, run_day, started
from tests.store import desk as rows

needs_cage = pytest.mark.skipif(bool(why_not()), reason=f"the kernel's cage cannot be had here: {why_not()}")
PAYING = seen(effects=(refund("o1"), refund("o2")))


@pytest.fixture
def run(store: Store) -> Run:
    """A run over two days that has taken four cases in one shard."""
    rows.bring(store, *(rows.entry(f"c{number}", 0) for number in range(4)))
    made = rows.window(store, rows.experiment(store), days=2)
    rows.plan(store, made)
    return made


def attempt(
    store: Store, run: Run, *cases: str, of: Account | None = None, how: Observation = PAYING, closed: bool = True
) -> None:
    """One attempt at the run's shard, which keeps these cases' observations, and is killed unless it is closed."""
    told = of or account()
    mine = rows.shard(store, run, isolation=told.isolations[0])
    number = begin_account(store, mine, told, at(1))
    save_observations(store, mine, [(rows.case(key), how) for key in cases], now=at(1))
    if closed:
        note_account(store, mine, number, told, at(1), closed=True)


def test_every_observation_is_counted_once(store: Store, run: Run) -> None:
    """Whoever of several attempts took the case: the first stays, and it is the one that is counted."""
    attempt(store, run, "c0", "c1")
    attempt(store, run, "c1", "c2", how=seen(effects=()))
    one = certificate(store, run.id)
    assert (one.taken, one.open, one.counted.cases, one.counted.effects) == (4, 1, 3, 4)
    assert (one.attempts.all, one.standing) == (2, Standing.HELD)


def test_the_weakest_attempt_is_the_runs(store: Store, run: Run) -> None:
    """Ninety-nine that were held do not make up for one that was not."""
    attempt(store, run, "c0", "c1", "c2")
    assert "0 committed" in words.headline(certificate(store, run.id))
    attempt(store, run, "c3", of=account(isolations=(UNENFORCED,), preflights=(), processes=()))
    one = certificate(store, run.id)
    assert (one.isolation, one.standing) == (UNENFORCED, Standing.NOT_ENFORCED)
    assert words.headline(one) == "8 effects held; nothing enforces that there were no others"


def test_an_attempt_that_was_killed_is_said(store: Store, run: Run) -> None:
    """It told how it would hold the candidate, and not its last word (`not one.closed`)."""
    attempt(store, run, "c0", closed=False)
    attempt(store, run, "c1", "c2", "c3")
    one = certificate(store, run.id)
    assert words.unknowns(one) == ("1 attempt ended without its last word.",)
    assert one.standing is Standing.UNKNOWN


def test_without_any_account_nothing_is_known(store: Store, run: Run) -> None:
    """Observations that say kernel, of a version that told nothing else."""
    mine = rows.shard(store, run, isolation=CAGED)
    save_observations(store, mine, [(rows.case("c0"), PAYING)], now=at(1))
    one = certificate(store, run.id)
    assert words.headline(one) == "2 effects held; nothing is known of how these were held"
    assert one.standing is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("of", "gap"),
    [
        (account(preflights=()), "unproven"),
        (account(preflights=(replace(LEAKING, landed_inside=0, unclear=1),)), "unproven"),
        (account(processes=()), "unseen"),
    ],
)
def test_what_was_not_shown_or_not_looked_at_is_a_gap(store: Store, run: Run, of: Account, gap: str) -> None:
    """An attempt in the cage without a preflight that passed, or of which no process was looked at."""
    attempt(store, run, "c0", of=of)
    one = certificate(store, run.id)
    assert (getattr(one.attempts, gap), one.standing) == (1, Standing.UNKNOWN)


def test_a_certificate_is_kept_as_it_was_told(store: Store, run: Run) -> None:
    """Told twice it is one; what came after stands beside it; and what is known now is told with what was."""
    attempt(store, run, "c0")
    first = certify(store, run.id, clock=lambda: at(2))
    assert certify(store, run.id, clock=lambda: at(3)) == first
    attempt(store, run, "c1", how=seen(tried()))
    now, last = standing_certificate(store, run.id)
    assert (now.standing, last) == (Standing.VIOLATED, first)
    second = certify(store, run.id, clock=lambda: at(4))
    assert certificates_of(store, run.id) == [first, second]
    assert [one.certificate.standing for one in (first, second)] == ["held", "tried to get out"]


def test_what_was_told_outlives_the_records(store: Store, run: Run) -> None:
    """Once they are pruned they cannot be counted again: what was told of them stands (`pruned >`)."""
    attempt(store, run, "c0", "c1", "c2", "c3")
    told = certify(store, run.id, clock=lambda: at(2))
    prune(store, now=at(200))
    assert certificate(store, run.id).counted.pruned == 4
    assert standing_certificate(store, run.id) == (told.certificate, told)


def test_runs_up_to_a_look_are_told_together(store: Store, run: Run) -> None:
    """A run whose window ends later is no part of it, and each observation is its own run's (`replayed`)."""
    held = experiment(store, run.experiment)
    attempt(store, run, "c0")
    later = rows.window(store, held, 2)
    attempt(store, later, "c3", of=account(isolations=(UNENFORCED,)))
    early, every = up_to(store, held, look=at(2)), up_to(store, held, look=at(3))
    assert early is not None and every is not None
    assert (early.runs, early.isolation) == ((run.id,), CAGED)
    assert (every.runs, every.isolation) == (tuple(sorted((run.id, later.id))), UNENFORCED)
    assert (early.counted.cases, every.counted.cases) == (1, 2)
    assert up_to(store, held, look=at(1)) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "pass"),
        ({"landed_inside": 1}, "no preflight that passed"),
        ({"unclear": 1}, "no preflight that passed"),
        ({"landed_outside": 59}, "no preflight that passed"),
        ("no preflight", "no preflight that passed"),
        ("no account", "nobody told how"),
    ],
)
@needs_cage
def test_without_a_preflight_that_passed_nothing_is_ready(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch, change: Any, said: str
) -> None:
    """The store's word decides (`not_shown`), though no such run can come to be: the step refuses before it begins."""
    monkeypatch.setenv("SHADOW_ISOLATION", KERNEL)
    desk.case("a")
    key = run_day(store, desk.setup())["run"]
    with store.write() as connection:
        if change == "no account":
            connection.execute(delete(accounts))
        elif change:
            (told,) = accounts_of(store, key)
            worse = told.account.to_json()
            worse["preflights"] = [] if change == "no preflight" else [{**worse["preflights"][0], **change}]
            connection.execute(update(accounts).values(account=worse))
    one = verdict_of(store, key)
    assert one is not None
    found = assess_at(store, experiment(store, one.experiment), look=one.look)
    (isolation,) = [finding for finding in found.verdict.findings if finding.gate == "isolation"]
    if said == "pass":
        assert isolation.status == "pass"
    else:
        assert isolation.status == "inconclusive" and said in isolation.reason


TRYING = """
import socket
def handle(case, tools):
    tools.call("orders.get", order=case["order"])
    tools.call("pay", order=case["order"], amount="1", to="x")
    if case["claim"] > 50:
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError:
            pass
    return {{"decision": "approve"}}
"""


@needs_cage
def test_a_whole_run_under_the_cage(store: Store, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held, attested, counted; the one that tried is named, is critical, and stands in the report and its texts."""
    monkeypatch.setenv("SHADOW_ISOLATION", KERNEL)
    for number in range(4):
        desk.case(f"c{number}", claim=10 if number else 100)
    given = desk.setup(agent=TRYING)
    key = run_day(store, given)["run"]
    page = Path(report(store, given, key, directory=tmp_path / "reports"))
    (issued,) = certificates_of(store, key)
    one = issued.certificate
    assert (one.counted.cases, one.counted.effects, dict(one.counted.reads)) == (4, 4, {"recorded": 4})
    (violation,) = one.counted.violations
    assert (violation.call, violation.cases, violation.examples) == ("connect", 1, ("c0",))
    assert one.standing is Standing.VIOLATED and one.is_enforced
    shown: Shown = one.account.preflights[0]
    assert words.headline(one) == f"4 effects held, 0 committed; enforced by the kernel; preflight: {shown.words}"
    assert all(seen.held for seen in one.account.processes) and one.account.attested >= 4
    with store.read() as connection:
        found = connection.execute(select(results.c.case_id, results.c.severity))
        graded = {row.case_id: row.severity for row in found}
    assert graded["c0"] == "critical" and graded["c1"] != "critical"
    text, html = page.with_suffix(".txt").read_text(), page.read_text()
    for shown_in in (text, html):
        assert "0 committed; enforced by the kernel" in " ".join(shown_in.split())
    assert issued.digest in html and "connect" in html
    made = build_report(store, one.experiment)
    assert made.contained is not None and made.contained.digest == issued.digest


@needs_cage
@pytest.mark.kill
def test_a_run_that_was_killed_and_resumed(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL in the midst of a shard: each case is counted once, and the attempt's missing last word is said."""
    monkeypatch.setenv("SHADOW_ISOLATION", KERNEL)
    for number in range(5):
        desk.case(f"c{number}")
    given = desk.setup()
    day = started(store, given)
    (shard,) = plan(store, given, day)

    def die(done: int, of: int) -> None:
        if done == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> int:
        replay(store, given, day, shard, holder="first", progress=die)
        return 0

    assert rows.in_a_process(work) == -signal.SIGKILL
    finished(store, given, day)
    one = certificate(store, day)
    assert (one.counted.cases, one.counted.effects, dict(one.counted.reads)) == (5, 5, {"recorded": 5})
    assert (one.attempts.all, one.attempts.unfinished) == (2, 1)
    assert one.standing is Standing.UNKNOWN
    assert words.headline(one).startswith("5 effects held, 0 committed; enforced by the kernel;")
    assert words.unknowns(one)[0] == "1 attempt ended without its last word."


def test_a_whole_run_that_nothing_holds(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loudly: no word of committed, in the certificate or the report."""
    monkeypatch.setenv("SHADOW_ISOLATION", COOPERATIVE)
    desk.case("a")
    given = desk.setup()
    key = run_day(store, given)["run"]
    one = certificate(store, key)
    assert one.standing is Standing.NOT_ENFORCED
    assert words.headline(one) == "1 effect held; nothing enforces that there were no others"
    made = build_report(store, one.experiment)
    assert made.contained is not None and "committed" not in str(made.contained)


def test_a_run_without_a_case(store: Store, desk: Desk) -> None:
    """Nothing was run, and that is what it says."""
    desk.case("a", 3)
    key = started(store, desk.setup())
    one = certificate(store, key)
    assert (one.standing, words.headline(one)) == (Standing.IDLE, "no candidate was run")
    assert certify(store, key).certificate == one
