"""A demonstration's files are made once, whole, and from its recipe alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shadow.errors import UsageError
from shadow.examples.refund_desk import faults, home
from shadow.examples.refund_desk.home import Recipe, prepare

RECIPE = Recipe(seed=9, faults=2, days=2, scale=0.1)


def test_everything_is_made_once(tmp_path: Path) -> None:
    """A second call leaves each file as it is; nothing else lies in the directory."""
    made = prepare(tmp_path / "demo", RECIPE)
    files = {path.name: path.stat().st_mtime_ns for path in made.root.iterdir()}
    assert set(files) == {"world.db", "planted.json", "version_1.json"}
    assert prepare(tmp_path / "demo", RECIPE) == made
    assert {path.name: path.stat().st_mtime_ns for path in made.root.iterdir()} == files


def test_what_was_planted_is_written_down(tmp_path: Path) -> None:
    """The faults are version 1's settings, and version 2 has none."""
    made = prepare(tmp_path, RECIPE)
    planted = json.loads(made.planted.read_text())
    assert planted["faults"] == faults.draw(9, 2) == made.settings("version 1")["faults"]
    assert made.settings("version 2") == {}
    assert set(planted) == {"recipe", "faults", "own", "control", "doubled", "malformed", "injected", "never"}


def test_another_recipe_does_not_overwrite(tmp_path: Path) -> None:
    """A directory that holds another demonstration is refused, and is left alone."""
    prepare(tmp_path, RECIPE)
    with pytest.raises(UsageError, match="another demonstration"):
        prepare(tmp_path, Recipe(seed=10, faults=2, days=2, scale=0.1))
    assert prepare(tmp_path, RECIPE).world.exists()


def test_a_making_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    """Without planted.json, which comes last, the rest is replaced."""
    made = prepare(tmp_path, RECIPE)
    made.planted.unlink()
    made.world.write_bytes(b"half")
    prepare(tmp_path, RECIPE)
    assert made.world.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("recipe", [Recipe(days=0), Recipe(days=29), Recipe(scale=0.0), Recipe(faults=0)])
def test_a_recipe_out_of_range_makes_nothing(tmp_path: Path, recipe: Recipe) -> None:
    """It is refused before a file is written."""
    with pytest.raises(UsageError):
        prepare(tmp_path / "demo", recipe)
    assert not (tmp_path / "demo").exists()


def test_the_command_prints_where_the_world_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It makes the files and says where the live system is."""
    assert home.main([str(tmp_path), "--days", "1", "--scale", "0.05"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'world.db'}\n"
