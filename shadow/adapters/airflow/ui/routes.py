"""The routes. Each names a permission of Airflow's on the DAG in its path; what it shows belongs to that DAG alone."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from shadow.adapters.airflow.ui import gathering, security
from shadow.adapters.airflow.ui.security import Form, User, workflow_of
from shadow.approval.people import people
from shadow.errors import UsageError
from shadow.pages import decisions, home, plain, review
from shadow.pages.frame import Links
from shadow.pages.glance import glance, workflows
from shadow.pages.script import SCRIPT
from shadow.pages.style import CSS
from shadow.review import queue
from shadow.review.discrepancy import discrepancy
from shadow.store import Store
from shadow.store.dag_runs import run_of
from shadow.store.registry import Experiment, run
from shadow.store.verdicts import StoredVerdict, verdict_of

router = APIRouter(redirect_slashes=False)
readers = [security.may_read, Depends(security.textual)]
writers = [security.may_change, Depends(security.same_site), Depends(security.textual)]
NOT_BEGUN = "This DAG run has no run of ours yet: its first task, preflight, begins one."
NOT_ASSESSED = "This run is not assessed yet: its report is there when the task assess has ended."


def links_of(request: Request, dag_id: str = "") -> Links:
    """Where our pages are, as this browser sees them."""
    return Links(root=request.scope.get("root_path", "").rstrip("/"), dag=dag_id)


def who(user: User) -> str:
    """The person whose account this is; the account itself where nobody is named for it."""
    account = f"airflow:{user.get_id()}"
    return people().person(account) or account


def _held(dag_id: str, key: str) -> tuple[Store, Experiment]:
    store = gathering.opened()
    return store, gathering.experiment_in(store, workflow_of(dag_id), key)


@router.get("/", response_class=HTMLResponse)
def index(request: Request, user: User) -> str:
    """Every workflow that the user may read, at a glance."""
    try:
        store = gathering.opened()
    except UsageError:  # nothing was run yet
        return home.home_page((), links_of(request))
    rows = [glance(store, one) for one in security.readable(user, workflows(store))]
    return home.home_page(rows, links_of(request))


@router.get("/pages.css", dependencies=[security.somebody])
def style() -> Response:
    """The style sheet."""
    return Response(CSS, media_type="text/css")


@router.get("/pages.js", dependencies=[security.somebody])
def script() -> Response:
    """The keys of the review form."""
    return Response(SCRIPT, media_type="text/javascript")


@router.get("/runs/{dag_id}/{run_id:path}", dependencies=readers, response_class=HTMLResponse)
def run_page(request: Request, dag_id: str, run_id: str) -> Response:
    """The report of the run that a DAG run carries out."""
    workflow, links = workflow_of(dag_id), links_of(request, dag_id)
    try:
        store = gathering.opened()
    except UsageError:
        return HTMLResponse(plain.waiting_page(run_id, NOT_BEGUN, links))
    key = run_of(store, dag_id=dag_id, run_id=run_id)
    if key is None:
        return HTMLResponse(plain.waiting_page(run_id, NOT_BEGUN, links))
    one = run(store, key)
    held = gathering.experiment_in(store, workflow, one.experiment)
    return _report(store, held, verdict_of(store, key), links, run_id)


@router.get("/experiments/{dag_id}/{experiment_id}", dependencies=readers, response_class=HTMLResponse)
def experiment_page(request: Request, dag_id: str, experiment_id: str) -> Response:
    """The report of an experiment's newest look."""
    store, held = _held(dag_id, experiment_id)
    return _report(store, held, gathering.newest_verdict(store, held), links_of(request, dag_id), held.id)


def _report(store: Store, held: Experiment, verdict: StoredVerdict | None, links: Links, name: str) -> Response:
    if verdict is None:
        return HTMLResponse(plain.waiting_page(name, NOT_ASSESSED, links))
    text = gathering.report(store, held, verdict, links)
    return HTMLResponse(text, headers={"content-security-policy": security.REPORT})


