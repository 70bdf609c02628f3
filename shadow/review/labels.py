"""Export the discrepancies that wait for a word, import people's words: every row checked, doubles named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from shadow.contract import Contract, Severity, digests
from shadow.errors import StoreError, UsageError
from shadow.observation import Observation
from shadow.plug import nearest
from shadow.review.judging import judge
from shadow.store import Store
from shadow.store.cases import chunks, load_settlements
from shadow.store.labels import EVER, Label, Side, labels_at, save_labels, words_of
from shadow.store.registry import Experiment, contract_of, experiment
from shadow.store.replays import load_observations
from shadow.store.results import load_results
from shadow.store.standings import StandingRow, standings
from shadow.store.verdicts import verdicts_of

BATCH = 300
_LONGEST = 30_000  # characters of one cell; spreadsheets cut at 32,767
_LONGEST_NAME = 200  # characters that every database takes
_SHOWN = 5  # faults of a sheet that one message names


def export_rows(
    store: Store, experiment_id: str, *, look: datetime | None = None, every: bool = False
) -> list[dict[str, str]]:
    """One row a discrepancy that nobody has labelled, the worst first; see `review.columns`.

    Args:
        look: as of which look; the newest one where None.
        every: minor and cosmetic discrepancies too, which no gate counts.
    """
    held = experiment(store, experiment_id)
    contract = contract_of(store, held.contract)
    moment = look or newest_look(store, held)
    waiting = list(_unlabelled(store, held, contract, moment, every))
    waiting.sort(key=lambda row: (-Severity(row.severity).rank, row.arrived_at, row.case_id))
    judgement = digests(contract).judgement
    rows: list[dict[str, str]] = []
    for batch in chunks(waiting, BATCH):
        rows += _sheet_rows(store, held, batch, moment, judgement)
    return rows


def import_rows(store: Store, rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """Take in a filled-in sheet: all of it, or nothing where a row is wrong.

    Returns:
        imported (new labels), known (said before in the same words), empty (rows without a side).

    Raises:
        UsageError: names the first faulty rows by their line, what was seen and what is allowed.
    """
    found: list[Label] = []
    faults: list[str] = []
    empty = 0
    known = _Known(store)
    seen: dict[tuple[str, ...], int] = {}
    for line, row in enumerate(rows, start=2):  # the header is line 1
        if not row.get("side", "").strip():
            empty += 1
            continue
        try:
            label = checked(row, known)
        except UsageError as error:
            faults.append(f"line {line}: {error}")
            continue
        key = (label.experiment, label.case_id, label.discrepancy, label.who)
        if key in seen:
            faults.append(f"line {line}: {label.who} labels case {label.case_id} again (first in line {seen[key]})")
        seen.setdefault(key, line)
        found.append(label)
    _refuse(faults)
    new = save_labels(store, found)
    return {"imported": new, "known": len(found) - new, "empty": empty}


class Known(Protocol):
    """What a new word is held against."""

    def has(self, experiment_id: str, case_id: str, mark: str) -> bool:
        """Whether there is such a discrepancy; UsageError where there is no such experiment."""

    def said(self, label: Label) -> Label | None:
        """What the same person said of the same discrepancy at the same moment."""


class _Known:
    """Which discrepancies an experiment has; looked up once an experiment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.found: dict[str, set[tuple[str, str]]] = {}
        self.words: dict[str, dict[tuple[str, str, str, datetime], Label]] = {}

    def has(self, experiment_id: str, case_id: str, mark: str) -> bool:
        if experiment_id not in self.found:
            try:
                self.found[experiment_id] = discrepancies(self.store, experiment_id)
            except StoreError as error:
                raise UsageError(error.what, seen=repr(experiment_id)) from error
        return (case_id, mark) in self.found[experiment_id]

    def said(self, label: Label) -> Label | None:
        if label.experiment not in self.words:
            self.words[label.experiment] = words_of(self.store, label.experiment)
        return self.words[label.experiment].get((label.case_id, label.discrepancy, label.who, label.at))


def discrepancies(store: Store, experiment_id: str) -> set[tuple[str, str]]:
    """(case id, discrepancy digest) of every result of the experiment, of whatever revision."""
    from sqlalchemy import select

    from shadow.store.tables import results

    experiment(store, experiment_id)
    with store.read() as connection:
        wanted = select(results.c.case_id, results.c.discrepancy).where(results.c.experiment == experiment_id)
        return {(case_id, mark) for case_id, mark in connection.execute(wanted.distinct())}


