"""Requests byte by byte, as a client that obeys nobody sends them."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11

from tests.doors.network.conftest import Desk


def netloc(desk: Desk) -> str:
    """The upstream's authority."""
    return desk.upstream.url.partition("://")[2]


@contextmanager
def line_to(desk: Desk) -> Iterator[socket.socket]:
    """A connection to the door."""
    with socket.create_connection(desk.door.address, timeout=20) as line:
        yield line


@contextmanager
def tunnel_to(desk: Desk, name: str = "127.0.0.1") -> Iterator[ssl.SSLSocket]:
    """A tunnel to the upstream, TLS spoken inside with the door's own authority trusted."""
    with line_to(desk) as line:
        line.sendall(f"CONNECT {netloc(desk)} HTTP/1.1\r\nHost: {netloc(desk)}\r\n\r\n".encode())
        assert b" 200 " in line.recv(4096)
        context = ssl.create_default_context(cadata=desk.door.ca_pem.decode())
        context.check_hostname = name == "127.0.0.1"
        with context.wrap_socket(line, server_hostname=name) as secure:
            yield secure


def request(method: str, target: str, host: str, body: bytes = b"", **headers: str) -> bytes:
    """One request's bytes; a header's name is written with _ for -."""
    more = {"content_type": "application/json", "content_length": str(len(body))} if body else {}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {**more, **headers}.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode("latin-1") + body


def said(line: socket.socket, data: bytes, method: str = "GET") -> tuple[int, bytes]:
    """Status and body of the answer to these bytes; 0 where the door hung up."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
    reader.send(h11.EndOfMessage())
    line.sendall(data)
    status, body = 0, b""
    while True:
        try:
            event = reader.next_event()
        except h11.RemoteProtocolError:  # it broke off
            return 0, body
        if event is h11.NEED_DATA:
            try:
                part = line.recv(65536)
            except ConnectionError:
                return 0, body
            reader.receive_data(part)
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return status, body
        else:
            return 0, body


def ask(desk: Desk, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Ask the upstream through the door, plain or in a tunnel; status, and the body as JSON."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if desk.upstream.trust is None:
        with line_to(desk) as line:
            found = said(line, request(method, f"{desk.upstream.url}{path}", netloc(desk), data, **headers), method)
    else:
        with tunnel_to(desk) as line:
            found = said(line, request(method, path, netloc(desk), data, **headers), method)
    try:
        return found[0], json.loads(found[1])
    except ValueError:
        return found
