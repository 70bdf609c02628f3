"""The whole loop in Slack, on a real Airflow and an emulated workspace: over Socket Mode, and over signed HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shadow import approval, rollout
from shadow.cli import main
from shadow.store.ledger import Event, entries, last
from shadow.store.requests import Request, Status, Subject, request, votes_of
from shadow.store.stages import Stage
from tests.emulators import (
    ALICE,
    BOB,
    CHANNEL,
    EVE,
    HTTP_APP,
    OWEN,
    SOCKET_APP,
    App,
    LocalSlack,
    free_port,
    local_slack,
)
from tests.whole.loop import WORKFLOW, Loop, knows, looping, until

KEYS = [f"customer-{number}" for number in range(20_000)]
CONNECTION = "slack_api_default"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Loop, LocalSlack]]:
    """An Airflow whose plugin route the workspace's second app sends its clicks to."""
    root, port = tmp_path_factory.mktemp("loop"), free_port()
    url = f"http://127.0.0.1:{port}/shadow-slack/interactivity"
    with local_slack(root, request_url=url) as slack, looping(root, port=port) as loop:
        yield loop, slack


@contextmanager
def listening(loop: Loop, slack: LocalSlack, app: App, *, socket: bool) -> Iterator[None]:
    """`shadow slack listen` beside the server, and the same app in Airflow's connection."""
    extra = {"base_url": slack.api, "signing_secret": app.signing_secret}
    body = {"connection_id": CONNECTION, "conn_type": "slack", "password": app.token, "extra": json.dumps(extra)}
    admin = loop.server.session("admin")
    if admin.ask("POST", "/api/v2/connections", body).status != 201:
        assert admin.ask("PATCH", f"/api/v2/connections/{CONNECTION}", body).status == 200
    told = {
        "SHADOW_HOME": str(loop.home),
        "SLACK_BOT_TOKEN": app.token,
        "SLACK_API_URL": slack.api,
        "SHADOW_AIRFLOW_URL": loop.server.url,
        "SHADOW_AIRFLOW_USER": "shadow-courier",
        "SHADOW_AIRFLOW_PASSWORD_FILE": str(loop.server.folder / "courier.json"),
        **({"SLACK_APP_TOKEN": app.app_token} if socket else {}),
    }
    code = "from shadow.cli import main; raise SystemExit(main(['slack', 'listen']))"
    with (loop.home / "listen.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, **told}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        if socket:
            slack.wait_connected(app, timeout=60)
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def posted(loop: Loop, one: Request) -> str:
    """The timestamp of the request's live message, once it has its buttons."""
    return str(until(lambda: request(loop.store, one.id).ts, "the request's message"))


def vote(slack: LocalSlack, ts: str, *, user: str, typed: str) -> dict[str, str]:
    """Click Approve, fill the modal in, send it; the errors by field."""
    until(lambda: "shadow_approve" in slack.buttons(ts), "the buttons")
    return slack.vote(
        ts, user=user, approve=True, values={"reason": {"text": "looked at all of it"}, "confirm": {"text": typed}}
    )


def text_of(slack: LocalSlack, ts: str) -> str:
    """All that a message says."""
    return json.dumps(slack.message(ts), ensure_ascii=False)


def decide(loop: Loop, slack: LocalSlack, one: Request, *, typed: str, via: str) -> None:
    """An outsider and the owner are refused, two approvers agree; the message says how it stands all the way."""
    ts = posted(loop, one)
    until(lambda: "shadow_approve" in slack.buttons(ts), "the buttons")
    for user, why in ((EVE, "not an approver"), (OWEN, "owns the candidate")):
        slack.click(ts, "shadow_approve", user=user)
        until(lambda why=why: why in refusals(loop, one), why)
    assert vote(slack, ts, user=ALICE, typed="something else") != {}, "what is typed must be the version"
    slack.close()  # the modal with its error stays open in the emulator, which has room for one
    assert vote(slack, ts, user=ALICE, typed=typed) == {}
    until(lambda: "1 of 2" in text_of(slack, ts), "the first vote to be shown")
    assert vote(slack, ts, user=BOB, typed=typed) == {}
    assert loop.settled(one.id).status is Status.APPROVED
    assert [(given.person, given.via) for given in votes_of(loop.store, one.id)] == [
        ("ines.moreau", via), ("tom.becker", via),
    ]  # fmt: skip
    row = last(loop.store, subject=one.id)
    assert row is not None
    until(lambda: row.hash[:12] in text_of(slack, ts), "the message to show the ledger's row")
    assert slack.buttons(ts).keys() <= {"shadow_open"}, "nothing is left to press"


def refusals(loop: Loop, one: Request) -> list[str]:
    """Why answers to this request were refused."""
    return [row.body["why"] for row in entries(loop.store, subject=one.id) if row.event is Event.REFUSED]


@pytest.mark.slow
@pytest.mark.parametrize(("app", "via", "hours"), [(SOCKET_APP, "socket", 30), (HTTP_APP, "http", 31)])
def test_the_whole_loop(
    workspace: tuple[Loop, LocalSlack], app: App, via: str, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract signed → ready → request → click → modal → two votes → DAG goes on → canary → route → rollback."""
    loop, slack = workspace
    monkeypatch.setenv("SHADOW_HOME", str(loop.home))
    loop.terms(channel=CHANNEL, expires_h=hours)  # a contract of its own for each way: it has to be signed anew
    with listening(loop, slack, app, socket=via == "socket"):
        run = loop.shadow()
        contract = until(lambda: loop.newest(Subject.CONTRACT, expires_h=hours), "a request to sign the contract")
        decide(loop, slack, contract, typed=WORKFLOW, via=via)
        until(lambda: loop.state(f"shadow-{WORKFLOW}", run) == "success", "the shadow run")
        assert approval.signed(loop.store, contract.about)
        cutover = loop.asked(Subject.CUTOVER)
        decide(loop, slack, cutover, typed="version 2", via=via)
        stage = loop.stage(lambda one: one is not None and one.stage is Stage.CANARY and one.request == cutover.id)
        assert (stage.share, stage.demonstration) == (1, True)
        until(lambda: knows(stage.share), "the route to know it")
        share = routed(demonstration=True)
        assert 140 <= len(share) <= 260 and share == routed(demonstration=True)
        assert routed(demonstration=False) == set(), "a demonstration gets no real key"
        assert main(["rollback", WORKFLOW, "--why", f"enough of {via}", "--who", "ops"]) == 0
        assert routed(demonstration=True) == set()
        until(lambda: any(f"enough of {via}" in json.dumps(one) for one in slack.messages()), "the rollback to be told")
    assert main(["audit", "verify"]) == 0 and loop.sound()


def routed(*, demonstration: bool) -> set[str]:
    """The keys that production would send to the candidate."""
    return {key for key in KEYS if rollout.route(WORKFLOW, key, demonstration=demonstration) == "candidate"}


def test_the_log_of_the_listener_holds_no_token(workspace: tuple[Loop, LocalSlack]) -> None:
    """Nor do the server's parts: what goes to files is read by more people than may post."""
    loop, _ = workspace
    logs = [loop.home / "listen.log", *Path(loop.server.folder).rglob("*.log")]
    said = "".join(log.read_text(errors="replace") for log in logs if log.exists())
    for app in (SOCKET_APP, HTTP_APP):
        for secret in (app.token, app.app_token, app.signing_secret):
            assert secret not in said
