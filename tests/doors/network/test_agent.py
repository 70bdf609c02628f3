"""Eleven ways to write over HTTP: none reaches the upstream, and the counts are right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.doors.network.conftest import Desk
from tests.doors.network.upstream import Upstream

AGENT = Path(__file__).with_name("agent.py")
REFUSED = {"localhost", "method_override", "websocket"}
HELD = {
    "requests",
    "requests_trusting_no_environment",
    "httpx",
    "aiohttp",
    "urllib",
    "http_client",
    "raw_socket",
    "curl",
}

pytestmark = pytest.mark.skipif(which("curl") is None, reason="one of the eleven is curl")


def run(url: str, proxy: str, environment: dict[str, str]) -> dict[str, Any]:
    """What each way was answered."""
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [sys.executable, str(AGENT), url, proxy], env={**clean, **environment}, capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered


def proxy_of(desk: Desk) -> str:
    return desk.environment["HTTP_PROXY"]


def test_all_eleven_land_without_the_door(upstream: Upstream) -> None:
    """The control: each way does reach a server that it can connect to."""
    upstream.answers["POST", "/v1/refunds"] = {"paid": True}
    answered = run(f"{upstream.url}/v1/refunds", "-", {})
    assert len(upstream.asked) == len(answered) == 11, answered


def test_none_of_eleven_reaches_the_upstream(desk: Desk) -> None:
    """Eight are held with their arguments, three are refused; nothing was sent on."""
    answered = run(f"{desk.upstream.url}/v1/refunds", proxy_of(desk), desk.environment)
    assert {name for name, status in answered.items() if status == 201} == HELD, answered
    assert {name for name, status in answered.items() if status == 403} == REFUSED
    assert desk.upstream.asked == []
    assert desk.held == [("refund.issue", {"order_id": "o1", "amount": "20"})] * 8
    assert len(desk.refused) == 3
    assert (desk.total("requests"), desk.total("held"), desk.total("refused")) == (11, 8, 3)
    assert (desk.total("bytes_out"), desk.total("failed"), desk.total("violations")) == (0, 0, 0)


def test_none_of_eleven_reaches_the_upstream_over_tls(secure_desk: Desk) -> None:
    """The same inside tunnels, whose other end is the door; localhost gets no tunnel at all."""
    answered = run(f"{secure_desk.upstream.url}/v1/refunds", proxy_of(secure_desk), secure_desk.environment)
    assert {name for name, status in answered.items() if status == 201} == HELD, answered
    assert {answered["method_override"], answered["websocket"]} == {403}
    assert secure_desk.upstream.asked == []
    assert secure_desk.held == [("refund.issue", {"order_id": "o1", "amount": "20"})] * 8
    assert (secure_desk.total("held"), secure_desk.total("refused"), secure_desk.total("tunnelled")) == (8, 3, 10)
