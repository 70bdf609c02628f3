"""A setup is checked when it is made: contract, bindings and labels, not in the night."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shadow.doors.bindings import template
from shadow.errors import BindingError, ContractError, UsageError
from shadow.replay.limits import Limits
from shadow.setup import setup
from tests.steps.desk import CONTRACT, Desk


def test_a_setup_knows_its_candidates(tmp_path: Path) -> None:
    """By label; an unknown one is answered with the known ones and the nearest."""
    given = Desk(folder=tmp_path).setup()
    assert given.candidate("v1") is given.candidates[0]
    with pytest.raises(UsageError) as caught:
        given.candidate("v11")
    assert (caught.value.where, caught.value.allowed, caught.value.todo) == ("desk", "v1", "did you mean 'v1'?")


def test_labels_are_unique_and_there_is_one(tmp_path: Path) -> None:
    """Two candidates under one label could not be told apart."""
    given = Desk(folder=tmp_path).setup()
    for candidates in ([], [given.candidates[0], given.candidates[0]]):
        with pytest.raises(UsageError, match="a label of its own"):
            setup(CONTRACT, bindings=given.bindings, source=given.source, candidates=candidates)


def test_a_tool_without_a_binding_is_refused(tmp_path: Path) -> None:
    """By name; so are bindings of no tool."""
    given = Desk(folder=tmp_path).setup()
    with pytest.raises(BindingError, match="pay"):
        setup(
            CONTRACT, bindings={"orders.get": given.bindings["orders.get"]}, source=given.source,
            candidates=given.candidates,
        )  # fmt: skip
    with pytest.raises(BindingError, match="mail"):
        setup(
            CONTRACT, bindings={**given.bindings, "mail": template({})}, source=given.source,
            candidates=given.candidates,
        )  # fmt: skip


def test_a_wrong_contract_is_refused(tmp_path: Path) -> None:
    """However it was made."""
    given = Desk(folder=tmp_path).setup()
    wrong = replace(CONTRACT, gates=())
    with pytest.raises(ContractError, match="desk: gates"):
        setup(wrong, bindings=given.bindings, source=given.source, candidates=given.candidates)


def test_what_is_given_is_kept(tmp_path: Path) -> None:
    """Limits have defaults; the caller's dict of bindings is not ours."""
    given = Desk(folder=tmp_path).setup()
    bindings = dict(given.bindings)
    made = setup(CONTRACT, bindings=bindings, source=given.source, candidates=list(given.candidates))
    bindings.clear()
    assert set(made.bindings) == {"orders.get", "pay"}
    assert made.limits == Limits()
    assert made.candidates == given.candidates
