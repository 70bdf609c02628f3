"""`shadow verdict --explain` on a gate about slices: which of them could go alone, the worst first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shadow.cli import main
from shadow.cli.explain import Explained, SliceRow, lines
from shadow.gates import calendar, every_slice, harmful_rate
from shadow.store import open_store
from tests.steps.desk import Desk, judged_by, run_day

HOSTILE = "F\x1b[2J\u202eR"  # clears a terminal, and turns the writing round


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two days of three countries; one candidate declines what the control pays in one of them."""
    home = tmp_path_factory.mktemp("slices")
    desk = Desk(folder=home)
    for day in (0, 1):
        for n, country in enumerate(["DE", "DE", "DE", HOSTILE, HOSTILE, "NL"]):
            desk.case(f"{day}{n}", day, country=country, claim=500 if country == HOSTILE else 10)
    url = f"sqlite:///{home / 'store.db'}"
    opened = open_store(url)
    gates = (calendar(days=2), every_slice(at_most=0.5, floor=2), harmful_rate(at_most=0.5))
    for day in (0, 1):
        run_day(opened, desk.setup(of=judged_by(gates=gates)), day)
    for day in range(2, 8):
        run_day(opened, desk.setup(of=judged_by(gates=gates)), day)
    opened.close()
    return url


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints."""
    main(["verdict", "desk", *words])
    return capsys.readouterr().out


def test_slices_are_told_worst_first(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Name, unit-days, share, what it is surely below, whether it could go alone; what that means; nothing hidden."""
    whole = said(capsys, "--store", store, "--explain")
    out = whole[whole.index("calendar: pass") :]
    table = out[out.index("every_slice: ") : out.index("harmful_rate: ")].splitlines()
    at = next(n for n, line in enumerate(table) if line.startswith("  slices "))
    assert table[at].split() == ["slices", "slice", "unit-days", "harmful", "surely", "below", "alone"]
    first, second, third = (line.split() for line in table[at + 1 : at + 4])
    assert first == ["country", "F⟨U+001B⟩[2J⟨U+202E⟩R", "4", "100", "%", "100", "%", "no"]
    assert second[:5] == ["country", "NL", "2", "0", "%"]
    assert third[:5] == ["country", "DE", "6", "0", "%"]
    assert (
        table[at + 4].startswith("  alone  none of 3 slices could yet")
        and "Ready asks for all of them" in table[at + 4]
    )
    assert "\x1b" not in whole and "\u202e" not in whole
    assert "  slices " not in out[out.index("harmful_rate: ") :]


def test_slices_as_data(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the gate about slices all of them, of the others none."""
    found = {
        gate["gate"]: gate for gate in json.loads(said(capsys, "--store", store, "--explain", "--json"))["explained"]
    }
    rows = found["every_slice"]["slices"]
    assert [(row["values"], row["unit_days"], row["rate"]) for row in rows] == [
        ([HOSTILE], 4, 1.0),
        (["NL"], 2, 0.0),
        (["DE"], 6, 0.0),
    ]
    assert {type(row["alone"]) for row in rows} == {bool} and 0 < rows[-1]["upper"] < 1
    assert found["every_slice"]["alpha"] == 0.05
    assert found["harmful_rate"]["slices"] == [] and found["harmful_rate"]["alpha"] is None


def one(number: int, *, alone: bool) -> SliceRow:
    """A slice of that many unit-days."""
    known: dict[str, Any] = {"values": (f"c{number}",), "rate": 0.01, "upper": 0.0234, "none_false": False}
    return SliceRow(slice=f"country c{number}", unit_days=1000 + number, alone=alone, **known)


@pytest.mark.parametrize(("many", "shown", "more"), [(12, 12, ""), (13, 12, "and 1 more"), (40, 12, "and 28 more")])
def test_a_table_is_short(many: int, shown: int, more: str) -> None:
    """Twelve rows and how many more; the count below is of all."""
    rows = tuple(one(n, alone=n > 1) for n in range(many))
    gate = Explained(gate="every_slice", status="pass", asks="a", reason="b", needs="", slices=rows, alpha=0.05)
    text = list(lines((gate,)))
    assert sum("  country c" in line for line in text) == shown
    assert [line.strip() for line in text if line.strip().startswith("and ")] == ([more] if more else [])
    assert f"  alone  {many - 2} of {many} slices could; in the mean at most 5 % of them" in text[-1]
    assert text[4].split()[-1] == "no" and text[6].split()[-1] == "yes"


def test_a_long_name_is_cut() -> None:
    """A value of a thousand characters does not push the numbers off the terminal."""
    row = SliceRow(
        slice="country " + "x" * 1000, values=("x",), unit_days=5, rate=0.0, upper=0.4, alone=True, none_false=True
    )
    gate = Explained(gate="every_slice", status="pass", asks="a", reason="b", needs="", slices=(row,), alpha=0.05)
    assert max(len(line) for line in lines((gate,)) if "xxx" in line) < 140
    assert all("\n" not in line for line in lines((gate,)))
