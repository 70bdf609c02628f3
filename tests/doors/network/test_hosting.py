"""The door in a thread of its own: calls judged in the host's thread, each connection its own case's."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from shadow.doors.bindings import routes_of
from shadow.doors.network.calls import Call, Visit, answer_call, secrets_of_environment
from shadow.doors.network.hosting import Mailbox, Visits, dial, serving_door
from shadow.doors.tools import Answer
from shadow.errors import ToolFailed, UsageError
from tests.doors.network.conftest import CASE, Desk, bindings_for, tools_doors
from tests.doors.network.speaking import request, said

URL = "http://127.0.0.1:9"


def refund(order: str) -> bytes:
    """A request for a refund."""
    body = json.dumps({"order_id": order, "amount": "1"}).encode()
    return request("POST", f"{URL}/v1/refunds", "127.0.0.1:9", body)


async def nobody(call: Call) -> Answer:
    """Judges where no call is expected."""
    raise AssertionError(call)


def test_a_hundred_cases_at_once_each_hold_their_own() -> None:
    """Each connection is the case's that it was announced for; every call is judged by the host's thread."""
    bindings, visits, mailbox = bindings_for(URL), Visits(), Mailbox()
    tools = tools_doors(bindings)
    threads: set[int] = set()

    def judge(call: Call) -> Answer:
        threads.add(threading.get_ident())
        return answer_call(tools(call.visit.case), call)

    with serving_door(routes_of(bindings), deeds=mailbox, case_of=visits) as door, ThreadPoolExecutor(100) as pool:

        def one(number: int) -> int:
            with dial(door, visits, Visit(case=f"c{number}")) as line:
                return said(line, refund(f"o{number}"))[0]

        asked = [pool.submit(one, number) for number in range(100)]
        answered = 0
        while answered < 100:
            assert select.select([mailbox], [], [], 20)[0]
            answered += mailbox.answer(judge)
        assert {future.result() for future in asked} == {201}
        traffic = door.traffic()
    mailbox.close()
    assert threads == {threading.get_ident()}
    for number in range(100):
        [effect] = tools(f"c{number}").effects
        assert effect.args["order_id"] == f"o{number}"
        assert traffic.of_case(f"c{number}").held == traffic.of_case(f"c{number}").requests == 1


def test_an_announcement_is_for_one_connection() -> None:
    """A second connection from the same port is nobody's."""
    visits = Visits()
    visits.expect(("127.0.0.1", 5), CASE)
    assert [visits(("127.0.0.1", 5)), visits(("127.0.0.1", 5))] == [CASE, None]


@pytest.mark.parametrize("closes", [False, True])
def test_what_cannot_be_judged_fails(closes: bool) -> None:
    """Where the host's judging raises, or the host judges no more, the request fails; it is never forwarded."""
    mailbox = Mailbox()

    def broken(call: Call) -> Answer:
        raise KeyError(call.visit.case)

    with serving_door(routes_of(bindings_for(URL)), deeds=mailbox, case_of=lambda peer: CASE) as door:
        if closes:
            mailbox.close()
        with socket.create_connection(door.address, timeout=20) as line, ThreadPoolExecutor(1) as pool:
            found = pool.submit(said, line, refund("o1"))
            if not closes:
                assert select.select([mailbox], [], [], 20)[0]
                assert mailbox.answer(broken) == 1
                assert mailbox.answer(broken) == 0
            assert found.result()[0] == 502
        assert door.traffic().total.failed == 1
    if not closes:
        mailbox.close()


def test_when_the_door_closes_everything_is_closed() -> None:
    """Open connections end, the listener is gone, and so is the folder with the certificate."""
    with serving_door((), deeds=nobody, case_of=lambda peer: CASE) as door:
        line = socket.create_connection(door.address, timeout=20)
        assert door.ca_file.read_bytes() == door.ca_pem
        assert door.ca_file.parent.stat().st_mode & 0o077 == 0
    with line, suppress(ConnectionError):
        assert line.recv(1) == b""
    with pytest.raises(OSError):
        socket.create_connection(door.address, timeout=20)
    assert not door.ca_file.parent.exists()
    assert "shadow-network-door" not in {thread.name for thread in threading.enumerate()}


def test_a_door_that_cannot_open_says_why() -> None:
    """What is wrong is raised where the door was asked for."""
    from shadow.doors.network.calls import Settings

    with (
        pytest.raises(UsageError, match="canary"),
        serving_door((), deeds=nobody, case_of=lambda peer: CASE, settings=Settings(canaries={"k": "short"})),
    ):
        pass


def test_the_authority_is_of_one_door_and_its_hosts(secure_desk: Desk) -> None:
    """Each door has its own; its key is in no file; it cannot vouch for a host that is not listed."""
    from datetime import UTC, datetime

    from shadow.doors.network.certificates import make_authority

    with serving_door((), deeds=nobody, case_of=lambda peer: CASE) as other:
        assert other.ca_pem != secure_desk.door.ca_pem
    assert b"PRIVATE" not in secure_desk.door.ca_pem
    assert [path.name for path in secure_desk.door.ca_file.parent.iterdir()] == ["ca.pem"]

    authority = make_authority(["pay.internal"], datetime.now(UTC))
    client = ssl.create_default_context(cadata=authority.pem.decode())
    for host, trusted in (("pay.internal", True), ("evil.test", False)):
        assert _handshake(authority.context(host), client, host) is trusted


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> bool:
    """Whether a client that trusts the authority takes this server for the host."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(down, up, server_hostname=host)
    other = server.wrap_bio(up, down, server_side=True)
    for _ in range(8):
        for side in (one, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return True


def test_secrets_come_from_the_environment_of_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a name made from the id; one that is empty is none."""
    monkeypatch.setenv("SHADOW_SECRET_PAY_RO", "value")
    monkeypatch.setenv("SHADOW_SECRET_EMPTY", "")
    assert [secrets_of_environment(name) for name in ("pay-ro", "empty", "none")] == ["value", None, None]


def test_on_asyncio(tmp_path: Path) -> None:
    """The same door for callers that are on asyncio, on a listener that they give."""
    import asyncio

    from shadow.doors.network.gateway import gateway

    bindings = bindings_for(URL)
    tools = tools_doors(bindings)

    async def judge(call: Call) -> Answer:
        return answer_call(tools(call.visit.case), call)

    async def run() -> tuple[Any, int]:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        async with gateway(routes_of(bindings), deeds=judge, case_of=lambda peer: CASE, listener=listener) as door:
            assert door.address == ("127.0.0.1", port)
            with socket.create_connection(door.address, timeout=20) as line:
                found = await asyncio.to_thread(said, line, refund("o1"))
            return found[0], door.traffic().total.held

    assert asyncio.run(run()) == (201, 1)


def test_a_closed_mailbox_says_so() -> None:
    """Nobody waits for an answer that cannot come."""
    import asyncio

    mailbox = Mailbox()
    mailbox.close()
    with pytest.raises(ToolFailed):
        asyncio.run(mailbox(Call(visit=CASE, tool="x", args={})))
