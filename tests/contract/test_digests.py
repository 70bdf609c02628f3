"""The three digests: which part moves which, and that nothing moves them behind anybody's back."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shadow.contract import Contract, canonical, digest, digests, from_json, from_yaml, to_json, to_yaml
from shadow.contract.codec import from_data, to_data
from shadow.contract.digests import CONDUCT, GOVERNANCE, JUDGEMENT
from shadow.contract.model import Severity
from tests.contract.desk import CHANGES, made, parts

PARTS = {"conduct": CONDUCT, "judgement": JUDGEMENT, "governance": GOVERNANCE}
JSONS = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


def test_equal_from_python_json_and_yaml() -> None:
    """One contract, three spellings, the same three digests."""
    one = made()
    assert digests(from_json(to_json(one))) == digests(one)
    assert digests(from_yaml(to_yaml(one))) == digests(one)
    assert len(set(asdict(digests(one)).values())) == 3


def test_every_field_is_in_exactly_one_part() -> None:
    """A new field of the contract belongs to a part, or this fails; and it has a change in the table below."""
    named = [name for names in PARTS.values() for name in names]
    assert sorted(named) == sorted(field.name for field in fields(Contract))
    assert len(named) == len(set(named))
    assert set(CHANGES) == set(named)


@pytest.mark.parametrize("field", sorted(CHANGES))
def test_a_change_moves_its_own_digest_alone(field: str) -> None:
    """Conduct, judgement and governance are told apart."""
    one = made()
    other = replace(one, **{field: CHANGES[field]})
    moved = {name for name, value in asdict(digests(one)).items() if asdict(digests(other))[name] != value}
    assert moved == {name for name, names in PARTS.items() if field in names}


@pytest.mark.parametrize("part", ["accepts", "produces"])
def test_the_callers_dict_is_not_ours(part: str) -> None:
    """Who changes the schema that he wrote the contract with changes nothing of the contract."""
    given: dict[str, Any] = parts()
    one = made(**{part: given[part]})
    before = digests(one)
    given[part]["required"].append("sneaked_in")
    given[part]["properties"]["sneaked_in"] = {}
    assert digests(one) == before
    assert "sneaked_in" not in getattr(one, part)["properties"]


def test_nothing_in_a_contract_can_be_changed() -> None:
    """Schemas, rules, arguments and parameters refuse it, at any depth and by every way there is."""
    one = made()
    refund = one.tools[1]
    rule: Any = one.compare["refund.issue"]
    amount: Any = one.compare["amount"]
    for change in (
        lambda: one.accepts["properties"].update(x={}),  # type: ignore[attr-defined]
        lambda: one.accepts["required"].append("x"),
        lambda: one.compare.pop("decision"),  # type: ignore[attr-defined]
        lambda: refund.args["properties"].clear(),
        lambda: refund.at_most.__setitem__("EUR", "1"),  # type: ignore[attr-defined]
        lambda: one.stops[0].when.__delitem__("required"),  # type: ignore[attr-defined]
        lambda: rule.how.args.setdefault("memo", None),
        lambda: amount.how.params.__setitem__("abs_tol", "100"),
        lambda: one.produces["properties"]["decision"]["enum"].sort(),
        lambda: one.produces["required"].__iadd__(["x"]),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()


def test_a_hand_written_contract_is_frozen_too() -> None:
    """Lists become tuples in a Contract that was made without `contract(…)`."""
    tools = list(made().tools)
    one = replace(made(), tools=tools, slices=["country"])
    tools.clear()
    assert len(one.tools) == 4
    assert one.slices == ("country",)


@given(JSONS)
def test_canonical_says_the_same_of_equal_data(data: Any) -> None:
    """Whatever the order of names; and what is read back gives the same text."""
    import json

    assert canonical(json.loads(canonical(data))) == canonical(data)


def test_canonical_is_one_text_for_one_number() -> None:
    """1 and 1.0 are one number, 1 and true and "1" are not; NaN is refused."""
    assert digest({"a": 1, "b": [2.0]}) == digest({"b": (2,), "a": 1.0})
    assert len({canonical(value) for value in (1, True, "1")}) == 3
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(float("nan"))


def test_a_contract_that_says_nothing_of_violations_keeps_its_digest() -> None:
    """It was signed before there was such a field: the default is left out (`to_data`), however it is spelled."""
    one = made()
    data = to_data(one)
    before = {name: data[name] for name in JUDGEMENT if name != "violation" and name in data}
    assert digests(one).judgement == digest({"part": "judgement", **before})
    assert "violation" not in data
    assert digests(from_data({**to_data(one), "violation": "critical"})) == digests(one)
    other = replace(one, violation=Severity.MAJOR)
    assert to_data(other)["violation"] == "major"
    assert from_json(to_json(other)).violation is Severity.MAJOR
