"""Ready needs every gate at one look; not ready needs confirmed harm; all else is inconclusive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import inf, nan
from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing
from shadow.gates import Finding, Status, Verdict, Word, calendar, critical_rate, decide, harmful_rate, stale
from shadow.gates.verdict import of_version
from shadow.plug import Bound, Kind
from tests.evidence.rows import days_of, discrepancy, evidence

GATES = (harmful_rate(at_most=0.02), calendar(days=3))
STATES = (Status.PASS, Status.FAIL, Status.INCONCLUSIVE)


def good() -> Evidence:
    """What passes both gates."""
    return evidence(days_of(400, days=4), days=4)


def fake(answer: Any) -> Bound:
    """A third party's gate that gives this answer, or raises it; in a registry of its own."""
    kind = Kind(word="gate", package="shadow.gates")

    @kind(version=1)
    def theirs(evidence: Evidence) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return theirs()


def finding(status: Status, **what: Any) -> Finding:
    """One that says no more than its status."""
    return Finding(gate="theirs", status=status, reason="So.", **what)


def word(evidence: Evidence, *gates: Bound, demonstration: bool = False, isolation: str = "kernel") -> str:
    """The word alone."""
    return decide(evidence, gates, demonstration=demonstration, isolation=isolation).word


def test_ready_when_every_gate_passes() -> None:
    """Each reason is given, nothing is forecast, and the verdict says what it rests on."""
    found = decide(good(), GATES, demonstration=False, isolation="kernel")
    assert found.word == "ready"
    assert [f.gate for f in found.findings] == ["harmful_rate", "calendar", "isolation"]
    assert found.reasons[0].startswith("harmful_rate: ")
    assert (found.forecast, found.look) == ("", good().look)
    assert found.counts == good().counts.digest()


@pytest.mark.parametrize("status", [Status.FAIL, Status.INCONCLUSIVE])
def test_one_open_gate_is_enough_not_to_be_ready(status: Status) -> None:
    """Wherever it stands among those that pass; a failure that does not reject is not "not ready"."""
    one = fake(finding(status))
    for gates in ((one, *GATES), (*GATES, one)):
        assert word(good(), *gates) == "inconclusive"


@pytest.mark.parametrize("isolation", ["cooperative, not enforced", "", "none", "kernel, not enforced", "unknown"])
def test_without_enforced_isolation_nothing_is_ready(isolation: str) -> None:
    """It is inconclusive and says why; a demonstration is "ready (demonstration)" at most."""
    found = decide(good(), GATES, demonstration=False, isolation=isolation)
    assert found.word == "inconclusive"
    assert "isolation: " in found.reasons[-1] and "isolation needs" in found.forecast
    assert word(good(), *GATES, demonstration=True, isolation=isolation) == "ready (demonstration)"


@pytest.mark.parametrize("isolation", ["kernel", "external", "kernel, namespaces and seccomp"])
def test_enforced_isolation_lets_pass(isolation: str) -> None:
    """By the kernel or from outside; a demonstration stays a demonstration."""
    assert word(good(), *GATES, isolation=isolation) == "ready"
    assert word(good(), *GATES, isolation=isolation, demonstration=True) == "ready (demonstration)"


def test_no_gates_are_never_ready() -> None:
    """An empty list passes nothing, as a demonstration neither."""
    found = decide(good(), (), demonstration=True, isolation="kernel")
    assert found.word == "inconclusive"
    assert found.reasons == ("The contract names no gate.",)


def test_no_data_is_never_ready() -> None:
    """Even where every gate says pass: without a compared case on a closed day there is no evidence."""
    nice = fake(finding(Status.PASS))
    waiting = days_of(40, days=4, special={0: {"standing": Standing.WAITING}})
    for seen in (evidence([], days=4), evidence(waiting, days=4)):
        found = decide(seen, (nice,), demonstration=True, isolation="kernel")
        assert found.word == "inconclusive"
        assert found.reasons and found.forecast


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("no disk"),
        ZeroDivisionError(),
        None,
        True,
        "pass",
        finding(Status.PASS, numbers={"log_e": nan}),
        finding(Status.PASS, numbers={"log_e": inf}),
        finding(Status.PASS, days=nan),
        finding(Status.FAIL, numbers={"log_e": nan}, rejects=True),
    ],
    ids=repr,
)
def test_an_errored_gate_is_inconclusive(answer: Any) -> None:
    """What raises, answers with something else or with NaN is named, is no pass and no rejection."""
    found = decide(good(), (*GATES, fake(answer)), demonstration=True, isolation="kernel")
    assert found.word == "inconclusive"
    assert found.findings[2].status is Status.INCONCLUSIVE
    assert found.findings[2].reason.startswith("errored: ")
    assert found.reasons[0].startswith("theirs: errored: ")


