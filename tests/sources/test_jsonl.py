"""The source `jsonl`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shadow.errors import SourceError
from shadow.sources.jsonl import jsonl

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def written(path: Path, *items: Any) -> Path:
    """A file of these lines; text goes in as it is."""
    path.write_text("\n".join(i if isinstance(i, str) else json.dumps(i) for i in items) + "\n")
    return path


def a_case(name: Any, hour: int, **more: Any) -> dict[str, Any]:
    """One line of the cases."""
    return {"id": name, "arrived_at": f"2026-11-01T{hour:02d}:00:00Z", "input": {"n": name}, **more}


OUTCOME = {
    "settled_at": "2026-11-01T12:00:00Z",
    "value": {"decision": "approve"},
    "effects": [
        {"tool": "refund.issue", "args": {"amount": "5"}, "at": "2026-11-01T11:00:00Z"},
        {"tool": "t", "args": {}},
    ],
}


def test_cases_come_in_the_order_of_their_moments(tmp_path: Path) -> None:
    """Whatever the file's order; doubled lines twice, lines without an id with None, blank lines not at all."""
    path = written(
        tmp_path / "c.jsonl", a_case("b", 9), "", a_case("a", 9), a_case(None, 8), a_case("b", 9), a_case(7, 23)
    )
    found = list(jsonl(path).arrivals(START, END))
    assert [a.id for a in found] == [None, "a", "b", "b", "7"]
    assert found[1].input == {"n": "a"}
    assert found[1].began_at == found[1].arrived_at == datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert list(jsonl(path).arrivals(END, END)) == []


def test_outcomes_stand_in_the_same_line(tmp_path: Path) -> None:
    """One, or several revisions, or none yet."""
    later = {**OUTCOME, "settled_at": "2026-11-01T13:00:00Z", "effects": None}
    path = written(
        tmp_path / "c.jsonl", a_case("a", 9, settled=[later, OUTCOME]), a_case("b", 9, settled=OUTCOME), a_case("c", 9)
    )
    found = list(jsonl(path).settled(START, END))
    assert [(s.case_id, s.settled_at.hour) for s in found] == [("a", 12), ("b", 12), ("a", 13)]
    effects = found[0].observation.effects
    assert [(e.tool, e.at.hour if e.at else None) for e in effects] == [("refund.issue", 11), ("t", None)]
    assert found[2].observation.effects == ()


def test_outcomes_may_have_a_file_of_their_own(tmp_path: Path) -> None:
    """Each line with its case's id."""
    cases, settled = (
        written(tmp_path / "c.jsonl", a_case("a", 9)),
        written(tmp_path / "s.jsonl", {"id": "a", **OUTCOME}),
    )
    found = list(jsonl(cases, settled=settled).settled(START, END))
    assert [s.case_id for s in found] == ["a"]
    assert found[0].observation.value == {"decision": "approve"}


@pytest.mark.parametrize(
    "line",
    [
        "{not json",
        "[]",
        '{"id": "x", "arrived_at": "2026-11-01T09:00:00Z", "input": {"n": NaN}}',
        {"id": "x", "arrived_at": "soon", "input": {}},
        {"id": "x", "input": {}},
        a_case("x", 9) | {"arived": 1},
        a_case(1.5, 9),
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named_with_file_and_line(tmp_path: Path, line: Any) -> None:
    """Not JSON, no object, no moment, a field too many, an id that is none."""
    path = written(tmp_path / "c.jsonl", a_case("a", 9), line)
    with pytest.raises(SourceError, match=r"c\.jsonl:2: "):
        list(jsonl(path).arrivals(START, END))


@pytest.mark.parametrize(
    "settled",
    [
        "x",
        {"value": {}},
        {**OUTCOME, "value": 3},
        {**OUTCOME, "effects": [3]},
        {**OUTCOME, "effects": [{"args": {}}]},
        {**OUTCOME, "efects": []},
    ],
)
def test_a_bad_outcome_is_named_with_its_file(tmp_path: Path, settled: Any) -> None:
    """And never passes for a case that has not settled."""
    path = written(tmp_path / "c.jsonl", a_case("a", 9, settled=settled))
    with pytest.raises(SourceError, match=r"c\.jsonl"):
        list(jsonl(path).settled(START, END))


def test_an_outcome_without_an_id_is_an_error(tmp_path: Path) -> None:
    """It cannot be told whose it is."""
    path = written(tmp_path / "c.jsonl", a_case(None, 9, settled=OUTCOME))
    with pytest.raises(SourceError, match="no id"):
        list(jsonl(path).settled(START, END))


def test_a_file_that_is_not_there_is_no_empty_day(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(SourceError, match=r"gone\.jsonl"):
        list(jsonl(tmp_path / "gone.jsonl").arrivals(START, END))
