"""Who may see and do what: Airflow's login and permissions, forms of ours alone, one workflow apart from another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shadow.adapters.airflow.ui import security
from shadow.adapters.airflow.ui.app import create
from shadow.review.queue import next_open
from shadow.store import Store
from shadow.store.labels import words_on
from shadow.store.registry import Experiment, find_experiment
from shadow.store.requests import requests_of

SAID = {"side": "control"}
OURS = {"Origin": "http://testserver"}


@pytest.fixture
def held(store: Store) -> Experiment:
    """The experiment of the first workflow."""
    return find_experiment(store, "desk")


@pytest.fixture
def addresses(store: Store, held: Experiment) -> list[str]:
    """Every page that shows something, as it is asked for."""
    request = requests_of(store, "desk")[0]
    return [
        "/",
        "/pages.css",
        "/pages.js",
        "/runs/shadow-desk/manual__1",
        f"/experiments/shadow-desk/{held.id}",
        f"/review/shadow-desk/{held.id}",
        f"/cases/shadow-desk/{held.id}?case=a",
        f"/contracts/shadow-desk/{held.contract}",
        f"/requests/shadow-desk/{request.id}",
        "/route/shadow-desk/k1",
    ]


@pytest.fixture
def form(store: Store, held: Experiment) -> str:
    """Where a word on the first discrepancy is sent."""
    one = next_open(store, held.id)
    assert one is not None
    return f"/shadow/labels/shadow-desk/{held.id}?case={one.case_id}&discrepancy={one.discrepancy}"


def words(store: Store, held: Experiment) -> int:
    """How much was said of all cases."""
    return sum(len(words_on(store, held.id, key)) for key in ("a", "b", "c", "script", "long"))


def routes() -> Iterator[Any]:
    """Every route of the application, wherever a router holds it."""

    def walk(held: Any) -> Iterator[Any]:
        for one in held:
            inner = getattr(one, "original_router", None) or getattr(one, "router", None)
            yield from walk(inner.routes) if inner is not None else (one,)

    yield from walk(create().routes)


def dependencies(dependant: Any) -> set[Any]:
    """Every callable that a route depends on, at any depth."""
    found = {dependant.call}
    for inner in dependant.dependencies:
        found |= dependencies(inner)
    return found


def test_every_route_asks_who_and_every_post_from_where() -> None:
    """A route without a dependency of ours would be open to everybody: Airflow adds none to a plugin's routes."""
    from airflow.api_fastapi.core_api.security import get_user

    seen = []
    for route in routes():
        asked = dependencies(route.dependant)
        named = "{dag_id}" in route.path
        assert get_user in asked, route.path
        assert not named or {security.may_read.dependency, security.may_change.dependency} & asked, route.path
        if route.methods & {"POST", "PUT", "PATCH", "DELETE"}:
            assert named and security.may_change.dependency in asked and security.same_site in asked, route.path
        seen.append(route.path)
    assert len(seen) == 12 and "/docs" not in seen and "/openapi.json" not in seen


def test_nobody_gets_in(client_for: Callable[..., Any], addresses: list[str], form: str) -> None:
    """401 on each page, and on each form, before anything is read or looked up."""
    nobody = client_for(None)
    for path in addresses:
        assert nobody.get(f"/shadow{path}").status_code == 401, path
    assert nobody.post(form, data=SAID, headers=OURS).status_code == 401
    assert nobody.post(form, content=b"x" * 10_000_000, headers=OURS).status_code == 401


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_it_describes_itself_to_nobody(client_for: Callable[..., Any], path: str) -> None:
    """No list of the routes."""
    assert client_for("ann", "admin").get(f"/shadow{path}").status_code == 404


