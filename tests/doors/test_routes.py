"""How routes are declared: what is refused when a DAG is built, and what they do to a binding."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shadow.contract.model import Contract
from shadow.contract.parts import read, write
from shadow.doors.bindings import (
    bearer,
    check_bindings,
    form_body,
    forwarded,
    header,
    json_body,
    llm,
    path_args,
    python,
    query_args,
    route,
    routes_of,
    telemetry,
    template,
)
from shadow.doors.listed import Kind
from shadow.errors import BindingError

URL = "https://pay.internal/v1/refunds"
ANY: dict[str, Any] = {"type": "object", "properties": {"n": {}}}


def test_a_route_is_part_of_its_tools_binding() -> None:
    """The binding stays what it was, for tool calls too; it also says where else it is asked."""
    bound = route("POST", URL, args=json_body(), answer=template({"ok": True}))
    assert bound.fill({}, "h")[0] == {"ok": True}  # type: ignore[union-attr]
    assert bound.spec["routes"] == [{"route": f"POST {URL}", "kind": "write", "forwards": False}]
    assert route("POST", URL).answer == {"id": "{held_id}"}
    two = route("PUT", URL, answer=bound)
    assert [one.name for one in two.routes] == [f"POST {URL}", f"PUT {URL}"]
    listed = routes_of({"refund.issue": two}, [telemetry("https://otel.internal/v1/traces")])
    assert [(one.tool, one.kind) for one in listed] == [("refund.issue", "write")] * 2 + [("", "telemetry")]


def test_what_a_route_is_follows_from_its_answer() -> None:
    """A template makes a write, all else a read; only a read without an answer of ours is forwarded."""
    kinds = {
        "held": route("POST", URL),
        "answered": route("GET", URL, answer=python(lambda args, moment: None)),
        "searched": route("POST", URL, answer=forwarded("X-Tenant"), secret=header("X-Api-Key", "pay")),
        "forwarded": route("GET", URL, secret=bearer("pay")),
    }
    found = {name: (one.routes[0].kind, one.routes[0].forwards) for name, one in kinds.items()}
    assert found == {
        "held": (Kind.WRITE, False),
        "answered": (Kind.READ, False),
        "searched": (Kind.READ, True),
        "forwarded": (Kind.READ, True),
    }
    assert kinds["searched"].routes[0].headers == ("x-tenant",)
    assert kinds["searched"].routes[0].spec["secret"] == "pay"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: route("post", URL),
        lambda: route("CONNECT", URL),
        lambda: route("POST", "pay.internal/v1"),
        lambda: route("POST", "ftp://pay.internal/v1"),
        lambda: route("POST", "https://user@pay.internal/v1"),
        lambda: route("POST", "https://pay.internal/v1?x=1"),
        lambda: route("POST", "https://pay.internal/v1#x"),
        lambda: route("POST", "https://pay.internal/a/../b"),
        lambda: route("POST", "https://pay.internal/a//b"),
        lambda: route("POST", "https://pay.internal/{a}/{a}"),
        lambda: route("POST", "https://pay.internal/x{a}"),
        lambda: route("POST", "https://pay.internal/a b"),
        lambda: route("POST", "https://*.internal/a"),
        lambda: route("POST", "https://pay.internal:99999/a"),
        lambda: route("POST", "https://päy.internal/a"),
        lambda: route("GET", URL, args=query_args()),
        lambda: route("POST", URL, status=302),
        lambda: route("POST", URL, answer={"ok": True}),  # type: ignore[arg-type]
        lambda: llm(),
        lambda: llm("https://a.test", speaks="telepathy"),
        lambda: llm("https://a.test", prices={"m": ("x", "1")}),
        lambda: query_args(page=list),
        lambda: form_body(at=bytes),
    ],
)
def test_what_is_no_route(wrong: Any) -> None:
    """Refused when it is declared, with the place and what is allowed."""
    with pytest.raises(BindingError):
        wrong()


def test_no_two_routes_take_the_same_requests() -> None:
    """Else it would depend on their order whose a request is; a plain segment beside a slot is no clash."""
    one, other = route("GET", f"{URL}/{{a}}"), route("GET", f"{URL}/{{b}}")
    with pytest.raises(BindingError, match="same requests"):
        routes_of({"x": one, "y": other})
    assert len(routes_of({"x": one, "y": route("GET", f"{URL}/all")})) == 2


def test_a_contract_knows_what_its_routes_give() -> None:
    """A write on a read's binding and the reverse are refused; so is an argument that the tool lacks."""
    args = {"type": "object", "properties": {"order_id": {}}}
    contract = Contract(
        workflow="desk", owner="ops", unit="n", accepts=ANY, produces=ANY, compare={}, gates=(),
        tools=(read("orders.get", args=args), write("refund.issue", entity="o", key="order_id", reversible=False)),
    )  # fmt: skip
    good = {"orders.get": route("GET", f"{URL}/{{order_id}}", args=path_args()), "refund.issue": route("POST", URL)}
    check_bindings(contract, good)
    for wrong in (
        {"orders.get": route("POST", URL)},
        {"refund.issue": route("GET", URL)},
        {"orders.get": route("GET", f"{URL}/{{order}}")},
        {"orders.get": route("POST", URL, answer=forwarded(), args=json_body({"id": "order.id"}))},
    ):
        with pytest.raises(BindingError):
            check_bindings(contract, {**good, **wrong})


def test_models_by_address() -> None:
    """Every region is an address of its own, and nothing else of the provider is listed."""
    listed = llm("https://eu.a.test/v1", "https://us.a.test/v1/", speaks="openai", prices={"m": ("0.5", "2")})
    assert [one.name for one in listed] == [
        f"POST https://{region}.a.test/v1/{call}"
        for region in ("eu", "us")
        for call in ("chat/completions", "responses", "embeddings")
    ]
    assert listed[0].model is not None and listed[0].model.prices["m"] == (Decimal("0.5"), Decimal(2))
    [messages] = llm("https://b.test", speaks="anthropic")
    assert messages.name == "POST https://b.test/v1/messages"
    assert replace(messages, port=8443).authority == "b.test:8443"
