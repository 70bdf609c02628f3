"""The whole loop without Slack, on a real Airflow: signed, approved, promoted, routed and rolled back."""

from __future__ import annotations

from pathlib import Path

import pytest

from shadow import approval, rollout
from shadow.cli import main
from shadow.store.ledger import Event, entries, verify
from shadow.store.outbox import waiting
from shadow.store.requests import Status, Subject, votes_of
from shadow.store.stages import Stage
from tests.whole.loop import WORKFLOW, Loop, knows, looping, until

KEYS = [f"customer-{number}" for number in range(20_000)]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One server for the module's tests, which build on each other."""
    with looping(tmp_path_factory.mktemp("loop")) as running:
        yield running


def routed(home: Path, *, demonstration: bool) -> set[str]:
    """The keys that production would send to the candidate."""
    return {key for key in KEYS if rollout.route(WORKFLOW, key, demonstration=demonstration) == "candidate"}


@pytest.mark.slow
def test_from_a_run_to_a_canary_and_back(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people sign and approve on Airflow's page; a forged answer does nothing, the owner may not answer."""
    run = loop.shadow()
    until(lambda: loop.state(f"shadow-{WORKFLOW}", run) == "success", "the shadow run")

    contract = loop.asked(Subject.CONTRACT)
    assert loop.answer("sign", user="vic") == 403
    assert loop.answer("sign", user="lee.park") == 403, "the owner of the candidate is not among those who are asked"
    assert loop.answer("sign", user="shadow-courier") == 200, "the courier may answer, and its answer is nobody's vote"
    for name in ("ines.moreau", "tom.becker"):
        assert loop.answer("sign", user=name, reason="read the whole page") == 200
        until(lambda name=name: name in {vote.person for vote in votes_of(loop.store, contract.id)}, f"{name}'s vote")
    assert loop.settled(contract.id).status is Status.APPROVED and approval.signed(loop.store, contract.about)

    cutover = loop.asked(Subject.CUTOVER)
    assert loop.answer("approve", user="ines.moreau") == 200
    until(lambda: votes_of(loop.store, cutover.id), "the first vote")
    assert loop.answer("approve", user="ines.moreau") == 200, "a second answer of one person is no second vote"
    assert loop.answer("approve", user="sara.lind", yes=False) == 200, "a no without a reason is not taken"
    assert loop.answer("approve", user="tom.becker") == 200
    assert loop.settled(cutover.id).status is Status.APPROVED
    refused = [row.body["why"] for row in entries(loop.store, subject=cutover.id) if row.event is Event.REFUSED]
    assert sorted(refused) == ["has voted", "no reason"]
    assert [(vote.person, vote.via) for vote in votes_of(loop.store, cutover.id)] == [
        ("ines.moreau", "airflow"), ("tom.becker", "airflow"),
    ]  # fmt: skip

    stage = loop.stage(lambda one: one is not None and one.stage is Stage.CANARY)
    assert (stage.share, stage.request, stage.demonstration) == (1, cutover.id, True)
    until(lambda: set(loop.tasks().values()) == {"success"}, "the approval run's end")

    monkeypatch.setenv("SHADOW_HOME", str(loop.home))
    until(lambda: knows(stage.share), "the route to know it")
    share = routed(loop.home, demonstration=True)
    assert 140 <= len(share) <= 260 and share == routed(loop.home, demonstration=True)
    assert routed(loop.home, demonstration=False) == set(), "a demonstration gets no real key"
    assert main(["rollback", WORKFLOW, "--why", "that was enough", "--who", "ops"]) == 0
    assert routed(loop.home, demonstration=True) == set()
    assert main(["audit", "verify"]) == 0
    assert loop.sound() and verify(loop.store).count >= 8
    assert waiting(loop.store).get("sent", 0) == 0, "there is no Slack, and nothing failed for it"
