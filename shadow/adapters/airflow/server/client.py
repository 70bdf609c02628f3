"""A running server as its callers see it: its address, who may log in, and its REST API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from shadow.errors import ShadowError

ANSWERS_S = 30.0  # seconds that one answer may take
LOOK_S = 0.2  # seconds between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API said: the HTTP status, and its body: JSON read, anything else as text."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Calls to the API, as one user; with an empty token as nobody."""

    url: str
    token: str = field(default="", repr=False)

    def ask(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """One call; a refusal is an answer too.

        Args:
            path: as `/api/v2/dags`, with its query.
            body: sent as JSON where it is given.
            headers: more of them, as `{"Accept": "text/plain"}`.

        Raises:
            OSError: nobody answered.
        """
        known = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token:
            known["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data=data, method=method, headers={**known, **(headers or {})})
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=ANSWERS_S) as came:
                return Answer(status=came.status, body=_read(came.read()))
        except HTTPError as refused:
            with refused:
                return Answer(status=refused.code, body=_read(refused.read()))

    def get(self, path: str) -> Any:
        """What is at this path.

        Raises:
            ShadowError: any other answer than 200.
        """
        came = self.ask("GET", path)
        if came.status != 200:
            raise ShadowError("the server refused", where=f"GET {path}", seen=f"{came.status}: {str(came.body)[:300]}")
        return came.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running Airflow.

    Attributes:
        url: as `http://127.0.0.1:8080`.
        folder: its own files: database, logs, passwords.
        passwords: name → password of everybody who may log in.
    """

    url: str
    folder: Path
    passwords: Mapping[str, str] = field(repr=False)

    def token(self, user: str) -> str:
        """A token of this user's, for an `Authorization: Bearer` header or the cookie `_token`."""
        known = {"username": user, "password": self.passwords[user]}
        came = Session(url=self.url).ask("POST", "/auth/token", known)
        if came.status != 201:
            raise ShadowError("nobody was logged in", where=user, seen=f"{came.status}: {came.body}")
        return str(came.body["access_token"])

    def session(self, user: str = "") -> Session:
        """Calls to the API as this user; as nobody where none is named."""
        return Session(url=self.url, token=self.token(user) if user else "")


def until(question: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """Ask again and again until the answer is true, and give it.

    Raises:
        ShadowError: it was not, for so many seconds; names `what`, which was waited for.
    """
    end = time.monotonic() + within_s
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise ShadowError(f"{what} was waited for", seen=f"not within {within_s:g} s")
        time.sleep(LOOK_S)


def _read(body: bytes) -> Any:
    text = body.decode("utf-8", errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
