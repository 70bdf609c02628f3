"""Statements that read the live system."""

from __future__ import annotations

import pytest

from shadow.errors import SourceError
from shadow.sources.statements import checked

WINDOW = {"start", "end"}
GOOD = "select id from t where at >= :start and at < :end"


@pytest.mark.parametrize(
    "statement",
    [
        GOOD,
        f"  {GOOD} ; ",
        f"with x as ({GOOD}) select * from x",
        f"-- delete what?\n{GOOD} and note <> 'drop; update' and \"update\" is null /* insert */",
        f"{GOOD} and at::date > '2026-01-01'",
        GOOD.replace("id", "id, updated_at, replace(id, 'a', 'b') as deleted"),
    ],
)
def test_a_select_is_taken(statement: str) -> None:
    """Literals, quoted names and comments may hold any word; a last semicolon goes."""
    assert not checked(statement, where="cases", binds=WINDOW).endswith(";")


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "-- nothing",
        "delete from t where at >= :start and at < :end",
        f"{GOOD}; delete from t",
        f"{GOOD}; select 1",
        f"with x as (delete from t returning *) {GOOD}",
        GOOD.replace("select id", "select id into u"),
        f"{GOOD} for update",
        "pragma table_info(t)",
        "explain " + GOOD,
    ],
)
def test_anything_else_is_refused_when_it_is_declared(statement: str) -> None:
    """Writes, several statements, locks, nothing at all."""
    with pytest.raises(SourceError, match="cases"):
        checked(statement, where="cases", binds=WINDOW)


@pytest.mark.parametrize("statement", ["select id from t", "select 1 where :start < :finish", GOOD + " and a = :b"])
def test_parameters_are_exactly_those_that_it_is_given(statement: str) -> None:
    """A statement without its window would read the whole table each day."""
    with pytest.raises(SourceError, match=r":end.*:start"):
        checked(statement, where="cases", binds=WINDOW)
