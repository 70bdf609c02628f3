"""What the network door costs: CPU a request through it, beside the same request made directly, plain and over TLS.

python -m benchmarks.door [REQUESTS]

Client, door and upstream are processes of their own, so that each one's CPU is its own. The client keeps its
connections; the request is a forwarded read with an argument, judged by a real tools door.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import h11

from shadow.case import Case
from shadow.contract.model import Contract
from shadow.contract.parts import read, write
from shadow.doors.bindings import query_args, route, routes_of, template
from shadow.doors.checks import compile_checks
from shadow.doors.network.calls import Call, Limits, Settings, Visit, answer_call
from shadow.doors.network.certificates import make_authority
from shadow.doors.network.gateway import gateway
from shadow.doors.tools import Answer, ToolsDoor

MOST = {"plain": 0.8, "tls": 1.0}  # CPU ms a request that were promised of the door
LINES, ROUNDS = 8, 5
ANSWER = json.dumps({"sku": "a", "left": 3, "note": "x" * 900}).encode()
SKU = {"sku": {"type": "string"}}
SCHEMA = {"type": "object", "properties": SKU, "required": ["sku"], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"n": {}}}
CONTRACT = Contract(
    workflow="desk", owner="ops", unit="n", accepts=OPEN, produces=OPEN, compare={}, gates=(),
    tools=(
        read("stock.get", args=SCHEMA),
        write("stock.take", entity="stock", key="sku", reversible=True, args=SCHEMA),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a client asks: to where it connects, through which tunnel, and what it trusts."""

    address: tuple[str, int]
    host: str
    target: str
    method: str = "GET"
    body: bytes = b""
    tunnel: bool = False
    trust: bytes = b""


def cpu() -> float:
    """Seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def upstream(line: Connection) -> None:
    """Two servers that answer every request alike, plain and TLS, as cheaply as asyncio can."""
    authority = make_authority(["127.0.0.1"], datetime.now(UTC))
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(ANSWER)}\r\n\r\n".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await reader.readuntil(b"\r\n\r\n"):
                at = asked.lower().find(b"content-length:")
                if at >= 0:
                    await reader.readexactly(int(asked[at + 15 :].split(b"\r\n")[0]))
                writer.write(head + ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()

    plain = await asyncio.start_server(serve, "127.0.0.1", 0)
    secure = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.context("127.0.0.1"))
    line.send(([one.sockets[0].getsockname()[1] for one in (plain, secure)], authority.pem))
    await _until_told(line)


async def door(line: Connection, ports: list[int], trusted: bytes) -> None:
    """The network door before both servers; the case's tools door judges each request."""
    urls = [f"http://127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}"]
    bindings: dict[str, Any] = {}
    stock: Any = None
    take: Any = template({"taken": "{sku}"})
    for url in urls:
        stock = route("GET", f"{url}/v1/stock", args=query_args("sku"), answer=stock)
        take = route("POST", f"{url}/v1/take", answer=take)
    bindings = {"stock.get": stock, "stock.take": take}
    now = datetime.now(UTC)
    tools = ToolsDoor(
        case=Case(id="c1", unit="u", arrived_at=now, began_at=now, input={}), experiment="benchmark",
        checks=compile_checks(CONTRACT), bindings=bindings, calls_most=10**9, bytes_most=10**6,
        clock=lambda: datetime.now(UTC), ticks=time.monotonic,
    )  # fmt: skip

    async def judge(call: Call) -> Answer:
        return answer_call(tools, call)

    trust = ssl.create_default_context(cadata=trusted.decode())
    settings = Settings(trust=trust, limits=Limits(requests=10**9), canaries={"key": "sk-dummy-0123456789"})
    visit = Visit(case="c1")
    async with gateway(routes_of(bindings), deeds=judge, case_of=lambda peer: visit, settings=settings) as open_door:
        line.send((open_door.address, open_door.ca_pem))
        await _until_told(line)


