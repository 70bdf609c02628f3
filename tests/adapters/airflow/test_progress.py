"""What a long task says meanwhile, and how it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path

import pytest


def test_a_line_every_five_seconds(airflow_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However fast the cases are, a task's log gets one line in five seconds."""
    from shadow.adapters.airflow.tasks import _progress

    now = [0.0]
    tell = _progress(lambda: now[0])
    with caplog.at_level(logging.INFO, logger="shadow.adapters.airflow.tasks"):
        for done in range(1, 121):
            now[0] += 0.125
            tell(done, 120)
    assert [record.message for record in caplog.records] == [f"{done} of 120 cases replayed" for done in (40, 80, 120)]


@pytest.mark.kill
def test_sigterm_is_heard_and_the_old_handler_put_back() -> None:
    """The task hears it instead of whoever listened before, who listens again afterwards."""
    from shadow.adapters.airflow.stopping import sigterm

    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        with sigterm() as asked:
            assert not asked()
            os.kill(os.getpid(), signal.SIGTERM)
            assert asked() and heard == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
