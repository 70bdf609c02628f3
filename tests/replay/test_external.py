"""External isolation counts only with a paper: of this store, in its time, of exactly this launcher, that passed."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shadow.cage.preflight import launcher as launchers
from shadow.cage.preflight.attestation import LASTS, attest
from shadow.cage.preflight.model import LEAST_PROVEN, Result, Row, Seen
from shadow.candidates import Candidate
from shadow.errors import ContainmentUnavailable
from shadow.gates.verdict import enforced
from shadow.observation import Ending
from shadow.replay.external import ATTESTATION, LAUNCHER, Sandbox, admitted, asked_for
from shadow.replay.flight import told
from shadow.replay.frames import pack, receive
from shadow.replay.isolation import COOPERATIVE, EXTERNAL, KERNEL
from shadow.replay.limits import Limits
from shadow.replay.nursery import Nursery, open_nursery
from shadow.replay.wanted import Wanted
from tests.cage.preflight.sandbox import bwrap
from tests.replay.desk import below, candidate, case, gone, held, run, watch

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HELD = Row(name="a", group="b", outside=Seen.LANDED, inside=Seen.NOTHING, how="refused")
LEAKS = Row(name="c", group="b", outside=Seen.LANDED, inside=Seen.LANDED, reason="it works in the cage")
PASSED = Result(rows=(HELD,) * 166, seconds=60, user=1000)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A launcher of the test's own."""
    path = tmp_path / "launcher"
    path.write_text('#!/bin/sh\nexec "$@"\n')
    path.chmod(0o700)
    return path


