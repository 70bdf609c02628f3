"""A tools object that executes the bindings' own SQL in this process, and what a candidate does with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shadow.case import Case
from shadow.compare.compare import compare
from shadow.compare.result import Result
from shadow.doors.overlay import Overlay
from shadow.doors.served import AsOf, Serves, Template
from shadow.examples.refund_desk import agent, fx, reads, world
from shadow.examples.refund_desk.bindings import BINDINGS
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.observation import AnswerKind, Effect, Ending, Observation, Read


@dataclass(slots=True, kw_only=True)
class DeskTools:
    """Reads by the bindings' SQL, holds writes, lays own writes over what is read by key.

    Attributes:
        statements: `reads.AS_OF` or `reads.LIVE`.
        read_at: the real moment of each read.
        lays: whether own writes are laid over what is read.
    """

    world: sqlite3.Connection
    case_id: str
    now: datetime
    statements: Mapping[str, str] = field(default_factory=lambda: reads.AS_OF)
    read_at: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    lays: bool = True
    effects: list[Effect] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    overlay: Overlay = field(default_factory=Overlay)

    def call(self, name: str, **args: Any) -> Any:
        """A read's answer, or a held write's."""
        tool, binding = REFUNDS.tool(name), BINDINGS.get(name)
        if tool is None:
            raise LookupError(name)
        if not isinstance(binding, Template):
            assert isinstance(binding, Serves)
            seen = self.overlay.over(tool, args, self._read(name, args), binding)
            kind = AnswerKind.LIVE if self.statements is reads.LIVE and name != "fx.rate" else AnswerKind.AS_OF
            self.reads.append(Read(tool=name, args=args, kind=kind, at=self.read_at, own=seen.own))
            return seen.value
        held = f"h-{len(self.effects)}"
        self.effects.append(Effect(tool=name, args=args, at=self.now, held=held))
        answer, changes = binding.fill(args, held)
        if self.lays:
            self.overlay.lay(tool, args, changes)
        return answer

    def escalate(self, reason: str, **details: Any) -> None:
        """An escalation, held."""
        self.effects.append(Effect(tool="escalate", args={"reason": reason, **details}, at=self.now))

    def _read(self, name: str, args: Mapping[str, Any]) -> Any:
        if name == "fx.rate":
            return fx.rate(args, AsOf(case_id=self.case_id, as_of=self.now))
        given = {**args, "as_of": self.now.isoformat(timespec="microseconds")}
        rows = world.many(self.world, self.statements[name], given)
        return rows if name in reads.MANY else (rows[0] if rows else None)


def replay(tools: DeskTools, case: Case, settings: Mapping[str, Any]) -> Observation:
    """What a version does with one case."""
    try:
        value = agent.handle(case.input, tools, **settings)
    except ArithmeticError as error:
        return Observation(
            ending=Ending.ERROR, error=str(error), effects=tuple(tools.effects), reads=tuple(tools.reads)
        )
    return Observation(ending=Ending.FINISHED, value=value, effects=tuple(tools.effects), reads=tuple(tools.reads))


def cases(connection: sqlite3.Connection) -> Iterator[Case]:
    """Every case once that fits the contract, in the order of arrival."""
    from jsonschema import Draft202012Validator

    fits, seen = Draft202012Validator(dict(REFUNDS.accepts)), set()
    for row in world.many(connection, reads.CASES, {"start": "2026-01-01", "end": "2026-10-05"}):
        given = {name: row[name] for name in row if name not in ("id", "arrived_at", "began_at")}
        if row["id"] in seen or not fits.is_valid(given):
            continue
        seen.add(row["id"])
        slices = {name: given[name] or "(none)" for name in REFUNDS.slices}
        yield Case(
            id=row["id"], unit=given["customer_id"], arrived_at=world.moment(row["arrived_at"]),
            began_at=world.moment(row["began_at"]), input=given, slices=slices,
        )  # fmt: skip


def control_side(connection: sqlite3.Connection) -> dict[str, Observation]:
    """The control's first settled outcome of every case, with its effects up to then."""
    effects: dict[str, list[Effect]] = {}
    for tool, statement in reads.EFFECTS.items():
        for row in world.many(connection, statement.replace("where case_id in :ids", ""), {}):
            case, at = row.pop("case_id"), world.moment(row.pop("at"))
            effects.setdefault(case, []).append(Effect(tool=tool, args=row, at=at))
    found: dict[str, Observation] = {}
    for row in world.many(connection, reads.SETTLED, {"start": "2026-01-01", "end": "2027-01-01"}):
        case, settled = row.pop("id"), world.moment(row.pop("settled_at"))
        done = tuple(e for e in effects.get(case, ()) if e.at is not None and e.at <= settled)
        found.setdefault(case, Observation(ending=Ending.FINISHED, value=row, effects=done))
    return found


def compared(
    path: Path, settings: Mapping[str, Any], *, statements: Mapping[str, str] = reads.AS_OF
) -> list[tuple[Case, Observation, Observation, Result]]:
    """Every settled case of a world: case, control, candidate, result."""
    with world.reading(path) as connection:
        control, found = control_side(connection), []
        for case in cases(connection):
            if case.id in control and control[case.id].value is not None:
                tools = DeskTools(world=connection, case_id=case.id, now=case.began_at, statements=statements)
                tools.read_at = case.arrived_at + timedelta(days=30)
                candidate = replay(tools, case, settings)
                result = compare(REFUNDS, case, control[case.id], candidate)
                found.append((case, control[case.id], candidate, result))
        return found