def test_a_viewer_reads_and_does_not_write(
    client_for: Callable[..., Any], addresses: list[str], form: str, store: Store, held: Experiment
) -> None:
    """200 on each page, 403 on each form, and no form is shown."""
    vic = client_for("vic", "viewer")
    for path in addresses:
        assert vic.get(f"/shadow{path}").status_code == 200, path
    assert vic.post(form, data=SAID, headers=OURS).status_code == 403
    assert vic.post(form.replace("labels", "undo"), data={}, headers=OURS).status_code == 403
    assert words(store, held) == 0
    page = vic.get(f"/shadow/review/shadow-desk/{held.id}").text
    assert "<form" not in page and "you may not label it" in page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver:8081"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "null"},
        {"Origin": "file://testserver"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
        {**OURS, "Sec-Fetch-Site": "none"},
        {**OURS, "Sec-Fetch-Site": "sideways"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Authorization": "Basic YW5uOmFubg=="},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer"},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_refused(
    client_for: Callable[..., Any], form: str, store: Store, held: Experiment, headers: dict[str, str]
) -> None:
    """With the cookie that the browser sends by itself: refused unless one of our pages sent it; nothing is kept."""
    ann = client_for("ann", "user", cookie=True)
    for path in (form, form.replace("labels", "undo")):
        assert ann.post(path, data=SAID, headers=headers).status_code in (401, 403)
    assert words(store, held) == 0


@pytest.mark.parametrize("headers", [OURS, {**OURS, "Sec-Fetch-Site": "same-origin"}], ids=str)
def test_a_form_of_ours_is_taken(
    client_for: Callable[..., Any], form: str, store: Store, held: Experiment, headers: dict[str, str]
) -> None:
    """From a page of this server, with the cookie; a token instead of a cookie needs no origin."""
    ann = client_for("ann", "user", cookie=True)
    assert ann.post(form, data=SAID, headers=headers).status_code == 303
    assert client_for("op", "op").post(form, data=SAID).status_code == 303
    assert words(store, held) == 2


def test_the_address_that_airflow_says_it_has_is_ours_too(
    client_for: Callable[..., Any], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy the host that we are called by is not the one that browsers know."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/")
    ann = client_for("ann", "user", cookie=True)
    assert ann.post(form, data=SAID, headers={"Origin": "https://airflow.example"}).status_code == 303
    assert ann.post(form, data=SAID, headers={"Origin": "http://airflow.example"}).status_code == 403


def test_one_workflow_does_not_open_another(ann: Any, store: Store, form: str, held: Experiment) -> None:
    """Whoever may read one DAG sees nothing of another by putting its ids behind his own DAG's name."""
    request = requests_of(store, "desk")[0]
    for path in (
        f"/experiments/shadow-other/{held.id}",
        f"/review/shadow-other/{held.id}",
        f"/cases/shadow-other/{held.id}?case=a",
        f"/contracts/shadow-other/{held.contract}",
        f"/requests/shadow-other/{request.id}",
        f"/review/~/{held.id}",
        f"/review/desk/{held.id}",
        f"/review/shadow-/{held.id}",
    ):
        assert ann.get(f"/shadow{path}").status_code == 404, path
    for path in (form, form.replace("labels", "undo")):
        for dag_id in ("shadow-other", "~", "desk"):
            assert ann.post(path.replace("shadow-desk", dag_id), data=SAID).status_code == 404, dag_id
    assert words(store, held) == 0


def test_a_dag_run_of_another_workflow_is_not_shown(ann: Any, store: Store, held: Experiment) -> None:
    """Not even where somebody wrote down that it carries our run out."""
    from datetime import UTC, datetime

    from shadow.store.dag_runs import note_dag_run, run_of

    run = run_of(store, dag_id="shadow-desk", run_id="manual__1")
    assert run is not None
    note_dag_run(store, dag_id="shadow-other", run_id="x", run=run, now=datetime.now(UTC))
    assert ann.get("/shadow/runs/shadow-other/x").status_code == 404


def test_the_home_page_lists_what_the_user_may_read(
    client_for: Callable[..., Any], home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workflow whose DAG Airflow does not let the user read is not named, nor can it be opened or written to."""
    from airflow.api_fastapi.app import get_auth_manager

    manager = get_auth_manager()
    rule = type(manager).is_authorized_dag

    def narrow(self: Any, *, details: Any = None, **more: Any) -> bool:
        """As Airflow has it, but for one DAG."""
        return (details is None or details.id != "shadow-other") and rule(self, details=details, **more)

    ann = client_for("ann", "user")
    both = ann.get("/shadow/").text
    assert 'id="w-desk"' in both and 'id="w-other"' in both
    monkeypatch.setattr(type(manager), "is_authorized_dag", narrow)
    one = ann.get("/shadow/").text
    assert 'id="w-desk"' in one and "shadow-other" not in one and "w-other" not in one
    assert ann.get("/shadow/runs/shadow-other/x").status_code == 403
    assert ann.post("/shadow/labels/shadow-other/x", data=SAID).status_code == 403


def test_every_answer_carries_the_headers(client_for: Callable[..., Any], addresses: list[str]) -> None:
    """Pages, files, refusals and what is not there: nothing foreign is run, framed, guessed or kept."""
    for client, more in ((client_for("ann", "user"), ["/nowhere", "/runs/~/x"]), (client_for(None), [])):
        for path in [*addresses, *more]:
            headers = client.get(f"/shadow{path}").headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
            assert "base-uri 'none'" in policy and "unsafe-eval" not in policy
            assert "script-src 'self'" in policy or "script-src" not in policy
            assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "same-origin"


def test_a_form_is_small_and_a_form(ann: Any, form: str, store: Store, held: Experiment) -> None:
    """A body that is too large is not read to its end, whatever its header says; another kind is not guessed at."""

    def endless() -> Iterator[bytes]:
        sent = 0
        while sent < 100 * security.MOST_BYTES:
            sent += 1000
            yield b"a" * 1000

    kind = {"Content-Type": security.FORM}
    large = b"side=control&comment=" + b"x" * security.MOST_BYTES
    assert ann.post(form, content=large, headers=kind).status_code == 413
    assert ann.post(form, content=endless(), headers=kind).status_code == 413
    assert ann.post(form, json=SAID).status_code == 415
    assert ann.post(form, content=b"side=control").status_code == 415
    for wrong in (b"side=%ff%fe", b"side=control&side=both", b"&".join(b"a%d=1" % n for n in range(50))):
        assert ann.post(form, content=wrong, headers=kind).status_code == 400, wrong
    assert words(store, held) == 0


BAD = ["nowhere", "%F0%9F%92%A9", "a" * 5000, "..%2f..%2fetc", "%3Cscript%3E", "%E2%80%AE", "-1", "'%20or%201=1"]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_id_is_not_there(ann: Any, held: Experiment, bad: str) -> None:
    """404 in our words, never 500, and what was asked for is shown as text."""
    for path in (
        f"/runs/{bad}/x",
        f"/experiments/shadow-desk/{bad}",
        f"/review/shadow-desk/{bad}",
        f"/review/shadow-desk/{held.id}?after={bad}",
        f"/cases/shadow-desk/{held.id}?case={bad}",
        f"/cases/shadow-desk/{held.id}?case=a&discrepancy={bad}",
        f"/cases/shadow-desk/{held.id}",
        f"/contracts/shadow-desk/{bad}",
        f"/requests/shadow-desk/{bad}",
        f"/{bad}",
    ):
        answer = ann.get(f"/shadow{path}")
        assert answer.status_code == 404, path
        assert "<script>" not in answer.text and "There is nothing here" in answer.text
    assert ann.get(f"/shadow/runs/shadow-desk/{bad}").status_code == 200, "a DAG run that has no run of ours yet"


def test_the_plugin_only_registers() -> None:
    """Its file is short, and loading it in a task imports no web framework and no store."""
    import os
    import subprocess
    import sys

    from tests.conftest import ROOT

    path = ROOT / "plugins" / "shadow_ui.py"
    assert len(path.read_text().splitlines()) < 60
    code = (
        "import sys; import airflow.plugins_manager; before = set(sys.modules); import runpy;"
        f"runpy.run_path({str(path)!r}); new = set(sys.modules) - before;"
        "print(sorted(n for n in new if n.split('.')[0] in ('fastapi', 'sqlalchemy') or n.startswith('shadow.store')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_views_are_registered(ann: Any) -> None:
    """In the menu and in a DAG run's tab, as Airflow's own list of plugins shows it."""
    found = {one["name"]: one for one in ann.get("/api/v2/plugins").json().get("plugins", [])} or {}
    if not found:  # a user who may not list plugins
        from airflow import plugins_manager

        views = {one["destination"]: one["href"] for one in plugins_manager._get_ui_plugins()[0]}
    else:
        views = {one["destination"]: one["href"] for one in found["shadow_ui"]["external_views"]}
    assert views == {"nav": "/shadow/", "dag_run": "/shadow/runs/{DAG_ID}/{RUN_ID}"}


def test_what_no_database_takes_is_not_asked_for(ann: Any, held: Experiment, form: str) -> None:
    """PostgreSQL refuses U+0000 in a text with an error of its own; it never gets there."""
    for path in (
        "/runs/shadow-desk/a%00b",
        f"/review/shadow-desk/{held.id}?after=%00",
        f"/cases/shadow-desk/{held.id}?case=%00",
        "/requests/shadow-desk/%00",
    ):
        answer = ann.get(f"/shadow{path}")
        assert (answer.status_code, "U+0000" in answer.text) == (404, True), path
    assert ann.post(f"{form}%00", data=SAID).status_code == 404
    assert ann.post(form, data={**SAID, "comment": "a\0b"}).status_code == 400
