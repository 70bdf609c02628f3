"""Cases and settlements: what came in, and what the control did with it, as revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, or_, select, update

from shadow.case import Case, Settlement
from shadow.contract import digest
from shadow.observation import Observation
from shadow.store.engine import Store, upsert
from shadow.store.redact import Redactor
from shadow.store.tables import cases, experiments, observations, settlements, taken

T = TypeVar("T")
IN_ONE = 500  # ids in one statement; both databases take more


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A case as it came in, with its clear input: `aside` says why it cannot be taken, "" where it can."""

    case: Case
    digest: str
    aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many rows of a batch were new, known, doubled inside the batch, changed before or after a replay."""

    new: int = 0
    known: int = 0
    changed: int = 0


def save_cases(store: Store, workflow: str, entries: Sequence[Entry], *, redactor: Redactor, keep: timedelta) -> Kept:
    """Keep a batch of cases. A known case whose input differs replaces the old one unless it was replayed."""
    rows = [_row(workflow, entry, redactor, keep) for entry in entries]
    with store.write() as connection:
        new = upsert(connection, cases, rows)
        changed = 0 if new == len(rows) else _refresh(connection, workflow, rows)
    return Kept(new=new, known=len(rows) - new, changed=changed)


def _row(workflow: str, entry: Entry, redactor: Redactor, keep: timedelta) -> dict[str, Any]:
    case = entry.case
    return {
        "workflow": workflow,
        "id": case.id,
        "unit": case.unit,
        "arrived_at": case.arrived_at,
        "began_at": case.began_at,
        "input": redactor.clean(dict(case.input)),
        "input_digest": entry.digest,
        "slices": dict(case.slices),
        "aside": entry.aside or None,
        "doubled": 0,
        "keep_until": case.arrived_at + keep,
    }


def _refresh(connection: Connection, workflow: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Corrected upstream before anybody spent anything on it: take the correction. Else leave it, and count it.

    A case that a run has set aside stays aside: no later run would take it up, and it would wait forever.
    """
    changed = 0
    for chunk in chunks([row["id"] for row in rows], IN_ONE):
        held = and_(cases.c.workflow == workflow, cases.c.id.in_(chunk))
        known = dict(connection.execute(select(cases.c.id, cases.c.input_digest).where(held)).all())
        differ = [row for row in rows if row["id"] in known and known[row["id"]] != row["input_digest"]]
        done = _done(connection, workflow, [row["id"] for row in differ])
        for row in differ:
            changed += 1
            if row["id"] not in done:
                same = and_(cases.c.workflow == workflow, cases.c.id == row["id"])
                connection.execute(update(cases).where(same).values(**{k: row[k] for k in row if k != "doubled"}))
    return changed


def _done(connection: Connection, workflow: str, ids: Sequence[str]) -> set[str]:
    """Which of these cases some experiment of the workflow has replayed, or taken and set aside."""
    mine = and_(experiments.c.id == taken.c.experiment, experiments.c.workflow == workflow)
    seen = and_(observations.c.experiment == taken.c.experiment, observations.c.case_id == taken.c.case_id)
    case = and_(cases.c.workflow == workflow, cases.c.id == taken.c.case_id)
    finished = or_(observations.c.case_id.is_not(None), cases.c.aside.is_not(None))
    tables = taken.join(experiments, mine).join(cases, case).outerjoin(observations, seen)
    return set(
        connection.execute(
            select(taken.c.case_id).select_from(tables).where(taken.c.case_id.in_(ids), finished)
        ).scalars()
    )


def note_doubled(store: Store, workflow: str, ids: Mapping[str, int]) -> None:
    """Write down how many further rows of a case a window held."""
    with store.write() as connection:
        for key, more in ids.items():
            same = and_(cases.c.workflow == workflow, cases.c.id == key)
            connection.execute(update(cases).where(same).values(doubled=more))


Marks = Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]]


