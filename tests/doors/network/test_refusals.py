"""What could be read in two ways, or is not listed, is refused; the upstream is the witness."""

from __future__ import annotations

import json
import ssl

import pytest

from shadow.doors.network.addresses import Site, read_pairs, read_target
from shadow.doors.network.arguments import arguments, read_object
from shadow.doors.network.calls import Limits, Settings
from shadow.errors import ToolRefused
from tests.doors.network.conftest import Desk, Opening, bindings_for
from tests.doors.network.speaking import ask, line_to, netloc, request, said, tunnel_to
from tests.doors.network.upstream import Upstream

REFUND = {"order_id": "o1", "amount": "20"}


def nothing_passed(desk: Desk, refused: int = 1) -> None:
    """All was refused, counted and written down; nothing reached the upstream, nothing was held."""
    assert desk.upstream.asked == []
    assert desk.held == []
    assert desk.total("refused") == len(desk.refused) == refused
    assert desk.total("bytes_out") == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/refunds"),
        ("GET", "/v1/admin?sku=a"),
        ("GET", "/v1/orders/o1/"),
        ("POST", "/v1/orders/o1"),
        ("DELETE", "/v1/orders/o1"),
        ("TRACE", "/v1/orders/o1"),
        ("get", "/v1/orders/o1"),
        ("OPTIONS", "/v1/orders/o1"),
        ("HEAD", "/v1/orders/o1"),
        ("GET", "/V1/orders/o1"),
        ("GET", "/v1/orders/"),
        ("GET", "/v1/models"),
        ("POST", "/v1/files"),
        ("POST", "/v1/batches"),
    ],
)
def test_what_is_not_listed_is_refused(desk: Desk, method: str, path: str) -> None:
    """GET included: there is no default. (Table.find ends in a refusal.)"""
    assert ask(desk, method, path)[0] == 403
    nothing_passed(desk)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/stock/../orders/o1",
        "/v1/stock/%2e%2e/orders/o1",
        "/v1/./orders/o1",
        "/v1/orders/..",
        "/v1/orders/o1%2f",
        "/v1/orders/a%2Fb",
        "/v1/orders/a%5cb",
        "/v1/orders/a\\b",
        "/v1//orders/o1",
        "//v1/orders/o1",
        "/v1/orders/o1;x=1",
        "/v1/orders/o1%3bx",
        "/v1/orders/%252e",
        "/v1/orders/%6f1",
        "/v1/%6frders/o1",
        "/v1/orders/%zz",
        "/v1/orders/%00",
        "/v1/orders/%0d%0aX:1",
        "/v1/orders/%ff",
        "/v1/orders/o1#x",
        "/v1/orders/o1?_method=DELETE",
        "/v1/orders/o1?x-http-method-override=PUT",
        "/v1/orders/o1?a=%zz",
    ],
)
def test_only_canonical_addresses(desk: Desk, path: str) -> None:
    """Two spellings of one address are never both taken. (addresses._segments, read_pairs, refuse_overriding)"""
    assert ask(desk, "GET", path)[0] == 403
    nothing_passed(desk)


@pytest.mark.parametrize("name", ["_method", "_HttpMethod", "X-HTTP-Method-Override", "%5fmethod", " _method "])
def test_names_that_override_the_method(name: str) -> None:
    """In a query, a form or a JSON body, whatever the tool's schema allows. (addresses.refuse_overriding)"""
    with pytest.raises(ToolRefused, match="overrides"):
        read_pairs(f"a=1&{name}=DELETE", "query")
    with pytest.raises(ToolRefused, match="overrides"):
        read_object([], json.dumps({name.replace("%5f", "_"): "DELETE"}).encode())


def test_a_query_holds_what_its_route_names(desk: Desk) -> None:
    """Whatever the tool's schema allows: data must not leave beside the arguments. (arguments.arguments)"""
    [stock] = [one for one in bindings_for(desk.upstream.url)["stock.get"].routes if one.method == "GET"]
    target = read_target(f"{desk.upstream.url}/v1/stock?sku=a&note=b", None)
    with pytest.raises(ToolRefused, match="'note' may not stand in the query"):
        arguments(stock, target, {}, [], b"")


def test_a_name_stands_once_and_an_address_has_no_fragment() -> None:
    """In a form as in a query; in a tunnel as outside. (addresses.read_pairs, read_target)"""
    with pytest.raises(ToolRefused, match="twice"):
        read_pairs("a=1&b=2&%61=3", "body")
    with pytest.raises(ToolRefused, match="fragment"):
        read_target("/v1/orders/o1#x", Site("https", "pay.internal", 443))


@pytest.mark.parametrize("path", ["/v1/orders/o%201", "/v1/orders/%E2%82%AC", "/v1/orders/a:b@c"])
def test_an_argument_may_hold_what_needs_encoding(desk: Desk, path: str) -> None:
    """What is encoded because it must be is taken, decoded."""
    status, body = ask(desk, "GET", path)
    assert (status, body["id"]) == (200, {"o": "o 1", "%": "€", "a": "a:b@c"}[path[11]])


