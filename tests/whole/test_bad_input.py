"""What is wrong is said, with where and what is allowed, or counted with its full context; nothing else is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trial import SOUND, Trial, take, trial
from shadow import steps
from shadow.candidates.python import python
from shadow.cli import main
from shadow.contract import to_json, to_yaml
from shadow.errors import CandidateError, SourceError, StoreError
from shadow.examples.refund_desk import reads
from shadow.examples.refund_desk.bindings import CONNECTION
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.observation import Ending, Observation
from shadow.replay import Limits
from shadow.setup import Setup
from shadow.sources.sql import sql
from shadow.store import open_store
from shadow.store.registry import save_validation
from shadow.store.replays import load_observations
from tests.whole.desk import SMALL, Place, chosen, window

WRONG_CONTRACTS = [
    ("stops", lambda data: data["stops"][0].update(escalate_to=""), "escalate"),
    ("compare", lambda data: data["compare"][1].update(place="amont"), "amont"),
    ("tools", lambda data: data["tools"][0].update(entity=7), "orders.get"),
    ("gates", lambda data: data["gates"][0].update(name="harmfull_rate"), "harmful_rate"),
    ("settles_within", lambda data: data.update(settles_within="five days"), "settles_within"),
    ("unit", lambda data: data.update(unit="customer"), "unit"),
]


@pytest.mark.parametrize(("part", "spoil", "named"), WRONG_CONTRACTS, ids=[wrong[0] for wrong in WRONG_CONTRACTS])
def test_a_bad_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str, spoil: Any, named: str) -> None:
    """`contract check` ends with 1 and one line: the file, the part that is wrong, and what would be right."""
    data = json.loads(to_json(REFUNDS))
    spoil(data)
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(data))
    assert main(["contract", "check", str(file)]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"{file}: ") and said.count("\n") == 1
    assert part in said and named in said
    assert "allowed: " in said or "to do: " in said


def test_a_contract_that_lacks_a_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stop without its escalation path is refused, and both are named."""
    data = json.loads(to_json(REFUNDS))
    del data["stops"][1]["escalate_to"]
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(data))
    assert main(["contract", "check", str(file)]) == 1
    said = capsys.readouterr().out
    assert "stops[1]" in said and "'escalate_to'" in said


def test_a_good_contract_passes_the_same_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The positive control, as YAML: exit code 0 and three digests."""
    file = tmp_path / "contract.yaml"
    file.write_text(to_yaml(REFUNDS))
    assert main(["contract", "check", str(file)]) == 0
    assert "is a valid contract" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (reads.CASES.replace("arrived_at, coalesce", "coalesce"), "the column arrived_at is missing"),
        (reads.CASES.replace("ticket_id as id,", ""), "the column id is missing"),
        (reads.CASES.replace("customer_email", "customer_mail"), "no such column: customer_mail"),
        (reads.CASES.replace("from intake", "from intakes"), "no such table: intakes"),
    ],
)
def test_a_missing_column(place: Place, tmp_path: Path, cases: str, said: str) -> None:
    """Collect names the query and the column, keeps nothing of the window, and what was there before stays."""
    one = trial(tmp_path, SMALL)
    take(one, "version 2", *window(0))
    before = place.progress()
    wrong = sql(CONNECTION, cases=cases, settled=reads.SETTLED, effects=dict(reads.EFFECTS))
    setup = replace(one.setup, source=wrong)
    run = _begun(one, setup, 1)
    with pytest.raises(SourceError, match=said) as raised:
        steps.collect(one.store, setup, run)
    assert f"source {CONNECTION}, cases" in str(raised.value) or f"connection {CONNECTION}" in str(raised.value)
    assert raised.value.seen and raised.value.todo
    assert place.progress() == before + 1  # the run that was begun
    take(one, "version 2", *window(1))  # with the right query the day goes on
    assert len(place.looks("version 2")) == 2


def _begun(one: Trial, setup: Setup, day: int) -> str:
    start, end = window(day)
    experiment = steps.preflight(one.store, setup, candidate="version 2")
    return str(steps.begin(one.store, setup, experiment=experiment, start=start, end=end))


def test_a_database_that_is_not_there(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live system is missed before anything is spent, and neither it nor anything else is made by asking."""
    one = trial(tmp_path, SMALL)
    gone = tmp_path / "nowhere" / "world.db"
    monkeypatch.setenv("SHADOW_CONN_DESK_RO", f"sqlite:///{gone}")
    with pytest.raises(SourceError, match="no such SQLite database") as raised:
        steps.preflight(one.store, one.setup, candidate="version 2")
    assert CONNECTION in raised.value.where and str(gone) in raised.value.seen and "SHADOW_CONN_DESK_RO" in str(raised)
    assert not gone.parent.exists() and place.ask("select * from shadow_experiment") == []


