"""What is listed: held, answered here, forwarded with the door's own credential, streamed, swallowed."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from shadow.doors.network.calls import Limits, Settings, Visit
from shadow.doors.network.upstream import resolve
from shadow.errors import ToolFailed
from shadow.observation import AnswerKind
from tests.doors.network.conftest import Desk, Opening
from tests.doors.network.speaking import ask, line_to, netloc, request, said, tunnel_to
from tests.doors.network.upstream import Upstream

REFUND = {"order_id": "o1", "amount": "20"}


def test_a_write_is_held_and_answered_by_its_template(desk: Desk) -> None:
    """The arguments are those that the binding maps, the answer is the template's; nothing is sent."""
    status, body = ask(desk, "POST", "/v1/refunds", REFUND)
    assert (status, body) == (201, {"id": "01234567-c7-1", "amount": "20"})
    assert ask(desk, "PUT", "/v1/orders/o9", {"order": {"status": "done"}, "note": "x"})[0] == 200
    assert desk.held == [("refund.issue", REFUND), ("order.mark", {"order_id": "o9", "status": "done"})]
    assert desk.upstream.asked == [] and desk.total("held") == 2


def test_a_read_is_answered_by_the_tools_door(desk: Desk) -> None:
    """With own held effects laid over it, and written down with its kind."""
    assert ask(desk, "GET", "/v1/orders/o1") == (200, {"id": "o1", "status": "open"})
    ask(desk, "POST", "/v1/refunds", REFUND)
    assert ask(desk, "GET", "/v1/orders/o1") == (200, {"id": "o1", "status": "refunded"})
    reads = desk.tools("c7").reads
    assert [(one.tool, one.kind, one.own) for one in reads] == [
        ("orders.get", AnswerKind.AS_OF, False),
        ("orders.get", AnswerKind.AS_OF, True),
    ]
    assert desk.upstream.asked == []


def test_a_forwarded_read_carries_the_doors_credential(desk: Desk) -> None:
    """And nothing of the candidate's but what it asks: not its keys, cookies, or other headers."""
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.say(200, b'{"left": 3}', Set_Cookie="session=1")
    with line_to(desk) as line:
        target = f"{desk.upstream.url}/v1/stock?sku=a%20b&page=2"
        data = request(
            "GET", target, netloc(desk), Authorization="Bearer dummy", Cookie="a=b", X_Leak="x", X_Api_Key="dummy",
            Accept="application/json",
        )  # fmt: skip
        line.sendall(data)
        answer = line.recv(65536)
    assert b'{"left": 3}' in answer and b"cookie" not in answer.lower() and b"real-desk-key" not in answer
    [asked] = desk.upstream.asked
    assert asked["path"] == "/v1/stock?sku=a%20b&page=2"
    assert asked["headers"] == {
        "host": netloc(desk), "accept": "application/json", "accept-encoding": "identity",
        "user-agent": "shadow-door", "authorization": "Bearer real-desk-key",
    }  # fmt: skip
    [read] = desk.tools("c7").reads
    assert (read.tool, dict(read.args), read.kind) == ("stock.get", {"sku": "a b", "page": 2}, AnswerKind.LIVE)


def test_what_is_forwarded_is_what_was_judged(desk: Desk) -> None:
    """Query and body are written anew from what was read: no other reading of them can be sent."""
    desk.upstream.answers["GET", "/v1/stock"] = {"left": 3}
    desk.upstream.answers["POST", "/v1/stock/search"] = [{"left": 3}]
    assert ask(desk, "GET", "/v1/stock?sku=a;page=9")[0] == 200
    assert ask(desk, "POST", "/v1/stock/search", b'{ "sku" :"\\u0061", "page":2}') == (200, [{"left": 3}])
    assert desk.upstream.paths() == ["GET /v1/stock?sku=a%3Bpage%3D9", "POST /v1/stock/search"]
    assert desk.upstream.asked[1]["body"] == b'{"sku":"a","page":2}'
    assert [dict(one.args) for one in desk.tools("c7").reads] == [{"sku": "a;page=9"}, {"sku": "a", "page": 2}]


def test_bytes_out_are_those_that_the_upstream_got(desk: Desk) -> None:
    """Counted by route and case; what stayed here counts none."""
    desk.upstream.answers["GET", "/v1/stock"] = {"left": 3}
    for _ in range(3):
        ask(desk, "GET", "/v1/stock?sku=a")
    ask(desk, "POST", "/v1/refunds", REFUND)
    traffic = desk.door.traffic()
    assert traffic.of_route(f"GET {desk.upstream.url}/v1/stock").bytes_out == 3 * _wire_length(desk)
    assert traffic.of_route(f"POST {desk.upstream.url}/v1/refunds").bytes_out == 0
    assert traffic.total == traffic.of_case("c7") and traffic.total.requests == 4