@pytest.mark.parametrize(
    "headers",
    [
        {"X_HTTP_Method_Override": "DELETE"},
        {"X_HTTP_Method": "PUT"},
        {"X_Method_Override": "PUT"},
        {"X_Original_URL": "/admin"},
        {"X_Rewrite_URL": "/admin"},
        {"X_Forwarded_Host": "evil.test"},
        {"Forwarded": "host=evil.test"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "h2c", "HTTP2_Settings": "AAMAAABkAAQAAP__"},
    ],
)
def test_headers_that_change_the_meaning(desk: Desk, headers: dict[str, str]) -> None:
    """Method overrides, other addresses and upgrades are refused on a listed read. (addresses.check_headers)"""
    assert ask(desk, "GET", "/v1/orders/o1", **headers)[0] == 403
    nothing_passed(desk)


def test_host_is_the_authority(desk: Desk, secure_desk: Desk) -> None:
    """Another Host than the address's or the tunnel's is refused, plain and inside TLS. (addresses.check_headers)"""
    with line_to(desk) as line:
        assert said(line, request("GET", f"{desk.upstream.url}/v1/orders/o1", "evil.test"))[0] == 403
    with tunnel_to(secure_desk) as secure:
        assert said(secure, request("GET", "/v1/orders/o1", "evil.test"))[0] == 403
    for one in (desk, secure_desk):
        nothing_passed(one)


@pytest.mark.parametrize("hosts", ["Host: {0}\r\nHost: {0}", "Host: {0}\r\nHost: evil.test"])
def test_one_host_only(desk: Desk, hosts: str) -> None:
    """Two Host headers are refused, even where they agree."""
    head = f"GET {desk.upstream.url}/v1/orders/o1 HTTP/1.1\r\n{hosts.format(netloc(desk))}\r\n\r\n"
    with line_to(desk) as line:
        assert said(line, head.encode())[0] in (400, 403)
    nothing_passed(desk)


@pytest.mark.parametrize(
    "target",
    [
        "/v1/orders/o1",
        "http://user@{0}/v1/orders/o1",
        "http://evil.test@{0}/v1/orders/o1",
        "https://{0}/v1/orders/o1",
        "ftp://{0}/v1/orders/o1",
        "http://2130706433:{1}/v1/orders/o1",
        "http://0x7f.1:{1}/v1/orders/o1",
        "http://127.1:{1}/v1/orders/o1",
        "http://[::ffff:127.0.0.1]:{1}/v1/orders/o1",
        "http://127.0.0.1.:{1}/v1/orders/o1",
        "http://127.0.0.1:0{1}/v1/orders/o1",
        "http://127.0.0.1/v1/orders/o1",
        "http://169.254.169.254/latest/meta-data",
        "*",
    ],
)
def test_only_listed_authorities(desk: Desk, target: str) -> None:
    """Another spelling of a listed address is another address; a leading zero of the port is none."""
    written = target.format(netloc(desk), desk.upstream.port)
    if ":0" in written and len(str(desk.upstream.port)) < 5:
        written = written.replace(":0", ":00")
    with line_to(desk) as line:
        assert said(line, request("GET", written, netloc(desk)))[0] in (400, 403)
    nothing_passed(desk)


@pytest.mark.parametrize(
    "target", ["evil.test:443", "127.0.0.1:25", "169.254.169.254:80", "{0}/x", "u@{0}", "localhost:{1}"]
)
def test_tunnels_to_listed_hosts_only(secure_desk: Desk, target: str) -> None:
    """(serving._tunnel asks the table.)"""
    written = target.format(netloc(secure_desk), secure_desk.upstream.port)
    with line_to(secure_desk) as line:
        assert said(line, request("CONNECT", written, written))[0] == 403
    nothing_passed(secure_desk)


