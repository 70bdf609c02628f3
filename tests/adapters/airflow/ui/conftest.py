"""Our pages inside Airflow's own application, in this process: its login, its permissions, our plugin file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shadow.contract import Approval
from shadow.store import Store, open_store
from shadow.store.dag_runs import note_dag_run
from tests.conftest import ROOT
from tests.steps.desk import CONTRACT, Desk, at, judged_by, run_day, started

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "quotes": '" onmouseover="alert(3)" x="\'><svg/onload=alert(4)>',
    "template": "{{ 7*7 }} {% raw %} ${7*7} <%= 7*7 %>",
    "bidi": "pay \u202e05\u202c and \u2066nothing\u2069 \u200b else",
    "ansi": "\x1b[31mred\x1b[0m\x07\x7f and a \r return",
    "long": "A" * 900_000,
}
AGENT = """
def handle(case, tools):
    said = case.get("say")
    if said is not None:
        return hostile(case, tools, said)
    order = tools.call("orders.get", order=case["order"])
    decision = "approve" if case["claim"] <= {limit} else "decline"
    if decision == "approve":
        tools.call("pay", order=order["order"], amount=str(case["claim"]), to=case.get("email") or "nobody")
    return {{"decision": decision}}


def hostile(case, tools, said):
    tools.call("orders.get", order=said[:200])
    tools.call("pay", order=case["order"], amount="1", to=said)
    try:
        tools.call("no.such.tool", why=said[:500])
    except Exception:
        pass
    tools.call("escalate", reason=said)
    return {{"decision": said}}
"""
SIGNED = judged_by(approval=Approval(channel="C0DESK", approvers=("ann", "ines"), candidate_owner="lee", quorum=1))


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which two workflows were run; made once, copied for each test."""
    root = tmp_path_factory.mktemp("ui")
    desk = Desk(folder=root)
    for key in ("a", "b", "c"):
        desk.case(key, claim=500)
    desk.case("same")
    for name, text in HOSTILE.items():
        desk.case(name, hour=20, say=text, customer=f"k {text[:50]}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHADOW_HOME", str(root))
        store = open_store(f"sqlite:///{root / 'store.db'}")
        given = desk.setup(of=SIGNED, agent=AGENT)
        run = started(store, given)
        note_dag_run(store, dag_id="shadow-desk", run_id="manual__1", run=run, now=at())
        run_day(store, given)
        note_dag_run(store, dag_id="shadow-desk", run_id="manual__2", run=started(store, given, 1), now=at())
        run_day(store, desk.setup(of=replace(CONTRACT, workflow="other"), label="v9", agent=AGENT))
        store.close()
    return root


@pytest.fixture
def home(tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as SHADOW_HOME, with somebody known by their Airflow account."""
    for name in ("store.db", "redaction.key"):
        shutil.copy(tried / name, tmp_path / name)
    (tmp_path / "people.json").write_text('{"ann.lee": ["airflow:ann"]}')
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The copy's store."""
    opened = open_store(f"sqlite:///{home / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def served(_migrated: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Airflow's application with our plugin, loaded from its file as Airflow loads it."""
    from airflow import plugins_manager, settings
    from airflow.api_fastapi.app import create_app, purge_cached_app

    folder = tmp_path_factory.mktemp("plugins")
    shutil.copy(ROOT / "plugins" / "shadow_ui.py", folder)
    caches = [one for one in vars(plugins_manager).values() if hasattr(one, "cache_clear")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "PLUGINS_FOLDER", str(folder))
        for one in caches:
            one.cache_clear()
        yield create_app(apps="core")
    for one in caches:
        one.cache_clear()
    purge_cached_app()


@pytest.fixture
def client_for(served: Any, airflow_home: Path) -> Callable[..., Any]:
    """`client_for("ann", "admin")` is a client with that user's token; with `cookie=True` it has the browser's cookie.

    `client_for(None)` is nobody.
    """
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    def make(user: str | None, role: str = "viewer", *, cookie: bool = False) -> Any:
        client = TestClient(served, base_url="http://testserver", follow_redirects=False)
        if user:
            token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=user, role=role))
            if cookie:
                client.cookies.set("_token", token)
            else:
                client.headers["Authorization"] = f"Bearer {token}"
        return client

    return make


@pytest.fixture
def ann(client_for: Callable[..., Any], home: Path) -> Any:
    """Somebody who may edit runs, with a token, where two workflows were run."""
    return client_for("ann", "user")
