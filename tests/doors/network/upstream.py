"""Real servers on this machine for the network door's tests: one that remembers, one that speaks OpenAI's protocol."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cryptography.hazmat.primitives import serialization

from shadow.doors.network.certificates import _leaf, _private, make_authority


@dataclass(slots=True, kw_only=True)
class Upstream:
    """A server: `asked` is what reached it, `answers` (method, path) to what it says."""

    url: str = ""
    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None
    go_on: Event = field(default_factory=Event)  # a stream's second half waits for it

    def paths(self) -> list[str]:
        """What reached it, as `GET /x`."""
        return [f"{one['method']} {one['path']}" for one in self.asked]


def handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    """Answers from `upstream.answers`: data as JSON, a callable with the handler itself."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.connection.settimeout(20)

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            upstream.asked.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
            found = upstream.answers.get((self.command, path))
            if callable(found):
                found(self)
                return
            self.say(200 if found is not None else 404, json.dumps(found).encode())

        def say(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def stream(self, *parts: bytes) -> None:
            """Event stream, chunked; what comes after the first part waits for `go_on`."""
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number, part in enumerate(parts):
                if number == 1:
                    upstream.go_on.wait(20)
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_TRACE = do_OPTIONS = _any

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def running(*, secure: Path | None = None) -> Iterator[Upstream]:
    """A running upstream on 127.0.0.1; HTTPS with an authority of its own where a folder is given."""
    upstream = Upstream()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(upstream))
    server.daemon_threads = True
    if secure is not None:
        upstream.trust = _secured(server, secure)
    upstream.port = server.server_port
    upstream.url = f"{'https' if secure else 'http'}://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield upstream
    finally:
        upstream.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _secured(server: ThreadingHTTPServer, folder: Path) -> ssl.SSLContext:
    """Give the server a certificate of a private authority; what trusts that authority."""
    from cryptography.hazmat.primitives.asymmetric import ec

    authority = make_authority(["127.0.0.1", "localhost"], datetime.now(UTC))
    key = ec.generate_private_key(ec.SECP256R1())
    path = folder / "upstream.pem"
    leaf = _leaf(authority, "127.0.0.1", key)
    path.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + _private(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(cadata=authority.pem.decode())
    return trust


def completion(text: str, tokens: tuple[int, int] = (11, 3), model: str = "small-1") -> dict[str, Any]:
    """An answer of OpenAI's chat completions."""
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
    }  # fmt: skip


def model_server(upstream: Upstream, say: Callable[[int], str] = lambda count: f"answer {count}") -> None:
    """Have it answer `POST /v1/chat/completions`, each time otherwise; as a stream where that is asked."""
    count = [0]

    def answer(one: Any) -> None:
        count[0] += 1
        text = say(count[0])
        if not json.loads(upstream.asked[-1]["body"]).get("stream"):
            one.say(200, json.dumps(completion(text)).encode())
            return
        delta = {**completion(text), "choices": [{"index": 0, "delta": {"content": text}}]}
        first, last = {**delta, "usage": None}, {**delta, "choices": []}
        one.stream(*(f"data: {json.dumps(part)}\n\n".encode() for part in (first, last)), b"data: [DONE]\n\n")

    upstream.answers["POST", "/v1/chat/completions"] = answer