async def _until_told(line: Connection) -> None:
    """Answer each question for the CPU used so far, until told to end."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def hear() -> None:
        if line.recv() == "end":
            told.set()
        else:
            line.send(cpu())

    loop.add_reader(line.fileno(), hear)
    await told.wait()
    loop.remove_reader(line.fileno())


def process(work: Callable[..., Any], *args: Any) -> tuple[Any, Connection, Any]:
    """A process that runs `work`, the line to it, and what it says first."""
    ours, theirs = multiprocessing.Pipe()
    made = multiprocessing.get_context("spawn").Process(target=_run, args=(work, theirs, *args), daemon=True)
    made.start()
    theirs.close()
    return made, ours, ours.recv()


def _run(work: Callable[..., Any], line: Connection, *args: Any) -> None:
    asyncio.run(work(line, *args))


async def ask(way: Way, requests: int) -> None:
    """Make so many requests, over several kept connections at once."""
    async with AsyncExitStack() as stack:
        lines = [await _connected(way, stack) for _ in range(LINES)]
        data = _packed(way)
        await asyncio.gather(*(_asked(reader, writer, data, requests // LINES) for reader, writer in lines))


def _packed(way: Way) -> bytes:
    state = h11.Connection(h11.CLIENT)
    length = [("content-length", str(len(way.body))), ("content-type", "application/json")] if way.body else []
    head = h11.Request(method=way.method, target=way.target, headers=[("host", way.host), ("accept", "*/*"), *length])
    body = [h11.Data(data=way.body)] if way.body else []
    return b"".join(state.send(event) or b"" for event in [head, *body, h11.EndOfMessage()])


async def _connected(way: Way, stack: AsyncExitStack) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    trust = ssl.create_default_context(cadata=way.trust.decode()) if way.trust else None
    direct = trust if trust and not way.tunnel else None
    reader, writer = await asyncio.open_connection(*way.address, ssl=direct)
    if way.tunnel and trust:
        writer.write(f"CONNECT {way.host} HTTP/1.1\r\nhost: {way.host}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(trust, server_hostname="127.0.0.1")
    stack.callback(writer.close)
    return reader, writer


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, count: int) -> None:
    for _ in range(count):
        writer.write(data)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 20"):
            raise SystemExit(f"it was answered {head[:200]!r}")
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))


def main() -> int:
    """Print the figures; 1 where the promise is not kept."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    first, up, (ports, trusted) = process(upstream)
    second, gate, keys = process(door, ports, trusted)
    kept = True
    try:
        for name, port in zip(MOST, ports, strict=True):
            kept &= compare(name, port, {"up": up, "gate": gate}, (*keys, trusted), requests)
    finally:
        for made, line in ((first, up), (second, gate)):
            line.send("end")
            made.join(10)
    return 0 if kept else 1


def compare(
    name: str, port: int, lines: dict[str, Connection], keys: tuple[tuple[str, int], bytes, bytes], requests: int
) -> bool:
    """The figures of one protocol; whether the door kept what was promised."""
    address, authority, trusted = keys
    secure, host = name == "tls", f"127.0.0.1:{port}"
    absolute = "" if secure else f"http://{host}"
    direct = Way(address=("127.0.0.1", port), host=host, target="/v1/stock?sku=a", trust=trusted if secure else b"")
    through = Way(
        address=address, host=host, target=f"{absolute}/v1/stock?sku=a", tunnel=secure,
        trust=authority if secure else b"",
    )  # fmt: skip
    held = Way(
        address=address, host=host, target=f"{absolute}/v1/take", tunnel=secure, trust=through.trust, method="POST",
        body=b'{"sku": "a"}',
    )  # fmt: skip
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(ROUNDS):  # turn by turn, so that whatever else runs here slows all alike; the cheapest counts
        for word, way in (("direct", direct), ("forwarded", through), ("held", held)):
            found = measured(way, lines, requests)
            best[word] = min(best.get(word, found), found, key=sum)
    sys.stdout.write(f"{name}: CPU ms a request, best of {ROUNDS} × {requests:,} requests on {LINES} connections\n")
    for word, (client, gate, up) in best.items():
        whole = client + gate + up
        ratio = whole / sum(best["direct"])
        sys.stdout.write(
            f"  {word:<10} client {client:.3f}  door {gate:.3f}  upstream {up:.3f}  all {whole:.3f} ({ratio:.1f} ×)\n"
        )
    kept = best["forwarded"][1] <= MOST[name]
    sys.stdout.write(f"  promised of the door {MOST[name]}: {'kept' if kept else 'NOT KEPT'}\n")
    return kept


def measured(way: Way, lines: dict[str, Connection], requests: int) -> tuple[float, float, float]:
    """CPU ms a request: client, door, upstream."""
    asyncio.run(ask(way, LINES * 4))  # warm: connections of the pool, leaf certificates, caches
    before = [_used(lines["gate"]), _used(lines["up"])]
    began = cpu()
    asyncio.run(ask(way, requests))
    client = cpu() - began
    used = [_used(lines["gate"]) - before[0], _used(lines["up"]) - before[1]]
    per = 1000 / (requests // LINES * LINES)
    return client * per, used[0] * per, used[1] * per


def _used(line: Connection) -> float:
    line.send("cpu")
    return float(line.recv())


if __name__ == "__main__":
    sys.exit(main())