def test_a_tunnel_is_http_of_its_own_host(secure_desk: Desk) -> None:
    """Another name inside the tunnel, a second tunnel, an absolute address and other protocols are refused."""
    with pytest.raises(ssl.SSLError), tunnel_to(secure_desk, name="evil.test"):
        pass
    with tunnel_to(secure_desk) as line:
        assert said(line, request("CONNECT", "evil.test:443", "evil.test:443"))[0] == 403
    with tunnel_to(secure_desk) as line:
        assert said(line, request("GET", f"{secure_desk.upstream.url}/v1/orders/o1", netloc(secure_desk)))[0] == 403
    with tunnel_to(secure_desk) as line:
        assert said(line, b"SSH-2.0-OpenSSH_9.2\r\n\r\n")[0] == 400
    with tunnel_to(secure_desk) as line:
        assert said(line, b"PRI * HTTP/2.0\r\n\r\n")[0] in (400, 403)
    assert secure_desk.upstream.asked == []
    assert secure_desk.total("refused") == 4
    assert secure_desk.total("failed") == 1


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 38\r\nTransfer-Encoding: chunked",
        "Content-Length: 38\r\nContent-Length: 39",
        "Transfer-Encoding: gzip, chunked",
        "Content-Length: +38",
        "Content-Length : 38",
        "Content-Length: 38\r\n Transfer-Encoding: chunked",
    ],
)
def test_a_body_has_one_length(desk: Desk, framing: str) -> None:
    """A request that two parties would cut at different places is refused. (addresses.check_headers, h11)"""
    body = json.dumps(REFUND).encode()
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    head = f"POST {desk.upstream.url}/v1/refunds HTTP/1.1\r\nHost: {netloc(desk)}\r\nContent-Type: application/json\r\n"
    sent = chunked if "chunked" in framing else body
    with line_to(desk) as line:
        assert said(line, f"{head}{framing}\r\n\r\n".encode() + sent)[0] in (400, 403, 501)
    nothing_passed(desk)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("POST", "/v1/refunds", b'{"order_id": "o1", "amount": "1", "amount": "9"}', {}),
        ("POST", "/v1/refunds", b'{"order_id": "o1", "amount": NaN}', {}),
        ("POST", "/v1/refunds", b"[1]", {}),
        ("POST", "/v1/refunds", b"{", {}),
        ("POST", "/v1/refunds", {**REFUND, "_method": "DELETE"}, {}),
        ("POST", "/v1/refunds", {**REFUND, "bcc": "evil@x"}, {}),
        ("POST", "/v1/refunds", {"order_id": "o1"}, {}),
        ("POST", "/v1/refunds", REFUND, {"content_type": "text/xml"}),
        ("POST", "/v1/refunds", REFUND, {"content_encoding": "gzip"}),
        ("POST", "/v1/refunds?expand=1", REFUND, {}),
        ("PUT", "/v1/orders/o1", {"order": {"status": "x"}, "more": 1}, {}),
        ("PUT", "/v1/orders/o1", {"order": {"status": "x", "owner": "me"}}, {}),
        ("GET", "/v1/orders/o1", {"a": 1}, {}),
        ("GET", "/v1/orders/o1?order_id=o2", None, {}),
        ("GET", "/v1/stock?sku=a&sku=b", None, {}),
        ("GET", "/v1/stock?sku=a&secret=b", None, {}),
        ("GET", "/v1/stock?sku=a&page=x", None, {}),
        ("GET", "/v1/stock", None, {}),
        ("GET", "/v1/orders/o1/status?x=1", None, {}),
    ],
)
def test_only_arguments_that_have_a_place(
    desk: Desk, method: str, path: str, body: object, headers: dict[str, str]
) -> None:
    """What is named twice, has no place, or does not fit the tool's schema is refused, never dropped."""
    assert ask(desk, method, path, body, **headers)[0] == 403
    nothing_passed(desk)


def test_half_a_request(upstream: Upstream, opening: Opening) -> None:
    """What never becomes a request is counted once it is over: broken off, or not whole in time."""
    desk = opening(upstream, Settings(limits=Limits(idle_s=0.2)))
    with line_to(desk) as line:
        line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        assert line.recv(99)[:12] == b"HTTP/1.1 400"
    with line_to(desk) as line:
        line.sendall(b"GET /")
        line.shutdown(1)
        assert line.recv(99)[:12] == b"HTTP/1.1 400"
    nothing_passed(desk, refused=2)


def test_too_much(desk: Desk) -> None:
    """A head or a body beyond the limits ends the connection."""
    with line_to(desk) as line:
        assert said(line, request("GET", f"{desk.upstream.url}/v1/orders/o1", netloc(desk), x="y" * 200_000))[0] in (
            0,
            400,
        )
    with line_to(desk) as line:
        assert said(line, request("POST", f"{desk.upstream.url}/v1/refunds", netloc(desk), b" " * 9_000_000))[0] in (
            0,
            400,
        )
    nothing_passed(desk, refused=2)


def test_so_many_connections_and_no_more(upstream: Upstream, opening: Opening) -> None:
    """One too many at once is refused and counted; once another has ended there is room again."""
    desk = opening(upstream, Settings(limits=Limits(connections=1)))
    asked = request("GET", f"{upstream.url}/v1/orders/o1", netloc(desk))
    with line_to(desk) as first:
        assert said(first, asked)[0] == 200
        with line_to(desk) as second:
            assert said(second, asked)[0] == 400
        assert said(first, asked)[0] == 200
    nothing_passed(desk)


def test_nobodys_connection(opening: Opening, upstream: Upstream) -> None:
    """A connection that nobody has announced gets nothing, not even a held write. (serving._admit)"""
    desk = opening(upstream, visit=None)
    assert ask(desk, "POST", "/v1/refunds", REFUND)[0] == 403
    assert desk.total("refused") == 1
    assert [line.case for line in desk.door.traffic().lines] == ["(nobody)"]
    assert desk.held == [] and desk.upstream.asked == []
