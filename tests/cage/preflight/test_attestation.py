"""A signed preflight counts only as it was written, in its time, by the store that signed it; a kept one likewise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shadow.cage.preflight.attestation import LASTS, attest, verify
from shadow.cage.preflight.cache import Kept, keep, kept, surroundings
from shadow.cage.preflight.model import LEAST_PROVEN, Result, Row, Seen

KEY = bytes(range(32))
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SUBJECT = {"kernel": "Linux 6.18", "filter": "ab" * 32, "policy": "cd" * 32}
GOOD = Row(name="a", group="b", outside=Seen.LANDED, inside=Seen.NOTHING, how="refused")
BAD = Row(name="c", group="b", outside=Seen.LANDED, inside=Seen.LANDED, reason="it works in the cage")
PASSED = Result(rows=(GOOD,) * LEAST_PROVEN, seconds=9.5, user=1000)
FAILED = Result(rows=(*PASSED.rows, BAD), seconds=9.5, user=1000)


def paper() -> str:
    """A good one."""
    return attest(PASSED, SUBJECT, key=KEY, now=NOW)


def test_a_paper_counts_in_its_time() -> None:
    """From the moment it was written until it expires."""
    found = verify(paper(), key=KEY, now=NOW + timedelta(days=1), subject=SUBJECT)
    assert (found.ok, found.problem, found.result, found.subject) == (True, "", PASSED, SUBJECT)
    assert not verify(paper(), key=KEY, now=NOW + LASTS).ok
    assert not verify(paper(), key=KEY, now=NOW - timedelta(seconds=1)).ok


@pytest.mark.parametrize("name", ["at", "expires", "subject", "preflight", "format"])
def test_no_part_can_be_changed(name: str) -> None:
    """Each part is under the signature."""
    data = json.loads(paper())
    data[name] = {"expires": "2036-01-01T00:00:00+00:00"}.get(name, data[name])
    data[name] = {**data[name], "x": "y"} if isinstance(data[name], dict) else data[name]
    data[name] = 1.5 if name == "format" else data[name]
    data[name] = "2026-11-01T00:00:00+00:00" if name == "at" else data[name]
    found = verify(json.dumps(data), key=KEY, now=NOW)
    assert not found.ok and found.problem == "its signature is not of this store" and found.result is None


def test_another_store_is_no_authority() -> None:
    """The key is the store's."""
    assert not verify(paper(), key=bytes(32), now=NOW).ok


def test_a_paper_is_of_its_subject() -> None:
    """One kernel's result says nothing of another's."""
    found = verify(paper(), key=KEY, now=NOW, subject={**SUBJECT, "kernel": "Linux 5.15"})
    assert not found.ok and found.problem == "it is of another kernel"


def test_a_failed_preflight_can_be_attested_as_such() -> None:
    """It is signed, and does not count."""
    found = verify(attest(FAILED, SUBJECT, key=KEY, now=NOW), key=KEY, now=NOW)
    assert not found.ok and "did not pass: 1 of 61 landed inside" in found.problem and found.result == FAILED


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"signature": 1}', "[" * 100_000, '{"signature": "é"}'])
def test_other_text_is_no_paper(text: str) -> None:
    """And no error either."""
    assert not verify(text, key=KEY, now=NOW).ok


def test_a_kept_result_is_used_while_it_is_young(tmp_path: Path) -> None:
    """For a day; not from the future."""
    found = Kept(result=PASSED, at=NOW, subject=SUBJECT)
    keep(tmp_path, found)
    assert kept(tmp_path, SUBJECT, now=NOW + timedelta(hours=23)) == found
    assert kept(tmp_path, SUBJECT, now=NOW + timedelta(hours=25)) is None
    assert kept(tmp_path, SUBJECT, now=NOW - timedelta(seconds=1)) is None


@pytest.mark.parametrize("name", sorted(SUBJECT))
def test_a_kept_result_is_of_its_subject(tmp_path: Path, name: str) -> None:
    """Another kernel, filter or policy asks anew."""
    keep(tmp_path, Kept(result=PASSED, at=NOW, subject=SUBJECT))
    assert kept(tmp_path, {**SUBJECT, name: "another"}, now=NOW) is None


def test_a_damaged_file_asks_anew(tmp_path: Path) -> None:
    """As does one that was put in another's place."""
    keep(tmp_path, Kept(result=PASSED, at=NOW, subject=SUBJECT))
    (place,) = (tmp_path / "preflight").iterdir()
    data = json.loads(place.read_text(encoding="utf-8"))
    for text in ("", "{}", json.dumps({**data, "subject": {**SUBJECT, "kernel": "another"}})):
        place.write_text(text, encoding="utf-8")
        assert kept(tmp_path, SUBJECT, now=NOW) is None


def test_a_home_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    """The result is still had; only the next run tries again."""
    (tmp_path / "preflight").touch()
    keep(tmp_path, Kept(result=PASSED, at=NOW, subject=SUBJECT))
    assert kept(tmp_path, SUBJECT, now=NOW) is None


def test_surroundings_name_what_a_result_depends_on() -> None:
    """Kernel, machine, user and the battery's own code among them, each known."""
    facts = surroundings()
    assert {"kernel", "machine", "boot", "user", "battery", "CapEff", "user namespace"} <= set(facts)
    assert facts["kernel"] and facts["battery"] and facts["CapEff"]
