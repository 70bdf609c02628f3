"""A replay that is killed goes on where it was: nothing survives it, nothing gets out, and no model is paid twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from shadow.replay.isolation import why_not
from shadow.store import open_store
from shadow.store.tables import observations, recordings
from tests.doors.network.upstream import Upstream, running
from tests.replay.desk import gone

pytestmark = [
    pytest.mark.kill,
    pytest.mark.skipif(bool(why_not()), reason=f"the kernel's cage cannot be had here: {why_not()}"),
]
ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("paying.py")


@pytest.fixture
def model() -> Iterator[Upstream]:
    """A model's host that answers every question, and remembers which."""

    def answer(handler: Any) -> None:
        message = {"role": "assistant", "content": "yes"}
        body = {
            "model": "small-1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        }  # fmt: skip
        handler.say(200, json.dumps(body).encode())

    with running() as one:
        one.answers["POST", "/v1/chat/completions"] = answer
        yield one


def work(folder: Path, model: Upstream, kill_after: int) -> str:
    """One attempt; where it is killed, everything below it has ended when this returns."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SHADOW_SECRET_LLM": "real", "SHADOW_HOME": str(folder)}
    with subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), model.url, str(kill_after)], env=environment, cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        if kill_after and process.stdout and process.stdin:
            below = [os.pidfd_open(int(pid)) for pid in process.stdout.readline().split()]
            assert len(below) >= 3, "guard, zygote and case were running"
            process.stdin.write("die\n")
            process.stdin.flush()
            assert gone(below)
        said, complained = process.communicate(timeout=120)
    assert process.returncode == (-9 if kill_after else 0), complained
    return said


def questions(model: Upstream) -> Counter[str]:
    """How often each question was asked."""
    return Counter(json.loads(one["body"])["messages"][0]["content"] for one in model.asked)


@pytest.mark.parametrize("kills", [[1], [2, 7], [3, 3, 3], [17]])
def test_no_question_is_paid_for_twice(tmp_path: Path, model: Upstream, kills: list[int]) -> None:
    """Whoever resumes reads back what was answered, however often it was killed; then the answers are gone.

    Dies without `recordings.keep` before the answer is given on, or without the step's case and repeat.
    """
    for kill_after in kills:
        work(tmp_path, model, kill_after)
    run = work(tmp_path, model, 0).split()[-1]
    asked = questions(model)
    assert (len(asked), set(asked.values())) == (18, {1}), asked
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with store.read() as connection:
        bodies = [row.body for row in connection.execute(select(observations.c.body).where(observations.c.run == run))]
        left = connection.execute(select(func.count()).select_from(recordings)).scalar()
    store.close()
    assert [(body["tokens"], len(body["effects"])) for body in bodies] == [(330, 1)] * 6
    assert left == 0


def test_without_a_record_it_would_be_paid_twice(tmp_path: Path, model: Upstream) -> None:
    """The control: a record that keeps nothing lets the same kill cost two answers twice."""
    forgetful = tmp_path / "forgetful"
    forgetful.mkdir()
    (forgetful / "sitecustomize.py").write_text(
        "from shadow.store.recordings import StoreRecordings\nStoreRecordings.find = lambda self, step: None\n"
    )
    work(tmp_path, model, 2)
    before = questions(model)
    assert set(before.values()) == {1}
    with_path = os.pathsep.join([str(forgetful), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": with_path, "SHADOW_SECRET_LLM": "real", "SHADOW_HOME": str(tmp_path)}
    subprocess.run(
        [sys.executable, str(WORKER), str(tmp_path), model.url, "0"], env=environment, cwd=ROOT, check=True,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert sorted(questions(model).values())[-2:] == [2, 2]
