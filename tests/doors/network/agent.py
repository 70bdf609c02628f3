"""An agent that issues a refund in eleven ways; run as a process of its own.

python agent.py URL PROXY: without a proxy ("-") each way goes straight to the URL. The clients that do not
heed the environment are led to the proxy by hand here; inside a cage its broker does that, or refuses.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

BODY = json.dumps({"order_id": "o1", "amount": "20"}).encode()
JSON = {"Content-Type": "application/json"}
URL, PROXY = [*sys.argv[1:3], "", ""][:2]
PLACE = urlsplit(URL)
DOOR = None if PROXY == "-" else urlsplit(PROXY)


def with_requests() -> int:
    import requests

    return requests.post(URL, data=BODY, headers=JSON, timeout=20).status_code


def with_requests_trusting_no_environment() -> int:
    import requests

    session = requests.Session()
    session.trust_env = False
    if DOOR:
        session.proxies = {"http": PROXY, "https": PROXY}
        session.verify = os.environ["SSL_CERT_FILE"]
    return session.post(URL, data=BODY, headers=JSON, timeout=20).status_code


def with_httpx() -> int:
    import httpx

    return httpx.post(URL, content=BODY, headers=JSON, timeout=20).status_code


def with_aiohttp() -> int:
    import aiohttp

    async def post() -> int:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            session.post(URL, data=BODY, headers=JSON, timeout=aiohttp.ClientTimeout(total=20)) as answer,
        ):
            return answer.status

    return asyncio.run(post())


def with_urllib() -> int:
    return _urllib(URL)


def with_localhost() -> int:
    return _urllib(URL.replace("127.0.0.1", "localhost"))


def with_method_override() -> int:
    return _urllib(URL, method="GET", headers={**JSON, "X-HTTP-Method-Override": "POST"})


def _urllib(url: str, method: str = "POST", headers: dict[str, str] = JSON) -> int:
    request = urllib.request.Request(url, data=BODY, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def with_http_client() -> int:
    return _http_client("POST", JSON)


def with_websocket() -> int:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "eA==",
        "Sec-WebSocket-Version": "13",
    }
    return _http_client("GET", upgrade)


def _http_client(method: str, headers: dict[str, str]) -> int:
    secure = PLACE.scheme == "https"
    host, port = (DOOR or PLACE).hostname or "", (DOOR or PLACE).port
    made = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = made(host, port, timeout=20)
    if DOOR and secure:
        connection.set_tunnel(PLACE.hostname or "", PLACE.port)
    target = URL if DOOR and not secure else PLACE.path
    connection.request(method, target, body=BODY, headers={**headers, "Host": PLACE.netloc})
    return connection.getresponse().status


def with_raw_socket() -> int:
    place = DOOR or PLACE
    with socket.create_connection((place.hostname, place.port), timeout=20) as plain:
        line: socket.socket = plain
        if PLACE.scheme == "https":
            if DOOR:
                plain.sendall(f"CONNECT {PLACE.netloc} HTTP/1.1\r\nHost: {PLACE.netloc}\r\n\r\n".encode())
                plain.recv(4096)
            line = ssl.create_default_context().wrap_socket(plain, server_hostname=PLACE.hostname)
        target = URL if DOOR and PLACE.scheme == "http" else PLACE.path
        head = f"POST {target} HTTP/1.1\r\nHost: {PLACE.netloc}\r\nContent-Type: application/json\r\n"
        line.sendall(f"{head}Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode() + BODY)
        return int(line.recv(4096).split()[1])


def with_curl() -> int:
    done = subprocess.run(
        ["curl", "-s", "-m", "20", "-o", os.devnull, "-w", "%{http_code}", "-H", "Content-Type: application/json",
         "--data-binary", BODY.decode(), URL],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return int(done.stdout)


WAYS: dict[str, Callable[[], int]] = {
    name.removeprefix("with_"): way for name, way in list(globals().items()) if name.startswith("with_")
}


def main() -> None:
    """Try each way; print what each was answered."""
    answered: dict[str, Any] = {}
    for name, way in WAYS.items():
        try:
            answered[name] = way()
        except Exception as error:  # an agent would go on too
            answered[name] = f"{type(error).__name__}: {error}"[:200]
    json.dump(answered, sys.stdout)


if __name__ == "__main__":
    main()
