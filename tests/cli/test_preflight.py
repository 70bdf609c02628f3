"""`shadow preflight` and `shadow doctor` for a sandbox that is not ours: what counts of it, in words and exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shadow.cage.preflight import launcher as launchers
from shadow.cage.preflight.attestation import PURPOSE, attest
from shadow.cage.preflight.model import Result, Row, Seen
from shadow.cli import main
from shadow.replay.external import ATTESTATION, LAUNCHER
from shadow.store import open_store

HELD = Row(name="a", group="b", outside=Seen.LANDED, inside=Seen.NOTHING, how="refused")


@pytest.fixture
def paper(tmp_path: Path, shadow_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A paper of this store for `env`; external isolation is asked for."""
    path = tmp_path / "paper.json"
    monkeypatch.setenv("SHADOW_ISOLATION", "external")
    monkeypatch.setenv(LAUNCHER, "env -u NOTHING")
    monkeypatch.setenv(ATTESTATION, str(path))
    store = open_store()
    key = store.secret(PURPOSE)
    store.close()
    result = Result(rows=(HELD,) * 166, seconds=60, user=1000)
    subject = launchers.subject(launchers.words("env -u NOTHING"))
    path.write_text(attest(result, subject, key=key, now=datetime.now(UTC)), encoding="utf-8")
    return path


def test_the_doctor_says_what_counts(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The words that a run's records would say, and whose paper it is."""
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("external: attested until ") and "0 of 166 landed inside\nsigned 20" in text
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["enforced"] is True


def test_the_doctor_says_what_does_not(
    paper: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With another launcher nothing runs, and it is said what to do."""
    monkeypatch.setenv(LAUNCHER, "env")
    assert main(["doctor"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and "it is of another launcher" in told.err and "to do: shadow preflight" in told.err
    assert main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["enforced"] is False


def test_a_wrong_launcher_is_refused(shadow_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what is allowed; exit code 2."""
    assert main(["preflight", "--launcher", "no-such-launcher --"]) == 2
    assert "there is no such launcher" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.kill
def test_a_launcher_that_holds_nothing_never_counts(
    tmp_path: Path, shadow_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its preflight names what landed, is signed as such, and admits nothing."""
    paper = tmp_path / "paper.json"
    assert main(["preflight", "--launcher", "env", "--attest", str(paper)]) == 1
    text = capsys.readouterr().out
    assert "THE CAGE LEAKS" in text and "read what lies beside the store" in text
    monkeypatch.setenv("SHADOW_ISOLATION", "external")
    monkeypatch.setenv(LAUNCHER, "env")
    monkeypatch.setenv(ATTESTATION, str(paper))
    assert main(["doctor"]) == 1
    assert "its preflight did not pass" in capsys.readouterr().err