@pytest.fixture
def paper(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good paper for it; both are asked for."""
    path = tmp_path / "paper.json"
    monkeypatch.setenv(LAUNCHER, f"{script} --strict")
    monkeypatch.setenv(ATTESTATION, str(path))
    sign(path, script)
    return path


def sign(path: Path, script: Path, result: Result = PASSED, *, changed: str = "") -> None:
    """Write a paper for the launcher; one word of its subject may be another."""
    subject = launchers.subject(launchers.words(f"{script} --strict"))
    if changed:
        subject[changed] = "another"
    path.write_text(attest(result, subject, key=KEY, now=NOW), encoding="utf-8")


def refused(match: str, *, key: bytes = KEY, now: datetime = NOW) -> None:
    """Nothing is admitted, for this reason."""
    with pytest.raises(ContainmentUnavailable, match=match):
        admitted(key, now)


@held(EXTERNAL)
def test_a_good_paper_admits_its_launcher(paper: Path, script: Path) -> None:
    """With the words that every record says, which a verdict takes for enforced."""
    found = admitted(KEY, NOW + timedelta(days=6))
    assert found.launcher == (str(script), "--strict")
    assert found.words == "external: attested until 2026-11-28, 0 of 166 landed inside"
    assert len(found.words) <= 60 and enforced(found.words)
    assert (found.at, found.expires, found.result) == (NOW, NOW + LASTS, PASSED)
    assert len(found.signer) == 16 and len(found.paper) == 64 and found.battery


@held(EXTERNAL)
def test_an_expired_paper_does_not_count(paper: Path) -> None:
    """Nor one that does not count yet."""
    refused("it counts from 2026-11-21.* to 2026-11-28", now=NOW + LASTS)
    refused("it counts from", now=NOW - timedelta(seconds=1))


@held(EXTERNAL)
def test_a_foreign_paper_does_not_count(paper: Path) -> None:
    """Signed by another store."""
    refused("its signature is not of this store", key=bytes(32))


@held(EXTERNAL)
def test_an_edited_paper_does_not_count(paper: Path) -> None:
    """Each part is under the signature."""
    data = json.loads(paper.read_text(encoding="utf-8"))
    paper.write_text(json.dumps({**data, "expires": "2036-01-01T00:00:00+00:00"}), encoding="utf-8")
    refused("its signature is not of this store")


@held(EXTERNAL)
def test_another_launcher_does_not_count(paper: Path, script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its words, and by what its file holds: `launcher.digest`."""
    monkeypatch.setenv(LAUNCHER, str(script))
    refused("it is of another launcher")
    monkeypatch.setenv(LAUNCHER, f"{script} --strict")
    admitted(KEY, NOW)
    script.write_text('#!/bin/sh\nexec env "$@"\n')
    refused("it is of another launcher")


@held(EXTERNAL)
@pytest.mark.parametrize("name", ["isolation", "filter", "python", "kernel", "machine", "user", "battery"])
def test_another_place_does_not_count(paper: Path, script: Path, name: str) -> None:
    """Kernel, machine, user, interpreter, filter and attacks are those of the paper."""
    sign(paper, script, changed=name)
    refused(f"it is of another {name}")


@held(EXTERNAL)
def test_a_paper_of_the_kernels_cage_does_not_count(paper: Path, script: Path) -> None:
    """It says nothing of any sandbox."""
    paper.write_text(attest(PASSED, {"kernel": "Linux"}, key=KEY, now=NOW), encoding="utf-8")
    refused("it is of another isolation, launcher")


@held(EXTERNAL)
@pytest.mark.parametrize(
    "result",
    [
        Result(rows=(*PASSED.rows, LEAKS), seconds=1, user=0),
        Result(rows=(HELD,) * (LEAST_PROVEN - 1), seconds=1, user=0),
    ],
    ids=["a leak", "too little"],
)
def test_a_failed_preflight_never_counts(paper: Path, script: Path, result: Result) -> None:
    """It is signed as what it is."""
    sign(paper, script, result)
    refused("its preflight did not pass")


@held(EXTERNAL)
@pytest.mark.parametrize("name", [LAUNCHER, ATTESTATION])
def test_both_must_be_named(paper: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setenv(name, " ")
    refused(f"{name}: external isolation needs .*shadow preflight --launcher")


@held(EXTERNAL)
def test_what_is_not_there_is_refused(paper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper or a launcher that cannot be found."""
    paper.unlink()
    refused("does not count here and now.*No such file")
    monkeypatch.setenv(LAUNCHER, "no-such-launcher --")
    refused("there is no such launcher")


def wanted(isolation: str, sandbox: Sandbox | None) -> Wanted:
    """A nursery that imports once."""
    return Wanted(preload=True, memory_bytes=2**31, isolation=isolation, stop=lambda: False, sandbox=sandbox)


def marking(tmp_path: Path) -> tuple[Candidate, Path]:
    """A candidate whose import leaves a mark."""
    mark = tmp_path / "mark"
    return candidate(tmp_path / "agent", f"open({str(mark)!r}, 'w')\ndef handle(case, tools): return {{}}"), mark


@held(EXTERNAL)
def test_without_a_sandbox_nothing_runs(tmp_path: Path) -> None:
    """Not even the candidate's import: `external.asked_for`."""
    agent, mark = marking(tmp_path)
    with pytest.raises(ContainmentUnavailable, match="no sandbox was admitted, so nothing is run"):
        open_nursery(agent, wanted(EXTERNAL, None))
    assert not mark.exists()


@held(EXTERNAL)
def test_other_isolations_start_no_launcher(paper: Path) -> None:
    """A sandbox that was admitted is not mixed with what another isolation promises."""
    found = admitted(KEY, NOW)
    assert asked_for(KERNEL, found) is None and asked_for(COOPERATIVE, found) is None
    assert asked_for(EXTERNAL, found) is found


AGENT = """
import os, socket
def tried(what):
    try: what()
    except OSError as error: return error.errno
    return 0
def handle(case, tools):
    if case["n"] == 2:
        while True: os.read(0, 1)
    return {
        "order": tools.call("orders.get", order_id="o1"),
        "refused": [
            tried(lambda: socket.create_connection(("127.0.0.1", 1))),
            tried(lambda: open("/tmp/x", "w")),
            tried(os.fork),
            tried(lambda: os.kill(os.getppid(), 9)),
            tried(lambda: socket.socket(socket.AF_UNIX)),
        ],
    }
"""


def begin(nursery: Nursery, agent: Candidate, number: int) -> socket.socket:
    """Start a case there; our end of its line."""
    ours, theirs = socket.socketpair()
    output = os.open(os.devnull, os.O_WRONLY)
    nursery.start(number, line=theirs, output=output)
    theirs.close()
    os.close(output)
    ours.sendall(pack(told(case(number), agent, Limits())))
    return ours


def until(nursery: Nursery, number: int) -> dict[str, Any]:
    """Wait until a case has ended; what is said of it."""
    poll = select.poll()
    poll.register(nursery.line, select.POLLIN)
    while poll.poll(20_000):
        for message in nursery.hear():
            if message is None or message.get("ended") == number:
                return message or {}
    return {}


@held(EXTERNAL)
@pytest.mark.kill
def test_cases_run_in_the_sandbox(tmp_path: Path) -> None:
    """Tools answer over the inherited line, all else is refused there, and a case that does not end is ended.

    Dies without `sandboxed.hold` and `hold_case` in `isolation`, and without `guard._oblige`: in there nobody but the
    guard may signal a case.
    """
    agent = candidate(tmp_path / "agent", AGENT)
    launcher = launchers.words(bwrap(tmp_path / "agent"))
    words = "external: attested until 2026-11-28, 0 of 166 landed inside"
    sandbox = Sandbox(
        launcher=launcher, words=words, at=NOW, expires=NOW, signer="", paper="", result=PASSED, battery=""
    )  # fmt: skip
    nursery = open_nursery(agent, wanted(EXTERNAL, sandbox))
    assert nursery is not None and nursery.isolation == words
    try:
        waits = begin(nursery, agent, 2)
        assert "begin" in receive(waits)
        line = begin(nursery, agent, 1)
        assert "begin" in receive(line)
        assert receive(line)["call"] == "orders.get"
        line.sendall(pack({"answer": {"status": "open"}}))
        assert receive(line)["value"] == {"order": {"status": "open"}, "refused": [errno.EPERM] * 5}
        assert until(nursery, 1)["status"] == 0
        nursery.kill(2)
        assert until(nursery, 2)["status"] == -signal.SIGKILL
        line.close()
        waits.close()
    finally:
        nursery.close()
    assert nursery.process.poll() is not None


@held(EXTERNAL)
@pytest.mark.kill
def test_nothing_of_the_sandbox_survives_its_line(tmp_path: Path) -> None:
    """Where the host's end is gone, so is everything inside."""
    agent = candidate(tmp_path / "agent", AGENT)
    sandbox = Sandbox(
        launcher=launchers.words(bwrap(tmp_path / "agent")), words="", at=NOW, expires=NOW, signer="", paper="",
        result=PASSED, battery="",
    )  # fmt: skip
    nursery = open_nursery(agent, wanted(EXTERNAL, sandbox))
    assert nursery is not None
    waits = begin(nursery, agent, 2)
    assert "begin" in receive(waits)
    inside = [watch(pid) for pid in below(nursery.process.pid)]
    assert len(inside) >= 3
    nursery.line.close()
    assert gone(inside)
    waits.close()
    nursery.close()


WHOLE = """
import os, time
MINE = []
def handle(case, tools):
    if case["n"] == 3: time.sleep(60)
    if case["n"] == 4: os._exit(3)
    MINE.append(case["n"])
    tools.call("refund.issue", order_id="o1", amount="10.00", currency="EUR")
    return {"n": case["n"], "mine": MINE, "user": os.getpid() < 100}
"""


@held(EXTERNAL)
@pytest.mark.kill
def test_a_whole_replay_in_the_sandbox(tmp_path: Path) -> None:
    """Effects are held, each case has a process of its own there, one that hangs or dies is its own failure."""
    agent = candidate(tmp_path / "agent", WHOLE)
    words = "external: attested until 2026-11-28, 0 of 166 landed inside"
    sandbox = Sandbox(
        launcher=launchers.words(bwrap(tmp_path / "agent")), words=words, at=NOW, expires=NOW, signer="", paper="",
        result=PASSED, battery="",
    )  # fmt: skip
    replayed = run(agent, [case(n) for n in range(1, 6)], sandbox=sandbox, limits={"seconds": 2})
    told = {given.id: seen for given, seen in replayed}
    assert (replayed.isolation, replayed.restarts, replayed.account.isolations) == (words, 0, (words,))
    assert [told[f"c{n}"].value for n in (1, 2, 5)] == [{"n": n, "mine": [n], "user": True} for n in (1, 2, 5)]
    assert [told[f"c{n}"].effects[0].held for n in (1, 2, 5)] == [f"01234567-c{n}-1" for n in (1, 2, 5)]
    assert (told["c3"].ending, told["c4"].ending) == (Ending.TIMEOUT, Ending.ERROR)