def test_a_connection_that_nobody_knows(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that is missing is named."""
    one = trial(tmp_path, SMALL)
    monkeypatch.delenv("SHADOW_CONN_DESK_RO")
    with pytest.raises(SourceError, match="SHADOW_CONN_DESK_RO"):
        steps.preflight(one.store, one.setup, candidate="version 2")


def test_a_store_that_is_not_there() -> None:
    """No server answers: where, why and what to do, and no password."""
    with pytest.raises(StoreError, match="SHADOW_STORE_URL") as raised:
        open_store("postgresql+psycopg://shadow:hunter2@127.0.0.1:1/shadow")
    assert "127.0.0.1:1" in raised.value.where and "hunter2" not in str(raised.value)


# what happens in the case's process: how the case ends, and what its error says
FAULTS: dict[str, tuple[str, Ending, str]] = {
    "raises": ('raise RuntimeError("the model is away")', Ending.ERROR, "RuntimeError: the model is away"),
    "hangs": ("threading.Event().wait()", Ending.TIMEOUT, "no answer within"),
    "floods": ('while True: print("spam" * 1000)', Ending.FLOOD, "bytes printed"),
    "NaN": ('return {**done, "amount": float("nan")}', Ending.INVALID, "value.amount is NaN"),
    "100 MB": ('return {**done, "reason": "y" * 100_000_000}', Ending.FLOOD, "a value of 100"),
    "lacks": ('done.pop("amount"); return done', Ending.FINISHED, ""),  # said by the comparison: not what it produces
}
SOURCE = """
import threading
from shadow.examples.refund_desk.agent import handle as good

def handle(case, tools, faulty=None):
    done = good(case, tools)
    fault = (faulty or {{}}).get(case["ticket_id"])
{branches}
    return done
"""
SECONDS = 8.0  # the limit of a case; others need a small part of it on a busy machine too


def _faulty(one: Trial, folder: Path, faulty: Mapping[str, str]) -> Trial:
    """The same trial with one candidate more, which goes wrong on these cases and is version 2 on all others."""
    branches = "".join(f"    if fault == {name!r}:\n        {code}\n" for name, (code, _, _) in FAULTS.items())
    (folder / "faulty_agent.py").write_text(SOURCE.format(branches=branches))
    candidate = python(
        "faulty_agent:handle", label="faulty", root=str(folder), settings={"faulty": dict(faulty)}, usd_per_call="0.002"
    )
    limits = Limits(at_once=4, seconds=SECONDS, output_bytes=1_000_000)
    setup = replace(one.setup, candidates=(*one.setup.candidates, candidate), limits=limits)
    return replace(one, setup=setup)


@pytest.fixture
def sick(place: Place, tmp_path: Path) -> tuple[Trial, dict[str, str]]:
    """Version 2 over all days, then a candidate that fails in six ways on one case each."""
    one = trial(tmp_path, SMALL)
    take(one, "version 2", *window(0, 9))
    (tmp_path / "code").mkdir()
    agreeing = chosen(
        place.ask("select case_id from shadow_result where agreement = 'agree' order by case_id limit ?", len(FAULTS))
    )
    faulty = dict(zip(agreeing, FAULTS, strict=True))
    return _faulty(one, tmp_path / "code", faulty), faulty


def test_a_candidate_that_fails_is_counted_and_loses_nobody_else(
    place: Place, sick: tuple[Trial, dict[str, str]]
) -> None:
    """Each way to fail is a discrepancy at "failure" with its whole context; the shard's other cases are all there."""
    one, faulty = sick
    experiment, found = take(one, "faulty", *window(0, 9))
    seen = load_observations(one.store, experiment, list(faulty))
    for case, name in faulty.items():
        _, ending, error = FAULTS[name]
        assert seen[case].ending is ending and error in seen[case].error, (name, seen[case])
        assert _whole(seen[case], name), name
        assert _failure(place, experiment, case) == ("discrepancy", "major"), name
    assert "Traceback" in seen[_case(faulty, "raises")].detail and "spam" in seen[_case(faulty, "floods")].detail

    others = (
        "select case_id from shadow_observation o join shadow_experiment e on e.id = o.experiment where e.label = ?"
    )
    assert set(chosen(place.ask(others, "faulty"))) == set(chosen(place.ask(others, "version 2")))
    finished = place.ask(
        "select count(*) from shadow_observation where experiment = ? and ending = 'finished'", experiment
    )
    failed = sum(ending is not Ending.FINISHED for _, ending, _ in FAULTS.values())
    assert finished[0][0] == place.ask(others.replace("case_id", "count(*)", 1), "faulty")[0][0] - failed
    assert _differing(place, experiment) == set(faulty)
    aside = (
        "select word, body from shadow_verdict v where experiment = (select id from shadow_experiment where label = ?)"
    )
    assert _set_aside(place, aside, "faulty") == _set_aside(place, aside, "version 2")  # failing is not being set aside
    assert found["verdict"] in ("inconclusive", "not ready")


def _case(faulty: Mapping[str, str], name: str) -> str:
    return next(case for case, fault in faulty.items() if fault == name)


def _whole(seen: Observation, name: str) -> bool:
    """What it had read and asked for before it failed is kept, and how long it took."""
    return bool(seen.spans) and seen.duration_s is not None and (seen.ending is Ending.FINISHED or seen.value is None)


def _failure(place: Place, experiment: str, case: str) -> tuple[str, str]:
    """Agreement and severity of the case's result, once its one mismatch is known to stand at "failure"."""
    ((agreement, severity, body),) = place.ask(
        "select agreement, severity, body from shadow_result where experiment = ? and case_id = ? "
        "order by revision desc limit 1",
        experiment,
        case,
    )
    mismatches = [one["place"] for one in json.loads(body)["comparisons"] if one["outcome"] == "mismatch"]
    assert mismatches[0] == "failure", mismatches
    return agreement, severity


def _differing(place: Place, experiment: str) -> set[str]:
    """Cases that the two candidates' results tell apart."""
    rows = place.ask("select experiment, case_id, revision, agreement, severity from shadow_result")
    mine = {(case, revision): rest for owner, case, revision, *rest in rows if owner == experiment}
    theirs = {(case, revision): rest for owner, case, revision, *rest in rows if owner != experiment}
    assert mine.keys() == theirs.keys()
    return {case for case, revision in mine if mine[case, revision] != theirs[case, revision]}


def _set_aside(place: Place, sql_text: str, label: str) -> Any:
    ((_, body),) = place.ask(sql_text, label)
    return next(f["numbers"] for f in json.loads(body)["findings"] if f["gate"] == "set_aside")


def test_a_candidate_that_cannot_be_imported(place: Place, tmp_path: Path) -> None:
    """Said at once, with the traceback; no case is counted against anybody, and all stay open."""
    (tmp_path / "code").mkdir()
    one = _faulty(trial(tmp_path, SMALL), tmp_path / "code", {})
    (tmp_path / "code" / "faulty_agent.py").write_text("import a_library_that_is_not_there\n")
    broken = python("faulty_agent:handle", label="broken", root=str(tmp_path / "code"))
    setup = replace(one.setup, candidates=(broken,))
    start, end = window(0)
    experiment = steps.preflight(one.store, setup, candidate="broken")
    run = steps.begin(one.store, setup, experiment=experiment, start=start, end=end)
    steps.collect(one.store, setup, run)
    save_validation(one.store, run, SOUND)
    (shard,) = steps.plan(one.store, setup, run)
    with pytest.raises(CandidateError, match="a_library_that_is_not_there"):
        steps.replay(one.store, setup, run, shard, holder="test")
    assert place.committed().total() == 0 and steps.plan(one.store, setup, run) == [shard]
