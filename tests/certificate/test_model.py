"""Accounts add up in any order, and go to JSON and back unchanged."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from shadow.certificate.model import Account, Passed, add, refusals_of
from shadow.errors import StoreError
from shadow.observation import RefusalKind
from tests.certificate.desk import CAGED, COOPERATIVE, LEAKING, LOOSE, PAPER, account, tried

FULL = account(
    papers=(PAPER,),
    at_import=(tried("openat", "/tmp/x", times=3),),
    nobodys=(tried("kill", "process 1"),),
    unseen=2,
    canaries=1,
    restarts=1,
)
OTHERS = (
    FULL,
    account(isolations=(COOPERATIVE,), preflights=(), processes=(LOOSE,)),
    account(preflights=(LEAKING,), at_import=(tried("openat", "/tmp/x"),), modes=("fresh process per case: threads",)),
)


def test_round_trip() -> None:
    """An account equals what its JSON text gives back."""
    for one in (*OTHERS, Account()):
        assert Account.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize("change", [{"surprise": 1}, {"unseen": None, "processes": [{}]}, {"preflights": ["x"]}])
def test_what_is_no_account_is_refused(change: dict[str, Any]) -> None:
    """Another version's account is never read as this one's: `fields(Account) != made.keys()` and the types."""
    with pytest.raises(StoreError, match="cannot be read"):
        Account.from_json({**FULL.to_json(), **change})
    for name in FULL.to_json():
        with pytest.raises(StoreError):
            Account.from_json({key: value for key, value in FULL.to_json().items() if key != name})


def test_accounts_add_up_in_any_order() -> None:
    """Attempts end in any order; nothing is lost and nothing doubled, and an empty account adds nothing."""
    found = {repr(add(add(one, other), third)) for one, other, third in permutations(OTHERS)}
    assert len(found) == 1
    whole = add(add(*OTHERS[:2]), OTHERS[2])
    assert add(whole, Account()) == add(Account(), whole) == whole
    assert [one.count for one in whole.processes if one.held] == [2 * CAGED.count]
    assert (whole.attested, whole.unseen, whole.canaries, whole.restarts) == (25, 2, 1, 1)
    assert len(whole.preflights) == 2 and len(whole.isolations) == 2 and len(whole.modes) == 2


def test_routes_add_up_by_name_and_kind() -> None:
    """Requests by decision, bytes and violations."""
    one = Passed(name="a", kind="llm", decisions={"forwarded": 2, "held": 0}, bytes_out=10, bytes_in=1)
    other = replace(one, decisions={"forwarded": 1, "refused": 4}, violations=2)
    (found,) = add(Account(routes=(one,)), Account(routes=(other,))).routes
    assert dict(found.decisions) == {"forwarded": 3, "refused": 4}
    assert (found.requests, found.bytes_out, found.bytes_in, found.violations) == (7, 20, 2, 2)


def test_equal_refusals_are_told_once() -> None:
    """With how often: those of several imports together; another aim or another kind stands by itself."""
    found = refusals_of((tried(times=2), tried(), tried(about="10.0.0.1:80"), tried(kind=RefusalKind.NOISE)))
    assert [(one.kind, one.args["about"], one.args["times"]) for one in found] == [
        ("system call", "10.0.0.1:80", 1),
        ("noise", "127.0.0.1:80", 1),
        ("system call", "127.0.0.1:80", 3),
    ]


@pytest.mark.parametrize(
    "change",
    [{"no_new_privs": False}, {"seccomp": 0}, {"filters": 0}, {"capabilities": 1}],
    ids=lambda one: next(iter(one)),
)
def test_a_process_is_held_by_all_of_it(change: dict[str, Any]) -> None:
    """A way to privileges, no filter in force or a capability: not held. Each part of `Seen.held`."""
    assert CAGED.held
    assert not replace(CAGED, **change).held
