"""What may pass the network door, as plain data: routes, where their arguments stand, which secret goes along."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

# true while a call that came over HTTP is judged: what is forwarded is answered by the network door alone
OVER_NETWORK: ContextVar[bool] = ContextVar("shadow_over_network", default=False)


class Kind(StrEnum):
    """What a request on a route is. There is no kind for what is not listed: it is refused."""

    READ = "read"
    WRITE = "write"
    LLM = "llm"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Where a route's arguments stand; what stands in the path is always one.

    Attributes:
        body: what the body is: a JSON object, a form, or nothing at all.
        places: argument to its dotted place in the body; where empty, each member is an argument.
        ignore: members of the body that are no arguments; any other member without a place is refused.
        query: the names that may stand in the query; None: any.
        types: name in path, query or form to what its text is read as; else it stays text.
    """

    body: Literal["json", "form", "nothing"]
    places: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    query: tuple[str, ...] | None = ()
    types: Mapping[str, Literal["integer", "number", "boolean"]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A credential that the door adds; the candidate holds a dummy, which the door takes away.

    Attributes:
        id: its name, as the door's resolver of secrets knows it.
        header: the header that carries it.
        prefix: what stands before it in that header, as "Bearer ".
    """

    id: str
    header: str = "authorization"
    prefix: str = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What may be asked of a model's provider, and what it costs.

    Attributes:
        speaks: whose protocol it is.
        call: which call of it: chat, responses, embeddings or messages.
        models: the ids that may be asked; empty: any.
        prices: model id to United States dollars for a million tokens in and out.
    """

    speaks: Literal["openai", "anthropic"]
    call: str
    models: tuple[str, ...] = ()
    prices: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method at one address.

    Attributes:
        method: upper case.
        scheme, host, port: exactly; the host in lower case.
        path: segments as they stand in the URL; "{name}" takes one segment as the argument of that name.
        kind: what a request on it is.
        tool: whose route it is; empty for what belongs to no tool.
        args: where the tool's arguments stand.
        status, absent: the status of an answer that is there, and of one that is None.
        forwards: whether the upstream is asked; else nothing goes further than the door.
        secret: what the door adds when it forwards.
        headers: the candidate's request headers that are forwarded besides the usual ones, lower case.
        model: what may be asked, for `llm`.
    """

    method: str
    scheme: Literal["http", "https"]
    host: str
    port: int
    path: tuple[str, ...]
    kind: Kind
    tool: str = ""
    args: Arguments = Arguments(body="nothing")
    status: int = 200
    absent: int = 404
    forwards: bool = False
    secret: Secret | None = None
    headers: tuple[str, ...] = ()
    model: Model | None = None

    @property
    def authority(self) -> str:
        """Host and port, the port left away where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    @property
    def name(self) -> str:
        """As `POST https://pay.internal/v1/refunds`."""
        return f"{self.method} {self.scheme}://{self.authority}/{'/'.join(self.path)}"

    @property
    def spec(self) -> dict[str, Any]:
        """Plain data, for the run's record; no secret's value is in it."""
        known: dict[str, Any] = {"route": self.name, "kind": str(self.kind), "forwards": self.forwards}
        if self.secret:
            known["secret"] = self.secret.id
        if self.model:
            known["models"] = list(self.model.models)
        return known
