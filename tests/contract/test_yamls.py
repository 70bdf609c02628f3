"""YAML that is hostile, or only surprising, is refused or read as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from shadow.contract import from_yaml, to_yaml
from shadow.contract.yamls import read_yaml
from shadow.errors import ContractError
from tests.contract.desk import made

HOSTILE = [
    "!!python/object/apply:os.system ['touch {path}']",
    "!!python/object/new:os.system ['touch {path}']",
    "!!python/name:os.system",
    "!!python/module:os",
    "owner: !!python/tuple [1]",
    "!Contract {{}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_tags_are_refused(text: str, tmp_path: Path) -> None:
    """No tag makes an object, and nothing is run."""
    path = tmp_path / "ran"
    with pytest.raises(ContractError, match="not YAML"):
        from_yaml(text.format(path=path))
    assert not path.exists()


def test_a_billion_laughs_are_refused() -> None:
    """A few lines that stand for a billion values are counted, not unfolded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ContractError, match="it is too large"):
        from_yaml("\n".join(lines))


def test_data_that_holds_itself_is_refused() -> None:
    """An anchor inside itself has no end."""
    with pytest.raises(ContractError, match="holds itself"):
        from_yaml("accepts: &a {properties: *a}")
    with pytest.raises(ContractError, match="nested too deeply"):
        from_yaml("[" * 1500)


def test_a_name_that_stands_twice_is_refused() -> None:
    """With its line; a merge key is none."""
    with pytest.raises(ContractError, match="line 3: 'redact' stands twice"):
        from_yaml("redact: [email]\nowner: a\nredact: []\n")
    assert read_yaml("a: &a {x: 1}\nb: {<<: *a, y: 2}") == {"a": {"x": 1}, "b": {"x": 1, "y": 2}}


def test_words_stay_words() -> None:
    """`on` is the name of a part, NO a country and a date a text; true and false are what they are."""
    text = "on: [NO, yes, off, y, true, False, 2026-11-01, ~]"
    assert read_yaml(text) == {"on": ["NO", "yes", "off", "y", True, False, "2026-11-01", None]}


def test_a_stop_is_written_without_quotes() -> None:
    """`on: input` by hand is the same contract as what `to_yaml` writes."""
    text = to_yaml(made())
    assert "'on': input" in text
    assert from_yaml(text.replace("'on': input", "on: input")) == made()


def test_names_that_are_no_text_are_refused() -> None:
    """JSON has none."""
    with pytest.raises(ContractError, match="no text: 1; write it in quotes"):
        from_yaml("accepts: {1: a}")


def test_no_yaml_at_all() -> None:
    """What the parser says is passed on."""
    with pytest.raises(ContractError, match="not YAML"):
        from_yaml("a: [1,\nb: }")
