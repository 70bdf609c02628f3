"""A write may say by which of its arguments the live system knows a repeated call; it is part of the conduct."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shadow.contract import Contract, digests, from_json, from_yaml, plain_words, read, to_json, to_yaml, write
from shadow.contract.codec import from_data, to_data
from shadow.errors import ContractError
from tests.contract.desk import REFUND, made, parts


def refunds(**more: Any) -> Contract:
    """The right contract, its refund declared with this besides."""
    one = write("refund.issue", entity="order", key="order_id", reversible=False, args=REFUND, **more)
    return made(tools=[parts()["tools"][0], one], compare={"decision": parts()["compare"]["decision"]}, stops=[])


def test_it_is_in_every_spelling() -> None:
    """One name may be written alone; JSON and YAML give back the same contract."""
    one = refunds(idempotent_by="order_id")
    assert one.tools[1].idempotent_by == ("order_id",)
    assert from_json(to_json(one)) == one == from_yaml(to_yaml(one))
    by_hand = to_data(one)
    by_hand["tools"][1]["idempotent_by"] = "order_id"
    assert from_data(by_hand) == one


def test_it_is_conduct_and_where_it_is_not_said_nothing_changes() -> None:
    """A contract from before there was such a thing keeps the digest under which its evidence is stored."""
    plain, known = digests(refunds()), digests(refunds(idempotent_by="order_id"))
    assert plain.conduct != known.conduct
    assert (plain.judgement, plain.governance) == (known.judgement, known.governance)
    assert all("idempotent_by" not in tool for tool in to_data(refunds())["tools"])
    assert digests(made()).conduct.startswith("a53e3b966837ccd2")  # as it was before


def test_the_owner_reads_it() -> None:
    """In the line of the write."""
    assert "moves" not in plain_words(refunds(idempotent_by=("order_id", "amount")))
    assert "once for the same order_id, amount" in plain_words(refunds(idempotent_by=("order_id", "amount")))
    assert "once for" not in plain_words(refunds())


def test_it_names_arguments_of_a_write() -> None:
    """An argument that is not there is refused with the nearest one; a read has nothing to repeat."""
    with pytest.raises(ContractError, match="did you mean 'order_id'"):
        refunds(idempotent_by="oder_id")
    listed = to_data(refunds())
    listed["tools"][0]["idempotent_by"] = ["order_id"]
    with pytest.raises(ContractError, match="a read has no effect"):
        from_json(json.dumps(listed))
    assert read("orders.get").idempotent_by == ()
