"""The one idiom of plug points: binding, names, versions, and the door that third parties come in by."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shadow.contract import canonical
from shadow.errors import ContractError
from shadow.plug import Bound, Kind, Plug, nearest

MODULE = """
from tests.test_plug import KINDS
kind = KINDS["colour"]

@kind(version={version})
def {name}(left, right, *, shade="light", times=1):
    "Says something."
    return f"{{left}} {{right}} {{shade}} {{times}}"
"""
KINDS: dict[str, Kind] = {}


@pytest.fixture
def colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """A kind of plug of the test's own, whose package holds `red` and `green`."""
    package = f"colours_{tmp_path.name.replace('-', '_')}"
    (tmp_path / package).mkdir()
    for name in ("red", "green"):
        (tmp_path / package / f"{name}.py").write_text(MODULE.format(name=name, version=1), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    sys.modules.setdefault("tests.test_plug", sys.modules[__name__])
    KINDS["colour"] = Kind(word="colour", package=package)
    sys.modules["tests.test_plug"].KINDS["colour"] = KINDS["colour"]  # type: ignore[attr-defined]
    yield KINDS["colour"]
    for name in [name for name in sys.modules if name.startswith(package) or name.endswith("_colours")]:
        del sys.modules[name]


def entry_point(folder: Path, text: str, *, word: str = "colour", name: str = "blue") -> None:
    """An installed distribution with one entry point, and its module."""
    (folder / f"{name}_colours.py").write_text(text, encoding="utf-8")
    info = folder / f"{name}_colours-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-colours\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[shadow.{word}s]\n{name} = {name}_colours:{name}\n", encoding="utf-8")
    importlib.invalidate_caches()


def test_calling_a_plug_binds_its_parameters(colour: Kind) -> None:
    """Data first, parameters by keyword; the rest are the defaults, and all of them are in the spec."""
    bound = colour.get("red")(times=2)
    assert bound("a", "b") == "a b light 2"
    assert bound.spec() == {"name": "red", "version": 1, "params": {"shade": "light", "times": 2}}
    assert repr(bound) == "red(shade='light', times=2)"
    assert colour.bind(bound.spec()) == bound
    assert {bound, colour.bind(bound.spec())} == {bound}
    assert bound != colour.get("red")(times=3)


def test_a_modules_plugs_are_found_by_being_there(colour: Kind) -> None:
    """Every module of the package, sorted by name."""
    assert colour.names() == ["green", "red"]


def test_an_unknown_name_is_answered_with_the_nearest(colour: Kind) -> None:
    """And with all that are known."""
    with pytest.raises(ContractError) as caught:
        colour.get("gren", where="here")
    error = caught.value
    assert (error.where, error.allowed, error.todo) == ("here", "green, red", "did you mean 'green'?")
    assert nearest("xyzzy", ["red"]) == ""


def test_a_name_taken_twice_is_refused(colour: Kind, tmp_path: Path) -> None:
    """Whoever comes second is named with whoever was first."""
    entry_point(tmp_path, MODULE.format(name="red", version=1), name="red")
    with pytest.raises(ContractError, match="'red' is defined twice") as caught:
        colour.names()
    assert "red_colours" in caught.value.seen
    assert caught.value.todo == "rename one of them"


def test_another_version_is_refused(colour: Kind) -> None:
    """A contract that was judged by version 2 is not judged by version 1 without a word."""
    with pytest.raises(ContractError) as caught:
        colour.bind({"name": "red", "version": 2, "params": {}}, where="compare[0]")
    assert (caught.value.where, caught.value.seen, caught.value.allowed) == ("compare[0]", "2", "1")


@pytest.mark.parametrize("params", [["shade"], "dark", 5, {1: "x"}])
def test_params_are_an_object(colour: Kind, params: Any) -> None:
    """With names that are text."""
    with pytest.raises(ContractError, match="the params of colour red are no object"):
        colour.bind({"name": "red", "params": params})


