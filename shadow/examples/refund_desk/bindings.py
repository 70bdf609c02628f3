"""How the refund desk's tools are served to a replay, and where its cases and outcomes come from."""

from __future__ import annotations

from collections.abc import Mapping

from shadow.doors.bindings import Binding, python, query, template
from shadow.examples.refund_desk import reads
from shadow.sources import Source
from shadow.sources.sql import sql

CONNECTION = "desk_ro"  # its URL is in the environment, SHADOW_CONN_DESK_RO

_OTHERS: Mapping[str, Binding] = {
    "fx.rate": python("shadow.examples.refund_desk.fx:rate", kind="as-of"),
    "refund.issue": template({"accepted": True, "refund_id": "{held_id}"}),
    "order.mark": template({"accepted": True}, changes={"status": "{status}"}),
    "email.send": template({"queued": True, "mail_id": "{held_id}"}),
    "ticket.close": template({"accepted": True}, changes={"status": "closed"}),
}


def as_of_bindings() -> dict[str, Binding]:
    """Every tool of the contract; reads are answered from history, as the control saw the world."""
    return _reading(reads.AS_OF)


def live_bindings() -> dict[str, Binding]:
    """The same with reads of today's rows: what goes wrong without history."""
    return _reading(reads.LIVE)


def source() -> Source:
    """The desk's cases, outcomes and effects."""
    return sql(CONNECTION, cases=reads.CASES, settled=reads.SETTLED, effects=dict(reads.EFFECTS))


def _reading(statements: Mapping[str, str]) -> dict[str, Binding]:
    served = {name: query(CONNECTION, text, many=name in reads.MANY) for name, text in statements.items()}
    return {**served, **_OTHERS}


BINDINGS = as_of_bindings()