@router.get("/review/{dag_id}/{experiment_id}", dependencies=readers, response_class=HTMLResponse)
def review_page(
    request: Request, user: User, dag_id: str, experiment_id: str, after: str = "", every: str = ""
) -> Response:
    """The next discrepancy that nobody has labelled."""
    store, held = _held(dag_id, experiment_id)
    links = links_of(request, dag_id)
    if gathering.newest_verdict(store, held) is None:
        return HTMLResponse(plain.waiting_page(held.id, NOT_ASSESSED, links))
    may = security.allowed(user, held.workflow, "PUT")
    one = gathering.following(store, held, after=after, every=bool(every))
    desk = gathering.desk(store, held, who=who(user), may_label=may, after=after, every=bool(every))
    counted = queue.progress(store, held.id, every=bool(every))
    return HTMLResponse(review.queue_page(desk, counted, one, links))


@router.get("/cases/{dag_id}/{experiment_id}", dependencies=readers, response_class=HTMLResponse)
def case_page(request: Request, user: User, dag_id: str, experiment_id: str, case: str) -> Response:
    """One discrepancy."""
    store, held = _held(dag_id, experiment_id)
    one = discrepancy(store, held.id, case, mark=request.query_params.get("discrepancy", ""))
    may = security.allowed(user, held.workflow, "PUT")
    desk = gathering.desk(store, held, who=who(user), may_label=may, after="", every=False)
    return HTMLResponse(review.discrepancy_page(desk, one, links_of(request, dag_id)))


@router.post("/labels/{dag_id}/{experiment_id}", dependencies=writers)
def label(request: Request, user: User, dag_id: str, experiment_id: str, given: Form) -> Response:
    """Keep a word, and go on to the next discrepancy."""
    store, held = _held(dag_id, experiment_id)
    query = request.query_params
    said = {name: given.get(name, "") for name in ("side", "grade", "comment")}
    named = {"experiment": held.id, "case": query.get("case", ""), "discrepancy": query.get("discrepancy", "")}
    queue.label(store, {**said, **named}, who=who(user), at=datetime.now(UTC))
    back = links_of(request, dag_id).to("review", held.id, after=query.get("after", ""), every=query.get("every", ""))
    return RedirectResponse(back, status_code=303)


@router.post("/undo/{dag_id}/{experiment_id}", dependencies=writers)
def undo(request: Request, user: User, dag_id: str, experiment_id: str) -> Response:
    """Take the user's newest word on a discrepancy back, and show that discrepancy again."""
    store, held = _held(dag_id, experiment_id)
    query = request.query_params
    case, mark = query.get("case", ""), query.get("discrepancy", "")
    queue.undo(store, held.id, case, mark, who=who(user), at=datetime.now(UTC))
    back = links_of(request, dag_id).to("cases", held.id, case=case, discrepancy=mark)
    return RedirectResponse(back, status_code=303)


@router.get("/contracts/{dag_id}/{contract_id}", dependencies=readers, response_class=HTMLResponse)
def contract_page(request: Request, dag_id: str, contract_id: str) -> str:
    """A contract in plain words, what changed, and who signed it."""
    shown = gathering.signing(gathering.opened(), workflow_of(dag_id), contract_id)
    return decisions.contract_page(shown, links_of(request, dag_id))


@router.get("/requests/{dag_id}/{request_id}", dependencies=readers, response_class=HTMLResponse)
def request_page(request: Request, dag_id: str, request_id: str) -> str:
    """A request with its evidence and its votes."""
    shown = gathering.asked(gathering.opened(), workflow_of(dag_id), request_id)
    return decisions.request_page(shown, links_of(request, dag_id))


@router.get("/route/{dag_id}/{key:path}", dependencies=readers)
def route(dag_id: str, key: str, demonstration: bool = False) -> JSONResponse:
    """Who gets this key: {"side": "control" or "candidate"}."""
    from shadow.rollout import route as side_of

    return JSONResponse({"side": str(side_of(workflow_of(dag_id), key, demonstration=demonstration))})
