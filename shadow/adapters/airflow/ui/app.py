"""The FastAPI application: the routes, and errors as pages in the words of whoever refused."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from shadow.adapters.airflow.ui.gathering import Unavailable
from shadow.adapters.airflow.ui.routes import links_of, router
from shadow.errors import ShadowError, StoreError, UsageError
from shadow.pages.plain import problem_page

log = logging.getLogger(__name__)


def create() -> FastAPI:
    """The application; it describes itself to nobody."""
    app = FastAPI(title="shadow", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.include_router(router)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(ShadowError, _refused)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(SQLAlchemyError, _broken)
    return app


def _http(request: Request, error: Exception) -> Response:
    held = error if isinstance(error, HTTPException) else HTTPException(500)
    return _told(request, held.status_code, str(held.detail))


def _malformed(request: Request, _: Exception) -> Response:
    return _told(request, 404, "The address lacks something, or has something that is not known.")


def _refused(request: Request, error: Exception) -> Response:
    """What is asked for by a wrong id is not there; what is sent and wrong is refused; all else is our fault."""
    held = error if isinstance(error, ShadowError) else ShadowError(str(error))
    if isinstance(held, StoreError):
        return _told(request, 404, held)
    if isinstance(held, UsageError):
        return _told(request, 400 if request.method == "POST" else 404, held)
    return _told(request, 500, held)


def _unavailable(request: Request, error: Exception) -> Response:
    return _told(request, 503, error.error if isinstance(error, Unavailable) else str(error))


def _broken(request: Request, error: Exception) -> Response:
    """What a database says of itself names tables and values: it is for the log."""
    log.error("the store did not answer: %s", error, exc_info=error)
    return _told(request, 503, "The store did not answer. Try again; if it stays so, the server's log says more.")


def _told(request: Request, code: int, error: ShadowError | str) -> Response:
    root = links_of(request)
    if request.scope["path"].removeprefix(root.root).startswith("/route/"):
        return JSONResponse({"detail": str(error)}, status_code=code)
    return HTMLResponse(problem_page(code, error, root), status_code=code)