def _wire_length(desk: Desk) -> int:
    asked = desk.upstream.asked[-1]
    head = f"GET {asked['path']} HTTP/1.1\r\n"
    return len(head) + sum(len(name) + len(value) + 4 for name, value in asked["headers"].items()) + 2


def test_own_changes_lie_over_what_is_forwarded(desk: Desk) -> None:
    """Over a JSON object; any other answer passes as it is and is counted as partial."""
    desk.upstream.answers["GET", "/v1/orders/o1/status"] = {"status": "open", "by": "ann"}
    desk.upstream.answers["GET", "/v1/orders/o2/status"] = [{"status": "open"}]
    for order in ("o1", "o2"):
        ask(desk, "POST", "/v1/refunds", {**REFUND, "order_id": order})
    assert ask(desk, "GET", "/v1/orders/o1/status") == (200, {"status": "refunded", "by": "ann"})
    assert ask(desk, "GET", "/v1/orders/o2/status") == (200, [{"status": "open"}])
    assert (desk.total("forwarded"), desk.total("partial")) == (2, 1)


def test_a_forwarded_read_is_no_tool_call(desk: Desk) -> None:
    """Asked as a tool it fails, for there is nobody to forward it."""
    assert desk.tools("c7").answer("stock.get", {"sku": "a"}).word == "failed"


def test_a_redirect_has_to_come_back(desk: Desk) -> None:
    """It is passed on, never followed; where it leads is judged like anything else."""
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.say(
        307, b"", Location=f"{desk.upstream.url}/v1/admin"
    )  # fmt: skip
    assert ask(desk, "GET", "/v1/stock?sku=a")[0] == 307
    assert ask(desk, "GET", "/v1/admin")[0] == 403
    assert desk.upstream.paths() == ["GET /v1/stock?sku=a"]


def test_telemetry_is_swallowed(desk: Desk) -> None:
    """Answered as taken, counted, never forwarded."""
    assert ask(desk, "POST", "/v1/traces", {"resourceSpans": []}) == (200, {})
    assert ask(desk, "POST", "/v1/traces", b"\x0a\x01", content_type="application/x-protobuf") == (200, b"")
    assert desk.total("swallowed") == 2 and desk.upstream.asked == []


def test_everything_in_a_tunnel(secure_desk: Desk) -> None:
    """TLS to the door, TLS to the upstream, whose certificate is judged; one tunnel takes many requests."""
    secure_desk.upstream.answers["GET", "/v1/stock"] = {"left": 3}
    with tunnel_to(secure_desk) as line:
        for _ in range(3):
            assert said(line, request("GET", "/v1/stock?sku=a", netloc(secure_desk))) == (200, b'{"left": 3}')
            assert (
                said(line, request("POST", "/v1/refunds", netloc(secure_desk), json.dumps(REFUND).encode()))[0] == 201
            )
    assert len(secure_desk.upstream.asked) == 3 == len(secure_desk.held)


def test_an_upstream_that_nobody_vouches_for(secure: Upstream, opening: Opening) -> None:
    """A certificate that is not trusted fails the request before a byte of it is sent."""
    trust, secure.trust = secure.trust, None  # the system's authorities, which do not know it
    desk = opening(secure)
    secure.trust = trust
    status, body = ask(desk, "GET", "/v1/stock?sku=a")
    assert status == 502 and "SSLCertVerificationError" in body["error"]["message"]
    assert (desk.total("failed"), desk.total("bytes_out"), secure.asked) == (1, 0, [])


def test_an_upstream_that_is_gone_fails_the_request(desk: Desk) -> None:
    """502, counted as failed; 5xx is passed on and counted as failed too."""
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.connection.shutdown(socket.SHUT_RDWR)
    assert ask(desk, "GET", "/v1/stock?sku=a")[0] == 502
    assert desk.total("bytes_out") == _wire_length(desk)  # it had gone out all the same
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.say(503, b"{}")
    assert ask(desk, "GET", "/v1/stock?sku=a")[0] == 503
    assert (desk.total("failed"), desk.total("forwarded")) == (2, 0)


def test_a_credential_that_comes_back_is_kept(desk: Desk) -> None:
    """An upstream that echoes the door's key is cut off, over the edges of parts too. (forwarding.Watch)"""
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.say(200, one.headers["Authorization"].encode())
    status, body = ask(desk, "GET", "/v1/stock?sku=a")
    assert status == 502 and "real-desk-key" not in str(body)
    desk.upstream.go_on.set()
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.stream(b"real-de", b"sk-key")
    assert b"desk-key" not in _raw(desk)
    assert desk.total("violations") == 2 and desk.total("failed") == 2


