"""`shadow plan` and `shadow verdict --explain`: what they print, and their exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shadow.cli import main
from shadow.contract import to_yaml
from shadow.gates import calendar, critical_rate, harmful_rate
from shadow.store import open_store
from shadow.store.registry import find_experiment
from shadow.store.verdicts import save_verdict, verdicts_of
from tests.steps.desk import CONTRACT

Out = tuple[int, str, str]


@pytest.fixture
def shadow(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """`shadow("plan", "desk")`: exit code, stdout, stderr."""

    def run(*words: str) -> Out:
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def bars(home: Path) -> str:
    """A contract with a harmful and a critical rate, 500 cases a day, in a file."""
    gates = (harmful_rate(at_most=0.02), critical_rate(below=0.002), calendar(days=14))
    path = home / "bars.yaml"
    path.write_text(to_yaml(replace(CONTRACT, gates=gates, cases_per_day=500)), encoding="utf-8")
    return str(path)


def test_a_plan_is_told(shadow: Any, bars: str) -> None:
    """Each bar with its days, all together, and exit code 0 where it can be passed."""
    code, out, _ = shadow("plan", bars)
    assert code == 0
    assert "desk: what its bars cost at 500 cases a day (500 unit-days" in out
    assert "critical_rate" in out and "about 1,528 unit-days: even odds on day 8" in out
    assert "All bars together: ready by day 18 with even odds" in out


def test_a_plan_that_can_never_come_out_is_refused(shadow: Any, bars: str) -> None:
    """Exit code 1, and what would do; the volume and the days that are asked for count, not the contract's."""
    code, out, _ = shadow("plan", bars, "--cases-per-day", "50", "--days", "21")
    assert code == 1
    said = " ".join(out.split())
    assert "needs 1,528 unit-days without a bad one; 21 days bring 900 on 18 closed days." in said
    assert shadow("plan", bars, "--days", "8")[0] == 1


def test_a_plan_as_data(shadow: Any, bars: str) -> None:
    """The same numbers as JSON, and several cases a unit-day cost days."""
    _, out, _ = shadow("plan", bars, "--json")
    data = json.loads(out)
    assert [bar["gate"] for bar in data["bars"]] == ["harmful_rate", "critical_rate", "calendar"]
    assert (data["days"], data["waits"], data["closed"], data["evidence"]) == (28, 4, 24, 12_000)
    _, out, _ = shadow("plan", bars, "--json", "--cases-per-unit", "2")
    assert json.loads(out)["evidence"] == 6000


def test_a_plan_of_what_was_run(shadow: Any) -> None:
    """By the workflow's name; without a volume nothing can be planned, and it says what to do."""
    code, _, err = shadow("plan", "desk")
    assert code == 2 and "--cases-per-day" in err
    assert shadow("plan", "desk", "--cases-per-day", "100")[0] == 0
    assert shadow("plan", "nothing-of-that-name")[0] == 2
    assert shadow("plan", "desk", "--cases-per-day", "nan")[0] == 2


def test_a_verdict_is_explained(shadow: Any) -> None:
    """Each gate with what it asks, what was found and its way there; as data too."""
    _, out, _ = shadow("verdict", "desk", "--explain")
    assert "harmful_rate: " in out and "  asks   " in out and "  stake  1, bet on its being within the limit" in out
    assert "isolation: " in out
    _, out, _ = shadow("verdict", "desk", "--explain", "--json")
    found = {gate["gate"]: gate for gate in json.loads(out)["explained"]}
    assert set(found) == {"calendar", "harmful_rate", "isolation"}
    path = found["harmful_rate"]["path"]
    assert [day for day, _ in path] == sorted(day for day, _ in path) and path
    assert found["harmful_rate"]["threshold"] == pytest.approx(2.9957, abs=1e-3)
    assert found["calendar"]["path"] == [] and found["calendar"]["threshold"] is None
    assert "explained" not in json.loads(shadow("verdict", "desk", "--json")[1])


def test_a_void_verdict_is_never_more_than_inconclusive(shadow: Any, home: Path) -> None:
    """Whatever it says: exit code 3, and why it is void. Dies where the age is not looked at."""
    before, out, _ = shadow("verdict", "desk", "--candidate", "v1")
    assert "void: " not in out
    store = open_store(f"sqlite:///{home / 'store.db'}")
    last = verdicts_of(store, find_experiment(store, "desk", label="v1").id)[-1]
    old = {**last.body["grounds"], "until": datetime(2026, 1, 1, tzinfo=UTC).isoformat()}
    for word in ("ready (demonstration)", "not ready", "inconclusive"):
        save_verdict(store, replace(last, word=word, body={**last.body, "word": word, "grounds": old}))
        code, out, _ = shadow("verdict", "desk", "--candidate", "v1")
        assert code == 3
        assert "void: it expired on 2026-01-01 00:00 UTC, 7d after it was taken" in out
    store.close()
    assert before in (0, 1, 3)
