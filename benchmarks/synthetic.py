"""A store of any size without replaying anything: rows as the steps would write them, inserted in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from shadow.case import Arrival, Case
from shadow.compare.compare import compare
from shadow.compare.result import digest_of
from shadow.contract import digests
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.observation import AnswerKind, Effect, Ending, Observation, Read, Span
from shadow.steps.assessing import assess_at
from shadow.steps.entries import entry_of
from shadow.store import Store
from shadow.store.cases import Entry, chunks
from shadow.store.registry import Experiment, begin_run, register, save_validation
from shadow.store.tables import cases, observations, results, settlements, taken
from shadow.store.verdicts import StoredVerdict, save_verdict

START = datetime(2026, 9, 7, tzinfo=UTC)
KEEP = timedelta(days=90)
MESSAGE = "The parcel came late and the lamp was broken. I would like my money back, please. " * 4
SOUND = {"ok": True, "rows": 0, "problems": [], "notes": [], "profile": {}}
TABLES: tuple[tuple[str, Table], ...] = (
    ("case", cases),
    ("settlement", settlements),
    ("taken", taken),
    ("observation", observations),
    ("result", results),
)


def fill(store: Store, *, cases_in_all: int, differing: int, days: int = 28) -> Experiment:
    """An assessed experiment of the refund desk in which so many cases differ, evenly spread, each tenth critically."""
    one = register(store, REFUNDS, label="synthetic", pin="5" * 64, now=START)
    end = START + timedelta(days=days)
    run = begin_run(store, experiment_id=one.id, start=START, end=end, at_most=None)
    save_validation(store, run.id, SOUND)
    step = cases_in_all / differing
    made = (_case(n, n % step < 1, (n // step) % 10 == 0, cases_in_all, days) for n in range(cases_in_all))
    for batch in chunks(made, 1000):
        rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name, _ in TABLES}
        for entry, control, candidate in batch:
            for name, row in _rows(one, run.id, entry, control, candidate):
                rows[name].append(row)
        with store.write() as connection:
            for name, table in TABLES:
                connection.execute(insert(table), rows[name])
    _assess(store, one, run.id, end)
    return one


def _case(number: int, differs: bool, critical: bool, of: int, days: int) -> tuple[Entry, Observation, Observation]:
    at = START + timedelta(days=days) * number / of
    given = {
        "ticket_id": f"t{number}",
        "customer_id": f"k{number % 4000}",
        "order_id": f"o{number}",
        "channel": ("web", "mail", "phone")[number % 3],
        "country": ("DE", "FR", "GB", "IT")[number % 4],
        "claim": 20 + number % 300,
        "currency": "EUR",
        "message": MESSAGE,
    }
    entry = entry_of(REFUNDS, Arrival(id=f"c{number:07}", arrived_at=at, began_at=at, input=given))
    control = _side(entry.case, "approve", 20.0)
    decision = "decline" if differs and critical else "approve"
    candidate = _side(entry.case, decision, 25.0 if differs else 20.0)
    return entry, control, candidate


def _side(case: Case, decision: str, amount: float) -> Observation:
    value = {"decision": decision, "amount": amount, "currency": "EUR", "reason": "It came broken, as the photo shows."}
    at, order = case.began_at, case.input["order_id"]
    effects = (
        Effect(tool="refund.issue", args={"order_id": order, "amount": amount, "currency": "EUR"}, at=at, held="h-1"),
        Effect(tool="email.send", args={"to": case.unit, "template": "refund"}, at=at, held="h-2"),
    )
    tools = ("orders.get", "customers.get", "tickets.get")
    reads = tuple(Read(tool=tool, args={"order_id": order}, kind=AnswerKind.AS_OF, at=at) for tool in tools)
    spans = tuple(
        Span(name=f"execute_tool {tool}", start_s=0.01 * n, duration_s=0.004, attributes={"gen_ai.tool.name": tool})
        for n, tool in enumerate((*tools, "refund.issue", "email.send"))
    )
    return Observation(
        ending=Ending.FINISHED, value=value, effects=effects, reads=reads, spans=spans, duration_s=0.06, cost_usd=0.002
    )


def _rows(
    one: Experiment, run: str, entry: Entry, control: Observation, candidate: Observation
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    case, keep = entry.case, entry.case.arrived_at + KEEP
    mine = {"experiment": one.id, "case_id": case.id}
    found = compare(REFUNDS, case, control, candidate)
    yield "case", {
        "workflow": one.workflow, "id": case.id, "unit": case.unit, "arrived_at": case.arrived_at,
        "began_at": case.began_at, "input": dict(case.input), "input_digest": entry.digest,
        "slices": dict(case.slices), "aside": None, "doubled": 0, "keep_until": keep,
    }  # fmt: skip
    yield "settlement", {
        "workflow": one.workflow, "case_id": case.id, "revision": 1, "digest": "0" * 64,
        "settled_at": case.arrived_at + timedelta(hours=1), "body": control.to_json(), "keep_until": keep,
    }  # fmt: skip
    yield "taken", {**mine, "run": run, "shard": 0, "counted": True}
    yield "observation", {
        **mine, "run": run, "ending": str(candidate.ending), "body": candidate.to_json(),
        "duration_s": candidate.duration_s, "cost_usd": candidate.cost_usd, "finished_at": keep, "keep_until": keep,
    }  # fmt: skip
    yield "result", {
        **mine, "revision": 1, "judgement": digests(REFUNDS).judgement, "agreement": str(found.agreement),
        "severity": str(found.severity) if found.severity else None, "stale": False, "reason": "",
        "discrepancy": digest_of(control, candidate), "body": found.to_json(), "keep_until": keep,
    }  # fmt: skip


def _assess(store: Store, one: Experiment, run: str, look: datetime) -> None:
    found = assess_at(store, one, contract=REFUNDS, look=look)
    save_verdict(
        store,
        StoredVerdict(
            run=run,
            experiment=one.id,
            look=look,
            word=str(found.verdict.word),
            contract=one.contract,
            decision_digest=found.decision_digest,
            measurement_digest=found.measurement_digest,
            counts_digest=found.verdict.counts,
            body=found.verdict.to_json(),
        ),
    )