def no_marks(_: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Nothing is known of any case's clear values."""
    return {}


def save_settlements(
    store: Store,
    workflow: str,
    batch: Sequence[Settlement],
    *,
    redactor: Redactor,
    keep: timedelta,
    marks: Marks = no_marks,
) -> dict[str, int]:
    """Keep outcomes of known cases as revisions: `new`, `revised`, `known`, `unknown` (no such case).

    Args:
        marks: asked with the ids whose outcomes are kept for each one's clear values and their marks, so that
            what the input hides is hidden in the outcome too, under whatever name it stands there.
    """
    counts = {"new": 0, "revised": 0, "known": 0, "unknown": 0}
    with store.write() as connection:
        ids = sorted({one.case_id for one in batch})
        known, latest = _known(connection, workflow, ids), _latest(connection, workflow, ids)
        fresh = []
        for one in batch:
            word, row = _revision(workflow, one, known, latest)
            counts[word] += 1
            if row is not None:
                fresh.append((one, row))
        clear = marks(sorted({one.case_id for one, _ in fresh}))
        for one, row in fresh:
            row["body"] = redactor.clean(one.observation.to_json(), known=clear.get(one.case_id))
            row["keep_until"] = known[one.case_id] + keep
        upsert(connection, settlements, [row for _, row in fresh])
    return counts


_Latest = dict[str, tuple[int, datetime, str]]


def _revision(
    workflow: str, one: Settlement, known: Mapping[str, datetime], latest: _Latest
) -> tuple[str, dict[str, Any] | None]:
    if one.case_id not in known:
        return "unknown", None
    mark = digest([one.observation.to_json()])
    number, at, old = latest.get(one.case_id, (0, one.settled_at, ""))
    if number and (old == mark or one.settled_at <= at):
        return "known", None
    latest[one.case_id] = (number + 1, one.settled_at, mark)
    row = {
        "workflow": workflow,
        "case_id": one.case_id,
        "revision": number + 1,
        "settled_at": one.settled_at,
        "digest": mark,
    }
    return ("revised" if number else "new"), row


def _known(connection: Connection, workflow: str, ids: Sequence[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for chunk in chunks(ids, IN_ONE):
        wanted = (cases.c.workflow == workflow, cases.c.id.in_(chunk))
        found.update(connection.execute(select(cases.c.id, cases.c.arrived_at).where(*wanted)).all())
    return found


def _latest(connection: Connection, workflow: str, ids: Sequence[str]) -> _Latest:
    found: _Latest = {}
    for chunk in chunks(ids, IN_ONE):
        rows = connection.execute(
            select(settlements.c.case_id, settlements.c.revision, settlements.c.settled_at, settlements.c.digest)
            .where(settlements.c.workflow == workflow, settlements.c.case_id.in_(chunk))
            .order_by(settlements.c.revision)
        )
        found.update({key: (number, at, mark) for key, number, at, mark in rows})
    return found


def load_cases(store: Store, workflow: str, ids: Sequence[str]) -> list[Case]:
    """The cases of these ids with their stored (redacted) inputs, in order of arrival; pruned ones are left out."""
    found = []
    with store.read() as connection:
        for chunk in chunks(ids, IN_ONE):
            rows = connection.execute(
                select(cases).where(cases.c.workflow == workflow, cases.c.id.in_(chunk), cases.c.input.is_not(None))
            ).mappings()
            found += [_case(dict(row)) for row in rows]
    return sorted(found, key=lambda case: (case.arrived_at, case.id))


def arrived(store: Store, workflow: str, ids: Sequence[str]) -> dict[str, datetime]:
    """When each known case of these ids arrived."""
    with store.read() as connection:
        return _known(connection, workflow, ids)


def input_digests(store: Store, workflow: str, ids: Sequence[str]) -> dict[str, str]:
    """Digest of the clear input of each case, as it was when it was collected."""
    found: dict[str, str] = {}
    with store.read() as connection:
        for chunk in chunks(ids, IN_ONE):
            wanted = (cases.c.workflow == workflow, cases.c.id.in_(chunk))
            found.update(connection.execute(select(cases.c.id, cases.c.input_digest).where(*wanted)).all())
    return found


def load_settlements(
    store: Store, workflow: str, ids: Sequence[str], *, before: datetime
) -> dict[str, tuple[int, Observation]]:
    """The newest revision of each case that had settled before this moment: its number and the control's part."""
    found: dict[str, tuple[int, Observation]] = {}
    with store.read() as connection:
        for chunk in chunks(ids, IN_ONE):
            rows = connection.execute(
                select(settlements.c.case_id, settlements.c.revision, settlements.c.body)
                .where(
                    settlements.c.workflow == workflow,
                    settlements.c.case_id.in_(chunk),
                    settlements.c.settled_at < before,
                    settlements.c.body.is_not(None),
                )
                .order_by(settlements.c.revision)
            )
            found.update({key: (number, Observation.from_json(body)) for key, number, body in rows})
    return found


def load_revisions(store: Store, workflow: str, pairs: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Observation]:
    """The control's part in each (case id, revision) that is kept."""
    found: dict[tuple[str, int], Observation] = {}
    with store.read() as connection:
        for chunk in chunks(pairs, IN_ONE):
            wanted = set(chunk)
            rows = connection.execute(
                select(settlements.c.case_id, settlements.c.revision, settlements.c.body).where(
                    settlements.c.workflow == workflow,
                    settlements.c.case_id.in_({case_id for case_id, _ in chunk}),
                    settlements.c.body.is_not(None),
                )
            )
            found.update({(key, n): Observation.from_json(body) for key, n, body in rows if (key, n) in wanted})
    return found


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        id=row["id"],
        unit=row["unit"],
        arrived_at=row["arrived_at"],
        began_at=row["began_at"],
        input=row["input"],
        slices=row["slices"],
    )


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items, in order."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