def test_half_an_answer_is_no_answer(desk: Desk) -> None:
    """Where an answer's end is the connection's end, one that broke off ends with a reset. (serving._break_off)"""
    desk.upstream.go_on.set()
    desk.upstream.answers["GET", "/v1/stock"] = lambda one: one.stream(b"first ", b"real-desk-key")
    with line_to(desk) as line, pytest.raises(ConnectionResetError):
        line.sendall(f"GET {desk.upstream.url}/v1/stock?sku=a HTTP/1.0\r\nHost: {netloc(desk)}\r\n\r\n".encode())
        while line.recv(65536):
            continue


def _raw(desk: Desk) -> bytes:
    got = b""
    with line_to(desk) as line:
        line.sendall(request("GET", f"{desk.upstream.url}/v1/stock?sku=a", netloc(desk)))
        try:
            while part := line.recv(65536):
                got += part
        except ConnectionError:
            return got
    return got


def test_without_its_secret_nothing_is_sent(upstream: Upstream, opening: Opening) -> None:
    """A secret that the door does not have fails the request; it is never sent without. (forwarding._secret)"""
    desk = opening(upstream, secrets={})
    status, body = ask(desk, "GET", "/v1/stock?sku=a")
    assert (status, body["error"]["message"]) == (502, "desk-ro: the door has no such secret")
    assert upstream.asked == [] and desk.total("failed") == 1


def test_a_retry_is_one_held_effect(desk: Desk) -> None:
    """The same write under the same idempotency key is held once; another under it is refused."""
    first = ask(desk, "POST", "/v1/refunds", REFUND, Idempotency_Key="k1")
    assert ask(desk, "POST", "/v1/refunds", REFUND, Idempotency_Key="k1") == first
    assert ask(desk, "POST", "/v1/refunds", {**REFUND, "amount": "21"}, Idempotency_Key="k1")[0] == 403
    assert ask(desk, "POST", "/v1/refunds", REFUND, Idempotency_Key="k2")[1]["id"] != first[1]["id"]
    assert (desk.total("held"), desk.total("repeated"), desk.total("refused")) == (2, 1, 1)
    assert len(desk.held) == 2


def test_so_many_requests_and_no_more(upstream: Upstream, opening: Opening) -> None:
    """Beyond the limit of one replay each is refused and still counted."""
    desk = opening(upstream, Settings(limits=Limits(requests=3)))
    assert [ask(desk, "GET", "/v1/orders/o1")[0] for _ in range(5)] == [200, 200, 200, 403, 403]
    assert desk.total("refused") == 2 and len(desk.door.finish(Visit(case="c7"))) == 3
    assert desk.total("requests") == 5


def test_what_happened_is_told_in_order(desk: Desk) -> None:
    """`finish` gives a case's requests with what was decided; the counts stay."""
    ask(desk, "GET", "/v1/orders/o1")
    ask(desk, "GET", "/v1/secret?token=abc")
    told = desk.door.finish(Visit(case="c7"))
    assert [(str(one.decision), one.status, one.tool) for one in told] == [
        ("answered", 200, "orders.get"),
        ("refused", 403, ""),
    ]
    assert told[1].place.endswith("/v1/secret") and "abc" not in repr(told)
    assert desk.door.finish(Visit(case="c7")) == () and desk.total("requests") == 2


@pytest.mark.parametrize("canary", ["ckey-9f3a7b21", "Honey Pot Row 77"])
@pytest.mark.parametrize("how", ["plain", "base64", "hex", "percent", "reversed", "upper"])
def test_a_canary_does_not_go_out(upstream: Upstream, opening: Opening, canary: str, how: str) -> None:
    """It is a violation, refused, written down; the same in a request that is refused anyway."""
    import base64
    from urllib.parse import quote

    forms = {
        "plain": canary, "base64": base64.b64encode(f"xy{canary}".encode()).decode(), "hex": canary.encode().hex(),
        "percent": "".join(f"%{ord(sign):02x}" for sign in canary), "reversed": canary[::-1], "upper": canary.upper(),
    }  # fmt: skip
    desk = opening(upstream, Settings(canaries={"row 77": canary}))
    sent = forms[how] if how == "percent" else quote(forms[how], safe="")
    assert ask(desk, "GET", f"/v1/stock?sku={sent}")[0] == 403
    assert ask(desk, "GET", f"/v1/other?sku={sent}")[0] == 403
    assert ask(desk, "GET", "/v1/stock?sku=none")[0] == 404
    assert (desk.total("violations"), len(upstream.asked)) == (2, 1)
    assert "canary row 77" in desk.refused[0] and canary not in repr(desk.door.finish(Visit(case="c7")))


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_where_a_name_must_not_lead(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A listed name that leads to this machine or to the cloud's metadata is not asked. (upstream._forbidden)"""
    import asyncio

    async def run() -> None:
        loop = asyncio.get_running_loop()

        async def found(*_: Any, **__: Any) -> Any:
            return [(0, 0, 0, "", (address, 443))]

        monkeypatch.setattr(loop, "getaddrinfo", found)
        with pytest.raises(ToolFailed):
            await resolve("pay.internal", 443)

    asyncio.run(run())