def test_parameters_are_checked_when_they_are_bound() -> None:
    """Unknown ones with the nearest, missing ones, and those that the plug's own check refuses; each placed."""
    kind = Kind(word="colour", package="comparators", loaded=True)

    def check(deep: int) -> None:
        if deep < 0:
            raise ValueError("deep is negative")

    @kind(version=3, check=check)
    def blue(data: Any, *, deep: int) -> int:
        return deep

    for params, said in (({"dep": 1}, "did you mean 'deep'?"), ({}, "lacks deep"), ({"deep": -1}, "deep is negative")):
        with pytest.raises(ContractError) as caught:
            kind.bind({"name": "blue", "params": params}, where="gates[2]")
        assert caught.value.where == "gates[2]"
        assert said in str(caught.value)
    assert kind.bind({"name": "blue", "params": {"deep": 1}})(None) == 1
    assert blue(deep=2).version == 3


def test_bound_parameters_cannot_be_changed() -> None:
    """Neither by whoever passed them nor through the binding: a digest was taken of them."""
    kind = Kind(word="colour", package="comparators", loaded=True)

    @kind()
    def blue(data: Any, *, names: list[str]) -> list[str]:
        return names

    mine = ["a"]
    bound: Bound = blue(names=mine)
    before = canonical(bound.spec())
    mine.append("b")
    with pytest.raises(TypeError, match="cannot be changed"):
        bound.params["names"].append("c")
    with pytest.raises(TypeError, match="cannot be changed"):
        bound.params["names"] = ["c"]  # type: ignore[index]
    assert canonical(bound.spec()) == before == canonical({"name": "blue", "version": 1, "params": {"names": ["a"]}})


def test_what_a_plug_says_in_plain_words() -> None:
    """The words that it brings, with its parameters in them; its name and parameters where it brings none."""
    kind = Kind(word="colour", package="comparators", loaded=True)

    @kind(words="at most {share_percent} within {days} days")
    def blue(data: Any, *, share: float, days: int = 3) -> None:
        """None."""

    @kind()
    def deep_blue(data: Any, *, days: int = 3) -> None:
        """None."""

    assert blue(share=0.05).words() == "at most 5 % within 3 days"
    assert "deep blue" in deep_blue().words()
    assert "3" in deep_blue().words()


def test_third_parties_come_in_by_an_entry_point(colour: Kind, tmp_path: Path) -> None:
    """They are plugs like any other."""
    entry_point(tmp_path, MODULE.format(name="blue", version=7))
    assert colour.names() == ["blue", "green", "red"]
    assert isinstance(colour.get("blue"), Plug)
    assert colour.bind({"name": "blue", "version": 7})(1, 2) == "1 2 light 1"


@pytest.mark.parametrize("text", ["blue = 5", "from shadow.gates.calendar import calendar as blue"])
def test_an_entry_point_that_is_no_plug_is_refused(colour: Kind, tmp_path: Path, text: str) -> None:
    """By its name; so is a plug of another kind."""
    entry_point(tmp_path, text)
    with pytest.raises(ContractError, match="entry point blue is no colour"):
        colour.names()


def test_a_plug_that_was_made_elsewhere_is_taken_in(colour: Kind, tmp_path: Path) -> None:
    """An entry point may name one that its module only imports; its name must be free all the same."""
    text = MODULE.format(name="red", version=1).replace("@kind(version=1)", "") + "from shadow.plug import Plug\n"
    text += "red = Plug(kind=KINDS['colour'], name='red', version=1, function=red)\n"
    entry_point(tmp_path, text, name="red")
    with pytest.raises(ContractError, match="'red' is defined twice"):
        colour.names()


def test_a_broken_entry_point_is_named_each_time(colour: Kind, tmp_path: Path) -> None:
    """What its import raises is passed on with its name; a second question does not find half a registry."""
    entry_point(tmp_path, "raise RuntimeError('no licence')")
    for _ in range(2):
        with pytest.raises(ContractError, match="entry point blue cannot be loaded") as caught:
            colour.names()
        assert "blue_colours:blue: RuntimeError: no licence" in caught.value.seen
