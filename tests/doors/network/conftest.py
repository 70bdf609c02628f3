"""A desk that is asked over HTTP: its contract, its bindings, its upstreams, and a door before them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shadow.case import Case
from shadow.contract.model import Contract
from shadow.contract.parts import read, write
from shadow.doors.bindings import (
    bearer,
    check_bindings,
    forwarded,
    json_body,
    llm,
    python,
    query_args,
    route,
    routes_of,
    telemetry,
    template,
)
from shadow.doors.checks import compile_checks
from shadow.doors.network.calls import Call, CaseOf, Settings, Visit, answer_call
from shadow.doors.network.gateway import NetworkDoor
from shadow.doors.network.hosting import serving_door
from shadow.doors.tools import Answer, ToolsDoor
from tests.doors.network.upstream import Upstream, running

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEXT = {"type": "string"}
CASE = Visit(case="c7")
SECRETS = {"desk-ro": "real-desk-key", "llm": "real-llm-key"}
Opening = Callable[..., "Desk"]


def schema(*required: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


CONTRACT = Contract(
    workflow="desk",
    owner="ops",
    unit="n",
    accepts={"type": "object", "properties": {"n": {}}},
    produces={"type": "object", "properties": {"n": {}}},
    tools=(
        read("orders.get", entity="order", key="order_id", args=schema("order_id", order_id=TEXT)),
        read("stock.get", args=schema("sku", sku=TEXT, page={"type": "integer"})),
        read("status.get", entity="order", key="order_id", args=schema("order_id", order_id=TEXT)),
        write(
            "refund.issue", entity="order", key="order_id", reversible=False,
            args=schema("order_id", "amount", order_id=TEXT, amount=TEXT),
        ),
        write(
            "order.mark", entity="order", key="order_id", reversible=True,
            args=schema("order_id", order_id=TEXT, status=TEXT),
        ),
    ),
    compare={},
    gates=(),
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Desk:
    """A door that runs, its upstream, and each case's tools door."""

    door: NetworkDoor
    upstream: Upstream
    tools: Callable[[str], ToolsDoor]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def held(self) -> list[tuple[str, dict[str, Any]]]:
        """What case c7 has held."""
        return [(one.tool, dict(one.args)) for one in self.tools("c7").effects]

    @property
    def refused(self) -> list[str]:
        """Why requests of case c7 were refused, as its tools door has it."""
        return [one.why for one in self.tools("c7").refusals]

    def total(self, name: str) -> int:
        """One count over everything."""
        return int(getattr(self.door.traffic().total, name))


def bindings_for(url: str) -> dict[str, Any]:
    """How the desk's tools are served at this address."""
    return {
        "orders.get": route(
            "GET", f"{url}/v1/orders/{{order_id}}",
            answer=python(lambda args, moment: {"id": args["order_id"], "status": "open"}, kind="as-of"),
        ),
        "stock.get": route(
            "GET", f"{url}/v1/stock", args=query_args("sku", page=int), secret=bearer("desk-ro"),
            answer=route("POST", f"{url}/v1/stock/search", args=json_body(), answer=forwarded()),
        ),
        "status.get": route("GET", f"{url}/v1/orders/{{order_id}}/status"),
        "refund.issue": route(
            "POST", f"{url}/v1/refunds", args=json_body(), status=201,
            answer=template({"id": "{held_id}", "amount": "{amount}"}, changes={"status": "refunded"}),
        ),
        "order.mark": route(
            "PUT", f"{url}/v1/orders/{{order_id}}", args=json_body({"status": "order.status"}, ignore=("note",)),
            answer=template({"ok": True}, changes={"status": "{status}"}),
        ),
    }  # fmt: skip


def tools_doors(bindings: dict[str, Any]) -> Callable[[str], ToolsDoor]:
    """Each case's tools door, made when it is first asked for."""
    known: dict[str, ToolsDoor] = {}
    check_bindings(CONTRACT, bindings)
    checks = compile_checks(CONTRACT)

    def door(case: str) -> ToolsDoor:
        if case not in known:
            known[case] = ToolsDoor(
                case=Case(id=case, unit="u", arrived_at=BEGAN, began_at=BEGAN, input={"n": 1}),
                experiment="0123456789", checks=checks, bindings=bindings, calls_most=10_000, bytes_most=100_000,
                clock=lambda: BEGAN, ticks=time.monotonic,
            )  # fmt: skip
        return known[case]

    return door


@contextmanager
def desk_at(
    upstream: Upstream,
    settings: Settings | None = None,
    visit: Visit | None = CASE,
    *,
    case_of: CaseOf | None = None,
    secrets: Mapping[str, str] = SECRETS,
) -> Iterator[Desk]:
    """The desk's door before this upstream; every connection is the visit's, where nobody says otherwise."""
    bindings = bindings_for(upstream.url)
    tools = tools_doors(bindings)
    passes = (
        *llm(f"{upstream.url}/v1", secret=bearer("llm"), models=["small-1"], prices={"small-1": ("1", "10")}),
        telemetry(f"{upstream.url}/v1/traces"),
    )

    async def judge(call: Call) -> Answer:
        return answer_call(tools(call.visit.case), call)

    given = replace(settings or Settings(), secrets=secrets.get, trust=upstream.trust)
    routes = routes_of(bindings, passes)
    with serving_door(routes, deeds=judge, case_of=case_of or (lambda peer: visit), settings=given) as door:
        yield Desk(door=door, upstream=upstream, tools=tools, environment=dict(door.environment()))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A plain upstream."""
    with running() as one:
        yield one


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Upstream]:
    """An HTTPS upstream with a private authority."""
    with running(secure=tmp_path) as one:
        yield one


@pytest.fixture
def desk(upstream: Upstream) -> Iterator[Desk]:
    """The desk before a plain upstream."""
    with desk_at(upstream) as one:
        yield one


@pytest.fixture
def secure_desk(secure: Upstream) -> Iterator[Desk]:
    """The desk before an HTTPS upstream."""
    with desk_at(secure) as one:
        yield one


@pytest.fixture
def opening() -> Iterator[Opening]:
    """`opening(upstream, settings, visit)` opens a door that is closed with the test."""
    with ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(desk_at(*args, **more))
