"""What a certificate comes to: the weakest of everything, and never more than it carries."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shadow.certificate.certificate import Certificate, Standing, passes, proven, together
from shadow.certificate.counting import Counted
from shadow.certificate.model import Account, Passed
from shadow.errors import StoreError
from shadow.observation import RefusalKind
from tests.certificate.desk import (
    CAGED,
    COOPERATIVE,
    EXTERNAL,
    KERNEL,
    LEAKING,
    LOOSE,
    NOW,
    PAPER,
    SHOWN,
    account,
    certificate,
    count,
    seen,
    tried,
)

NOISE = tried("socket", "netlink", kind=RefusalKind.NOISE)


def test_held() -> None:
    """Enforced, shown, and nothing was tried."""
    one = certificate()
    assert (one.standing, one.is_enforced, one.isolation) == (Standing.HELD, True, KERNEL)
    assert certificate(counts=count(seen(NOISE))).standing is Standing.HELD
    assert certificate(account(at_import=(NOISE,), nobodys=(NOISE,))).standing is Standing.HELD


@pytest.mark.parametrize(
    ("one", "standing"),
    [
        (certificate(counts=count(seen(tried()))), "tried to get out"),
        (certificate(counts=count(seen(tried(kind=RefusalKind.VIOLATION)))), "tried to get out"),
        (certificate(account(at_import=(tried(),))), "tried to get out"),
        (certificate(account(nobodys=(tried(),))), "tried to get out"),
        (certificate(account(canaries=1)), "tried to get out"),
        (certificate(account(routes=(Passed(name="a", violations=1),))), "tried to get out"),
        (certificate(account(preflights=(SHOWN, LEAKING))), "leaked"),
        (certificate(account(papers=(replace(PAPER, shown=LEAKING),))), "leaked"),
        (certificate(account(processes=(CAGED, LOOSE))), "leaked"),
        (certificate(account(preflights=(LEAKING,)), count(seen(tried()))), "leaked"),
        (certificate(account(isolations=(COOPERATIVE,)), count(seen(), way=COOPERATIVE)), "not enforced"),
        (certificate(account(isolations=(COOPERATIVE, KERNEL))), "not enforced"),
        (certificate(counts=count(seen(), way=COOPERATIVE)), "not enforced"),
        (certificate(counts=count(seen(), way="")), "not known"),
        (certificate(attempts={"unfinished": 1}), "not known"),
        (certificate(attempts={"unproven": 1}), "not known"),
        (certificate(attempts={"unseen": 1}), "not known"),
        (certificate(counts=count(seen(), None)), "not known"),
        (certificate(Account(), attempts={"all": 0}), "not known"),
        (certificate(Account(), Counted(), attempts={"all": 0}), "nothing was run"),
    ],
)
def test_a_certificate_is_as_good_as_its_weakest_part(one: Certificate, standing: str) -> None:
    """Each of these alone is enough; each rule of `standing`, `_leaked` and `_gaps`."""
    assert one.standing == standing


def test_the_weakest_isolation_counts() -> None:
    """What somebody knows to be unenforced is weaker than what nobody knows, and that is weaker than enforced."""
    mixed = replace(count(seen()), ways={"": 1, KERNEL: 1, COOPERATIVE: 1})
    assert certificate(counts=mixed).ways == (COOPERATIVE, "", KERNEL)
    assert certificate(counts=replace(mixed, ways={"": 1, KERNEL: 1})).isolation == ""
    assert certificate(counts=replace(mixed, ways={EXTERNAL: 1})).isolation == EXTERNAL


def test_without_an_account_an_observation_alone_carries_nothing_enforced() -> None:
    """`weakest if self.attempts.all`: its words say kernel, and nobody told by what that was shown."""
    one = certificate(Account(), attempts={"all": 0})
    assert (one.isolation, one.is_enforced) == ("", False)
    assert certificate(Account(), count(seen(), way=COOPERATIVE), attempts={"all": 0}).isolation == COOPERATIVE


def test_an_enforced_run_without_its_proof_is_not_taken_for_one() -> None:
    """`not self.attempts.unproven`."""
    assert not certificate(attempts={"unproven": 1}).is_enforced
    assert not certificate(account(isolations=(COOPERATIVE, KERNEL))).is_enforced


@pytest.mark.parametrize(
    "change", [{"landed_inside": 1}, {"unclear": 1}, {"landed_outside": 59}], ids=lambda one: next(iter(one))
)
def test_a_preflight_passes_by_all_of_it(change: dict[str, Any]) -> None:
    """Nothing landed inside, nothing unclear, at least 60 proven: each part of `passes`."""
    assert passes(SHOWN)
    assert not passes(replace(SHOWN, **change))


def test_what_claims_to_be_enforced_must_have_been_shown() -> None:
    """In the kernel's cage by a preflight, each of which passed; from outside by a paper that counted then."""
    assert proven(account(), begun=NOW)
    assert not proven(account(preflights=()), begun=NOW)
    assert not proven(account(preflights=(SHOWN, LEAKING)), begun=NOW)
    outside = account(isolations=(EXTERNAL,), preflights=(), papers=(PAPER,))
    assert proven(outside, begun=NOW)
    assert proven(outside, begun=PAPER.at)
    assert not proven(outside, begun=PAPER.expires)
    assert not proven(outside, begun=PAPER.at - timedelta(seconds=1))
    assert not proven(replace(outside, papers=()), begun=NOW)
    assert not proven(replace(outside, papers=(replace(PAPER, shown=LEAKING),)), begun=NOW)
    assert not proven(replace(outside, preflights=(SHOWN,), papers=()), begun=NOW)


def test_runs_together() -> None:
    """Counts and attempts add up, windows span, and the weakest of them is the whole's isolation."""
    loose = certificate(account(isolations=(COOPERATIVE,)), count(seen(tried()), way=COOPERATIVE), run="r2")
    whole = together([certificate(), loose, certificate(attempts={"unfinished": 1}, run="r3")])
    assert (whole.runs, whole.attempts.all, whole.attempts.unfinished) == (("r1", "r2", "r3"), 3, 1)
    assert (whole.counted.effects, whole.isolation) == (3, COOPERATIVE)
    assert whole.standing is Standing.VIOLATED


def test_a_run_counts_once() -> None:
    """The same run twice, or runs of two experiments, are refused: they would be counted wrongly."""
    one = certificate()
    for wrong in ([], [one, one], [one, replace(one, experiment="e2", runs=("r2",))]):
        with pytest.raises(ValueError, match="each once"):
            together(wrong)


def test_round_trip_and_digest() -> None:
    """A certificate equals what its JSON text gives back, and any other has another digest."""
    one = certificate(account(papers=(PAPER,)), count(seen(tried()), None))
    again = Certificate.from_json(json.loads(json.dumps(one.to_json())))
    assert again == one and again.digest == one.digest
    others = [certificate(), replace(one, taken=9), replace(one, account=account(canaries=1))]
    assert len({other.digest for other in (one, *others)}) == 4


@pytest.mark.parametrize("change", [{"format": 99}, {"attempts": 3}, {"counted": None}])
def test_what_is_no_certificate_is_refused(change: dict[str, Any]) -> None:
    """Another format, or another shape."""
    with pytest.raises(StoreError, match="cannot be read"):
        Certificate.from_json({**certificate().to_json(), **change})
