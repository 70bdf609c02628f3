"""What a pin is made of, part by part: which part moves with what, and that nothing secret is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shadow.candidates import Candidate
from shadow.candidates.parts import parts_of
from shadow.candidates.python import python


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An agent with a prompt."""
    (tmp_path / "agent.py").write_text("def handle(case, tools): return {}\n", encoding="utf-8")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "refund.md").write_text("be kind", encoding="utf-8")
    return tmp_path


def declared(home: Path, **more: object) -> Candidate:
    """The agent as it is now."""
    given = {"label": "v1", "root": str(home), "files": ["prompts/*.md"], "models": ["small-1"], **more}
    return python("agent:handle", **given)  # type: ignore[arg-type]


def moved(before: Candidate, after: Candidate, was: dict[str, str]) -> set[str]:
    """The parts that differ, where the pins do."""
    assert before.pin != after.pin
    now = parts_of(after)
    return {name for name in {*was, *now} if was.get(name) != now.get(name)}


def test_each_change_moves_its_own_part(home: Path) -> None:
    """Prompt, new prompt, code, models, settings: by name."""
    one = declared(home)
    was = parts_of(one)
    assert set(was) == {"target", "source", "file prompts/refund.md", "models", "settings", "environment"}
    assert moved(one, declared(home, models=["small-2"]), was) == {"models"}
    assert moved(one, declared(home, settings={"tone": "kind"}), was) == {"settings"}
    (home / "prompts" / "refund.md").write_text("be strict", encoding="utf-8")
    assert moved(one, declared(home), was) == {"file prompts/refund.md"}
    (home / "prompts" / "refund.md").write_text("be kind", encoding="utf-8")
    (home / "agent.py").write_text("def handle(case, tools): return {'a': 1}\n", encoding="utf-8")
    assert moved(one, declared(home), was) == {"source"}


def test_values_are_digests(home: Path) -> None:
    """What a setting or a prompt says is not told; the ids of models are."""
    found = parts_of(declared(home, settings={"key": "sesame-1234"}))
    assert "sesame-1234" not in str(found) and "be kind" not in str(found)
    assert found["models"] == "small-1"


def test_a_source_that_is_gone_has_no_parts(home: Path) -> None:
    """The pin still tells it apart."""
    assert parts_of(replace(declared(home), root=str(home / "nowhere"))) == {}
