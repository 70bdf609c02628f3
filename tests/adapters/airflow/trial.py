"""A small workflow: cases in a file, a candidate that answers at once, a control that says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from comparators.exact import exact
from shadow.adapters.airflow import shadow_dag
from shadow.candidates.python import python
from shadow.contract import Approval, Contract, contract, effect, major, minor, read, write
from shadow.doors.bindings import Binding, template
from shadow.doors.bindings import python as answered
from shadow.gates.calendar import calendar
from shadow.gates.data_quality import data_quality
from shadow.gates.harmful_rate import harmful_rate
from shadow.replay.limits import Limits
from shadow.sources.jsonl import jsonl
from shadow.store import Store, open_store

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
APPROVAL: Approval | None = Approval(channel="C0TRIAL", approvers=("ann",), candidate_owner="bob", quorum=1)
AGENT = """
def handle(case, tools, fail_on=()):
    if case["number"] in fail_on:
        raise RuntimeError("cannot")
    price = tools.call("price.get", item=case["item"])
    tools.call("mail.send", to=case["customer"], text="done")
    return {"answer": case["number"] % 2 == 0, "price": price}
"""


def price(args: Mapping[str, Any], moment: Any) -> int:
    """What an item costs; the same at any moment."""
    return len(str(args["item"]))


def trial() -> Contract:
    """One read, one write, two places."""
    whole = {"type": "integer"}
    return contract(
        "trial",
        owner="trial-ops",
        unit="customer",
        accepts={
            "type": "object",
            "properties": {"customer": {"type": "string"}, "item": {"type": "string"}, "number": whole},
            "required": ["customer", "item", "number"],
        },
        produces={
            "type": "object",
            "properties": {"answer": {"type": "boolean"}, "price": whole},
            "required": ["answer", "price"],
        },
        tools=[
            read("price.get", entity="item", key="item"),
            write("mail.send", entity="mail", key="to", reversible=False),
        ],
        compare={"answer": major(exact()), "price": minor(exact()), "mail.send": minor(effect())},
        gates=[harmful_rate(at_most=0.05, alpha=0.05), calendar(days=14), data_quality()],
        settles_within="5d",
        labels_within="1d",
        approval=APPROVAL,
        demonstration=True,
    )


def bindings() -> dict[str, Binding]:
    """How the two tools are served."""
    return {"price.get": answered(price, kind="as-of"), "mail.send": template({"id": "{held_id}"})}


@dataclass(slots=True)
class Trial:
    """The workflow's files; `dag()` is what its DAG file would hold."""

    root: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def arrive(self, day: int, numbers: Sequence[int], **changes: Any) -> None:
        """Cases of one day, ten minutes apart from eight o'clock; each settles within the hour."""
        for place, number in enumerate(numbers):
            at = MONDAY + timedelta(days=day, hours=8, minutes=10 * place)
            case = {"customer": f"c{number}", "item": "lamp", "number": number, **changes}
            done = {"answer": number % 2 == 0, "price": 4}
            mail = {"tool": "mail.send", "args": {"to": case["customer"], "text": "done"}}
            later = (at + timedelta(minutes=50)).isoformat()
            self.rows.append(
                {
                    "id": f"d{day}-{number}",
                    "arrived_at": at.isoformat(),
                    "input": case,
                    "settled": {"settled_at": later, "value": done, "effects": [{**mail, "at": later}]},
                }
            )
        self.write()

    def write(self) -> None:
        """Put the rows into the file that the source reads."""
        self.cases.write_text("".join(json.dumps(row) + "\n" for row in self.rows))

    @property
    def cases(self) -> Path:
        return self.root / "cases.jsonl"

    def candidate(self, label: str = "v1", **settings: Any) -> Any:
        """The agent, pinned."""
        return python("trial_agent:handle", label=label, root=str(self.root / "code"), settings=settings)

    def dag(self) -> Any:
        """The workflow's DAG, built anew."""
        return shadow_dag(
            trial(),
            bindings=bindings(),
            source=jsonl(self.cases),
            candidate=[self.candidate("v1", **self.settings), self.candidate("v2", fail_on=[1])],
            **{
                "limits": Limits(seconds=10, at_once=2),
                "shard_size": 10,
                "retry_delay": timedelta(0),
                **self.options,
            },
        )

    def store(self) -> Store:
        """The store that the tasks write to."""
        return open_store()


def form(day: int, days: int = 1, **more: Any) -> dict[str, Any]:
    """A run's form for a window of whole days."""
    start = MONDAY + timedelta(days=day)
    end = start + timedelta(days=days)
    return {"window_start": start.isoformat(), "window_end": end.isoformat(), **more}
