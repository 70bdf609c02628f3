"""Bindings for agents that speak HTTP: which method and address is which tool, and what else may pass.

BINDINGS = {
    "refund.issue": route("POST", "https://pay.internal/v1/refunds", args=json_body()),       # held, answered here
    "orders.get": route("GET", "https://desk.internal/v1/orders/{order_id}", answer=query("orders_ro", "select …")),
    "stock.get": route("GET", "https://desk.internal/v1/stock", args=query_args("sku"), secret=bearer("desk_ro")),
}
PASSES = (*llm("https://api.openai.com/v1", secret=bearer("openai")), telemetry("https://otel.internal/v1/traces"))

What is not listed is refused, GET included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import urlsplit

from shadow.doors.listed import OVER_NETWORK, Arguments, Kind, Model, Route, Secret
from shadow.doors.served import Binding, Serves, Template
from shadow.errors import BindingError, ToolFailed
from shadow.observation import AnswerKind
from shadow.plug import nearest

__all__ = [
    "bearer", "form_body", "forwarded", "header", "json_body", "llm", "path_args", "query_args", "route", "routes_of",
    "telemetry",
]  # fmt: skip

CALLS: Mapping[str, Mapping[str, str]] = {  # protocol to the calls that may be asked, and where they are
    "openai": {"chat": "chat/completions", "responses": "responses", "embeddings": "embeddings"},
    "anthropic": {"messages": "v1/messages"},
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SEGMENT = re.compile(r"\{[A-Za-z_]\w*\}|(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-F]{2})+")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
_TYPES: Mapping[type, Literal["integer", "number", "boolean"]] = {int: "integer", float: "number", bool: "boolean"}


def route(
    method: str, url: str, *, args: Arguments | None = None, answer: Binding | None = None,
    secret: Secret | None = None, status: int = 200,
) -> Binding:  # fmt: skip
    """A tool that an agent calls by HTTP; a request on it is judged as a call of the tool.

    A write is held and answered by its template. A read is answered by a query or a callable, or
    `forwarded()`. Without `answer`, GET and HEAD are forwarded and all else is answered {"id": held id}.
    Bind a tool to several routes by giving another route as the answer.

    Args:
        method: GET, HEAD, POST, PUT, PATCH or DELETE.
        url: exactly, as `https://desk.internal/v1/orders/{order_id}`; `{name}` takes one segment of the path.
        args: where the arguments stand; else the path alone for what is forwarded, path and query for other
            GET, HEAD and DELETE, and a JSON body for the rest.
        answer: `template(…)`, `query(…)`, `python(…)`, `forwarded()`, or another route.
        secret: the credential that the door adds when it forwards.
        status: of a held write's or an answered read's response, 200 to 299.

    Raises:
        BindingError: no such method, no exact address, a write that would be forwarded, or a forwarded
            read whose query is open.

    Example:
        >>> route("POST", "https://pay.internal/v1/refunds").routes[0].name
        'POST https://pay.internal/v1/refunds'
    """
    where = f"route {method} {url}"
    reads = method in ("GET", "HEAD")
    served = answer if answer is not None else forwarded() if reads else Template(answer={"id": "{held_id}"})
    if not isinstance(served, Serves | Template):
        raise BindingError("the answer is no binding", where=where, seen=type(served).__name__)
    forwards = isinstance(served, Serves) and served.spec.get("forwarded") is True
    taken = args or _usual(method, forwards=forwards)
    if forwards and taken.query is None:
        raise BindingError(
            "what may stand in the query of a forwarded read is not said", where=where,
            todo="name its parameters: args=query_args('sku'), or query_args(page=int)",
        )  # fmt: skip
    if not 200 <= status <= 299:
        raise BindingError("no such status", where=where, seen=str(status), allowed="200 to 299")
    kind = Kind.WRITE if isinstance(served, Template) else Kind.READ
    more: dict[str, Any] = {"forwards": forwards, "secret": secret}
    if forwards and isinstance(served, Serves):
        more["headers"] = tuple(served.spec["headers"])
    made = _listed(method, url, kind=kind, args=taken, status=status, **more)
    routes = (*served.routes, made)
    if isinstance(served, Template):
        return replace(served, routes=routes)
    return replace(served, routes=routes, spec={**served.spec, "routes": [one.spec for one in routes]})


def forwarded(*headers: str) -> Serves:
    """A read that the network door forwards, with the credential that only the door holds; always live.

    What the case's own held effects have changed is laid over an answer that is a JSON object.

    Args:
        headers: the candidate's request headers that go along, besides those that say what it accepts.
    """
    named = [name.lower() for name in headers]
    return Serves(kind=AnswerKind.LIVE, answer=_only_over_network, spec={"forwarded": True, "headers": named})


def _only_over_network(_args: dict[str, Any], _moment: Any) -> dict[str, Any]:
    if not OVER_NETWORK.get():
        raise ToolFailed("this tool is answered by its HTTP address only", todo="ask it over HTTP")
    return {}  # the door lays what the case has changed over it; the rest comes from the upstream


def json_body(
    places: Mapping[str, str] | None = None, *, ignore: Sequence[str] = (), query: Sequence[str] = ()
) -> Arguments:
    """The arguments are the members of a JSON object.

    Args:
        places: argument to its dotted place, as {"order_id": "order.id"}; where empty, each member is an
            argument of its own name.
        ignore: members that are no arguments. Any other without a place is refused, never dropped.
        query: names that may stand in the query; they are arguments too.
    """
    return Arguments(body="json", places=dict(places or {}), ignore=tuple(ignore), query=tuple(query))


def form_body(*, ignore: Sequence[str] = (), **types: type) -> Arguments:
    """The arguments are the fields of an HTML form, each at most once; text, but for those of `types`."""
    return Arguments(body="form", ignore=tuple(ignore), types=_typed(types))


def query_args(*names: str, **types: type) -> Arguments:
    """The arguments stand in the query and the path, each at most once; there is no body.

    Args:
        names: what may stand in the query, as text. Without names and types: anything that fits the tool.
        types: what may stand in the query or the path and is read as int, float or bool.

    Example:
        >>> query_args("sku", page=int).query
        ('sku', 'page')
    """
    return Arguments(body="nothing", query=(*names, *types) or None, types=_typed(types))


def path_args(**types: type) -> Arguments:
    """The arguments stand in the path alone: no query, no body."""
    return Arguments(body="nothing", types=_typed(types))


def bearer(secret_id: str) -> Secret:
    """The header `Authorization: Bearer …`, from the secret of that id."""
    return Secret(id=secret_id)


def header(name: str, secret_id: str) -> Secret:
    """A header of another name, as `X-Api-Key`, from the secret of that id."""
    return Secret(id=secret_id, header=name.lower(), prefix="")


def llm(
    *urls: str, speaks: str = "openai", secret: Secret | None = None, models: Sequence[str] = (),
    prices: Mapping[str, tuple[str, str]] | None = None, headers: Sequence[str] = (),
) -> tuple[Route, ...]:  # fmt: skip
    """The calls of a model's provider that may be asked, at these addresses (providers, regions) only.

    Server-side tools, connectors, and anything that makes the provider fetch, store or run something are
    refused by the body; files, batches and fine-tuning have no route.

    Args:
        urls: base addresses, as `https://api.openai.com/v1` or `https://api.anthropic.com`.
        speaks: the protocol: openai or anthropic.
        secret: the provider's key, which only the door holds.
        models: the model ids that may be asked; else any.
        prices: model id to United States dollars for a million tokens in and out, as decimal text.
        headers: the candidate's request headers that go along, as `openai-organization`.

    Raises:
        BindingError: no such protocol, no address, or a price that is no decimal ≥ 0.

    Example:
        >>> [one.path[-1] for one in llm("https://api.openai.com/v1")]
        ['completions', 'responses', 'embeddings']
    """
    if speaks not in CALLS or not urls:
        raise BindingError("no such protocol, or no address", where="llm", seen=speaks, allowed=", ".join(CALLS))
    protocol: Any = speaks
    costs = {name: (_price(name, one), _price(name, two)) for name, (one, two) in (prices or {}).items()}
    made = []
    for url in urls:
        for call, place in CALLS[speaks].items():
            model = Model(speaks=protocol, call=call, models=tuple(models), prices=costs)
            one = _listed("POST", f"{url.rstrip('/')}/{place}", kind=Kind.LLM, forwards=True, secret=secret)
            made.append(replace(one, model=model, headers=tuple(name.lower() for name in headers)))
    return tuple(made)


def telemetry(url: str, *, method: str = "POST", status: int = 200) -> Route:
    """An address that takes traces, logs or metrics: answered here with `status`, counted, never forwarded."""
    return _listed(method, url, kind=Kind.TELEMETRY, status=status)


def routes_of(bindings: Mapping[str, Binding], passes: Iterable[Route] = ()) -> tuple[Route, ...]:
    """Every route of the bindings, each with its tool's name, and what may pass besides.

    Raises:
        BindingError: two of them take the same requests.
    """
    bound = [replace(one, tool=tool) for tool, binding in bindings.items() for one in binding.routes]
    every = (*bound, *passes)
    known: dict[tuple[Any, ...], Route] = {}
    for one in every:
        shape = tuple("{}" if part.startswith("{") else part for part in one.path)
        other = known.setdefault((one.method, one.scheme, one.host, one.port, shape), one)
        if other is not one:
            raise BindingError("two routes take the same requests", where=one.name, seen=other.name)
    return every


def _usual(method: str, *, forwards: bool) -> Arguments:
    if forwards:
        return path_args()
    return query_args() if method in ("GET", "HEAD", "DELETE") else json_body()


def _listed(method: str, url: str, **more: Any) -> Route:
    where = f"route {method} {url}"
    if method not in _METHODS:
        raise BindingError(f"no such method {nearest(method, _METHODS)}".strip(), where=where, seen=method,
                           allowed=", ".join(_METHODS))  # fmt: skip
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BindingError("no address", where=where, seen=str(error)) from None
    path = parts.path.removeprefix("/").split("/") if parts.path.strip("/") else [""]
    whole = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(host)) and url.isascii()
    if not whole or parts.username is not None or parts.query or parts.fragment or not _sound(path):
        raise BindingError(
            "no exact address", where=where, seen=url, allowed="http(s)://host[:port]/path, a segment may be {name}",
            todo="leave query, fragment, user and percent signs of plain characters away",
        )  # fmt: skip
    scheme: Any = parts.scheme
    given = port or (443 if scheme == "https" else 80)
    return Route(method=method, scheme=scheme, host=host, port=given, path=tuple(path), **more)


def _sound(path: list[str]) -> bool:
    """Whether each segment can be met exactly; the last alone may be empty, as in `/v1/`."""
    names = [part for part in path if part.startswith("{")]
    segments = path[:-1] if path[-1] == "" else path
    return len(set(names)) == len(names) and all(
        _SEGMENT.fullmatch(part) and part not in (".", "..") for part in segments
    )


def _typed(types: Mapping[str, type]) -> dict[str, Literal["integer", "number", "boolean"]]:
    wrong = [name for name, kind in types.items() if kind is not str and kind not in _TYPES]
    if wrong:
        raise BindingError("no such type", where=f"argument {wrong[0]}", allowed="str, int, float, bool")
    return {name: _TYPES[kind] for name, kind in types.items() if kind is not str}


def _price(name: str, text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise BindingError("no price", where=f"llm {name}", seen=str(text), allowed="a decimal text ≥ 0, as 0.25")
    return price
