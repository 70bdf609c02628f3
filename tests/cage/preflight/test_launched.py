"""The battery through a launcher: what does not hold is seen, what holds is credited, what is not understood is not."""

from __future__ import annotations

import ctypes
import json
import shlex
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shadow.cage.preflight import launcher as launchers
from shadow.cage.preflight.attestation import PURPOSE, verify
from shadow.cage.preflight.battery import ATTACKS
from shadow.cage.preflight.bench import Bench, Page, below, field_of, wait_for
from shadow.cage.preflight.carried import pack, unpack
from shadow.cage.preflight.launched import launched
from shadow.cage.preflight.model import LEAST_PROVEN, Attack, Row, Seen
from shadow.cli import main
from shadow.errors import ContainmentUnavailable, UsageError
from shadow.store import open_store
from tests.cage.preflight.sandbox import bwrap

ONE_OF_EACH = [
    *("TCP connect", "TCP by 32-bit system calls (int 0x80)", "TCP by another program", "UDP socket"),
    *("unix stream socket by path", "listen on TCP", "create a file", "write into a FIFO", "chmod"),
    *("set an extended attribute on a descriptor to read", "flock shared", "write into System V shared memory"),
    *("fork", "fork as libc does", "daemon with a late effect", "leave the session", "outlive the parent", "kill"),
    "signal the parent",
    *("a user namespace of one's own", "read its memory under /proc", "io_uring", "type into the terminal"),
    *("write by an inherited descriptor", "write by the inherited standard input", "read the inherited environment"),
    *("memory without end", "write its memory", "take its descriptor"),
]


def some(*names: str) -> list[Attack]:
    """These attacks of the battery."""
    found = [attack for attack in ATTACKS if attack.name in names]
    assert len(found) == len(names)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What no sandbox may show."""
    place = tmp_path / "home"
    place.mkdir()
    return place


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """What it must show."""
    place = tmp_path / "room"
    place.mkdir()
    return place


def rows(words: str, home: Path, room: Path, *names: str) -> dict[str, Row]:
    """What these attacks show of a launcher."""
    found = launched(launchers.words(words), home=home, within=room, attacks=some(*names))
    return {row.name: row for row in found.rows}


@pytest.mark.kill
def test_a_sandbox_is_credited_with_what_it_holds(home: Path, room: Path) -> None:
    """One attack of each kind works by the same program outside, and not through the launcher.

    Dies where `launched.main` does not hold itself (`sandboxed.hold`, `hold_case`), and where the launcher is given
    what the harness has (`_as_a_replay_begins`).
    """
    found = rows(bwrap(room), home, room, *ONE_OF_EACH)
    wrong = {name: (row.outside, row.inside, row.reason) for name, row in found.items() if not row.proven}
    assert not wrong


@pytest.mark.kill
def test_a_launcher_that_holds_nothing_is_seen(home: Path, room: Path) -> None:
    """By `env` a program starts where it stands: it reads the memory of others, and what lies beside the store."""
    found = rows("env", home, room, "read its memory under /proc", "create a file")
    assert found["read its memory under /proc"].inside is Seen.LANDED
    assert found["read what lies beside the store"].inside is Seen.LANDED
    assert found["create a file"].proven  # by our own filter, which is not enough


@pytest.mark.kill
def test_a_sandbox_that_shows_the_store_is_seen(home: Path, room: Path) -> None:
    """Whoever reads the store signs papers: `launched._kept_from`."""
    found = rows(bwrap(room, home), home, room, "create a file")
    assert found["read what lies beside the store"].inside is Seen.LANDED


@pytest.mark.kill
def test_a_sandbox_that_outlives_its_starter_is_seen(home: Path, room: Path) -> None:
    """Without --die-with-parent its inside runs on when the harness's process is gone."""
    words = shlex.join(word for word in shlex.split(bwrap(room)) if word != "--die-with-parent")
    assert rows(words, home, room, "outlive the parent")["outlive the parent"].inside is Seen.LANDED


@pytest.mark.kill
def test_a_sandbox_that_does_not_see_the_targets_shows_nothing(home: Path, room: Path) -> None:
    """No attack could land on what is not there: `launched._sees`."""
    with pytest.raises(ContainmentUnavailable, match=r"starts no interpreter that sees the targets.*--room"):
        rows(bwrap(), home, room, "create a file")


