"""What the pages say: Python in them compiles, files they link to are there, and they name no place of ours."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest

import shadow

ROOT = Path(__file__).resolve().parents[2]
PAGES = [path for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")] if path.exists()]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [text for name, text in BLOCK.findall(path.read_text(encoding="utf-8")) if name == language]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_python_compiles(path: Path) -> None:
    """Each block marked python is Python; `…` stands for what a reader fills in."""
    for number, text in enumerate(blocks(path, "python"), start=1):
        compile(text.replace("…", "..."), f"{path.name}, block {number}", "exec")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file of the repository."""
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    """Each `shadow …` command that a page shows is one that the command line knows."""
    from shadow.cli.table import COMMANDS

    known = {command.words.split()[0] for command in COMMANDS}
    shown = re.findall(r"^\$? ?shadow ([a-z]+)", "\n".join(blocks(path, "sh") + blocks(path, "console")), re.M)
    assert set(shown) <= known


def test_the_readme_declares_a_valid_contract_and_agent() -> None:
    """The README's contract is accepted as it stands, its tools are bound, and its agent runs on them."""
    from shadow.contract import Contract, check, from_yaml, to_yaml
    from shadow.doors.bindings import check_bindings

    names: dict[str, Any] = {}
    for text in blocks(ROOT / "README.md", "python"):
        exec(compile(text, "README.md", "exec"), names)
    declared = names["REFUNDS"]
    assert isinstance(declared, Contract) and from_yaml(to_yaml(check(declared))) == declared
    check_bindings(declared, names["BINDINGS"])
    assert names["handle"]({"order_id": "o1"}, _Tools())["decision"] == "approve"


class _Tools:
    def call(self, name: str, **_: Any) -> dict[str, Any]:
        return {"total": 20} if name == "orders.get" else {"queued": True}


def test_every_public_name_is_there_and_hides_no_room() -> None:
    """Each name of `shadow` can be imported, before and after its rooms were, and is no module."""
    for name in shadow.__all__:
        assert not isinstance(getattr(shadow, name), ModuleType), name
        assert f"shadow.{name}" not in {found.name for found in iter_modules(shadow.__path__, "shadow.")}, name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tests_that_a_page_names_are_there(path: Path) -> None:
    """What a page says is held by a test is held by one of that name."""
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", path.read_text(encoding="utf-8")))
    if named:
        written = "\n".join(found.read_text(encoding="utf-8") for found in (ROOT / "tests").rglob("test_*.py"))
        assert not {name for name in named if f"def {name}(" not in written}
