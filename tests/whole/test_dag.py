"""The refund desk's own DAG file on a real Airflow: what a run stores, and which colour it gets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trial import trial
from shadow.adapters.airflow import Ran, run_window
from shadow.contract import digests
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.store import open_store
from shadow.store.registry import experiment, run
from shadow.store.standings import standings
from tests.whole.desk import ROOT, SMALL, Place, copied, window
from tests.whole.worker import day_by_day

LABEL = "version 1"
DAG_FILE = ROOT / "dags" / "refund_desk.py"
DAG_ID = "shadow-refund-desk"


@pytest.fixture
def home(place: Place, airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The desk's folder as the DAG file looks for it, and a store beside it."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    monkeypatch.setenv("REFUND_DESK_HOME", str(place.files.root))
    return place


def form(day: int, **more: Any) -> Mapping[str, Any]:
    """A run's form for one day."""
    start, end = window(day)
    return {"candidate": LABEL, "window_start": start.isoformat(), "window_end": end.isoformat(), **more}


@pytest.mark.slow
def test_days_on_airflow(home: Place, _small: Path, tmp_path: Path) -> None:
    """Two green days with verdict and report; part of a day adds no evidence; a day without cases is red."""
    part = run_window(DAG_FILE, form(0, at_most=5), dag_id=DAG_ID)
    assert (part.state, part.failures) == ("success", ())
    assert home.committed().total() <= 5 and part.verdict is not None and part.verdict["verdict"] == "inconclusive"
    assert _evidence(home, part) == 0

    days = [run_window(DAG_FILE, form(day), dag_id=DAG_ID) for day in (0, 1)]
    assert [(ran.state, ran.failures) for ran in days] == [("success", ())] * 2
    for ran in days:
        _told(home, ran, tmp_path)
    assert _evidence(home, days[1]) > _evidence(home, days[0]) > 0
    assert set(home.committed().values()) == {1}  # the five cases of the part were not replayed again
    assert max(home.calls().count(case) for case in home.calls()) == 1

    calm = copied(_small, tmp_path / "calm")
    day_by_day(trial(calm.store.parent, SMALL), LABEL, days=1)
    mine = [look for look in home.looks(LABEL) if look[0] == calm.looks(LABEL)[0][0]]
    assert calm.looks(LABEL)[0] in mine  # by the steps alone, without Airflow: the same decision

    empty = run_window(DAG_FILE, form(40), dag_id=DAG_ID)
    assert empty.state == "failed" and any(text.startswith("validate: ") for text in empty.failures)
    assert empty.verdict is not None and empty.verdict["verdict"] == "inconclusive"
    assert "data_quality" in empty.verdict["open"] and set(home.committed().values()) == {1}


def _told(home: Place, ran: Ran, tmp_path: Path) -> None:
    """The verdict that the run gave is the one that is stored, and its three report files are there."""
    assert ran.verdict is not None
    stored = home.ask("select word, decision_digest from shadow_verdict where run = ?", ran.run)
    assert stored == [(ran.verdict["verdict"], ran.verdict["decision_digest"])]
    pages = list((tmp_path / "reports").glob(f"*/*-{ran.run[:8]}.*"))
    assert {page.suffix for page in pages} == {".html", ".txt", ".json"}
    assert all(page.stat().st_size > 1000 for page in pages)
    html = next(page for page in pages if page.suffix == ".html").read_text()
    assert ran.verdict["decision_digest"][:12] in html and "<script src" not in html


def _evidence(home: Place, ran: Ran) -> int:
    """Cases that count at the run's look."""
    with closing(open_store(f"sqlite:///{home.store}")) as store:
        one = run(store, ran.run)
        rows = standings(store, experiment(store, one.experiment), look=one.end, judgement=digests(REFUNDS).judgement)
        return sum(1 for _ in rows)