@pytest.mark.kill
def test_a_launcher_that_starts_nothing_shows_nothing(home: Path, room: Path) -> None:
    """Then there is no result at all."""
    with pytest.raises(ContainmentUnavailable, match="starts no interpreter"):
        rows("true", home, room, "create a file")


@pytest.mark.kill
def test_a_process_is_known_by_its_id_here(room: Path) -> None:
    """Not by the one in its own namespace, which here is another process's: the harness kills by it (`bench.below`)."""
    command = [*shlex.split(bwrap(room)), sys.executable, "-I", "-S", "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert wait_for(lambda: _inner(process.pid), 20)
        (inner,) = below(process.pid).items()
        assert inner[0] == inner[1] > 2 and len(_ids(inner[0])) == 2
        assert process.stdin is not None
        process.stdin.write(b"\n")


def _inner(pid: int) -> bool:
    return any(len(_ids(number)) == 2 for number in below(pid))


def _ids(number: int) -> list[str]:
    return field_of(Path(f"/proc/{number}"), "NSpid").split()


def test_an_attempt_is_carried_with_what_it_closes_over(tmp_path: Path) -> None:
    """A function within a function, its defaults, a bench, memory."""
    with Bench(tmp_path) as bench:
        memory, held = ctypes.create_string_buffer(b"secret", 6), ["a"]

        def attempt(more: str = "b", *, most: int = 3) -> object:
            bench.page.told = memory.raw
            return [*held, more, most, bench.room]

        page = Page()
        assert unpack(pack(attempt), page)() == ["a", "b", 3, bench.room]
        assert page.told == b"secret"


def test_what_cannot_be_carried_proves_nothing(home: Path, room: Path) -> None:
    """A lock is no other program's; the attack counts as not provable, never as held."""

    def stage(bench: Bench) -> object:
        from shadow.cage.preflight.model import Scene

        lock, path = threading.Lock(), bench.room / "new"
        return Scene(attempt=lambda: (lock, path.write_bytes(b"x")), landed=lambda _: path.exists())

    attack = Attack(name="x", group="y", stage=stage)  # type: ignore[arg-type]
    (row, _) = launched(launchers.words("env"), home=home, within=room, attacks=[attack]).rows
    assert row.outside is Seen.UNCLEAR and "cannot be carried" in row.reason and not row.proven


def test_a_launcher_is_known_by_its_words_and_files(tmp_path: Path) -> None:
    """Another word, or another content of a script or profile that it names, is another launcher."""
    profile = tmp_path / "profile"
    profile.write_text("as it was")
    given = launchers.words(f"env -u X {profile}")
    assert given[0].startswith("/") and given[1:] == ("-u", "X", str(profile))
    known = launchers.digest(given)
    assert known == launchers.digest(given) != launchers.digest((*given[:2], "Y", given[3]))
    profile.write_text("changed")
    assert launchers.digest(given) != known


def test_words_are_not_run_together(tmp_path: Path) -> None:
    """Two words are not known by what one would be."""
    assert launchers.digest(("/x", "ab", "c")) != launchers.digest(("/x", "a", "bc"))


@pytest.mark.parametrize("text", ["", "no-such-launcher --", "bwrap 'open"])
def test_what_is_no_launcher_is_refused(text: str) -> None:
    """With what is allowed."""
    with pytest.raises(UsageError, match="launcher"):
        launchers.words(text)


@pytest.mark.slow
@pytest.mark.kill
def test_the_command_signs_what_a_sandbox_shows(
    room: Path, tmp_path: Path, shadow_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole battery through bubblewrap: nothing lands inside; the paper counts for this launcher alone."""
    paper, words = tmp_path / "paper.json", bwrap(room)
    code = main(["preflight", "--launcher", words, "--room", str(room), "--attest", str(paper), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told["rows"] if row["inside"] == "landed"] == []
    assert code == 0 and told["ok"] and len(told["rows"]) == len(ATTACKS) + 1
    assert sum(row["outside"] == "landed" and row["inside"] == "no effect" for row in told["rows"]) >= LEAST_PROVEN
    store = open_store()
    key = store.secret(PURPOSE)
    store.close()
    text, now = paper.read_text(encoding="utf-8"), datetime.now(UTC)
    assert verify(text, key=key, now=now, subject=launchers.subject(launchers.words(words))).ok
    other = verify(text, key=key, now=now, subject=launchers.subject(launchers.words("env")))
    assert other.problem == "it is of another launcher"
