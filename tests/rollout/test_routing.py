"""The route as production asks for it: its thread, its forks, its first call, its cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shadow.places import home
from shadow.rollout import explain, promote, refresh, roll_back, route, routing
from shadow.rollout.deciding import Reason
from shadow.rollout.known import read_known
from shadow.rollout.places import route_file
from shadow.store import Store
from tests.approval.desk import NOW, edit
from tests.rollout.desk import NAME, approved
from tests.store.desk import in_a_process

ROOT = Path(__file__).resolve().parents[2]
LATER = NOW + timedelta(hours=1)
KEYS = [f"customer-{number}" for number in range(2000)]


@pytest.fixture
def promoted(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The desk's candidate has 1 % of a demonstration's traffic; the store is the one that the refresher opens."""
    monkeypatch.setenv("SHADOW_STORE_URL", store.engine.url.render_as_string(hide_password=False))
    promote(store, approved(store).id, now=LATER)
    return store


def until(there: Callable[[], bool]) -> None:
    """Wait for the refresher's rounds, a minute at most."""
    pause = threading.Event()
    for _ in range(600):
        if there():
            return
        pause.wait(0.1)
    raise TimeoutError("the refresher did nothing")


def candidates() -> set[str]:
    """The keys that a demonstration's candidate gets."""
    return {key for key in KEYS if route(NAME, key, demonstration=True) == "candidate"}


def test_from_the_first_call_to_the_rollback(promoted: Store) -> None:
    """Control until the store has answered; then the share, the same keys each time; unasked none; at last none."""
    assert route(NAME, "k", demonstration=True) == "control"
    assert explain(NAME, "k").reason in (Reason.UNKNOWN, Reason.DEMONSTRATION)
    until(lambda: bool(candidates()))
    chosen = candidates()
    assert 5 < len(chosen) < 45 and candidates() == chosen
    assert {route(NAME, key) for key in KEYS} == {"control"}
    found = explain(NAME, min(chosen), demonstration=True)
    assert (found.side, found.reason) == ("candidate", Reason.DRAWN)
    assert found.known is not None and found.known.share == 1
    roll_back(promoted, NAME, who="os:ann", why="too many refunds", now=LATER)
    assert candidates() == set()


def test_other_processes_give_the_same_keys(promoted: Store) -> None:
    """A process of its own, with another seed for hashes, from the file alone: its own store is not there."""
    refresh(promoted, NAME)
    code = (
        "import json, sys; from shadow.rollout import route; "
        f"print(json.dumps([k for k in json.load(sys.stdin) if route({NAME!r}, k, demonstration=True) == 'candidate']))"
    )
    elsewhere = {**os.environ, "PYTHONHASHSEED": "5", "SHADOW_STORE_URL": "postgresql://ann@127.0.0.1:1/none"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=elsewhere, input=json.dumps(KEYS), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert set(json.loads(done.stdout)) == candidates() != set()


def test_the_refresher_sees_what_others_change(promoted: Store) -> None:
    """A rollback on another machine: this one's file is only written by its refresher."""
    until(lambda: bool(candidates()))
    others = Path(home(), "other-machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHADOW_HOME", str(others))
        roll_back(promoted, NAME, who="os:bob", why="from afar", now=LATER)
    assert Path(route_file(str(others), NAME)).exists()
    until(lambda: not candidates())
    assert explain(NAME, "k", demonstration=True).known is not None


def test_a_forked_child_has_a_refresher_of_its_own(promoted: Store) -> None:
    """Threads do not come along; the child's file is brought up to date although its parent's is stopped."""
    until(lambda: bool(candidates()))
    held = routing.this_process()
    assert held is not None and held.thread is not None
    routing.close(held)
    held.thread.join(30)
    before = read_known(route_file(home(), NAME))[0]

    def child() -> int:
        route(NAME, "k", demonstration=True)
        mine = routing.this_process()
        if mine is held or mine is None or mine.thread is None:
            return 1
        until(lambda: read_known(route_file(home(), NAME))[0] != before)
        return 0

    assert in_a_process(child) == 0


def test_forks_while_the_refresher_starts_do_not_lock_the_child(promoted: Store) -> None:
    """A fork in the middle of an import would leave the child's modules locked for ever."""
    code = (
        "import os, signal\nfrom shadow.rollout import route\nsignal.alarm(50)\nroute('desk', 'k')\n"
        "for _ in range(5):\n    child = os.fork()\n    if not child:\n        signal.alarm(50)\n"
        "        import sqlalchemy.orm\n        os._exit(0)\n"
        "    if os.waitpid(child, 0)[1]: raise SystemExit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), check=False)
    assert done.returncode == 0


def test_the_store_goes(promoted: Store) -> None:
    """What the last round could not ask is not acted on."""
    until(lambda: bool(candidates()))
    edit(promoted, "alter table shadow_stage rename to gone")
    try:
        until(lambda: not candidates())
        assert explain(NAME, "k", demonstration=True).reason is Reason.UNREACHED
    finally:
        edit(promoted, "alter table gone rename to shadow_stage")
    until(lambda: bool(candidates()))


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "many", "3601"])
def test_a_setting_that_is_none(promoted: Store, monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    """In doubt nobody is the candidate's."""
    refresh(promoted, NAME)
    assert candidates()
    monkeypatch.setenv("SHADOW_ROUTE_MAX_AGE_S", seconds)
    assert not candidates()
    assert explain(NAME, "k").reason is Reason.SETTING


def test_a_working_directory_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The home is relative to nothing: control, and nothing is raised."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    monkeypatch.setenv("SHADOW_HOME", "here")
    (tmp_path / "gone").rmdir()
    assert route(NAME, "k") == "control"
    assert explain(NAME, "k").reason is Reason.SETTING


def test_asking_loads_no_database() -> None:
    """Neither the import nor the decision; only the thread does."""
    code = (
        "import sys, threading\nthreading.Thread.start = lambda self: None\n"
        "from shadow.rollout import route\nassert route('desk', 'k') == 'control'\n"
        "sys.exit(bool({'sqlalchemy', 'alembic', 'numpy', 'jsonschema', 'yaml'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), check=True)
