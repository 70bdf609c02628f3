"""From a connection to a decision: each request is read, judged, counted, and only then answered."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from dataclasses import replace

import h11

from shadow.doors.listed import Kind, Route
from shadow.doors.network.addresses import Site, Target, check_headers, read_site, read_target
from shadow.doors.network.arguments import arguments, media_type
from shadow.doors.network.calls import Call, Visit
from shadow.doors.network.forwarding import VIOLATION, ask_model, forward_read
from shadow.doors.network.keeper import Errand, Keeper
from shadow.doors.network.traffic import CANARY, Decision
from shadow.doors.network.wire import Asked, Parted, Wire
from shadow.doors.plain import one_line
from shadow.doors.tools import Answer
from shadow.errors import StoreError, ToolFailed, ToolRefused

_NO_REQUEST = Asked(method="", target="", headers=[], body=b"")


async def converse(keeper: Keeper, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection until it ends."""
    limits = keeper.settings.limits
    wire = Wire(
        reader=reader, writer=writer, body_most=limits.body_bytes, head_most=limits.head_bytes, idle_s=limits.idle_s
    )
    keeper.writers.add(writer)
    try:
        visit = _whose(keeper, writer)
        if len(keeper.writers) > limits.connections:
            return await _unreadable(keeper, visit, wire, f"more than {limits.connections} connections at once")
        return await _talk(keeper, visit, wire, None)
    except (Parted, OSError, h11.LocalProtocolError):
        _break_off(wire.writer)  # it was counted where it happened; nothing more can be said here
    finally:
        keeper.writers.discard(writer)
        wire.writer.close()


def _break_off(writer: asyncio.StreamWriter) -> None:
    """End a connection so that nobody takes half an answer for a whole one: with a reset, not with an end."""
    line = writer.get_extra_info("socket")
    if line is not None and line.fileno() >= 0:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _whose(keeper: Keeper, writer: asyncio.StreamWriter) -> Visit | None:
    peer = writer.get_extra_info("peername")
    return keeper.case_of((str(peer[0]), int(peer[1]))) if isinstance(peer, tuple) else None


async def _talk(keeper: Keeper, visit: Visit | None, wire: Wire, tunnel: Site | None) -> None:
    while True:
        try:
            asked = await wire.take()
        except ToolRefused as error:
            return await _unreadable(keeper, visit, wire, error.what)
        if asked is None:
            return None
        errand = Errand(keeper=keeper, visit=visit, asked=asked, wire=wire, began=keeper.ticks())
        if asked.method == "CONNECT" and tunnel is None:
            site = await _tunnel(errand)
            return await _talk(keeper, visit, errand.wire, site) if site else None
        await serve(errand, tunnel)
        if not wire.again():
            return None


async def _unreadable(keeper: Keeper, visit: Visit | None, wire: Wire, why: str) -> None:
    errand = Errand(keeper=keeper, visit=visit, asked=_NO_REQUEST, wire=wire, began=keeper.ticks())
    why = await _noted(errand, why)
    if wire.may_answer:
        await errand.turn_away(Decision.REFUSED, 400, why)
    else:
        errand.settle(Decision.REFUSED, why=why)


async def _tunnel(errand: Errand) -> Site | None:
    """Open a tunnel to a listed host; its other end is here. None where it was refused."""
    try:
        _admit(errand)
        site = read_site("https", errand.asked.target)
        errand.notes["place"] = f"https://{site}"
        check_headers(errand.asked.headers, site)
        if site not in errand.keeper.table.sites:
            raise ToolRefused("no route is listed for this host")
        context = errand.keeper.authority.context(site.host)
        errand.wire = await errand.wire.tunnel(context)
    except ToolRefused as error:
        await errand.turn_away(Decision.REFUSED, 403, await _noted(errand, error.what))
        return None
    except (OSError, ssl.SSLError) as error:
        errand.settle(Decision.FAILED, why=f"no TLS in the tunnel: {type(error).__name__}")
        raise
    errand.settle(Decision.TUNNELLED, status=200)
    return site


