"""How a tool is served here; outside the contract, which only says that there is such a tool.

BINDINGS = {
    "orders.get": query("orders_ro", "select … where order_id = :order_id and valid_from <= :as_of …"),
    "policy.get": python(policy),                         # any callable of (args, moment)
    "refund.issue": template({"ok": True, "id": "{held_id}"}, changes={"refunded": True}),
    "order.mark": route("PUT", "https://desk.internal/v1/orders/{order_id}", answer=template({"ok": True})),
}

What agents that speak HTTP need besides is in `shadow.doors.routes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from shadow.contract.model import Contract, Tool
from shadow.doors.plain import plain
from shadow.doors.routes import (
    bearer,
    form_body,
    forwarded,
    header,
    json_body,
    llm,
    path_args,
    query_args,
    route,
    routes_of,
    telemetry,
)
from shadow.doors.served import SLOT, AsOf, Binding, Requires, Serves, Template
from shadow.errors import BindingError
from shadow.observation import AnswerKind
from shadow.plug import nearest

__all__ = [
    "AsOf", "Binding", "Serves", "Template", "bearer", "check_bindings", "form_body", "forwarded", "header",
    "json_body", "llm", "open_bindings", "path_args", "python", "query", "query_args", "requires", "route", "routes_of",
    "telemetry", "template", "witnesses",
]  # fmt: skip

_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def query(connection: str, sql: str, *, many: bool = False) -> Serves:
    """A read that one SELECT answers, over the connection of that id; read-only where the dialect allows.

    Args:
        connection: its id, as `shadow.connections` resolves it.
        sql: one SELECT (or WITH … SELECT). `:name` is the argument of that name, `:as_of` the moment
            when the control began the case: for SQLite the text `YYYY-MM-DDTHH:MM:SS.ffffff+00:00`,
            for others an aware datetime. A query that uses it answers as-of, any other one live.
        many: give a list of objects; else one object, None where there is no row, and a failure where
            there is more than one.

    Raises:
        BindingError: it is not one reading statement.

    Example:
        >>> query("orders_ro", "select * from orders where order_id = :order_id").kind.value
        'live'
    """
    from shadow.doors.query import build  # SQLAlchemy only where a query is bound

    return build(connection, sql, many=many)


def python(
    function: Callable[[dict[str, Any], AsOf], Any] | str, *, kind: AnswerKind | str = AnswerKind.RECORDED
) -> Serves:
    """A read that a callable answers; it runs in the replay's own process, never in the candidate's.

    Args:
        function: called with the arguments and an `AsOf`; or its place as "module:function".
        kind: what its answers are: recorded, as-of or live.

    Raises:
        BindingError: no callable, no place, or a kind that is none of the three.

    Example:
        >>> python(lambda args, moment: {"limit": "500"}).kind.value
        'recorded'
    """
    allowed = [AnswerKind.RECORDED, AnswerKind.AS_OF, AnswerKind.LIVE]
    if kind not in allowed:
        raise BindingError("no such answer kind", where="python binding", seen=repr(kind), allowed=", ".join(allowed))
    if isinstance(function, str):
        if not _TARGET.fullmatch(function):
            raise BindingError(
                "no place of a callable", where="python binding", seen=function, allowed="module:function"
            )
        place = function
        return Serves(
            kind=AnswerKind(kind),
            answer=lambda args, moment: _load(place)(args, moment),
            spec={"python": place, "kind": str(kind)},
            open=lambda: _open(place),
        )
    if not callable(function):
        raise BindingError("not callable", where="python binding", seen=type(function).__name__)
    name = f"{function.__module__}:{getattr(function, '__qualname__', type(function).__name__)}"
    return Serves(kind=AnswerKind(kind), answer=function, spec={"python": name, "kind": str(kind)})


def template(
    answer: Any, *, changes: Mapping[str, Any] | None = None, creates: Mapping[str, Any] | None = None,
    deletes: bool = False, requires: Sequence[Requires] = (),
) -> Template:  # fmt: skip
    """What a held write is answered with, and what the candidate's later reads see of it.

    A text that is one slot alone, as "{amount}", becomes the argument itself; slots inside a text become
    text; an argument that was not given is None, or empty text.

    Args:
        answer: JSON data with slots `{held_id}` and `{argument}`.
        changes: field to value, laid over what the candidate reads later of the same entity and key. Without
            changes, creates and deletes later reads of the entity are marked as partial; `changes={}` says
            that no read shows anything of it.
        creates: the fields of a new instance of the entity, as reads give them.
        deletes: whether the instance that the key names is gone for later reads.
        requires: what must hold in the world, as `requires(…)`, else the call fails and nothing is held.

    Raises:
        BindingError: it is not JSON, or what it requires is not made by `requires(…)`.

    Example:
        >>> template({"id": "{held_id}"}).fill({}, "h-1")[0]
        {'id': 'h-1'}
    """
    if not all(isinstance(one, Requires) for one in requires):
        raise BindingError("what a write requires is said by requires(…)", where="template binding")
    try:
        return Template(
            answer=plain(answer, "answer"), deletes=deletes, requires=tuple(requires),
            changes=None if changes is None else plain(dict(changes), "changes"),
            creates=None if creates is None else plain(dict(creates), "creates"),
        )  # fmt: skip
    except TypeError as error:
        raise BindingError(str(error), where="template binding", allowed="JSON data") from error


def requires(read: str, args: Mapping[str, Any], *, when: Mapping[str, Any], otherwise: str) -> Requires:
    """What must hold before a write is held: the live system's own precondition, asked as of the case.

    The read is answered with the case's own held effects laid over it, so that a second refund of one order
    fails as it would fail live. The call then *fails* with `otherwise`: it is no refusal of the contract.

    Args:
        read: the read tool that is asked; bound to a query or a callable.
        args: its arguments; `{argument}` of the write is filled in.
        when: JSON Schema that its answer (an object, a list, or null) must fulfil.
        otherwise: the error in the live system's words, as `order_already_refunded`.

    Raises:
        BindingError: no JSON Schema, no error, or arguments that are no JSON.

    Example:
        >>> requires("orders.get", {"order_id": "{order_id}"}, when={"type": "object"}, otherwise="no_such_order").read
        'orders.get'
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    where = f"requires {read}"
    if not isinstance(otherwise, str) or not otherwise.strip() or not when:
        raise BindingError("what it requires and the error are not said", where=where, todo="give when= and otherwise=")
    try:
        Draft202012Validator.check_schema(dict(when))
        return Requires(read=read, args=plain(dict(args), "args"), when=plain(dict(when), "when"), otherwise=otherwise)
    except SchemaError as error:
        raise BindingError("not a JSON Schema", where=where, seen=error.message[:160]) from error
    except TypeError as error:
        raise BindingError(str(error), where=where, allowed="JSON data") from error


