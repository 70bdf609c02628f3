"""A candidate is pinned by everything of its own that decides what it does, without being imported."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shadow.candidates.python import python
from shadow.errors import CandidateError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A package `desk_agent` with a module, a prompt beside it, and what is no source."""
    package = tmp_path / "desk_agent"
    (package / "deep").mkdir(parents=True)
    (package / "__pycache__").mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "agent.py").write_text("def handle(case, tools): return {}")
    (package / "deep" / "words.txt").write_text("please")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.md").write_text("be kind")
    return tmp_path


def make(home: Path, **more: Any) -> str:
    given = {"label": "v1", "files": ["prompts/*.md"], "models": ["m-1"], "settings": {"k": 1}, **more}
    return python("desk_agent.agent:handle", root=str(home), **given).pin


def test_the_pin_is_a_digest_that_does_not_depend_on_place_or_label(home: Path, tmp_path_factory: Any) -> None:
    """The same code under another label, or elsewhere, has the same pin; and nothing is imported."""
    import shutil

    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x"
    shutil.copytree(home, elsewhere)
    pins = {make(home), make(home, label="v2"), make(elsewhere)}
    assert len(pins) == 1 and len(pins.pop()) == 64
    assert "desk_agent" not in sys.modules


@pytest.mark.parametrize(
    "change",
    [
        lambda home: (home / "desk_agent" / "agent.py").write_text("def handle(case, tools): return {'a': 1}"),
        lambda home: (home / "desk_agent" / "__init__.py").write_text(""),
        lambda home: (home / "desk_agent" / "deep" / "words.txt").write_text("now"),
        lambda home: (home / "desk_agent" / "deep" / "words.txt").rename(home / "desk_agent" / "deep" / "word.txt"),
        lambda home: (home / "desk_agent" / "new.py").write_text(""),
        lambda home: (home / "prompts" / "a.md").write_text("be short"),
        lambda home: (home / "prompts" / "b.md").write_text(""),
    ],
)
def test_any_change_of_source_or_files_changes_the_pin(home: Path, change: Any) -> None:
    """Content, names and the set of files all count."""
    before = make(home)
    change(home)
    assert make(home) != before


@pytest.mark.parametrize(
    "more", [{"models": ["m-2"]}, {"models": []}, {"settings": {"k": 2}}, {"settings": {}}, {"files": []}]
)
def test_any_change_of_the_declaration_changes_the_pin(home: Path, more: dict[str, Any]) -> None:
    """So do models, settings and files."""
    assert make(home, **more) != make(home)


def test_the_target_changes_the_pin(home: Path) -> None:
    """Two functions of one module are two candidates."""
    pins = {python(f"desk_agent.agent:{name}", label="v", root=str(home)).pin for name in ("handle", "other")}
    assert len(pins) == 2


def test_what_is_no_source_does_not_change_the_pin(home: Path) -> None:
    """Compiled files and hidden directories."""
    before = make(home)
    (home / "desk_agent" / "__pycache__" / "agent.cpython-311.pyc").write_bytes(b"x")
    (home / "desk_agent" / ".git").mkdir()
    (home / "desk_agent" / ".git" / "HEAD").write_text("x")
    (home / "unrelated.py").write_text("x")
    assert make(home) == before


def test_a_single_module_is_pinned_by_its_file(tmp_path: Path) -> None:
    """Its neighbours do not count."""
    (tmp_path / "solo_agent.py").write_text("def handle(case, tools): return {}")
    before = python("solo_agent:handle", label="v", root=str(tmp_path)).pin
    (tmp_path / "neighbour.py").write_text("")
    assert python("solo_agent:handle", label="v", root=str(tmp_path)).pin == before


def test_an_example_of_ours_is_pinned_by_its_own_package() -> None:
    """Not by all of shadow: a new release does not change every demonstration's candidate."""
    from shadow.candidates.pin import _tree, root_of

    target = "shadow.examples.refund_desk.agent:handle"
    labels = [label for label, _ in _tree(target, root_of(target))]
    assert labels and all(label.startswith("source shadow/examples/refund_desk/") for label in labels)


def test_what_it_is_declared_with_is_kept(home: Path) -> None:
    """As plain values; a price is a Decimal."""
    made = python("desk_agent.agent:handle", label="v", root=str(home), usd_per_call="0.002", models=["m"])
    assert (made.usd_per_call, made.models, made.root, made.settings) == (Decimal("0.002"), ("m",), str(home), {})


@pytest.mark.parametrize(
    ("target", "more", "says"),
    [
        ("desk_agent.agent", {}, "package.module:function"),
        ("no_such_module_here:handle", {}, "no module is called 'no_such_module_here'"),
        ("sys:exit", {"root": None}, "no source that could be pinned"),
        ("desk_agent.agent:handle", {"label": " "}, "needs a label"),
        ("desk_agent.agent:handle", {"files": ["nothing/*.md"]}, "no file matches"),
        ("desk_agent.agent:handle", {"files": ["/etc/*"]}, "relative to root"),
        ("desk_agent.agent:handle", {"settings": {"a": {1}}}, "settings.a is a set"),
        ("desk_agent.agent:handle", {"settings": {"a": float("nan")}}, "settings.a is NaN"),
        ("desk_agent.agent:handle", {"usd_per_call": "cheap"}, "no price"),
        ("desk_agent.agent:handle", {"usd_per_call": "-1"}, "no price"),
        ("desk_agent.agent:handle", {"usd_per_call": "nan"}, "no price"),
    ],
)
def test_what_cannot_be_pinned_is_refused(home: Path, target: str, more: dict[str, Any], says: str) -> None:
    """Each with what was seen and what to do."""
    with pytest.raises(CandidateError, match=says.replace(".", r"\.")):
        python(target, **{"label": "v", "root": str(home), **more})


def test_a_linked_directory_is_refused(home: Path, tmp_path_factory: Any) -> None:
    """What it leads to could change without the pin knowing."""
    (home / "desk_agent" / "linked").symlink_to(tmp_path_factory.mktemp("other"))
    with pytest.raises(CandidateError, match="linked directory"):
        make(home)


def test_a_pin_that_was_stored_is_still_the_same(home: Path) -> None:
    """Worked out before there were other kinds of candidates, and variables; an experiment is known by it."""
    (home / "desk_agent" / "__init__.py").write_text("")
    assert make(home) == "eb2887313bcb11e1a69ac5bf8d74dce96c4f9a98129a123acf3e0e5c7b3ce486"
