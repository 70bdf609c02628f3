"""The route file: written whole, checked when read, whatever somebody has put there."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from shadow.rollout.known import FORMAT, read_known, write_known
from tests.rollout.desk import KNOWN


def text_of(known: dict[str, Any], **more: Any) -> str:
    """A file that says this under a right sum."""
    made = sha256(json.dumps(known, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return json.dumps({"format": FORMAT, "known": known, "sum": made, **more})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """And each writing changes the file's signature, although it may take no time and as many bytes."""
    path = str(tmp_path / "route" / "desk.json")
    found = []
    for share in (1, 5, 1):
        write_known(path, replace(KNOWN, share=share))
        signature, known = read_known(path)
        assert known == replace(KNOWN, share=share)
        found.append(signature)
    assert found[0] != found[1] != found[2]
    assert [one.name for one in (tmp_path / "route").iterdir()] == ["desk.json"]


BAD = {
    "nothing": "",
    "no JSON": "{",
    "not UTF-8": b"\xff\xfe",
    "cut": text_of(asdict(KNOWN))[:-20],
    "a list": "[]",
    "deep": "[" * 60_000,
    "too long": " " * 70_000 + text_of(asdict(KNOWN)),
    "another format": text_of(asdict(KNOWN), format=FORMAT + 1),
    "edited": text_of(asdict(KNOWN)).replace('"share": 1,', '"share": 9,'),
    "no sum": text_of(asdict(KNOWN), sum=None),
    "a share above 100": text_of({**asdict(KNOWN), "share": 100.5}),
    "a share below 0": text_of({**asdict(KNOWN), "share": -1}),
    "a share that is no number": text_of({**asdict(KNOWN), "share": float("nan")}),
    "a share that is a word": text_of({**asdict(KNOWN), "share": "1"}),
    "a yes as a share": text_of({**asdict(KNOWN), "share": True}),
    "a moment that is no number": text_of({**asdict(KNOWN), "written_at": float("nan")}),
    "a number as a yes": text_of({**asdict(KNOWN), "demonstration": 0}),
    "a part too many": text_of({**asdict(KNOWN), "more": 1}),
    "a part missing": text_of({name: value for name, value in asdict(KNOWN).items() if name != "reached"}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_ours_is_not_trusted(tmp_path: Path, name: str) -> None:
    """It is read as nothing, and nothing is raised."""
    path, bad = tmp_path / "desk.json", BAD[name]
    path.write_bytes(bad if isinstance(bad, bytes) else bad.encode())
    assert read_known(str(path))[1] is None


def test_the_helper_of_this_file_makes_good_ones(tmp_path: Path) -> None:
    """So that each of the bad ones above is bad for what it is named after."""
    path = tmp_path / "desk.json"
    path.write_text(text_of(asdict(KNOWN)))
    assert read_known(str(path))[1] == KNOWN


def test_a_pipe_or_a_directory_in_its_place_does_not_hold_the_reader(tmp_path: Path) -> None:
    """A production process must not wait for whoever would write into a pipe."""
    os.mkfifo(tmp_path / "pipe")
    assert read_known(str(tmp_path / "pipe"))[1] is None
    assert read_known(str(tmp_path))[1] is None