def test_a_stop_from_outside_is_not_swallowed() -> None:
    """An interrupt is no answer of a gate."""
    with pytest.raises(KeyboardInterrupt):
        decide(good(), (fake(KeyboardInterrupt()),), demonstration=True, isolation="kernel")


def test_confirmed_harm_is_not_ready_whatever_else() -> None:
    """Beside errors, open gates and missing isolation; its reason is the reason."""
    confirmed = {n: discrepancy(Severity.MAJOR, confirmed=True) for n in range(80)}
    seen = evidence(days_of(400, days=4, special=confirmed), days=4)
    found = decide(seen, (*GATES, fake(RuntimeError())), demonstration=False, isolation="")
    assert found.word == "not ready"
    assert [reason.split(":")[0] for reason in found.reasons] == ["harmful_rate"]
    assert found.forecast == ""


def test_a_confirmed_critical_event_is_not_ready() -> None:
    """One among 400."""
    one = {3: discrepancy(Severity.CRITICAL, confirmed=True)}
    seen = evidence(days_of(400, days=4, special=one), days=4)
    assert word(seen, *GATES, critical_rate(below=0.01)) == "not ready"
    assert word(seen, *GATES) == "ready"


@pytest.mark.parametrize("first", STATES)
@pytest.mark.parametrize("second", STATES)
@pytest.mark.parametrize("rejects", [False, True])
def test_every_pair_of_findings(first: Status, second: Status, rejects: bool) -> None:
    """Ready exactly where both pass, not ready exactly where one rejects."""
    rejects = rejects and Status.FAIL in (first, second)
    pair = [finding(s, rejects=rejects and s is Status.FAIL) for s in (first, second)]
    expected = "not ready" if rejects else "ready" if first is second is Status.PASS else "inconclusive"
    assert word(good(), *map(fake, pair)) == expected


def test_the_forecast_names_what_takes_longest() -> None:
    """Days, volume and the gate; where one gate has no date, none is given and it is named with its need."""
    seen = evidence(days_of(400, days=4), days=4)
    found = decide(seen, (harmful_rate(at_most=0.002), calendar(days=6)), demonstration=True, isolation="")
    assert found.forecast == (
        "about 15 more days at 100 unit-days a day; harmful_rate takes longest: 1,486 more unit-days like those so far"
    )
    blind = {n: {"standing": Standing.INCOMPARABLE, "stale": True} for n in range(100, 200)}
    seen = evidence(days_of(400, days=4, special=blind), days=4)
    found = decide(seen, (stale(at_most=0.02), calendar(days=6)), demonstration=True, isolation="")
    assert found.forecast.startswith("no date can be given: stale needs fewer such cases")


def states() -> Iterator[Verdict]:
    """One verdict of each word."""
    harm = {n: discrepancy(Severity.MAJOR, confirmed=True) for n in range(80)}
    bad = evidence(days_of(400, days=4, special=harm), days=4)
    for seen, demonstration in ((good(), False), (good(), True), (bad, True), (evidence([], days=1), True)):
        yield decide(seen, GATES, demonstration=demonstration, isolation="external")


def test_json_both_ways() -> None:
    """Through text and back it is the same verdict, whatever its word."""
    found = list(states())
    assert {v.word for v in found} == set(Word)
    for one in found:
        assert Verdict.from_json(json.loads(json.dumps(one.to_json(), allow_nan=False))) == one


