"""A Slack that fails: busy, broken, cut off before or after it has taken something, or away.

The real client talks to it. What it takes it keeps, so that a test sees what people would see.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs

TEAM = "T01TEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one call instead of an answer.

    Attributes:
        status, headers: of an answer that is an error; 0: the connection is cut.
        error: Slack's word in an answer of status 200 that says no.
        taken: whether Slack has done what it was asked before.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    taken: bool = False


BUSY = Fault(status=429, headers={"Retry-After": "30"})
BROKEN = Fault(status=502)
CUT_BEFORE = Fault()
CUT_AFTER = Fault(taken=True)


@dataclass(slots=True, kw_only=True)
class FaultySlack:
    """A running one.

    Attributes:
        faults: what happens to the next calls, in order; after them all goes well.
        away: every connection is cut at once, and nothing is noted.
        calls: (method, arguments) of each call that arrived.
        messages: timestamp → the message that people see, in the order of posting.
        whispers: what was said to one person.
        forms: the modals that were opened.
    """

    base_url: str = ""
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    away: bool = False
    scopes: str = "chat:write"
    date: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    whispers: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of this method fail so."""
        self.faults += [(method, fault) for fault in faults]

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [arguments for name, arguments in self.calls if name == method]

    def buttons(self, ts: str) -> list[dict[str, Any]]:
        """The buttons that decide, in a message as people see it."""
        blocks = self.messages[ts]["blocks"]
        held = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
        return [one for one in held if one["action_id"] in ("shadow_approve", "shadow_reject")]

    def take(self, method: str, arguments: dict[str, Any], token: str) -> tuple[Fault | None, dict[str, Any]]:
        """One call: the fault that it meets, and the answer of a Slack that is well."""
        with self._lock:
            self.calls.append((method, arguments))
            self.tokens.append(token)
            at = next((n for n, (name, _) in enumerate(self.faults) if name == method), None)
            fault = self.faults.pop(at)[1] if at is not None else None
            if fault is not None and not fault.taken:
                return fault, {}
            return fault, self._answer(method, arguments)

    def _answer(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if method == "auth.test":
            return {"ok": True, "team_id": TEAM, "user_id": "U0BOT"}
        if method == "chat.postMessage":
            ts = f"1795300000.{len(self.messages) + 1:06d}"
            self.messages[ts] = arguments
            return {"ok": True, "channel": arguments["channel"], "ts": ts}
        if method == "chat.update":
            if arguments["ts"] not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            self.messages[arguments["ts"]] = {**self.messages[arguments["ts"]], **arguments}
            return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"]}
        kept = {"chat.postEphemeral": self.whispers, "views.open": self.forms}.get(method)
        if kept is not None:
            kept.append(arguments)
        return {"ok": kept is not None, "error": "unknown_method"}


@contextmanager
def faulty_slack() -> Iterator[FaultySlack]:
    """A running one on this machine, ended on the way out."""
    fake = FaultySlack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if fake.away:
                return self.cut()
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            method = self.path.rpartition("/")[2]
            fault, answer = fake.take(method, _read(raw), self.headers.get("Authorization", ""))
            if fault is not None and not fault.status and not fault.error:
                return self.cut()
            if fault is not None and fault.error:
                return self.say(200, {}, {"ok": False, "error": fault.error})
            if fault is not None:
                return self.say(fault.status, fault.headers, {"ok": False, "error": "ratelimited"})
            return self.say(200, {}, answer)

        def say(self, status: int, headers: Mapping[str, str], body: dict[str, Any]) -> None:
            text = b"<html>bad gateway</html>" if status >= 500 else json.dumps(body).encode()
            self.send_response_only(status)
            told = {"Date": fake.date or self.date_time_string(), "X-OAuth-Scopes": fake.scopes, **headers}
            for name, value in {**told, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def cut(self) -> None:
            """A reset, not a farewell."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.rfile.close()
            self.connection.close()

        def finish(self) -> None:
            if self.connection.fileno() != -1:
                super().finish()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.base_url = f"http://127.0.0.1:{server.server_port}/api/"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


def _read(raw: str) -> dict[str, Any]:
    """A call's arguments; the client sends JSON where it sends blocks, else a form."""
    if raw.startswith("{"):
        found: dict[str, Any] = json.loads(raw)
        return found
    return {name: values[0] for name, values in parse_qs(raw).items()}