def check_bindings(contract: Contract, bindings: Mapping[str, Binding]) -> None:
    """Refuse bindings that cannot serve the contract's tools, all at once and by name.

    Raises:
        BindingError: a tool without a binding, a binding without a tool, a read bound to a template, a
            write bound to a query or a callable, a binding that needs an argument the tool lacks, or a write
            that requires what cannot be asked here.
    """
    tools = {tool.name: tool for tool in contract.tools}
    wrong = [f"{name} has no binding" for name in tools if name not in bindings]
    wrong += [
        f"{name} is no tool of the contract {nearest(name, tools)}".strip() for name in bindings if name not in tools
    ]
    for name, binding in bindings.items():
        if name in tools:
            wrong += _cannot_serve(tools[name], binding)
            wrong += _cannot_require(name, binding, tools, bindings)
    if wrong:
        raise BindingError(
            "; ".join(wrong), where=f"{contract.workflow}: bindings",
            allowed="query(…) or python(…) for a read, template(…) for a write", todo="bind each tool of the contract",
        )  # fmt: skip


def open_bindings(bindings: Mapping[str, Binding]) -> None:
    """Open every connection and load every callable now, so that nothing fails at the first case.

    Raises:
        BindingError: a callable that is not there.
        SourceError: a connection that cannot be opened.
    """
    for binding in bindings.values():
        if isinstance(binding, Serves):
            binding.open()


def witnesses(bindings: Mapping[str, Binding]) -> tuple[str, ...]:
    """What the live systems say of whether reading has written: one sentence each, asked now, each once.

    Only what can say so is asked: a query over SQLite or PostgreSQL; a callable and a forwarded read say nothing.
    One that cannot be asked any more says that.
    """
    asked = [one.witness for one in bindings.values() if isinstance(one, Serves) and one.witness is not None]
    return tuple(dict.fromkeys(said for ask in asked if (said := ask())))


def _cannot_serve(tool: Tool, binding: Any) -> list[str]:
    if not isinstance(binding, Serves | Template):
        return [f"{tool.name} is bound to a {type(binding).__name__}"]
    if isinstance(binding, Template) is not (tool.effect == "write"):
        served = "a template, which answers writes" if isinstance(binding, Template) else "what answers reads"
        return [f"{tool.name} is a {tool.effect} and bound to {served}"]
    known = tool.args.get("properties") if tool.args else None
    if known is None:
        return []
    needed = _slots_of(binding) if isinstance(binding, Template) else set(binding.needs)
    for one in binding.routes:
        needed = needed | {part[1:-1] for part in one.path if part.startswith("{")} | set(one.args.places)
    lacking = sorted(set(needed) - set(known) - {"held_id"})
    return [f"{tool.name} has no argument {name} {nearest(name, known)}".strip() for name in lacking]


def _cannot_require(name: str, binding: Any, tools: Mapping[str, Tool], bindings: Mapping[str, Binding]) -> list[str]:
    wrong = []
    for one in binding.requires if isinstance(binding, Template) else ():
        tool, served = tools.get(one.read), bindings.get(one.read)
        if tool is None or tool.effect != "read":
            wrong.append(
                f"{name} requires {one.read}, which is no read of the contract {nearest(one.read, tools)}".strip()
            )
        elif isinstance(served, Serves) and served.forwards:
            wrong.append(f"{name} requires {one.read}, which is forwarded and so cannot be asked here")
        elif tool.args.get("properties"):
            over = sorted(set(one.args) - set(tool.args["properties"]))
            wrong += [f"{name} requires {one.read}, which has no argument {lost}" for lost in over]
        if "held_id" in _slots(one.args):
            wrong.append(f"{name} requires {one.read} by its own id, before there is one")
    return wrong


def _slots_of(binding: Template) -> set[str]:
    return _slots(
        [binding.answer, binding.changes or {}, binding.creates or {}, *(one.args for one in binding.requires)]
    )


def _slots(data: Any) -> set[str]:
    if isinstance(data, str):
        return set(SLOT.findall(data))
    parts = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    return set().union(*(_slots(part) for part in parts))


@cache
def _load(place: str) -> Callable[[dict[str, Any], AsOf], Any]:
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BindingError(
            f"{error}", where=f"python binding {place}", todo="give the place of an importable function"
        ) from error
    if not callable(found):
        raise BindingError("not callable", where=f"python binding {place}", seen=type(found).__name__)
    served: Callable[[dict[str, Any], AsOf], Any] = found
    return served


def _open(place: str) -> None:
    _load(place)
