"""Nothing runs before the battery has passed here: shown once for a user's runs, and never believed of others."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shadow.cage.preflight import gatekeeper
from shadow.cage.preflight.cache import Kept, keep, kept
from shadow.cage.preflight.caged import policy_here, subject
from shadow.cage.preflight.gatekeeper import NOWHERE, place, require, shown_here
from shadow.cage.preflight.model import LEAST_PROVEN, Result, Row, Seen
from shadow.errors import ContainmentUnavailable

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
HELD = Row(name="a", group="b", outside=Seen.LANDED, inside=Seen.NOTHING, how="refused")
LEAKS = Row(name="MPTCP", group="egress", outside=Seen.LANDED, inside=Seen.LANDED, reason="it works in the cage")
UNCLEAR = Row(name="vfork", group="processes", outside=Seen.LANDED, inside=Seen.UNCLEAR, reason="did not end in time")
PASSED = Result(rows=(HELD,) * LEAST_PROVEN, seconds=9.5, user=1000)
LEAKED = Result(rows=(*PASSED.rows, LEAKS), seconds=9.5, user=1000)
MUDDLED = Result(rows=(*PASSED.rows, UNCLEAR), seconds=9.5, user=1000)
AT_ONCE = """
import sys
from datetime import datetime, timedelta
sys.path.insert(0, sys.argv[1])
from shadow.cage.preflight.gatekeeper import shown_here
sys.stdin.read(1)
print(shown_here(datetime.fromisoformat(sys.argv[2])).at.isoformat())
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("SHADOW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(cache: Path, result: Result) -> Kept:
    """What an earlier run has kept."""
    cache.mkdir(mode=0o700, exist_ok=True)
    found = Kept(result=result, at=NOW, subject=subject(policy_here()))
    keep(cache, found)
    return found


def showing(monkeypatch: pytest.MonkeyPatch, *results: Result) -> list[Result]:
    """The battery shows these, one after the other; gives those that were not asked for."""
    left = list(results)

    def preflight(home: Path, policy: object, *, now: datetime, **_: object) -> Kept:
        return Kept(result=left.pop(0), at=now, subject={})

    monkeypatch.setattr(gatekeeper, "preflight", preflight)
    return left


@pytest.mark.kill
def test_two_at_once_show_it_once(cache: Path) -> None:
    """All get the one result, in whichever order they came: they wait (`gatekeeper._alone`) for who was first."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(ROOT), (NOW + timedelta(seconds=n)).isoformat()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(3)
    ]  # fmt: skip
    for one in started:
        one.stdin.write("x") if one.stdin else None
        one.stdin.flush() if one.stdin else None
    said = {one.communicate()[0] for one in started}
    assert len(said) == 1 and said != {""}
    assert cache.stat().st_mode & 0o777 == 0o700
    assert len(list((cache / "preflight").glob("*.json"))) == 1


def test_a_good_result_is_kept_for_a_day(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no longer."""
    found = put(cache, PASSED)
    left = showing(monkeypatch, PASSED)
    assert shown_here(NOW + timedelta(hours=23)) == found and left
    assert shown_here(NOW + timedelta(hours=25)).at == NOW + timedelta(hours=25) and not left


@pytest.mark.parametrize("before", [LEAKED, MUDDLED], ids=["a leak", "unclear"])
def test_a_bad_result_is_not_believed_for_a_day(cache: Path, before: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again by the next run, once it is mended."""
    put(cache, before)
    showing(monkeypatch, PASSED)
    assert shown_here(NOW).result == PASSED


def test_a_leak_is_refused_with_its_name(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once; a second try could only hide it. Dies without `require` in `_shown_anew`."""
    left = showing(monkeypatch, LEAKED, PASSED)
    with pytest.raises(ContainmentUnavailable, match="1 of 61 attacks landed inside: egress: MPTCP"):
        shown_here(NOW)
    assert left == [PASSED]


def test_what_is_unclear_gets_one_more_try(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the load of a moment an attempt may take too long; twice is refused."""
    showing(monkeypatch, MUDDLED, PASSED)
    assert shown_here(NOW).result == PASSED
    showing(monkeypatch, MUDDLED, MUDDLED)
    with pytest.raises(ContainmentUnavailable, match=r"too little is proven.*1 unclear.*at least 60"):
        shown_here(NOW)


def test_few_proofs_are_refused() -> None:
    """That nothing landed says nothing where little was shown to work."""
    with pytest.raises(ContainmentUnavailable, match="59 proven to be held"):
        require(replace(PASSED, rows=PASSED.rows[1:]))


def test_many_leaks_are_named_in_short() -> None:
    """Five of them."""
    with pytest.raises(ContainmentUnavailable, match=r"7 of 67.*and 2 more"):
        require(replace(PASSED, rows=(*PASSED.rows, *(LEAKS,) * 7)))


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_what_others_may_write_is_refused(cache: Path, mode: int) -> None:
    """A planted result would open the gate: `gatekeeper.own_place`."""
    put(cache, PASSED)
    cache.chmod(mode)
    with pytest.raises(ContainmentUnavailable, match=r"others may write.*SHADOW_CACHE"):
        shown_here(NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory away")
def test_what_another_owns_is_refused(cache: Path) -> None:
    """He may write there whatever its mode says."""
    put(cache, PASSED)
    os.chown(cache, 12345, 12345)
    with pytest.raises(ContainmentUnavailable, match="of user 12345"):
        shown_here(NOW)


def test_where_nothing_can_be_kept_it_is_shown_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only home closes no machine: it costs each run the battery."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("SHADOW_CACHE", str(tmp_path / "file" / "below"))
    left = showing(monkeypatch, PASSED, PASSED)
    shown_here(NOW)
    assert shown_here(NOW).result == PASSED and not left
    assert kept(NOWHERE, subject(policy_here()), now=NOW) is None


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """By `SHADOW_CACHE`, by the user's cache directory where that is absolute, else in the user's home."""
    monkeypatch.delenv("SHADOW_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/ann")
    assert place() == Path("/home/ann/.cache/shadow-harness")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert place() == Path("/home/ann/.cache/shadow-harness")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/ann")
    assert place() == Path("/var/cache/ann/shadow-harness")
    monkeypatch.setenv("SHADOW_CACHE", "/srv/shown")
    assert place() == Path("/srv/shown")
