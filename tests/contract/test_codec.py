"""A contract as JSON and YAML: both ways without loss, and every wrong text refused with its place."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shadow.contract import digests, from_json, from_yaml, load, to_json, to_yaml
from shadow.contract.codec import duration, duration_text, from_data, to_data
from shadow.errors import ContractError
from shadow.gates import coverage
from tests.contract.desk import made


def changed(**other: Any) -> dict[str, Any]:
    """A right contract as plain data, some parts changed."""
    return {**to_data(made()), **other}


def test_both_ways() -> None:
    """The text of a contract gives the same contract, and the contract the same text."""
    one = made()
    assert from_json(to_json(one)) == one
    assert from_yaml(to_yaml(one)) == one
    assert to_json(from_yaml(to_yaml(one))) == to_json(one)
    assert list(from_json(to_json(one)).compare) == list(one.compare)


def test_a_gates_dates_come_back() -> None:
    """JSON has no tuples; a list of them is the same gate, and the same digest."""
    days = ("2026-11-30", "2026-12-24")
    one, listed = made(gates=[coverage(must_see=days)]), made(gates=[coverage(must_see=list(days))])
    assert from_json(to_json(one)) == one == listed == from_yaml(to_yaml(one))
    assert digests(one) == digests(listed)


@given(some.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=4000)))
def test_every_duration_comes_back(value: timedelta) -> None:
    """Neither a long one nor one with microseconds is rounded on the way."""
    assert duration(duration_text(value)) == value


def test_durations_are_short() -> None:
    """In the largest unit that is whole."""
    texts = ["5d", "36h", "90m", "30s", "1728001s", "1.5s"]
    assert [duration_text(duration(text)) for text in texts] == texts
    assert duration("2w") == timedelta(days=14)


def test_a_files_kind_is_its_ending(tmp_path: Path) -> None:
    """.json, .yaml and .yml; anything else is refused by name, as is a file that cannot be read."""
    one = made()
    for name, text in (("a.json", to_json(one)), ("a.yaml", to_yaml(one)), ("a.yml", to_yaml(one))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert load(tmp_path / name) == one
    with pytest.raises(ContractError, match=r"allowed: \.json, \.yaml, \.yml"):
        load(tmp_path / "a.toml")
    with pytest.raises(ContractError, match="cannot read the file"):
        load(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"owner": "M\xfcller"}')
    with pytest.raises(ContractError, match="cannot read the file"):
        load(tmp_path / "latin.json")


SPEC = {"name": "exact", "version": 1, "params": {}}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"workflows": "x"}, "refund-desk", "did you mean 'workflow'?"),
    ({"tools": {"orders.get": {}}}, "refund-desk: tools", "a list of objects"),
    ({"tools": [5]}, "refund-desk: tools", "a list of objects"),
    ({"tools": [{"name": "a", "efect": "read"}]}, "refund-desk: tools[0]", "did you mean 'effect'?"),
    ({"tools": [{"name": "a"}]}, "refund-desk: tools[0]", "lacks"),
    ({"tools": [{"name": "a", "effect": "read", "key": None}]}, "tools[0].key", "a list is expected"),
    ({"tools": [{"name": "a", "effect": "read", "args": 5}]}, "tools.a.args", "an object"),
    ({"tools": [{"name": "a", "effect": "read", "at_most": ["5"]}]}, "tools.a.at_most", "amounts as texts"),
    ({"tools": [{"name": "a", "effect": "read", "money": "amount"}]}, "tools[0].money", "a list is expected"),
    ({"stops": [{"name": "x", "on": "input", "when": {"a": 1}}]}, "refund-desk: stops[0]", "escalate_to"),
    ({"stops": [{"name": "x", "on": "input", "when": 1, "escalate_to": "a"}]}, "stops.x.when", "an object"),
    ({"stops": "x"}, "refund-desk: stops", "a list of objects"),
    ({"compare": {"decision": SPEC}}, "refund-desk: compare", "a list of objects"),
    ({"compare": [{"place": "decision", "severity": "bad", "comparator": SPEC}]}, "compare[0]", "cosmetic, minor"),
    ({"compare": [{"place": "decision", "severity": "major"}]}, "compare[0]", "either a comparator or an effect"),
    ({"compare": [{"severity": "major", "comparator": SPEC}]}, "compare[0]", "a place of its own"),
    ({"compare": [{"place": "a", "severity": "major", "comparator": "exact"}]}, "compare[0]", "name, version, params"),
    (
        {"compare": [{"place": "a", "severity": "major", "comparator": {**SPEC, "name": "exactly"}}]},
        "compare[0]",
        "did you mean 'exact'?",
    ),
    (
        {"compare": [{"place": "a", "severity": "major", "comparator": {**SPEC, "version": 99}}]},
        "compare[0]",
        "another version",
    ),
    (
        {"compare": [{"place": "a", "severity": "major", "comparator": {**SPEC, "params": {"tol": 1}}}]},
        "compare[0]",
        "no parameter 'tol'",
    ),
    (
        {"compare": [{"place": "a", "severity": "major", "comparator": {**SPEC, "params": "x"}}]},
        "compare[0]",
        "no object",
    ),
    (
        {"compare": [{"place": "a", "severity": "major", "comparator": {"name": "numeric", "params": {"abs_tol": 1}}}]},
        "compare[0]",
        "decimal text",
    ),
    ({"compare": [{"place": "a", "severity": "major", "effect": {"args": []}}]}, "compare[0]", "an object of argument"),
    ({"compare": [{"place": "a", "severity": "major", "effect": {"ignore": "memo"}}]}, "compare[0].ignore", "a list"),
    ({"gates": [{"name": "calender"}]}, "refund-desk: gates[0]", "did you mean 'calendar'?"),
    ({"gates": [{"name": "calendar"}]}, "refund-desk: gates[0]", "lacks days"),
    ({"gates": [{"name": "calendar", "params": {"days": -1}}]}, "refund-desk: gates[0]", "days"),
    ({"gates": ["calendar"]}, "refund-desk: gates", "a list of objects"),
    ({"slices": "country"}, "refund-desk: slices", "a list is expected"),
    ({"redact": "email"}, "refund-desk: redact", "put it into [ ]"),
    ({"redact": None}, "refund-desk: redact", "a list is expected"),
    ({"stages": "1, 100"}, "refund-desk: stages", "a list is expected"),
    ({"stages": [True, 100]}, "refund-desk: stages", "a list of numbers"),
    ({"settles_within": 5}, "refund-desk: settles_within", '"5d"'),
    ({"failure": "terrible"}, "refund-desk: failure", "allowed: cosmetic"),
    ({"violation": "terrible"}, "refund-desk: violation", "allowed: cosmetic"),
    ({"approval": ["ines"]}, "refund-desk: approval", "an object is expected"),
    ({"approval": {"channel": "#a"}}, "refund-desk: approval", "candidate_owner"),
    ({"approval": {"channel": "#a", "approvers": "ines", "candidate_owner": "x"}}, "approvers", "a list is expected"),
    ({"accepts": None}, "refund-desk: accepts", "an object"),
    ({"unit": ["customer_id"]}, "refund-desk: unit", "text"),
    ({"demonstration": "false"}, "refund-desk: demonstration", "true or false"),
    ({"workflow": None}, "workflow", "lower case"),
]


@pytest.mark.parametrize(
    ("other", "where", "said"), WRONG, ids=[f"{n}-{'-'.join(other)}" for n, (other, _, _) in enumerate(WRONG)]
)
def test_wrong_data_is_named(other: dict[str, Any], where: str, said: str) -> None:
    """Each message says where, and what is allowed; nothing but a ContractError comes out."""
    with pytest.raises(ContractError) as caught:
        from_data(changed(**other))
    assert where in caught.value.where
    assert said in str(caught.value)


@pytest.mark.parametrize("field", ["owner", "unit", "accepts", "produces", "tools", "compare", "gates", "workflow"])
def test_a_missing_field_is_named(field: str) -> None:
    """The fields without a default."""
    with pytest.raises(ContractError, match=f"lacks '{field}'"):
        from_data({name: value for name, value in changed().items() if name != field})


@pytest.mark.parametrize("text", ["", "[]", "5", "null", '"refund-desk"'])
def test_a_contract_is_an_object(text: str) -> None:
    """Other JSON, and none at all, is refused; so is the same as YAML."""
    for reader in (from_json, from_yaml):
        with pytest.raises(ContractError):
            reader(text)


def test_json_errors_have_a_line() -> None:
    """Where the text stops being JSON."""
    with pytest.raises(ContractError, match="line 2: not JSON"):
        from_json('{"workflow": "a",\n owner: 1}')


def test_a_name_that_stands_twice_is_refused() -> None:
    """Of two `redact` lists only the second would hold: nobody would see it."""
    text = to_json(made()).replace('"redact": [', '"redact": ["email"],\n  "redact": [')
    with pytest.raises(ContractError, match="'redact' stands twice"):
        from_json(text)


def test_nothing_that_is_nested_without_end_is_followed() -> None:
    """A text that would exhaust the reader is refused."""
    with pytest.raises(ContractError, match="nested"):
        from_json('{"accepts":' * 100_000)
    with pytest.raises(ContractError, match="nested deeper than 60 levels"):
        from_json('{"accepts":' * 100 + "1" + "}" * 100)


def test_amounts_of_yaml_are_texts() -> None:
    """YAML reads 500 as a number: the digest is the same as with the text."""
    text = to_yaml(made()).replace("EUR: '500'", "EUR: 500")
    assert "EUR: 500" in text
    assert digests(from_yaml(text)) == digests(made())


def test_a_key_may_be_one_text() -> None:
    """As in Python; it is not taken letter by letter."""
    data = json.loads(to_json(made()))
    data["tools"][0]["key"] = "order_id"
    assert from_data(data) == made()
