"""Labels out and in: the worst first, all or nothing, each faulty row by its line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shadow.errors import UsageError
from shadow.review.columns import read_sheet, write_sheet
from shadow.review.labels import discrepancies, export_rows, import_rows
from shadow.store import Store
from shadow.store.labels import labels_at
from shadow.store.registry import Experiment
from tests.store.desk import (
    at,
    bring,
    compared,
    entry,
    everything,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    window,
)

FILLED = {"side": "control", "who": "ann", "at": "2026-11-02T10:00:00+01:00"}


def differing(store: Store, *keys: str, decision: str = "decline") -> Experiment:
    """An experiment in which these cases differ, and one agrees."""
    held = experiment(store)
    entries = [entry(key, hour=number) for number, key in enumerate((*keys, "same"))]
    bring(store, *entries)
    run = window(store, held)
    plan(store, run)
    for one in entries:
        candidate = seen("approve" if one.case.id == "same" else decision)
        settle(store, outcome(one.case.id))
        replayed(store, run, (one, candidate))
        compared(store, run, one, seen(), candidate)
    return held


def rows(store: Store, held: Experiment, **more: Any) -> list[dict[str, str]]:
    """The exported sheet, as a person finds it."""
    return read_sheet(write_sheet(export_rows(store, held.id, look=at(1), **more)))


def test_out_and_in(store: Store) -> None:
    """What was exported and filled in is imported once; what is labelled is not exported again."""
    held = differing(store, "c1", "c2", "=c3")
    sheet = rows(store, held)
    assert [row["case"] for row in sheet] == ["c1", "c2", "=c3"]
    filled = [{**row, **FILLED, "grade": "minor", "comment": "no harm"} for row in sheet[1:]]
    assert import_rows(store, [sheet[0], *filled]) == {"imported": 2, "known": 0, "empty": 1}
    assert import_rows(store, [sheet[0], *filled]) == {"imported": 0, "known": 2, "empty": 1}
    assert [row["case"] for row in rows(store, held)] == ["c1"]
    words = labels_at(store, held.id, look=at(2))
    assert {key[0]: (word.side, word.grade, word.at) for key, word in words.items()} == {
        key: ("control", "minor", at(1, 9)) for key in ("c2", "=c3")
    }


def test_a_row_shows_both_sides(store: Store) -> None:
    """What each did, where they differ and how bad it is."""
    held = differing(store, "c1")
    (row,) = rows(store, held)
    assert (row["severity"], row["places"], row["experiment"]) == ("major", "decision", held.id)
    assert json.loads(row["control"])["value"] == {"decision": "approve"}
    assert json.loads(row["candidate"])["value"] == {"decision": "decline"}
    assert (row["case"], row["discrepancy"]) in discrepancies(store, held.id)


def test_a_side_is_cut_where_spreadsheets_cut(store: Store) -> None:
    """A candidate that answers with a megabyte does not make a sheet that nobody can open; it says how much is cut."""
    held = differing(store, "c1", decision="x" * 100_000)
    (row,) = rows(store, held)
    assert len(row["candidate"]) < 32_767
    assert row["candidate"].endswith("more characters")
    assert import_rows(store, [{**row, **FILLED}])["imported"] == 1


WRONG: list[tuple[dict[str, str], str]] = [
    ({"side": "contrl"}, "did you mean 'control'?"),
    ({"grade": "terrible"}, "allowed: cosmetic, minor, major, critical"),
    ({"side": "candidate", "grade": "major"}, "a candidate that was right has no grade"),
    ({"side": "both", "grade": "minor"}, "leave grade empty"),
    ({"who": " "}, "nobody is named"),
    ({"who": "x" * 201}, "1 to 200 characters"),
    ({"at": "yesterday"}, "no moment in 'at'"),
    ({"at": ""}, "no moment in 'at'"),
    ({"at": "2026-11-02T10:00:00"}, "without a zone"),
    ({"case": "c9"}, "no such discrepancy"),
    ({"discrepancy": "0" * 64}, "export again"),
    ({"experiment": "other"}, "no such experiment"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=[f"{n}-{'-'.join(w)}" for n, (w, _) in enumerate(WRONG)])
def test_one_wrong_row_and_nothing_is_imported(store: Store, wrong: dict[str, str], said: str) -> None:
    """It is named by its line, with what was seen and what is allowed; the right rows beside it wait as well."""
    held = differing(store, "c1", "c2")
    first, second = ({**row, **FILLED} for row in rows(store, held))
    before = everything(store)
    with pytest.raises(UsageError) as caught:
        import_rows(store, [first, {**second, **wrong}])
    assert "line 3: " in caught.value.seen
    assert said in caught.value.seen
    assert everything(store) == before


def test_doubles_are_named_with_both_lines(store: Store) -> None:
    """One person says one word of a discrepancy in one sheet; two people may say one each."""
    held = differing(store, "c1", "c2")
    first, second = ({**row, **FILLED} for row in rows(store, held))
    with pytest.raises(UsageError) as caught:
        import_rows(store, [first, second, {**first, "side": "both"}])
    assert "line 4: ann labels case c1 again (first in line 2)" in caught.value.seen
    assert labels_at(store, held.id, look=at(9)) == {}
    assert import_rows(store, [first, {**first, "who": "bob"}])["imported"] == 2


def test_another_word_at_the_same_moment_is_refused(store: Store) -> None:
    """It would silently be taken for the one that was said before; dated later it holds from then on."""
    held = differing(store, "c1")
    (row,) = ({**row, **FILLED} for row in rows(store, held))
    import_rows(store, [row])
    with pytest.raises(UsageError, match="said otherwise at that very moment"):
        import_rows(store, [{**row, "side": "candidate"}])
    assert import_rows(store, [{**row, "side": "candidate", "at": "2026-11-03T10:00:00+01:00"}])["imported"] == 1
    (word,) = labels_at(store, held.id, look=at(9)).values()
    assert word.side == "candidate"


def test_many_faults_are_counted(store: Store) -> None:
    """The first five by line, the others by number."""
    held = differing(store, *(f"c{number}" for number in range(7)))
    with pytest.raises(UsageError, match="nothing was imported, 7 rows are wrong") as caught:
        import_rows(store, [{**row, **FILLED, "at": "never"} for row in rows(store, held)])
    assert "line 6: " in caught.value.seen
    assert "line 7: " not in caught.value.seen
    assert caught.value.seen.endswith("; and 2 more")


def test_the_worst_comes_first_and_the_rest_is_asked_for(store: Store) -> None:
    """Critical before major, older before younger; minor ones only with `every`."""
    held = experiment(store)
    entries = [entry(key, hour=hour) for key, hour in (("old", 1), ("young", 2), ("failed", 3))]
    bring(store, *entries)
    run = window(store, held)
    plan(store, run)
    for one in entries:
        settle(store, outcome(one.case.id))
        replayed(store, run, (one, seen("decline")))
        compared(store, run, one, seen(), seen("decline"))
    assert [row["case"] for row in rows(store, held)] == ["old", "young", "failed"]
    assert rows(store, held, every=True) == rows(store, held)


def test_nothing_is_exported_before_a_first_look(store: Store) -> None:
    """Without a look there is nothing to be open at."""
    held = differing(store, "c1")
    with pytest.raises(UsageError, match="no run was assessed yet"):
        export_rows(store, held.id)