async def serve(errand: Errand, tunnel: Site | None) -> None:
    """Take one request to its end, whatever that is; where nothing was decided, it has failed."""
    try:
        await _decide(errand, tunnel)
    except ToolRefused as error:
        violation = error.what if error.where == VIOLATION else _smuggled(errand)
        await errand.turn_away(Decision.REFUSED, 403, await _noted(errand, error.what), violation=violation)
    except (ToolFailed, StoreError) as error:
        why = one_line(str(error))
        violation = error.what if error.where == VIOLATION else ""
        if not errand.wire.may_answer:
            errand.settle(Decision.FAILED, why=why, violation=violation)
            raise Parted from error  # so that half an answer is not taken for a whole one
        await errand.turn_away(Decision.FAILED, 502, why, violation=violation)
    finally:
        errand.settle(Decision.FAILED, why="it broke off")


def _smuggled(errand: Errand) -> str:
    """What a refused request would have carried out, had it been listed."""
    met = errand.keeper.canaries.met(errand.asked.target.encode("latin-1"), errand.asked.body)
    return f"{CANARY}{', '.join(met)} would go out" if met else ""


def _admit(errand: Errand) -> Visit:
    """Whose request it is.

    Raises:
        ToolRefused: nobody's, or one too many.
    """
    if errand.visit is None:
        raise ToolRefused("the connection belongs to no case")
    session = errand.keeper.session(errand.visit)
    session.requests += 1
    most = errand.keeper.settings.limits.requests
    if session.requests > most:
        raise ToolRefused(f"more than {most} requests in one case")
    return errand.visit


async def _decide(errand: Errand, tunnel: Site | None) -> None:
    asked = errand.asked
    visit = _admit(errand)
    target = read_target(asked.target, tunnel)
    errand.notes["place"] = one_line(f"{target.site.scheme}://{target.site}{target.path}", 200)
    check_headers(asked.headers, target.site)
    route, slots = errand.keeper.table.find(asked.method, target)
    errand.on(route)
    if route.kind is Kind.TELEMETRY:
        return await _swallow(errand, route)
    if route.kind is Kind.LLM:
        return await ask_model(errand, visit, route, target)
    args = arguments(route, target, slots, asked.headers, asked.body)
    call = Call(visit=visit, tool=route.tool, args=args)
    if route.kind is Kind.WRITE:
        return await _hold(errand, route, call)
    return await _read(errand, route, call, target)


async def _swallow(errand: Errand, route: Route) -> None:
    if media_type(errand.asked.headers) == "application/json":
        return await errand.answer(Decision.SWALLOWED, route.status, {})
    errand.settle(Decision.SWALLOWED, status=route.status)
    return await errand.wire.answer(route.status)


async def _hold(errand: Errand, route: Route, call: Call) -> None:
    """A write: never forwarded, whatever happens here."""
    answer, repeated = await _held_once(errand, call)
    if answer.word != "answer":
        return await _unanswered(errand, answer)
    decision = Decision.REPEATED if repeated else Decision.HELD
    return await errand.answer(decision, route.status, answer.value)


async def _held_once(errand: Errand, call: Call) -> tuple[Answer, bool]:
    """The tools door's answer, and whether the same write had been held before under the same idempotency key."""
    answer = await errand.keeper.judge(replace(call, key=errand.asked.header(b"idempotency-key")))
    return answer, answer.repeated


async def _read(errand: Errand, route: Route, call: Call, target: Target) -> None:
    answer = await errand.keeper.judge(call)
    if answer.word != "answer":
        return await _unanswered(errand, answer)
    if route.forwards:
        return await forward_read(errand, route, target, answer.value)
    status = route.absent if answer.value is None else route.status
    return await errand.answer(Decision.ANSWERED, status, answer.value)


async def _unanswered(errand: Errand, answer: Answer) -> None:
    """The tools door has refused or failed, and has written that down."""
    if answer.word == "refused":
        return await errand.turn_away(Decision.REFUSED, 403, str(answer.value))
    # what a write requires and does not hold is the live system's own "no": a client that met 502 would try again
    return await errand.turn_away(Decision.FAILED, 409 if answer.unmet else 502, str(answer.value), told=True)


async def _noted(errand: Errand, why: str) -> str:
    """Have the tools door write it down before the candidate hears of it: frameworks swallow what is refused."""
    if errand.visit is None:
        return why
    place = errand.notes.get("place", "")
    tool = errand.notes.get("tool") or one_line(f"{errand.asked.method or 'a request'} {place}".strip(), 100)
    try:
        await errand.keeper.judge(Call(visit=errand.visit, tool=tool, args={}, why=why))
    except ToolFailed as error:
        return one_line(f"{why}; not written down: {error}")
    return why
