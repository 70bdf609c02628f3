"""What leaves: a listed read or a call of a model, with the door's own credential and nothing of the candidate's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from shadow.doors.listed import Model, Route
from shadow.doors.network.addresses import Headers, Target
from shadow.doors.network.arguments import read_object
from shadow.doors.network.calls import Visit
from shadow.doors.network.keeper import JSON, Errand
from shadow.doors.network.models import check_asked, must_not_store
from shadow.doors.network.recordings import Recorded, Step
from shadow.doors.network.traffic import CANARY, Decision
from shadow.doors.network.upstream import Outgoing, Reply
from shadow.doors.network.usage import usage_of
from shadow.doors.network.wire import Parted
from shadow.doors.plain import dumps, loads, unfit
from shadow.errors import ToolFailed, ToolRefused

_GOES_ALONG = frozenset({"accept", "accept-language", "content-type", "if-none-match", "anthropic-version"})
_STAYS = frozenset(
    {"set-cookie", "set-cookie2", "alt-svc", "strict-transport-security", "connection", "keep-alive", "upgrade",
     "transfer-encoding", "trailer", "proxy-authenticate", "www-authenticate", "authentication-info"}
)  # fmt: skip
VIOLATION = "violation"  # where an error carries it, what was tried may not even be tried
OURS = (("accept-encoding", "identity"), ("user-agent", "shadow-door"))


@dataclass(slots=True, kw_only=True, eq=False)
class Watch:
    """Looks for the door's own credential in what an upstream sends back, over the edges of parts too."""

    secret: bytes
    tail: bytes = b""

    def look(self, part: bytes) -> None:
        """Look at the next part.

        Raises:
            ToolFailed: the credential is in it.
        """
        if not self.secret:
            return
        seen = self.tail + part
        if self.secret in seen:
            raise ToolFailed("the upstream sent the door's own credential back", where=VIOLATION)
        self.tail = seen[-(len(self.secret) - 1) :] if len(self.secret) > 1 else b""


async def forward_read(errand: Errand, route: Route, target: Target, changes: Mapping[str, Any]) -> None:
    """Ask the upstream, and pass its answer on with the case's own changes over it.

    Raises:
        ToolRefused: a canary would go out.
        ToolFailed: there is no secret, or the upstream does not answer.
    """
    outgoing, watch = _outgoing(errand, route, target, _said_again(errand, route))
    async with errand.keeper.upstreams.ask(outgoing) as reply:
        _note_head(errand, reply, watch)
        if changes and reply.status < 300:
            return await _with_changes(errand, reply, watch, changes)
        await _pass_on(errand, reply, watch)
        _settle(errand, reply)
        return await errand.wire.end()


async def ask_model(errand: Errand, visit: Visit, route: Route, target: Target) -> None:
    """Answer a call of a model: from this replay's own record where it had been answered, else by the provider.

    Raises:
        ToolRefused: the body is not allowed, or a canary would go out.
        ToolFailed: there is no secret, or the provider does not answer.
    """
    if target.query or route.model is None:
        raise ToolRefused("a call of a model has no query")
    body = read_object(errand.asked.headers, errand.asked.body)
    wrong = unfit(body, "body")
    if wrong:
        raise ToolRefused(wrong)
    check_asked(route.model, body)
    if must_not_store(route.model, body):
        body["store"] = False
    outgoing, watch = _outgoing(errand, route, target, dumps(body).encode())  # what was judged is what is sent
    digest = _digest(outgoing, route, body)
    steps = errand.keeper.session(visit).steps.setdefault(digest, set())
    number = next(one for one in range(1, len(steps) + 2) if one not in steps)
    steps.add(number)
    step = Step(
        experiment=errand.keeper.settings.experiment, case=visit.case, repeat=visit.repeat, step=number, digest=digest
    )
    answered = False
    try:
        answered = await _once(errand, step, route.model, (outgoing, watch, str(body["model"])))
    finally:
        if not answered:
            steps.discard(number)


async def _once(errand: Errand, step: Step, model: Model, way: tuple[Outgoing, Watch, str]) -> bool:
    """Whether the step has its answer now; where an earlier try of this replay is still asking, wait for that."""
    asking, recordings = errand.keeper.asking, errand.keeper.settings.recordings
    while step in asking:
        await asking[step].wait()
    asking[step] = asyncio.Event()
    try:
        known = await asyncio.to_thread(recordings.find, step)
        if known is not None:
            await _read_back(errand, known)
            return True
        return await _paid(errand, step, model, way)
    finally:
        asking.pop(step).set()


async def _read_back(errand: Errand, known: Recorded) -> None:
    errand.settle(Decision.RECORDED, status=known.status, duration_s=known.duration_s, usage=known.usage)
    await errand.wire.answer(known.status, known.headers, known.body)


async def _paid(errand: Errand, step: Step, model: Model, way: tuple[Outgoing, Watch, str]) -> bool:
    outgoing, watch, asked = way
    async with errand.keeper.upstreams.ask(outgoing) as reply:
        _note_head(errand, reply, watch)
        good = 200 <= reply.status < 300
        body = await _pass_on(errand, reply, watch, keep=good)
        if not good:
            _settle(errand, reply)
            await errand.wire.end()
            return False
        headers = _passed(reply)
        media = dict(headers).get("content-type", "").partition(";")[0].strip().lower()
        usage = usage_of(model, asked, media, body)
        took = errand.keeper.ticks() - errand.began
        recorded = Recorded(status=reply.status, headers=headers, body=body, duration_s=took, usage=usage)
        await asyncio.to_thread(errand.keeper.settings.recordings.keep, step, recorded)
        errand.settle(Decision.FORWARDED, status=reply.status, duration_s=took, usage=usage)
        await errand.wire.end()
        return True


