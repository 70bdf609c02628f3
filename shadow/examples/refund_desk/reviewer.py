"""What people do each day: take the open discrepancies, look up the policy, say which side was right and how bad.

    python -m shadow.examples.refund_desk.reviewer --world PATH --sheet open.csv --labels labels.csv --at MOMENT

The reviewer knows the policy, the world as it stood when the desk began the case, and what both
sides did; nothing else.
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from shadow.errors import UsageError
from shadow.examples.refund_desk import fx, looking, policy, reads, world
from shadow.examples.refund_desk.policy import Plan

WHO = ("ines.moreau", "tom.becker", "sara.lind")
COLUMNS = ("experiment", "case", "discrepancy", "side", "grade", "comment", "who", "at")
_GRADES = ("cosmetic", "minor", "major", "critical")
_EFFECTS = {
    "refund.issue": "major",
    "escalate": "major",
    "email.send": "minor",
    "ticket.close": "minor",
    "order.mark": "minor",
}

Row = Mapping[str, str]


def review(rows: Iterable[Row], world_path: Path, at: datetime) -> list[dict[str, str]]:
    """The same rows with side, grade, comment, who and at filled in.

    Args:
        rows: of the sheet that `shadow labels export` writes.
        at: the labels' moment, aware.

    Raises:
        UsageError: a row's case is not in that world, or its sides are no JSON.
    """
    with world.reading(world_path) as connection:
        return [_reviewed(row, connection, at) for row in rows]


def _reviewed(row: Row, connection: sqlite3.Connection, at: datetime) -> dict[str, str]:
    case, plan = right_plan(connection, row["case"])
    control = faults_of(_side(row, "control"), plan, case)
    candidate = faults_of(_side(row, "candidate"), plan, case)
    return {
        **row,
        "side": _side_word(control, candidate),
        "grade": max(candidate.values(), key=_GRADES.index) if candidate else "",
        "comment": f"policy: {plan.decision}, {plan.reason}; "
        + (f"candidate wrong in {', '.join(candidate)}" if candidate else "candidate right"),
        "who": WHO[sum(map(ord, row["case"])) % len(WHO)],
        "at": at.astimezone(UTC).isoformat(),
    }


def right_plan(connection: sqlite3.Connection, case_id: str) -> tuple[dict[str, Any], Plan]:
    """A case's row and what the policy asks for, given the world when the desk began it.

    Raises:
        UsageError: there is no such case.
    """
    row = world.one(connection, reads.ONE_CASE, {"case_id": case_id})
    if row is None:
        raise UsageError("no such case in this world", where="review", seen=case_id, todo="give the world it came from")
    now = world.moment(row["began_at"])
    return row, policy.decide(looking.look(row, _as_of(connection, now), now=now))


def faults_of(side: Mapping[str, Any], plan: Plan, case: Mapping[str, Any]) -> dict[str, str]:
    """Where a side departs from the plan, and how bad each is; empty where it is right."""
    value = side.get("value")
    if not isinstance(value, Mapping):
        return {"failure": "major"}
    wrong: dict[str, str] = {}
    if value.get("decision") != plan.decision:
        wrong["decision"] = "critical"
    if _cents(value.get("amount")) != _cents(plan.amount):
        wrong["amount"] = "major"
    if value.get("currency") != plan.currency:
        wrong["currency"] = "major"
    wrong |= _effects_wrong(side.get("effects") or (), plan, case)
    if not _alike(str(value.get("reason", "")), plan.reason):
        wrong["reason"] = "cosmetic"
    return wrong


def _effects_wrong(effects: Sequence[Mapping[str, Any]], plan: Plan, case: Mapping[str, Any]) -> dict[str, str]:
    done = Counter(_deed(effect["tool"], effect.get("args") or {}) for effect in effects)
    due = Counter(_deed(tool, args) for tool, args in _expected(plan, case))
    tools = {deed[0] for deed in (done - due) + (due - done)}
    return {tool: _EFFECTS.get(tool, "major") for tool in sorted(tools)}


def _expected(plan: Plan, case: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    order = {"order_id": case["order_id"]}
    due: list[tuple[str, dict[str, Any]]] = [
        ("refund.issue", {**order, "amount": amount, "currency": plan.currency}) for amount in plan.refunds
    ]
    due += [("order.mark", {**order, "status": plan.mark})] if plan.mark else []
    due += [("email.send", {"to": case["customer_id"], "template": template}) for template in plan.mails]
    due += [("ticket.close", {"ticket_id": case["ticket_id"]})] * plan.closings
    return due + ([("escalate", {})] if plan.decision == "escalate" else [])


def _deed(tool: str, args: Mapping[str, Any]) -> tuple[str, ...]:
    if tool == "escalate":
        return (tool,)  # that it was escalated counts, not in which words
    return (tool, *(_cents(args[name]) if name == "amount" else str(args[name]) for name in sorted(args)))


def _side_word(control: Mapping[str, str], candidate: Mapping[str, str]) -> str:
    if not candidate:
        return "candidate" if control else "both"
    return "neither" if control else "control"


def _side(row: Row, name: str) -> Mapping[str, Any]:
    try:
        side = json.loads(row[name])
    except ValueError as error:
        raise UsageError(
            f"the column {name} is no JSON", where=f"case {row['case']}", seen=row[name][:80],
            todo="export the sheet again and leave its first columns as they are",
        ) from error  # fmt: skip
    return side if isinstance(side, Mapping) else {}


def _as_of(connection: sqlite3.Connection, now: datetime) -> looking.Ask:
    def ask(tool: str, **args: Any) -> Any:
        if tool == "fx.rate":
            return {"rate": str(fx.on_day(args["base"], args["quote"], now))}
        rows = world.many(connection, reads.AS_OF[tool], {**args, "as_of": world.text(now)})
        return rows if tool in reads.MANY else (rows[0] if rows else None)

    return ask


def _cents(amount: Any) -> str:
    try:
        return str(policy.money(amount))
    except ArithmeticError:
        return str(amount)


def _alike(ours: str, right: str) -> bool:
    first, second = sorted((ours, right))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= 0.8


def main(arguments: Sequence[str]) -> int:
    """The command line; 0 when the labels are written."""
    parser = argparse.ArgumentParser(prog="refund_desk.reviewer", description="Label the open discrepancies.")
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--at", type=datetime.fromisoformat, required=True)
    given = parser.parse_args(arguments)
    with given.sheet.open(newline="") as sheet:
        reader = csv.DictReader(sheet)
        rows = review(reader, given.world, given.at)
    with given.labels.open("w", newline="") as labels:
        writer = csv.DictWriter(labels, fieldnames=list(reader.fieldnames or COLUMNS), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} labels\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
