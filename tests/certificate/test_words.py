"""The words follow the evidence, and claim no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shadow.certificate import words
from shadow.certificate.certificate import Certificate
from shadow.certificate.counting import Counted
from shadow.certificate.model import Account, Passed
from shadow.observation import Effect, RefusalKind
from tests.certificate.desk import (
    CAGED,
    COOPERATIVE,
    EXTERNAL,
    LEAKING,
    LOOSE,
    PAPER,
    SHOWN,
    account,
    certificate,
    count,
    refund,
    seen,
    tried,
)

PREFLIGHT = "preflight: 0 of 86 landed inside, 71 proven outside, 15 not provable here"


def test_the_headline_of_an_enforced_run() -> None:
    """What was held, by what that was enforced, and what had shown that it holds."""
    assert words.headline(certificate()) == f"1 effect held, 0 committed; enforced by the kernel; {PREFLIGHT}"
    two = count(seen(effects=(refund("o1"), refund("o2"))))
    assert words.headline(certificate(counts=two)).startswith("2 effects held, 0 committed;")
    outside = account(isolations=(EXTERNAL,), preflights=(), papers=(PAPER,))
    found = words.headline(certificate(outside, replace(count(seen()), ways={EXTERNAL: 1})))
    assert found == f"1 effect held, 0 committed; enforced by walls from outside; {PREFLIGHT}"


NOT_ENFORCED = (
    certificate(account(isolations=(COOPERATIVE,)), count(seen(), way=COOPERATIVE)),
    certificate(account(isolations=(COOPERATIVE,))),
    certificate(Account(), attempts={"all": 0}),
    certificate(counts=count(seen(), way="")),
    certificate(account(preflights=(LEAKING,))),
    certificate(account(processes=(LOOSE,))),
    certificate(account(preflights=()), attempts={"unproven": 1}),
    certificate(Account(), Counted(), attempts={"all": 0}),
)


@pytest.mark.parametrize("one", NOT_ENFORCED, ids=lambda one: one.standing)
def test_what_is_not_enforced_and_shown_never_reads_zero_committed(one: Certificate) -> None:
    """Neither "committed" nor "enforced by": nobody knows it, however many were held."""
    found = words.headline(one)
    assert "committed" not in found and "enforced by" not in found


def test_the_headline_says_why_it_claims_no_more() -> None:
    """Nothing enforces it, nothing is known, it leaks, or nothing has shown it."""
    cooperative, mixed, silent, unsaid, leaking, loose, unproven, idle = map(words.headline, NOT_ENFORCED)
    assert cooperative == mixed == "1 effect held; nothing enforces that there were no others"
    assert silent == unsaid == "1 effect held; nothing is known of how these were held"
    assert "LEAKS" in leaking and "2 of 86 landed inside" in leaking
    assert "LEAKS" in loose
    assert unproven == (
        "1 effect held; the kernel was in force and is not shown to hold; no preflight stands behind it"
    )
    assert idle == "no candidate was run"


def test_the_worst_preflight_is_told() -> None:
    """Of several, the one in which most landed inside, else the one that shows least."""
    weaker = replace(SHOWN, landed_outside=61, not_provable=25)
    assert "61 proven outside" in words.headline(certificate(account(preflights=(SHOWN, weaker))))


def test_pruned_records_make_it_at_least() -> None:
    """What is no longer kept was counted by nobody."""
    one = certificate(counts=count(seen(), None))
    assert words.headline(one).startswith("at least 1 effect held")
    assert "The records of 1 case are no longer kept, so not all is counted." in words.unknowns(one)


def test_what_is_not_known_is_said() -> None:
    """An attempt without its last word, without proof, without a look; a process that was gone."""
    said = words.unknowns(
        certificate(account(unseen=3), attempts={"all": 9, "unfinished": 1, "unproven": 2, "unseen": 1})
    )
    assert said == (
        "1 attempt ended without its last word.",
        "Behind 2 attempts stands no preflight that passed, or no paper in time.",
        "Of 1 attempt no process was looked at.",
        "3 processes had ended before the kernel could be asked; what holds them is inherited.",
    )
    assert words.unknowns(certificate()) == ()
    assert words.unknowns(certificate(Account(), attempts={"all": 0}))[0].startswith("No attempt has told")
    assert set(said) <= set(
        words.sentences(
            certificate(account(unseen=3), attempts={"all": 9, "unfinished": 1, "unproven": 2, "unseen": 1})
        )
    )


def test_from_outside_nobody_is_told_of_tries() -> None:
    """So that none was counted is not that there was none; in the cage it is (`tells_tries`)."""
    outside = account(isolations=(EXTERNAL,), preflights=(), papers=(PAPER,))
    one = certificate(outside, replace(count(seen()), ways={EXTERNAL: 1}))
    assert not one.tells_tries
    assert words.unknowns(one) == (
        "Under an isolation from outside nobody is told of what cases tried in vain, so it is not counted.",
    )
    assert certificate().tells_tries
    assert not NOT_ENFORCED[0].tells_tries and not NOT_ENFORCED[2].tells_tries


def test_what_was_tried_comes_with_its_cases() -> None:
    """What, why, how often, in which cases; five are named."""
    one = certificate(counts=count(*[seen(tried(times=2))] * 7))
    (found,) = one.counted.violations
    assert words.tried(found) == "connect: connect is refused; 14 times, in 7 cases: c1, c2, c3, c4, c5 and 2 more"
    assert words.elsewhere(tried("openat", "/tmp/x", times=3)) == "openat /tmp/x: openat is refused; 3 times"


def test_noise_is_told_apart() -> None:
    """In one sentence, and never among what was tried."""
    noise = tried("socket", "netlink", kind=RefusalKind.NOISE, times=2)
    one = certificate(counts=count(seen(noise)))
    assert "2 refused calls of libraries, of which nothing could have come, count as noise." in words.sentences(one)
    assert not one.counted.violations


def test_residual_risks_follow_the_isolation() -> None:
    """Enforced: what the best of it does not cover. Else: that nothing is covered, and never the longer list."""
    enforced = words.residual_risks(certificate())
    assert (
        len(enforced) == 5 and any("kernel" in risk for risk in enforced) and any("models" in risk for risk in enforced)
    )
    assert words.residual_risks(NOT_ENFORCED[0])[0].startswith("Nothing was enforced")
    assert words.residual_risks(NOT_ENFORCED[2])[0].startswith("Whether anything kept")
    outside = certificate(account(isolations=(EXTERNAL,)), replace(count(seen()), ways={EXTERNAL: 1}))
    assert any("owner's" in risk for risk in words.residual_risks(outside))
    assert words.residual_risks(NOT_ENFORCED[-1]) == ()


def test_processes_preflights_papers_and_routes_in_words() -> None:
    """A process that is not held, and a preflight that does not pass, cannot be overread."""
    assert words.process(CAGED) == (
        "12 processes: can gain no privilege, 2 filters of system calls, no capabilities, user 0"
    )
    assert "COULD STILL GAIN PRIVILEGES, NO FILTER" in words.process(LOOSE)
    assert "CAPABILITIES 1f" in words.process(replace(CAGED, capabilities=0x1F))
    assert "namespaces of its own: net, pid" in words.process(replace(CAGED, apart=("net", "pid")))
    assert "does not pass" in words.preflight(LEAKING) and "does not pass" not in words.preflight(SHOWN)
    assert words.paper(PAPER).startswith("attested by this store on 2026-11-01 09:00 UTC, until 2026-11-08 09:00 UTC")
    passed = Passed(name="llm", decisions={"forwarded": 1, "refused": 2}, bytes_out=1200, violations=1)
    assert words.route(passed) == "llm: 1 forwarded, 2 refused; 1,200 bytes out, 0 bytes in; 1 violation"


def test_what_is_handed_over_is_no_change() -> None:
    """It is held too, and told beside the changes."""
    one = certificate(counts=count(seen(effects=(Effect(tool="escalate", args={}, held="h"),))))
    assert words.headline(one).startswith("0 effects held")
    assert "1 case handed over to people." in words.sentences(one)