def _settle(errand: Errand, reply: Reply) -> None:
    """Count what was passed on; an upstream that answers with 5xx has not answered."""
    if reply.status < 500:
        return errand.settle(Decision.FORWARDED, status=reply.status)
    return errand.settle(Decision.FAILED, status=reply.status, why=f"the upstream answered {reply.status}")


def _said_again(errand: Errand, route: Route) -> bytes:
    """The body as it was read, so that no other reading of it can be sent."""
    if route.args.body == "json":
        return dumps(read_object(errand.asked.headers, errand.asked.body)).encode()
    return errand.asked.body


def _outgoing(errand: Errand, route: Route, target: Target, body: bytes) -> tuple[Outgoing, Watch]:
    """The request as it leaves; looked through for canaries before the credential is added."""
    kept = _kept(errand.asked.headers, route)
    path = f"{target.path}?{urlencode(target.query, quote_via=quote)}" if target.query else target.path
    said = "\n".join(f"{name}: {value}" for name, value in kept).encode("latin-1")
    met = errand.keeper.canaries.met(path.encode("latin-1"), said, body)
    if met:
        raise ToolRefused(f"{CANARY}{', '.join(met)} would go out", where=VIOLATION)
    secret, value = _secret(errand, route)
    outgoing = Outgoing(
        site=target.site, method=route.method, path=path, headers=(*kept, *OURS, *secret), body=body,
        sent=errand.sent, again=route.method in ("GET", "HEAD"),
    )  # fmt: skip
    return outgoing, Watch(secret=value)


def _kept(headers: Headers, route: Route) -> list[tuple[str, str]]:
    allowed = _GOES_ALONG.union(route.headers)
    found = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return [(name, value) for name, value in found if name in allowed]


def _secret(errand: Errand, route: Route) -> tuple[list[tuple[str, str]], bytes]:
    if route.secret is None:
        return [], b""
    value = errand.keeper.settings.secrets(route.secret.id)
    if not value:
        raise ToolFailed("the door has no such secret", where=route.secret.id)
    return [(route.secret.header, f"{route.secret.prefix}{value}")], value.encode()


def _digest(outgoing: Outgoing, route: Route, body: Mapping[str, Any]) -> str:
    """Of what was asked, whatever the order of its members; the credential is not part of it."""
    said = [pair for pair in outgoing.headers if route.secret is None or pair[0] != route.secret.header]
    parts = [outgoing.method, outgoing.site.scheme, str(outgoing.site), outgoing.path, sorted(said), _sorted(body)]
    return sha256(dumps(parts).encode()).hexdigest()


def _sorted(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _sorted(data[name]) for name in sorted(data)}
    return [_sorted(part) for part in data] if isinstance(data, list) else data


def _note_head(errand: Errand, reply: Reply, watch: Watch) -> None:
    head = sum(len(name) + len(value) + 4 for name, value in reply.headers)
    errand.notes["bytes_in"] = head
    for name, value in reply.headers:
        watch.look(f"{name}: {value}\n".encode("latin-1"))


def _passed(reply: Reply) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in reply.headers if name not in _STAYS)


async def _pass_on(errand: Errand, reply: Reply, watch: Watch, *, keep: bool = False) -> bytes:
    """Pass the body on part by part, as it comes; where it is kept, to its end though nobody listens any more.

    The last byte goes with `end`, once the request is counted.
    """
    kept, there, wire = bytearray(), True, errand.wire
    length = dict(reply.headers).get("content-length")
    left = int(length) if length else -1
    async for part in reply.parts():
        _take(errand, watch, part)
        kept += part if keep else b""
        if wire.may_answer:
            wire.begin(reply.status, _passed(reply))
        left -= len(part)
        try:
            if there:
                await wire.part(part, last=left == 0)
        except Parted:
            if not keep:
                raise
            there = False
    if wire.may_answer:
        wire.begin(reply.status, _passed(reply))
    return bytes(kept)


async def _with_changes(errand: Errand, reply: Reply, watch: Watch, changes: Mapping[str, Any]) -> None:
    """Lay own changes over an answer that is a JSON object; any other passes as it is, and is counted as partial."""
    kept = bytearray()
    async for part in reply.parts():
        _take(errand, watch, part)
        kept += part
    try:
        data = loads(bytes(kept))
    except ValueError:
        data = None
    if isinstance(data, dict):
        return await errand.answer(Decision.FORWARDED, reply.status, {**data, **changes})
    errand.settle(Decision.FORWARDED, status=reply.status, partial=True)
    headers = _passed(reply)
    return await errand.wire.answer(reply.status, headers or JSON, bytes(kept))


def _take(errand: Errand, watch: Watch, part: bytes) -> None:
    watch.look(part)
    errand.notes["bytes_in"] += len(part)
    most = errand.keeper.settings.limits.reply_bytes
    if errand.notes["bytes_in"] > most:
        raise ToolFailed(f"the upstream's answer has more than {most} bytes")