def checked(row: Mapping[str, str], known: Known) -> Label:
    """The label that one filled-in row of the sheet means.

    Raises:
        UsageError: what was seen, and what is allowed.
    """
    case_id, mark = row["case"].strip(), row["discrepancy"].strip()
    if not known.has(row["experiment"].strip(), case_id, mark):
        raise UsageError(
            "no such discrepancy",
            seen=f"case {case_id!r}, discrepancy {mark[:12]!r}",
            todo="export again: what one side did may have been corrected since",
        )
    side = _word(Side, row["side"], "side")
    grade = _word(Severity, row["grade"], "grade") if row.get("grade", "").strip() else None
    if side in (Side.CANDIDATE, Side.BOTH) and grade is not None:
        raise UsageError("a candidate that was right has no grade", seen=f"{side}, {grade}", todo="leave grade empty")
    who = row["who"].strip()
    if not 0 < len(who) <= _LONGEST_NAME:
        raise UsageError("nobody is named in 'who'", seen=f"case {case_id}", allowed=f"1 to {_LONGEST_NAME} characters")
    label = Label(
        experiment=row["experiment"].strip(),
        case_id=case_id,
        discrepancy=mark,
        side=side,
        grade=grade,
        comment=row.get("comment", "").strip(),
        who=who,
        at=_moment(row["at"]),
    )
    said = known.said(label)
    if said not in (None, label):
        raise UsageError(
            f"{who} has said otherwise at that very moment", seen=f"case {case_id}", todo="date the new word later"
        )
    return label


def _word(kind: Any, text: str, name: str) -> Any:
    try:
        return kind(text.strip().lower())
    except ValueError as error:
        words = [str(word) for word in kind]
        raise UsageError(f"no {name}", seen=repr(text), allowed=", ".join(words), todo=nearest(text, words)) from error


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError("no moment in 'at'", seen=repr(text), allowed="2026-11-21T09:30:00+00:00") from error
    if at.tzinfo is None:
        raise UsageError("a moment without a zone", seen=repr(text), allowed="2026-11-21T09:30:00+00:00")
    return at.astimezone(UTC)


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise UsageError(
            f"nothing was imported, {len(faults)} rows are wrong",
            where="labels",
            seen="; ".join(faults[:_SHOWN]) + more,
            todo="mend these rows and import the sheet again",
        )


def newest_look(store: Store, held: Experiment) -> datetime:
    """When the experiment was looked at last.

    Raises:
        UsageError: no run was assessed yet.
    """
    verdicts = verdicts_of(store, held.id)
    if not verdicts:
        raise UsageError("no run was assessed yet", where=held.id, todo="run it first")
    return verdicts[-1].look


def _unlabelled(
    store: Store, held: Experiment, contract: Contract, look: datetime, every: bool
) -> Iterator[StandingRow]:
    words = labels_at(store, held.id, look=EVER)
    for row in standings(store, held, look=look, judgement=digests(contract).judgement):
        if (row.case_id, row.discrepancy) in words:
            continue
        seen = judge(row, None, contract=contract, look=look)
        if seen.grade is not None and (every or seen.grade.harmful):
            yield row


def _sheet_rows(
    store: Store, held: Experiment, batch: Sequence[StandingRow], look: datetime, judgement: str
) -> Iterator[dict[str, str]]:
    ids = [row.case_id for row in batch]
    control = load_settlements(store, held.workflow, ids, before=look)
    candidate = load_observations(store, held.id, ids)
    pairs = [(row.case_id, row.revision) for row in batch]
    places = {
        result.case_id: [one.place for one in result.comparisons if one.severity is not None]
        for _, _, result in load_results(store, held.id, pairs, judgement=judgement)
    }
    for row in batch:
        if row.case_id in control and row.case_id in candidate:
            yield {
                "experiment": held.id,
                "case": row.case_id,
                "discrepancy": row.discrepancy,
                "severity": row.severity,
                "places": "; ".join(places.get(row.case_id, ())),
                "control": _side(control[row.case_id][1]),
                "candidate": _side(candidate[row.case_id]),
            }


def _side(seen: Observation) -> str:
    effects = [{"tool": effect.tool, "args": dict(effect.args)} for effect in seen.effects]
    data: dict[str, Any] = {"value": seen.value, "effects": effects}
    if seen.error:
        data["failed"] = f"{seen.ending}: {seen.error}"
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … and {len(text) - _LONGEST:,} more characters"
