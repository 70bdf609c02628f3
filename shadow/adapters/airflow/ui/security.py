"""Who may do what: Airflow's own permissions, a check of where a form was sent from, limits, and response headers.

Airflow adds no login to a plugin's application and checks no cross-site request, and a browser sends its session
cookie by itself. So every route names a dependency of this module; a test walks them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from airflow.configuration import conf
from fastapi import Depends, HTTPException, Request

from shadow.pages.frame import dag_of
from shadow.reports.html import POLICY

MOST_BYTES = 64_000  # of a form that is sent to us
MOST_FIELDS = 20
FORM = "application/x-www-form-urlencoded"
PAGES = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
REPORT = f"{POLICY}; frame-ancestors 'self'"  # one file with its style inside, and no script at all
HEADERS = {
    "content-security-policy": PAGES,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    # not no-referrer: under that a browser sends `Origin: null` with our own forms, and nobody could tell them apart
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}

User = Annotated[BaseUser, Depends(get_user)]
somebody = Depends(get_user)
may_read = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.RUN))
may_change = Depends(requires_access_dag(method="PUT", access_entity=DagAccessEntity.RUN))


def allowed(user: BaseUser, workflow: str, method: Any) -> bool:
    """Whether Airflow lets this user do that with the runs of the workflow's DAG."""
    from airflow.models.dag import DagModel

    dag_id = dag_of(workflow)
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return get_auth_manager().is_authorized_dag(
        method=method, access_entity=DagAccessEntity.RUN, details=details, user=user
    )


def readable(user: BaseUser, workflows: Iterable[str]) -> list[str]:
    """The workflows of which this user may read the runs."""
    return [one for one in workflows if allowed(user, one, "GET")]


def workflow_of(dag_id: str) -> str:
    """The workflow of a DAG of ours.

    Raises:
        HTTPException: 404; `~`, which Airflow takes for any DAG at all, is none either.
    """
    name = dag_id.removeprefix(dag_of(""))
    if not name or name == dag_id:
        raise HTTPException(404, "No DAG of this name is a workflow of ours.")
    return name


def textual(request: Request) -> None:
    """Let only such ids pass as every database takes.

    Raises:
        HTTPException: 404; nothing of ours is named by U+0000.
    """
    if "\0" in request.scope["path"] or any("\0" in text for text in request.query_params.values()):
        raise HTTPException(404, "The address holds the character U+0000.")


def same_site(request: Request) -> None:
    """Let a form pass only if one of our own pages sent it, or if the caller brings a token and no browser's cookie.

    Raises:
        HTTPException: 403.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return  # then the cookie is not looked at, and no other site can make a browser send this header
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    if site not in (None, "same-origin") or not _ours(request, origin):
        raise HTTPException(403, "This form was not sent by a page of this Airflow.")


def _ours(request: Request, origin: str) -> bool:
    """Whether an origin is this server, by the address that it was called or that it says it has."""
    there = urlsplit(origin)
    if there.scheme not in ("http", "https") or not there.netloc:
        return False
    known = urlsplit(conf.get("api", "base_url", fallback=""))
    return there.netloc == request.headers.get("host") or (there.scheme, there.netloc) == (known.scheme, known.netloc)


async def form(request: Request) -> dict[str, str]:
    """The fields of a small form, each once.

    Raises:
        HTTPException: 415 where it is no form, 413 where it is too large, 400 where it cannot be read.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, f"A form is sent as {FORM}.")
    body = b""
    async for part in request.stream():  # what the header says of its length is not believed
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"A form has up to {MOST_BYTES:,} bytes.")
    try:
        held = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    if any(len(values) > 1 for values in held.values()):
        raise HTTPException(400, "A field stands twice in the form.")
    return {name: values[0] for name, values in held.items()}


Form = Annotated[dict[str, str], Depends(form)]


class Headers:
    """Puts our headers on every answer, errors too; a route's own content policy stays."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on."""

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                held = {name for name, _ in message["headers"]}
                more = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in held]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, told if scope["type"] == "http" else send)
