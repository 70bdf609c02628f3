"""A server's processes are started together and end together, whatever becomes of whoever started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from shadow.adapters.airflow.server.control import down, folder_of, found_up
from shadow.adapters.airflow.server.processes import KEY, MARK, clear, keeper_of, marked, members

pytestmark = pytest.mark.kill
# each says its process id into a pipe of the test's, then waits for its end
STAYS = "import sys, signal; open(sys.argv[1], 'w').write(str(__import__('os').getpid())); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"
HIDES = f"import subprocess, sys, signal; subprocess.Popen([sys.executable, '-c', {STAYS!r}, sys.argv[1]], env={{}}, start_new_session=True); signal.pause()"  # noqa: E501
FAILS = "import sys; sys.exit(3)"

Start = Callable[..., subprocess.Popen[bytes]]


def program(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def said(pipe: Path) -> psutil.Process:
    """Wait until a process has said its id; gives it."""
    return psutil.Process(int(pipe.read_text()))


def gone(*processes: psutil.Process) -> bool:
    """Whether all of them have ended, at most a while from now."""
    return not psutil.wait_procs(processes, timeout=20)[1]


@pytest.fixture
def pipes(tmp_path: Path) -> list[Path]:
    made = [tmp_path / name for name in ("one", "two")]
    for pipe in made:
        os.mkfifo(pipe)
    return made


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A keeper of these parts, in `tmp_path` as its home, noted as `shadow up` does."""
    folder = folder_of(tmp_path)
    folder.mkdir(parents=True)
    begun: list[subprocess.Popen[bytes]] = []

    def run(
        parts: dict[str, list[str]], *, first: list[str] | None = None, needed: bool = True, lifeline: int = -1
    ) -> Any:
        plan = {
            "first": first or program(""),
            "parts": [{"name": name, "command": command, "needed": needed} for name, command in parts.items()],
        }
        module = "shadow.adapters.airflow.server.keeper"
        keeper = subprocess.Popen(
            [sys.executable, "-m", module, str(folder), str(lifeline), json.dumps(plan)],
            env={**os.environ, **marked(folder), KEY: "of this start"},
            pass_fds=[lifeline] if lifeline >= 0 else [],
            start_new_session=True,
        )
        begun.append(keeper)
        (folder / "running.json").write_text(json.dumps({"pid": keeper.pid, "key": "of this start", "url": "here"}))
        return keeper

    yield run
    clear(folder)
    for keeper in begun:
        keeper.wait()


def test_down_ends_all(tmp_path: Path, start: Start, pipes: list[Path]) -> None:
    """Parts that hear, parts that do not, and what they have started; then nothing is up."""
    keeper = start({"hears": program(STAYS, pipes[0]), "deaf": program(DEAF, pipes[1])})
    parts = [said(pipe) for pipe in pipes]
    assert found_up(tmp_path) is not None
    assert down(tmp_path) and gone(*parts) and keeper.wait(30) == 0
    assert found_up(tmp_path) is None and members(folder_of(tmp_path)) == []
    assert not down(tmp_path)


def test_a_child_without_the_mark_ends_too(tmp_path: Path, start: Start, pipes: list[Path]) -> None:
    """A candidate is started with an empty environment, in a session of its own."""
    start({"hides": program(HIDES, pipes[0])})
    child = said(pipes[0])
    assert MARK not in child.environ()
    assert down(tmp_path) and gone(child)


def test_down_after_the_keeper_was_killed(tmp_path: Path, start: Start, pipes: list[Path]) -> None:
    """Its parts live on, and are found by what they carry."""
    keeper = start({"hears": program(STAYS, pipes[0])})
    part = said(pipes[0])
    keeper.kill()
    keeper.wait()
    assert found_up(tmp_path) is None and part.is_running()
    assert down(tmp_path) and gone(part)


def test_a_reused_id_is_left_alone(tmp_path: Path, pipes: list[Path]) -> None:
    """Who has the keeper's id now is not ended: neither a stranger, nor another home's server."""
    folder = folder_of(tmp_path)
    folder.mkdir(parents=True)
    for more in ({}, marked(tmp_path / "another") | {KEY: "k"}):
        stranger = subprocess.Popen(program(STAYS, pipes[0]), env={**os.environ, **more})
        try:
            said(pipes[0])
            (folder / "running.json").write_text(json.dumps({"pid": stranger.pid, "key": "k", "url": "here"}))
            assert found_up(tmp_path) is None
            assert not down(tmp_path) and stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()


def test_an_older_start_is_not_this_one(tmp_path: Path, start: Start, pipes: list[Path]) -> None:
    """A keeper is known by the key of its own start."""
    keeper = start({"hears": program(STAYS, pipes[0])})
    said(pipes[0])
    folder = folder_of(tmp_path)
    assert keeper_of(folder, pid=keeper.pid, key="of this start") is not None
    assert keeper_of(folder, pid=keeper.pid, key="of another") is None


def test_it_ends_with_whoever_holds_its_lifeline(tmp_path: Path, start: Start, pipes: list[Path]) -> None:
    """However that one ends: the kernel closes a dead process's pipes."""
    held, holder = os.pipe()
    keeper = start({"hears": program(STAYS, pipes[0])}, lifeline=held)
    part = said(pipes[0])
    os.close(held)
    assert keeper.poll() is None
    os.close(holder)
    assert keeper.wait(30) == 0 and gone(part)


@pytest.mark.parametrize("where", ["first", "part"])
def test_what_is_needed_and_fails_ends_all(tmp_path: Path, start: Start, pipes: list[Path], where: str) -> None:
    """Half a server is none: whoever waits for it learns so at once, and which part it was."""
    failed = folder_of(tmp_path) / "failed"
    if where == "first":
        assert start({"never": program(STAYS, pipes[0])}, first=program(FAILS)).wait(30) == 1
        assert failed.read_text() == "first"
        return
    keeper = start({"hears": program(STAYS, pipes[0]), "waits": program(f"open({str(pipes[1])!r}).read(); {FAILS}")})
    part = said(pipes[0])
    pipes[1].write_text("go")
    assert keeper.wait(30) == 1 and gone(part) and failed.read_text() == "waits"


def test_what_ended_is_started_again(start: Start, pipes: list[Path]) -> None:
    """A part beside Airflow's may fail, which ends nothing else."""
    keeper = start({"falls": program(STAYS, pipes[0])}, needed=False)
    first = said(pipes[0])
    first.kill()
    assert said(pipes[0]).pid != first.pid and keeper.poll() is None


def test_told_to_end_while_it_begins(start: Start, pipes: list[Path]) -> None:
    """Also before there is any part."""
    keeper = start({"never": program(FAILS)}, first=program(STAYS, pipes[0]))
    first = said(pipes[0])
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(30) == 0 and gone(first)
