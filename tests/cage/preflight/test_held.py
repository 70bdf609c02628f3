"""The kernel's cage against the battery: nothing lands inside, as whoever runs it and under old Landlocks too.

Each known leak of others has its name here. These die where a rule of shadow/cage/rules.py, a right of
shadow/cage/landlock.py or the order in shadow/cage/enter.py is deleted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from shadow.cage.preflight.attestation import PURPOSE, verify
from shadow.cage.preflight.battery import battery
from shadow.cage.preflight.caged import cage, policy_here, subject
from shadow.cage.preflight.gatekeeper import shown_here
from shadow.cage.preflight.model import LEAST_PROVEN, Result, from_json
from shadow.cage.preflight.worker import preflight
from shadow.cli import main
from shadow.store import open_store

ROOT = Path(__file__).resolve().parents[3]
LEAKS_OF_OTHERS = [
    *("MPTCP", "TCP Fast Open by sendto", "unix stream socket by path", "unix datagram from one of a pair"),
    *("chmod", "set a file's times", "set an extended attribute", "vfork", "listen on TCP", "kill"),
    *("FS_IOC_SETFLAGS on a descriptor to read", "flock for oneself alone", "POSIX record lock", "lease"),
    *("change its limits", "bind it to one processor", "TCP by io_uring", "TCP by 32-bit system calls (int 0x80)"),
    *("write by the inherited standard input", "daemon with a late effect", "write into a FIFO", "outlive the parent"),
    *("truncate a file by path", "truncate a file by opening it to read", "put a key into the user's keyring"),
]
OUTSIDE_A_RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from shadow.cage.preflight.battery import battery
from shadow.cage.preflight.caged import cage, policy_here
print(json.dumps(battery(cage(policy_here())).to_json()))
"""


@cache
def shown(abi: int | None, heard: bool) -> Result:
    """The whole battery, once for each way."""
    return battery(cage(policy_here(abi), heard=heard))


def clean(result: Result) -> None:
    """Nothing lands inside, nothing is unclear, enough is proven."""
    assert [f"{row.group}: {row.name}" for row in result.inside] == []
    assert [f"{row.name}: {row.reason}" for row in result.unclear] == []
    assert len(result.outside) >= LEAST_PROVEN
    assert result.ok


@pytest.mark.parametrize("heard", [True, False], ids=["with a listener", "by the kernel alone"])
@pytest.mark.parametrize("abi", [None, 1, 2, 3], ids=lambda abi: f"ABI {abi or 'of this kernel'}")
def test_nothing_lands_inside(abi: int | None, heard: bool) -> None:
    """With and without a listener, under this kernel's Landlock and under older ones."""
    clean(shown(abi, heard))


@pytest.mark.parametrize("name", LEAKS_OF_OTHERS)
def test_a_known_leak_is_held(name: str) -> None:
    """Each leaks from some cage that is in use; here it works outside and not inside."""
    (row,) = [row for row in shown(None, True).rows if row.name == name]
    if row.reason.startswith("left out") or "processor" in row.reason:
        pytest.skip(row.reason)
    assert row.proven, row.reason


def elsewhere(*before: str, python: str = sys.executable) -> Result:
    """The battery in a process that is started in another way."""
    command = [*before, python, "-I", "-c", OUTSIDE_A_RUN, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return from_json(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests are run by an ordinary user already")
def test_as_an_ordinary_user() -> None:
    """Nobody's battery, by the system's Python."""
    python = next((one for one in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(one).exists()), "")
    if not python or not shutil.which("runuser"):
        pytest.skip("no Python of the system's here that an ordinary user may run")
    result = elsewhere("runuser", "-u", "nobody", "--", python=python)
    assert result.user != 0
    clean(result)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare here")
def test_inside_a_bare_namespace() -> None:
    """A root that is none: own user, mount and process namespaces, /proc mounted anew."""
    bare = ("unshare", "-Urmpf", "--mount-proc")
    if subprocess.run([*bare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace may be made here")
    clean(elsewhere(*bare))


def test_a_result_is_kept_for_its_policy_and_filter(tmp_path: Path) -> None:
    """The second time it is read, and under another mask it is shown anew."""
    now = datetime.now(UTC)
    told: list[int] = []
    first = preflight(tmp_path, policy_here(), now=now, progress=lambda done, of: told.append(done))
    assert told == list(range(1, len(first.result.rows) + 1))
    assert preflight(tmp_path, policy_here(), now=now, progress=lambda done, of: told.append(-1)) == first
    assert -1 not in told
    masked: Mapping[str, str] = subject(policy_here(1))
    assert masked["filter"] != first.subject["filter"] and masked["policy"] != first.subject["policy"]


def test_the_command_shows_signs_and_keeps(
    tmp_path: Path, shadow_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`shadow preflight --attest` writes a paper that the store believes; `shadow doctor` says it in words.

    What was shown is kept for this user, not for this store: a run finds it where the commands have put it.
    """
    monkeypatch.setenv("SHADOW_CACHE", str(tmp_path / "cache"))
    paper = tmp_path / "paper.json"
    assert main(["preflight", "--attest", str(paper)]) == 0
    text = capsys.readouterr().out
    assert "the cage holds: 0 of" in text and "MPTCP" in text and "not provable here" in text
    store = open_store()
    found = verify(paper.read_text(encoding="utf-8"), key=store.secret(PURPOSE), now=datetime.now(UTC))
    store.close()
    assert found.ok and found.subject == subject(policy_here())
    assert main(["doctor"]) == 0
    words = capsys.readouterr().out
    assert "isolation kernel" in words and "egress: " in words
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["enforced"] is True
    assert main(["preflight", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert len(list((tmp_path / "cache" / "preflight").iterdir())) == 1 and not (shadow_home / "preflight").exists()
    assert shown_here(datetime.now(UTC)).subject == found.subject


def test_a_wrong_mask_is_refused(shadow_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what is allowed."""
    assert main(["preflight", "--abi", "0"]) == 2
    assert "1 to 7" in capsys.readouterr().err
