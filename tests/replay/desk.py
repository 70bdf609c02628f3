"""A small contract, its bindings, and the way to take one or more cases through a candidate of a test's own."""

from __future__ import annotations

import os
import select
import textwrap
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shadow.candidates import Candidate
from shadow.candidates.python import python
from shadow.case import Case
from shadow.contract.model import Contract
from shadow.contract.parts import read, stop, write
from shadow.doors.bindings import Binding, template
from shadow.doors.bindings import python as served
from shadow.observation import Observation
from shadow.replay import Limits, Replay, replay

ISOLATION = "kernel"  # set for each test
BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANY = {"type": "object", "properties": {"n": {}}}
ORDER = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}},
    "required": ["order_id"],
    "additionalProperties": False,
}
REFUND = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string"},
        "amount": {"type": "string", "pattern": r"^\d+\.\d\d$"},
        "currency": {"enum": ["EUR", "USD"]},
    },
    "required": ["order_id", "amount", "currency"],
    "additionalProperties": False,
}
CONTRACT = Contract(
    workflow="desk",
    owner="ops",
    unit="n",
    accepts=ANY,
    produces=ANY,
    tools=(
        read("orders.get", entity="order", key="order_id", args=ORDER),
        read("told"),
        write(
            "refund.issue",
            entity="order",
            key="order_id",
            reversible=False,
            args=REFUND,
            money=("amount", "currency"),
        ),
    ),
    compare={},
    gates=(),
    stops=(
        stop("no refunds here", on="input", when={"required": ["blocked"]}, escalate_to="#leads"),
        stop(
            "three figures",
            on="refund.issue",
            when={"properties": {"amount": {"pattern": r"^\d{3,}"}}},
            escalate_to="#leads",
        ),
    ),
)


def orders(args: Mapping[str, Any], moment: Any) -> dict[str, Any]:
    """Every order there is, open."""
    return {"order_id": args["order_id"], "status": "open"}


def bindings(told: Callable[[dict[str, Any]], Any] = lambda args: None) -> dict[str, Binding]:
    """The contract's tools; `told` gets what a candidate tells its test."""
    return {
        "orders.get": served(orders),
        "told": served(lambda args, moment: told(args)),
        "refund.issue": template({"refund": "{held_id}", "paid": "{amount}"}, changes={"status": "refunded"}),
    }


def case(number: int = 1, **given: Any) -> Case:
    """Case `c<number>`."""
    return Case(id=f"c{number}", unit=f"u{number}", arrived_at=BEGAN, began_at=BEGAN, input={"n": number, **given})


def candidate(folder: Path, source: str, **more: Any) -> Candidate:
    """A candidate with this source as its module `agent`, whose function is `handle`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agent.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return python("agent:handle", label="v1", root=str(folder), **more)


def run(
    agent: Candidate,
    cases: Iterable[Case],
    *,
    told: Callable[[dict[str, Any]], Any] = lambda args: None,
    **more: Any,
) -> Replay:
    """A replay of the cases through the agent."""
    limits = Limits(**{"seconds": 20, "at_once": 2, **more.pop("limits", {})})
    more.setdefault("isolation", ISOLATION)
    return replay(
        cases, agent, contract=CONTRACT, bindings=bindings(told), experiment="0123456789abcdef", limits=limits, **more
    )


def held(by: str) -> Callable[[Any], Any]:
    """A test for one isolation alone: what it looks at is refused, or not needed, in the other."""

    def marked(test: Any) -> Any:
        test.held = by
        return test

    return marked


def one(agent: Candidate, given: Case | None = None, **more: Any) -> Observation:
    """What the agent did with one case."""
    ((_, seen),) = list(run(agent, [given or case()], **more))
    return seen


def watch(pid: int) -> int:
    """A descriptor of a process that is running now."""
    return os.pidfd_open(pid)


def gone(descriptors: Iterable[int], seconds: float = 20) -> bool:
    """Whether all these processes end within that time; waits for the event itself."""
    ended = []
    for number in descriptors:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        ended.append(bool(poll.poll(seconds * 1000)))
        os.close(number)
    return all(ended)


def below(pid: int) -> set[int]:
    """All processes below one."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    near = {int(word) for word in text.split()}
    return near.union(*(below(child) for child in near))
