"""Causes as rows of the report: each with one case, both sides next to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shadow.compare.causes import Cause, causes
from shadow.compare.result import Outcome, Result
from shadow.contract import digests
from shadow.reports.parts import CauseRow, Example, SideRow
from shadow.steps.telling.walk import Walk, seen_cases
from shadow.store import Store
from shadow.store.cases import load_cases
from shadow.store.registry import Experiment
from shadow.store.results import load_results

EXAMPLES = 60  # causes that are shown with a case


def cause_rows(store: Store, one: Experiment, met: Walk) -> tuple[tuple[CauseRow, ...], tuple[CauseRow, ...]]:
    """Open causes, the most harmful first, and those that labels have resolved."""
    found = causes(seen_cases(store, one, met))
    examples = _examples(store, one, met, [cause.example for cause in found[:EXAMPLES]])
    rows = [(cause.resolved, _row(cause, examples)) for cause in found]
    return tuple(row for done, row in rows if not done), tuple(row for done, row in rows if done)


def _row(cause: Cause, examples: Mapping[str, Example]) -> CauseRow:
    return CauseRow(
        sentence=cause.sentence,
        place=cause.place,
        direction=cause.direction,
        severity=cause.severity,
        count=cause.count,
        possible=cause.possible,
        share=cause.share,
        low=cause.low,
        high=cause.high,
        slice=cause.slice,
        harmful=cause.harmful,
        money=dict(cause.money),
        example=examples.get(cause.example),
        resolved="the control was wrong" if cause.resolved else "",
        consequences=tuple(_row(one, {}) for one in cause.consequences),
    )


def _examples(store: Store, one: Experiment, met: Walk, ids: Sequence[str]) -> dict[str, Example]:
    wanted = set(ids)
    pairs = [(row.case_id, row.revision) for row, _ in met.compared if row.case_id in wanted]
    inputs = {case.id: case.input for case in load_cases(store, one.workflow, sorted(wanted))}
    results = load_results(store, one.id, pairs, judgement=digests(met.contract).judgement)
    return {result.case_id: _example(result, inputs.get(result.case_id, {})) for _, _, result in results}


def _example(result: Result, given: Mapping[str, Any]) -> Example:
    sides = tuple(
        SideRow(
            place=found.place,
            control=_text(found.control),
            candidate=_text(found.candidate) or (found.why if found.place == "failure" else ""),
            differs=found.outcome is Outcome.MISMATCH,
        )
        for found in result.comparisons
    )
    return Example(case_id=result.case_id, sides=sides, input=_text(dict(given)))


def _text(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