@pytest.mark.parametrize(("days", "horizon", "ended"), [(4, 4, True), (4, 5, False), (4, None, False), (4, 1, True)])
def test_the_horizon_ends_what_is_open(days: int, horizon: int | None, ended: bool) -> None:
    """On its very day: inconclusive and never "not ready", no date is given, and what is lacking is named."""
    seen = evidence(days_of(40, days=days), days=days)
    found = decide(seen, GATES, demonstration=True, isolation="", horizon_days=horizon)
    assert (found.word, found.ended) == ("inconclusive", ended)
    assert found.forecast.startswith("the horizon of ") is ended
    if ended:
        assert "no further run is planned: harmful_rate lacks " in found.forecast


def test_a_forecast_beyond_the_horizon_says_so() -> None:
    """Six closed days are asked for and four are there: two more days, of which the trial has one, or three."""
    seen = evidence(days_of(400, days=4), days=4)
    for horizon, said in ((5, "; the trial ends in 1 day"), (6, ""), (7, "")):
        found = decide(seen, (calendar(days=6),), demonstration=True, isolation="", horizon_days=horizon)
        assert found.forecast.startswith("about 2 more days")
        assert found.forecast.partition("more closed days")[2] == said


def test_the_horizon_takes_nothing_from_a_verdict() -> None:
    """Ready stays ready and not ready stays that; without any case there is nothing that could have ended."""
    assert decide(good(), GATES, demonstration=False, isolation="kernel", horizon_days=1).word == "ready"
    bad = {n: discrepancy(Severity.MAJOR, confirmed=True) for n in range(80)}
    seen = evidence(days_of(400, days=4, special=bad), days=4)
    found = decide(seen, GATES, demonstration=False, isolation="kernel", horizon_days=1)
    assert (found.word, found.ended) == ("not ready", False)
    assert not decide(evidence([], days=9), GATES, demonstration=True, isolation="", horizon_days=1).ended


def test_a_family_pays_for_ready_and_not_for_harm() -> None:
    """Each gate is asked at 6 alpha / (pi² v²); evidence of harm keeps the rate that it had. Dies where it is not."""
    one, days = of_version((harmful_rate(at_most=0.02), calendar(days=3)), 2)
    assert one.params["alpha"] == pytest.approx(0.05 * 6 / (3.141592653589793**2 * 4))
    assert one.params["alpha_harm"] == 0.05
    assert days == calendar(days=3)
    named = of_version((harmful_rate(at_most=0.02, alpha_harm=0.01),), 2)[0]
    assert named.params["alpha_harm"] == 0.01


def test_a_gate_that_refuses_its_shared_rate_is_errored() -> None:
    """A third party's whose check allows no such rate: named, inconclusive, and nothing else is stopped."""
    kind = Kind(word="gate", package="shadow.gates")

    def check(alpha: float) -> None:
        if alpha < 0.05:
            raise ValueError("alpha is too small for us")

    @kind(version=1, check=check)
    def theirs(evidence: Evidence, *, alpha: float) -> Any:
        return finding(Status.PASS)

    found = decide(good(), (theirs(alpha=0.05), calendar(days=3)), demonstration=True, isolation="", family=2)
    assert found.word == "inconclusive"
    assert "too small for us" in found.findings[0].reason
    assert decide(good(), (theirs(alpha=0.05),), demonstration=True, isolation="").word == "ready (demonstration)"


def test_a_later_version_needs_more() -> None:
    """Evidence that is enough for one version alone is not enough for the third of a family; both say what they are."""
    seen = evidence(days_of(260, days=4), days=4)
    words = {v: decide(seen, GATES, demonstration=False, isolation="kernel", family=v) for v in (0, 1, 3)}
    assert [words[v].word for v in (0, 1, 3)] == ["ready", "ready", "inconclusive"]
    assert [words[v].family for v in (0, 1, 3)] == [0, 1, 3]
    assert float(words[3].findings[0].numbers["threshold"]) > float(words[1].findings[0].numbers["threshold"]) > 3.4


def test_a_verdict_from_before_is_read() -> None:
    """One that was kept when there was no horizon and no family."""
    data = decide(good(), GATES, demonstration=True, isolation="").to_json()
    before = {name: value for name, value in data.items() if name not in ("family", "ended")}
    assert Verdict.from_json(before) == Verdict.from_json(data)
