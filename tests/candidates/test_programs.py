"""A candidate that is a program is pinned by its own source and by how it is run; nothing of it is run for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shadow.candidates.command import command
from shadow.candidates.model import Candidate, Command, Service
from shadow.candidates.pin import pin_now
from shadow.candidates.served import served
from shadow.errors import CandidateError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A script in a directory, a package, a prompt, and what is nobody's own source."""
    for name, text in {
        "agents/run.sh": "exit 1", "agents/lib/words.txt": "please", "desk/app.py": "raise RuntimeError('imported')",
        "prompts/a.md": "be kind", "agents/node_modules/other.js": "x", "agents/.git/config": "x",
        "agents/env/pyvenv.cfg": "x", "agents/env/lib.py": "x",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def script(home: Path, **more: Any) -> Candidate:
    """The script as candidate."""
    return command(["sh", "agents/run.sh"], **{"label": "v1", "root": str(home), "files": ["prompts/*.md"], **more})


def test_kinds_are_told_apart(home: Path) -> None:
    """By what is run; the target is the command line, for people."""
    one = script(home)
    two = served(["uvicorn", "desk.app:app"], port=8000, label="v1", root=str(home))
    assert (one.target, one.program) == ("sh agents/run.sh", Command(command=("sh", "agents/run.sh")))
    assert two.program == Service(command=("uvicorn", "desk.app:app"), port=8000, path="/handle")
    assert pin_now(one) == one.pin != two.pin == pin_now(two)


@pytest.mark.parametrize("name", ["agents/run.sh", "agents/lib/words.txt", "prompts/a.md", "agents/new.txt"])
def test_its_own_source_counts(home: Path, name: str) -> None:
    """The tree that the script stands in, and the files that are named."""
    before = script(home).pin
    (home / name).write_text("changed")
    assert script(home).pin != before


@pytest.mark.parametrize(
    "name", ["agents/node_modules/other.js", "agents/.git/config", "agents/env/lib.py", "desk/app.py"]
)
def test_what_is_not_its_own_does_not(home: Path, name: str) -> None:
    """Installed packages, hidden directories, virtual environments, what stands elsewhere."""
    before = script(home).pin
    (home / name).write_text("changed")
    assert script(home).pin == before


def test_a_module_that_is_named_is_its_source(home: Path) -> None:
    """As uvicorn and `python -m` name it."""
    before = [served([*line], port=8000, label="v", root=str(home)).pin for line in LINES]
    (home / "desk" / "app.py").write_text("changed")
    after = [served([*line], port=8000, label="v", root=str(home)).pin for line in LINES]
    assert all(one != two for one, two in zip(before, after, strict=True)) and len(set(before)) == 2


LINES = [("uvicorn", "desk.app:app"), ("python", "-m", "desk.app")]


def test_how_it_is_run_counts(home: Path) -> None:
    """Command line, settings, models, variables; a command and a service of one line are two."""
    changes: list[dict[str, Any]] = [{"settings": {"k": 1}}, {"models": ["m"]}, {"environment": {"A": "b"}}]
    pins = {script(home).pin, *(script(home, **change).pin for change in changes)}
    pins.add(command(["sh", "-e", "agents/run.sh"], label="v1", root=str(home), files=["prompts/*.md"]).pin)
    pins.add(served(["sh", "agents/run.sh"], port=8000, label="v1", root=str(home), files=["prompts/*.md"]).pin)
    assert len(pins) == 6
    assert script(home, label="v2").pin == script(home).pin


@pytest.mark.parametrize(
    ("line", "more", "words"),
    [
        ([], {}, "no command line"), (["sh", ""], {}, "no command line"), (["sh", "a\0b"], {}, "no command line"),
        (["sh", "-c", "true"], {"files": []}, "nothing of its own"), (["sh", "../other.sh"], {"files": []}, "nothing"),
        (["sh", "agents/run.sh"], {"files": ["*.nothing"]}, "no file matches"),
        (["sh", "agents/run.sh"], {"root": "/no/such"}, "no such directory"),
        (["sh", "agents/run.sh"], {"label": " "}, "needs a label"),
        (["sh", "agents/run.sh"], {"environment": {"A=": "b"}}, "no variable"),
        (["sh", "agents/run.sh"], {"usd_per_call": "-1"}, "no price"),
        (["sh", "agents/run.sh"], {"settings": {"k": {1}}}, "JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_pinned_is_said(home: Path, line: list[str], more: dict[str, Any], words: str) -> None:
    """When it is declared; a script outside the root is not its own."""
    (home.parent / "other.sh").write_text("exit 0")
    with pytest.raises(CandidateError, match=words):
        command(line, **{"label": "v1", "root": str(home), "files": ["prompts/*.md"], **more})
