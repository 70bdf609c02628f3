"""An agent that issues one refund, in the way that its case names; written as if nobody watched it.

The ways are those of `tests.doors.network.agent`, but for this: none is led to the door by hand.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

BODY = json.dumps({"order_id": "o1", "amount": "20.00", "currency": "EUR"}).encode()
JSON = {"Content-Type": "application/json"}


def with_requests(url: str) -> int:
    import requests

    return requests.post(url, data=BODY, headers=JSON, timeout=20).status_code


def with_httpx(url: str) -> int:
    import httpx

    return httpx.post(url, content=BODY, headers=JSON, timeout=20).status_code


def with_aiohttp(url: str) -> int:
    import aiohttp

    async def post() -> int:
        limit = aiohttp.ClientTimeout(total=20)
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            session.post(url, data=BODY, headers=JSON, timeout=limit) as answer,
        ):
            return answer.status

    return asyncio.run(post())


def with_http_client(url: str) -> int:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    connection.request("POST", place.path, body=BODY, headers=JSON)
    return connection.getresponse().status


def with_urllib(url: str) -> int:
    return _urllib(url, "POST", JSON)


def with_trust_env_off(url: str) -> int:
    import httpx

    with httpx.Client(trust_env=False) as client:
        return client.post(url, content=BODY, headers=JSON, timeout=20).status_code


def with_curl(url: str) -> int:
    done = subprocess.run(
        ["curl", "-s", "-m", "20", "-o", os.devnull, "-w", "%{http_code}", "-d", BODY.decode(), url],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return int(done.stdout)


def with_raw_socket(url: str) -> int:
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as line:
        head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        line.sendall(f"{head}Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode() + BODY)
        return int(line.recv(4096).split()[1])


def with_localhost(url: str) -> int:
    return _urllib(url.replace("127.0.0.1", "localhost"), "POST", JSON)


def with_method_override(url: str) -> int:
    return _urllib(url, "GET", {**JSON, "X-HTTP-Method-Override": "POST"})


def with_websocket(url: str) -> int:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "eA=="}
    return _urllib(url, "GET", {**upgrade, "Sec-WebSocket-Version": "13"})


def _urllib(url: str, method: str, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, data=BODY, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


WAYS: dict[str, Callable[[str], int]] = {
    name.removeprefix("with_"): way for name, way in list(globals().items()) if name.startswith("with_")
}


def handle(case: Mapping[str, Any], tools: Any) -> dict[str, Any]:
    """Try the case's way; what it was answered, or what it met."""
    try:
        return {"n": WAYS[case["way"]](case["url"])}
    except Exception as error:  # an agent would go on too
        return {"n": f"{type(error).__name__}: {error}"[:200]}
